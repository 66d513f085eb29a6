"""A window that slides over data: what explorers of sliding layers compute, say and colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, prod
from typing import Any

import numpy as np
from matplotlib.figure import Figure

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
from course_lib.explore.explorer import Explorer
from course_lib.record import Array

MOST_PADDING = 3
BRIGHTNESS = Scale(0.0, 1.0, "gray")
AXES = {1: {"position": "length"}, 2: {"row": "height", "column": "width"}}
# a kernel of one's own: the shapes that fit, by rank
OWN: dict[int, tuple[list[tuple[int, ...]], str]] = {
    1: ([(k,) for k in range(2, 6)], "of one axis, from (2,) to (5,), for example [-1, 0, 1]"),
    2: (
        [(k, k) for k in range(2, 6)],
        "square, from (2, 2) to (5, 5), for example [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]",
    ),
    3: ([(3, 3, 3)], "(3, 3, 3), colours by rows by columns, for example np.ones((3, 3, 3)) / 27"),
}
DOTS: dict[str, Any] = {"marker": "s", "ls": "none", "mfc": WEIGHT, "mec": INK, "mew": 0.6}


def under_the_window(
    operation: Callable[..., Any],
    x: Array,
    kernel: Any,
    draw: Callable[[Figure], Callable[[View], None]],
    values: dict[str, Any],
) -> Explorer:
    """The explorer of conv1d or conv2d: both have the same controls."""
    name = operation.__name__
    own, chosen = read_kernel(f"{name}_under_the_window", kernel, x.ndim)
    start = {"kernel_size": len(own["own"]) if own else 3, "padding": 1}

    def weight_of(kernel: str, kernel_size: int) -> Array:
        return (own | hand_made_kernels(kernel_size, x.ndim))[kernel]

    def last_step(kernel: str, kernel_size: int, **window: int) -> int:
        size = len(weight_of(kernel, kernel_size))
        return prod(output_size(axis, size, **window) for axis in x.shape) - 1

    def compute(
        kernel: str, kernel_size: int, stride: int, padding: int, dilation: int, step: int
    ) -> View:
        return look(operation, x, weight_of(kernel, kernel_size), stride, padding, dilation, step)

    explorer = Explorer(
        f"{name} under the window",
        compute,
        draw,
        describe,
        kernel=[*own, *hand_made_kernels(3, x.ndim)],
        kernel_size=(2, 5),
        stride=(1, 4),
        padding=(0, MOST_PADDING),
        dilation=(1, 3),
        step=(0, last_step),
    )
    return explorer.show(**start | chosen | values)


def hand_made_kernels(size: int, rank: int = 2) -> dict[str, Array]:
    """The classical kernels for any size from 2 on: (size,) if rank is 1, (size, size) if 2.

    Examples
    --------
    >>> hand_made_kernels(3)["Sobel x"].astype(int).tolist()
    [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    >>> hand_made_kernels(2)["edge"].astype(int).tolist()
    [[-1, -1], [-1, 3]]
    >>> hand_made_kernels(5, rank=1)["difference"].astype(int).tolist()
    [-1, -2, 0, 2, 1]
    """
    mean = np.full((size,) * rank, 1 / size**rank)
    identity = np.zeros((size,) * rank)
    identity[(size // 2,) * rank] = 1.0
    smooth = np.array([comb(size - 1, i) for i in range(size)], float)
    slope = np.convolve([comb(size - 2, i) for i in range(size - 1)], [-1.0, 1.0])
    edge = {"edge": size**rank * identity - 1}
    even = {"blur": mean, "sharpen": 2 * identity - mean}
    if rank == 1:
        return {"difference": slope, **edge, **even, "identity": identity}
    sobel = {"Sobel x": np.outer(smooth, slope), "Sobel y": np.outer(slope, smooth)}
    return edge | even | sobel | {"identity": identity}


def read_kernel(name: str, kernel: Any, rank: int) -> tuple[dict[str, Array], dict[str, str]]:
    """What an explorer's argument `kernel` adds to its list of kernels, and what it chooses there.

    Examples
    --------
    >>> read_kernel("f", "blur", 2), read_kernel("f", [-1, 1], 1)
    (({}, {'kernel': 'blur'}), ({'own': array([-1.,  1.])}, {'kernel': 'own'}))
    """
    if kernel is None:
        return {}, {}
    if isinstance(kernel, str):
        return {}, {"kernel": kernel}
    weight = np.array(kernel, float)
    shapes, rule = OWN[rank]
    if weight.shape not in shapes:
        raise ValueError(f"{name}: kernel has shape {weight.shape}; it must be {rule}.")
    return {"own": weight}, {"kernel": "own"}


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
