"""The exercises relu_forward, gelu_forward, relu_backward, collapse_linear and fit_hinges."""

from __future__ import annotations

import numpy as np

from course_lib import gelu, sigmoid
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array

SECTION = ("04_03_activation",)
SIZES = {"N": range(1, 4), "C": range(1, 4), "L": range(1, 5)}

RELU_FORWARD = Exercise(
    name="relu_forward",
    sections=SECTION,
    task="""
Return `y` of the shape of `x`, `(N, C, L)`: what is above 0 stays, all else becomes 0. Leave `x` as
it is.
""",
    stub="""
def relu_forward(x):
    raise NotImplementedError
""",
    solution="""
def relu_forward(x):
    return np.maximum(x, 0)
""",
    alternative="""
def relu_forward(x):
    return np.where(x > 0, x, 0)
""",
    returns={"y": "N C L"},
    shows="Your unit is a condition: it hands on what is above 0, and only that.",
    inputs=Inputs(arguments={"x": "N C L"}, example={"N": 1, "C": 2, "L": 3}, sizes=SIZES),
    slips=(
        Slip(
            "negatives turned positive",
            "Your y is |x|: it folds what is below 0 up. A ReLU flattens it to 0.",
            (lambda x: abs(x),),
        ),
        Slip(
            "the other side kept",
            "Your y keeps what is below 0 and drops the rest. It is the positive numbers that "
            "pass.",
            (lambda x: np.minimum(x, 0), lambda x: np.maximum(-x, 0)),
        ),
        Slip(
            "the condition returned",
            "Your y is 1 where x is above 0, else 0. That is the condition, which is also the "
            "slope; the value that passes is x itself.",
            (lambda x: (x > 0) * 1.0,),
        ),
        Slip(
            "one maximum for all",
            "Your y compares whole rows or the whole array with 0. Each number is compared with 0 "
            "by itself: np.maximum(x, 0), not np.max.",
            (
                lambda x: x * (x.max(axis=-1, keepdims=True) > 0),
                lambda x: np.full_like(x, max(x.max(), 0)),
            ),
        ),
        Slip(
            "a small slope below zero",
            "Your y lets a hundredth of the negative numbers through. That is LeakyReLU; a ReLU "
            "gives exactly 0 there.",
            (lambda x: np.where(x > 0, x, 0.01 * x),),
        ),
    ),
    hints=(
        "What should become of -2, of 0 and of 3?",
        "Every number is treated by itself: the larger of it and 0.",
        "np.maximum(x, 0) compares each number with 0; np.max(x) looks for one number.",
    ),
)


