"""How the stored table of 04_01_layer is measured."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import course_lib as lib
from course_lib.data import Split


def small_net(rng: np.random.Generator, dilation: int = 1) -> lib.Sequential:
    """Two convolutions and ten scores; with any dilation all shapes are the same."""
    return lib.Sequential(
        lib.Conv2d.init(1, 8, 3, padding=1, rng=rng),
        lib.ReLU(),
        lib.MaxPool2d(2),
        lib.Conv2d.init(8, 16, 3, padding=dilation, dilation=dilation, rng=rng),
        lib.ReLU(),
        lib.Flatten(),
        lib.Linear.init(256, 10, rng=rng),
    ).astype(np.float64)


def train_small_net(seed: int) -> tuple[lib.Sequential, Split]:
    """The net trained on the digits, and the digits."""
    rng = np.random.default_rng(seed)
    digits = lib.digits(rng=rng, dtype=np.float64)
    net = small_net(rng)
    optimizer = lib.Adam.init(net, learning_rate=5e-3)
    net, _ = lib.fit(
        net, digits.x_train, digits.y_train,
        optimizer=optimizer, epochs=6, rng=rng, progress=False,
    )  # fmt: skip
    return net, digits


def saved_and_loaded(seed: int) -> dict[str, float]:
    """Accuracy before saving, after loading, and into a net with another dilation."""
    net, digits = train_small_net(seed)

    def accuracy(model: lib.Sequential) -> float:
        return lib.accuracy(lib.predict_in_batches(model, digits.x_test), digits.y_test)

    blank = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.npz"
        lib.save(path, net)
        return {
            "before saving": accuracy(net),
            "loaded": accuracy(lib.load(path, small_net(blank))),
            "loaded with dilation 2": accuracy(lib.load(path, small_net(blank, dilation=2))),
        }


TABLES = {"04_01.saved_and_loaded": saved_and_loaded}
