"""How the stored tables of 04_09_embedding are measured."""

from __future__ import annotations

import numpy as np

from course_lib.layer import Layer
from course_lib.lessons.embedding.nets import (
    STEPS,
    agreement,
    followed,
    month_net,
    month_pairs,
    month_step,
    rows_of,
    train_grey,
    train_months,
    with_rows,
)


def steps_until_in_order(net: Layer, most: int = 200) -> int:
    """Steps until every month is followed by the next one, going round."""
    for step in range(most):
        if followed(rows_of(net)) == 12:
            return step
        net, _ = month_step(net, month_pairs())
    return most


def twelve_months(seed: int) -> dict[str, float]:
    """Whether the ring comes, and what comes back to it."""
    start = month_net(seed)
    net = train_months(start)
    rows = rows_of(net)
    back = []
    for month in range(12):
        moved = rows.copy()
        moved[month] = -rows[month]
        back.append(steps_until_in_order(with_rows(net, moved)))
    away = rows.copy()
    away[12] = -3.0, 3.0
    return {
        "steps until in order": steps_until_in_order(start),
        f"months followed by the next after {STEPS}": followed(rows),
        "dragged across, steps until in order: mean": float(np.mean(back)),
        "dragged across, steps until in order: most": max(back),
        "the 13th dragged away: how far it moves": float(
            np.abs(rows_of(train_months(with_rows(net, away)))[12] - away[12]).max()
        ),
    }


def without_itself(seed: int) -> dict[str, float]:
    """The same task, but a month is never to guess itself."""
    net = train_months(month_net(seed), pairs=month_pairs(itself=False))
    return {f"months followed by the next after {STEPS}": followed(rows_of(net))}


def grey_levels(seed: int) -> dict[str, float]:
    """Digits read from numbers that each level of grey has learned."""
    rows, accuracy = train_grey(seed)
    return {"order of the levels, 1 if perfect": agreement(rows), "accuracy": accuracy}


TABLES = {
    "04_09.twelve_months": twelve_months,
    "04_09.without_itself": without_itself,
    "04_09.grey_levels": grey_levels,
}
