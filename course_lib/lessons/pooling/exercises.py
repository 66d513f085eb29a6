"""The exercises max_pool2d_forward, avg_pool_as_convolution and max_pool_backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array


def _places(size: int, kernel_size: int, stride: int, padding: int = 0) -> int:
    """At how many places the window stands; 0 where it does not fit."""
    room = size + 2 * padding - kernel_size
    return room // stride + 1 if room >= 0 else 0


def _max_pool(x: Array, kernel_size: int, stride: int, padding: int) -> Array:
    return lib.max_pool2d(x, kernel_size, stride=stride, padding=padding)[0]


def _close_together(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers within 1 of each other, so that each could win; a few can be followed by hand.

    Many lie far below 0 every other time: no number in the padding is low enough but -np.inf.
    """
    x = rng.uniform(-0.6, 0.4, size=shape)
    return (x.round(1) + 0.0 if x.size <= 20 else x) - 1e4 * rng.integers(2)


def _reduced(
    reduce: Callable[[Array], Array], before: int = 1, after: int = 1, **pad: Any
) -> Callable[..., Array]:
    """Pad by `before` and `after` times the padding, then reduce (N, C, H', W', K, K)."""

    def pool(x: Array, kernel_size: int, stride: int, padding: int) -> Array:
        ends = (before * padding, after * padding)
        padded = np.pad(x, ((0, 0), (0, 0), ends, ends), **pad)
        shape = (kernel_size, kernel_size)
        views = np.lib.stride_tricks.sliding_window_view(padded, shape, axis=(2, 3))
        return reduce(views[:, :, ::stride, ::stride])

    return pool


def _over_window(function: Callable[..., Array]) -> Callable[[Array], Array]:
    return lambda windows: function(windows, axis=(-2, -1))


def _largest_in_size(windows: Array) -> Array:
    flat = windows.reshape(*windows.shape[:4], -1)
    at = np.abs(flat).argmax(axis=-1)[..., None]
    return np.take_along_axis(flat, at, axis=-1)[..., 0]


def _place_of_largest(windows: Array) -> Array:
    return windows.reshape(*windows.shape[:4], -1).argmax(axis=-1).astype(windows.dtype)


def _rounded_up(x: Array, kernel_size: int, stride: int, padding: int) -> Array:
    """One window more where the stride does not divide, hanging over the end."""
    over = [-(n + 2 * padding - kernel_size) % stride for n in x.shape[2:]]
    ends = [(padding, padding + more) for more in over]
    padded = np.pad(x, ((0, 0), (0, 0), *ends), constant_values=-np.inf)
    return lib.max_pool2d(padded, kernel_size, stride=stride)[0]


MINUS_INFINITY = {"constant_values": -np.inf}
LARGEST = _over_window(np.max)


def _by_slices(
    places: Callable[..., int] = _places,
    reach: Callable[[int, int], int] = lambda kernel_size, stride: kernel_size,
    sides: Callable[[int, int], tuple[int, int]] = lambda h, w: (h, w),
) -> Callable[..., Array]:
    """Loops over the places of the window, with any of their parts done otherwise."""

    def pool(x: Array, kernel_size: int, stride: int, padding: int) -> Array:
        ends = (padding, padding)
        padded = np.pad(x, ((0, 0), (0, 0), ends, ends), constant_values=-np.inf)
        down, across = (places(n, kernel_size, stride, padding) for n in sides(*x.shape[2:]))
        y = np.zeros((*x.shape[:2], down, across), x.dtype)
        for i, j in np.ndindex(down, across):
            rows, columns = (
                slice(k, k + reach(kernel_size, stride)) for k in (i * stride, j * stride)
            )
            y[:, :, i, j] = padded[:, :, rows, columns].max(axis=(2, 3))
        return y

    return pool


