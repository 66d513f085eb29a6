"""Dropout drops what it says, keeps the mean, and draws one mask for both directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.dropout import Dropout, Dropout1d, Dropout2d, dropout, dropout1d, dropout2d
from course_lib.gradcheck import gradcheck
from course_lib.layer import Identity, Sequential

CASES = {  # layer, operation, a shape
    "Dropout": (Dropout, dropout, (6, 5)),
    "Dropout1d": (Dropout1d, dropout1d, (6, 5, 3)),
    "Dropout2d": (Dropout2d, dropout2d, (6, 5, 3, 2)),
}
each_case = pytest.mark.parametrize(("layer", "operation", "shape"), CASES.values(), ids=CASES)


def generator(seed=0):
    return np.random.default_rng(seed)


@given(st.floats(0, 0.99), st.integers(0, 100))
def test_every_number_is_zero_or_enlarged_by_one_over_one_minus_p(p, seed):
    x = generator(seed).normal(size=(4, 5))
    y = dropout(x, p, rng=generator(seed))[0]
    kept = y != 0
    np.testing.assert_allclose(y[kept], x[kept] / (1 - p))


@pytest.mark.parametrize("p", [0.1, 0.3, 0.8])
def test_the_share_that_is_dropped_is_p_and_the_mean_is_kept(p):
    x = np.ones((100, 400), np.float32)
    y = dropout(x, p, rng=generator())[0]
    deviation = np.sqrt(p * (1 - p) / x.size)  # of a share of so many draws
    assert abs((y == 0).mean() - p) < 4 * deviation
    assert abs(y.mean() - 1) < 4 * deviation / (1 - p)


@each_case
def test_the_backward_pass_uses_the_mask_of_the_forward_pass(layer, operation, shape):
    y, backward = operation(np.ones(shape), 0.4, rng=generator())
    assert 0 < (y == 0).sum() < y.size
    np.testing.assert_array_equal(backward(np.ones(shape)), y)
    np.testing.assert_array_equal(backward(np.ones(shape)), y)  # and again


@each_case
def test_the_backward_pass_agrees_with_differences(layer, operation, shape):
    rng = generator(1)
    assert gradcheck(layer(0.4, rng=rng), rng.normal(size=shape), rng=rng) < 1e-6


def test_a_new_mask_in_the_backward_pass_is_caught():
    class Forgetful(Dropout):
        def forward(self, x):
            y, _ = dropout(x, self.p, rng=self.rng)
            return y, lambda dy: (dropout(dy, self.p, rng=self.rng)[0], self)

    class Unscaled(Dropout):
        def forward(self, x):
            y, backward = dropout(x, self.p, rng=self.rng)
            return y, lambda dy: (backward(dy) * (1 - self.p), self)

    for wrong in (Forgetful, Unscaled):
        rng = generator(2)
        assert gradcheck(wrong(0.4, rng=rng), rng.normal(size=(6, 7)), rng=rng) > 1e-3


@pytest.mark.parametrize("name", ["Dropout1d", "Dropout2d"])
def test_a_channel_is_dropped_whole_or_not_at_all(name):
    layer, _, shape = CASES[name]
    y = layer(0.5, rng=generator())(np.ones(shape)).reshape(*shape[:2], -1)
    np.testing.assert_array_equal(y.min(axis=-1), y.max(axis=-1))
    channels = y[:, :, 0]
    assert len(np.unique(channels, axis=0)) > 1  # every example has its own mask
    assert set(channels.ravel()) == {0.0, 2.0}


def test_dropout_takes_single_pixels():
    y = Dropout(0.5, rng=generator())(np.ones((1, 1, 8, 8)))
    assert set(y.ravel()) == {0.0, 2.0}


@each_case
def test_evaluation_changes_nothing(layer, operation, shape):
    model = Sequential(layer(0.5, rng=generator()))
    x = generator().normal(size=shape)
    assert isinstance(layer(0.5, rng=generator()).for_evaluation(), Identity)
    np.testing.assert_array_equal(model.for_evaluation()(x), x)
    assert (model(x) == 0).any()  # the model itself still trains


def test_two_layers_made_with_one_generator_drop_different_numbers():
    rng = generator()
    model = Sequential(Dropout(0.5, rng=rng), Dropout(0.5, rng=rng))
    x = np.ones((8, 8))
    for copied in (model, model.map(lambda w: w)):
        first, second = copied.layers
        assert (first(x) != second(x)).any()


def test_making_a_layer_does_not_move_the_generator_it_is_given():
    rng = generator()
    Dropout(0.5, rng=rng)
    assert rng.random() == generator().random()


def test_every_forward_draws_a_new_mask():
    layer, x = Dropout(0.5, rng=generator()), np.ones((8, 8))
    assert (layer(x) != layer(x)).any()


def test_a_mapped_model_draws_on_its_own():
    layer, x = Dropout(0.5, rng=generator()), np.ones((8, 8))
    kept = layer.map(lambda w: w)
    first = layer(x)
    layer(x)
    np.testing.assert_array_equal(kept(x), first)  # the other's draws have not moved it


def test_the_same_seed_drops_the_same_numbers_in_both_precisions():
    masks = [dropout(np.ones(99, d), 0.3, rng=generator())[0] > 0 for d in (np.float32, np.float64)]
    np.testing.assert_array_equal(*masks)


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_nothing_is_written(layer, operation, shape, dtype):
    x = np.full(shape, -1, dtype)
    x.flags.writeable = False
    y, backward = operation(x, 0.3, rng=generator())
    dx = backward(x)
    assert y.dtype == dx.dtype == dtype
    assert not np.signbit(y[y == 0]).any()  # no "-0."


def test_an_infinite_number_can_be_dropped():
    y = dropout(np.full(50, np.inf), 0.5, rng=generator())[0]
    assert set(y) == {0.0, np.inf}


@each_case
def test_an_empty_batch_gives_an_empty_answer(layer, operation, shape):
    x = np.ones((0, *shape[1:]))
    y, backward = operation(x, 0.5, rng=generator())
    assert y.shape == backward(y).shape == x.shape


def test_half_is_dropped_unless_told_otherwise():
    assert Dropout(rng=np.random.default_rng(0)).p == 0.5


def test_p_zero_drops_nothing():
    x = generator().normal(size=9)
    np.testing.assert_array_equal(Dropout(0.0, rng=generator())(x), x)


def test_there_are_no_parameters():
    assert Dropout(0.5, rng=generator()).state_dict() == {}


WRONG = [
    (lambda: Dropout(1.0, rng=generator()), ValueError, r"Dropout: p .* in \[0, 1\), not 1.0"),
    (lambda: Dropout2d(-0.1, rng=generator()), ValueError, r"Dropout2d: p .* \[0, 1\), not -0.1"),
    (lambda: Dropout(float("nan"), rng=generator()), ValueError, "not nan"),
    (lambda: dropout(np.ones(2), 1.5, rng=generator()), ValueError, "dropout: p .* not 1.5"),
    (
        lambda: Dropout(0.5, rng=0),
        TypeError,
        r"rng must be a generator, not an int.*default_rng\(0\)",
    ),
    (lambda: dropout([1.0], 0.5, rng=generator()), TypeError, "dropout: x is a list"),
    (
        lambda: Dropout2d(0.5, rng=generator())(np.ones((2, 3, 4))),
        ValueError,
        r"dropout2d: x must have the axes \(N, C, H, W\) but has shape \(2, 3, 4\)",
    ),
    (
        lambda: dropout(np.ones(2), 0.5, rng=generator())[1](np.ones(3)),
        ValueError,
        r"dropout: dy has shape \(3,\) but the output has shape \(2,\)",
    ),
]


@pytest.mark.parametrize(("call", "error", "sentence"), WRONG)
def test_a_wrong_call_says_what_to_do(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
