"""What a small move of the picture changes in a pooled map, and the nets that pool twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import course_lib as lib
from course_lib.layer import Layer
from course_lib.record import Array

CROP = 128  # pixels along a side
FURTHEST = 3  # pixels that a picture is moved
POOLS = {"max": lib.MaxPool2d, "average": lib.AvgPool2d}


def how_much_changed(before: Array, after: Array) -> tuple[float, float]:
    """Two truths on one move: how many outputs stay exactly as they were, and how far all move.

    Parameters
    ----------
    before, after : any shape      the same outputs

    Returns
    -------
    same : float                   the share of outputs that are exactly equal; those that are 0
                                   before and after, an empty background, do not count
    size : float                   the length of the change over that of before's spread round its
                                   mean

    Examples
    --------
    >>> same, size = how_much_changed(np.array([1.0, 3.0, 0.0]), np.array([1.0, 5.0, 0.0]))
    >>> same, round(size, 2)
    (0.5, 0.93)
    """
    counted = (before != 0) | (after != 0)
    same = float((before == after)[counted].mean()) if counted.any() else 1.0
    spread = np.linalg.norm(before - before.mean())
    return same, float(np.linalg.norm(before - after) / (spread or 1.0))


def moved_crops(shift: int) -> Iterator[tuple[Array, Array]]:
    """Five places of each photograph, and what stands there when it moves right by `shift`."""
    for name in lib.data.PHOTOGRAPHS:
        photograph = lib.photograph(name, dtype=np.float64)
        height, width = photograph.shape
        rng = np.random.default_rng(0)
        for _ in range(5):
            top, left = rng.integers(height - CROP), rng.integers(FURTHEST, width - CROP)
            rows = photograph[top : top + CROP]
            yield (
                rows[None, None, :, left : left + CROP],
                rows[None, None, :, left - shift : left - shift + CROP],
            )


def changes(pool: Layer, shift: int) -> Array:
    """(10 crops, 2): the share of outputs that stay the same, and the size of the change."""
    return np.array([how_much_changed(pool(x), pool(moved)) for x, moved in moved_crops(shift)])


def on_canvas(digits: Array, right: int = 0) -> Array:
    """Digits of 8 by 8 on a canvas of 12 by 12, moved to the right; what leaves comes in again.

    Examples
    --------
    >>> on_canvas(np.ones((1, 1, 8, 8)), right=2)[0, 0, 6].astype(int)
    array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    """
    return np.roll(np.pad(digits, ((0, 0), (0, 0), (2, 2), (2, 2))), right, axis=3)


def pooling_net(kind: str, rng: np.random.Generator) -> lib.Sequential:
    """Convolve and pool, twice, then one score for each digit from the flattened map."""

    def convolution(channels: int, out: int) -> list[Layer]:
        conv = lib.Conv2d.init(channels, out, 3, padding=1, rng=rng, dtype=np.float64)
        return [conv, lib.ReLU(), POOLS[kind](2)]

    last = lib.Linear.init(8 * 3 * 3, 10, rng=rng, dtype=np.float64)
    return lib.Sequential(*convolution(1, 4), *convolution(4, 8), lib.Flatten(), last)


def read_when_moved(kind: str, seed: int) -> list[float]:
    """Train on digits in the middle; how many of those held out are read 0, 1, 2, 3 pixels off."""
    digits = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    net = pooling_net(kind, np.random.default_rng(seed))
    net, _ = lib.fit(
        net, on_canvas(digits.x_train), digits.y_train,
        optimizer=lib.Adam.init(net, learning_rate=1e-2),
        epochs=8,
        batch_size=64,
        rng=np.random.default_rng(seed),
        progress=False,
    )  # fmt: skip
    return [
        lib.accuracy(net(on_canvas(digits.x_test, right)), digits.y_test)
        for right in range(FURTHEST + 1)
    ]
