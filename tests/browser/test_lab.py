"""A learner's first notebook in a real JupyterLab: sliders, prediction, exercise, a restart."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from course_lib.explore import conv2d_under_the_window
from course_lib.lessons import PREDICTIONS
from course_lib.record import Array
from tests.browser.conftest import Open
from tests.browser.lab import Notebook

RIGHT = """\
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"""
ROUNDED_UP = RIGHT.replace("return (", "return -(-(").replace("// stride", "// stride)")


SECTION = "00_start_here"
OURS = [p for p in PREDICTIONS.values() if p.section == SECTION]
A_NUMBER = next(p for p in OURS if not p.choices)
A_CHOICE = next(p for p in OURS if p.choices)

# The pixels of a picture on the page, and the CSS pixels that it is wide.
PIXELS = """(canvas) => {
  const { width, height, clientWidth } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let letters = "";
  for (const byte of data) letters += String.fromCharCode(byte);
  return [btoa(letters), width, clientWidth];
}"""


def pixels(explorer: Locator) -> Array:
    """What stands on an explorer's canvas, (height, width, 4)."""
    data, width, _ = explorer.get_by_role("img").evaluate(PIXELS)
    return np.frombuffer(b64decode(data), np.uint8).reshape(-1, width, 4)


@pytest.fixture(scope="module")
def lesson(open_notebook: Open, folder: Path) -> Notebook:
    (folder / "progress.json").unlink(missing_ok=True)  # of the other tests
    lesson = open_notebook("00_start_here.ipynb")
    lesson.run_all()
    return lesson


@pytest.fixture
def explorer(lesson: Notebook) -> Locator:
    explorer = lesson.element.locator(".explorer")
    explorer.scroll_into_view_if_needed()
    expect(explorer.get_by_role("img")).to_have_accessible_name(re.compile("products sum"))
    return explorer


def state(explorer: Locator) -> dict[str, str | bytes | None]:
    """What a learner sees and hears of an explorer."""
    return {
        "picture": pixels(explorer).tobytes(),
        "name": explorer.get_by_role("img").get_attribute("aria-label"),
        "words": explorer.get_by_role("status").text_content(),
    }


def expect_change(explorer: Locator, before: dict[str, Any]) -> None:
    """Picture, alternative text and words all become others."""
    expect(explorer.get_by_role("img")).not_to_have_accessible_name(before["name"])
    after = state(explorer)
    assert [key for key in before if before[key] == after[key]] == []


def test_every_cell_of_the_first_notebook_runs_without_an_error(lesson: Notebook):
    expect(
        lesson.element.locator("[data-mime-type='application/vnd.jupyter.stderr']")
    ).to_have_count(0)
    expect(
        lesson.element.locator("[data-mime-type='application/vnd.jupyter.error']")
    ).to_have_count(0)


@pytest.mark.parametrize("key", ["ArrowRight", "ArrowLeft", "PageUp", "Home", "End"])
def test_a_key_moves_the_window(lesson: Notebook, explorer: Locator, key: str):
    slider = explorer.get_by_role("slider", name="step")
    slider.focus()
    before, value = state(explorer), slider.input_value()
    lesson.page.keyboard.press(key)
    expect_change(explorer, before)
    assert slider.input_value() != value
    expect(explorer.locator("label", has_text="step").locator("output")).to_have_text(
        slider.input_value()
    )


def test_dragging_moves_the_window_and_the_last_place_is_the_one_shown(
    lesson: Notebook, explorer: Locator
):
    slider = explorer.get_by_role("slider", name="step")
    before, box = state(explorer), slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    lesson.page.mouse.move(box["x"] + box["width"] * 0.2, y)
    lesson.page.mouse.down()
    lesson.page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=40)
    lesson.page.mouse.up()
    expect_change(explorer, before)
    name = explorer.get_by_role("img").get_attribute("aria-label") or ""
    width = re.search(r"width 32: .*?: (\d+) places", name)
    assert width, name
    row, column = divmod(int(slider.input_value()), int(width[1]))
    expect(explorer.get_by_role("status")).to_contain_text(f"row {row}, column {column} is")


def test_a_choice_changes_kernel_and_picture(explorer: Locator):
    before = state(explorer)
    explorer.get_by_role("combobox", name="kernel").select_option("identity")
    expect_change(explorer, before)
    expect(explorer.get_by_role("img")).to_have_accessible_name(re.compile("Kernel: 0 0 0 / 0 1 0"))


def test_a_view_begins_where_the_cell_has_put_the_controls(open_notebook: Open):
    code = (
        "from course_lib.explore import conv2d_under_the_window as c\nc(stride=3).show(padding=2)"
    )
    notebook = open_notebook("moved.ipynb", code)
    notebook.run("stride=3")
    expect(notebook.element.get_by_role("slider", name="stride")).to_have_value("3")
    expect(notebook.element.get_by_role("slider", name="padding")).to_have_value("2")


def test_fewer_places_pull_the_slider_along(explorer: Locator):
    step = explorer.get_by_role("slider", name="step")
    places = int(step.get_attribute("max") or 0) + 1
    step.fill(str(places - 1))
    explorer.get_by_role("slider", name="stride").fill("4")
    expect(step).not_to_have_attribute("max", str(places - 1))
    fewer = int(step.get_attribute("max") or 0) + 1
    assert places / 20 < fewer < places / 10
    expect(step).to_have_value(str(fewer - 1))
    explorer.get_by_role("slider", name="stride").fill("1")
    expect(step).to_have_attribute("max", str(places - 1))


