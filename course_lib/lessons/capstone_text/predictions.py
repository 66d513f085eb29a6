"""The predictions of 04_13_capstone_text."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from course_lib.engine.exercise import Prediction
from course_lib.lessons.capstone_text.blindfold import (
    LENGTH,
    SIZE,
    blindfolded,
    letters_right,
    spare,
)
from course_lib.lessons.capstone_text.nets import LETTERS, likeliest, right, train_bag


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_13.{word}", section="04_13_capstone_text", **rest)


@cache
def _from_the_bag() -> int:
    """1 if sorting alone can be done from a bag, 2 if both can, 0 if neither can."""
    sort, reverse = (right(train_bag(t), t, likeliest)[0] for t in ("sort", "reverse"))
    return int(sort > 0.9) + int(reverse > 0.9)


def _cells() -> int:
    return int((np.tri(SIZE, dtype=bool) & ~spare()).sum())


def _broken() -> int:
    """How many of the six places break when the third one may not look at its letter."""
    forbidden = np.zeros((SIZE, SIZE), bool)
    forbidden[LENGTH + 2, LENGTH - 3] = True
    words = np.random.default_rng(8).integers(len(LETTERS), size=(200, LENGTH))
    return int((letters_right(blindfolded(forbidden), words).mean(axis=0) < 0.9).sum())


def _know_nothing() -> float:
    return float(np.log(len(LETTERS)))


def _hot() -> int:
    """Which third the likeliest of three tokens gets at a very high temperature."""
    weights = np.exp(np.array([2.0, 1.0, 0.0]) / 1000)
    return int(np.digitize(weights[0] / weights.sum(), (0.4, 0.9)))


PREDICTIONS = (
    _predict(
        "know_nothing",
        question="Ten letters, each as likely as any other. How many nats is the surprise at the "
        "next letter for a net that knows nothing?",
        answer=_know_nothing,
        tolerance=0.05,
        explanation="It gives every letter the probability 1/10, and -log(1/10) is log 10, in nats "
        "2.30.",
        wrong={
            1: "That is the surprise in tens; nats take the natural logarithm.",
            0.1: "That is the probability; the surprise is minus its logarithm.",
        },
    ),
    _predict(
        "from_the_bag",
        stands_alone=False,
        question="A net sees the letters of a word without their order. Which of the two tasks can "
        "it learn?",
        choices={"Neither": 0, "Sorting only": 1, "Sorting and reversing": 2},
        answer=_from_the_bag,
        explanation="The sorted word is the same for every order of its letters, so the bag says "
        "all there is to say. The reversed word is not.",
        wrong={
            0: "“Sort” sounds like order, and needs none of the word's own.",
            2: "“abc” and “cab” are one bag, and their answers differ.",
        },
    ),
    _predict(
        "one_cell",
        stands_alone=False,
        question="The net has learned to reverse six letters. We forbid the cell through which its "
        "third answer looks at the fourth letter. How many of the six answers break?",
        answer=_broken,
        explanation="The other places look elsewhere, and each is told the right letters before "
        "it.",
        wrong={
            6: "Each answer has a row of its own, and five rows are as they were.",
            4: "Later answers would suffer if the net had to read its own mistakes; here each is "
            "given the right letters before it.",
            0: "No other cell holds that letter: one block has one look.",
        },
    ),
    _predict(
        "cells",
        stands_alone=False,
        question="The map has 78 cells that a causal mask leaves open. How many must stay open for "
        "all six answers to be right?",
        answer=_cells,
        explanation="One for each answer: the place of the letter that is due.",
        wrong={
            78: "Most cells have a weight near 0, and what is not looked at is not missed.",
            12: "The rows of the word itself are asked for nothing.",
            36: "Each answer needs one letter of the word, not all six.",
        },
    ),
    _predict(
        "hot",
        question="Three tokens have the scores 2, 1 and 0. At a temperature of 1000, how often is "
        "the first one chosen?",
        choices={"About 1 time in 3": 0, "About 2 times in 3": 1, "Nearly always": 2},
        answer=_hot,
        explanation="Divided by 1000 the scores are all but equal. A high temperature makes a net "
        "forget what it learned; a low one makes it repeat itself.",
        wrong={
            1: "That is the temperature 1, the net's own opinion.",
            2: "That is a temperature near 0: the likeliest wins.",
        },
    ),
)
