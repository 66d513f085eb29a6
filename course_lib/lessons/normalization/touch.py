"""Change one number and see which outputs move: that is what a layer normalises over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number, numbers
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, GRADIENT, HIGHLIGHT, MUTED, WEIGHT, tint
from course_lib.draw.panel import Grid
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.layer import Layer
from course_lib.record import Array

CHANNELS, POSITIONS = 4, 3
BATCHES = {
    "6 examples × 4 features": (6, CHANNELS),
    "3 examples × 4 channels × 3 positions": (3, CHANNELS, POSITIONS),
}
GROUPS = {"GroupNorm, 2 groups": 2, "InstanceNorm": CHANNELS}
LAYERS = ("BatchNorm", "LayerNorm", *GROUPS, "RMSNorm")
WIDE, HIGH = 12, 6  # units of the panels: a cell is as wide as the batch makes it


@dataclass(frozen=True)
class View:
    """One batch, the layer's answer before and after one number rose by 1."""

    layer: str
    evaluation: bool
    x: Array  # (N, C) or (N, C, positions), already changed
    cell: int
    y: Array
    moved: Array  # of x's shape: whether the output moved
    gradient: Array  # of the output at the cell, by every x
    mean: Array  # (rows, columns): of every group
    var: Array

    @property
    def where(self) -> tuple[int, ...]:
        return tuple(int(i) for i in np.unravel_index(self.cell, self.x.shape))


def make(name: str, shape: tuple[int, ...]) -> Layer:
    """The library's layer; a BatchNorm has seen fifty batches before."""
    if name == "BatchNorm":
        layer, rng = lib.BatchNorm1d.init(CHANNELS, dtype=np.float64), np.random.default_rng(1)
        for _ in range(50):
            layer(rng.normal(0.5, 2.0, shape))
        return layer
    if name in GROUPS:
        return lib.GroupNorm.init(GROUPS[name], CHANNELS, dtype=np.float64)
    kind: Any = {"LayerNorm": lib.LayerNorm, "RMSNorm": lib.RMSNorm}[name]
    return kind.init(shape[1:], dtype=np.float64)


def grouped(name: str, x: Array, layer: Layer, evaluation: bool) -> tuple[Array, Array]:
    """Mean and variance of every group, as rows and columns of groups."""
    if isinstance(layer, lib.BatchNorm1d) and evaluation:
        return layer.statistics.mean[None], layer.statistics.var[None]
    parts = x.reshape(len(x), CHANNELS, -1)
    if name == "BatchNorm":
        parts = parts.swapaxes(0, 1).reshape(1, CHANNELS, -1)
    else:
        parts = x.reshape(len(x), GROUPS.get(name, 1), -1)
    return parts.mean(axis=2), parts.var(axis=2)


def touch_one_number(**values: object) -> Explorer:
    """Raise one number of a batch by 1: the outputs that move show over what is normalised.

    Parameters
    ----------
    **values        where the controls start: batch, layer, evaluation, cell

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(touch_one_number(layer="LayerNorm").text().splitlines()[2])
    LayerNorm in training: 4 of 24 outputs moved, in 1 of 6 examples and 4 of 4 features.
    """
    first = next(iter(BATCHES))

    def compute(
        batch: Any = first,
        layer: str = LAYERS[0],
        evaluation: bool = False,
        cell: int = 9,
    ) -> View:
        x = np.random.default_rng(3).normal(0.5, 2.0, batch).round(1)
        made = make(layer, batch)
        used = made.for_evaluation() if evaluation else made
        before = used(x)
        x.flat[cell] += 1
        y, backward = used.forward(x)
        one = np.zeros(batch)
        one.flat[cell] = 1
        gradient, _ = backward(one)
        moved = np.abs(y - before) > 1e-9
        return View(
            layer, evaluation, x, cell, y, moved, gradient, *grouped(layer, x, made, evaluation)
        )

    explorer = Explorer(
        "touch one number",
        compute,
        draw,
        describe,
        call="explore.touch_one_number()",
        batch=BATCHES,
        layer=list(LAYERS),
        evaluation=False,
        cell=(0, lambda batch, **rest: int(np.prod(batch)) - 1),
        touched=Point("x", sets=("cell",), to_value=under),
    )
    return explorer.show(**values)


