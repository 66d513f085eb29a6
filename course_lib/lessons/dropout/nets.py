"""The small net of this lesson, trained with and without dropout, and what it reads without units.

A unit is taken away by handing on 0 in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

import course_lib as lib
from course_lib.data import Split
from course_lib.record import Array

UNITS = 16  # hidden: few enough for each to count


class Trained(NamedTuple):
    """A net as it is used in evaluation, and its digits."""

    net: lib.Sequential
    data: Split


def hidden_net(p: float, seed: int) -> lib.Sequential:
    """64 pixels, 16 hidden units, dropout with probability p, 10 scores."""
    rng = np.random.default_rng(seed)
    return lib.Sequential(
        lib.Flatten(),
        lib.Linear.init(64, UNITS, rng=rng, dtype=np.float64),
        lib.ReLU(),
        lib.Dropout(p, rng=rng) if p else lib.Identity(),
        lib.Linear.init(UNITS, 10, rng=rng, dtype=np.float64),
    )


def train(p: float, seed: int) -> Trained:
    """The net after 40 epochs."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    net = hidden_net(p, seed)
    net, _ = lib.fit(
        net,
        data.x_train,
        data.y_train,
        optimizer=lib.Adam.init(net, learning_rate=3e-3),
        epochs=40,
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return Trained(net.for_evaluation(), data)


trained = cache(train)  # a page trains a net once


def accuracy_without(one: Trained, units: Sequence[int] = ()) -> float:
    """How many held-out digits are read rightly when these hidden units hand on 0."""
    return _read(one, _hidden(one), units)


def accuracies_without_one(one: Trained) -> Array:
    """The same for each unit alone, (16,)."""
    hidden = _hidden(one)
    return np.array([_read(one, hidden, (unit,)) for unit in range(UNITS)])


def _hidden(one: Trained) -> Array:
    return lib.Sequential(*one.net.layers[:-1])(one.data.x_test)


def _read(one: Trained, hidden: Array, units: Sequence[int]) -> float:
    there = np.ones(UNITS)
    there[list(units)] = 0
    return lib.accuracy(one.net.layers[-1](hidden * there), one.data.y_test)
