"""What every layer computes, written down as plain loops over single numbers, and nothing else.

The numbers may be complex. So every definition comes with its exact gradient: move one entry by
i·1e-30, and the imaginary part of the result is the derivative, without a difference in which
digits could be lost [Squire and Trapp, 1998, doi:10.1137/S003614459631241X].
"""

from __future__ import annotations

import cmath
import copy
import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from course_lib.layer import Layer

Array = np.ndarray
STEP = 1e-30


def forward(layer: Layer, *inputs: Array, **options: Any) -> Array:
    """y by the layer's definition."""
    return _real(_forward(layer, _objects(layer.parameters()), *map(_object, inputs), **options))


def gradients(layer: Layer, *inputs: Array, dy: Array, **options: Any) -> dict[str, Array]:
    """The gradient of <dy, y> for every entry of every floating input and parameter."""
    arrays = {f"input {i}": x for i, x in enumerate(inputs) if x.dtype.kind == "f"}
    arrays |= layer.parameters()
    found = {}
    for name, array in arrays.items():
        found[name] = np.zeros(array.shape)
        for entry in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[entry] += 1j * STEP
            parameters = _objects(layer.parameters() | {name: moved})
            xs = [moved if name == f"input {i}" else x for i, x in enumerate(inputs)]
            y = _forward(layer, parameters, *map(_object, xs), **options)
            found[name][entry] = math.fsum(
                d * v.imag / STEP for d, v in zip(dy.flat, y.flat, strict=True)
            )
    return found


# -- the definitions: (layer for its hyper-parameters, its arrays by name, inputs) -> y -----------


def _identity(layer: Any, arrays: Any, x: Array) -> Array:
    return x


def _sequential(layer: Any, arrays: Any, x: Array) -> Array:
    for i, child in enumerate(layer.layers):
        x = _forward(child, _below(arrays, f"{i}."), x)
    return x


def _residual(layer: Any, arrays: Any, x: Array) -> Array:
    y = _forward(layer.body, _below(arrays, "body."), x)
    skip = x
    if layer.shortcut is not None:
        skip = _forward(layer.shortcut, _below(arrays, "shortcut."), x)
    return y + skip


def _dropout(layer: Any, arrays: Any, x: Array) -> Array:
    """Where the layer's generator drops, by one draw for each number or for each channel."""
    together = {"Dropout": 0, "Dropout1d": 1, "Dropout2d": 2}[type(layer).__name__]
    drawn = x.shape[: x.ndim - together] + (1,) * together
    draws = np.broadcast_to(copy.deepcopy(layer.rng).random(drawn, np.float32), x.shape)
    y = np.zeros(x.shape, object)
    for place in np.ndindex(x.shape):
        y[place] = 0 * x[place] if draws[place] < layer.p else x[place] / (1 - layer.p)
    return y


def _linear(layer: Any, arrays: Any, x: Array) -> Array:
    weight, bias = arrays["weight"], arrays.get("bias")
    y = np.zeros((*x.shape[:-1], len(weight)), object)
    for *row, o in np.ndindex(y.shape):
        y[(*row, o)] = bias[o] if bias is not None else 0
        for i in range(x.shape[-1]):
            y[(*row, o)] += weight[o, i] * x[(*row, i)]
    return y


def _convolution(layer: Any, arrays: Any, x: Array) -> Array:
    weight, bias = arrays["weight"], arrays.get("bias")
    kernel, size = weight.shape[2:], x.shape[2:]
    s, p, d = (_each(v, kernel) for v in (layer.stride, layer.padding, layer.dilation))
    out = [
        (size[a] + 2 * p[a] - d[a] * (kernel[a] - 1) - 1) // s[a] + 1 for a in range(len(kernel))
    ]
    y = np.zeros((len(x), len(weight), *out), object)
    for n, o, *at in np.ndindex(y.shape):
        y[(n, o, *at)] = bias[o] if bias is not None else 0
        first = o // (len(weight) // layer.groups) * weight.shape[1]  # channel of o's group
        for c, *tap in np.ndindex(weight.shape[1:]):
            place = [s[a] * at[a] + d[a] * tap[a] - p[a] for a in range(len(kernel))]
            if _inside(place, size):
                y[(n, o, *at)] += weight[(o, c, *tap)] * x[(n, first + c, *place)]
    return y


