"""The data comes inside packages, split without overlap."""

import numpy as np
import pytest

import course_lib as lib


def test_digits_are_split_without_overlap():
    data = lib.digits(rng=np.random.default_rng(0), num_test=400)
    assert data.x_train.shape == (1397, 1, 8, 8)
    assert data.x_test.shape == (400, 1, 8, 8)
    assert data.x_train.dtype == np.float32
    assert (data.x_train.min(), data.x_train.max()) == (0, 1)
    pixels = np.concatenate([data.x_train, data.x_test]).sum()
    other = lib.digits(rng=np.random.default_rng(1), num_test=10)
    assert pixels == pytest.approx(np.concatenate([other.x_train, other.x_test]).sum())
    assert (data.x_train[:400] != other.x_train[:400]).any()


def test_photographs_are_real_and_shrink_by_averaging():
    full = lib.photograph("flower", dtype=np.float64)
    half = lib.photograph("flower", shrink=2, dtype=np.float64)
    assert full.shape == (427, 640)
    np.testing.assert_allclose(half[0, 0], full[:2, :2].mean())
    assert lib.photograph("china", shrink=4, grey=False).shape == (3, 106, 160)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: lib.photograph("cat"), '"china" or "flower", not \'cat\''),
        (lambda: lib.photograph(shrink=0), "shrink must be at least 1"),
        (lambda: lib.digits(rng=np.random.default_rng(0), num_test=1797), "between 1 and 1796"),
    ],
)
def test_bad_input_is_named(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
