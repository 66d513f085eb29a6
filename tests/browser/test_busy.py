"""A view that has to wait says what for, and one that can't work says why."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open

EXPLORER = """\
from course_lib.explore import conv1d_under_the_window
conv1d_under_the_window()"""
LONG = "import time; time.sleep(8)"


def test_under_run_all_an_explorer_waits_for_the_cells(open_notebook: Open):
    notebook = open_notebook("busy.ipynb", EXPLORER, LONG, EXPLORER)
    notebook.command("notebook:run-all-cells")
    first = notebook.element.locator(".explorer").first
    expect(first.get_by_role("status")).to_have_text(re.compile("^Waiting for the cells"))
    expect(first.get_by_role("alert")).to_be_hidden()
    for explorer in notebook.element.locator(".explorer").all():
        expect(explorer.get_by_role("status")).to_have_text(re.compile(r"\d"))


def test_a_browser_that_cannot_unpack_the_picture_is_told_so(open_notebook: Open):
    notebook = open_notebook("old.ipynb", EXPLORER)
    notebook.page.evaluate("() => void delete window.DecompressionStream")
    explorer = notebook.run("conv1d").locator(".explorer")
    expect(explorer.get_by_role("alert")).to_contain_text("This browser is too old")
    expect(explorer.get_by_role("slider").first).to_be_disabled()
