"""The predictions of 04_07_residual."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.lessons.residual.cut_the_wire import NAMES, accuracies_after_a_cut, trained
from course_lib.lessons.residual.nets import KINDS, deep_net, default_net, gradient_norms


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_07.{word}", section="04_07_residual", **rest)


def _chain(slope: float, length: int) -> float:
    """One number back through a chain of real layers."""
    chain = lib.Sequential(*(lib.Linear(np.array([[slope]]), None) for _ in range(length)))
    _, backward = chain.forward(np.ones((1, 1)))
    return backward(np.ones((1, 1)))[0].item()


def _slope_with_shortcut(slope: float) -> float:
    layer = lib.Residual(lib.Linear(np.array([[slope]]), None))
    _, backward = layer.forward(np.ones((1, 1)))
    return backward(np.ones((1, 1)))[0].item()


@cache
def _norms(start: str) -> Any:
    data = lib.digits(rng=np.random.default_rng(0), dtype=np.float64)
    net = {"default": default_net, "He": deep_net}[start](100, np.random.default_rng(0))
    return gradient_norms(net, data.x_train[:32], data.y_train[:32])[1]


def _naive_loss() -> float:
    data = lib.digits(rng=np.random.default_rng(0), dtype=np.float64)
    net = deep_net(100, np.random.default_rng(0), kind=KINDS[1])
    return gradient_norms(net, data.x_train[:32], data.y_train[:32])[0]


def _after_a_cut(kind: str) -> float:
    net, data = trained(kind, 6, 0)
    return float(np.mean(accuracies_after_a_cut(net, 6, data)[1:]))


def _more_than(share: float, steps: tuple[float, ...]) -> float:
    """The largest step that a share is above."""
    return max(step for step in steps if share > step)


PREDICTIONS = (
    _predict(
        "small_slopes",
        question="A gradient of 1 goes back through 100 layers, and each multiplies it by 0.9. "
        "About how much arrives?",
        choices={"About 0.4": 1, "About 0.01": 2, "About 0.00003": 5},
        answer=lambda: int(-np.log10(_chain(0.9, 100))) + 1,
        explanation="0.9 to the power 100 is 0.0000266. Losing a tenth seems little; lost a "
        "hundred times it leaves almost nothing.",
        wrong={
            1: "0.9 to the power 10 is 0.35; ten more times the same factor comes on top of that.",
            2: "0.9 to the power 44 is 0.01. There are 56 more layers to go through.",
        },
    ),
    _predict(
        "first_of_a_hundred",
        question="A net of 100 layers, with the weights a library starts with. The gradient of the "
        "last layer has a length of about 0.01. How long is the first layer's?",
        choices={"About 1e-4": 1, "About 1e-10": 2, "Below 1e-35": 3},
        answer=lambda: 1 + int(_norms("default")[1] < 1e-7) + int(_norms("default")[1] < 1e-35),
        explanation="The default start makes each layer's outputs, and its gradients, less than "
        "half as long. A hundred halvings and more leave some 40 zeros behind the point, which is "
        "more than float32 can write down.",
        wrong={
            1: "1e-4 would be a factor of 0.95 for each layer; it is less than a half.",
            2: "1e-10 would be a factor of 0.83 for each layer; it is less than a half.",
        },
    ),
    _predict(
        "negative_slope",
        question="A residual layer is F(x) + x, and F has the slope -0.5. By how much is a "
        "gradient of 1 multiplied on its way back through the layer?",
        answer=lambda: _slope_with_shortcut(-0.5),
        explanation="The slope is 1 + F', here 1 - 0.5. One reads that a shortcut makes it at "
        "least 1; it does not, where F falls.",
        wrong={
            1: "1 is the shortcut alone; F adds its own slope, which is negative.",
            1.5: "1.5 takes F's slope to be positive. It falls, so it takes away.",
            -0.5: "-0.5 is F alone; the shortcut adds 1.",
        },
        tolerance=1e-9,
    ),
    _predict(
        "naive_plus",
        question="100 residual layers, x + ReLU(W x), with He's weights, are not trained yet. A "
        "net that guesses among ten digits has a loss of 2.3. How large is this one's?",
        choices={"About 2.3": 1, "About 100": 2, "Far above a billion": 3},
        answer=lambda: 1 + int(_naive_loss() > 10) + int(_naive_loss() > 1e9),
        explanation="Every layer adds something as large as what it was handed, so the numbers "
        "grow by a factor at each layer, a hundred times over. The + alone keeps the gradient from "
        "vanishing by letting it explode.",
        wrong={
            1: "2.3 needs scores of about equal size; these have grown out of all bounds.",
            2: "100 would do for ten layers. Each layer multiplies, and there are a hundred.",
        },
    ),
    _predict(
        "one_block_out",
        question="Two trained nets of six layers read 9 of 10 digits, one plain, one residual. One "
        "layer is taken out and its input handed on. What does the residual net read then?",
        choices={
            "About 1 in 10, as by chance": 0.0,
            "About half of them": 0.3,
            "More than 8 in 10": 0.8,
        },
        answer=lambda: _more_than(_after_a_cut(NAMES[1]), (0.0, 0.3, 0.8)),
        explanation="Each block adds a correction to what goes past it, and without one of them "
        "the others still work. In the plain net every layer speaks a language that only the "
        "next one understands.",
        wrong={
            0.0: "That is what happens to the plain net.",
            0.3: "One of six corrections is missing; the others still fit what goes past.",
        },
    ),
)
