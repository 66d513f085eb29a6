"""A convolution slides one small set of weights over the input: local, shared, in any dimension.

What the libraries call convolution is cross-correlation: the kernel is not flipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY
from typing import Any, ClassVar, Self

import numpy as np

from course_lib.errors import as_tuple, check_arrays, check_gradient, check_rank
from course_lib.initializer import uniform_by_fan_in
from course_lib.layer import Backward, Layer
from course_lib.record import Array

CACHE_BYTES = 2**20  # columns that fit the second-level cache are filled and multiplied fastest


def output_size(
    size: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """How many positions the window takes along one axis.

        floor((size + 2·padding - dilation·(kernel_size - 1) - 1) / stride) + 1

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation : int     in samples or pixels

    Returns
    -------
    int

    Raises
    ------
    ValueError      if the kernel is wider than the padded input

    Examples
    --------
    >>> output_size(28, 3, padding=1)
    28
    >>> output_size(28, 3, stride=2)
    13
    """
    _check_window("output_size", (size,), (kernel_size,), (padding,), (dilation,))
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> tuple[Array, Backward]:
    """Slide kernels along a sequence.

        y[n, o, i] = bias[o] + sum over c, k of  weight[o, c, k] * x[n, c, stride·i + dilation·k]

    with `padding` zeros at both ends of x.

    Parameters
    ----------
    x : (N, C_in, L)
    weight : (C_out, C_in / groups, K)
    bias : (C_out,), optional
    stride, padding, dilation : int      step of the window, zeros added, gaps between weights
    groups : int                         split the channels into this many separate convolutions

    Returns
    -------
    y : (N, C_out, L_out)                L_out = output_size(L, K, ...)
    backward : dy -> (dx, dweight, dbias)

    Raises
    ------
    TypeError        if the arrays are not of one floating dtype
    ValueError       if ranks or channels disagree, or the kernel is wider than the padded x

    Notes
    -----
    Shifting x shifts y, up to the borders: the layer is translation *equivariant*.
    [Dumoulin and Visin, 2016, arXiv:1603.07285]

    Examples
    --------
    >>> x, kernel = np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[-1.0, 1.0]]])
    >>> conv1d(x, kernel)[0]
    array([[[1., 2., 4.]]])
    """
    return _conv("conv1d", "N, C, L", x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[Array, Backward]:
    """Slide kernels over an image.

        y[n, o, i, j] = bias[o]
            + sum over c, k, l of  weight[o, c, k, l] * x[n, c, i', j']

        i' = stride·i + dilation·k        j' = stride·j + dilation·l

    with `padding` rows and columns of zeros on every side of x.

    Parameters
    ----------
    x : (N, C_in, H, W)
    weight : (C_out, C_in / groups, K_h, K_w)
    bias : (C_out,), optional
    stride, padding, dilation : int or (int, int)    the pair is (down, across)
    groups : int                                     separate convolutions, side by side

    Returns
    -------
    y : (N, C_out, H_out, W_out)                     sizes by `output_size`
    backward : dy -> (dx, dweight, dbias)

    Raises
    ------
    TypeError        if the arrays are not of one floating dtype
    ValueError       if ranks or channels disagree, or the kernel is larger than the padded x

    Notes
    -----
    A kernel that is 1 in its centre and 0 elsewhere returns x itself.
    [LeCun et al., 1989; Dumoulin and Visin, 2016, arXiv:1603.07285]

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(x, np.ones((1, 1, 2, 2)))[0]
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    return _conv("conv2d", "N, C, H, W", x, weight, bias, stride, padding, dilation, groups)


