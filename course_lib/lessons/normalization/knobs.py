"""Gamma and beta give a normalised feature any mean and spread, its old ones too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

MEAN, SPREAD = 1.5, 0.8  # of the feature before the layer
EDGES = np.linspace(-4, 8, 49)


@dataclass(frozen=True)
class View:
    """One feature of 200 examples before BatchNorm and after it."""

    gamma: float
    beta: float
    x: Array
    y: Array

    @property
    def undone(self) -> bool:
        return bool(np.abs(self.x - self.y).max() < 1e-3)


def feature() -> Array:
    """200 numbers of exactly that mean and spread, (200, 1)."""
    x = np.random.default_rng(0).gamma(3.0, size=(200, 1))
    return MEAN + SPREAD * (x - x.mean()) / x.std()


def knobs(**values: object) -> Explorer:
    """Drag a BatchNorm's beta and gamma: they set the mean and the spread of what comes out.

    Parameters
    ----------
    **values        where the controls start: beta_gamma (beta, gamma)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(knobs(beta_gamma=(1.5, 0.8)).text().splitlines()[2])
    gamma 0.80, beta 1.50: y has mean 1.50 and spread 0.80. The layer is undone.
    """
    start, x = np.array([0.0, 1.0]), feature()
    plain = lib.BatchNorm1d.init(1, dtype=np.float64)

    def compute(beta_gamma: Array = start) -> View:
        beta, gamma = beta_gamma
        layer = lib.BatchNorm1d(np.array([gamma]), np.array([beta]), statistics=plain.statistics)
        return View(float(gamma), float(beta), x, layer(x))

    explorer = Explorer(
        "knobs",
        compute,
        draw,
        describe,
        call="explore.knobs()",
        beta_gamma=Point("beta and gamma", start, step=0.1),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    end = " The layer is undone." if view.undone else ""
    if view.gamma < 0:
        end = " A gamma below zero mirrors the feature."
    return f"""\
gamma {number(view.gamma)}, beta {number(view.beta)}: y has mean {number(view.y.mean())} and \
spread {number(view.y.std())}.{end}
x has mean {number(view.x.mean())} and spread {number(view.x.std())}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The plane of the two knobs, and the feature before and after."""
    plane = Plot(
        "beta and gamma",
        title="drag: beta across, gamma up",
        xlim=(-2, 6),
        ylim=(-2, 3),
        xlabel="beta",
        height=170,
        xticks=range(-2, 7, 2),
        yticks=range(-2, 4),
    )
    shares = Plot(
        "feature",
        xlim=(-4, 8),
        ylim=(0, 0.35),
        xlabel="one feature",
        height=170,
        xticks=range(-4, 9, 4),
        yticks=[0, 0.1, 0.2, 0.3],
    )
    key = Legend((WEIGHT, "the knobs"), (MUTED, "x, before the layer"), (OUTPUT, "y, after it"),
                 ({"marker": "x", "color": DATA, "mew": 2}, "x's own mean and spread"))  # fmt: skip
    Page(figure, [plane, shares], [key])
    plane.segments(MUTED).set_segments([[(-2, 0), (6, 0)]])
    plane.points(DATA, marker="x", mec=DATA, mew=2).set_data([MEAN], [SPREAD])
    handle = plane.points(WEIGHT)
    bars = shares.bars(OUTPUT)
    before = shares.line(MUTED, drawstyle="steps-mid")
    middles, wide = (EDGES[1:] + EDGES[:-1]) / 2, EDGES[1] - EDGES[0]

    def update(view: View) -> None:
        handle.set_data([view.beta], [view.gamma])
        x, y = (np.histogram(a, EDGES)[0] / a.size for a in (view.x, view.y))
        before.set_data(middles, x)
        bars(middles, np.minimum(y, 0.35), wide * 0.9)
        shares.title.set_text(
            "the layer is undone: y is x"
            if view.undone
            else f"y: mean {number(view.y.mean())}, spread {number(view.y.std())}"
        )

    return update
