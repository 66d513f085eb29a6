"""The nets of 04_11_training and how each starts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.data import Split
from course_lib.record import Array


@cache
def digits(seed: int = 0) -> Split:
    """The digits in float64, in which all machines agree on many decimals."""
    return lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)


def one_hidden(width: int, start: Callable[[tuple[int, ...]], Array]) -> lib.Sequential:
    """64 pixels, `width` hidden units, 10 scores; `start` makes each weight from its shape."""
    return lib.Sequential(
        lib.Flatten(),
        lib.Linear(np.asarray(start((width, 64)), np.float64), np.zeros(width)),
        lib.ReLU(),
        lib.Linear(np.asarray(start((10, width)), np.float64), np.zeros(10)),
    )


def kaiming(seed: int) -> Callable[[tuple[int, ...]], Array]:
    """He's noise: standard deviation sqrt(2 / inputs)."""
    rng = np.random.default_rng(seed)
    return lambda shape: lib.kaiming_normal(shape, rng=rng, dtype=np.float64)


def deep(std: float, seed: int, depth: int = 10) -> lib.Sequential:
    """`depth` linear layers with ReLUs between them, 64 wide, weights of one spread."""
    rng = np.random.default_rng(seed)
    sizes = [64] * depth + [10]
    layers: list[Any] = [lib.Flatten()]
    for before, after in pairwise(sizes):
        weight = rng.normal(scale=std, size=(after, before))
        layers += [lib.Linear(weight, np.zeros(after)), lib.ReLU()]
    return lib.Sequential(*layers[:-1])


def hidden_weight(net: lib.Sequential) -> Array:
    """The weights of the hidden units of `one_hidden`, a row each."""
    return net.parameters()["1.weight"]


def distinct_units(net: lib.Sequential) -> int:
    """How many hidden units of `one_hidden` differ from all others."""
    return len(np.unique(hidden_weight(net).round(9), axis=0))


def train(
    net: lib.Sequential, seed: int, *, epochs: int = 20, optimizer: Any = None, **options: Any
) -> tuple[lib.Sequential, lib.History]:
    """`fit` on the digits, by plain gradient descent unless told otherwise."""
    data = digits(seed)
    optimizer = optimizer or lib.SGD.init(net, learning_rate=0.1)
    return lib.fit(
        net,
        data.x_train,
        options.pop("target", data.y_train),
        optimizer=optimizer,
        epochs=epochs,
        rng=np.random.default_rng(seed),
        progress=False,
        **options,
    )
