"""A transposed convolution stamps; it is the adjoint of the convolution, not its inverse."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import course_lib as lib
from course_lib import windows
from course_lib.transposed_convolution import (
    ConvTranspose1d,
    ConvTranspose2d,
    conv_transpose1d,
    conv_transpose2d,
    transposed_output_size,
)

RNG = np.random.default_rng
OPERATIONS = {1: conv_transpose1d, 2: conv_transpose2d}
CONVOLUTIONS = {1: lib.conv1d, 2: lib.conv2d}
LAYERS = {1: ConvTranspose1d, 2: ConvTranspose2d}


def pair(value, rank):
    return value if isinstance(value, tuple) else (value,) * rank


def stamp(x, weight, bias, *, stride, padding, output_padding, dilation, groups):
    """The definition, one stamped number at a time."""
    rank = x.ndim - 2
    options = (stride, padding, output_padding, dilation)
    s, p, extra, d = (pair(value, rank) for value in options)
    out = [
        (x.shape[2 + a] - 1) * s[a] - 2 * p[a] + d[a] * (weight.shape[2 + a] - 1) + extra[a] + 1
        for a in range(rank)
    ]
    per_group_in, per_group_out = len(weight) // groups, weight.shape[1]
    y = np.zeros((len(x), per_group_out * groups, *out)) + bias.reshape(-1, *(1,) * rank)
    for n, c, *place in np.ndindex(*x.shape):
        for o, *tap in np.ndindex(*weight.shape[1:]):
            pixel = [place[a] * s[a] + tap[a] * d[a] - p[a] for a in range(rank)]
            if all(0 <= i < length for i, length in zip(pixel, out, strict=True)):
                channel = c // per_group_in * per_group_out + o
                y[(n, channel, *pixel)] += weight[(c, o, *tap)] * x[(n, c, *place)]
    return y


@st.composite
def cases(draw):
    """A transposed convolution of any geometry: x, weight, bias and the options."""
    rank = draw(st.sampled_from([1, 2]))

    def per_axis(least, most):
        one = st.integers(least, most)
        return draw(one | st.tuples(*[one] * rank)) if rank > 1 else draw(one)

    kernel, stride, padding, extra, dilation = (
        per_axis(*range_) for range_ in ((1, 3), (1, 3), (0, 2), (0, 2), (1, 3))
    )
    groups, n = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    fan_in, fan_out = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    k, s, p, e, d = (pair(v, rank) for v in (kernel, stride, padding, extra, dilation))
    assume(all(e[a] < max(s[a], d[a]) for a in range(rank)))
    size = [
        draw(st.integers(max(1, -(-(2 * p[a] - d[a] * (k[a] - 1) - e[a]) // s[a]) + 1), 6))
        for a in range(rank)
    ]
    rng = RNG(draw(st.integers(0, 99)))
    x = rng.normal(size=(n, fan_in * groups, *size))
    weight = rng.normal(size=(fan_in * groups, fan_out, *k))
    bias = rng.normal(size=fan_out * groups)
    options = {
        "stride": stride,
        "padding": padding,
        "output_padding": extra,
        "dilation": dilation,
        "groups": groups,
    }
    return OPERATIONS[rank], (x, weight, bias), options


@given(cases())
def test_a_transposed_convolution_stamps(case):
    operation, arrays, options = case
    y, _ = operation(*arrays, **options)
    np.testing.assert_allclose(y, stamp(*arrays, **options), rtol=1e-9, atol=1e-12)


@given(cases())
def test_the_backward_pass_is_right(case):
    operation, arrays, options = case
    assert lib.gradcheck(operation, *arrays, rng=RNG(0), **options) < 1e-6


@given(cases())
def test_it_is_the_adjoint_of_the_convolution(case):
    operation, (x, weight, _), options = case
    y, _ = operation(x, weight, **options)
    extra = pair(options.pop("output_padding"), x.ndim - 2)
    stride = pair(options["stride"], x.ndim - 2)
    assume(all(e < s for e, s in zip(extra, stride, strict=True)))  # else conv sees more places
    image = RNG(3).normal(size=y.shape)
    seen, _ = CONVOLUTIONS[x.ndim - 2](image, weight, **options)
    assert seen.shape == x.shape
    np.testing.assert_allclose(np.vdot(seen, x), np.vdot(image, y), rtol=1e-9, atol=1e-9)


@given(cases())
def test_its_passes_are_those_of_the_convolution_swapped(case):
    operation, (x, weight, _), options = case
    y, backward = operation(x, weight, **options)
    extra = pair(options.pop("output_padding"), x.ndim - 2)
    stride = pair(options["stride"], x.ndim - 2)
    assume(all(e < s for e, s in zip(extra, stride, strict=True)))
    dy = RNG(4).normal(size=y.shape)
    seen, conv_backward = CONVOLUTIONS[x.ndim - 2](dy, weight, **options)
    dx, dweight, dbias = backward(dy)
    np.testing.assert_allclose(dx, seen, rtol=1e-9, atol=1e-12)
    image, conv_dweight, _ = conv_backward(x)
    np.testing.assert_allclose(image, y, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(conv_dweight, dweight, rtol=1e-9, atol=1e-12)
    assert dbias is None


WAYS = st.fixed_dictionaries(
    {
        "CACHE_BYTES": st.sampled_from([1, 300, 3000, 2**20]),  # how much goes in one block
        "FEW_SAMPLES": st.sampled_from([1, 2**20]),  # whether samples lie side by side
    }
)


@given(cases(), WAYS)
def test_how_the_work_is_cut_does_not_change_the_answer(case, ways):
    operation, arrays, options = case
    y, backward = operation(*arrays, **options)
    dy = RNG(0).normal(size=y.shape)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ways.items():
            patch.setattr(windows, name, value)
        blocked_y, blocked_backward = operation(*arrays, **options)
        blocked = [(blocked_y, *blocked_backward(dy)) for _ in range(2)]
    for answers in blocked:
        for one, many in zip((y, *backward(dy)), answers, strict=True):
            np.testing.assert_allclose(many, one, rtol=1e-9, atol=1e-12)


@given(cases())
def test_the_output_has_the_size_of_the_formula(case):
    operation, (x, weight, bias), options = case
    y, _ = operation(x, weight, bias, **options)
    rank = x.ndim - 2
    names = ("stride", "padding", "output_padding", "dilation")
    for axis in range(rank):
        along = {name: pair(options[name], rank)[axis] for name in names}
        size, kernel = x.shape[2 + axis], weight.shape[2 + axis]
        assert transposed_output_size(size, kernel, **along) == y.shape[2 + axis]


@given(*[st.integers(1, 40)] * 2, st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))
def test_output_padding_chooses_among_the_sizes_that_shrink_to_the_same(
    size, kernel, stride, padding, dilation
):
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    assume(dilation * (kernel - 1) + 1 <= size + 2 * padding)
    small = lib.output_size(size, kernel, **options)
    sizes = []
    for extra in range(stride):
        try:
            sizes.append(transposed_output_size(small, kernel, output_padding=extra, **options))
        except ValueError:  # a size below 1
            continue
    assert size in sizes
    assert all(lib.output_size(s, kernel, **options) == small for s in sizes)


@given(st.integers(1, 8), st.integers(1, 5))
def test_stamps_overlap_evenly_exactly_if_the_stride_divides_the_kernel(kernel, stride):
    y, _ = conv_transpose1d(np.ones((1, 1, 12)), np.ones((1, 1, kernel)), stride=stride)
    inside = y[0, 0, kernel:-kernel]
    assert (inside == inside[0]).all() == (kernel % stride == 0)


def test_it_does_not_undo_a_convolution():
    x, weight = RNG(0).normal(size=(1, 1, 8)), RNG(1).normal(size=(1, 1, 3))
    back, _ = conv_transpose1d(lib.conv1d(x, weight)[0], weight)
    assert back.shape == x.shape
    assert abs(back - x).max() > 0.1


def test_one_number_pastes_one_weighted_kernel():
    x, weight = np.zeros((1, 1, 3, 3)), RNG(0).normal(size=(1, 1, 2, 2))
    x[0, 0, 1, 2] = 5
    y, _ = conv_transpose2d(x, weight, stride=2)
    np.testing.assert_array_equal(y[0, 0, 2:4, 4:6], 5 * weight[0, 0])
    assert np.count_nonzero(y) == 4


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(rank, dtype):
    layer = LAYERS[rank].init(2, 3, 3, stride=2, rng=RNG(0), dtype=dtype)
    y, backward = layer.forward(np.ones((2, 2, *(5,) * rank), dtype))
    dx, grad = backward(np.ones_like(y))
    assert {y.dtype, dx.dtype, grad.weight.dtype, grad.bias.dtype} == {np.dtype(dtype)}


@pytest.mark.parametrize("rank", [1, 2])
def test_an_empty_batch_gives_an_empty_answer(rank):
    layer = LAYERS[rank].init(2, 3, 3, stride=2, rng=RNG(0))
    y, backward = layer.forward(np.ones((0, 2, *(5,) * rank), np.float32))
    dx, grad = backward(y)
    assert y.shape == (0, 3, *(11,) * rank)
    assert dx.shape == (0, 2, *(5,) * rank)
    assert not grad.weight.any()
    assert not grad.bias.any()


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_passes_the_gradient_check(rank, bias):
    options = {"stride": 3, "padding": 1, "output_padding": 1, "dilation": 2, "groups": 2}
    layer = LAYERS[rank].init(4, 6, 3, bias=bias, rng=RNG(0), dtype=np.float64, **options)
    assert lib.gradcheck(layer, RNG(1).normal(size=(3, 4, *(4, 5)[:rank])), rng=RNG(2)) < 1e-6


def wrong_backwards(dx, dweight, dbias):
    return {
        "input flipped": (dx[..., ::-1], dweight, dbias),
        "channels swapped": (dx[:, ::-1], dweight, dbias),
        "weight gradient averaged": (dx, dweight / 3, dbias),
        "weight gradient flipped": (dx, dweight[..., ::-1], dbias),
        "bias gradient averaged": (dx, dweight, dbias / 3),
    }


@pytest.mark.parametrize("mistake", list(wrong_backwards(*[np.zeros((1, 1, 1, 1))] * 3)))
def test_a_wrong_backward_fails_the_gradient_check(mistake):
    def broken(x, weight, bias):
        y, backward = conv_transpose2d(x, weight, bias, stride=2)
        return y, lambda dy: wrong_backwards(*backward(dy))[mistake]

    rng = RNG(0)
    arrays = (rng.normal(size=s) for s in ((3, 2, 4, 5), (2, 4, 3, 3), (4,)))
    assert lib.gradcheck(broken, *arrays, rng=rng) > 1e-3


def test_the_weight_is_in_then_out_and_its_bound_counts_axis_one_as_in_pytorch():
    layer = ConvTranspose2d.init(8, 32, (5, 3), groups=2, rng=RNG(0))
    bound = 1 / np.sqrt(16 * 15)
    assert layer.weight.shape == (8, 16, 5, 3)
    assert layer.bias.shape == (32,)
    for array in layer.parameters().values():
        assert 0.8 * bound < abs(array).max() <= bound


X, W = np.ones((2, 4, 8, 8)), np.ones((4, 6, 3, 3))
WRONG_CALLS = {
    "rank": (lambda: conv_transpose2d(X[0], W), ValueError, r"axes \(N, C, H, W\)"),
    "weight of rank 3": (
        lambda: conv_transpose2d(X, W[0]),
        ValueError,
        r"weight must have the axes \(C_in, C_out / groups, H, W\)",
    ),
    "a convolution's weight": (
        lambda: conv_transpose2d(X, W.swapaxes(0, 1)),
        ValueError,
        r"x has 4 channels but weight expects 6 \(x \(2, 4, 8, 8\), weight \(6, 4, 3, 3\)\)",
    ),
    "groups": (
        lambda: conv_transpose2d(X, W, groups=3),
        ValueError,
        r"axis 0 of weight \(4, 6, 3, 3\) cannot be split into 3 groups",
    ),
    "bias": (
        lambda: conv_transpose2d(X, W, np.ones(6), groups=2),
        ValueError,
        r"bias must be \(12,\)",
    ),
    "output_padding": (
        lambda: conv_transpose2d(X, W, stride=2, output_padding=2),
        ValueError,
        "output_padding 2 must be smaller than stride 2 or dilation 1",
    ),
    "nothing left": (
        lambda: conv_transpose2d(X, W, padding=5),
        ValueError,
        "nothing is left of the output: size 8, kernel 3, stride 1, dilation 1 and padding 5",
    ),
    "stride": (lambda: conv_transpose2d(X, W, stride=0), ValueError, "stride must be at least 1"),
    "dtypes": (lambda: conv_transpose2d(X, W.astype("f")), TypeError, "make them one dtype"),
    "dy": (
        lambda: conv_transpose2d(X, W)[1](np.ones((2, 6, 8, 8))),
        ValueError,
        r"dy has shape \(2, 6, 8, 8\) but the output has shape \(2, 6, 10, 10\)",
    ),
    "size, stride": (lambda: transposed_output_size(5, 3, stride=0), ValueError, "at least 1"),
    "size, nothing": (lambda: transposed_output_size(1, 1, padding=1), ValueError, "nothing"),
    "layer": (
        lambda: ConvTranspose1d(W[..., 0], output_padding=-1),
        ValueError,
        "ConvTranspose1d: output_padding must be at least 0",
    ),
}


@pytest.mark.parametrize("wrong", list(WRONG_CALLS))
def test_a_wrong_call_is_answered_with_the_rule_it_breaks(wrong):
    call, error, message = WRONG_CALLS[wrong]
    with pytest.raises(error, match=message):
        call()
