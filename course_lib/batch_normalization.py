"""BatchNorm gives every channel mean 0 and variance 1 over the whole batch.

In evaluation it is a fixed map: the batch no longer matters. How well it computes and where it does
not, see `normalization.py`.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY
from typing import Any, ClassVar, Self

import numpy as np

from course_lib.blocks import in_blocks, sum_rows, tile
from course_lib.errors import (
    check_arrays,
    check_dtype,
    check_flag,
    check_gradient,
    check_int,
    check_number,
    kind,
    so_many,
)
from course_lib.layer import Backward, Layer
from course_lib.normalization import (
    FAR,
    check_channels,
    check_eps,
    sum_over_positions,
    with_parameters,
)
from course_lib.record import Array, RunningStatistics


def batch_norm(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, eps: float = 1e-5
) -> tuple[Array, Backward]:
    """Give every channel zero mean and unit variance over the batch, then rescale.

        y = weight * (x - mean) / sqrt(var + eps) + bias      mean, var per channel

    Parameters
    ----------
    x : (N, C, ...)                at least two values per channel
    weight, bias : (C,), optional  learned scale and shift (gamma and beta)
    eps : float                    keeps the division finite when a channel is constant

    Returns
    -------
    y : (N, C, ...)
    backward : dy -> (dx, dweight, dbias)     None for what was not given

    with z = (x - mean) / sqrt(var + eps) and dz = weight * dy,

        dx = (dz - mean(dz) - z * mean(dz * z)) / sqrt(var + eps)        means per channel
        dweight = sum of dy * z        dbias = sum of dy                 sums per channel

    Raises
    ------
    TypeError          if the arrays are not of one floating dtype, or eps is no number
    ValueError         if shapes disagree, or a channel has fewer than two values

    Notes
    -----
    Shifting a channel of x, or multiplying it by a positive number, does not move y (but for eps);
    changing one example moves the y of all the others.
    [Ioffe and Szegedy, 2015, arXiv:1502.03167]

    Examples
    --------
    >>> batch_norm(np.array([[1.0, 10.0], [3.0, 50.0]]))[0].round(2)
    array([[-1., -1.],
           [ 1.,  1.]])
    """
    return _batch_norm("batch_norm", x, weight, bias, eps)[:2]


def _batch_norm(
    operation: str, x: Array, weight: Array | None, bias: Array | None, eps: float
) -> tuple[Array, Backward, Array, Array]:
    """y, backward, and the mean and variance of every channel.

        t = x - mean       scale = 1 / sqrt(mean(t**2) + eps)       y = weight * scale * t + bias

    Mean and scale depend on every x of a channel: that is where the two subtractions come from.

        dx = weight * scale * (dy - mean(dy) - scale**2 * t * mean(dy * t))
    """
    eps = check_eps(operation, eps)
    n, channels, positions = view = check_channels(operation, x, weight, bias)
    count = _check_count(operation, x)

    def columns(values: Array) -> Array:
        return tile(values.repeat(positions), n)

    rows = x.reshape(n, channels * positions)
    mean = _total(x.reshape(view)) / count
    centre = columns(mean)
    t, y = np.empty(rows.shape, x.dtype), np.empty(rows.shape, x.dtype)
    in_blocks(lambda x, t: np.subtract(x, centre[: len(x)], out=t), rows, t)
    var = _total(t.reshape(view), t.reshape(view)) / count
    scale = 1 / np.sqrt(var + eps)
    if np.count_nonzero(np.abs(mean) * scale > FAR):
        rest = _total(t.reshape(view)) / count
        left = columns(rest)
        in_blocks(lambda t: np.subtract(t, left[: len(t)], out=t), t)
        mean, var = mean + rest, _total(t.reshape(view), t.reshape(view)) / count
        scale = 1 / np.sqrt(var + eps)
    factor = columns(scale if weight is None else weight * scale)
    shift = None if bias is None else columns(bias)

    def rescale(t: Array, y: Array) -> None:
        np.multiply(t, factor[: len(t)], out=y)
        if shift is not None:
            y += shift[: len(t)]

    in_blocks(rescale, t, y)
    y = y.reshape(x.shape)

    def backward(dy: Array) -> tuple[Array, Array | None, Array | None]:
        check_gradient(operation, dy, y)
        dx, dbias = np.empty(rows.shape, x.dtype), _total(dy.reshape(view))
        dweight = _total(dy.reshape(view), t.reshape(view)) * scale
        mean_dy, slope = (columns(a / count) for a in (dbias, dweight * scale))

        def combine(dy: Array, t: Array, dx: Array) -> None:
            np.multiply(t, slope[: len(t)], out=dx)
            dx += mean_dy[: len(t)]
            np.subtract(dy, dx, out=dx)
            dx *= factor[: len(t)]

        in_blocks(combine, dy.reshape(rows.shape), t, dx)
        return (
            dx.reshape(x.shape),
            None if weight is None else dweight,
            None if bias is None else dbias,
        )

    return y, backward, mean, var


def _total(a: Array, b: Array | None = None) -> Array:
    """The sum of a, or of a * b, over examples and positions: (n, C, S) -> (C,)."""
    if b is None or a.shape[2] > 1:
        return sum_rows(sum_over_positions(a, b))
    totals: list[Array] = []  # of blocks, for the products would go out to memory
    in_blocks(lambda *block: totals.append(sum_rows(sum_over_positions(*block))), a, b)
    return sum(totals[1:], totals[0])


def _check_count(operation: str, x: Array) -> int:
    """How many values each channel of x has; a variance needs two."""
    count = len(x) * math.prod(x.shape[2:])
    if count < 2:
        raise ValueError(
            f"{operation}: x {x.shape} gives each channel {count} of the two values or more that a "
            "variance needs; use a larger batch, or model.for_evaluation() to test on one example."
        )
    return count


class _BatchNorm(Layer):
    weight: Array | None  # (num_features,)
    bias: Array | None  # (num_features,)
    _: KW_ONLY
    statistics: RunningStatistics
    eps: float = 1e-5
    momentum: float = 0.1

    _ranks: ClassVar[tuple[int, ...]]
    _axes: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        if not isinstance(self.statistics, RunningStatistics):
            raise TypeError(
                f"{name}: statistics is {kind(self.statistics)}, not running statistics; "
                f"{name}.init(num_features) makes them."
            )
        check_eps(name, self.eps)
        if not 0 <= check_number(name, "momentum", self.momentum) <= 1:
            raise ValueError(
                f"{name}: momentum is the weight of the newest batch in the running "
                f"statistics and must be from 0 to 1, not {self.momentum}."
            )

    @classmethod
    def init(
        cls,
        num_features: int,
        *,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        dtype: Any = np.float32,
    ) -> Self:
        """Start as PyTorch does: weight 1, bias 0, running mean 0, running variance 1."""
        check_int(cls.__name__, "num_features", num_features, least=0)
        check_flag(cls.__name__, "affine", affine)
        check_dtype(cls.__name__, dtype)
        ones, zeros = np.ones(num_features, dtype), np.zeros(num_features, dtype)
        return cls(
            ones if affine else None,
            zeros if affine else None,
            statistics=RunningStatistics(zeros, ones),
            eps=eps,
            momentum=momentum,
        )

    def forward(self, x: Array) -> tuple[Array, Backward]:
        name, statistics = type(self).__name__, self.statistics
        check_arrays(name, x=x, weight=self.weight, running_mean=statistics.mean)
        if x.ndim not in self._ranks or x.shape[1] != len(statistics.mean):
            raise ValueError(
                f"{name}: x must have the axes {self._axes} with C = "
                f"{so_many(len(statistics.mean), 'channel')} but has shape {x.shape}; "
                "channels are axis 1."
            )
        y, norm_backward, mean, var = _batch_norm(name, x, self.weight, self.bias, self.eps)
        count = len(x) * math.prod(x.shape[2:])
        statistics.mean = self._newer(statistics.mean, mean)
        statistics.var = self._newer(statistics.var, var * (count / (count - 1)))  # unbiased
        statistics.num_batches_tracked += 1
        return with_parameters(self, y, norm_backward)

    def _newer(self, running: Array, batch: Array) -> Array:
        return ((1 - self.momentum) * running + self.momentum * batch).astype(running.dtype)

    def for_evaluation(self) -> FrozenBatchNorm:
        """The fixed map of the running statistics: the batch no longer matters."""
        running = self.statistics
        dtype = running.mean.dtype if self.weight is None else self.weight.dtype
        scale = (1.0 if self.weight is None else self.weight) / np.sqrt(
            running.var.astype(np.float64) + self.eps
        )
        shift = (0.0 if self.bias is None else self.bias) - running.mean * scale
        return FrozenBatchNorm(scale.astype(dtype), shift.astype(dtype))


class BatchNorm1d(_BatchNorm):
    """Normalise each feature over the batch, (N, C) or (N, C, L) (see `batch_norm`).

    A training forward also moves the running statistics: running = (1 - momentum) * running +
    momentum * batch, where the batch's variance is divided by one less than its count. So momentum
    is the weight of what is new, as in PyTorch, and not of what is old, as in `SGD`.
    `for_evaluation()` normalises by these statistics.
    """

    _ranks = (2, 3)
    _axes = "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """Normalise each channel over batch and pixels, (N, C, H, W) (see `batch_norm`).

    A training forward also moves the running statistics, as in `BatchNorm1d`.
    """

    _ranks = (4,)
    _axes = "(N, C, H, W)"


class FrozenBatchNorm(Layer):
    """What a BatchNorm becomes for evaluation: a fixed scale and shift per channel.

        y = weight * x + bias          here weight = w / sqrt(running_var + eps),
                                       bias = b - running_mean * weight, with the BatchNorm's w, b

    Parameters
    ----------
    x : (N, C, ...)
    weight, bias : (C,)

    Returns
    -------
    y : (N, C, ...)
    backward : dy -> (dx, grad)        dx = weight * dy

    Examples
    --------
    >>> frozen = BatchNorm1d.init(2, dtype=np.float64).for_evaluation()
    >>> frozen(np.array([[3.0, -1.0]])).round(2)
    array([[ 3., -1.]])
    """

    weight: Array  # (C,)
    bias: Array  # (C,)

    _for_evaluation = True  # `save` refuses it: the running statistics are gone

    def forward(self, x: Array) -> tuple[Array, Backward]:
        view = check_channels("FrozenBatchNorm", x, self.weight, self.bias)
        weight, bias = self.weight.reshape(-1, 1), self.bias.reshape(-1, 1)
        y = x.reshape(view) * weight
        y += bias
        y = y.reshape(x.shape)

        def backward(dy: Array) -> tuple[Array, Array, Array]:
            check_gradient("FrozenBatchNorm", dy, y)
            dy_view = dy.reshape(view)
            dx = (dy_view * weight).reshape(x.shape)
            return dx, _total(dy_view, x.reshape(view)), _total(dy_view)

        return with_parameters(self, y, backward)
