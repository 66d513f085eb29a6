"""Slide a pooling window over numbers: the output, and who gets its gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.convolution import output_size
from course_lib.draw import Grid, Legend, Page, number, numbers
from course_lib.draw.palette import (
    DATA,
    GRADIENT,
    HIGHLIGHT,
    OUTPUT,
    PAPER,
    Scale,
    chequered,
    rgba,
)
from course_lib.engine.control import Pad, Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.engine.way_back import cell_at, read_by
from course_lib.errors import so_many
from course_lib.lessons.pooling.moves import POOLS
from course_lib.record import Array

SIDE, MOST_KERNEL = 6, 4
MOST_OUTPUTS = 7  # along a side: kernels of even size, padded by half
START = np.array(
    [
        [1, 9, 2, 3, 3, 0],
        [2, 3, 3, 1, 5, 2],
        [4, 4, 0, 0, 7, 1],
        [4, 1, 0, 0, 2, 7],
        [8, 0, 5, 6, 1, 1],
        [2, 3, 5, 2, 4, 6],
    ],
    float,
)
SHADES = {"input": Scale(0.0, 9.0, "Blues"), "output": Scale(0.0, 9.0, "Purples")}
NOWHERE = (-90, -90, 1, 1)  # outside the picture


@dataclass(frozen=True)
class View:
    """One pooling of a small grid, one of its windows, and the way back."""

    layer: str  # "max" or "average"
    x: Array  # (SIDE, SIDE)
    kernel_size: int
    stride: int
    padding: int
    y: Array  # (H', W')
    place: tuple[int, int]  # of the output that the window makes
    dx: Array  # like x: the gradient of that output, or of all
    own: Array  # like x: of that output
    every: bool

    @property
    def corner(self) -> tuple[int, int]:
        """The window's upper left corner, counted from the input's: row, column."""
        row, column = (self.stride * at - self.padding for at in self.place)
        return row, column

    @property
    def inside(self) -> Array:
        """The numbers of x that the window sees, in reading order."""
        row, column = self.corner
        ends = row + self.kernel_size, column + self.kernel_size
        return self.x[max(row, 0) : ends[0], max(column, 0) : ends[1]].ravel()


def pool_under_the_window(**values: Any) -> Explorer:
    """Move a pooling window over numbers that you may change, and send its gradient back.

    Parameters
    ----------
    **values        where the controls start: layer ("max", "average"), kernel_size, stride,
                    padding, output, gradient_of_all, x (6 × 6, whole numbers from 0 to 9)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(pool_under_the_window().text().splitlines()[2])
    The largest of 4 numbers is 9: it alone gets the gradient.
    """

    def compute(
        layer: str = "max",
        kernel_size: int = 2,
        stride: int = 2,
        padding: int = 0,
        output: int = 0,
        gradient_of_all: bool = False,
        x: Array = START,
        over: Array | None = None,
    ) -> View:
        pool = POOLS[layer](kernel_size, stride=stride, padding=padding)
        y, backward = pool.forward(x[None, None])
        rows, columns = y.shape[2:]
        place = cell_at(over, (rows, columns)) or divmod(output, columns)
        (own, _), (total, _) = read_by(y, backward, (0, 0, *place)), backward(np.ones_like(y))
        dx = total if gradient_of_all else own
        return View(
            layer, x, kernel_size, stride, padding, y[0, 0], place, dx[0, 0], own[0, 0],
            gradient_of_all,
        )  # fmt: skip

    def last_output(kernel_size: int, stride: int, padding: int, **_: Any) -> int:
        return int(output_size(SIDE, kernel_size, stride=stride, padding=padding) ** 2 - 1)

    def output_at(across: float, down: float, over: Any, **now: Any) -> int | None:
        view = compute(**now)
        place = cell_at((across, down), view.y.shape)
        return None if place is None else int(np.ravel_multi_index(place, view.y.shape))

    explorer = Explorer(
        "pool under the window",
        compute,
        draw,
        describe,
        call="explore.pool_under_the_window()",
        layer=list(POOLS),
        kernel_size=(1, MOST_KERNEL),
        stride=(1, MOST_KERNEL),
        padding=(0, lambda kernel_size, **_: kernel_size // 2),
        output=Play(0, last_output),
        gradient_of_all=False,
        x=Pad("input", START, 0, 9, step=1),
        over=Point("output", hover=True, step=1),
        press=Point("output", sets=("output",), to_value=output_at),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    """What the window makes of its numbers, and who gets the gradient; then all numbers."""
    n, m = SIDE**2, view.y.size
    return f"""\
{verdict(view)}
{SIDE} × {SIDE} becomes {len(view.y)} × {len(view.y.T)}: {n} numbers, then {m}
Input {in_words(view.x)}
Output {in_words(view.y)}
Gradient {"of all outputs" if view.every else "of this output"} {in_words(view.dx)}"""


def verdict(view: View) -> str:
    value, inside = view.y[view.place], view.inside
    numbers_inside = so_many(len(inside), "number")
    if view.layer == "max":
        ties = int((inside == value).sum())
        who = "it alone gets" if ties == 1 else f"{ties} tie, and the first in reading order gets"
        return f"The largest of {numbers_inside} is {number(value, 0)}: {who} the gradient."
    share = number(1 / view.kernel_size**2)
    zeros = view.kernel_size**2 - len(inside)
    padded = f" and {so_many(zeros, 'zero')} of padding" if zeros else ""
    return f"The mean of {numbers_inside}{padded} is {number(value)}: each gets {share}."


def in_words(values: Array) -> str:
    return " / ".join(map(" ".join, numbers(values)))


def draw(figure: Figure) -> Callable[[View], None]:
    """Input, output and gradient in a row; the window, its output and its maximum are outlined."""
    style: dict[str, Any] = {"height": 212, "least": 205, "lined": True}
    image = Grid("input", SIDE, SIDE, **style)
    output = Grid("output", MOST_OUTPUTS, MOST_OUTPUTS, **style)
    back = Grid("gradient", SIDE, SIDE, frame=GRADIENT, **style)
    key = Legend(
        (DATA, "window"), (OUTPUT, "its output"), (HIGHLIGHT, "the maximum"),
        (GRADIENT, "gradient"), (chequered(2, 4), "padding"),
    )  # fmt: skip
    Page(figure, [image, output, back], [key])
    frame = image.cells(size=9, zorder=-1)  # behind the input
    window, winner = image.outline(DATA), image.outline(HIGHLIGHT)
    chosen = output.outline(OUTPUT)

    def update(view: View) -> None:
        p, k, (row, column) = view.padding, view.kernel_size, view.corner
        image.view(-p, SIDE + p, SIDE + p, -p)
        padded = SIDE + 2 * p
        texts = np.full((padded, padded), "0" if view.layer == "average" else "-∞", object)
        texts[p : p + SIDE, p : p + SIDE] = ""
        frame.fill(chequered(padded, padded), (-p, SIDE + p, SIDE + p, -p), texts.tolist())
        image.show(view.x, SHADES["input"], numbers=True)
        output.show(view.y, SHADES["output"], numbers=True)
        output.title.set_text(f"output {len(view.y)} × {len(view.y.T)}")
        back.fill(reddened(view.dx), numbers=shares(view.dx))
        back.title.set_text("gradient of all" if view.every else "gradient of one output")
        window(column, row, k, k)
        chosen(view.place[1], view.place[0], 1, 1)
        found = np.argwhere(view.own)[0][::-1] if view.layer == "max" else None
        winner(*(NOWHERE if found is None else (*(found + 0.1), 0.8, 0.8)))

    return update


def reddened(dx: Array) -> Array:
    """White where there is no gradient, redder where there is more."""
    share = np.clip(dx / (dx.max() or 1), 0, 1)[..., None] * 0.8
    return (rgba(PAPER) * (1 - share) + rgba(GRADIENT) * share).round().astype(np.uint8)


def shares(dx: Array) -> list[list[str]]:
    """The gradients as numbers, and nothing where there is none."""
    rows = zip(numbers(dx), dx, strict=True)
    return [[text if g else "" for text, g in zip(*row, strict=True)] for row in rows]
