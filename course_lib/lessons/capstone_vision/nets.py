"""The two nets of this lesson, from the same library: a residual CNN and a vision transformer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import course_lib as lib
from course_lib.data import Split
from course_lib.engine.transformer import block
from course_lib.history import History
from course_lib.layer import Backward, Layer
from course_lib.record import Array

CHANNELS = 8  # of the first convolution
PATCH, WIDTH, HEADS = 2, 32, 4  # of the transformer
SIDE = 8  # pixels of a digit, down and across
EPOCHS = {"residual CNN": 12, "vision transformer": 20}
RATES = {"residual CNN": 1e-2, "vision transformer": 5e-3}


def convolve(inputs: int, outputs: int, rng: np.random.Generator, dtype: Any) -> list[Layer]:
    """3 × 3 windows, then BatchNorm, whose shift makes a bias superfluous."""
    options: dict[str, Any] = {"padding": "same", "bias": False, "rng": rng, "dtype": dtype}
    return [
        lib.Conv2d.init(inputs, outputs, 3, **options),
        lib.BatchNorm2d.init(outputs, dtype=dtype),
    ]


def past(channels: int, rng: np.random.Generator, dtype: Any) -> Layer:
    """Two convolutions with a way past them.          [He et al., 2015, arXiv:1512.03385]"""
    twice = [convolve(channels, channels, rng, dtype) for _ in range(2)]
    body = [*twice[0], lib.ReLU(), *twice[1]]
    return lib.Residual(lib.Sequential(*body))


def residual_cnn(rng: np.random.Generator, dtype: Any = np.float64) -> lib.Sequential:
    """Digits (N, 1, 8, 8) -> ten scores, by windows, two residual blocks and an average."""
    wide = 2 * CHANNELS
    return lib.Sequential(
        *convolve(1, CHANNELS, rng, dtype), lib.ReLU(),
        past(CHANNELS, rng, dtype), lib.ReLU(),
        lib.MaxPool2d(2),
        *convolve(CHANNELS, wide, rng, dtype), lib.ReLU(),
        past(wide, rng, dtype), lib.ReLU(),
        lib.GlobalAvgPool(),
        lib.Linear.init(wide, 10, rng=rng, dtype=dtype),
    )  # fmt: skip


class Tokens(Layer):
    """Every place of a map becomes a token, in reading order: (N, D, H, W) -> (N, H·W, D)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        n, features, *size = x.shape
        tokens = x.reshape(n, features, -1).swapaxes(1, 2).copy()

        def backward(dy: Array) -> tuple[Array, Tokens]:
            return dy.swapaxes(1, 2).reshape(n, features, *size), self

        return tokens, backward


def vision_transformer(rng: np.random.Generator, dtype: Any = np.float64) -> lib.Sequential:
    """Digits (N, 1, 8, 8) -> ten scores, by 16 patches that look at each other.

    One block of it.                           [Dosovitskiy et al., 2020, arXiv:2010.11929]
    """
    options: dict[str, Any] = {"rng": rng, "dtype": dtype}
    count = (SIDE // PATCH) ** 2
    attention = lib.MultiHeadAttention.init(WIDTH, HEADS, **options)
    looks, thinks = block(attention, WIDTH, activation=lib.GELU(), **options)
    return lib.Sequential(
        lib.Conv2d.init(1, WIDTH, PATCH, stride=PATCH, **options),  # each patch by the same weights
        Tokens(),
        lib.LearnedPositionalEncoding.init(count, WIDTH, **options),
        looks,
        thinks,
        lib.LayerNorm.init(WIDTH, dtype=dtype),
        lib.Flatten(),
        lib.Dropout(0.1, rng=rng),
        lib.Linear.init(count * WIDTH, 10, **options),
    )


NETS: dict[str, Callable[..., lib.Sequential]] = {
    "residual CNN": residual_cnn,
    "vision transformer": vision_transformer,
}


class Trained(NamedTuple):
    """A net as it is used in evaluation, its digits, and how its training went."""

    net: lib.Sequential
    data: Split
    history: History


def train(
    name: str,
    seed: int,
    *,
    epochs: int | None = None,
    dtype: Any = np.float64,
    progress: bool = False,
) -> Trained:
    """One of the two nets, trained on digits that this seed draws."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=dtype)
    net = NETS[name](np.random.default_rng(seed), dtype)
    epochs = EPOCHS[name] if epochs is None else epochs
    steps = epochs * round(len(data.x_train) / 64)
    net, history = lib.fit(
        net, data.x_train, data.y_train,
        optimizer=lib.AdamW.init(
            net, learning_rate=lib.warmup_cosine(RATES[name], steps // 10, steps)
        ),
        epochs=epochs,
        rng=np.random.default_rng(seed),
        progress=progress,
    )  # fmt: skip
    return Trained(net.for_evaluation(), data, history)


trained = cache(train)  # a page trains a net once


def with_one_pixel_changed(digit: Array) -> Array:
    """All digits that differ from this one in a pixel, which is empty or full: (128, 1, 8, 8)."""
    changed = np.tile(digit.reshape(-1), (2 * digit.size, 1))
    changed[np.arange(2 * digit.size), np.tile(np.arange(digit.size), 2)] = np.repeat(
        [0, 1], digit.size
    )
    return changed.reshape(-1, 1, *digit.shape)


def score_gradient(net: Layer, digit: Array, label: int) -> Array:
    """How the score of a label changes with each pixel: (8, 8), by the way back of every layer."""
    scores, backward = net.forward(digit[None, None])
    dscores = np.zeros_like(scores)
    dscores[0, label] = 1
    return backward(dscores)[0][0, 0]


def share_flipped(net: Layer, x: Array, target: Array) -> dict[str, float]:
    """Of the digits read rightly, how many one pixel flips: any, or the one of largest gradient."""
    kept = x[net(x).argmax(-1) == target]
    labels = net(kept).argmax(-1)
    any_pixel = by_gradient = 0
    for digit, label in zip(kept[:, 0], labels, strict=True):
        flips = net(with_one_pixel_changed(digit)).argmax(-1) != label
        steepest = int(np.abs(score_gradient(net, digit, int(label))).argmax())
        any_pixel += int(flips.any())
        by_gradient += int(flips[[steepest, steepest + digit.size]].any())
    return {"any pixel": any_pixel / len(kept), "steepest pixel": by_gradient / len(kept)}
