"""Move a digit or a photograph under pooling: outputs that stay exactly, and how far all move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Grid, Legend, Page, Panel, number
from course_lib.draw.palette import DATA, HIGHLIGHT, INK, OUTPUT, Scale
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.pooling.moves import POOLS, how_much_changed
from course_lib.record import Array

FARTHEST = 4  # pixels that a picture moves at most
SIDES = {"digit": 16, "china": 48, "flower": 48}  # pixels that are seen
CORNERS = {"china": (28, 92), "flower": (76, 112)}  # of the crops, in photographs half as large
GREYS = Scale(0.0, 1.0, "gray")
LONGEST = 1.5  # of a bar
KEPT: dict[str, Any] = {"marker": "s", "ms": 6, "ls": "none", "mfc": HIGHLIGHT, "mec": INK}


@dataclass(frozen=True)
class View:
    """One picture moved, and what both poolings made of it before and after."""

    picture: str
    by: tuple[int, int]  # right, down
    moved: Array  # (side, side)
    kernel_size: int
    before: tuple[Array, ...]  # max, average: (side // kernel_size, ...)
    after: tuple[Array, ...]

    @property
    def changes(self) -> list[tuple[float, float]]:
        pairs = zip(self.before, self.after, strict=True)
        return [how_much_changed(before, after) for before, after in pairs]


@cache
def scene(picture: str) -> Array:
    """What is seen, with FARTHEST pixels more on each side."""
    wide = SIDES[picture] + 2 * FARTHEST
    if picture == "digit":
        digit = lib.digits(rng=np.random.default_rng(0), dtype=np.float64).x_test[0, 0]
        return np.pad(digit, (wide - 8) // 2)
    top, left = CORNERS[picture]
    return lib.photograph(picture, shrink=2, dtype=np.float64)[top:, left:][:wide, :wide]


def seen(picture: str, right: int, down: int) -> Array:
    """The part of a scene that is seen when it has moved."""
    top, left, side = FARTHEST - down, FARTHEST - right, SIDES[picture]
    return scene(picture)[top : top + side, left : left + side]


def shift_the_digit(**values: Any) -> Explorer:
    """Move a digit or a photograph by a few pixels under max and average pooling.

    Parameters
    ----------
    **values        where the controls start: picture ("digit", "china", "flower"), right and down
                    (from -4 to 4), kernel_size (2, 3 or 4)

    Returns
    -------
    Explorer

    Notes
    -----
    Which pooling "changes less" depends on whether one counts the outputs that stay exactly the
    same, or measures how far all of them move.

    Examples
    --------
    >>> print(shift_the_digit(right=0).text().splitlines()[2])
    Not moved: every output is the same.
    """

    def compute(picture: str, right: int = 1, down: int = 0, kernel_size: int = 2) -> View:
        still, moved = seen(picture, 0, 0), seen(picture, right, down)
        pools = [pool(kernel_size) for pool in POOLS.values()]
        before, after = (tuple(pool(x[None, None])[0, 0] for pool in pools) for x in (still, moved))
        return View(picture, (right, down), moved, kernel_size, before, after)

    def shift_to(across: float, below: float, picture: str, **now: Any) -> tuple[int, int]:
        """The shift that brings the picture's middle there, as far as it moves."""
        pixels = SIDES[picture] * np.array([across - 0.5, below - 0.5])
        right, down = np.clip(np.rint(pixels), -FARTHEST, FARTHEST)
        return int(right), int(down)

    explorer = Explorer(
        "shift the digit",
        compute,
        draw,
        describe,
        call="explore.shift_the_digit()",
        picture=list(SIDES),
        right=Play(-FARTHEST, FARTHEST),
        down=Play(-FARTHEST, FARTHEST),
        kernel_size=(2, 4),
        drag=Point("input", sets=("right", "down"), to_value=shift_to),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    """Both numbers for both poolings; the first line says who changes less by which."""
    (same, size), (average_same, average_size) = view.changes
    right, down = view.by
    if not (right or down):
        return "Not moved: every output is the same."
    kept = winner(average_same, same)
    less = winner(size, average_size)
    return f"""\
Moved {right} right, {down} down: {kept} keeps more outputs exactly, {less} moves less in size.
Exactly the same: max {same:.0%}, average {average_same:.0%}
Size of the change: max {number(size)}, average {number(average_size)}
{view.kernel_size} × {view.kernel_size} windows: {len(view.moved)} × {len(view.moved)} pixels \
become {len(view.after[0])} × {len(view.after[0])} outputs"""


def winner(less: float, more: float) -> str:
    """Which pooling, where the second number is max pooling's if it is the larger."""
    return "neither" if less == more else "max" if less < more else "average"


def draw(figure: Figure) -> Callable[[View], None]:
    """The picture and both pooled maps, what stays marked; below, both numbers as bars."""
    style: dict[str, Any] = {"height": 212, "least": 105}
    picture = Grid("input", 1, 1, title="drag the picture", frame=DATA, **style)
    maps = [Grid(name, 1, 1, frame=OUTPUT, **style) for name in POOLS]
    same = Panel("exactly the same", xlim=(0, 1), ylim=(2, 0), height=68)
    size = Panel("size of the change", xlim=(0, LONGEST), ylim=(2, 0), height=68)
    key = Legend((KEPT, "exactly as before, and not 0"))
    Page(figure, [picture, *maps], [key], [same, size])
    kept = [grid.points(HIGHLIGHT, **KEPT | {"ms": 4, "clip_on": True}) for grid in maps]
    bars = [panel.segments(OUTPUT, linewidths=7) for panel in (same, size)]
    labels = [[panel.label(0, row + 0.25) for row in range(2)] for panel in (same, size)]

    def update(view: View) -> None:
        window = view.kernel_size / len(view.moved)  # its side, where the picture's is 1
        picture.show(view.moved, GREYS, extent=(0, 1, 1, 0))
        parts = zip(POOLS, maps, view.before, view.after, kept, strict=True)
        for name, grid, before, after, dots in parts:
            side = window * len(after)
            grid.show(after, GREYS, extent=(0, side, side, 0))
            down, across = np.nonzero((before == after) & ((before != 0) | (after != 0)))
            dots.set_data(window * (across + 0.5), window * (down + 0.5))
            grid.title.set_text(f"{name}, {len(after)} × {len(after)}")
        for values, bar, texts in zip(zip(*view.changes, strict=True), bars, labels, strict=True):
            ends = enumerate(np.minimum(values, LONGEST))
            bar.set_segments([[(0, row + 0.78), (end, row + 0.78)] for row, end in ends])
            share = bar is bars[0]
            for text, name, value in zip(texts, POOLS, values, strict=True):
                text.set_text(f"{name} {value:.0%}" if share else f"{name} {number(value)}")

    return update
