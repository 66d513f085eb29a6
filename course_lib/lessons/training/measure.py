"""How the stored tables of 04_11_training are measured."""

from __future__ import annotations

import course_lib as lib
from course_lib.lessons.training.nets import (
    deep,
    digits,
    distinct_units,
    kaiming,
    one_hidden,
    train,
)

WIDTHS = (2, 8, 32, 128)
HE = (2 / 64) ** 0.5


def starts(seed: int) -> dict[str, float]:
    """Distinct hidden units after training, and the accuracy that noise reaches."""
    row = {}
    for name, start in {
        "zeros": lib.zeros,
        "constant": lambda shape: lib.constant(shape, 0.1),
        "noise": kaiming(seed),
    }.items():
        net, _ = train(one_hidden(32, start), seed, epochs=10)
        row[f"{name}: distinct units"] = float(distinct_units(net))
    data = digits(seed)
    row["noise: accuracy"] = lib.accuracy(net(data.x_test), data.y_test)
    return row


def scales(seed: int) -> dict[str, float]:
    """Accuracy of a net of ten layers after ten epochs: weights too small, and He's."""
    data, row = digits(seed), {}
    for name, std in {"0.01": 0.01, "He": HE}.items():
        net = deep(std, seed)
        net, _ = train(net, seed, epochs=10, optimizer=lib.Adam.init(net, learning_rate=1e-3))
        row[f"accuracy, {name}"] = round(lib.accuracy(net(data.x_test), data.y_test), 2)
    return row


def widths(seed: int) -> dict[str, float]:
    """Loss on the digits it learned from and on held-out ones, by hidden width."""
    data, row = digits(seed), {}
    for width in WIDTHS:
        net = one_hidden(width, kaiming(seed))
        net, _ = train(net, seed, optimizer=lib.Adam.init(net, learning_rate=3e-3))
        row[f"{width} wide, train"] = float(lib.cross_entropy(net(data.x_train), data.y_train)[0])
        row[f"{width} wide, test"] = float(lib.cross_entropy(net(data.x_test), data.y_test)[0])
    return row


TABLES = {"04_11.starts": starts, "04_11.scales": scales, "04_11.widths": widths}
