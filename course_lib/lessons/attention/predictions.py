"""The predictions of 04_08_attention."""

from __future__ import annotations

from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.painting import Painting
from course_lib.lessons.attention.heads_at_work import history
from course_lib.lessons.attention.how_far import signal_of_untrained
from course_lib.lessons.attention.nets import MIXERS
from course_lib.lessons.attention.root import DIMENSIONS, curves
from course_lib.lessons.attention.soft_hash_map import KEYS, QUERY, look_up
from course_lib.record import Array


def _attended(**options: Any) -> Array:
    """Which keys get a weight from which of four queries, (4, 4)."""
    return lib.attention_weights(np.zeros((4, 2)), np.zeros((4, 2)), **options) > 0


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_08.{word}", section="04_08_attention", **rest)


def _nearest(value: float, choices: tuple[float, ...]) -> float:
    return min(choices, key=lambda choice: abs(choice - value))


def _share() -> float:
    return _nearest(look_up(QUERY, KEYS, 1.0)[0], (1 / 3, 0.8, 1.0))


def _largest_output() -> float:
    """The largest of many outputs, of queries and keys that are drawn far apart."""
    rng = np.random.default_rng(0)
    value = np.array([[1.0], [2.0], [4.0]])
    tries = rng.normal(scale=9, size=(200, 3, 2)), rng.normal(scale=9, size=(200, 3, 2))
    y, _ = lib.scaled_dot_product_attention(*tries, np.broadcast_to(value, (200, 3, 1)).copy())
    return float(y.max().round(3))


def _moved() -> int:
    """How many of five causal outputs move when the last token's key and value change."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 2))
    other = x.copy()
    other[4] += 1
    y, _ = lib.scaled_dot_product_attention(x, x, x, causal=True)
    z, _ = lib.scaled_dot_product_attention(other, other, other, causal=True)
    return int((np.abs(y - z).max(axis=1) > 0).sum())


def _slopes(dimension: int) -> str:
    """Whether the softmax's slopes are longer with the root or without."""
    without, with_root = curves(1.0)[3].T[list(DIMENSIONS).index(dimension)]
    return "without" if without > with_root else "with"


def _largest_weight() -> float:
    return _nearest(curves(1.0)[2][0][list(DIMENSIONS).index(256)], (0.03, 0.2, 0.9))


def _parameters(heads: int) -> int:
    layer = lib.MultiHeadAttention.init(16, heads, rng=np.random.default_rng(0))
    return sum(p.size for p in layer.parameters().values())


def _one_head() -> float:
    return _nearest(history("one head")[1][-1], (1 / 8, 0.6, 1.0))


def _farthest() -> str:
    return max(MIXERS, key=lambda kind: signal_of_untrained(kind, 32, 4)[-1])


