"""One JupyterLab and one browser for all browser tests, and a picture of what went wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.lab import (
    LAB,
    PATIENCE,
    ROOT,
    Notebook,
    chromium,
    find_chromium,
    jupyterlab,
    write_notebook,
)
from tools.copies import copy_missing

SCREENSHOTS = Path(tempfile.gettempdir()) / "layer-by-layer-screenshots"

expect.set_options(timeout=PATIENCE / 3)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        find_chromium()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=1)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's folder: work/ holds copies of the notebooks."""
    folder = tmp_path_factory.mktemp("learner")
    copy_missing(ROOT / "notebooks", folder / "work")
    return folder


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    with jupyterlab(folder) as address:
        yield address


Open = Callable[..., Notebook]


@pytest.fixture(scope="module")
def open_notebook(browser: Browser, address: str, folder: Path) -> Iterator[Open]:
    """Open a notebook of work/ by name; cells make a new one of that name first."""
    contexts = []

    def open_notebook(name: str, *cells: str, app: str = LAB, **viewport: int) -> Notebook:
        if cells:
            write_notebook(folder / "work" / name, *cells)
        size: Any = {"width": 1280, "height": 900} | viewport
        contexts.append(browser.new_context(viewport=size))
        contexts[-1].set_default_timeout(PATIENCE)
        return Notebook(contexts[-1].new_page(), address % (app, name))

    yield open_notebook
    for context in contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    for name, value in getattr(item, "funcargs", {}).items():
        if report.failed and isinstance(value, Notebook):
            SCREENSHOTS.mkdir(exist_ok=True)
            path = SCREENSHOTS / f"{item.name}-{name}.png"
            value.page.screenshot(path=path)
            report.sections.append(("screenshot", str(path)))
    return report
