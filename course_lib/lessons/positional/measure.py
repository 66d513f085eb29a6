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


def scores(name: str, net: Layer) -> dict[str, float]:
    """Shares of right answers, at the length it learned from and far beyond it."""
    longer = right_by_position(net, LONGER)
    return {
        f"{name}: {LENGTH} long": right_by_position(net, LENGTH).mean(),
        f"{name}: {LONGER} long, places 32-63": longer[32:].mean(),
    }


def previous(seed: int) -> dict[str, float]:
    """Say the token before you, without positions and with three codes."""
    row: dict[str, float] = {}
    for code in CODES:
        row |= scores(code, trained(code, seed))
    causal = right_by_position(trained("none", seed, causal=True), LENGTH)
    return row | {f"none, causal mask: {LENGTH} long": causal.mean()}


def ways(seed: int) -> dict[str, float]:
    """The sinusoidal code added and concatenated; the rotary code with slower hands."""
    return {
        **scores("added", trained("sinusoidal", seed)),
        **scores("concatenated", trained("concatenated", seed)),
        **scores("rotary, base 10000", trained("rotary", seed, base=10000.0)),
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


TABLES = {"04_10.previous": previous, "04_10.ways": ways, "04_10.upside_down": upside_down}
