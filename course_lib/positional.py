"""A positional encoding writes into each vector where it stands; attention alone cannot tell."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY
from functools import lru_cache
from typing import Any, Self

import numpy as np

from course_lib.blocks import sum_rows
from course_lib.errors import (
    check_arrays,
    check_choice,
    check_dtype,
    check_gradient,
    check_int,
    check_number,
    check_rank,
    is_plain,
    kind,
    so_many,
)
from course_lib.initializer import normal
from course_lib.layer import Backward, Layer
from course_lib.multi_head_attention import MultiHeadAttention
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
    base : float            hands turn by 1 (the first) to 1 / base radians per position
    dtype                   float32 or float64

    Returns
    -------
    code : (length, d_model)

    Raises
    ------
    TypeError               if dtype is neither float32 nor float64
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
    check_int("sinusoidal_encoding", "length", length, least=0)
    _check_pairs("sinusoidal_encoding", d_model, base)
    check_dtype("sinusoidal_encoding", dtype)
    hands = _hands(length, d_model, base, np.complex128)
    code = np.empty((length, d_model), dtype)
    code[:, 0::2], code[:, 1::2] = hands.imag, hands.real
    return code


def rotary(
    x: Array, *, base: float = 10000.0, positions: Array | None = None
) -> tuple[Array, Backward]:
    """Turn each pair of features by an angle that grows with the position.

        (y[2i] + 1j * y[2i + 1]) = (x[2i] + 1j * x[2i + 1]) * exp(1j * p / base**(2i / d))

    at position p: with pairs read as complex numbers, the encoding is one product. In real numbers,
    with the angle a = p / base**(2i / d),

        y[2i]     = cos(a) * x[2i] - sin(a) * x[2i + 1]
        y[2i + 1] = sin(a) * x[2i] + cos(a) * x[2i + 1]

    A pair is two neighbouring features, as in the paper; some models pair feature i with i + d / 2.

    Parameters
    ----------
    x : (..., T, d)             queries or keys, d even
    base : float                pairs turn by 1 (the first) to 1 / base radians per position
    positions : (T,), optional  where the vectors stand; 0 to T - 1 unless given

    Returns
    -------
    y : (..., T, d)
    backward : dy -> dx         each pair of dy turned back by the same angle

    Raises
    ------
    TypeError                   if x is not a float32 or float64 array, or positions not of numbers
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
    _check_pairs("rotary", features, base)
    pairs = np.result_type(x.dtype, np.complex64)
    if positions is None:
        turns = _hands(length, features, base, pairs)
    elif not is_plain(positions) or positions.dtype.kind not in "iuf":
        found = positions.dtype if is_plain(positions) else kind(positions)
        raise TypeError(
            f"rotary: positions must be an array of numbers, not {found}; one per vector: "
            "np.arange(length)."
        )
    elif positions.shape == (length,):
        turns = _angles(positions, features, base).astype(pairs)
    else:
        raise ValueError(
            f"rotary: positions has shape {positions.shape} but x {x.shape} has "
            f"{so_many(length, 'vector')}; positions must be ({length},)."
        )

    def turn(vectors: Array, by: Array) -> Array:
        if vectors.strides[-1] != vectors.itemsize:  # a pair must lie together in memory
            vectors = np.ascontiguousarray(vectors)
        return (vectors.view(pairs) * by).view(vectors.dtype)

    y = turn(x, turns)

    def backward(dy: Array) -> Array:
        check_gradient("rotary", dy, y)
        return turn(dy, turns.conj())

    return y, backward


