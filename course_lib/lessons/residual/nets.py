"""The nets that this lesson compares: the same layers, with and without a way past them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.layer import Layer
from course_lib.record import Array

WIDTH = 32
KINDS = ("plain", "residual", "residual, branch / sqrt(depth)")


def affine(inputs: int, outputs: int, rng: np.random.Generator, gain: float) -> lib.Linear:
    """Weights of He's spread times `gain`, and no bias yet."""
    weight = lib.kaiming_normal((outputs, inputs), rng=rng, dtype=np.float64)
    return lib.Linear(gain * weight, np.zeros(outputs))


def deep_net(
    depth: int,
    rng: np.random.Generator,
    *,
    kind: str = "plain",
    gain: float = 1.0,
    activation: Callable[[], Layer] = lib.ReLU,
) -> lib.Sequential:
    """Digits in, ten scores out, and between them `depth` layers of one width.

    Each is activation(W x + b); in a residual net x is added to that.
    """
    scale = gain / np.sqrt(depth) if kind == KINDS[2] else gain
    hidden: list[Layer] = []
    for _ in range(depth):
        body = lib.Sequential(affine(WIDTH, WIDTH, rng, scale), activation())
        hidden += body.layers if kind == "plain" else [lib.Residual(body)]
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    first, last = lib.Linear.init(64, WIDTH, **options), lib.Linear.init(WIDTH, 10, **options)
    return lib.Sequential(lib.Flatten(), first, *hidden, last)


def default_net(depth: int, rng: np.random.Generator) -> lib.Sequential:
    """The plain net as a library starts it: weights uniform within 1/sqrt(inputs)."""
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    hidden: list[Layer] = []
    for _ in range(depth):
        hidden += [lib.Linear.init(WIDTH, WIDTH, **options), lib.ReLU()]
    first, last = lib.Linear.init(64, WIDTH, **options), lib.Linear.init(WIDTH, 10, **options)
    return lib.Sequential(lib.Flatten(), first, *hidden, last)


def pre_norm_net(depth: int, rng: np.random.Generator) -> lib.Sequential:
    """x + W ReLU(LayerNorm(x)): normalised before the branch, as in transformers."""
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    blocks = []
    for _ in range(depth):
        norm, weigh = lib.LayerNorm.init(WIDTH, dtype=np.float64), lib.Linear.init
        body = lib.Sequential(norm, lib.ReLU(), weigh(WIDTH, WIDTH, **options))
        blocks.append(lib.Residual(body))
    first, last = lib.Linear.init(64, WIDTH, **options), lib.Linear.init(WIDTH, 10, **options)
    return lib.Sequential(lib.Flatten(), first, *blocks, last)


def gradient_norms(model: Layer, x: Array, target: Array) -> tuple[float, Array]:
    """The loss, and for each weight matrix the length of its gradient, from first to last."""
    logits, backward = model.forward(x)
    loss, loss_backward = lib.cross_entropy(logits, target)
    _, grad = backward(loss_backward())
    matrices = [g for g in grad.parameters().values() if g.ndim == 2]
    return float(loss), np.array([np.sqrt((g.astype(np.float64) ** 2).sum()) for g in matrices])


def arriving(model: lib.Sequential, x: Array, target: Array, depth: int) -> tuple[float, Array]:
    """The loss, and the length of the gradient that arrives at each hidden layer's output."""
    trail = []
    for layer in model.layers:
        x, backward = layer.forward(x)
        trail.append(backward)
    loss, loss_backward = lib.cross_entropy(x, target)
    dy, _ = trail[-1](loss_backward())
    lengths = []
    hidden = trail[2:-1]
    for number, backward in reversed(list(enumerate(hidden))):
        if (number + 1) % (len(hidden) // depth) == 0:  # the last part of a layer
            lengths.append(np.sqrt((dy.astype(np.float64) ** 2).sum()))
        dy, _ = backward(dy)
    return float(loss), np.array(lengths[::-1])
