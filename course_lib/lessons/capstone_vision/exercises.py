"""The exercises patches_forward, confusion_matrix and pixel_gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_lib.activation import softmax
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs, draw
from course_lib.record import Array

LESSON = ("04_12_capstone_vision",)


def _cut(x: Array, size: int, order: tuple[int, ...]) -> Array:
    """The image cut at every `size` pixels, its axes (N, down, i, across, j) in some order."""
    n, height, width = x.shape
    parts = x.reshape(n, height // size, size, width // size, size)
    return parts.transpose(order).reshape(n, height // size * (width // size), size * size)


def _apart(x: Array, size: int) -> Array:
    """Tokens of pixels that are as far from one another as there are patches on a side."""
    n, height, width = x.shape
    parts = x.reshape(n, size, height // size, size, width // size)
    return parts.transpose(0, 2, 4, 1, 3).reshape(n, -1, size * size)


def _overlapping(x: Array, size: int, every: bool = False) -> Array:
    """The right number of patches, or as many as there are, each one pixel after the last."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    some = windows if every else windows[:, : x.shape[1] // size, : x.shape[2] // size]
    return some.reshape(len(x), -1, size * size)


PATCHES_FORWARD = Exercise(
    name="patches_forward",
    sections=LESSON,
    task="""\
Cut images `x`, `(N, H, W)`, into square patches with `size` pixels on a side, without overlap, and
return `tokens`, `(N, H / size * W / size, size * size)`. The patches stand in reading order: along
the first row of them, then the next; the pixels of a patch likewise. H and W are multiples of
`size`. The image `[[1, 2, 3, 4], [5, 6, 7, 8]]` and size 2 give the tokens `[1, 2, 5, 6]` and
`[3, 4, 7, 8]`.""",
    stub="""\
def patches_forward(x, size):
    raise NotImplementedError""",
    solution="""\
def patches_forward(x, size):
    n, height, width = x.shape
    parts = x.reshape(n, height // size, size, width // size, size)
    return parts.transpose(0, 1, 3, 2, 4).reshape(n, -1, size * size)""",
    alternative="""\
def patches_forward(x, size):
    patches = [
        x[:, i : i + size, j : j + size].reshape(len(x), size * size)
        for i in range(0, x.shape[1], size)
        for j in range(0, x.shape[2], size)
    ]
    return np.stack(patches, axis=1)""",
    returns={"tokens": "N patches numbers"},
    shows="Your patches keep pixels together that lie together: each token is a small image.",
    inputs=Inputs(
        arguments={"x": "N H W", "size": (2, 1, 3)},
        example={"N": 1, "H": 4, "W": 4},
        derived={
            "patches": lambda H, W, size: H // size * (W // size),
            "numbers": lambda size: size * size,
        },
        sizes={"N": range(1, 4), "H": range(1, 13), "W": range(1, 13)},
        legal=lambda H, W, size: H % size == 0 and W % size == 0,
    ),
    slips=(
        Slip(
            "reshaped without transposing",
            "{your} is x reshaped at once. Then a token is a run of pixels along the rows, not a "
            "square: reshape so that rows and columns of patches have axes of their own, move "
            "those together, and reshape again.",
            (lambda x, size: x.reshape(len(x), -1, size * size),),
        ),
        Slip(
            "patches column by column",
            "{your} has the right patches, but goes down the columns first. Reading order goes "
            "along a row of patches, then to the next row.",
            (lambda x, size: _cut(x, size, (0, 3, 1, 2, 4)),),
        ),
        Slip(
            "pixels of a patch transposed",
            "{your} has the right patches in the right order, but the pixels of each stand column "
            "by column. The axis of a patch's rows comes before that of its columns.",
            (lambda x, size: _cut(x, size, (0, 1, 3, 4, 2)),),
        ),
        Slip(
            "rows and columns exchanged",
            "{your} goes down the columns first, from patch to patch and inside each patch. Both "
            "are read along the rows; x is not to be transposed.",
            (lambda x, size: _cut(x, size, (0, 3, 1, 4, 2)),),
        ),
        Slip(
            "rows and patches mixed",
            "{your} takes the pixels of a token from several patches. Keep the two axes that count "
            "patches side by side, and behind them the two that lie inside a patch.",
            (
                lambda x, size: _cut(x, size, (0, 2, 4, 1, 3)).reshape(len(x), -1, size * size),
                lambda x, size: _cut(x, size, (0, 2, 3, 1, 4)),
            ),
        ),
        Slip(
            "pixels far apart",
            "{your} takes pixels that lie a whole number of patches apart. In the axis of rows the "
            "patch comes before the row inside it: (H // size, size), and columns likewise.",
            (_apart,),
        ),
        Slip(
            "tokens of another length",
            "{your} cuts the pixels into tokens of another length. A patch has size rows of size "
            "pixels, so a token has size * size numbers.",
            (
                lambda x, size: _cut(x, size, (0, 1, 3, 2, 4)).reshape(len(x), -1, size + size),
                lambda x, size: _cut(x, size, (0, 1, 3, 2, 4)).reshape(len(x), -1, size),
            ),
        ),
        Slip(
            "patches one pixel apart",
            "{your} starts each patch one pixel after the last. Without overlap the next begins "
            "`size` pixels on: i * size.",
            (_overlapping, partial(_overlapping, every=True)),
        ),
        Slip(
            "height and width exchanged",
            "{your} is right for a square image alone. x.shape is (N, H, W): rows first.",
            (
                lambda x, size: _cut(
                    x.reshape(len(x), x.shape[2], x.shape[1]), size, (0, 1, 3, 2, 4)
                ),
            ),
        ),
    ),
    hints=(
        "Which pixels of a 4 × 4 image are in the first 2 × 2 patch? Say their rows and columns.",
        "x.reshape(N, H // size, size, W // size, size) has an axis for the row of patches, one "
        "for the row inside a patch, then the same for columns.",
        "Move the two axes that count patches together: transpose(0, 1, 3, 2, 4). Then reshape to "
        "(N, number of patches, size * size).",
    ),
)


