"""What every layer and loss computes, by the loops over single numbers of `course_lib.plain`.

The numbers may be complex. So every definition comes with its exact gradient: move one entry by
i·1e-30, and the imaginary part of the result is the derivative [see `course_lib.plain`].
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib import plain
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
            parameters = {n: moved if n == name else a for n, a in layer.parameters().items()}
            xs = [moved if name == f"input {i}" else x for i, x in enumerate(inputs)]
            y = _forward(layer, _objects(parameters), *map(_object, xs), **options)
            found[name][entry] = math.fsum(
                d * v.imag / STEP for d, v in zip(dy.flat, y.flat, strict=True)
            )
    return found


# -- (layer for its hyper-parameters, its arrays by name, inputs) -> y ----------------------------


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


def _flatten(layer: Any, arrays: Any, x: Array) -> Array:
    return np.array([list(example.flat) for example in x], object)


def _dropout(operation: Callable[..., Array], together: int) -> Callable[..., Array]:
    """Where the layer's generator drops, by one draw for each number or for each channel."""

    def definition(layer: Any, arrays: Any, x: Array) -> Array:
        draws = copy.deepcopy(layer.rng).random(x.shape[: x.ndim - together], np.float32)
        return operation(x, layer.p, mask=draws >= layer.p)

    return definition


def _of(operation: Callable[..., Array], *options: str) -> Callable[..., Array]:
    """An operation whose arrays and options have the layer's names."""

    def definition(layer: Any, arrays: Any, x: Array) -> Array:
        return operation(x, **arrays, **{option: getattr(layer, option) for option in options})

    return definition


def _rms_norm(layer: Any, arrays: Any, x: Array) -> Array:
    eps = np.finfo(np.float64).eps if layer.eps is None else layer.eps
    return plain.rms_norm(x, **arrays, normalized_shape=layer.normalized_shape, eps=eps)


def _frozen(layer: Any, arrays: Any, x: Array) -> Array:
    y = x.copy()
    for place in np.ndindex(x.shape):
        y[place] = arrays["weight"][place[1]] * x[place] + arrays["bias"][place[1]]
    return y


def _embedding(layer: Any, arrays: Any, x: Array) -> Array:
    return plain.embedding(x, arrays["weight"])


def _attention(
    layer: Any,
    arrays: Any,
    query: Array,
    key: Array | None = None,
    value: Array | None = None,
    **options: Any,
) -> Array:
    key = query if key is None else key
    value = key if value is None else value
    weights = np.split(arrays["in_proj_weight"], 3)
    biases = np.split(arrays["in_proj_bias"], 3) if "in_proj_bias" in arrays else [None] * 3
    queries, keys, values = (
        plain.split_heads(plain.linear(*each), layer.num_heads)
        for each in zip((query, key, value), weights, biases, strict=True)
    )
    if hasattr(layer, "base"):  # rotary: queries and keys are turned by their positions
        queries, keys = (plain.rotary(heads, base=layer.base) for heads in (queries, keys))
    shape = (*queries.shape[:-1], keys.shape[-2])
    options["left"] = left_by(layer.dropout, shape)
    mixed = plain.merge_heads(plain.scaled_dot_product_attention(queries, keys, values, **options))
    return plain.linear(mixed, arrays["out_proj.weight"], arrays.get("out_proj.bias"))


def left_by(dropout: Any, shape: tuple[int, ...]) -> Array | None:
    """What a Dropout multiplies each attention weight by; None if it is none."""
    if not hasattr(dropout, "rng"):
        return None
    return (copy.deepcopy(dropout.rng).random(shape, np.float32) >= dropout.p) / (1 - dropout.p)


def _positional(layer: Any, arrays: Any, x: Array) -> Array:
    """Add to every vector the code of its position, or append it."""
    code = arrays.get("weight")
    if code is None:
        code = plain.sinusoidal_encoding(
            x.shape[-2], layer.d_model, base=layer.base, dtype=np.float64
        )
    rows = np.broadcast_to(code[: x.shape[-2]], (*x.shape[:-1], code.shape[1]))
    return x + rows if layer.mode == "add" else np.concatenate([x, rows], axis=-1)


def _recurrent(operation: Callable[..., Array]) -> Callable[..., Array]:
    def forward(layer: Any, arrays: Any, x: Array, h0: Array | None = None) -> Array:
        return operation(x, h0, **{name.removesuffix("_l0"): a for name, a in arrays.items()})

    return forward


def _loss(operation: Callable[..., Array]) -> Callable[..., Array]:
    return lambda layer, arrays, *inputs, **options: operation(*inputs, **options)


CONVOLUTION = ("stride", "padding", "dilation", "groups")
TRANSPOSED = (*CONVOLUTION, "output_padding")
MAX_POOLING = ("kernel_size", "stride", "padding")
AVERAGE_POOLING = (*MAX_POOLING, "count_include_pad")

DEFINITIONS: dict[str, Callable[..., Array]] = {
    "Identity": lambda layer, arrays, x: x,
    "Sequential": _sequential,
    "Residual": _residual,
    "Dropout": _dropout(plain.dropout, 0),
    "Dropout1d": _dropout(plain.dropout1d, 1),
    "Dropout2d": _dropout(plain.dropout2d, 2),
    "Linear": _of(plain.linear),
    "Conv1d": _of(plain.conv1d, *CONVOLUTION),
    "Conv2d": _of(plain.conv2d, *CONVOLUTION),
    "ConvTranspose1d": _of(plain.conv_transpose1d, *TRANSPOSED),
    "ConvTranspose2d": _of(plain.conv_transpose2d, *TRANSPOSED),
    "MaxPool1d": _of(plain.max_pool1d, *MAX_POOLING),
    "MaxPool2d": _of(plain.max_pool2d, *MAX_POOLING),
    "AvgPool1d": _of(plain.avg_pool1d, *AVERAGE_POOLING),
    "AvgPool2d": _of(plain.avg_pool2d, *AVERAGE_POOLING),
    "GlobalAvgPool": _of(plain.global_avg_pool),
    "Flatten": _flatten,
    "ReLU": _of(plain.relu),
    "LeakyReLU": _of(plain.leaky_relu, "negative_slope"),
    "Sigmoid": _of(plain.sigmoid),
    "Tanh": _of(plain.tanh),
    "GELU": _of(plain.gelu, "approximate"),
    "SiLU": _of(plain.silu),
    "Softmax": _of(plain.softmax, "dim"),
    "LogSoftmax": _of(plain.log_softmax, "dim"),
    "BatchNorm1d": _of(plain.batch_norm, "eps"),
    "BatchNorm2d": _of(plain.batch_norm, "eps"),
    "LayerNorm": _of(plain.layer_norm, "normalized_shape", "eps"),
    "GroupNorm": _of(plain.group_norm, "num_groups", "eps"),
    "RMSNorm": _rms_norm,
    "Embedding": _embedding,
    "FrozenBatchNorm": _frozen,
    "MultiHeadAttention": _attention,
    "RotaryMultiHeadAttention": _attention,
    "SinusoidalPositionalEncoding": _positional,
    "LearnedPositionalEncoding": _positional,
    "RNN": _recurrent(plain.rnn),
    "GRU": _recurrent(plain.gru),
    "binary_cross_entropy_with_logits": _loss(plain.binary_cross_entropy_with_logits),
    "cross_entropy": _loss(plain.cross_entropy),
    "mse": _loss(plain.mse),
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
