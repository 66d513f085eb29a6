"""The nets that this lesson compares, which differ in what follows each linear layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.data import Split
from course_lib.layer import Backward, Layer
from course_lib.record import Array

WIDTH = 64
BATCH = 128


class Shaken(Layer):
    """Multiply each feature by a number from 0.5 to 1.5 and add one from -1 to 1, new each time."""

    rng: np.random.Generator

    def forward(self, x: Array) -> tuple[Array, Backward]:
        scale = self.rng.uniform(0.5, 1.5, x.shape[1])
        return scale * x + self.rng.uniform(-1, 1, x.shape[1]), lambda dy: (scale * dy, self)

    def for_evaluation(self) -> lib.Identity:
        return lib.Identity()


Norms = Callable[[np.random.Generator], tuple[Layer, ...]]
NORMS: dict[str, Norms] = {
    "none": lambda rng: (),
    "BatchNorm": lambda rng: (lib.BatchNorm1d.init(WIDTH, dtype=np.float64),),
    "LayerNorm": lambda rng: (lib.LayerNorm.init(WIDTH, dtype=np.float64),),
    "shaken BatchNorm": lambda rng: (lib.BatchNorm1d.init(WIDTH, dtype=np.float64), Shaken(rng)),
}


def he(inputs: int, outputs: int, rng: np.random.Generator) -> lib.Linear:
    """A linear layer with weights of He's spread, and no bias yet."""
    weight = lib.kaiming_normal((outputs, inputs), rng=rng, dtype=np.float64)
    return lib.Linear(weight, np.zeros(outputs))


def deep_net(norm: str, seed: int, *, depth: int = 3) -> lib.Sequential:
    """Digits in, ten scores out; between them `depth` times linear, normalise, ReLU."""
    rng, noise = np.random.default_rng(seed), np.random.default_rng(seed)
    hidden: list[Layer] = []
    for _ in range(depth):
        hidden += [he(WIDTH, WIDTH, rng), *NORMS[norm](noise), lib.ReLU()]
    return lib.Sequential(lib.Flatten(), *hidden, he(WIDTH, 10, rng))


def first_block(net: lib.Sequential) -> lib.Sequential:
    """All that stands before the second linear layer: what it returns is that layer's input."""
    end = next(i for i, layer in enumerate(net.layers) if isinstance(layer, lib.ReLU))
    return lib.Sequential(*net.layers[: end + 1])


def gradient(net: lib.Sequential, x: Array, target: Array) -> tuple[float, Any]:
    """The loss of a batch, and its gradient by every parameter."""
    logits, backward = net.forward(x)
    loss, loss_backward = lib.cross_entropy(logits, target)
    return float(loss), backward(loss_backward())[1]


def batches(data: Split, steps: int, seed: int) -> Iterator[tuple[Array, Array]]:
    """As many random batches of the training digits."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        chosen = rng.choice(len(data.x_train), BATCH, replace=False)
        yield data.x_train[chosen], data.y_train[chosen]


def descent(
    net: lib.Sequential, data: Split, steps: int, seed: int, rate: float = 0.1
) -> Iterator[lib.Sequential]:
    """The net after each step of plain gradient descent."""
    optimizer = lib.SGD.init(net, learning_rate=rate)
    for x, target in batches(data, steps, seed):
        _, grad = gradient(net, x, target)
        net, optimizer = optimizer.step(net, grad)
        yield net


def digits(seed: int) -> Split:
    return lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)


def read_rightly(net: lib.Sequential, data: Split) -> float:
    """The share of held-out digits that are read rightly."""
    return lib.accuracy(net.for_evaluation()(data.x_test), data.y_test)
