"""A chain of layers one number wide: the product of its slopes is the slope of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, GRADIENT, MUTED, WEIGHT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.record import Array

LONGEST = 100
LOWEST, HIGHEST = 1e-40, 1e20
LINKS = ("A to B", "B to C", "C to output")
STEP = 1e-4


@dataclass(frozen=True)
class View:
    """The gradient at every place of a chain."""

    slopes: tuple[float, float, float]
    grads: Array  # (length + 1,), by what enters each layer; the last is by the output itself
    nudged: float  # the whole slope by two nudges


def chain(slopes: tuple[float, ...], length: int) -> lib.Sequential:
    """Layers one number wide with these slopes, over and over."""
    weights = [slopes[i % len(slopes)] for i in range(length)]
    return lib.Sequential(*(lib.Linear(np.array([[w]]), None) for w in weights))


def gradients(net: lib.Sequential) -> Array:
    """The gradient of the output by what enters each layer, from the first on; last a 1."""
    x, backs = np.ones((1, 1)), []
    for layer in net.layers:
        x, back = layer.forward(x)
        backs.append(back)
    grads = [np.ones((1, 1))]
    for back in reversed(backs):
        grads.append(back(grads[-1])[0])
    return np.array(grads[::-1]).ravel()


def slope_by_nudging(net: lib.Layer, at: float = 1.0, step: float = STEP) -> float:
    """How much the output moves for a nudge up and a nudge down of the input."""
    above, below = (net(np.array([[at + by]])).item() for by in (step, -step))
    return (above - below) / (2 * step)


def chain_of_derivatives(**values: object) -> Explorer:
    """Drag three slopes; their product, repeated to a hundred layers, is the gradient at A.

    Parameters
    ----------
    **values        where the controls start: first, second, third, length

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(chain_of_derivatives(first=1.5, second=0.5, third=-2.0).text().splitlines()[2])
    3 layers: 1.5 × 0.5 × -2.0; the gradient at A is -1.5.
    """

    def compute(
        first: float = 1.5, second: float = 0.5, third: float = 0.8, length: int = 3
    ) -> View:
        slopes = (first, second, third)
        net = chain(slopes, length)
        return View(slopes, gradients(net), slope_by_nudging(net))

    explorer = Explorer(
        "chain of derivatives",
        compute,
        draw,
        describe,
        call="explore.chain_of_derivatives()",
        first=Point(LINKS[0], 1.5, step=0.1, along="y"),
        second=Point(LINKS[1], 0.5, step=0.1, along="y"),
        third=Point(LINKS[2], 0.8, step=0.1, along="y"),
        length=Play(3, LONGEST),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    length = len(view.grads) - 1
    times = " × ".join(f"{slope:.1f}" for slope in view.slopes)
    again = "" if length == 3 else ", over and over"
    return f"""\
{so_many(length, "layer")}: {times}{again}; the gradient at A is {view.grads[0]:.3g}.
By nudging A up and down by {STEP:g}: {view.nudged:.3g}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """Three lines with a handle each; below them the gradient on its way back."""
    links = [
        Plot(
            name,
            xlim=(0, 2),
            ylim=(-2, 2),
            xticks=[0, 1, 2],
            yticks=[-2, 0, 2],
            height=92,
            least=150,
        )
        for name in LINKS
    ]
    back = Plot("gradient", xlim=(0, LONGEST), ylim=(LOWEST, HIGHEST), yscale="log",
                xlabel="layer, A is at 0", yticks=[1e-40, 1e-20, 1, 1e20], height=145)  # fmt: skip
    key = Legend((WEIGHT, "slope: drag"), (GRADIENT, "gradient, size"), (DATA, "by nudging A"))
    Page(figure, links, [back], [key])
    lines = [link.line(WEIGHT) for link in links]
    handles = [link.points(WEIGHT) for link in links]
    back.line(MUTED, lw=1).set_data([0, LONGEST], [1, 1])
    nudged = back.points(DATA, ms=13)
    curve = back.line(GRADIENT, marker="o", ms=4, zorder=5)

    def update(view: View) -> None:
        for link, line, handle, name, slope in zip(
            links, lines, handles, LINKS, view.slopes, strict=True
        ):
            line.set_data([0, 2], [0, 2 * slope])
            handle.set_data([1], [slope])
            link.title.set_text(f"{name}: {slope:.1f}")
        curve.set_data(range(len(view.grads)), np.clip(abs(view.grads), LOWEST, HIGHEST))
        nudged.set_data([0], [np.clip(abs(view.nudged), LOWEST, HIGHEST)])
        back.title.set_text(f"gradient at A: {view.grads[0]:.3g}")

    return update
