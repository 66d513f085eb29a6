"""A convolution slides one small set of weights over the input: local, shared, in any dimension.

What the libraries call convolution is cross-correlation: the kernel is not flipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Any, ClassVar, Self

import numpy as np

from course_lib.blocks import sum_rows
from course_lib.errors import (
    as_tuple,
    check_arrays,
    check_flag,
    check_gradient,
    check_int,
    check_rank,
    so_many,
)
from course_lib.initializer import uniform_by_fan_in
from course_lib.layer import Backward, Layer
from course_lib.record import Array
from course_lib.windows import (
    Sizes,
    Windows,
    as_image,
    lay_out,
    make_windows,
    place_windows,
    split_channels,
    split_work,
    windows_on_output,
)
from course_lib.windows import output_size as output_size


def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int = 1,
    padding: int | str = 0,
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
    stride, padding, dilation : int      step of the window, zeros added, gaps between weights;
                                         padding="same" at stride 1 keeps the length
    groups : int                         split the channels into this many separate convolutions

    Returns
    -------
    y : (N, C_out, L_out)                L_out = output_size(L, K, ...)
    backward : dy -> (dx, dweight, dbias)

    each product of the sum goes back to both of its factors:

        dweight[o, c, k] = sum over n, i of  dy[n, o, i] * x[n, c, stride·i + dilation·k]
        dx[n, c, stride·i + dilation·k] += weight[o, c, k] * dy[n, o, i]      for all o, i and k
        dbias[o] = sum over n, i of  dy[n, o, i]

    Raises
    ------
    TypeError        if the arrays are not of one floating dtype
    ValueError       if ranks or channels disagree, or the kernel is wider than the padded x

    Notes
    -----
    Shifting x shifts y, up to the borders: the layer is translation *equivariant*. Where "same"
    takes an odd number of zeros, one more of them stands at the end, as in PyTorch.
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
    padding: int | tuple[int, int] | str = 0,
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
    stride, padding, dilation : int or (int, int)    the pair is (down, across); padding="same" at
                                                     stride 1 keeps the size
    groups : int                                     separate convolutions, side by side

    Returns
    -------
    y : (N, C_out, H_out, W_out)                     sizes by `output_size`
    backward : dy -> (dx, dweight, dbias)

        dweight[o, c, k, l] = sum over n, i, j of  dy[n, o, i, j] * x[n, c, i', j']
        dx[n, c, i', j'] += weight[o, c, k, l] * dy[n, o, i, j]      for all o, i, j, k and l
        dbias[o] = sum over n, i, j of  dy[n, o, i, j]

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
    check_arrays(operation, required=2, x=x, weight=weight, bias=bias)
    check_rank(operation, "x", x, axes)
    check_rank(operation, "weight", weight, axes.replace("N, C", "C_out, C_in / groups"))
    check_int(operation, "groups", groups, least=1)
    out_channels = len(weight)
    check_channels(operation, x, weight, bias, groups, weight.shape[1] * groups, out_channels)
    geometry = spatial_sizes(operation, x, weight, stride, padding, dilation)
    same = isinstance(padding, str)
    places = make_windows(*geometry, x.shape[2:]) if same else place_windows(operation, *geometry)
    kernels = weight.reshape(groups, out_channels // groups, math.prod(weight.shape[1:]))
    grouped_x, taps = split_channels(x, groups), len(places.taps)
    y = np.empty((len(x), out_channels, *places.out), x.dtype)
    grouped_y = split_channels(y, groups)
    windows, side_by_side, blocks = split_work(grouped_x, places)
    cols = None
    for block in blocks:
        cols = windows.gather(lay_out(grouped_x[block], side_by_side), cols)
        as_image(grouped_y[block], side_by_side)[...] = windows.from_rows(kernels[block[1]] @ cols)
    add_bias(y, bias)
    kept = cols if len(blocks) == 1 else None  # large columns are gathered again, not remembered
    narrow = kept is None and out_channels <= x.shape[1]  # the columns of dy are no larger then
    turned = windows_on_output(places.out, *geometry) if narrow else None

    def backward(dy: Array) -> tuple[Array, Array, Array | None]:
        check_gradient(operation, dy, y)
        grouped_dy, dbias = split_channels(dy, groups), bias_gradient(dy, bias)
        if turned is not None:
            dx, dkernels = pull_back(grouped_x, grouped_dy, turn(kernels, taps), turned)
            dkernels = keep_apart(turn(dkernels, taps), grouped_x, grouped_dy, places)
            return dx.reshape(x.shape), dkernels.reshape(weight.shape), dbias
        cols = kept
        dx, dkernels = np.empty(x.shape, x.dtype), np.zeros(kernels.shape, x.dtype)
        grouped_dx = split_channels(dx, groups)
        for block in blocks:
            if kept is None:
                cols = windows.gather(lay_out(grouped_x[block], side_by_side), cols)
            drows = windows.to_rows(lay_out(grouped_dy[block], side_by_side))
            dkernels[block[1]] += weight_gradient(cols, drows)
            dcols = spread(kernels[block[1]], drows, cols if kept is None else None)
            windows.scatter(dcols, as_image(grouped_dx[block], side_by_side))
        dkernels = keep_apart(dkernels, grouped_x, grouped_dy, places)
        return dx, dkernels.reshape(weight.shape), dbias

    return y, backward


def spatial_sizes(
    operation: str, x: Array, weight: Array, stride: Any, padding: Any, dilation: Any
) -> tuple[Sizes, Sizes, Sizes, Sizes, Sizes]:
    """Of image and kernel, and stride, padding and dilation: one number per spatial axis."""
    rank, kernel = x.ndim - 2, weight.shape[2:]
    stride = as_tuple(operation, "stride", stride, rank, least=1)
    dilation = as_tuple(operation, "dilation", dilation, rank, least=1)
    padding = check_padding(operation, padding, stride)
    if padding == "same":
        padding = tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    return x.shape[2:], kernel, stride, padding, dilation


def check_padding(operation: str, padding: Any, stride: Sizes) -> Any:
    """One number per spatial axis, or "same"."""
    if not isinstance(padding, str):
        return as_tuple(operation, "padding", padding, len(stride), least=0)
    if padding != "same":
        raise ValueError(
            f'{operation}: padding must be "same" or a number of pixels, not {padding!r}.'
        )
    if set(stride) != {1}:
        raise ValueError(
            f'{operation}: padding="same" keeps the size at stride 1 only, and stride is '
            f"{stride}; give the padding in pixels."
        )
    return padding


def turn(kernels: Array, taps: int) -> Array:
    """Kernels turned half round, inputs and outputs swapped: (groups, C_in, C_out · K).

    dx is the convolution of dy with them if the stride is 1.
    """
    groups, channels, _ = kernels.shape
    turned = kernels.reshape(groups, channels, -1, taps)[..., ::-1].swapaxes(1, 2)
    # a copy, as BLAS takes no rows that run backwards
    return turned.copy().reshape(groups, -1, channels * taps)


def pull_back(x: Array, dy: Array, kernels: Array, windows: Windows) -> tuple[Array, Array]:
    """Both gradients from the columns of dy, with nothing to scatter: the windows stand on dy.

    x (N, groups, C_in, *size), dy (N, groups, C_out, *out), kernels (groups, C_in, C_out · K)
    -> dx, dkernels
    """
    dx, dkernels = np.empty(x.shape, x.dtype), np.zeros(kernels.shape, x.dtype)
    windows, side_by_side, blocks = split_work(dy, windows)
    cols = None
    for block in blocks:
        cols = windows.gather(lay_out(dy[block], side_by_side), cols)
        rows = windows.to_rows(lay_out(x[block], side_by_side))
        dkernels[block[1]] += weight_gradient(cols, rows)
        dimage = as_image(dx[block], side_by_side)
        dimage[...] = windows.from_rows(kernels[block[1]] @ cols)
    return dx, dkernels


def spread(kernels: Array, rows: Array, spare: Array | None = None) -> Array:
    """Each output times every weight that made it: columns (b, groups, C · K, places · m)."""
    multiply = np.multiply if kernels.shape[1] == 1 else np.matmul  # outer products are faster so
    return multiply(kernels.swapaxes(1, 2), rows, out=spare)


def weight_gradient(cols: Array, drows: Array) -> Array:
    """For each weight the sum of (what it saw · what came of it): (groups, C_out / groups, C · K).

    The product is the other way round, then transposed: BLAS likes the longer matrix first.
    """
    return _sum_samples(cols @ drows.swapaxes(-1, -2)).swapaxes(-1, -2)


def keep_apart(dkernels: Array, image: Array, rows: Array, windows: Windows) -> Array:
    """The weight gradient, in which a pixel that is no number spoils only the weights that met it.

    Columns may hold places that are not used, and padding; both meet zeros, but 0 * inf is NaN. So
    where the gradient is not finite, we make it again, tap by tap, from what that tap met.
    """
    if np.count_nonzero(np.isfinite(dkernels)) == dkernels.size:
        return dkernels
    padded = windows.on_canvas(image[..., None])
    inside = windows.on_canvas(np.ones((*windows.size, 1), bool))
    parts = []
    for tap in windows.taps:
        seen = padded[tap].reshape(*image.shape[:3], -1)
        met = np.where(inside[tap][..., 0], rows, 0).reshape(*rows.shape[:3], -1)
        parts.append(_sum_samples(met @ seen.swapaxes(-1, -2)))
    return np.stack(parts, axis=-1).reshape(dkernels.shape)


def _sum_samples(parts: Array) -> Array:
    """(n, ...) -> (...)"""
    if len(parts) == 1:
        return parts[0]
    return sum_rows(parts.reshape(len(parts), math.prod(parts.shape[1:]))).reshape(parts.shape[1:])


def add_bias(y: Array, bias: Array | None) -> None:
    """Add one number per channel to the fresh array y."""
    if bias is not None:
        y += bias.reshape(-1, *(1,) * (y.ndim - 2))


def bias_gradient(dy: Array, bias: Array | None) -> Array | None:
    """Every position of a channel got the same bias, so its gradient is their sum."""
    if bias is None:
        return None
    return _sum_samples(dy).reshape(len(bias), math.prod(dy.shape[2:])).sum(axis=1)


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
            f"{operation}: x has {so_many(x.shape[1], 'channel')} but weight expects "
            f"{in_channels}{in_groups} (x {x.shape}, weight {weight.shape}); channels are axis 1."
        )
    if bias is not None and bias.shape != (out_channels,):
        raise ValueError(
            f"{operation}: bias has shape {bias.shape} but weight {weight.shape} has "
            f"{so_many(out_channels, 'output channel')}; bias must be ({out_channels},)."
        )


class Convolution(Layer):
    """What the convolution layers of every rank share, plain and transposed."""

    weight: Array  # (C_out, C_in / groups, *kernel_size)
    bias: Array | None = None  # (C_out,)
    _: KW_ONLY
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] | str = 0
    dilation: int | tuple[int, ...] = 1
    groups: int = 1

    _operation: ClassVar[Callable[..., tuple[Array, Backward]]]
    spatial_axes: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        name, axes = type(self).__name__, self.spatial_axes
        if self.weight.ndim != 2 + axes:
            raise ValueError(
                f"{name}: weight has shape {self.weight.shape}, "
                f"{so_many(self.weight.ndim, 'axis', 'axes')} instead of {2 + axes}; draw one "
                f"with {name}.init(in_channels, out_channels, kernel_size, rng=rng)."
            )
        self._check_padding(as_tuple(name, "stride", self.stride, axes, least=1))
        as_tuple(name, "dilation", self.dilation, axes, least=1)
        check_int(name, "groups", self.groups, least=1)

    def _check_padding(self, stride: Sizes) -> None:
        check_padding(type(self).__name__, self.padding, stride)

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
        check_int(cls.__name__, "groups", groups, least=1)
        check_int(cls.__name__, "in_channels", in_channels, least=0)
        check_int(cls.__name__, "out_channels", out_channels, least=0)
        check_flag(cls.__name__, "bias", bias)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{cls.__name__}: {in_channels} input and {out_channels} output channels cannot "
                f"both be split into {groups} groups; both must be multiples of groups."
            )
        shape = (*cls._channel_axes(in_channels, out_channels, groups), *kernel)
        fan_in = math.prod(shape[1:])

        def draw(*shape: int) -> Array:
            return uniform_by_fan_in(cls.__name__, shape, fan_in, rng=rng, dtype=dtype)

        weight, drawn = draw(*shape), draw(out_channels) if bias else None
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
