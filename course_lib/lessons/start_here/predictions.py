"""The predictions of the first notebook, 00_start_here; its exercise belongs to section 4.2b."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.activation import ReLU
from course_lib.convolution import Conv2d, conv2d, output_size
from course_lib.data import digits
from course_lib.engine.exercise import Prediction
from course_lib.layer import Sequential
from course_lib.linear import Linear
from course_lib.optimizer import Adam
from course_lib.pooling import Flatten, MaxPool2d
from course_lib.training import fit

_EDGE = np.array([[-1.0, 0.0, 1.0]] * 3)


def _one_window(patch: Any) -> float:
    return float(conv2d(np.array([[patch]], float), _EDGE[None, None])[0].item())


def _held_out_accuracy() -> float:
    """A network much like the notebook's, after a quarter of its training."""
    rng = np.random.default_rng(0)
    data = digits(rng=rng)
    model = Sequential(
        Conv2d.init(1, 16, 3, padding=1, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear.init(16 * 4 * 4, 10, rng=rng),
    )
    optimizer = Adam.init(model, learning_rate=5e-3)
    test = (data.x_test, data.y_test)
    _, history = fit(
        model,
        data.x_train,
        data.y_train,
        optimizer=optimizer,
        epochs=3,
        rng=rng,
        validation=test,
        progress=False,
    )
    return history.validation_accuracy[-1]


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"00.{word}", section="00_start_here", **rest)


PREDICTIONS = (
    _predict(
        "window_sum",
        stands_alone=False,
        question="The patch and the kernel printed above lie on top of each other. Multiply the "
        "nine pairs and add up the products. What comes out?",
        answer=lambda: _one_window([[0, 0, 1]] * 3),
        explanation="Only the bright right column counts, three times 1 * 1; all other pixels are "
        "0.",
        wrong={
            9: "9 would take all nine products to be 1, but six of the pixels are dark.",
            0: "0 is the sum of the kernel's weights. The dark left column takes nothing away.",
            -3: "-3 would be the kernel turned round; each weight meets the pixel it lies on.",
            1: "1 is the right column's weight once; it lies on three bright pixels.",
        },
    ),
    _predict(
        "flat_sky",
        stands_alone=False,
        question="Now the patch is bright all over: nine times 1. What does the same kernel give?",
        answer=lambda: _one_window(np.ones((3, 3))),
        explanation="The right column adds 3 and the left one takes 3 away: equal brightness "
        "cancels, however bright it is. The kernel answers to differences.",
        wrong={
            9: "9 adds up the pixels and leaves out the weights: three of them -1, three 0.",
            3: "3 is the right column alone; the left one is bright as well now, and weighs -1.",
            6: "6 counts the left column as 1 times 3; its weights are -1.",
            1: "To give the brightness itself, the weights would have to sum to 1; these sum to 0.",
        },
    ),
    _predict(
        "stride_places",
        question="A window of 3 slides over a row of 7 pixels with stride 3 and no padding. At how "
        "many places can it stand?",
        answer=lambda: output_size(7, 3, stride=3),
        explanation="It stands at pixel 0 and at pixel 3. One step more and it would stick out, so "
        "that step is not taken.",
        wrong={
            3: "3 counts a window that sticks out at the right end.",
            1: "1 counts the steps and forgets the place where the window starts.",
            5: "5 is the count for stride 1.",
        },
    ),
    _predict(
        "held_out_accuracy",
        question="A network practises for a few seconds on digits written by hand. How many of "
        "those that are held out, which it has never seen, will it read correctly?",
        choices={
            "About 1 in 10, as by chance": 0.1,
            "About half of them": 0.5,
            "More than 9 in 10": 0.9,
        },
        answer=lambda: max(p for p in (0.1, 0.5, 0.9) if _held_out_accuracy() > p),
        explanation="A new digit is made of strokes that the network has met in others.",
        wrong={
            0.1: "Chance is where it starts, before the first step of training.",
            0.5: "It passes one half during the first pass through the digits.",
        },
    ),
)
