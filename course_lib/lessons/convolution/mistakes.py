"""The mistakes that conv1d_forward and conv2d_forward share, and what they are made of.

Nearly every wrong answer is the library's convolution with one thing changed. Where learners' code
would raise, the answer reads x as that code does and raises where it would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.convolution import conv1d, conv2d, output_size
from course_lib.engine.exercise import Mistake
from course_lib.record import Array

Forward = Callable[..., Array]


def _axes(array: Array) -> tuple[int, ...]:
    """The spatial axes: all but the first two."""
    return tuple(range(2, array.ndim))


def convolve(x: Array, weight: Array, bias: Array | None, *hyper: int) -> Array:
    """The library's convolution of 1 or 2 dimensions; hyper = stride, padding and dilation."""
    stride, padding, dilation = (*hyper, 1)[:3]
    operation = conv1d if x.ndim == 3 else conv2d
    return operation(x, weight, bias, stride=stride, padding=padding, dilation=dilation)[0]


def of_weight(change: Callable[[Array], Array]) -> Forward:
    return lambda x, weight, bias, *hyper: convolve(x, change(weight), bias, *hyper)


def _of_bias(change: Callable[[Array, Array], Array | None]) -> Forward:
    return lambda x, weight, bias, *hyper: convolve(x, weight, change(bias, weight), *hyper)


