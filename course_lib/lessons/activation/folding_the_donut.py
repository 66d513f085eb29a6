"""A net learns to tell a disc from the ring around it, with and without an activation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, INK, MUTED, WEIGHT, rgba
from course_lib.draw.panel import Panel
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.activation.nets import donut, donut_net
from course_lib.record import Array

EPOCHS, EDGE, CELLS, SEED = 20, 2.8, 80, 3
KINDS = ("none", "ReLU", "tanh")
_AT = (np.arange(CELLS) + 0.5) / CELLS * 2 * EDGE - EDGE
PLANE = np.stack(np.meshgrid(_AT, -_AT), axis=-1).reshape(-1, 2)  # the upper left corner first
GRID = np.linspace(-EDGE, EDGE, 13)
FINE = np.linspace(-EDGE, EDGE, 61)


@dataclass(frozen=True)
class View:
    """One net after some epochs."""

    activation: str
    epoch: int
    accuracy: float
    ring: Array  # (CELLS, CELLS) bool, where it says "ring"
    seen: Array  # (N, 2), the points as its last hidden layer has them, stretched
    threads: list[Array]  # (61, 2) each, the lines of a square grid, there
    edge: Array  # (2, 2), the line at which its answer changes, there


@cache
def trained(activation: str) -> list[lib.Sequential]:
    """The net before training and after every epoch."""
    x, target = donut(SEED)
    net = donut_net(activation, np.random.default_rng(SEED))
    optimizer: Any = lib.Adam.init(net, learning_rate=2e-2)
    nets, rng = [net], np.random.default_rng(SEED)
    for _ in range(EPOCHS):
        net, history = lib.fit(
            net, x, target, optimizer=optimizer, epochs=1, batch_size=50, rng=rng, progress=False
        )  # fmt: skip
        optimizer = history.optimizer
        nets.append(net)
    return nets


def folding_the_donut(**values: object) -> Explorer:
    """Play the training of a net on a disc and a ring, and see what its hidden layer makes of them.

    Parameters
    ----------
    **values        where the controls start: activation, epoch (0 to 20)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(folding_the_donut().text().splitlines()[2][:31])
    After 20 epochs the net without
    """

    def compute(activation: str = KINDS[0], epoch: int = EPOCHS) -> View:
        net = trained(activation)[epoch]
        x, target = donut(SEED)
        scores = net(PLANE).reshape(CELLS, CELLS, 2)
        hidden, last = lib.Sequential(*net.layers[:-1]), net.layers[-1]
        stretch = stretched(hidden(x))
        return View(
            activation,
            epoch,
            lib.accuracy(net(x), target),
            scores[..., 1] > scores[..., 0],
            stretch(hidden(x)),
            [stretch(hidden(line)) for line in _threads()],
            stretch(_edge(last)),
        )

    explorer = Explorer(
        "folding the donut",
        compute,
        draw,
        describe,
        call="explore.folding_the_donut()",
        activation=list(KINDS),
        epoch=Play(0, EPOCHS),
    )
    return explorer.show(**values)


def stretched(seen: Array) -> Callable[[Array], Array]:
    """The move and stretch that gives these points mean 0, and spread 1 in every direction.

    Straight lines stay straight, so what is bent in the picture was bent by the net.
    """
    middle = seen.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((seen - middle).T))
    stretch = axes / np.sqrt(np.maximum(values, 1e-9 * values[-1])) @ axes.T
    return lambda x: (x - middle) @ stretch


def _threads() -> list[Array]:
    """The lines of a square grid over the plane, (61, 2) each."""
    across = [np.stack([FINE, np.full(61, at)], axis=1) for at in GRID]
    return [*across, *(line[:, ::-1] for line in across)]


def _edge(last: Any) -> Array:
    """Two far points of the line on which both scores are equal."""
    normal, offset = last.weight[1] - last.weight[0], last.bias[1] - last.bias[0]
    foot = -offset * normal / (normal @ normal)
    along = 1000 * np.array([-normal[1], normal[0]]) / np.linalg.norm(normal)
    return np.array([foot - along, foot + along])


def describe(view: View) -> str:
    name = "without an activation" if view.activation == "none" else f"with {view.activation}"
    area = view.ring.mean()
    return f"""\
After {so_many(view.epoch, "epoch")} the net {name} gets {view.accuracy:.0%} of the points right.
It calls {area:.0%} of the plane "ring". In its last hidden layer its edge is a straight line."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The plane with the net's answer, and the same points where the hidden layer has them."""
    limits = (-EDGE, EDGE)
    plane = Panel("the plane", xlim=limits, ylim=limits, equal=True, height=310)
    view_of = Panel("the hidden layer's view", xlim=(-3, 3), ylim=(-3, 3), equal=True, height=310)
    key = Legend(
        ({"marker": "o", "color": DATA}, "disc"),
        ({"marker": "s", "color": WEIGHT}, "ring"),
        (HIGHLIGHT, "here it says ring"),
        (INK, "the edge of its answer"),
        (MUTED, "a square grid of the plane"),
    )
    Page(figure, [plane, view_of], [key])
    x, target = donut(SEED)
    areas = plane.cells()
    threads = view_of.segments(MUTED, linewidths=0.7)
    edge = view_of.line(INK, lw=2.5)
    marks = []
    for panel in (plane, view_of):
        looks = (DATA, {"marker": "o"}), (WEIGHT, {"marker": "s"})
        marks.append([panel.points(c, ms=4, mew=0.4, clip_on=True, **look) for c, look in looks])
    for label, mark in enumerate(marks[0]):
        mark.set_data(x[target == label].T)
    pale = rgba(HIGHLIGHT) // 2 + 127
    colours = np.array([rgba("#ffffff"), pale], np.uint8)

    def update(view: View) -> None:
        areas.fill(colours[view.ring.astype(int)], (-EDGE, EDGE, -EDGE, EDGE))
        for label, mark in enumerate(marks[1]):
            mark.set_data(view.seen[target == label].T)
        threads.set_segments(view.threads)
        edge.set_data(view.edge.T)
        plane.title.set_text(f"epoch {view.epoch}: {view.accuracy:.0%} of the points right")

    return update
