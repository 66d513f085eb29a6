"""A transposed convolution stamps: each number pastes a weighted copy of the kernel, overlaps add.

It is the convolution with its two halves swapped: its forward pass is the convolution's backward
pass with respect to x. It does not undo a convolution, though some call it "deconvolution".
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.convolution import (
    Convolution,
    add_bias,
    bias_gradient,
    check_channels,
    keep_apart,
    pull_back,
    spatial_sizes,
    spread,
)
from course_lib.errors import as_tuple, check_arrays, check_gradient, check_int, check_rank
from course_lib.layer import Backward
from course_lib.record import Array
from course_lib.windows import (
    Sizes,
    Windows,
    as_image,
    lay_out,
    make_windows,
    split_channels,
    split_work,
)


def transposed_output_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """How long the output of a transposed convolution is along one axis.

        (size - 1)·stride - 2·padding + dilation·(kernel_size - 1) + output_padding + 1

    Parameters
    ----------
    size, kernel_size, stride, dilation : int     as in a convolution
    padding : int             cut off at both ends (a convolution with this padding would add it)
    output_padding : int      added at the end: which of the sizes that a strided convolution
                              shrinks to the same length is meant

    Returns
    -------
    int

    Raises
    ------
    TypeError       if one of them is not an int
    ValueError      if output_padding reaches both stride and dilation, a stride or dilation is
                    below 1, or nothing is left

    Notes
    -----
    The same formula as in PyTorch's `torch.nn.ConvTranspose2d`.
    [Dumoulin and Visin, 2016, arXiv:1603.07285]

    Examples
    --------
    >>> transposed_output_size(13, 3, stride=2), transposed_output_size(13, 3, stride=2,
    ...     output_padding=1)
    (27, 28)
    """
    check_int("transposed_output_size", "size", size, least=0)
    check_int("transposed_output_size", "kernel_size", kernel_size, least=1)
    check_int("transposed_output_size", "stride", stride, least=1)
    check_int("transposed_output_size", "padding", padding, least=0)
    check_int("transposed_output_size", "output_padding", output_padding, least=0)
    check_int("transposed_output_size", "dilation", dilation, least=1)
    return _output_size(
        "transposed_output_size", size, kernel_size, stride, padding, output_padding, dilation
    )


def conv_transpose1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> tuple[Array, Backward]:
    """Stamp kernels along a sequence.

        y[n, o, stride·i + dilation·k - padding] += weight[c, o, k] * x[n, c, i]

    for all c, i and k; what falls outside y is dropped, and bias[o] is added everywhere.

    Parameters
    ----------
    x : (N, C_in, L)
    weight : (C_in, C_out / groups, K)         the first two axes as in PyTorch: in, then out
    bias : (C_out,), optional
    stride, padding, dilation : int            distance of the stamps, samples cut off at both
                                               ends, gaps between weights
    output_padding : int                       samples added at the end
    groups : int                               separate transposed convolutions, side by side

    Returns
    -------
    y : (N, C_out, L_out)                      L_out = transposed_output_size(L, K, ...)
    backward : dy -> (dx, dweight, dbias)

    dx is the convolution of dy with the same weight; with p = stride·i + dilation·k - padding,

        dx[n, c, i] = sum over o, k of  weight[c, o, k] * dy[n, o, p]
        dweight[c, o, k] = sum over n, i of  x[n, c, i] * dy[n, o, p]
        dbias[o] = sum over n, p of  dy[n, o, p]

    Raises
    ------
    TypeError        if the arrays are not of one floating dtype
    ValueError       if ranks or channels disagree, or the output would be empty

    Notes
    -----
    With the same weight and options it is the adjoint of conv1d: <conv1d(x), y> =
    <x, conv_transpose1d(y)>.      [Dumoulin and Visin, 2016, arXiv:1603.07285]

    Examples
    --------
    >>> x, kernel = np.array([[[1.0, 10.0]]]), np.array([[[1.0, 2.0, 3.0]]])
    >>> conv_transpose1d(x, kernel, stride=2)[0]
    array([[[ 1.,  2., 13., 20., 30.]]])
    """
    options = (stride, padding, output_padding, dilation, groups)
    return _conv_transpose("conv_transpose1d", "N, C, L", x, weight, bias, *options)


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[Array, Backward]:
    """Stamp kernels onto an image.

        y[n, o, i', j'] += weight[c, o, k, l] * x[n, c, i, j]

        i' = stride·i + dilation·k - padding        j' = stride·j + dilation·l - padding

    for all c, i, j, k and l; what falls outside y is dropped, and bias[o] is added everywhere.

    Parameters
    ----------
    x : (N, C_in, H, W)
    weight : (C_in, C_out / groups, K_h, K_w)        the first two axes as in PyTorch: in, then out
    bias : (C_out,), optional
    stride, padding, dilation : int or (int, int)    the pair is (down, across)
    output_padding : int or (int, int)               rows and columns added at the end
    groups : int                                     separate transposed convolutions, side by side

    Returns
    -------
    y : (N, C_out, H_out, W_out)                     sizes by `transposed_output_size`
    backward : dy -> (dx, dweight, dbias)

        dx[n, c, i, j] = sum over o, k, l of  weight[c, o, k, l] * dy[n, o, i', j']
        dweight[c, o, k, l] = sum over n, i, j of  x[n, c, i, j] * dy[n, o, i', j']
        dbias[o] = sum over n, i', j' of  dy[n, o, i', j']

    Raises
    ------
    TypeError        if the arrays are not of one floating dtype
    ValueError       if ranks or channels disagree, or the output would be empty

    Notes
    -----
    Away from the border every pixel is stamped equally often exactly if stride divides kernel_size;
    otherwise the output shows a checkerboard.
    [Odena et al., 2016, Deconvolution and checkerboard artifacts]

    Examples
    --------
    >>> conv_transpose2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), stride=2)[0]
    array([[[[1., 1., 2., 1., 1.],
             [1., 1., 2., 1., 1.],
             [2., 2., 4., 2., 2.],
             [1., 1., 2., 1., 1.],
             [1., 1., 2., 1., 1.]]]])
    """
    options = (stride, padding, output_padding, dilation, groups)
    return _conv_transpose("conv_transpose2d", "N, C, H, W", x, weight, bias, *options)


def _conv_transpose(
    operation: str,
    axes: str,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
    groups: int,
) -> tuple[Array, Backward]:
    """The convolution with gather and scatter swapped: the windows stand on y, not on x."""
    check_arrays(operation, required=2, x=x, weight=weight, bias=bias)
    check_rank(operation, "x", x, axes)
    check_rank(operation, "weight", weight, axes.replace("N, C", "C_in, C_out / groups"))
    check_int(operation, "groups", groups, least=1)
    in_channels, out_channels = len(weight), weight.shape[1] * groups
    check_channels(operation, x, weight, bias, groups, in_channels, out_channels)
    as_tuple(operation, "padding", padding, x.ndim - 2, least=0)  # here "same" has no meaning
    geometry = spatial_sizes(operation, x, weight, stride, padding, dilation)
    more = as_tuple(operation, "output_padding", output_padding, x.ndim - 2, least=0)
    windows = _place_stamps(operation, *geometry, more)
    kernels = weight.reshape(groups, in_channels // groups, math.prod(weight.shape[1:]))
    grouped_x = split_channels(x, groups)
    y = np.empty((len(x), out_channels, *windows.size), x.dtype)
    grouped_y = split_channels(y, groups)
    placed, side_by_side, blocks = split_work(grouped_y, windows)
    for block in blocks:
        rows = placed.to_rows(lay_out(grouped_x[block], side_by_side))
        placed.scatter(spread(kernels[block[1]], rows), as_image(grouped_y[block], side_by_side))
    add_bias(y, bias)

    def backward(dy: Array) -> tuple[Array, Array, Array | None]:
        check_gradient(operation, dy, y)
        grouped_dy = split_channels(dy, groups)
        dx, dkernels = pull_back(grouped_x, grouped_dy, kernels, windows)
        dkernels = keep_apart(dkernels, grouped_dy, grouped_x, windows)
        return dx.reshape(x.shape), dkernels.reshape(weight.shape), bias_gradient(dy, bias)

    return y, backward


@lru_cache(maxsize=256)  # a training loop asks for the same few again and again
def _place_stamps(
    operation: str,
    size: Sizes,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    output_padding: Sizes,
) -> Windows:
    """The windows of the convolution that goes the other way: as many as x has positions."""
    each_axis = zip(size, kernel, stride, padding, output_padding, dilation, strict=True)
    out = tuple(_output_size(operation, *along_axis) for along_axis in each_axis)
    return make_windows(out, kernel, stride, padding, dilation, size)


def _output_size(
    operation: str,
    size: int,
    kernel_size: int,
    stride: int,
    padding: int,
    output_padding: int,
    dilation: int,
) -> int:
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"{operation}: output_padding {output_padding} must be smaller than stride {stride} or "
            f"dilation {dilation}; more would add pixels that no stamp reaches."
        )
    out = (size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    if out < 1 or size < 1 or kernel_size < 1:
        raise ValueError(
            f"{operation}: nothing is left of the output: size {size}, kernel {kernel_size}, "
            f"stride {stride}, dilation {dilation} and padding {padding} give {out}; "
            "use less padding or a larger kernel."
        )
    return out


class TransposedConvolution(Convolution):
    """What the transposed convolutions of every rank share."""

    _: KW_ONLY
    output_padding: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        as_tuple(name, "output_padding", self.output_padding, self.spatial_axes, least=0)

    def _check_padding(self, stride: Sizes) -> None:
        as_tuple(type(self).__name__, "padding", self.padding, len(stride), least=0)

    @staticmethod
    def _channel_axes(in_channels: int, out_channels: int, groups: int) -> tuple[int, int]:
        return in_channels, out_channels // groups

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"output_padding": self.output_padding}


class ConvTranspose1d(TransposedConvolution):
    """Stamping along a sequence, (N, C_in, L) -> (N, C_out, L_out) (see `conv_transpose1d`)."""

    _operation = staticmethod(conv_transpose1d)
    spatial_axes = 1


class ConvTranspose2d(TransposedConvolution):
    """Stamping onto an image, (N, C_in, H, W) -> (N, C_out, H', W') (see `conv_transpose2d`)."""

    _operation = staticmethod(conv_transpose2d)
    spatial_axes = 2
