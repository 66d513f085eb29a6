"""Nothing is lost when a notebook is closed: pictures and words stay, live sliders stay alive."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.lab import LAB, NOTEBOOK, PATIENCE, Notebook, jupyterlab, write_notebook

EXPLORER = """\
from course_lib.explore import conv1d_under_the_window
conv1d_under_the_window(step=2)"""
PREDICTION = """\
from course_lib.exercises import predict, progress
predict("00.window_sum")"""
PROGRESS = "progress()"
TRAINING = """\
import numpy as np
from course_lib import Linear, SGD, fit
rng = np.random.default_rng(0)
x, model = rng.normal(size=(8, 2)), Linear.init(2, 2, rng=rng, dtype=np.float64)
optimizer = SGD.init(model, learning_rate=0.1)
_ = fit(model, x, (x[:, 0] > 0).astype(int), optimizer=optimizer, epochs=3, rng=rng)"""
GALLERY = """\
from course_lib import draw
draw.gallery(np.eye(2)[None], ["a diagonal"], title="One image")"""
CELLS = (EXPLORER, PREDICTION, PROGRESS, TRAINING, GALLERY)

Visit = Callable[..., Notebook]


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Visit]:
    """Open a notebook at an address."""
    context = browser.new_context(viewport={"width": 1280, "height": 2000})
    context.set_default_timeout(PATIENCE)
    yield lambda address, app=LAB, name="mine.ipynb": Notebook(
        context.new_page(), address % (app, name)
    )
    context.close()


@pytest.fixture(scope="module")
def left(visit: Visit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a learner has run and saved a notebook, and then stopped Jupyter.

    While it ran: a reloaded page had live sliders, and after a restart of the kernel the pictures.
    """
    folder = tmp_path_factory.mktemp("closed")
    (folder / "work").mkdir()
    write_notebook(folder / "work/mine.ipynb", *CELLS)
    with jupyterlab(folder) as address:
        notebook = visit(address)
        notebook.run_all()
        expect_live(notebook)
        notebook.save_and_reload()
        saved = (folder / "work/mine.ipynb").read_text(encoding="utf-8")
        assert saved.count('"model_id"') == 4
        expect_live(notebook)
        notebook.restart()
        notebook.save_and_reload()
        expect_all_said(notebook.element)
    notebook.page.close()
    (folder / "work/mine.ipynb").write_text(saved, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(left: Path) -> Iterator[str]:
    """Jupyter, started again."""
    with jupyterlab(left) as address:
        yield address


def expect_live(notebook: Notebook) -> None:
    explorer = notebook.element.locator(".explorer")
    expect(explorer.get_by_role("status")).not_to_be_empty()
    slider = explorer.get_by_role("slider", name="step")
    before = explorer.get_by_role("status").text_content()
    slider.fill(str((int(slider.input_value()) + 1) % 3))
    expect(explorer.get_by_role("status")).not_to_have_text(before)
    expect(notebook.element.locator("form.prediction")).to_be_visible()


def expect_all_said(page: Locator | Page) -> None:
    """Every output's picture or words are there, and no widget is missed."""
    picture = page.get_by_role("img", name="conv1d under the window")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.complete && image.naturalWidth") > 300
    expect(page.get_by_text(re.compile("^Predict: "))).to_be_visible()
    expect(page.get_by_text("training: 3 steps")).to_be_visible()
    expect(page.get_by_role("img", name="a diagonal")).to_be_visible()
    expect(page.get_by_text(re.compile("displaying widget"))).to_have_count(0)
    expect(page.locator(".jupyter-widgets, .explorer")).to_have_count(0)


@pytest.mark.parametrize("app", [LAB, NOTEBOOK])
def test_a_notebook_opened_again_shows_all_that_was_there(
    visit: Visit, address: str, left: Path, app: str
):
    name = f"again_{app[:3]}.ipynb"
    shutil.copy(left / "work/mine.ipynb", left / "work" / name)
    notebook = visit(address, app, name)
    expect_all_said(notebook.element)
    expect(notebook.element.get_by_role("table")).to_contain_text("00_start_here")  # progress
    notebook.save_and_reload()  # a kernel runs by now, but it is not the one that made them
    expect_all_said(notebook.element)


def test_a_notebook_as_it_was_saved_is_a_page_with_all_that_was_there(
    browser: Browser, left: Path, tmp_path: Path
):
    notebook = nbformat.read(left / "work/mine.ipynb", as_version=4)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(f"file://{tmp_path / 'page.html'}")
    expect_all_said(page)
    context.close()
