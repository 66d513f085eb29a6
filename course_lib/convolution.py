"""A convolution slides one small set of weights over the input: local, shared, in any dimension.

What the libraries call convolution is cross-correlation: the kernel is not flipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from course_lib.errors import as_tuple, check_arrays, check_gradient, check_rank
from course_lib.initializer import uniform_by_fan_in
from course_lib.layer import Backward, Layer
from course_lib.record import Array

CACHE_BYTES = 2**20  # columns that fit the second-level cache are filled and multiplied fastest
GAP = 16  # numbers in a cache line
FEW_SAMPLES = 4  # fewer samples than this are faster one by one than side by side


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
    ValueError      if the kernel is wider than the padded input, or a stride or dilation is below 1

    Examples
    --------
    >>> output_size(28, 3, padding=1)
    28
    >>> output_size(28, 3, stride=2)
    13
    """
    as_tuple("output_size", "stride", stride, 1, least=1)
    as_tuple("output_size", "padding", padding, 1, least=0)
    as_tuple("output_size", "dilation", dilation, 1, least=1)
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
    as_tuple(operation, "groups", groups, 1, least=1)
    rank, out_channels = x.ndim - 2, len(weight)
    check_channels(operation, x, weight, bias, groups, weight.shape[1] * groups, out_channels)
    windows = place_windows(
        operation,
        x.shape[2:],
        weight.shape[2:],
        as_tuple(operation, "stride", stride, rank, least=1),
        as_tuple(operation, "padding", padding, rank, least=0),
        as_tuple(operation, "dilation", dilation, rank, least=1),
    )
    kernels = weight.reshape(groups, out_channels // groups, math.prod(weight.shape[1:]))
    grouped_x = split_channels(x, groups)
    y = np.empty((len(x), out_channels, *windows.out), x.dtype)
    grouped_y = split_channels(y, groups)
    blocks = split_work(grouped_x, windows)
    for block in blocks:
        cols = windows.gather(grouped_x[block])
        grouped_y[block] = from_rows(kernels[block[1]] @ cols, grouped_y[block].shape)
    add_bias(y, bias)
    kept = cols if len(blocks) == 1 else None  # large columns are gathered again, not remembered

    def backward(dy: Array) -> tuple[Array, Array, Array | None]:
        check_gradient(operation, dy, y)
        dx, dkernels = np.empty(x.shape, x.dtype), np.zeros_like(kernels)
        grouped_dx, grouped_dy = split_channels(dx, groups), split_channels(dy, groups)
        for block in blocks:
            cols = windows.gather(grouped_x[block]) if kept is None else kept
            drows = to_rows(grouped_dy[block])
            dkernels[block[1]] += drows @ cols.swapaxes(1, 2)
            grouped_dx[block] = windows.scatter(spread(kernels[block[1]], drows))
        return dx, dkernels.reshape(weight.shape), bias_gradient(dy, bias)

    return y, backward


class Windows(NamedTuple):
    """Every place of a kernel on a padded image, in any number of dimensions.

    `gather` copies what the windows see into columns, `scatter` adds columns back to where they
    were seen: each is the other's transpose. The samples of a batch lie side by side on the last
    axis, so that what is copied is long and contiguous even where images are small.
    """

    size: tuple[int, ...]  # of the image
    padding: tuple[int, ...]
    out: tuple[int, ...]  # how many places, per axis
    taps: tuple[tuple[slice, ...], ...]  # per weight of the kernel: the pixels that it meets

    def gather(self, x: Array) -> Array:
        """(n, groups, C, *size) -> columns (groups, C · K, places · n)."""
        n, groups, channels = x.shape[:3]
        image = pad(samples_last(x), self.padding)
        cols = np.empty((groups, channels, len(self.taps), *self.out, n), x.dtype)
        for k, tap in enumerate(self.taps):
            cols[:, :, k] = image[tap]
        return cols.reshape(groups, channels * len(self.taps), math.prod(self.out) * n)

    def scatter(self, cols: Array) -> Array:
        """Columns (groups, C · K, places · n) -> (n, groups, C, *size); overlaps add."""
        groups, channels = len(cols), cols.shape[1] // len(self.taps)
        n = cols.shape[2] // math.prod(self.out)
        cols = cols.reshape(groups, channels, len(self.taps), *self.out, n)
        image = np.zeros((groups, channels, *padded_size(self.size, self.padding), n), cols.dtype)
        for k, tap in enumerate(self.taps):
            image[tap] += cols[:, :, k]
        return np.moveaxis(unpad(image, self.padding), -1, 0)


@lru_cache(maxsize=256)  # a training loop asks for the same few again and again
def place_windows(
    operation: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Windows:
    """All places where the kernel fits on the padded image."""
    _check_window(operation, size, kernel, padding, dilation)
    out = tuple(
        output_size(s, k, stride=st, padding=p, dilation=d)
        for s, k, st, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    return Windows(size, padding, out, find_taps(kernel, stride, dilation, out))


def find_taps(
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    out: tuple[int, ...],
) -> tuple[tuple[slice, ...], ...]:
    """For each weight of the kernel, the slices of a padded image (:, :, *size) that it meets."""
    return tuple(
        (
            slice(None),
            slice(None),
            *(
                slice(t * d, t * d + s * (o - 1) + 1, s)
                for t, d, s, o in zip(tap, dilation, stride, out, strict=True)
            ),
        )
        for tap in np.ndindex(*kernel)
    )


def padded_size(size: tuple[int, ...], padding: tuple[int, ...]) -> tuple[int, ...]:
    """The size with `padding` added at both ends of every axis."""
    return tuple(s + 2 * p for s, p in zip(size, padding, strict=True))


def pad(image: Array, padding: tuple[int, ...], value: float = 0.0) -> Array:
    """Put `value` around an image (:, :, *size, ...); np.pad is ten times slower on small ones."""
    if not any(padding):
        return image
    end = 2 + len(padding)
    size = padded_size(image.shape[2:end], padding)
    padded = np.full((*image.shape[:2], *size, *image.shape[end:]), value, image.dtype)
    unpad(padded, padding)[...] = image
    return padded


def unpad(padded: Array, padding: tuple[int, ...]) -> Array:
    """The part of a padded image (:, :, *size, ...) that is not padding, as a view."""
    inner = (slice(p, s - p) for s, p in zip(padded.shape[2:], padding, strict=False))
    return padded[(slice(None), slice(None), *inner)]


def split_channels(x: Array, groups: int) -> Array:
    """(N, C, *size) -> (N, groups, C / groups, *size), as a view where that is possible."""
    n, channels, *size = x.shape
    return x.reshape(n, groups, channels // groups, *size)


def split_work(x: Array, windows: Windows) -> list[tuple[slice, slice]]:
    """Blocks of samples and of groups, each so small that its columns stay within the cache."""
    n, groups, channels = x.shape[:3]
    sample_bytes = x.itemsize * channels * len(windows.taps) * math.prod(windows.out)
    fitting = CACHE_BYTES // max(1, sample_bytes)
    few = max(FEW_SAMPLES, windows.out[-1] // 8)  # long rows need no neighbours
    samples = 1 if fitting < few else max(1, min(n, fitting))
    together = max(1, fitting // samples)
    return [
        (slice(i, i + samples), slice(g, g + together))
        for i in range(0, max(1, n), samples)
        for g in range(0, groups, together)
    ]


def samples_last(x: Array) -> Array:
    """(n, groups, C, *size) -> (groups, C, *size, n), contiguous."""
    n, length = len(x), math.prod(x.shape[1:])
    if n == 1:
        return np.ascontiguousarray(x).reshape(*x.shape[1:], 1)
    # Samples a power of two apart evict each other from the cache, so we put a gap between them.
    rows = np.empty((n, length + GAP), x.dtype)[:, :length]
    rows.reshape(x.shape)[...] = x  # a view
    return rows.T.copy().reshape(*x.shape[1:], n)


def to_rows(x: Array) -> Array:
    """(n, groups, C, *size) -> (groups, C, positions · n)."""
    n, groups, channels, *size = x.shape
    return samples_last(x).reshape(groups, channels, math.prod(size) * n)


def from_rows(rows: Array, shape: tuple[int, ...]) -> Array:
    """(groups, C, positions · n) -> (n, groups, C, *size), the way back, as a view."""
    return np.moveaxis(rows.reshape(*shape[1:], shape[0]), -1, 0)


def spread(kernels: Array, rows: Array) -> Array:
    """Each output times every weight that made it: columns (groups, C · K, positions · n)."""
    if kernels.shape[1] == 1:  # an outer product, which matmul does slowly
        return kernels.swapaxes(1, 2) * rows
    return kernels.swapaxes(1, 2) @ rows


def add_bias(y: Array, bias: Array | None) -> None:
    """Add one number per channel to the fresh array y."""
    if bias is not None:
        y += bias.reshape(-1, *(1,) * (y.ndim - 2))


def bias_gradient(dy: Array, bias: Array | None) -> Array | None:
    """Every position of a channel got the same bias, so its gradient is their sum."""
    if bias is None:
        return None
    return dy.sum(axis=0).reshape(len(bias), -1).sum(axis=1)  # six times faster than both at once


def check_channels(
    operation: str,
    x: Array,
    weight: Array,
    bias: Array | None,
    groups: int,
    in_channels: int,
    out_channels: int,
) -> None:
    """The weight must take the channels of x, in groups of equal size; bias has one per output."""
    if len(weight) % groups:
        raise ValueError(
            f"{operation}: axis 0 of weight {weight.shape} cannot be split into {groups} groups; "
            f"its length {len(weight)} must be a multiple of groups."
        )
    if x.shape[1] != in_channels:
        in_groups = f" in {groups} groups" if groups > 1 else ""
        raise ValueError(
            f"{operation}: x has {x.shape[1]} channels but weight expects {in_channels}{in_groups} "
            f"(x {x.shape}, weight {weight.shape}); channels are axis 1."
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


class Convolution(Layer):
    """What the convolution layers of every rank share, plain and transposed."""

    weight: Array  # (C_out, C_in / groups, *kernel_size)
    bias: Array | None = None  # (C_out,)
    _: KW_ONLY
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    dilation: int | tuple[int, ...] = 1
    groups: int = 1

    _operation: ClassVar[Callable[..., tuple[Array, Backward]]]
    spatial_axes: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        name, axes = type(self).__name__, self.spatial_axes
        if self.weight.ndim != 2 + axes:
            raise ValueError(
                f"{name}: weight has shape {self.weight.shape}, {self.weight.ndim} axes instead of "
                f"{2 + axes}; draw one with {name}.init(in_channels, out_channels, kernel_size, "
                "rng=rng)."
            )
        as_tuple(name, "stride", self.stride, axes, least=1)
        as_tuple(name, "padding", self.padding, axes, least=0)
        as_tuple(name, "dilation", self.dilation, axes, least=1)
        as_tuple(name, "groups", self.groups, 1, least=1)

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """The spatial shape of the weight."""
        return self.weight.shape[2:]

    @classmethod
    def init(
        cls,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        *,
        groups: int = 1,
        bias: bool = True,
        rng: np.random.Generator,
        dtype: Any = np.float32,
        **options: Any,
    ) -> Self:
        """Draw weight and bias as PyTorch does: uniform within ±1/√fan-in.

        The options (stride, padding, dilation …) are those of the operation.
        """
        kernel = as_tuple(cls.__name__, "kernel_size", kernel_size, cls.spatial_axes, least=1)
        as_tuple(cls.__name__, "groups", groups, 1, least=1)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{cls.__name__}: {in_channels} input and {out_channels} output channels cannot "
                f"both be split into {groups} groups; both must be multiples of groups."
            )
        shape = (*cls._channel_axes(in_channels, out_channels, groups), *kernel)
        fan_in = math.prod(shape[1:])
        weight = uniform_by_fan_in(shape, fan_in, rng=rng, dtype=dtype)
        drawn = uniform_by_fan_in((out_channels,), fan_in, rng=rng, dtype=dtype) if bias else None
        return cls(weight, drawn, groups=groups, **options)

    @staticmethod
    def _channel_axes(in_channels: int, out_channels: int, groups: int) -> tuple[int, int]:
        return out_channels, in_channels // groups

    def _options(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, conv_backward = self._operation(x, self.weight, self.bias, **self._options())

        def backward(dy: Array) -> tuple[Array, Convolution]:
            dx, dweight, dbias = conv_backward(dy)
            return dx, self._with(weight=dweight, bias=dbias)

        return y, backward


class Conv1d(Convolution):
    """Convolution along a sequence, (N, C_in, L) -> (N, C_out, L_out) (see `conv1d`)."""

    _operation = staticmethod(conv1d)
    spatial_axes = 1


class Conv2d(Convolution):
    """Convolution over an image, (N, C_in, H, W) -> (N, C_out, H_out, W_out) (see `conv2d`)."""

    _operation = staticmethod(conv2d)
    spatial_axes = 2
