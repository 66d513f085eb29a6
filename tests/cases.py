"""Every layer and every operation once or more, with inputs: what the invariants run over."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import course_lib
from course_lib.activation import (
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    tanh,
)
from course_lib.attention import scaled_dot_product_attention
from course_lib.batch_normalization import BatchNorm1d, BatchNorm2d, FrozenBatchNorm, batch_norm
from course_lib.convolution import Conv1d, Conv2d, conv1d, conv2d
from course_lib.dropout import Dropout, Dropout1d, Dropout2d, dropout, dropout1d, dropout2d
from course_lib.embedding import Embedding, embedding
from course_lib.gradcheck import gradcheck
from course_lib.layer import Identity, Layer, Sequential
from course_lib.linear import Linear, linear
from course_lib.loss import binary_cross_entropy_with_logits, cross_entropy, mse
from course_lib.multi_head_attention import MultiHeadAttention
from course_lib.normalization import GroupNorm, LayerNorm, RMSNorm, group_norm, layer_norm, rms_norm
from course_lib.pooling import (
    AvgPool1d,
    AvgPool2d,
    Flatten,
    GlobalAvgPool,
    MaxPool1d,
    MaxPool2d,
    avg_pool1d,
    avg_pool2d,
    global_avg_pool,
    max_pool1d,
    max_pool2d,
)
from course_lib.positional import (
    LearnedPositionalEncoding,
    RotaryMultiHeadAttention,
    SinusoidalPositionalEncoding,
    rotary,
)
from course_lib.recurrent import GRU, RNN, gru, rnn
from course_lib.residual import Residual
from course_lib.transposed_convolution import (
    ConvTranspose1d,
    ConvTranspose2d,
    conv_transpose1d,
    conv_transpose2d,
)

Array = np.ndarray
Inputs = Callable[[np.random.Generator], tuple[Array, ...]]

CORE = [
    importlib.import_module(f"course_lib.{module.name}")
    for module in pkgutil.iter_modules(course_lib.__path__)
    if not module.ispkg and module.name != "plain"
]
"""The modules of the library itself, without what draws, explains, asks and defines in loops."""


def public(kind: Callable[[Any], bool]) -> dict[str, Any]:
    """Everything public of one kind, by name, wherever in the core it is defined."""
    return {
        name: value
        for module in CORE
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", "") == module.__name__
        and kind(value)
    }


SHARED = (
    "Layer",
    "Convolution",
    "TransposedConvolution",
    "Pooling",
    "AveragePooling",
    "Recurrent",
)
"""What layers have in common: nobody constructs one of these."""


def is_layer(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Layer) and value.__name__ not in SHARED


def is_operation(value: Any) -> bool:
    """A function whose docstring says that it returns the way back."""
    return not isinstance(value, type) and "\n    backward : d" in (value.__doc__ or "")


class Operation(Layer):
    """An operation in a layer's clothes: its arrays are inputs, so there are no parameters."""

    operation: Callable[..., Any]

    def forward(self, *inputs: Any, **options: Any) -> Any:
        y, operation_backward = self.operation(*inputs, **options)

        def backward(dy: Array) -> tuple[Any, ...]:
            gradients = operation_backward(dy)
            gradients = gradients if isinstance(gradients, tuple) else (gradients,)
            without = (None,) * (len(inputs) - len(gradients))  # a loss has none for its target
            return *gradients, *without, self

        return y, backward


class SeededOperation(Operation):
    """An operation that draws, from a generator that starts anew with every call."""

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return super().forward(*inputs, rng=np.random.default_rng(0), **options)


class Wrapper(Layer):
    """A layer around another that takes the same inputs."""

    layer: Layer


