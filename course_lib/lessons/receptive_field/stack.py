"""The stack that both explorers of this lesson build: up to six layers from a menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.data import photograph
from course_lib.record import Array

MOST = 6  # layers
ROWS, COLUMNS = 64, 80  # pixels: six halvings leave one row
CHANNELS = 4
NAMES = tuple(f"layer_{i + 1}" for i in range(MOST))
MENU: dict[str, dict[str, int] | None] = {  # padding keeps the size where the stride is 1
    "none": None,
    "conv 3": {"kernel_size": 3, "padding": 1},
    "conv 5": {"kernel_size": 5, "padding": 2},
    "conv 3, stride 2": {"kernel_size": 3, "padding": 1, "stride": 2},
    "conv 3, dilation 2": {"kernel_size": 3, "padding": 2, "dilation": 2},
    "conv 3, dilation 4": {"kernel_size": 3, "padding": 4, "dilation": 4},
    "conv 2, stride 3": {"kernel_size": 2, "padding": 1, "stride": 3},
    "average pool 2": {"kernel_size": 2},
}
CHOICES = {name: name for name in MENU}


@lru_cache(maxsize=64)
def build(names: tuple[str, ...]) -> lib.Sequential:
    """The layers of these names, with weights drawn at random from one seed."""
    rng = np.random.default_rng(0)
    layers: list[lib.Layer] = []
    channels = 1
    for name in names:
        match MENU[name]:
            case None:
                continue
            case options if name.startswith("average"):
                layers.append(lib.AvgPool2d(options["kernel_size"]))
            case options:
                conv: Any = lib.Conv2d.init(
                    channels, CHANNELS, bias=False, rng=rng, dtype=np.float64, **options
                )
                layers.append(conv)
                channels = CHANNELS
    return lib.Sequential(*layers)


def names_of(given: dict[str, Any]) -> tuple[str, ...]:
    """The chosen names, from the values of the controls."""
    return tuple(given[name] for name in NAMES)


def last(axis: int) -> Callable[..., int]:
    """The last row or column of the output, as a function of the controls."""
    return lambda **now: output_size(names_of(now))[axis] - 1


def box_of(names: tuple[str, ...], place: tuple[int, int]) -> tuple[int, int, int, int]:
    """The field of one output by formula: left, top, width, height in pixels."""
    _, size, jump, start = table(names)[-1]
    return start + jump * place[1], start + jump * place[0], size, size


@lru_cache(maxsize=64)
def output_size(names: tuple[str, ...]) -> tuple[int, int]:
    """Rows and columns that come out of a stack."""
    y = build(names)(np.zeros((1, 1, ROWS, COLUMNS)))
    return y.shape[2], y.shape[3]


def table(names: tuple[str, ...]) -> list[tuple[str, int, int, int]]:
    """What one output sees after each layer: name, size, jump, start of output 0, along one side.

    Examples
    --------
    >>> table(("conv 3, stride 2", "conv 3"))
    [('input', 1, 1, 0), ('conv 3, stride 2', 3, 2, -1), ('conv 3', 7, 2, -3)]
    """
    chosen = tuple(name for name in names if name != "none")
    rows = [("input", 1, 1, 0)]
    for i, name in enumerate(chosen):
        field = lib.receptive_field(build(chosen[: i + 1]))
        rows.append((name, field.size[0], field.jump[0], field.start[0]))
    return rows


@lru_cache(maxsize=1)
def photo() -> Array:
    """A photograph, (ROWS, COLUMNS), from 0 to 1."""
    return photograph("china", shrink=6, dtype=np.float64)[:ROWS, 10 : 10 + COLUMNS]


def lines_of(rows: list[tuple[str, int, int, int]]) -> list[tuple[str, str, str, str]]:
    """The table as words, as long whatever the stack."""
    shown = [(name, str(size), str(jump), str(start)) for name, size, jump, start in rows]
    return [("layer", "size", "jump", "start"), *shown] + [("", "", "", "")] * (
        MOST + 1 - len(rows)
    )
