"""Watch layer 2's input while the net trains: the target that moves, with and without a norm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, MUTED, OUTPUT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.normalization.measure import STEPS, inputs_of_layer_two
from course_lib.lessons.normalization.nets import WIDTH
from course_lib.record import Array

EVERY = 10  # steps between two pictures
LARGEST = 3.0


@dataclass(frozen=True)
class Features:
    """The features of layer 2's input over 256 digits, in the order of their first means."""

    first: Array  # (WIDTH,) means
    mean: Array
    spread: Array
    way: float  # how far they went on average, in first spreads


@dataclass(frozen=True)
class View:
    """Two nets after the same number of steps."""

    step: int
    norm: str
    plain: Features
    normalised: Features


@cache
def trained(norm: str) -> list[Array]:
    return inputs_of_layer_two(norm, 0)


def features(norm: str, step: int) -> Features:
    inputs = trained(norm)
    first, now = inputs[0], inputs[max(step - 1, 0)]
    order = np.argsort(first.mean(axis=0))
    start, mean = first.mean(axis=0)[order], now.mean(axis=0)[order]
    way = np.abs(mean - start).mean() / first.std(axis=0).mean()
    return Features(start, mean, now.std(axis=0)[order], float(way))


def the_moving_target(**values: object) -> Explorer:
    """Play 300 steps of training and watch the mean and spread of every input of layer 2.

    Parameters
    ----------
    **values        where the controls start: step, norm

    Returns
    -------
    Explorer

    Notes
    -----
    The nets are trained when this is first called.   [Ioffe and Szegedy, 2015, arXiv:1502.03167]
    """

    def compute(step: int = 0, norm: str = "BatchNorm") -> View:
        return View(step, norm, features("none", step), features(norm, step))

    explorer = Explorer(
        "the moving target",
        compute,
        draw,
        describe,
        call="explore.the_moving_target()",
        step=Play(0, STEPS, EVERY),
        norm=["BatchNorm", "LayerNorm"],
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    return f"""\
After {so_many(view.step, "step")} the inputs of layer 2 have moved by {number(view.plain.way)} \
spreads without normalisation, by {number(view.normalised.way)} with {view.norm}.
Their spread is {number(view.plain.spread.mean())} without, \
{number(view.normalised.spread.mean())} with {view.norm}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """A dot for every feature's mean, a line for its spread; below it where it began."""
    plots = [
        Plot(
            name,
            xlim=(-1, WIDTH),
            ylim=(-1, LARGEST),
            height=210,
            xticks=[0, 16, 32, 48, 63],
            yticks=[-1, 0, 1, 2, 3],
            xlabel="64 inputs of layer 2, by their first mean",
        )
        for name in ("without", "with")
    ]
    key = Legend(
        (DATA, "mean and spread, without"),
        (OUTPUT, "the same, normalised"),
        (MUTED, "where the mean began"),
    )
    Page(figure, plots, [key])
    colours = (DATA, OUTPUT)
    spreads = [p.segments(c, linewidths=1) for p, c in zip(plots, colours, strict=True)]
    first = [plot.line(MUTED, lw=2.5) for plot in plots]
    dots = [plot.points(colour, ms=4, mew=0.6) for plot, colour in zip(plots, colours, strict=True)]
    across = np.arange(WIDTH)

    def update(view: View) -> None:
        for i, (name, seen) in enumerate((("without", view.plain), (view.norm, view.normalised))):
            low, high = seen.mean - seen.spread, seen.mean + seen.spread
            ends = np.stack([low, high], axis=1).clip(-1, LARGEST)
            spreads[i].set_segments(np.stack([np.stack([across, across], axis=1), ends], axis=2))
            first[i].set_data(across, seen.first)
            dots[i].set_data(across, seen.mean.clip(-1, LARGEST))
            plots[i].title.set_text(f"{name}: moved {number(seen.way)} spreads")

    return update
