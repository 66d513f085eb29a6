"""What every layer and loss computes, written as plain loops over single numbers.

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
    return _rows(x, arrays["weight"], arrays.get("bias"))


def _rows(x: Array, weight: Array, bias: Array | None) -> Array:
    """Every output of every row of x: a weighted sum of its entries, and a bias."""
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


def _pooled(pool: Callable[[Any, list[Any], int], Any]) -> Callable[..., Array]:
    """`pool(layer, entries under the window, positions in the window)` at every place."""

    def definition(layer: Any, arrays: Any, x: Array) -> Array:
        windows = list(_windows(layer, x))
        last = windows[-1][0]
        y = np.zeros([1 + i for i in last], object)
        for place, under, positions in windows:
            y[place] = pool(layer, under, positions)
        return y

    return definition


def _max(layer: Any, under: list[Any], positions: int) -> Any:
    return max(under, key=lambda v: v.real)


def _average(layer: Any, under: list[Any], positions: int) -> Any:
    return sum(under) / (positions if layer.count_include_pad else len(under))


def _global_avg_pool(layer: Any, arrays: Any, x: Array) -> Array:
    y = np.zeros(x.shape[:2], object)
    for n, c in np.ndindex(y.shape):
        y[n, c] = sum(x[n, c].flat) / x[n, c].size
    return y


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
            eps = np.finfo(np.float64).eps if layer.eps is None else layer.eps
            values = _standardized([x[place] for place, _ in group], eps, centred=centred)
            for (place, channel), value in zip(group, values, strict=True):
                y[place] = _rescaled(arrays, channel, value)
        return y

    return definition


def _rescaled(arrays: Any, channel: Any, value: Any) -> Any:
    """weight * value + bias, as far as there are such."""
    if "weight" in arrays:
        value = arrays["weight"][channel] * value
    return value + arrays["bias"][channel] if "bias" in arrays else value


def _frozen(layer: Any, arrays: Any, x: Array) -> Array:
    y = np.zeros(x.shape, object)
    for place in np.ndindex(x.shape):
        y[place] = _rescaled(arrays, place[1], x[place])
    return y


def _over_the_batch(layer: Any, shape: tuple[int, ...]) -> Iterator[list[Any]]:
    for channel in range(shape[1]):
        yield [(place, channel) for place in np.ndindex(shape) if place[1] == channel]


def _over_the_features(layer: Any, shape: tuple[int, ...]) -> Iterator[list[Any]]:
    axes = len(layer.normalized_shape)
    for row in np.ndindex(shape[:-axes]):
        yield [((*row, *feature), feature) for feature in np.ndindex(shape[-axes:])]


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


def _attention(
    layer: Any,
    arrays: Any,
    query: Array,
    key: Array | None = None,
    value: Array | None = None,
    *,
    mask: Array | None = None,
    causal: bool = False,
) -> Array:
    key = query if key is None else key
    value = key if value is None else value
    (n, length, width), size = query.shape, query.shape[-1] // layer.num_heads
    weights = np.split(arrays["in_proj_weight"], 3)
    biases = np.split(arrays["in_proj_bias"], 3) if "in_proj_bias" in arrays else [None] * 3
    queries, keys, values = map(_rows, (query, key, value), weights, biases)
    if hasattr(layer, "base"):  # rotary: queries and keys are turned by their positions
        queries, keys = (_turned(rows, size, layer.base) for rows in (queries, keys))
    left = _left((n, layer.num_heads, length, key.shape[1]), layer.dropout)
    mixed = np.zeros((n, length, width), object)
    for b, t, head in np.ndindex(n, length, layer.num_heads):
        features = range(head * size, (head + 1) * size)
        scores = []
        for s in range(key.shape[1]):
            match = sum(queries[b, t, f] * keys[b, s, f] for f in features) / math.sqrt(size)
            scores.append(match + (-math.inf if causal and s > t else _bias(mask, t, s)))
        for s, share in enumerate(_softmax(scores)):
            share = share * left[b, head, t, s]
            for f in features:
                mixed[b, t, f] += share * values[b, s, f]
    return _rows(mixed, arrays["out_proj.weight"], arrays.get("out_proj.bias"))


def _left(shape: tuple[int, ...], dropout: Any) -> Array:
    """What dropout multiplies each weight by."""
    if not hasattr(dropout, "rng"):
        return np.ones(shape)
    return (copy.deepcopy(dropout.rng).random(shape, np.float32) >= dropout.p) / (1 - dropout.p)


def _turned(rows: Array, size: int, base: float) -> Array:
    """Each pair of features of each head, turned by position times the pair's speed."""
    y = np.zeros(rows.shape, object)
    for b, p, f in np.ndindex(rows.shape):
        angle = p / base ** (f % size // 2 * 2 / size)
        cos, sin = math.cos(angle), math.sin(angle)
        if f % 2 == 0:
            y[b, p, f] = cos * rows[b, p, f] - sin * rows[b, p, f + 1]
        else:
            y[b, p, f] = sin * rows[b, p, f - 1] + cos * rows[b, p, f]
    return y


def _positional(layer: Any, arrays: Any, x: Array) -> Array:
    """Add to every vector the code of its position, or append it."""
    *leading, length, features = x.shape
    width = arrays["weight"].shape[1] if "weight" in arrays else layer.d_model

    def code(p: int, i: int) -> Any:
        if "weight" in arrays:
            return arrays["weight"][p, i]
        angle = p / layer.base ** (i // 2 * 2 / width)
        return math.cos(angle) if i % 2 else math.sin(angle)

    added = layer.mode == "add"
    y = np.zeros((*leading, length, features if added else features + width), object)
    for *row, p, i in np.ndindex(y.shape):
        if added:
            y[(*row, p, i)] = x[(*row, p, i)] + code(p, i)
        else:
            y[(*row, p, i)] = x[(*row, p, i)] if i < features else code(p, i - features)
    return y


def _bias(mask: Array | None, t: int, s: int) -> float:
    """What a mask adds to the score of query t and key s."""
    if mask is None:
        return 0.0
    if mask.dtype == bool:
        return 0.0 if mask[t, s] else -math.inf
    return float(mask[t, s])


def _recurrent(layer: Any, arrays: Any, x: Array, h0: Array | None = None) -> Array:
    w_x, w_h = arrays["weight_ih_l0"], arrays["weight_hh_l0"]
    biases = [arrays[name] for name in ("bias_ih_l0", "bias_hh_l0") if name in arrays]
    (n, length, features), hidden = x.shape, len(w_h)
    y = np.zeros((n, length, hidden), object)
    for b, t, i in np.ndindex(y.shape):
        past = y[b, t - 1] if t else (np.zeros(hidden) if h0 is None else h0[b])
        y[b, t, i] = cmath.tanh(
            sum(w_x[i, j] * x[b, t, j] for j in range(features))
            + sum(w_h[i, j] * past[j] for j in range(hidden))
            + sum(bias[i] for bias in biases)
        )
    return y


def _gated(layer: Any, arrays: Any, x: Array, h0: Array | None = None) -> Array:
    w_x, w_h = arrays["weight_ih_l0"], arrays["weight_hh_l0"]
    none = np.zeros(len(w_x))
    b_x, b_h = arrays.get("bias_ih_l0", none), arrays.get("bias_hh_l0", none)
    (n, length, features), hidden = x.shape, w_h.shape[1]
    y = np.zeros((n, length, hidden), object)
    for b, t, i in np.ndindex(y.shape):
        past = y[b, t - 1] if t else (np.zeros(hidden) if h0 is None else h0[b])

        def from_x(row: int, b: int = b, t: int = t) -> Any:
            return sum(w_x[row, j] * x[b, t, j] for j in range(features)) + b_x[row]

        def from_past(row: int, past: Any = past) -> Any:
            return sum(w_h[row, j] * past[j] for j in range(hidden)) + b_h[row]

        reset = 1 / (1 + cmath.exp(-from_x(i) - from_past(i)))
        update = 1 / (1 + cmath.exp(-from_x(hidden + i) - from_past(hidden + i)))
        new = cmath.tanh(from_x(2 * hidden + i) + reset * from_past(2 * hidden + i))
        y[b, t, i] = (1 - update) * new + update * past[i]
    return y


def _cross_entropy(
    layer: Any,
    arrays: Any,
    logits: Array,
    target: Array,
    *,
    weight: Array | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    allow_empty: bool = False,
) -> Array:
    """Minus the log of the share at the true class; smoothed, also at all classes a little."""
    losses, count, classes = np.zeros(target.shape, object), 0.0, logits.shape[-1]
    for place in np.ndindex(target.shape):
        if target[place] == ignore_index:
            continue
        logs = [cmath.log(share) for share in _softmax(list(logits[place]))]
        each = np.ones(classes) if weight is None else weight
        losses[place] = -(1 - label_smoothing) * each[target[place]] * logs[target[place]]
        for c in range(classes):
            losses[place] -= label_smoothing / classes * each[c] * logs[c]
        count += each[target[place]]
    return _reduced(losses, count, reduction)


def _mse(layer: Any, arrays: Any, y: Array, target: Array, *, reduction: str = "mean") -> Array:
    losses = np.zeros(y.shape, object)
    for place in np.ndindex(y.shape):
        losses[place] = (y[place] - target[place]) ** 2
    return _reduced(losses, y.size, reduction)


def _binary_cross_entropy(
    layer: Any, arrays: Any, logits: Array, target: Array, *, reduction: str = "mean"
) -> Array:
    losses = np.zeros(logits.shape, object)
    for place in np.ndindex(logits.shape):
        yes = 1 / (1 + cmath.exp(-logits[place]))
        losses[place] = -target[place] * cmath.log(yes)
        losses[place] -= (1 - target[place]) * cmath.log(1 - yes)
    return _reduced(losses, logits.size, reduction)


def _reduced(losses: Array, count: float, reduction: str) -> Array:
    if reduction == "none":
        return losses
    total = sum(losses.flat)
    return np.array(total / count if reduction == "mean" else total, object)


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
    "MaxPool1d": _pooled(_max),
    "MaxPool2d": _pooled(_max),
    "AvgPool1d": _pooled(_average),
    "AvgPool2d": _pooled(_average),
    "GlobalAvgPool": _global_avg_pool,
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
    "FrozenBatchNorm": _frozen,
    "MultiHeadAttention": _attention,
    "RotaryMultiHeadAttention": _attention,
    "SinusoidalPositionalEncoding": _positional,
    "LearnedPositionalEncoding": _positional,
    "RNN": _recurrent,
    "GRU": _gated,
    "binary_cross_entropy_with_logits": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
    "mse": _mse,
}


# -- small parts ----------------------------------------------------------------------------------


def _forward(layer: Layer, arrays: dict[str, Array], *inputs: Array, **options: Any) -> Array:
    name = getattr(layer, "operation", type(layer)).__name__
    return DEFINITIONS[name](layer, arrays, *inputs, **options)


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
