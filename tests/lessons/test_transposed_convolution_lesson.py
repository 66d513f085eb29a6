# ruff: noqa: E501  (an answer is one line)
"""Answers as people write them: right ones pass, wrong ones fail and are told what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.engine.checking import judge
from course_lib.lessons.transposed_convolution.upsample import (
    photographs,
    repeat,
    smoothing,
    stamping,
    stamps_on,
    unevenness,
)
from tests.bank import BANK

SIZE, FORWARD = BANK["transposed_output_size"], BANK["conv_transpose1d_forward"]
USEFUL = 0.7  # of the wrong answers get a name or what differs from a right one

SIZE_RIGHT = """
    return (size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    return size * stride - stride + dilation * kernel_size - dilation + 1 - padding - padding + output_padding
    return lib.conv_transpose1d(np.ones((1, 1, size)), np.ones((1, 1, kernel_size)), stride=stride, padding=padding, output_padding=output_padding, dilation=dilation)[0].shape[-1]
    return int(np.int64(stride) * (size - 1)) + (kernel_size - 1) * dilation + 1 + output_padding - 2 * padding
"""
SIZE_WRONG = """
    return size * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    return size * stride
    return (size - 1) * stride + 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    return (size - 1) * stride - padding + dilation * (kernel_size - 1) + output_padding + 1
    return (size - 1) * stride - 2 * padding + dilation * kernel_size + output_padding
    return (size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding
    return (size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + 1
    return (size - 1) * stride - 2 * padding + kernel_size + output_padding
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
    return (size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + 2 * output_padding + 1
    return (size - 1) * stride + dilation * (kernel_size - 1) + output_padding + 1
    return (size - 1) * stride - 2 * (padding - output_padding) + dilation * (kernel_size - 1) + 1
    return size * kernel_size
    return (size - 1) * (stride + 1) - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    return size
"""

BEFORE = """
    N, C, L = x.shape; O, K = weight.shape[1:]; s, p = stride, padding
    full = s * (L - 1) + K
    y = np.zeros((N, O, full))
"""
FORWARD_RIGHT = r"""
    return lib.conv_transpose1d(np.ascontiguousarray(x), np.ascontiguousarray(weight), np.ascontiguousarray(bias), stride=int(s), padding=int(p))[0]
    for k in range(K): y[:, :, k : k + s * (L - 1) + 1 : s] += np.einsum("ncl,co->nol", x, weight[:, :, k])\n    return y[:, :, p : full - p] + bias[:, None]
    for n in range(N):\n        for c in range(C):\n            for i in range(L): y[n, :, s * i : s * i + K] += x[n, c, i] * weight[c]\n    return (y + bias[:, None])[:, :, p : full - p]
    y = np.zeros((N, O, full - 2 * p)) + bias[None, :, None]\n    for i in range(L):\n        for k in range(K):\n            at = s * i + k - p\n            if 0 <= at < y.shape[2]: y[:, :, at] += x[:, :, i] @ weight[:, :, k]\n    return y
    return np.array([[sum(np.convolve(np.kron(x[n, c], np.eye(s)[0])[: s * (L - 1) + 1], weight[c, o]) for c in range(C))[p : full - p] + bias[o] for o in range(O)] for n in range(N)])
"""
FORWARD_WRONG = r"""
    for i in range(L): y[:, :, s * i : s * i + K] = np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return y[:, :, p : full - p] + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return y[:, :, p:-p] + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return y[:, :, 2 * p :] + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return y[:, :, : full - 2 * p] + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return y + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return y[:, :, p : full - p]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight) + bias[:, None]\n    return y[:, :, p : full - p]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight[:, :, ::-1])\n    return y[:, :, p : full - p] + bias[:, None]
    for i in range(L): y[:, :, i : i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return y[:, :, p : full - p] + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("n,ok->nok", x[:, 0, i], weight[0])\n    return y[:, :, p : full - p] + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return np.pad(y, ((0, 0), (0, 0), (p, p))) + bias[:, None]
    for n in range(N):\n        for c in range(C):\n            for i in range(L): y[n, :, s * i : s * i + K] = x[n, c, i] * weight[c]\n    return y[:, :, p : full - p] + bias[:, None]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight) / C\n    return y[:, :, p : full - p] + bias[:, None]
    return lib.conv1d(x, weight.swapaxes(0, 1), bias, stride=int(s), padding=int(p))[0]
    for i in range(L): y[:, :, s * i : s * i + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)\n    return (y[:, :, p : full - p] + bias[:, None]).round(2)
"""


def functions(exercise, bodies, before=""):
    head = exercise.stub.strip().removesuffix("    raise NotImplementedError")
    return [
        f"{head}{before.strip(chr(10))}\n{body.replace(chr(92) + 'n', chr(10))}\n"
        for body in bodies.strip("\n").splitlines()
        if body.strip()
    ]


RIGHT = [(SIZE, s) for s in functions(SIZE, SIZE_RIGHT)]
RIGHT += [(FORWARD, s) for s in functions(FORWARD, FORWARD_RIGHT, BEFORE)]
WRONG = {
    SIZE.name: functions(SIZE, SIZE_WRONG),
    FORWARD.name: functions(FORWARD, FORWARD_WRONG, BEFORE),
}


@pytest.mark.parametrize(("exercise", "source"), RIGHT)
def test_a_right_answer_passes(exercise, source):
    report = judge(exercise, exercise.compiled(source))
    assert report.passed, report


@pytest.mark.parametrize("exercise", [SIZE, FORWARD], ids=lambda exercise: exercise.name)
def test_no_wrong_answer_passes_and_most_are_told_why(exercise):
    found = [judge(exercise, exercise.compiled(s)).diagnosis for s in WRONG[exercise.name]]
    assert "passed" not in found
    told = [d for d in found if d.startswith("slip:") or d in ("type", "shape", "input-changed")]
    assert len(told) >= USEFUL * len(found), found


@pytest.mark.parametrize("stride", range(1, 5))
@pytest.mark.parametrize("kernel_size", range(1, 8))
def test_stamps_overlap_evenly_exactly_where_the_stride_divides_the_kernel(kernel_size, stride):
    counts = stamps_on(kernel_size, stride)
    assert (unevenness(counts, kernel_size - 1) == 0) == (kernel_size % stride == 0)


@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("kernel_size", range(2, 6))
def test_both_ways_give_an_image_of_the_photograph_s_size(kernel_size, stride):
    x, photo = photographs(stride)
    assert stamping(kernel_size, stride)(x).shape == photo.shape
    assert smoothing(kernel_size)(repeat(x, stride)).shape == photo.shape


def test_repeat_then_convolve_leaves_a_wall_even_with_any_weights():
    weight = np.random.default_rng(0).normal(size=(1, 1, 4, 4))
    wall = np.ones((1, 1, 12, 12))
    assert unevenness(smoothing(4, weight)(repeat(wall, 2)), 4) < 1e-12
    assert unevenness(stamping(4, 2, weight)(wall), 4) > 0.1
