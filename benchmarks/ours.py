"""course_lib's side of the comparison, constructed under PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

import course_lib
from benchmarks.cases import Case
from course_lib.layer import Layer
from course_lib.record import Array


@dataclass(frozen=True)
class Trial:
    """One library at work on one case.

    forward      x -> y, as when a model is used; None for an optimizer
    step         x -> y -> the gradients, as when it is trained; for an optimizer, one step
    answers      what both libraries must agree on, by name
    """

    forward: Callable[[], Any] | None
    step: Callable[[], Any]
    answers: Callable[[], dict[str, Array]]


class Loss(Layer):
    """A loss in a layer's clothes: its inputs are the outputs of a model and their targets."""

    operation: Callable[..., Any]

    def forward(self, y: Array, target: Array) -> Any:
        value, loss_backward = self.operation(y, target)
        return value, lambda dvalue: (loss_backward(dvalue), None, self)


class Ours:
    """`Ours().Conv2d(1, 4, 3)` draws a layer with a generator of its own."""

    title = "course_lib"

    def __init__(self, seed: int = 0):
        self.rng = np.random.default_rng(seed)

    def __getattr__(self, name: str) -> Any:
        kind = getattr(course_lib, name)
        make = getattr(kind, "init", kind)
        return partial(make, rng=self.rng) if "rng" in signature(make).parameters else make

    def BCEWithLogitsLoss(self) -> Layer:
        return Loss(course_lib.binary_cross_entropy_with_logits)

    def CrossEntropyLoss(self) -> Layer:
        return Loss(course_lib.cross_entropy)

    def MSELoss(self) -> Layer:
        return Loss(course_lib.mse)


def layer_trial(layer: Layer, inputs: tuple[Array, ...], dy: Array, call: dict) -> Trial:
    def step() -> Any:
        y, backward = layer.forward(*inputs, **call)
        return y, *backward(dy)

    def answers() -> dict[str, Array]:
        y, dx, *_, grad = step()
        return {"y": y, **({} if dx is None else {"dx": dx}), **grad.parameters()}

    return Trial(lambda: layer(*inputs, **call), step, answers)


def optimizer_trial(case: Case) -> Trial:
    arrays = case.draw()
    pairs = zip(arrays[::2], arrays[1::2], strict=True)
    model = course_lib.Sequential(*(course_lib.Linear(*pair) for pair in pairs))
    optimizer = getattr(course_lib, case.name).init(model, **case.options)
    grad = model.map(np.sin)

    def step() -> Any:
        return optimizer.step(model, grad)

    return Trial(None, step, lambda: dict(enumerate(step()[0].parameters().values())))
