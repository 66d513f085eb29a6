"""How the stored tables of 04_03_activation are measured."""

from __future__ import annotations

import numpy as np

import course_lib as lib
from course_lib.lessons.activation.origami import pieces_of_a_draw
from course_lib.record import Array

RATES = (0.1, 1.0, 10.0)


def share_dead(net: lib.Sequential, x: Array) -> float:
    """The share of the first layer's ReLU units that are off for every example."""
    y = lib.Sequential(*net.layers[:2])(x)
    return float((y.max(axis=0) == 0).mean())


def dead_after_training(seed: int) -> dict[str, float]:
    """Two epochs of SGD at each learning rate; shares to a tenth, on which machines agree."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    x, row = data.x_train.reshape(-1, 64), {}
    for rate in RATES:
        rng = np.random.default_rng(seed)
        first = lib.Linear(lib.kaiming_normal((128, 64), rng=rng, dtype=np.float64), np.zeros(128))
        last = lib.Linear.init(128, 10, rng=rng, dtype=np.float64)
        net = lib.Sequential(first, lib.ReLU(), last)
        net, _ = lib.fit(
            net, x, data.y_train, optimizer=lib.SGD.init(net, learning_rate=rate),
            epochs=2, rng=rng, progress=False,
        )  # fmt: skip
        row[f"dead, learning rate {rate:g}"] = round(share_dead(net, x), 1)
    return row


def pieces(seed: int) -> dict[str, float]:
    """The mean of four draws of eight units, in one layer and in two."""
    draws = [pieces_of_a_draw(4 * seed + i) for i in range(4)]
    return {name: float(np.mean([draw[name] for draw in draws])) for name in draws[0]}


TABLES = {"04_03.dead_after_training": dead_after_training, "04_03.pieces": pieces}
