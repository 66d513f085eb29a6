"""The predictions of 04_10_positional."""

from __future__ import annotations

from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.painting import Painting
from course_lib.lessons.positional.clocks import found_shift, smallest_distance
from course_lib.lessons.positional.dog_bites_man import ROUNDING, encoder, moved
from course_lib.lessons.positional.nets import LENGTH, LONGER, right_by_position, trained
from course_lib.record import Array

_PAIR = (3, 1)
_QUERY, _KEY = np.random.default_rng(0).normal(size=(2, 1, 8))
_PLACES = np.arange(5)


def _same_match(key: Array = _KEY, *, queries: Any = _PLACES, keys: Any = _PLACES) -> Array:
    """Which pairs match as the ringed one does, with the angles of these positions, (5, 5)."""
    one, other = (
        lib.rotary(np.repeat(vector, 5, axis=0), positions=np.asarray(places, float))[0]
        for vector, places in ((_QUERY, queries), (key, keys))
    )
    match = one @ other.T
    return np.isclose(match, match[_PAIR], atol=1e-9)


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_10.{word}", section="04_10_positional", **rest)


def _mean_moved() -> int:
    """0 if the mean of the outputs is the same for both sentences, 1 if it is not."""
    far = moved(np.array([2, 1, 0]), encoder(positions=False, causal=False))
    return int(far[-1] > ROUNDING)


def _without_positions() -> int:
    """Which third of the choices the accuracy is in."""
    return int(np.digitize(right_by_position(trained("none"), LENGTH).mean(), (0.16, 0.6)))


def _fastest() -> int:
    """The pair of columns that changes most from one position to the next."""
    steps = abs(np.diff(lib.sinusoidal_encoding(64, 8, dtype=np.float64), axis=0)).mean(axis=0)
    return int(steps.reshape(4, 2).sum(axis=1).argmax())


def _small_base() -> int:
    return int(np.sign(round(smallest_distance(16, 2.0) - smallest_distance(16, 10000.0), 9)))


def _matrices() -> int:
    """1 if one matrix does for all positions, else 2."""
    return 1 if found_shift(5, 10000, 8)[1] < 1e-9 else 2


def _weights() -> float:
    """How many times as many weights attention has at twice the width."""
    rng = np.random.default_rng(0)
    small, large = (
        sum(
            w.size
            for w in lib.MultiHeadAttention.init(n, 2, bias=False, rng=rng).parameters().values()
        )
        for n in (32, 64)
    )
    return large / small


def _beyond() -> int:
    right = right_by_position(trained("sinusoidal"), LONGER)[32:].mean()
    return int(np.digitize(right, (0.5, 0.9)))


