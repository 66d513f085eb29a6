"""How the stored table of 04_13_capstone_text is measured."""

from __future__ import annotations

from course_lib.lessons.capstone_text.characters import (
    Text,
    library_text,
    net_nats,
    ngram_nats,
    training,
)
from course_lib.lessons.capstone_text.nets import likeliest, right, train, train_bag


def words(seed: int) -> dict[str, float]:
    """Answers of six letters that are wholly right, of 500 new words."""
    return {
        "reverse": right(train("reverse", seed)[0], "reverse")[0],
        "reverse, no positions": right(train("reverse", seed, positions=False)[0], "reverse")[0],
        "reverse from the bag": right(train_bag("reverse", seed), "reverse", likeliest)[0],
        "sort from the bag": right(train_bag("sort", seed), "sort", likeliest)[0],
    }


def characters(seed: int) -> dict[str, float]:
    """Nats per held-out character of the library's text (it follows Python's version)."""
    text = Text.of(library_text())
    nats = [net_nats(net, text) for net in training(text, seed, progress=False)]
    thirds = {f"net, part {part}": value for part, value in enumerate(nats, 1)}
    return {**thirds, **{f"counts of {n}": ngram_nats(text, n) for n in (3, 4, 5)}}


TABLES = {"04_13.words": words, "04_13.characters": characters}
