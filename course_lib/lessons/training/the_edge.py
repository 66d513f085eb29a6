"""Gradient descent on a linear layer's real loss: where the learning rate becomes too large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, INK, MUTED, WEIGHT
from course_lib.draw.panel import Panel, Plot
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.record import Array

STEPS = 200
REACH = 3.0  # of the plane of weights, each way
LOWEST, HIGHEST = 1e-20, 1e20
START = np.array([-2.0, 2.0])
RING: dict[str, Any] = {"marker": "o", "mfc": "none", "mec": INK, "mew": 1.6}  # hides nothing
BEST = np.array([[0.5, -0.5]])  # the weights that made the targets
X = np.random.default_rng(0).normal(size=(20, 2)) @ np.array([[1.0, 0.5], [0.0, 0.5]])


def steepest() -> float:
    """The loss's largest second derivative, over all directions."""
    return float(np.linalg.eigvalsh(2 * X.T @ X / len(X))[-1])


@lru_cache(maxsize=64)
def descend(
    start: tuple[float, float], rate: float, momentum: float
) -> tuple[Array, Array]:  # (steps + 1, 2), (steps + 1,)
    """The weights and losses of every step; the rate in units of 2 / λmax."""
    layer = lib.Linear(np.array([start]), None)
    optimizer = lib.SGD.init(layer, learning_rate=rate * 2 / steepest(), momentum=momentum)
    target, path, losses = X @ BEST.T, [], []
    for _ in range(STEPS + 1):
        y, backward = layer.forward(X)
        loss, loss_backward = lib.mse(y, target)
        path.append(layer.weight[0])
        losses.append(float(loss))
        layer, optimizer = optimizer.step(layer, backward(loss_backward())[1])
    return np.array(path), np.array(losses)


@dataclass(frozen=True)
class View:
    """A run up to one step."""

    path: Array
    losses: Array
    rate: float
    momentum: float
    step: int


def the_edge(**values: object) -> Explorer:
    """Start anywhere on a loss surface and step; the rate is told in multiples of 2 / λmax.

    Parameters
    ----------
    **values        where the controls start: start (2,), rate, momentum, step

    Returns
    -------
    Explorer

    Notes
    -----
    Along a direction of curvature λ one step multiplies the distance by 1 - rate * λ.
    [Polyak, 1964, for momentum]

    Examples
    --------
    >>> the_edge(rate=0.95).text().splitlines()[2].startswith("Below the edge")
    True
    """

    def compute(
        start: Array = START,
        rate: float = 0.95,
        momentum: float = 0.0,
        step: int = STEPS,
    ) -> View:
        path, losses = descend((float(start[0]), float(start[1])), rate, momentum)
        return View(path[: step + 1], losses[: step + 1], rate, momentum, step)

    explorer = Explorer(
        "the edge",
        compute,
        draw,
        describe,
        call="explore.the_edge()",
        start=Point("the loss over both weights", START),
        rate=(0.05, 2.0, 0.05),
        momentum=(0.0, 0.9, 0.1),
        step=Play(0, STEPS),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    edge = 1 + view.momentum
    side = view.rate - edge
    where = "On" if abs(side) < 1e-9 else "Below" if side < 0 else "Beyond"
    return f"""\
{where} the edge, which is at {edge:.1f}: the rate is {view.rate:.2f} · 2/λmax.
The loss goes from {view.losses[0]:.2g} to {view.losses[-1]:.2g} in {so_many(view.step, "step")}."""


def level_lines() -> list[Array]:
    """Ellipses of equal loss around the best weights."""
    curvature, axes = np.linalg.eigh(2 * X.T @ X / len(X))
    angle = np.linspace(0, 2 * np.pi, 90)
    circle = np.stack([np.cos(angle), np.sin(angle)]) / np.sqrt(curvature)[:, None]
    return [BEST[0] + size * (axes @ circle).T for size in (0.4, 0.9, 1.6, 2.5, 3.6)]


def draw(figure: Figure) -> Callable[[View], None]:
    """The path over lines of equal loss, and the loss by step on a log scale."""
    plane = Panel("the loss over both weights", xlim=(-REACH, REACH), ylim=(-REACH, REACH),
                  equal=True, height=250, frame=MUTED)  # fmt: skip
    plot = Plot("loss", xlim=(0, STEPS), ylim=(LOWEST, HIGHEST), yscale="log", xlabel="step",
                yticks=[1e-20, 1e-10, 1, 1e10, 1e20], height=200)  # fmt: skip
    key = Legend((MUTED, "equal loss"), (WEIGHT, "weights"), (DATA, "loss"),
                 (HIGHLIGHT, "the best weights"), (RING, "now"))  # fmt: skip
    Page(figure, [plane, plot], [key])
    plane.segments(MUTED, linewidths=1).set_segments(level_lines())
    plane.points(HIGHLIGHT, marker="*", ms=14).set_data(*BEST.T)
    path = plane.line(WEIGHT, marker="o", ms=3, lw=1)
    start, now = plane.points(WEIGHT, ms=11), plane.points(INK, **RING | {"ms": 17})
    curve = plot.line(DATA)
    plot.line(MUTED, lw=1).set_data([0, STEPS], [1, 1])

    def update(view: View) -> None:
        near = np.clip(view.path, -9 * REACH, 9 * REACH)
        path.set_data(*near.T)
        start.set_data(*view.path[:1].T)
        inside = abs(view.path[-1:]).max() < REACH
        now.set_data(*(view.path[-1:].T if inside else ([], [])))
        curve.set_data(range(len(view.losses)), np.clip(view.losses, LOWEST, HIGHEST))
        plot.title.set_text(f"loss {view.losses[-1]:.2g} at step {view.step}")

    return update
