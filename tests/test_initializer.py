"""Every initialiser draws from the distribution that it names, and the scale does its work."""

from __future__ import annotations

import math

import numpy as np
import pytest

from course_lib.activation import Tanh
from course_lib.initializer import (
    constant,
    fans,
    kaiming_normal,
    kaiming_uniform,
    uniform_by_fan_in,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from course_lib.layer import Sequential
from course_lib.linear import Linear
from course_lib.loss import mse
from course_lib.residual import Residual

SHAPES = [(300, 200), (64, 32, 5), (40, 16, 5, 3)]
VARIANCE = {  # of fan_in and fan_out
    kaiming_normal: lambda i, o: 2 / i,
    kaiming_uniform: lambda i, o: 2 / i,
    xavier_normal: lambda i, o: 2 / (i + o),
    xavier_uniform: lambda i, o: 2 / (i + o),
}
UNIFORM = (kaiming_uniform, xavier_uniform)
each_draw = pytest.mark.parametrize("draw", VARIANCE, ids=lambda draw: draw.__name__)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def generator(seed=0):
    return np.random.default_rng(seed)


@each_shape
def test_fans_count_what_a_loop_counts(shape):
    out_channels, in_channels, *kernel = shape
    taps = sum(1 for _ in np.ndindex(*kernel))
    assert fans(shape) == (in_channels * taps, out_channels * taps)


@each_draw
@each_shape
def test_the_mean_is_zero_and_the_variance_is_the_one_named(draw, shape):
    w = draw(shape, rng=generator(), dtype=np.float64)
    variance = VARIANCE[draw](*fans(shape))
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)
    # the variance of a sample has a relative spread of at most √(2 / n)
    assert abs(w.var() / variance - 1) < 4 * math.sqrt(2 / w.size)


@each_draw
@each_shape
def test_the_distribution_is_the_one_named(draw, shape):
    w = np.sort(draw(shape, rng=generator(1), dtype=np.float64).ravel())
    deviation = math.sqrt(VARIANCE[draw](*fans(shape)))
    if draw in UNIFORM:
        bound = math.sqrt(3) * deviation
        assert abs(w).max() <= bound
        expected = (w / bound + 1) / 2
    else:
        assert abs(w).max() > 3 * deviation
        expected = np.array([math.erfc(-v / deviation / math.sqrt(2)) / 2 for v in w.tolist()])
    empirical = (np.arange(w.size) + 0.5) / w.size
    distance = abs(empirical - expected).max() * math.sqrt(w.size)  # Kolmogorov and Smirnov
    assert distance < 1.95  # exceeded by chance once in a thousand


@pytest.mark.parametrize("draw", [xavier_normal, xavier_uniform])
def test_the_gain_multiplies_what_is_drawn(draw):
    plain = draw((30, 20), rng=generator(), dtype=np.float64)
    np.testing.assert_allclose(draw((30, 20), gain=3, rng=generator(), dtype=np.float64), 3 * plain)


def test_uniform_by_fan_in_fills_its_interval():
    w = uniform_by_fan_in("Linear", (100, 100), 25, rng=generator())
    assert 0.199 < abs(w).max() <= 0.2
    assert abs(w.std() - 0.2 / math.sqrt(3)) < 0.002


@each_draw
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_dtype_are_those_asked_for_and_a_seed_repeats_the_draw(draw, dtype):
    w = draw((4, 3, 2), rng=generator(2), dtype=dtype)
    assert w.shape == (4, 3, 2)
    assert w.dtype == dtype
    np.testing.assert_array_equal(w, draw((4, 3, 2), rng=generator(2), dtype=dtype))
    assert draw((4, 3), rng=generator()).dtype == np.float32


@each_draw
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_an_empty_weight_is_drawn_without_complaint(draw, shape):
    assert draw(shape, rng=generator()).shape == shape


def test_kaiming_keeps_the_signal_through_twenty_relu_layers_and_xavier_does_not():
    def size_after_twenty_layers(draw):
        rng = generator(3)
        x = rng.normal(size=(50, 256))
        for _ in range(20):
            x = np.maximum(x @ draw((256, 256), rng=rng).T, 0)
        return np.sqrt((x**2).mean())

    assert 0.3 < size_after_twenty_layers(kaiming_normal) < 3
    assert 0.3 < size_after_twenty_layers(kaiming_uniform) < 3
    assert size_after_twenty_layers(xavier_normal) < 0.01  # √½ per layer is lost


@each_draw
def test_a_bias_has_no_fans(draw):
    with pytest.raises(ValueError, match=r"at least the axes \(out, in\), not shape \(5,\).*zero"):
        draw((5,), rng=generator())


# -- the same number everywhere -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constants_are_what_they_say(dtype):
    for array, value in (
        (zeros((2, 3), dtype=dtype), 0),
        (constant((2, 3), 0.25, dtype=dtype), 0.25),
    ):
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, np.full((2, 3), value))


def hidden_layer(weight, steps=3):
    """The first layer of a small network after a few steps downhill from a given weight."""
    rng = generator()
    model = Sequential(
        Linear(weight, zeros((4,), dtype=np.float64)),
        Tanh(),
        Linear(np.full((1, 4), weight[0, 0]), zeros((1,), dtype=np.float64)),
    )
    x, target = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    for _ in range(steps):
        y, backward = model.forward(x)
        _, grad = backward(mse(y, target)[1]())
        model = model.map(lambda w, g: w - 0.1 * g, grad)
    return model.layers[0].weight


def test_units_that_start_alike_stay_alike():
    weight = hidden_layer(constant((4, 3), 0.5, dtype=np.float64))
    assert np.abs(weight - 0.5).max() > 1e-3  # it learns
    np.testing.assert_allclose(weight, weight[:1].repeat(4, axis=0), rtol=1e-12)
    drawn = hidden_layer(xavier_normal((4, 3), rng=generator(), dtype=np.float64))
    assert np.ptp(drawn, axis=0).min() > 1e-2


def test_a_hidden_layer_of_zeros_learns_nothing():
    assert not hidden_layer(zeros((4, 3), dtype=np.float64)).any()


def test_a_branch_that_starts_at_zero_makes_its_block_the_identity():
    x = generator().normal(size=(2, 3))
    block = Residual(Linear(zeros((3, 3), dtype=np.float64), zeros((3,), dtype=np.float64)))
    np.testing.assert_array_equal(block(x), x)
