"""Lines in order and questions that come back, by keyboard alone and as axe-core sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from course_lib.engine.lines import puzzle
from course_lib.lessons import EXERCISES, PREDICTIONS
from tests.browser.conftest import Open
from tests.browser.lab import Notebook
from tests.browser.test_accessibility import violations
from tests.browser.test_keyboard import press, tab_to

SET_UP = """\
import course_lib as lib
from course_lib.exercises import hint, recall

[hint(lib.relu, "dropout_forward") for _ in range(3)]"""
HINT, RECALL = 'hint(lib.relu, "dropout_forward")', 'recall("04_04")'
PUZZLE = puzzle(EXERCISES["dropout_forward"])
SIZE = PREDICTIONS["04_02b.output_size"]


@pytest.fixture(scope="module")
def notebook(open_notebook: Open, folder: Path) -> Notebook:
    made = {SIZE.name: {"answer": "6", "right": False}}
    facts = json.dumps({"passed": [], "predictions": made})
    (folder / "progress.json").write_text(facts, encoding="utf-8")
    notebook = open_notebook("lines.ipynb", SET_UP, HINT, RECALL, height=2000)
    notebook.run_all()
    return notebook


def lines(form: Locator) -> list[str]:
    return [code.inner_text() for code in form.locator("ol code").all()]


def test_the_lines_come_into_order_without_a_mouse(notebook: Notebook):
    form, page = notebook.element.locator("form.lines"), notebook.page
    expect(form.get_by_role("radio").first).to_be_visible()
    notebook.cell(HINT).locator(".cm-content").click()
    press(page, "Escape")
    tab_to(form.get_by_role("radio").first)
    for line in range(len(PUZZLE.lines)):  # from the top: leave out, or bring to its place
        text = PUZZLE.lines[line].text.strip()
        radio = form.get_by_role("radio").and_(form.locator(f'[value="{line}"]'))
        radio.focus()
        press(page, "Space")
        expect(radio).to_be_checked()
        if PUZZLE.lines[line].remark:
            press(page, "Delete")
            expect(form.get_by_role("status")).to_have_text("Left out.")
            continue
        wanted = [t.strip() for t in PUZZLE.answer].index(text)
        placed = [t.strip() for t in PUZZLE.answer][:wanted]
        while any(other in placed for other in lines(form)[lines(form).index(text) :]):
            press(page, "Alt+ArrowDown")
    press(page, "Enter")
    expect(form.get_by_role("status")).to_contain_text("Yes: in this order the lines pass")
    expect(form).to_have_attribute("data-right", "true")
    assert lines(form) == [text.strip() for text in PUZZLE.answer]


def test_a_wrong_order_is_told_at_its_first_wrong_line(notebook: Notebook):
    form = notebook.element.locator("form.lines")
    form.get_by_role("radio").first.check()
    form.get_by_role("button", name="Leave out").click()
    expect(form.get_by_role("status")).to_have_text("Left out.")
    form.get_by_role("button", name="Put back").click()
    form.get_by_role("button", name="Check the order").click()
    expect(form.get_by_text("← first wrong line")).to_have_count(1)
    expect(form.locator("li", has_text="first wrong line").get_by_role("radio")).to_have_count(1)
    expect(form.get_by_role("status")).to_contain_text("comes too early")


def test_a_missed_question_comes_back_and_is_answered(notebook: Notebook, folder: Path):
    form = notebook.cell(RECALL).locator("form.prediction")
    expect(form).to_contain_text("4.2b Convolution: A kernel of size 3")
    form.get_by_role("textbox").fill("5")
    form.get_by_role("button", name="Predict").click()
    expect(form.get_by_role("status")).to_contain_text("Yes: 5.")
    known = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    assert known["recalled"][SIZE.name] == {"answer": "5", "right": True, "lesson": "04_04"}


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_either(notebook: Notebook, theme: str):
    notebook.command("apputils:change-theme", theme=theme)
    expect(notebook.page.locator("body")).to_have_attribute(
        "data-jp-theme-light", str(theme == "JupyterLab Light").lower()
    )
    assert violations(notebook) == []