@dataclass(frozen=True)
class Case:
    """One layer with inputs, and what to expect of it where layers differ.

    name          unique; it starts with the name of the layer or operation
    layer         rng -> a fresh layer
    inputs        rng -> its inputs, float64 or integers; the batch is their first axis
    options       what else forward takes
    batched       how many of the inputs have the batch axis; all unless given
    empty         what the error on an empty batch says; "" if the answer is an empty array
    single        what the error on a batch of one says; "" if there is an answer
    independent   whether each example has the answer that it would have alone
    """

    name: str
    layer: Callable[[np.random.Generator], Layer]
    inputs: Inputs
    options: Mapping[str, Any] = field(default_factory=dict)
    batched: int | None = None
    empty: str = ""
    single: str = ""
    independent: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """The name of the layer or operation."""
        return self.name.split(":")[0]

    def make(self, dtype: Any = np.float64, seed: int = 0) -> Layer:
        """A fresh layer with random parameters: ones and zeros would hide mistakes."""
        rng = np.random.default_rng(seed)
        layer = self.layer(rng).astype(np.float64)
        return layer.map(lambda w: _representable(rng.normal(size=w.shape))).astype(dtype)

    def draw(self, dtype: Any = np.float64, seed: int = 0) -> tuple[Array, ...]:
        """The inputs, read-only, with the same values in both dtypes."""
        arrays = self.inputs(np.random.default_rng([seed, 1]))
        arrays = tuple(a if a.dtype.kind != "f" else _representable(a, dtype) for a in arrays)
        for array in arrays:
            array.flags.writeable = False
        return arrays

    def forward(self, layer: Layer, inputs: tuple[Array, ...]) -> Any:
        """The layer's forward with the options, whose arrays follow the inputs' dtype."""
        return layer.forward(*inputs, **self.options_as(inputs[0].dtype))

    def options_as(self, dtype: Any) -> dict[str, Any]:
        return {
            name: value.astype(dtype) if getattr(value, "dtype", None) == np.float64 else value
            for name, value in self.options.items()
        }

    def first(self, count: int, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """The inputs of the first `count` examples."""
        return tuple(
            a[:count] if self.batched is None or i < self.batched else a
            for i, a in enumerate(inputs)
        )


def draw_dy(y: Any, seed: int = 0) -> Any:
    """A random gradient for y, read-only; a plain float where y is a single number."""
    dy = np.random.default_rng([seed, 2]).normal(size=np.shape(y))
    if np.ndim(y) == 0:
        return float(dy)
    dy = np.asarray(dy, y.dtype)
    dy.flags.writeable = False
    return dy


def backward_arrays(backward: Callable[..., Any], dy: Any) -> dict[str, Array]:
    """The arrays that a layer's backward pass returns, by name."""
    *dinputs, grad = backward(dy)
    arrays = {f"input {i}": array for i, array in enumerate(dinputs) if array is not None}
    return arrays | grad.parameters()


def check_direction(case: Case, layer: Layer, seed: int) -> float:
    """The relative error along one random direction in all inputs and parameters with gradients."""
    inputs = case.draw(seed=seed)
    inner = layer
    while isinstance(inner, Wrapper):
        inner = inner.layer
    function = inner.operation if isinstance(inner, Operation) else inner.forward
    names = inspect.signature(function).parameters
    y, backward = case.forward(case.make(seed=seed), inputs)
    *dinputs, _ = backward(draw_dy(y))
    targets = [x.dtype.kind == "f" and dx is None for x, dx in zip(inputs, dinputs, strict=True)]
    moving = [x for x, target in zip(inputs, targets, strict=True) if not target]
    # a loss has no gradient for its target: it goes in by name, next to the options
    fixed = {n: x for n, x, target in zip(names, inputs, targets, strict=False) if target}
    rng = np.random.default_rng([seed, 3])
    return gradcheck(layer, *moving, rng=rng, **fixed, **case.options)


def _representable(array: Array, dtype: Any = np.float64) -> Array:
    """Values that float32 holds exactly, so that both dtypes can start from the same numbers."""
    return np.asarray(array, np.float32).astype(dtype)


def normal(*shapes: tuple[int, ...]) -> Inputs:
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def classes(shape: tuple[int, ...]) -> Inputs:
    """Logits of a shape, and true classes for them."""
    return lambda rng: (rng.normal(size=shape), rng.integers(0, shape[-1], shape[:-1]))


def chances(shape: tuple[int, ...]) -> Inputs:
    """Logits of a shape, and for each a probability, 0 and 1 among them."""
    return lambda rng: (rng.normal(size=shape), rng.uniform(-0.5, 1.5, shape).clip(0, 1))


def tokens(shape: tuple[int, ...], below: int) -> Inputs:
    return lambda rng: (rng.integers(0, below, shape),)


def _operation(name: str, operation: Callable[..., Any], inputs: Inputs, **rest: Any) -> Case:
    return Case(name, lambda rng: Operation(operation), inputs, batched=1, **rest)


def _loss(name: str, operation: Callable[..., Any], inputs: Inputs, **rest: Any) -> Case:
    return Case(name, lambda rng: Operation(operation), inputs, independent=False, **rest)


LAYERS = (
    Case("Identity", lambda rng: Identity(), normal((3, 4))),
    Case(
        "Sequential",
        lambda rng: Sequential(Linear.init(4, 3, rng=rng), ReLU(), Linear.init(3, 2, rng=rng)),
        normal((5, 4)),
    ),
    Case("Linear", lambda rng: Linear.init(4, 3, rng=rng), normal((5, 4))),
    Case("Linear: no bias", lambda rng: Linear.init(4, 3, bias=False, rng=rng), normal((5, 2, 4))),
    Case("Conv1d", lambda rng: Conv1d.init(2, 3, 3, rng=rng), normal((3, 2, 7))),
    Case(
        "Conv1d: every option",
        lambda rng: Conv1d.init(
            4, 6, 3, stride=2, padding=2, dilation=2, groups=2, bias=False, rng=rng
        ),
        normal((3, 4, 8)),
    ),
    Case("Conv2d", lambda rng: Conv2d.init(2, 3, (3, 2), rng=rng), normal((3, 2, 5, 4))),
    Case(
        "Conv2d: every option",
        lambda rng: Conv2d.init(
            2, 4, (2, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, rng=rng
        ),
        normal((2, 2, 3, 4)),
    ),
    Case("ConvTranspose1d", lambda rng: ConvTranspose1d.init(2, 3, 3, rng=rng), normal((3, 2, 4))),
    Case(
        "ConvTranspose1d: every option",
        lambda rng: ConvTranspose1d.init(
            4,
            6,
            3,
            stride=2,
            padding=1,
            output_padding=1,
            groups=2,
            bias=False,
            dilation=2,
            rng=rng,
        ),
        normal((2, 4, 3)),
    ),
    Case(
        "ConvTranspose2d",
        lambda rng: ConvTranspose2d.init(2, 3, (2, 3), rng=rng),
        normal((2, 2, 3, 2)),
    ),
    Case(
        "ConvTranspose2d: every option",
        lambda rng: ConvTranspose2d.init(
            2,
            4,
            (3, 2),
            stride=(2, 1),
            padding=(1, 0),
            output_padding=(1, 0),
            groups=2,
            dilation=(1, 2),
            rng=rng,
        ),
        normal((2, 2, 2, 2)),
    ),
    Case("ReLU", lambda rng: ReLU(), normal((3, 4))),
    Case("LeakyReLU", lambda rng: LeakyReLU(), normal((3, 4))),
    Case("LeakyReLU: steeper", lambda rng: LeakyReLU(0.3), normal((2, 3, 2, 2))),
    Case("Sigmoid", lambda rng: Sigmoid(), normal((3, 4))),
    Case("Tanh", lambda rng: Tanh(), normal((3, 4))),
    Case("GELU", lambda rng: GELU(), normal((3, 4))),
    Case("GELU: by tanh", lambda rng: GELU(approximate="tanh"), normal((3, 4))),
    Case("SiLU", lambda rng: SiLU(), normal((3, 4))),
    Case("Softmax", lambda rng: Softmax(), normal((3, 4))),
    Case("Softmax: over the middle axis", lambda rng: Softmax(dim=1), normal((2, 3, 4))),
    Case("LogSoftmax", lambda rng: LogSoftmax(), normal((3, 4))),
    Case("LogSoftmax: over the middle axis", lambda rng: LogSoftmax(dim=-2), normal((2, 3, 4))),
    Case("MaxPool1d", lambda rng: MaxPool1d(2), normal((3, 2, 5))),
    Case(
        "MaxPool1d: overlapping, padded",
        lambda rng: MaxPool1d(3, stride=1, padding=1),
        normal((2, 2, 5)),
    ),
    Case("MaxPool2d", lambda rng: MaxPool2d(2), normal((3, 2, 5, 4))),
    Case(
        "MaxPool2d: overlapping, padded",
        lambda rng: MaxPool2d((3, 2), stride=(2, 1), padding=1),
        normal((2, 2, 5, 4)),
    ),
    Case("AvgPool1d", lambda rng: AvgPool1d(2), normal((3, 2, 5))),
    Case(
        "AvgPool1d: overlapping, padded",
        lambda rng: AvgPool1d(3, stride=2, padding=1),
        normal((2, 2, 5)),
    ),
    Case("AvgPool2d", lambda rng: AvgPool2d(2), normal((3, 2, 5, 4))),
    Case(
        "AvgPool2d: overlapping, padding not counted",
        lambda rng: AvgPool2d((3, 2), stride=(2, 1), padding=1, count_include_pad=False),
        normal((2, 2, 5, 4)),
    ),
    Case("GlobalAvgPool", lambda rng: GlobalAvgPool(), normal((3, 2, 2, 3))),
    Case("Flatten", lambda rng: Flatten(), normal((3, 2, 2, 3))),
    Case("Dropout", lambda rng: Dropout(0.4, rng=rng), normal((3, 4)), independent=False),
    Case("Dropout1d", lambda rng: Dropout1d(0.4, rng=rng), normal((3, 4, 2)), independent=False),
    Case("Dropout2d", lambda rng: Dropout2d(0.4, rng=rng), normal((3, 4, 2, 2)), independent=False),
    Case(
        "BatchNorm1d",
        lambda rng: BatchNorm1d.init(3),
        normal((5, 3)),
        empty="two values",
        single="two values",
        independent=False,
    ),
    Case(
        "BatchNorm1d: along sequences, not affine",
        lambda rng: BatchNorm1d.init(2, affine=False),
        normal((3, 2, 4)),
        empty="two values",
        independent=False,
    ),
    Case(
        "BatchNorm2d",
        lambda rng: BatchNorm2d.init(2, momentum=0.3, eps=1e-3),
        normal((3, 2, 2, 3)),
        empty="two values",
        independent=False,
    ),
    Case("FrozenBatchNorm", lambda rng: FrozenBatchNorm(np.ones(2), np.ones(2)), normal((3, 2, 4))),
    Case("LayerNorm", lambda rng: LayerNorm.init(4), normal((3, 4))),
    Case(
        "LayerNorm: over two axes, no bias",
        lambda rng: LayerNorm.init((2, 3), bias=False, eps=1e-2),
        normal((3, 2, 3)),
    ),
    Case("RMSNorm", lambda rng: RMSNorm.init(4), normal((3, 4))),
    Case(
        "RMSNorm: not affine",
        lambda rng: RMSNorm.init(3, elementwise_affine=False, eps=1e-2),
        normal((2, 2, 3)),
    ),
    Case("GroupNorm", lambda rng: GroupNorm.init(2, 4), normal((2, 4, 3))),
    Case(
        "GroupNorm: all channels together, not affine",
        lambda rng: GroupNorm.init(1, 3, affine=False),
        normal((2, 3, 2, 2)),
    ),
    Case("Residual", lambda rng: Residual(Linear.init(4, 4, rng=rng)), normal((3, 4))),
    Case(
        "Residual: with a projection",
        lambda rng: Residual(
            Sequential(Linear.init(4, 2, rng=rng), Tanh(), Linear.init(2, 3, rng=rng)),
            shortcut=Linear.init(4, 3, bias=False, rng=rng),
        ),
        normal((3, 4)),
    ),
    Case(
        "MultiHeadAttention", lambda rng: MultiHeadAttention.init(4, 2, rng=rng), normal((2, 3, 4))
    ),
    Case(
        "MultiHeadAttention: causal, no bias",
        lambda rng: MultiHeadAttention.init(4, 1, bias=False, rng=rng),
        normal((2, 3, 4)),
        options={"causal": True},
    ),
    Case(
        "MultiHeadAttention: another sequence, masked",
        lambda rng: MultiHeadAttention.init(4, 2, rng=rng),
        normal((2, 3, 4), (2, 2, 4)),
        options={"mask": np.array([[True, False], [True, True], [False, True]])},
    ),
    Case(
        "MultiHeadAttention: three inputs, weighted",
        lambda rng: MultiHeadAttention.init(4, 4, rng=rng),
        normal((2, 1, 4), (2, 3, 4), (2, 3, 4)),
        options={"mask": np.array([[0.5, 0.0, -1.0]])},
    ),
    Case(
        "MultiHeadAttention: dropout",
        lambda rng: MultiHeadAttention.init(4, 2, dropout=0.4, rng=rng),
        normal((2, 3, 4)),
        independent=False,
    ),
    Case(
        "RotaryMultiHeadAttention",
        lambda rng: RotaryMultiHeadAttention.init(4, 2, rng=rng),
        normal((2, 3, 4)),
    ),
    Case(
        "SinusoidalPositionalEncoding",
        lambda rng: SinusoidalPositionalEncoding(4),
        normal((2, 3, 4)),
    ),
    Case(
        "SinusoidalPositionalEncoding: appended",
        lambda rng: SinusoidalPositionalEncoding(2, mode="concat"),
        normal((2, 3, 3)),
    ),
    Case(
        "LearnedPositionalEncoding",
        lambda rng: LearnedPositionalEncoding.init(3, 4, rng=rng),
        normal((2, 3, 4)),
    ),
    Case(
        "LearnedPositionalEncoding: appended, longer than x",
        lambda rng: LearnedPositionalEncoding.init(5, 2, mode="concat", rng=rng),
        normal((2, 3, 4)),
    ),
    Case("RNN", lambda rng: RNN.init(3, 4, rng=rng), normal((2, 3, 3))),
    Case(
        "RNN: from a given state, no bias",
        lambda rng: RNN.init(3, 2, bias=False, rng=rng),
        normal((2, 4, 3), (2, 2)),
    ),
    Case("GRU", lambda rng: GRU.init(3, 4, rng=rng), normal((2, 3, 3))),
    Case(
        "GRU: from a given state, no bias",
        lambda rng: GRU.init(3, 2, bias=False, rng=rng),
        normal((2, 4, 3), (2, 2)),
    ),
    Case("Embedding", lambda rng: Embedding.init(5, 3, rng=rng), tokens((2, 4), 5)),
    Case(
        "Embedding: with padding",
        lambda rng: Embedding.init(3, 2, padding_idx=2, rng=rng),
        tokens((2, 6), 2),  # without padding, whose row has a slope but is given none
    ),
)

OPERATIONS = (
    _operation("linear", linear, normal((5, 4), (3, 4), (3,))),
    _operation("conv1d", conv1d, normal((3, 2, 7), (4, 2, 3), (4,))),
    _operation("conv2d", conv2d, normal((2, 4, 5, 6), (6, 2, 3, 2), (6,)), options={"groups": 2}),
    _operation("conv_transpose1d", conv_transpose1d, normal((3, 2, 4), (2, 4, 3), (4,))),
    _operation(
        "conv_transpose2d",
        conv_transpose2d,
        normal((2, 4, 3, 2), (4, 3, 3, 2), (6,)),
        options={"groups": 2},
    ),
    *(
        _operation(operation.__name__, operation, normal((3, 4)))
        for operation in (relu, leaky_relu, sigmoid, tanh, gelu, silu, softmax, log_softmax)
    ),
    *(
        Case(
            operation.__name__,
            lambda rng, operation=operation: SeededOperation(operation),
            normal(shape),
            options={"p": 0.4},
            independent=False,
        )
        for operation, shape in (
            (dropout, (3, 4)),
            (dropout1d, (3, 4, 2)),
            (dropout2d, (3, 4, 2, 2)),
        )
    ),
    Case(
        "scaled_dot_product_attention",
        lambda rng: Operation(scaled_dot_product_attention),
        normal((2, 3, 4), (2, 5, 4), (2, 5, 2)),
        options={"causal": True},
    ),
    Case(
        "scaled_dot_product_attention: several heads",
        lambda rng: Operation(scaled_dot_product_attention),
        normal((2, 3, 4, 2), (2, 3, 5, 2), (2, 3, 5, 3)),
    ),
    Case(
        "scaled_dot_product_attention: dropout",
        lambda rng: SeededOperation(scaled_dot_product_attention),
        normal((2, 3, 4), (2, 5, 4), (2, 5, 2)),
        options={"dropout_p": 0.4},
        independent=False,
    ),
    Case(
        "rnn",
        lambda rng: Operation(rnn),
        normal((2, 3, 4), (2, 5), (5, 4), (5, 5), (5,), (5,)),
        batched=2,
    ),
    Case(
        "gru",
        lambda rng: Operation(gru),
        normal((2, 3, 4), (2, 5), (15, 4), (15, 5), (15,), (15,)),
        batched=2,
    ),
    _operation(
        "embedding", embedding, lambda rng: (rng.integers(0, 5, (2, 4)), rng.normal(size=(5, 3)))
    ),
    Case(
        "batch_norm",
        lambda rng: Operation(batch_norm),
        normal((5, 3, 2), (3,), (3,)),
        batched=1,
        empty="two values",
        independent=False,
    ),
    _operation("layer_norm", layer_norm, normal((3, 4), (4,), (4,))),
    _operation("rms_norm", rms_norm, normal((3, 4), (4,))),
    _operation("group_norm", group_norm, normal((2, 4, 3), (4,), (4,)), options={"num_groups": 2}),
    _operation("rotary", rotary, normal((2, 3, 4))),
    *(
        _operation(operation.__name__, operation, normal(shape), options={"kernel_size": 2})
        for operation, shape in (
            (max_pool1d, (3, 2, 5)),
            (avg_pool1d, (3, 2, 5)),
            (max_pool2d, (3, 2, 5, 4)),
            (avg_pool2d, (3, 2, 5, 4)),
        )
    ),
    _operation("global_avg_pool", global_avg_pool, normal((3, 2, 2, 3))),
)

LOSSES = (
    _loss("cross_entropy", cross_entropy, classes((5, 4)), empty="nothing to take the mean of"),
    _loss(
        "cross_entropy: every option",
        cross_entropy,
        classes((5, 2, 4)),
        options={
            "weight": np.array([0.5, 1.0, 2.0, 0.25]),
            "ignore_index": 1,
            "label_smoothing": 0.25,
            "reduction": "none",
        },
    ),
    _loss(
        "cross_entropy: nothing is allowed",
        cross_entropy,
        classes((5, 4)),
        options={"allow_empty": True},
    ),
    _loss(
        "binary_cross_entropy_with_logits",
        binary_cross_entropy_with_logits,
        chances((5, 3)),
        empty="nothing to take the mean of",
    ),
    _loss(
        "binary_cross_entropy_with_logits: one by one",
        binary_cross_entropy_with_logits,
        chances((5, 3)),
        options={"reduction": "none"},
    ),
    _loss("mse", mse, normal((5, 3), (5, 3)), empty="nothing to take the mean of"),
    _loss("mse: sum", mse, normal((5, 3), (5, 3)), options={"reduction": "sum"}),
    _loss("mse: one by one", mse, normal((5, 3), (5, 3)), options={"reduction": "none"}),
)

CASES = (*LAYERS, *OPERATIONS, *LOSSES)
