"""What is timed: every layer as a learner's slider, a course notebook and a larger model use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

SIZES = ("tiny", "course", "large")
OPTIMIZERS = ("SGD", "Adam", "AdamW")


class Integers(NamedTuple):
    """An input of tokens or classes: integers from 0 up to, not including, `stop`."""

    stop: int
    shape: tuple[int, ...]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(0, self.stop, self.shape)


class Chances(NamedTuple):
    """An input of probabilities."""

    shape: tuple[int, ...]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return rng.random(self.shape, np.float32)


class Normal(NamedTuple):
    """An input of normal numbers: what a bare shape stands for."""

    shape: tuple[int, ...]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(size=self.shape).astype(np.float32)


Input = Integers | Chances | Normal


@dataclass(frozen=True, eq=False)
class Case:
    """One layer of one size, constructed under PyTorch's names in both libraries.

    title        the row of the table it belongs to
    size         one of SIZES
    name         the constructor: `Conv2d`, or an optimizer such as `Adam`
    arguments    what the constructor takes, by position and by name
    inputs       what forward takes; for an optimizer, of the parameters it steps
    call         what else forward takes, by name
    """

    title: str
    size: str
    name: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    inputs: tuple[Input, ...]
    call: dict[str, Any] = field(default_factory=dict)

    def build(self, library: Any) -> Any:
        """The layer (or optimizer) as `library` makes it."""
        return getattr(library, self.name)(*self.arguments, **self.options)

    def draw(self) -> tuple[np.ndarray, ...]:
        """The inputs: float32, or integers."""
        rng = np.random.default_rng(1)
        return tuple(one.draw(rng) for one in self.inputs)

    def __str__(self) -> str:
        given = [*map(repr, self.arguments), *(f"{k}={v!r}" for k, v in self.options.items())]
        shapes = ", ".join(str(one.shape) for one in self.inputs)
        return f"{self.name}({', '.join(given)}) on {shapes}"


class Use(NamedTuple):
    """What a row of the table says about one size."""

    arguments: tuple[Any, ...]
    options: dict[str, Any]
    inputs: tuple[Input, ...]


def use(*arguments: Any, on: Any, **options: Any) -> Use:
    """The constructor's arguments, and `on`, the input or a list of inputs; a shape is `Normal`."""
    inputs = on if isinstance(on, list) else [on]
    return Use(arguments, options, tuple(Normal(i) if type(i) is tuple else i for i in inputs))


def row(title: str, *, name: str = "", call: dict[str, Any] | None = None, **uses: Use) -> list:
    """The cases of one row; the title is the constructor's name unless `name` says otherwise."""
    return [Case(title, size, name or title, *uses[size], call or {}) for size in uses]


def activation(title: str, *arguments: Any, name: str = "", **options: Any) -> list[Case]:
    """An activation at the three sizes that all activations share."""
    shapes = {"tiny": (4, 16), "course": (64, 16, 8, 8), "large": (64, 64, 28, 28)}
    uses = {size: use(*arguments, on=shape, **options) for size, shape in shapes.items()}
    return row(title, name=name, **uses)


MODEL = [(128, 64), (128,), (10, 128), (10,)]  # parameters of a small digits model
LARGE_MODEL = [(1024, 1024), (1024,), (1024, 1024), (1024,)]

