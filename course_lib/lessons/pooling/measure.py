"""How the stored table of 04_04_pooling is measured."""

from __future__ import annotations

from course_lib.lessons.pooling.moves import POOLS, read_when_moved


def moved_digits(seed: int) -> dict[str, float]:
    """Accuracy of two nets that pool twice, on digits moved by 0 to 3 pixels."""
    return {
        f"{kind} pooling, moved by {right}": accuracy
        for kind in POOLS
        for right, accuracy in enumerate(read_when_moved(kind, seed))
    }


TABLES = {"04_04.moved_digits": moved_digits}
