"""How the stored tables of 04_08_attention are measured."""

from __future__ import annotations

import numpy as np

from course_lib.lessons.attention.nets import (
    MIXERS,
    circles,
    reporter,
    right,
    sequences,
    train,
    two_look_ups,
)


def first_token(seed: int) -> dict[str, float]:
    """How often the first token is reported rightly at the end of short and of longer sequences."""
    row = {}
    for length in (4, 12):
        examples = sequences(np.random.default_rng(99), 1000, length)
        for kind in MIXERS:
            row[f"{kind}, {length} tokens"] = right(reporter(kind, seed, length=length), *examples)
    return row


def one_head_or_two(seed: int) -> dict[str, float]:
    """How many of the two look-ups are right at all positions."""
    nets = {
        "one head, 16 features": (two_look_ups(1, seed), 400),
        "two heads, 16 features": (two_look_ups(2, seed), 200),
        "four heads, 16 features": (two_look_ups(4, seed), 200),
        "one head, 32 features, a hidden layer": (two_look_ups(1, seed, width=32, hidden=64), 400),
    }
    examples = circles(np.random.default_rng(99), 500)
    return {name: right(train(*net, circles, steps), *examples) for name, (net, steps) in nets.items()}


TABLES = {
    "04_08.first_token": first_token,
    "04_08.one_head_or_two": one_head_or_two,
}
