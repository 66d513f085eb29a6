"""Points to drag, and a sum of ReLU units that is fitted to them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.activation.nets import fitted
from course_lib.record import Array

POINTS = np.array([(x / 10, np.sin(x / 10 * 2 * np.pi).round(1)) for x in range(0, 11)])
KNOTS = np.array([0.25, 0.75])  # yours
MORE = 12  # units at most that stand in equal steps
ACROSS = np.linspace(0, 1, 201)


@dataclass(frozen=True)
class View:
    """The points, the net that was fitted to them, and what each of its units draws."""

    points: Array  # (n, 2)
    knots: Array  # (units,)
    weights: Array  # (units,)
    start: float  # the output's bias
    curve: Array  # (201,)
    hinges: Array  # (units, 201), each with its output weight
    misses: Array  # (n,)


def squiggle_painter(**values: object) -> Explorer:
    """Drag points, and hinges below them; the output weights are fitted again at every move.

    Parameters
    ----------
    **values        where the controls start: points (11, 2), knots (2,), more (0 to 12)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> squiggle_painter(more=12).text().splitlines()[2]
    '14 units miss the points by at most 0.00.'
    """

    def compute(points: Array = POINTS, knots: Array = KNOTS, more: int = 1) -> View:
        knots = np.concatenate([np.arange(more) / max(more, 1), knots])
        net = fitted(knots, points[:, 0], points[:, 1])
        units = lib.Sequential(*net.layers[:2])
        output: Any = net.layers[2]
        return View(
            points,
            knots,
            output.weight[0],
            output.bias.item(),
            net(ACROSS[:, None])[:, 0],
            units(ACROSS[:, None]).T * output.weight[0][:, None],
            net(points[:, :1])[:, 0] - points[:, 1],
        )

    explorer = Explorer(
        "squiggle painter",
        compute,
        draw,
        describe,
        call="explore.squiggle_painter()",
        points=Point("the sum", POINTS, step=0.05),
        knots=Point("each unit", KNOTS, step=0.05, along="x"),
        more=(0, MORE),
    )
    return explorer.show(**values)


def miss(view: View) -> str:
    return f"{abs(view.misses).max():.2f}"


def describe(view: View) -> str:
    terms = (
        f"{w.round(1) + 0.0:.1f} · relu(x − {k:.2f})"
        for k, w in zip(view.knots, view.weights, strict=True)
    )
    return f"""\
{len(view.knots)} units miss the points by at most {miss(view)}.
y = {round(view.start, 1) + 0.0:.1f} + {" + ".join(terms)}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """The points with the sum, and below it what each unit adds, drawn only where it is on."""
    across = {"xlim": (-0.05, 1.05), "xticks": (0, 0.25, 0.5, 0.75, 1)}
    whole = Plot("the sum", ylim=(-2, 2), yticks=(-2, -1, 0, 1, 2), height=130, **across)
    units = Plot(
        "each unit", ylim=(-8, 8), yticks=(-8, -4, 0, 4, 8), xlabel="x", height=110, **across
    )
    key = Legend(
        ({"marker": "o", "color": DATA}, "points: drag them"),
        (OUTPUT, "the sum"),
        (WEIGHT, "what a unit adds"),
        ({"marker": "D", "color": WEIGHT}, "two corners to drag"),
    )
    Page(figure, [whole], [units], [key])
    units.line(MUTED, lw=1).set_data([-0.05, 1.05], [0, 0])
    dots, curve = whole.points(DATA), whole.line(OUTPUT)
    lines = units.segments(WEIGHT)
    corners, yours = units.points(WEIGHT, ms=5), units.points(WEIGHT, marker="D", ms=9)

    def update(view: View) -> None:
        dots.set_data(view.points.T)
        curve.set_data(ACROSS, view.curve)
        on = [knot <= ACROSS for knot in view.knots]
        lines.set_segments(
            [
                np.stack([ACROSS[here], hinge[here]], axis=1)
                for here, hinge in zip(on, view.hinges, strict=True)
            ]
        )
        corners.set_data(view.knots[:-2], np.zeros(len(view.knots) - 2))
        yours.set_data(view.knots[-2:], [0, 0])
        count = len(view.knots)
        whole.title.set_text(f"the sum of {count} units misses by at most {miss(view)}")
        units.title.set_text("each unit, where x > its corner")

    return update
