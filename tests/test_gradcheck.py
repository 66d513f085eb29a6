"""The gradient check sees what sums hide, and needs float64."""

import numpy as np
import pytest

import course_lib as lib

RNG = np.random.default_rng


def softmax_with(backward_of):
    def softmax(x):
        y = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
        return y, lambda dy: backward_of(y, dy)

    return softmax


def test_a_softmax_gradient_of_zero_is_caught():
    # pulling back ones, as a check that sums the output does, would compare 0 with 0
    x = RNG(0).normal(size=(2, 4))
    right = softmax_with(lambda y, dy: y * (dy - (y * dy).sum(axis=-1, keepdims=True)))
    zero = softmax_with(lambda y, dy: np.zeros_like(y))
    assert lib.gradcheck(right, x, rng=RNG(1)) < 1e-6
    assert lib.gradcheck(zero, x, rng=RNG(1)) > 0.5


def test_parameters_are_checked_too():
    class Forgetful(lib.Layer):
        weight: np.ndarray

        def forward(self, x):
            return x * self.weight, lambda dy: (
                dy * self.weight,
                self._with(weight=0 * self.weight),
            )

    assert lib.gradcheck(Forgetful(np.ones(3)), np.ones((2, 3)), rng=RNG(0)) > 0.1


def test_options_reach_the_operation():
    x, w = RNG(0).normal(size=(1, 2, 7)), RNG(1).normal(size=(3, 2, 3))
    assert lib.gradcheck(lib.conv1d, x, w, rng=RNG(2), stride=2, padding=1) < 1e-6


def test_float32_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"input 0 is float32.*astype\(np\.float64\)"):
        lib.gradcheck(lib.relu, np.ones(2, np.float32), rng=RNG(0))
    layer = lib.Linear.init(2, 2, rng=RNG(0))
    with pytest.raises(TypeError, match="weight is float32"):
        lib.gradcheck(layer, np.ones((1, 2)), rng=RNG(0))