GELU_FORWARD = Exercise(
    name="gelu_forward",
    sections=SECTION,
    task="""
Return `x` times Φ(x) for every number of `x`, `(N, C, L)`. Φ(x) is the share of a standard normal
distribution that lies below x:

```text
Φ(x) = (1 + erf(x / √2)) / 2          math.erf takes one number
```
""",
    stub="""
def gelu_forward(x):
    raise NotImplementedError
""",
    solution="""
def gelu_forward(x):
    y = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        below = (1 + math.erf(x[place] / math.sqrt(2))) / 2
        y[place] = x[place] * below
    return y
""",
    alternative="""
def gelu_forward(x):
    erf = np.vectorize(math.erf)
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))
""",
    returns={"y": "N C L"},
    shows="Your GELU weighs every number with the share of a normal distribution below it.",
    inputs=Inputs(arguments={"x": "N C L"}, example={"N": 1, "C": 2, "L": 3}, sizes=SIZES),
    slips=(
        Slip(
            "not divided by √2",
            "Your y takes erf(x) itself. erf belongs to a narrower curve; Φ(x) needs erf(x / √2).",
            (lambda x: x * (1 + _erf(x)) / 2,),
        ),
        Slip(
            "multiplied by √2",
            "Your y takes erf(x · √2). Inside erf x is divided by √2.",
            (lambda x: x * (1 + _erf(x * np.sqrt(2))) / 2,),
        ),
        Slip(
            "not halved",
            "Your y is twice what is wanted. 1 + erf goes from 0 to 2; a share goes from 0 to 1, "
            "so halve it.",
            (lambda x: 2 * gelu(x)[0],),
        ),
        Slip(
            "Φ alone",
            "Your y is Φ(x), the weight. GELU is x times that weight.",
            (lambda x: (1 + _erf(x / np.sqrt(2))) / 2,),
        ),
        Slip(
            "erf for Φ",
            "Your y is x · erf(x / √2), which does not tell -2 from 2. erf goes from -1 to 1; "
            "(1 + erf) / 2 makes it a share.",
            (lambda x: x * _erf(x / np.sqrt(2)), lambda x: x * _erf(x)),
        ),
        Slip(
            "1 − Φ",
            "Your y weighs x with the share above it. Large numbers should pass: take the share "
            "below.",
            (lambda x: -gelu(-x)[0],),
        ),
        Slip(
            "approximated",
            "Your y is close: it is an approximation of GELU. Here the exact one is asked for, "
            "with math.erf.",
            (
                lambda x: gelu(x, approximate="tanh")[0],
                lambda x: x * sigmoid(1.702 * x)[0],
            ),
        ),
        Slip(
            "the sigmoid for Φ",
            "Your y is x · sigmoid(x), known as SiLU. GELU takes Φ(x), by math.erf.",
            (lambda x: x * sigmoid(x)[0],),
        ),
        Slip(
            "the height of the bell",
            "Your y weighs x with the height of the bell curve at x. Φ(x) is the area of the bell "
            "up to x.",
            (lambda x: x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),),
        ),
    ),
    hints=(
        "Write it for one number first: which share of the bell lies below 0? So what is Φ(0)?",
        "math.erf takes one number, so loop over x, or use np.vectorize(math.erf).",
        "For one number v: v * (1 + math.erf(v / math.sqrt(2))) / 2.",
    ),
)


def _erf(x: Array) -> Array:
    """From GELU's own Φ(x) = y / x, which holds Φ(0) = 1/2 as its limit."""
    scaled = np.where(x == 0, 1.0, x * np.sqrt(2))
    return np.where(x == 0, 0.0, 2 * gelu(scaled)[0] / scaled - 1)


def _with_zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal numbers, one in six of them exactly 0, where the slope is agreed upon."""
    return np.where(rng.random(shape) < 1 / 6, 0.0, rng.normal(-0.3, 0.7, shape))


RELU_BACKWARD = Exercise(
    name="relu_backward",
    sections=SECTION,
    task="""
Given `dy`, the gradient of the loss by the ReLU's output, and its input `x`, both `(N, C, L)`,
return `dx`. At exactly 0, count the slope as 0.
""",
    stub="""
def relu_backward(dy, x):
    raise NotImplementedError
""",
    solution="""
def relu_backward(dy, x):
    return np.where(x > 0, dy, 0)
""",
    alternative="""
def relu_backward(dy, x):
    return dy * (x > 0)  # True and False multiply like 1 and 0
