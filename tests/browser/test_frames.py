"""An explorer fits the page: whole on a low screen, stacked and readable on a narrow one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Open

EXPLORERS = (
    "conv2d_under_the_window",
    "conv1d_under_the_window",
    "conv2d_channel_by_channel",
    "equivariance",
)
CELLS = ("from course_lib import explore", *(f"explore.{name}()" for name in EXPLORERS))
LOW = 560  # CSS pixels that a page of 720 leaves between its bars


def boxes(open_notebook: Open, width: int, height: int) -> list[tuple[Any, Any]]:
    """The size of each explorer and of its picture, once that has been drawn for this width."""
    notebook = open_notebook(f"frame_{width}.ipynb", *CELLS, width=width, height=height)
    if width < 500:
        notebook.command("application:toggle-left-area")
    notebook.run_all()
    sizes = []
    for i in range(len(EXPLORERS)):
        explorer = notebook.element.locator(".explorer").nth(i)
        explorer.scroll_into_view_if_needed()
        canvas = explorer.locator("canvas")
        notebook.page.wait_for_function(
            "c => Math.abs(c.width - c.clientWidth * devicePixelRatio) < 2",
            arg=canvas.element_handle(),
        )
        sizes.append((explorer.bounding_box(), canvas.bounding_box()))
    return sizes


def test_a_whole_explorer_fits_a_low_screen_with_the_side_bar_open(open_notebook: Open) -> None:
    for name, (explorer, canvas) in zip(EXPLORERS, boxes(open_notebook, 1280, 720), strict=True):
        assert explorer["height"] <= LOW, name
        assert canvas["width"] == pytest.approx(691, abs=1), name


def test_panels_stack_on_a_narrow_page_instead_of_shrinking(open_notebook: Open) -> None:
    for name, (_, canvas) in zip(EXPLORERS, boxes(open_notebook, 360, 800), strict=True):
        assert canvas["width"] < 360, name
        assert canvas["height"] > 1.5 * canvas["width"], name  # 0.55 where all stands in rows
