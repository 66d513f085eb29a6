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
        raise ValueError(f"fans: a weight has at least the axes (out, in), not shape {shape}.")
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
    fan_in, _ = fans(shape)
    return rng.normal(0.0, math.sqrt(2 / fan_in), shape).astype(dtype)
