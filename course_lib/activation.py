"""Activation functions bend the line: without them, linear layers stack to one linear layer."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from course_lib.blocks import SUMMED, by_row, in_blocks, row_max, sum_along_rows, sum_rows
from course_lib.errors import check_arrays, check_choice, check_gradient, check_int, check_number
from course_lib.layer import Backward, Layer
from course_lib.record import Array, read_only

FAR = 1000.0  # where every curve below has long reached its limit, and no power overflows yet

# The normal distribution's upper tail is exp(-a²/2) · P(a) / Q(a) for a >= 0. We fitted P and Q,
# lowest power first, for the least relative error: 6e-9 where exp(-a²/2) is positive in float32,
# 6e-17 where it is in float64. All coefficients are positive, so that nothing cancels.
TAIL = {
    np.dtype(np.float32): (
        (0.50000000274, 0.437249400145, 0.182460441363, 0.0403720085292, 0.00407750698579),
        (1.0, 1.67238375474, 1.19928554713, 0.467425368227, 0.101204427276, 0.0102206655736),
    ),
    np.dtype(np.float64): (
        (
            0.499999999999999975,
            0.774878429165860467,
            0.594052983585383452,
            0.289337559154367964,
            0.0977016161941022617,
            0.0236231339134271451,
            0.00408946725926952543,
            0.000490440022915822303,
            0.0000372562531625891387,
            1.38579619605000679e-6,
        ),
        (
            1.0,
            2.3476414191345762,
            2.56125280979989631,
            1.71440000225734209,
            0.782052401232439836,
            0.254965621019758927,
            0.0604368193047205695,
            0.0103441618266627389,
            0.00123282450457859256,
            0.0000933875775820227066,
            3.47367592790533711e-6,
        ),
    ),
}


def relu(x: Array) -> tuple[Array, Backward]:
    """Keep what is positive, set the rest to zero.

        y = max(0, x)

    Parameters
    ----------
    x : (...)

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy where x > 0, else 0

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array

    Notes
    -----
    At x = 0 the derivative does not exist; 0 is the convention, as in PyTorch. Where x is NaN, y is
    NaN and dx is 0 (PyTorch hands dy on).
    [Nair and Hinton, 2010, Rectified linear units improve restricted Boltzmann machines]

    Examples
    --------
    >>> y, backward = relu(np.array([-1.0, 0.0, 2.0]))
    >>> y
    array([0., 0., 2.])
    >>> backward(np.array([5.0, 5.0, 5.0]))
    array([0., 0., 5.])
    """
    check_arrays("relu", x=x)
    y = np.asarray(x.clip(0, np.inf))

    def backward(dy: Array) -> Array:
        check_gradient("relu", dy, y)
        return keep(dy, x > 0)

    return y, backward


def leaky_relu(x: Array, negative_slope: float = 0.01) -> tuple[Array, Backward]:
    """Keep what is positive, shrink the rest.

        y = x where x > 0, else negative_slope * x

    Parameters
    ----------
    x : (...)
    negative_slope : float

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy where x > 0, else negative_slope * dy

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array, or negative_slope no number
    ValueError                 if negative_slope is not finite

    Notes
    -----
    No unit dies: the slope is nowhere 0.
    [Maas et al., 2013, Rectifier nonlinearities improve neural network acoustic models]

    Examples
    --------
    >>> leaky_relu(np.array([-1.0, 2.0]), 0.1)[0]
    array([-0.1,  2. ])
    """

    check_number("leaky_relu", "negative_slope", negative_slope)

    def curve(x: Array, y: Array, slope: Array) -> None:
        choose(x > 0, 1, negative_slope, slope)
        np.multiply(x, slope, out=y)

    return _along("leaky_relu", x, curve)


def sigmoid(x: Array) -> tuple[Array, Backward]:
    """Squash every number between 0 and 1.

        y = 1 / (1 + exp(-x))

    Parameters
    ----------
    x : (...)

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy * y * (1 - y)

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array

    Notes
    -----
    The slope is at most 1/4, at x = 0: a chain of sigmoids shrinks every gradient.
    [Rumelhart et al., 1986, Learning representations by back-propagating errors]

    Examples
    --------
    >>> sigmoid(np.array([-np.inf, 0.0, np.inf]))[0]
    array([0. , 0.5, 1. ])
    """

    def curve(x: Array, y: Array, slope: Array) -> None:
        write_sigmoid(x, y)
        np.subtract(1, y, out=slope)
        slope *= y

    return _along("sigmoid", x, curve)


def tanh(x: Array) -> tuple[Array, Backward]:
    """Squash every number between -1 and 1.

        y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))

    Parameters
    ----------
    x : (...)

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy * (1 - y**2)

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array

    Notes
    -----
    A sigmoid in other units: tanh(x) = 2 * sigmoid(2 * x) - 1. Its slope at 0 is 1.
    [LeCun et al., 1998, Efficient BackProp]

    Examples
    --------
    >>> tanh(np.array([0.0, np.inf]))[0]
    array([0., 1.])
    """

    def curve(x: Array, y: Array, slope: Array) -> None:
        np.tanh(x, out=y)
        np.multiply(y, y, out=slope)
        np.subtract(1, slope, out=slope)

    return _along("tanh", x, curve)


def gelu(x: Array, *, approximate: str = "none") -> tuple[Array, Backward]:
    """Let each number through as far as it stands out from a normal distribution.

        y = x * Φ(x)                     Φ(x) is the share of a standard normal below x

    and, with approximate="tanh",

        y = x * (1 + tanh(√(2/π) * (x + 0.044715 * x**3))) / 2

    Parameters
    ----------
    x : (...)
    approximate : "none" or "tanh"

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy * (Φ(x) + x * φ(x)), φ the density of the standard normal;
                               with approximate="tanh", dx = dy * (1 + t + x * (1 - t**2) * u) / 2,
                               where t is the tanh above, u = √(2/π) * (1 + 3 * 0.044715 * x**2)

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array
    ValueError                 if approximate is neither "none" nor "tanh"

    Notes
    -----
    The curve dips to -0.170 at x = -0.752 and then returns to 0.
    [Hendrycks and Gimpel, 2016, arXiv:1606.08415]

    Examples
    --------
    >>> gelu(np.array([-np.inf, -0.752, 0.0, 1.0, np.inf]))[0].round(3)
    array([ 0.   , -0.17 ,  0.   ,  0.841,    inf])
    """
    _check_approximate("gelu", approximate)
    return _along("gelu", x, _gelu if approximate == "none" else _gelu_tanh)


def silu(x: Array) -> tuple[Array, Backward]:
    """Let each number through a sigmoid gate that it opens itself (also called swish).

        y = x * sigmoid(x)

    Parameters
    ----------
    x : (...)

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy * (s + y * (1 - s)), s = sigmoid(x)

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array

    Notes
    -----
    Left and right differ by the identity: silu(x) - silu(-x) = x, as for ReLU and GELU.
    [Elfwing et al., 2017, arXiv:1702.03118]

    Examples
    --------
    >>> silu(np.array([-np.inf, 0.0, 1.0]))[0].round(3)
    array([0.   , 0.   , 0.731])
    """

    def gate(x: Array, slope: Array) -> Array:
        s = write_sigmoid(x, np.empty_like(x))
        np.subtract(1, s, out=slope)
        slope *= s
        return s

    return _along("silu", x, lambda x, y, slope: _gated(x, y, slope, gate))


def softmax(x: Array, *, dim: int = -1) -> tuple[Array, Backward]:
    """Turn scores into shares: positive numbers that sum to 1.

        y = exp(x) / sum of exp(x) along dim

    Parameters
    ----------
    x : (...)                  scores; -inf gives a share of exactly 0
    dim : int                  the axis along which the shares sum to 1

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = y * (dy - sum of dy * y along dim)

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array
    ValueError                 if x has no axis dim, or nothing lies along it

    Notes
    -----
    Adding a constant to all scores changes nothing. We subtract the largest, so that exp cannot
    overflow. Scores that are all -inf, or hold +inf, have no shares: the result is NaN.
    [Bridle, 1990, Probabilistic interpretation of feedforward classification network outputs]

    Examples
    --------
    >>> softmax(np.array([0.0, np.log(3.0)]))[0]
    array([0.25, 0.75])
    """
    rows, axis = _rows("softmax", x, dim)

    def shares(x: Array, y: Array, _: Array) -> None:
        below_the_largest(x, axis, y)
        np.exp(y, out=y)
        _along_axis(np.divide, y, _sum(y, axis), axis, out=y)

    def pull(dy: Array, y: Array, dx: Array) -> None:
        np.multiply(dy, y, out=dx)
        total = _sum(dx, axis)
        if np.count_nonzero(np.isfinite(total)) < total.size:  # then 0 * inf may be among them:
            dy = keep(dy, y != 0)  # what has no share has no say
            total = _sum(np.multiply(dy, y, out=dx), axis)
        _along_axis(np.subtract, dy, total, axis, out=dx)
        dx *= y

    y = np.empty(rows.shape, x.dtype)
    return _along_rows("softmax", x, rows, shares, y, y, pull)


def log_softmax(x: Array, *, dim: int = -1) -> tuple[Array, Backward]:
    """The logarithm of `softmax`, without rounding small shares to log(0).

        y = x - log(sum of exp(x) along dim)

    Parameters
    ----------
    x : (...)                  scores
    dim : int                  the axis along which exp(y) sums to 1

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy - exp(y) * sum of dy along dim

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array
    ValueError                 if x has no axis dim, or nothing lies along it

    Notes
    -----
    A gap of a million between two scores is a log-share of minus a million; log(softmax(x)) would
    say -inf.

    Examples
    --------
    >>> log_softmax(np.array([0.0, 1e6]))[0]
    array([-1000000.,        0.])
    """
    rows, axis = _rows("log_softmax", x, dim)

    def log_shares(x: Array, y: Array, shares: Array) -> None:
        below_the_largest(x, axis, y)
        np.exp(y, out=shares)
        total = _sum(shares, axis)
        _along_axis(np.subtract, y, np.log(total), axis, out=y)
        _along_axis(np.divide, shares, total, axis, out=shares)

    def pull(dy: Array, shares: Array, dx: Array) -> None:
        _along_axis(np.multiply, shares, _sum(dy, axis), axis, out=dx)
        np.subtract(dy, dx, out=dx)

    y, shares = np.empty(rows.shape, x.dtype), np.empty(rows.shape, x.dtype)
    return _along_rows("log_softmax", x, rows, log_shares, y, shares, pull)


def keep(values: Array, where: Array) -> Array:
    """The values where the condition holds, else 0.

    As whole numbers, the bits are multiplied by 1 or 0. That is right for inf and never gives -0,
    and on random signs it is ten times faster than `np.where`, whose branches a processor guesses.
    """
    bits = np.asarray(where, f"i{values.itemsize}")
    out = bits if bits.shape == values.shape else None
    return np.multiply(values.view(bits.dtype), bits, out=out).view(values.dtype)


def choose(where: Array, yes: float, no: float, out: Array) -> None:
    """Write the number `yes` where the condition holds, else `no`: `np.where` without branches."""
    numbers = np.array([[no], [yes]], out.dtype)
    low, high = numbers.view(f"i{out.itemsize}")
    bits = out.view(low.dtype)
    bits[...] = where
    bits *= (high - low)[0]  # a difference of arrays may overflow, and the sum below comes back
    bits += low[0]


def _along(
    operation: str, x: Array, curve: Callable[[Array, Array, Array], None]
) -> tuple[Array, Backward]:
    """An operation on every number by itself; curve(x, y, slope) writes into y and slope."""
    check_arrays(operation, x=x)
    y, slope = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
    in_blocks(curve, x.reshape(-1), y.reshape(-1), slope.reshape(-1))

    def backward(dy: Array) -> Array:
        check_gradient(operation, dy, y)
        return np.asarray(np.multiply(dy, slope))

    return y, backward


def write_sigmoid(x: Array, y: Array) -> Array:
    """Write sigmoid(x) into y."""
    np.negative(x, out=y)
    with np.errstate(over="ignore"):  # 1 / (1 + inf) = 0 is the right answer
        np.exp(y, out=y)
    y += 1
    return np.divide(1, y, out=y)


def _check_approximate(operation: str, approximate: str) -> None:
    check_choice(operation, "approximate", approximate, ("none", "tanh"))


def _gelu(x: Array, y: Array, slope: Array) -> None:
    """x·Φ(x) = max(0, x) - a·tail(a) with a = |x|: also accurate where Φ is tiny."""
    p, q = TAIL[x.dtype]
    a = x.clip(-FAR, FAR)
    np.abs(a, out=a)
    density = a * a
    density *= -0.5
    np.exp(density, out=density)  # times √(2π)
    tail = _polynomial(p, a)
    tail /= _polynomial(q, a)
    tail *= density
    x.clip(0, np.inf, out=y)
    density *= a
    a *= tail
    y -= a
    density *= 1 / math.sqrt(2 * math.pi)
    tail -= density
    _mirror(tail, x, slope)


def _gelu_tanh(x: Array, y: Array, slope: Array) -> None:
    c = math.sqrt(2 / math.pi)

    def gate(x: Array, slope: Array) -> Array:
        square = x * x
        t = np.tanh(x * (square * (c * 0.044715) + c))
        np.multiply(1 - t * t, square * (c * 1.5 * 0.044715) + c * 0.5, out=slope)
        t *= 0.5
        t += 0.5
        return t

    _gated(x, y, slope, gate)


def _gated(x: Array, y: Array, slope: Array, gate: Callable[[Array, Array], Array]) -> None:
    """x·s and its slope, for a gate s(x) that opens from 0 on the left to 1.

    gate(x, slope) returns s and writes ds/dx into slope.
    """
    near = x.clip(-FAR, FAR)
    s = gate(near, slope)
    slope *= near
    slope += s
    x.clip(-FAR, np.inf, out=y)
    y *= s
    y += 0  # -1000 * 0 is -0, which would print as "-0."


def _mirror(left: Array, x: Array, slope: Array) -> None:
    """The slope of a curve with f(x) - f(-x) = x, from its value at -|x|: 1 - left where x > 0."""
    np.multiply(left, -2, out=slope)
    slope += 1
    np.add(keep(slope, x > 0), left, out=slope)


def _polynomial(coefficients: tuple[float, ...], a: Array) -> Array:
    """Sum of coefficients[i] * a**i, by Horner's rule."""
    value = a * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        value += coefficient
        value *= a
    value += coefficients[0]
    return value


