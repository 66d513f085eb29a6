"""Two ways to make a photograph larger, trained on one, and how even they leave a flat wall."""

from __future__ import annotations

from functools import cache

import numpy as np

import course_lib as lib
from course_lib.record import Array

HEIGHT, WIDTH = 48, 72
SNAPSHOTS = (0, 10, 50, 100)  # training steps


def stamps_on(kernel_size: int, stride: int, size: int = 12) -> Array:
    """How many stamps reach each pixel of an output, (places, places); a layer of ones counts."""
    weight = np.ones((1, 1, kernel_size, kernel_size))
    return lib.conv_transpose2d(np.ones((1, 1, size, size)), weight, stride=stride)[0][0, 0]


def stamping(kernel_size: int, stride: int, weight: Array | None = None) -> lib.ConvTranspose2d:
    """A layer that makes height and width exactly `stride` times as large."""
    padding = max(0, (kernel_size - stride + 1) // 2)
    if weight is None:
        weight = np.full((1, 1, kernel_size, kernel_size), stride**2 / kernel_size**2)
    more = stride - kernel_size + 2 * padding
    return lib.ConvTranspose2d(weight, stride=stride, padding=padding, output_padding=more)


def smoothing(kernel_size: int, weight: Array | None = None) -> lib.Conv2d:
    """The convolution that follows after each pixel was repeated."""
    if weight is None:
        weight = np.full((1, 1, kernel_size, kernel_size), kernel_size**-2.0)
    return lib.Conv2d(weight, padding="same")


def repeat(x: Array, stride: int) -> Array:
    """Each pixel as a square of equal ones."""
    return x.repeat(stride, axis=2).repeat(stride, axis=3)


def unevenness(image: Array, border: int) -> float:
    """Brightest less darkest pixel away from the border."""
    rows, columns = image.shape[-2:]
    return float(np.ptp(image[..., border : rows - border, border : columns - border]))


@cache
def photographs(stride: int) -> tuple[Array, Array]:
    """A photograph, and how it looks in pixels `stride` times as large."""
    photo = lib.photograph("china", shrink=8, dtype=np.float64)[:HEIGHT, :WIDTH]
    squares = photo.reshape(HEIGHT // stride, stride, WIDTH // stride, stride)
    return squares.mean(axis=(1, 3))[None, None], photo[None, None]


def train(layer: lib.Layer, x: Array, target: Array) -> dict[int, lib.Layer]:
    """Fit one layer by Adam, and keep it as it was after each of SNAPSHOTS."""
    optimizer, kept = lib.Adam.init(layer, learning_rate=0.02), {}
    for step in range(SNAPSHOTS[-1] + 1):
        if step in SNAPSHOTS:
            kept[step] = layer
        y, backward = layer.forward(x)
        _, loss_backward = lib.mse(y, target)
        _, grad = backward(loss_backward())
        layer, optimizer = optimizer.step(layer, grad)
    return kept
