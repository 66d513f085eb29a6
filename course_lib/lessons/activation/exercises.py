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
`x` is an array of shape `(N, C, L)`. Return an array `y` of the same shape: what is above 0 stays,
all else becomes 0, so `[[[-2., 3.]]]` gives `[[[0., 3.]]]`. Leave `x` as it is.
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
    inputs=Inputs(
        arguments={"x": "N C L"}, example={"N": 1, "C": 2, "L": 3}, sizes=SIZES, large=("x",)
    ),
    slips=(
        Slip(
            "negatives turned positive",
            "Your y is |x|: it folds what is below 0 up. A ReLU flattens it to 0.",
            (lambda x: abs(x),),
        ),
        Slip(
            "flat at another height",
            "Your y is flat at another height than 0. What is not above 0 becomes 0: "
            "np.maximum(x, 0).",
            (lambda x: np.maximum(x, 1), lambda x: np.maximum(x, -1)),
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
            "nothing set to 0",
            "Your y keeps the numbers below 0: x is returned as it came, or compared with 0 as a "
            "whole. Compare each number by itself, as np.maximum(x, 0) does.",
            (lambda x: x, lambda x: x * (x > 0).any()),
        ),
        Slip(
            "picked out by the condition",
            "Your y holds only the numbers above 0: x[x > 0] picks them out, and their places are "
            "lost. Each number stays where it is: np.maximum(x, 0), or np.where.",
            (lambda x: x[x > 0],),
        ),
        Slip(
            "one maximum for all",
            "Your y compares whole rows or the whole array with 0. Each number is compared with 0 "
            "by itself: np.maximum(x, 0), not np.max.",
            (
                lambda x: x * (x.max(axis=-1, keepdims=True) > 0),
                lambda x: np.full_like(x, max(x.max(), 0)),
                lambda x: np.max(x, 0),
            ),
        ),
        Slip(
            "capped",
            "Your y stops growing at a ceiling. A ReLU has none: above 0 it is x, however large.",
            (lambda x: np.clip(x, 0, 1), lambda x: np.clip(x, 0, 6)),
        ),
        Slip(
            "rounded off at the corner",
            "Your y is log(1 + exp(x)), known as softplus: it bends softly. A ReLU has a corner "
            "and is exactly 0 below it.",
            (lambda x: np.logaddexp(0, x),),
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
`x` is an array of shape `(N, C, L)`. Return an array `y` of the same shape with x · Φ(x) for each
of its numbers. Φ(x), the share of the bell curve's area that lies left of x, is

```text
Φ(x) = (1 + erf(x / √2)) / 2
```

`erf` is `math.erf`, which takes one number at a time. Φ(1) is 0.841, so `[[[1.]]]` gives
`[[[0.841]]]`.
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
            "half at the wrong place",
            "Your y halves erf alone, or x times erf. It is the sum 1 + erf that is halved: put it "
            "in brackets, (1 + erf(...)) / 2.",
            (
                lambda x: x * (1 + _erf(x / np.sqrt(2)) / 2),
                lambda x: x + _erf(x / np.sqrt(2)) / 2,
            ),
        ),
        Slip(
            "2 for √2",
            "Your y divides x by 2 or by 4 inside erf. It is the root, math.sqrt(2); and without "
            "brackets 2 ** 1 / 2 is 1.",
            (
                lambda x: x * (1 + _erf(x / 2)) / 2,
                lambda x: x * (1 + _erf(x / 4)) / 2,
            ),
        ),
        Slip(
            "divided after erf",
            "Your y divides erf(x) by √2. It is x that is divided, inside: erf(x / √2).",
            (lambda x: x * (1 + _erf(x) / np.sqrt(2)) / 2,),
        ),
        Slip(
            "the sign of x lost",
            "Your y takes Φ of |x|. Less than half of the bell lies left of a negative x.",
            (lambda x: x * gelu(abs(x))[0] / np.where(x == 0, 1, abs(x)),),
        ),
        Slip(
            "normalised first",
            "Your y takes Φ after subtracting a mean and dividing by a spread. GELU looks at each "
            "number by itself: Φ(x) of x as it comes.",
            (lambda x: x * (1 + _erf((x - x.mean()) / (x.std() or 1) / np.sqrt(2))) / 2,),
        ),
        Slip(
            "cut off below zero",
            "Your y has no number below 0. GELU dips below 0 where x is negative; do not cut it "
            "off.",
            (lambda x: np.maximum(gelu(x)[0], 0), lambda x: np.maximum(x, 0)),
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
    return np.where(rng.random(shape) < 1 / 6, 0.0, rng.normal(0.3, 0.7, shape).round(1) + 0.0)


RELU_BACKWARD = Exercise(
    name="relu_backward",
    sections=SECTION,
    task="""
`x` is what went into a ReLU, `dy` says how fast the loss changes with each number that came out;
both are arrays of shape `(N, C, L)`. Return `dx`, of that shape: how fast the loss changes with
each number of `x`. At exactly 0, count the slope as 0.
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
        large=("x",),
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
            "Your dx multiplies dy by x or by relu(x). The slope above 0 is 1, however large x is.",
            (
                lambda dy, x: dy * np.maximum(x, 0),
                lambda dy, x: dy * x,
                lambda dy, x: np.maximum(dy * x, 0),
            ),
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
            (lambda dy, x: dy, lambda dy, x: dy * (x != 0)),
        ),
        Slip(
            "a small slope below zero",
            "Your dx lets a hundredth of dy through where x is below 0. That is LeakyReLU; a ReLU "
            "is flat there.",
            (lambda dy, x: np.where(x > 0, dy, 0.01 * dy),),
        ),
        Slip(
            "closed for large numbers",
            "Your dx stops the gradient where x is large. A ReLU has no ceiling: above 0 the slope "
            "is 1 everywhere.",
            (lambda dy, x: dy * (x > 0) * (x < 6), lambda dy, x: dy * (x > 0) * (x < 1)),
        ),
        Slip(
            "not 0 where it was off",
            "Your dx holds something else than 0 where x is at or below 0. No part of dy comes "
            "back there.",
            (lambda dy, x: np.where(x > 0, dy, x), lambda dy, x: np.where(x > 0, dy, 1.0)),
        ),
        Slip(
            "the two choices exchanged",
            "Your dx is dy where x is at or below 0, and 1 above. dy passes above 0, and elsewhere "
            "there is 0.",
            (lambda dy, x: np.where(x > 0, 1.0, dy),),
        ),
        Slip(
            "picked out by the condition",
            "Your dx holds only the numbers that pass: dy[x > 0] picks them out, and their places "
            "are lost. Each stays where it is: np.where(x > 0, dy, 0).",
            (lambda dy, x: dy[x > 0],),
        ),
        Slip(
            "one gate for all",
            "Your dx opens or closes one gate for a whole array. Each number of x opens its own.",
            (
                lambda dy, x: dy * (x > 0).any(),
                lambda dy, x: dy * (x.sum() > 0),
                lambda dy, x: dy * (x > 0).all(),
            ),
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
Two linear layers follow each other: `y = (x @ w1.T + b1) @ w2.T + b2`. From I numbers the first
makes H, and from these the second makes O: `w1` has shape `(H, I)`, `b1` `(H,)`, `w2` `(O, H)` and
`b2` `(O,)`. Return two arrays, `weight` of shape `(O, I)` and `bias` `(O,)`, of the one layer that
gives the same for every x: `y = x @ weight.T + bias`.
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
        also=(
            {"H": 3, "I": 3, "O": 3},
            {"H": 2, "I": 2, "O": 2},
            {"H": 2, "I": 3, "O": 2},
        ),
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
        Slip(
            "b1 forgotten",
            "Your bias has nothing of b1. b1 leaves the first layer and meets w2 like all that "
            "does.",
            (lambda w1, b1, w2, b2: b2,),
            "bias",
        ),
        Slip(
            "b2 forgotten",
            "Your bias has nothing of b2, which the second layer adds at the very end.",
            (lambda w1, b1, w2, b2: w2 @ b1,),
            "bias",
        ),
        Slip(
            "b1 past the second layer",
            "Your bias adds b1 as it is. b1 goes through the second layer too, so w2 multiplies "
            "it.",
            (lambda w1, b1, w2, b2: b1 + b2, lambda w1, b1, w2, b2: b1),
            "bias",
        ),
        Slip(
            "b2 through a layer",
            "Your bias multiplies b2 by weights. b2 is added after the last of them.",
            (
                lambda w1, b1, w2, b2: w2 @ (b1 + b2),
                lambda w1, b1, w2, b2: w2 @ b2 + b1,
                lambda w1, b1, w2, b2: w1 @ b2 + b1,
            ),
            "bias",
        ),
        Slip(
            "b1 by w1",
            "Your bias multiplies b1 by w1. b1 is added after w1; the weights it meets are w2's.",
            (lambda w1, b1, w2, b2: w1 @ b1 + b2,),
            "bias",
        ),
        Slip(
            "summed over the outputs",
            "Your bias sums w2 times b1 over w2's rows, or turned w2 first. Row o of w2 meets b1 "
            "and gives number o: w2 @ b1.",
            (lambda w1, b1, w2, b2: b1 @ w2 + b2,),
            "bias",
        ),
        Slip(
            "no bias",
            "Your bias is 0. Two layers with biases make one with a bias: what comes out for x = "
            "0?",
            (lambda w1, b1, w2, b2: np.zeros_like(b2),),
            "bias",
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


def _slopes(x: Array, y: Array) -> Array:
    return np.diff(y) / np.diff(x)


def _weights(x: Array, y: Array) -> Array:
    return np.diff(_slopes(x, y), prepend=0)


def _by_gradient(x: Array, y: Array) -> Array:
    return np.diff(np.gradient(y, x, axis=1)[:, :-1], prepend=0)


def _less_the_weight_before(x: Array, y: Array) -> Array:
    weight = _slopes(x, y)
    for k in range(1, weight.shape[1]):
        weight[:, k] -= weight[:, k - 1]
    return weight


FIT_HINGES = Exercise(
    name="fit_hinges",
    sections=SECTION,
    task="""
Draw C curves at once. Curve c goes through the points `(x[i], y[c, i])`: the array `x`, `(N,)`,
goes from small to large, and `y` is `(C, N)`. All curves use the same hinges, one at each point but
the last:

```text
curve c at t:  y[c, 0] + weight[c, 0] * relu(t - x[0]) + ...
                       + weight[c, N-2] * relu(t - x[N-2])
```

Return the array `weight`, `(C, N - 1)`. For `x = [0, 1, 3]` and `y = [[5, 7, 7]]` it is
`[[2, -2]]`. One point needs no hinge: `(C, 0)`.
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
            (_slopes,),
        ),
        Slip(
            "not divided by the distance",
            "Your weight takes the rise of each piece for its slope. The points are not 1 apart: "
            "divide by the difference of x.",
            (
                lambda x, y: np.diff(np.diff(y), prepend=0),
                lambda x, y: np.diff(y),
                lambda x, y: y[:, 1:] - y[:, :1],
            ),
        ),
        Slip(
            "one distance for all",
            "Your weight divides every rise by the same distance. The points are not equally far "
            "apart: each piece has a distance of its own.",
            (
                lambda x, y: np.diff(np.diff(y), prepend=0) * (len(x) - 1) / (x[-1] - x[0] or 1),
                lambda x, y: np.diff(np.diff(y), prepend=0) / (x[1:2] - x[:1]),
            ),
        ),
        Slip(
            "divided by the place",
            "Your weight divides a rise by x itself. The run of a piece is how far it is from its "
            "first point to its second: the difference of x.",
            (
                lambda x, y: np.diff(np.diff(y) / x[1:], prepend=0),
                lambda x, y: np.diff(np.diff(y) / x[:-1], prepend=0),
            ),
        ),
        Slip(
            "the start not taken away",
            "Your weight makes the hinges climb to y as if from 0. The curve starts at y[c, 0]: "
            "the first rise is y[c, 1] - y[c, 0].",
            (lambda x, y: _weights(x, np.where(np.arange(len(x)) == 0, 0, y)),),
        ),
        Slip(
            "slopes from the first point",
            "Your weight takes each slope from the first point on. A piece goes from one point to "
            "the next.",
            (
                lambda x, y: (y[:, 1:] - y[:, :1]) / (x[1:] - x[0]),
                lambda x, y: np.diff((y[:, 1:] - y[:, :1]) / (x[1:] - x[0]), prepend=0),
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
            (lambda x, y: np.cumsum(_slopes(x, y), axis=1),),
        ),
        Slip(
            "changes the wrong way round",
            "Your weight takes the slope before minus the slope after. A steeper piece needs a "
            "positive weight: after minus before.",
            (
                lambda x, y: -_weights(x, y),
                lambda x, y: _weights(x, y) * np.where(np.arange(len(x) - 1) > 0, -1, 1),
            ),
        ),
        Slip(
            "the slope before added",
            "Your weight adds the slope before to the slope after. A hinge changes the slope: take "
            "after minus before.",
            (lambda x, y: 2 * _slopes(x, y) - _weights(x, y),),
        ),
        Slip(
            "multiplied by the distance",
            "Your weight multiplies a rise by the distance. A slope is rise over run: divide.",
            (
                lambda x, y: np.diff(y) * np.diff(x),
                lambda x, y: np.diff(np.diff(y) * np.diff(x), prepend=0),
            ),
        ),
        Slip(
            "the change at the end",
            "Your weight compares each slope with the one after it. Hinge k begins at x[k]: "
            "compare with the slope before, which is 0 for the first.",
            (
                lambda x, y: np.diff(_slopes(x, y), append=0),
                lambda x, y: -np.diff(_slopes(x, y), append=0),
            ),
        ),
        Slip(
            "the first slope taken from all",
            "Your weight takes the first slope away from every other. Each hinge changes the slope "
            "of the piece right before it.",
            (lambda x, y: _slopes(x, y) - _slopes(x, y)[:, :1] * (np.arange(len(x) - 1) > 0),),
        ),
        Slip(
            "the weight before for the slope before",
            "Your weight takes the weight before away, not the slope before: in a loop that writes "
            "into the slopes, the one before has already changed. Write into an array of its own.",
            (_less_the_weight_before,),
        ),
        Slip(
            "a mean of two slopes",
            "Your weight takes slopes from np.gradient, which are a mean of the pieces on both "
            "sides of a point. A piece has one slope: np.diff(y) / np.diff(x).",
            (_by_gradient, lambda x, y: _by_gradient(x, y) if len(x) > 1 else _weights(x, y)),
        ),
        Slip(
            "changes from curve to curve",
            "Your weight takes differences between curves. Slopes change along a curve: the last "
            "axis.",
            (lambda x, y: np.diff(_slopes(x, y), prepend=0, axis=0),),
        ),
        Slip(
            "no hinge downwards",
            "Your weight has no number below 0. A hinge that turns the curve down has a negative "
            "weight.",
            (lambda x, y: np.maximum(_weights(x, y), 0),),
        ),
        Slip(
            "one hinge too few",
            "Your weight holds the changes of slope and lacks the first slope itself: the first "
            "hinge starts from a flat line. Put a slope of 0 in front: np.diff(slopes, prepend=0).",
            (lambda x, y: np.diff(_slopes(x, y)),),
        ),
        Slip(
            "the first slope left out",
            "Your weight starts with 0. The first hinge starts from a flat line, so it has the "
            "whole slope of the first piece.",
            (lambda x, y: np.diff(_slopes(x, y), prepend=_slopes(x, y)[:, :1]),),
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
