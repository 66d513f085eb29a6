"""The predictions of 04_05_dropout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.measured import read
from course_lib.engine.painting import Painting
from course_lib.lessons.dropout.maps import agreements, behind_dropout, dropped_whole, three_maps
from course_lib.record import Array

_DROPPED = (1, 2)  # in the second map of the first example


def _gone_with_it(
    kind: type[lib.Dropout] | type[lib.Dropout2d] = lib.Dropout2d,
    maps: tuple[int, ...] = (2, 3, 1, 4),  # examples, maps, rows and columns
    order: Sequence[int] = range(6),
) -> Array:
    """Which numbers are dropped in every throw that drops one of them, (6, 4)."""
    layer = kind(0.5, rng=np.random.default_rng(0))
    throws = [layer(np.ones(maps)).reshape(6, 4)[list(order)] == 0 for _ in range(200)]
    return np.all([gone for gone in throws if gone[_DROPPED]], axis=0)


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_05.{word}", section="04_05_dropout", **rest)


def _dropout(p: float) -> lib.Dropout:
    return lib.Dropout(p, rng=np.random.default_rng(0))


def _largest(value: float, p: float) -> float:
    """What becomes of a number that is kept."""
    return float(_dropout(p)(np.full((1, 100), value)).max())


def _in_evaluation(value: float, p: float) -> float:
    return _dropout(p).for_evaluation()(np.full((1, 1), value)).item()


def _evaluation_over_training(p: float) -> float:
    """The sum in evaluation over the mean sum in training, where nothing is divided by 1 - p."""
    ones = np.ones((1000, 1000))
    return float(round(ones.mean() / (_dropout(p)(ones) != 0).mean(), 1))


def _gradient_of_a_dropped(dy: float) -> float:
    y, backward = lib.dropout(np.ones(6), 0.5, rng=np.random.default_rng(1))
    return float(backward(np.full(6, dy))[y == 0][0])


def _price(p: float) -> float:
    """The accuracy that dropout costs where all units are at work, over the stored runs."""
    table = read(Path(__file__).parent)["04_05.unit_by_unit"]
    without, dropped = (table[f"p = {share:.1f}: accuracy"].mean() for share in (0.0, p))
    return float(without - dropped)


def _r_of_half_a_photograph() -> float:
    x = three_maps("photograph")
    y, kept = behind_dropout(lib.Dropout, x, 0)
    return agreements(x, y, ~kept, 0)[0]


def _r_of_red() -> float:
    x = three_maps("colours")
    return agreements(x, *dropped_whole(x, 0), 0)[1]


def _beyond(value: float, steps: Sequence[float]) -> float:
    """The largest step that a value is above."""
    return max(step for step in steps if value > step)


PREDICTIONS = (
    _predict(
        "kept_number",
        question="A layer drops each number with probability p = 0.5. A number 3 is kept. What "
        "does the layer make of it?",
        choices={"It stays 3": 3.0, "It becomes 1.5": 1.5, "It becomes 6": 6.0},
        answer=lambda: _largest(3.0, 0.5),
        explanation="What is kept is divided by 1 - p, here by 0.5. Half of the numbers are "
        "missing, and the other half makes up for them.",
        wrong={
            3.0: "Then the sum of all numbers would be half as large as without dropout.",
            1.5: "That makes the sum smaller still: half of the numbers are missing already.",
        },
    ),
    _predict(
        "in_evaluation",
        question="A net was trained with dropout, p = 0.5, and now reads digits that are held out. "
        "What does its dropout layer make of a number 3 then?",
        choices={
            "It stays 3": 3.0,
            "It becomes 1.5": 1.5,
            "It becomes 6 or 0, by chance": 6.0,
        },
        answer=lambda: _in_evaluation(3.0, 0.5),
        explanation="In evaluation nothing is dropped, and the division in training has already "
        "made both sides equal on average.",
        wrong={
            1.5: "That is what a net needs whose numbers were not divided in training.",
            6.0: "Then the net would read the same digit in another way each time.",
        },
    ),
    _predict(
        "not_divided",
        question="Dropout with p = 0.75, but somebody forgot to divide by 1 - p. How many times as "
        "large as in training, on average, is the sum of the numbers in evaluation?",
        answer=lambda: _evaluation_over_training(0.75),
        explanation="In training a quarter of the numbers is there, in evaluation all of them. "
        "The next layer learned to expect a quarter.",
        wrong={
            0.25: "The other way round: evaluation has all numbers, training a quarter of them.",
            0.75: "0.75 is the share that is missing in training. What is there is a quarter.",
            1: "That needs the division that was forgotten.",
            1.33: "1.33 is 1 / 0.75. What is kept is 1 - p, a quarter.",
            1.75: "The missing share is not added to 1; all is compared with a quarter.",
        },
        tolerance=0.02,
    ),
    _predict(
        "dropped_gradient",
        question="A number was dropped. The loss rises by 5 for each 1 that the layer's output at "
        "this place rises. How fast does the loss rise with the number itself?",
        answer=lambda: _gradient_of_a_dropped(5.0),
        explanation="The output is 0 whatever the number is, so the number does not move the loss. "
        "What is dropped learns nothing in this step.",
        wrong={
            5: "That is the gradient at the output. The number does not reach the output.",
            10: "That is right for a number that was kept, with p = 0.5.",
        },
        tolerance=1e-9,
    ),
    _predict(
        "the_price",
        question="Five nets were trained without dropout and five with p = 0.5. With all 16 units "
        "at work, which read more of the digits that were held out?",
        choices={
            "Those trained with dropout": -1.0,
            "No difference above 1 in 100": -0.01,
            "Those trained without": 0.01,
        },
        answer=lambda: _beyond(_price(0.5), (-1.0, -0.01, 0.01)),
        explanation="Each training step had to do with about 8 units, and 8 units hold less than "
        "16. Srivastava and colleagues report that dropout makes large nets better; this one is "
        "small.",
        wrong={
            -1.0: "That is what dropout is known for, with nets of far more units than these.",
            -0.01: "The difference is small, but larger than that.",
        },
    ),
    _predict(
        "half_a_photograph",
        stands_alone=False,
        question="Half of the pixels of a photograph are dropped. Each is replaced by the mean of "
        "its neighbours that were kept. How large is r, where 1 is perfect and 0 is nothing?",
        choices={"About 0.5": 0.4, "About 0.8": 0.7, "Above 0.95": 0.95},
        answer=lambda: _beyond(_r_of_half_a_photograph(), (0.4, 0.7, 0.95)),
        explanation="Neighbouring pixels are nearly equal, and of eight neighbours some four are "
        "kept. Nothing much was taken from whoever reads the photograph.",
        wrong={
            0.4: "Half of the numbers are gone, but not half of what they say: the others say "
            "nearly the same.",
            0.7: "That is about what the edges of a photograph give. The photograph itself is "
            "smoother.",
        },
    ),
    Painting(
        name="04_05.gone_together",
        section="04_05_dropout",
        question="Dropout2d thins out two examples, A and B, of 3 maps each, with 4 numbers in "
        "each map. The ringed number has been dropped. Which numbers are certainly gone?",
        grid=Grid(
            "output",
            np.full((6, 4), ""),
            rows=tuple(f"{example}, map {c}" for example in "AB" for c in range(3)),
            ringed=(_DROPPED,),
        ),
        answer=_gone_with_it,
        explanation="The dice are rolled once for each map of each example, so a map goes as a "
        "whole. What becomes of the other maps is another throw, also in the other example.",
        wrong={
            lambda: _gone_with_it(lib.Dropout): "You painted the number alone: that is Dropout, "
            "which rolls its dice for each number.",
            lambda: _gone_with_it(maps=(1, 3, 2, 4), order=(0, 2, 4, 1, 3, 5)): "You painted this "
            "map in both examples. Every example has dice of its own.",
            lambda: _gone_with_it(maps=(2, 1, 3, 4)): "You painted the whole example. Its other "
            "maps have throws of their own; so they can stand in for the one that is gone.",
            lambda: np.ones((6, 4), bool): "You painted everything. Then nothing would be left to "
            "learn from; the dice are rolled for every map by itself.",
        },
    ),
    _predict(
        "red_dropped",
        stands_alone=False,
        question="All of the red of a colour photograph is dropped. Green and blue are kept, and "
        "the best weighted sum of them stands in for red. How large is r?",
        choices={"About 0": -1.0, "About 0.5": 0.3, "Above 0.9": 0.9},
        answer=lambda: _beyond(_r_of_red(), (-1.0, 0.3, 0.9)),
        explanation="What is bright in green is mostly bright in red too. One reads that a dropped "
        "channel is lost; it is lost only as far as the other channels do not say the same.",
        wrong={
            -1.0: "Red has no survivors of its own, but green and blue are still there.",
            0.3: "That is what edges bring back of each other; colours are more alike.",
        },
    ),
)
