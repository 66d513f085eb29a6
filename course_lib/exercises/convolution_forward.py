"""The exercises conv1d_forward and conv2d_forward, and the mistakes that they share.

Every wrong answer is the library's convolution with one thing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_lib.convolution import conv1d, conv2d
from course_lib.exercises.exercise import Case, Exercise, Mistake, draw
from course_lib.record import Array

Forward = Callable[..., Array]


def _axes(array: Array) -> tuple[int, ...]:
    """The spatial axes: all but the first two."""
    return tuple(range(2, array.ndim))


def _conv(x: Array, weight: Array, bias: Array | None, *hyper: int) -> Array:
    """The library's convolution of 1 or 2 dimensions; hyper = stride, padding and dilation."""
    stride, padding, dilation = (*hyper, 1)[:3]
    operation = conv1d if x.ndim == 3 else conv2d
    return operation(x, weight, bias, stride=stride, padding=padding, dilation=dilation)[0]


def _of_weight(change: Callable[[Array], Array]) -> Forward:
    return lambda x, weight, bias, *hyper: _conv(x, change(weight), bias, *hyper)


def _of_bias(change: Callable[[Array, Array], Array | None]) -> Forward:
    return lambda x, weight, bias, *hyper: _conv(x, weight, change(bias, weight), *hyper)


