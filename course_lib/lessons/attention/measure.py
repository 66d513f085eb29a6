"""How the stored tables of 04_08_attention are measured."""

from __future__ import annotations

import numpy as np

from course_lib.lessons.attention.nets import (
    MIXERS,
    NETS,
    circles,
    learn_two_look_ups,
    reporter,
    right,
    sequences,
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
    """How many of the two look-ups are right, over all positions."""
    examples = circles(np.random.default_rng(99), 500)
    return {name: right(learn_two_look_ups(name, seed)[-1], *examples) for name in NETS}


TABLES = {
    "04_08.first_token": first_token,
    "04_08.one_head_or_two": one_head_or_two,
}
