"""A linear layer is affine, global, and strict about shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib as lib

RNG = np.random.default_rng
sizes = st.integers(1, 5)


def loop(x, weight, bias):
    y = np.zeros((*x.shape[:-1], len(weight)))
    for index in np.ndindex(*x.shape[:-1]):
        for o, row in enumerate(weight):
            y[(*index, o)] = sum(w * v for w, v in zip(row, x[index], strict=True)) + bias[o]
    return y


@given(st.lists(sizes, max_size=3), sizes, sizes, st.integers(0, 99))
def test_linear_equals_the_loop(leading, fan_in, fan_out, seed):
    rng = RNG(seed)
    x = rng.normal(size=(*leading, fan_in))
    weight, bias = rng.normal(size=(fan_out, fan_in)), rng.normal(size=fan_out)
    np.testing.assert_allclose(lib.linear(x, weight, bias)[0], loop(x, weight, bias), rtol=1e-9)
    assert lib.gradcheck(lib.linear, x, weight, bias, rng=rng) < 1e-6


def test_linear_is_affine():
    rng = RNG(0)
    layer = lib.Linear.init(4, 3, rng=rng, dtype=np.float64)
    a, b, zero = rng.normal(size=(1, 4)), rng.normal(size=(1, 4)), np.zeros((1, 4))

    def f(x):
        return layer(x) - layer(zero)

    np.testing.assert_allclose(f(2 * a - 3 * b), 2 * f(a) - 3 * f(b), rtol=1e-9)
    assert abs(layer(a + b) - layer(a) - layer(b)).max() > 0.01


def test_every_output_depends_on_every_input():
    layer = lib.Linear.init(6, 5, rng=RNG(0), dtype=np.float64)
    for output in range(5):
        _, backward = layer.forward(np.ones((1, 6)))
        dx, _ = backward(np.eye(5)[output : output + 1])
        assert (dx != 0).all()


def test_the_gradients_of_a_batch_add():
    rng = RNG(0)
    layer = lib.Linear.init(3, 2, rng=rng, dtype=np.float64)
    x, dy = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    whole = layer.forward(x)[1](dy)[1]
    rows = [layer.forward(x[i : i + 1])[1](dy[i : i + 1])[1] for i in range(4)]
    np.testing.assert_allclose(whole.weight, sum(r.weight for r in rows))
    np.testing.assert_allclose(whole.bias, sum(r.bias for r in rows))


@pytest.mark.parametrize("change", ["dx", "dweight", "dbias"])
def test_a_broken_backward_fails_the_gradient_check(change):
    def broken(x, weight, bias):
        y, backward = lib.linear(x, weight, bias)

        def wrong(dy):
            dx, dweight, dbias = backward(dy)
            return {
                "dx": (dx @ weight @ weight.T, dweight, dbias),
                "dweight": (dx, dweight / len(x), dbias),
                "dbias": (dx, dweight, dbias / len(x)),
            }[change]

        return y, wrong

    rng = RNG(0)
    arrays = rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
    assert lib.gradcheck(lib.linear, *arrays, rng=rng) < 1e-6
    assert lib.gradcheck(broken, *arrays, rng=rng) > 1e-3


def test_an_empty_batch_has_an_empty_answer():
    y, backward = lib.linear(np.ones((0, 3)), np.ones((2, 3)), np.ones(2))
    dx, dweight, dbias = backward(y)
    assert (y.shape, dx.shape) == ((0, 2), (0, 3))
    assert not dweight.any()
    assert not dbias.any()


@pytest.mark.parametrize(
    ("x", "weight", "bias", "error", "sentence"),
    [
        ([1.0], np.ones((1, 1)), None, TypeError, "linear: x is a list, not a NumPy array"),
        (np.ones(3, int), np.ones((1, 3)), None, TypeError, r"x holds int64, .*astype\(np.float32"),
        (
            np.ones(3),
            np.ones((1, 3), np.float32),
            None,
            TypeError,
            r"x is float64 but weight is float32; .*x\.astype\(np\.float32\)",
        ),
        (np.ones((2, 4)), np.ones((5, 3)), None, ValueError, r"x \(2, 4\).*weight \(5, 3\)"),
        (np.ones((2, 3)), np.ones(3), None, ValueError, r"\(out_features, in_features\)"),
        (np.ones((2, 3)), np.ones((5, 3)), np.ones(1), ValueError, r"bias must be \(5,\)"),
    ],
)
def test_bad_input_is_named(x, weight, bias, error, sentence):
    with pytest.raises(error, match=sentence):
        lib.linear(x, weight, bias)


def test_a_gradient_of_the_wrong_shape_or_dtype_is_named():
    _, backward = lib.linear(np.ones((2, 3)), np.ones((5, 3)))
    with pytest.raises(ValueError, match=r"dy has shape \(1, 5\) but the output .* \(2, 5\)"):
        backward(np.ones((1, 5)))
    with pytest.raises(TypeError, match=r"dy is float32 but the output is float64"):
        backward(np.ones((2, 5), np.float32))
    with pytest.raises(TypeError, match="not a float"):
        backward(1.0)


def test_init_draws_within_one_over_the_root_of_fan_in():
    layer = lib.Linear.init(100, 300, rng=RNG(0))
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert 0.099 < abs(layer.weight).max() <= 0.1
    assert 0.095 < abs(layer.bias).max() <= 0.1
    assert lib.Linear.init(2, 3, bias=False, rng=RNG(0)).bias is None
