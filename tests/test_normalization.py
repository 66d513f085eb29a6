"""A normalised group has mean 0 and variance 1, and only BatchNorm's groups span the batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activation import ReLU
from course_lib.batch_normalization import BatchNorm1d, BatchNorm2d, FrozenBatchNorm, batch_norm
from course_lib.checkpoint import save
from course_lib.gradcheck import gradcheck
from course_lib.layer import Sequential
from course_lib.linear import Linear
from course_lib.normalization import GroupNorm, LayerNorm, RMSNorm, group_norm, layer_norm, rms_norm
from course_lib.record import RunningStatistics

LAYERS = {  # a layer and the shape of its input
    "BatchNorm1d": (BatchNorm1d.init(5, dtype=float), (6, 5)),
    "BatchNorm1d with positions": (BatchNorm1d.init(5, dtype=float), (4, 5, 3)),
    "BatchNorm2d": (BatchNorm2d.init(3, dtype=float), (4, 3, 2, 5)),
    "BatchNorm2d without affine": (BatchNorm2d.init(3, affine=False, dtype=float), (4, 3, 2, 5)),
    "LayerNorm": (LayerNorm.init(7, dtype=float), (4, 3, 7)),
    "LayerNorm of two axes": (LayerNorm.init((3, 7), dtype=float), (4, 2, 3, 7)),
    "LayerNorm without bias": (LayerNorm.init(7, bias=False, dtype=float), (4, 7)),
    "LayerNorm without affine": (LayerNorm.init(7, elementwise_affine=False, dtype=float), (4, 7)),
    "GroupNorm": (GroupNorm.init(2, 6, dtype=float), (3, 6, 2, 5)),
    "GroupNorm without affine": (GroupNorm.init(3, 6, affine=False, dtype=float), (3, 6, 5)),
    "InstanceNorm": (GroupNorm.init(6, 6, dtype=float), (3, 6, 2, 5)),
    "RMSNorm": (RMSNorm.init(7, dtype=float), (4, 3, 7)),
    "RMSNorm without affine": (RMSNorm.init(7, elementwise_affine=False, dtype=float), (4, 7)),
}
EXAMPLE_WISE = {name: case for name, case in LAYERS.items() if "Batch" not in name}
each_layer = pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
each_example_wise = pytest.mark.parametrize(
    ("layer", "shape"), EXAMPLE_WISE.values(), ids=EXAMPLE_WISE
)
each_batch_norm = pytest.mark.parametrize(
    ("layer", "shape"), list(LAYERS.values())[:4], ids=list(LAYERS)[:4]
)


def random(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def drawn(layer, seed=1):
    """The layer with random weights, so that every gradient counts."""
    rng = np.random.default_rng(seed)
    return layer.map(lambda w: rng.normal(size=w.shape) + 1)


def naive(x, groups, *, eps, centred=True):
    """Normalise each group of a list of index arrays, one number at a time."""
    y = np.empty_like(x)
    for group in groups:
        values = [x[tuple(i)] for i in group]
        mean = sum(values) / len(values) if centred else 0.0
        var = sum((v - mean) ** 2 for v in values) / len(values)
        for i in group:
            y[tuple(i)] = (x[tuple(i)] - mean) / (var + eps) ** 0.5
    return y


def groups_by(shape, key):
    found = {}
    for index in np.ndindex(*shape):
        found.setdefault(key(index), []).append(index)
    return list(found.values())


KEYS = {  # which indices share a mean and a variance
    "batch": ((4, 3, 2, 5), lambda i: i[1], batch_norm),
    "layer": ((4, 3, 5), lambda i: i[:2], layer_norm),
    "layer of two axes": (
        (4, 3, 5),
        lambda i: i[0],
        lambda x: layer_norm(x, normalized_shape=(3, 5)),
    ),
    "group": ((4, 6, 2), lambda i: (i[0], i[1] // 3), lambda x: group_norm(x, num_groups=2)),
    "instance": ((4, 6, 2), lambda i: i[:2], lambda x: group_norm(x, num_groups=6)),
    "rms": ((4, 3, 5), lambda i: i[:2], lambda x: rms_norm(x, eps=1e-5)),
}


@pytest.mark.parametrize("name", KEYS)
def test_the_output_is_what_a_loop_over_the_groups_gives(name):
    shape, key, operation = KEYS[name]
    x = 3 * random(shape) + 2
    expected = naive(x, groups_by(shape, key), eps=1e-5, centred=name != "rms")
    np.testing.assert_allclose(operation(x)[0], expected, rtol=1e-11)


@pytest.mark.parametrize("name", KEYS)
def test_every_group_has_mean_zero_and_variance_one(name):
    shape, key, operation = KEYS[name]
    y = operation(100 * random(shape) + 50)[0]
    for group in groups_by(shape, key):
        values = np.array([y[i] for i in group])
        if name != "rms":
            assert abs(values.mean()) < 1e-12
        assert abs((values**2).mean() - 1) < 1e-6  # eps takes a little


@pytest.mark.parametrize(
    ("layer", "axis"), [("BatchNorm2d", 1), ("GroupNorm", 1), ("LayerNorm", 2)]
)
def test_weight_and_bias_rescale_each_channel(layer, axis):
    layer, shape = LAYERS[layer]
    x, new = random(shape), drawn(layer)
    along = [-1 if i == axis else 1 for i in range(len(shape))]
    expected = layer(x) * new.weight.reshape(along) + new.bias.reshape(along)
    np.testing.assert_allclose(new(x), expected, rtol=1e-12)


def test_a_bias_can_give_any_mean_back():
    layer = LAYERS["BatchNorm1d"][0].map(lambda w: 0 * w + 5)
    y = layer(random((50, 5)))
    np.testing.assert_allclose(y.mean(axis=0), 5)
    np.testing.assert_allclose(y.std(axis=0), 5, rtol=1e-4)


@each_layer
def test_the_backward_pass_agrees_with_differences(layer, shape):
    rng = np.random.default_rng(2)
    assert gradcheck(drawn(layer), rng.normal(size=shape), rng=rng) < 1e-6


def test_the_backward_pass_of_every_operation_agrees_with_differences():
    rng = np.random.default_rng(3)
    x, c, p = rng.normal(size=(4, 6, 5)), rng.normal(size=(2, 6)), rng.normal(size=(2, 5))
    assert gradcheck(batch_norm, x, *c, rng=rng) < 1e-6
    assert gradcheck(group_norm, x, *c, rng=rng, num_groups=3) < 1e-6
    assert gradcheck(layer_norm, x, *p, rng=rng) < 1e-6
    assert gradcheck(rms_norm, x, p[0], rng=rng) < 1e-6


@each_layer
def test_a_backward_that_treats_mean_and_variance_as_constants_is_caught(layer, shape):
    layer, x = drawn(layer), random(shape)
    flat = layer.for_evaluation() if isinstance(layer, BatchNorm1d | BatchNorm2d) else layer
    at_zero = flat(0 * x)  # all that is left of y where the input says nothing

    def wrong(x):
        y = layer.map(lambda w: w)(x)
        return y, lambda dy: dy * (y - at_zero) / x  # as if y were a fixed multiple of x

    assert gradcheck(wrong, x, rng=np.random.default_rng(5)) > 1e-2


@pytest.mark.parametrize("forgotten", ["mean(dz)", "mean(dz * z)"])
def test_each_of_the_two_subtractions_is_needed(forgotten):
    def wrong(x):
        y, _ = layer_norm(x)
        scale = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)

        def backward(dy):
            if forgotten == "mean(dz)":
                return scale * (dy - y * (dy * y).mean(axis=-1, keepdims=True))
            return scale * (dy - dy.mean(axis=-1, keepdims=True))

        return y, backward

    assert gradcheck(wrong, random((4, 6)), rng=np.random.default_rng(5)) > 1e-3


@pytest.mark.parametrize("name", [n for n, (layer, _) in LAYERS.items() if layer.parameters()])
def test_a_wrong_parameter_gradient_is_caught(name):
    layer, shape = LAYERS[name]

    class Wrong(type(layer)):
        def forward(self, x):
            y, backward = super().forward(x)

            def halved(dy):
                dx, grad = backward(dy)
                return dx, grad.map(lambda g: g / 2)

            return y, halved

    wrong = object.__new__(Wrong)
    wrong.__dict__.update(drawn(layer).__dict__)
    assert gradcheck(wrong, random(shape), rng=np.random.default_rng(6)) > 1e-3


# --- what moves y, and what does not --------------------------------------------------------


@pytest.mark.parametrize("name", KEYS)
@given(scale=st.floats(0.5, 100), shift=st.floats(-100, 100))
def test_scale_and_shift_of_the_input_do_not_move_the_output(name, scale, shift):
    shape, _, operation = KEYS[name]
    x = 10 * random(shape)
    if name == "rms":
        shift = 0.0  # the mean is not subtracted
    np.testing.assert_allclose(operation(scale * x + shift)[0], operation(x)[0], atol=1e-4)


def test_a_shift_moves_rms_norm():
    x = random((2, 4))
    assert abs(rms_norm(x + 10)[0] - rms_norm(x)[0]).max() > 0.1


@pytest.mark.parametrize("name", ["batch", "layer", "group", "instance"])
def test_the_gradient_of_every_group_sums_to_zero(name):
    shape, key, operation = KEYS[name]
    dx = operation(random(shape))[1](random(shape, 7))
    dx = dx[0]
    for group in groups_by(shape, key):
        assert abs(sum(dx[i] for i in group)) < 1e-12


@pytest.mark.parametrize("name", KEYS)
def test_the_gradient_has_no_part_along_the_normalised_input(name):
    shape, key, operation = KEYS[name]
    x = 100 * random(shape)
    y, backward = operation(x)
    dx = backward(random(shape, 8))[0]
    for group in groups_by(shape, key):
        assert abs(sum(dx[i] * y[i] for i in group)) < 1e-6  # y ignores scale


@each_layer
def test_another_example_changes_mine_only_in_batch_norm(layer, shape):
    x = random(shape)
    changed = x.copy()
    changed[1] += np.arange(changed[1].size).reshape(shape[1:])
    moved = abs(layer(changed)[0] - layer(x)[0]).max() > 1e-6
    assert moved == isinstance(layer, BatchNorm1d | BatchNorm2d)
    evaluation = layer.for_evaluation()
    np.testing.assert_array_equal(evaluation(changed)[0], evaluation(x)[0])


def test_group_norm_goes_from_layer_norm_to_instance_norm():
    x = random((3, 6, 2, 5))
    one = group_norm(x, num_groups=1)[0]
    np.testing.assert_allclose(one, layer_norm(x, normalized_shape=(6, 2, 5))[0], rtol=1e-12)
    each = group_norm(x, num_groups=6)[0]
    np.testing.assert_allclose(each, layer_norm(x, normalized_shape=(2, 5))[0], rtol=1e-12)


def test_rms_norm_of_centred_rows_is_layer_norm():
    x = random((5, 8))
    x -= x.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(rms_norm(x, eps=1e-5)[0], layer_norm(x)[0], rtol=1e-12)


def test_a_constant_group_gives_zero():
    x = np.full((4, 3), 7.0)
    np.testing.assert_array_equal(layer_norm(x)[0], 0 * x)
    np.testing.assert_array_equal(batch_norm(x)[0], 0 * x)


@each_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_nothing_is_written(layer, shape, dtype):
    layer = drawn(layer).astype(dtype)
    x, dy = random(shape).astype(dtype), random(shape, 9).astype(dtype)
    x.flags.writeable = dy.flags.writeable = False
    y, backward = layer.forward(x)
    kept = y.copy()
    dx, grad = backward(dy)
    again, again_grad = backward(2 * dy)
    np.testing.assert_array_equal(y, kept)
    np.testing.assert_array_equal(again, 2 * dx)
    assert y.dtype == dx.dtype == dtype
    for name, array in grad.parameters().items():
        assert array.dtype == dtype
        assert array.shape == layer.parameters()[name].shape
        np.testing.assert_array_equal(again_grad.parameters()[name], 2 * array)


@each_layer
def test_float32_agrees_with_float64(layer, shape):
    x = random(shape)
    y = drawn(layer)(x)
    small = drawn(layer).astype(np.float32)(x.astype(np.float32))
    np.testing.assert_allclose(small, y, atol=1e-5 * abs(y).max())


FAR_AWAY = {  # what normalises, and the shape of its input: few and many numbers to a group
    "layer_norm": (layer_norm, (3, 50)),
    "layer_norm, long rows": (layer_norm, (3, 50_001)),
    "group_norm": (lambda x: group_norm(x, num_groups=2), (3, 4, 50, 41)),
    "batch_norm": (batch_norm, (3000, 5)),
    "batch_norm, many positions": (batch_norm, (4, 3, 40_001)),
}


@pytest.mark.parametrize("name", FAR_AWAY)
@pytest.mark.parametrize("mean", [1e2, 1e4, 1e6])
def test_a_large_mean_costs_no_digits(name, mean):
    operation, shape = FAR_AWAY[name]
    rng = np.random.default_rng(11)
    x = (mean + rng.normal(size=shape)).astype(np.float32)
    y, backward = operation(x)
    dy = rng.normal(size=shape)
    expected, expected_backward = operation(x.astype(np.float64))
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5 * abs(expected).max())
    dx, expected_dx = backward(dy.astype(np.float32))[0], expected_backward(dy)[0]
    np.testing.assert_allclose(dx, expected_dx, rtol=0, atol=1e-5 * abs(expected_dx).max())


def test_a_large_mean_is_no_reason_to_look_at_other_examples():
    x = np.random.default_rng(12).normal(size=(5, 40)).astype(np.float32)
    company = x.copy()
    company[1::2] += 1e5
    np.testing.assert_array_equal(layer_norm(x)[0][::2], layer_norm(company)[0][::2])
    np.testing.assert_array_equal(layer_norm(company)[0][1], layer_norm(company[1:2])[0][0])


@pytest.mark.parametrize("operation", [batch_norm, layer_norm, rms_norm])
def test_a_numpy_number_as_eps_keeps_the_dtype(operation):
    x = np.random.default_rng(13).normal(size=(4, 6)).astype(np.float32)
    y, backward = operation(x, np.ones(6, np.float32), eps=np.float64(1e-5))
    dx, dweight, *_ = backward(y)
    assert y.dtype == dx.dtype == dweight.dtype == np.float32


def test_a_batch_norm_without_weights_has_a_dtype_too():
    with pytest.raises(TypeError, match="x is float64 but running_mean is float32"):
        BatchNorm1d.init(6, affine=False)(np.ones((4, 6)))


@each_example_wise
def test_an_empty_batch_gives_an_empty_answer(layer, shape):
    x = np.ones((0, *shape[1:]))
    y, backward = layer.forward(x)
    dx, grad = backward(y)
    assert y.shape == dx.shape == x.shape
    assert all((array == 0).all() for array in grad.parameters().values())


@each_example_wise
def test_a_batch_of_one_is_fine_where_the_batch_plays_no_part(layer, shape):
    x = random(shape)
    np.testing.assert_allclose(layer(x[:1]), layer(x)[:1], rtol=1e-12)


def test_strided_views_are_welcome():
    x = random((5, 6, 4))
    view = x.transpose(2, 1, 0)[::2]
    for operation in (batch_norm, layer_norm, lambda v: group_norm(v, num_groups=2)):
        np.testing.assert_allclose(operation(view)[0], operation(view.copy())[0], rtol=1e-12)


# --- running statistics and evaluation ------------------------------------------------------


@each_batch_norm
def test_running_statistics_move_by_momentum_and_use_the_unbiased_variance(layer, shape):
    layer = layer._with(
        momentum=0.3, statistics=RunningStatistics(np.zeros(shape[1]), np.ones(shape[1]))
    )
    mean, var = np.zeros(shape[1]), np.ones(shape[1])
    axes = (0, *range(2, len(shape)))
    for step in range(3):
        x = 2 * random(shape, step) + 1
        layer(x)
        mean = 0.7 * mean + 0.3 * x.mean(axis=axes)
        var = 0.7 * var + 0.3 * x.var(axis=axes, ddof=1)
    np.testing.assert_allclose(layer.statistics.mean, mean)
    np.testing.assert_allclose(layer.statistics.var, var)
    assert layer.state_dict()["num_batches_tracked"] == 3


@each_batch_norm
def test_evaluation_uses_the_running_statistics(layer, shape):
    rng = np.random.default_rng(10)
    statistics = RunningStatistics(rng.normal(size=shape[1]), rng.uniform(1, 4, shape[1]))
    layer = drawn(layer)._with(statistics=statistics)
    x = rng.normal(size=shape)
    along = (1, -1, *(1,) * (len(shape) - 2))
    expected = (x - statistics.mean.reshape(along)) / np.sqrt(statistics.var + 1e-5).reshape(along)
    if layer.weight is not None:
        expected = expected * layer.weight.reshape(along) + layer.bias.reshape(along)
    evaluation = layer.for_evaluation()
    assert isinstance(evaluation, FrozenBatchNorm)
    np.testing.assert_allclose(evaluation(x), expected, rtol=1e-11, atol=1e-12)


@each_batch_norm
def test_evaluation_repeats_itself_and_leaves_the_statistics_alone(layer, shape):
    layer = layer.map(lambda w: w)
    layer(random(shape))
    evaluation, x = layer.for_evaluation(), random(shape, 11)
    state = layer.state_dict()
    first = evaluation(x)
    np.testing.assert_array_equal(evaluation(x), first)
    np.testing.assert_array_equal(evaluation(x[:1]), first[:1])  # one example is enough
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    layer(random(shape, 12))  # further training does not reach the evaluation model
    np.testing.assert_array_equal(evaluation(x), first)


def test_a_frozen_batch_norm_agrees_with_differences():
    rng = np.random.default_rng(13)
    layer = FrozenBatchNorm(*rng.normal(size=(2, 3)))
    assert gradcheck(layer, rng.normal(size=(4, 3, 2)), rng=rng) < 1e-6


def test_a_kept_model_does_not_change_when_a_mapped_one_trains_on():
    kept = Sequential(Linear.init(4, 5, rng=np.random.default_rng(0)), BatchNorm1d.init(5), ReLU())
    x = random((8, 4)).astype(np.float32)
    y, backward = kept.forward(x)
    state = kept.state_dict()
    trained = kept.map(lambda w, g: w - 0.1 * g, backward(y)[1])
    for _ in range(3):
        y, backward = trained.forward(x)
        trained = trained.map(lambda w, g: w - 0.1 * g, backward(y)[1])
    for name, array in kept.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    assert state["1.num_batches_tracked"] == 1
    assert trained.state_dict()["1.num_batches_tracked"] == 4


def test_the_names_are_those_of_pytorch():
    state = BatchNorm2d.init(3).state_dict()
    assert list(state) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(BatchNorm2d.init(3).parameters()) == ["weight", "bias"]
    assert list(BatchNorm1d.init(3, affine=False).parameters()) == []
    assert list(LayerNorm.init(3).state_dict()) == ["weight", "bias"]
    assert list(LayerNorm.init(3, bias=False).state_dict()) == ["weight"]
    assert list(GroupNorm.init(1, 3).state_dict()) == ["weight", "bias"]
    assert list(RMSNorm.init(3).state_dict()) == ["weight"]


def test_an_evaluation_model_cannot_be_saved(tmp_path):
    for model in (
        BatchNorm1d.init(3).for_evaluation(),
        Sequential(BatchNorm1d.init(3).for_evaluation()),
    ):
        with pytest.raises(ValueError, match="for evaluation"):
            save(tmp_path / "model.npz", model)


# --- wrong calls ----------------------------------------------------------------------------

ONES = np.ones
WRONG = [
    (
        lambda: BatchNorm1d.init(3, dtype=float)(ONES((1, 3))),
        ValueError,
        r"BatchNorm1d: x \(1, 3\) gives each channel 1 .*use a larger batch, or .*for_evaluation",
    ),
    (lambda: BatchNorm2d.init(3, dtype=float)(ONES((1, 3, 1, 1))), ValueError, "two values"),
    (lambda: batch_norm(ONES((0, 3))), ValueError, "each channel 0 of the two values"),
    (
        lambda: BatchNorm2d.init(3, dtype=float)(ONES((2, 4, 5, 5))),
        ValueError,
        r"BatchNorm2d: x must have the axes \(N, C, H, W\) with C = 3 .* \(2, 4, 5, 5\)",
    ),
    (
        lambda: BatchNorm1d.init(3, dtype=float)(ONES((2, 3, 4, 4))),
        ValueError,
        r"\(N, C\) or \(N, C, L\)",
    ),
    (
        lambda: BatchNorm1d.init(3)(ONES((2, 3))),
        TypeError,
        r"x is float64 but weight is float32.*x.astype\(np.float32\)",
    ),
    (lambda: BatchNorm1d.init(3, momentum=2), ValueError, "momentum .* from 0 to 1, not 2"),
    (lambda: BatchNorm1d.init(3, eps=-1), ValueError, "eps is added to a variance .* -1"),
    (lambda: batch_norm(ONES(3)), ValueError, r"batch_norm: x must have the axes \(N, C, ...\)"),
    (
        lambda: batch_norm(ONES((2, 3)), ONES(4)),
        ValueError,
        r"weight has shape \(4,\) but x \(2, 3\) has 3 channels; weight must be \(3,\)",
    ),
    (
        lambda: batch_norm(ONES((2, 3)))[1](ONES((3, 2))),
        ValueError,
        r"batch_norm: dy has shape \(3, 2\) but the output has shape \(2, 3\)",
    ),
    (
        lambda: LayerNorm.init(4, dtype=float)(ONES((2, 3))),
        ValueError,
        r"layer_norm: x \(2, 3\) must end in the axes to normalise, \(4,\)",
    ),
    (
        lambda: layer_norm(ONES((2, 3)), ONES(3), ONES(2)),
        ValueError,
        r"bias has shape \(2,\) but the axes to normalise are \(3,\)",
    ),
    (lambda: layer_norm(np.array(1.0)), ValueError, "must end in the axes to normalise"),
    (lambda: layer_norm(ONES((2, 0))), ValueError, r"x \(2, 0\) has no numbers"),
    (lambda: LayerNorm.init(0), ValueError, "normalized_shape must be a positive int"),
    (lambda: LayerNorm.init(()), ValueError, "normalized_shape must be a positive int"),
    (lambda: rms_norm(ONES((2, 3)), ONES(4)), ValueError, "rms_norm: x .* must end in"),
    (
        lambda: group_norm(ONES((2, 6)), num_groups=4),
        ValueError,
        "group_norm: 6 channels cannot be split into 4 groups",
    ),
    (lambda: GroupNorm.init(0, 6), ValueError, "GroupNorm: 6 channels .* 0 groups"),
    (lambda: group_norm([1.0], num_groups=1), TypeError, "group_norm: x is a list"),
    (
        lambda: FrozenBatchNorm(ONES(3), ONES(3))(ONES((2, 4))),
        ValueError,
        r"FrozenBatchNorm: weight has shape \(3,\) but x \(2, 4\)",
    ),
]


@pytest.mark.parametrize(("call", "error", "sentence"), WRONG)
def test_a_wrong_call_says_what_to_do(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_a_refused_batch_does_not_move_the_statistics():
    layer = BatchNorm1d.init(3)
    with pytest.raises(ValueError, match="two values"):
        layer(ONES((1, 3), np.float32))
    assert layer.state_dict()["num_batches_tracked"] == 0
