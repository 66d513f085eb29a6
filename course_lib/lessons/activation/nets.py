"""The small nets that the page, its explorers and its stored table share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import course_lib as lib
from course_lib.layer import Layer
from course_lib.record import Array

SEVEN: dict[str, Callable[[], Layer]] = {
    "ReLU": lib.ReLU,
    "LeakyReLU": lib.LeakyReLU,
    "tanh": lib.Tanh,
    "sigmoid": lib.Sigmoid,
    "GELU": lib.GELU,
    "GELU, by tanh": lambda: lib.GELU(approximate="tanh"),
    "SiLU": lib.SiLU,
}
ACTIVATIONS = SEVEN | {"none": lib.Identity}


def donut(seed: int, count: int = 200) -> tuple[Array, Array]:
    """A disc of points and a ring around it: x (2 * count, 2), and 0 or 1 for each."""
    rng = np.random.default_rng(seed)
    radius = np.concatenate([abs(rng.normal(0, 0.5, count)), rng.normal(2, 0.2, count)])
    angle = rng.uniform(0, 2 * np.pi, 2 * count)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return x, np.repeat([0, 1], count)


def donut_net(activation: str, rng: np.random.Generator) -> lib.Sequential:
    """2 - 8 - 8 - 2 numbers, and a score for each class; what bends is an argument."""
    make = ACTIVATIONS[activation]
    return lib.Sequential(
        lib.Linear.init(2, 8, rng=rng, dtype=np.float64),
        make(),
        lib.Linear.init(8, 8, rng=rng, dtype=np.float64),
        make(),
        lib.Linear.init(8, 2, rng=rng, dtype=np.float64),  # two numbers: they can be drawn
        lib.Linear.init(2, 2, rng=rng, dtype=np.float64),  # a line through that drawing
    )


def hinges(knots: Sequence[float] | Array) -> lib.Sequential:
    """One ReLU unit for each knot: relu(x - knot), in the columns."""
    knots = np.asarray(knots, float)
    return lib.Sequential(lib.Linear(np.ones((len(knots), 1)), -knots), lib.ReLU())


def fitted(knots: Sequence[float] | Array, x: Array, y: Array) -> lib.Sequential:
    """The hinges with the output weights that fit the points best, in least squares."""
    units = hinges(knots)
    columns = np.column_stack([units(x[:, None]), np.ones(len(x))])
    best = np.linalg.lstsq(columns, y, rcond=1e-9)[0]
    return lib.Sequential(*units.layers, lib.Linear(best[None, :-1], best[-1:]))


def standardised_digits(seed: int) -> tuple[Array, Array]:
    """The digits to learn from, (1347, 64), each pixel with mean 0 and variance 1."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    x = data.x_train.reshape(-1, 64)
    return (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8), data.y_train


def deep_net(activation: str, gain: float, depth: int, rng: np.random.Generator) -> lib.Sequential:
    """`depth` layers of 64 numbers, an activation after each; weights of Xavier's spread · gain."""
    layers: list[Layer] = []
    for _ in range(depth):
        weight = lib.xavier_normal((64, 64), gain=gain, rng=rng, dtype=np.float64)
        layers += [lib.Linear(weight, np.zeros(64)), ACTIVATIONS[activation]()]
    return lib.Sequential(*layers)
