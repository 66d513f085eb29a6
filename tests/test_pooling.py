"""Pooling: one number per window; the gradient goes to the winner, or to all alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib as lib
from course_lib import pooling
from course_lib.pooling import (
    AvgPool1d,
    AvgPool2d,
    Flatten,
    GlobalAvgPool,
    MaxPool1d,
    MaxPool2d,
    avg_pool1d,
    avg_pool2d,
    global_avg_pool,
    max_pool1d,
    max_pool2d,
)

RNG = np.random.default_rng
MAX = {1: max_pool1d, 2: max_pool2d}
AVERAGE = {1: avg_pool1d, 2: avg_pool2d}


def pair(value, rank):
    return value if isinstance(value, tuple) else (value,) * rank


def windows(x, kernel, stride, padding):
    """For each output, its place and the pixels of its window, without and with the padding."""
    rank = x.ndim - 2
    k, p = pair(kernel, rank), pair(padding, rank)
    s = k if stride is None else pair(stride, rank)
    out = [(x.shape[2 + a] + 2 * p[a] - k[a]) // s[a] + 1 for a in range(rank)]
    for place in np.ndindex(len(x), x.shape[1], *out):
        pixels = [
            (*place[:2], *(place[2 + a] * s[a] + tap[a] - p[a] for a in range(rank)))
            for tap in np.ndindex(*k)
        ]
        inside = [q for q in pixels if all(0 <= q[2 + a] < x.shape[2 + a] for a in range(rank))]
        yield (len(x), x.shape[1], *out), place, inside, len(pixels)


def loop_max(x, dy, kernel, *, stride=None, padding=0):
    """Maximum and gradient by the definition; the first maximum in reading order wins."""
    y, dx = None, np.zeros_like(x)
    for shape, place, pixels, _ in windows(x, kernel, stride, padding):
        y = np.zeros(shape) if y is None else y
        y[place] = max(x[q] for q in pixels)
        dx[next(q for q in pixels if x[q] == y[place])] += dy[place]
    return y, dx


def loop_average(x, dy, kernel, *, stride=None, padding=0, count_include_pad=True):
    y, dx = None, np.zeros_like(x)
    for shape, place, pixels, with_padding in windows(x, kernel, stride, padding):
        y = np.zeros(shape) if y is None else y
        count = with_padding if count_include_pad else len(pixels)
        y[place] = sum(x[q] for q in pixels) / count
        for q in pixels:
            dx[q] += dy[place] / count
    return y, dx


@st.composite
def cases(draw):
    """Any geometry, with many ties (few different values) or none."""
    rank = draw(st.sampled_from([1, 2]))

    def per_axis(least, most):
        one = st.integers(least, most)
        return draw(one | st.tuples(*[one] * rank)) if rank > 1 else draw(one)

    kernel = per_axis(1, 4)
    stride = draw(st.none()) if draw(st.booleans()) else per_axis(1, 3)
    padding = tuple(draw(st.integers(0, k // 2)) for k in pair(kernel, rank))
    size = [
        max(1, k - 2 * p) + draw(st.integers(0, 5))
        for k, p in zip(pair(kernel, rank), padding, strict=True)
    ]
    rng = RNG(draw(st.integers(0, 99)))
    x = rng.normal(size=(draw(st.integers(1, 3)), draw(st.integers(1, 2)), *size))
    if draw(st.booleans()):
        x = np.sign(x.round())
    return rank, x, kernel, {"stride": stride, "padding": padding}


@given(cases())
def test_max_pooling_equals_the_loop_forward_and_backward(case):
    rank, x, kernel, options = case
    y, backward = MAX[rank](x, kernel, **options)
    dy = RNG(0).normal(size=y.shape)
    expected_y, expected_dx = loop_max(x, dy, kernel, **options)
    np.testing.assert_array_equal(y, expected_y)
    np.testing.assert_allclose(backward(dy), expected_dx, atol=1e-12)


@given(cases(), st.booleans())
def test_average_pooling_equals_the_loop_forward_and_backward(case, count_include_pad):
    rank, x, kernel, options = case
    options["count_include_pad"] = count_include_pad
    y, backward = AVERAGE[rank](x, kernel, **options)
    dy = RNG(0).normal(size=y.shape)
    expected_y, expected_dx = loop_average(x, dy, kernel, **options)
    np.testing.assert_allclose(y, expected_y, atol=1e-12)
    np.testing.assert_allclose(backward(dy), expected_dx, atol=1e-12)


@given(cases(), st.sampled_from([("BLOCK_BYTES", 1), ("SHORT_ROW", 0)]))
def test_how_the_work_is_cut_does_not_change_the_answer(case, setting):
    rank, x, kernel, options = case
    for operation in (MAX[rank], AVERAGE[rank]):
        y, backward = operation(x, kernel, **options)
        dx = backward(y)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pooling, *setting)
            blocked_y, blocked_backward = operation(x, kernel, **options)
            np.testing.assert_array_equal(blocked_y, y)
            np.testing.assert_array_equal(blocked_backward(y), dx)


@given(cases())
def test_the_gradient_that_goes_in_comes_out(case):
    rank, x, kernel, options = case
    y, backward = MAX[rank](x, kernel, **options)
    dy = RNG(0).normal(size=y.shape)
    np.testing.assert_allclose(backward(dy).sum(), dy.sum(), atol=1e-9)


@given(cases(), st.booleans())
def test_the_gradient_checks_pass(case, count_include_pad):
    rank, x, kernel, options = case
    apart = RNG(1).permutation(x.size).reshape(x.shape) * 1.0  # no ties near the step
    assert lib.gradcheck(MAX[rank], apart, rng=RNG(0), kernel_size=kernel, **options) < 1e-6
    options["count_include_pad"] = count_include_pad
    assert lib.gradcheck(AVERAGE[rank], x, rng=RNG(0), kernel_size=kernel, **options) < 1e-6


def test_the_window_of_the_course_pools_to_its_largest_number():
    assert max_pool2d(np.array([[[[0.1, 0.9], [0.2, 0.3]]]]), 2)[0].item() == 0.9


def test_of_tied_maxima_the_first_in_reading_order_takes_the_gradient():
    _, backward = max_pool2d(np.array([[[[1.0, 5.0], [5.0, 5.0]]]]), 2)
    np.testing.assert_array_equal(backward(np.full((1, 1, 1, 1), 3.0)), [[[[0, 3], [0, 0]]]])


def test_padding_never_wins_even_against_negative_numbers():
    x = -np.ones((1, 1, 4, 4))
    y, backward = max_pool2d(x, 3, stride=2, padding=1)
    np.testing.assert_array_equal(y, -np.ones((1, 1, 2, 2)))
    assert backward(np.ones_like(y)).sum() == 4
    lowest = np.full((1, 1, 2), -np.inf)
    y, backward = max_pool1d(lowest, 2, padding=1)
    np.testing.assert_array_equal(y, [[[-np.inf, -np.inf]]])


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(2, 1, 1), (2, 3, 1), (3, 2, 1), ((3, 4), 1, 1)]
)
def test_padding_never_wins_even_where_everything_is_minus_infinity(kernel, stride, padding):
    x = RNG(9).choice([-np.inf, 1.0], (2, 3, 5, 7), p=[0.8, 0.2])
    x[0] = -np.inf
    y, backward = max_pool2d(x, kernel, stride=stride, padding=padding)
    dy = RNG(10).normal(size=y.shape)
    expected, expected_dx = loop_max(x, dy, kernel, stride=stride, padding=padding)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_allclose(backward(dy), expected_dx, atol=1e-12)


def test_a_window_with_a_nan_gives_nan_and_the_nan_takes_the_gradient():
    x = np.array([[[1.0, 2.0, np.nan, 3.0, 7.0, 8.0]]])
    y, backward = max_pool1d(x, 2)
    np.testing.assert_array_equal(y, [[[2.0, np.nan, 8.0]]])
    np.testing.assert_array_equal(backward(np.ones_like(y)), [[[0, 1, 1, 0, 0, 1]]])


def test_an_infinite_gradient_stays_at_its_winner():
    _, backward = max_pool1d(np.array([[[1.0, 2.0]]]), 2)
    np.testing.assert_array_equal(backward(np.array([[[np.inf]]])), [[[0, np.inf]]])


@given(cases())
def test_average_pooling_is_linear_and_max_pooling_is_not(case):
    rank, x, kernel, options = case
    other = RNG(5).normal(size=x.shape)

    def difference(operation):
        f = {z: operation(v, kernel, **options)[0] for z, v in enumerate((x + other, x, other))}
        return abs(f[0] - f[1] - f[2]).max()

    assert difference(AVERAGE[rank]) < 1e-9
    a, b = np.array([[[1.0, 0.0]]]), np.array([[[0.0, 1.0]]])
    assert max_pool1d(a + b, 2)[0].item() == 1
    assert max_pool1d(a, 2)[0].item() + max_pool1d(b, 2)[0].item() == 2


@given(cases())
def test_average_pooling_is_a_depthwise_convolution_with_a_constant_kernel(case):
    rank, x, kernel, options = case
    shape = pair(kernel, rank)
    channels = x.shape[1]
    weight = np.full((channels, 1, *shape), 1 / np.prod(shape))
    stride = shape if options["stride"] is None else options["stride"]
    conv, plain = {1: lib.conv1d, 2: lib.conv2d}[rank], {}
    for name, value in (("stride", stride), ("padding", options["padding"])):
        plain[name] = pair(value, rank)
    y, _ = conv(x, weight, groups=channels, **plain)
    np.testing.assert_allclose(AVERAGE[rank](x, kernel, **options)[0], y, atol=1e-12)


def test_the_stride_is_the_kernel_unless_given():
    x = RNG(0).normal(size=(1, 1, 9))
    np.testing.assert_array_equal(max_pool1d(x, 3)[0], max_pool1d(x, 3, stride=3)[0])
    assert max_pool1d(x, 3, stride=1)[0].shape == (1, 1, 7)


def test_pooling_two_by_two_quarters_the_tensor():
    x = np.ones((2, 3, 8, 6))
    assert 4 * max_pool2d(x, 2)[0].size == 4 * avg_pool2d(x, 2)[0].size == x.size


@given(st.integers(1, 3), st.integers(0, 99))
def test_global_average_pooling_is_the_mean_of_each_channel(rank, seed):
    x = RNG(seed).normal(size=(2, 3, *range(2, 2 + rank)))
    y, _ = global_avg_pool(x)
    np.testing.assert_allclose(y, x.mean(axis=tuple(range(2, x.ndim))))
    assert lib.gradcheck(global_avg_pool, x, rng=RNG(0)) < 1e-6


def test_global_average_pooling_is_average_pooling_over_the_whole_image():
    x = RNG(0).normal(size=(2, 3, 4, 5))
    np.testing.assert_allclose(GlobalAvgPool()(x), AvgPool2d((4, 5))(x)[:, :, 0, 0])


def test_flatten_keeps_every_sample_in_one_row():
    x = RNG(0).normal(size=(2, 3, 4, 5))
    y, backward = Flatten().forward(x)
    np.testing.assert_array_equal(y[1], x[1].ravel())
    np.testing.assert_array_equal(backward(y)[0], x)
    assert Flatten()(np.ones((0, 3, 4))).shape == (0, 12)


LAYERS = {
    "MaxPool1d": (MaxPool1d(3, stride=2, padding=1), (2, 3, 9)),
    "MaxPool2d": (MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0)), (2, 3, 7, 6)),
    "AvgPool1d": (AvgPool1d(3, 2, 1, count_include_pad=False), (2, 3, 9)),
    "AvgPool2d": (AvgPool2d(2), (2, 3, 7, 6)),
    "GlobalAvgPool": (GlobalAvgPool(), (2, 3, 7, 6)),
    "Flatten": (Flatten(), (2, 3, 7, 6)),
}


@pytest.mark.parametrize("name", list(LAYERS))
def test_a_layer_passes_the_gradient_check_and_a_broken_one_does_not(name):
    layer, shape = LAYERS[name]
    x = RNG(0).normal(size=shape)
    assert lib.gradcheck(layer, x, rng=RNG(1)) < 1e-6

    def halved(x):
        y, backward = layer.forward(x)
        return y, lambda dy: backward(dy)[0] / 2

    def turned(x):
        y, backward = layer.forward(x)
        return y, lambda dy: backward(dy)[0][..., ::-1]

    assert lib.gradcheck(halved, x, rng=RNG(1)) > 1e-3
    if name != "GlobalAvgPool":  # whose gradient is the same at every position
        assert lib.gradcheck(turned, x, rng=RNG(1)) > 1e-3


def test_a_gradient_to_all_tied_maxima_fails_against_the_loop():
    x, dy = np.ones((1, 1, 4)), np.ones((1, 1, 2))
    to_all = np.repeat(dy, 2, axis=2)
    assert abs(loop_max(x, dy, 2)[1] - to_all).max() == 1


@pytest.mark.parametrize("name", list(LAYERS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_an_empty_batch_gives_an_empty_answer(name, dtype):
    layer, (_, *shape) = LAYERS[name]
    for n in (0, 2):
        x = np.ones((n, *shape), dtype)
        x.flags.writeable = False
        y, backward = layer.forward(x)
        dx, grad = backward(y)
        assert y.dtype == dx.dtype == dtype
        assert len(y) == n
        assert dx.shape == x.shape
        assert grad is layer


X = np.ones((2, 3, 8, 8))
WRONG_CALLS = {
    "rank": (lambda: max_pool2d(X[0], 2), ValueError, r"max_pool2d: x must .* \(N, C, H, W\)"),
    "rank 1d": (lambda: avg_pool1d(X, 2), ValueError, r"avg_pool1d: x must .* \(N, C, L\)"),
    "integers": (lambda: max_pool2d(X.astype(int), 2), TypeError, "float32 or float64"),
    "wide": (lambda: max_pool2d(X, 9), ValueError, "window is 9 wide .* padded input only 8"),
    "padding": (
        lambda: avg_pool2d(X, 2, padding=2),
        ValueError,
        "padding 2 is more than half of kernel_size 2",
    ),
    "stride": (lambda: max_pool2d(X, 2, stride=0), ValueError, "stride must be at least 1"),
    "kernel": (lambda: max_pool2d(X, (2, 2, 2)), TypeError, "kernel_size must be an int or 2 ints"),
    "dy": (
        lambda: max_pool2d(X, 2)[1](X),
        ValueError,
        r"dy has shape \(2, 3, 8, 8\) but the output has shape \(2, 3, 4, 4\)",
    ),
    "layer": (lambda: MaxPool2d(2, padding=2), ValueError, "MaxPool2d: padding 2 is more than"),
    "layer kernel": (lambda: AvgPool1d(0), ValueError, "AvgPool1d: kernel_size must be at least 1"),
    "global": (lambda: global_avg_pool(X[:, :, 0, 0]), ValueError, "at least one spatial axis"),
    "global, nothing": (lambda: global_avg_pool(X[..., :0]), ValueError, "at least one position"),
    "flatten": (lambda: Flatten()(np.array(1.0)), ValueError, "needs a batch axis first"),
}


@pytest.mark.parametrize("wrong", list(WRONG_CALLS))
def test_a_wrong_call_is_answered_with_the_rule_it_breaks(wrong):
    call, error, message = WRONG_CALLS[wrong]
    with pytest.raises(error, match=message):
        call()
