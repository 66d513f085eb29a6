"""How the stored table of 04_13_capstone_text is measured."""

from __future__ import annotations

from course_lib.lessons.capstone_text.nets import likeliest, right, train, train_bag


def words(seed: int) -> dict[str, float]:
    """Answers of six letters that are wholly right, of 500 new words."""
    return {
        "reverse": right(train("reverse", seed)[0], "reverse")[0],
        "reverse, no positions": right(train("reverse", seed, positions=False)[0], "reverse")[0],
        "reverse from the bag": right(train_bag("reverse", seed), "reverse", likeliest)[0],
        "sort from the bag": right(train_bag("sort", seed), "sort", likeliest)[0],
    }


TABLES = {"04_13.words": words}
