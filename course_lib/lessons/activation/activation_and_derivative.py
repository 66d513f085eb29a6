"""Seven activations with their slopes, over a batch of inputs that can be moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, GRADIENT, MUTED, OUTPUT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.activation.nets import SEVEN
from course_lib.record import Array

SMALL = 0.1  # a slope below this passes next to nothing
ACROSS = np.linspace(-5, 5, 201)
BINS = np.linspace(-5, 5, 41)
MIDDLES = (BINS[1:] + BINS[:-1]) / 2
NORMAL = np.random.default_rng(0).normal(size=2000)  # mean and spread are then chosen


@dataclass(frozen=True)
class View:
    """A batch, and for each activation the share of it at which the slope is small."""

    mean: float
    spread: float
    shares: Array  # (40,), of the batch in each bin
    small: dict[str, float]


def slope_at(name: str, x: Array) -> Array:
    """The slope of an activation, by its own backward pass."""
    y, backward = SEVEN[name]().forward(x)
    return backward(np.ones_like(y))[0]


def share_of_small_slopes(name: str, x: Array) -> float:
    """The share of a batch at which the slope is between -0.1 and 0.1."""
    return float((abs(slope_at(name, x)) < SMALL).mean())


def activation_and_derivative(**values: object) -> Explorer:
    """Move a batch of inputs along seven activations, and see how much gradient each passes.

    Parameters
    ----------
    **values        where the controls start: mean (-4 to 4), spread (0.1 to 4)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(activation_and_derivative(mean=-3).text().splitlines()[2][:39])
    Inputs around -3.00, spread 1.00. Flat,
    """

    def compute(mean: float = 0.0, spread: float = 1.0) -> View:
        x = mean + spread * NORMAL
        shares = np.histogram(x, BINS)[0] / len(x)
        return View(mean, spread, shares, {name: share_of_small_slopes(name, x) for name in SEVEN})

    explorer = Explorer(
        "activation and derivative",
        compute,
        draw,
        describe,
        call="explore.activation_and_derivative()",
        mean=Point("the batch", 0.0, step=0.25, along="x"),
        spread=(0.2, 4.0, 0.2),
    )
    return explorer.show(**{"spread": 1.0} | values)


def describe(view: View) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in view.small.items())
    return f"""\
Inputs around {number(view.mean)}, spread {number(view.spread)}. Flat, with a slope between \
-0.1 and 0.1, at this share of the batch: {shares}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """A plot for each activation, the batch in all of them, and the batch alone to be dragged."""
    size = {"xlim": (-5, 5), "xticks": (-4, -2, 0, 2, 4), "height": 118, "least": 150}
    plots = {name: Plot(name, ylim=(-2, 2.4), yticks=(-1, 0, 1, 2), **size) for name in SEVEN}
    batch = Plot("the batch", title="the batch: drag it", ylim=(0, 0.5), yticks=(0, 0.5), **size)
    key = Legend(
        (OUTPUT, "y"), (GRADIENT, "slope"), (DATA, "inputs"), (MUTED, "flat: slope below 0.1")
    )
    every = [*plots.values(), batch]
    Page(figure, every[:4], every[4:], [key])
    bars = [plot.bars(DATA) for plot in every]
    for name, plot in plots.items():
        curves = (
            (MUTED, "-", np.full_like(ACROSS, SMALL)),
            (GRADIENT, "--", slope_at(name, ACROSS)),
            (OUTPUT, "-", SEVEN[name]()(ACROSS)),
        )
        for colour, style, values in curves:
            line = plot.line(colour, lw=1.6, ls=style, zorder=0.5)
            line.set(data=(ACROSS, values), animated=False)  # drawn once, below the bars
    handle = batch.points(DATA)

    def update(view: View) -> None:
        for show in bars[:-1]:
            show(MIDDLES, 4 * view.shares, 0.25, -2)
        bars[-1](MIDDLES, view.shares, 0.25)
        handle.set_data([view.mean], [0.25])  # half-way up, where a hand that moves along x is
        for name, plot in plots.items():
            plot.title.set_text(f"{name}: {view.small[name]:.0%} flat")

    return update