""",
    returns={"dx": "N C L"},
    shows="Your gradient passes where the unit was on, whatever its sign, and stops where it was "
    "off.",
    inputs=Inputs(
        arguments={"dy": "N C L", "x": "N C L"},
        example={"N": 1, "C": 2, "L": 3},
        sizes=SIZES,
        values={"x": _with_zeros},
    ),
    slips=(
        Slip(
            "gated by the gradient",
            "Your dx passes dy where dy is above 0. What opens the gate is the input: x > 0. A "
            "negative gradient passes as well.",
            (lambda dy, x: np.maximum(dy, 0), lambda dy, x: dy * (x > 0) * (dy > 0)),
        ),
        Slip(
            "the slope alone",
            "Your dx is the slope, 0 or 1. The chain rule multiplies it by the gradient that "
            "arrives: dy times slope.",
            (lambda dy, x: (x > 0) * 1.0,),
        ),
        Slip(
            "multiplied by the output",
            "Your dx multiplies dy by relu(x). The slope above 0 is 1, however large x is.",
            (lambda dy, x: dy * np.maximum(x, 0), lambda dy, x: dy * x),
        ),
        Slip(
            "the gate the wrong way round",
            "Your dx passes where x is below 0. There the output stays 0 whatever x does, so "
            "nothing comes back.",
            (lambda dy, x: dy * (x < 0), lambda dy, x: dy * (x <= 0)),
        ),
        Slip(
            "open at zero",
            "Your dx passes the gradient where x is exactly 0. The corner has no slope of its own; "
            "here it counts as 0, as in the library: x > 0.",
            (lambda dy, x: dy * (x >= 0), lambda dy, x: dy * (x > 0) + dy * (x == 0) / 2),
        ),
        Slip(
            "everything passes",
            "Your dx is dy, as if nothing bent. Where x was at or below 0 the output did not move.",
            (lambda dy, x: dy,),
        ),
        Slip(
            "the sign for the slope",
            "Your dx turns dy round where x is below 0: that is the slope of |x|. ReLU is flat "
            "there, slope 0.",
            (lambda dy, x: dy * np.sign(x),),
        ),
        Slip(
            "forward again",
            "Your dx is relu(x), the way forward. What is asked for is what becomes of dy.",
            (lambda dy, x: np.maximum(x, 0),),
        ),
    ),
    hints=(
        "If x is 3 and grows a little, how much does y grow? And if x is -3?",
        "The slope is 1 where x is above 0, else 0. The chain rule multiplies dy by it.",
        "x > 0 gives True and False, which multiply like 1 and 0.",
    ),
)


COLLAPSE_LINEAR = Exercise(
    name="collapse_linear",
    sections=SECTION,
    task="""
Two linear layers follow each other: `y = (x @ w1.T + b1) @ w2.T + b2`. `w1` is `(H, I)`, `b1` is
`(H,)`, `w2` is `(O, H)`, `b2` is `(O,)`. Return `weight` `(O, I)` and `bias` `(O,)` of the one
layer that gives the same: `y = x @ weight.T + bias`.
""",
    stub="""
def collapse_linear(w1, b1, w2, b2):
    raise NotImplementedError
""",
    solution="""
