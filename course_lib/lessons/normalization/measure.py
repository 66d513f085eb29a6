"""How the stored tables of 04_06_normalization are measured."""

from __future__ import annotations

from typing import Any

import numpy as np

import course_lib as lib
from course_lib.data import Split
from course_lib.lessons.normalization.nets import (
    batches,
    deep_net,
    descent,
    digits,
    first_block,
    gradient,
    read_rightly,
)
from course_lib.record import Array

STEPS, SPAN = 300, 20  # of training; the first and the last steps that are compared
RATES = (0.1, 0.3, 1.0, 3.0)
ENOUGH = 0.9
ALONG = (0.05, 0.1, 0.2, 0.4)  # how far along the gradient the loss is looked at


def inputs_of_layer_two(
    norm: str, seed: int, *, steps: int = STEPS, rate: float = 0.1
) -> list[Array]:
    """What the second linear layer is handed for the same 256 digits, at each step of training."""
    data = digits(seed)
    nets = descent(deep_net(norm, seed), data, steps, seed, rate)
    return [first_block(net)(data.x_train[:256]) for net in nets]


def moved(inputs: list[Array]) -> tuple[float, float]:
    """How far the features' means went, in initial standard deviations, and how their spread grew.

    The last steps against the first, and the mean over the features.
    """
    means = np.array([x.mean(axis=0) for x in inputs])  # (steps, features)
    spreads = np.array([x.std(axis=0) for x in inputs])
    first, last = slice(None, SPAN), slice(-SPAN, None)
    unit = spreads[0].mean()
    way = np.abs(means[last].mean(axis=0) - means[first].mean(axis=0)).mean() / unit
    return float(way), float(spreads[last].mean() / spreads[first].mean())


def moving_target(seed: int) -> dict[str, float]:
    row = {}
    for norm in ("none", "BatchNorm", "LayerNorm"):
        way, growth = moved(inputs_of_layer_two(norm, seed))
        row[f"{norm}: means moved"] = way
        row[f"{norm}: spread grew"] = growth
    return row


def loss_range(norm: str, seed: int, *, steps: int = 100) -> float:
    """How much the loss varies along the gradient, the mean over training."""
    data, ranges = digits(seed), []
    nets = descent(deep_net(norm, seed, depth=5), data, steps, seed)
    looks = batches(data, steps, seed + 100)
    for step, (net, (x, target)) in enumerate(zip(nets, looks, strict=True)):
        if step % 10 == 0:
            _, grad = gradient(net, x, target)
            losses = [
                gradient(net.map(lambda w, g, far=far: w - far * g, grad), x, target)[0]
                for far in ALONG
            ]
            ranges.append(max(losses) - min(losses))
    return float(np.mean(ranges))


def smoother(seed: int) -> dict[str, float]:
    return {f"{norm}: loss range": loss_range(norm, seed) for norm in ("none", "BatchNorm")}


def shaken(seed: int) -> dict[str, float]:
    """Five layers: how far the means of layer 2's input jump in one step, and what is read."""
    data, row = digits(seed), {}
    for norm in ("none", "BatchNorm", "shaken BatchNorm"):
        means = []
        for net in descent(deep_net(norm, seed, depth=5), data, 150, seed):
            x = first_block(net)(data.x_train[:256])
            means.append(x.mean(axis=0) / x.std())
        row[f"{norm}: jump per step"] = float(np.abs(np.diff(means, axis=0)).mean())
        row[f"{norm}: accuracy"] = round(read_rightly(net, data), 2)
    return row


def largest_rate(norm: str, depth: int, seed: int, data: Split) -> float:
    """The largest learning rate with which a net reads 9 of 10 digits after 80 steps, or 0."""
    for rate in reversed(RATES):
        with np.errstate(all="ignore"):  # a rate that is too large overflows
            *_, net = descent(deep_net(norm, seed, depth=depth), data, 80, seed, rate)
            if read_rightly(net, data) >= ENOUGH:
                return rate
    return 0.0


def rates(seed: int) -> dict[str, float]:
    data = digits(seed)
    return {
        f"depth {depth}, {norm}": largest_rate(norm, depth, seed, data)
        for depth in (3, 8)
        for norm in ("none", "BatchNorm", "LayerNorm")
    }


def last_three(seed: int) -> dict[str, float]:
    """Five epochs in batches of 64, which leave three digits for the last one, or in even ones."""
    data, row = digits(seed), {}
    ends: dict[str, Any] = {"last batch of 3": range(64, 1347, 64), "even batches": 21}
    for name, cuts in ends.items():
        net, rng = deep_net("BatchNorm", seed), np.random.default_rng(seed)
        optimizer = lib.SGD.init(net, learning_rate=0.3)
        for _ in range(5):
            for batch in np.array_split(rng.permutation(len(data.x_train)), cuts):
                before = read_rightly(net, data)
                _, grad = gradient(net, data.x_train[batch], data.y_train[batch])
                seen = read_rightly(net, data)  # the running statistics have moved, no weight has
                net, optimizer = optimizer.step(net, grad)
        if name == "last batch of 3":
            row = {"before the last 3: accuracy": before, "the last 3 seen: accuracy": seen}
        row[f"{name}: accuracy"] = read_rightly(net, data)
    return {name: round(accuracy, 2) for name, accuracy in row.items()}


TABLES = {
    "04_06.moving_target": moving_target,
    "04_06.smoother": smoother,
    "04_06.shaken": shaken,
    "04_06.rates": rates,
    "04_06.last_three": last_three,
}
