"""The exercise conv1d_backward: three gradients, and the ways to lose a part of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.convolution import conv1d
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.engine.slips import summed
from course_lib.lessons.convolution.forward import places
from course_lib.record import Array

Gradients = tuple[Array, Array, Array]
Backward = Callable[..., Gradients]


def _back(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Gradients:
    bias = np.zeros(len(weight), x.dtype)
    return conv1d(x, weight, bias, stride=stride, padding=padding)[1](dy)


def _pad(x: Array, padding: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding, padding)))


def _dx_padded(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
    return _back(dy, _pad(x, padding), weight, stride, 0)[0]


def _dx_overwritten(by_window: bool) -> Callable[..., Array]:
    """dx with "=" in place of "+=", in a loop over windows or over weights."""

    def dx(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
        padded = np.zeros_like(_pad(x, padding))
        positions, k = dy.shape[2], weight.shape[2]
        if by_window:
            for i in range(positions):
                window = slice(i * stride, i * stride + k)
                padded[:, :, window] = np.einsum("no,ock->nck", dy[:, :, i], weight)
        else:
            for j in range(k):
                samples = slice(j, j + positions * stride, stride)
                given = np.einsum("noi,oc->nci", dy, weight[:, :, j])
                room = padded[:, :, samples].shape[2]
                padded[:, :, samples] = given[:, :, :room]
        return padded[:, :, padding : padding + x.shape[2]]

    return dx


def _dx(*args: Any) -> Array:
    return _back(*args)[0]


def _dweight(*args: Any) -> Array:
    return _back(*args)[1]


def _as_if_stride_1(gradient: Callable[..., Array]) -> Callable[..., Array]:
    """Window i taken to begin at sample i, whatever the stride."""

    def wrong(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
        spread = np.zeros((*dy.shape[:2], x.shape[2] + 2 * padding - weight.shape[2] + 1), dy.dtype)
        spread[:, :, : dy.shape[2]] = dy
        return gradient(spread, x, weight, 1, padding)

    return wrong


def _indexed(start: int) -> Backward:
    """x[..., start * padding + i * stride + k]: negative ones wrap, those beyond the end raise."""

    def backward(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Gradients:
        windows = stride * np.arange(dy.shape[2])[:, None] + np.arange(weight.shape[2])
        windows += start * padding
        dx = np.zeros_like(x)
        np.add.at(dx, np.s_[:, :, windows], np.einsum("noi,ock->ncik", dy, weight))
        return dx, np.einsum("noi,ncik->ock", dy, x[:, :, windows]), dy.sum((0, 2))

    return backward


def _dweight_unpadded(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
    """By slices of x, of which the last are too short to be added."""
    dweight = np.zeros_like(weight)
    for i in range(dy.shape[2]):
        window = x[:, :, i * stride : i * stride + weight.shape[2]]
        dweight += np.einsum("no,nck->ock", dy[:, :, i], window)
    return dweight


def _dweight_padded_behind(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
    behind = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding)))
    return _dweight(dy, behind, weight, stride, 0)


def _factors_swapped(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Gradients:
    """dy times x goes to dx, and dy times weight to dweight."""
    padded, dbias = _pad(x, padding), dy.sum((0, 2))
    dx = padded * _dx(dy, padded, np.ones_like(weight), stride, 0)
    return dx[:, :, padding : padding + x.shape[2]], weight * dbias[:, None, None], dbias


CONV1D_BACKWARD = Exercise(
    name="conv1d_backward",
    sections=("04_02b_convolution",),
    task="""
Given `dy` `(N, C_out, L')`, return `dx`, `dweight` and `dbias`, shaped like `x`, `weight` and
`(C_out,)`. Start from the loop above. Now there are examples and channels too: each output gives to
every input channel. Work on the padded `x`, and cut `dx` back to the length of `x` at the end. No
dilation this time.
""",
    stub="""
def conv1d_backward(dy, x, weight, stride, padding):
    raise NotImplementedError
""",
    solution="""
