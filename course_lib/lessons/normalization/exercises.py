"""The exercises layer_norm_forward and layer_norm_backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.engine.slips import summed
from course_lib.record import Array

# With two features z is 1 and -1 and dx is all rounding.
FEATURES = (1, 3, 4, 5)
EPS = (1e-5, 0.1, 2.0)  # one that is seen only where a row is constant, and two that are seen


def _normalised(x: Array, eps: float, axis: int = -1) -> Array:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)


def _unbiased(x: Array) -> Array:
    """The variance over n - 1, where there is one."""
    return x.var(-1, keepdims=True) * x.shape[-1] / max(x.shape[-1] - 1, 1)


def _row_mean(x: Array) -> Array:
    return x.mean(-1, keepdims=True)


def _centred(x: Array) -> Array:
    return x - _row_mean(x)


def _mean_square(x: Array) -> Array:
    return (x**2).mean(-1, keepdims=True)


LAYER_NORM_FORWARD = Exercise(
    name="layer_norm_forward",
    sections=("04_06_normalization",),
    task="""
Give every example mean 0 and variance 1, then rescale. `x` is `(N, D)`, `weight` and `bias` are
`(D,)`. Return `y` of shape `(N, D)`:

```text
y = weight * (x - mean) / sqrt(var + eps) + bias        mean and var of each row
```
""",
    stub="""
def layer_norm_forward(x, weight, bias, eps):
    raise NotImplementedError
""",
    solution="""
def layer_norm_forward(x, weight, bias, eps):
    mean = x.mean(axis=1, keepdims=True)  # (N, 1)
    var = ((x - mean) ** 2).mean(axis=1, keepdims=True)
    return weight * (x - mean) / np.sqrt(var + eps) + bias
""",
    alternative="""
def layer_norm_forward(x, weight, bias, eps):
    rows = [(row - row.mean()) / np.sqrt(row.var() + eps) * weight + bias for row in x]
    return np.stack(rows)
