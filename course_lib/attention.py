"""Attention looks everything up at once: each query takes a mixture of values, matched by key."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.activation import keep
from course_lib.blocks import by_row, row_max, sum_along_rows
from course_lib.dropout import check_dropout, draw_kept
from course_lib.errors import (
    check_arrays,
    check_flag,
    check_gradient,
    check_number,
    is_plain,
    kind,
)
from course_lib.layer import Backward
from course_lib.record import Array, read_only

CACHE_BYTES = 2**18  # made and used in parts of this size, maps stay in the second-level cache
KEPT_BYTES = 2**25  # maps that take more are made again on the way back, not remembered


def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
    causal: bool = False,
    dropout_p: float = 0.0,
    rng: np.random.Generator | None = None,
) -> tuple[Array, Backward]:
    """Match every query with every key, then mix the values: the better the match, the more of it.

        y = softmax(query @ key.T / sqrt(d)) @ value         softmax over the S keys

    with P = softmax(query @ key.T / sqrt(d)) and dP = dy @ value.T, the way back is

        dvalue = P.T @ dy
        dscores = P * (dP - rowsum(P * dP)) = P * (dP - rowsum(dy * y))
        dquery = dscores @ key / sqrt(d)              dkey = dscores.T @ query / sqrt(d)

    With dropout the values are mixed by D * P instead of P, where D is 0 with probability
    dropout_p and else 1 / (1 - dropout_p); dvalue = (D * P).T @ dy and dP = D * (dy @ value.T).

    Parameters
    ----------
    query : (..., T, d)       what each position looks for
    key : (..., S, d)         what each position can be found by
    value : (..., S, d_v)     what each position hands over
    mask : optional           broadcasts to (..., T, S): booleans, True where a query may attend to
                              a key, or numbers of the same dtype that are added to the scores
    causal : bool             query t attends to keys 0 to t only
    dropout_p : float         share of the weights that is set to zero, in [0, 1)
    rng : optional            numpy.random.Generator that draws which; not needed without dropout

    Returns
    -------
    y : (..., T, d_v)
    backward : dy -> (dquery, dkey, dvalue)

    Raises
    ------
    TypeError        if the arrays are not of one floating dtype, mask is neither that nor bool, or
                     there is dropout but no generator
    ValueError       if shapes disagree, there are no keys, or dropout_p is not in [0, 1)

    Notes
    -----
    Without dropout, every y is a weighted mean of the values, so each of its features lies between
    the smallest and the largest among them; a query that may attend to nothing gets zeros. What it
    may not attend to does not reach it, not even NaN. The root keeps the size of the scores
    whatever d is; softmax has no slope left where they are large. The same in PyTorch, under this
    name, but for NaN, which spoils PyTorch's result. [Vaswani et al., 2017, arXiv:1706.03762]

    Examples
    --------
    >>> key = value = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> y, _ = scaled_dot_product_attention(np.array([[9.0, 0.0]]), key, value)
    >>> y.round(2)
    array([[1., 0.]])
    """
    operation = "scaled_dot_product_attention"
    check_arrays(operation, required=3, query=query, key=key, value=value)
    if value.shape[:-1] != key.shape[:-1]:
        raise ValueError(
            f"{operation}: value has shape {value.shape} but key has shape {key.shape}; there must "
            "be one value per key, so all axes but the last must agree."
        )
    scaled, bias = _prepare(operation, query, key, mask, causal)
    reach = _reach(bias, query, key, value)
    dropout_p = check_number(operation, "dropout_p", dropout_p)
    if dropout_p:
        check_dropout(operation, dropout_p, rng, "dropout_p")
    *leading, length, _ = query.shape
    map_bytes = length * key.shape[-2] * query.itemsize
    blocks = list(_blocks(leading, map_bytes))
    # empty_like keeps the order of the axes in memory, so that merging heads need not copy
    y = np.empty_like(query, shape=(*leading, length, value.shape[-1]))
    sums = np.empty((*leading, length, 1), query.dtype)

    def match(block: tuple[Any, ...]) -> tuple[Array, Array]:
        return _exp_scores(scaled[block], key[block], _part(bias, block), _part(reach, block))

    remember = math.prod(leading) * map_bytes <= KEPT_BYTES
    remembered, left = [], []
    for block in blocks:
        exps, sums[block] = match(block)
        left.append(draw_kept(exps.shape, dropout_p, rng) if dropout_p and rng else None)
        _mix(_thinned(exps, left[-1]), value[block], _part(reach, block), out=y[block])
        remembered += [exps] if remember else []
    y /= sums * (1 - dropout_p)
    y = read_only(y)

    def backward(dy: Array) -> tuple[Array, Array, Array]:
        check_gradient(operation, dy, y)
        dquery, dkey, dvalue = np.empty_like(query), np.empty_like(key), np.empty_like(value)
        # exps are P * sums: it is cheaper to divide dy, which is T x d_v, than P, which is T x S
        shares = dy / (sums * (1 - dropout_p))
        pulls = np.einsum("...d,...d->...", shares, y)[..., None]  # rowsum(dy * y), over the same
        pulls *= 1 - dropout_p  # over sums
        for i, block in enumerate(blocks):
            exps, near = remembered[i] if remember else match(block)[0], _part(reach, block)
            _mix(_thinned(exps, left[i]).mT, shares[block], _turned(near), out=dvalue[block])
            dscores = _thinned(_pairs(shares[block], value[block], near), left[i])
            dscores -= pulls[block]
            dscores *= exps
            _mix(dscores, key[block], near, out=dquery[block])
            _mix(dscores.mT, scaled[block], _turned(near), out=dkey[block])
        dquery *= query.dtype.type(1 / math.sqrt(query.shape[-1]))
        return dquery, dkey, dvalue

    return y, backward


def _thinned(maps: Array, left: Array | None) -> Array:
    """What dropout left of the maps; without dropout, the maps themselves."""
    return maps if left is None else keep(maps, left)


def attention_weights(
    query: Array, key: Array, *, mask: Array | None = None, causal: bool = False
) -> Array:
    """How much each query attends to each key: the maps of `scaled_dot_product_attention`.

        weights = softmax(query @ key.T / sqrt(d))            over the S keys

    These are for looking at; nothing is differentiated, so there is no way back.
    [Vaswani et al., 2017, arXiv:1706.03762]

    Parameters
    ----------
    query, key, mask, causal         as in `scaled_dot_product_attention`

    Returns
    -------
    weights : (..., T, S)            every row sums to 1, or to 0 where all keys are masked

    Raises
    ------
    TypeError, ValueError            as in `scaled_dot_product_attention`

    Examples
    --------
    >>> attention_weights(np.zeros((3, 2)), np.zeros((3, 2)), causal=True).round(2)
    array([[1.  , 0.  , 0.  ],
           [0.5 , 0.5 , 0.  ],
           [0.33, 0.33, 0.33]])
    """
    check_arrays("attention_weights", required=2, query=query, key=key)
    scaled, bias = _prepare("attention_weights", query, key, mask, causal)
    exps, sums = _exp_scores(scaled, key, bias, _reach(bias, query, key))
    exps /= sums
    return exps


def _prepare(
    operation: str, query: Array, key: Array, mask: Array | None, causal: bool
) -> tuple[Array, Array | None]:
    """The query over sqrt(d), and what to add to the scores: -inf where a key is out of reach."""
    check_flag(operation, "causal", causal)
    if query.ndim < 2 or query.shape[:-2] != key.shape[:-2] or query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"{operation}: query has shape {query.shape} but key has shape {key.shape}; query is "
            "(..., T, d) and key (..., S, d), with the same leading axes and the same d."
        )
    if not key.shape[-2] or not key.shape[-1]:
        raise ValueError(
            f"{operation}: key {key.shape} is (..., S, d) and must have at least one position and "
            "one feature; there is nothing to attend to."
        )
    scaled = query * query.dtype.type(1 / math.sqrt(query.shape[-1]))
    if mask is None and not causal:
        return scaled, None
    maps = (*query.shape[:-1], key.shape[-2])
    bias = np.where(np.tri(*maps[-2:], dtype=np.bool_) if causal else True, 0, -np.inf)
    bias = bias.astype(query.dtype)
    if mask is not None:
        bias = bias + as_bias(operation, mask, maps, query.dtype)
    return scaled, np.broadcast_to(bias, maps)


def as_bias(operation: str, mask: Any, maps: tuple[int, ...], dtype: Any) -> Array:
    if not is_plain(mask) or (mask.dtype != bool and mask.dtype != dtype):
        found = mask.dtype if is_plain(mask) else kind(mask)
        number = np.asarray(mask).dtype.kind == "f"  # -inf as a boolean would be True, and allow
        remedy = f"np.asarray(mask, np.{np.dtype(dtype)})" if number else "mask.astype(bool)"
        raise TypeError(
            f"{operation}: mask must be a boolean array, True where a query may attend, or hold "
            f"{np.dtype(dtype)} numbers to add to the scores, not {found}; convert it: "
            f"{remedy}."
        )
    padded = (1,) * (len(maps) - mask.ndim) + mask.shape
    if len(padded) != len(maps) or any(m not in (1, s) for m, s in zip(padded, maps, strict=True)):
        raise ValueError(
            f"{operation}: mask has shape {mask.shape} but the maps have shape {maps}, "
            "(..., T, S); mask must broadcast to that: add axes of length 1 with mask[:, None]."
        )
    return mask if mask.dtype != bool else np.where(mask, 0, -np.inf).astype(dtype)


def _reach(bias: Array | None, *arrays: Array) -> Array | None:
    """Which query may attend to which key, (..., T, S); None if there is no need to tell.

    A weight of 0 keeps out any number, but 0 * inf is NaN. Where the sum of all squares is finite,
    no product of two rows overflows.
    """
    if bias is None:
        return None
    numbers = (a.ravel("K") for a in arrays)  # as they lie in memory
    finite = all(math.isfinite(np.vdot(n, n)) for n in numbers)
    return None if finite else bias != -np.inf


def _pairs(a: Array, b: Array, reach: Array | None, out: Array | None = None) -> Array:
    """a @ b.T: (..., T, d), (..., S, d) -> (..., T, S), and 0 for a pair that is out of reach."""
    if reach is None:
        return np.matmul(a, b.mT, out=out)
    return _sum_in_reach(a[..., None, :], b[..., None, :, :], reach, -1, out)


def _mix(weights: Array, rows: Array, reach: Array | None, out: Array) -> Array:
    """weights @ rows: (..., T, S), (..., S, d) -> (..., T, d), without the rows out of reach."""
    if reach is None:
        return np.matmul(weights, rows, out=out)
    return _sum_in_reach(weights[..., None], rows[..., None, :, :], reach, -2, out)


def _sum_in_reach(a: Array, b: Array, reach: Array, axis: int, out: Array | None) -> Array:
    products = np.zeros(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # as a product of matrices is: silent
        np.multiply(a, b, where=reach[..., None], out=products)
        return products.sum(axis=axis, out=out)


def _part(maps: Array | None, block: tuple[Any, ...]) -> Array | None:
    return None if maps is None else maps[block]


def _turned(maps: Array | None) -> Array | None:
    return None if maps is None else maps.mT


def _exp_scores(
    query: Array, key: Array, bias: Array | None, reach: Array | None
) -> tuple[Array, Array]:
    """exp(scores - top of the row), and the sums of its rows: together, the softmax."""
    # made here, in C order, so that `rows` is a view: a product takes over its factors' order
    scores = np.empty((*query.shape[:-1], key.shape[-2]), query.dtype)
    _pairs(query, key, reach, out=scores)
    if bias is not None:
        scores += bias
    rows = scores.reshape(-1, scores.shape[-1])
    # where all is masked, -inf - -inf is no number
    top = np.maximum(row_max(rows), np.finfo(rows.dtype).min)
    by_row(np.subtract, rows, top, out=rows)  # exp cannot overflow below 0
    np.exp(rows, out=rows)
    sums = sum_along_rows(rows)[:, None]
    # the top counts 1: less than that means that the row is empty, and 0 / 1 keeps it so
    return scores, np.maximum(sums, 1).reshape(*scores.shape[:-1], 1)


def _blocks(leading: list[int], map_bytes: int) -> Any:
    """Parts of the leading axes, as many maps at a time as fit the cache: all, some, or one."""
    for axis, size in enumerate(leading):
        inner = math.prod(leading[axis + 1 :]) * map_bytes
        if inner <= CACHE_BYTES or axis == len(leading) - 1:
            step = max(1, CACHE_BYTES // max(1, inner))
            for outer in np.ndindex(*leading[:axis]):
                for start in range(0, size, step):
                    yield (*outer, slice(start, start + step))
            return
    yield ()
