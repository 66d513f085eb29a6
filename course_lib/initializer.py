"""Where the first numbers come from: random draws whose scale keeps signals alive through depth.

Redraw a whole model with one `map`:

    model = model.map(lambda w: kaiming_normal(w.shape, rng=rng) if w.ndim > 1 else zeros(w.shape))
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.errors import check_dtype, check_generator, check_number, is_int
from course_lib.record import Array


def fans(shape: tuple[int, ...], operation: str = "fans") -> tuple[int, int]:
    """How many inputs feed one output (fan-in), how many outputs one input feeds (fan-out).

    The shape is that of a weight, (out, in, *kernel).

    Examples
    --------
    >>> fans((8, 3, 5, 5))
    (75, 200)
    """
    _check_shape(operation, shape)
    if len(shape) < 2:
        raise ValueError(
            f"{operation}: a weight has at least the axes (out, in), not shape {shape}; a bias has "
            "no fans: start it at zero, zeros(shape)."
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def uniform(
    operation: str,
    shape: tuple[int, ...],
    bound: float,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """Uniform within ±bound, with variance bound² / 3. An error begins with the operation.

    Examples
    --------
    >>> w = uniform("Linear", (100, 25), 0.2, rng=np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.2), w.dtype
    (True, dtype('float32'))
    """
    _check_draw(operation, shape, rng, dtype)
    return rng.uniform(-bound, bound, shape).astype(dtype)


def normal(
    operation: str,
    shape: tuple[int, ...],
    deviation: float,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """Normal with this standard deviation. An error begins with the operation.

    Examples
    --------
    >>> w = normal("Embedding", (100, 25), 0.2, rng=np.random.default_rng(0))
    >>> round(float(w.std()), 1), w.dtype
    (0.2, dtype('float32'))
    """
    _check_draw(operation, shape, rng, dtype)
    return rng.normal(0.0, deviation, shape).astype(dtype)


def uniform_by_fan_in(
    operation: str,
    shape: tuple[int, ...],
    fan_in: int,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """Uniform within ±1/√fan_in: what PyTorch's Linear and Conv layers start from.

    An error begins with the operation, the layer that is to start.

    Examples
    --------
    >>> w = uniform_by_fan_in("Linear", (100, 25), 25, rng=np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.2), w.dtype
    (True, dtype('float32'))
    """
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    return uniform(operation, shape, bound, rng=rng, dtype=dtype)


def kaiming_normal(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float32
) -> Array:
    """Normal with variance 2 / fan_in: ReLU layers keep the size of what passes through them.

    Parameters
    ----------
    shape : (out, in, *kernel)         that of a weight
    rng : numpy.random.Generator
    dtype                              float32 or float64

    Returns
    -------
    array : shape

    Raises
    ------
    TypeError       if shape is not a tuple of sizes, rng no generator, or dtype another one
    ValueError      if shape has fewer than two axes, or a size is below 0

    Notes
    -----
    [He et al., 2015, arXiv:1502.01852]. In PyTorch: `torch.nn.init.kaiming_normal_`, whose defaults
    (mode="fan_in", nonlinearity="leaky_relu" with slope 0) give the same variance.

    Examples
    --------
    >>> w = kaiming_normal((400, 200), rng=np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """
    deviation = math.sqrt(_kaiming("kaiming_normal", shape))
    return normal("kaiming_normal", shape, deviation, rng=rng, dtype=dtype)


def kaiming_uniform(
    shape: tuple[int, ...], *, rng: np.random.Generator, dtype: Any = np.float32
) -> Array:
    """Uniform with variance 2 / fan_in, so within ±√(6 / fan_in) (see `kaiming_normal`).

    Parameters
    ----------
    shape, rng, dtype                  as in `kaiming_normal`

    Returns
    -------
    array : shape

    Raises
    ------
    TypeError, ValueError              as in `kaiming_normal`

    Notes
    -----
    [He et al., 2015, arXiv:1502.01852]. In PyTorch: `torch.nn.init.kaiming_uniform_`.

    Examples
    --------
    >>> w = kaiming_uniform((400, 150), rng=np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.2), round(float(w.std() ** 2 * 150), 2)
    (True, 2.0)
    """
    bound = math.sqrt(3 * _kaiming("kaiming_uniform", shape))
    return uniform("kaiming_uniform", shape, bound, rng=rng, dtype=dtype)


def xavier_normal(
    shape: tuple[int, ...],
    *,
    gain: float = 1.0,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """Normal with variance gain² · 2 / (fan_in + fan_out): for layers whose slope is near 1.

    A compromise between keeping the size of signals (fan_in) and of gradients (fan_out).

    Parameters
    ----------
    shape, rng, dtype                  as in `kaiming_normal`
    gain : float                       the greater, the wider the draw

    Returns
    -------
    array : shape

    Raises
    ------
    TypeError, ValueError              as in `kaiming_normal`, or if gain is no number

    Notes
    -----
    [Glorot and Bengio, 2010, Understanding the difficulty of training deep feedforward neural
    networks]. In PyTorch: `torch.nn.init.xavier_normal_`.

    Examples
    --------
    >>> w = xavier_normal((150, 50), rng=np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """
    deviation = math.sqrt(_xavier("xavier_normal", shape, gain))
    return normal("xavier_normal", shape, deviation, rng=rng, dtype=dtype)


def xavier_uniform(
    shape: tuple[int, ...],
    *,
    gain: float = 1.0,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """Uniform with variance gain² · 2 / (fan_in + fan_out) (see `xavier_normal`).

    Parameters
    ----------
    shape, gain, rng, dtype            as in `xavier_normal`

    Returns
    -------
    array : shape

    Raises
    ------
    TypeError, ValueError              as in `xavier_normal`

    Notes
    -----
    [Glorot and Bengio, 2010, as for `xavier_normal`]. In PyTorch: `torch.nn.init.xavier_uniform_`.

    Examples
    --------
    >>> w = xavier_uniform((100, 50), rng=np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.2)
    True
    """
    bound = math.sqrt(3 * _xavier("xavier_uniform", shape, gain))
    return uniform("xavier_uniform", shape, bound, rng=rng, dtype=dtype)


def zeros(shape: tuple[int, ...], *, dtype: Any = np.float32) -> Array:
    """All zero: right for a bias, and for the last layer of a residual branch.

    Parameters
    ----------
    shape : tuple of int
    dtype                      float32 or float64

    Returns
    -------
    array : shape

    Raises
    ------
    TypeError                  if shape is not a tuple of whole numbers, or dtype another one
    ValueError                 if a size is below 0

    Notes
    -----
    A hidden layer whose weights start at zero learns nothing: no signal passes it, and no gradient.
    A branch that starts at zero makes its block the identity. [Goyal et al., 2017,
    arXiv:1706.02677, for residual branches]

    Examples
    --------
    >>> zeros((3,))
    array([0., 0., 0.], dtype=float32)
    """
    _check_constant("zeros", shape, dtype)
    return np.zeros(shape, dtype)


def constant(shape: tuple[int, ...], value: float, *, dtype: Any = np.float32) -> Array:
    """The same number everywhere: right for the scale of a normalising layer, or a bias.

    Parameters
    ----------
    shape : tuple of int
    value : float
    dtype                      float32 or float64

    Returns
    -------
    array : shape

    Raises
    ------
    TypeError                  if shape is not a tuple of whole numbers, value no number, or dtype
                               another one
    ValueError                 if a size is below 0, or value is NaN

    Notes
    -----
    Units of a layer that start alike stay alike: they get the same gradient at every step, so a
    layer of a hundred is as good as one unit. Weights must start apart, which is why we draw them.
    [Goodfellow et al., 2016, Deep Learning, section 8.4]

    Examples
    --------
    >>> constant((2,), 0.5)
    array([0.5, 0.5], dtype=float32)
    """
    _check_constant("constant", shape, dtype)
    return np.full(shape, check_number("constant", "value", value, finite=False), dtype)


def _check_draw(operation: str, shape: Any, rng: Any, dtype: Any) -> None:
    _check_constant(operation, shape, dtype)
    check_generator(operation, rng)


def _check_constant(operation: str, shape: Any, dtype: Any) -> None:
    _check_shape(operation, shape)
    check_dtype(operation, dtype)


def _check_shape(operation: str, shape: Any) -> None:
    if not isinstance(shape, tuple) or not all(map(is_int, shape)):
        raise TypeError(
            f"{operation}: a shape is a tuple of whole numbers, not {shape!r}; that of an array is "
            "w.shape."
        )
    if any(n < 0 for n in shape):
        raise ValueError(f"{operation}: no size of the shape {shape} may be below 0.")


def _kaiming(operation: str, shape: tuple[int, ...]) -> float:
    """The variance that keeps the size of signals through a ReLU layer."""
    fan_in, _ = fans(shape, operation)
    return 2 / max(1, fan_in)  # a weight without inputs is empty: any variance will do


def _xavier(operation: str, shape: tuple[int, ...], gain: float) -> float:
    """The variance between those that keep the size of signals and of gradients."""
    both = sum(fans(shape, operation))
    return check_number(operation, "gain", gain) ** 2 * 2 / max(1, both)
