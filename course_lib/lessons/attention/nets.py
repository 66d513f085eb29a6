"""The nets that this lesson compares, what they are trained on, and how far a signal gets in them.

Sequences are (N, T, D) everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.layer import Backward, Layer
from course_lib.record import Array

WIDTH, TOKENS = 16, 8
LENGTH = 12  # of a sequence whose first token is to be reported at its end
CIRCLE, BACK = 12, (1, 3)  # positions of the task with two look-ups, and how far each looks back
MIXERS = ("convolution", "RNN", "GRU", "attention")


class AlongTime(Layer):
    """A layer for (N, C, L), such as a convolution, applied to (N, T, D)."""

    body: Layer

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, body_backward = self.body.forward(x.swapaxes(1, 2))

        def backward(dy: Array) -> tuple[Array, AlongTime]:
            dx, grad = body_backward(dy.swapaxes(1, 2))
            return dx.swapaxes(1, 2), AlongTime(grad)

        return y.swapaxes(1, 2), backward


class Last(Layer):
    """The last position alone: (N, T, D) -> (N, D)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        def backward(dy: Array) -> tuple[Array, Last]:
            dx = np.zeros_like(x)
            dx[:, -1] = dy
            return dx, Last()

        return x[:, -1], backward


def mixer(kind: str, rng: np.random.Generator, *, depth: int = 4) -> Layer:
    """A layer in which positions reach each other; `depth` convolutions of three positions each."""
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    if kind == "convolution":
        layers: list[Layer] = []
        for _ in range(depth):
            layers += [lib.Conv1d.init(WIDTH, WIDTH, 3, padding=1, **options), lib.ReLU()]
        return AlongTime(lib.Sequential(*layers[:-1]))
    if kind == "attention":
        return lib.MultiHeadAttention.init(WIDTH, 1, **options)
    return {"RNN": lib.RNN, "GRU": lib.GRU}[kind].init(WIDTH, WIDTH, **options)


def signal(layer: Layer, x: Array) -> Array:
    """How far the last output moves when an input moves, by distance: (T,), 0 first.

    The root of the mean over outputs of the squared slopes by all features of that input: 1 for a
    layer that hands an input on as it is. x is (N, T, D); the squares are averaged over N.
    """
    n, length, width = x.shape
    each = np.repeat(x, width, axis=0)  # one example for each feature of the last output
    y, backward = layer.forward(each)
    dy = np.zeros(y.shape)
    dy[:, -1] = np.tile(np.eye(width), (n, 1))
    dx, _ = backward(dy)
    return np.sqrt((dx**2).sum(axis=(0, 2)) / (n * width))[::-1]


def train(
    model: Layer,
    rng: np.random.Generator,
    draw: Callable[[np.random.Generator], tuple[Array, Array]],
    steps: int,
    learning_rate: float = 1e-2,
) -> Layer:
    """Some steps of Adam, each on examples drawn anew."""
    optimizer = lib.Adam.init(model, learning_rate=learning_rate)
    for _ in range(steps):
        x, target = draw(rng)
        logits, backward = model.forward(x)
        _, loss_backward = lib.cross_entropy(logits.reshape(*target.shape, -1), target)
        _, grad = backward(loss_backward().reshape(logits.shape))
        model, optimizer = optimizer.step(model, grad)
    return model


def right(model: Layer, x: Array, target: Array) -> float:
    """The share of the targets whose score is the highest."""
    return float((model(x).reshape(*target.shape, -1).argmax(axis=-1) == target).mean())


# -- report the first token at the end -----------------------------------------------------------


def sequences(rng: np.random.Generator, count: int = 32, length: int = LENGTH) -> tuple[Array, Array]:
    """Random tokens, and the first of each sequence, which is to be reported at its end."""
    x = rng.integers(TOKENS, size=(count, length))
    return x, x[:, 0]


def reporter(kind: str, seed: int, *, length: int = LENGTH, steps: int = 200) -> lib.Sequential:
    """Tokens -> vectors -> one mixer -> the last position -> a score for each token, trained."""
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    places = lib.LearnedPositionalEncoding.init(length, WIDTH, std=0.5, **options)
    model = lib.Sequential(
        lib.Embedding.init(TOKENS, WIDTH, **options),
        places if kind == "attention" else lib.Identity(),
        mixer(kind, rng),
        Last(),
        lib.Linear.init(WIDTH, TOKENS, **options),
    )
    return train(model, rng, partial(sequences, length=length), steps, 2e-2)


# -- two look-ups at every position --------------------------------------------------------------


def circles(rng: np.random.Generator, count: int = 32) -> tuple[Array, Array]:
    """Tokens on a circle, and for each position the token 1 back and the token 3 back."""
    x = rng.integers(TOKENS, size=(count, CIRCLE))
    return x, np.stack([np.roll(x, back, axis=1) for back in BACK], axis=-1)


def two_look_ups(
    heads: int, seed: int, *, width: int = WIDTH, hidden: int = 0
) -> tuple[Layer, np.random.Generator]:
    """One attention on a residual wire; with `hidden` a small net at each position after it."""
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    body: list[Layer] = []
    if hidden:
        wide, narrow = (width, hidden), (hidden, width)
        up, down = (lib.Linear.init(*shape, **options) for shape in (wide, narrow))
        body = [lib.Residual(lib.Sequential(up, lib.ReLU(), down))]
    model = lib.Sequential(
        lib.Embedding.init(TOKENS, width, **options),
        lib.LearnedPositionalEncoding.init(CIRCLE, width, std=1.0, **options),
        lib.Residual(lib.MultiHeadAttention.init(width, heads, **options)),
        *body,
        lib.Linear.init(width, len(BACK) * TOKENS, **options),
    )
    return model, rng


