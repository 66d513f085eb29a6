"""Where the first numbers come from: random draws whose scale keeps signals alive through depth.

Redraw a whole model with one `map`:

    model = model.map(lambda w: kaiming_normal(w.shape, rng=rng) if w.ndim > 1 else 0 * w)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.record import Array


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs feed one output (fan-in), how many outputs one input feeds (fan-out).

    The shape is that of a weight, (out, in, *kernel).

    Examples
    --------
    >>> fans((8, 3, 5, 5))
    (75, 200)
    """
    if len(shape) < 2:
        raise ValueError(
            f"fans: a weight has at least the axes (out, in), not shape {shape}; a bias has no "
            "fans: start it at zero, np.zeros(shape)."
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def uniform_by_fan_in(
    shape: tuple[int, ...], fan_in: int, *, rng: np.random.Generator, dtype: Any = np.float32
) -> Array:
    """Uniform within ±1/√fan_in: what PyTorch's Linear and Conv layers start from.

    Examples
    --------
    >>> w = uniform_by_fan_in((100, 25), 25, rng=np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.2), w.dtype
    (True, dtype('float32'))
    """
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    return rng.uniform(-bound, bound, shape).astype(dtype)


def kaiming_normal(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float32
) -> Array:
    """Normal with variance 2 / fan_in: ReLU layers keep the size of what passes through them.

    Source: He et al., 2015, arXiv:1502.01852.

    Examples
    --------
    >>> w = kaiming_normal((400, 200), rng=np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """
    return _normal(shape, _kaiming(shape), rng, dtype)


def kaiming_uniform(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float32
) -> Array:
    """Uniform with variance 2 / fan_in, so within ±√(6 / fan_in) (see `kaiming_normal`).

    Examples
    --------
    >>> w = kaiming_uniform((400, 150), rng=np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.2), round(float(w.std() ** 2 * 150), 2)
    (True, 2.0)
    """
    return _uniform(shape, _kaiming(shape), rng, dtype)


def xavier_normal(
    shape: tuple[int, ...],
    *,
    gain: float = 1.0,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """Normal with variance gain² · 2 / (fan_in + fan_out): for layers whose slope is near 1.

    A compromise between keeping the size of signals (fan_in) and of gradients (fan_out).
    Source: Glorot and Bengio, 2010, Understanding the difficulty of training deep networks.

    Examples
    --------
    >>> w = xavier_normal((150, 50), rng=np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """
    return _normal(shape, _xavier(shape, gain), rng, dtype)


def xavier_uniform(
    shape: tuple[int, ...],
    *,
    gain: float = 1.0,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """Uniform with variance gain² · 2 / (fan_in + fan_out) (see `xavier_normal`).

    Examples
    --------
    >>> w = xavier_uniform((100, 50), rng=np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.2)
    True
    """
    return _uniform(shape, _xavier(shape, gain), rng, dtype)


def _kaiming(shape: tuple[int, ...]) -> float:
    fan_in, _ = fans(shape)
    return 2 / max(1, fan_in)  # a weight without inputs is empty: any variance will do


def _xavier(shape: tuple[int, ...], gain: float) -> float:
    return gain**2 * 2 / max(1, sum(fans(shape)))


def _normal(shape: tuple[int, ...], variance: float, rng: np.random.Generator, dtype: Any) -> Array:
    return rng.normal(0.0, math.sqrt(variance), shape).astype(dtype)


def _uniform(
    shape: tuple[int, ...], variance: float, rng: np.random.Generator, dtype: Any
) -> Array:
    bound = math.sqrt(3 * variance)  # a uniform draw within ±bound has variance bound² / 3
    return rng.uniform(-bound, bound, shape).astype(dtype)
