"""Pooling shrinks a map: each window of samples or pixels becomes one number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from course_lib.errors import as_tuple, check_arrays, check_flag, check_gradient, check_rank
from course_lib.layer import Backward, Layer
from course_lib.record import Array
from course_lib.windows import Windows, as_image, lay_out, pad, place_windows, unpad

SHORT_ROW = 16  # images this narrow are laid with the samples side by side: NumPy likes long rows
BLOCK_BYTES = 2**18  # a quarter of a common second-level cache


def max_pool1d(
    x: Array, kernel_size: int, *, stride: int | None = None, padding: int = 0
) -> tuple[Array, Backward]:
    """Keep the largest value of every window of a sequence.

        y[n, c, i] = max over k of  x[n, c, stride·i + k]

    Parameters
    ----------
    x : (N, C, L)
    kernel_size : int             the window
    stride : int, optional        kernel_size unless given
    padding : int                 samples of -inf at both ends, which never win

    Returns
    -------
    y : (N, C, L_out)             L_out = output_size(L, kernel_size, ...)
    backward : dy -> dx           to the first maximum of each window, where windows overlap added

    Raises
    ------
    TypeError        if x is not a float32 or float64 array
    ValueError       if x has not three axes, the window does not fit, or padding > kernel_size / 2

    Notes
    -----
    Only winners learn: the others could change a little and y would not move.
    [Zhou and Chellappa, 1988, Computation of optical flow using a neural network]

    Examples
    --------
    >>> max_pool1d(np.array([[[1.0, 5.0, 2.0, 3.0]]]), 2)[0]
    array([[[5., 3.]]])
    """
    return _max_pool("max_pool1d", "N, C, L", x, kernel_size, stride, padding)


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
    backward : dy -> dx                       to the first maximum of each window, in reading order;
                                              where windows overlap, added

    Raises
    ------
    TypeError        if x is not a float32 or float64 array
    ValueError       if x has not four axes, the window does not fit, or padding > kernel_size / 2

    Notes
    -----
    A window that holds a NaN gives NaN, as in PyTorch, and its first NaN takes the gradient
    (there it is the last).
    [Zhou and Chellappa, 1988, Computation of optical flow using a neural network]

    Examples
    --------
    >>> max_pool2d(np.array([[[[0.1, 0.9], [0.2, 0.3]]]]), 2)[0]
    array([[[[0.9]]]])
    """
    return _max_pool("max_pool2d", "N, C, H, W", x, kernel_size, stride, padding)


def avg_pool1d(
    x: Array,
    kernel_size: int,
    *,
    stride: int | None = None,
    padding: int = 0,
    count_include_pad: bool = True,
) -> tuple[Array, Backward]:
    """Average every window of a sequence.

        y[n, c, i] = mean over k of  x[n, c, stride·i + k]

    Parameters
    ----------
    x : (N, C, L)
    kernel_size : int             the window
    stride : int, optional        kernel_size unless given
    padding : int                 zeros at both ends
    count_include_pad : bool      whether the mean counts the zeros of the padding

    Returns
    -------
    y : (N, C, L_out)             L_out = output_size(L, kernel_size, ...)
    backward : dy -> dx           each sample of a window gets the same share; shares add

    Raises
    ------
    TypeError        if x is not a float32 or float64 array
    ValueError       if x has not three axes, the window does not fit, or padding > kernel_size / 2

    Notes
    -----
    Average pooling is linear: it is the convolution of each channel with a constant kernel.
    [LeCun et al., 1989, Backpropagation applied to handwritten zip code recognition]

    Examples
    --------
    >>> avg_pool1d(np.array([[[1.0, 5.0, 2.0, 3.0]]]), 2)[0]
    array([[[3. , 2.5]]])
    """
    return _avg_pool("avg_pool1d", "N, C, L", x, kernel_size, stride, padding, count_include_pad)


def avg_pool2d(
    x: Array,
    kernel_size: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    count_include_pad: bool = True,
) -> tuple[Array, Backward]:
    """Average every window.

        y[n, c, i, j] = mean over k, l of  x[n, c, stride·i + k, stride·j + l]

    Parameters
    ----------
    x : (N, C, H, W)
    kernel_size : int or (int, int)           the window
    stride : int or (int, int), optional      kernel_size unless given
    padding : int or (int, int)               rows and columns of zeros
    count_include_pad : bool                  whether the mean counts the zeros of the padding

    Returns
    -------
    y : (N, C, H_out, W_out)
    backward : dy -> dx                       each pixel of a window gets the same share; shares add

    Raises
    ------
    TypeError        if x is not a float32 or float64 array
    ValueError       if x has not four axes, the window does not fit, or padding > kernel_size / 2

    Notes
    -----
    Average pooling is linear: it is the convolution of each channel with a constant kernel.
    [LeCun et al., 1989, Backpropagation applied to handwritten zip code recognition]

    Examples
    --------
    >>> avg_pool2d(np.array([[[[0.1, 0.9], [0.2, 0.4]]]]), 2)[0]
    array([[[[0.4]]]])
    """
    return _avg_pool("avg_pool2d", "N, C, H, W", x, kernel_size, stride, padding, count_include_pad)