def _conv(
    operation: str,
    axes: str,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> tuple[Array, Backward]:
    """Convolution over any number of spatial axes: gather the columns, then one matmul."""
    check_arrays(operation, x=x, weight=weight, bias=bias)
    check_rank(operation, "x", x, axes)
    check_rank(operation, "weight", weight, axes.replace("N, C", "C_out, C_in / groups"))
    n, channels, *size = x.shape
    out_channels, _, *kernel = weight.shape
    stride = as_tuple(operation, "stride", stride, len(size), least=1)
    padding = as_tuple(operation, "padding", padding, len(size), least=0)
    dilation = as_tuple(operation, "dilation", dilation, len(size), least=1)
    _check_channels(operation, x, weight, bias, groups)
    _check_window(operation, size, kernel, padding, dilation)
    out = tuple(
        output_size(s, k, stride=st, padding=p, dilation=d)
        for s, k, st, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    positions, fan_in = math.prod(out), weight[0].size
    windows = list(taps(kernel, stride, dilation, out))
    kernels = weight.reshape(groups, out_channels // groups, fan_in)
    blocks = list(_blocks(n, x.itemsize * groups * fan_in * positions))

    def columns(block: slice) -> Array:  # -> (samples, groups, fan_in, positions)
        padded = pad(x[block], padding)
        cols = np.empty((len(padded), channels, len(windows), *out), x.dtype)
        for k, window in enumerate(windows):
            cols[:, :, k] = padded[window]
        return cols.reshape(len(padded), groups, fan_in, positions)

    y = np.empty((n, groups, out_channels // groups, positions), x.dtype)
    for block in blocks:
        cols = columns(block)
        np.matmul(kernels, cols, out=y[block])
    if bias is not None:
        y += bias.reshape(groups, -1, 1)
    y = y.reshape(n, out_channels, *out)
    kept = cols if len(blocks) == 1 else None  # large columns are gathered again, not remembered

    def backward(dy: Array) -> tuple[Array, Array, Array | None]:
        check_gradient(operation, dy, y)
        dys = dy.reshape(n, groups, out_channels // groups, positions)
        dweight, dx = np.zeros_like(kernels), np.empty_like(x)
        for block in blocks:
            cols = columns(block) if kept is None else kept
            dweight += (dys[block] @ cols.swapaxes(-1, -2)).sum(axis=0)
            dcols = (kernels.swapaxes(-1, -2) @ dys[block]).reshape(
                -1, channels, len(windows), *out
            )
            dpadded = np.zeros((len(dcols), *padded_shape(x.shape[1:], padding)), x.dtype)
            for k, window in enumerate(windows):  # where windows overlap, gradients add
                dpadded[window] += dcols[:, :, k]
            dx[block] = unpad(dpadded, padding)
        dbias = None if bias is None else dys.sum(axis=(0, 3)).reshape(-1)
        return dx, dweight.reshape(weight.shape), dbias

    return y, backward


def taps(
    kernel: Any, stride: tuple[int, ...], dilation: tuple[int, ...], out: tuple[int, ...]
) -> Iterator[tuple[Any, ...]]:
    """For each weight of the kernel, the slice of the padded input that it meets on its way."""
    for tap in np.ndindex(*kernel):
        yield (
            ...,
            *(
                slice(t * d, t * d + s * (o - 1) + 1, s)
                for t, d, s, o in zip(tap, dilation, stride, out, strict=True)
            ),
        )


def padded_shape(shape: tuple[int, ...], padding: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with `padding` added at both ends of the last axes."""
    leading = len(shape) - len(padding)
    return (
        *shape[:leading],
        *(s + 2 * p for s, p in zip(shape[leading:], padding, strict=True)),
    )


def pad(x: Array, padding: tuple[int, ...], value: float = 0.0) -> Array:
    """Put `value` around the last axes of x (np.pad is ten times slower on small arrays)."""
    if not any(padding):
        return x
    padded = np.full(padded_shape(x.shape, padding), value, x.dtype)
    unpad(padded, padding)[...] = x
    return padded


def unpad(padded: Array, padding: tuple[int, ...]) -> Array:
    """The part of a padded array that is not padding, as a view."""
    sizes = padded.shape[padded.ndim - len(padding) :]
    inner = tuple(slice(p, s - p) for s, p in zip(sizes, padding, strict=True))
    return padded[(..., *inner)]  # type: ignore[arg-type]


def _blocks(samples: int, bytes_per_sample: int) -> Iterator[slice]:
    """Slices of the batch whose columns stay within the cache."""
    step = max(1, CACHE_BYTES // max(1, bytes_per_sample))
    return (slice(start, start + step) for start in range(0, max(samples, 1), step))


def _check_channels(
    operation: str, x: Array, weight: Array, bias: Array | None, groups: int
) -> None:
    as_tuple(operation, "groups", groups, 1, least=1)
    channels, out_channels = x.shape[1], weight.shape[0]
    if channels != weight.shape[1] * groups:
        times = f" x {groups} groups = {weight.shape[1] * groups}" if groups > 1 else ""
        raise ValueError(
            f"{operation}: x has {channels} channels but weight expects {weight.shape[1]}{times} "
            f"(x {x.shape}, weight {weight.shape}); channels are axis 1."
        )
    if out_channels % groups:
        raise ValueError(
            f"{operation}: {out_channels} output channels (weight {weight.shape}) cannot be split "
            f"into {groups} groups; C_out must be a multiple of groups."
        )
    if bias is not None and bias.shape != (out_channels,):
        raise ValueError(
            f"{operation}: bias has shape {bias.shape} but weight {weight.shape} has "
            f"{out_channels} output channels; bias must be ({out_channels},)."
        )


def _check_window(operation: str, size: Any, kernel: Any, padding: Any, dilation: Any) -> None:
    for s, k, p, d in zip(size, kernel, padding, dilation, strict=True):
        if d * (k - 1) + 1 > s + 2 * p or k < 1:
            raise ValueError(
                f"{operation}: the window is {d * (k - 1) + 1} wide (kernel {k}, dilation {d}) but "
                f"the padded input only {s + 2 * p} (size {s}, padding {p}); "
                "use a smaller kernel or more padding."
            )


class _Convolution(Layer):
    weight: Array  # (C_out, C_in / groups, *kernel_size)
    bias: Array | None = None  # (C_out,)
    _: KW_ONLY
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    dilation: int | tuple[int, ...] = 1
    groups: int = 1

    _operation: ClassVar[Callable[..., tuple[Array, Backward]]]
    _spatial_axes: ClassVar[int]

    @classmethod
    def init(
        cls,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        *,
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        rng: np.random.Generator,
        dtype: Any = np.float32,
    ) -> Self:
        """Draw weight and bias as PyTorch does: uniform within ±1/√(inputs of one output)."""
        kernel = as_tuple(cls.__name__, "kernel_size", kernel_size, cls._spatial_axes, least=1)
        as_tuple(cls.__name__, "groups", groups, 1, least=1)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{cls.__name__}: {in_channels} input and {out_channels} output channels cannot "
                f"both be split into {groups} groups; both must be multiples of groups."
            )
        shape = (out_channels, in_channels // groups, *kernel)
        fan_in = math.prod(shape[1:])
        weight = uniform_by_fan_in(shape, fan_in, rng=rng, dtype=dtype)
        return cls(
            weight,
            uniform_by_fan_in((out_channels,), fan_in, rng=rng, dtype=dtype) if bias else None,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, conv_backward = self._operation(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )

        def backward(dy: Array) -> tuple[Array, _Convolution]:
            dx, dweight, dbias = conv_backward(dy)
            return dx, self._with(weight=dweight, bias=dbias)

        return y, backward


class Conv1d(_Convolution):
    """Convolution along a sequence, (N, C_in, L) -> (N, C_out, L_out) (see `conv1d`)."""

    _operation = staticmethod(conv1d)
    _spatial_axes = 1


class Conv2d(_Convolution):
    """Convolution over an image, (N, C_in, H, W) -> (N, C_out, H_out, W_out) (see `conv2d`)."""

    _operation = staticmethod(conv2d)
    _spatial_axes = 2
