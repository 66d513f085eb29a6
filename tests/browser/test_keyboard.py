"""Everything can be done with the keyboard alone, and no key does anything else besides."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from course_lib.engine.painting import Painting
from course_lib.lessons import PREDICTIONS
from tests.browser.conftest import Open
from tests.browser.lab import LAB, NOTEBOOK, Notebook

ONE_DOT = """\
from course_lib.exercises import check, predict
from course_lib.explore import Explorer


def draw(figure):
    axes = figure.add_subplot(xlim=(0, 10))
    (dot,) = axes.plot([], [], "o", animated=True)
    return lambda place: dot.set_data([place], [0])


def compute(place=5, fail=False, side="left"):
    if fail:
        raise ValueError("the dot must not fail; untick the box.")
    return place


Explorer(
    "a dot", compute, draw, lambda place: f"The dot is at {place}.",
    place=(1, 9), fail=False, side=["left", "right"],
)"""
A_NUMBER = next(p for p in PREDICTIONS.values() if not p.choices and not p.grids)
A_CHOICE = next(p for p in PREDICTIONS.values() if p.choices)
A_PAINTING = next(p for p in PREDICTIONS.values() if isinstance(p, Painting))
NUMBER, CHOICE, PAINTING = (f'predict("{p.name}")' for p in (A_NUMBER, A_CHOICE, A_PAINTING))
STUB = "def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):\n    pass"
ANSWER = "return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"
CHECK = "check(conv_output_size)"


@pytest.fixture(scope="module", params=[LAB, NOTEBOOK])
def notebook(open_notebook: Open, folder: Path, request: pytest.FixtureRequest) -> Notebook:
    (folder / "progress.json").unlink(missing_ok=True)  # a radio button chosen before takes the Tab
    name = f"keyboard_{request.param[:3]}.ipynb"
    cells = (ONE_DOT, NUMBER, CHOICE, STUB, CHECK, PAINTING)
    return open_notebook(name, *cells, app=request.param)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(control: Locator) -> None:
    """Press Tab until the control is marked; a cell's toolbar comes first."""
    expect(control).to_be_visible()  # a Tab before it is there walks out of the notebook
    for _ in range(12):
        control.page.keyboard.press("Tab")
        if control.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {control}")