""",
    returns={"y": "N D"},
    shows="Your layer gives every example mean 0 and variance 1, whatever the others are, and "
    "rescales each feature.",
    inputs=Inputs(
        arguments={"x": "N D", "weight": "D", "bias": "D", "eps": EPS},
        example={"N": 2, "D": 3},
        sizes={"N": range(1, 6), "D": FEATURES},
    ),
    slips=(
        Slip(
            "normalised over the batch",
            "Your y gives every feature mean 0 over the examples: that is BatchNorm. LayerNorm "
            "takes one example at a time, so mean and variance belong to a row: axis=1.",
            (lambda x, w, b, eps: w * _normalised(x, eps, axis=0) + b,),
        ),
        Slip(
            "normalised over everything",
            "Your y has one mean and one variance for the whole batch. Each row has its own: "
            "axis=1, and keepdims=True lets them stand beside x.",
            (lambda x, w, b, eps: w * _normalised(x, eps, axis=None) + b,),
        ),
        Slip(
            "eps outside the root",
            "Your y adds eps after the root. It stands inside, sqrt(var + eps), where it is added "
            "to a variance.",
            (lambda x, w, b, eps: w * _centred(x) / (x.std(-1, keepdims=True) + eps) + b,),
        ),
        Slip(
            "divided by the variance",
            "Your y is divided by the variance. Its root, the standard deviation, is what has the "
            "unit of x.",
            (
                lambda x, w, b, eps: w * _centred(x) / (x.var(-1, keepdims=True) + eps) + b,
                lambda x, w, b, eps: (
                    w * _centred(x) / np.sqrt(x.var(-1, keepdims=True) ** 2 + eps) + b
                ),
            ),
        ),
        Slip(
            "brackets lost",
            "Your y divides the mean alone: / comes before -. Put the difference in brackets, "
            "(x - mean).",
            (
                lambda x, w, b, eps: (
                    w * x - _row_mean(x) / np.sqrt(x.var(-1, keepdims=True) + eps) + b
                ),
                lambda x, w, b, eps: (
                    w * (x - _row_mean(x) / np.sqrt(x.var(-1, keepdims=True) + eps)) + b
                ),
            ),
        ),
        Slip(
            "bias divided too",
            "Your y divides the bias by the spread. The bias is added last, after the division.",
            (lambda x, w, b, eps: (w * _centred(x) + b) / np.sqrt(x.var(-1, keepdims=True) + eps),),
        ),
        Slip(
            "rows and columns mixed",
            "Your y takes the mean of one axis and the variance of the other. Both belong to a "
            "row: axis=1, with keepdims=True.",
            (
                lambda x, w, b, eps: (
                    w * (x - x.mean(0)) / np.sqrt(x.var(-1, keepdims=True) + eps) + b
                ),
                lambda x, w, b, eps: w * _centred(x) / np.sqrt(x.var(0) + eps) + b,
            ),
        ),
        Slip(
            "mean distance for the spread",
            "Your y divides by the mean of the distances without sign. The spread is the root of "
            "the mean of their squares, with eps inside the root.",
            (
                lambda x, w, b, eps: (
                    w * _centred(x) / (abs(_centred(x)).mean(-1, keepdims=True) + eps) + b
                ),
                lambda x, w, b, eps: w * _centred(x) / abs(_centred(x)).mean(-1, keepdims=True) + b,
            ),
        ),
        Slip(
            "unbiased variance",
            "Your y uses the variance over D - 1. That is an estimate for a population; here the "
            "row is all there is, so the mean of the squares is over D.",
            (
                lambda x, w, b, eps: w * _centred(x) / np.sqrt(_unbiased(x) + eps) + b,
                lambda x, w, b, eps: (
                    w * _centred(x) / np.sqrt(x.var(-1, ddof=1, keepdims=True) + eps) + b
                ),
            ),
        ),
        Slip(
            "mean left in",
            "Your y is x divided by its spread, with the mean still in it. Take the mean away "
            "first.",
            (lambda x, w, b, eps: w * x / np.sqrt(x.var(-1, keepdims=True) + eps) + b,),
        ),
        Slip(
            "mean of the squares for the variance",
            "Your y takes the mean of x ** 2 for the variance. The variance is the mean of "
            "(x - mean) ** 2, measured from the mean.",
            (
                lambda x, w, b, eps: w * _centred(x) / np.sqrt(_mean_square(x) + eps) + b,
                lambda x, w, b, eps: w * x / np.sqrt(_mean_square(x) + eps) + b,
            ),
        ),
        Slip(
            "not divided",
            "Your y has mean 0 before it is rescaled, but not variance 1. Divide by "
            "sqrt(var + eps).",
            (lambda x, w, b, eps: w * _centred(x) + b,),
        ),
        Slip(
            "bias scaled too",
            "Your y multiplies the bias by weight. The bias is added last: weight * z + bias.",
            (lambda x, w, b, eps: w * (_normalised(x, eps) + b),),
        ),
    ),
    hints=(
        "What is the mean of one row of x? You need N of them, one for each example.",
        "x.mean(axis=1, keepdims=True) is (N, 1) and stands beside x; without keepdims it is (N,) "
        "and lies along the features.",
        "The variance is the mean of (x - mean) ** 2, over the same axis. Divide by "
        "np.sqrt(var + eps), multiply by weight, add bias.",
    ),
)


def _terms(
    dy: Array,
    x: Array,
    weight: Array,
    eps: float,
    axis: int = -1,
    of: Callable[..., Array] = np.mean,
) -> dict[str, Array]:
    """Three ways from x to the loss: straight, by the mean, and by the variance."""
    z, dz = _normalised(x, eps), weight * dy
    std = np.sqrt(x.var(-1, keepdims=True) + eps)
    return {
        "the straight term": dz / std,
        "the mean's term": -of(dz, axis, keepdims=True) / std,
        "the variance's term": -z * of(dz * z, axis, keepdims=True) / std,
    }


def _dx(*args: Any, **how: Any) -> Array:
    return sum(_terms(*args, **how).values())  # type: ignore[return-value]


def _std(x: Array, eps: float) -> Array:
    return np.sqrt(x.var(-1, keepdims=True) + eps)


def _by_distance(dy: Array, x: Array, weight: Array, eps: float, power: int) -> Array:
    """dx with x - mean for z, which is std times too large, in one or both of its places."""
    terms = _terms(dy, x, weight, eps)
    return sum(terms.values()) + terms["the variance's term"] * (_std(x, eps) ** power - 1)


LAYER_NORM_BACKWARD = Exercise(
    name="layer_norm_backward",
    sections=("04_06_normalization",),
    task="""
Given `dy` `(N, D)`, return `dx`, `dweight` and `dbias`, shaped like `x`, `weight` and `(D,)`. Every
number of a row moves the row's mean and its variance, so `dx` has three terms.
""",
    stub="""
def layer_norm_backward(dy, x, weight, eps):
    raise NotImplementedError
""",
    solution="""
def layer_norm_backward(dy, x, weight, eps):
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    z = (x - x.mean(axis=1, keepdims=True)) / std
    dz = weight * dy
    by_mean = dz.mean(axis=1, keepdims=True)
    by_variance = z * (dz * z).mean(axis=1, keepdims=True)
    return (dz - by_mean - by_variance) / std, (dy * z).sum(axis=0), dy.sum(axis=0)
""",
    alternative="""
