"""How the stored table of 00_start_here is measured: the page's own functions, for five seeds."""

from __future__ import annotations

import numpy as np

import course_lib as lib


def make_model(rng):
    return lib.Sequential(
        lib.Conv2d.init(1, 16, 3, padding=1, rng=rng),  # 16 kernels look at the image
        lib.ReLU(),  # negative answers become 0
        lib.MaxPool2d(2),  # 8x8 -> 4x4, the strongest of four
        lib.Conv2d.init(16, 32, 3, padding=1, rng=rng),  # patterns of patterns
        lib.ReLU(),
        lib.MaxPool2d(2),  # 4x4 -> 2x2
        lib.Flatten(),
        lib.Linear.init(32 * 2 * 2, 10, rng=rng),  # one score per digit
    )


def train(seed, progress=False):
    rng = np.random.default_rng(seed)  # another seed, other random numbers
    digits = lib.digits(rng=rng, dtype=np.float64)
    start = make_model(rng).astype(np.float64)
    optimizer = lib.Adam.init(start, learning_rate=0.005)
    held_out = (digits.x_test, digits.y_test)
    options = {"epochs": 12, "batch_size": 32, "validation": held_out, "rng": rng}
    model, history = lib.fit(
        start, digits.x_train, digits.y_train, optimizer=optimizer, progress=progress, **options
    )
    return start, model, history, digits


def accuracy_on_digits_held_out(seed: int) -> dict[str, float]:
    _, _, history, _ = train(seed)
    return {"accuracy": history.validation_accuracy[-1]}


TABLES = {"00.five_runs": accuracy_on_digits_held_out}
