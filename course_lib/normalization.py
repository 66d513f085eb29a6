"""Normalising layers give groups of numbers mean 0 and variance 1; they differ in the groups.

LayerNorm takes one example's features, GroupNorm one example's group of channels (with one channel
per group it is called InstanceNorm). RMSNorm takes one example's features too, but leaves their
mean and makes the mean of their squares 1. BatchNorm takes one channel over the whole batch, see
`batch_normalization.py`.

A large mean costs few digits, but squares are taken: where the numbers of a group spread by more
than 1e19 in float32, the variance is infinite and y is 0 (in PyTorch 0 or NaN).
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY
from typing import Any, Self

import numpy as np

from course_lib.blocks import by_row, in_blocks, sum_along_rows, sum_rows, tile
from course_lib.errors import (
    check_arrays,
    check_dtype,
    check_flag,
    check_gradient,
    check_int,
    check_number,
    is_int,
    so_many,
)
from course_lib.layer import Backward, Layer
from course_lib.record import Array

# Standard deviations from which on a mean's own rounding shows in x - mean. What is left of the
# mean in there is small, so that a second look finds it to all digits.
FAR = 8

View = tuple[int, int, int]  # (N, C, S): examples, channels, and all positions in one axis


def layer_norm(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    normalized_shape: int | tuple[int, ...] | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Backward]:
    """Give every example zero mean and unit variance, then rescale.

        y = weight * (x - mean) / sqrt(var + eps) + bias      mean, var over the last axes

    Parameters
    ----------
    x : (..., *normalized_shape)
    weight, bias : normalized_shape, optional      learned scale and shift (gamma and beta)
    normalized_shape : int or tuple, optional      that of weight, or the last axis, unless given
    eps : float                                    keeps the division finite when a row is constant

    Returns
    -------
    y : (..., *normalized_shape)
    backward : dy -> (dx, dweight, dbias)          None for what was not given

    with z = (x - mean) / sqrt(var + eps) and dz = weight * dy,

        dx = (dz - mean(dz) - z * mean(dz * z)) / sqrt(var + eps)        means over the last axes
        dweight = sum of dy * z        dbias = sum of dy                 sums over all others

    Raises
    ------
    TypeError          if the arrays are not of one floating dtype, or eps is no number
    ValueError         if the last axes of x are not normalized_shape

    Notes
    -----
    Shifting a row does not move y, so every row of dx sums to zero.
    [Ba et al., 2016, arXiv:1607.06450]

    Examples
    --------
    >>> layer_norm(np.array([[1.0, 2.0, 3.0]]), np.ones(3), np.zeros(3))[0].round(2)
    array([[-1.22,  0.  ,  1.22]])
    """
    view = _check_shapes("layer_norm", x, weight, bias, normalized_shape)
    return _example_norm("layer_norm", x, view, 1, weight, bias, eps)


def rms_norm(
    x: Array,
    weight: Array | None = None,
    *,
    normalized_shape: int | tuple[int, ...] | None = None,
    eps: float | None = None,
) -> tuple[Array, Backward]:
    """Give every example a mean square of one, then rescale: LayerNorm without the mean.

        y = weight * x / sqrt(mean of x**2 + eps)             mean over the last axes

    Parameters
    ----------
    x : (..., *normalized_shape)
    weight : normalized_shape, optional            learned scale
    normalized_shape : int or tuple, optional      that of weight, or the last axis, unless given
    eps : float, optional                          the dtype's own rounding error unless given

    Returns
    -------
    y : (..., *normalized_shape)
    backward : dy -> (dx, dweight)                 None for a weight that was not given

    with z = x / sqrt(mean of x**2 + eps) and dz = weight * dy,

        dx = (dz - z * mean(dz * z)) / sqrt(mean of x**2 + eps)          means over the last axes
        dweight = sum of dy * z                                          sum over all others

    Raises
    ------
    TypeError          if the arrays are not of one floating dtype, or eps is no number
    ValueError         if the last axes of x are not normalized_shape

    Notes
    -----
    Multiplying a row by a positive number does not move y (but for eps); shifting it does.
    [Zhang and Sennrich, 2019, arXiv:1910.07467]

    Examples
    --------
    >>> rms_norm(np.array([[3.0, -4.0, 0.0, 0.0]]))[0].round(2)
    array([[ 1.2, -1.6,  0. ,  0. ]])
    """
    view = _check_shapes("rms_norm", x, weight, None, normalized_shape)
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    y, norm_backward = _example_norm("rms_norm", x, view, 1, weight, None, eps, centred=False)
    return y, lambda dy: norm_backward(dy)[:2]


def group_norm(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    num_groups: int,
    eps: float = 1e-5,
) -> tuple[Array, Backward]:
    """Give every group of an example's channels zero mean and unit variance, then rescale.

        y = weight * (x - mean) / sqrt(var + eps) + bias      mean, var per example and group

    Parameters
    ----------
    x : (N, C, ...)
    weight, bias : (C,), optional    learned scale and shift per channel (gamma and beta)
    num_groups : int                 C: every channel by itself (InstanceNorm); 1: all together
    eps : float                      keeps the division finite when a group is constant

    Returns
    -------
    y : (N, C, ...)
    backward : dy -> (dx, dweight, dbias)     None for what was not given

    with z = (x - mean) / sqrt(var + eps) and dz = weight * dy,

        dx = (dz - mean(dz) - z * mean(dz * z)) / sqrt(var + eps)        means per example and group
        dweight = sum of dy * z        dbias = sum of dy                 sums per channel

    Raises
    ------
    TypeError          if the arrays are not of one floating dtype, or eps is no number
    ValueError         if shapes disagree, or C is not a multiple of num_groups

    Notes
    -----
    The batch plays no part: an example's y does not depend on its company.
    [Wu and He, 2018, arXiv:1803.08494; Ulyanov et al., 2016, arXiv:1607.08022]

    Examples
    --------
    >>> group_norm(np.array([[1.0, 3.0, 10.0, 50.0]]), num_groups=2)[0].round(2)
    array([[-1.,  1., -1.,  1.]])
    """
    view = check_channels("group_norm", x, weight, bias)
    _check_groups("group_norm", num_groups, view[1])
    return _example_norm("group_norm", x, view, num_groups, weight, bias, eps)


def _example_norm(
    operation: str,
    x: Array,
    view: View,
    groups: int,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    *,
    centred: bool = True,
) -> tuple[Array, Backward]:
    """Normalise each group of an example's channels, for x in the view (N, C, S).

        t = x - mean       scale = 1 / sqrt(mean(t**2) + eps)       y = weight * scale * t + bias

    Mean and scale depend on every x of the group: that is where the two subtractions come from.

        dt = weight * dy
        dx = scale * (dt - mean(dt) - scale**2 * t * mean(dt * t))

    Without centring, the mean counts as 0.
    """
    eps = check_eps(operation, eps)
    n, channels, positions = view
    features = channels * positions
    size = features // groups
    if size == 0:
        raise ValueError(f"{operation}: x {x.shape} has no numbers to take a mean of.")
    by_group = (n, groups, size)
    factor, shift = (
        None if a is None else tile(a.reshape(channels).repeat(positions), n)
        for a in (weight, bias)
    )
    z, scale = np.empty(by_group, x.dtype), np.empty((n, groups), x.dtype)
    y = np.empty((n, features), x.dtype)

    def normalize(x: Array, z: Array, scale: Array, y: Array) -> None:
        mean = sum_along_rows(x) / size if centred else None
        t = x if mean is None else by_row(np.subtract, x, mean, out=z)
        np.divide(1, np.sqrt(sum_along_rows(t, t) / size + eps), out=scale)
        if mean is not None and np.count_nonzero(far := np.abs(mean) * scale > FAR):
            t[far] -= sum_along_rows(t[far])[:, None] / size
            scale[far] = 1 / np.sqrt(sum_along_rows(t[far], t[far]) / size + eps)
        by_row(np.multiply, t, scale, out=z)
        np.multiply(z.reshape(y.shape), 1 if factor is None else factor[: len(y)], out=y)
        if shift is not None:
            y += shift[: len(y)]

    in_blocks(normalize, x.reshape(by_group), z, scale, y)
    y = y.reshape(x.shape)

    def backward(dy: Array) -> tuple[Array, Array | None, Array | None]:
        check_gradient(operation, dy, y)
        dx = np.empty(by_group, x.dtype)
        dweight, dbias = np.zeros(channels), np.zeros(channels)  # float64: blocks may be many
        share = np.ones(channels, x.dtype) if weight is None else weight
        share = share.reshape(groups, -1) / size  # of each channel in its group's mean

        def pull(dy: Array, z: Array, scale: Array, dx: Array) -> None:
            sums, dots = sum_over_positions(dy), sum_over_positions(dy, z.reshape(dy.shape))
            np.add(dbias, sum_rows(sums), out=dbias)
            np.add(dweight, sum_rows(dots), out=dweight)
            mean, slope = (np.vecdot(a.reshape(-1, *share.shape), share) for a in (sums, dots))
            along = 1 if factor is None else factor[: len(dy)]
            np.multiply(dy.reshape(-1, features), along, out=dx.reshape(-1, features))
            dx -= by_row(np.multiply, z, slope)
            if centred:
                by_row(np.subtract, dx, mean, out=dx)
            by_row(np.multiply, dx, scale, out=dx)

        in_blocks(pull, dy.reshape(view), z, scale, dx)
        return (
            dx.reshape(x.shape),
            None if weight is None else dweight.astype(x.dtype).reshape(weight.shape),
            None if bias is None else dbias.astype(x.dtype).reshape(bias.shape),
        )

    return y, backward


def sum_over_positions(a: Array, b: Array | None = None) -> Array:
    """The sum of a, or of a * b: (n, C, S) -> (n, C)."""
    if a.shape[2] == 1:
        return (a if b is None else a * b)[..., 0]
    return sum_along_rows(a, b)


def check_channels(operation: str, x: Array, weight: Array | None, bias: Array | None) -> View:
    """After the checks: the view of x with all positions of a channel in one axis."""
    check_arrays(operation, x=x, weight=weight, bias=bias)
    if x.ndim < 2:
        raise ValueError(
            f"{operation}: x must have the axes (N, C, ...) but has shape {x.shape}; "
            "add a batch axis with x[None]."
        )
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.shape != x.shape[1:2]:
            raise ValueError(
                f"{operation}: {name} has shape {array.shape} but x {x.shape} has "
                f"{so_many(x.shape[1], 'channel')}; {name} must be ({x.shape[1]},); "
                "channels are axis 1."
            )
    return x.shape[0], x.shape[1], math.prod(x.shape[2:])


def _check_shapes(
    operation: str,
    x: Array,
    weight: Array | None,
    bias: Array | None,
    normalized_shape: int | tuple[int, ...] | None,
) -> View:
    """After the checks: the view of x in which what to normalise over are its channels."""
    check_arrays(operation, x=x, weight=weight, bias=bias)
    if normalized_shape is None:
        shape = x.shape[-1:] if weight is None else weight.shape
    else:
        shape = _as_shape(operation, normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ValueError(
            f"{operation}: x {x.shape} must end in the axes to normalise, {shape}; "
            "give the sizes of the last axes of x."
        )
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.shape != shape:
            raise ValueError(
                f"{operation}: {name} has shape {array.shape} but the axes to normalise are "
                f"{shape} (x {x.shape}); make both equal."
            )
    return math.prod(x.shape[: -len(shape)]), math.prod(shape), 1


def _as_shape(operation: str, value: int | tuple[int, ...]) -> tuple[int, ...]:
    shape = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not shape or not all(is_int(size) and size > 0 for size in shape):
        raise ValueError(
            f"{operation}: normalized_shape must be a positive int or several, the sizes of the "
            f"last axes of x, not {value!r}."
        )
    return tuple(int(size) for size in shape)


def _check_groups(operation: str, num_groups: int, channels: int) -> None:
    check_int(operation, "num_groups", num_groups)
    if num_groups < 1 or channels % num_groups:
        raise ValueError(
            f"{operation}: {so_many(channels, 'channel')} cannot be split into {num_groups} "
            "groups; num_groups must divide the number of channels."
        )


def check_eps(operation: str, eps: float) -> float:
    eps = check_number(operation, "eps", eps)
    if not eps >= 0:
        raise ValueError(f"{operation}: eps is added to a variance and cannot be {eps}.")
    return eps


def with_parameters(layer: Layer, y: Array, operation_backward: Backward) -> tuple[Array, Backward]:
    """What a layer returns whose operation's backward gives dx, dweight and perhaps dbias."""

    def backward(dy: Array) -> tuple[Array, Layer]:
        dx, *dparameters = operation_backward(dy)
        return dx, layer._with(**dict(zip(("weight", "bias"), dparameters, strict=False)))

    return y, backward


