"""The exercise conv1d_backward: three gradients, and the ways to lose a part of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_lib.convolution import conv1d, output_size
from course_lib.engine.exercise import Case, Exercise, Mistake, draw
from course_lib.record import Array

Gradients = tuple[Array, Array, Array]
Backward = Callable[..., Gradients]


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    for n, c_in, c_out, length, k, stride, padding, dtype in (
        (1, 1, 1, 4, 2, 1, 0, float),
        (1, 1, 2, 3, 2, 1, 0, float),
        (2, 1, 1, 3, 2, 1, 0, float),
        (1, 1, 1, 5, 2, 2, 0, float),
        (1, 1, 1, 3, 3, 1, 1, float),
        (2, 2, 3, 7, 3, 1, 0, float),
        (2, 2, 3, 7, 3, 2, 1, np.float32),
        (3, 2, 2, 9, 4, 2, 1, float),
        (1, 3, 2, 8, 2, 3, 2, float),
        (2, 1, 3, 6, 3, 1, 2, float),
        (2, 3, 1, 10, 4, 3, 0, float),
    ):
        positions = output_size(length, k, stride=stride, padding=padding)
        yield {
            "dy": draw(rng, n, c_out, positions).astype(dtype),
            "x": draw(rng, n, c_in, length).astype(dtype),
            "weight": draw(rng, c_out, c_in, k).astype(dtype),
            "stride": stride,
            "padding": padding,
        }


def _back(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Gradients:
    bias = np.zeros(len(weight), x.dtype)
    return conv1d(x, weight, bias, stride=stride, padding=padding)[1](dy)


def _with(**wrong: Callable[..., Array]) -> Backward:
    """The right gradients, but for those that are computed by the functions given."""

    def backward(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Gradients:
        dx, dweight, dbias = _back(dy, x, weight, stride, padding)
        right = {"dx": dx, "dweight": dweight, "dbias": dbias}
        changed = {name: of(dy, x, weight, stride, padding) for name, of in wrong.items()}
        return tuple({**right, **changed}.values())  # type: ignore[return-value]

    return backward


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


def _of_last_output(gradient: Callable[..., Array]) -> Callable[..., Array]:
    return lambda dy, x, weight, *rest: gradient(dy[:, -1:], x, weight[-1:], *rest)


def _of_first_output(gradient: Callable[..., Array]) -> Callable[..., Array]:
    return lambda dy, x, weight, *rest: gradient(dy[:, :1], x, weight[:1], *rest)


def _dx(*args: Any) -> Array:
    return _back(*args)[0]


def _dweight(*args: Any) -> Array:
    return _back(*args)[1]


def _only_last_position(dy: Array) -> Array:
    last = np.zeros_like(dy)
    last[..., -1] = dy[..., -1]
    return last


def _as_if_stride_1(gradient: Callable[..., Array]) -> Callable[..., Array]:
    """Window i taken to begin at sample i, whatever the stride."""

    def wrong(dy: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
        spread = np.zeros((*dy.shape[:2], x.shape[2] + 2 * padding - weight.shape[2] + 1), dy.dtype)
        spread[:, :, : dy.shape[2]] = dy
        return gradient(spread, x, weight, 1, padding)

    return wrong


def _changed(change: Callable[[Array, Array], Array]) -> Backward:
    """All three gradients changed alike, by a function of the gradient and dy."""
    return lambda dy, *rest: tuple(change(gradient, dy) for gradient in _back(dy, *rest))


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
    returns=("dx", "dweight", "dbias"),
    shows="All three gradients agree with the library's, also where windows overlap, leave gaps or "
    "reach into the padding.",
    cases=_backward_cases,
    reference=_back,
    points=3,
    mistakes=(
        Mistake(
            "gradient not flipped back onto the input",
            "Your dx equals the right one for the flipped kernel. Going forward, weight k "
            "carried sample i * stride + k to output i; going back, it carries dy[i] to that very "
            "sample. Written as a convolution over dy, that needs the kernel flipped; written as "
            "the loop of the forward pass, it needs no flip.",
            (_with(dx=lambda dy, x, w, *rest: _dx(dy, x, w[..., ::-1], *rest)),),
        ),
        Mistake(
            "only the last window kept where windows overlap",
            "Your dx keeps one contribution to each sample: a later one overwrites those before "
            "it. A sample that several windows read gets a gradient from each of them, and "
            "gradients add: use += instead of =.",
            (
                _with(dx=_dx_overwritten(by_window=True)),
                _with(dx=_of_last_output(_dx_overwritten(by_window=True))),
                _with(dx=_dx_overwritten(by_window=False)),
            ),
        ),
        Mistake(
            "padding's gradient not cut off",
            "Your dx is as long as the padded input. The padding is not part of x: after adding "
            "everything up, cut it off, dx[:, :, padding:padding + L].",
            (_with(dx=_dx_padded),),
        ),
        Mistake(
            "padding's gradient cut off at one end",
            "Your dx has the right length but is shifted: the padding was cut off at one end only. "
            "Sample 0 of x is sample padding of the padded input.",
            (
                _with(dx=lambda dy, x, *rest: _dx_padded(dy, x, *rest)[..., : x.shape[2]]),
                _with(dx=lambda dy, x, *rest: _dx_padded(dy, x, *rest)[..., 2 * rest[-1] :]),
            ),
        ),
        Mistake(
            "nothing left without padding",
            "Your dx is empty where padding is 0, because a[0:-0] is a[0:0]. Count from the front: "
            "dx[:, :, padding:padding + L].",
            (_with(dx=lambda *args: _dx_padded(*args)[..., args[-1] : -args[-1]]),),
        ),
        Mistake(
            "forgets the sum over output channels",
            "Your dx hears one output channel only. Every output channel has read x, so dx is the "
            "sum of what comes back from all of them.",
            (_with(dx=_of_last_output(_dx)), _with(dx=_of_first_output(_dx))),
        ),
        Mistake(
            "stride ignored",
            "Your gradients take window i to begin at sample i. With stride s it begins at i * s, "
            "going back as going forward.",
            (
                _with(dx=_as_if_stride_1(_dx), dweight=_as_if_stride_1(_dweight)),
                _with(dx=_as_if_stride_1(_dx)),
                _with(dweight=_as_if_stride_1(_dweight)),
            ),
        ),
        Mistake(
            "x not padded",
            "Your windows begin at sample i * stride of x as it is given. Going forward they began "
            "there in the padded x: work on a padded copy, going back as well, and cut the padding "
            "off dx at the very end.",
            (
                _indexed(start=0),
                _with(dweight=lambda *args: _indexed(start=0)(*args)[1]),
                _with(dweight=_dweight_unpadded),
                _with(dweight=_dweight_padded_behind),
            ),
        ),
        Mistake(
            "negative index",
            "Your code subtracts the padding from the index but also reads or adds there. In "
            "Python x[-1] is the last sample, and beyond the end there is none: leave out what "
            "lies outside of x, or work on a padded copy.",
            (_indexed(start=-1),),
        ),
        Mistake(
            "dx from x and dweight from weight",
            "Your dx multiplies dy by x, and your dweight multiplies it by weight. In a product "
            "each factor's gradient holds the other factor: weight goes to dx, x to dweight.",
            (_factors_swapped,),
        ),
        Mistake(
            "opposite sign",
            "Your gradients have the opposite sign. The layer says in which direction the loss "
            "grows; the step against it is the optimizer's.",
            (_changed(lambda gradient, dy: -gradient),),
        ),
        Mistake(
            "every gradient averaged",
            "Your gradients are divided by a number of examples or positions. If the loss is a "
            "mean, dy already contains the division; the layer adds up.",
            (
                _changed(lambda gradient, dy: gradient / len(dy)),
                _changed(lambda gradient, dy: gradient / dy.shape[2]),
                _changed(lambda gradient, dy: gradient / len(dy) / dy.shape[2]),
            ),
        ),
        Mistake(
            "input gradient averaged",
            "Your dx is divided by a number of examples or positions. If the loss is a mean, dy "
            "already contains the division; the layer adds up.",
            (
                _with(dx=lambda dy, *rest: _dx(dy, *rest) / len(dy)),
                _with(dx=lambda dy, *rest: _dx(dy, *rest) / dy.shape[2]),
            ),
        ),
        Mistake(
            "weight gradient's axes swapped",
            "Your dweight is right but its first two axes are exchanged. A gradient has the shape "
            "of what it belongs to: (C_out, C_in, K).",
            (_with(dweight=lambda *args: _dweight(*args).swapaxes(0, 1)),),
        ),
        Mistake(
            "weight gradient flipped",
            "Your dweight is the right one, backwards. Weight k of the kernel met samples "
            "i * stride + k: their products with dy[i] add up to dweight[..., k].",
            (_with(dweight=lambda *args: _dweight(*args)[..., ::-1]),),
        ),
        Mistake(
            "weight gradient overwritten",
            "Your dweight holds the contribution of the last window or the last example alone. The "
            "same weights were used at every position of every example: add all of them, +=.",
            (
                _with(dweight=lambda dy, x, *rest: _dweight(dy[-1:], x[-1:], *rest)),
                _with(dweight=lambda dy, *rest: _dweight(_only_last_position(dy), *rest)),
                _with(
                    dweight=lambda dy, x, *rest: _dweight(
                        _only_last_position(dy[-1:]), x[-1:], *rest
                    )
                ),
            ),
        ),
        Mistake(
            "weight gradient averaged",
            "Your dweight is divided by a number of examples or positions. If the loss is a mean, "
            "dy already contains the division; the layer adds up.",
            (
                _with(dweight=lambda dy, *rest: _dweight(dy, *rest) / len(dy)),
                _with(dweight=lambda dy, *rest: _dweight(dy, *rest) / dy.shape[2]),
                _with(dweight=lambda dy, *rest: _dweight(dy, *rest) / len(dy) / dy.shape[2]),
            ),
        ),
        Mistake(
            "bias gradient averaged",
            "Your dbias is an average. The bias was added at every position of every example, so "
            "it collects the sum of dy over both: dy.sum(axis=(0, 2)).",
            (
                _with(dbias=lambda dy, *rest: dy.mean(axis=(0, 2))),
                _with(dbias=lambda dy, *rest: dy.mean(axis=0).sum(axis=1)),
                _with(dbias=lambda dy, *rest: dy.sum(axis=0).mean(axis=1)),
            ),
        ),
        Mistake(
            "bias gradient not summed",
            "Your dbias still has an axis too many. A gradient has the shape of what it belongs "
            "to: one number per output channel, summed over examples and positions.",
            (
                _with(dbias=lambda dy, *rest: dy.sum(axis=0)),
                _with(dbias=lambda dy, *rest: dy.sum(axis=2)),
                _with(dbias=lambda dy, *rest: dy.copy()),
            ),
        ),
        Mistake(
            "bias gradient summed over the wrong axes",
            "Your dbias sums over the output channels. Each of them has a bias of its own: sum "
            "over examples and positions, dy.sum(axis=(0, 2)), and one number per channel is left.",
            (
                _with(dbias=lambda dy, *rest: dy.sum()),
                _with(dbias=lambda dy, *rest: dy.sum(axis=(0, 1))),
                _with(dbias=lambda dy, *rest: dy.sum(axis=(1, 2))),
            ),
        ),
        Mistake(
            "gradients in another order",
            "Your three gradients are right but in another order. They come in the order of the "
            "forward pass's arguments: dx, dweight, dbias.",
            tuple(
                lambda *args, order=order: tuple(_back(*args)[i] for i in order)
                for order in ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
            ),
        ),
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
