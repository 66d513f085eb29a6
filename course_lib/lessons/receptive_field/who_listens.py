"""The receptive field read backwards: drag one input pixel and see which outputs move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw import Grid, Legend, Page
from course_lib.draw.palette import DATA, MUTED, Scale
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.receptive_field.formula_table import Rows, formula_panel, formula_table
from course_lib.lessons.receptive_field.stack import (
    CHOICES,
    COLUMNS,
    NAMES,
    ROWS,
    build,
    photo,
    table,
)  # fmt: skip
from course_lib.record import Array


@dataclass(frozen=True)
class View:
    """One pixel, and how far each output moves when it does."""

    rows: Rows
    pixel: tuple[int, int]
    moved: Array  # (H', W'), from 0 to 1


def who_listens(**values: Any) -> Explorer:
    """Build a stack, drag one pixel of a photograph, and see which outputs hear of it.

    Parameters
    ----------
    **values        where the controls start: layer_1 to layer_6, row and column of the pixel

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(who_listens().text().splitlines()[-2])
    Listeners: 25 of 1280 outputs
    """

    def compute(
        layer_1: str = "conv 3",
        layer_2: str = "conv 3, stride 2",
        layer_3: str = "conv 3",
        layer_4: str = "none",
        layer_5: str = "none",
        layer_6: str = "none",
        row: int = 30,
        column: int = 40,
    ) -> View:
        names = (layer_1, layer_2, layer_3, layer_4, layer_5, layer_6)
        return View(table(names), (row, column), listeners(names, (row, column)))

    def pixel_at(across: float, down: float, **now: Any) -> tuple[int, int]:
        return int(np.clip(down, 0, ROWS - 1)), int(np.clip(across, 0, COLUMNS - 1))

    explorer = Explorer(
        "who listens to this pixel",
        compute,
        draw,
        describe,
        "explore.who_listens()",
        **dict.fromkeys(NAMES, CHOICES),
        row=(0, ROWS - 1),
        column=(0, COLUMNS - 1),
        drag=Point("photograph", sets=("row", "column"), to_value=pixel_at),
    )
    return explorer.show(**values)


def listeners(names: tuple[str, ...], pixel: tuple[int, int]) -> Array:
    """How far every output moves when one pixel does, as a part of the largest move.

    The stack is linear, so we send the pixel alone through it.
    """
    alone = np.zeros((1, 1, ROWS, COLUMNS))
    alone[0, 0, *pixel] = 1.0
    moved = np.sqrt((build(names)(alone)[0] ** 2).mean(axis=0))
    return moved / (moved.max() or 1.0)


def describe(view: View) -> str:
    count = int((view.moved > 0).sum())
    rows, columns = view.moved.shape
    pixel = f"pixel {view.pixel[0]}, {view.pixel[1]}"
    of_all = f"{count} of {so_many(view.moved.size, 'output')}"
    heard = (
        f"{of_all} {'listens' if count == 1 else 'listen'} to {pixel}."
        if count
        else f"No output listens to pixel {view.pixel[0]}, {view.pixel[1]}: every window skips it."
    )
    return f"""\
{heard}
Listeners: {of_all}
Output: {rows} by {columns}; one output sees {view.rows[-1][1]} by {view.rows[-1][1]} pixels"""


def draw(figure: Figure) -> Callable[[View], None]:
    """The photograph with the pixel, the outputs that move, and the formula's table."""
    picture = Grid("photograph", ROWS, COLUMNS, height=168, caption="", frame=MUTED)
    outputs = Grid("outputs", ROWS, COLUMNS, height=168, caption="", frame=MUTED)
    formula = formula_panel()
    key = Legend((DATA, "the pixel"), (Scale(0, 1)(np.array([[1.0]])), "moves most"))
    Page(figure, [picture, "→", outputs, formula], [key])
    spot, show_table = picture.points(DATA, ms=7), formula_table(formula)

    def update(view: View) -> None:
        picture.show(photo(), Scale(0, 1, "gray"))
        outputs.show(view.moved, Scale(0, 1), extent=(0, COLUMNS, ROWS, 0))
        spot.set_data([view.pixel[1] + 0.5], [view.pixel[0] + 0.5])
        rows, columns = view.moved.shape
        picture.caption.set_text(f"pixel {view.pixel[0]}, {view.pixel[1]}")
        outputs.caption.set_text(f"{(view.moved > 0).sum()} of {rows} × {columns} listen")
        show_table(view.rows)

    return update
