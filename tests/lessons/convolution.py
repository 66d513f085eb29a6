"""What the tests that run over every lesson ask of 4.2b, the convolution (see tests/bank.py)."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_lib.explore import (
    conv1d_under_the_window,
    conv2d_channel_by_channel,
    conv2d_under_the_window,
    equivariance,
)


def size_by_formula(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def size_by_walking(size, kernel_size, stride=1, padding=0, dilation=1):
    """Move the window until it would stick out, and count."""
    positions, start = 0, -padding
    while start + dilation * (kernel_size - 1) <= size + padding - 1:
        positions += 1
        start += stride
    return np.int64(positions)


def size_by_floor(size, kernel_size, stride=1, padding=0, dilation=1):
    return math.floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)


def conv1d_by_loops(x, weight, bias, stride, padding, dilation):
    examples, c_in, length = x.shape
    c_out, _, k = weight.shape
    positions = (length + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    y = np.zeros((examples, c_out, positions))
    for n in range(examples):
        for o in range(c_out):
            for i in range(positions):
                total = bias[o]
                for c in range(c_in):
                    for tap in range(k):
                        at = i * stride + tap * dilation - padding
                        if 0 <= at < length:
                            total += x[n, c, at] * weight[o, c, tap]
                y[n, o, i] = total
    return y


def conv1d_by_windows(x, weight, bias, stride, padding, dilation):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    width = dilation * (weight.shape[2] - 1) + 1
    windows = sliding_window_view(padded, width, axis=2)[:, :, ::stride, ::dilation]
    return np.einsum("ncik,ock->noi", windows, weight) + bias[:, None]


def conv1d_by_fourier(x, weight, bias, stride, padding, dilation):
    """Correlation as a product of Fourier transforms: rounds differently from all the others."""
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (padding, padding)))
    length, width = padded.shape[2], dilation * (weight.shape[2] - 1) + 1
    spread = np.zeros((*weight.shape[:2], width))
    spread[..., ::dilation] = weight
    spectrum = np.fft.rfft(padded)[:, None] * np.fft.rfft(spread, n=length).conj()
    y = np.fft.irfft(spectrum.sum(axis=2), n=length)[..., : length - width + 1 : stride]
    return y + bias[None, :, None]


def conv2d_by_loops(x, weight, bias, stride, padding):
    examples, c_in, height, width = x.shape
    c_out, _, k_h, k_w = weight.shape
    rows = (height + 2 * padding - k_h) // stride + 1
    columns = (width + 2 * padding - k_w) // stride + 1
    y = np.zeros((examples, c_out, rows, columns))
    for n, o, i, j in np.ndindex(*y.shape):
        y[n, o, i, j] = bias[o]
        for c, a, b in np.ndindex(c_in, k_h, k_w):
            row, column = i * stride + a - padding, j * stride + b - padding
            if 0 <= row < height and 0 <= column < width:
                y[n, o, i, j] += x[n, c, row, column] * weight[o, c, a, b]
    return y


def conv2d_by_windows(x, weight, bias, stride, padding):
    around = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around))
    windows = sliding_window_view(padded, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3))).transpose(
        0, 3, 1, 2
    ) + bias.reshape(-1, 1, 1)


def backward_by_loops(dy, x, weight, stride, padding):
    examples, c_in, length = x.shape
    c_out, _, k = weight.shape
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(c_out)
    for n in range(examples):
        for o in range(c_out):
            for i in range(dy.shape[2]):
                dbias[o] += dy[n, o, i]
                for c in range(c_in):
                    for tap in range(k):
                        at = i * stride + tap - padding
                        if 0 <= at < length:
                            dx[n, c, at] += dy[n, o, i] * weight[o, c, tap]
                            dweight[o, c, tap] += dy[n, o, i] * x[n, c, at]
    return dx, dweight, dbias


def backward_by_matrices(dy, x, weight, stride, padding):
    """The convolution as a matrix; its transpose takes the gradient back."""
    length, k = x.shape[2], weight.shape[2]
    padded_length, positions = length + 2 * padding, dy.shape[2]
    take = np.zeros((positions, k, padded_length))
    for i, tap in itertools.product(range(positions), range(k)):
        take[i, tap, i * stride + tap] = 1
    take = take[:, :, padding : padding + length]
    dx = np.einsum("noi,ock,ikl->ncl", dy, weight, take)
    dweight = np.einsum("noi,ncl,ikl->ock", dy, x, take)
    return dx, dweight, dy.sum((0, 2))


def sobel():
    return np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])


def difference_of_neighbours():
    kernel = np.zeros((3, 3), dtype=np.float32)
    kernel[1, :2] = (-1, 1)
    return kernel


def prewitt_in_integers():
    return np.array([[-1, 0, 1]] * 3)


def scharr_by_product():
    return np.outer([3, 10, 3], [-1, 0, 1]) / 32


RIGHT = {
    "conv_output_size": (size_by_formula, size_by_walking, size_by_floor),
    "conv1d_forward": (conv1d_by_loops, conv1d_by_windows, conv1d_by_fourier),
    "conv2d_forward": (conv2d_by_loops, conv2d_by_windows),
    "conv1d_backward": (backward_by_loops, backward_by_matrices),
    "make_edge_kernel": (
        sobel,
        difference_of_neighbours,
        prewitt_in_integers,
        scharr_by_product,
    ),
}

EXPLORERS = {
    "conv1d_under_the_window, own kernel": lambda: conv1d_under_the_window([0.0, 0.0, 1.0]),
    "conv2d_under_the_window, own kernel": lambda: conv2d_under_the_window(np.eye(2)),
    "conv2d_channel_by_channel, own kernel": lambda: conv2d_channel_by_channel(
        np.full((3, 3, 3), 1 / 27)
    ),
    "equivariance, own kernel": lambda: equivariance(np.array([[0.1, 0.2], [0.3, 0.4]])),
}