def _places_rounded_up(size: int, kernel_size: int, stride: int, padding: int) -> int:
    return -(-(size + 2 * padding - kernel_size) // stride) + 1


def _last_left_out(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """As range(0, size - kernel_size, stride) counts the places."""
    return max(0, -(-(size + 2 * padding - kernel_size) // stride))


def _one_too_few(*window: int) -> int:
    return max(0, _places(*window) - 1)


def _without_the_window(size: int, kernel_size: int, stride: int, padding: int) -> int:
    return size // stride


def _carried_over(axes: tuple[int, ...]) -> Callable[..., Array]:
    """The largest so far, which is not forgotten from one window to the next along the axes."""

    def pool(x: Array, *window: int) -> Array:
        y = _max_pool(x, *window)
        flat = y.reshape(*y.shape[: axes[0]], -1)
        return np.maximum.accumulate(flat, axis=-1).reshape(y.shape)

    return pool


MAX_POOL2D_FORWARD = Exercise(
    name="max_pool2d_forward",
    sections=("04_04_pooling",),
    task="""
`x` is `(N, C, H, W)`: N examples of C channels, H rows and W columns. Return `y` `(N, C, H', W')`,
the largest number in every window of `kernel_size` by `kernel_size`, channel by channel. The window
moves by `stride`, down and across, and stands only where it fits. `padding` adds so many rows and
columns on each side, which must never win; it is at most half of `kernel_size`. For `x`
`[[[[-1, -2], [-3, -4]]]]`, kernel size 2, stride 2 and padding 0, `y` is `[[[[-1]]]]`.
""",
    stub="""
def max_pool2d_forward(x, kernel_size, stride, padding):
    raise NotImplementedError
""",
    solution="""
def max_pool2d_forward(x, kernel_size, stride, padding):
    sides = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(x, sides, constant_values=-np.inf)  # less than any number
    rows = (padded.shape[2] - kernel_size) // stride + 1
    columns = (padded.shape[3] - kernel_size) // stride + 1
    y = np.empty((*x.shape[:2], rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            down, across = i * stride, j * stride
            window = padded[:, :, down : down + kernel_size, across : across + kernel_size]
            y[:, :, i, j] = window.max(axis=(2, 3))
    return y
""",
    alternative="""
def max_pool2d_forward(x, kernel_size, stride, padding):
    sides = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(x, sides, constant_values=-np.inf)
    size = (kernel_size, kernel_size)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))
""",
    returns={"y": "N C H' W'"},
    shows="Your pooling keeps the largest number of every window, also where windows overlap, "
    "leave gaps or reach into the padding.",
    inputs=Inputs(
        arguments={
            "x": "N C H W",
            "kernel_size": range(1, 5),
            "stride": range(1, 4),
            "padding": range(3),
        },
        example={"H": 4, "W": 4, "kernel_size": 2, "stride": 2},
        also=(
            {"H": 4, "W": 5, "kernel_size": 3, "stride": 2, "padding": 1},
            {"N": 2, "C": 3, "H": 5, "W": 6, "kernel_size": 2, "stride": 1},
        ),
        sizes={"N": (1, 2), "H": range(1, 7), "W": range(1, 7)},
        values={"x": _close_together},
        derived={
            "H'": lambda H, kernel_size, stride, padding: _places(H, kernel_size, stride, padding),
            "W'": lambda W, kernel_size, stride, padding: _places(W, kernel_size, stride, padding),
            "remainder": lambda H, kernel_size, stride, padding: (
                (H + 2 * padding - kernel_size) % stride
            ),
        },
        legal=lambda H, W, kernel_size, padding: (
            2 * padding <= kernel_size <= min(H, W) + 2 * padding
        ),
    ),
    right=_max_pool,
    slips=(
        Slip(
            "a zero of the padding wins",
            "Your y is 0 at the border wherever all numbers of a window are negative: a zero of "
            "the padding won. Pad with -np.inf, or leave the padding out of the window.",
            (_reduced(LARGEST),),
        ),
        Slip(
            "the padding is not low enough",
            "Your y has a number in it that stands in the padding alone: where all of x is lower, "
            "it wins. No number is low enough for any x; -np.inf is.",
            tuple(_reduced(LARGEST, constant_values=-n) for n in (1, 10, 99, 100, 999, 1000)),
        ),
        Slip(
            "never below zero",
            "Your y is never below 0: the search for the largest starts from 0. Start from the "
            "window's first number, or from -np.inf.",
            (
                lambda *args: np.maximum(_max_pool(*args), 0),
                lambda *args: np.maximum(_reduced(LARGEST)(*args), 0),
            ),
        ),
        Slip(
            "windows side by side",
            "Your y moves the window by kernel_size. That is what a layer does when no stride is "
            "given; here the window moves by stride.",
            (
                lambda x, kernel_size, stride, padding: _max_pool(
                    x, kernel_size, kernel_size, padding
                ),
            ),
        ),
        Slip(
            "an average",
            "Your y is the mean of each window. Max pooling keeps the largest number.",
            (
                _reduced(_over_window(np.mean)),
                _reduced(_over_window(np.mean), **MINUS_INFINITY),
            ),
        ),
        Slip(
            "the smallest",
            "Your y is the smallest number of each window. Max pooling keeps the largest.",
            (
                _reduced(_over_window(np.min), constant_values=np.inf),
                _reduced(_over_window(np.min)),
                _reduced(_over_window(np.min), **MINUS_INFINITY),
            ),
        ),
        Slip(
            "the sum",
            "Your y adds up each window. Max pooling keeps the largest number and no other.",
            (_reduced(_over_window(np.sum)), _reduced(_over_window(np.sum), **MINUS_INFINITY)),
        ),
        Slip(
            "the largest in size",
            "Your y is the number farthest from 0, whatever its sign. -5 is less than 1: the "
            "largest number is asked for.",
            (
                _reduced(_largest_in_size),
                lambda *args: np.abs(_reduced(_largest_in_size)(*args)),
                _reduced(lambda windows: LARGEST(np.abs(windows)), **MINUS_INFINITY),
            ),
        ),
        Slip(
            "the place of the largest",
            "Your y says where in its window the largest number stands. The number itself is "
            "asked for: max, not argmax.",
            (_reduced(_place_of_largest, **MINUS_INFINITY), _reduced(_place_of_largest)),
        ),
        Slip(
            "the largest of all channels",
            "Your y is the same in every channel: the maximum went over the channels too. Pool "
            "each channel by itself, over the last two axes of the window.",
            (
                lambda *args: np.broadcast_to(
                    _max_pool(*args).max(axis=1, keepdims=True), _max_pool(*args).shape
                ).copy(),
                lambda *args: _max_pool(*args).max(axis=1, keepdims=True),
                lambda *args: _max_pool(*args).max(axis=1),
            ),
        ),
        Slip(
            "padded at one side only",
            "Your y is padded at one side only. padding adds rows above and below, and columns "
            "left and right.",
            (
                _reduced(LARGEST, 1, 0, **MINUS_INFINITY),
                _reduced(LARGEST, 0, 1, **MINUS_INFINITY),
                _reduced(LARGEST, 2, 0, **MINUS_INFINITY),
                _reduced(LARGEST, 0, 2, **MINUS_INFINITY),
                _reduced(LARGEST, 1, 0),
                _reduced(LARGEST, 0, 1),
            ),
        ),
        Slip(
            "a window over the end",
            "Your y has a window more where the stride does not fit evenly: it hangs over the end. "
            "Only whole windows count, so the size rounds down.",
            (_rounded_up, _by_slices(_places_rounded_up)),
        ),
        Slip(
            "the last window left out",
            "Your y ends a window early. The last one may begin at H - kernel_size itself, H with "
            "its padding, and range stops before its end: + 1.",
            (_by_slices(_last_left_out), _by_slices(_one_too_few)),
        ),
        Slip(
            "a window at every stride",
            "Your y has H // stride rows. That counts where a window begins, also where it sticks "
            "out: it must fit whole, and the padding makes room for more.",
            (_by_slices(_without_the_window),),
        ),
        Slip(
            "a window of another size",
            "Your y looks at windows that are not kernel_size long. A slice ends before its second "
            "number: i * stride : i * stride + kernel_size holds kernel_size rows.",
            (
                _by_slices(reach=lambda kernel_size, stride: kernel_size - 1),
                _by_slices(reach=lambda kernel_size, stride: kernel_size + 1),
                _by_slices(reach=lambda kernel_size, stride: stride),
            ),
        ),
        Slip(
            "height and width mixed up",
            "Your y is right for square maps alone: one of H and W stands where the other belongs. "
            "x.shape is (N, C, H, W); rows come from H, columns from W.",
            (
                _by_slices(sides=lambda h, w: (w, h)),
                _by_slices(sides=lambda h, w: (h, h)),
                _by_slices(sides=lambda h, w: (w, w)),
            ),
        ),
        Slip(
            "a largest carried over",
            "Your y is never less than a number that stands before its window: the search goes on "
            "from there. Begin it anew in each window, from -np.inf or the window's own first "
            "number.",
            (
                _carried_over((3,)),
                _carried_over((2, 3)),
                lambda x, *window: np.maximum(_max_pool(x, *window), x[:, :, :1, :1]),
            ),
        ),
    ),
    hints=(
        "Take one example and one channel, without padding: two loops over the places of the "
        "window, and in each the largest of x[i * stride : i * stride + kernel_size, ...].",
        "How many places are there? (H + 2 * padding - kernel_size) // stride + 1 down, and the "
        "same with W across. window.max(axis=(2, 3)) does all examples and channels at once.",
        "np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), "
        "constant_values=-np.inf) puts numbers around x that never win.",
    ),
    points=2,
)


def _averaging(channels: int, height: int, width: int) -> Array:
    return np.eye(channels)[:, :, None, None] * np.full((height, width), 1 / (height * width))


def _everywhere(channels: int, height: int, width: int) -> Array:
    return np.full((channels, channels, height, width), 1 / (height * width))


def _corner_alone(channels: int, height: int, width: int) -> Array:
    weight = np.zeros((channels, channels, height, width))
    weight[range(channels), range(channels), 0, 0] = 1
    return weight


def _scaled(by: Callable[[int, int, int], float]) -> Callable[..., Array]:
    """The right weight times a number."""
    return lambda channels, height, width: (
        _averaging(channels, height, width) * by(channels, height, width)
    )


AVG_POOL_AS_CONVOLUTION = Exercise(
    name="avg_pool_as_convolution",
    sections=("04_04_pooling",),
    task="""
Average pooling is a convolution with a weight that nobody has to learn. Return that `weight`, an
array `(channels, channels, height, width)`, output channels first, so that for any `x` with so many
channels `lib.conv2d(x, weight, stride=(height, width))` computes what
`lib.avg_pool2d(x, (height, width))` does: each output channel averages its own input channel. For
`channels=1, height=1, width=2` it is `[[[[0.5, 0.5]]]]`.
""",
    stub="""
def avg_pool_as_convolution(channels, height, width):
    raise NotImplementedError
""",
    solution="""
def avg_pool_as_convolution(channels, height, width):
    weight = np.zeros((channels, channels, height, width))
    for c in range(channels):
        weight[c, c] = 1 / (height * width)  # output c listens to input c alone
    return weight
""",
    alternative="""
def avg_pool_as_convolution(channels, height, width):
    share = np.ones((height, width)) / (height * width)
    return np.eye(channels)[:, :, None, None] * share
""",
    returns={"weight": "channels channels height width"},
    shows="A convolution with your weight is average pooling: linear, and with nothing to learn.",
    inputs=Inputs(
        arguments={"channels": range(1, 5), "height": range(1, 5), "width": range(1, 5)},
        example={"channels": 1, "height": 1, "width": 2},
        also=({"channels": 2, "height": 2, "width": 3},),
    ),
    right=_averaging,
    slips=(
        Slip(
            "channels added up",
            "Your weight lets every output hear every input channel, so it adds up their means. "
            "Output channel c listens to input channel c: weight[c, d] is 0 where d is not c.",
            (_everywhere,),
        ),
        Slip(
            "channels averaged too",
            "Your weight averages over the channels as well. Each channel is pooled by itself: "
            "weight[c, d] is 0 where d is not c.",
            (lambda c, h, w: _everywhere(c, h, w) / c,),
        ),
        Slip(
            "averaged over the channels",
            "Your weight divides by the number of channels, and lets every output hear all of "
            "them. Each channel is averaged by itself, over the window's height * width numbers.",
            (lambda c, h, w: np.ones((c, c, h, w)) / c,),
        ),
        Slip(
            "brackets missing",
            "Your weight is divided by one side and multiplied by the other: / and * are read from "
            "left to right. Put height * width into brackets.",
            (_scaled(lambda c, h, w: h * h), _scaled(lambda c, h, w: w * w)),
        ),
        Slip(
            "a fixed share",
            "Your weight holds the same share whatever the window is. A window holds "
            "height * width numbers: divide by that.",
            (_scaled(lambda c, h, w: h * w / 2), _scaled(lambda c, h, w: h * w / 4)),
        ),
        Slip(
            "divided by the number of channels too",
            "Your weight divides by the channels as well. A window of one channel holds "
            "height * width numbers.",
            (
                _scaled(lambda c, h, w: 1 / c),
                _scaled(lambda c, h, w: 1 / c**2),
                lambda c, h, w: _everywhere(c, h, w) / c**2,
            ),
        ),
        Slip(
            "a sum",
            "Your weight is 1 where it should be a share: the convolution then adds up each "
            "window. For a mean, divide by how many numbers the window holds.",
            (
                _scaled(lambda c, h, w: h * w),
                lambda c, h, w: np.ones((c, c, h, w)),
            ),
        ),
        Slip(
            "divided by one side of the window",
            "Your weight divides by one side of the window. A window holds height * width numbers.",
            (_scaled(lambda c, h, w: h), _scaled(lambda c, h, w: w)),
        ),
        Slip(
            "divided by the wrong count",
            "Your weight divides by the wrong count. A window holds height * width numbers, "
            "neither height + width, nor a square of one side, nor a root.",
            (
                _scaled(lambda c, h, w: (h * w) ** 0.5),
                _scaled(lambda c, h, w: h * w / (h + w)),
                _scaled(lambda c, h, w: w / h),
                _scaled(lambda c, h, w: h / w),
            ),
        ),
        Slip(
            "one kernel for each channel",
            "Your weight has one input channel, as for a convolution in groups, which keeps the "
            "channels apart by itself. Here weight is (channels, channels, height, width), with "
            "zeros between different channels.",
            (lambda c, h, w: np.full((c, 1, h, w), 1 / (h * w)),),
        ),
        Slip(
            "without the channels",
            "Your weight is one window without channels. A convolution's weight has four axes: "
            "output channels, input channels, height, width.",
            (
                lambda c, h, w: np.full((h, w), 1 / (h * w)),
                lambda c, h, w: np.full((c, h, w), 1 / (h * w)),
            ),
        ),
        Slip(
            "one number of the window",
            "Your weight keeps one number of each window. A mean listens to all of them.",
            (_corner_alone, lambda c, h, w: _corner_alone(c, h, w) / (h * w)),
        ),
        Slip(
            "only the first channel",
            "Your weight averages the first channel, and the other outputs are 0. Every channel "
            "needs its share: weight[c, c] for each c.",
            (lambda c, h, w: _averaging(c, h, w) * (np.arange(c) == 0)[:, None, None, None],),
        ),
    ),
    hints=(
        "Begin with one channel: which four numbers turn (1, 3, 5, 9) into its mean, 4.5, when "
        "each is multiplied by one of them and the products are added?",
        "With more channels, output c must not hear channel d. Which numbers of weight[c, d] make "
        "sure of that?",
        "np.zeros((channels, channels, height, width)), and then weight[c, c] = 1 / (height * "
        "width) for every c.",
    ),
)


def _max_pool_back(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
    return lib.max_pool1d(x, kernel_size, stride=stride)[1](dy)


def _window_by_window(
    share: Callable[[Array], Array], overwrite: bool = False
) -> Callable[..., Array]:
    """dx where each window hands out dy by `share`: a window (..., K) -> (..., K)."""

    def backward(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
        dx = np.zeros_like(x)
        for i in range(dy.shape[2]):
            window = slice(i * stride, i * stride + kernel_size)
            given = dy[:, :, i, None] * share(x[:, :, window])
            there = share(x[:, :, window]) != 0
            dx[:, :, window] = (
                np.where(there, given, dx[:, :, window])
                if overwrite
                else (dx[:, :, window] + given)
            )
        return dx

    return backward


def _to_first(window: Array) -> Array:
    return (np.arange(window.shape[-1]) == window.argmax(axis=-1)[..., None]).astype(window.dtype)


def _to_ties(window: Array) -> Array:
    return (window == window.max(axis=-1, keepdims=True)).astype(window.dtype)


def _to_last(window: Array) -> Array:
    return _to_first(window[..., ::-1])[..., ::-1]


def _shared(window: Array) -> Array:
    ties = _to_ties(window)
    return ties / ties.sum(axis=-1, keepdims=True)


def _whole_window_written(share: Callable[[Array], Array]) -> Callable[..., Array]:
    """dx[window] = share * dy: the zeros overwrite as well."""

    def backward(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
        dx = np.zeros_like(x)
        for i in range(dy.shape[2]):
            window = slice(i * stride, i * stride + kernel_size)
            dx[:, :, window] = dy[:, :, i, None] * share(x[:, :, window])
        return dx

    return backward


def _counted_from(begin: int) -> Callable[..., Array]:
    """argmax counts inside the window, and is counted on from begin * i in x."""

    def backward(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
        dx = np.zeros_like(x)
        for i in range(dy.shape[2]):
            window = x[:, :, i * stride : i * stride + kernel_size]
            given = dy[:, :, i, None] * _to_first(window)
            dx[:, :, begin * i : begin * i + kernel_size] += given
        return dx

    return backward


def _by_value(first: bool) -> Callable[..., Array]:
    """The largest number of each window, looked for in all of x: the first place, or all."""

    def backward(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
        dx = np.zeros_like(x)
        for i in range(dy.shape[2]):
            largest = x[:, :, i * stride : i * stride + kernel_size].max(axis=2, keepdims=True)
            there = (x == largest).astype(x.dtype)
            dx += dy[:, :, i, None] * (_to_first(there) if first else there)
        return dx

    return backward


def _window_of(more: int) -> Callable[..., Array]:
    """The largest is looked for in so many numbers more than the window holds."""

    def backward(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
        dx = np.zeros_like(x)
        for i in range(dy.shape[2]):
            window = slice(i * stride, i * stride + kernel_size + more)
            dx[:, :, window] += dy[:, :, i, None] * _to_first(x[:, :, window])
        return dx

    return backward


def _to_the_largest_of_all(dy: Array, x: Array, *window: int) -> Array:
    return _to_first(x) * dy.sum(axis=2, keepdims=True)


def _from_sample_i(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
    spread = np.zeros((*x.shape[:2], x.shape[2] - kernel_size + 1), x.dtype)
    spread[:, :, : dy.shape[2]] = dy
    return _max_pool_back(spread, x, kernel_size, 1)


def _to_one_place(place: Callable[[Array], int]) -> Callable[..., Array]:
    """One place of each window for all examples and channels, found in (N, C, kernel_size)."""

    def back(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
        dx = np.zeros_like(x)
        for i in range(dy.shape[2]):
            start = i * stride
            dx[:, :, start + place(x[:, :, start : start + kernel_size])] += dy[:, :, i]
        return dx

    return back


MAX_POOL_BACKWARD = Exercise(
    name="max_pool_backward",
    sections=("04_04_pooling",),
    task="""
The way back through max pooling of a sequence, without padding. `x` is `(N, C, L)`; window *i*
holds `x[n, c, i * stride : i * stride + kernel_size]`. `dy` `(N, C, L')` is the gradient at the
outputs. Return `dx`, shaped like `x`: each `dy` goes to the largest number of its window, to the
first if several are equal; where windows overlap, add. For `x` `[[[3, 5, 5, 1]]]`, `dy`
`[[[10, 20]]]`, kernel size 2 and stride 2, `dx` is `[[[0, 10, 20, 0]]]`.
""",
    stub="""
def max_pool_backward(dy, x, kernel_size, stride):
    raise NotImplementedError
""",
    solution="""
def max_pool_backward(dy, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n in range(dy.shape[0]):
        for c in range(dy.shape[1]):
            for i in range(dy.shape[2]):
                start = i * stride
                window = x[n, c, start : start + kernel_size]
                dx[n, c, start + window.argmax()] += dy[n, c, i]  # argmax names the first
    return dx
""",
    alternative="""
def max_pool_backward(dy, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for i in range(dy.shape[2]):
        window = x[:, :, i * stride : i * stride + kernel_size]
        wins = np.arange(kernel_size) == window.argmax(axis=2)[:, :, None]
        dx[:, :, i * stride : i * stride + kernel_size] += wins * dy[:, :, i, None]
    return dx
""",
    returns={"dx": "N C L"},
    shows="Your gradient goes to the winner of each window alone, and adds up where windows "
    "overlap.",
    inputs=Inputs(
        arguments={
            "dy": "N C L'",
            "x": "N C L",
            "kernel_size": range(1, 5),
            "stride": range(1, 4),
        },
        example={"L": 6, "kernel_size": 2, "stride": 2},
        also=(
            {"L": 6, "kernel_size": 3, "stride": 1},
            {"N": 3, "C": 2, "L": 7, "kernel_size": 2, "stride": 1},
        ),
        sizes={"L": range(1, 8)},
        derived={
            "L'": lambda L, kernel_size, stride: _places(L, kernel_size, stride),
            "remainder": lambda L, kernel_size, stride: (L - kernel_size) % stride,
        },
        # four numbers, so that many windows have two largest
        values={"x": lambda rng, shape: rng.integers(-2, 2, size=shape) / 5},
    ),
    right=_max_pool_back,
    slips=(
        Slip(
            "to all of the tied",
            "Your dx gives the whole dy to every number that equals the maximum. Of several equal "
            "ones the first takes it: window.argmax() names it.",
            (
                _window_by_window(_to_ties),
                _window_by_window(_to_ties, overwrite=True),
                _whole_window_written(_to_ties),
            ),
        ),
        Slip(
            "shared among the tied",
            "Your dx divides dy among the numbers that tie. The task gives all of it to the first: "
            "window.argmax() names it.",
            (_window_by_window(_shared),),
        ),
        Slip(
            "to the last of the tied",
            "Your dx gives dy to the last of the numbers that tie. The first one takes it.",
            (_window_by_window(_to_last), _window_by_window(_to_last, overwrite=True)),
        ),
        Slip(
            "overwritten where windows overlap",
            "Your dx keeps what the last window gave. A number that wins in two windows gets both "
            "gradients, and gradients add: use += instead of =.",
            (
                _window_by_window(_to_first, overwrite=True),
                _whole_window_written(_to_first),
            ),
        ),
        Slip(
            "place in the window taken for the place in x",
            "Your dx uses the place inside the window as if it were one in x. Window i begins at "
            "i * stride: add that to window.argmax().",
            (_counted_from(0), _counted_from(1)),
        ),
        Slip(
            "looked for in all of x",
            "Your dx looks for the largest number of a window in all of x, where another place may "
            "hold the same number. Look inside the window: i * stride + window.argmax().",
            (_by_value(first=True), _by_value(first=False)),
        ),
        Slip(
            "added to x",
            "Your dx begins from x, so that x is added to the gradient. Begin from "
            "np.zeros_like(x).",
            (lambda dy, x, *window: x + _max_pool_back(dy, x, *window),),
        ),
        Slip(
            "to the whole window",
            "Your dx gives dy to every number of the window. Only the largest made the output; the "
            "others could change a little and nothing would move.",
            (
                _window_by_window(np.ones_like),
                _window_by_window(np.ones_like, overwrite=True),
            ),
        ),
        Slip(
            "shared like an average",
            "Your dx divides dy evenly over the window, as average pooling does. Here the largest "
            "number takes all of it.",
            (_window_by_window(lambda window: np.ones_like(window) / window.shape[-1]),),
        ),
        Slip(
            "times the maximum",
            "Your dx multiplies dy by the largest number. The output rises by 1 when that number "
            "rises by 1: its slope is 1, whatever it is.",
            (lambda dy, x, *window: _max_pool_back(dy, x, *window) * x,),
        ),
        Slip(
            "the smallest wins",
            "Your dx goes to the smallest number of each window. The largest made the output.",
            (lambda dy, x, *window: _max_pool_back(dy, -x, *window),),
        ),
        Slip(
            "the largest in size wins",
            "Your dx goes to the number farthest from 0, whatever its sign. -5 is less than 1: the "
            "largest made the output.",
            (lambda dy, x, *window: _max_pool_back(dy, np.abs(x), *window),),
        ),
        Slip(
            "window i begins at i",
            "Your dx takes window i to begin at number i. It begins at i * stride.",
            (_from_sample_i,),
        ),
        Slip(
            "a window of another size",
            "Your dx looks for the largest in windows that are not kernel_size long. A slice ends "
            "before its second number: start : start + kernel_size holds kernel_size numbers.",
            (_window_of(-1), _window_of(1)),
        ),
        Slip(
            "the largest of the whole sequence",
            "Your dx gives every dy to the largest number of the whole sequence. Each window has a "
            "winner of its own: look in i * stride : i * stride + kernel_size.",
            (_to_the_largest_of_all,),
        ),
        Slip(
            "one place for all examples",
            "Your dx takes one argmax for all examples and channels. Each row has a winner of its "
            "own: window.argmax(axis=2), or loops over n and c.",
            (
                _to_one_place(lambda window: int(window.argmax())),
                _to_one_place(lambda window: int(window[0, 0].argmax())),
            ),
        ),
        Slip(
            "to the first of the window",
            "Your dx gives dy to the first number of each window, wherever the largest stands. Add "
            "window.argmax() to the beginning of the window.",
            (
                _window_by_window(
                    lambda window: (np.arange(window.shape[-1]) == 0) * np.ones_like(window)
                ),
            ),
        ),
        Slip(
            "ones in place of dy",
            "Your dx marks the winners with 1. What arrives at them is dy of their window.",
            (
                lambda dy, x, *window: _max_pool_back(np.ones_like(dy), x, *window),
                lambda dy, x, *window: np.minimum(_max_pool_back(np.ones_like(dy), x, *window), 1),
            ),
        ),
    ),
    hints=(
        "Start from dx = np.zeros_like(x) and go through the outputs one by one: which single "
        "number of x made output i?",
        "window = x[n, c, i * stride : i * stride + kernel_size], and window.argmax() is the place "
        "of its first largest number, counted from the window's beginning.",
        "dx[n, c, i * stride + window.argmax()] += dy[n, c, i], in loops over n, c and i.",
    ),
    points=2,
)
