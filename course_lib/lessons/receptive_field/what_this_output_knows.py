"""Drag one output over a photograph: what it can see, and what it mostly looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Grid, Legend, Page
from course_lib.draw.palette import GRADIENT, HIGHLIGHT, MUTED, OUTPUT, Scale
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.receptive_field.formula_table import Rows, formula_panel, formula_table
from course_lib.lessons.receptive_field.stack import (
    CHOICES,
    COLUMNS,
    NAMES,
    ROWS,
    box_of,
    build,
    last,
    names_of,
    output_size,
    photo,
    table,
)  # fmt: skip
from course_lib.record import Array

SHARE = 0.95
HEAT = Scale(0, 1, "gray_r")  # no colour of the boxes
Box = tuple[int, int, int, int]  # left, top, width, height


@dataclass(frozen=True)
class View:
    """One output of a stack, and what of the photograph it knows."""

    rows: Rows
    out: tuple[int, int]
    place: tuple[int, int]
    theory: Box
    seen: Array  # (ROWS, COLUMNS) bool, by the gradient
    heat: Array  # (ROWS, COLUMNS) from 0 to 1, how much each pixel matters
    counts: Box  # holds 95% of the heat squared


def what_this_output_knows(**values: Any) -> Explorer:
    """Build a stack, drag an output over a photograph, and see which pixels reach it.

    Parameters
    ----------
    **values        where the controls start: layer_1 to layer_6, row and column of the output

    Returns
    -------
    Explorer

    Notes
    -----
    The field grows with the depth, the box that holds 95% of the squared gradient with its root.
    [Luo et al., 2016, arXiv:1701.04128]

    Examples
    --------
    >>> print(what_this_output_knows().text().splitlines()[-3])
    Theory: 11 by 11 pixels. The gradient reaches 11 by 11 pixels of the picture.
    """

    def compute(
        layer_1: str = "conv 3",
        layer_2: str = "conv 3",
        layer_3: str = "conv 3, stride 2",
        layer_4: str = "conv 3",
        layer_5: str = "none",
        layer_6: str = "none",
        row: int = 16,
        column: int = 20,
    ) -> View:
        return look((layer_1, layer_2, layer_3, layer_4, layer_5, layer_6), (row, column))

    explorer = Explorer(
        "what this output knows",
        compute,
        draw,
        describe,
        "explore.what_this_output_knows()",
        **dict.fromkeys(NAMES, CHOICES),
        row=(0, last(0)),
        column=(0, last(1)),
        drag_photograph=Point("photograph", sets=("row", "column"), to_value=nearest_output),
        drag_gradient=Point("gradient", sets=("row", "column"), to_value=nearest_output),
    )
    return explorer.show(**values)


def nearest_output(across: float, down: float, **now: Any) -> tuple[int, int]:
    """The output whose field has its middle nearest to a place of the photograph."""
    names = names_of(now)
    left, top, size, _ = box_of(names, (0, 0))
    jump = table(names)[-1][2]
    steps = (down - top - size / 2) / jump, (across - left - size / 2) / jump
    row, column = (
        int(np.clip(round(step), 0, n - 1))
        for step, n in zip(steps, output_size(names), strict=True)
    )
    return row, column


def look(names: tuple[str, ...], place: tuple[int, int]) -> View:
    stack, shape = build(names), (1, ROWS, COLUMNS)
    rng = np.random.default_rng(0)
    heat = lib.effective_receptive_field(stack, shape, rng=rng, samples=2, position=place)
    return View(
        table(names),
        output_size(names),
        place,
        box_of(names, place),
        lib.measured_receptive_field(stack, shape, position=place).seen,
        heat,
        smallest_box(heat**2, box_of(names, place)),
    )


def smallest_box(energy: Array, theory: Box) -> Box:
    """The smallest box around the middle of the field that holds 95% of the energy."""
    left, top, size, _ = theory
    for margin in range(size // 2, -1, -1):
        kept = size - 2 * margin
        x, y = left + margin, top + margin
        inside = energy[max(y, 0) : max(y + kept, 0), max(x, 0) : max(x + kept, 0)]
        if kept > 0 and inside.sum() >= SHARE * energy.sum():
            return x, y, kept, kept
    return theory


def describe(view: View) -> str:
    high, wide = (int(view.seen.any(axis=axis).sum()) for axis in (1, 0))
    size, counts = view.theory[2], view.counts[2]
    edge = "" if (high, wide) == (size, size) else " The rest lies outside or between what is read."
    return f"""\
Output {view.place[0]}, {view.place[1]} of {view.out[0]} by {view.out[1]} can see {size} by \
{size} pixels, and {SHARE:.0%} of its squared gradient lies in {counts} by {counts}.
Theory: {size} by {size} pixels. The gradient reaches {high} by {wide} pixels of the \
picture.{edge}
Share of the field that counts: {(counts / size) ** 2:.2f}
After each layer, size, jump, start: \
{"; ".join(f"{name}: {s}, {j}, {b}" for name, s, j, b in view.rows)}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """The photograph, grey where the output sees nothing; the gradient; the formula's table."""
    picture, gradient = (
        Grid(name, ROWS, COLUMNS, height=168, caption="", frame=MUTED)
        for name in ("photograph", "gradient")
    )
    formula = formula_panel()
    key = Legend(
        (HIGHLIGHT, "theory's box"),
        (GRADIENT, "holds 95%"),
        (OUTPUT, "middle of the field"),
        (HEAT(np.array([[1.0]])), "strongest gradient"),
    )
    Page(figure, [picture, gradient, formula], [key])
    boxes = [(p.outline(HIGHLIGHT), p.outline(GRADIENT)) for p in (picture, gradient)]
    spot, show_table = picture.points(OUTPUT, ms=5), formula_table(formula)
    brightness, heat = Scale(0, 1, "gray"), HEAT

    def update(view: View) -> None:
        picture.show(np.where(view.seen, photo(), 0.72 + 0.14 * photo()), brightness)
        gradient.show(view.heat, heat)
        for theory, counts in boxes:
            theory(*inside(view.theory))
            counts(*inside(view.counts))
        left, top, size, _ = view.theory
        spot.set_data([left + size / 2], [top + size / 2])
        picture.caption.set_text(f"output {view.place[0]}, {view.place[1]} sees {size} × {size}")
        gradient.caption.set_text(f"95% lies in {view.counts[2]} × {view.counts[2]}")
        show_table(view.rows)

    return update


def inside(box: Box) -> tuple[int, int, int, int]:
    """The part of a box that lies on the photograph."""
    left, top, width, height = box
    ends = min(left + width, COLUMNS), min(top + height, ROWS)
    left, top = max(left, 0), max(top, 0)
    return left, top, max(ends[0] - left, 0), max(ends[1] - top, 0)