def test_the_picture_has_one_pixel_per_pixel_of_the_screen(explorer: Locator):
    _, width, shown = explorer.get_by_role("img").evaluate(PIXELS)
    assert width == shown


def test_a_picture_painted_row_by_row_is_the_one_that_the_kernel_drew(open_notebook: Open):
    code = "from course_lib.explore import conv2d_under_the_window as c\nc()"
    notebook = open_notebook("pixels.ipynb", code)
    explorer = notebook.run("conv2d").locator(".explorer")
    here = conv2d_under_the_window()
    for name, value in [
        ("step", 5),
        ("step", 6),
        ("padding", 3),
        ("stride", 2),
        ("kernel", "blur"),
    ]:
        control = explorer.get_by_role("combobox" if name == "kernel" else "slider", name=name)
        (control.select_option if name == "kernel" else control.fill)(str(value))
        words = here.show(**{name: value}).text().split("\n", 2)[2]
        expect(explorer.get_by_role("img")).to_have_accessible_name(re.sub(r"\s+", " ", words))
        seen = pixels(explorer)
        here._words()
        drawn = here._paint((seen.shape[1] + 1e-3) / here._figure.get_figwidth())
        np.testing.assert_array_equal(seen, drawn)
    notebook.page.set_viewport_size({"width": 800, "height": 900})
    expect(explorer.get_by_role("img")).not_to_have_attribute("width", str(seen.shape[1]))
    narrow = pixels(explorer)
    here._fit(narrow.shape[1])  # the panels stack
    here._words()
    assert 300 < narrow.shape[1] < seen.shape[1]
    drawn = here._paint((narrow.shape[1] + 1e-3) / here._figure.get_figwidth())
    np.testing.assert_array_equal(narrow, drawn)


def test_a_slider_moved_before_the_first_answer_leaves_the_others_alone(open_notebook: Open):
    code = """import time
from course_lib.explore import conv2d_under_the_window
explorer = conv2d_under_the_window()
display(explorer)
explorer._move({"kernel_size": 5, "padding": 3})  # which the view does not know yet
time.sleep(2)"""
    explorer = open_notebook("early.ipynb", code).run("conv2d").locator(".explorer")
    explorer.get_by_role("slider", name="step").fill("7")
    here = conv2d_under_the_window(kernel_size=5, padding=3, step=7).text().split("\n", 2)[2]
    picture = explorer.get_by_role("img")
    expect(picture).to_have_accessible_name(re.sub(r"\s+", " ", here))
    expect(explorer.get_by_role("slider", name="kernel size")).to_have_value("5")


def test_a_wrong_prediction_is_answered_with_the_reason(lesson: Notebook):
    wrong = str(next(iter(A_NUMBER.wrong)))
    form = lesson.cell(f'predict("{A_NUMBER.name}")').locator("form")
    form.get_by_role("textbox", name="Your number").fill(wrong)
    form.get_by_role("button", name="Predict").click()
    expect(form.get_by_role("status")).to_contain_text(
        f"Not this time. You predicted {wrong}; it is {A_NUMBER.answer():g}."
    )


def test_a_right_choice_is_confirmed(lesson: Notebook):
    right = next(text for text, value in A_CHOICE.choices.items() if value == A_CHOICE.answer())
    form = lesson.cell(f'predict("{A_CHOICE.name}")').locator("form")
    form.get_by_role("radio", name=right, exact=True).check()
    form.get_by_role("button", name="Predict").click()
    expect(form.get_by_role("status")).to_contain_text("Yes: ")


def test_a_wrong_answer_then_a_right_one_are_told_apart(lesson: Notebook):
    lesson.write("raise NotImplementedError", ROUNDED_UP)
    check = lesson.run(re.compile(r"^check\(conv_output_size\)$"))
    expect(check.get_by_role("group", name="Check of")).to_contain_text("Not yet: conv_output_size")
    expect(check.get_by_role("group", name="Check of")).to_contain_text("round")
    lesson.write("-(-(", RIGHT)
    lesson.run(re.compile(r"^check\(conv_output_size\)$"))
    expect(check.get_by_role("group", name="Check of")).to_contain_text("Passed: conv_output_size")


def test_progress_outlives_the_kernel(lesson: Notebook, folder: Path):
    lesson.restart()
    lesson.run("import course_lib as lib")
    progress = lesson.run(re.compile(r"^progress\(\)$"))
    expect(progress.get_by_role("row", name=SECTION)).to_contain_text(f"2 of {len(OURS)}")
    saved = json.loads((folder / "progress.json").read_text())
    assert saved["passed"] == ["conv_output_size"]
    earlier = saved["predictions"][A_NUMBER.name]["answer"]
    prediction = lesson.run(f'predict("{A_NUMBER.name}")')
    expect(prediction.get_by_role("status")).to_contain_text(f"You predicted {earlier} before.")


def test_an_explorer_without_its_kernel_says_what_to_do(lesson: Notebook, explorer: Locator):
    slider = explorer.get_by_role("slider", name="stride")
    slider.focus()
    lesson.page.keyboard.press("ArrowRight")
    expect(explorer.get_by_role("alert")).to_have_text(
        "The kernel does not answer. Run this cell again to move the sliders."
    )
