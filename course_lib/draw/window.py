"""A window that slides over data: what explorers of sliding layers compute, say and colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.convolution import output_size
from course_lib.draw.cells import Cells
from course_lib.draw.numbers import number, numbers
from course_lib.draw.page import Page
from course_lib.draw.palette import (
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
        x, np.pad(x, padding), weight, **settings, y=y[0, 0], place=place, reads=reads[0, 0]
    )


def size_formula(size: int, view: View) -> str:
    """The output size along one axis, with its numbers."""
    k, p, d, s = len(view.weight), view.padding, view.dilation, view.stride
    result = output_size(size, k, stride=s, padding=p, dilation=d)
    return f"floor(({size} + 2*{p} - {d}*({k}-1) - 1)/{s}) + 1 = {result}"


def describe(view: View) -> str:
    sizes = zip(AXES[view.x.ndim].values(), view.x.shape, strict=True)
    formulas = "\n".join(f"Output {name} = {size_formula(size, view)}" for name, size in sizes)
    return f"""\
The {view.weight.size} products sum to {number(view.products.sum())}; conv{view.x.ndim}d's output \
at {in_words(view.place)} is {number(view.y[view.place])}.
{formulas}
Never read: {describe_unread(view.reads == 0)}
Window at {in_words(view.corner)}: {_rows(view.window)}
Kernel: {_rows(view.weight)}
Products: {_rows(view.products)}"""


def in_words(place: Sequence[int]) -> str:
    """A place, such as "row 5, column 15"."""
    return ", ".join(f"{axis} {at}" for axis, at in zip(AXES[len(place)], place, strict=True))


def describe_unread(unread: Array) -> str:
    if unread.ndim == 1:
        return f"{unread.sum()} of {unread.size} samples"
    rows, columns = unread.all(axis=1).sum(), unread.all(axis=0).sum()
    return f"{unread.sum()} of {unread.size} pixels ({rows} whole rows, {columns} whole columns)"


def _rows(values: Array) -> str:
    return " / ".join(" ".join(row) for row in numbers(np.atleast_2d(values)))


def legend(page: Page, left: float, middle: float) -> None:
    """What the colours and marks of an input mean."""
    for x, name, swatch in (
        (left, "padding", chequered(2, 4)),
        (left + 85, "never read", rgba(HIGHLIGHT)[None, None]),
    ):
        Cells(page.axes).fill(swatch, (x, x + 16, middle + 4, middle - 4))
        page.label(x + 22, middle, name)
    page.axes.plot(left + 192, middle, ms=4, **DOTS)
    page.label(left + 202, middle, "read now")


def draw_products(page: Page, top: float, height: float) -> Callable[[View], None]:
    """Window times kernel across the whole page, with titles."""
    lefts = (8, 243, 478)
    product = Product(page, lefts, top=top + 14, width=205, height=height)
    window_title, kernel_title, products_title = (page.label(x, top, weight="bold") for x in lefts)

    def update(view: View) -> None:
        window_title.set_text(f"window at {in_words(view.corner)}")
        kernel_title.set_text("kernel " + " × ".join(str(size) for size in view.weight.shape))
        products_title.set_text(f"products, sum {number(view.products.sum())}")
        window, weight = (np.atleast_2d(values) for values in (view.window, view.weight))
        inside = np.atleast_2d(view.inside)
        colours = np.where(inside[..., None], BRIGHTNESS(window), rgba(PAPER))
        product.fill(window, weight, colours, window_numbers(window, inside))

    return update


def window_numbers(window: Array, inside: Array) -> list[list[str]]:
    """The padding's zeros go without decimals, unlike a black pixel's."""
    grid = [[number(value) for value in row] for row in window]
    for i, j in np.argwhere(~inside):
        grid[i][j] = "0"
    return grid


def output_scale(weight: Array, y: Array) -> Scale:
    """Weights that sum to 1 or have one sign make a picture out of a picture; others are signed."""
    if np.isclose(weight.sum(), 1) or (weight >= 0).all():
        return Scale(0, weight.sum(), "gray")
    # the zeros of padding make strong edges that would wash out everything else
    return signed_scale(float(np.quantile(np.abs(y), 0.9)))


def input_colours(view: View) -> Array:
    """The photograph, tinted where no window reads it, inside a frame of padding."""
    colours = BRIGHTNESS(view.padded)
    unread = np.pad(view.reads == 0, view.padding)
    colours[unread] = colours[unread] // 5 * 2 + rgba(HIGHLIGHT) // 5 * 3
    frame = chequered(*np.atleast_2d(view.padded).shape).reshape(colours.shape)
    return np.where(view.is_sample[..., None], colours, frame)