def _transposed_convolution(layer: Any, arrays: Any, x: Array) -> Array:
    weight, bias = arrays["weight"], arrays.get("bias")
    kernel, size = weight.shape[2:], x.shape[2:]
    s, p, d, more = (
        _each(v, kernel)
        for v in (layer.stride, layer.padding, layer.dilation, layer.output_padding)
    )
    out = [
        (size[a] - 1) * s[a] - 2 * p[a] + d[a] * (kernel[a] - 1) + more[a] + 1
        for a in range(len(kernel))
    ]
    channels = weight.shape[1] * layer.groups
    y = np.zeros((len(x), channels, *out), object)
    for n, c, *at in np.ndindex(x.shape):
        first = c // (len(weight) // layer.groups) * weight.shape[1]
        for o, *tap in np.ndindex(weight.shape[1:]):  # one number stamps the whole kernel
            place = [s[a] * at[a] + d[a] * tap[a] - p[a] for a in range(len(kernel))]
            if _inside(place, out):
                y[(n, first + o, *place)] += weight[(c, o, *tap)] * x[(n, c, *at)]
    if bias is not None:
        for n, o, *at in np.ndindex(y.shape):
            y[(n, o, *at)] += bias[o]
    return y


def _windows(layer: Any, x: Array) -> Iterator[tuple[tuple[int, ...], list[Any], int]]:
    """(place of the output, entries of x under its window, positions in the window) in order."""
    size = x.shape[2:]
    kernel = _each(layer.kernel_size, size)
    s = _each(layer.kernel_size if layer.stride is None else layer.stride, size)
    p = _each(layer.padding, size)
    out = [(size[a] + 2 * p[a] - kernel[a]) // s[a] + 1 for a in range(len(size))]
    for n, c, *at in np.ndindex(*x.shape[:2], *out):
        places = [
            [s[a] * at[a] + tap[a] - p[a] for a in range(len(size))] for tap in np.ndindex(*kernel)
        ]
        under = [x[(n, c, *place)] for place in places if _inside(place, size)]
        yield (n, c, *at), under, math.prod(kernel)


def _collect(values: dict[tuple[int, ...], Any]) -> Array:
    y = np.zeros(
        [1 + max(place[axis] for place in values) for axis in range(len(next(iter(values))))],
        object,
    )
    for place, value in values.items():
        y[place] = value
    return y


def _max_pool(layer: Any, arrays: Any, x: Array) -> Array:
    return _collect({at: max(under, key=lambda v: v.real) for at, under, _ in _windows(layer, x)})


def _avg_pool(layer: Any, arrays: Any, x: Array) -> Array:
    return _collect(
        {
            at: sum(under) / (positions if layer.count_include_pad else len(under))
            for at, under, positions in _windows(layer, x)
        }
    )


def _flatten(layer: Any, arrays: Any, x: Array) -> Array:
    y = np.zeros((len(x), math.prod(x.shape[1:])), object)
    for n in range(len(x)):
        for i, place in enumerate(product(*map(range, x.shape[1:]))):
            y[n, i] = x[(n, *place)]
    return y


def _elementwise(function: Callable[[Any, complex], complex]) -> Callable[..., Array]:
    def definition(layer: Any, arrays: Any, x: Array) -> Array:
        y = np.zeros(x.shape, object)
        for place in np.ndindex(x.shape):
            y[place] = function(layer, x[place])
        return y

    return definition


def _gelu(layer: Any, v: complex) -> complex:
    if layer.approximate == "tanh":
        return 0.5 * v * (1 + cmath.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3)))
    slope = math.exp(-v.real * v.real / 2) / math.sqrt(2 * math.pi)  # of the normal distribution
    return v * complex(0.5 * math.erfc(-v.real / math.sqrt(2)), slope * v.imag)


def _standardized(values: list[Any], eps: float, *, centred: bool = True) -> list[Any]:
    """Mean 0 and variance 1; without the centring, mean square 1."""
    mean = sum(values) / len(values) if centred else 0
    var = sum((v - mean) ** 2 for v in values) / len(values)
    return [(v - mean) / cmath.sqrt(var + eps) for v in values]


def _normalized(groups: Callable[..., Any], *, centred: bool = True) -> Callable[..., Array]:
    """Standardise the entries of every group, then weight and bias by the channel.

    `groups(layer, shape)` yields lists of (place, channel).
    """

    def definition(layer: Any, arrays: Any, x: Array) -> Array:
        y = np.zeros(x.shape, object)
        for group in groups(layer, x.shape):
            values = _standardized([x[place] for place, _ in group], layer.eps, centred=centred)
            for (place, channel), value in zip(group, values, strict=True):
                y[place] = arrays["weight"][channel] * value
                if "bias" in arrays:
                    y[place] += arrays["bias"][channel]
        return y

    return definition