def padded(before: int, after: int, mode: Any = "constant", axes: Any = _axes) -> Forward:
    """Pad by `before` and `after` times the padding on the given axes, then convolve without."""

    def forward(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
        stride, padding, dilation = (*hyper, 1)[:3]
        widths = [
            (before * padding, after * padding) if axis in axes(x) else (0, 0)
            for axis in range(x.ndim)
        ]
        return convolve(np.pad(x, widths, mode=mode), weight, bias, stride, 0, dilation)

    return forward


def _all_but_channels(x: Array) -> tuple[int, ...]:
    return (0, *_axes(x))


def _padded_everywhere(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    """np.pad(x, padding), read as far as the kernel has channels."""
    stride, padding, dilation = (*hyper, 1)[:3]
    x = np.pad(x, padding)[:, : x.shape[1]]
    return convolve(x, weight, bias, stride, 0, dilation)


def of_hyper(change: Callable[[int, int, int], tuple[int, int, int]]) -> Forward:
    return lambda x, weight, bias, *hyper: convolve(x, weight, bias, *change(*(*hyper, 1)[:3]))


def right_size(forward: Forward) -> Forward:
    """As many positions as the right output has: the size is right, what is read is not."""
    return lambda *args: forward(*args)[tuple(map(slice, convolve(*args).shape))]


def _only_channel(channel: int) -> Forward:
    pick = slice(channel, channel + 1 or None)
    return lambda x, weight, bias, *hyper: convolve(x[:, pick], weight[:, pick], bias, *hyper)


def _channels_apart(axis: int, in_a_row: bool = False) -> Forward:
    """One output for each input channel, along an axis of its own or among the output channels."""

    def forward(x: Array, *rest: Any) -> Array:
        y = np.stack([_only_channel(c)(x, *rest) for c in range(x.shape[1])], axis=axis)
        return y.reshape(len(x), -1, *y.shape[3:]) if in_a_row else y

    return forward


def _rounded_up(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    """Where the stride does not divide, a last window that hangs over the end (into zeros)."""
    stride, padding, dilation = (*hyper, 1)[:3]
    widths = [(0, 0), (0, 0)]
    for axis in _axes(x):
        room = x.shape[axis] + 2 * padding - dilation * (weight.shape[axis] - 1) - 1
        widths.append((padding, padding + -room % stride))
    return convolve(np.pad(x, widths), weight, bias, stride, 0, dilation)


def _without_padding_in_the_size(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    short = padded(0, 0)(x, weight, bias, *hyper).shape
    return convolve(x, weight, bias, *hyper)[tuple(map(slice, short))]


def _by_index(x: Array, weight: Array, bias: Array, start: int, size: Any, *steps: int) -> Array:
    """x[..., start + i * stride + k * dilation]: negative ones wrap, those beyond the end raise."""
    stride, dilation = steps
    for axis, positions in zip(_axes(x), size, strict=True):
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
    how: Callable[..., Array],
    start: int = 0,
    before: int = 0,
    after: int = 0,
    sized_padded: bool = False,
) -> Forward:
    """The right size, from x as it is given or as it is padded, and windows from what is there."""

    def forward(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
        stride, padding, dilation = (*hyper, 1)[:3]
        widths = [(before * padding, after * padding) for _ in _axes(x)]
        padded = np.pad(x, [(0, 0), (0, 0), *widths])
        size = [
            output_size(n, k, stride=stride, padding=padding, dilation=dilation)
            for n, k in zip(
                (padded if sized_padded else x).shape[2:], weight.shape[2:], strict=True
            )
        ]
        return how(padded, weight, bias, start * padding, size, stride, dilation)

    return forward


def _returned_inside(*loops: int) -> Forward:
    """Only the first round of the loops over these axes was computed."""

    def forward(*args: Any) -> Array:
        y = convolve(*args)
        first = tuple(slice(1) if axis in loops else slice(None) for axis in range(y.ndim))
        early = np.zeros_like(y)
        early[first] = y[first]
        return early

    return forward


def _first_example_repeated(x: Array, *rest: Any) -> Array:
    return np.repeat(convolve(x[:1], *rest), len(x), axis=0)


def _one_axis_short(bias: Array, x: Array) -> Array:
    """bias in one dimension and bias[:, None] in two."""
    return bias.reshape(-1, *(1 for _ in _axes(x)[1:]))


def _channel_axes_swapped(x: Array, weight: Array, *rest: Any) -> Array:
    """weight[c, o] in place of weight[o, c]: an IndexError where there are not as many of both."""
    c_out, c_in = weight.shape[:2]
    swapped = weight.swapaxes(0, 1).take(range(c_out), axis=0).take(range(c_in), axis=1)
    return convolve(x, swapped, *rest)


def _only_last(weight: Array, channels: Any = slice(None)) -> Array:
    """Zeros but for the last weight of every kernel, in all channels or in the given one."""
    only = np.zeros_like(weight)
    last: Any = (slice(None), channels, *(-1 for _ in _axes(weight)))
    only[last] = weight[last]
    return only


def _weights(weight: Array) -> int:
    """The weights of one kernel for one channel."""
    return int(np.prod(weight.shape[2:]))


SHARED = (
    Mistake(
        "kernel flipped",
        "Your output equals a convolution with the kernel flipped. That is the mathematician's "
        "convolution; layers don't flip: weight[..., 0] meets the first sample of the "
        "window, weight[..., -1] the last. Let both indices grow in the same direction.",
        (of_weight(lambda w: np.flip(w, _axes(w))),),
    ),
    Mistake(
        "stride ignored",
        "Your output equals the one for stride 1: it has every position of the window. With stride "
        "s, output i belongs to the window that begins at sample i * s.",
        (of_hyper(lambda s, p, d: (1, p, d)),),
    ),
    Mistake(
        "window i begins at i",
        "Your output has the right size, but output i is computed from the window that begins at "
        "sample i. With stride s it begins at sample i * s.",
        (right_size(of_hyper(lambda s, p, d: (1, p, d))),),
    ),
    Mistake(
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
    Mistake(
        "padding ignored",
        "Your output equals the one without padding. Put padding zeros on both ends of every "
        "spatial axis (np.pad helps) before the window starts.",
        (padded(0, 0),),
    ),
    Mistake(
        "reads beyond the end",
        "Your code is right without padding, but with padding it reads beyond the end of x. The "
        "output has room for the padding that x has not got: pad x first (np.pad helps).",
        (_reads(_by_index), _reads(_by_slices)),
    ),
    Mistake(
        "pads first and counts the padding again",
        "Your code is right without padding, but with padding its output is too long, so that it "
        "reads beyond the end. Once x is padded its length contains the padding: take the length "
        "before you pad, or leave 2 * padding out of the size.",
        tuple(_reads(how, before=1, after=1, sized_padded=True) for how in (_by_index, _by_slices)),
    ),
    Mistake(
        "padding missing from the size",
        "Your output begins as it should and ends too early: it has as many positions as there "
        "are without padding. The window slides over the padded input.",
        (_without_padding_in_the_size,),
    ),
    Mistake(
        "negative index",
        "Your code subtracts the padding from the index but also reads there. In Python x[-1] is "
        "the last sample, not a zero, and beyond the end there is none: leave out what lies "
        "outside of x, or pad x first.",
        (_reads(_by_index, start=-1), _reads(_by_slices, start=-1)),
    ),
    Mistake(
        "pads one side only",
        "Your output equals the one with zeros at one end only. Padding p means p zeros at the "
        "beginning and p zeros at the end.",
        (
            *(padded(*sides) for sides in ((1, 0), (0, 1), (2, 0), (0, 2))),
            *(
                _reads(how, before=before, after=1 - before)
                for how in (_by_index, _by_slices)
                for before in (0, 1)
            ),
        ),
    ),
    Mistake(
        "pads twice as much",
        "Your output equals the one with 2 * padding zeros at each end. The 2 in the size formula "
        "stands for the two ends; each end gets padding zeros.",
        (padded(2, 2),),
    ),
    Mistake(
        "pads the channels too",
        "Your input grew along the channels or the batch as well. Only the spatial axes are "
        "padded: np.pad takes a pair (before, after) for each axis, (0, 0) for the first two.",
        (
            lambda x, *rest: padded(1, 1, axes=_all_but_channels)(x, *rest),
            lambda x, *rest: padded(1, 1, axes=_all_but_channels)(x, *rest)[: len(x)],
            lambda x, *rest: _padded_everywhere(x, *rest),
            lambda x, *rest: _padded_everywhere(x, *rest)[: len(x)],
        ),
    ),
    Mistake(
        "pads with edge values",
        "Your output equals the one with the border's values repeated outside. Padding puts zeros "
        "there: np.pad's default mode.",
        (padded(1, 1, "edge"),),
    ),
    Mistake(
        "pads with mirrored values",
        "Your output equals the one with the input mirrored (or wrapped round) at its border. "
        "Padding puts zeros there: np.pad's default mode.",
        (padded(1, 1, "reflect"), padded(1, 1, "symmetric"), padded(1, 1, "wrap")),
    ),
    Mistake(
        "forgets the sum over input channels",
        "Your output hears one input channel at a time. A window spans all input channels: each "
        "has its own slice of the kernel, and one output value is the sum over channels and "
        "weights.",
        (
            _only_channel(0),
            _only_channel(-1),
            _channels_apart(axis=1),
            _channels_apart(axis=2),
            _channels_apart(axis=1, in_a_row=True),
            _channels_apart(axis=2, in_a_row=True),
        ),
    ),
    Mistake(
        "averages over the input channels",
        "Your output divides the sum over the input channels by their number. The layer adds them; "
        "the weights take care of the scale.",
        (of_weight(lambda w: w / w.shape[1]),),
    ),
    Mistake(
        "averages over the window",
        "Your output is divided by the number of weights. A convolution sums the products; only a "
        "pooling layer averages.",
        (
            of_weight(lambda w: w / _weights(w)),
            of_weight(lambda w: w / _weights(w) / w.shape[1]),
        ),
    ),
    Mistake(
        "only the last product counts",
        "Your output equals the product with the last weight alone: each product overwrites the "
        "one before. Start from zero and add: y[...] += x * weight.",
        (
            of_weight(_only_last),
            of_weight(lambda w: _only_last(w, channels=-1)),
            lambda x, w, b, *rest: convolve(x, _only_last(w, channels=-1), None, *rest),
        ),
    ),
    Mistake(
        "return inside a loop",
        "Your output is right in its first values and 0 in the others: the return stands inside a "
        "loop and ends it in its first round. Move it to the left, below all loops.",
        tuple(
            _returned_inside(*loops)
            for loops in ((0,), (1,), (2,), (0, 1), (2, 3), (0, 1, 2), (0, 1, 2, 3))
        ),
    ),
    Mistake(
        "only the first example",
        "Your output uses the first example alone. x holds a batch: y[n] is computed from x[n], "
        "for every n.",
        (_first_example_repeated, lambda x, *rest: convolve(x[:1], *rest)),
    ),
    Mistake(
        "all kernels are the first",
        "Every output channel of yours used the first kernel. Output channel o has a kernel of its "
        "own, weight[o].",
        (of_weight(lambda w: np.broadcast_to(w[:1], w.shape).copy()),),
    ),
    Mistake(
        "channel axes of the kernel swapped",
        "Your output uses weight[c, o] in place of weight[o, c]. weight is (C_out, C_in, ...): the "
        "output channel comes first.",
        (_channel_axes_swapped,),
    ),
    Mistake(
        "channels at the end",
        "Your output is right but its axes are in another order: the output channels come second, "
        "(N, C_out, ...), as the input channels do in x.",
        (lambda *args: np.moveaxis(convolve(*args), 1, -1),),
    ),
    Mistake(
        "forgets the bias",
        "Your output lacks the bias: add bias[o] once to every position of output channel o.",
        (_of_bias(lambda b, w: None),),
    ),
    Mistake(
        "subtracts the bias",
        "Your output has the bias subtracted. It is added.",
        (_of_bias(lambda b, w: -b),),
    ),
    Mistake(
        "adds the bias too often",
        "Your output has the bias added once for every channel or weight: it stands inside the "
        "loop that sums. It belongs after the sum, once.",
        (
            _of_bias(lambda b, w: b * w.shape[1]),
            _of_bias(lambda b, w: b * _weights(w)),
            _of_bias(lambda b, w: b * _weights(w) * w.shape[1]),
        ),
    ),
    Mistake(
        "bias along the positions",
        "Your bias lies along the last axis, the positions: NumPy lines axes up from the right. "
        "Give it one axis for each spatial axis, to be stretched along: bias[:, None] in one "
        "dimension, bias[:, None, None] in two.",
        (
            lambda x, w, bias, *rest: convolve(x, w, None, *rest) + bias,
            lambda x, w, bias, *rest: convolve(x, w, None, *rest) + _one_axis_short(bias, x),
        ),
    ),
    Mistake(
        "rounds the output size up",
        "Your output has one window too many where the stride does not divide evenly: it hangs "
        "over the end. Only whole windows count, so the size rounds down.",
        (_rounded_up,),
    ),
    Mistake(
        "the last window is missing",
        "Your output ends one window early. The number of positions is the number of steps plus "
        "one: range(n) already stops before n.",
        (lambda *args: convolve(*args)[(..., *(slice(-1) for _ in _axes(args[0])))],),
    ),
)
