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


def linears(
    depth: int, rng: np.random.Generator, *, kind: str = "plain", gain: float = 1.0
) -> list[lib.Linear]:
    """The layers with weights: digits in, `depth` layers of one width, ten scores out."""
    scale = gain / np.sqrt(depth) if kind == KINDS[2] else gain
    hidden = [affine(WIDTH, WIDTH, rng, scale) for _ in range(depth)]
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    first, last = lib.Linear.init(64, WIDTH, **options), lib.Linear.init(WIDTH, 10, **options)
    return [first, *hidden, last]


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
    first, *hidden, last = linears(depth, rng, kind=kind, gain=gain)
    layers: list[Layer] = []
    for linear in hidden:
        body = lib.Sequential(linear, activation())
        layers += body.layers if kind == "plain" else [lib.Residual(body)]
    return lib.Sequential(lib.Flatten(), first, *layers, last)


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


def arriving(
    layers: list[lib.Linear], activation: Layer, x: Array, target: Array, *, residual: bool
) -> tuple[float, Array]:
    """The loss, and the length of the gradient that arrives at each hidden layer's output.

    It computes what the `deep_net` of these layers does. A step of a slider has no time to
    construct that net, which looks for what its layers share.
    """
    first, *hidden, last = layers
    h, trail = first(x.reshape(len(x), -1)), []
    for linear in hidden:
        before, linear_backward = linear.forward(h)
        after, activation_backward = activation.forward(before)
        h = after + h if residual else after
        trail.append((activation_backward, linear_backward))
    logits, last_backward = last.forward(h)
    loss, loss_backward = lib.cross_entropy(logits, target)
    dh, _ = last_backward(loss_backward())
    lengths = []
    for activation_backward, linear_backward in reversed(trail):
        lengths.append(np.sqrt((dh.astype(np.float64) ** 2).sum()))
        dx, _ = linear_backward(activation_backward(dh)[0])
        dh = dx + dh if residual else dx
    return float(loss), np.array(lengths[::-1])
