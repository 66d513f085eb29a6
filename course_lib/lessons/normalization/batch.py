"""The exercises batch_norm_forward and update_running_stats."""

from __future__ import annotations

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array

EPS = (1e-5, 0.1, 2.0)
AXES = (0, 2)  # all but the channels


def _mean(x: Array, axes: tuple[int, ...] = AXES) -> Array:
    return x.mean(axes, keepdims=True)


def _var(x: Array, axes: tuple[int, ...] = AXES) -> Array:
    return x.var(axes, keepdims=True)


def _rescaled(z: Array, weight: Array, bias: Array) -> Array:
    return weight[:, None] * z + bias[:, None]


def _over(axes: tuple[int, ...], x: Array, weight: Array, bias: Array, eps: float) -> Array:
    """Normalised over other axes than the right ones."""
    return _rescaled((x - _mean(x, axes)) / np.sqrt(_var(x, axes) + eps), weight, bias)


def _unbiased(x: Array) -> Array:
    count = len(x) * x.shape[2]
    return _var(x) * count / max(count - 1, 1)


def _square(x: Array) -> Array:
    return (x**2).mean(AXES, keepdims=True)


BATCH_NORM_FORWARD = Exercise(
    name="batch_norm_forward",
    sections=("04_06_normalization",),
    task="""
Give every channel mean 0 and variance 1 over the batch, then rescale. `x` is `(N, C, L)`: N
examples, C channels, L positions; `weight` and `bias` are `(C,)`. Return `y`, shaped like `x`:

```text
y = weight * (x - mean) / sqrt(var + eps) + bias    mean and var of each channel
```
""",
    stub="""
def batch_norm_forward(x, weight, bias, eps):
    raise NotImplementedError
""",
    solution="""
def batch_norm_forward(x, weight, bias, eps):
    mean = x.mean(axis=(0, 2), keepdims=True)  # (1, C, 1)
    var = ((x - mean) ** 2).mean(axis=(0, 2), keepdims=True)
    return weight[:, None] * (x - mean) / np.sqrt(var + eps) + bias[:, None]
""",
    alternative="""
def batch_norm_forward(x, weight, bias, eps):
    y = np.zeros_like(x)
    for c in range(x.shape[1]):
        channel = x[:, c]  # all examples, all positions
        y[:, c] = (channel - channel.mean()) / np.sqrt(channel.var() + eps) * weight[c] + bias[c]
    return y
""",
    returns={"y": "N C L"},
    shows="Your layer gives every channel mean 0 and variance 1 over the batch, and rescales it.",
    inputs=Inputs(
        arguments={"x": "N C L", "weight": "C", "bias": "C", "eps": EPS},
        example={"N": 2, "C": 2, "L": 3},
        also=({"N": 3, "C": 3, "L": 4}, {"N": 4, "C": 2, "L": 3}),
        sizes={"N": range(1, 5), "C": range(1, 4), "L": range(1, 5)},
        legal=lambda N, L: N * L > 1,
    ),
    slips=(
        Slip(
            "normalised over each example",
            "Your y gives every example mean 0, over channels and positions: that is LayerNorm. "
            "BatchNorm takes one channel over all examples and positions: axis=(0, 2).",
            (lambda x, w, b, eps: _over((1, 2), x, w, b, eps),),
        ),
        Slip(
            "normalised over the positions alone",
            "Your y gives every channel of every example mean 0: that is InstanceNorm. BatchNorm "
            "joins the examples too: axis=(0, 2).",
            (lambda x, w, b, eps: _over((2,), x, w, b, eps),),
        ),
        Slip(
            "normalised over the examples alone",
            "Your y has a mean for each position. Positions share their channel's statistics, as "
            "they share its weight: axis=(0, 2).",
            (lambda x, w, b, eps: _over((0,), x, w, b, eps),),
        ),
        Slip(
            "normalised over everything",
            "Your y has one mean and one variance for all channels. Each channel has its own: "
            "axis=(0, 2), with keepdims=True.",
            (lambda x, w, b, eps: _over((0, 1, 2), x, w, b, eps),),
        ),
        Slip(
            "normalised over the channels",
            "Your y takes its means over the channels. Those are what stays apart: the means are "
            "over the other two axes, axis=(0, 2).",
            (
                lambda x, w, b, eps: _over((1,), x, w, b, eps),
                lambda x, w, b, eps: _over((0, 1), x, w, b, eps),
            ),
        ),
        Slip(
            "eps outside the root",
            "Your y adds eps after the root. It stands inside, sqrt(var + eps), where it is added "
            "to a variance.",
            (lambda x, w, b, eps: _rescaled((x - _mean(x)) / (np.sqrt(_var(x)) + eps), w, b),),
        ),
        Slip(
            "divided by the variance",
            "Your y is divided by the variance. Its root, the standard deviation, is what has the "
            "unit of x.",
            (
                lambda x, w, b, eps: _rescaled((x - _mean(x)) / (_var(x) + eps), w, b),
                lambda x, w, b, eps: _rescaled((x - _mean(x)) / _var(x), w, b),
            ),
        ),
        Slip(
            "brackets lost",
            "Your y divides the mean alone: / comes before -. Put the difference in brackets, "
            "(x - mean).",
            (
                lambda x, w, b, eps: (
                    w[:, None] * x - _mean(x) / np.sqrt(_var(x) + eps) + b[:, None]
                ),
                lambda x, w, b, eps: _rescaled(x - _mean(x) / np.sqrt(_var(x) + eps), w, b),
            ),
        ),
        Slip(
            "bias divided too",
            "Your y divides the bias by the spread. The bias is added last, after the division.",
            (lambda x, w, b, eps: _rescaled(x - _mean(x), w, b) / np.sqrt(_var(x) + eps),),
        ),
        Slip(
            "mean of variances",
            "Your y takes a variance for each position or example and averages them. The variance "
            "of a channel is measured from its one mean, over both axes at once: axis=(0, 2).",
            (
                lambda x, w, b, eps: _rescaled(
                    (x - _mean(x)) / np.sqrt(_mean(_var(x, (0,))) + eps), w, b
                ),
                lambda x, w, b, eps: _rescaled(
                    (x - _mean(x)) / np.sqrt(_mean(_var(x, (2,))) + eps), w, b
                ),
            ),
        ),
        Slip(
            "unbiased variance",
            "Your y uses the variance over one less than the count. That is for the running "
            "statistics; the batch itself is normalised by the mean of the squares.",
            (lambda x, w, b, eps: _rescaled((x - _mean(x)) / np.sqrt(_unbiased(x) + eps), w, b),),
        ),
        Slip(
            "mean left in",
            "Your y is x divided by its spread, with the mean still in it. Take the mean away "
            "first.",
            (lambda x, w, b, eps: _rescaled(x / np.sqrt(_var(x) + eps), w, b),),
        ),
        Slip(
            "mean of the squares for the variance",
            "Your y takes the mean of x ** 2 for the variance. The variance is the mean of "
            "(x - mean) ** 2, measured from the mean.",
            (
                lambda x, w, b, eps: _rescaled((x - _mean(x)) / np.sqrt(_square(x) + eps), w, b),
                lambda x, w, b, eps: _rescaled(x / np.sqrt(_square(x) + eps), w, b),
            ),
        ),
        Slip(
            "not divided",
            "Your y has mean 0 before it is rescaled, but not variance 1. Divide by "
            "sqrt(var + eps).",
            (lambda x, w, b, eps: _rescaled(x - _mean(x), w, b),),
        ),
        Slip(
            "bias scaled too",
            "Your y multiplies the bias by weight. The bias is added last: weight * z + bias.",
            (
                lambda x, w, b, eps: (
                    w[:, None] * ((x - _mean(x)) / np.sqrt(_var(x) + eps) + b[:, None])
                ),
            ),
        ),
    ),
    hints=(
        "How many means are there? One for each channel; the examples and positions are what it "
        "is taken over.",
        "x.mean(axis=(0, 2), keepdims=True) is (1, C, 1) and stands beside x. weight is (C,): "
        "weight[:, None] is (C, 1) and stands beside x too.",
        "The variance is the mean of (x - mean) ** 2, over the same two axes. Divide by "
        "np.sqrt(var + eps), multiply by weight[:, None], add bias[:, None].",
    ),
)