def layer_norm_backward(dy, x, weight, eps):
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros_like(weight)
    for n in range(len(x)):
        std = np.sqrt(x[n].var() + eps)
        z = (x[n] - x[n].mean()) / std
        slopes = (np.eye(len(z)) - 1 / len(z) - np.outer(z, z) / len(z)) / std  # of z by x
        dx[n] = slopes @ (weight * dy[n])
        dweight += dy[n] * z
        dbias += dy[n]
    return dx, dweight, dbias
""",
    returns={"dx": "N D", "dweight": "D", "dbias": "D"},
    shows="All three gradients are right: yours also sees that a number moves its row's mean and "
    "variance.",
    inputs=Inputs(
        arguments={"dy": "N D", "x": "N D", "weight": "D", "eps": EPS},
        example={"N": 2, "D": 3},
        sizes={"N": range(1, 6), "D": FEATURES},
    ),
    terms={"dx": _terms},
    slips=(
        Slip(
            "not divided by the standard deviation",
            "Your dx lacks the division by sqrt(var + eps). Going forward x was divided by it, so "
            "what comes back is too.",
            (lambda dy, x, w, eps: _dx(dy, x, w, eps) * np.sqrt(x.var(-1, keepdims=True) + eps),),
            "dx",
        ),
        Slip(
            "divided by the variance",
            "Your dx is divided by var + eps. Going forward x was divided by its root, the "
            "standard deviation, so what comes back is too.",
            (lambda dy, x, w, eps: _dx(dy, x, w, eps) / np.sqrt(x.var(-1, keepdims=True) + eps),),
            "dx",
        ),
        Slip(
            "means over the batch",
            "Your dx takes its two means over the examples. Each row was normalised by itself, so "
            "the means are over a row: axis=1.",
            (lambda dy, x, w, eps: _dx(dy, x, w, eps, axis=0),),
            "dx",
        ),
        Slip(
            "means over the whole batch",
            "Your dx takes its two means over all of dz. Each row was normalised by itself "
            "and has means of its own: axis=1, keepdims=True.",
            (lambda dy, x, w, eps: _dx(dy, x, w, eps, axis=None),),
            "dx",
        ),
        Slip(
            "distance from the mean for the normalised x",
            "Your dx has x - mean where the normalised x belongs, (x - mean) / sqrt(var + eps), in "
            "the term of the variance.",
            (
                lambda dy, x, w, eps: _by_distance(dy, x, w, eps, 1),
                lambda dy, x, w, eps: _by_distance(dy, x, w, eps, 2),
            ),
            "dx",
        ),
        Slip(
            "brackets lost",
            "Your dx divides its last term alone: / comes before -. All three terms are divided by "
            "sqrt(var + eps).",
            (
                lambda dy, x, w, eps: (
                    _dx(dy, x, w, eps) * _std(x, eps)
                    + _terms(dy, x, w, eps)["the variance's term"] * (1 - _std(x, eps))
                ),
            ),
            "dx",
        ),
        Slip(
            "divided by weight",
            "Your dx divides dy by weight. Going forward z was multiplied by weight, so what comes "
            "back is too.",
            (lambda dy, x, w, eps: _dx(dy, x, 1 / w, eps),),
            "dx",
        ),
        Slip(
            "weight after the means",
            "Your dx multiplies by weight at the end. Going back weight is met first: take the "
            "means of weight * dy.",
            (lambda dy, x, w, eps: w * _dx(dy, x, np.ones_like(w), eps),),
            "dx",
        ),
        Slip(
            "sums where means belong",
            "Your dx takes sums over a row. A row's mean divides by D, and so does what comes back "
            "through it.",
            (lambda dy, x, w, eps: _dx(dy, x, w, eps, of=np.sum),),
            "dx",
        ),
        Slip(
            "multiplied by x instead of the normalised x",
            "Your dweight multiplies dy by x. Going forward weight met the normalised x: "
            "(x - mean) / sqrt(var + eps).",
            (
                lambda dy, x, w, eps: (dy * x).sum(0),
                lambda dy, x, w, eps: (dy * _centred(x)).sum(0),
            ),
            "dweight",
        ),
        summed("dweight", "N D", lambda dy, x, weight, eps: dy * _normalised(x, eps)),
        summed("dbias", "N D", lambda dy, *rest: dy),
    ),
    hints=(
        "dbias and dweight first: to how many numbers was bias[d] added, and what was weight[d] "
        "multiplied by?",
        "Let z be the normalised x and dz = weight * dy. A number of x reaches the loss straight, "
        "by the mean and by the variance.",
        "dx = (dz - mean(dz) - z * mean(dz * z)) / sqrt(var + eps), the means over each row.",
    ),
    points=3,
)
