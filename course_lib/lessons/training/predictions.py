"""The predictions of 04_11_training."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.measured import read
from course_lib.lessons.training.chain import chain, gradients
from course_lib.lessons.training.nets import distinct_units, one_hidden, train
from course_lib.lessons.training.the_edge import descend


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_11.{word}", section="04_11_training", **rest)


def _one_step() -> float:
    layer = lib.Linear(np.array([[2.0]]), None)
    y, backward = layer.forward(np.array([[3.0]]))
    _, loss_backward = lib.mse(y, np.array([[5.0]]))
    _, grad = backward(loss_backward())
    layer, _ = lib.SGD.init(layer, learning_rate=0.1).step(layer, grad)
    return float(layer.weight.item())


def _loss_of_a_guess() -> int:
    loss, _ = lib.cross_entropy(np.zeros((1, 10)), np.array([3]))
    return 1 + int(loss > 1) + int(loss > 5)


@cache
def _units_from_a_constant() -> int:
    net, _ = train(one_hidden(32, lambda shape: lib.constant(shape, 0.1)), 0, epochs=10)
    return distinct_units(net)


def _at_the_edge() -> int:
    """How the loss went along the steepest direction: falls, stays, grows."""
    _, losses = descend((-2.0, 2.0), 1.05, 0.0)
    return 1 + int(losses[-1] > 1e-3 * losses[0]) + int(losses[-1] > 1e3 * losses[0])


def _half_slopes() -> int:
    left = gradients(chain((0.5,), 100))[0]
    return 1 + int(left < 0.1) + int(left < 1e-20)


def _parameters() -> float:
    net = one_hidden(32, lib.zeros)
    return float(sum(array.size for array in net.parameters().values()))


PREDICTIONS = (
    _predict(
        "one_step",
        question="One weight w = 2 makes y = w · 3. The target is 5, the loss is (y - 5)². With a "
        "learning rate of 0.1, what is w after one step?",
        answer=_one_step,
        explanation="y is 6, one too large. The loss's slope by y is 2 · 1, and y moves three "
        "times as fast as w, so the gradient is 6 and the step 0.6.",
        wrong={
            2.6: "2.6 goes uphill: the gradient says where the loss rises.",
            1.7: "1.7 leaves out the 2 that the square brings.",
            1.8: "1.8 leaves out the 3 by which w is multiplied.",
            -4: "-4 takes the whole gradient and no learning rate.",
        },
        tolerance=1e-6,
    ),
    _predict(
        "loss_of_a_guess",
        question="A net that knows nothing gives ten digits the same score. About how large is its "
        "cross-entropy, in natural logarithms?",
        choices={"About 0.9": 1, "About 2.3": 2, "About 10": 3},
        answer=_loss_of_a_guess,
        explanation="Each digit gets the probability 1/10, and minus the logarithm of 1/10 is "
        "2.303. Remember the number: a loss near it means that nothing has been learned.",
        wrong={
            1: "0.9 is the share of digits that a guess gets wrong; the loss is a logarithm.",
            3: "10 is one over the probability; the loss takes its logarithm.",
        },
    ),
    _predict(
        "same_start",
        question="A net with 32 hidden units starts with every weight at 0.1 and trains for ten "
        "epochs. How many different hidden units does it then have?",
        answer=lambda: float(_units_from_a_constant()),
        explanation="Units that are equal compute the same, get the same gradient and take the "
        "same step. Nothing ever tells them apart, so the net is one unit, copied.",
        wrong={
            32: "The data differ, but every unit sees all of them and is pushed the same way.",
            10: "The ten outputs start equal too, and send the same gradient to all hidden units.",
        },
        tolerance=0.5,
    ),
    _predict(
        "parameters",
        question="64 pixels go to 32 hidden units and from there to 10 scores; both layers have "
        "biases. How many parameters does the net have?",
        answer=_parameters,
        explanation="32 · 64 + 32 and 10 · 32 + 10. Nothing is hidden in a parameter count: it is "
        "the number of cells.",
        wrong={
            2368: "2368 has the weights and no biases.",
            106: "106 counts units. Each unit has a weight for every input.",
            2080: "2080 is the first layer alone.",
        },
    ),
    _predict(
        "half_slopes",
        question="A gradient of 1 goes back through 100 layers of slope 0.5. How much is left?",
        choices={"About 0.5": 1, "About 0.01": 2, "Less than 1e-20": 3},
        answer=_half_slopes,
        explanation="Slopes multiply: 0.5 to the power 100 is 8e-31. Even 0.9 leaves 3e-5.",
        wrong={
            1: "One layer leaves 0.5; the next halves that again.",
            2: "0.01 is 1/100: dividing by 100 once. Here something is halved a hundred times.",
        },
    ),
    _predict(
        "beyond_the_edge",
        question="On a bowl-shaped loss, a learning rate of 0.95 times a certain number makes the "
        "loss fall to nothing. What do 200 steps at 1.05 times that number do?",
        choices={
            "A slightly worse loss": 2,
            "The same, in fewer steps": 1,
            "A loss many times the first": 3,
        },
        answer=_at_the_edge,
        explanation="In the steepest direction each step multiplies the distance by 1 - 2 · 1.05, "
        "which is -1.1: over to the other side, and further up. At 0.95 it is -0.9. There is an "
        "edge between them, not a slope.",
        wrong={
            1: "A longer step helps only until it leaps over the bottom and lands higher up.",
            2: "What is a little too far in one step is a little too far in each of 200.",
        },
    ),
    _predict(
        "width",
        question="A hidden layer is made four times as wide again and again: 8, 32, 128. The "
        "training loss falls each time. What becomes of what each fourfold brings on held-out "
        "digits?",
        choices={
            "It shrinks": -1,
            "It stays the same": 0,
            "It grows": 1,
        },
        answer=lambda: _gain_of_width(),
        explanation="The step from 8 to 32 saves several times as much loss as the step from 32 "
        "to 128. Wider is better here, and each time by less.",
        wrong={
            0: "Then the loss would soon be below zero.",
            1: "A net that reads most digits has little left to gain.",
        },
    ),
)


def _gain_of_width() -> int:
    table = read(Path(__file__).parent)["04_11.widths"]
    first = (table["8 wide, test"] - table["32 wide, test"]).mean()
    second = (table["32 wide, test"] - table["128 wide, test"]).mean()
    return int(np.sign(second - first))
