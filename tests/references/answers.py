"""What the library answers to a setting, under the names that PyTorch's answers are stored by."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import loss
from course_lib.layer import Layer
from tests.cases import is_layer, public
from tests.references.settings import LOSSES, SETTINGS, Array, Setting, draw, sample

FOLDER = Path(__file__).parent


def build(name: str, setting: Setting, dtype: Any) -> Layer:
    """The layer as a learner would construct it."""
    kind = public(is_layer)[name]
    init = getattr(kind, "init", kind)
    drawn = {"rng": np.random.default_rng(0), "dtype": dtype}
    known = inspect.signature(init).parameters
    return init(
        *setting.arguments,
        **setting.options,
        **{name: value for name, value in drawn.items() if name in known},
    )


def answers(name: str, seed: int, setting: Setting, dtype: Any = np.float64) -> dict[str, Array]:
    """y, the gradient of every input and parameter, and what BatchNorm does in evaluation."""
    layer = build(name, setting, dtype)
    state = layer.state_dict()
    drawn = {key: draw(seed, key, array.shape) for key, array in layer.parameters().items()}
    layer = layer.load_state_dict({**state, **drawn})
    inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in setting.draw_inputs(seed)]
    found = _pass(layer, seed, inputs, setting)
    statistics = layer.state_dict().keys() - layer.parameters().keys()
    if statistics:
        found |= {f"then {key}": layer.state_dict()[key] for key in statistics}
        evaluation = _pass(layer.for_evaluation(), seed, inputs, setting)
        found |= {f"evaluation {key}": evaluation[key] for key in ("y", "input 0")}
    return found


def _pass(layer: Layer, seed: int, inputs: list[Array], setting: Setting) -> dict[str, Array]:
    options = {
        name: value.astype(inputs[0].dtype)
        if getattr(value, "dtype", None) == np.float64
        else value
        for name, value in setting.forward.items()
    }
    y, backward = layer.forward(*inputs, **options)
    *dinputs, grad = backward(draw(seed, "dy", y.shape).astype(y.dtype))
    found = {"y": y} | {f"input {i}": dx for i, dx in enumerate(dinputs) if dx is not None}
    return found | grad.parameters()


def loss_answers(seed: int, dtype: Any = np.float64) -> dict[str, Array]:
    """The loss and its gradient in one of the settings of losses."""
    setting = LOSSES[seed]
    y, target = setting.draw_y(seed).astype(dtype), setting.draw_target(seed)
    if target.dtype.kind == "f":
        target = target.astype(dtype)
    options = setting.draw_options(seed)
    if "weight" in options:
        options["weight"] = options["weight"].astype(dtype)
    value, backward = getattr(loss, setting.name)(y, target, **options)
    dloss = draw(seed, "dloss", np.shape(value)).astype(dtype)
    dy = backward(dloss if dloss.ndim else float(dloss))
    return {"loss": np.asarray(value), "dy": dy}


def stored_loss(seed: int) -> dict[str, Array]:
    """PyTorch's answers there."""
    return {key: load("losses")[f"{seed}/{key}"] for key in ("loss", "dy")}


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
    got: dict[str, Array],
    expected: dict[str, Array],
    dtype: Any = np.float64,
    least: float | None = None,
) -> float:
    """The largest |difference| of all arrays, each relative to the largest entry expected in it.

    An array whose entries have all but vanished, such as the slope of a saturated sigmoid, is what
    rounding left of the numbers that went in: it is measured against `least`, which in float32 is
    0.01 unless given.

    Raises
    ------
    AssertionError     if names, shapes or dtypes differ
    """
    if least is None:
        least = 1e-2 if dtype == np.float32 else float(np.finfo(np.float64).tiny)
    assert got.keys() == expected.keys()
    errors = [0.0]
    for name, reference in expected.items():
        array = sample(got[name])
        assert array.shape == reference.shape, name
        assert array.dtype == dtype or array.dtype.kind == "i", name
        size = max(np.abs(reference).max(initial=0.0), least)
        errors.append(float(np.abs(array - reference).max(initial=0.0) / size))
    return max(errors)