def _rows(operation: str, x: Array, dim: int) -> tuple[Array, int]:
    """After the checks: x as rows that need nothing of each other, and the axis in them."""
    check_arrays(operation, x=x)
    check_int(operation, "dim", dim)
    if not -x.ndim <= dim < x.ndim:
        raise ValueError(
            f"{operation}: x {x.shape} has no axis {dim}; dim must be from {-x.ndim} to "
            f"{x.ndim - 1}."
        )
    if x.shape[dim] == 0:
        raise ValueError(
            f"{operation}: x {x.shape} has nothing along axis {dim}; shares of nothing cannot sum "
            "to 1."
        )
    if dim in (-1, x.ndim - 1):
        return x.reshape(-1, x.shape[-1]), -1
    return x[None], dim if dim < 0 else dim - x.ndim


def _along_rows(
    operation: str,
    x: Array,
    rows: Array,
    curve: Callable[..., None],
    y: Array,
    shares: Array,
    pull: Callable[..., None],
) -> tuple[Array, Backward]:
    """An operation on rows: curve(x, y, shares) writes two of these, pull(dy, shares, dx) dx."""
    in_blocks(curve, rows, y, shares)
    y = (read_only(y) if y is shares else y).reshape(x.shape)

    def backward(dy: Array) -> Array:
        check_gradient(operation, dy, y)
        dx = np.empty(rows.shape, x.dtype)
        in_blocks(pull, dy.reshape(rows.shape), shares, dx)
        return dx.reshape(x.shape)

    return y, backward