def collapse_linear(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1 + b2
""",
    alternative="""
def collapse_linear(w1, b1, w2, b2):
    def both(x):
        return (x @ w1.T + b1) @ w2.T + b2

    bias = both(np.zeros(w1.shape[1]))  # what comes out for x = 0
    weight = (both(np.eye(w1.shape[1])) - bias).T  # what each input adds
    return weight, bias
""",
    returns={"weight": "O I", "bias": "O"},
    shows="Two linear layers are one: your single layer gives what both gave.",
    inputs=Inputs(
        arguments={"w1": "H I", "b1": "H", "w2": "O H", "b2": "O"},
        example={"H": 3, "I": 2, "O": 2},
        sizes={"H": range(1, 5), "I": range(1, 5), "O": range(1, 5)},
        also=({"H": 3, "I": 3, "O": 3},),
    ),
    slips=(
        Slip(
            "multiplied in the wrong order",
            "Your weight is w1 @ w2, or turned. x meets w1 first; read from the right, w2 @ w1.",
            (
                lambda w1, b1, w2, b2: w1 @ w2,
                lambda w1, b1, w2, b2: (w2 @ w1).T,
                lambda w1, b1, w2, b2: w1.T @ w2.T,
            ),
            "weight",
        ),
        Slip(
            "multiplied number by number",
            "Your weight multiplies the two arrays number by number. Every output reads all hidden "
            "numbers: a matrix product, @.",
            (lambda w1, b1, w2, b2: w1 * w2,),
            "weight",
        ),
        Slip(
            "added",
            "Your weight adds the two layers' weights. One works on what the other made, so they "
            "are multiplied: w2 @ w1.",
            (lambda w1, b1, w2, b2: w1 + w2,),
            "weight",
        ),
    ),
    hints=(
        "With one number each: y = w2 * (w1 * x + b1) + b2. Multiply it out.",
        "Everything that leaves the first layer meets w2: w1 does, and so does b1.",
        "weight = w2 @ w1, and bias = w2 @ b1 + b2.",
    ),
)


def _ascending(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.cumsum(rng.integers(12, 30, shape) / 10) - 4.0


FIT_HINGES = Exercise(
    name="fit_hinges",
    sections=SECTION,
    task="""
Draw C curves at once. They go through the points `(x[i], y[c, i])`; `x` is ascending, `(N,)`, and
`y` is `(C, N)`. Every curve starts at `y[c, 0]`, and all of them use the same hinges:

```text
f[c](t) = y[c, 0] + sum over k of  weight[c, k] * relu(t - x[k])        k from 0 to N - 2
```

Return `weight`, `(C, N - 1)`: the weights of the output layer. One point alone needs no hinge.
""",
    stub="""
def fit_hinges(x, y):
    raise NotImplementedError
""",
    solution="""
def fit_hinges(x, y):
    slopes = np.diff(y) / np.diff(x)  # of each piece
    return np.diff(slopes, prepend=0)  # a hinge adds what the slope changes by
""",
    alternative="""
def fit_hinges(x, y):
    weight = np.zeros((len(y), len(x) - 1))
    for k in range(len(x) - 1):
        so_far = y[:, 0] + weight[:, :k] @ np.maximum(x[k + 1] - x[:k], 0)
        weight[:, k] = (y[:, k + 1] - so_far) / (x[k + 1] - x[k])
    return weight
""",
    returns={"weight": "C K"},
    shows="A sum of conditions, each drawn only where t > x[k], goes through all of your points.",
    inputs=Inputs(
        arguments={"x": "N", "y": "C N"},
        example={"C": 1, "N": 4},
        sizes={"C": range(1, 4), "N": range(1, 7)},
        derived={"K": lambda N: N - 1},
        values={"x": _ascending},
    ),
    slips=(
        Slip(
            "the slopes themselves",
            "Your weight holds the slope of each piece. Earlier hinges stay on: unit k adds only "
            "what the slope changes by.",
            (lambda x, y: np.diff(y) / np.diff(x),),
        ),
        Slip(
            "not divided by the distance",
            "Your weight takes the rise of each piece for its slope. The points are not 1 apart: "
            "divide by the difference of x.",
            (
                lambda x, y: np.diff(np.diff(y), prepend=0),
                lambda x, y: np.diff(y),
            ),
        ),
        Slip(
            "the change divided by the distance",
            "Your weight divides the change of the rise by the distance. Each piece's rise is "
            "divided by its own distance first; then take the change of the slopes.",
            (lambda x, y: np.diff(np.diff(y), prepend=0) / np.diff(x),),
        ),
        Slip(
            "earlier slopes added",
            "Your weight adds the earlier slopes up. They are added by the hinges themselves: give "
            "each the difference to the slope before.",
            (lambda x, y: np.cumsum(np.diff(y) / np.diff(x), axis=1),),
        ),
        Slip(
            "changes the wrong way round",
            "Your weight takes the slope before minus the slope after. A steeper piece needs a "
            "positive weight: after minus before.",
            (lambda x, y: -np.diff(np.diff(y) / np.diff(x), prepend=0),),
        ),
        Slip(
            "the first slope left out",
            "Your weight starts with 0. The first hinge starts from a flat line, so it has the "
            "whole slope of the first piece.",
            (
                lambda x, y: np.diff(
                    np.diff(y) / np.diff(x), prepend=((y[:, 1] - y[:, 0]) / (x[1] - x[0]))[:, None]
                ),
            ),
        ),
    ),
    hints=(
        "Between two points f is straight. What is its slope there, and which hinges are on?",
        "At x[k] hinge k switches on and the others go on as they were: its weight is the slope of "
        "the piece after x[k] minus the slope before.",
        "slopes = np.diff(y) / np.diff(x). The first weight is the first slope, each other "
        "one its slope less the slope before.",
    ),
    points=2,
)
