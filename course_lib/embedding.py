"""An embedding turns each token number into a row of a learned table."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, Self

import numpy as np

from course_lib.blocks import BLOCK, SUMMED, in_blocks
from course_lib.errors import (
    check_arrays,
    check_gradient,
    check_int,
    check_rank,
    is_plain,
    kind,
)
from course_lib.initializer import normal
from course_lib.layer import Backward, Layer
from course_lib.record import Array


def embedding(
    indices: Array, weight: Array, *, padding_idx: int | None = None
) -> tuple[Array, Backward]:
    """Look up one row of the table for every token.

        y[i] = weight[indices[i]]            the same as onehot(indices) @ weight, without the cost

    Parameters
    ----------
    indices : (...)                          integers from 0 to num_embeddings - 1
    weight : (num_embeddings, embedding_dim)
    padding_idx : int, optional              a token that is not learned: its row gets no gradient

    Returns
    -------
    y : (..., embedding_dim)
    backward : dy -> (None, dweight)         dweight[t] = sum of dy[i] wherever indices[i] is t;
                                             integers have no gradient

    Raises
    ------
    TypeError        if indices is not an array of integers, or weight not of a floating dtype
    ValueError       if an index is out of range, or padding_idx is

    Notes
    -----
    A token that occurs twice gets the sum of its two gradients; a row that no token uses gets none.
    [Bengio et al., 2003, A neural probabilistic language model]

    Examples
    --------
    >>> weight = np.array([[0.0, 1.0], [2.0, 3.0]])
    >>> y, backward = embedding(np.array([1, 1]), weight)
    >>> y
    array([[2., 3.],
           [2., 3.]])
    >>> backward(np.ones((2, 2)))[1]
    array([[0., 0.],
           [2., 2.]])
    """
    check_arrays("embedding", weight=weight)
    check_rank("embedding", "weight", weight, "num_embeddings, embedding_dim")
    _check_indices(indices, weight)
    if padding_idx is not None:
        _check_padding("embedding", padding_idx, weight)
    y = weight.take(indices, axis=0)

    def backward(dy: Array) -> tuple[None, Array]:
        check_gradient("embedding", dy, y)
        tokens, dweight = indices.reshape(-1), np.zeros_like(weight, order="C")
        _add_rows(dweight, tokens.astype(np.intp), dy.reshape(tokens.size, weight.shape[1]))
        if padding_idx is not None:
            dweight[padding_idx] = 0
        return None, dweight

    return y, backward


def _add_rows(table: Array, tokens: Array, rows: Array) -> None:
    """table[tokens[i]] += rows[i] for every i, also where a token occurs again; table is zero."""
    newest, left = np.empty(len(table), np.intp), np.arange(len(tokens))
    while rows.size > BLOCK and len(left):  # one row of each token at once, while few occur again
        here = tokens[left]
        newest[here] = left
        once = newest[here] == left
        if once.sum() < len(left) / 4:
            break
        if len(left) == len(tokens):
            table[tokens] = rows  # of each token the newest row stays
        else:
            table[here[once]] += rows.take(left[once], axis=0)
        left = left[~once]

    often = len(left) and np.bincount(tokens[left]).max() > SUMMED
    total = np.zeros(table.shape) if often else table  # in float64, to keep the digits of many

    def add(tokens: Array, rows: Array) -> None:
        # add.at is fast on one axis only: address every single entry of the table
        entries = tokens * table.shape[1] + np.arange(table.shape[1])
        np.add.at(total.reshape(-1), entries.reshape(-1), rows.reshape(-1).astype(total.dtype))

    in_blocks(add, tokens[left, None], rows.take(left, axis=0))
    if total is not table:
        table += total.astype(table.dtype)


class Embedding(Layer):
    """A table with one learned row per token (see `embedding`); the padding row stays as it is."""

    weight: Array  # (num_embeddings, embedding_dim)
    _: KW_ONLY
    padding_idx: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_rank("Embedding", "weight", self.weight, "num_embeddings, embedding_dim")
        if self.padding_idx is not None:
            _check_padding("Embedding", self.padding_idx, self.weight)

    @classmethod
    def init(
        cls,
        num_embeddings: int,
        embedding_dim: int,
        *,
        padding_idx: int | None = None,
        rng: np.random.Generator,
        dtype: Any = np.float32,
    ) -> Self:
        """Draw the rows as PyTorch does: standard normal; the padding row is zero."""
        check_int("Embedding", "num_embeddings", num_embeddings, least=0)
        check_int("Embedding", "embedding_dim", embedding_dim, least=0)
        weight = normal("Embedding", (num_embeddings, embedding_dim), 1.0, rng=rng, dtype=dtype)
        if padding_idx is not None:
            _check_padding("Embedding", padding_idx, weight)
            weight[padding_idx] = 0
        return cls(weight, padding_idx=padding_idx)

    def forward(self, indices: Array) -> tuple[Array, Backward]:  # (...) -> (..., embedding_dim)
        y, embedding_backward = embedding(indices, self.weight, padding_idx=self.padding_idx)

        def backward(dy: Array) -> tuple[None, Embedding]:
            _, dweight = embedding_backward(dy)
            return None, self._with(weight=dweight)

        return y, backward


def _check_indices(indices: Any, weight: Array) -> None:
    if not is_plain(indices) or indices.dtype.kind not in "iu":
        found = indices.dtype if is_plain(indices) else kind(indices)
        raise TypeError(
            f"embedding: indices must be an array of integers, not {found}; a token is a row "
            "number: np.array(tokens, dtype=np.int64)."
        )
    if indices.size and (indices.min() < 0 or indices.max() >= len(weight)):
        raise ValueError(
            f"embedding: indices {indices.shape} holds tokens from {indices.min()} to "
            f"{indices.max()}, but weight {weight.shape} has the rows 0 to {len(weight) - 1}."
        )


def _check_padding(operation: str, padding_idx: int, weight: Array) -> None:
    check_int(operation, "padding_idx", padding_idx, least=0)
    if padding_idx >= len(weight):
        raise ValueError(
            f"{operation}: padding_idx {padding_idx} is not a row of weight {weight.shape}; rows "
            f"go from 0 to {len(weight) - 1}."
        )
