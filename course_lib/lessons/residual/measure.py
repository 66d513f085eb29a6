"""How the stored tables of 04_07_residual are measured."""

from __future__ import annotations

import numpy as np

import course_lib as lib
from course_lib.layer import Layer
from course_lib.lessons.residual.cut_the_wire import accuracies_after_a_cut, train_for_cutting
from course_lib.lessons.residual.nets import (
    KINDS,
    deep_net,
    default_net,
    gradient_norms,
    pre_norm_net,
)

DEPTHS = (5, 20, 50)


def train(model: Layer, seed: int, *, epochs: int = 5, learning_rate: float = 1e-3) -> float:
    """Train on the digits; how many of those held out are read rightly."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    _, history = lib.fit(
        model,
        data.x_train,
        data.y_train,
        optimizer=lib.Adam.init(model, learning_rate=learning_rate),
        epochs=epochs,
        rng=np.random.default_rng(seed),
        validation=(data.x_test, data.y_test),
        progress=False,
    )
    return history.validation_accuracy[-1]


def a_hundred_layers(seed: int) -> dict[str, float]:
    """Accuracy after five epochs, and how much gradient is left at the first of 100 layers."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    nets = {
        "plain, default start": default_net(100, np.random.default_rng(seed)),
        "plain, He's start": deep_net(100, np.random.default_rng(seed)),
        "residual, scaled": deep_net(100, np.random.default_rng(seed), kind=KINDS[2]),
        "residual, LayerNorm": pre_norm_net(100, np.random.default_rng(seed)),
    }
    row: dict[str, float] = {}
    row = {}
    for name, net in nets.items():
        _, norms = gradient_norms(net, data.x_train[:256], data.y_train[:256])
        row[f"{name}: first over last gradient"] = norms[1] / norms[-2]
        row[f"{name}: accuracy"] = train(net, seed)
    return row


def depth_by_depth(seed: int) -> dict[str, float]:
    """Accuracy after five epochs for each depth."""
    row: dict[str, float] = {}
    for depth in DEPTHS:
        nets = {
            "plain, default start": default_net(depth, np.random.default_rng(seed)),
            "plain, He's start": deep_net(depth, np.random.default_rng(seed)),
            "residual": deep_net(depth, np.random.default_rng(seed), kind=KINDS[2]),
        }
        row |= {f"{name}, {depth} layers": train(net, seed) for name, net in nets.items()}
    return row


def one_block_cut(seed: int) -> dict[str, float]:
    """Whole, and with one block cut out (the mean over the blocks), for each depth."""
    row = {}
    for depth in (4, 6, 8):
        for kind in ("plain", "residual"):
            net, data = train_for_cutting(kind, depth, seed)
            whole, *cut = accuracies_after_a_cut(net, depth, data)
            row[f"{kind}, {depth} blocks: whole"] = whole
            row[f"{kind}, {depth} blocks: one cut"] = float(np.mean(cut))
    return row


TABLES = {
    "04_07.a_hundred_layers": a_hundred_layers,
    "04_07.depth_by_depth": depth_by_depth,
    "04_07.one_block_cut": one_block_cut,
}
