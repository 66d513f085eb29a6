"""The predictions of 04_01_layer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.measured import read
from course_lib.lessons.layer.before_and_after import train


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_01.{word}", section="04_01_layer", **rest)


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _conv() -> lib.Conv2d:
    return lib.Conv2d.init(1, 16, 3, padding=1, rng=_rng())


def _shape() -> str:
    model = lib.Sequential(_conv(), lib.MaxPool2d(2))
    return str(model(np.zeros((4, 1, 8, 8), np.float32)).shape)


@cache
def _summary() -> lib.Summary:
    model = lib.Sequential(
        _conv(), lib.ReLU(), lib.Flatten(), lib.Linear.init(1024, 10, rng=_rng())
    )
    return lib.summary(model, np.zeros((32, 1, 8, 8), np.float32))


def _share_of_the_convolution() -> float:
    share = _summary().rows[0].parameters / _summary().parameters
    return next(limit for limit in (0.02, 0.1, 0.5) if share < limit)


def _times_as_much() -> int:
    """1 if outputs take less memory than parameters, 2 if about as much, 3 if far more."""
    parameters = 4 * _summary().parameters
    ratio = (_summary().memory - parameters) / parameters
    return 1 if ratio < 0.5 else 2 if ratio < 2 else 3


def _gradient_shape() -> str:
    layer, x = lib.LayerNorm(np.ones(3), np.zeros(3)), _rng().normal(size=(5, 3))
    y, backward = layer.forward(x)  # its weight is one number for each column, too
    return str(backward(y)[1].weight.shape)


def _arrives() -> float:
    """The bias's gradient is what arrives at a layer's output."""
    weights = (2.0, 5.0, 10.0)
    stack = lib.Sequential(*(lib.Linear(np.array([[w]]), np.zeros(1)) for w in weights))
    _, backward = stack.forward(np.ones((1, 1)))
    _, grad = backward(np.ones((1, 1)))
    return float(grad.layers[0].bias.item())


def _what_changes() -> str:
    before, after, _ = train(1, 1, 0.5)
    old, new = before.parameters(), after.parameters()
    changed = sum(int((old[name] != new[name]).sum()) for name in old)
    return "all" if changed == sum(array.size for array in old.values()) else "some"


def _other_dilation() -> str:
    table = read(Path(__file__).parent)["04_01.saved_and_loaded"]
    return "badly" if table["loaded with dilation 2"].max() < 0.5 else "well"


PREDICTIONS = (
    _predict(
        "shape",
        stands_alone=False,
        question="Four digits, (4, 1, 8, 8), go through this convolution, then through "
        "MaxPool2d(2), which keeps the largest number of every square of 2 by 2. Which shape comes "
        "out?",
        choices={
            "(4, 1, 4, 4)": "(4, 1, 4, 4)",
            "(4, 16, 4, 4)": "(4, 16, 4, 4)",
            "(64, 1, 4, 4)": "(64, 1, 4, 4)",
        },
        answer=_shape,
        explanation="The convolution makes 16 channels of 8 by 8, one for each kernel; padding 1 "
        "keeps the size. The pooling halves height and width. The four digits stay four.",
        wrong={
            "(4, 1, 4, 4)": "Each of the 16 kernels makes a channel of its own.",
            "(64, 1, 4, 4)": "A kernel does not make another digit; its answers are another "
            "channel of the same one.",
        },
    ),
    _predict(
        "share",
        question="A net for digits: a convolution with 16 kernels of 3 by 3, a ReLU, Flatten, "
        "which lays all 16 times 8 times 8 numbers in a row, and Linear(1024, 10), which turns "
        "these 1024 numbers into ten scores. How much of the net's parameters does the "
        "convolution hold?",
        choices={"About half": 0.5, "About a tenth": 0.1, "Less than 2 in 100": 0.02},
        answer=_share_of_the_convolution,
        explanation="A linear layer has a weight for each pair of an input and an output, 1024 "
        "times 10. The convolution uses the same few numbers at every place.",
        wrong={
            0.5: "The convolution does most of the work, but it uses the same numbers again and "
            "again.",
            0.1: "A tenth would be some 1,000 numbers; 16 kernels of nine are 144.",
        },
    ),
    _predict(
        "memory",
        stands_alone=False,
        question="32 digits go through that net at once. Compare two heaps of memory: all its "
        "parameters, and the outputs of all its layers. Which is larger?",
        choices={
            "The parameters": 1,
            "Both about the same": 2,
            "The outputs, several times": 3,
        },
        answer=_times_as_much,
        explanation="Parameters are there once; every digit has outputs of its own. Training "
        "must keep them for later, and that is what fills a memory.",
        wrong={
            1: "So it would be for a single digit.",
            2: "With three or four digits it would be so; there are 32.",
        },
    ),
    _predict(
        "gradient_shape",
        question="A layer multiplies column d of x by weight[d]; x has the shape (5, 3), five "
        "examples of three numbers, and weight has the shape (3,). The loss is one number. Which "
        "shape has the gradient of weight?",
        choices={"(5, 3)": "(5, 3)", "(3,)": "(3,)", "(5,)": "(5,)"},
        answer=_gradient_shape,
        explanation="A gradient has a number for each number it is the gradient of. Five examples "
        "pull at each weight, and their pulls are added up.",
        wrong={
            "(5, 3)": "That is the shape of dx. There are only three weights to move.",
            "(5,)": "One number for each example is a loss not yet added up; the weights are "
            "three.",
        },
    ),
    _predict(
        "arrives",
        question="Three layers multiply by 2, then by 5, then by 10. Behind the last one the "
        "gradient is 1. What is it at the output of the first layer?",
        answer=_arrives,
        explanation="It comes from the end: through the layer of 10 and through the layer of 5. It "
        "has not met the first layer yet.",
        wrong={
            100: "100 is what leaves the first layer on the way back; at its output it is a step "
            "before that.",
            20: "20 leaves the wrong layer out: the first is met last.",
            2: "2 is the way forward; the gradient comes from the other end.",
            1: "1 is the gradient at the last layer's output; two layers lie between.",
            10: "10 is the gradient at the output of the second layer; it has one more to pass.",
        },
        tolerance=1e-9,
    ),
    _predict(
        "what_changes",
        question="A small convolution with stride 4 and a linear layer hold 61 parameters. They "
        "take one training step on one digit. What changes?",
        choices={
            "All parameters, and the stride if that helps": "stride",
            "All parameters, no hyper-parameter": "all",
            "Some of the parameters, no hyper-parameter": "some",
        },
        answer=_what_changes,
        explanation="A weight that only met zeros has a gradient of exactly 0 and stays. A stride "
        "has no gradient at all: there is no stride a little larger than 4.",
        wrong={
            "stride": "A step follows the gradient, and a whole number such as a stride has none.",
            "all": "Training may change every parameter, but a step moves those that have a "
            "gradient.",
        },
    ),
    _predict(
        "other_dilation",
        stands_alone=False,
        question="We load the file into a net that differs in one hyper-parameter: the weights of "
        "its second convolution's kernels lie 2 pixels apart, not 1. All shapes are the same. What "
        "happens?",
        choices={
            "load refuses the file": "refuses",
            "It loads, and reads digits as before": "well",
            "It loads, and reads most digits wrongly": "badly",
        },
        answer=_other_dilation,
        explanation="The file holds the parameters alone, and they fit. What they were trained for "
        "is not in it: keep the code that makes the net beside the file.",
        wrong={
            "refuses": "load compares names and shapes, and these are all the same.",
            "well": "The same numbers read other pixels now, for which nobody trained them.",
        },
    ),
)
