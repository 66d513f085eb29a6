"""Every public name has a wrong call in wrong_calls.txt, and the sentence that answers it, whole.

The sections' own tests go through the rules one by one; the table shows how an error reads: it
names the culprit, the rule, the shapes and what to try.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import course_lib as lib

TABLE = Path(__file__).with_name("wrong_calls.txt").read_text(encoding="utf-8")
WRONG_CALLS = [row.split("\n    ", 1) for row in TABLE.strip().split("\n\n")]
RESULTS = {"History", "Summary"}  # what `fit` and `summary` return: nobody constructs them


def ones(*shape: int) -> Any:
    return np.ones(shape, np.float32)


MODEL = lib.Linear(ones(2, 2), None)
NAMES = {
    "lib": lib,
    "np": np,
    "ones": ones,
    "rng": np.random.default_rng(0),
    "model": MODEL,
    "optimizer": lib.SGD.init(MODEL, learning_rate=0.1),
}


def test_every_public_name_has_a_wrong_call() -> None:
    called = {found for call, _ in WRONG_CALLS for found in re.findall(r"^lib\.(\w+)", call)}
    assert called == set(lib.__all__) - RESULTS - {"plain"}  # a module, whose loops check nothing


@pytest.mark.parametrize(("call", "answer"), WRONG_CALLS, ids=[call for call, _ in WRONG_CALLS])
def test_a_wrong_call_is_answered_with_this_sentence(call: str, answer: str) -> None:
    with pytest.raises((TypeError, ValueError, NotImplementedError)) as raised:
        eval(call, dict(NAMES))
    assert f"{raised.type.__name__}: {raised.value}" == answer
    assert not re.search(r"\b1 [a-z]+[^is]s\b", answer)


# --- what is not wrong ----------------------------------------------------------------------


def number(value: float) -> Any:
    return np.float64(value)


WITH_NUMPY_NUMBERS = {
    "leaky_relu": lambda x: lib.leaky_relu(x, number(0.1)),
    "LeakyReLU": lambda x: lib.LeakyReLU(number(0.1)).forward(x),
    "softmax": lambda x: lib.softmax(x, dim=np.int64(1)),
    "dropout": lambda x: lib.dropout(x, number(0.5), rng=np.random.default_rng(0)),
    "Dropout1d": lambda x: lib.Dropout1d(number(0.5), rng=np.random.default_rng(0)).forward(x),
    "layer_norm": lambda x: lib.layer_norm(x, normalized_shape=np.int64(4), eps=number(1e-5)),
    "rms_norm": lambda x: lib.rms_norm(x, eps=number(1e-5)),
    "group_norm": lambda x: lib.group_norm(x, num_groups=np.int64(3), eps=number(1e-5)),
    "batch_norm": lambda x: lib.batch_norm(x, eps=number(1e-5)),
    "BatchNorm1d": lambda x: lib.BatchNorm1d.init(
        np.int64(3), eps=number(1e-5), momentum=number(0.1)
    ).forward(x),
    "rotary": lambda x: lib.rotary(x, base=number(100.0)),
    "avg_pool1d": lambda x: lib.avg_pool1d(x, np.int64(2), stride=np.int64(1)),
    "Conv1d": lambda x: lib.Conv1d.init(
        np.int64(3), np.int64(2), np.int64(1), rng=np.random.default_rng(0)
    ).forward(x),
}


@pytest.mark.parametrize("name", WITH_NUMPY_NUMBERS)
def test_numbers_of_numpy_do_as_well_and_leave_float32_as_it_is(name: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    y, backward = WITH_NUMPY_NUMBERS[name](x)
    dx = backward(np.ones_like(y))
    assert y.dtype == (dx[0] if isinstance(dx, tuple) else dx).dtype == np.float32


def test_a_record_keeps_numbers_of_numpy_as_python_numbers() -> None:
    optimizer = lib.Adam.init(
        MODEL, learning_rate=number(0.1), betas=[number(0.9), number(0.99)], eps=number(1e-8)
    )
    numbers = (optimizer.learning_rate, *optimizer.betas, optimizer.eps)
    assert [type(n) for n in numbers] == [float] * 4
    assert type(lib.GroupNorm(num_groups=np.int64(2)).num_groups) is int


@pytest.mark.parametrize(
    "operation",
    [lib.relu, lib.leaky_relu, lib.sigmoid, lib.tanh, lib.gelu, lib.silu],
    ids=lambda operation: operation.__name__,
)
def test_a_single_number_stays_an_array(operation: Any) -> None:
    y, backward = operation(np.array(1.0))
    dx = backward(np.array(1.0))
    assert type(y) is type(dx) is np.ndarray
    assert y.shape == dx.shape == ()


def test_a_schedule_may_return_a_number_of_numpy() -> None:
    optimizer = lib.SGD.init(MODEL, learning_rate=lambda step: np.float32(0.5))
    model, _ = optimizer.step(MODEL, MODEL)
    np.testing.assert_array_equal(model.weight, ones(2, 2) / 2)


def test_layers_declared_with_plain_annotations_are_checked_too() -> None:
    # in this file annotations are strings; in a notebook they are the types themselves
    Scale = type(
        "Scale",
        (lib.Layer,),
        {"__annotations__": {"weight": np.ndarray, "bias": np.ndarray | None, "times": int}},
    )
    assert repr(Scale(ones(2), None, 3)) == "Scale(weight (2,), bias=None, times=3)"
    with pytest.raises(TypeError, match="Scale: weight is a list, not a NumPy array"):
        Scale([1.0], None, 3)