class SinusoidalPositionalEncoding(Layer):
    """Add sines and cosines of the position to each vector, or append them.

        y[..., p, :] = x[..., p, :] + code[p]         or the two side by side, with mode="concat"
        code[p, 2i]     = sin(p / base**(2i / d_model))
        code[p, 2i + 1] = cos(p / base**(2i / d_model))

    See `sinusoidal_encoding`; there is nothing to learn.

    Parameters
    ----------
    x : (..., T, E)
    d_model : int                       features of the code, even; with mode="add" the same as E
    mode : "add" or "concat"
    base : float                        the larger, the slower the slow hands

    Returns
    -------
    y : (..., T, E) or (..., T, E + d_model)
    backward : dy -> (dx, grad)         dx = dy; with mode="concat", the part of dy that is x's

    Examples
    --------
    >>> SinusoidalPositionalEncoding(4)(np.zeros((1, 2, 4))).round(2)
    array([[[0.  , 1.  , 0.  , 1.  ],
            [0.84, 0.54, 0.01, 1.  ]]])
    >>> SinusoidalPositionalEncoding(4, mode="concat")(np.zeros((1, 2, 3))).shape
    (1, 2, 7)
    """

    d_model: int
    mode: str = "add"
    base: float = 10000.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_pairs("SinusoidalPositionalEncoding", self.d_model, self.base)
        _check_mode("SinusoidalPositionalEncoding", self.mode)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        _check_vectors("SinusoidalPositionalEncoding", x, self.d_model, self.mode)
        code = sinusoidal_encoding(x.shape[-2], self.d_model, base=self.base, dtype=x.dtype)
        y, attach_backward = _attach("SinusoidalPositionalEncoding", x, code, self.mode)
        return y, lambda dy: (attach_backward(dy)[0], self)


class LearnedPositionalEncoding(Layer):
    """Add a learned vector per position to each vector, or append it.

        y[..., p, :] = x[..., p, :] + weight[p]       or the two side by side, with mode="concat"

    The table ends after max_length positions: for those beyond nothing was learned, and a longer
    sequence is refused. Source: Gehring et al., 2017, arXiv:1705.03122.

    Parameters
    ----------
    x : (..., T, E)                     T at most max_length
    weight : (max_length, d_model)      row p is the code of position p; with mode="add" d_model = E
    mode : "add" or "concat"

    Returns
    -------
    y : (..., T, E) or (..., T, E + d_model)
    backward : dy -> (dx, grad)         dx = dy, and row p of grad.weight is the sum of dy at
                                        position p over the batch; with mode="concat", each gets
                                        its own part of dy

    Examples
    --------
    >>> table = LearnedPositionalEncoding(np.array([[10.0], [20.0], [30.0]]))
    >>> table(np.array([[[1.0], [2.0]]]))
    array([[[11.],
            [22.]]])
    """

    weight: Array  # (max_length, d_model)
    _: KW_ONLY
    mode: str = "add"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_rank("LearnedPositionalEncoding", "weight", self.weight, "max_length, d_model")
        _check_mode("LearnedPositionalEncoding", self.mode)

    @classmethod
    def init(
        cls,
        max_length: int,
        d_model: int,
        *,
        mode: str = "add",
        std: float = 0.02,
        rng: np.random.Generator,
        dtype: Any = np.float32,
    ) -> Self:
        """Draw the table from a normal distribution with standard deviation `std`."""
        check_int("LearnedPositionalEncoding", "max_length", max_length, least=0)
        check_int("LearnedPositionalEncoding", "d_model", d_model, least=0)
        if not check_number("LearnedPositionalEncoding", "std", std) >= 0:
            raise ValueError(f"LearnedPositionalEncoding: std must be at least 0, not {std}.")
        shape = (max_length, d_model)
        return cls(normal("LearnedPositionalEncoding", shape, std, rng=rng, dtype=dtype), mode=mode)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        check_arrays("LearnedPositionalEncoding", x=x, weight=self.weight)
        rows, d_model = self.weight.shape
        _check_vectors("LearnedPositionalEncoding", x, d_model, self.mode)
        length = x.shape[-2]
        if length > rows:
            raise ValueError(
                f"LearnedPositionalEncoding: x {x.shape} has {length} positions but the table "
                f"{self.weight.shape} ends after {rows}; no vector was learned beyond them: use "
                "shorter sequences, or train a longer table."
            )
        y, attach_backward = _attach(
            "LearnedPositionalEncoding", x, self.weight[:length], self.mode
        )

        def backward(dy: Array) -> tuple[Array, LearnedPositionalEncoding]:
            dx, dcode = attach_backward(dy)
            dweight = np.zeros_like(self.weight)
            examples = math.prod(x.shape[:-2])
            total = sum_rows(dcode.reshape(examples, length * d_model))
            dweight[:length] = total.reshape(length, d_model)
            return dx, self._with(weight=dweight)

        return y, backward


