"""The predictions of 04_06_normalization."""

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
from course_lib.record import Array

_TOUCHED = (2, 1)


def _moves(norm: Any) -> Array:
    """Which of 4 × 6 outputs move when one input does."""
    x = np.random.default_rng(0).normal(size=(4, 6))
    changed = x.copy()
    changed[_TOUCHED] += 1
    return np.abs(norm(changed) - norm(x)) > 1e-9


def _groups(x: Array, order: Sequence[int] = (0, 1, 2, 3, 4, 5)) -> Array:
    """GroupNorm with two groups, made of the features in another order."""
    y = np.empty_like(x)
    y[:, order] = lib.GroupNorm.init(2, 6, dtype=np.float64)(x[:, order])
    return y


def _groups_of_all_examples(x: Array) -> Array:
    return lib.batch_norm(x.reshape(4, 2, 3))[0].reshape(x.shape)


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_06.{word}", section="04_06_normalization", **rest)


def _moved(norm: Any) -> int:
    """How many of 6 × 4 outputs move when one input does."""
    x = np.random.default_rng(0).normal(size=(6, 4))
    changed = x.copy()
    changed[2, 1] += 1
    return int((np.abs(norm(changed)[0] - norm(x)[0]) > 1e-9).sum())


def _of_one_thousandfold() -> int:
    x = np.random.default_rng(0).normal(size=(6, 4))
    y, again = lib.batch_norm(x)[0], lib.batch_norm(1000 * x + 5)[0]
    return 1 if np.allclose(y, again, atol=1e-3) else 1000


def _sum_of_dx() -> float:
    rng = np.random.default_rng(0)
    _, backward = lib.layer_norm(rng.normal(size=(1, 5)))
    return round(abs(float(backward(rng.normal(size=(1, 5)))[0].sum())), 6)


def _for_one_example() -> int:
    layer = lib.BatchNorm1d.init(2, dtype=np.float64)
    layer(np.random.default_rng(0).normal(4, 2, (32, 2)))
    one, kept = np.ones((1, 2)), layer.statistics
    averaged = (one - kept.mean) / np.sqrt(kept.var + layer.eps)
    return 2 if np.allclose(layer.for_evaluation()(one), averaged) else 1


def _table(name: str) -> Any:
    return read(Path(__file__).parent)[f"04_06.{name}"]


def _after_the_last_three() -> int:
    table = _table("last_three")
    whole, spoiled = (
        table[f"{name}: accuracy"].mean() for name in ("even batches", "last batch of 3")
    )
    return 1 if whole - spoiled < 0.02 else 2 if whole - spoiled < 0.1 else 3


def _shaken() -> int:
    table = _table("shaken")
    loss = table["none: accuracy"].mean() - table["shaken BatchNorm: accuracy"].mean()
    return 1 if loss > 0.1 else 2


