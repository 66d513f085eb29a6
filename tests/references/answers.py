"""What the library answers to a setting, under the names that PyTorch's answers are stored by."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.layer import Layer
from tests.cases import is_layer, public
from tests.references.settings import SETTINGS, Array, Setting, draw, sample

FOLDER = Path(__file__).parent


def build(name: str, setting: Setting) -> Layer:
    """The layer as a learner would construct it, in float64."""
    kind = public(is_layer)[name]
    if hasattr(kind, "init"):
        rng = np.random.default_rng(0)
        return kind.init(*setting.arguments, **setting.options, rng=rng, dtype=np.float64)
    return kind(*setting.arguments, **setting.options)


def answers(name: str, seed: int, setting: Setting, dtype: Any = np.float64) -> dict[str, Array]:
    """y, the gradient of every input and parameter, and what BatchNorm does in evaluation."""
    layer = build(name, setting)
    state = layer.state_dict()
    drawn = {key: draw(seed, key, array.shape) for key, array in layer.parameters().items()}
    layer = layer.load_state_dict({**state, **drawn}).astype(dtype)
    inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in setting.draw_inputs(seed)]
    found = _pass(layer, seed, inputs, setting)
    statistics = layer.state_dict().keys() - layer.parameters().keys()
    if statistics:
        found |= {f"then {key}": layer.state_dict()[key] for key in statistics}
        evaluation = _pass(layer.for_evaluation(), seed, inputs, setting)
        found |= {f"evaluation {key}": array for key, array in evaluation.items()}
    return found


def _pass(layer: Layer, seed: int, inputs: list[Array], setting: Setting) -> dict[str, Array]:
    y, backward = layer.forward(*inputs, **setting.forward)
    *dinputs, grad = backward(draw(seed, "dy", y.shape).astype(y.dtype))
    found = {"y": y} | {f"input {i}": dx for i, dx in enumerate(dinputs) if dx is not None}
    return found | grad.parameters()


@cache
def load(name: str) -> dict[str, Array]:
    """One file of stored answers."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        return dict(arrays)


@cache
def stored(name: str) -> list[dict[str, Array]]:
    """PyTorch's answers for one layer: for every setting (samples of) arrays by name."""
    answers: list[dict[str, Array]] = [{} for _ in SETTINGS[name]]
    for key, array in load(name).items():
        seed, array_name = key.split("/")
        answers[int(seed)][array_name] = array
    return answers


def largest_error(
    got: dict[str, Array], expected: dict[str, Array], dtype: Any = np.float64
) -> float:
    """The largest |difference| of all arrays, each relative to the largest entry expected in it.

    In float32 an entry that has all but vanished, such as the slope of a saturated sigmoid, is
    measured against the numbers that went in, of which it is what rounding left.

    Raises
    ------
    AssertionError     if names, shapes or dtypes differ
    """
    assert got.keys() == expected.keys()
    least = 1e-2 if dtype == np.float32 else np.finfo(np.float64).tiny
    errors = [0.0]
    for name, reference in expected.items():
        array = sample(got[name])
        assert array.shape == reference.shape, name
        assert array.dtype == dtype or array.dtype.kind == "i", name
        size = max(np.abs(reference).max(initial=0.0), least)
        errors.append(float(np.abs(array - reference).max(initial=0.0) / size))
    return max(errors)
