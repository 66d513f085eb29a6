"""Working in blocks must not be visible in the result."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib as lib
from course_lib import blocks
from course_lib.blocks import in_blocks


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 60))
def test_every_row_is_seen_exactly_once(rows, width, block):
    x, seen = np.arange(1.0 * rows * width).reshape(rows, width), np.zeros(rows)

    def double(x, y, seen):
        assert x.size <= max(block, width)
        np.multiply(x, 2, out=y)
        seen += 1

    y = np.empty_like(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", block)
        in_blocks(double, x, y, seen)
    np.testing.assert_array_equal(y, 2 * x)
    assert (seen == 1).all()


LAYERS = {
    "LeakyReLU": lib.LeakyReLU(0.2),
    "Sigmoid": lib.Sigmoid(),
    "Tanh": lib.Tanh(),
    "GELU": lib.GELU(),
    "GELU, tanh": lib.GELU("tanh"),
    "SiLU": lib.SiLU(),
    "Softmax": lib.Softmax(),
    "Softmax, first axis": lib.Softmax(0),
    "LogSoftmax": lib.LogSoftmax(),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", [(7, 5), (3, 4, 50), (0, 3)])
def test_the_size_of_a_block_does_not_show(name, shape, monkeypatch):
    rng = np.random.default_rng(0)
    if shape[0] == 0 and name == "Softmax, first axis":
        shape = (3, 0)
    x, dy = rng.normal(size=shape), rng.normal(size=shape)
    answers = []
    for block in (10**6, 12):
        monkeypatch.setattr(blocks, "BLOCK", block)
        y, backward = LAYERS[name].forward(x)
        answers.append((y, backward(dy)[0]))
    for whole, parts in zip(*answers, strict=True):
        np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-15)


def test_an_embedding_adds_up_over_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    tokens, weight, dy = (
        rng.integers(0, 4, (5, 9)),
        rng.normal(size=(4, 3)),
        rng.normal(size=(5, 9, 3)),
    )
    monkeypatch.setattr(blocks, "BLOCK", 12)
    _, dweight = lib.embedding(tokens, weight)[1](dy)
    np.testing.assert_allclose(dweight, np.einsum("nti,ntd->id", np.eye(4)[tokens], dy), rtol=1e-12)