CASES: tuple[Case, ...] = (
    *row(
        "Linear",
        tiny=use(8, 4, on=(4, 8)),
        course=use(64, 128, on=(64, 64)),
        large=use(1024, 1024, on=(256, 1024)),
    ),
    *row(
        "Conv1d",
        tiny=use(1, 1, 3, on=(1, 1, 16)),
        course=use(8, 16, 5, padding=2, on=(64, 8, 40)),
        large=use(64, 64, 5, padding=2, on=(32, 64, 512)),
    ),
    *row(
        "Conv1d, stride 2",
        name="Conv1d",
        tiny=use(1, 1, 3, stride=2, on=(1, 1, 16)),
        course=use(16, 32, 3, stride=2, padding=1, on=(64, 16, 40)),
        large=use(64, 128, 3, stride=2, padding=1, on=(32, 64, 512)),
    ),
    *row(
        "Conv1d, dilation 4",
        name="Conv1d",
        tiny=use(1, 1, 3, dilation=4, on=(1, 1, 16)),
        course=use(16, 16, 3, dilation=4, padding=4, on=(64, 16, 40)),
        large=use(64, 64, 3, dilation=4, padding=4, on=(32, 64, 512)),
    ),
    *row(
        "Conv2d 3×3",
        name="Conv2d",
        tiny=use(1, 1, 3, on=(1, 1, 8, 8)),
        course=use(16, 32, 3, padding=1, on=(64, 16, 8, 8)),
        large=use(64, 64, 3, padding=1, on=(16, 64, 56, 56)),
    ),
    *row(
        "Conv2d 3×3, stride 2",
        name="Conv2d",
        tiny=use(1, 1, 3, stride=2, on=(1, 1, 8, 8)),
        course=use(16, 32, 3, stride=2, padding=1, on=(64, 16, 8, 8)),
        large=use(64, 128, 3, stride=2, padding=1, on=(16, 64, 56, 56)),
    ),
    *row(
        "Conv2d 3×3, dilation 2",
        name="Conv2d",
        tiny=use(1, 1, 3, dilation=2, on=(1, 1, 8, 8)),
        course=use(16, 16, 3, dilation=2, padding=2, on=(64, 16, 8, 8)),
        large=use(64, 64, 3, dilation=2, padding=2, on=(16, 64, 56, 56)),
    ),
    *row(
        "Conv2d 5×5, same size",
        name="Conv2d",
        tiny=use(1, 1, 5, padding="same", on=(1, 1, 8, 8)),
        course=use(16, 32, 5, padding="same", on=(64, 16, 8, 8)),
        large=use(64, 64, 5, padding="same", on=(16, 64, 28, 28)),
    ),
    *row(
        "Conv2d 3×3, grouped",
        name="Conv2d",
        tiny=use(2, 4, 3, groups=2, on=(1, 2, 8, 8)),
        course=use(16, 32, 3, padding=1, groups=4, on=(64, 16, 8, 8)),
        large=use(64, 64, 3, padding=1, groups=64, on=(16, 64, 28, 28)),
    ),
    *row(
        "Conv2d 1×1",
        name="Conv2d",
        tiny=use(3, 2, 1, on=(1, 3, 8, 8)),
        course=use(32, 16, 1, on=(64, 32, 8, 8)),
        large=use(128, 128, 1, on=(16, 128, 28, 28)),
    ),
    *row(
        "ConvTranspose1d",
        tiny=use(1, 1, 3, stride=2, on=(1, 1, 8)),
        course=use(16, 8, 4, stride=2, padding=1, on=(64, 16, 20)),
        large=use(64, 32, 4, stride=2, padding=1, on=(32, 64, 256)),
    ),
    *row(
        "ConvTranspose2d",
        tiny=use(1, 1, 3, stride=2, on=(1, 1, 4, 4)),
        course=use(32, 16, 4, stride=2, padding=1, on=(64, 32, 4, 4)),
        large=use(64, 32, 4, stride=2, padding=1, on=(16, 64, 28, 28)),
    ),
    *row(
        "MaxPool1d",
        tiny=use(2, on=(1, 1, 16)),
        course=use(2, on=(64, 16, 40)),
        large=use(2, on=(32, 64, 2048)),
    ),
    *row(
        "MaxPool2d",
        tiny=use(2, on=(1, 1, 8, 8)),
        course=use(2, on=(64, 16, 8, 8)),
        large=use(2, on=(32, 64, 56, 56)),
    ),
    *row(
        "MaxPool2d, overlapping",
        name="MaxPool2d",
        tiny=use(3, stride=2, padding=1, on=(1, 1, 8, 8)),
        course=use(3, stride=2, padding=1, on=(64, 16, 8, 8)),
        large=use(3, stride=2, padding=1, on=(32, 64, 56, 56)),
    ),
    *row(
        "AvgPool1d",
        tiny=use(2, on=(1, 1, 16)),
        course=use(2, on=(64, 16, 40)),
        large=use(2, on=(32, 64, 2048)),
    ),
    *row(
        "AvgPool2d",
        tiny=use(2, on=(1, 1, 8, 8)),
        course=use(2, on=(64, 16, 8, 8)),
        large=use(2, on=(32, 64, 56, 56)),
    ),
    *row(
        "GlobalAvgPool",
        tiny=use(on=(1, 2, 4, 4)),
        course=use(on=(64, 16, 8, 8)),
        large=use(on=(32, 64, 56, 56)),
    ),
    *activation("ReLU"),
    *activation("LeakyReLU"),
    *activation("Sigmoid"),
    *activation("Tanh"),
    *activation("GELU"),
    *activation("GELU, tanh form", name="GELU", approximate="tanh"),
    *activation("SiLU"),
    *row(
        "Softmax",
        tiny=use(-1, on=(4, 8)),
        course=use(-1, on=(64, 4, 16, 16)),
        large=use(-1, on=(64, 8, 64, 64)),
    ),
    *row(
        "LogSoftmax",
        tiny=use(-1, on=(4, 8)),
        course=use(-1, on=(64, 4, 16, 16)),
        large=use(-1, on=(64, 8, 64, 64)),
    ),
    *activation("Dropout", 0.2),
    *row(
        "Dropout1d",
        tiny=use(0.2, on=(2, 4, 8)),
        course=use(0.2, on=(64, 16, 40)),
        large=use(0.2, on=(32, 64, 512)),
    ),
    *row(
        "Dropout2d",
        tiny=use(0.2, on=(2, 4, 4, 4)),
        course=use(0.2, on=(64, 16, 8, 8)),
        large=use(0.2, on=(64, 64, 28, 28)),
    ),
    *row(
        "BatchNorm1d",
        tiny=use(8, on=(4, 8)),
        course=use(128, on=(64, 128)),
        large=use(512, on=(4096, 512)),
    ),
    *row(
        "BatchNorm2d",
        tiny=use(2, on=(4, 2, 4, 4)),
        course=use(16, on=(64, 16, 8, 8)),
        large=use(64, on=(64, 64, 28, 28)),
    ),
    *row(
        "LayerNorm",
        tiny=use(8, on=(4, 8)),
        course=use(32, on=(64, 16, 32)),
        large=use(512, on=(32, 128, 512)),
    ),
    *row(
        "RMSNorm",
        tiny=use(8, on=(4, 8)),
        course=use(32, on=(64, 16, 32)),
        large=use(512, on=(32, 128, 512)),
    ),
    *row(
        "GroupNorm",
        tiny=use(2, 4, on=(2, 4, 4, 4)),
        course=use(4, 16, on=(64, 16, 8, 8)),
        large=use(8, 64, on=(64, 64, 28, 28)),
    ),
    *row(
        "MultiHeadAttention",
        tiny=use(8, 2, on=(1, 4, 8)),
        course=use(32, 4, on=(64, 16, 32)),
        large=use(256, 8, on=(8, 256, 256)),
    ),
    *row(
        "MultiHeadAttention, causal",
        name="MultiHeadAttention",
        call={"causal": True},
        tiny=use(8, 2, on=(1, 4, 8)),
        course=use(32, 4, on=(64, 16, 32)),
        large=use(256, 8, on=(8, 256, 256)),
    ),
    *row(
        "MultiHeadAttention, dropout",
        name="MultiHeadAttention",
        tiny=use(8, 2, dropout=0.1, on=(1, 4, 8)),
        course=use(32, 4, dropout=0.1, on=(64, 16, 32)),
        large=use(256, 8, dropout=0.1, on=(8, 256, 256)),
    ),
    *row(
        "RNN",
        tiny=use(4, 8, on=(1, 6, 4)),
        course=use(16, 32, on=(64, 16, 16)),
        large=use(128, 256, on=(64, 64, 128)),
    ),
    *row(
        "GRU",
        tiny=use(4, 8, on=(1, 6, 4)),
        course=use(16, 32, on=(64, 16, 16)),
        large=use(128, 256, on=(64, 64, 128)),
    ),
    *row(
        "Embedding",
        tiny=use(10, 8, on=Integers(10, (1, 6))),
        course=use(100, 32, on=Integers(100, (64, 16))),
        large=use(10_000, 256, on=Integers(10_000, (32, 256))),
    ),
    *row(
        "SinusoidalPositionalEncoding",
        tiny=use(8, on=(1, 4, 8)),
        course=use(32, on=(64, 16, 32)),
        large=use(256, on=(32, 256, 256)),
    ),
    *row(
        "LearnedPositionalEncoding",
        tiny=use(4, 8, on=(1, 4, 8)),
        course=use(16, 32, on=(64, 16, 32)),
        large=use(256, 256, on=(32, 256, 256)),
    ),
    *row(
        "CrossEntropyLoss",
        tiny=use(on=[(4, 3), Integers(3, (4,))]),
        course=use(on=[(64, 10), Integers(10, (64,))]),
        large=use(on=[(4096, 1000), Integers(1000, (4096,))]),
    ),
    *row(
        "BCEWithLogitsLoss",
        tiny=use(on=[(4, 3), Chances((4, 3))]),
        course=use(on=[(64, 10), Chances((64, 10))]),
        large=use(on=[(4096, 1000), Chances((4096, 1000))]),
    ),
    *row(
        "MSELoss",
        tiny=use(on=[(4, 3), (4, 3)]),
        course=use(on=[(64, 10), (64, 10)]),
        large=use(on=[(4096, 1000), (4096, 1000)]),
    ),
    *row(
        "SGD, momentum",
        name="SGD",
        tiny=use(learning_rate=0.1, momentum=0.9, on=[(4, 8), (4,)]),
        course=use(learning_rate=0.1, momentum=0.9, on=MODEL),
        large=use(learning_rate=0.1, momentum=0.9, on=LARGE_MODEL),
    ),
    *row(
        "Adam",
        tiny=use(on=[(4, 8), (4,)]),
        course=use(on=MODEL),
        large=use(on=LARGE_MODEL),
    ),
    *row(
        "AdamW",
        tiny=use(on=[(4, 8), (4,)]),
        course=use(on=MODEL),
        large=use(on=LARGE_MODEL),
    ),
)


# At growing sizes: pixels a side, and tokens.
SIDES = (8, 16, 32, 64, 128, 256)
LENGTHS = (2, 8, 32, 128, 512, 2048)


def _case(name: str, *arguments: int, on: tuple[int, ...], **options: int) -> Case:
    return Case(name, "growth", name, arguments, options, (Normal(on),))


CONVOLUTIONS = tuple(_case("Conv2d", 8, 8, 3, padding=1, on=(1, 8, side, side)) for side in SIDES)
ATTENTIONS = tuple(_case("MultiHeadAttention", 32, 2, on=(1, n, 32)) for n in LENGTHS)