def _counted(rows: Array, columns: Array, classes: int) -> Array:
    counts = np.zeros((classes, classes))
    np.add.at(counts, (rows, columns), 1)
    return counts


def _shares(counts: Array, axis: int | None = 1) -> Array:
    return counts / np.maximum(counts.sum(axis=axis, keepdims=True), 1)


def _confusion(scores: Array, target: Array) -> Array:
    return _counted(target, scores.argmax(axis=1), scores.shape[1])


def _one_hot(target: Array, scores: Array) -> Array:
    return np.eye(scores.shape[1])[target]


def _filled(counts: Array, empty: Array) -> Array:
    """The shares, with something in the rows of what does not occur."""
    return _shares(np.where(counts.sum(axis=1, keepdims=True) > 0, counts, empty))


CONFUSION_MATRIX = Exercise(
    name="confusion_matrix",
    sections=LESSON,
    task="""\
`scores` is `(N, C)`: C scores for each of N digits; `target`, `(N,)`, is what each of them is. A
net's answer is the digit with the largest score. Return `shares`, `(C, C)`: of all digits that are
an i, row i, column j holds the share that is answered with j. A row adds up to 1; a digit that does
not occur has a row of zeros.""",
    stub="""\
def confusion_matrix(scores, target):
    raise NotImplementedError""",
    solution="""\
def confusion_matrix(scores, target):
    classes = scores.shape[1]
    counts = np.zeros((classes, classes))
    for i, j in zip(target, scores.argmax(axis=1), strict=True):
        counts[i, j] += 1
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)""",
    alternative="""\
def confusion_matrix(scores, target):
    classes = range(scores.shape[1])
    answer = np.argmax(scores, axis=1)
    shares = np.zeros((len(classes), len(classes)))
    for i in classes:
        if (target == i).any():
            shares[i] = [(answer[target == i] == j).mean() for j in classes]
    return shares""",
    returns={"shares": "C C"},
    shows="Your matrix has what is right on its diagonal, and every mistake in a place of its own.",
    inputs=Inputs(
        arguments={"scores": "N C", "target": "N"},
        example={"N": 4, "C": 2},
        sizes={"N": range(1, 9), "C": range(1, 4)},
        values={
            "scores": lambda rng, shape: rng.normal(scale=0.4, size=shape),
            "target": lambda rng, shape, C: rng.integers(C, size=shape),
        },
        also=tuple({"N": 8, "C": 3 - n % 2} for n in range(5)),
    ),
    slips=(
        Slip(
            "rows and columns exchanged",
            "{your} has the answers down and the digits across. Row i holds the digits that are an "
            "i: index it with the target first.",
            (
                lambda scores, target: _shares(_confusion(scores, target).T),
                lambda scores, target: _shares(_confusion(scores, target)).T,
            ),
        ),
        Slip(
            "columns add up to 1",
            "{your} is divided by how often each answer is given. A share of the digits that are "
            "an i is divided by how many of those there are: the sum of row i.",
            (lambda scores, target: _shares(_confusion(scores, target), 0),),
        ),
        Slip(
            "shares of all digits",
            "{your} adds up to 1 as a whole. Each row adds up to 1 by itself: divide it by its own "
            "sum.",
            (lambda scores, target: _confusion(scores, target) / len(target),),
        ),
        Slip(
            "counts",
            "{your} holds counts. Divide each row by its sum, and leave a row of zeros alone.",
            (_confusion,),
        ),
        Slip(
            "each pair counted once",
            "{your} counts several digits of one kind as one. With = a place never gets beyond 1, "
            "and += 1 on whole arrays adds once for each place, however often it is named: write "
            "+= in a loop, or use np.add.at.",
            (
                lambda scores, target: _shares(np.minimum(_confusion(scores, target), 1)),
                lambda scores, target: (
                    np.minimum(_confusion(scores, target), 1)
                    / np.maximum(_confusion(scores, target).sum(1, keepdims=True), 1)
                ),
            ),
        ),
        Slip(
            "no number where a digit does not occur",
            "{your} divides by 0 where a digit does not occur. Its row is to stay 0: divide by "
            "np.maximum(sum, 1), or leave such rows out.",
            (
                lambda scores, target: (
                    _confusion(scores, target)
                    / np.where(c := _confusion(scores, target).sum(1, keepdims=True), c, np.nan)
                ),
            ),
        ),
        Slip(
            "the least score",
            "{your} takes the answer whose score is least. The net's answer is the largest score.",
            (lambda scores, target: _shares(_confusion(-scores, target)),),
        ),
        Slip(
            "only the right ones",
            "{your} has nothing but the diagonal. A mistake has a place too: row of the digit, "
            "column of the answer.",
            (lambda s, target: _shares(_confusion(s, target)) * np.eye(s.shape[1]),),
        ),
        Slip(
            "only the mistakes",
            "{your} leaves out what is read rightly. It has its place on the diagonal, and counts "
            "in the sum of its row.",
            (
                lambda s, target: _shares(_confusion(s, target)) * (1 - np.eye(s.shape[1])),
                lambda s, target: _shares(_confusion(s, target) * (1 - np.eye(s.shape[1]))),
            ),
        ),
        Slip(
            "a row made up",
            "{your} has shares in the row of a digit that does not occur. Nothing is known of it: "
            "leave zeros.",
            (
                lambda s, target: _filled(_confusion(s, target), np.ones((s.shape[1],) * 2)),
                lambda s, target: _filled(_confusion(s, target), np.eye(s.shape[1])),
            ),
        ),
        Slip(
            "probabilities in place of answers",
            "{your} averages what softmax gives. Each digit has one answer, the class of the "
            "largest score, however close the others are.",
            (lambda s, target: _shares(_one_hot(target, s).T @ softmax(s)[0]),),
        ),
        Slip(
            "every score above 0",
            "{your} counts each score above 0 as an answer. A digit has one answer: the largest.",
            (lambda s, target: _shares(_one_hot(target, s).T @ (s > 0)),),
        ),
        Slip(
            "the largest without its sign",
            "{your} takes the score farthest from 0. A score far below 0 speaks against its digit.",
            (lambda s, target: _shares(_confusion(np.abs(s), target)),),
        ),
        Slip(
            "divided by the largest of a row",
            "{your} has a 1 in each row. Shares add up to 1: divide by the sum of the row.",
            (
                lambda s, target: (
                    _confusion(s, target)
                    / np.maximum(_confusion(s, target).max(axis=1, keepdims=True), 1)
                ),
            ),
        ),
        Slip(
            "in percent",
            "{your} is in percent. A share lies between 0 and 1.",
            (lambda s, target: 100 * _shares(_confusion(s, target)),),
        ),
        Slip(
            "one digit left out",
            "{your} counts one digit too few. range(N) goes from the first to the last.",
            (
                lambda s, target: _shares(_confusion(s[:-1], target[:-1])),
                lambda s, target: _shares(_confusion(s[1:], target[1:])),
            ),
        ),
    ),
    hints=(
        "Begin with counts. Which one cell does the first digit raise?",
        "The answer is scores.argmax(axis=1). A digit that is an i and is read as a j raises row "
        "i, column j by one; several may meet in one cell.",
        "Then divide each row by its sum, kept as a column: counts.sum(axis=1, keepdims=True). "
        "np.maximum(sum, 1) leaves empty rows 0.",
    ),
)


