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


def test_a_gradient_of_the_wrong_shape_is_named():
    class Unsummed(lib.Layer):
        weight: np.ndarray

        def forward(self, x):
            return self.weight * x, lambda dy: (dy * self.weight, Unsummed(dy * x))

    with pytest.raises(ValueError, match=r"the gradient of weight is \(5, 3\) and must be \(3,\)"):
        lib.gradcheck(Unsummed(np.ones(3)), np.ones((5, 3)), rng=RNG(0))
    with pytest.raises(ValueError, match=r"the gradient of input 0 is \(3,\) and must be \(5, 3\)"):
        lib.gradcheck(lambda x: (2 * x, lambda dy: dy.sum(axis=0)), np.ones((5, 3)), rng=RNG(0))


def test_options_reach_the_operation():
    x, w = RNG(0).normal(size=(1, 2, 7)), RNG(1).normal(size=(3, 2, 3))
    assert lib.gradcheck(lib.conv1d, x, w, rng=RNG(2), stride=2, padding=1) < 1e-6


def test_float32_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"input 0 is float32.*astype\(np\.float64\)"):
        lib.gradcheck(lib.relu, np.ones(2, np.float32), rng=RNG(0))
    layer = lib.Linear.init(2, 2, rng=RNG(0))
    with pytest.raises(TypeError, match="weight is float32"):
        lib.gradcheck(layer, np.ones((1, 2)), rng=RNG(0))


# -- kinks and ties -------------------------------------------------------------------------------


KINKS = {
    "relu at zero": (lib.relu, (np.zeros((3, 4)),), {}),
    "relu at integers": (lib.relu, (RNG(0).integers(-1, 2, (40, 50)).astype(float),), {}),
    "a tie in every window": (lib.max_pool2d, (np.ones((1, 2, 6, 6)),), {"kernel_size": 2}),
    "a tie far from zero": (lib.max_pool1d, (np.full((2, 3, 8), 10.0),), {"kernel_size": 3}),
}


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_the_error_means_nothing_and_away_from_it_is_small(name):
    operation, inputs, options = KINKS[name]
    assert lib.gradcheck(operation, *inputs, rng=RNG(1), **options) > 1e-2
    for seed in range(10):
        error = lib.gradcheck(operation, *inputs, rng=RNG(seed), away_from_kinks=True, **options)
        assert error < 1e-6


def test_a_wrong_backward_is_wrong_away_from_kinks_too():
    def leaky(x):
        y, backward = lib.relu(x)
        return y, lambda dy: backward(dy) + 0.01 * dy

    assert lib.gradcheck(leaky, np.zeros((3, 4)), rng=RNG(0), away_from_kinks=True) > 1e-3


def test_a_kink_inside_a_model_is_left_too():
    rng = RNG(0)
    model = lib.Sequential(
        lib.Linear(np.zeros((5, 3)), np.zeros(5)), lib.ReLU(), lib.Linear.init(5, 2, rng=rng)
    ).astype(np.float64)
    x = rng.normal(size=(4, 3))
    assert lib.gradcheck(model, x, rng=RNG(1)) > 1e-2
    assert lib.gradcheck(model, x, rng=RNG(1), away_from_kinks=True) < 1e-6


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_a_steep_curve_is_no_kink(size):
    def square(x):
        return x * x, lambda dy: 2 * x * dy

    for seed in range(20):
        x = size * RNG(seed).normal(size=(2, 3))
        assert lib.gradcheck(square, x, rng=RNG(seed), away_from_kinks=True) < 1e-6


def test_where_no_place_is_smooth_it_says_so():
    def saw(x):
        return np.abs(x % 1e-6 - 5e-7), lambda dy: dy

    with pytest.raises(ValueError, match="within a step of a kink; try a smaller step"):
        lib.gradcheck(saw, np.ones(50), rng=RNG(0), away_from_kinks=True)
