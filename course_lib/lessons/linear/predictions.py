"""The predictions of 04_02a_linear."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.measured import read
from course_lib.engine.painting import Painting
from course_lib.lessons.linear.one_pixel import convolution, fully_connected
from course_lib.record import Array

CANVAS = "04_02a.on_a_canvas"


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_02a.{word}", section="04_02a_linear", **rest)


def _parameters(inputs: int, outputs: int) -> int:
    layer = lib.Linear.init(inputs, outputs, rng=np.random.default_rng(0))
    return sum(array.size for array in layer.parameters().values())


def _doubled() -> float:
    return lib.Linear(np.array([[2.0]]), np.array([1.0]))(np.array([6.0])).item()


def _sent(x: list[float]) -> float:
    """The first number of what the layer of the question makes of x."""
    weight = np.array([[2.0, 0.0], [0.0, 1.0]])
    return float(lib.Linear(weight, np.array([1.0, 1.0]))(np.array(x))[0])


def _weight_gradient() -> float:
    x = np.array([[1.0], [2.0], [3.0]])
    _, backward = lib.linear(x, np.array([[1.0]]), np.array([0.0]))
    return backward(np.ones((3, 1)))[1].item()


def _learns(x: Sequence[float] = (2, 0, 1, 3), dy: Sequence[float] = (0, 1, -1)) -> Array:
    """Which weights, (3, 4), get a gradient that is not 0."""
    _, backward = lib.linear(np.array(x, float), np.ones((3, 4)))
    return backward(np.array(dy, float))[1] != 0


def _moved(layer: Any, row: int, column: int, flat: bool) -> int:
    """How many outputs move when one pixel of a dark picture becomes bright."""
    picture = np.zeros((2, 1, 8, 8))
    picture[1, 0, row, column] = 1.0
    before, after = layer(picture.reshape(2, 64) if flat else picture)
    return int((abs(after - before) > 1e-9).sum())


def _bytes_by_powers_of_thousand(side: int) -> int:
    """2 for megabytes, 3 for gigabytes, 4 for terabytes; four bytes for each number."""
    return int(math.log10(4 * (side**2 * side**2 + side**2)) // 3)


def _read_rightly(net: str, how: str = "shuffled") -> float:
    """The mean accuracy of five runs on the canvas."""
    return float(read(Path(__file__).parent)[CANVAS][f"{net}, {how}"].mean())


def _change_of_the_fully_connected() -> int:
    """-1 if it reads less after the shuffle by a tenth of the digits, 1 if more, else 0."""
    before, after = (_read_rightly("fully connected", h) for h in ("as they are", "shuffled"))
    return int((after > before + 0.1) - (after < before - 0.1))


def _standing_of_the_convolutional() -> int:
    """2 where it reads nearly nine in ten, 0 where less than half of what the other net reads."""
    convolutional, full = _read_rightly("convolutional"), _read_rightly("fully connected")
    return int(convolutional > full / 2) + int(convolutional > 0.8)


PREDICTIONS = (
    _predict(
        "parameters",
        question="A fully connected layer takes 64 numbers and gives 10. How many numbers does it "
        "learn, biases included?",
        answer=lambda: _parameters(64, 10),
        explanation="Each of the 10 outputs has 64 weights and a bias of its own: 10 · 64 + 10.",
        wrong={
            640: "These are the weights. Each output has a bias too.",
            641: "There is not one bias for the layer, there is one for each output.",
            704: "There is a bias for each output, not for each input.",
            74: "Inputs and outputs are not added: each output has a weight for each input.",
        },
    ),
    _predict(
        "doubled",
        question="f(x) = 2x + 1, so f(3) is 7. What is f(6)?",
        answer=_doubled,
        explanation="Twice 6, plus 1. The input was doubled, the 1 was not.",
        wrong={14: "Twice f(3) would count the 1 twice."},
    ),
    _predict(
        "three_points",
        question="A linear layer with a bias sends (0, 0) to (1, 1), (1, 0) to (3, 1) and (0, 1) "
        "to (1, 2). It sends (1, 1) to a point whose first number is what?",
        answer=lambda: _sent([1.0, 1.0]),
        explanation="From (0, 0) to (1, 0) the first number rises by 2, from (0, 0) to (0, 1) it "
        "stays. Both steps together: 1 + 2 + 0.",
        wrong={
            4: "You added the images of (1, 0) and (0, 1). The bias is in both, so it counts "
            "twice there."
        },
    ),
    Painting(
        name="04_02a.learns",
        section="04_02a_linear",
        question="A fully connected layer turns the inputs 2, 0, 1, 3 into three outputs, whose "
        "dy is 0, 1 and -1. Which of its weights get a gradient that is not 0?",
        grid=Grid("weight", np.full((3, 4), "")),
        answer=_learns,
        explanation="The gradient of a weight is the dy of its output times the input that it "
        "met. Row 0 has a dy of 0, column 1 an input of 0; every other product is not 0.",
        wrong={
            lambda: _learns(x=(1, 1, 1, 1)): "You painted the rows whose output has a dy. The "
            "input counts as well: a weight that met a 0 had no part in the output.",
            lambda: _learns(dy=(1, 1, 1)): "You painted the columns whose input is not 0. The dy "
            "counts as well: nothing comes back from an output that should stay as it is.",
            lambda: _learns(x=(1, 1, 1, 1)) | _learns(dy=(1, 1, 1)): "You left out only the "
            "weight whose input and dy are both 0. It is a product: one 0 is enough.",
            lambda: _learns(x=(1, 1, 1, 1), dy=(1, 1, 1)): "You painted every weight. All of them "
            "were used, but a dy of 0 or an input of 0 makes the product 0.",
            lambda: _learns(dy=(0, 1, 0)): "You left out the output whose dy is -1. That is a "
            "gradient, too: the loss falls when this output rises.",
        },
    ),
    _predict(
        "weight_gradient",
        question="One input, one output, three examples: x is 1, 2 and 3. The loss rises by 1 for "
        "each 1 that any of the outputs rises, so dy is 1 three times. What is the gradient of the "
        "weight?",
        answer=_weight_gradient,
        explanation="All three examples use the same weight, and each adds dy · x: 1 + 2 + 3.",
        wrong={
            2: "That is the mean. If the loss is a mean, dy already holds the division.",
            3: "That adds up dy, which is the gradient of the bias. A weight also counts what it "
            "was multiplied by.",
            1: "That is one example's dy. Each example adds dy · x.",
        },
    ),
    _predict(
        "one_pixel",
        question="One pixel of a picture of 8 by 8 pixels changes. How many of the 64 outputs of a "
        "fully connected layer move?",
        answer=lambda: _moved(fully_connected(), 4, 2, True),
        explanation="Each output has a weight for this pixel, and none of these weights is 0.",
        wrong={
            1: "The outputs have places of their own only on our drawing. Each reads all pixels.",
            9: "That would be a convolution with a window of 3 by 3.",
        },
    ),
    _predict(
        "corner",
        stands_alone=False,
        question="Now a convolution with a window of 3 by 3 and padding 1, also with 64 outputs. "
        "The pixel in a corner changes. How many outputs move?",
        answer=lambda: _moved(convolution(3), 0, 0, False),
        explanation="A pixel inside lies in nine windows. The one in the corner lies in four: "
        "those in the middle of which it stands itself, or a neighbour of its.",
        wrong={
            9: "That is so for a pixel inside. Around a corner five of the nine places are outside "
            "of the picture.",
            6: "That is so for a pixel at an edge.",
            64: "That is the fully connected layer.",
        },
    ),
    _predict(
        "memory",
        question="A fully connected layer turns a picture of 1024 by 1024 pixels into another of "
        "that size. A number takes 4 bytes. How much memory do its weights take?",
        choices={"About 4 megabytes": 2, "About 4 gigabytes": 3, "About 4 terabytes": 4},
        answer=lambda: _bytes_by_powers_of_thousand(1024),
        explanation="A million pixels, each with a million weights: a million times a million "
        "times 4 bytes.",
        wrong={
            2: "That is one picture. Each of its pixels has a weight for each pixel of the other.",
            3: "A million times a million is a thousand times more than a billion.",
        },
    ),
    _predict(
        "shuffled_full",
        stands_alone=False,
        question="The pixels of all pictures are shuffled, all in the same way, and the fully "
        "connected net is trained anew. How well does it read the held-out digits now?",
        choices={"Much worse": -1, "About as well as before": 0, "Much better": 1},
        answer=_change_of_the_fully_connected,
        explanation="Each first weight belongs to one pixel. Where that pixel lies makes no "
        "difference to a sum.",
        wrong={
            -1: "That is what would happen to us: we see shapes. This net sees a list of numbers.",
            1: "Nothing was added that could help it.",
        },
    ),
    _predict(
        "shuffled_conv",
        stands_alone=False,
        question="The convolutional net reads nearly nine digits in ten before the shuffle. "
        "It is trained anew as well. How many does it read after it?",
        choices={
            "Nearly nine in ten": 2,
            "About as many as the fully connected net": 1,
            "Less than half of what the fully connected net reads": 0,
        },
        answer=_standing_of_the_convolutional,
        explanation="Its windows look for strokes among neighbours, and the shuffle has torn "
        "neighbours apart. Its kernels are too small to find the pieces again.",
        wrong={
            2: "That holds for a net that does not care where pixels lie. This one does.",
            1: "It does not fall back on being fully connected: it still looks through windows.",
        },
    ),
)