def _sparse(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers; in rows of four many are 0, as paper is, so that some hidden sums are exactly 0."""
    return np.where((shape[-1] < 4) | (rng.random(shape) < 0.6), draw(rng, *shape), 0.0)


def _scored(x: Array, weight1: Array, weight2: Array) -> Array:
    return weight2 @ np.maximum(weight1 @ x, 0)


def _slope(
    x: Array,
    weight1: Array,
    weight2: Array,
    start: Array,
    gate: Callable[[Array], Any] = lambda hidden: hidden > 0,
) -> Array:
    """The way back from any mixture of the scores, through the ReLU by some gate."""
    return weight1.T @ (start @ weight2 * gate(weight1 @ x))


def _gated(*gates: Callable[[Array], Any]) -> tuple[Callable[..., Array], ...]:
    """The way back of one score with another gate."""
    return tuple(
        lambda x, w1, w2, label, gate=gate: _slope(x, w1, w2, np.eye(len(w2))[label], gate)
        for gate in gates
    )


def _started(*starts: Callable[[Array, Array], Array]) -> tuple[Callable[..., Array], ...]:
    """The way back of something else: `start` of the scores and of a 1 for the label."""
    return tuple(
        lambda x, w1, w2, label, start=start: _slope(
            x, w1, w2, start(_scored(x, w1, w2), np.eye(len(w2))[label])
        )
        for start in starts
    )


def _to(dx: Array, order: float) -> Array:
    """Scaled to a norm of 1, unless it is 0."""
    return dx / (np.linalg.norm(dx, order) or 1.0)


(_RIGHT,) = _gated(lambda hidden: hidden > 0)


PIXEL_GRADIENT = Exercise(
    name="pixel_gradient",
    sections=LESSON,
    task="""\
A net has the scores `weight2 @ relu(weight1 @ x)`: `x`, `(D,)`, holds the pixels, `weight1` is
`(H, D)` and `weight2` `(C, H)`. Return `dx`, `(D,)`: how fast the one score of class `label` rises
with each pixel. At a hidden sum of exactly 0 nothing flows back.""",
    stub="""\
def pixel_gradient(x, weight1, weight2, label):
    raise NotImplementedError""",
    solution="""\
def pixel_gradient(x, weight1, weight2, label):
    hidden = weight1 @ x
    dhidden = weight2[label] * (hidden > 0)
    return weight1.T @ dhidden""",
    alternative="""\
def pixel_gradient(x, weight1, weight2, label):
    dx = np.zeros(len(x))
    for h in range(len(weight1)):
        if (weight1[h] * x).sum() > 0:
            dx += weight2[label, h] * weight1[h]
    return dx""",
    returns={"dx": "D"},
    shows="Your gradient says which pixels the score hangs on; no weight changed on the way.",
    inputs=Inputs(
        arguments={"x": "D", "weight1": "H D", "weight2": "C H", "label": (1, 0, 2)},
        example={"D": 3, "H": 2, "C": 3},
        sizes={"D": range(1, 5), "H": range(1, 5), "C": range(1, 4)},
        values={"x": _sparse, "weight1": _sparse},
        derived={"first": lambda D, H: D * H, "second": lambda H, C: H * C},
        legal=lambda C, label: label < C,
        also=tuple({"D": 4, "H": 4, "C": 3, "label": label} for label in (0, 1, 2, 0, 1, 2)),
    ),
    slips=(
        Slip(
            "ReLU passed over",
            "{your} lets everything through the ReLU on the way back. Where the hidden sum is not "
            "above 0 the score does not feel it: multiply by hidden > 0.",
            _gated(lambda hidden: 1.0),
        ),
        Slip(
            "values of the ReLU in place of its slope",
            "{your} multiplies by what the ReLU hands on. On the way back its slope counts, which "
            "is 1 or 0.",
            _gated(lambda hidden: np.maximum(hidden, 0), lambda hidden: hidden),
        ),
        Slip(
            "open at exactly 0",
            "{your} lets something through where a hidden sum is exactly 0. There nothing flows "
            "back: hidden > 0, not >=.",
            _gated(lambda hidden: hidden >= 0, lambda hidden: np.heaviside(hidden, 0.5)),
        ),
        Slip(
            "the gate the wrong way round",
            "{your} lets through what the ReLU stops, and stops what it lets through: hidden > 0.",
            _gated(lambda hidden: hidden <= 0, lambda hidden: hidden < 0),
        ),
        Slip(
            "the slope of another bend",
            "{your} has a slope other than 0 where the hidden sum is below 0, or one other than 1 "
            "above. A ReLU's slope is 0 or 1.",
            _gated(
                np.sign,
                lambda hidden: np.where(hidden > 0, 1.0, 0.01),
                lambda hidden: np.where(hidden > 0, 1.0, 0.1),
                lambda hidden: 0.25 / np.cosh(hidden / 2) ** 2,  # a sigmoid
            ),
        ),
        Slip(
            "the gate of something else",
            "{your} is gated by other numbers than the hidden sums: by the pixels, by weights, by "
            "the score or by the gradient itself. The ReLU stood at weight1 @ x.",
            (
                lambda x, w1, w2, label: (w1.T @ w2[label]) * (x > 0),
                lambda x, w1, w2, label: _RIGHT(x, w1, w2, label) * (x > 0),
                lambda x, w1, w2, label: w1.T @ np.maximum(w2[label], 0),
                lambda x, w1, w2, label: np.maximum(w1, 0).T @ w2[label],
                lambda x, w1, w2, label: _RIGHT(x, w1, w2, label) * (_scored(x, w1, w2)[label] > 0),
            ),
        ),
        Slip(
            "what is negative thrown away",
            "{your} has lost its negative numbers on the way back, as some methods for pictures "
            "do. The gradient keeps them: the ReLU looks at its input, not at what comes back.",
            (
                lambda x, w1, w2, label: np.maximum(_RIGHT(x, w1, w2, label), 0),
                lambda x, w1, w2, label: _RIGHT(x, w1, np.maximum(w2, 0), label),
            ),
        ),
        Slip(
            "gradient of all scores",
            "{your} is the gradient of the sum or the mean of all scores. One score is asked for: "
            "begin with row `label` of weight2.",
            _started(
                lambda scores, one: np.ones_like(one),
                lambda scores, one: np.full_like(one, 1 / len(one)),
            ),
        ),
        Slip(
            "a gradient for each score",
            "{your} has a row for each score. One is asked for: row `label` of weight2 alone.",
            (lambda x, w1, w2, label: w2 * (w1 @ x > 0) @ w1,),
        ),
        Slip(
            "the winner's score",
            "{your} is the gradient of the largest score. The score of `label` is asked for, "
            "whichever wins.",
            _started(lambda scores, one: np.eye(len(one))[scores.argmax()]),
        ),
        Slip(
            "through a softmax",
            "{your} is the gradient of a loss or of a probability: there is a softmax in it. "
            "Asked is the gradient of the score itself: begin with a 1 for `label`.",
            _started(
                lambda scores, one: softmax(scores)[0] - one,
                lambda scores, one: one - softmax(scores)[0],
                lambda scores, one: softmax(scores)[0] @ one * (one - softmax(scores)[0]),
            ),
        ),
        Slip(
            "less the other scores",
            "{your} is the gradient of a difference of scores. The others have no part in it.",
            _started(
                lambda scores, one: one - one.mean(),
                lambda scores, one: one - (1 - one),
                lambda scores, one: one - (1 - one) / max(len(one) - 1, 1),
            ),
        ),
        Slip(
            "gradient times pixel",
            "{your} is multiplied by the pixels. That says what a pixel adds to the score; the "
            "gradient says what changing it would do.",
            (lambda x, w1, w2, label: x * _RIGHT(x, w1, w2, label),),
        ),
        Slip(
            "size only",
            "{your} has lost its signs. They say whether brightening a pixel raises or lowers the "
            "score; take no absolute value here.",
            (
                lambda x, w1, w2, label: np.abs(_RIGHT(x, w1, w2, label)),
                lambda x, w1, w2, label: _RIGHT(x, w1, w2, label) ** 2,
            ),
        ),
        Slip(
            "scaled for a picture",
            "{your} is divided by its largest number or by its length. That is done to draw it; "
            "the gradient says how much the score changes.",
            (
                lambda x, w1, w2, label: _to(_RIGHT(x, w1, w2, label), np.inf),
                lambda x, w1, w2, label: _to(_RIGHT(x, w1, w2, label), 2),
            ),
        ),
    ),
    hints=(
        "Go back through three steps in reverse: the last product, the ReLU, the first product.",
        "The gradient of the score with respect to what the ReLU hands on is a row of weight2. The "
        "ReLU hands it back where its input is above 0.",
        "dhidden = weight2[label] * (weight1 @ x > 0); then each hidden unit hands back its row of "
        "weight1 times its dhidden, and these add.",
    ),
)
