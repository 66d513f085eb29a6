"""A convolution is local, shared, linear in x, and equivariant to shifts away from the border."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib as lib
from course_lib import convolution, windows

RNG = np.random.default_rng
OPERATIONS = {1: lib.conv1d, 2: lib.conv2d}
LAYERS = {1: lib.Conv1d, 2: lib.Conv2d}


def pair(value, rank):
    return value if isinstance(value, tuple) else (value,) * rank


def loop(x, weight, bias, *, stride, padding, dilation, groups):
    """The definition, one product at a time."""
    rank = x.ndim - 2
    s, p, d = (pair(value, rank) for value in (stride, padding, dilation))
    kernel, size = weight.shape[2:], x.shape[2:]
    out = [(size[a] + 2 * p[a] - d[a] * (kernel[a] - 1) - 1) // s[a] + 1 for a in range(rank)]
    y = np.zeros((len(x), len(weight), *out))
    per_group_in, per_group_out = weight.shape[1], len(weight) // groups
    for n, o, *place in np.ndindex(*y.shape):
        total = bias[o]
        for c, *tap in np.ndindex(*weight.shape[1:]):
            pixel = [place[a] * s[a] + tap[a] * d[a] - p[a] for a in range(rank)]
            if all(0 <= i < length for i, length in zip(pixel, size, strict=True)):
                channel = o // per_group_out * per_group_in + c
                total += weight[(o, c, *tap)] * x[(n, channel, *pixel)]
        y[(n, o, *place)] = total
    return y


@st.composite
def cases(draw):
    """A convolution of any geometry: x, weight, bias and the options."""
    rank = draw(st.sampled_from([1, 2]))

    def per_axis(least, most):
        one = st.integers(least, most)
        return draw(one | st.tuples(*[one] * rank)) if rank > 1 else draw(one)

    kernel, stride, padding, dilation = (
        per_axis(*range_) for range_ in ((1, 3), (1, 3), (0, 2), (1, 3))
    )
    groups, n = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    fan_in, fan_out = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    least = [
        max(1, d * (k - 1) + 1 - 2 * p)
        for k, p, d in zip(*(pair(v, rank) for v in (kernel, padding, dilation)), strict=True)
    ]
    size = [a + draw(st.integers(0, 4)) for a in least]
    rng = RNG(draw(st.integers(0, 99)))
    x = rng.normal(size=(n, fan_in * groups, *size))
    weight = rng.normal(size=(fan_out * groups, fan_in, *pair(kernel, rank)))
    bias = rng.normal(size=fan_out * groups)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return OPERATIONS[rank], (x, weight, bias), options


@given(cases())
def test_convolution_equals_the_loop(case):
    operation, arrays, options = case
    y, _ = operation(*arrays, **options)
    np.testing.assert_allclose(y, loop(*arrays, **options), rtol=1e-9, atol=1e-12)


@given(cases())
def test_the_backward_pass_is_right(case):
    operation, arrays, options = case
    assert lib.gradcheck(operation, *arrays, rng=RNG(0), **options) < 1e-6


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


@given(cases(), WAYS)
def test_nothing_that_was_handed_in_changes(case, ways):
    operation, arrays, options = case
    for array in arrays:
        array.flags.writeable = False
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ways.items():
            patch.setattr(windows, name, value)
        y, backward = operation(*arrays, **options)
        dy = np.ones_like(y)
        dy.flags.writeable = False
        backward(dy)


def test_a_large_batch_is_split_by_default():
    x, weight = np.ones((3, 4, 100, 100), np.float32), np.ones((2, 4, 5, 5), np.float32)
    places = windows.place_windows("", (100, 100), (5, 5), (1, 1), (0, 0), (1, 1))
    blocks = windows.split_work(windows.split_channels(x, 1), places)[2]
    assert len(blocks) == 3
    np.testing.assert_array_equal(lib.conv2d(x, weight)[0], np.full((3, 2, 96, 96), 100))


@given(cases(), st.sampled_from(["apart", "side by side", "rows end to end"]))
def test_gather_and_scatter_are_transposes(case, layout):
    _, (x, weight, _), options = case
    rank = x.ndim - 2
    geometry = (pair(options[name], rank) for name in ("stride", "padding", "dilation"))
    places = windows.place_windows("", x.shape[2:], weight.shape[2:], *geometry)
    if layout == "rows end to end":
        places = places.end_to_end or places
    image = windows.lay_out(windows.split_channels(x, options["groups"]), layout == "side by side")
    cols = places.gather(image)
    other = RNG(1).normal(size=cols.shape)
    back = np.empty_like(image)
    places.scatter(other, back)
    np.testing.assert_allclose(np.vdot(cols, other), np.vdot(image, back), atol=1e-9)


@given(cases(), st.booleans())
def test_laying_out_moves_numbers_but_changes_no_image(case, side_by_side):
    _, (x, _, _), _ = case
    image = windows.as_image(x, side_by_side)
    assert np.shares_memory(image, x) or not x.size
    np.testing.assert_array_equal(windows.lay_out(x, side_by_side), image)


@given(cases())
def test_windows_that_do_not_overlap_meet_each_pixel_at_most_once(case):
    _, (x, weight, _), options = case
    geometry = (pair(options[name], x.ndim - 2) for name in ("stride", "padding", "dilation"))
    places = windows.place_windows("", x.shape[2:], weight.shape[2:], *geometry)
    met = np.zeros((*places.padded, 1))
    for tap in places.taps:
        met[tap] += 1
    assert places.overlap or met.max() == 1


def test_rows_are_joined_where_windows_overlap_and_that_makes_slices_longer():
    def joined(size, kernel, stride):
        rank = len(size)
        return windows.place_windows("", size, kernel, stride, (1,) * rank, (1,) * rank).end_to_end

    assert joined((6, 7), (3, 3), (1, 1)).wide == (6, 8)  # neighbouring rows share their padding
    assert joined((6, 7), (3, 3), (1, 2)).wide == (6, 4)
    assert joined((6, 7), (2, 2), (2, 2)) is None
    assert joined((9,), (3,), (1,)) is None
    assert joined((9,), (3,), (2,)).wide == (5,)


@given(cases())
def test_the_turned_kernels_on_the_output_lead_back_to_the_image(case):
    _, (x, weight, _), options = case
    geometry = [pair(options[name], x.ndim - 2) for name in ("stride", "padding", "dilation")]
    geometry = [x.shape[2:], weight.shape[2:], *geometry]
    out = windows.place_windows("conv", *geometry).out
    turned = windows.windows_on_output(out, *geometry)
    geometry = geometry[2:]
    reach = [d * (k - 1) for k, d in zip(weight.shape[2:], geometry[2], strict=True)]
    too_far = any(p > r for p, r in zip(geometry[1], reach, strict=True))
    assert (turned is None) == (too_far or set(geometry[0]) != {1})
    if turned:
        assert turned.out == x.shape[2:]


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 5))
def test_kernels_turned_twice_are_what_they_were(groups, outputs, inputs, taps):
    kernels = RNG(0).normal(size=(groups, outputs, inputs * taps))
    turned = convolution.turn(kernels, taps)
    assert turned.shape == (groups, inputs, outputs * taps)
    np.testing.assert_array_equal(convolution.turn(turned, taps), kernels)


@given(st.sampled_from([1, 2]), st.integers(0, 2), st.integers(1, 3), st.integers(0, 99))
def test_a_delta_kernel_is_the_identity(rank, half, channels, seed):
    x = RNG(seed).normal(size=(2, channels, *range(4, 4 + rank)))
    weight = np.zeros((channels, channels, *(2 * half + 1,) * rank))
    weight[(np.arange(channels), np.arange(channels), *(half,) * rank)] = 1
    np.testing.assert_array_equal(OPERATIONS[rank](x, weight, padding=half)[0], x)


def test_the_kernel_is_not_flipped():
    x, weight = np.zeros((1, 1, 5)), np.array([[[1.0, 2.0, 3.0]]])
    x[0, 0, 2] = 1
    np.testing.assert_array_equal(lib.conv1d(x, weight)[0], [[[3, 2, 1]]])


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(0, 99))
def test_shifting_the_input_shifts_the_output_away_from_the_border(k, dilation, shift, seed):
    rng = RNG(seed)
    x, weight = rng.normal(size=(1, 2, 20, 20)), rng.normal(size=(3, 2, k, k))
    moved = np.roll(x, (shift, shift), axis=(2, 3))
    y, y_moved = (lib.conv2d(z, weight, dilation=dilation)[0] for z in (x, moved))
    np.testing.assert_allclose(
        y_moved[..., shift:, shift:], y[..., : y.shape[2] - shift, : y.shape[3] - shift]
    )


def test_a_stride_of_two_is_equivariant_to_shifts_by_two_only():
    x, weight = RNG(0).normal(size=(1, 1, 20)), RNG(1).normal(size=(1, 1, 3))
    y, by_one, by_two = (lib.conv1d(np.roll(x, s, axis=2), weight, stride=2)[0] for s in (0, 1, 2))
    np.testing.assert_allclose(by_two[..., 1:], y[..., :-1])
    assert abs(by_one[..., 1:] - y[..., :-1]).max() > 0.1


@given(st.integers(1, 30), st.integers(0, 4), st.integers(1, 4))
def test_same_padding_keeps_the_size(size, half, dilation):
    k = 2 * half + 1
    assert lib.output_size(size, k, padding=dilation * half, dilation=dilation) == size
    x, weight = np.ones((1, 1, size)), np.ones((1, 1, k))
    y, _ = lib.conv1d(x, weight, padding=dilation * half, dilation=dilation)
    assert y.shape == x.shape


@given(cases())
def test_output_size_is_the_size_of_the_output(case):
    operation, (x, weight, bias), options = case
    y, _ = operation(x, weight, bias, **options)
    rank = x.ndim - 2
    names = ("stride", "padding", "dilation")
    for axis in range(rank):
        along = {name: pair(options[name], rank)[axis] for name in names}
        size, kernel = x.shape[2 + axis], weight.shape[2 + axis]
        assert lib.output_size(size, kernel, **along) == y.shape[2 + axis]


@given(cases())
def test_without_a_bias_it_is_linear_in_x_and_in_the_weight(case):
    operation, (x, weight, _), options = case
    other_x, other_weight = RNG(7).normal(size=x.shape), RNG(8).normal(size=weight.shape)

    def f(x, weight):
        return operation(x, weight, **options)[0]

    np.testing.assert_allclose(
        f(2 * x - 3 * other_x, weight), 2 * f(x, weight) - 3 * f(other_x, weight), atol=1e-9
    )
    np.testing.assert_allclose(
        f(x, 2 * weight - other_weight), 2 * f(x, weight) - f(x, other_weight), atol=1e-9
    )


def test_one_output_depends_on_one_window():
    _, backward = lib.conv2d(np.ones((1, 1, 6, 7)), np.ones((1, 1, 3, 2)), dilation=(1, 2))
    dy = np.zeros((1, 1, 4, 5))
    dy[0, 0, 1, 2] = 1
    seen = np.zeros((6, 7))
    seen[1:4, [2, 4]] = 1
    np.testing.assert_array_equal(backward(dy)[0][0, 0], seen)


def test_groups_are_separate_convolutions_side_by_side():
    rng = RNG(0)
    x, weight, bias = rng.normal(size=(2, 6, 9)), rng.normal(size=(4, 3, 3)), rng.normal(size=4)
    halves = [
        lib.conv1d(x[:, 3 * g : 3 * g + 3], weight[2 * g : 2 * g + 2], bias[2 * g : 2 * g + 2])[0]
        for g in range(2)
    ]
    together, _ = lib.conv1d(x, weight, bias, groups=2)
    np.testing.assert_allclose(together, np.concatenate(halves, axis=1))


def test_dilation_is_a_kernel_with_zeros_between():
    x, weight = RNG(0).normal(size=(2, 1, 11)), RNG(1).normal(size=(1, 1, 3))
    spread_out = np.zeros((1, 1, 5))
    spread_out[..., ::2] = weight
    np.testing.assert_allclose(lib.conv1d(x, weight, dilation=2)[0], lib.conv1d(x, spread_out)[0])


def test_a_stride_keeps_every_second_position():
    x, weight = RNG(0).normal(size=(2, 1, 8, 9)), RNG(1).normal(size=(1, 1, 3, 3))
    np.testing.assert_allclose(
        lib.conv2d(x, weight, stride=(2, 3))[0], lib.conv2d(x, weight)[0][..., ::2, ::3]
    )


def test_a_conv1d_is_a_conv2d_of_one_row():
    rng = RNG(0)
    x, weight = rng.normal(size=(2, 3, 9)), rng.normal(size=(4, 3, 3))
    y, _ = lib.conv2d(x[:, :, None], weight[:, :, None], padding=(0, 1), stride=(1, 2))
    np.testing.assert_allclose(lib.conv1d(x, weight, padding=1, stride=2)[0], y[:, :, 0])


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(rank, dtype):
    layer = LAYERS[rank].init(2, 3, 3, padding=1, rng=RNG(0), dtype=dtype)
    y, backward = layer.forward(np.ones((2, 2, *(5,) * rank), dtype))
    dx, grad = backward(np.ones_like(y))
    assert {y.dtype, dx.dtype, grad.weight.dtype, grad.bias.dtype} == {np.dtype(dtype)}


@pytest.mark.parametrize("rank", [1, 2])
def test_an_empty_batch_gives_an_empty_answer(rank):
    layer = LAYERS[rank].init(2, 3, 3, rng=RNG(0))
    y, backward = layer.forward(np.ones((0, 2, *(5,) * rank), np.float32))
    dx, grad = backward(y)
    assert y.shape == (0, 3, *(3,) * rank)
    assert dx.shape == (0, 2, *(5,) * rank)
    assert not grad.weight.any()
    assert not grad.bias.any()


def test_arrays_in_any_memory_order_give_the_same():
    rng = RNG(0)
    x, weight = rng.normal(size=(3, 4, 6, 5)), rng.normal(size=(4, 2, 3, 3))
    y, backward = lib.conv2d(x, weight, groups=2)
    dy = rng.normal(size=y.shape)
    strange = [np.asfortranarray(a) for a in (x, weight, dy)]
    y_strange, backward_strange = lib.conv2d(*strange[:2], groups=2)
    np.testing.assert_allclose(y_strange, y)
    for one, other in zip(backward(dy)[:2], backward_strange(strange[2])[:2], strict=True):
        np.testing.assert_allclose(other, one)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_passes_the_gradient_check(rank, bias):
    layer = LAYERS[rank].init(
        4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=bias, rng=RNG(0), dtype=np.float64
    )
    assert lib.gradcheck(layer, RNG(1).normal(size=(3, 4, *(8, 9)[:rank])), rng=RNG(2)) < 1e-6


def wrong_backwards(dx, dweight, dbias):
    return {
        "kernel not flipped back": (dx[..., ::-1, ::-1], dweight, dbias),
        "padding not cut off": (np.roll(dx, 1, axis=3), dweight, dbias),
        "weight gradient averaged": (dx, dweight / 3, dbias),
        "weight gradient flipped": (dx, dweight[..., ::-1], dbias),
        "bias gradient averaged": (dx, dweight, dbias / 3),
        "channels swapped": (dx[:, ::-1], dweight, dbias),
    }


@pytest.mark.parametrize("mistake", list(wrong_backwards(*[np.zeros((1, 1, 1, 1))] * 3)))
def test_a_wrong_backward_fails_the_gradient_check(mistake):
    def broken(x, weight, bias):
        y, backward = lib.conv2d(x, weight, bias, padding=1)
        return y, lambda dy: wrong_backwards(*backward(dy))[mistake]

    rng = RNG(0)
    arrays = (rng.normal(size=s) for s in ((3, 2, 5, 6), (4, 2, 3, 3), (4,)))
    assert lib.gradcheck(broken, *arrays, rng=rng) > 1e-3


def test_the_first_numbers_lie_within_one_over_the_root_of_the_fan_in():
    layer = lib.Conv2d.init(8, 32, (5, 3), groups=2, rng=RNG(0))
    bound = 1 / np.sqrt(4 * 15)
    assert layer.weight.shape == (32, 4, 5, 3)
    assert layer.bias.shape == (32,)
    for array in layer.parameters().values():
        assert 0.8 * bound < abs(array).max() <= bound
    assert layer.kernel_size == (5, 3)
    assert lib.Conv1d.init(1, 1, 3, bias=False, rng=RNG(0)).bias is None


f32, f64 = np.float32, np.float64
X, W = np.ones((2, 4, 8, 8)), np.ones((6, 4, 3, 3))
WRONG_CALLS = {
    "a list": (lambda: lib.conv2d([1.0], W), TypeError, "x is a list, not a NumPy array"),
    "integers": (lambda: lib.conv2d(X.astype(int), W), TypeError, "float32 or float64"),
    "two dtypes": (lambda: lib.conv2d(X.astype(f32), W), TypeError, "make them one dtype"),
    "one axis too few": (lambda: lib.conv2d(X[0], W), ValueError, r"axes \(N, C, H, W\)"),
    "weight of rank 3": (
        lambda: lib.conv2d(X, W[0]),
        ValueError,
        r"weight must have the axes \(C_out, C_in / groups, H, W\)",
    ),
    "conv1d on images": (lambda: lib.conv1d(X, W), ValueError, r"conv1d: x must .* \(N, C, L\)"),
    "channels": (
        lambda: lib.conv2d(X[:, :3], W),
        ValueError,
        r"x has 3 channels but weight expects 4 \(x \(2, 3, 8, 8\), weight \(6, 4, 3, 3\)\)",
    ),
    "channels in groups": (
        lambda: lib.conv2d(X, W, groups=2),
        ValueError,
        "x has 4 channels but weight expects 8 in 2 groups",
    ),
    "groups": (
        lambda: lib.conv2d(X, W[:5, :2], groups=2),
        ValueError,
        r"weight \(5, 2, 3, 3\) cannot be split into 2 groups",
    ),
    "no group": (lambda: lib.conv2d(X, W, groups=0), ValueError, "groups must be at least 1"),
    "bias": (lambda: lib.conv2d(X, W, np.ones(4)), ValueError, r"bias must be \(6,\)"),
    "wide kernel": (
        lambda: lib.conv2d(X, W, dilation=4),
        ValueError,
        r"window is 9 wide \(kernel 3, dilation 4\) but the padded input only 8",
    ),
    "stride": (lambda: lib.conv2d(X, W, stride=0), ValueError, "stride must be at least 1, not 0"),
    "float stride": (lambda: lib.conv2d(X, W, stride=1.5), TypeError, "an int or 2 ints"),
    "three strides": (lambda: lib.conv2d(X, W, stride=(1, 2, 3)), TypeError, "an int or 2 ints"),
    "padding": (lambda: lib.conv2d(X, W, padding=(0, -1)), ValueError, "at least 0"),
    "dilation": (lambda: lib.conv2d(X, W, dilation=0), ValueError, "at least 1"),
    "dy shape": (
        lambda: lib.conv2d(X, W)[1](np.ones((2, 6, 8, 8))),
        ValueError,
        r"dy has shape \(2, 6, 8, 8\) but the output has shape \(2, 6, 6, 6\)",
    ),
    "dy dtype": (
        lambda: lib.conv2d(X, W)[1](np.ones((2, 6, 6, 6), f32)),
        TypeError,
        "dy is float32 but the output is float64",
    ),
    "output_size, wide": (lambda: lib.output_size(2, 3), ValueError, "window is 3 wide"),
    "output_size, stride": (lambda: lib.output_size(5, 3, stride=0), ValueError, "at least 1"),
    "init, groups": (
        lambda: lib.Conv2d.init(4, 6, 3, groups=4, rng=RNG(0)),
        ValueError,
        "4 input and 6 output channels cannot both be split into 4 groups",
    ),
    "layer, weight": (lambda: lib.Conv1d(W), ValueError, r"Conv1d: weight has shape .* 4 axes"),
    "layer, stride": (lambda: lib.Conv2d(W, stride=-1), ValueError, "Conv2d: stride must be"),
    "layer, option": (
        lambda: lib.Conv2d.init(1, 1, 3, strides=2, rng=RNG(0)),
        TypeError,
        "strides",
    ),
}


@pytest.mark.parametrize("wrong", list(WRONG_CALLS))
def test_a_wrong_call_is_answered_with_the_rule_it_breaks(wrong):
    call, error, message = WRONG_CALLS[wrong]
    with pytest.raises(error, match=message):
        call()


def test_the_loop_itself_gives_hand_made_numbers():
    x, weight = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[1.0, 10.0]]])
    options = {"stride": 1, "padding": 1, "dilation": 1, "groups": 1}
    np.testing.assert_array_equal(loop(x, weight, [0.5], **options), [[[10.5, 21.5, 32.5, 3.5]]])


def test_every_option_moves_the_output():
    x, weight = RNG(0).normal(size=(1, 2, 9, 9)), RNG(1).normal(size=(2, 2, 3, 3))
    outputs = [
        lib.conv2d(x, weight[:, : 2 // options.get("groups", 1)], **options)[0]
        for options in ({}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"groups": 2})
    ]
    for one, other in itertools.combinations(outputs, 2):
        assert one.shape != other.shape or abs(one - other).max() > 0.1


@pytest.mark.parametrize(
    "layer", [lib.Conv1d, lib.Conv2d, lib.ConvTranspose1d, lib.ConvTranspose2d]
)
@pytest.mark.parametrize(("inputs", "outputs"), [(3, 0), (0, 3), (0, 0)])
@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": 1}, {"groups": 3}], ids=str)
def test_no_channels_have_a_way_back_too(layer, inputs, outputs, options):
    conv = layer.init(inputs, outputs, 3, rng=RNG(0), **options)
    x = np.ones((2, inputs, *(7,) * conv.spatial_axes), np.float32)
    y, backward = conv.forward(x)
    dx, grad = backward(np.ones_like(y))
    assert y.shape[:2] == (2, outputs)
    assert dx.shape == x.shape
    conv.map(np.add, grad)  # raises where a shape differs
    assert not dx.any()
    assert not grad.weight.any()


@pytest.mark.parametrize(
    "cache", [2**9, 2**13, windows.CACHE_BYTES]
)  # few samples at a time, or all
@pytest.mark.parametrize("kernel", [(1, 2), (2, 3), (3, 4), (4, 1)])
@pytest.mark.parametrize("dilation", [1, (2, 1), (3, 2)])
@pytest.mark.parametrize("outputs", [2, 8])
def test_padding_called_same_is_that_of_explicit_zeros(
    monkeypatch, cache, kernel, dilation, outputs
):
    monkeypatch.setattr(windows, "CACHE_BYTES", cache)
    rng = RNG(0)
    x, weight = rng.normal(size=(17, 4, 4, 5)), rng.normal(size=(outputs, 2, *kernel))
    bias, options = rng.normal(size=outputs), {"dilation": dilation, "groups": 2}
    y, backward = lib.conv2d(x, weight, bias, padding="same", **options)
    assert y.shape[2:] == x.shape[2:]
    reach = [d * (k - 1) for d, k in zip(pair(dilation, 2), kernel, strict=True)]
    (top, left), zeros = [r // 2 for r in reach], [(r // 2, r - r // 2) for r in reach]
    padded = np.pad(x, [(0, 0), (0, 0), *zeros])
    expected, padded_backward = lib.conv2d(padded, weight, bias, **options)
    dy = rng.normal(size=y.shape)
    dx, dweight, dbias = padded_backward(dy)
    dx = dx[:, :, top : top + 4, left : left + 5]
    for got, want in zip((y, *backward(dy)), (expected, dx, dweight, dbias), strict=True):
        assert got.shape == want.shape
        assert np.abs(got - want).max() <= 1e-12 * np.abs(want).max()


def test_a_stack_of_same_convolutions_sees_what_was_computed():
    model = lib.Sequential(
        lib.Conv1d.init(1, 2, 4, padding="same", rng=RNG(0), dtype=np.float64),
        lib.Conv1d.init(2, 1, 3, padding="same", dilation=2, rng=RNG(1), dtype=np.float64),
    )
    assert model(np.ones((1, 1, 9))).shape == (1, 1, 9)
    field = lib.receptive_field(model)
    measured = lib.measured_receptive_field(model, (1, 20), position=(9,))
    assert field.size == measured.size
    assert measured.start == (field.start[0] + 9,)
