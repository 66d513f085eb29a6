"""The predictions of 04_04_pooling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.measured import read
from course_lib.engine.painting import Painting
from course_lib.lessons.pooling.moves import changes
from course_lib.record import Array

_MAP = np.array(
    [
        [3.0, 1.0, 2.0, 7.0, 0.0],
        [4.0, 2.0, 5.0, 1.0, 7.0],
        [9.0, 1.0, 6.0, 3.0, 2.0],
        [0.0, 5.0, 4.0, 2.0, 8.0],
        [6.0, 3.0, 1.0, 4.0, 5.0],
    ]
)


def _gets_gradient(pool: lib.Layer, x: Array = _MAP) -> Array:
    """Which numbers of a map get a gradient where every output has one."""
    y, backward = pool.forward(x[None, None])
    return backward(np.ones_like(y))[0][0, 0] != 0


def _last_of_equals() -> Array:
    """The first to be found from the end."""
    return _gets_gradient(lib.MaxPool2d(3, stride=2), _MAP[::-1, ::-1].copy())[::-1, ::-1]


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_04.{word}", section="04_04_pooling", **rest)


def _share_left() -> float:
    """Of the multiplications of a convolution, once its input is pooled."""
    x = np.zeros((1, 4, 32, 32))
    conv = lib.Conv2d.init(4, 8, 3, padding=1, rng=np.random.default_rng(0), dtype=np.float64)
    return conv(lib.MaxPool2d(2)(x)).size / conv(x).size


def _corner_of_minus_ones() -> float:
    return lib.max_pool2d(-np.ones((1, 1, 4, 4)), 2, padding=1)[0][0, 0, 0, 0].item()


def _who_gets_the_tie() -> tuple[float, float]:
    _, backward = lib.max_pool1d(np.array([[[5.0, 5.0, 1.0, 0.0]]]), 4)
    first, second, *_ = backward(np.ones((1, 1, 1))).ravel().tolist()
    return first, second


def _not_additive() -> float:
    def pool(x: Array) -> float:
        return lib.max_pool1d(x, 2)[0].item()

    a, b = np.array([[[1.0, 0.0]]]), np.array([[[0.0, 1.0]]])
    return pool(a + b) - pool(a) - pool(b)


def _exactly_the_same() -> float:
    share = changes(lib.MaxPool2d(2), 1)[:, 0].mean()
    return max(step for step in (0.0, 0.2, 0.7) if share > step)


def _moves_less() -> str:
    pools = lib.MaxPool2d, lib.AvgPool2d
    sizes = {pool.__name__: changes(pool(2), 1)[:, 1].mean() for pool in pools}
    return min(sizes, key=lambda name: sizes[name])


def _two_pixels_off() -> float:
    table = read(Path(__file__).parent)["04_04.moved_digits"]
    right = table["max pooling, moved by 2"].mean()
    return max(step for step in (0.0, 0.4, 0.8) if right > step)


PREDICTIONS = (
    _predict(
        "cost",
        question="A map of 32 by 32 numbers is pooled by windows of 2 by 2. How much of the next "
        "convolution's multiplications is left?",
        choices={"A half": 0.5, "A quarter": 0.25, "A sixteenth": 0.0625},
        answer=_share_left,
        explanation="Both sides are halved, so a quarter of the places is left, and the "
        "convolution multiplies equally often at each of them.",
        wrong={
            0.5: "A half is one side alone; the other is halved too.",
            0.0625: "A sixteenth is what two poolings leave.",
        },
    ),
    _predict(
        "all_negative",
        question="Every number of a map is -1. It is padded by 1 all round and max-pooled by "
        "windows of 2 by 2. What comes out at the corner?",
        answer=_corner_of_minus_ones,
        explanation="Max pooling pads with minus infinity, which never wins. So the one number "
        "that the corner's window holds comes out.",
        wrong={
            0: "0 would mean that the padding won. In max pooling the padding is minus infinity.",
            1: "The largest of numbers that are all -1 is -1.",
        },
        tolerance=1e-9,
    ),
    _predict(
        "tie",
        question="A window holds 5, 5, 1 and 0, and its output has a gradient of 1. How does max "
        "pooling hand it back in this library?",
        choices={
            "Both fives get 1": (1.0, 1.0),
            "Each five gets a half": (0.5, 0.5),
            "The first five gets 1, the second nothing": (1.0, 0.0),
        },
        answer=_who_gets_the_tie,
        explanation="Where two numbers tie, the slope is no single number: the output rises with "
        "either five and falls with neither alone. So somebody has to choose, and here the first "
        "number takes it all.",
        wrong={
            (1.0, 1.0): "Then a gradient of 1 would become 2 on its way back.",
            (0.5, 0.5): "That would be fair, and a library could do it. This one names a winner.",
        },
    ),
    Painting(
        name="04_04.winners",
        section="04_04_pooling",
        question="Max pooling with windows of 3 by 3 and stride 2 makes 2 by 2 outputs of this "
        "map, and every output has the gradient 1. Which numbers of the map get a gradient that "
        "is not 0?",
        grid=Grid("map", _MAP),
        answer=lambda: _gets_gradient(lib.MaxPool2d(3, stride=2)),
        explanation="Each window has one winner. The 9 lies in two windows and wins both; the "
        "first 7 wins the window at the upper right, the 8 that at the lower right.",
        wrong={
            lambda: _gets_gradient(lib.AvgPool2d(3, stride=2)): "You painted every number: that "
            "is what average pooling does.",
            lambda: (
                _gets_gradient(lib.MaxPool2d(3, stride=2)) | _last_of_equals()
            ): "You painted both sevens. The window that holds them has one winner, the first.",
            _last_of_equals: "Two sevens are equal, and you chose the last of them. This library "
            "gives everything to the first.",
            lambda: _gets_gradient(lib.MaxPool2d(3, stride=1)): "This is what stride 1 would do: "
            "the 6 wins a window that begins at column 1. With stride 2 windows begin at 0 and 2.",
            lambda: _gets_gradient(lib.MaxPool2d(2, stride=2)): "This is what windows of 2 by 2 "
            "would do. A window holds three rows and three columns.",
            lambda: _gets_gradient(lib.MaxPool2d(5)): "You painted the largest number of the map. "
            "Every window has a winner of its own.",
            lambda: _gets_gradient(lib.MaxPool2d((1, 5))): "You painted the largest number of "
            "each row. A window holds three rows and three columns.",
        },
    ),
    _predict(
        "sum_of_two",
        question="Max pooling makes 1 of a = (1, 0), and 1 of b = (0, 1). Take what it makes of "
        "a + b, and subtract both of these ones. What is left?",
        answer=_not_additive,
        explanation="a + b is (1, 1), its maximum is 1, and 1 - 1 - 1 is -1. A linear layer gives "
        "0 here, whatever a and b are.",
        wrong={
            0: "0 is what a linear layer gives.",
            1: "The maximum of (1, 1) is 1, and two ones are taken from it.",
        },
        tolerance=1e-9,
    ),
    _predict(
        "one_pixel",
        question="A photograph moves right by one pixel under max pooling 2 by 2. How many outputs "
        "stay exactly the same?",
        choices={"Hardly any": 0.0, "About two in five": 0.2, "More than four in five": 0.7},
        answer=_exactly_the_same,
        explanation="An output stays if its winner was in the left half of the window, moves to "
        "the right half, and nothing larger comes in. That happens often, and far from always.",
        wrong={
            0.0: "The winner often stays inside its window.",
            0.7: "In about half of the windows the winner stands in the right half, and moves out.",
        },
    ),
    _predict(
        "moves_less",
        stands_alone=False,
        question="The same photographs, the same move. Now take how far all outputs move, large "
        "and small moves together. Which pooling's output moves less?",
        choices={"Max pooling's": "MaxPool2d", "Average pooling's": "AvgPool2d"},
        answer=_moves_less,
        explanation="Nearly every average moves, but only a little: what leaves the window is much "
        "like what comes in. A maximum stays, or it jumps to another number.",
        wrong={
            "MaxPool2d": "More of its outputs stay exactly the same; those that move jump farther.",
        },
    ),
    _predict(
        "two_pixels_off",
        question="A net with two max poolings reads nine in ten digits in the middle of a canvas. "
        "How many does it read when they stand two pixels to the right?",
        choices={
            "Still more than eight in ten": 0.8,
            "About six in ten": 0.4,
            "Fewer than four in ten": 0.0,
        },
        answer=_two_pixels_off,
        explanation="Two pixels carry most numbers across a window's border, so the pooled map "
        "changes, and the last layer has a weight of its own for every place of that map.",
        wrong={
            0.8: "Pooling forgets where in its window a number stood, and no more than that.",
            0.4: "It falls lower: two poolings leave a map of 3 by 3, and its places count.",
        },
    ),
)
