"""A record is frozen, and `map` is strict."""

import dataclasses

import numpy as np
import pytest

import course_lib as lib
from course_lib.record import Record, RunningStatistics


class Normed(lib.Layer):
    weight: np.ndarray
    statistics: RunningStatistics

    def forward(self, x):
        self.statistics.num_batches_tracked += 1
        return x * self.weight, None


def two_layers(dtype=np.float64):
    return lib.Sequential(
        lib.Linear(np.ones((3, 2), dtype), np.zeros(3, dtype)),
        lib.ReLU(),
        lib.Linear(np.ones((1, 3), dtype), None),
    )


def test_a_record_is_frozen():
    layer = lib.Linear(np.ones((1, 2)), None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.bias = np.ones(1)
    with pytest.raises(ValueError, match="read-only"):
        layer.weight[0, 0] = 5.0


def test_constructing_leaves_the_given_array_writeable():
    weight = np.ones((1, 2))
    lib.Linear(weight, None)
    weight[0, 0] = 2.0


def test_a_missing_field_is_an_error():
    with pytest.raises(TypeError, match="bias"):
        lib.Linear(np.ones((1, 2)))


def test_map_meets_every_array_with_its_namesake():
    model = two_layers()
    total = model.map(lambda a, b, c: a + 10 * b + 100 * c, model, model)
    for name, array in total.state_dict().items():
        np.testing.assert_array_equal(array, 111 * model.state_dict()[name])


def test_map_keeps_the_dtype():
    model = two_layers(np.float32)
    rate = np.float64(0.1)  # a NumPy scalar, which would promote a float32 array
    new = model.map(lambda w, g: w - rate * g, model)
    assert {a.dtype for a in new.state_dict().values()} == {np.dtype(np.float32)}


def test_map_rejects_a_changed_shape_and_names_the_path():
    with pytest.raises(ValueError, match=r"turned layers\.0\.weight from \(3, 2\) into \(\)"):
        two_layers().map(np.sum)


@pytest.mark.parametrize(
    ("other", "error", "sentence"),
    [
        (lib.ReLU(), TypeError, "the record is a Sequential here and a ReLU there"),
        (
            lib.Sequential(lib.ReLU()),
            ValueError,
            "layers has 3 parts here and 1 there",
        ),
        (
            lib.Sequential(lib.ReLU(), lib.ReLU(), lib.ReLU()),
            TypeError,
            r"layers\.0 is a Linear here and a ReLU there",
        ),
        (
            lib.Sequential(
                lib.Linear(np.ones((3, 1)), np.zeros(3)),
                lib.ReLU(),
                lib.Linear(np.ones((1, 3)), None),
            ),
            ValueError,
            r"layers\.0\.weight is \(3, 2\) here and \(3, 1\) there",
        ),
        (
            lib.Sequential(
                lib.Linear(np.ones((3, 2)), None),
                lib.ReLU(),
                lib.Linear(np.ones((1, 3)), None),
            ),
            TypeError,
            r"layers\.0\.bias is a ndarray here and a NoneType there",
        ),
        (
            lib.Sequential(
                lib.Linear(np.ones((3, 2)), np.zeros(3)),
                lib.ReLU(),
                lib.Linear(np.ones((1, 3)), np.zeros(1)),
            ),
            TypeError,
            r"layers\.2\.bias is a NoneType here and a ndarray there",
        ),
    ],
)
def test_map_rejects_another_kind_and_names_the_path(other, error, sentence):
    with pytest.raises(error, match=sentence):
        two_layers().map(np.add, other)


def test_map_copies_running_statistics():
    model = Normed(np.ones(2), RunningStatistics(np.zeros(2), np.ones(2)))
    kept = model.map(lambda w: w)
    model(np.ones((4, 2)))
    assert (kept.statistics.num_batches_tracked, model.statistics.num_batches_tracked) == (0, 1)
    assert model.parameters().keys() == {"weight"}
    assert model.state_dict().keys() == {
        "weight",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }


def test_loading_copies_running_statistics():
    model = Normed(np.ones(2), RunningStatistics(np.zeros(2), np.ones(2), 7))
    loaded = model.load_state_dict(model.state_dict())
    assert loaded.statistics is not model.statistics
    assert loaded.statistics.num_batches_tracked == 7


def test_astype_converts_floats_only():
    model = two_layers().astype(np.float32)
    assert {a.dtype for a in model.state_dict().values()} == {np.dtype(np.float32)}
    optimizer = lib.Adam.init(model).astype(np.float64)
    assert optimizer.steps.dtype.kind == "i"


def test_state_dict_names_are_those_of_pytorch():
    assert list(two_layers().state_dict()) == ["0.weight", "0.bias", "2.weight"]
    nested = lib.Sequential(two_layers(), lib.ReLU())
    assert list(nested.state_dict()) == ["0.0.weight", "0.0.bias", "0.2.weight"]


def test_load_state_dict_returns_a_new_model_with_the_arrays_and_dtype():
    model = two_layers(np.float32)
    state = {name: np.random.default_rng(0).normal(size=a.shape) for name, a in
             model.state_dict().items()}  # fmt: skip
    loaded = model.load_state_dict(state)
    for name, array in loaded.state_dict().items():
        np.testing.assert_array_equal(array, state[name].astype(np.float32))
        assert array.dtype == np.float32
    assert model.layers[0].weight[0, 0] == 1


def test_load_state_dict_lists_all_that_does_not_fit():
    state = {"0.weight": np.ones((3, 2)), "2.weight": np.ones((3, 1)), "extra": np.ones(4)}
    with pytest.raises(
        ValueError,
        match=r"missing 0\.bias \(3,\); unknown extra \(4,\); "
        r"2\.weight is \(3, 1\) and should be \(1, 3\)",
    ):
        two_layers().load_state_dict(state)


def test_the_same_layer_at_two_places_is_an_error_that_names_both():
    relu, inner = lib.ReLU(), lib.Linear(np.ones((2, 2)), None)
    with pytest.raises(ValueError, match=r"the same ReLU stands at layers\.0 and at layers\.1"):
        lib.Sequential(relu, relu)
    with pytest.raises(ValueError, match=r"stands at layers\.0\.layers\.0 and at layers\.1"):
        lib.Sequential(lib.Sequential(inner), inner)


def test_with_does_not_call_init():
    class Counted(Record):
        value: int

        def __post_init__(self):
            raise AssertionError("constructed")

    counted = object.__new__(Counted)
    counted.__dict__["value"] = 1
    assert counted._with(value=2).value == 2


def test_repr_shows_shapes_and_hyper_parameters():
    model = lib.Sequential(lib.Conv2d(np.ones((8, 3, 3, 3)), None, stride=2), lib.ReLU())
    assert repr(model) == (
        "Sequential(Conv2d(weight (8, 3, 3, 3), bias=None, stride=2, padding=0, dilation=1, "
        "groups=1), ReLU())"
    )


def test_repr_names_a_function_without_its_address():
    def halving(steps):
        return 0.5**steps

    assert "learning_rate=halving" in repr(lib.SGD.init(two_layers(), learning_rate=halving))