PREDICTIONS = (
    _predict(
        "pooled",
        question="Without positions, attention's outputs for “dog bites man” are averaged into one "
        "vector, and those for “man bites dog” too. How far apart are the two vectors?",
        choices={"Not at all, but for rounding": 0, "Clearly apart": 1},
        answer=_mean_moved,
        explanation="Every word looks at the same other words, in whatever order, so each word's "
        "output is the same in both sentences, and so is their mean.",
        wrong={
            1: "Who bites whom is in the order, and nothing that the layer computes looks at it."
        },
    ),
    _predict(
        "without_positions",
        question="A net without positions is trained to say the token before each token. There "
        "are 8 tokens, so a blind guess is right 1 time in 8. How often is the net right?",
        choices={"1 time in 8": 0, "About 1 time in 4": 1, "Nearly always": 2},
        answer=_without_positions,
        explanation="It sees which tokens are there, not where. The best it can do is to say the "
        "one that is there most often, and that is right more often than a blind guess.",
        wrong={
            0: "It knows more than nothing: which tokens the sequence holds, and how often.",
            2: "The answer is a matter of order, and the net sees none.",
        },
    ),
    _predict(
        "fastest_hand",
        question="The sinusoidal code of a position has 8 numbers, in 4 pairs: 4 clocks. Which "
        "clock turns fastest from one position to the next?",
        choices={"The first": 0, "The last": 3},
        answer=_fastest,
        explanation="The first turns by 1 radian a position and each later one more slowly. "
        "Popular pages often draw it the other way, like the digits of a number.",
        wrong={3: "That is how we write numbers, with the fast digit last; here it is first."},
    ),
    _predict(
        "small_base",
        stands_alone=False,
        question="Now 16 numbers for each of 512 positions. The base goes from 10 000 down to 2, "
        "so that all clocks turn fast. Where do the two nearest codes end up?",
        choices={"Nearer to each other": -1, "Just as near": 0, "Further apart": 1},
        answer=_small_base,
        explanation="One reads that a small base makes positions alike. Slow clocks hardly tell "
        "neighbours apart; eight fast ones do, and they do not come back together at one place.",
        wrong={
            -1: "One clock would come round again soon; eight of different speeds do not.",
            0: "The slow clocks tell neighbours apart by very little, fast ones by much.",
        },
    ),
    _predict(
        "one_matrix",
        question="We want a matrix that turns the sinusoidal code of position p into that of "
        "p + 5. How many different ones do 507 positions need?",
        choices={"One for each": 2, "One for all": 1},
        answer=_matrices,
        explanation="Five positions further on every clock has turned by a fixed angle, wherever "
        "it stood before.",
        wrong={2: "A clock that moves on by 5 turns by the same angle wherever it starts."},
    ),
    _predict(
        "twice_as_wide",
        question="Vectors of 32 features get a code of 32 behind them instead of on top. How many "
        "times as many weights does the attention layer have then, biases left out?",
        answer=_weights,
        explanation="Its matrices are as wide as the vectors, and as high: 64 times 64 is four "
        "times 32 times 32.",
        wrong={
            2: "Twice as wide, but twice as high as well.",
            1: "The layer's matrices take and give vectors of 64 features now.",
        },
    ),
    _predict(
        "beyond",
        question="A net with the sinusoidal code learned from sequences of 16 tokens and makes no "
        "mistake. Its code is defined for every position. How often is it right at the positions "
        "32 to 63 of longer sequences?",
        choices={"Less than half the time": 0, "Most of the time": 1, "Nearly always": 2},
        answer=_beyond,
        explanation="The code is there, but the weights never met it: what they learned holds for "
        "the hands' places at the first 16 positions.",
        wrong={
            1: "Weights that fit 16 positions need not fit others, and these do not.",
            2: "That the code has a value there does not mean that the net knows what to do with "
            "it.",
        },
    ),
    Painting(
        name="04_10.same_match",
        section="04_10_positional",
        question="The same query stands at the positions 0 to 4, and so does the same key, both "
        "turned by the rotary code. Which pairs, the ringed one among them, match just as it does?",
        grid=Grid(
            "match",
            np.full((5, 5), ""),
            rows=tuple(f"query {i}" for i in range(5)),
            columns=tuple(f"key {i}" for i in range(5)),
            ringed=(_PAIR,),
        ),
        answer=_same_match,
        explanation="Both vectors turn on by the same angle when both move on, so all pairs whose "
        "query stands two positions after the key match alike.",
        wrong={
            lambda: _same_match(_QUERY): "You also painted the pairs whose query stands two "
            "positions before the key. The distance has a sign: -2 turns the other way. (They "
            "would match alike if query and key were one vector.)",
            lambda: _same_match(keys=np.zeros(5)): "You painted the query's row. So it would be "
            "if the keys were not turned.",
            lambda: _same_match(queries=np.zeros(5)): "You painted the key's column. So it would "
            "be if the queries were not turned.",
            lambda: _same_match(keys=-_PLACES): "You painted the pairs whose positions have the "
            "same sum. So it would be if keys turned the other way round than queries.",
            lambda: _same_match(queries=np.zeros(5), keys=np.zeros(5)): "You painted all pairs. "
            "So it is without a code: every position looks like every other.",
        },
    ),
)
