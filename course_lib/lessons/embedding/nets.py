"""The two nets of this lesson: one guesses months, one reads digits from grey levels."""

from __future__ import annotations

from functools import cache

import numpy as np

import course_lib as lib
from course_lib.data import Split
from course_lib.record import Array

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WORDS = (*MONTHS, "13th")  # the last never occurs
RATE = 3.0  # the loss is a mean over 60 pairs, of which five move a row
STEPS = 100
LEVELS = 17  # of grey: a pixel is a whole number from 0 to 16


def month_pairs(itself: bool = True) -> tuple[Array, Array]:
    """Every month with every month at most two away from it, with or without the month itself."""
    away = np.array([-2, -1, 0, 1, 2] if itself else [-2, -1, 1, 2])
    month = np.repeat(np.arange(12), len(away))
    return month, (month + np.tile(away, 12)) % 12


def month_net(seed: int) -> lib.Sequential:
    """A row of two numbers for each word, and from them a score for each month."""
    rng = np.random.default_rng(seed)
    table = lib.Embedding.init(len(WORDS), 2, rng=rng, dtype=np.float64)
    scores = lib.Linear.init(2, len(MONTHS), bias=False, rng=rng, dtype=np.float64)
    return lib.Sequential(table, scores)


def month_step(
    net: lib.Sequential, pairs: tuple[Array, Array], rate: float = RATE
) -> tuple[lib.Sequential, float]:
    """One step of plain gradient descent over all pairs, and the loss before it."""
    month, near = pairs
    scores, backward = net.forward(month)
    loss, loss_backward = lib.cross_entropy(scores, near)
    _, grad = backward(loss_backward())
    return net.map(lambda w, g: w - rate * g, grad), float(loss)


def train_months(
    net: lib.Sequential, steps: int = STEPS, pairs: tuple[Array, Array] | None = None
) -> lib.Sequential:
    for _ in range(steps):
        net, _ = month_step(net, pairs or month_pairs())
    return net


@cache
def trained_months(seed: int = 1) -> lib.Sequential:
    return train_months(month_net(seed))


def rows_of(net: lib.Sequential) -> Array:
    """The table, (13, 2)."""
    return net.parameters()["0.weight"]


def with_rows(net: lib.Sequential, rows: Array) -> lib.Sequential:
    """The same net with another table."""
    return lib.Sequential(lib.Embedding(rows), *net.layers[1:])


def followed(rows: Array, order: Array | None = None) -> int:
    """Going round the middle, how many months are followed by the next one, in either direction."""
    places = rows[np.arange(12) if order is None else order]
    places = places - places.mean(axis=0)
    round_ = np.argsort(np.arctan2(places[:, 1], places[:, 0]))
    steps = np.diff(round_, append=round_[0]) % 12
    return int(max((steps == 1).sum(), (steps == 11).sum()))


def as_levels(x: Array) -> Array:
    """Digits (N, 1, 8, 8) from 0 to 1 as tokens (N, 64): the number of each pixel's level."""
    return np.rint(16 * x).astype(int).reshape(len(x), -1)


def grey_net(seed: int) -> lib.Sequential:
    """One number for each level of grey, all 0 at first, and from 64 of them ten scores."""
    rng = np.random.default_rng(seed)
    scores = lib.Linear.init(64, 10, rng=rng, dtype=np.float64)
    return lib.Sequential(lib.Embedding(np.zeros((LEVELS, 1))), lib.Flatten(), scores)


def train_grey(seed: int) -> tuple[Array, float]:
    """What five passes over the digits make of the table, and the accuracy on those held out."""
    data: Split = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    net = grey_net(seed)
    net, history = lib.fit(
        net, as_levels(data.x_train), data.y_train,
        optimizer=lib.Adam.init(net, learning_rate=1e-2),
        epochs=5,
        rng=np.random.default_rng(seed),
        validation=(as_levels(data.x_test), data.y_test),
        progress=False,
    )  # fmt: skip
    return net.parameters()["0.weight"][:, 0], history.validation_accuracy[-1]


def agreement(values: Array) -> float:
    """How well the order of some values is 0, 1, 2, ... or its reverse: 1 if wholly, 0 if not.

    It is the correlation of their ranks, without its sign.
    """
    ranks = np.argsort(np.argsort(values))
    return float(abs(np.corrcoef(ranks, np.arange(len(values)))[0, 1]))
