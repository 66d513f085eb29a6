"""What every operation checks first; an error names culprit, rule, shapes and remedy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

FLOATING = (np.dtype(np.float32), np.dtype(np.float64))


def check_arrays(operation: str, /, *, required: int = 1, **arrays: Any) -> None:
    """The arguments must be arrays of one floating dtype (float32 or float64).

    The first `required` must be there; others may be None, for what an operation can do without.

    Examples
    --------
    >>> check_arrays("linear", x=np.ones(2), weight=np.ones((1, 2), np.float32))
    Traceback (most recent call last):
    TypeError: linear: x is float64 but weight is float32; make them one dtype: \
x.astype(np.float32).
    """
    for dtype in FLOATING:  # when all is well, this is all: small layers feel every microsecond
        found = 0
        for array in arrays.values():
            if type(array) is np.ndarray and array.dtype is dtype:
                found += 1
            elif array is not None or found < required:
                break
        else:
            return
    first = next(iter(arrays))
    for name in list(arrays)[:required]:
        if arrays[name] is None:
            raise TypeError(
                f"{operation}: {name} is None but must be a NumPy array of float32 or float64; "
                "it cannot be left out."
            )
    given = {name: array for name, array in arrays.items() if array is not None}
    for name, array in given.items():
        if not is_plain(array):
            raise TypeError(
                f"{operation}: {name} is {kind(array)}, not a NumPy array; "
                "wrap it: np.array(values, dtype=np.float32)."
            )
        if array.dtype != np.float32 and array.dtype != np.float64:
            raise TypeError(
                f"{operation}: {name} holds {array.dtype}, but layers compute in float32 or "
                f"float64; convert it: {name}.astype(np.float32)."
            )
    x = given[first]
    for name, array in given.items():
        if array.dtype != x.dtype:
            raise TypeError(
                f"{operation}: {first} is {x.dtype} but {name} is {array.dtype}; make them one "
                f"dtype: {first}.astype(np.{array.dtype})."
            )


def is_plain(array: Any) -> bool:
    """Whether this is an array that computes as arrays do.

    The product of a `np.matrix` is another one, and a masked array hides some of its numbers.
    """
    if type(array) is np.ndarray:  # as nearly always
        return True
    return isinstance(array, np.ndarray) and not isinstance(array, np.matrix | np.ma.MaskedArray)


def kind(value: Any) -> str:
    """What a value is, in words.

    Examples
    --------
    >>> kind(3), kind([3]), kind(None)
    ('an int', 'a list', 'None')
    """
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeio' or name == 'ndarray' else 'a'} {name}"


def so_many(count: float, what: str, plural: str = "") -> str:
    """A number of things in words; the plural ends in s if nothing else is said.

    Examples
    --------
    >>> so_many(1, "point"), so_many(2.5, "point"), so_many(3, "axis", "axes")
    ('1 point', '2.5 points', '3 axes')
    """
    number = count if is_int(count) else f"{count:g}"
    return f"{number} {what if count == 1 else plural or f'{what}s'}"


def check_rank(operation: str, name: str, array: np.ndarray, axes: str) -> None:
    """`array` must have exactly the axes named, such as "N, C, H, W".

    Examples
    --------
    >>> check_rank("conv2d", "x", np.ones((8, 8)), "N, C, H, W")
    Traceback (most recent call last):
    ValueError: conv2d: x must have the axes (N, C, H, W) but has shape (8, 8), 2 axes \
instead of 4; add axes of length 1 with x[None] or reshape.
    """
    rank = axes.count(",") + 1
    if array.ndim != rank:
        raise ValueError(
            f"{operation}: {name} must have the axes ({axes}) but has shape {array.shape}, "
            f"{so_many(array.ndim, 'axis', 'axes')} instead of {rank}; "
            f"add axes of length 1 with {name}[None] or reshape."
        )


def check_gradient(operation: str, dy: Any, y: np.ndarray, name: str = "dy") -> None:
    """The gradient handed to a backward pass must have its output's shape and dtype."""
    if type(dy) is not np.ndarray and not is_plain(dy):
        raise TypeError(
            f"{operation}: backward takes {name} as an array of shape {y.shape}, not {kind(dy)}."
        )
    if dy.shape != y.shape:
        raise ValueError(
            f"{operation}: {name} has shape {dy.shape} but the output has shape {y.shape}; "
            "the gradient of an array has the array's shape."
        )
    if dy.dtype != y.dtype:
        raise TypeError(
            f"{operation}: {name} is {dy.dtype} but the output is {y.dtype}; "
            f"convert it: {name}.astype(np.{y.dtype})."
        )


