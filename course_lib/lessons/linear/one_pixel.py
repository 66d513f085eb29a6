"""Paint a pixel of a digit and see which outputs of two layers move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Bar, Grid, Legend, Page, number
from course_lib.draw.palette import DATA, HIGHLIGHT, OUTPUT, Scale, signed_scale
from course_lib.engine.control import Pad
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.record import Array

SIDE = 8
PIXELS = SIDE * SIDE
START = np.zeros((SIDE, SIDE))
START[4, 2] = 1  # the pixel that is painted at first
EDGES = np.array([[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]], float)


@cache
def one_of_each() -> Array:  # (10, 8, 8)
    """A handwritten digit of each kind."""
    data = lib.digits(rng=np.random.default_rng(0), dtype=np.float64)
    return np.array([data.x_test[data.y_test == digit][0, 0] for digit in range(10)])


@cache
def fully_connected() -> lib.Linear:
    """64 pixels in, 64 numbers out, with the weights a library starts with."""
    return lib.Linear.init(PIXELS, PIXELS, rng=np.random.default_rng(0), dtype=np.float64)


@cache
def convolution(kernel_size: int) -> lib.Conv2d:
    """One kernel, with as much padding as keeps the size."""
    rng = np.random.default_rng(0)
    return lib.Conv2d.init(1, 1, kernel_size, padding=kernel_size // 2, rng=rng, dtype=np.float64)


@dataclass(frozen=True)
class View:
    """A digit with pixels painted over, and how far each output moved."""

    paint: Array  # (8, 8), 1 where painted
    digit: Array  # (8, 8), as painted
    moves: tuple[Array, Array]  # (8, 8) of the fully connected layer and of the convolution
    kernel_size: int

    @property
    def moved(self) -> tuple[int, int]:
        """How many outputs did."""
        full, local = ((abs(move) > 1e-9).sum() for move in self.moves)
        return int(full), int(local)


def paint_one_pixel(**values: Any) -> Explorer:
    """Paint pixels of a handwritten digit; the outputs that move are lit up, for two layers.

    Parameters
    ----------
    **values        where the controls start: digit, paint (8 × 8, 1 for a painted pixel),
                    kernel_size

    Returns
    -------
    Explorer

    Notes
    -----
    A painted pixel turns bright where it was dark, and dark where it was bright.

    Examples
    --------
    >>> print(paint_one_pixel().text().splitlines()[2])
    1 pixel painted: 64 of 64 outputs of the fully connected layer move, 9 of the convolution.
    """

    def compute(digit: int = 3, paint: Array = START, kernel_size: int = 3) -> View:
        before = one_of_each()[digit]
        after = np.where(paint > 0.5, before < 0.5, before)
        flat = np.stack([before, after]).reshape(2, PIXELS)
        full = fully_connected()(flat).reshape(2, SIDE, SIDE)
        local = convolution(kernel_size)(flat.reshape(2, 1, SIDE, SIDE))[:, 0]
        return View(paint, after, (full[1] - full[0], local[1] - local[0]), kernel_size)

    explorer = Explorer(
        "paint one pixel",
        compute,
        draw,
        describe,
        call="explore.paint_one_pixel()",
        digit=(0, 9),
        paint=Pad("digit", START),
        kernel_size=(1, 7, 2),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    count = int((view.paint > 0.5).sum())
    full, local = view.moved
    most = [number(abs(move).max()) for move in view.moves]
    return f"""\
{so_many(count, "pixel")} painted: {full} of {PIXELS} outputs of the fully connected \
layer move, {local} of the convolution.
The furthest moves by {most[0]} and {most[1]}.
Weights: {PIXELS * PIXELS} and {view.kernel_size**2}, biases aside."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The digit, and how far each output of both layers moved."""
    style: dict[str, Any] = {"height": 196, "lined": True, "caption": ""}
    digit = Grid("digit", SIDE, SIDE, frame=DATA, **style)
    full = Grid("fully connected", SIDE, SIDE, frame=OUTPUT, **style)
    local = Grid("convolution", SIDE, SIDE, frame=OUTPUT, **style)
    key, bar = Legend((HIGHLIGHT, "painted"), (OUTPUT, "how far each output moves")), Bar()
    Page(figure, [digit, "→", full, local], [key, bar])
    digit.title.set_text("digit: paint")
    painted = digit.segments(HIGHLIGHT, linewidths=2.5)

    def update(view: View) -> None:
        digit.show(view.digit, Scale(0, 1, "gray"))
        corners = np.argwhere(view.paint > 0.5)[:, None, ::-1]
        painted.set_segments(EDGES + corners if len(corners) else [])
        moves = np.array(view.moves)
        scale = signed_scale(abs(moves).max() or 1.0)
        bar.show(scale, moves)
        for grid, move, count in zip((full, local), moves, view.moved, strict=True):
            grid.show(np.where(abs(move) > 1e-9, move, 0.0), scale)
            grid.caption.set_text(f"{count} of {PIXELS} outputs move")

    return update
