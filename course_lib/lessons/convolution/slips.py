"""The wrong answers that belong to sliding a window, for conv1d_forward and conv2d_forward.

Each is the library's convolution with one thing changed. Where learners' code would raise, the
answer reads x as that code does and raises where it would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.convolution import conv1d, conv2d, output_size
from course_lib.engine.exercise import Slip
from course_lib.record import Array

Forward = Callable[..., Array]


def spatial(array: Array) -> tuple[int, ...]:
    """The spatial axes: all but the first two."""
    return tuple(range(2, array.ndim))


def convolve(x: Array, weight: Array, bias: Array | None, *hyper: int) -> Array:
    """The library's convolution of 1 or 2 dimensions; hyper = stride, padding and dilation."""
    stride, padding, dilation = (*hyper, 1)[:3]
    operation = conv1d if x.ndim == 3 else conv2d
    return operation(x, weight, bias, stride=stride, padding=padding, dilation=dilation)[0]


def of_weight(change: Callable[[Array], Array]) -> Forward:
    return lambda x, weight, bias, *hyper: convolve(x, change(weight), bias, *hyper)


def padded(before: int, after: int, mode: Any = "constant", axes: Any = spatial) -> Forward:
    """Pad by `before` and `after` times the padding on the given axes, then convolve without."""

    def forward(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
        stride, padding, dilation = (*hyper, 1)[:3]
        widths = [
            (before * padding, after * padding) if axis in axes(x) else (0, 0)
            for axis in range(x.ndim)
        ]
        return convolve(np.pad(x, widths, mode=mode), weight, bias, stride, 0, dilation)

    return forward


def _padded_everywhere(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    """np.pad(x, padding), read as far as the kernel has channels."""
    stride, padding, dilation = (*hyper, 1)[:3]
    x = np.pad(x, padding)[:, : x.shape[1]]
    return convolve(x, weight, bias, stride, 0, dilation)


def _padded_everywhere_and_read(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    """np.pad(x, padding) as einsum reads it: one channel is stretched, and more do not fit."""
    stride, padding, dilation = (*hyper, 1)[:3]
    x = np.pad(x, padding)
    if weight.shape[1] == 1:
        weight = np.repeat(weight, x.shape[1], axis=1)
    return convolve(x, weight, bias, stride, 0, dilation)


def of_hyper(change: Callable[[int, int, int], tuple[int, int, int]]) -> Forward:
    return lambda x, weight, bias, *hyper: convolve(x, weight, bias, *change(*(*hyper, 1)[:3]))


def right_size(forward: Forward) -> Forward:
    """As many positions as the right output has: the size is right, what is read is not."""
    return lambda *args: forward(*args)[tuple(map(slice, convolve(*args).shape))]


def _channels_apart(axis: int, in_a_row: bool = False) -> Forward:
    """One output for each input channel, along an axis of its own or among the output channels."""

    def forward(x: Array, weight: Array, *rest: Any) -> Array:
        each = [slice(c, c + 1) for c in range(x.shape[1])]
        y = np.stack([convolve(x[:, c], weight[:, c], *rest) for c in each], axis=axis)
        return y.reshape(len(x), -1, *y.shape[3:]) if in_a_row else y

    return forward


def _room(x: Array, weight: Array, axis: int, padding: int, dilation: int) -> int:
    return x.shape[axis] + 2 * padding - dilation * (weight.shape[axis] - 1) - 1


def _padded_by(widths_of: Callable[..., tuple[int, int]]) -> Forward:
    """Padded along every spatial axis by a rule of (length, span, room, stride, padding)."""

    def forward(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
        stride, padding, dilation = (*hyper, 1)[:3]
        widths = [(0, 0), (0, 0)]
        for axis in spatial(x):
            span = dilation * (weight.shape[axis] - 1) + 1
            room = _room(x, weight, axis, padding, dilation)
            widths.append(widths_of(x.shape[axis], span, room, stride, padding))
        return convolve(np.pad(x, widths), weight, bias, stride, 0, dilation)

    return forward


def _same_as_tensorflow(n: int, span: int, room: int, stride: int, padding: int) -> tuple[int, int]:
    """As much as gives ceil(n / stride) positions, the odd zero at the end."""
    total = max((-(-n // stride) - 1) * stride + span - n, 0)
    return total // 2, total - total // 2


def _without_padding_in_the_size(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    short = padded(0, 0)(x, weight, bias, *hyper).shape
    return convolve(x, weight, bias, *hyper)[tuple(map(slice, short))]


def _by_index(x: Array, weight: Array, bias: Array, start: int, size: Any, *steps: int) -> Array:
    """x[..., start + i * stride + k * dilation]: negative ones wrap, those beyond the end raise."""
    stride, dilation = steps
    for axis, positions in zip(spatial(x), size, strict=True):
        span = (positions - 1) * stride + (weight.shape[axis] - 1) * dilation + 1
        x = np.take(x, np.arange(start, start + span), axis=axis)
    return convolve(x, weight, bias, stride, 0, dilation)


def _by_slices(x: Array, weight: Array, bias: Array, start: int, size: Any, *steps: int) -> Array:
    """A slice of x for each position: one that is too short raises, unless it can be stretched."""
    stride, dilation = steps
    y = np.zeros((len(x), len(weight), *size), x.dtype)
    for position in np.ndindex(*size):
        starts = [start + i * stride for i in position]
        ends = [a + dilation * (k - 1) + 1 for a, k in zip(starts, weight.shape[2:], strict=True)]
        window = x[(..., *(slice(a, b, dilation) for a, b in zip(starts, ends, strict=True)))]
        products = window[:, None] * weight  # (N, C_out, C_in, *kernel_size)
        y[(..., *position)] = products.sum(axis=tuple(range(2, products.ndim))) + bias
    return y


def _reads(
    start: int = 0, before: int = 0, after: int = 0, sized_padded: bool = False
) -> tuple[Forward, ...]:
    """The right size, from x as it is given or as it is padded, and windows from what is there."""

    def reading(how: Callable[..., Array]) -> Forward:
        def forward(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
            stride, padding, dilation = (*hyper, 1)[:3]
            widths = [(before * padding, after * padding) for _ in spatial(x)]
            inside = np.pad(x, [(0, 0), (0, 0), *widths])
            size = [
                output_size(n, k, stride=stride, padding=padding, dilation=dilation)
                for n, k in zip(
                    (inside if sized_padded else x).shape[2:], weight.shape[2:], strict=True
                )
            ]
            return how(inside, weight, bias, start * padding, size, stride, dilation)

        return forward

    return reading(_by_index), reading(_by_slices)


def _along_the_positions(x: Array, weight: Array, bias: Array, *rest: int) -> Array:
    return convolve(x, weight, None, *rest) + bias


def _one_axis_short(x: Array, weight: Array, bias: Array, *rest: int) -> Array:
    """bias in one dimension and bias[:, None] in two."""
    return convolve(x, weight, None, *rest) + bias.reshape(-1, *(1 for _ in spatial(x)[1:]))


def _last_products(weight: Array, axes: tuple[int, ...]) -> Array:
    """Zeros but for the last weight along these axes."""
    only = np.zeros_like(weight)
    last = tuple(slice(-1, None) if axis in axes else slice(None) for axis in range(weight.ndim))
    only[last] = weight[last]
    return only


def _last_window(weight: Array) -> Array:
    return _last_products(weight, spatial(weight))


def _last_channel_too(weight: Array) -> Array:
    return _last_products(weight, (1, *spatial(weight)))


SHARED = (
    Slip(
        "kernel flipped",
        "Your output equals a convolution with the kernel flipped. That is the mathematician's "
        "convolution; layers don't flip: weight[..., 0] meets the first sample of the "
        "window, weight[..., -1] the last. Let both indices grow in the same direction.",
        (of_weight(lambda w: np.flip(w, spatial(w))),),
    ),
    Slip(
        "kernel and channels flipped",
        "Your output equals one with the kernel flipped, and its channels as well, as scipy's "
        "convolve does over all axes. Layers flip nothing: channel c meets weight[:, c].",
        (of_weight(lambda w: np.flip(w, (1, *spatial(w)))),),
    ),
    Slip(
        "stride ignored",
        "Your output equals the one for stride 1: it has every position of the window. With stride "
        "s, output i belongs to the window that begins at sample i * s.",
        (of_hyper(lambda s, p, d: (1, p, d)),),
    ),
    Slip(
        "window i begins at i",
        "Your output has the right size, but output i is computed from the window that begins at "
        "sample i. With stride s it begins at sample i * s.",
        (right_size(of_hyper(lambda s, p, d: (1, p, d))),),
    ),
    Slip(
        "stride applied to the kernel",
        "Your output uses the stride inside the window, as the distance between the kernel's "
        "weights. The stride moves the window from one position to the next; dilation spreads the "
        "weights.",
        (
            of_hyper(lambda s, p, d: (1, p, s)),
            of_hyper(lambda s, p, d: (1, p, s * d)),
            of_hyper(lambda s, p, d: (s, p, s)),
            of_hyper(lambda s, p, d: (s, p, s * d)),
        ),
    ),
    Slip(
        "reads beyond the end",
        "Your code is right without padding, but with padding it reads beyond the end of x. The "
        "output has room for the padding that x has not got: pad x first (np.pad helps).",
        _reads(),
    ),
    Slip(
        "pads first and counts the padding again",
        "Your code is right without padding, but with padding its output is too long, so that it "
        "reads beyond the end. Once x is padded its length contains the padding: take the length "
        "before you pad, or leave 2 * padding out of the size.",
        _reads(before=1, after=1, sized_padded=True),
    ),
    Slip(
        "padding missing from the size",
        "Your output begins as it should and ends too early: it has as many positions as there "
        "are without padding. The window slides over the padded input.",
        (_without_padding_in_the_size,),
    ),
    Slip(
        "negative index",
        "Your code subtracts the padding from the index but also reads there. In Python x[-1] is "
        "the last sample, not a zero, and beyond the end there is none: leave out what lies "
        "outside of x, or pad x first.",
        _reads(start=-1),
    ),
    Slip(
        "pads one side only",
        "Your output equals the one with zeros at one end only. Padding p means p zeros at the "
        "beginning and p zeros at the end.",
        (
            *(padded(*sides) for sides in ((1, 0), (0, 1), (2, 0), (0, 2))),
            *_reads(before=1),
            *_reads(after=1),
        ),
    ),
    Slip(
        "pads the channels too",
        "Your input grew along the channels or the batch as well. Only the spatial axes are "
        "padded: np.pad takes a pair (before, after) for each axis, (0, 0) for the first two.",
        (
            padded(1, 1, axes=lambda x: (0, *spatial(x))),
            lambda x, *rest: padded(1, 1, axes=lambda x: (0, *spatial(x)))(x, *rest)[: len(x)],
            _padded_everywhere,
            _padded_everywhere_and_read,
            lambda x, *rest: _padded_everywhere(x, *rest)[: len(x)],
        ),
    ),
    Slip(
        "pads with edge values",
        "Your output equals the one with the border's values repeated outside. Padding puts zeros "
        "there: np.pad's default mode.",
        (padded(1, 1, "edge"),),
    ),
    Slip(
        "pads with mirrored values",
        "Your output equals the one with the input mirrored (or wrapped round) at its border. "
        "Padding puts zeros there: np.pad's default mode.",
        (padded(1, 1, "reflect"), padded(1, 1, "symmetric"), padded(1, 1, "wrap")),
    ),
    Slip(
        "padding chosen to keep the size",
        "Your output is padded as TensorFlow's 'same' does, or as np.convolve's: by what keeps the "
        "size, whatever padding says. Here padding says how many zeros each end gets.",
        (
            _padded_by(_same_as_tensorflow),
            _padded_by(lambda n, span, *rest: ((span - 1) // 2, span - 1 - (span - 1) // 2)),
            _padded_by(lambda n, span, *rest: (span - 1 - (span - 1) // 2, (span - 1) // 2)),
        ),
    ),
    Slip(
        "padded as 'full'",
        "Your output has a position wherever kernel and input overlap by a single sample, as "
        "np.convolve does by default. Here padding says how many zeros each end gets.",
        (_padded_by(lambda n, span, *rest: (span - 1, span - 1)),),
    ),
    Slip(
        "forgets the sum over input channels",
        "Your output hears one input channel at a time. A window spans all input channels: each "
        "has its own slice of the kernel, and one output value is the sum over channels and "
        "weights.",
        tuple(_channels_apart(axis, row) for axis in (1, 2) for row in (False, True)),
    ),
    Slip(
        "only the last product counts",
        "Your output equals the product with the last weight alone: each product overwrites the "
        "one before. Start from zero and add: y[...] += x * weight.",
        (
            of_weight(_last_window),
            of_weight(_last_channel_too),
            lambda x, w, b, *rest: convolve(x, _last_window(w), None, *rest),
            lambda x, w, b, *rest: convolve(x, _last_channel_too(w), None, *rest),
        ),
    ),
    Slip(
        "bias along the positions",
        "Your bias lies along the last axis, the positions: NumPy lines axes up from the right. "
        "Give it one axis for each spatial axis, to be stretched along: bias[:, None] in one "
        "dimension, bias[:, None, None] in two.",
        (_along_the_positions, _one_axis_short),
    ),
    Slip(
        "rounds the output size up",
        "Your output has one window too many where the stride does not divide evenly: it hangs "
        "over the end. Only whole windows count, so the size rounds down.",
        (_padded_by(lambda n, span, room, s, p: (p, p + -room % s)),),
    ),
)
