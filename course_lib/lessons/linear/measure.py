"""How the stored tables of 04_02a_linear are measured."""

from __future__ import annotations

import numpy as np

import course_lib as lib


def on_canvas(digits, rng):
    canvas = np.zeros((len(digits), 1, 16, 16))
    for image, digit in zip(canvas, digits, strict=True):
        i, j = rng.integers(9, size=2)  # the digit's upper left corner
        image[0, i : i + 8, j : j + 8] = digit[0]
    return canvas


def shuffle(images, order):
    return images.reshape(len(images), -1)[:, order].reshape(images.shape)


def fully_connected(pixels, rng):
    return lib.Sequential(
        lib.Flatten(),
        lib.Linear.init(pixels, 64, rng=rng, dtype=np.float64),
        lib.ReLU(),
        lib.Linear.init(64, 10, rng=rng, dtype=np.float64),
    )


def convolutional(rng):
    return lib.Sequential(
        lib.Conv2d.init(1, 12, 3, stride=2, padding=1, rng=rng, dtype=np.float64),
        lib.ReLU(),
        lib.Conv2d.init(12, 24, 3, rng=rng, dtype=np.float64),
        lib.ReLU(),
        lib.MaxPool2d(6),  # the strongest answer of each kernel, wherever it is
        lib.Flatten(),
        lib.Linear.init(24, 10, rng=rng, dtype=np.float64),
    )


def convolutional_in_place(rng):
    """For digits that fill the picture: what is found stays where it is until the end."""
    return lib.Sequential(
        lib.Conv2d.init(1, 12, 3, padding=1, rng=rng, dtype=np.float64),
        lib.ReLU(),
        lib.MaxPool2d(2),
        lib.Conv2d.init(12, 24, 3, padding=1, rng=rng, dtype=np.float64),
        lib.ReLU(),
        lib.MaxPool2d(2),
        lib.Flatten(),
        lib.Linear.init(96, 10, rng=rng, dtype=np.float64),
    )


def accuracy_after_training(net, x_train, y_train, x_test, y_test, progress=False):
    _, history = lib.fit(
        net,
        x_train,
        y_train,
        optimizer=lib.Adam.init(net, learning_rate=0.01),
        epochs=10,
        rng=np.random.default_rng(0),
        validation=(x_test, y_test),
        progress=progress,
    )
    return history.validation_accuracy[-1]


def shuffled(seed, data, nets, progress=False):
    """Each net trained on the pictures as they are, and on the same with their pixels shuffled."""
    x_train, y_train, x_test, y_test = data
    order = np.random.default_rng(seed).permutation(x_train[0].size)
    row = {}
    for name, make in nets.items():
        for how in (np.arange(len(order)), order):
            net = make(np.random.default_rng(seed))
            pictures = shuffle(x_train, how), y_train, shuffle(x_test, how), y_test
            column = f"{name}, {'shuffled' if how is order else 'as they are'}"
            row[column] = accuracy_after_training(net, *pictures, progress)
    return row


def digits_on_a_canvas(seed: int, progress: bool = False) -> dict[str, float]:
    """Digits of 8 by 8 pixels at random places of 16 by 16."""
    rng = np.random.default_rng(seed)
    x_train, y_train, x_test, y_test = lib.digits(rng=rng, dtype=np.float64)
    canvases = on_canvas(x_train, rng), y_train, on_canvas(x_test, rng), y_test
    nets = {
        "fully connected": lambda rng: fully_connected(256, rng),
        "convolutional": convolutional,
    }
    return shuffled(seed, canvases, nets, progress)


def digits_that_fill_the_picture(seed: int) -> dict[str, float]:
    """The digits as they come: 8 by 8 pixels, each in the middle."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    nets = {
        "fully connected": lambda rng: fully_connected(64, rng),
        "convolutional": convolutional_in_place,
    }
    return shuffled(seed, data, nets)


TABLES = {
    "04_02a.on_a_canvas": digits_on_a_canvas,
    "04_02a.filling_the_picture": digits_that_fill_the_picture,
}
