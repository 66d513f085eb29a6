"""Hidden units that start equal stay equal; a little noise, and they part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import SIGNS, Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import MUTED, OUTPUT, WEIGHT, signed_scale
from course_lib.draw.panel import Grid, Plot
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.training.nets import digits, hidden_weight, one_hidden, train
from course_lib.record import Array

UNITS, EPOCHS = 8, 20
START = 0.1
NOISE = {"none": 0.0, "0.000001": 1e-6, "0.001": 1e-3, "0.1": 0.1}
LOWEST = 1e-8


@dataclass(frozen=True)
class View:
    """The hidden units after some epochs."""

    weights: Array  # (units, 64)
    spreads: Array  # (epochs so far + 1,), how far apart the units are
    accuracies: Array


@cache
def run(noise: str) -> tuple[list[Array], Array, Array]:
    """Weights, spread and accuracy after every epoch."""
    rng = np.random.default_rng(0)
    net = one_hidden(UNITS, lambda s: START + NOISE[noise] * rng.normal(size=s))
    data, weights, accuracies = digits(), [], []
    optimizer: Any = lib.SGD.init(net, learning_rate=0.2)
    for epoch in range(EPOCHS + 1):
        weights.append(hidden_weight(net))
        accuracies.append(lib.accuracy(net(data.x_test), data.y_test))
        if epoch < EPOCHS:
            net, history = train(net, 0, epochs=1, optimizer=optimizer)
            optimizer = history.optimizer
    spreads = np.array([w.std(axis=0).max() for w in weights])
    return weights, spreads.round(12), np.array(accuracies)


def symmetry(**values: object) -> Explorer:
    """Train eight hidden units from one constant, with more or less noise on it.

    Parameters
    ----------
    **values        where the controls start: noise, epoch

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(symmetry(epoch=20).text().splitlines()[2])
    All 8 hidden units are one: the largest difference is 0.
    """

    def compute(noise: str = "none", epoch: int = 0) -> View:
        weights, spreads, accuracies = run(noise)
        return View(weights[epoch], spreads[: epoch + 1], accuracies[: epoch + 1])

    explorer = Explorer(
        "symmetry",
        compute,
        draw,
        describe,
        call="explore.symmetry()",
        noise=list(NOISE),
        epoch=Play(0, EPOCHS),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    apart = view.spreads[-1]
    epochs = len(view.spreads) - 1
    first = (
        f"The {UNITS} hidden units are {apart:.1g} apart."
        if apart
        else f"All {UNITS} hidden units are one: the largest difference is 0."
    )
    right = f"{view.accuracies[-1]:.0%} of held-out digits are right"
    return f"{first}\nAfter {so_many(epochs, 'epoch')} {right}."


def as_tiles(weights: Array) -> Array:
    """Each unit's 64 weights as an image, two rows of four with a line between them."""
    tiles = np.zeros((17, 35))
    for i, unit in enumerate(weights):
        row, column = divmod(i, 4)
        tiles[9 * row : 9 * row + 8, 9 * column : 9 * column + 8] = unit.reshape(8, 8)
    return tiles


def draw(figure: Figure) -> Callable[[View], None]:
    """The units' weights as images, and how far apart they are by epoch."""
    units = Grid("what each hidden unit looks for", 17, 35, height=138)
    apart = Plot("apart", xlim=(0, EPOCHS), ylim=(LOWEST, 10), yscale="log", xlabel="epoch",
                 yticks=[1e-8, 1e-6, 1e-4, 0.01, 1], height=130)  # fmt: skip
    right = Plot("right", xlim=(0, EPOCHS), ylim=(0, 1), xlabel="epoch", height=130)
    key = Legend(
        *SIGNS,
        (WEIGHT, "largest spread of a weight"),
        (OUTPUT, "held-out digits right"),
        (MUTED, "a guess"),
    )
    Page(figure, [units], [apart, right], [key])
    spread, accuracy = apart.line(WEIGHT, marker="o", ms=4), right.line(OUTPUT, marker="o", ms=4)
    right.line(MUTED, lw=1).set_data([0, EPOCHS], [0.1, 0.1])

    def update(view: View) -> None:
        tiles = as_tiles(view.weights)
        units.show(tiles, signed_scale(float(abs(tiles).max())))
        epochs = range(len(view.spreads))
        spread.set_data(epochs, np.clip(view.spreads, LOWEST, 10))
        accuracy.set_data(epochs, view.accuracies)
        shown = f"{view.spreads[-1]:.1g}" if view.spreads[-1] else "0, below any log scale"
        apart.title.set_text(f"apart: {shown}")
        right.title.set_text(f"right: {view.accuracies[-1]:.0%}")

    return update