def tab_into(page: Page) -> None:
    """Press Tab until the cells have the focus: Notebook gives it to them only now and then."""
    for _ in range(80):
        if page.evaluate("document.activeElement.closest('.jp-Notebook') !== null"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab does not lead to the cells")


def test_the_whole_way_from_the_first_cell_to_a_pass_needs_no_mouse(notebook: Notebook):
    page = notebook.page
    tab_into(page)
    press(page, "Control+Enter")  # the first cell is selected
    explorer = notebook.element.locator(".explorer")
    expect(explorer.get_by_role("status")).to_have_text("The dot is at 5.")
    tab_to(explorer.get_by_role("slider", name="place"))
    press(page, "ArrowRight", "ArrowRight", "ArrowRight")
    expect(explorer.get_by_role("status")).to_have_text("The dot is at 8.")
    press(page, "Home")
    expect(explorer.get_by_role("status")).to_have_text("The dot is at 1.")
    press(page, "Tab", "Space")
    expect(explorer.get_by_role("checkbox", name="fail")).to_be_checked()
    expect(explorer.get_by_role("alert")).to_have_text(
        "ValueError: the dot must not fail; untick the box."
    )
    press(page, "Space")
    expect(explorer.get_by_role("alert")).to_be_hidden()
    press(page, "Tab", "r")  # a letter chooses
    expect(explorer.get_by_role("combobox", name="side")).to_have_value("right")

    press(page, "Escape", "ArrowDown", "Control+Enter")  # back to the cells, on to the next
    number = notebook.cell(NUMBER).locator("form")
    tab_to(number.get_by_role("textbox", name="Your number"))
    press(page, *f"{A_NUMBER.answer():g}", "Enter")
    expect(number.get_by_role("status")).to_contain_text("Yes: ")

    press(page, "Escape", "ArrowDown", "Control+Enter")
    choice = notebook.cell(CHOICE).locator("form")
    tab_to(choice.get_by_role("radio").first)
    press(page, "Space", "ArrowDown", "Tab")
    expect(choice.get_by_role("button", name="Predict")).to_be_focused()
    press(page, "Enter")
    expect(choice.get_by_role("status")).to_contain_text(A_CHOICE.explanation)

    press(page, "Escape", "ArrowDown", "Enter", "Control+End", "Shift+Home")
    page.keyboard.insert_text(ANSWER)
    press(page, "Shift+Enter", "Control+Enter")
    expect(notebook.cell(CHECK).get_by_role("group", name="Check of")).to_contain_text(
        "Passed: conv_output_size"
    )


def test_a_painting_is_painted_cleared_and_checked_by_keys(notebook: Notebook):
    page = notebook.page
    notebook.run("from course_lib.exercises import")  # where the tests before this one did not
    notebook.run(PAINTING)
    form = notebook.cell(PAINTING).locator("form")
    right = A_PAINTING.answer()
    rows, columns = right.shape
    cells = form.get_by_role("checkbox")
    tab_to(cells.first)
    press(page, "Space", "Delete", "ArrowLeft", "ArrowUp")  # cleared, and no way out at an edge
    expect(form.get_by_role("checkbox", checked=True)).to_have_count(0)
    for i in range(rows):  # as an ox ploughs
        for j in range(columns):
            here = j if i % 2 == 0 else columns - 1 - j
            expect(cells.nth(i * columns + here)).to_be_focused()
            if right[i, here]:
                press(page, "Space")
            if j < columns - 1:
                press(page, "ArrowRight" if i % 2 == 0 else "ArrowLeft")
        press(page, "ArrowDown")
    press(page, "Tab")  # the cells are one stop
    expect(form.get_by_role("button", name="Check")).to_be_focused()
    press(page, "Enter")
    expect(form.get_by_role("status")).to_contain_text(A_PAINTING.explanation)
    expect(form.get_by_role("status")).to_contain_text("Yes: ")
    first = int(right.argmax())
    name = f"row {first // columns}, column {first % columns}"
    expect(cells.nth(first)).to_have_accessible_name(f"{name}, right")


CONTROLS = [
    (ONE_DOT, "slider"),
    (ONE_DOT, "checkbox"),
    (ONE_DOT, "combobox"),
    (NUMBER, "textbox"),
    (NUMBER, "button"),
    (CHOICE, "radio"),
    (PAINTING, "checkbox"),
]


@pytest.mark.parametrize(("code", "role"), CONTROLS)
def test_no_key_in_a_control_changes_the_notebook(notebook: Notebook, code: str, role: str):
    before = notebook.cells.all_text_contents()
    output = notebook.cell(code.partition("\n")[0]).locator(".jp-OutputArea")
    output.get_by_role(role).first.focus()
    # in JupyterLab's command mode: insert, cut, paste, delete, merge, change the kind of, extend
    press(notebook.page, *"abxvddmyrj1", "Shift+M", "Shift+ArrowDown", "z", "Delete")
    expect(output.locator(":focus")).to_have_count(1)
    assert len(before) == notebook.cells.count()
    assert notebook.element.locator(".jp-mod-selected").count() == 1
    assert notebook.element.locator(".jp-MarkdownCell, .jp-RawCell").count() == 0


@pytest.mark.parametrize(("code", "role"), [(ONE_DOT, "slider"), (NUMBER, "textbox")])
def test_saving_and_running_work_from_a_control(notebook: Notebook, code: str, role: str):
    cell = notebook.cell(code.partition("\n")[0])
    cell.get_by_role(role).first.focus()
    changed = "jupyterapp.shell.currentWidget.context.model.dirty"
    notebook.page.evaluate(f"() => void ({changed} = true)")
    press(notebook.page, "Control+s")
    notebook.page.wait_for_function(f"!{changed}")
    before = cell.locator(".jp-InputPrompt").text_content()
    press(notebook.page, "Shift+Enter")
    expect(cell.locator(".jp-InputPrompt")).not_to_have_text(before)
    expect(cell.get_by_role(role).first).to_be_visible()


def test_no_key_for_all_of_jupyterlab_is_kept_from_it(notebook: Notebook):
    notebook.element.locator(".explorer").get_by_role("slider").focus()
    press(notebook.page, "Control+Shift+c")
    expect(notebook.page.locator("#modal-command-palette")).to_be_visible()
    press(notebook.page, "Escape")