class LayerNorm(Layer):
    """Normalise each example over its last axes (see `layer_norm`)."""

    weight: Array | None = None  # normalized_shape
    bias: Array | None = None  # normalized_shape
    _: KW_ONLY
    normalized_shape: int | tuple[int, ...] | None = None  # that of weight, or the last axis
    eps: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.normalized_shape is not None:
            _as_shape("LayerNorm", self.normalized_shape)
        check_eps("LayerNorm", self.eps)

    @classmethod
    def init(
        cls,
        normalized_shape: int | tuple[int, ...],
        *,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> Self:
        """Start as PyTorch does: weight 1, bias 0."""
        shape = _as_shape(cls.__name__, normalized_shape)
        check_flag(cls.__name__, "elementwise_affine", elementwise_affine)
        check_flag(cls.__name__, "bias", bias)
        check_dtype(cls.__name__, dtype)
        return cls(
            np.ones(shape, dtype) if elementwise_affine else None,
            np.zeros(shape, dtype) if elementwise_affine and bias else None,
            normalized_shape=shape,
            eps=eps,
        )

    def forward(self, x: Array) -> tuple[Array, Backward]:
        result = layer_norm(
            x, self.weight, self.bias, normalized_shape=self.normalized_shape, eps=self.eps
        )
        return with_parameters(self, *result)


class RMSNorm(Layer):
    """Give each example a mean square of one over its last axes (see `rms_norm`)."""

    weight: Array | None = None  # normalized_shape
    _: KW_ONLY
    normalized_shape: int | tuple[int, ...] | None = None  # that of weight, or the last axis
    eps: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.normalized_shape is not None:
            _as_shape("RMSNorm", self.normalized_shape)
        if self.eps is not None:
            check_eps("RMSNorm", self.eps)

    @classmethod
    def init(
        cls,
        normalized_shape: int | tuple[int, ...],
        *,
        eps: float | None = None,
        elementwise_affine: bool = True,
        dtype: Any = np.float32,
    ) -> Self:
        """Start as PyTorch does: weight 1."""
        shape = _as_shape(cls.__name__, normalized_shape)
        check_flag(cls.__name__, "elementwise_affine", elementwise_affine)
        check_dtype(cls.__name__, dtype)
        weight = np.ones(shape, dtype) if elementwise_affine else None
        return cls(weight, normalized_shape=shape, eps=eps)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        result = rms_norm(x, self.weight, normalized_shape=self.normalized_shape, eps=self.eps)
        return with_parameters(self, *result)


class GroupNorm(Layer):
    """Normalise each example's groups of channels, (N, C, ...) (see `group_norm`).

    With as many groups as channels it is InstanceNorm.
    """

    weight: Array | None = None  # (C,)
    bias: Array | None = None  # (C,)
    _: KW_ONLY
    num_groups: int
    eps: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_int("GroupNorm", "num_groups", self.num_groups, least=1)
        check_eps("GroupNorm", self.eps)

    @classmethod
    def init(
        cls,
        num_groups: int,
        num_channels: int,
        *,
        eps: float = 1e-5,
        affine: bool = True,
        dtype: Any = np.float32,
    ) -> Self:
        """Start as PyTorch does: weight 1, bias 0."""
        check_int(cls.__name__, "num_channels", num_channels, least=0)
        _check_groups(cls.__name__, num_groups, num_channels)
        check_flag(cls.__name__, "affine", affine)
        check_dtype(cls.__name__, dtype)
        return cls(
            np.ones(num_channels, dtype) if affine else None,
            np.zeros(num_channels, dtype) if affine else None,
            num_groups=num_groups,
            eps=eps,
        )

    def forward(self, x: Array) -> tuple[Array, Backward]:
        result = group_norm(x, self.weight, self.bias, num_groups=self.num_groups, eps=self.eps)
        return with_parameters(self, *result)
