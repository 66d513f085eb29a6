"""Maps of a net that has to look up two things at every position, over its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED, OUTPUT, PAPER, Scale, rgba
from course_lib.draw.panel import Grid, Plot
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.lessons.attention.nets import (
    BACK,
    CIRCLE,
    NETS,
    circles,
    learn_two_look_ups,
    maps_of,
    right,
)
from course_lib.record import Array

MOST = 4  # heads
TENTHS = 10


@cache
def history(net: str) -> tuple[list[Array], Array]:
    """Maps after each tenth of the training, and how many look-ups are right then."""
    x, target = circles(np.random.default_rng(99), 200)
    models = learn_two_look_ups(net, 0)
    return [maps_of(m, x) for m in models], np.array([right(m, x, target) for m in models])


def weights_back(maps: Array) -> Array:
    """The mean weight on the position so many back: (heads, 2)."""
    rows = np.arange(CIRCLE)
    return np.stack([maps[:, rows, rows - back].mean(axis=1) for back in BACK], axis=1)


@dataclass(frozen=True)
class View:
    """One net at one time of its training."""

    tenth: int
    maps: Array  # (heads, 12, 12)
    back: Array  # (heads, 2), weight on 1 back and on 3 back
    right: Array  # (11,)


def heads_at_work(**values: object) -> Explorer:
    """Play the training of nets with one, two and four heads and see which head looks where.

    Parameters
    ----------
    **values        where the controls start: tenths (of the training), net

    Returns
    -------
    Explorer

    Notes
    -----
    A net is trained when it is first shown.

    Examples
    --------
    >>> print(heads_at_work().text().splitlines()[2])
    After 10 tenths of its training the net gets 100% of the look-ups right.
    """

    def compute(tenths: int = TENTHS, net: str = "two heads") -> View:
        maps, accuracy = history(net)
        return View(tenths, maps[tenths], weights_back(maps[tenths]), accuracy)

    explorer = Explorer(
        "heads at work",
        compute,
        draw,
        describe,
        call="explore.heads_at_work()",
        tenths=Play(0, TENTHS),
        net=list(NETS),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    share = f"{view.right[view.tenth]:.0%}"
    heads = "\n".join(
        f"Head {i + 1}: weight {number(one)} on the token 1 back, {number(three)} on that 3 back."
        for i, (one, three) in enumerate(view.back)
    )
    return f"""\
After {view.tenth} tenths of its training the net gets {share} of the look-ups right.
{heads}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """Each head's map with the two wanted diagonals framed, and the accuracy over the training."""
    grids = [
        Grid(f"head {i + 1}", CIRCLE, CIRCLE, height=150, least=150, caption="")
        for i in range(MOST)
    ]
    plot = Plot(
        "look-ups right",
        xlim=(-0.2, TENTHS + 0.2),
        ylim=(0, 1.05),
        xlabel="tenths of the training",
        xticks=range(0, TENTHS + 1, 2),
        yticks=(0, 0.5, 1),
        height=96,
    )
    key = Legend((HIGHLIGHT, "cells 1 back"), (MUTED, "cells 3 back"), (OUTPUT, "now"))
    Page(figure, grids, [plot], [key])
    marks = [
        [grid.segments(colour, linewidths=1.2) for colour in (HIGHLIGHT, MUTED)] for grid in grids
    ]
    curve, now = plot.line(DATA), plot.points(OUTPUT)
    blank = np.broadcast_to(rgba(PAPER), (CIRCLE, CIRCLE, 4))

    def update(view: View) -> None:
        for i, (grid, pair) in enumerate(zip(grids, marks, strict=True)):
            here = i < len(view.maps)
            if here:
                grid.show(view.maps[i], Scale(0, 1, "Blues"))
                one, three = view.back[i]
                grid.caption.set_text(f"1 back {number(one)}, 3 back {number(three)}")
            else:
                grid.fill(blank)
                grid.caption.set_text("")
            grid.title.set_text(f"head {i + 1}" if here else "")
            for lines, back in zip(pair, BACK, strict=True):
                lines.set_segments(_frames(back) if here else [])
        curve.set_data(np.arange(TENTHS + 1), view.right)
        now.set_data([view.tenth], [view.right[view.tenth]])

    return update


def _frames(back: int) -> list[list[tuple[int, int]]]:
    """A frame around each cell (t, t - back) of the circle."""
    cells = [(t, (t - back) % CIRCLE) for t in range(CIRCLE)]
    return [[(s, t), (s + 1, t), (s + 1, t + 1), (s, t + 1), (s, t)] for t, s in cells]
