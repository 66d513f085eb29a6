"""A window that slides over data: what explorers of sliding layers compute, say and colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number, numbers
from course_lib.draw.palette import (
    GRADIENT,
    HIGHLIGHT,
    INK,
    PAPER,
    WEIGHT,
    Scale,
    chequered,
    rgba,
    signed_scale,
)
from course_lib.draw.product import Product
from course_lib.errors import so_many
from course_lib.record import Array

MOST_PADDING = 3
BRIGHTNESS = Scale(0.0, 1.0, "gray")
AXES = {1: {"position": "length"}, 2: {"row": "height", "column": "width"}}
DOTS: dict[str, Any] = {"marker": "s", "ls": "none", "mfc": WEIGHT, "mec": INK, "mew": 0.6}


@dataclass(frozen=True)
class View:
    """A convolution along a sequence or over an image, and one place of its window."""

    x: Array  # (L,) or (H, W)
    padded: Array  # (L + 2p,) or (H + 2p, W + 2p)
    weight: Array  # (K,) or (K, K)
    stride: int
    padding: int
    dilation: int
    y: Array  # (L',) or (H', W'), what the operation returned
    place: tuple[int, ...]  # of the output that the window makes
    reads: Array  # like x: how many windows read each sample
    differs: Array  # like y: where it is not what the library says
    own: str = ""  # how the learner's operation compares with the library's, in words
    over: tuple[int, ...] | None = None  # the output under the pointer
    dx: Array | None = None  # like x: the gradient of that output

    @property
    def taps(self) -> list[Array]:  # per axis (K,): where in padded the window reads
        return [i * self.stride + self.dilation * np.arange(len(self.weight)) for i in self.place]

    @property
    def corner(self) -> list[int]:  # of the window, counted from the input's corner
        return [int(taps[0]) - self.padding for taps in self.taps]

    @property
    def reach(self) -> int:  # of the window, along each axis
        return self.dilation * (len(self.weight) - 1) + 1

    @property
    def window(self) -> Array:  # (K,) or (K, K)
        return self.padded[np.ix_(*self.taps)]

    @property
    def inside(self) -> Array:  # like window: whether it reads a sample there or padding
        return self.is_sample[np.ix_(*self.taps)]

    @property
    def is_sample(self) -> Array:  # like padded
        return np.pad(np.ones(self.x.shape, bool), self.padding)

    @property
    def products(self) -> Array:
        return self.window * self.weight


def look(
    operation: Callable[..., Any],
    x: Array,
    weight: Array,
    stride: int,
    padding: int,
    dilation: int,
    step: int,
) -> View:
    """Run the layer, and find the window of its output number `step`."""
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    y, _ = operation(x[None, None], weight[None, None], **settings)
    # with ones for weights, the gradient at a sample counts the windows that read it
    ones, backward = operation(x[None, None], np.ones((1, 1, *weight.shape)), **settings)
    reads, *_ = backward(np.ones_like(ones))
    place = tuple(int(i) for i in np.unravel_index(step, y.shape[2:]))
    return View(
        x, np.pad(x, padding), weight, **settings, y=y[0, 0], place=place, reads=reads[0, 0],
        differs=np.zeros(y.shape[2:], bool),
    )  # fmt: skip


def places(axis: int, view: View) -> str:
    """Along one axis, where the window begins and at how many places it stands."""
    count, first = view.y.shape[axis], -view.padding
    begins = [str(first + i * view.stride) for i in range(count)]
    shown = begins if count <= 4 else [*begins[:2], "…", begins[-1]]
    return (
        f"{view.x.shape[axis]}: a window of {view.reach} at {', '.join(shown)}: "
        f"{so_many(count, 'place')}"
    )


def describe(view: View) -> str:
    sizes = "\n".join(
        f"{axis} {places(i, view)}" for i, axis in enumerate(AXES[view.x.ndim].values())
    )
    made_by = "the" if view.own else f"conv{view.x.ndim}d's"
    return f"""\
{view.own}{" " if view.own else ""}The {view.weight.size} products sum to \
{number(view.products.sum())}; {made_by} output at {in_words(view.place)} is \
{number(view.y[view.place])}.{describe_way_back(view)}
{sizes}
Never read: {describe_unread(view.reads == 0)}
Window at {in_words(view.corner)}: {in_a_row(view.window)}
Kernel: {in_a_row(view.weight)}
Products: {in_a_row(view.products)}"""


def describe_way_back(view: View) -> str:
    """What the output under the pointer reads, from its gradient; nothing without a pointer."""
    if view.over is None or view.dx is None:
        return ""
    read = view.dx[view.dx != 0]
    if read.size == 0:
        return f" Nothing of the input moves the output at {in_words(view.over)}."
    lowest, highest = number(read.min()), number(read.max())
    return (
        f" The output at {in_words(view.over)} is moved by "
        f"{so_many(read.size, 'sample')} of the input; its gradient there "
        f"goes from {lowest} to {highest}."
    )


def in_words(place: Sequence[int]) -> str:
    """A place, such as "row 5, column 15"."""
    return ", ".join(f"{axis} {at}" for axis, at in zip(AXES[len(place)], place, strict=True))


def describe_unread(unread: Array) -> str:
    if unread.ndim == 1:
        return f"{unread.sum()} of {so_many(unread.size, 'sample')}"
    rows, columns = unread.all(axis=1).sum(), unread.all(axis=0).sum()
    whole = f"{so_many(rows, 'whole row')}, {so_many(columns, 'whole column')}"
    return f"{unread.sum()} of {so_many(unread.size, 'pixel')} ({whole})"


def in_a_row(values: Array) -> str:
    """A grid of numbers in words, a stroke between its rows."""
    return " / ".join(" ".join(row) for row in numbers(np.atleast_2d(values)))


def legend() -> Legend:
    """What the colours and marks of an input mean."""
    return Legend(
        (chequered(2, 4), "padding"), (HIGHLIGHT, "never read"), (DOTS, "the kernel reads here")
    )


class Products:
    """Window times kernel in a row of a page, with titles that say where and how much."""

    def __init__(self, height: float, *, rows: int = 3, columns: int = 3):
        self._product = Product(height, rows=rows, columns=columns)
        self.row = self._product.row

    def show(self, view: View) -> None:
        window, weight = (np.atleast_2d(values) for values in (view.window, view.weight))
        inside = np.atleast_2d(view.inside)
        colours = np.where(inside[..., None], BRIGHTNESS(window), rgba(PAPER))
        self._product.show(window, weight, colours, window_numbers(window, inside))
        titles = (
            f"window at {in_words(view.corner)}",
            "kernel " + " × ".join(str(size) for size in view.weight.shape),
            f"products, sum {number(view.products.sum())}",
        )
        for grid, title in zip(self._product.grids, titles, strict=True):
            grid.title.set_text(title)


def window_numbers(window: Array, inside: Array) -> list[list[str]]:
    """The padding's zeros go without decimals, unlike a black pixel's."""
    grid = [[number(value) for value in row] for row in window]
    for i, j in np.argwhere(~inside):
        grid[i][j] = "0"
    return grid


def output_scale(weight: Array, y: Array) -> Scale:
    """Grey where a picture comes out of a picture, dark where it is least; else by sign.

    Weights that sum to 1 make a picture, and so do weights of one sign without a negative output.
    """
    low, high = float(y.min()), float(weight.sum())
    if np.isclose(high, 1) or ((weight >= 0).all() and low >= 0):
        return Scale(min(0, low), max(high, float(y.max())), "gray")
    # the zeros of padding make strong edges that would wash out everything else
    return signed_scale(float(np.quantile(np.abs(y), 0.9)))


def way_back_colours(view: View) -> Array:
    """Red where the output under the pointer has a gradient, as strong as that; else clear."""
    colours = np.zeros((*view.x.shape, 4), np.uint8)
    if view.dx is not None:
        size = np.abs(view.dx) / (np.abs(view.dx).max() or 1)
        colours[view.dx != 0] = rgba(GRADIENT)
        colours[..., 3] = np.where(view.dx != 0, 90 + 150 * size, 0)
    return colours


def input_colours(view: View) -> Array:
    """The photograph, tinted where no window reads it, inside a frame of padding."""
    colours = BRIGHTNESS(view.padded)
    unread = np.pad(view.reads == 0, view.padding)
    colours[unread] = colours[unread] // 5 * 2 + rgba(HIGHLIGHT) // 5 * 3
    frame = chequered(*np.atleast_2d(view.padded).shape).reshape(colours.shape)
    return np.where(view.is_sample[..., None], colours, frame)