PREDICTIONS = (
    _predict(
        "soft_get",
        question="Three keys match a query with the scores 2.08, 0 and 0. What share of 1 does the "
        "first get, if shares are exp(score), divided by their sum?",
        choices={"A third": 1 / 3, "About 80%": 0.8, "All of it": 1.0},
        answer=_share,
        explanation="exp(2.08) is 8 and exp(0) is 1, so the shares are 8, 1 and 1 of 10.",
        wrong={
            1 / 3: "That would need three equal scores.",
            1.0: "The other two have a score of 0, and exp(0) is 1, not 0.",
        },
    ),
    _predict(
        "largest_output",
        question="Three values are the numbers 1, 2 and 4. Query and keys may be anything. How "
        "large can an output of attention be at most?",
        choices={"4": 4.0, "7, their sum": 7.0, "As large as you like": np.inf},
        answer=_largest_output,
        explanation="The weights are positive and sum to 1, so the output is a mixture: never "
        "above the largest value, never below the smallest.",
        wrong={
            7.0: "For that every value would need the weight 1, and all weights together are 1.",
            np.inf: "Scores may be as large as you like; softmax makes shares of 1 of them.",
        },
    ),
    Painting(
        name="04_08.causal",
        section="04_08_attention",
        question="Four tokens attend to each other causally, and their scores are all equal. Which "
        "keys get a weight that is not 0, and from which query?",
        grid=Grid(
            "attention map",
            np.full((4, 4), ""),
            rows=tuple(f"query {i}" for i in range(4)),
            columns=tuple(f"key {i}" for i in range(4)),
        ),
        answer=lambda: _attended(causal=True),
        explanation="Query t sees the keys 0 to t: itself and what came before. Row by row there "
        "is one key more.",
        wrong={
            lambda: _attended(mask=np.tri(4, dtype=bool).T): "These are the keys from the query's "
            "own on: the future. Either rows and columns are exchanged, or the mask is turned "
            "round.",
            lambda: _attended(mask=np.tri(4, k=-1, dtype=bool)): "The diagonal is left out. A "
            "query sees its own key too; without it, query 0 would see nothing at all.",
            lambda: _attended(mask=np.eye(4, dtype=bool)): "Here every token sees itself alone, "
            "and nothing is ever carried from one to the next.",
            lambda: _attended(mask=np.tri(4, k=1, dtype=bool)): "Every query sees one key too "
            "many, the next: just the token that is to be guessed.",
            _attended: "This is attention without a mask: the first query sees the last token.",
        },
    ),
    _predict(
        "last_token",
        question="Five tokens, each attending to itself and to those before it. The last token is "
        "replaced. How many of the five outputs change?",
        answer=_moved,
        explanation="Only the last query sees the last token. To the others it is hidden.",
        wrong={
            5: "That is so without the mask, where everybody sees everybody.",
            4: "The other way round: the first four do not see the last token.",
            0: "The last query sees its own position, so its output changes.",
        },
    ),
    _predict(
        "large_scores",
        question="Queries and keys of 256 random numbers (mean 0, variance 1), 32 keys, no "
        "division by a root. How large is the largest of a query's 32 weights, on average?",
        choices={"About 0.03": 0.03, "About 0.2": 0.2, "About 0.9": 0.9},
        answer=_largest_weight,
        explanation="A score is a sum of 256 products, so scores spread by about 16, and exp of a "
        "difference of several units leaves one key nearly everything.",
        wrong={
            0.03: "That is 1 / 32, what equal scores would give.",
            0.2: "That is about what it is with the division by the root.",
        },
    ),
    _predict(
        "small_scores",
        stands_alone=False,
        question="And with 8 numbers per query and key: is the softmax's slope longer with the "
        "division by the root of 8, or without it?",
        choices={"Longer with the division": "with", "Longer without it": "without"},
        answer=lambda: _slopes(8),
        explanation="At 8 numbers the scores spread by about 3 without the division, which is not "
        "yet too much for a softmax: its slopes are even a little longer. The root pays where d "
        "is large.",
        wrong={"with": "That holds from about 32 numbers on; here the softmax is not full yet."},
    ),
    _predict(
        "parameters",
        question="An attention layer of 16 features has one head. How many parameters has one "
        "with four heads, compared with it?",
        choices={"A quarter": 0.25, "As many": 1.0, "Four times as many": 4.0},
        answer=lambda: _parameters(4) / _parameters(1),
        explanation="Each head reads 4 of the 16 features: the same numbers, cut into chunks.",
        wrong={
            0.25: "Each head is a quarter as large, and there are four.",
            4.0: "So it would be if each head read all 16 features; each reads 4.",
        },
    ),
    _predict(
        "one_head",
        question="Each of 12 positions must say which of 8 tokens stands 1 back and which stands "
        "3 back. An attention with one head is trained on it. How many answers are right?",
        choices={"1 in 8, as by chance": 1 / 8, "About 6 in 10": 0.6, "All": 1.0},
        answer=_one_head,
        explanation="One head can look at both places and mix what it finds, but then it can "
        "rarely tell which of the two stood where.",
        wrong={
            1 / 8: "It does learn to look there; it finds both tokens, mixed.",
            1.0: "It has one row of weights for each position, and two places to look at.",
        },
    ),
    _predict(
        "farthest",
        question="Four untrained layers read 32 positions. In which does the last output move "
        "most when the first input moves?",
        choices={
            "Four convolutions of three positions": "convolution",
            "A recurrent layer, RNN": "RNN",
            "A recurrent layer with gates, GRU": "GRU",
            "Attention": "attention",
        },
        answer=_farthest,
        explanation="Attention reaches every position in one step, however far.",
        wrong={
            "convolution": "Four convolutions reach 4 positions back, and not one further.",
            "RNN": "It carries a state through 31 steps, and each lets a part of it go.",
            "GRU": "Its gates keep more than the plain RNN's state, but less at every step.",
        },
    ),
)
