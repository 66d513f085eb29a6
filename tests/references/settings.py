"""Which layers are compared with PyTorch, in which geometries, on which numbers.

A setting is data: the same arguments build the layer there and here, and both draw their numbers
by name, so that only PyTorch's answers need to be stored. Neither library is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

Array = np.ndarray
LARGEST = 400  # of a larger array this many entries are stored


@dataclass(frozen=True)
class Draw:
    """An input: real numbers in [-2, 2) times `scale`, or whole numbers from 0 to `below` - 1."""

    shape: tuple[int, ...]
    scale: float = 1.0
    below: int = 0
    tied: bool = False  # rounded, so that many are equal

    def __call__(self, seed: int, name: str) -> Array:
        if self.below:
            return np.asarray(_raw(seed, name, self.shape) % self.below, np.int64)
        values = draw(seed, name, self.shape) * self.scale
        return np.round(values) if self.tied else values


@dataclass(frozen=True)
class Setting:
    """Arguments of a constructor, the inputs, and what else forward takes."""

    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    inputs: tuple[Draw, ...]
    forward: Mapping[str, Any] = field(default_factory=dict)

    def draw_inputs(self, seed: int) -> list[Array]:
        return [draw_one(seed, f"input {i}") for i, draw_one in enumerate(self.inputs)]


def _raw(seed: int, name: str, shape: tuple[int, ...]) -> Array:
    """Raw bits of PCG64: NumPy promises that they never change (its `normal` may)."""
    bits = np.random.PCG64([seed, crc32(name.encode())])
    return bits.random_raw(int(np.prod(shape))).reshape(shape) >> np.uint64(40)


def draw(seed: int, name: str, shape: tuple[int, ...]) -> Array:
    """Numbers in [-2, 2) that float32 holds exactly, the same for one seed and name for ever."""
    return np.asarray(_raw(seed, name, shape) / 2**22 - 2.0)


def sample(array: Array) -> Array:
    """What is stored of an array: all of it, or of a large one entries from all over."""
    flat = np.asarray(array).reshape(-1)
    if flat.size <= LARGEST:
        return np.asarray(array)
    return flat[_raw(0, "sample", (LARGEST,)).astype(np.int64) % flat.size]


def on(*arguments: Any, x: Any, **options: Any) -> Setting:
    """A setting with one input: x is a shape or a Draw."""
    return Setting(arguments, options, (x if isinstance(x, Draw) else Draw(x),))


ELEMENTWISE = (
    Draw((1,)),
    Draw((7,)),
    Draw((3, 4)),
    Draw((1, 1, 1)),
    Draw((2, 3, 4)),
    Draw((2, 1, 3, 2)),
    Draw((5, 3), scale=1e-3),
    Draw((5, 3), scale=3.0),
    Draw((5, 3), scale=10.0),
    Draw((5, 3), scale=100.0),
    Draw((5, 3), scale=1e4),
    Draw((4, 5), tied=True),  # zeros among them
    Draw((40, 30), scale=2.0),
)


def elementwise(*arguments: Any, **options: Any) -> list[Setting]:
    return [Setting(arguments, options, (x,)) for x in ELEMENTWISE]


def _pool1d(**options: Any) -> list[Setting]:
    """Windows along a sequence; `options` go into every setting."""
    return [
        on(2, x=(2, 3, 8), **options),
        on(2, x=(2, 3, 7), **options),
        on(3, x=(1, 1, 3), **options),
        on(1, x=(2, 2, 5), **options),
        on(3, stride=1, x=(2, 2, 6), **options),
        on(3, stride=2, x=(2, 2, 9), **options),
        on(2, stride=3, x=(2, 2, 9), **options),
        on(3, stride=2, padding=1, x=(2, 2, 8), **options),
        on(4, stride=1, padding=2, x=(2, 1, 5), **options),
        on(5, padding=2, x=(1, 2, 11), **options),
        on(2, x=Draw((3, 2, 9), tied=True), **options),
        on(3, stride=1, padding=1, x=Draw((3, 2, 9), tied=True), **options),
        on(3, stride=2, x=(4, 3, 301), **options),
    ]


def _pool2d(**options: Any) -> list[Setting]:
    """Windows over an image; `options` go into every setting."""
    return [
        on(2, x=(2, 3, 4, 6), **options),
        on(2, x=(2, 3, 5, 7), **options),
        on((3, 2), x=(1, 1, 3, 2), **options),
        on(1, x=(2, 2, 3, 4), **options),
        on(3, stride=1, x=(2, 2, 5, 4), **options),
        on(3, stride=2, x=(2, 2, 7, 9), **options),
        on(2, stride=3, x=(2, 2, 8, 7), **options),
        on((2, 3), stride=(2, 1), x=(2, 2, 6, 5), **options),
        on(3, stride=2, padding=1, x=(2, 2, 8, 7), **options),
        on((2, 5), stride=(1, 2), padding=(1, 2), x=(2, 1, 5, 9), **options),
        on(2, x=Draw((2, 2, 6, 6), tied=True), **options),
        on(3, stride=1, padding=1, x=Draw((2, 2, 5, 6), tied=True), **options),
        on(3, stride=2, x=(2, 3, 33, 35), **options),
    ]


def _conv1d() -> list[Setting]:
    return [
        on(2, 3, 3, x=(2, 2, 7)),
        on(1, 1, 1, x=(1, 1, 1)),
        on(3, 2, 5, x=(2, 3, 5)),
        on(2, 3, 3, padding=1, x=(2, 2, 6)),
        on(2, 3, 4, padding=3, x=(2, 2, 5)),
        on(2, 3, 3, stride=2, x=(2, 2, 9)),
        on(2, 3, 3, stride=2, x=(2, 2, 8)),
        on(2, 3, 2, stride=3, x=(2, 2, 10)),
        on(2, 3, 3, dilation=2, x=(2, 2, 8)),
        on(2, 3, 3, stride=2, padding=2, dilation=3, x=(2, 2, 9)),
        on(4, 6, 3, groups=2, x=(2, 4, 7)),
        on(4, 8, 3, groups=4, padding=1, x=(2, 4, 6)),
        on(2, 3, 3, bias=False, x=(2, 2, 7)),
        on(4, 6, 3, stride=2, padding=2, dilation=2, groups=2, bias=False, x=(2, 4, 8)),
        on(16, 24, 5, padding=2, x=(20, 16, 120)),  # gathered in blocks
        on(2, 3, 3, padding="same", dilation=2, x=(2, 2, 7)),
        on(4, 6, 4, padding="same", groups=2, x=(2, 4, 6)),  # one more zero at the end
    ]


def _conv2d() -> list[Setting]:
    return [
        on(2, 3, 3, x=(2, 2, 5, 6)),
        on(1, 1, 1, x=(1, 1, 1, 1)),
        on(3, 2, (2, 3), x=(2, 3, 4, 5)),
        on(2, 3, 3, padding=1, x=(2, 2, 4, 5)),
        on(2, 3, (3, 2), padding=(2, 1), x=(2, 2, 4, 5)),
        on(2, 3, 3, stride=2, x=(2, 2, 7, 7)),
        on(2, 3, 3, stride=2, x=(2, 2, 8, 6)),
        on(2, 3, 2, stride=(3, 1), x=(2, 2, 7, 5)),
        on(2, 3, 3, dilation=2, x=(2, 2, 7, 6)),
        on(2, 3, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(2, 3), x=(2, 2, 7, 6)),
        on(4, 6, 3, groups=2, x=(2, 4, 5, 5)),
        on(4, 8, 3, groups=4, padding=1, x=(2, 4, 4, 5)),
        on(2, 3, 3, bias=False, x=(2, 2, 5, 5)),
        on(4, 6, 2, stride=2, padding=1, groups=2, bias=False, x=(2, 4, 6, 5)),
        on(8, 12, 3, padding=1, x=(12, 8, 20, 22)),  # gathered in blocks
        on(2, 3, (3, 5), padding="same", dilation=(2, 1), x=(2, 2, 5, 6)),
        on(4, 6, (2, 4), padding="same", groups=2, bias=False, x=(2, 4, 4, 5)),
    ]


def _conv_transpose1d() -> list[Setting]:
    return [
        on(2, 3, 3, x=(2, 2, 5)),
        on(1, 1, 1, x=(1, 1, 1)),
        on(3, 2, 5, x=(2, 3, 1)),
        on(2, 3, 3, padding=1, x=(2, 2, 6)),
        on(2, 3, 3, stride=2, x=(2, 2, 4)),
        on(2, 3, 2, stride=3, x=(2, 2, 4)),
        on(2, 3, 3, stride=2, padding=1, output_padding=1, x=(2, 2, 4)),
        on(2, 3, 4, stride=3, padding=2, output_padding=2, x=(2, 2, 5)),
        on(2, 3, 3, dilation=2, x=(2, 2, 5)),
        on(2, 3, 2, stride=2, dilation=3, output_padding=2, x=(2, 2, 5)),
        on(4, 6, 3, groups=2, x=(2, 4, 5)),
        on(4, 8, 3, groups=4, stride=2, x=(2, 4, 4)),
        on(2, 3, 3, bias=False, x=(2, 2, 5)),
        on(
            4, 6, 3, stride=2, padding=3, output_padding=1, dilation=2, groups=2, bias=False,
            x=(2, 4, 6),
        ),
        on(24, 16, 5, stride=2, padding=2, x=(20, 24, 60)),  # in blocks
    ]  # fmt: skip


def _conv_transpose2d() -> list[Setting]:
    return [
        on(2, 3, 3, x=(2, 2, 4, 3)),
        on(1, 1, 1, x=(1, 1, 1, 1)),
        on(3, 2, (2, 3), x=(2, 3, 1, 2)),
        on(2, 3, 3, padding=1, x=(2, 2, 4, 5)),
        on(2, 3, 3, stride=2, x=(2, 2, 3, 4)),
        on(2, 3, 2, stride=(3, 1), x=(2, 2, 3, 4)),
        on(2, 3, 3, stride=2, padding=1, output_padding=1, x=(2, 2, 3, 4)),
        on(2, 3, (4, 3), stride=(3, 2), padding=(2, 1), output_padding=(2, 0), x=(2, 2, 3, 3)),
        on(2, 3, 3, dilation=2, x=(2, 2, 3, 4)),
        on(2, 3, 2, stride=(1, 2), dilation=(3, 1), output_padding=(2, 1), x=(2, 2, 3, 3)),
        on(4, 6, 3, groups=2, x=(2, 4, 3, 4)),
        on(4, 8, 3, groups=4, stride=2, x=(2, 4, 3, 2)),
        on(2, 3, 3, bias=False, x=(2, 2, 3, 4)),
        on(4, 6, 2, stride=2, padding=1, groups=2, bias=False, x=(2, 4, 3, 4)),
        on(12, 8, 3, stride=2, padding=1, x=(12, 12, 10, 11)),  # in blocks
    ]


def _batch_norm(spatial: tuple[int, ...]) -> list[Setting]:
    def over(*leading: int, scale: float = 1.0) -> Draw:
        return Draw((*leading, *spatial), scale)

    return [
        on(3, x=over(4, 3)),
        on(1, eps=0.1, x=over(2, 1)),  # two values that lie close to ±1 have no slope to compare
        on(5, x=over(7, 5)),
        on(3, x=over(4, 3, scale=10.0)),
        on(3, x=over(4, 3, scale=1e-2)),
        on(3, x=over(4, 3, scale=1e-4)),
        on(3, eps=1e-2, x=over(4, 3)),
        on(3, eps=1.0, x=over(4, 3)),
        on(3, momentum=0.0, x=over(4, 3)),
        on(3, momentum=0.5, x=over(4, 3)),
        on(3, momentum=1.0, x=over(4, 3)),
        on(2, momentum=0.3, eps=0.1, x=over(2, 2)),
        on(3, affine=False, x=over(4, 3)),
        on(16, x=over(64, 16)),
    ]


def _along_an_axis() -> list[Setting]:
    return [
        *elementwise(dim=-1),
        on(dim=0, x=(4, 3)),
        on(dim=1, x=(2, 4, 3)),
        on(dim=-2, x=(2, 3, 4)),
        on(dim=1, x=(2, 5, 2, 3)),
        on(dim=1, x=(2, 1, 3)),
    ]


def _attending(*shapes: tuple[int, ...], **forward: Any) -> Setting:
    """Two heads that look from the first sequence into the others."""
    return Setting((4, 2), {}, tuple(map(Draw, shapes)), forward)


def _allowed(*shape: int) -> Array:
    """A mask that allows about half, and the first key to everyone."""
    mask = draw(0, "allowed", shape) > 0
    mask[..., 0] = True
    return mask


def _padding(*shape: int) -> Array:
    """A mask that calls about half of the keys padding, but never the first."""
    return ~_allowed(*shape)


RECURRENT = [
    on(3, 4, x=(2, 5, 3)),
    on(1, 1, x=(1, 1, 1)),
    on(3, 4, x=(2, 1, 3)),
    on(3, 1, x=(2, 4, 3)),
    on(1, 4, x=(1, 6, 1)),
    on(3, 4, bias=False, x=(2, 5, 3)),
    on(2, 3, x=(4, 12, 2)),
    on(3, 4, x=Draw((2, 5, 3), scale=10.0)),
    on(3, 4, x=Draw((2, 5, 3), scale=1e-2)),
    Setting((3, 4), {}, (Draw((2, 5, 3)), Draw((2, 4)))),
    Setting((3, 4), {"bias": False}, (Draw((2, 1, 3)), Draw((2, 4)))),
    Setting((1, 2), {}, (Draw((1, 7, 1)), Draw((1, 2), scale=10.0))),
    on(16, 24, x=(8, 3, 16)),
]

SETTINGS: dict[str, list[Setting]] = {
    "Linear": [
        on(4, 3, x=(5, 4)),
        on(1, 1, x=(1, 1)),
        on(4, 3, x=(4,)),
        on(4, 3, x=(2, 5, 4)),
        on(4, 3, x=(2, 3, 2, 4)),
        on(4, 3, bias=False, x=(5, 4)),
        on(4, 3, bias=False, x=(2, 5, 4)),
        on(1, 6, x=(5, 1)),
        on(6, 1, x=(5, 6)),
        on(7, 7, x=(1, 7)),
        on(3, 2, x=Draw((6, 3), scale=100.0)),
        on(3, 2, x=Draw((6, 3), scale=1e-3)),
        on(100, 60, x=(50, 100)),
    ],
    "Identity": elementwise(),
    "Flatten": [
        on(x=shape)
        for shape in (
            (1, 1), (3, 4), (3, 1, 1), (2, 3, 4), (2, 1, 5), (1, 2, 3), (2, 3, 2, 2), (1, 1, 4, 4),
            (3, 2, 1, 2), (2, 2, 2, 2, 2), (4, 1, 1, 1), (1, 3, 4, 5),
        )
    ],
    "Conv1d": _conv1d(),
    "Conv2d": _conv2d(),
    "ConvTranspose1d": _conv_transpose1d(),
    "ConvTranspose2d": _conv_transpose2d(),
    "MaxPool1d": _pool1d(),
    "MaxPool2d": _pool2d(),
    "AvgPool1d": [*_pool1d(), *_pool1d(count_include_pad=False)],
    "AvgPool2d": [*_pool2d(), *_pool2d(count_include_pad=False)],
    "GlobalAvgPool": [
        on(x=shape)
        for shape in (
            (1, 1, 1), (2, 3, 4), (2, 3, 1), (1, 2, 7), (3, 1, 5), (2, 3, 2, 2), (1, 1, 1, 1),
            (2, 3, 4, 5), (3, 2, 1, 6), (2, 4, 7, 7), (2, 2, 2, 3, 2), (4, 8, 6, 6),
        )
    ],
    "ReLU": elementwise(),
    "LeakyReLU": [*elementwise(), *elementwise(negative_slope=0.3)],
    "Sigmoid": elementwise(),
    "Tanh": elementwise(),
    "GELU": [*elementwise(), *elementwise(approximate="tanh")],
    "SiLU": elementwise(),
    "Softmax": _along_an_axis(),
    "LogSoftmax": _along_an_axis(),
    "BatchNorm1d": [*_batch_norm(()), *_batch_norm((5,))],
    "BatchNorm2d": _batch_norm((2, 3)),
    "LayerNorm": [
        on(4, x=(5, 4)),
        on(4, x=(4,)),
        on(2, eps=1e-1, x=(3, 2)),
        on(7, x=(2, 3, 7)),
        on((3, 5), x=(2, 2, 3, 5)),
        on((2, 3), bias=False, x=(4, 2, 3)),
        on(5, elementwise_affine=False, x=(2, 3, 5)),
        on(4, x=Draw((5, 4), scale=10.0)),
        on(4, x=Draw((5, 4), scale=1e-2)),
        on(4, x=Draw((5, 4), scale=1e-4)),
        on(4, eps=1e-2, x=(5, 4)),
        on(4, eps=1.0, x=(5, 4)),
        on(4, x=Draw((6, 4), tied=True)),
        on(64, x=(40, 64)),
    ],
    "GroupNorm": [
        on(1, 4, x=(2, 4, 3)),
        on(2, 4, x=(2, 4, 3)),
        on(4, 4, x=(2, 4, 3)),  # instance normalisation
        on(2, 4, x=(3, 4, 2, 3)),
        on(3, 6, x=(1, 6, 2, 2)),
        on(2, 6, x=(2, 6)),
        on(1, 5, x=(3, 5)),
        on(2, 4, affine=False, x=(2, 4, 3)),
        on(2, 4, eps=1e-2, x=(2, 4, 3)),
        on(2, 4, eps=1.0, x=(2, 4, 3)),
        on(2, 4, x=Draw((2, 4, 3), scale=10.0)),
        on(2, 4, x=Draw((2, 4, 3), scale=1e-2)),
        on(4, 16, x=(6, 16, 5, 5)),
    ],
    "RMSNorm": [
        on(4, x=(5, 4)),
        on(4, x=(4,)),
        on(1, eps=1e-1, x=(3, 1)),
        on(7, x=(2, 3, 7)),
        on((3, 5), x=(2, 2, 3, 5)),
        on(5, elementwise_affine=False, x=(2, 3, 5)),
        on(4, eps=1e-2, x=(5, 4)),
        on(4, eps=1.0, x=(5, 4)),
        on(4, eps=1e-5, x=Draw((5, 4), scale=10.0)),
        on(4, eps=1e-5, x=Draw((5, 4), scale=1e-2)),
        on(4, eps=1e-5, x=Draw((5, 4), scale=1e-4)),
        on(4, eps=1e-5, x=Draw((6, 4), tied=True)),
        on(64, eps=1e-6, x=(40, 64)),
    ],
    "MultiHeadAttention": [
        on(4, 2, x=(2, 3, 4)),
        on(4, 1, x=(2, 3, 4)),
        on(4, 4, x=(1, 5, 4)),
        on(6, 3, x=(2, 1, 6)),
        on(4, 2, bias=False, x=(2, 3, 4)),
        on(4, 2, x=Draw((2, 3, 4), scale=0.1)),
        _attending((2, 3, 4), causal=True),
        _attending((2, 3, 4), (2, 5, 4)),
        _attending((2, 5, 4), (2, 3, 4), causal=True),
        _attending((2, 3, 4), (2, 5, 4), (2, 5, 4)),
        _attending((2, 4, 4), mask=_allowed(4, 4)),
        _attending((2, 4, 4), mask=_allowed(2, 2, 4, 4), causal=True),
        _attending((2, 3, 4), (2, 5, 4), mask=_allowed(2, 1, 1, 5)),
        _attending((2, 3, 4), mask=draw(0, "added", (3, 3))),
        _attending((2, 3, 4), mask=draw(0, "added", (2, 2, 3, 3)), causal=True),
        _attending((3, 4, 4), key_padding_mask=_padding(3, 4)),
        _attending((3, 3, 4), mask=_allowed(3, 3), key_padding_mask=_padding(3, 3)),
        _attending((2, 3, 4), (2, 5, 4), (2, 5, 4), key_padding_mask=_padding(2, 5), causal=True),
        _attending((2, 3, 4), mask=draw(0, "added", (3, 3)), key_padding_mask=_padding(2, 3)),
        _attending((1, 420, 4), causal=True),  # a map is too large to be kept
    ],
    "RNN": RECURRENT,
    "GRU": RECURRENT,
    "Embedding": [
        *(on(4, 3, padding_idx=index, x=Draw((2, 5), below=4)) for index in range(3)),
        *(on(10, 4, x=Draw(shape, below=below))
        for shape, below in (
            ((), 10), ((1,), 1), ((5,), 10), ((8,), 3), ((20,), 10), ((2, 3), 10), ((3, 4), 2),
            ((1, 1), 10), ((2, 3, 2), 10), ((2, 1, 2, 2), 5), ((4, 6), 10), ((30, 20), 10),
        )),
    ],
}  # fmt: skip

WITHOUT_PYTORCH = {
    "Sequential": "its layers are compared, and whole models with PyTorch's weights are",
    "Residual": "PyTorch has no such layer; a transformer block with PyTorch's weights is compared",
    "Dropout": "PyTorch draws other masks from the same seed",
    "Dropout1d": "as for `Dropout`",
    "Dropout2d": "as for `Dropout`",
    "FrozenBatchNorm": "compared as what `BatchNorm1d` and `BatchNorm2d` become for evaluation",
    "SinusoidalPositionalEncoding": "PyTorch has no such layer",
    "LearnedPositionalEncoding": "PyTorch has no such layer",
    "RotaryMultiHeadAttention": "PyTorch has no such layer",
}
"""Public layers that PyTorch has not, or not comparably, and why."""


# -- losses, optimizers and schedules -------------------------------------------------------------


@dataclass(frozen=True)
class LossSetting:
    """A loss by name with its options; the classes of y are the last axis, as in the library."""

    name: str
    shape: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    scale: float = 1.0
    ignored: bool = False  # some targets are 1, and ignore_index too
    weighted: bool = False

    def draw_y(self, seed: int) -> Array:
        return draw(seed, "y", self.shape) * self.scale

    def draw_target(self, seed: int) -> Array:
        if self.name == "mse":
            return draw(seed, "target", self.shape)
        if self.name == "binary_cross_entropy_with_logits":
            return np.clip(draw(seed, "target", self.shape), 0.0, 1.0)
        return Draw(self.shape[:-1], below=self.shape[-1])(seed, "target")

    def draw_options(self, seed: int) -> dict[str, Any]:
        more: dict[str, Any] = {"ignore_index": 1} if self.ignored else {}
        if self.weighted:
            more["weight"] = draw(seed, "weight", self.shape[-1:]) + 2.5
        return {**self.options, **more}


LOSSES = (
    *(
        LossSetting(
            "cross_entropy",
            (8, 5),
            {"reduction": reduction, "label_smoothing": smoothing},
            ignored=ignored,
            weighted=weighted,
        )
        for reduction in ("mean", "sum", "none")
        for smoothing in (0.0, 0.1)
        for ignored in (False, True)
        for weighted in (False, True)
    ),
    LossSetting("cross_entropy", (1, 2)),
    LossSetting("cross_entropy", (2, 4, 5)),
    LossSetting("cross_entropy", (2, 3, 2, 4), {"reduction": "none", "label_smoothing": 0.2}),
    LossSetting("cross_entropy", (6, 4), scale=1000.0),
    LossSetting("cross_entropy", (6, 4), {"label_smoothing": 1.0}),
    *(
        LossSetting("mse", shape, {"reduction": reduction})
        for reduction in ("mean", "sum", "none")
        for shape in ((1,), (6, 3), (2, 3, 4), (5, 1))
    ),
    LossSetting("mse", (6, 3), scale=1000.0),
    *(
        LossSetting("binary_cross_entropy_with_logits", shape, {"reduction": reduction})
        for reduction in ("mean", "sum", "none")
        for shape in ((1,), (6, 3), (2, 3, 4), (5, 1))
    ),
    LossSetting("binary_cross_entropy_with_logits", (6, 3), scale=1000.0),
)

OPTIMIZERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SGD", {"learning_rate": 0.1}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.3}),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.5, "weight_decay": 0.3}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.1}),
    ("Adam", {"learning_rate": 0.1, "betas": (0.5, 0.9)}),
    ("Adam", {"learning_rate": 0.1, "betas": (0.0, 0.99), "eps": 0.1}),
    ("Adam", {"learning_rate": 0.1, "weight_decay": 0.3}),
    ("AdamW", {}),
    ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.3}),
    ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.0, "betas": (0.8, 0.95)}),
)
OPTIMIZER_STEPS = 20
OPTIMIZER_SHAPES = {"weight": (3, 4), "bias": (3,)}


def gradient_at(seed: int, step: int, name: str, array: Array) -> Array:
    """The gradient that an optimizer is given: of a bowl, with noise."""
    curvature = np.abs(draw(seed, f"{name} curvature", array.shape))
    centre = draw(seed, f"{name} centre", array.shape)
    return curvature * (array - centre) + 0.1 * draw(seed, f"{name} noise {step}", array.shape)


SCHEDULES = tuple(
    (peak, warmup, total)
    for peak in (1.0, 3e-3)
    for warmup, total in ((1, 2), (1, 10), (2, 3), (3, 20), (10, 11), (10, 40))
)  # of warmup_cosine: peak, warmup_steps, total_steps

MODELS = {
    "cnn": Draw((5, 1, 8, 8)),
    "transformer block": Draw((3, 5, 8)),
    "recurrent": Draw((3, 6, 5)),
    "embedding": Draw((4, 7), below=11),
}  # their inputs