PREDICTIONS = (
    _predict(
        "column",
        question="BatchNorm, in training, is given 6 examples of 4 features. One number is "
        "changed. How many of the 24 outputs move?",
        answer=lambda: _moved(lib.batch_norm),
        explanation="The number moves the mean and the variance of its feature, and all six "
        "examples are measured by these. What is computed for one example depends on the others.",
        wrong={
            1: "Only if the output depended on its own input alone. Mean and variance come from "
            "the whole column.",
            4: "Those are the example's features: LayerNorm moves them.",
            24: "Each feature has statistics of its own; the other three columns stay.",
        },
    ),
    _predict(
        "row",
        stands_alone=False,
        question="LayerNorm is given the same 6 examples of 4 features, and one number is "
        "changed. How many outputs move?",
        answer=lambda: _moved(lib.layer_norm),
        explanation="A row is measured by its own mean and variance. The other five examples "
        "never hear of it.",
        wrong={
            1: "The number moves its row's mean and variance, so the whole row moves.",
            6: "Those are the feature's examples: BatchNorm moves them.",
        },
    ),
    Painting(
        name="04_06.group",
        section="04_06_normalization",
        question="GroupNorm with 2 groups is given 4 examples of 6 features, and the input at the "
        "ringed place is changed. Which outputs move?",
        grid=Grid("output", np.full((4, 6), ""), ringed=(_TOUCHED,)),
        answer=lambda: _moves(_groups),
        explanation="Two groups of 6 features are features 0 to 2 and features 3 to 5. A group of "
        "one example is measured by its own mean and variance.",
        wrong={
            lambda: _moves(lambda x: lib.batch_norm(x)[0]): "You painted the column: that is "
            "BatchNorm, in training.",
            lambda: _moves(lambda x: lib.layer_norm(x)[0]): "You painted the row: that is "
            "LayerNorm, or GroupNorm with one group.",
            lambda: _moves(
                lib.BatchNorm1d.init(6, dtype=np.float64).for_evaluation()
            ): "You painted the number's own output: that is BatchNorm in evaluation, which "
            "measures by averages kept from training.",
            lambda: _moves(_groups_of_all_examples): "You painted the group in all examples. As "
            "in LayerNorm, the other examples never hear of the change.",
            lambda: _moves(lambda x: _groups(x, [0, 2, 4, 1, 3, 5])): "You put every second "
            "feature into a group. A group's features lie side by side.",
            lambda: np.ones(
                (4, 6), bool
            ): "You painted every output. Then the layer would have one "
            "mean for the whole batch; each group of each example has its own.",
        },
    ),
    _predict(
        "thousand",
        question="What BatchNorm is given is multiplied by 1000, and 5 is added. By about what "
        "factor does its output grow?",
        answer=_of_one_thousandfold,
        explanation="Mean and standard deviation grow along, and both are taken out again. A "
        "factor of 1 means: nothing has changed.",
        wrong={1000: "The standard deviation grows by 1000 too, and the output is divided by it."},
    ),
    _predict(
        "one_example",
        question="A net with BatchNorm was trained, and now it is asked about a single digit. What "
        "measures that digit?",
        choices={
            "Its own mean and variance": 1,
            "Averages kept from training": 2,
            "Nothing: it has to come in a batch": 3,
        },
        answer=_for_one_example,
        explanation="In training the layer keeps a running mean and variance, and in evaluation "
        "it uses them: a fixed scale and shift, for one digit or a thousand.",
        wrong={
            1: "One number per feature has no spread: its variance would be 0.",
            3: "That would be so in training. Evaluation uses averages kept from training.",
        },
    ),
    _predict(
        "last_three",
        question="1347 digits are cut into batches of 64, and 3 are left for the last one. What "
        "does that last batch do to the accuracy of a net with BatchNorm, against even batches?",
        choices={
            "Next to nothing": 1,
            "It costs a few percent": 2,
            "It costs more than ten percent": 3,
        },
        answer=_after_the_last_three,
        explanation="In training BatchNorm measures by the batch alone. The mean and the variance "
        "of three digits are mostly chance, and so is the step that is computed with them.",
        wrong={
            1: "Three digits in 1347 are few, but the step they make is taken whole.",
            2: "It is worse: the mean and the variance of three digits are mostly chance.",
        },
    ),
    _predict(
        "row_sum",
        question="dx of a LayerNorm, for any dy: what do the numbers of one row sum to?",
        answer=_sum_of_dx,
        explanation="Adding the same number to a whole row changes no output. So the loss does not "
        "change either, and the gradients of the row sum to 0.",
        wrong={1: "Shift the whole row a little: which outputs would move?"},
        tolerance=1e-6,
    ),
    _predict(
        "shaken",
        question="Behind each BatchNorm every feature is stretched and shifted at random, anew at "
        "each step: the next layer's input jumps about more than without any norm. What becomes of "
        "the training?",
        choices={"It reads far fewer digits than the plain net": 1, "It trains all the same": 2},
        answer=_shaken,
        explanation="If a moving input were what makes training hard, this net should fail. It "
        "does not, so holding the input still cannot be all that BatchNorm does.",
        wrong={1: "That is what the story of the moving target says, and why it is not enough."},
    ),
)
