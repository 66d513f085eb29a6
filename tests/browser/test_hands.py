"""A hand on the picture: points, pads and what plays, by pointer and by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.lab import LAB, NOTEBOOK, Notebook
from tests.browser.test_keyboard import press

ALL = """\
import numpy as np
from course_lib.engine.control import Fixed, Pad, Play, Point
from course_lib.explore import Explorer


def draw(figure):
    for i, name in enumerate(["plane", "digit", "numbers", "strip"]):
        figure.add_axes((i / 4, 0, 0.25, 1), label=name, xlim=(0, 4), ylim=(4, 0)).axis("off")
    return lambda words: None


def compute(step, query, keys, digit, numbers, over=None, size=3):
    inked = ["".join("#" if c else "." for c in row) for row in digit]
    over = "nowhere" if over is None else f"{over[0]:.1f}"
    return (f"step {step} query {query.tolist()} keys {keys.tolist()} digit {'/'.join(inked)} "
            f"numbers {numbers.tolist()} over {over} size {size}")


Explorer(
    "hands", compute, draw, str,
    step=Play(0, 5),
    query=Point("plane", (1.0, 1.0), step=0.5),
    keys=Point("plane", [(3.0, 1.0), (3.0, 3.0)], step=0.5),
    digit=Pad("digit", np.zeros((2, 2))),
    numbers=Pad("numbers", np.zeros((1, 2)), -3, 3, step=0.5),
    over=Point("strip", hover=True),
    size=Fixed((2, 5), when=lambda **_: (4, "your kernel is 4 × 4")),
    touch=Point("strip", sets=("step",), to_value=lambda x, y, **_: int(x)),
)"""


CONV2D = "from course_lib import explore\nexplore.conv2d_under_the_window()"


@pytest.fixture(scope="module", params=[LAB, NOTEBOOK])
def hands(open_notebook: Open, request: pytest.FixtureRequest) -> Notebook:
    notebook = open_notebook("hands.ipynb", ALL, app=request.param, height=1400)
    notebook.run_all()
    expect(notebook.element.get_by_role("status")).to_contain_text("step 0")
    return notebook


def says(notebook: Notebook, words: str) -> None:
    expect(notebook.element.locator(".explorer").get_by_role("status")).to_contain_text(words)


def at(notebook: Notebook, x: float, y: float) -> tuple[float, float]:
    """Where fractions of the picture lie on the page."""
    box: Any = notebook.element.locator(".explorer canvas").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def slider(notebook: Notebook, name: str) -> Locator:
    return notebook.element.locator(".explorer").get_by_role("slider", name=name, exact=True)


def test_the_nearest_point_follows_the_pointer(hands: Notebook):
    mouse = hands.page.mouse
    mouse.move(*at(hands, 0.06, 0.27))
    mouse.down()
    says(hands, "query [1.0, 1.0]")
    mouse.move(*at(hands, 0.125, 0.5), steps=5)
    says(hands, "query [2.0, 2.0]")
    mouse.move(*at(hands, 0.9, 2.0), steps=3)  # out of its panel, it stays at the edge
    says(hands, "query [4.0, 4.0]")
    mouse.up()
    mouse.move(*at(hands, 0.1, 0.1))
    mouse.click(*at(hands, 0.1875, 0.8))
    says(hands, "query [4.0, 4.0] keys [[3.0, 1.0], [3.0, 3.0]]")
    expect(slider(hands, "keys 2")).to_be_focused()


def test_arrow_keys_move_a_point_and_it_says_where_it_stands(hands: Notebook):
    slider(hands, "keys 1").focus()
    press(hands.page, "ArrowRight", "ArrowDown", "ArrowDown")
    says(hands, "keys [[3.5, 2.0], [3.0, 3.0]]")
    expect(slider(hands, "keys 1")).to_have_attribute("aria-valuetext", "x 3.5, y 2")
    press(hands.page, *["ArrowRight"] * 3)
    says(hands, "keys [[4.0, 2.0],")


def test_a_pad_is_painted_with_the_pointer(hands: Notebook):
    mouse = hands.page.mouse
    mouse.move(*at(hands, 0.26, 0.1))
    mouse.down()
    mouse.move(*at(hands, 0.26, 0.9))
    mouse.up()
    says(hands, "digit #./#.")
    mouse.click(*at(hands, 0.26, 0.1))  # what is painted is wiped
    says(hands, "digit ../#.")
    hands.element.get_by_role("button", name="clear digit").click()
    says(hands, "digit ../..")


def test_a_pad_is_painted_with_the_keys(hands: Notebook):
    pad = slider(hands, "digit")
    hands.page.mouse.click(*at(hands, 0.26, 0.1))
    says(hands, "digit #./..")
    pad.focus()
    press(hands.page, "ArrowRight", "ArrowDown", "Space")
    says(hands, "digit #./.#")
    expect(pad).to_have_attribute("aria-valuetext", "row 1, column 1: painted")
    expect(pad).to_have_accessible_description("Arrow keys move, Space paints, Delete clears.")
    press(hands.page, "Delete")
    says(hands, "digit ../..")
    expect(pad).to_have_attribute("aria-valuetext", "row 1, column 1: empty")


def test_numbers_of_a_pad_are_typed(hands: Notebook):
    hands.page.mouse.click(*at(hands, 0.594, 0.125))
    hands.page.keyboard.type("1.5")
    says(hands, "numbers [[0.0, 1.5]]")
    press(hands.page, "Enter", "ArrowLeft")
    expect(slider(hands, "numbers")).to_be_focused()
    hands.page.keyboard.type("-2")
    says(hands, "numbers [[-2.0, 1.5]]")
    press(hands.page, "Enter", "Delete")
    says(hands, "numbers [[0.0, 1.5]]")


def test_a_press_moves_another_control_which_keeps_the_keys(hands: Notebook):
    hands.page.mouse.click(*at(hands, 0.9, 0.5))
    says(hands, "step 2")
    expect(slider(hands, "step")).to_be_focused()
    press(hands.page, "ArrowRight")
    says(hands, "step 3")


def test_what_is_under_the_pointer_is_named_and_forgotten(hands: Notebook):
    hands.page.mouse.move(*at(hands, 0.8125, 0.5))
    says(hands, "over 1.0")
    hands.page.mouse.move(*at(hands, 0.1, 0.5))
    says(hands, "over nowhere")
    slider(hands, "over").focus()
    press(hands.page, "ArrowRight")
    says(hands, "over 2.1")
    slider(hands, "step").focus()
    says(hands, "over nowhere")


def test_play_steps_to_the_end_and_stops(hands: Notebook):
    button = hands.element.get_by_role("button", name="play step")
    slider(hands, "step").fill("4")
    says(hands, "step 4")
    expect(button).to_have_text("play")
    button.click()
    says(hands, "step 5")
    expect(button).to_have_text("play")
    button.click()  # from the end it begins anew
    expect(button).to_have_text("pause")
    button.click()
    expect(button).to_have_text("play")
    stopped = slider(hands, "step").input_value()
    assert int(stopped) < 5
    hands.page.wait_for_timeout(900)  # two steps would take 800 milliseconds
    assert slider(hands, "step").input_value() == stopped


def test_a_control_that_cannot_move_says_why(hands: Notebook):
    size = slider(hands, "size")
    expect(size).to_be_disabled()
    expect(size).to_have_accessible_description("your kernel is 4 × 4")
    says(hands, "size 4")


@pytest.fixture(scope="module")
def conv2d(open_notebook: Open) -> Notebook:
    notebook = open_notebook("conv2d.ipynb", CONV2D, height=1400)
    notebook.run_all()
    says(notebook, "conv2d's output at row 10, column 13")
    return notebook


def on_panel(notebook: Notebook, number: int, x: float, y: float) -> tuple[float, float]:
    """Where fractions of a panel lie on the page: 1 is the input, 2 the output."""
    box: Any = notebook.element.locator(".explorer .panel").nth(number).bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_the_window_follows_a_drag_over_the_photograph(conv2d: Notebook):
    mouse = conv2d.page.mouse
    mouse.move(*on_panel(conv2d, 1, 0.52, 0.52))
    mouse.down()
    says(conv2d, "row 12, column 16")
    mouse.move(*on_panel(conv2d, 1, 0.0, 0.0), steps=4)
    says(conv2d, "row 0, column 0")
    mouse.up()
    expect(slider(conv2d, "step")).to_be_focused()
    press(conv2d.page, "ArrowRight")
    says(conv2d, "row 0, column 1 ")


def test_the_output_under_the_pointer_says_what_moves_it(conv2d: Notebook):
    conv2d.page.mouse.move(*on_panel(conv2d, 2, 0.52, 0.52))
    says(conv2d, "The output at row 12, column 16 is moved by 9 samples of the input")
    conv2d.page.mouse.move(1, 1)
    expect(conv2d.element.locator(".explorer").get_by_role("status")).not_to_contain_text("moved")


def test_the_state_is_a_line_of_code_to_copy(conv2d: Notebook):
    slider(conv2d, "stride").fill("3")
    summary = conv2d.element.locator(".explorer summary")
    code = conv2d.element.locator(".explorer code")
    expect(code).to_contain_text("stride=3")
    expect(code).to_be_hidden()
    summary.click()
    expect(code).to_be_visible()
    assert str(code.text_content()).startswith("explore.conv2d_under_the_window(stride=3, step=")
    conv2d.element.get_by_role("button", name="copy", exact=True).click()
    assert conv2d.page.evaluate("getSelection().toString()") == code.text_content()


def test_less_motion_is_a_few_steps_a_second_apart(conv2d: Notebook):
    conv2d.page.emulate_media(reduced_motion="reduce")
    slider(conv2d, "stride").fill("1")
    slider(conv2d, "step").fill("0")
    says(conv2d, "row 0, column 0 ")
    button = conv2d.element.get_by_role("button", name="play step")
    button.click()
    says(conv2d, "row 3, column 0 ")  # 96 of 768
    button.click()
    expect(button).to_have_text("play")
    expect(slider(conv2d, "step")).to_have_value("96")


PAINTING = 'from course_lib.exercises import predict\npredict("04_02b.readers")'


@pytest.fixture(scope="module")
def cells(open_notebook: Open) -> Locator:
    """The nine cells of a prediction that is painted."""
    notebook = open_notebook("painting.ipynb", PAINTING)
    notebook.run_all()
    cells = notebook.element.locator("form.prediction").get_by_role("checkbox")
    expect(cells).to_have_count(9)
    return cells


def painted(cells: Locator) -> str:
    return "".join("#" if cell.is_checked() else "." for cell in cells.all())


def middle(cell: Locator) -> tuple[float, float]:
    box: Any = cell.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_cells_are_painted_in_one_stroke_and_wiped_by_another(cells: Locator):
    mouse = cells.page.mouse
    for before, after in ((".........", "##.#....."), ("##.#.....", "...#.....")):
        assert painted(cells) == before
        mouse.move(*middle(cells.nth(1)))
        mouse.down()
        mouse.move(*middle(cells.nth(0)), steps=4)
        if after.startswith("#"):
            mouse.move(*middle(cells.nth(3)), steps=4)
        mouse.up()
        assert painted(cells) == after
    cells.nth(3).click()
    assert painted(cells) == "........."


def test_what_is_said_of_a_painting_goes_when_it_is_changed(cells: Locator):
    form = cells.page.locator("form.prediction")
    for number in (3, 4):  # what padding 0 would do
        cells.nth(number).click()
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("status")).to_contain_text("This is what padding 0 would do")
    expect(cells.nth(3)).to_have_accessible_name("row 1, column 0, too many")
    expect(cells.nth(4)).to_have_accessible_name("row 1, column 1, right")
    expect(cells.nth(7)).to_have_accessible_name("row 2, column 1, missing")
    expect(form).to_contain_text("✓ right, × too many, ○ missing")
    cells.nth(3).click()
    expect(cells.nth(7)).to_have_accessible_name("row 2, column 1")
    expect(form).not_to_contain_text("missing")
    cells.nth(7).click()
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("status")).to_contain_text("Yes: 2 cells.")
