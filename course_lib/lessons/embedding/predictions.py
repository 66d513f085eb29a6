"""The predictions of 04_09_embedding."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.painting import Painting
from course_lib.lessons.embedding.nets import (
    agreement,
    followed,
    rows_of,
    train_grey,
    train_months,
    trained_months,
    with_rows,
)
from course_lib.record import Array

_TOKENS = np.array([0, 1, 2, 0, 3])
_DY = np.array([[1.0, 0.0], [0.2, 0.5], [0.0, -1.0], [0.3, 2.0], [0.1, 0.1]])


def _not_zero(tokens: Array = _TOKENS, dy: Array = _DY) -> Array:
    """Where the gradient of a table of five rows is not 0, (5, 2)."""
    _, backward = lib.Embedding(np.zeros((5, 2))).forward(tokens)
    return backward(dy)[1].weight != 0


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_09.{word}", section="04_09_embedding", **rest)


def _shape() -> str:
    y = lib.Embedding(np.zeros((10, 4)))(np.zeros((2, 3), int))
    return str(y.shape)


def _megabytes() -> float:
    return np.zeros((512, 20_000), np.float32).nbytes / 1e6


def _three_times() -> float:
    _, backward = lib.Embedding(np.zeros((4, 1))).forward(np.array([2, 0, 2, 2]))
    return backward(np.ones((4, 1)))[1].weight[2, 0].item()


def _fancy() -> float:
    grad = np.zeros(4)
    grad[[2, 0, 2, 2]] += 1
    return grad[2].item()


def step_twice(optimizer: type[lib.SGD] | type[lib.Adam]) -> Array:
    """A table of two rows, (3, 2): as it starts, after a step with row 0, after one with row 1."""
    table = lib.Embedding(np.zeros((2, 1)))
    state: Any = optimizer.init(table, learning_rate=0.1)
    tables = [table.weight[:, 0]]
    for token in (0, 1):
        _, backward = table.forward(np.array([token]))
        _, grad = backward(np.ones((1, 1)))
        table, state = state.step(table, grad)
        tables.append(table.weight[:, 0])
    return np.array(tables)


def _moves_on() -> str:
    _, after_first, after_second = step_twice(lib.Adam)[:, 0]
    if after_second == after_first:
        return "stays"
    return "moves on" if after_second < after_first < 0 else "back"


@cache
def _ring() -> str:
    return "ring" if followed(rows_of(trained_months())) == 12 else "scattered"


@cache
def _thirteenth() -> str:
    rows = rows_of(trained_months()).copy()
    rows[12] = 3.0
    after = rows_of(train_months(with_rows(trained_months(), rows)))[12]
    return "stays" if np.array_equal(after, rows[12]) else "moves"


@cache
def _grey() -> str:
    rows, _ = train_grey(2)
    if np.ptp(rows) < 1e-6:
        return "equal"
    return "ordered" if agreement(rows) > 0.9 else "mixed"


PREDICTIONS = (
    _predict(
        "shape",
        question="The table has ten rows of four numbers. Two sentences of three tokens go in, as "
        "an array of shape (2, 3). What shape comes out?",
        choices={"(2, 3, 4)": "(2, 3, 4)", "(2, 3, 10)": "(2, 3, 10)", "(6, 4)": "(6, 4)"},
        answer=_shape,
        explanation="Each of the 2 × 3 tokens is replaced by its row, and a row has four numbers: "
        "one more axis, at the end.",
        wrong={
            "(2, 3, 10)": "Ten is the number of rows to choose from; what comes out is one row.",
            "(6, 4)": "Six rows of four come out, but the axes of the tokens stay as they were.",
        },
    ),
    _predict(
        "one_hot_size",
        question="512 tokens, 20,000 words in the vocabulary, rows of 64 numbers; each number "
        "takes four bytes. The rows that come out take 0.13 MB. How many MB do the one-hot rows of "
        "these tokens take?",
        choices={"About 0.04": 0.04, "About 0.13": 0.13, "About 41": 41.0},
        answer=lambda: float(round(_megabytes())),
        explanation="512 × 20,000 numbers of four bytes are 41 million bytes, to say 512 whole "
        "numbers. All but one number in 20,000 are 0.",
        wrong={
            0.04: "0.04 MB would be 20 numbers for each token; a one-hot row has 20,000.",
            0.13: "That is 64 numbers for each token; a one-hot row has 20,000.",
        },
    ),
    _predict(
        "three_times",
        question="The tokens are 2, 0, 2, 2, and at each of the four rows that come out the "
        "gradient is 1. What is the gradient of row 2 of the table?",
        answer=_three_times,
        explanation="The row was used three times. When it rises by a little, three outputs rise, "
        "and the loss rises by the sum of what each of them does to it.",
        wrong={
            1: "1 is what one use gives. The row was used three times, and all three count.",
            0.25: "A quarter would be a mean over tokens. If a loss is a mean, the gradients that "
            "come back hold its division already.",
            4: "Four tokens, but one of them is token 0, which uses another row.",
        },
        tolerance=1e-9,
    ),
    Painting(
        name="04_09.table_gradient",
        section="04_09_embedding",
        question="“the dog sees the cat” goes in, and at its five rows the gradient is dy. Which "
        "numbers of the table get a gradient that is not 0?",
        given=Grid("dy", _DY, rows=("the", "dog", "sees", "the", "cat")),
        grid=Grid("table", np.full((5, 2), ""), rows=("the", "dog", "sees", "cat", "fish")),
        answer=_not_zero,
        explanation="Each word's row adds up what dy has for it, number by number. “the” gets 2.0 "
        "from its second place; the first number of “sees” gets 0; “fish” does not occur.",
        wrong={
            lambda: _not_zero(_TOKENS[[0, 1, 2, 4]], _DY[[0, 1, 2, 4]]): "You looked at the first "
            "“the” alone. It stands twice, and both places count.",
            lambda: _not_zero(np.arange(5)): "You painted dy as it stands, place by place. A "
            "gradient goes to the row of its word, and the fourth place is “the” again.",
            lambda: _not_zero(dy=np.ones((5, 2))): "You painted whole rows. Where dy is 0, a "
            "number of a row gets 0, though the word occurs.",
            lambda: np.ones((5, 2), bool): "You painted the whole table. “fish” does not occur "
            "in the sentence, so no output depends on its row.",
        },
    ),
    _predict(
        "fancy",
        question="In NumPy: grad = np.zeros(4), then grad[[2, 0, 2, 2]] += 1. What is grad[2]?",
        answer=_fancy,
        explanation="NumPy reads grad[[2, 0, 2, 2]] once, four zeros, adds 1 to each, and writes "
        "four ones back. Three of them go to the same place.",
        wrong={
            3: "3 is what a loop over the tokens gives, and what we want. This line reads all "
            "four places before it writes any.",
            2: "2 is the index. grad began as zeros.",
        },
        tolerance=1e-9,
    ),
    _predict(
        "adam",
        question="Adam takes two steps. In the first, token 0 is used and its row moves. In the "
        "second, only token 1 is used. What does row 0 do in the second step?",
        choices={"It stays": "stays", "It moves on": "moves on", "It goes back": "back"},
        answer=_moves_on,
        explanation="Its gradient is 0, but Adam steps by a running mean of gradients, in which "
        "the first step lives on. No gradient does not mean no motion.",
        wrong={
            "stays": "That is what plain gradient descent does. Adam keeps a memory for each row.",
            "back": "Nothing pulls it back: its gradient is 0 now, and was downhill before.",
        },
    ),
    _predict(
        "months",
        question="Twelve rows of two numbers start at random. The net is shown only pairs such as "
        "(Jan, Feb) and (Jan, Nov), months at most two apart, and learns to guess the second from "
        "the first. Drawn as points, what do the rows become?",
        choices={
            "Scattered, no order": "scattered",
            "A line from January to December": "line",
            "A ring in calendar order": "ring",
        },
        answer=_ring,
        explanation="Months that are followed by the same months get nearly the same gradients, so "
        "their rows come to lie close together. December is next to January, and a line would "
        "tear those two apart.",
        wrong={
            "scattered": "Scattered rows guess badly: rows that are close give nearly the same "
            "scores, and neighbours need nearly the same.",
            "line": "December and January are neighbours too, and a line has them at its two ends.",
        },
    ),
    _predict(
        "thirteenth",
        stands_alone=False,
        question="The table has a 13th row, for a word that never occurs. We put it far outside "
        "the ring and train a hundred steps more. Where does it go?",
        choices={"It joins the ring": "moves", "It stays where we put it": "stays"},
        answer=_thirteenth,
        explanation="No token picks it, so its gradient is 0 at every step. What a word means is "
        "learned from where it stands, and this one stands nowhere.",
        wrong={
            "moves": "A row moves when one of its tokens is in the data. This one has none.",
        },
    ),
    _predict(
        "grey",
        question="A pixel has one of 17 levels of grey, 0 to 16. Each level gets a row of one "
        "number, 0 for all of them at first, and the net is never told that level 9 lies between 8 "
        "and 10. What will the 17 numbers be after training on digits?",
        choices={
            "All still equal": "equal",
            "Different, in no order": "mixed",
            "Nearly in order of brightness": "ordered",
        },
        answer=_grey,
        explanation="Levels that are used alike get gradients that are alike. In four of five runs "
        "that puts them nearly in order.",
        wrong={
            "equal": "Each level stands at other pixels of other digits, so each gets a gradient "
            "of its own.",
            "mixed": "Pixels of level 8 and 9 stand at the same places of the same digits, so "
            "their gradients are alike, and so are their rows.",
        },
    ),
)
