"""The predictions of 04_03_activation."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.activation import Tanh, gelu, relu
from course_lib.engine.exercise import Prediction
from course_lib.layer import Sequential
from course_lib.lessons.activation.nets import donut, donut_net
from course_lib.lessons.activation.origami import NETS, pieces_of_a_draw
from course_lib.lessons.activation.through_depth import gradient_left
from course_lib.linear import linear
from course_lib.optimizer import Adam
from course_lib.training import accuracy, fit


def _three_times_three() -> float:
    x = np.array([[2.0]])
    for _ in range(2):
        x, _ = linear(x, np.array([[3.0]]))
    return float(x.item() / 2)


def _without_an_activation() -> float:
    x, target = donut(0)
    net = donut_net("none", np.random.default_rng(0))
    net, _ = fit(
        net, x, target, optimizer=Adam.init(net, learning_rate=2e-2), epochs=10,
        batch_size=100, rng=np.random.default_rng(0), progress=False,
    )  # fmt: skip
    return min((0.5, 0.8, 1.0), key=lambda share: abs(share - accuracy(net(x), target)))


def _two_hinges() -> float:
    t = np.array([3.0])
    return float((2 * relu(t - 1)[0] - 3 * relu(t - 2)[0]).item())


def _more_pieces() -> str:
    draws = [pieces_of_a_draw(seed) for seed in range(20)]
    return max(NETS, key=lambda name: sum(draw[name] for draw in draws))


def _through_tanh() -> float:
    net = Sequential(*(Tanh() for _ in range(20)))
    _, backward = net.forward(np.array([[2.0]]))
    left = backward(np.ones((1, 1)))[0].item()
    return min((0.5, 0.001, 1e-9), key=lambda guess: abs(np.log(left / guess)))


def _saturated_gradient() -> str:
    return "grows" if gradient_left("tanh", 3.0, 20, 0) > 1 else "shrinks"


def _gelu_below_zero() -> str:
    y = gelu(np.array([-0.5]))[0].item()
    return "below" if y < 0 else "zero" if y == 0 else "above"


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_03.{word}", section="04_03_activation", **rest)


PREDICTIONS = (
    _predict(
        "two_slopes",
        question="Two layers without bias, each of which multiplies by 3, follow each other. By "
        "which single number do they multiply together?",
        answer=_three_times_three,
        explanation="3(3x) = 9x: one layer with the weight 9 does the same.",
        wrong={
            6: "6 adds the two weights. The second layer multiplies what the first has made.",
            3: "3 is one of the two layers.",
        },
    ),
    _predict(
        "donut_without",
        question="A disc of points lies inside a ring, half of the points in each. A net of four "
        "linear layers without activations learns to tell them apart. How many does it get right?",
        choices={"about half to two thirds": 0.5, "about 80%": 0.8, "nearly all": 1.0},
        answer=_without_an_activation,
        explanation="Four linear layers are one: its edge is a straight line, and no straight line "
        "has a ring on one side and the disc inside it on the other.",
        wrong={
            0.8: "A line that cuts off the disc's far side takes much of the ring with it.",
            1.0: "More layers do not help: without something that bends, they are still one line.",
        },
    ),
    _predict(
        "two_hinges",
        question="f(t) = 2 · relu(t − 1) − 3 · relu(t − 2). What is f(3)?",
        answer=_two_hinges,
        explanation="Both hinges are on at 3: 2 · 2 − 3 · 1 = 1.",
        wrong={
            4: "4 is the first hinge alone; at 3 the second is on as well.",
            -3: "-3 is the second hinge alone; the first goes on beyond it.",
            -1: "-1 takes the slopes, 2 − 3, and not how far each hinge has come.",
        },
    ),
    _predict(
        "pieces",
        question="Eight ReLU units, their weights drawn at random, cut a square into flat pieces. "
        "Which net cuts it into more of them, on average?",
        choices={"all 8 in one layer": NETS[0], "4 and then 4 in two layers": NETS[1]},
        answer=_more_pieces,
        explanation="Eight straight creases cross each other often. A second layer's creases bend, "
        "but with weights as libraries draw them few of them cross the square many times.",
        wrong={
            NETS[1]: "Depth can make more pieces, with weights chosen for it; at random it made "
            "fewer here.",
        },
    ),
    _predict(
        "tanh_chain",
        question="x = 2 goes through tanh twenty times, tanh(tanh(…)). If x moves a little, about "
        "which share of the movement is left at the end?",
        choices={"a half": 0.5, "a thousandth": 0.001, "a billionth": 1e-9},
        answer=_through_tanh,
        explanation="The first tanh costs most of it, since 2 is where it is flat. After that the "
        "numbers are small, and there tanh is steep: its slope goes back towards 1.",
        wrong={
            0.5: "The first tanh alone leaves 7 %: at 2 it is nearly flat.",
            1e-9: "That would be about a third left at each step. But the first tanh makes the "
            "number small, and for small numbers the slope is near 1.",
        },
    ),
    _predict(
        "saturated",
        question="Twenty tanh layers with weights three times as large as usual: most numbers "
        "are near −1 or 1, where tanh is flat. What becomes of a gradient on "
        "its way back through them?",
        choices={"it shrinks": "shrinks", "it grows": "grows"},
        answer=_saturated_gradient,
        explanation="Each layer multiplies the gradient by its weights and by tanh's slope. The "
        "weights won.",
        wrong={
            "shrinks": "Flat units pass little, but the few that are not flat pass it through "
            "weights that are three times as large.",
        },
    ),
    _predict(
        "gelu_sign",
        question="GELU gives x · Φ(x), where Φ(x) is the share of a normal distribution below x. "
        "What does it give at x = −0.5?",
        choices={"a number below 0": "below", "0": "zero", "a number above 0": "above"},
        answer=_gelu_below_zero,
        explanation="x is negative and Φ(−0.5) is a share, about 0.31: their product is below 0.",
        wrong={
            "zero": "0 is what ReLU gives. Φ is never quite 0, so some of x passes.",
            "above": "The share is positive and x is negative.",
        },
    ),
)
