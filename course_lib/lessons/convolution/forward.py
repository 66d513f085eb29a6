"""The exercises conv1d_forward and conv2d_forward; the mistakes they share are beside this one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.engine.exercise import Case, Exercise, Mistake, draw
from course_lib.lessons.convolution.mistakes import (
    SHARED,
    Forward,
    convolve,
    of_hyper,
    of_weight,
    padded,
    right_size,
)
from course_lib.record import Array


def _conv1d_cases(rng: np.random.Generator) -> Iterator[Case]:
    for n, c_in, c_out, length, k, stride, padding, dilation, dtype in (
        (1, 1, 1, 5, 2, 1, 0, 1, float),
        (1, 2, 1, 4, 2, 1, 0, 1, float),
        (1, 1, 1, 6, 2, 2, 0, 1, float),
        (1, 1, 1, 6, 2, 1, 0, 2, float),
        (1, 1, 1, 4, 3, 1, 1, 1, float),
        (1, 2, 2, 4, 4, 1, 2, 1, float),
        (2, 2, 2, 7, 1, 2, 1, 2, float),
        (2, 2, 3, 9, 3, 1, 0, 1, float),
        (2, 2, 3, 8, 3, 2, 1, 1, np.float32),
        (2, 3, 2, 12, 3, 2, 1, 1, float),
        (1, 2, 3, 13, 3, 2, 1, 2, float),
        (3, 2, 1, 14, 2, 3, 2, 3, float),
        (2, 1, 4, 11, 4, 1, 3, 2, float),
        (1, 3, 2, 11, 3, 4, 0, 1, float),
        (1, 1, 2, 3, 2, 1, 0, 1, float),  # as many channels as positions
        (2, 2, 2, 5, 2, 3, 1, 1, float),  # no window reaches the padding at the end
    ):
        yield {
            "x": draw(rng, n, c_in, length).astype(dtype),
            "weight": draw(rng, c_out, c_in, k).astype(dtype),
            "bias": draw(rng, c_out).astype(dtype),
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
        }


CONV1D_FORWARD = Exercise(
    name="conv1d_forward",
    sections=("04_02b_convolution",),
    returns=("y",),
    shows="Your convolution agrees with the library's for every stride, padding and dilation we "
    "tried, over several channels and examples.",
    cases=_conv1d_cases,
    reference=convolve,
    points=2,
    mistakes=(
        *SHARED,
        Mistake(
            "dilation ignored",
            "Your output equals the one for dilation 1: the weights meet neighbours. With dilation "
            "d, weight k meets the sample k * d places after the window's beginning.",
            (of_hyper(lambda s, p, d: (s, p, 1)), right_size(of_hyper(lambda s, p, d: (s, p, 1)))),
        ),
        Mistake(
            "dilation counted as the gap",
            "Your output has dilation samples left out between two weights. Dilation is the "
            "distance from weight to weight, so that 1 means neighbours.",
            (of_hyper(lambda s, p, d: (s, p, d + 1)),),
        ),
        Mistake(
            "stride and dilation swapped",
            "Your output equals the one with stride and dilation exchanged. The stride moves the "
            "window from output to output, the dilation spreads the weights within it: "
            "i * stride + k * dilation.",
            (of_hyper(lambda s, p, d: (d, p, s)),),
        ),
    ),
    hints=(
        "Take one output value first: y[n, o, i] is the sum over all input channels c and all k "
        "of a sample of x times weight[o, c, k], plus bias[o]. Which sample?",
        "Pad first: np.pad(x, ((0, 0), (0, 0), (padding, padding))). From then on the window i "
        "begins at i * stride, and weight k meets the sample k * dilation further on.",
        "How many windows are there? You wrote that formula in conv_output_size. Make "
        "y = np.zeros((N, C_out, that)) and fill it in four loops; then see which loops a slice or "
        "an np.einsum can replace.",
    ),
)


def _conv2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    for n, c_in, c_out, height, width, k_h, k_w, stride, padding, dtype in (
        (1, 1, 1, 3, 4, 2, 2, 1, 0, float),
        (1, 2, 1, 3, 2, 2, 2, 1, 0, float),
        (1, 1, 1, 2, 3, 2, 2, 1, 1, float),
        (1, 1, 2, 5, 6, 2, 3, 2, 0, float),
        (2, 2, 3, 6, 5, 3, 3, 1, 1, float),
        (2, 2, 3, 5, 6, 3, 3, 2, 1, np.float32),
        (1, 3, 2, 7, 9, 3, 2, 2, 1, float),
        (2, 1, 2, 8, 7, 1, 3, 3, 2, float),
        (1, 2, 2, 9, 8, 2, 3, 3, 1, float),
        (3, 2, 1, 5, 4, 3, 2, 1, 2, float),
        (1, 1, 2, 3, 3, 2, 2, 1, 0, float),  # as many channels as columns
        (2, 2, 2, 5, 6, 2, 3, 3, 1, float),  # no window reaches the padding at the end
    ):
        yield {
            "x": draw(rng, n, c_in, height, width).astype(dtype),
            "weight": draw(rng, c_out, c_in, k_h, k_w).astype(dtype),
            "bias": draw(rng, c_out).astype(dtype),
            "stride": stride,
            "padding": padding,
        }


def _stride_along(rows: bool) -> Forward:
    """The stride taken along the rows or the columns only."""

    def forward(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
        y = convolve(x, weight, bias, 1, padding)
        return y[:, :, ::stride] if rows else y[..., ::stride]

    return forward


CONV2D_FORWARD = Exercise(
    name="conv2d_forward",
    sections=("04_02b_convolution",),
    returns=("y",),
    shows="Your convolution agrees with the library's on images that are not square, with kernels "
    "that are not square, over several channels and examples.",
    cases=_conv2d_cases,
    reference=convolve,
    points=2,
    mistakes=(
        *SHARED,
        Mistake(
            "kernel flipped along one axis",
            "Your output equals a convolution with the kernel flipped along one axis. Rows of the "
            "kernel meet rows of the window in the same order, and so do columns.",
            (of_weight(lambda w: w[:, :, ::-1]), of_weight(lambda w: w[..., ::-1])),
        ),
        Mistake(
            "rows and columns of the kernel swapped",
            "Your output equals a convolution with the kernel transposed. weight is "
            "(C_out, C_in, rows, columns), as x is (N, C_in, rows, columns).",
            (of_weight(lambda w: w.swapaxes(2, 3)),),
        ),
        Mistake(
            "kernel taken to be square",
            "Your code takes the kernel to have as many columns as rows. Here it need not: "
            "weight.shape[2] counts its rows, weight.shape[3] its columns.",
            (of_weight(lambda w: w.take(range(w.shape[2]), axis=3)),),
        ),
        Mistake(
            "rows and columns of the output swapped",
            "Your output is right but lies on its side. Rows come before columns, in y as in x: "
            "(N, C_out, rows, columns).",
            (lambda *args: convolve(*args).swapaxes(2, 3),),
        ),
        Mistake(
            "the last row or column is missing",
            "Your output ends one row or one column early. Along each axis the number of positions "
            "is the number of steps plus one.",
            (lambda *args: convolve(*args)[:, :, :-1], lambda *args: convolve(*args)[..., :-1]),
        ),
        Mistake(
            "stride along one axis only",
            "Your output takes the stride along one axis only. The window moves by stride down as "
            "well as across.",
            (
                _stride_along(rows=True),
                _stride_along(rows=False),
                right_size(_stride_along(rows=True)),
                right_size(_stride_along(rows=False)),
            ),
        ),
        Mistake(
            "padding along one axis only",
            "Your output is padded along one axis only. Rows and columns both get padding zeros at "
            "both ends: np.pad takes one pair for each axis.",
            (padded(1, 1, axes=lambda x: (2,)), padded(1, 1, axes=lambda x: (3,))),
        ),
    ),
    hints=(
        "It is conv1d_forward with one more axis: a window of rows and columns, and the sum runs "
        "over channels, rows and columns.",
        "Pad rows and columns: np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, "
        "padding))). Output (i, j) belongs to the window that begins at row i * stride, column j *"
        " stride.",
        "The whole window at once: x[:, :, top:top + rows, left:left + columns] is (N, C_in, rows,"
        " columns); np.einsum('nchw,ochw->no', window, weight) is one output position for all "
        "examples and kernels.",
    ),
)