def below_the_largest(x: Array, axis: int, out: Array | None = None) -> Array:
    """x minus its maximum along the axis: exp cannot overflow there."""
    largest = row_max(x)[:, None] if axis == -1 else x.max(axis=axis, keepdims=True)
    # inf - inf is NaN, as documented, and a gap wider than the largest number is -inf: no share
    with np.errstate(invalid="ignore", over="ignore"):
        return _along_axis(np.subtract, x, largest, axis, out)


def _sum(x: Array, axis: int) -> Array:
    """The sum along one axis, which is kept with length 1."""
    if axis == -1:
        return sum_along_rows(x)[..., None]
    if x.shape[axis] <= SUMMED:
        return x.sum(axis=axis, keepdims=True)
    return sum_rows(x.swapaxes(axis, -2))[..., None, :].swapaxes(axis, -2)


def _along_axis(
    function: np.ufunc, x: Array, a: Array, axis: int, out: Array | None = None
) -> Array:
    """function(x, a); a has length 1 along the axis."""
    if axis == -1:
        return by_row(function, x, a[..., 0], out)
    return function(x, a, out=out)


class ReLU(Layer):
    """y = max(0, x) (see `relu`)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, relu(x))


class LeakyReLU(Layer):
    """y = x where x > 0, else negative_slope * x (see `leaky_relu`)."""

    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("LeakyReLU", "negative_slope", self.negative_slope)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, leaky_relu(x, self.negative_slope))


class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)) (see `sigmoid`)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, sigmoid(x))


class Tanh(Layer):
    """y = tanh(x) (see `tanh`)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, tanh(x))


class GELU(Layer):
    """y = x * Φ(x) (see `gelu`)."""

    approximate: str = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_approximate("GELU", self.approximate)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, gelu(x, approximate=self.approximate))


class SiLU(Layer):
    """y = x * sigmoid(x) (see `silu`)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, silu(x))


class Softmax(Layer):
    """Shares that sum to 1 along dim (see `softmax`)."""

    dim: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_int("Softmax", "dim", self.dim)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, softmax(x, dim=self.dim))


class LogSoftmax(Layer):
    """The logarithm of shares that sum to 1 along dim (see `log_softmax`)."""

    dim: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_int("LogSoftmax", "dim", self.dim)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        return _without_parameters(self, log_softmax(x, dim=self.dim))


def _without_parameters(layer: Layer, result: tuple[Array, Backward]) -> tuple[Array, Backward]:
    """What a layer without parameters returns: its gradient holds nothing, so it is the layer."""
    y, operation_backward = result
    return y, lambda dy: (operation_backward(dy), layer)
