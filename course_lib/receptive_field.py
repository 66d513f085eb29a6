"""How far does one output see? By formula, and measured by sending its gradient back to the input.

Both speak of evaluation: in training a BatchNorm looks at the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from course_lib.activation import GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from course_lib.batch_normalization import BatchNorm1d, BatchNorm2d, FrozenBatchNorm
from course_lib.dropout import Dropout
from course_lib.errors import as_tuple, check_generator, check_int
from course_lib.layer import Identity, Layer, Sequential
from course_lib.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from course_lib.record import Array
from course_lib.transposed_convolution import ConvTranspose1d, ConvTranspose2d

ACTIVATIONS = (GELU, Identity, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh)
POINTWISE = (*ACTIVATIONS, BatchNorm1d, BatchNorm2d, Dropout, FrozenBatchNorm)


class ReceptiveField(NamedTuple):
    """What an output sees of the input, one number per spatial axis.

    Output i sees the `size` pixels from `start + jump·i` on; pixels before 0 are padding.
    """

    size: tuple[int, ...]  # pixels from the first to the last that it sees
    jump: tuple[int, ...]  # pixels between the fields of neighbouring outputs
    start: tuple[int, ...]  # first pixel that output 0 sees


class MeasuredField(NamedTuple):
    """What one output was found to see of the input."""

    size: tuple[int, ...]  # pixels from the first to the last that it sees, per axis
    start: tuple[int, ...]  # the first pixel that it sees, per axis
    seen: Array  # (*size of the input), True where a pixel moves the output


def receptive_field(layers: Layer | Iterable[Layer]) -> ReceptiveField:
    """Compute what one output of a stack of layers sees of the input.

        start -= padding · jump
        size  += dilation · (kernel_size - 1) · jump
        jump  *= stride                          layer by layer, from size 1, jump 1, start 0

    Parameters
    ----------
    layers : Sequential, layer or list of layers     convolutions, pooling and pointwise layers

    Returns
    -------
    ReceptiveField      size, jump and start, each a tuple with one number per spatial axis

    Raises
    ------
    TypeError           if a layer is neither a window (kernel_size, stride, padding) nor pointwise
    ValueError          if layers of one and of two spatial axes are mixed

    Notes
    -----
    Depth adds, stride multiplies what all later layers add.      [Araujo et al., 2019, Computing
    receptive fields of convolutional neural networks, distill.pub]

    Examples
    --------
    >>> from course_lib import Conv1d
    >>> conv = [Conv1d(np.ones((1, 1, 3)), padding=1) for _ in range(2)]
    >>> receptive_field(conv)
    ReceptiveField(size=(5,), jump=(1,), start=(-2,))
    """
    stack: list[Any] = [layer for layer in _flatten(layers) if not isinstance(layer, POINTWISE)]
    for layer in stack:
        if isinstance(layer, ConvTranspose1d | ConvTranspose2d) or not hasattr(
            layer, "kernel_size"
        ):
            raise TypeError(
                f"receptive_field: the formula does not cover {type(layer).__name__}, only "
                "convolutions, pooling and pointwise layers; measure instead: "
                "measured_receptive_field(model, shape)."
            )
    ranks = {layer.spatial_axes for layer in stack}
    if len(ranks) > 1:
        raise ValueError(
            "receptive_field: the stack mixes layers with one and with two spatial axes: "
            f"{', '.join(type(layer).__name__ for layer in stack)}."
        )
    rank = max(ranks, default=1)
    size, jump, start = np.ones(rank, int), np.ones(rank, int), np.zeros(rank, int)
    for layer in stack:
        kernel, stride, padding, dilation = _geometry(layer)
        start = start - padding * jump
        size = size + dilation * (kernel - 1) * jump
        jump = jump * stride
    return ReceptiveField(tuple(size.tolist()), tuple(jump.tolist()), tuple(start.tolist()))


def measured_receptive_field(
    layers: Layer | Iterable[Layer],
    shape: tuple[int, ...],
    *,
    position: tuple[int, ...] | None = None,
) -> MeasuredField:
    """Find what one output sees: the pixels to which its gradient comes back.

    Parameters
    ----------
    layers : Sequential, layer or list of layers     anything with a backward pass
    shape : (C, *size)                               of one input
    position : tuple of int, optional                which output, (*spatial); the central one
                                                     unless given

    Returns
    -------
    MeasuredField       size, start, and the mask of the pixels seen, (*size)

    Raises
    ------
    ValueError          if the output has no spatial axes, or position lies outside it

    Notes
    -----
    We ask which pixels *can* matter, so nothing may cancel or hide: the weights of a copy are made
    positive and equal, the input is positive, and max pooling, which hands its gradient to one
    winner only, is replaced by average pooling over the same windows.
    The field is cut off at the border of the input; make the input large enough to see it whole.

    Examples
    --------
    >>> from course_lib import Conv1d
    >>> atrous = Conv1d(np.array([[[1.0, -2.0, 1.0]]]), dilation=2)
    >>> field = measured_receptive_field(atrous, (1, 9))
    >>> field.size, field.start, field.seen.astype(int)
    ((5,), (2,), array([0, 0, 1, 0, 1, 0, 1, 0, 0]))
    """
    _check_places("shape", shape)
    model = _let_all_through(_as_layer(layers).for_evaluation())
    model = model.astype(np.float64).map(lambda w: np.full(w.shape, 1 / max(1, w[0].size)))
    dx = _gradient_of_one_output(model, np.ones((1, *shape)), np.ones, position)
    seen = (dx[0] != 0).any(axis=0)
    along = [np.flatnonzero(seen.any(axis=_other_axes(seen, axis))) for axis in range(seen.ndim)]
    size = tuple(int(pixels[-1] - pixels[0] + 1) if len(pixels) else 0 for pixels in along)
    start = tuple(int(pixels[0]) if len(pixels) else 0 for pixels in along)
    return MeasuredField(size, start, seen)


def effective_receptive_field(
    layers: Layer | Iterable[Layer],
    shape: tuple[int, ...],
    *,
    rng: np.random.Generator,
    samples: int = 32,
    position: tuple[int, ...] | None = None,
) -> Array:
    """How much each pixel matters to one output, on average over random inputs.

        sqrt(mean over inputs and channels of (d output / d pixel)²), scaled to a maximum of 1

    Parameters
    ----------
    layers : Sequential, layer or list of layers     with the weights it has
    shape : (C, *size)                               of one input
    rng : numpy.random.Generator                     draws standard normal inputs and which mix of
                                                     the output's channels is looked at
    samples : int                                    how many inputs
    position : tuple of int, optional                which output; the central one unless given

    Returns
    -------
    heat : (*size)      between 0 and 1; all 0 if no gradient arrives

    Raises
    ------
    TypeError           if layers are none, or rng is no generator
    ValueError          if the output has no spatial axes, position lies outside it, or samples is
                        below 1

    Notes
    -----
    There are more paths from the centre of the field to the output than from its corners, so a
    deep stack's heat map is a bell, much narrower than the field.    [Luo et al., 2016,
    arXiv:1701.04128]

    Examples
    --------
    >>> from course_lib import Conv1d
    >>> boxes = [Conv1d(np.ones((1, 1, 3)), padding=1) for _ in range(2)]
    >>> effective_receptive_field(boxes, (1, 7), rng=np.random.default_rng(0)).round(2)
    array([0.  , 0.33, 0.67, 1.  , 0.67, 0.33, 0.  ])
    """
    check_generator("effective_receptive_field", rng)
    check_int("effective_receptive_field", "samples", samples, least=1)
    _check_places("shape", shape)
    model = _as_layer(layers).for_evaluation().astype(np.float64)
    x = rng.normal(size=(samples, *shape))
    dx = _gradient_of_one_output(model, x, lambda size: rng.normal(size=size), position)
    heat = np.sqrt((dx**2).mean(axis=(0, 1)))
    return heat / (heat.max() or 1.0)


def _gradient_of_one_output(
    model: Layer, x: Array, draw: Any, position: tuple[int, ...] | None
) -> Array:
    """The gradient of x if dy is `draw(shape)` over one position's channels and 0 elsewhere."""
    y, backward = model.forward(x)
    out = y.shape[2:]
    if not out:
        raise ValueError(
            f"receptive field: the output has shape {y.shape}, without spatial axes; leave out the "
            "layers that flatten or pool globally."
        )
    if position is not None:
        _check_places("position", position)
    place = tuple(o // 2 for o in out) if position is None else tuple(position)
    if len(place) != len(out) or not all(0 <= p < o for p, o in zip(place, out, strict=True)):
        raise ValueError(
            f"receptive field: position {place} is not in the output, whose spatial shape is {out}."
        )
    dy = np.zeros_like(y)
    dy[(..., *place)] = draw(y.shape[:2])
    return backward(dy)[0]


def _check_places(name: str, value: Any) -> None:
    """A shape or a position: whole numbers, one per axis."""
    if not isinstance(value, tuple | list) or not value:
        raise TypeError(f"receptive field: {name} must be a tuple of whole numbers, not {value!r}.")
    as_tuple("receptive field", name, value, len(value), least=0)


def _geometry(layer: Any) -> tuple[Array, Array, Array, Array]:
    """kernel_size, stride, padding and dilation, one number per axis."""
    stride = layer.kernel_size if layer.stride is None else layer.stride
    given = {"kernel_size": layer.kernel_size, "stride": stride, "padding": layer.padding}
    given["dilation"] = getattr(layer, "dilation", 1)
    same = given["padding"] == "same"
    kernel, stride, padding, dilation = (
        np.array(as_tuple("receptive_field", name, value, layer.spatial_axes, least=0))
        for name, value in (given | {"padding": 0} if same else given).items()
    )
    return kernel, stride, dilation * (kernel - 1) // 2 if same else padding, dilation


def _other_axes(seen: Array, axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(seen.ndim) if other != axis)


def _as_layer(layers: Layer | Iterable[Layer]) -> Layer:
    _check_layers(layers)
    return layers if isinstance(layers, Layer) else Sequential(*layers)


def _check_layers(layers: Any) -> None:
    if not isinstance(layers, Layer | Iterable) or isinstance(layers, str | dict | Array):
        raise TypeError(
            "receptive field: layers must be a layer or a list of layers, not "
            f"{type(layers).__name__}; pass a model, or [conv, pool, conv]."
        )


def _flatten(layers: Layer | Iterable[Layer]) -> Iterator[Layer]:
    """The layers one after the other, without the nesting of Sequential."""
    _check_layers(layers)
    if isinstance(layers, Sequential):
        layers = layers.layers
    if isinstance(layers, Layer):
        yield layers
    else:
        for layer in layers:
            yield from _flatten(layer)


def _let_all_through(value: Any) -> Any:
    """The same layer with max pooling, at any depth, replaced by average pooling."""
    if isinstance(value, MaxPool1d | MaxPool2d):
        average = AvgPool1d if isinstance(value, MaxPool1d) else AvgPool2d
        return average(value.kernel_size, value.stride, value.padding)
    if isinstance(value, tuple):
        return tuple(_let_all_through(part) for part in value)
    if isinstance(value, Layer):
        parts = {name: _let_all_through(part) for name, part in vars(value).items()}
        return value._with(**parts)
    return value
