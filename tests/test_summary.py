"""The table says what the model holds, and leaves the model alone."""

import numpy as np
import pytest

import course_lib as lib

RNG = np.random.default_rng


def model(inner=4):
    rng = RNG(0)
    return lib.Sequential(
        lib.Conv2d.init(1, 4, 3, padding=1, rng=rng),
        lib.Sequential(lib.BatchNorm2d.init(4), lib.ReLU(), lib.MaxPool2d(2)),
        lib.Residual(lib.Conv2d.init(inner, 4, 1, rng=rng)),
        lib.Flatten(),
        lib.Linear.init(64, 10, rng=rng),
    )


X = RNG(1).normal(size=(2, 1, 8, 8)).astype(np.float32)


def test_shapes_flow_from_layer_to_layer():
    table = lib.summary(model(), X)
    assert [(row.name, row.layer, row.output_shape) for row in table.rows] == [
        ("0", "Conv2d", (2, 4, 8, 8)),
        ("1.0", "BatchNorm2d", (2, 4, 8, 8)),
        ("1.1", "ReLU", (2, 4, 8, 8)),
        ("1.2", "MaxPool2d", (2, 4, 4, 4)),
        ("2", "Residual", (2, 4, 4, 4)),
        ("3", "Flatten", (2, 64)),
        ("4", "Linear", (2, 10)),
    ]


def test_the_total_counts_every_parameter_once():
    table = lib.summary(model(), X)
    assert table.parameters == sum(a.size for a in model().parameters().values())
    outputs = sum(np.prod(row.output_shape) for row in table.rows)
    assert table.memory == 4 * (table.parameters + outputs)


def test_the_model_is_left_alone():
    net = model()
    before = {name: array.copy() for name, array in net.state_dict().items()}
    lib.summary(net, X)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_the_first_mismatch_is_named_with_shape_and_rule():
    with pytest.raises(
        ValueError, match=r"layer 2 \(Residual\) cannot take the shape \(2, 4, 4, 4\).*channels"
    ):
        lib.summary(model(inner=3), X)
    with pytest.raises(ValueError, match=r"summary: Linear cannot take the shape \(2, 3\)"):
        lib.summary(lib.Linear.init(4, 1, rng=RNG(0)), np.ones((2, 3), np.float32))


def test_it_prints_as_a_table():
    lines = repr(lib.summary(model(), X)).splitlines()
    assert len(lines) == 1 + 1 + 7 + 1
    assert lines[-1].split()[:2] == ["total", f"{lib.summary(model(), X).parameters:,}"]
    assert all(len(line) <= 60 for line in lines)
