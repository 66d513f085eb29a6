"""Roll masks and average: the mean of dropout's outputs walks to the value without dropout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number, numbers
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, INK, MUTED, OUTPUT, PAPER, rgba
from course_lib.draw.panel import Grid, Plot
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

X = np.array([1.0, 3.0, 2.0, 4.0, 1.0, 2.0, 3.0, 4.0])
MOST = 300  # rolls
HIGHEST = 40.0  # of the plot
SLIPS = {  # what is made of dropout's right output in training, and in evaluation of x
    "none": (lambda y, p: y, lambda x, p: x),
    "not divided": (lambda y, p: y * (1 - p), lambda x, p: x),
    "divided by p": (lambda y, p: y * (1 - p) / p, lambda x, p: x),
    "divided twice": (lambda y, p: y / (1 - p), lambda x, p: x),
    "times 1 − p in evaluation too": (lambda y, p: y, lambda x, p: x * (1 - p)),
}


@dataclass(frozen=True)
class View:
    """All rolls so far of one setting."""

    y: Array  # (8,), what the last roll made of X
    means: Array  # (rolls,), of the sums of y so far
    evaluation: bool
    target: float  # the sum in evaluation
    slip: str
    p: float

    @property
    def arrives(self) -> bool:
        """Whether the mean has come as near to the target as chance lets it."""
        spread = np.sqrt((X**2).sum() * self.p / (1 - self.p) / len(self.means))
        return abs(self.means[-1] - self.target) <= 3 * spread + 1e-9


def roll_and_average(**values: object) -> Explorer:
    """Let masks be drawn, one after the other, and watch the mean of what comes out.

    Parameters
    ----------
    **values        where the controls start: p, slip, evaluation, rolls

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(roll_and_average(rolls=300).text().splitlines()[2][:48])
    After 300 rolls in training the mean of the sums
    """

    def compute(
        p: float = 0.5, slip: str = "none", evaluation: bool = False, rolls: int = 1
    ) -> View:
        train, test = SLIPS[slip]
        layer = lib.Dropout(p, rng=np.random.default_rng(1))
        used = layer.for_evaluation() if evaluation else layer
        y = used(np.tile(X, (MOST, 1)))[:rolls]
        y = test(y, p) if evaluation else train(y, p)
        means = np.cumsum(y.sum(axis=1)) / np.arange(1, rolls + 1)
        return View(y[-1].round(9), means, evaluation, float(test(X, p).sum()), slip, p)

    explorer = Explorer(
        "roll and average",
        compute,
        draw,
        describe,
        call="explore.roll_and_average()",
        p=(0.1, 0.9, 0.1),
        slip=list(SLIPS),
        evaluation=False,
        rolls=Play(1, MOST),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    mean, rolls = view.means[-1], len(view.means)
    where = "evaluation" if view.evaluation else "training"
    arrives = "is what chance explains" if view.arrives else "is more than chance explains"
    return f"""\
After {rolls} {"roll" if rolls == 1 else "rolls"} in {where} the mean of the sums is \
{number(mean)}; without dropout the sum is {number(X.sum())}.
In evaluation this code gives {number(view.target)}; the distance {arrives} (slip: {view.slip}).
Last roll: {", ".join(map(number, view.y))}; dropped: {(view.y == 0).sum()} of {len(X)}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """What goes in and comes out of the last roll; below it the mean of all sums so far."""
    style = {"square": False, "lined": True, "height": 30}
    x, y = (Grid(name, 1, len(X), **style) for name in ("x", "y"))
    walk = Plot("mean", xlim=(1, MOST), ylim=(0, HIGHEST), xlabel="rolls", height=170)
    key = Legend(
        (DATA, "what comes in"), (OUTPUT, "mean so far"), (MUTED, "dropped"),
        (INK, "the sum in evaluation"),
    )  # fmt: skip
    Page(figure, [x], [y], [walk], [key])
    line, goal = walk.line(OUTPUT), walk.line(INK, ls="--", lw=1.5)
    last = walk.points(OUTPUT)

    def update(view: View) -> None:
        x.fill(tints(DATA, np.ones(len(X))), numbers=numbers(X[None]))
        y.fill(tints(OUTPUT, view.y), numbers=numbers(view.y[None]))
        seen = np.minimum(view.means, HIGHEST)
        steps = np.arange(1, len(seen) + 1)
        line.set_data(steps, seen)
        last.set_data(steps[-1:], seen[-1:])
        goal.set_data([1, MOST], [view.target] * 2)
        x.title.set_text(f"x, sum {number(X.sum())}")
        y.title.set_text(f"y of the last roll, sum {number(view.y.sum())}")
        over = f" (above {HIGHEST:.0f})" if view.means[-1] > HIGHEST else ""
        walk.title.set_text(
            f"mean of the sums {number(view.means[-1])}{over}, evaluation {number(view.target)}"
        )

    return update


def tints(colour: str, values: Array) -> Array:
    """A light tint of a colour for each number, grey where it is 0: (1, n, 4)."""
    lit = np.where(values[:, None] != 0, rgba(colour), rgba(MUTED))
    return np.rint(0.3 * lit + 0.7 * rgba(PAPER)).astype(np.uint8)[None]