def conv1d_backward(dy, x, weight, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    dpadded, dweight = np.zeros_like(padded), np.zeros_like(weight)
    reach = stride * (dy.shape[2] - 1) + 1
    for k in range(weight.shape[2]):
        tap = (slice(None), slice(None), slice(k, k + reach, stride))
        dpadded[tap] += weight[:, :, k].T @ dy
        dweight[:, :, k] = np.einsum("noi,nci->oc", dy, padded[tap])
    dx = dpadded[:, :, padding : padding + x.shape[2]]
    return dx, dweight, dy.sum(axis=(0, 2))
""",
    alternative="""
def conv1d_backward(dy, x, weight, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    dpadded, dweight, taps = np.zeros_like(padded), np.zeros_like(weight), weight.shape[2]
    for i in range(dy.shape[2]):
        read = slice(i * stride, i * stride + taps)
        dpadded[:, :, read] += np.einsum("no,ock->nck", dy[:, :, i], weight)
        dweight += np.einsum("no,nck->ock", dy[:, :, i], padded[:, :, read])
    dx = dpadded[:, :, padding : padding + x.shape[2]]
    return dx, dweight, dy.sum(axis=(0, 2))
""",
    returns={"dx": "N C_in L", "dweight": "C_out C_in K", "dbias": "C_out"},
    shows="All three gradients agree with the library's, also where windows overlap, leave gaps or "
    "reach into the padding.",
    inputs=Inputs(
        arguments={
            "dy": "N C_out L'",
            "x": "N C_in L",
            "weight": "C_out C_in K",
            "stride": range(1, 4),
            "padding": range(4),
        },
        example={"L": 4, "K": 2},
        also=({"L": 5, "stride": 3, "padding": 1},),  # no window reaches the padding at the end
        sizes={"L": range(1, 11), "K": range(1, 5)},
        derived={
            "L'": lambda L, K, stride, padding: places(L, K, stride, padding),
            "remainder": lambda L, K, stride, padding: (L + 2 * padding - K) % stride,
        },
    ),
    right=_back,
    points=3,
    slips=(
        Slip(
            "x not padded",
            "Your windows begin at sample i * stride of x as it is given. Going forward they began "
            "there in the padded x: work on a padded copy, going back as well, and cut the padding "
            "off dx at the very end.",
            (_indexed(start=0),),
        ),
        Slip(
            "negative index",
            "Your code subtracts the padding from the index but also reads or adds there. In "
            "Python x[-1] is the last sample, and beyond the end there is none: leave out what "
            "lies outside of x, or work on a padded copy.",
            (_indexed(start=-1),),
        ),
        Slip(
            "dx from x and dweight from weight",
            "Your dx multiplies dy by x, and your dweight multiplies it by weight. In a product "
            "each factor's gradient holds the other factor: weight goes to dx, x to dweight.",
            (_factors_swapped,),
        ),
        Slip(
            "gradient not flipped back onto the input",
            "Your dx equals the right one for the flipped kernel. Going forward, weight k "
            "carried sample i * stride + k to output i; going back, it carries dy[i] to that very "
            "sample. Written as a convolution over dy, that needs the kernel flipped; written as "
            "the loop of the forward pass, it needs no flip.",
            (lambda dy, x, w, *rest: _dx(dy, x, w[..., ::-1], *rest),),
            "dx",
        ),
        Slip(
            "only the last window kept where windows overlap",
            "Your dx keeps one contribution to each sample: a later one overwrites those before "
            "it. A sample that several windows read gets a gradient from each of them, and "
            "gradients add: use += instead of =.",
            (
                _dx_overwritten(by_window=True),
                lambda dy, x, w, *rest: _dx_overwritten(True)(dy[:, -1:], x, w[-1:], *rest),
                _dx_overwritten(by_window=False),
            ),
            "dx",
        ),
        Slip(
            "padding's gradient not cut off",
            "Your dx is as long as the padded input. The padding is not part of x: after adding "
            "everything up, cut it off, dx[:, :, padding:padding + L].",
            (_dx_padded,),
            "dx",
        ),
        Slip(
            "padding's gradient cut off at one end",
            "Your dx has the right length but is shifted: the padding was cut off at one end only. "
            "Sample 0 of x is sample padding of the padded input.",
            (
                lambda dy, x, *rest: _dx_padded(dy, x, *rest)[..., : x.shape[2]],
                lambda dy, x, *rest: _dx_padded(dy, x, *rest)[..., 2 * rest[-1] :],
            ),
            "dx",
        ),
        Slip(
            "nothing left without padding",
            "Your dx is empty where padding is 0, because a[0:-0] is a[0:0]. Count from the front: "
            "dx[:, :, padding:padding + L].",
            (lambda *args: _dx_padded(*args)[..., args[-1] : -args[-1]],),
            "dx",
        ),
        *(
            Slip(
                "stride ignored",
                "{your} takes window i to begin at sample i. With stride s it begins at i * s, "
                "going back as going forward.",
                (_as_if_stride_1(gradient),),
                part,
            )
            for part, gradient in (("dx", _dx), ("dweight", _dweight))
        ),
        Slip(
            "x not padded",
            "Your dweight meets windows that begin at sample i * stride of x as it is given. Going "
            "forward they began there in the padded x: read from a padded copy.",
            (
                lambda *args: _indexed(start=0)(*args)[1],
                _dweight_unpadded,
                _dweight_padded_behind,
            ),
            "dweight",
        ),
        summed("dbias", "N C_out L'", lambda dy, *rest: dy),
    ),
    hints=(
        "Begin with dbias, the shortest: to how many output values was bias[o] added?",
        "Write the forward pass as loops: y[n, o, i] += x[n, c, i * stride + k] * weight[o, c, k]. "
        "Every such line gives two in the backward pass: what x got multiplied by goes to dx, what "
        "weight got multiplied by goes to dweight, each times dy[n, o, i].",
        "Work on the padded input: dx_padded = np.zeros of its shape, add with +=, and cut the "
        "padding off at the very end with dx_padded[:, :, padding:padding + L].",
    ),
)
