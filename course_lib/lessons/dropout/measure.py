"""How the stored tables of 04_05_dropout are measured."""

from __future__ import annotations

from course_lib.lessons.dropout.nets import accuracies_without_one, accuracy_without, train

SHARES = (0.0, 0.2, 0.5)


def unit_by_unit(seed: int) -> dict[str, float]:
    """Accuracy with all units, and what the one unit costs that is missed most."""
    row = {}
    for p in SHARES:
        one = train(p, seed)
        whole = accuracy_without(one)
        row[f"p = {p:.1f}: accuracy"] = whole
        row[f"p = {p:.1f}: worst unit costs"] = whole - accuracies_without_one(one).min()
    return row


TABLES = {"04_05.unit_by_unit": unit_by_unit}
