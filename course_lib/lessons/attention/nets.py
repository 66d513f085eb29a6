"""The nets that this lesson compares, what they are trained on, and how far a signal gets in them.

Sequences are (N, T, D) everywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
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
        y, body_backward = self.body.forward(np.ascontiguousarray(x.swapaxes(1, 2)))

        def backward(dy: Array) -> tuple[Array, AlongTime]:
            dx, grad = body_backward(np.ascontiguousarray(dy.swapaxes(1, 2)))
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
    n, _, width = x.shape
    each = np.repeat(x, width, axis=0)  # one example for each feature of the last output
    y, backward = layer.forward(each)
    dy = np.zeros(y.shape)
    dy[:, -1] = np.tile(np.eye(width), (n, 1))
    dx, _ = backward(dy)
    return np.sqrt((dx**2).sum(axis=(0, 2)) / (n * width))[::-1]


def training(
    model: Layer,
    rng: np.random.Generator,
    draw: Callable[[np.random.Generator], tuple[Array, Array]],
    steps: int,
    learning_rate: float = 1e-2,
) -> Iterator[Layer]:
    """The model before and after each step of Adam, every step on examples drawn anew."""
    optimizer = lib.Adam.init(model, learning_rate=learning_rate)
    yield model
    for _ in range(steps):
        x, target = draw(rng)
        logits, backward = model.forward(x)
        _, loss_backward = lib.cross_entropy(logits.reshape(*target.shape, -1), target)
        _, grad = backward(loss_backward().reshape(logits.shape))
        model, optimizer = optimizer.step(model, grad)
        yield model


def last(models: Iterator[Layer]) -> Layer:
    """The model at the end of a training."""
    return deque(models, maxlen=1)[0]


def right(model: Layer, x: Array, target: Array) -> float:
    """The share of the targets whose score is the highest."""
    return float((model(x).reshape(*target.shape, -1).argmax(axis=-1) == target).mean())


# -- report the first token at the end -----------------------------------------------------------


def sequences(
    rng: np.random.Generator, count: int = 32, length: int = LENGTH
) -> tuple[Array, Array]:
    """Random tokens, and the first of each sequence, which is to be reported at its end."""
    x = rng.integers(TOKENS, size=(count, length))
    return x, x[:, 0]


def reporter(kind: str, seed: int, *, length: int = LENGTH, steps: int = 200) -> Layer:
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
    return last(training(model, rng, partial(sequences, length=length), steps, 2e-2))


# -- two look-ups at every position --------------------------------------------------------------


def circles(rng: np.random.Generator, count: int = 32) -> tuple[Array, Array]:
    """Tokens on a circle, and for each position the token 1 back and the token 3 back."""
    x = rng.integers(TOKENS, size=(count, CIRCLE))
    return x, np.stack([np.roll(x, back, axis=1) for back in BACK], axis=-1)


NETS = {  # heads, features, hidden units after the attention, steps of training, their size
    "one head": (1, WIDTH, 0, 200, 1e-2),
    "two heads": (2, WIDTH, 0, 200, 1e-2),
    "four heads": (4, WIDTH, 0, 200, 1e-2),
    "one head, twice as wide, and a hidden layer": (1, 2 * WIDTH, 4 * WIDTH, 300, 5e-3),
}


def two_look_ups(heads: int, width: int, hidden: int, rng: np.random.Generator) -> lib.Sequential:
    """One attention on a residual wire; with `hidden` a small net at each position after it."""
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    body: list[Layer] = []
    if hidden:
        up, down = (
            lib.Linear.init(width, hidden, **options),
            lib.Linear.init(hidden, width, **options),
        )
        body = [lib.Residual(lib.Sequential(up, lib.ReLU(), down))]
    return lib.Sequential(
        lib.Embedding.init(TOKENS, width, **options),
        lib.LearnedPositionalEncoding.init(CIRCLE, width, std=1.0, **options),
        lib.Residual(lib.MultiHeadAttention.init(width, heads, **options)),
        *body,
        lib.Linear.init(width, len(BACK) * TOKENS, **options),
    )


def learn_two_look_ups(name: str, seed: int) -> list[Layer]:
    """One of `NETS` before training, after a tenth of it, ..., at its end."""
    heads, width, hidden, steps, learning_rate = NETS[name]
    rng = np.random.default_rng(seed)
    model = two_look_ups(heads, width, hidden, rng)
    models = enumerate(training(model, rng, circles, steps, learning_rate))
    return [model for step, model in models if step % (steps // 10) == 0]


def maps_of(model: Layer, x: Array) -> Array:
    """Who attends to whom in a net of two look-ups, per head, the mean over x: (heads, T, T)."""
    embed, place, wire = model.layers[:3]  # type: ignore[attr-defined]
    return wire.body.attention_maps(place(embed(x))).mean(axis=0)