def global_avg_pool(x: Array) -> tuple[Array, Backward]:
    """Average every channel over all its positions.

        y[n, c] = mean over positions of  x[n, c, ...]

    Parameters
    ----------
    x : (N, C, *size)         any number of spatial axes

    Returns
    -------
    y : (N, C)
    backward : dy -> dx       each position gets the same share

    Raises
    ------
    TypeError        if x is not a float32 or float64 array
    ValueError       if x has no spatial axis, or no position to average

    Notes
    -----
    However large the image, the output has C numbers: the layers after it need no fixed size.
    [Lin et al., 2014, arXiv:1312.4400]

    Examples
    --------
    >>> global_avg_pool(np.array([[[1.0, 2.0, 3.0]]]))[0]
    array([[2.]])
    """
    check_arrays("global_avg_pool", x=x)
    positions = math.prod(x.shape[2:])
    if x.ndim < 3 or not positions:
        raise ValueError(
            f"global_avg_pool: x has shape {x.shape}; it must be (N, C, *size) with at least one "
            "spatial axis and at least one position to average."
        )
    y = x.reshape(*x.shape[:2], positions).mean(axis=2)

    def backward(dy: Array) -> Array:
        check_gradient("global_avg_pool", dy, y)
        share = (dy / positions).reshape(*y.shape, *(1,) * (x.ndim - 2))
        return np.broadcast_to(share, x.shape).copy()

    return y, backward


def _max_pool(
    operation: str, axes: str, x: Array, kernel_size: Any, stride: Any, padding: Any
) -> tuple[Array, Backward]:
    """The running maximum over the taps of the window, in any number of dimensions."""
    windows = _pooling_windows(operation, axes, x, kernel_size, stride, padding)
    first, *others = windows.taps
    y = np.empty((*x.shape[:2], *windows.out), x.dtype)
    kept = []
    across = x.shape[-1] <= SHORT_ROW
    for block in _sample_blocks(x):
        image = pad(lay_out(x[block], across), windows.padding, -np.inf)
        largest = image[first].copy()
        for tap in others:  # of a copy: NumPy is slow to start on numbers that lie apart
            np.maximum(largest, image[tap].copy(), out=largest)
        as_image(y[block], across)[...] = largest
        kept.append((block, image, largest))

    def backward(dy: Array) -> Array:
        check_gradient(operation, dy, y)
        dx, bits = np.empty(x.shape, x.dtype), np.dtype(f"i{x.itemsize}")
        for block, image, largest in kept:
            dimage = np.zeros(image.shape, x.dtype)
            dy_bits = lay_out(dy[block], across).view(bits)
            free = np.ones(largest.shape, bool)  # the windows whose maximum we have not met yet
            has_nan, inside = False, None
            if np.count_nonzero(np.isfinite(largest)) < largest.size:
                has_nan = np.isnan(largest).any()
                # where all is -inf, the -inf of the padding must not win
                inside = pad(np.ones((1, 1, *windows.size, 1), bool), windows.padding)
            for tap in windows.taps:
                wins = free  # at the last tap all that is left
                if tap is not windows.taps[-1]:
                    seen = image[tap].copy()
                    wins = seen == largest
                    if has_nan:
                        wins |= np.isnan(seen)
                    wins &= free
                    if inside is not None:
                        wins &= inside[tap]
                    free ^= wins
                # dy or 0: twice as fast as np.where, and 0 even where dy is infinite
                windows.put((dy_bits * wins.astype(bits)).view(x.dtype), dimage, tap)
            as_image(dx[block], across)[...] = unpad(dimage, windows.padding)
        return dx

    return y, backward


def _avg_pool(
    operation: str,
    axes: str,
    x: Array,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    count_include_pad: bool,
) -> tuple[Array, Backward]:
    """The sum over the taps of the window divided by their number, in any number of dimensions."""
    windows = _pooling_windows(operation, axes, x, kernel_size, stride, padding)
    check_flag(operation, "count_include_pad", count_include_pad)
    share: Any = x.dtype.type(1 / len(windows.taps))
    if not count_include_pad and any(windows.padding):
        inside = pad(np.ones((1, 1, *windows.size, 1), x.dtype), windows.padding)
        share = 1 / _sum_windows(inside, windows)
    y = np.empty((*x.shape[:2], *windows.out), x.dtype)
    across = x.shape[-1] <= SHORT_ROW
    for block in _sample_blocks(x):
        total = _sum_windows(pad(lay_out(x[block], across), windows.padding), windows)
        total *= share
        as_image(y[block], across)[...] = total

    def backward(dy: Array) -> Array:
        check_gradient(operation, dy, y)
        dx = np.empty(x.shape, x.dtype)
        for block in _sample_blocks(x):
            shares = lay_out(dy[block], across) * share
            dimage = np.zeros((*shares.shape[:2], *windows.padded, shares.shape[-1]), x.dtype)
            for tap in windows.taps:
                windows.put(shares, dimage, tap)
            as_image(dx[block], across)[...] = unpad(dimage, windows.padding)
        return dx

    return y, backward


