"""Stacks of six blocks from a menu, as *mend the stack* runs them, and the goals they may reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

import course_lib as lib
from course_lib.record import Array

BATCH = 32  # digits
PIXELS = 64
Make = Callable[[np.random.Generator], lib.Layer]


def _conv(inside: int, out: int, kernel_size: int, **more: int) -> tuple[str, Make]:
    options = "".join(f", {name}={value}" for name, value in more.items())
    name = f"Conv2d({inside}, {out}, {kernel_size}{options})"
    return name, lambda rng: lib.Conv2d.init(inside, out, kernel_size, rng=rng, **more)


def _linear(inside: int) -> tuple[str, Make]:
    return f"Linear({inside}, 10)", lambda rng: lib.Linear.init(inside, 10, rng=rng)


MENU: dict[str, Make] = {
    **dict(
        [
            _conv(1, 4, 3), _conv(1, 8, 3), _conv(1, 8, 3, padding=1), _conv(1, 8, 3, stride=2),
            _conv(1, 8, 4, stride=2), _conv(1, 16, 3, padding=1), _conv(4, 16, 3),
            _conv(8, 1, 3, padding=1), _conv(8, 8, 3), _conv(8, 8, 3, padding=1),
            _conv(8, 16, 3), _conv(16, 16, 3, padding=1),
        ]
    ),
    "ReLU()": lambda rng: lib.ReLU(),
    "MaxPool2d(2)": lambda rng: lib.MaxPool2d(2),
    "AvgPool2d(2)": lambda rng: lib.AvgPool2d(2),
    "GlobalAvgPool()": lambda rng: lib.GlobalAvgPool(),
    "Flatten()": lambda rng: lib.Flatten(),
    **dict([_linear(16), _linear(128), _linear(256), _linear(512)]),
    "Identity()": lambda rng: lib.Identity(),
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What became of 32 digits: one entry for each joint that was reached, the input first."""

    shapes: tuple[tuple[int, ...], ...]  # of one digit
    values: tuple[Array, ...]  # of the first digit
    parameters: tuple[int, ...]  # of the block before the joint
    memory: tuple[tuple[int, int], ...]  # bytes of its parameters and of its output
    error: str  # the library's own words, if a block could not take what it was given
    sees: Array  # (8, 8), True for the pixels that the end of the stack depends on

    @property
    def seen(self) -> int:
        """How many pixels the end of the stack depends on."""
        return int(self.sees.sum())

    @property
    def total(self) -> int:
        """All numbers that training may change."""
        return sum(self.parameters)

    @property
    def bytes(self) -> int:
        """Memory of all parameters and of every block's output."""
        return sum(map(sum, self.memory))


@dataclass(frozen=True)
class Goal:
    """A stack to mend by changing one block, and what it must do then."""

    words: str
    given: tuple[str, ...]
    shape: tuple[int, ...]
    numbers: int = 10**9  # fewer
    memory: int = 10**9  # fewer bytes
    pixels: int = 0  # at least so many seen

    def lacks(self, run: Run) -> str:
        """What is not reached yet, the first thing of several; nothing if all is."""
        if run.shapes[-1] != self.shape:
            return f"it ends in {by(run.shapes[-1])}, not in {by(self.shape)}"
        if run.total >= self.numbers:
            return f"it holds {run.total:,} numbers"
        if run.bytes >= self.memory:
            return f"it takes {run.bytes / 1024:.0f} KiB"
        if run.seen < self.pixels:
            return f"it sees {run.seen} of {PIXELS} pixels"
        return ""


GOALS = {
    "ten scores": Goal(
        "10 scores for each digit",
        ("Conv2d(1, 8, 3)", "ReLU()", "Conv2d(4, 16, 3)", "ReLU()", "Flatten()", "Linear(256, 10)"),
        (10,),
    ),
    "all of 8 × 8": Goal(
        "10 scores, under 3,000 numbers, sees all of 8 × 8",
        ("Conv2d(1, 8, 3, stride=2)", "ReLU()", "Conv2d(8, 16, 3)", "ReLU()", "Flatten()",
         "Linear(16, 10)"),
        (10,),
        numbers=3000,
        pixels=PIXELS,
    ),
    "a number for each pixel": Goal(
        "one number for each pixel: 1 × 8 × 8",
        ("Conv2d(1, 8, 3, padding=1)", "ReLU()", "Conv2d(8, 8, 3)", "ReLU()",
         "Conv2d(8, 1, 3, padding=1)", "Identity()"),
        (1, 8, 8),
    ),
    "less memory": Goal(
        "10 scores, under 300 KiB for 32 digits",
        ("Conv2d(1, 16, 3, padding=1)", "ReLU()", "Conv2d(16, 16, 3, padding=1)", "ReLU()",
         "GlobalAvgPool()", "Linear(16, 10)"),
        (10,),
        memory=300 * 1024,
    ),
}  # fmt: skip


def by(shape: Sequence[int]) -> str:
    """A shape as pictures write it: 8 × 6 × 6."""
    return " × ".join(map(str, shape))


@cache
def some_digits() -> Array:
    """32 digits, (32, 1, 8, 8); an explorer reads them once."""
    return lib.digits(rng=np.random.default_rng(0)).x_train[:BATCH]


def run_stack(names: Sequence[str]) -> Run:
    """Run the real Sequential, or as much of it as runs."""
    rng = np.random.default_rng(0)
    layers, x = [MENU[name](rng) for name in names], some_digits()
    values, parameters, memory, error = [x], [0], [(0, x.nbytes)], ""
    for layer in layers:
        try:
            values.append(layer(values[-1]))
        except (TypeError, ValueError) as problem:
            error = str(problem)
            break
        arrays = layer.parameters().values()
        parameters.append(sum(array.size for array in arrays))
        memory.append((sum(array.nbytes for array in arrays), values[-1].nbytes))
    return Run(
        tuple(value.shape[1:] for value in values),
        tuple(value[0] for value in values),
        tuple(parameters),
        tuple(memory),
        error,
        np.ones((8, 8), bool) if error else pixels_seen(names),
    )


def pixels_seen(names: Sequence[str]) -> Array:
    """Which pixels the end of the stack depends on, (8, 8), found by sending a gradient back.

    Nothing may cancel or hide: weights are positive, and max pooling, which hands the gradient to
    one winner, is replaced by average pooling over the same windows.
    """
    rng = np.random.default_rng(0)
    layers = [MENU[name.replace("MaxPool2d", "AvgPool2d")](rng) for name in names]
    model = lib.Sequential(*layers).map(lambda w: np.full(w.shape, 1 / w[0].size))
    y, backward = model.forward(np.ones((1, 1, 8, 8), np.float32))
    dx, _ = backward(np.ones_like(y))
    return dx[0, 0] != 0
