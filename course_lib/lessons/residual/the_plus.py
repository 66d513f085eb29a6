"""One number through z = F(x) + x and back: both branches, with their shares of the gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, INK, OUTPUT, WEIGHT
from course_lib.draw.panel import Panel, Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer

LAYERS = 20


@dataclass(frozen=True)
class View:
    """One residual layer at one number, and the slopes of a stack of such layers."""

    x: float
    slope: float  # of F
    branch: float  # F(x)
    z: float
    by_branch: float  # of dx, when dz is 1
    dx: float
    stack: tuple[float, float]  # slope of 20 layers: plain, residual


def the_plus_hands_it_on(x: float = 1.0, slope: float = 0.4) -> Explorer:
    """Move F's slope and see both branches' shares of the gradient; the whole slope is 1 + F'.

    Parameters
    ----------
    x : float            what goes in, from -2 to 2
    slope : float        of the branch F, from -2 to 2

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(the_plus_hands_it_on(slope=-0.5).text().splitlines()[2])
    Going back, 1 becomes -0.50 through F plus 1 past it: 0.50.
    """

    def compute(x: float = x, slope: float = slope) -> View:
        layer = lib.Residual(lib.Linear(np.array([[slope]]), None))
        z, backward = layer.forward(np.array([[x]]))
        dx, _ = backward(np.ones((1, 1)))
        branch, back = layer.body.forward(np.array([[x]]))
        by_branch, _ = back(np.ones((1, 1)))
        return View(
            x, slope, branch.item(), z.item(), by_branch.item(), dx.item(),
            (slope**LAYERS, dx.item() ** LAYERS),
        )  # fmt: skip

    return Explorer(
        "the + hands it on",
        compute,
        draw,
        describe,
        call="explore.the_plus_hands_it_on()",
        x=(-2.0, 2.0, 0.1),
        slope=Point("F and F + x", slope, step=0.1, along="y"),
    )


def describe(view: View) -> str:
    plain, residual = view.stack
    return f"""\
Going back, 1 becomes {number(view.by_branch)} through F plus 1 past it: {number(view.dx)}.
Going forward, {number(view.x)} becomes {number(view.branch)} through F plus {number(view.x)}: \
{number(view.z)}.
Through {LAYERS} such layers: plain {plain:.2g}, residual {residual:.2g}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The way there and the way back with their numbers; beside them both lines."""
    wires = Panel("there and back", xlim=(0, 10), ylim=(10, 0), height=230, least=330)
    lines = Plot("F and F + x", xlim=(0, 2), ylim=(-2, 3), xlabel="x", height=190)
    key = Legend((DATA, "there"), (WEIGHT, "F"), (OUTPUT, "F + x"), (INK, "the gradient, back"))
    Page(figure, [wires, lines], [key])
    wires.segments(DATA, linewidths=2.5).set_segments(
        [
            [(0.6, 3.6), (3.4, 3.6)], [(5.4, 3.6), (7.1, 3.6)], [(7.7, 3.6), (9.6, 3.6)],
            [(1.9, 3.6), (1.9, 1.4), (7.4, 1.4), (7.4, 3.1)],
        ]
    )  # fmt: skip
    wires.outline(WEIGHT)(3.4, 2.7, 2.0, 1.8)
    wires.label(4.4, 3.6, "F", ha="center", weight="bold")
    wires.outline(OUTPUT)(7.0, 3.0, 0.8, 1.2)
    wires.label(7.4, 3.6, "+", ha="center", weight="bold")
    for start, end in (
        ((9.6, 6.2), (7.9, 6.2)),
        ((7.0, 8.2), (1.7, 8.2)),
        ((7.0, 6.2), (1.7, 6.2)),
    ):
        wires.arrow(INK)(start, end)
    there = {
        "x": wires.label(0.1, 3.0), "branch": wires.label(5.6, 3.0),
        "skip": wires.label(3.6, 0.9), "z": wires.label(8.1, 3.0),
    }  # fmt: skip
    back = {
        "dz": wires.label(8.1, 5.0, "dz 1"),
        "by_branch": wires.label(1.7, 5.7),
        "past": wires.label(1.7, 7.7, "past F: 1 · 1 = 1"),
        "dx": wires.label(0.1, 9.4, weight="bold"),
    }  # fmt: skip
    of_branch, of_sum = lines.line(WEIGHT), lines.line(OUTPUT)
    handle = lines.points(WEIGHT)

    def update(view: View) -> None:
        there["x"].set_text(f"x {number(view.x)}")
        there["branch"].set_text(number(view.branch))
        there["skip"].set_text(f"x {number(view.x)}")
        there["z"].set_text(f"z {number(view.z)}")
        back["by_branch"].set_text(
            f"through F: 1 · {number(view.slope)} = {number(view.by_branch)}"
        )
        back["dx"].set_text(f"dx = {number(view.by_branch)} + 1 = {number(view.dx)}")
        ends = np.array([0.0, 2.0])
        of_branch.set_data(ends, view.slope * ends)
        of_sum.set_data(ends, view.dx * ends)
        handle.set_data([1.0], [view.slope])

    return update
