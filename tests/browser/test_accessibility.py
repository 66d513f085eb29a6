"""axe-core finds nothing wrong with our widgets and reports, in a light and in a dark theme."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from course_lib.lessons import PREDICTIONS
from tests.browser.conftest import Open
from tests.browser.lab import Notebook

SETUP = """\
import numpy as np
from course_lib import explore
from course_lib.exercises import check, hint, predict, progress"""
EXPLORER = "explore.conv2d_under_the_window()"
FAILING = """\
from course_lib.explore import Explorer
Explorer("a failure", lambda n=1: 1 / (n - 1), lambda figure: lambda result: None, str, n=(1, 3))"""
A_NUMBER = next(p for p in PREDICTIONS.values() if not p.choices and not p.grids)
A_CHOICE = next(p for p in PREDICTIONS.values() if p.choices)
A_PAINTING = PREDICTIONS["04_04.winners"]  # numbers stand in its cells
NUMBER, CHOICE, PAINTING = (f'predict("{p.name}")' for p in (A_NUMBER, A_CHOICE, A_PAINTING))
STUB = """\
def conv1d_forward(*args):
    raise NotImplementedError
check(conv1d_forward)"""
WITH_TABLES = """\
def conv2d_forward(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    import course_lib as lib
    return 2 * lib.conv2d(x, weight, bias, stride=stride, padding=padding)[0]
check(conv2d_forward)"""
PASSED = """\
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
check(conv_output_size)"""
HINT = "hint(conv2d_forward)"
PROGRESS = "progress()"
GALLERY = """\
from course_lib import History, draw
draw.gallery(np.eye(2)[None], ["a diagonal"], title="One image")"""
CURVES = "draw.learning_curves(History((2.0, 0.5), (2.1, 0.7), (0.3, 0.9)))"

OURS = ".jp-OutputArea-output"  # what our cells show, without JupyterLab around it


@pytest.fixture(scope="module")
def notebook(open_notebook: Open) -> Notebook:
    cells = (SETUP, EXPLORER, FAILING, NUMBER, CHOICE, STUB, WITH_TABLES, PASSED, HINT, PROGRESS)
    cells = (*cells, GALLERY, CURVES, PAINTING)
    notebook = open_notebook("accessibility.ipynb", *cells, height=6000)
    notebook.run_all()
    expect(notebook.element.locator(".explorer canvas[aria-label*=products]")).to_be_visible()
    expect(notebook.element.get_by_role("alert")).to_contain_text("ZeroDivisionError")
    expect(notebook.cell("def conv2d_forward").get_by_role("table")).to_have_count(3)
    notebook.cell(NUMBER).locator("form").get_by_role("textbox").fill("12345")
    notebook.cell(CHOICE).get_by_role("radio").first.check()
    for number in (0, 3):  # one too many, one right, and one is missing
        notebook.cell(PAINTING).get_by_role("checkbox").nth(number).check()
    for form in notebook.element.locator("form").all():  # an answer is a line more to look at
        form.get_by_role("button").click()
        expect(form.get_by_role("status")).not_to_be_empty()
    for summary in notebook.element.get_by_text("This case as code").all():
        summary.click()
    return notebook


def violations(notebook: Notebook) -> list[str]:
    """What axe-core's rules say about our outputs: rule, element, reason."""
    results = Axe().run(notebook.page, context=OURS).response
    assert len(results["passes"]) > 10  # it has looked at something
    return [describe(found, node) for found in results["violations"] for node in found["nodes"]]


def describe(found: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{found['id']} ({found['impact']}): {node['html']}\n{node['failureSummary']}"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_no_violation_in_what_our_cells_show(notebook: Notebook, theme: str):
    notebook.command("apputils:change-theme", theme=theme)
    expect(notebook.page.locator("body")).to_have_attribute(
        "data-jp-theme-light", str(theme == "JupyterLab Light").lower()
    )
    assert violations(notebook) == []


def test_every_control_has_the_name_that_stands_beside_it(notebook: Notebook):
    labels = notebook.element.locator(".explorer label").all()
    assert len(labels) > 5
    for label in labels:
        words = label.locator("span").text_content() or ""
        expect(label.locator("input, select")).to_have_accessible_name(words)


def test_what_changes_is_announced_politely_and_failures_at_once(notebook: Notebook):
    explorer = notebook.element.locator(".explorer").first
    expect(explorer.get_by_role("status")).to_contain_text("products sum to")
    failing = notebook.element.locator(".explorer").nth(1)
    expect(failing.get_by_role("alert")).to_contain_text("ZeroDivisionError")
    for form in notebook.element.locator("form.prediction").all():
        assert form.locator("[role=status]").count() == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [("draw.gallery", "One image a diagonal"), (CURVES, "trained for 2 epochs; training loss 2")],
)
def test_every_picture_has_its_words(notebook: Notebook, code: str, words: str):
    expect(notebook.cell(code).get_by_role("img")).to_have_accessible_name(re.compile(words))


def test_a_right_and_a_wrong_prediction_look_different(notebook: Notebook):
    form = notebook.cell(NUMBER).locator("form")
    looks = []
    for given, mark in (("12345", "○ Not this time."), (f"{A_NUMBER.answer():g}", "✓ Yes:")):
        form.get_by_role("textbox").fill(given)
        form.get_by_role("button").click()
        expect(form.locator("strong").last).to_have_text(mark)
        looks.append(form.evaluate("(form) => getComputedStyle(form).borderLeftColor"))
    assert looks[0] != looks[1]


def test_axe_would_find_a_control_without_a_name(notebook: Notebook):
    slider = notebook.element.locator(".explorer label").first
    slider.evaluate("(label) => label.replaceWith(...label.querySelectorAll('select'))")
    assert any("select-name" in violation for violation in violations(notebook))