class RotaryMultiHeadAttention(MultiHeadAttention):
    """Multi-head attention whose queries and keys are turned by their positions.

        y = out_proj(merge(scaled_dot_product_attention(rotary(query_h), rotary(key_h), value_h)
                           for every head h))

    Position enters between projection and match, so a match depends on contents and distance (see
    `rotary`). Source: Su et al., 2021, arXiv:2104.09864.

    Parameters
    ----------
    query, key, value, mask, causal     as in `MultiHeadAttention`
    num_heads : int                     each with an even number of features
    base : float                        the larger, the slower the slow rotations

    Returns
    -------
    y : (N, T, embed_dim)
    backward : dy -> (dx, grad)         as in `MultiHeadAttention`; on the way the gradients of the
                                        queries and keys are turned back

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = RotaryMultiHeadAttention.init(8, 2, rng=rng, dtype=np.float64)
    >>> x = rng.normal(size=(1, 3, 8))
    >>> bool(np.allclose(layer(x[:, ::-1]), layer(x)[:, ::-1]))     # no longer blind to order
    False
    """

    base: float = 10000.0

    def __post_init__(self) -> None:
        super().__post_init__()
        width = self.in_proj_weight.shape[1] // self.num_heads
        _check_pairs("RotaryMultiHeadAttention", width, self.base)

    def place(self, heads: Array) -> tuple[Array, Backward]:
        """Queries and keys, each turned by its position."""
        return rotary(heads, base=self.base)


@lru_cache(maxsize=32)
def _hands(length: int, features: int, base: float, dtype: Any) -> Array:
    """The clock hands of the positions 0 to length - 1, kept for the next batch."""
    hands = _angles(np.arange(length), features, base).astype(dtype)
    hands.flags.writeable = False
    return hands


def _angles(positions: Array, features: int, base: float) -> Array:
    """exp(1j * p / base**(2i / features)): a point on the circle per position p and pair i."""
    speeds = base ** (-np.arange(0, features, 2) / features)
    return np.exp(1j * np.multiply.outer(positions, speeds))


def _attach(operation: str, x: Array, code: Array, mode: str) -> tuple[Array, Backward]:
    """x with its code added or appended; the way back gives the gradients of both."""
    if mode == "add":
        y = x + code
    else:
        wide = np.broadcast_to(code, (*x.shape[:-1], code.shape[-1]))
        y = np.concatenate([x, wide], axis=-1)

    def backward(dy: Array) -> tuple[Array, Array]:
        check_gradient(operation, dy, y)
        if mode == "add":
            return dy, dy
        return dy[..., : x.shape[-1]], dy[..., x.shape[-1] :]

    return y, backward


def _check_mode(operation: str, mode: str) -> None:
    check_choice(operation, "mode", mode, ("add", "concat"))


def _check_pairs(operation: str, features: int, base: float) -> None:
    check_int(operation, "d_model", features, least=0)
    if features % 2:
        raise ValueError(
            f"{operation}: the number of features must be even, not {features}: every frequency "
            "takes a pair."
        )
    if not check_number(operation, "base", base) > 0:
        raise ValueError(f"{operation}: base must be positive, not {base}.")


def _check_vectors(operation: str, x: Array, d_model: int, mode: str) -> None:
    check_arrays(operation, x=x)
    if x.ndim < 2 or (mode == "add" and x.shape[-1] != d_model):
        raise ValueError(
            f"{operation}: x has shape {x.shape} but must be (..., T, {d_model}) for codes of "
            f"{so_many(d_model, 'feature')} to be added; "
            'mode="concat" takes any number of features.'
        )
