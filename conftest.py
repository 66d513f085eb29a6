"""What every test and every notebook that pytest runs has in common."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from tools.notebooks import everything_passed

PROGRESS = pytest.StashKey[Path]()
# nbval compares HTML to the letter, and another machine draws a line with other pixels.
PICTURES = "[pictures]\nregex: data:image/png;base64,[A-Za-z0-9+/=]*\nreplace: a picture\n"

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("fuzz", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--everything-passed",
        action="store_true",
        help="run the notebooks as a learner sees them who has passed and predicted everything",
    )


def pytest_configure(config: pytest.Config) -> None:
    folder = tempfile.TemporaryDirectory(prefix="progress-")
    config.add_cleanup(folder.cleanup)
    config.stash[PROGRESS] = Path(folder.name)
    pictures = config.stash[PROGRESS] / "pictures.cfg"
    pictures.write_text(PICTURES, encoding="utf-8")
    config.option.nbval_sanitize_with = str(pictures)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give every notebook and every test file an empty folder of its own for the progress file.

    A notebook's kernel inherits the environment when nbval starts it, which is after this hook.
    """
    place = item.path.relative_to(item.config.rootpath).with_suffix("")
    folder = item.config.stash[PROGRESS] / place
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "progress.json"
    os.environ["COURSE_LIB_PROGRESS"] = str(file)
    if item.config.getoption("everything_passed") and not file.exists():
        file.write_text(json.dumps(everything_passed(item.path.parent)), encoding="utf-8")


@pytest.fixture(autouse=True, scope="session")
def _names_in_doctests(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace["np"] = np
