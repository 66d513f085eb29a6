"""The map of the lessons says what their pages say, and says it in words, too."""

from __future__ import annotations

import re

import nbformat
import pytest

from course_lib.engine.lesson_map import LessonMap
from course_lib.exercises import lesson_map
from tests.bank import NOTEBOOKS, ROOT

PROMISE = "**You need**"


@pytest.mark.parametrize("notebook", NOTEBOOKS.values())
def test_a_lesson_needs_what_its_page_links_to(notebook):
    page = nbformat.read(ROOT / f"notebooks/{notebook}.ipynb", as_version=4)
    (opener,) = (cell.source for cell in page.cells if PROMISE in cell.source)
    needed = opener[opener.index(PROMISE) :]
    assert set(lesson_map().needs[notebook]) == set(re.findall(r"\((\d\d\w+)\.ipynb\)", needed))


def test_every_lesson_stands_below_what_it_needs_and_hangs_from_the_last_of_it():
    shown = lesson_map()
    assert list(shown.needs) == sorted(NOTEBOOKS.values())
    order = list(shown.needs)
    for notebook, needed in shown.needs.items():
        assert all(order.index(name) < order.index(notebook) for name in needed)
        assert shown.depth[notebook] == (shown.depth[needed[-1]] + 1 if needed else 0)
    lines = str(shown).splitlines()
    assert "    4.10 Positional" in lines
    assert all(line.strip() in shown.svg().replace("&amp;", "&") for line in lines)


def test_a_lesson_before_what_it_needs_is_told():
    with pytest.raises(ValueError, match="04_01_layer needs 00_start_here, which does not come"):
        LessonMap({"04_01_layer": ("00_start_here",), "00_start_here": ()})
