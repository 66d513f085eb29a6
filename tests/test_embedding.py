"""An embedding is a look-up: a product with a one-hot vector, without the cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.embedding import Embedding, embedding
from course_lib.gradcheck import gradcheck
from course_lib.linear import linear

RNG = np.random.default_rng(0)


def table(rows: int, width: int) -> np.ndarray:
    return np.random.default_rng([rows, width]).normal(size=(rows, width))


@given(
    shape=st.lists(st.integers(0, 4), max_size=3),
    rows=st.integers(1, 6),
    width=st.integers(1, 4),
    dtype=st.sampled_from([np.int64, np.int8, np.uint16]),
)
def test_it_is_a_product_with_one_hot_vectors(
    shape: list[int], rows: int, width: int, dtype: Any
) -> None:
    rng = np.random.default_rng(rows)
    indices, weight = np.asarray(rng.integers(0, rows, shape)).astype(dtype), table(rows, width)
    y, backward = embedding(indices, weight)
    one_hot, dy = np.eye(rows)[indices], rng.normal(size=y.shape)
    expected, linear_backward = linear(one_hot, weight.T.copy())
    assert np.abs(y - expected).max(initial=0) < 1e-12
    dindices, dweight = backward(dy)
    assert dindices is None
    assert np.abs(dweight - linear_backward(dy)[1].T).max(initial=0) < 1e-12


def test_gradients_are_those_of_finite_differences() -> None:
    indices = np.array([[1, 1, 4], [0, 1, 4]])
    assert gradcheck(lambda w: _without_indices(indices, w), table(5, 3), rng=RNG) < 1e-6


def _without_indices(indices: Any, weight: Any) -> Any:
    y, backward = embedding(indices, weight)
    return y, lambda dy: backward(dy)[1]


def test_assigning_instead_of_adding_fails_the_gradient_check() -> None:
    indices = np.array([1, 1, 4])

    def assigning(weight: Any) -> Any:
        def backward(dy: Any) -> Any:
            dweight = np.zeros_like(weight)
            dweight[indices] = dy
            return dweight

        return weight[indices], backward

    assert gradcheck(assigning, table(5, 3), rng=RNG) > 1e-3


def test_the_gradients_of_a_repeated_token_add_and_unused_rows_get_none() -> None:
    _, backward = Embedding(table(4, 2)).forward(np.array([2, 0, 2, 2]))
    dx, grad = backward(np.array([[1.0, 0], [5, 6], [2, 0], [4, 0]]))
    assert dx is None
    assert isinstance(grad, Embedding)
    np.testing.assert_array_equal(grad.weight, [[5, 6], [0, 0], [7, 0], [0, 0]])


def test_the_padding_row_is_zero_and_gets_no_gradient() -> None:
    layer = Embedding.init(5, 3, padding_idx=1, rng=np.random.default_rng(0))
    assert not layer.weight[1].any()
    assert layer.weight[[0, 2, 3, 4]].all()
    y, backward = layer.forward(np.array([1, 2, 1]))
    assert not y[[0, 2]].any()
    _, grad = backward(np.ones_like(y))
    assert not grad.weight[1].any()
    assert grad.weight[2].all()
    assert grad.padding_idx == 1


def test_a_look_up_is_a_copy() -> None:
    layer = Embedding(table(3, 2))
    y = layer(np.array([0]))
    y += 1
    assert not np.shares_memory(y, layer.weight)


def test_rows_are_drawn_from_a_standard_normal() -> None:
    weight = Embedding.init(500, 40, rng=np.random.default_rng(0)).weight
    assert (weight.shape, weight.dtype) == ((500, 40), np.float32)
    assert weight.mean() == pytest.approx(0, abs=0.03)
    assert weight.std() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize(
    ("indices", "error", "sentence"),
    [
        (np.array([0, 3]), ValueError, "tokens from 0 to 3, but .* rows 0 to 2"),
        (np.array([-1]), ValueError, "tokens from -1 to -1"),
        (np.array([0.0]), TypeError, "integers, not float64"),
        (np.array([True]), TypeError, "integers, not bool"),
        ([0, 1], TypeError, "integers, not a list"),
    ],
)
def test_wrong_indices_say_what_is_wrong(
    indices: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        embedding(indices, table(3, 2))


def test_padding_must_be_a_row() -> None:
    for wrong in (3, -1):
        with pytest.raises(ValueError, match="padding_idx"):
            Embedding(table(3, 2), padding_idx=wrong)
        with pytest.raises(ValueError, match="padding_idx"):
            Embedding.init(3, 2, padding_idx=wrong, rng=RNG)
        with pytest.raises(ValueError, match="padding_idx"):
            embedding(np.array([0]), table(3, 2), padding_idx=wrong)