def _padded(before: int, after: int, mode: Any = "constant", axes: Any = _axes) -> Forward:
    """Pad by `before` and `after` times the padding on the given axes, then convolve without."""

    def forward(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
        stride, padding, dilation = (*hyper, 1)[:3]
        widths = [
            (before * padding, after * padding) if axis in axes(x) else (0, 0)
            for axis in range(x.ndim)
        ]
        return _conv(np.pad(x, widths, mode=mode), weight, bias, stride, 0, dilation)

    return forward


def _all_but_channels(x: Array) -> tuple[int, ...]:
    return (0, *_axes(x))


def _padded_everywhere(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    """np.pad(x, padding), read as far as the kernel has channels."""
    stride, padding, dilation = (*hyper, 1)[:3]
    x = np.pad(x, padding)[:, : x.shape[1]]
    return _conv(x, weight, bias, stride, 0, dilation)


def _hyper(change: Callable[[int, int, int], tuple[int, int, int]]) -> Forward:
    return lambda x, weight, bias, *hyper: _conv(x, weight, bias, *change(*(*hyper, 1)[:3]))


def _only_channel(channel: int) -> Forward:
    pick = slice(channel, channel + 1 or None)
    return lambda x, weight, bias, *hyper: _conv(x[:, pick], weight[:, pick], bias, *hyper)


def _channels_apart(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    channels = range(x.shape[1])
    return np.stack([_only_channel(c)(x, weight, bias, *hyper) for c in channels], axis=2)


def _rounded_up(x: Array, weight: Array, bias: Array, *hyper: int) -> Array:
    """Where the stride does not divide, a last window that hangs over the end (into zeros)."""
    stride, padding, dilation = (*hyper, 1)[:3]
    widths = [(0, 0), (0, 0)]
    for axis in _axes(x):
        room = x.shape[axis] + 2 * padding - dilation * (weight.shape[axis] - 1) - 1
        widths.append((padding, padding + -room % stride))
    return _conv(np.pad(x, widths), weight, bias, stride, 0, dilation)


def _last_tap(weight: Array) -> Array:
    only = np.zeros_like(weight)
    last: Any = (..., *(-1 for _ in _axes(weight)))
    only[last] = weight[last]
    return only


def _taps(weight: Array) -> int:
    return int(np.prod(weight.shape[2:]))


_SHARED = (
    Mistake(
        "kernel flipped",
        "Your output equals a convolution with the kernel flipped. That is the mathematician's "
        "convolution; layers don't flip: weight[0] meets the first sample of the window, "
        "weight[-1] the last. Let both indices grow in the same direction.",
        (_of_weight(lambda w: np.flip(w, _axes(w))),),
    ),
    Mistake(
        "stride ignored",
        "Your output equals the one for stride 1: it has every position of the window. With stride "
        "s, output i belongs to the window that begins at sample i * s.",
        (_hyper(lambda s, p, d: (1, p, d)),),
    ),
    Mistake(
        "stride applied to the kernel",
        "Your output uses the stride inside the window, as the distance between the kernel's taps. "
        "The stride moves the window from one position to the next; the taps are dilation apart.",
        (
            _hyper(lambda s, p, d: (1, p, s)),
            _hyper(lambda s, p, d: (1, p, s * d)),
            _hyper(lambda s, p, d: (s, p, s)),
            _hyper(lambda s, p, d: (s, p, s * d)),
        ),
    ),
    Mistake(
        "padding ignored",
        "Your output equals the one without padding. Put padding zeros on both ends of every "
        "spatial axis (np.pad helps) before the window starts.",
        (_padded(0, 0),),
    ),
    Mistake(
        "pads one side only",
        "Your output equals the one with zeros at one end only. Padding p means p zeros at the "
        "beginning and p zeros at the end.",
        (_padded(1, 0), _padded(0, 1), _padded(2, 0), _padded(0, 2)),
    ),
    Mistake(
        "pads twice as much",
        "Your output equals the one with 2 * padding zeros at each end. The 2 in the size formula "
        "stands for the two ends; each end gets padding zeros.",
        (_padded(2, 2),),
    ),
    Mistake(
        "pads the channels too",
        "Your input grew along the channels or the batch as well. Only the spatial axes are "
        "padded: np.pad takes a pair (before, after) for each axis, (0, 0) for the first two.",
        (
            lambda x, *rest: _padded(1, 1, axes=_all_but_channels)(x, *rest),
            lambda x, *rest: _padded(1, 1, axes=_all_but_channels)(x, *rest)[: len(x)],
            lambda x, *rest: _padded_everywhere(x, *rest),
            lambda x, *rest: _padded_everywhere(x, *rest)[: len(x)],
        ),
    ),
    Mistake(
        "pads with edge values",
        "Your output equals the one with the border's values repeated outside. Padding puts zeros "
        "there: np.pad's default mode.",
        (_padded(1, 1, "edge"),),
    ),
    Mistake(
        "pads with mirrored values",
        "Your output equals the one with the input mirrored (or wrapped round) at its border. "
        "Padding puts zeros there: np.pad's default mode.",
        (_padded(1, 1, "reflect"), _padded(1, 1, "symmetric"), _padded(1, 1, "wrap")),
    ),
    Mistake(
        "forgets the sum over input channels",
        "Your output hears one input channel at a time. A window spans all input channels: each "
        "has its own slice of the kernel, and one output value is the sum over channels and taps.",
        (_only_channel(0), _only_channel(-1), _channels_apart),
    ),
    Mistake(
        "averages over the input channels",
        "Your output divides the sum over the input channels by their number. The layer adds them; "
        "the weights take care of the scale.",
        (_of_weight(lambda w: w / w.shape[1]),),
    ),
    Mistake(
        "averages over the window",
        "Your output is divided by the number of taps. A convolution sums the products; only a "
        "pooling layer averages.",
        (_of_weight(lambda w: w / _taps(w)), _of_weight(lambda w: w / _taps(w) / w.shape[1])),
    ),
    Mistake(
        "only the last tap counts",
        "Your output equals the last tap's product alone: each tap overwrites the one before. "
        "Start from zero and add: y[...] += x * weight.",
        (_of_weight(_last_tap),),
    ),
    Mistake(
        "all kernels are the first",
        "Every output channel of yours used the first kernel. Output channel o has a kernel of its "
        "own, weight[o].",
        (_of_weight(lambda w: np.broadcast_to(w[:1], w.shape).copy()),),
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
        "Your output has the bias added once for every channel or tap: it stands inside the loop "
        "that sums. It belongs after the sum, once.",
        (
            _of_bias(lambda b, w: b * w.shape[1]),
            _of_bias(lambda b, w: b * _taps(w)),
            _of_bias(lambda b, w: b * _taps(w) * w.shape[1]),
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
        (lambda *args: _conv(*args)[(..., *(slice(-1) for _ in _axes(args[0])))],),
    ),
)


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
    section="04_02b_convolution",
    returns=("y",),
    shows="Your convolution agrees with the library's for every stride, padding and dilation we "
    "tried, over several channels and examples.",
    cases=_conv1d_cases,
    reference=_conv,
    points=2,
    mistakes=(
        *_SHARED,
        Mistake(
            "dilation ignored",
            "Your output equals the one for dilation 1: the taps are neighbours. With dilation d, "
            "tap k looks at the sample k * d places after the window's beginning.",
            (_hyper(lambda s, p, d: (s, p, 1)),),
        ),
        Mistake(
            "dilation counted as the gap",
            "Your output has dilation samples left out between two taps. Dilation is the distance "
            "from tap to tap, so that 1 means neighbours.",
            (_hyper(lambda s, p, d: (s, p, d + 1)),),
        ),
        Mistake(
            "stride and dilation swapped",
            "Your output equals the one with stride and dilation exchanged. The stride moves the "
            "window from output to output, the dilation spreads the taps within it: i * stride + "
            "k * dilation.",
            (_hyper(lambda s, p, d: (d, p, s)),),
        ),
    ),
    hints=(
        "Take one output value first: y[n, o, i] is the sum over all input channels c and taps k "
        "of a sample of x times weight[o, c, k], plus bias[o]. Which sample?",
        "Pad first: np.pad(x, ((0, 0), (0, 0), (padding, padding))). From then on the window i "
        "begins at i * stride, and its tap k lies k * dilation further.",
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
        y = _conv(x, weight, bias, 1, padding)
        return y[:, :, ::stride] if rows else y[..., ::stride]

    return forward


CONV2D_FORWARD = Exercise(
    name="conv2d_forward",
    section="04_02b_convolution",
    returns=("y",),
    shows="Your convolution agrees with the library's on images that are not square, with kernels "
    "that are not square, over several channels and examples.",
    cases=_conv2d_cases,
    reference=_conv,
    points=2,
    mistakes=(
        *_SHARED,
        Mistake(
            "kernel flipped along one axis",
            "Your output equals a convolution with the kernel flipped along one axis. Rows of the "
            "kernel meet rows of the window in the same order, and so do columns.",
            (_of_weight(lambda w: w[:, :, ::-1]), _of_weight(lambda w: w[..., ::-1])),
        ),
        Mistake(
            "rows and columns of the kernel swapped",
            "Your output equals a convolution with the kernel transposed. weight is "
            "(C_out, C_in, rows, columns), as x is (N, C_in, rows, columns).",
            (_of_weight(lambda w: w.swapaxes(2, 3)),),
        ),
        Mistake(
            "stride along one axis only",
            "Your output takes the stride along one axis only. The window moves by stride down as "
            "well as across.",
            (_stride_along(rows=True), _stride_along(rows=False)),
        ),
        Mistake(
            "padding along one axis only",
            "Your output is padded along one axis only. Rows and columns both get padding zeros at "
            "both ends: np.pad takes one pair for each axis.",
            (_padded(1, 1, axes=lambda x: (2,)), _padded(1, 1, axes=lambda x: (3,))),
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