def under(x: float, y: float, batch: tuple[int, ...], **rest: object) -> int:
    """The cell at a place of the panel."""
    rows, columns = batch[0], int(np.prod(batch[1:]))
    row, column = int(y * rows / HIGH), int(x * columns / WIDE)
    return min(max(row, 0), rows - 1) * columns + min(max(column, 0), columns - 1)


def describe(view: View) -> str:
    mode = "evaluation" if view.evaluation else "training"
    examples, channels = (view.moved.any(axis=tuple({0, 1, 2} & set(range(view.x.ndim)) - {a}))
                          for a in (0, 1))  # fmt: skip
    kind = "features" if view.x.ndim == 2 else "channels"
    which = ", ".join(map(str, view.where))
    reached = (np.abs(view.gradient) > 1e-12).sum()
    return f"""\
{view.layer} in {mode}: {view.moved.sum()} of {view.x.size} outputs moved, in {examples.sum()} of \
{so_many(len(view.x), "example")} and {channels.sum()} of {CHANNELS} {kind}.
x[{which}] rose by 1 to {number(view.x[view.where])}; its output is {number(view.y[view.where])}.
{so_many(reached, "number")} of x {"gets" if reached == 1 else "get"} a gradient from that output.
{so_many(view.mean.size, "group")}; their means {", ".join(map(number, view.mean.flat))}; their \
variances {", ".join(map(number, view.var.flat))}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The batch, its groups, what comes out, and what one output's gradient reaches."""
    names = ("x", "groups", "y", "gradient")
    panels = [Grid(name, HIGH, WIDE, square=False, size=9, lined=True, height=92) for name in names]
    key = Legend(
        (DATA, "raised by 1"), (HIGHLIGHT, "output moved"),
        (tint(GRADIENT)[None, None], "gets a gradient"),
        (tint(WEIGHT)[None, None], "one mean and variance"),
    )  # fmt: skip
    x, groups, y, gradient = panels
    Page(figure, [x], [y], [groups, gradient], [key])
    outlines = [panel.outline(colour) for panel, colour in ((x, DATA), (y, DATA))]

    def update(view: View) -> None:
        rows = len(view.x)
        flat = [a.reshape(rows, -1) for a in (view.x, view.y, view.gradient, view.moved)]
        reached = np.abs(flat[2]) > 1e-12
        whole = (0, WIDE, HIGH, 0)
        for panel, values, lit, colour in (
            (x, flat[0], np.zeros_like(reached), DATA),
            (y, flat[1], flat[3], HIGHLIGHT),
            (gradient, flat[2], reached, GRADIENT),
        ):
            colours = np.where(lit[..., None], tint(colour), tint(MUTED, 0.15))
            panel.fill(colours.astype(np.uint8), extent=whole, numbers=numbers(values))
        words = [
            [f"{number(m)}, {number(v)}" for m, v in zip(*row, strict=True)]
            for row in zip(view.mean, view.var, strict=True)
        ]
        shades = np.indices(view.mean.shape).sum(axis=0) % 2
        tints = np.where(shades[..., None], tint(WEIGHT), tint(WEIGHT, 0.3)).astype(np.uint8)
        groups.fill(tints, extent=whole, numbers=words)
        _place(outlines, view)
        _name(panels, view)

    return update


def _place(outlines: list[Callable[..., None]], view: View) -> None:
    columns = view.x[0].size
    row, column = divmod(view.cell, columns)
    wide, high = WIDE / columns, HIGH / len(view.x)
    for outline in outlines:
        outline(column * wide, row * high, wide, high)


def _name(panels: list[Grid], view: View) -> None:
    of = "channel" if view.x.ndim == 3 else "feature"
    running = view.layer == "BatchNorm" and view.evaluation
    parts = f"{CHANNELS} {of}s" + (f" of {POSITIONS}" if view.x.ndim == 3 else "")
    titles = (
        f"x: {so_many(len(view.x), 'example')}, {parts}",
        "running mean, variance"
        if running
        else f"mean, variance of {so_many(view.mean.size, 'group')} of x",
        f"y: {view.moved.sum()} of {view.x.size} moved",
        "gradient of that output by every x",
    )
    for panel, title in zip(panels, titles, strict=True):
        panel.title.set_text(title)
