"""The exercises conv1d_forward and conv2d_forward; the slips they share are beside this one."""

from __future__ import annotations

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.lessons.convolution.slips import (
    SHARED,
    Forward,
    convolve,
    of_hyper,
    of_weight,
    padded,
    right_size,
)
from course_lib.record import Array


def places(length: int, span: int, stride: int, padding: int) -> int:
    """Where a window can stand; 0 where it does not fit."""
    return max((length + 2 * padding - span) // stride + 1, 0)


CONV1D_FORWARD = Exercise(
    name="conv1d_forward",
    sections=("04_02b_convolution",),
    task="""
Write the layer itself. `x` is `(N, C_in, L)`, `weight` is `(C_out, C_in, K)`, and `bias` is
`(C_out,)`, one learned number per output channel that is added to every sum. Return `y` of shape
`(N, C_out, L')`:

```text
y[n, o, i] = bias[o] + sum over c, k of  weight[o, c, k] * x[n, c, at]
        at = stride * i + dilation * k
```

where `x` has been padded with zeros at both ends. Loops are welcome: right first, fast later.
""",
    stub="""
def conv1d_forward(x, weight, bias, stride, padding, dilation):
    raise NotImplementedError
""",
    solution="""
def conv1d_forward(x, weight, bias, stride, padding, dilation):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    taps = weight.shape[2]
    places = (x.shape[2] - dilation * (taps - 1) - 1) // stride + 1
    y = np.zeros((len(x), len(weight), places), x.dtype) + bias[:, None]
    for k in range(taps):
        read = x[:, :, k * dilation :][:, :, ::stride][:, :, :places]  # (N, C_in, places)
        y += weight[:, :, k] @ read
    return y
""",
    alternative="""
def conv1d_forward(x, weight, bias, stride, padding, dilation):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    span = dilation * (weight.shape[2] - 1) + 1
    starts = range(0, x.shape[2] - span + 1, stride)
    windows = [x[:, :, start : start + span : dilation] for start in starts]
    return np.stack([np.einsum("nck,ock->no", w, weight) + bias for w in windows], axis=2)
""",
    returns={"y": "N C_out L'"},
    shows="Your convolution agrees with the library's for every stride, padding and dilation we "
    "tried, over several channels and examples.",
    inputs=Inputs(
        arguments={
            "x": "N C_in L",
            "weight": "C_out C_in K",
            "bias": "C_out",
            "stride": range(1, 5),
            "padding": range(4),
            "dilation": range(1, 4),
        },
        example={"L": 5, "K": 2},
        also=(  # how far the last window reaches into the padding at the end: half, not at all
            {"stride": 2, "padding": 1},
            {"stride": 3, "padding": 1},
        ),
        sizes={"L": range(1, 13), "K": range(1, 5), "C_out": range(1, 5)},
        derived={
            "span": lambda K, dilation: dilation * (K - 1) + 1,
            "remainder": lambda L, span, stride, padding: (L + 2 * padding - span) % stride,
            "L'": lambda L, span, stride, padding: places(L, span, stride, padding),
        },
        legal=lambda L, span, padding: L + 2 * padding >= span,
    ),
    right=convolve,
    points=2,
    slips=(
        *SHARED,
        Slip(
            "dilation ignored",
            "Your output equals the one for dilation 1: the weights meet neighbours. With dilation "
            "d, weight k meets the sample k * d places after the window's beginning.",
            (of_hyper(lambda s, p, d: (s, p, 1)), right_size(of_hyper(lambda s, p, d: (s, p, 1)))),
        ),
        Slip(
            "dilation counted as the gap",
            "Your output has dilation samples left out between two weights. Dilation is the "
            "distance from weight to weight, so that 1 means neighbours.",
            (of_hyper(lambda s, p, d: (s, p, d + 1)),),
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


def _stride_along(rows: bool) -> Forward:
    """The stride taken along the rows or the columns only."""

    def forward(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
        y = convolve(x, weight, bias, 1, padding)
        return y[:, :, ::stride] if rows else y[..., ::stride]

    return forward


CONV2D_FORWARD = Exercise(
    name="conv2d_forward",
    sections=("04_02b_convolution",),
    task="""
`x` is `(N, C_in, H, W)`, `weight` is `(C_out, C_in, K_h, K_w)`. One stride and one padding serve
both directions; there is no dilation. Return `(N, C_out, H', W')`: the sum over channels, rows and
columns of the window, plus `bias[o]`.
""",
    stub="""
def conv2d_forward(x, weight, bias, stride, padding):
    raise NotImplementedError
""",
    solution="""
def conv2d_forward(x, weight, bias, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = weight.shape[2:]
    tops = range(0, x.shape[2] - rows + 1, stride)
    lefts = range(0, x.shape[3] - columns + 1, stride)
    y = np.zeros((len(x), len(weight), len(tops), len(lefts)), x.dtype)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            window = x[:, :, top : top + rows, left : left + columns]
            y[:, :, i, j] = np.einsum("nchw,ochw->no", window, weight) + bias
    return y
""",
    alternative="""
def conv2d_forward(x, weight, bias, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]  # (N, C_in, H', W', K_h, K_w)
    return np.einsum("ncijhw,ochw->noij", windows, weight) + bias[:, None, None]
""",
    returns={"y": "N C_out H' W'"},
    shows="Your convolution agrees with the library's on images that are not square, with kernels "
    "that are not square, over several channels and examples.",
    inputs=Inputs(
        arguments={
            "x": "N C_in H W",
            "weight": "C_out C_in K_h K_w",
            "bias": "C_out",
            "stride": range(1, 4),
            "padding": range(4),
        },
        example={"H": 3, "W": 4, "K_h": 2, "K_w": 2},
        also=(  # how far the last window reaches into the padding at the end: half, not at all
            {"H": 5, "W": 5, "stride": 2, "padding": 1},
            {"H": 5, "W": 5, "stride": 3, "padding": 1},
        ),
        sizes={"H": range(1, 8), "W": range(1, 8)},
        derived={
            "H'": lambda H, K_h, stride, padding: places(H, K_h, stride, padding),
            "W'": lambda W, K_w, stride, padding: places(W, K_w, stride, padding),
            "longest side": lambda K_h, K_w: max(K_h, K_w),
            "remainder": lambda H, K_h, stride, padding: (H + 2 * padding - K_h) % stride,
        },
        legal=lambda H, W, K_h, K_w, padding: min(H - K_h, W - K_w) + 2 * padding >= 0,
    ),
    right=convolve,
    points=2,
    slips=(
        *SHARED,
        Slip(
            "kernel taken to be square",
            "Your code takes the kernel to have as many columns as rows. Here it need not: "
            "weight.shape[2] counts its rows, weight.shape[3] its columns.",
            (of_weight(lambda w: w.take(range(w.shape[2]), axis=3)),),
        ),
        Slip(
            "stride along one axis only",
            "Your output takes the stride along one axis only. The window moves by stride down as "
            "well as across.",
            tuple(
                fit(_stride_along(rows))
                for rows in (True, False)
                for fit in (lambda forward: forward, right_size)
            ),
        ),
        Slip(
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
