"""How the stored tables of 04_10_positional are measured."""

from __future__ import annotations

import numpy as np

import course_lib as lib
from course_lib.layer import Layer
from course_lib.lessons.positional.nets import (
    BASE,
    CODES,
    LENGTH,
    LONGER,
    right_by_position,
    row_reader,
    trained,
)
from course_lib.record import Array


def previous(seed: int) -> dict[str, float]:
    """Say the token before you, without positions and with three codes: shares of right answers."""
    row = {code: right_by_position(trained(code, seed), LENGTH).mean() for code in CODES}
    causal = right_by_position(trained("none", seed, causal=True), LENGTH)
    return row | {"none, causal mask": causal.mean()}


def beyond(seed: int) -> dict[str, float]:
    """The same nets on sequences four times as long: right at the positions 32 to 63."""
    row = {code: right_by_position(trained(code, seed), LONGER)[32:].mean() for code in CODES}
    slower = right_by_position(trained("rotary", seed, base=10000.0), LONGER)
    return row | {"rotary, base 10000": slower[32:].mean()}


def ways(seed: int) -> dict[str, float]:
    """The sinusoidal code added and concatenated."""
    codes = {"added": "sinusoidal", "concatenated": "concatenated"}
    nets = {name: trained(code, seed) for name, code in codes.items()}
    return {
        f"{name}, {length} tokens": right_by_position(net, length).mean()
        for name, net in nets.items()
        for length in (LENGTH, LONGER)
    }


def train_on_rows(where: Layer, seed: int) -> tuple[lib.Sequential, Array, Array]:
    """A net that reads digits row by row, and the digits held out."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    rng = np.random.default_rng(seed)
    net = row_reader(where, rng)
    net, _ = lib.fit(
        net, data.x_train[:, 0], data.y_train,
        optimizer=lib.Adam.init(net, learning_rate=1e-2),
        epochs=5,
        batch_size=32,
        rng=rng,
        progress=False,
    )  # fmt: skip
    return net, data.x_test[:, 0], data.y_test


def upside_down(seed: int) -> dict[str, float]:
    """Held-out digits read rightly, as they are and with their rows in reverse order."""
    row = {}
    codes = {"none": lib.Identity(), "sinusoidal": lib.SinusoidalPositionalEncoding(32, base=BASE)}
    for name, where in codes.items():
        net, x, target = train_on_rows(where, seed)
        row[f"{name}: as it is"] = lib.accuracy(net(x), target)
        row[f"{name}: upside down"] = lib.accuracy(net(x[:, ::-1]), target)
    return row


TABLES = {
    "04_10.previous": previous,
    "04_10.beyond": beyond,
    "04_10.ways": ways,
    "04_10.upside_down": upside_down,
}
