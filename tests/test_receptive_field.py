"""The receptive field: the formula and the gradient that comes back agree, pixel for pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import Conv1d, Conv2d, Flatten, Identity, Linear, ReLU, Sequential
from course_lib.activation import GELU, Tanh
from course_lib.batch_normalization import BatchNorm1d
from course_lib.dropout import Dropout
from course_lib.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from course_lib.receptive_field import (
    effective_receptive_field,
    measured_receptive_field,
    receptive_field,
)
from course_lib.residual import Residual
from course_lib.transposed_convolution import ConvTranspose1d

RNG = np.random.default_rng


def conv(kernel_size, **options):
    return Conv1d.init(1, 1, kernel_size, rng=RNG(0), **options)


def pair(value, rank):
    return value if isinstance(value, tuple) else (value,) * rank


@st.composite
def stacks(draw):
    """Up to four convolutions, pools and pointwise layers, with one or two spatial axes."""
    rank = draw(st.sampled_from([1, 2]))

    def per_axis(least, most):
        one = st.integers(least, most)
        return draw(one | st.tuples(*[one] * rank)) if rank > 1 else draw(one)

    layers = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["conv", "max", "average", "pointwise"]))
        kernel = per_axis(1, 3)
        half = tuple(draw(st.integers(0, k // 2)) for k in pair(kernel, rank))
        if kind == "conv":
            layer = {1: Conv1d, 2: Conv2d}[rank].init(
                2, 2, kernel, stride=per_axis(1, 2), padding=half, dilation=per_axis(1, 2),
                rng=RNG(draw(st.integers(0, 9))),
            )  # fmt: skip
        elif kind == "pointwise":
            layer = draw(st.sampled_from([ReLU, Identity, Tanh, GELU]))()
        else:
            pools = {"max": {1: MaxPool1d, 2: MaxPool2d}, "average": {1: AvgPool1d, 2: AvgPool2d}}
            stride = draw(st.none()) if draw(st.booleans()) else per_axis(1, 2)
            layer = pools[kind][rank](kernel, stride, half)
        layers.append(layer)
    return rank, layers


@settings(max_examples=200)
@given(stacks(), st.data())
def test_formula_and_measurement_agree_on_every_stack(stack, data):
    rank, layers = stack
    shape = (2, *(data.draw(st.integers(30, 34)) for _ in range(rank)))
    field = receptive_field(layers)
    if len(field.size) < rank:  # pointwise layers alone
        field = type(field)(*(value * rank for value in field))
    out = Sequential(*layers)(np.zeros((1, *shape), np.float32)).shape[2:]
    position = tuple(data.draw(st.integers(0, o - 1)) for o in out)
    measured = measured_receptive_field(layers, shape, position=position)
    for axis in range(rank):
        first = field.start[axis] + field.jump[axis] * position[axis]
        last = first + field.size[axis] - 1
        # holes (from dilation, or a stride wider than its kernel) may lie at the border's edge
        inside = [
            i for i in _pixels(layers, axis, rank, position[axis]) if 0 <= i < shape[1 + axis]
        ]
        assert min(_pixels(layers, axis, rank, position[axis])) == first
        assert max(_pixels(layers, axis, rank, position[axis])) == last
        seen = measured.seen.any(axis=tuple(a for a in range(rank) if a != axis))
        assert set(np.flatnonzero(seen)) <= set(inside)
        if first >= 0 and last < shape[1 + axis]:
            np.testing.assert_array_equal(np.flatnonzero(seen), inside)
            assert (measured.start[axis], measured.size[axis]) == (first, last - first + 1)


def _pixels(layers, axis, rank, place):
    """By brute force: follow one output back through every tap of every layer, padding included."""
    places = {place}
    for layer in reversed(layers):
        if hasattr(layer, "kernel_size"):
            k = pair(layer.kernel_size, rank)[axis]
            s = k if layer.stride is None else pair(layer.stride, rank)[axis]
            p, d = pair(layer.padding, rank)[axis], pair(getattr(layer, "dilation", 1), rank)[axis]
            places = {i * s - p + t * d for i in places for t in range(k)}
    return sorted(places)


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_n_layers_of_three_by_three_see_two_n_plus_one(depth):
    layers = [Conv2d.init(1, 1, 3, padding=1, rng=RNG(i)) for i in range(depth)]
    assert receptive_field(layers).size == (2 * depth + 1,) * 2
    measured = measured_receptive_field(layers, (1, 20, 21))
    assert measured.size == (2 * depth + 1,) * 2
    assert measured.seen.sum() == (2 * depth + 1) ** 2


def test_a_pool_between_two_convolutions_makes_the_field_eight_wide():
    layers = [conv(3), MaxPool1d(2), conv(3)]
    assert receptive_field(layers) == ((8,), (2,), (0,))
    assert measured_receptive_field(layers, (1, 30)).size == (8,)


def test_depth_adds_stride_multiplies_and_dilation_widens():
    assert [receptive_field([conv(3)] * n).size for n in range(4)] == [(1,), (3,), (5,), (7,)]
    strided = [[conv(3, stride=2)] * n for n in range(4)]
    assert [receptive_field(layers).size for layers in strided] == [(1,), (3,), (7,), (15,)]
    dilated = [[conv(3, dilation=2**i) for i in range(n)] for n in range(4)]
    assert [receptive_field(layers).size for layers in dilated] == [(1,), (3,), (7,), (15,)]
    assert receptive_field(strided[3]).jump == (8,)
    assert receptive_field(dilated[3]).jump == (1,)


def test_padding_moves_the_start_and_not_the_size():
    assert receptive_field(conv(5, padding=2)) == ((5,), (1,), (-2,))
    assert receptive_field([conv(3, stride=2, padding=1), conv(3, padding=1)]).start == (-3,)


def test_axes_are_counted_separately():
    layer = Conv2d.init(1, 1, (3, 5), stride=(2, 1), padding=(0, 2), rng=RNG(0))
    assert receptive_field([layer, AvgPool2d((1, 2))]) == ((3, 6), (2, 2), (0, -2))


def test_nested_sequentials_and_pointwise_layers_change_nothing():
    plain = [conv(3), conv(3, dilation=2)]
    nested = Sequential(plain[0], ReLU(), Sequential(plain[1], Dropout(0.5, rng=RNG(0)), GELU()))
    assert receptive_field(nested) == receptive_field(plain)
    assert measured_receptive_field(nested, (1, 20)).size == receptive_field(plain).size


def test_batch_norm_counts_as_pointwise_and_measuring_leaves_its_statistics_alone():
    norm = BatchNorm1d.init(1)
    model = Sequential(conv(3), norm, ReLU(), conv(3))
    before = {name: array.copy() for name, array in model.state_dict().items()}
    assert receptive_field(model).size == measured_receptive_field(model, (1, 15)).size == (5,)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_no_weight_can_hide_a_pixel():
    edges = [Conv1d(np.array([[[1.0, 0.0, -1.0]]])) for _ in range(2)]
    assert measured_receptive_field([edges[0], ReLU(), edges[1]], (1, 11)).seen.sum() == 5


def test_a_dilated_kernel_skips_pixels_inside_its_field():
    measured = measured_receptive_field(conv(3, dilation=3), (1, 13))
    np.testing.assert_array_equal(np.flatnonzero(measured.seen), [3, 6, 9])
    assert measured.size == (7,)


def test_the_border_cuts_the_measured_field_off():
    layer = conv(5, padding=2)
    assert measured_receptive_field(layer, (1, 9), position=(0,))[:2] == ((3,), (0,))
    assert measured_receptive_field(layer, (1, 9), position=(4,))[:2] == ((5,), (2,))


def test_enough_depth_covers_the_whole_image():
    layers = [conv(3, padding=1) for _ in range(8)]
    assert measured_receptive_field(layers, (1, 16), position=(8,)).seen.all()
    assert not measured_receptive_field(layers[:-1], (1, 16), position=(8,)).seen.all()


def test_the_measurement_reads_what_the_formula_does_not_cover():
    up = ConvTranspose1d.init(1, 1, 4, stride=2, padding=1, rng=RNG(0))
    assert measured_receptive_field(up, (1, 9)).size == (2,)
    skips = [Residual(conv(3, padding=1)) for _ in range(2)]
    assert measured_receptive_field(skips, (1, 9)).size == (5,)
    hidden = Residual(Sequential(MaxPool1d(3, stride=1, padding=1)))
    assert measured_receptive_field(hidden, (1, 9)).size == (3,)


def test_max_pooling_itself_shows_only_the_winner_so_we_measure_without_it():
    pool, x = MaxPool1d(4), RNG(0).normal(size=(1, 1, 8))
    _, backward = pool.forward(x)
    assert np.count_nonzero(backward(np.ones((1, 1, 2)))[0]) == 2
    assert measured_receptive_field(pool, (1, 8)).size == receptive_field(pool).size == (4,)


def test_the_effective_field_is_a_bell_inside_the_theoretical_one():
    layers = [Conv1d(np.full((1, 1, 3), 1 / 3), padding=1) for _ in range(10)]
    heat = effective_receptive_field(layers, (1, 41), rng=RNG(0), samples=2)
    theory = measured_receptive_field(layers, (1, 41)).seen
    assert heat.max() == heat[20] == 1
    assert not heat[~theory].any()
    assert (np.diff(heat[:21]) >= 0).all()
    np.testing.assert_allclose(heat, heat[::-1])
    assert (heat > 0.5).sum() <= theory.sum() / 2


def test_the_effective_field_of_a_relu_net_stays_inside_the_theoretical_one():
    layers = []
    for i, channels in enumerate((2, 4, 4)):
        layers += [Conv2d.init(channels, 4, 3, padding=1, rng=RNG(i)), ReLU()]
    layers.insert(2, MaxPool2d(2))
    heat = effective_receptive_field(layers, (2, 24, 26), rng=RNG(9), samples=8)
    seen = measured_receptive_field(layers, (2, 24, 26)).seen
    assert heat.shape == (24, 26)
    assert not heat[~seen].any()
    assert heat.max() == 1


def test_an_output_that_nothing_moves_has_an_empty_heat_map():
    silent = Conv1d(np.zeros((1, 1, 3)))
    assert not effective_receptive_field(silent, (1, 9), rng=RNG(0)).any()


def usual_mistakes(layers):
    adds_k, strides_too_late, ignores_dilation, ignores_stride = 1, 1, 1, 1
    jump = 1
    for layer in layers:
        k, s = pair(layer.kernel_size, 1)[0], layer.stride or layer.kernel_size
        d = getattr(layer, "dilation", 1)
        adds_k += d * k * jump
        strides_too_late += d * (k - 1) * jump * s
        ignores_dilation += (k - 1) * jump
        ignores_stride += d * (k - 1)
        jump *= s
    return adds_k, strides_too_late, ignores_dilation, ignores_stride


def test_the_measurement_tells_the_usual_mistakes_from_the_formula():
    layers = [conv(3), MaxPool1d(2), conv(3, dilation=2)]
    measured = measured_receptive_field(layers, (1, 40)).size
    assert measured == receptive_field(layers).size
    assert measured[0] not in usual_mistakes(layers)


WRONG_CALLS = {
    "transposed": (
        lambda: receptive_field([ConvTranspose1d.init(1, 1, 3, rng=RNG(0))]),
        TypeError,
        "does not cover ConvTranspose1d, .* measure instead",
    ),
    "linear": (
        lambda: receptive_field(Sequential(conv(3), Flatten(), Linear.init(4, 2, rng=RNG(0)))),
        TypeError,
        "does not cover Flatten",
    ),
    "mixed": (
        lambda: receptive_field([conv(3), MaxPool2d(2)]),
        ValueError,
        "mixes layers with one and with two spatial axes: Conv1d, MaxPool2d",
    ),
    "flat output": (
        lambda: measured_receptive_field([conv(3), Flatten()], (1, 9)),
        ValueError,
        r"output has shape \(1, 7\), without spatial axes",
    ),
    "position": (
        lambda: measured_receptive_field(conv(3), (1, 9), position=(7,)),
        ValueError,
        r"position \(7,\) is not in the output, whose spatial shape is \(7,\)",
    ),
}


@pytest.mark.parametrize("wrong", list(WRONG_CALLS))
def test_a_wrong_call_is_answered_with_the_rule_it_breaks(wrong):
    call, error, message = WRONG_CALLS[wrong]
    with pytest.raises(error, match=message):
        call()
