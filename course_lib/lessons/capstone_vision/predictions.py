"""The predictions of 04_12_capstone_vision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.measured import read
from course_lib.lessons.capstone_vision.nets import NETS, trained


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_12.{word}", section="04_12_capstone_vision", **rest)


def _mean(column: str) -> float:
    return float(read(Path(__file__).parent)["04_12.both_nets"][column].mean())


def _count(name: str) -> int:
    return sum(p.size for p in NETS[name](np.random.default_rng(0)).parameters().values())


def _more_parameters() -> str:
    return max(NETS, key=_count)


def _more_accurate() -> str:
    return max(NETS, key=lambda name: _mean(f"{name}: accuracy"))


def _flipped() -> float:
    return round(100 * _mean("residual CNN: flipped by any pixel"))


def _easier_to_turn() -> str:
    return max(NETS, key=lambda name: _mean(f"{name}: flipped by any pixel"))


def _kernels_correlate() -> str:
    start = NETS["residual CNN"](np.random.default_rng(0)).layers[0]
    end = trained("residual CNN", 0).net.layers[0]
    before, after = (np.asarray(layer.parameters()["weight"]).ravel() for layer in (start, end))
    return "much as it was" if np.corrcoef(before, after)[0, 1] > 0.5 else "nothing of it"


BOTH = {"the residual CNN": "residual CNN", "the vision transformer": "vision transformer"}

PREDICTIONS = (
    _predict(
        "patches",
        question="A digit of 8 × 8 pixels is cut into patches of 2 × 2. How many tokens are that?",
        answer=lambda: len(
            lib.Conv2d.init(1, 1, 2, stride=2, rng=np.random.default_rng(0))(
                np.zeros((1, 1, 8, 8), np.float32)
            ).ravel()
        ),
        explanation="Four along a row and four rows of them.",
        wrong={
            4: "4 is how many there are in a row.",
            64: "64 are the pixels.",
            32: "Along both axes there are half as many: a quarter of 64.",
        },
    ),
    _predict(
        "parameters",
        stands_alone=False,
        question="Which of the two nets has more parameters?",
        choices=BOTH,
        answer=_more_parameters,
        wrong={"residual CNN": "It has more layers, but small ones."},
        explanation="The convolution shares its weights among all places; the transformer has four "
        "matrices in its attention and a weight for every token in its last layer.",
    ),
    _predict(
        "accuracy",
        stands_alone=False,
        question="Trained on the same 1347 digits, which reads more of those held out?",
        choices=BOTH,
        answer=_more_accurate,
        wrong={"vision transformer": "It sees all patches at once, and has more parameters."},
        explanation="What lies together belongs together, and a stroke is a stroke anywhere: the "
        "convolution begins with that, the transformer has to learn it from few digits.",
    ),
    _predict(
        "one_pixel",
        stands_alone=False,
        question="Of the digits that the CNN reads rightly, how many in 100 does a change of one "
        "single pixel turn into another?",
        answer=_flipped,
        tolerance=10,
        explanation="Reading held-out digits and holding fast when a pixel changes are two things; "
        "training asked for the first alone.",
        wrong={
            0: "No digit in the data is spoilt like that, so nothing taught the net to stand it."
        },
    ),
    _predict(
        "which_turns",
        stands_alone=False,
        question="Which net is turned by one pixel more often?",
        choices=BOTH,
        answer=_easier_to_turn,
        wrong={"vision transformer": "It is the less accurate of the two."},
        explanation="Here the more accurate net is the one that is turned more often. Accuracy on "
        "clean digits says nothing about that.",
    ),
    _predict(
        "kernels",
        stands_alone=False,
        question="The first kernels start as random numbers. After training, what is left of the "
        "start in them?",
        choices={"much of it": "much as it was", "nothing to speak of": "nothing of it"},
        answer=_kernels_correlate,
        wrong={"nothing of it": "The loss fell a long way, the kernels did not move far."},
        explanation="Training moves the weights only as far as the loss asks. With layers behind "
        "them that learn too, random kernels are useful ones after a small change.",
    ),
)