def _sum_windows(image: Array, windows: Windows) -> Array:
    first, *others = windows.taps
    total = image[first].copy()
    for tap in others:
        total += image[tap]
    return total


def _sample_blocks(x: Array) -> list[slice]:
    """Slices of the batch, each so small that it and what is made of it stay within the cache."""
    step = max(1, BLOCK_BYTES // max(1, x[:1].nbytes))
    return [slice(start, start + step) for start in range(0, len(x), step)]


def _pooling_windows(
    operation: str, axes: str, x: Array, kernel_size: Any, stride: Any, padding: Any
) -> Windows:
    check_arrays(operation, x=x)
    check_rank(operation, "x", x, axes)
    rank = x.ndim - 2
    kernel, steps, border = _check_window_options(operation, kernel_size, stride, padding, rank)
    return place_windows(operation, x.shape[2:], kernel, steps, border, (1,) * rank)


def _check_window_options(
    operation: str, kernel_size: Any, stride: Any, padding: Any, rank: int
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    kernel = as_tuple(operation, "kernel_size", kernel_size, rank, least=1)
    steps = kernel if stride is None else as_tuple(operation, "stride", stride, rank, least=1)
    border = as_tuple(operation, "padding", padding, rank, least=0)
    if any(2 * p > k for p, k in zip(border, kernel, strict=True)):
        raise ValueError(
            f"{operation}: padding {padding!r} is more than half of kernel_size {kernel_size!r}; "
            "a window could lie in the padding alone."
        )
    return kernel, steps, border


class Pooling(Layer):
    """What max and average pooling of every rank share."""

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0

    _operation: ClassVar[Callable[..., tuple[Array, Backward]]]
    spatial_axes: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_window_options(
            type(self).__name__, self.kernel_size, self.stride, self.padding, self.spatial_axes
        )

    def _options(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding}

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, pool_backward = self._operation(x, self.kernel_size, **self._options())
        return y, lambda dy: (pool_backward(dy), self)


class MaxPool1d(Pooling):
    """Keep the largest value of every window of a sequence (see `max_pool1d`)."""

    _operation = staticmethod(max_pool1d)
    spatial_axes = 1


class MaxPool2d(Pooling):
    """Keep the largest value of every window (see `max_pool2d`)."""

    _operation = staticmethod(max_pool2d)
    spatial_axes = 2


class AveragePooling(Pooling):
    """What average pooling of every rank shares."""

    count_include_pad: bool = True

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"count_include_pad": self.count_include_pad}


class AvgPool1d(AveragePooling):
    """Average every window of a sequence (see `avg_pool1d`)."""

    _operation = staticmethod(avg_pool1d)
    spatial_axes = 1


class AvgPool2d(AveragePooling):
    """Average every window (see `avg_pool2d`)."""

    _operation = staticmethod(avg_pool2d)
    spatial_axes = 2


class GlobalAvgPool(Layer):
    """Average every channel over its positions, (N, C, *size) -> (N, C) (see `global_avg_pool`)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, pool_backward = global_avg_pool(x)
        return y, lambda dy: (pool_backward(dy), self)


class Flatten(Layer):
    """All axes but the first become one: (N, C, H, W) -> (N, C·H·W).

        y[n] = the numbers of x[n] in reading order

    Parameters
    ----------
    x : (N, ...)

    Returns
    -------
    y : (N, numbers of one example)
    backward : dy -> (dx, grad)         dx = dy in the shape of x

    Raises
    ------
    TypeError        if x is not a float32 or float64 array
    ValueError       if x has no batch axis

    Examples
    --------
    >>> Flatten()(np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    array([[1., 2., 3., 4.]])
    """

    def forward(self, x: Array) -> tuple[Array, Backward]:
        check_arrays("Flatten", x=x)
        if x.ndim < 1:
            raise ValueError("Flatten: x is a single number; it needs a batch axis first.")
        y = x.reshape(len(x), math.prod(x.shape[1:]))

        def backward(dy: Array) -> tuple[Any, Layer]:
            check_gradient("Flatten", dy, y)
            return dy.reshape(x.shape), self

        return y, backward