def _over_the_batch(layer: Any, shape: tuple[int, ...]) -> Iterator[list[Any]]:
    for channel in range(shape[1]):
        yield [(place, channel) for place in np.ndindex(shape) if place[1] == channel]


def _over_the_features(layer: Any, shape: tuple[int, ...]) -> Iterator[list[Any]]:
    for row in np.ndindex(shape[:-1]):
        yield [((*row, channel), channel) for channel in range(shape[-1])]


def _over_groups_of_channels(layer: Any, shape: tuple[int, ...]) -> Iterator[list[Any]]:
    size = shape[1] // layer.num_groups
    for n, group in product(range(shape[0]), range(layer.num_groups)):
        yield [
            (place, place[1])
            for place in np.ndindex(shape)
            if place[0] == n and place[1] // size == group
        ]


def _softmax(scores: list[Any]) -> list[Any]:
    largest = max(score.real for score in scores)
    exps = [cmath.exp(score - largest) for score in scores]
    return [e / sum(exps) for e in exps]


def _along(function: Callable[[list[Any]], list[Any]]) -> Callable[..., Array]:
    """Apply a function of a list along the layer's axis `dim`."""

    def definition(layer: Any, arrays: Any, x: Array) -> Array:
        y = np.moveaxis(np.zeros(x.shape, object), layer.dim, -1)
        rows = np.moveaxis(x, layer.dim, -1)
        for row in np.ndindex(rows.shape[:-1]):
            y[row] = function(list(rows[row]))
        return np.moveaxis(y, -1, layer.dim)

    return definition


def _embedding(layer: Any, arrays: Any, x: Array) -> Array:
    weight = arrays["weight"]
    y = np.zeros((*x.shape, weight.shape[1]), object)
    for place in np.ndindex(y.shape):
        y[place] = weight[x[place[:-1]], place[-1]]
    return y


DEFINITIONS: dict[str, Callable[..., Array]] = {
    "Identity": _identity,
    "Sequential": _sequential,
    "Residual": _residual,
    "Dropout": _dropout,
    "Dropout1d": _dropout,
    "Dropout2d": _dropout,
    "Linear": _linear,
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "ConvTranspose1d": _transposed_convolution,
    "ConvTranspose2d": _transposed_convolution,
    "MaxPool1d": _max_pool,
    "MaxPool2d": _max_pool,
    "AvgPool1d": _avg_pool,
    "AvgPool2d": _avg_pool,
    "Flatten": _flatten,
    "ReLU": _elementwise(lambda layer, v: v if v.real > 0 else 0 * v),
    "LeakyReLU": _elementwise(lambda layer, v: v if v.real > 0 else layer.negative_slope * v),
    "Sigmoid": _elementwise(lambda layer, v: 1 / (1 + cmath.exp(-v))),
    "Tanh": _elementwise(lambda layer, v: cmath.tanh(v)),
    "GELU": _elementwise(_gelu),
    "SiLU": _elementwise(lambda layer, v: v / (1 + cmath.exp(-v))),
    "Softmax": _along(_softmax),
    "LogSoftmax": _along(lambda scores: [cmath.log(share) for share in _softmax(scores)]),
    "BatchNorm1d": _normalized(_over_the_batch),
    "BatchNorm2d": _normalized(_over_the_batch),
    "LayerNorm": _normalized(_over_the_features),
    "GroupNorm": _normalized(_over_groups_of_channels),
    "RMSNorm": _normalized(_over_the_features, centred=False),
    "Embedding": _embedding,
}


# -- small parts ----------------------------------------------------------------------------------


def _forward(layer: Layer, arrays: dict[str, Array], *inputs: Array, **options: Any) -> Array:
    return DEFINITIONS[type(layer).__name__](layer, arrays, *inputs, **options)


def _below(arrays: dict[str, Array], prefix: str) -> dict[str, Array]:
    """The arrays of a child, by the child's own names."""
    return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}


def _object(array: Array) -> Array:
    """The same numbers as Python's own: fast in loops, and no NumPy function takes them."""
    return array.astype(object)


def _objects(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: _object(array) for name, array in arrays.items()}


def _real(array: Array) -> Array:
    return np.array([v.real for v in array.flat], float).reshape(array.shape)


def _each(value: Any, axes: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,) * len(axes)


def _inside(place: Any, size: Any) -> bool:
    return all(0 <= i < n for i, n in zip(place, size, strict=True))
