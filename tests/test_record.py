"""A record is frozen, and `map` is strict."""

import copy
import dataclasses
import pickle

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


class Translator(lib.Layer):
    encoder: tuple
    decoder: tuple
    scales: tuple = ()


def linear(seed):
    return lib.Linear.init(2, 2, bias=False, rng=np.random.default_rng(seed))


def test_parts_of_a_tuple_are_called_by_its_name():
    model = Translator((linear(0), (linear(1), linear(2))), (linear(3),), (np.ones(2), np.ones(3)))
    names = ["encoder.0", "encoder.1.0", "encoder.1.1", "decoder.0"]
    names = [f"{name}.weight" for name in names] + ["scales.0", "scales.1"]
    assert list(model.state_dict()) == list(model.parameters()) == names
    nested = lib.Sequential(model, lib.ReLU())
    assert list(nested.state_dict()) == [f"0.{name}" for name in names]
    other = Translator(
        (linear(4), (linear(5), linear(6))), (linear(7),), (np.zeros(2), np.zeros(3))
    )
    loaded = other.load_state_dict(model.state_dict())
    for name, array in loaded.state_dict().items():
        np.testing.assert_array_equal(array, model.state_dict()[name])
        assert not array.flags.writeable


def test_every_array_that_map_changes_has_a_name():
    model = Translator((linear(0), (linear(1),)), (linear(3),), (np.ones(2), (np.ones(3),)))
    seen = []
    model.map(lambda array: seen.append(array) or array)
    assert [id(array) for array in seen] == [id(array) for array in model.parameters().values()]


def test_layers_in_nested_tuples_are_for_evaluation():
    dropout = lib.Dropout(rng=np.random.default_rng(0))
    model = Translator((linear(0), (dropout,)), ()).for_evaluation()
    assert isinstance(model.encoder[1][0], lib.Identity)


@pytest.mark.parametrize(
    ("hidden", "found"),
    [
        ([linear(0)], "encoder is a list"),
        ({"first": linear(0)}, "encoder is a dict"),
        ([[np.ones(2)]], "encoder is a list"),
        ((lib.ReLU(), [linear(0)]), r"encoder\.1 is a list"),
        ({linear(0)}, "encoder is a set"),
    ],
)
def test_what_training_would_pass_over_is_refused(hidden, found):
    with pytest.raises(TypeError, match=f"Translator: {found} of layers or arrays.*give a tuple"):
        Translator(hidden, ())
    Translator([1, "a", {2: 3}], ())  # hyper-parameters


def test_one_name_for_two_arrays_is_an_error():
    class Twice(lib.Layer):
        one: RunningStatistics
        two: RunningStatistics

    with pytest.raises(ValueError, match="the name running_mean stands for two arrays"):
        Twice(*(RunningStatistics(np.zeros(2), np.ones(2)) for _ in range(2)))


def test_old_files_without_a_count_of_batches_load():
    model = lib.Sequential(lib.BatchNorm1d.init(2), lib.ReLU(), lib.BatchNorm1d.init(2))
    model(np.eye(2, dtype=np.float32))
    state = {n: a + 1 for n, a in model.state_dict().items() if "num_batches" not in n}
    loaded = model.load_state_dict(state)
    assert loaded.layers[0].statistics.num_batches_tracked == 1
    np.testing.assert_array_equal(loaded.layers[2].statistics.var, state["2.running_var"])
    with pytest.raises(ValueError, match=r"missing 0\.running_var \(2,\)\.$"):
        model.load_state_dict({n: a for n, a in state.items() if n != "0.running_var"})


@pytest.mark.parametrize(
    "value", [1j, "a", b"a", True, None, np.datetime64("2020-01-01")], ids=lambda value: repr(value)
)
def test_loading_takes_real_numbers_only(value):
    state = two_layers().state_dict() | {"0.bias": np.array([value] * 3)}
    with pytest.raises(ValueError, match=r"0\.bias holds \S+ and should hold float64\.$"):
        two_layers().load_state_dict(state)


def test_loading_rounds_no_count():
    optimizer = lib.Adam.init(two_layers())
    with pytest.raises(ValueError, match=r"steps holds float64 and should hold int64"):
        optimizer.load_state_dict(optimizer.state_dict() | {"steps": np.array(1.5)})


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_is_a_record_too(again):
    model = lib.Sequential(two_layers(), lib.BatchNorm1d.init(1, dtype=np.float64))
    for record in (model, lib.Adam.init(model), model.layers[0]):
        for name, array in again(record).state_dict().items():
            np.testing.assert_array_equal(array, record.state_dict()[name])
        assert not any(array.flags.writeable for array in again(record).parameters().values())


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
