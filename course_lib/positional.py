"""A positional encoding writes into each vector where it stands; attention alone cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY
from functools import lru_cache
from typing import Any, Self

import numpy as np

from course_lib.attention import MultiHeadAttention
from course_lib.errors import as_tuple, check_arrays, check_gradient
from course_lib.layer import Backward, Layer
from course_lib.record import Array


def sinusoidal_encoding(
    length: int, d_model: int, *, base: float = 10000.0, dtype: Any = np.float32
) -> Array:
    """The clock hands of every position: pairs of sine and cosine, each pair slower than the last.

        code[p, 2i]     = sin(p / base**(2i / d_model))
        code[p, 2i + 1] = cos(p / base**(2i / d_model))

    Parameters
    ----------
    length : int            positions 0 to length - 1
    d_model : int           features per position, even
    base : float            sets how slow the slowest hand is
    dtype                   float32 or float64

    Returns
    -------
    code : (length, d_model)

    Raises
    ------
    ValueError              if d_model is odd, a size is negative, or base is not positive

    Notes
    -----
    Moving on by k positions turns every hand by a fixed angle: one rotation takes code[p] to
    code[p + k], whatever p is. [Vaswani et al., 2017, arXiv:1706.03762]

    Examples
    --------
    >>> sinusoidal_encoding(2, 4).round(2)
    array([[0.  , 1.  , 0.  , 1.  ],
           [0.84, 0.54, 0.01, 1.  ]], dtype=float32)
    """
    as_tuple("sinusoidal_encoding", "length", length, 1, least=0)
    hands = _hands("sinusoidal_encoding", np.arange(length), d_model, base)
    code = np.empty((length, d_model), dtype)
    code[:, 0::2], code[:, 1::2] = hands.imag, hands.real
    return code


def rotary(
    x: Array, *, base: float = 10000.0, positions: Array | None = None
) -> tuple[Array, Backward]:
    """Turn each pair of features by an angle that grows with the position.

        (y[2i] + 1j * y[2i + 1]) = (x[2i] + 1j * x[2i + 1]) * exp(1j * p / base**(2i / d))

    at position p: with pairs read as complex numbers, the encoding is one product.

    Parameters
    ----------
    x : (..., T, d)             queries or keys, d even
    base : float                sets how slow the slowest rotation is
    positions : (T,), optional  where the vectors stand; 0 to T - 1 unless given

    Returns
    -------
    y : (..., T, d)
    backward : dy -> dx         the rotation back

    Raises
    ------
    TypeError                   if x is not a float32 or float64 array
    ValueError                  if d is odd, or there is not one position per vector

    Notes
    -----
    A query at p and a key at q match by their contents and by p - q alone: shifting both by the
    same number of positions changes no match. [Su et al., 2021, arXiv:2104.09864]

    Examples
    --------
    >>> y, _ = rotary(np.array([[1.0, 0.0], [1.0, 0.0]]))
    >>> y.round(2)
    array([[1.  , 0.  ],
           [0.54, 0.84]])
    """
    check_arrays("rotary", x=x)
    if x.ndim < 2:
        raise ValueError(
            f"rotary: x must have the axes (..., T, d) but has shape {x.shape}; add the axis of "
            "positions with x[None]."
        )
    length, features = x.shape[-2:]
    if positions is None:
        turns = _first_turns(length, features, base, np.result_type(x.dtype, np.complex64))
    else:
        positions = np.asarray(positions)
        if positions.shape != (length,):
            raise ValueError(
                f"rotary: positions has shape {positions.shape} but x {x.shape} has {length} "
                f"vectors; positions must be ({length},)."
            )
        turns = _hands("rotary", positions, features, base)
    return ...