def _mixed(old: Array, new: Array, momentum: float) -> Array:
    return (1 - momentum) * old + momentum * new


def _spread_from(centre: Array, x: Array, less: int) -> Array:
    """The mean of the squares, measured from other numbers than the batch's means."""
    return ((x - centre[:, None]) ** 2).sum(AXES) / (len(x) * x.shape[2] - less)


def _squares(x: Array) -> Array:
    """The sum of a channel's squared distances from its mean."""
    return ((x - _mean(x)) ** 2).sum(AXES)


UPDATE_RUNNING_STATS = Exercise(
    name="update_running_stats",
    sections=("04_06_normalization",),
    task="""
While BatchNorm trains it keeps a running mean and a running variance for later. Given the old ones,
both `(C,)`, and a batch `x` `(N, C, L)`, return the new ones. `momentum` is the weight of what is
new; what is old keeps the rest. The variance that goes in is the *unbiased* one: the sum of a
channel's squared distances divided by one less than its count of N · L, which is at least 2.
""",
    stub="""
def update_running_stats(running_mean, running_var, x, momentum):
    raise NotImplementedError
""",
    solution="""
def update_running_stats(running_mean, running_var, x, momentum):
    mean, var = x.mean(axis=(0, 2)), x.var(axis=(0, 2), ddof=1)  # over the count - 1
    kept = 1 - momentum
    return kept * running_mean + momentum * mean, kept * running_var + momentum * var
""",
    alternative="""
def update_running_stats(running_mean, running_var, x, momentum):
    channels = x.swapaxes(0, 1).reshape(x.shape[1], -1)  # a row for each
    count = channels.shape[1]
    mean = channels.sum(axis=1) / count
    var = ((channels - mean[:, None]) ** 2).sum(axis=1) / (count - 1)
    return (
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (var - running_var),
    )
""",
    returns={"mean": "C", "var": "C"},
    shows="Your running statistics move a step of momentum towards each batch, and their variance "
    "is unbiased.",
    inputs=Inputs(
        arguments={
            "running_mean": "C",
            "running_var": "C",
            "x": "N C L",
            "momentum": (0.1, 0.3, 0.9),
        },
        example={"N": 3, "C": 2, "L": 1},
        sizes={"N": range(1, 5), "C": range(1, 5), "L": range(1, 4)},
        legal=lambda N, L: N * L > 1,
        values={"running_var": lambda rng, shape: rng.uniform(0.5, 4, shape)},
    ),
    slips=(
        Slip(
            "momentum on the old mean",
            "Your mean gives momentum to what is old. As in PyTorch, momentum is the weight of "
            "what is new: 0.1 moves a tenth of the way towards the batch.",
            (lambda m, v, x, a: _mixed(m, x.mean(AXES), 1 - a),),
            "mean",
        ),
        Slip(
            "what is old kept whole",
            "{your} adds the batch to all that is old, so it grows and grows. What is old keeps "
            "1 - momentum.",
            (lambda m, v, x, a: m + a * x.mean(AXES),),
            "mean",
        ),
        Slip(
            "sum of the batch",
            "Your mean takes the batch's sum for its mean. Divide by N times L.",
            (lambda m, v, x, a: _mixed(m, x.sum(AXES), a),),
            "mean",
        ),
        Slip(
            "mean over the count less one",
            "Your mean divides by the count - 1. That is for the variance; a mean divides by the "
            "count, N times L.",
            (lambda m, v, x, a: _mixed(m, x.sum(AXES) / (x[:, 0].size - 1), a),),
            "mean",
        ),
        Slip(
            "not updated",
            "Your mean is the old one. It moves a step of momentum towards the batch's mean.",
            (lambda m, v, x, a: m,),
            "mean",
        ),
        Slip(
            "old and new by halves",
            "{your} weighs old and new alike. Momentum is the weight of what is new, and what "
            "is old keeps the rest.",
            (lambda m, v, x, a: _mixed(m, x.mean(AXES), 0.5),),
            "mean",
        ),
        Slip(
            "brackets lost",
            "{your} has 1 added: * comes before -. Put the weight in brackets, (1 - momentum).",
            (lambda m, v, x, a: 1 - a * m + a * x.mean(AXES),),
            "mean",
        ),
        Slip(
            "one mean for all features",
            "Your mean moves every feature towards the mean of the whole batch. Each feature has "
            "its own: axis=(0, 2).",
            (lambda m, v, x, a: _mixed(m, x.mean(), a),),
            "mean",
        ),
        Slip(
            "biased variance",
            "Your var averages in the variance over the count. That one is used on the batch "
            "itself; the running variance stands for numbers not seen: over the count - 1, ddof=1.",
            (lambda m, v, x, a: _mixed(v, x.var(AXES), a),),
            "var",
        ),
        Slip(
            "not updated",
            "Your var is the old one. It moves a step of momentum towards the batch's variance.",
            (lambda m, v, x, a: v,),
            "var",
        ),
        Slip(
            "old and new by halves",
            "{your} weighs old and new alike. Momentum is the weight of what is new, and what "
            "is old keeps the rest.",
            (
                lambda m, v, x, a: _mixed(v, x.var(AXES, ddof=1), 0.5),
                lambda m, v, x, a: _mixed(v, x.var(AXES), 0.5),
            ),
            "var",
        ),
        Slip(
            "brackets lost",
            "{your} has 1 added: * comes before -. Put the weight in brackets, (1 - momentum).",
            (
                lambda m, v, x, a: 1 - a * v + a * x.var(AXES, ddof=1),
                lambda m, v, x, a: 1 - a * v + a * x.var(AXES),
            ),
            "var",
        ),
        Slip(
            "not divided by the count less one",
            "Your var divides the squared distances by another number than their count less one, "
            "or by none. A channel has N times L of them, so divide by N * L - 1.",
            (
                lambda m, v, x, a: _mixed(v, _squares(x), a),
                lambda m, v, x, a: _mixed(v, _squares(x) / max(len(x) - 1, 1), a),
                lambda m, v, x, a: _mixed(v, _squares(x) / (len(x) - 1), a),
                lambda m, v, x, a: _mixed(v, _squares(x) / max(x.shape[2] - 1, 1), a),
                lambda m, v, x, a: _mixed(v, _squares(x) / (x.shape[2] - 1), a),
                lambda m, v, x, a: _mixed(v, _squares(x) / max(x[:, 0].size - 2, 1), a),
                lambda m, v, x, a: _mixed(v, x.var(AXES) * len(x) / max(len(x) - 1, 1), a),
            ),
            "var",
        ),
        Slip(
            "corrected the wrong way",
            "Your var multiplies by (count - 1) / count. The unbiased variance is the larger one: "
            "var * count / (count - 1).",
            (lambda m, v, x, a: _mixed(v, x.var(AXES) * (1 - 1 / x[:, 0].size), a),),
            "var",
        ),
        Slip(
            "measured from 0",
            "Your var takes the mean of x ** 2. The distances are measured from the batch's mean.",
            (
                lambda m, v, x, a: _mixed(v, _spread_from(0 * m, x, 1), a),
                lambda m, v, x, a: _mixed(v, _spread_from(0 * m, x, 0), a),
            ),
            "var",
        ),
        Slip(
            "momentum on the old variance",
            "Your var gives momentum to what is old. Momentum is the weight of what is new.",
            (
                lambda m, v, x, a: _mixed(v, x.var(AXES, ddof=1), 1 - a),
                lambda m, v, x, a: _mixed(v, x.var(AXES), 1 - a),
            ),
            "var",
        ),
        Slip(
            "what is old kept whole",
            "{your} adds the batch to all that is old, so it grows and grows. What is old keeps "
            "1 - momentum.",
            (
                lambda m, v, x, a: v + a * x.var(AXES, ddof=1),
                lambda m, v, x, a: v + a * x.var(AXES),
            ),
            "var",
        ),
        Slip(
            "standard deviation for the variance",
            "Your var takes in the standard deviation. The running variance holds its square.",
            (
                lambda m, v, x, a: _mixed(v, x.std(AXES, ddof=1), a),
                lambda m, v, x, a: _mixed(v, x.std(AXES), a),
            ),
            "var",
        ),
        Slip(
            "one variance for all features",
            "Your var moves every feature towards the variance of the whole batch. Each feature "
            "has its own: axis=(0, 2).",
            (
                lambda m, v, x, a: _mixed(v, x.var(ddof=1), a),
                lambda m, v, x, a: _mixed(v, x.var(), a),
            ),
            "var",
        ),
        Slip(
            "measured from the running mean",
            "Your var measures the squares from the running mean. A batch's variance is measured "
            "from the batch's own mean.",
            (
                lambda m, v, x, a: _mixed(v, _spread_from(m, x, 1), a),
                lambda m, v, x, a: _mixed(v, _spread_from(m, x, 0), a),
                lambda m, v, x, a: _mixed(v, _spread_from(_mixed(m, x.mean(AXES), a), x, 1), a),
            ),
            "var",
        ),
    ),
    hints=(
        "With momentum 0.1, what is new counts one tenth and what is old nine tenths.",
        "x.mean(axis=(0, 2)) is (C,): a mean for each channel. x.var divides by the count.",
        "x.var(axis=(0, 2), ddof=1) divides by the count - 1. Return "
        "(1 - momentum) * old + momentum * new, for the mean and for the variance.",
    ),
)
