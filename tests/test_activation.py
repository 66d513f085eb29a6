"""Every activation is its formula, its slope is right, and no number is too large for it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activation import (
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    choose,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    tanh,
)
from course_lib.blocks import BLOCK
from course_lib.gradcheck import gradcheck

FORMULAS = {  # the layer, and what it does to one number, as the textbook writes it
    "relu": (ReLU(), lambda x: max(0.0, x)),
    "leaky_relu": (LeakyReLU(0.2), lambda x: x if x > 0 else 0.2 * x),
    "sigmoid": (Sigmoid(), lambda x: 1 / (1 + math.exp(-x))),
    "tanh": (Tanh(), math.tanh),
    "gelu": (GELU(), lambda x: x * math.erfc(-x / math.sqrt(2)) / 2),
    "gelu_tanh": (
        GELU(approximate="tanh"),
        lambda x: x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
    ),
    "silu": (SiLU(), lambda x: x / (1 + math.exp(-x))),
}
CURVES = {name: layer for name, (layer, _) in FORMULAS.items()}
LAYERS = {**CURVES, "softmax": Softmax(), "softmax_0": Softmax(0), "log_softmax": LogSoftmax()}
RTOL = {np.float32: 1e-6, np.float64: 1e-14}

floats = st.floats(-1e6, 1e6, width=32)
each_curve = pytest.mark.parametrize("name", CURVES)
each_layer = pytest.mark.parametrize("name", LAYERS)
each_dtype = pytest.mark.parametrize("dtype", RTOL)


@each_curve
@each_dtype
def test_the_curve_is_its_formula(name, dtype):
    layer, formula = FORMULAS[name]
    x = np.linspace(-20, 20, 997).astype(dtype)
    y = np.array([formula(float(value)) for value in x])
    np.testing.assert_allclose(layer(x), y, rtol=0, atol=RTOL[dtype] * abs(y).max())


@each_layer
def test_the_backward_pass_agrees_with_differences(name):
    rng = np.random.default_rng(1)
    assert gradcheck(LAYERS[name], rng.normal(size=(3, 5, 4)), rng=rng) < 1e-6


@each_curve
def test_the_slope_is_right_far_from_zero_too(name):
    rng = np.random.default_rng(2)
    assert gradcheck(CURVES[name], rng.uniform(-12, 12, 300), rng=rng) < 1e-6


def test_a_wrong_slope_is_caught():
    def without_the_density(x):  # the product rule forgotten: y = x * Φ(x), dy/dx = Φ(x)
        y, _ = gelu(x)
        return y, lambda dy: dy * y / x

    def of_the_output(x):  # a tanh that puts x where y belongs
        return np.tanh(x), lambda dy: dy * (1 - x * x)

    def without_the_sum(x):  # a softmax whose shares do not compete
        y, _ = softmax(x)
        return y, lambda dy: dy * y * (1 - y)

    def passes_everything(x):
        return relu(x)[0], lambda dy: dy

    for wrong in (without_the_density, of_the_output, without_the_sum, passes_everything):
        rng = np.random.default_rng(3)
        assert gradcheck(wrong, rng.normal(size=(4, 5)), rng=rng) > 1e-3


@each_layer
@each_dtype
@given(values=st.lists(floats, min_size=2, max_size=20))
def test_large_numbers_neither_overflow_nor_warn(name, dtype, values):
    x = np.array(values, dtype) * dtype(1e30)
    y, backward = LAYERS[name].forward(x)
    dx, _ = backward(np.ones_like(x))
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()
    assert y.dtype == dx.dtype == dtype


@each_dtype
@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("relu", 0, np.inf),
        ("leaky_relu", -np.inf, np.inf),
        ("sigmoid", 0, 1),
        ("tanh", -1, 1),
        ("gelu", 0, np.inf),
        ("gelu_tanh", 0, np.inf),
        ("silu", 0, np.inf),
    ],
)
def test_the_limits_are_right_at_infinity(name, left, right, dtype):
    y, backward = CURVES[name].forward(np.array([-np.inf, np.inf], dtype))
    np.testing.assert_array_equal(y, [left, right])
    assert not np.signbit(y[0]) or left < 0  # no "-0."
    slopes = backward(np.ones(2, dtype))[0]
    limits = {"leaky_relu": [0.2, 1], "sigmoid": [0, 0], "tanh": [0, 0]}
    np.testing.assert_array_equal(slopes, np.array(limits.get(name, [0, 1]), dtype))


@each_dtype
def test_shares_of_the_largest_and_the_smallest_number_are_right(dtype):
    most = np.finfo(dtype).max
    y, backward = softmax(np.array([-most, 0, most], dtype))
    np.testing.assert_array_equal(y, [0, 0, 1])
    np.testing.assert_array_equal(backward(np.ones(3, dtype)), 0)
    np.testing.assert_array_equal(
        log_softmax(np.array([-most, 0, most], dtype))[0], [-np.inf, -most, 0]
    )


@each_layer
def test_nan_comes_out_where_nan_goes_in(name):
    assert np.isnan(LAYERS[name](np.array([[np.nan, 1.0]]))[0, 0])


@each_curve
def test_long_arrays_are_cut_into_blocks_without_a_trace(name):
    x = np.random.default_rng(4).normal(size=(2, BLOCK + 3)).astype(np.float32)
    y, backward = CURVES[name].forward(x)
    dx, _ = backward(x)
    for i in (0, BLOCK - 1, BLOCK, BLOCK + 2):
        column, column_backward = CURVES[name].forward(x[:, i])
        np.testing.assert_allclose(y[:, i], column, rtol=1e-6)
        np.testing.assert_allclose(dx[:, i], column_backward(x[:, i])[0], rtol=1e-6)


@each_layer
@pytest.mark.parametrize("shape", [(0, 3), (3, 4), (2, 0, 3)])
def test_an_empty_batch_gives_an_empty_answer(name, shape):
    if name == "softmax_0" and shape[0] == 0:
        shape = (3, 0)
    x = np.ones(shape)
    y, backward = LAYERS[name].forward(x)
    assert y.shape == backward(y)[0].shape == shape


@each_curve
def test_a_single_number_and_a_strided_view_are_arrays_too(name):
    layer = CURVES[name]
    x = np.random.default_rng(5).normal(size=(4, 6))
    y, backward = layer.forward(np.array(0.5))
    assert y.shape == backward(np.array(1.0))[0].shape == ()
    np.testing.assert_array_equal(layer(x.T[::2]), layer(x.T[::2].copy()))
    _, backward = layer.forward(x)
    np.testing.assert_array_equal(
        backward(x[:, ::-1])[0], backward(np.ascontiguousarray(x[:, ::-1]))[0]
    )


@each_layer
def test_nothing_is_written_and_backward_is_linear(name):
    rng = np.random.default_rng(6)
    x, dy = rng.normal(size=(2, 3, 4))
    x.flags.writeable = dy.flags.writeable = False
    y, backward = LAYERS[name].forward(x)
    kept = y.copy()
    dx, grad = backward(dy)
    np.testing.assert_array_equal(backward(dy)[0], dx)
    np.testing.assert_allclose(backward(-2 * dy)[0], -2 * dx, atol=1e-12)
    np.testing.assert_array_equal(y, kept)
    assert type(grad) is type(LAYERS[name])


# --- ReLU -----------------------------------------------------------------------------------


def test_relu_passes_dy_where_x_is_positive_and_never_gives_minus_zero():
    x = np.array([-1.0, 0.0, 2.0, -3.0, 4.0])
    dx = relu(x)[1](np.array([-7.0, -7.0, -7.0, np.inf, -np.inf]))
    np.testing.assert_array_equal(dx, [0, 0, -7, 0, -np.inf])
    assert not np.signbit(dx[[0, 1, 3]]).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.1, 1.0, 3.0])
def test_leaky_relu_is_right_for_every_slope(slope, dtype):
    x = np.append(np.random.default_rng(5).normal(size=50), [0.0, -0.0, -1e-40, 1e-40])
    x = x.astype(dtype)
    y, backward = leaky_relu(x, slope)
    np.testing.assert_array_equal(y, np.where(x > 0, x, x * dtype(slope)))
    np.testing.assert_array_equal(backward(x + 1), (x + 1) * np.where(x > 0, 1, dtype(slope)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_choosing_by_bits_gives_exactly_the_two_numbers(dtype):
    where = np.array([True, False, True])
    for yes, no in [(1, 0.01), (-2.5, np.inf), (0.0, -0.0)]:
        chosen = np.empty(3, dtype)
        choose(where, yes, no, chosen)
        np.testing.assert_array_equal(chosen, np.array([yes, no, yes], dtype))


def test_leaky_relu_keeps_plus_infinity_whatever_its_slope():
    for slope in (-1.0, 0.0, 0.5, 2.0):
        assert leaky_relu(np.array([np.inf]), slope)[0] == np.inf


def test_leaky_relu_with_slope_one_is_the_identity_and_with_slope_zero_is_relu():
    x = np.random.default_rng(7).normal(size=50)
    np.testing.assert_array_equal(leaky_relu(x, 1.0)[0], x)
    np.testing.assert_array_equal(leaky_relu(x, 0.0)[0], relu(x)[0])


# --- GELU -----------------------------------------------------------------------------------


def test_gelu_dips_to_minus_0170_at_minus_0752():
    x = np.linspace(-3, 3, 60001)
    y = gelu(x)[0]
    assert round(float(y.min()), 3) == -0.170
    assert round(float(x[y.argmin()]), 3) == -0.752


@pytest.mark.parametrize(
    ("dtype", "end", "rtol"), [(np.float32, 13, 1e-5), (np.float64, 37, 1e-12)]
)
def test_the_far_tail_of_gelu_keeps_its_digits(dtype, end, rtol):
    x = -np.linspace(0.001, end, 2000).astype(dtype)
    exact = np.array([v * math.erfc(-v / math.sqrt(2)) / 2 for v in x.tolist()])
    np.testing.assert_allclose(gelu(x)[0], exact, rtol=rtol)


@each_dtype
def test_the_normal_share_inside_gelu_is_exact_to_rounding(dtype):
    x = np.linspace(-5, 5, 4001).astype(dtype)
    x = x[x != 0]
    exact = np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x.tolist()])
    error = abs(gelu(x)[0] / x - exact)
    assert error.max() < (1.5e-7 if dtype is np.float32 else 3e-16)


@pytest.mark.parametrize("operation", [relu, gelu, silu])
@given(x=st.floats(-1e3, 1e3))
def test_left_and_right_differ_by_the_identity(operation, x):
    x = np.array([x])
    np.testing.assert_allclose(operation(x)[0] - operation(-x)[0], x, 1e-14, 1e-300)


def test_the_tanh_approximation_stays_within_a_thousandth():
    x = np.linspace(-10, 10, 2001)
    assert 1e-4 < abs(gelu(x)[0] - gelu(x, approximate="tanh")[0]).max() < 1e-3


# --- sigmoid and tanh -----------------------------------------------------------------------


def test_the_sigmoid_keeps_its_digits_far_out_on_the_left():
    x = np.array([-80.0, -30.0], np.float32)
    np.testing.assert_allclose(sigmoid(x)[0], np.exp(x.astype(float)), rtol=1e-6)


@given(x=st.floats(-50, 50))
def test_tanh_is_a_sigmoid_in_other_units(x):
    x = np.array([x])
    np.testing.assert_allclose(tanh(x)[0], 2 * sigmoid(2 * x)[0] - 1, atol=1e-15)


# --- softmax --------------------------------------------------------------------------------

scores = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=80)


@given(scores, st.integers(-1000, 1000))
def test_softmax_sums_to_one_and_ignores_shifts(values, shift):
    x = np.array(values)
    y = softmax(x)[0]
    assert abs(y.sum() - 1) < 1e-12
    np.testing.assert_allclose(softmax(x + shift)[0], y, atol=1e-9)


@pytest.mark.parametrize("operation", [softmax, log_softmax])
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
def test_every_axis_gives_what_a_loop_gives(operation, dim):
    x = np.random.default_rng(8).normal(size=(3, 70, 5))
    y = operation(x, dim=dim)[0]
    for index in np.ndindex(*np.delete(x.shape, dim)):
        line = np.moveaxis(x, dim, -1)[index]
        shares = [math.exp(v) / sum(math.exp(u) for u in line) for v in line]
        expected = np.log(shares) if operation is log_softmax else shares
        np.testing.assert_allclose(np.moveaxis(y, dim, -1)[index], expected, rtol=1e-12)


def test_log_softmax_is_the_logarithm_of_softmax():
    x = np.random.default_rng(9).normal(size=(6, 7)).astype(np.float32)
    np.testing.assert_allclose(log_softmax(x)[0], np.log(softmax(x)[0]), rtol=1e-5)


def test_a_score_of_minus_infinity_gets_no_share_and_no_gradient():
    x = np.array([[0.0, -np.inf, 0.0]])
    y, backward = softmax(x)
    np.testing.assert_array_equal(y, [[0.5, 0, 0.5]])
    assert backward(np.array([[1.0, 5.0, 2.0]]))[0, 1] == 0
    np.testing.assert_allclose(log_softmax(x)[0], [[-np.log(2), -np.inf, -np.log(2)]])


@pytest.mark.parametrize("operation", [softmax, log_softmax])
def test_scores_without_shares_give_nan_in_their_row_alone(operation):
    y = operation(np.array([[-np.inf, -np.inf], [np.inf, 0], [0, 0]]))[0]
    assert np.isnan(y[0]).all()
    assert np.isnan(y[1]).any()
    assert np.isfinite(y[2]).all()


@pytest.mark.parametrize("operation", [softmax, log_softmax])
def test_a_shift_of_the_scores_gets_no_gradient(operation):
    rng = np.random.default_rng(10)
    dx = operation(rng.normal(size=(4, 6)))[1](rng.normal(size=(4, 6)))
    np.testing.assert_allclose(dx.sum(axis=-1), 0, atol=1e-14)


# --- wrong calls ----------------------------------------------------------------------------

WRONG = [
    (lambda: ReLU()([1.0]), TypeError, "relu: x is a list, not a NumPy array; wrap it"),
    (lambda: tanh(np.arange(3)), TypeError, r"tanh: x holds int64.*x.astype\(np.float32\)"),
    (lambda: gelu(np.ones(2), approximate="erf"), ValueError, '"none" or "tanh", not \'erf\''),
    (lambda: GELU("erf"), ValueError, 'GELU: approximate must be "none" or "tanh"'),
    (
        lambda: silu(np.ones(2))[1](np.ones(3)),
        ValueError,
        r"silu: dy has shape \(3,\) but the output has shape \(2,\)",
    ),
    (
        lambda: sigmoid(np.ones(2))[1](np.ones(2, np.float32)),
        TypeError,
        "sigmoid: dy is float32 but the output is float64",
    ),
    (
        lambda: softmax(np.ones((2, 3)), dim=2),
        ValueError,
        r"softmax: x \(2, 3\) has no axis 2; dim must be from -2 to 1",
    ),
    (lambda: softmax(np.ones((2, 3)), dim=None), TypeError, "softmax: dim must be an int.*None"),
    (lambda: Softmax(True), TypeError, "Softmax: dim must be an int.*True"),
    (
        lambda: log_softmax(np.ones((2, 0))),
        ValueError,
        r"log_softmax: x \(2, 0\) has nothing along axis -1",
    ),
]


@pytest.mark.parametrize(("call", "error", "sentence"), WRONG)
def test_a_wrong_call_says_what_to_do(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
