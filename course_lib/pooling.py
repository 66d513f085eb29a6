"""Pooling shrinks a map: each window of pixels becomes one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.convolution import output_size, pad, padded_shape, taps, unpad
from course_lib.errors import as_tuple, check_arrays, check_gradient, check_rank
from course_lib.layer import Backward, Layer
from course_lib.record import Array


def max_pool2d(
    x: Array,
    kernel_size: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
) -> tuple[Array, Backward]:
    """Keep the largest value of every window.

        y[n, c, i, j] = max over k, l of  x[n, c, stride·i + k, stride·j + l]

    Parameters
    ----------
    x : (N, C, H, W)
    kernel_size : int or (int, int)           the window
    stride : int or (int, int), optional      kernel_size unless given
    padding : int or (int, int)               rows and columns of -inf, which never win

    Returns
    -------
    y : (N, C, H_out, W_out)
    backward : dy -> dx                       to the first maximum of each window, in reading order

    Raises
    ------
    TypeError        if x is not a float32 or float64 array
    ValueError       if x has not four axes, the window does not fit, or padding > kernel_size / 2

    Notes
    -----
    A window that holds a NaN gives NaN, as in PyTorch.

    Examples
    --------
    >>> max_pool2d(np.array([[[[0.1, 0.9], [0.2, 0.3]]]]), 2)[0]
    array([[[[0.9]]]])
    """
    check_arrays("max_pool2d", x=x)
    check_rank("max_pool2d", "x", x, "N, C, H, W")
    kernel = as_tuple("max_pool2d", "kernel_size", kernel_size, 2, least=1)
    steps = as_tuple("max_pool2d", "stride", kernel if stride is None else stride, 2, least=1)
    border = as_tuple("max_pool2d", "padding", padding, 2, least=0)
    if any(2 * p > k for p, k in zip(border, kernel, strict=True)):
        raise ValueError(
            f"max_pool2d: padding {padding!r} is more than half of kernel_size {kernel_size!r}; "
            "a window could lie in the padding alone."
        )
    out = tuple(
        output_size(s, k, stride=st, padding=p)
        for s, k, st, p in zip(x.shape[2:], kernel, steps, border, strict=True)
    )
    windows = list(taps(kernel, steps, (1, 1), out))
    padded = pad(x, border, -np.inf)
    y = padded[windows[0]].copy()
    for window in windows[1:]:
        np.maximum(y, padded[window], out=y)

    def backward(dy: Array) -> Array:
        check_gradient("max_pool2d", dy, y)
        dpadded = np.zeros(padded_shape(x.shape, border), x.dtype)
        rest = dy.copy()  # what no tap has taken yet
        for window in windows:
            wins = (padded[window] == y) | np.isnan(padded[window])
            dpadded[window] += np.where(wins, rest, 0)
            rest[wins] = 0
        return unpad(dpadded, border)

    return y, backward


class MaxPool2d(Layer):
    """Keep the largest value of every window (see `max_pool2d`)."""

    kernel_size: int | tuple[int, int]
    stride: int | tuple[int, int] | None = None
    padding: int | tuple[int, int] = 0

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, pool_backward = max_pool2d(x, self.kernel_size, stride=self.stride, padding=self.padding)
        return y, lambda dy: (pool_backward(dy), self)


class Flatten(Layer):
    """All axes but the first become one: (N, C, H, W) -> (N, C·H·W)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        check_arrays("Flatten", x=x)
        if x.ndim < 1:
            raise ValueError("Flatten: x is a single number; it needs a batch axis first.")
        y = x.reshape(len(x), int(np.prod(x.shape[1:])))

        def backward(dy: Array) -> tuple[Any, Layer]:
            check_gradient("Flatten", dy, y)
            return dy.reshape(x.shape), self

        return y, backward