def as_tuple(
    operation: str, name: str, value: Any, length: int, *, least: float
) -> tuple[int, ...]:
    """An int, or one int per spatial axis, as a tuple of ints of which none is below `least`.

    Examples
    --------
    >>> as_tuple("conv2d", "stride", 2, 2, least=1)
    (2, 2)
    """
    if type(value) is int and value >= least:  # as nearly always
        return (value,) * length
    values = value if isinstance(value, tuple | list) else (value,) * length
    if len(values) != length or not all(map(is_int, values)):
        form = "an int" if length == 1 else f"an int or {length} ints"
        raise TypeError(f"{operation}: {name} must be {form}, not {value!r}.")
    if min(values) < least:
        raise ValueError(f"{operation}: {name} must be at least {least}, not {value!r}.")
    return tuple(int(v) for v in values)


def is_int(value: Any) -> bool:
    """Whether this is an int, Python's or NumPy's; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_int(operation: str, name: str, value: Any, *, least: float = -math.inf) -> None:
    """One int, NumPy's or Python's, not below `least`.

    Examples
    --------
    >>> check_int("Linear", "in_features", 2.5, least=0)
    Traceback (most recent call last):
    TypeError: Linear: in_features must be an int, not 2.5.
    """
    if isinstance(value, tuple | list):
        raise TypeError(f"{operation}: {name} must be an int, not {value!r}.")
    as_tuple(operation, name, value, 1, least=least)


def check_number(operation: str, name: str, value: Any, *, finite: bool = True) -> float:
    """A real number, NumPy's or Python's, as a Python float: it leaves a float32 array float32.

    Examples
    --------
    >>> check_number("layer_norm", "eps", np.float64(0.5))
    0.5
    >>> check_number("layer_norm", "eps", "small")
    Traceback (most recent call last):
    TypeError: layer_norm: eps must be a number, not 'small'.
    """
    if type(value) is float and value - value == 0:  # as nearly always; inf - inf is NaN
        return value
    real = isinstance(value, int | float | np.integer | np.floating)
    if not real or isinstance(value, bool):
        raise TypeError(f"{operation}: {name} must be a number, not {value!r}.")
    if np.isnan(value) or (finite and np.isinf(value)):
        raise ValueError(f"{operation}: {name} must be a finite number, not {value}.")
    return float(value)


def check_flag(operation: str, name: str, value: Any) -> None:
    """A switch is True or False: what else counts as true is too easily a slip.

    Examples
    --------
    >>> check_flag("Linear", "bias", None)
    Traceback (most recent call last):
    TypeError: Linear: bias must be True or False, not None.
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{operation}: {name} must be True or False, not {value!r}.")


def check_choice(operation: str, name: str, value: Any, choices: tuple[str, ...]) -> None:
    """One of a few words.

    Examples
    --------
    >>> check_choice("mse", "reduction", "max", ("mean", "sum", "none"))
    Traceback (most recent call last):
    ValueError: mse: reduction must be "mean", "sum" or "none", not 'max'.
    """
    if not isinstance(value, str) or value not in choices:
        *others, last = (f'"{choice}"' for choice in choices)
        raise ValueError(
            f"{operation}: {name} must be {', '.join(others)} or {last}, not {value!r}."
        )


def check_dtype(operation: str, dtype: Any) -> None:
    """Layers compute in float32 or float64.

    Examples
    --------
    >>> check_dtype("Linear", int)
    Traceback (most recent call last):
    TypeError: Linear: dtype must be float32 or float64, not int64.
    """
    try:
        # for NumPy, None is float64, and so is a number of that kind
        found = np.dtype(dtype) if isinstance(dtype, type | np.dtype | str) else None
    except TypeError:
        found = None
    if found is None or found not in FLOATING:
        shown = repr(dtype) if found is None else found
        raise TypeError(f"{operation}: dtype must be float32 or float64, not {shown}.")


def check_generator(operation: str, rng: Any) -> None:
    """What draws random numbers needs a generator of its own: there is no global seed.

    Examples
    --------
    >>> check_generator("kaiming_normal", 0)
    Traceback (most recent call last):
    TypeError: kaiming_normal: rng must be a generator, not an int; make one from a seed: \
rng=np.random.default_rng(0).
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{operation}: rng must be a generator, not {kind(rng)}; make one from a "
            "seed: rng=np.random.default_rng(0)."
        )
