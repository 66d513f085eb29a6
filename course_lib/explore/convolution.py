"""Slide a kernel over a photograph and see every number that makes one pixel of the output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.convolution import conv2d, output_size
from course_lib.data import photograph
from course_lib.draw.cells import Cells
from course_lib.draw.numbers import number, numbers
from course_lib.draw.page import Page, outline
from course_lib.draw.palette import (
    DATA,
    HIGHLIGHT,
    INK,
    MUTED,
    OUTPUT,
    PAPER,
    WEIGHT,
    Scale,
    chequered,
    rgba,
    signed_scale,
)
from course_lib.explore.explorer import Explorer
from course_lib.record import Array

HEIGHT, WIDTH = 24, 32
MOST_PADDING = 3
BRIGHTNESS = Scale(0.0, 1.0, "gray")
UNIT = (0.0, 1.0, 1.0, 0.0)  # left, right, bottom, top


def conv2d_under_the_window(kernel: Array | None = None, **values: Any) -> Explorer:
    """Move a convolution's window over a photograph and watch `conv2d` compute.

    Parameters
    ----------
    kernel : (K, K), optional      a kernel of your own, K from 2 to 5, added to the list as "own";
                                   it keeps its size
    **values                       where the controls start: kernel_size, stride, padding, dilation,
                                   step

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError                     if kernel is not square, or K is not from 2 to 5

    Examples
    --------
    >>> explorer = conv2d_under_the_window(np.array([[-1, 1], [-1, 1]]), stride=2, step=100)
    >>> print(explorer.text().splitlines()[2])
    The 4 products sum to 0.02; conv2d's output at row 5, column 15 is 0.02.
    """
    own = {} if kernel is None else {"own": _checked(kernel)}

    def weight_of(kernel: str, kernel_size: int) -> Array:
        return (own | hand_made_kernels(kernel_size))[kernel]

    # hundredths, so that the products in the picture can be checked by hand
    x = photograph("china", shrink=13, dtype=np.float64)[:HEIGHT, :WIDTH].round(2)

    def last_step(kernel: str, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
        size = len(weight_of(kernel, kernel_size))
        window = {"stride": stride, "padding": padding, "dilation": dilation}
        return output_size(HEIGHT, size, **window) * output_size(WIDTH, size, **window) - 1

    def compute(
        kernel: str = next(iter(own), "edge"),
        kernel_size: int = 3 if kernel is None else len(kernel),
        stride: int = 1,
        padding: int = 1,
        dilation: int = 1,
        step: int = 333,
    ) -> View:
        return look(x, weight_of(kernel, kernel_size), stride, padding, dilation, step)

    explorer = Explorer(
        "conv2d under the window",
        compute,
        draw,
        describe,
        kernel=[*own, *hand_made_kernels(3)],
        kernel_size=(2, 5),
        stride=(1, 4),
        padding=(0, MOST_PADDING),
        dilation=(1, 3),
        step=(0, last_step),
    )
    return explorer.show(**values)


def hand_made_kernels(size: int) -> dict[str, Array]:
    """The classical kernels, each (size, size), for any size from 2 on.

    Examples
    --------
    >>> hand_made_kernels(3)["Sobel x"].astype(int).tolist()
    [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    >>> hand_made_kernels(2)["edge"].astype(int).tolist()
    [[-1, -1], [-1, 3]]
    """
    mean = np.full((size, size), 1 / size**2)
    identity = np.zeros((size, size))
    identity[size // 2, size // 2] = 1.0
    smooth = np.array([comb(size - 1, i) for i in range(size)], float)
    derivative = np.convolve([comb(size - 2, i) for i in range(size - 1)], [-1.0, 1.0])
    return {
        "edge": size**2 * identity - 1,
        "blur": mean,
        "sharpen": 2 * identity - mean,
        "Sobel x": np.outer(smooth, derivative),
        "Sobel y": np.outer(derivative, smooth),
        "identity": identity,
    }


def _checked(kernel: Any) -> Array:
    weight = np.array(kernel, float)
    if weight.ndim != 2 or weight.shape[0] != weight.shape[1] or not 2 <= len(weight) <= 5:
        raise ValueError(
            f"conv2d_under_the_window: kernel has shape {weight.shape}; it must be square, from "
            "(2, 2) to (5, 5), for example np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])."
        )
    return weight


@dataclass(frozen=True)
class View:
    """A convolution and one position of its window."""

    x: Array  # (H, W)
    padded: Array  # (H + 2p, W + 2p)
    weight: Array  # (K, K)
    stride: int
    padding: int
    dilation: int
    y: Array  # (H', W'), what conv2d returned
    row: int  # of y
    column: int
    reads: Array  # (H, W), how many windows read each pixel

    @property
    def tap_rows(self) -> Array:  # (K,) rows of padded that the window reads
        return self.row * self.stride + self.dilation * np.arange(len(self.weight))

    @property
    def tap_columns(self) -> Array:
        return self.column * self.stride + self.dilation * np.arange(len(self.weight))

    @property
    def corner(self) -> tuple[int, int]:  # of the window, counted from the photograph's corner
        return int(self.tap_rows[0]) - self.padding, int(self.tap_columns[0]) - self.padding

    @property
    def inside(self) -> Array:  # (K, K), whether the window reads a pixel there or padding
        rows, columns = self.tap_rows - self.padding, self.tap_columns - self.padding
        on_rows, on_columns = (rows >= 0) & (rows < HEIGHT), (columns >= 0) & (columns < WIDTH)
        return on_rows[:, None] & on_columns

    @property
    def window(self) -> Array:  # (K, K)
        return self.padded[np.ix_(self.tap_rows, self.tap_columns)]

    @property
    def products(self) -> Array:
        return self.window * self.weight


def look(x: Array, weight: Array, stride: int, padding: int, dilation: int, step: int) -> View:
    """Run the layer, and find the window of its output number `step`."""
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    y, _ = conv2d(x[None, None], weight[None, None], **settings)
    # with ones for weights, the gradient at a pixel counts the windows that read it
    ones, backward = conv2d(x[None, None], np.ones((1, 1, *weight.shape)), **settings)
    reads, *_ = backward(np.ones_like(ones))
    row, column = divmod(step, y.shape[3])
    return View(
        x, np.pad(x, padding), weight, **settings, y=y[0, 0], row=row, column=column,
        reads=reads[0, 0],
    )  # fmt: skip


def size_formula(size: int, view: View) -> str:
    """The output size along one axis, with its numbers."""
    k, p, d, s = len(view.weight), view.padding, view.dilation, view.stride
    result = output_size(size, k, stride=s, padding=p, dilation=d)
    return f"floor(({size} + 2*{p} - {d}*({k}-1) - 1)/{s}) + 1 = {result}"


def describe(view: View) -> str:
    k = len(view.weight)
    row, column = view.corner
    unread = view.reads == 0
    rows, columns = unread.all(axis=1).sum(), unread.all(axis=0).sum()
    return f"""\
The {k * k} products sum to {number(view.products.sum())}; conv2d's output at row {view.row}, \
column {view.column} is {number(view.y[view.row, view.column])}.
Output height = {size_formula(HEIGHT, view)}
Output width = {size_formula(WIDTH, view)}
Never read: {unread.sum()} of {unread.size} pixels ({rows} whole rows, {columns} whole columns)
Window at row {row}, column {column}: {_rows(view.window)}
Kernel: {_rows(view.weight)}
Products: {_rows(view.products)}"""


def _rows(values: Array) -> str:
    return " / ".join(" ".join(row) for row in numbers(values))


def draw(figure: Figure) -> Callable[[View], None]:
    """Above, input and output at one scale; below, window times kernel, number by number."""
    page = Page(figure, 691, 520)
    with_padding = {
        "xlim": (-MOST_PADDING, WIDTH + MOST_PADDING),
        "ylim": (HEIGHT + MOST_PADDING, -MOST_PADDING),
    }
    input_axes = page.panel(8, 28, 319, 252, **with_padding)
    output_axes = page.panel(364, 28, 319, 252, **with_padding)
    input_title, output_title = (page.label(x, 12, weight="bold") for x in (8, 364))
    input_cells, output_cells = (Cells(a, animated=True) for a in (input_axes, output_axes))
    outline_window, outline_output = outline(input_axes, DATA), outline(output_axes, OUTPUT)
    dots = {"marker": "s", "ls": "none", "mfc": WEIGHT, "mec": INK, "mew": 0.6}
    (taps,) = input_axes.plot([], [], ms=3, animated=True, **dots)

    # the legend of the input; the output's scale, and the input's size as its measure
    for x, name, swatch in (
        (8, "padding", chequered(2, 4)),
        (93, "never read", rgba(HIGHLIGHT)[None, None]),
    ):
        Cells(page.axes).fill(swatch, (x, x + 16, 299, 291))
        page.label(x + 22, 295, name)
    page.axes.plot(200, 295, ms=4, **dots)
    page.label(210, 295, "read now")
    colour_bar = page.colour_bar(414, 290, 110)
    dashes = {"color": MUTED, "lw": 1, "ls": (0, (4, 3))}
    edge_x, edge_y = (np.array([-0.2, size + 0.2]) for size in (WIDTH, HEIGHT))
    output_axes.plot(edge_x[[0, 1, 1, 0, 0]], edge_y[[0, 0, 1, 1, 0]], zorder=-1, **dashes)
    page.axes.plot([590, 608], [295, 295], **dashes)
    page.label(614, 295, "input size")

    lefts = (8, 243, 478)
    frames = zip(lefts, (DATA, WEIGHT, OUTPUT), strict=True)
    grids = [page.panel(x, 344, 205, 130, colour) for x, colour in frames]
    window, kernel, products = (Cells(a, size=10, lined=True, animated=True) for a in grids)
    window_title, kernel_title, products_title = (page.label(x, 330, weight="bold") for x in lefts)
    page.label(228, 409, "×", size=15, ha="center")
    page.label(463, 409, "=", size=15, ha="center")
    height_formula, width_formula = page.label(8, 498), page.label(352, 498)

    def update(view: View) -> None:
        k, p = len(view.weight), view.padding
        padded = f", padded to {HEIGHT + 2 * p} × {WIDTH + 2 * p}" if p else ""
        input_title.set_text(f"input {HEIGHT} × {WIDTH}{padded}")
        input_cells.fill(input_colours(view), (-p, WIDTH + p, HEIGHT + p, -p))
        row, column = view.corner
        reach = view.dilation * (k - 1) + 1
        outline_window(column, row, reach, reach)
        x, y = np.meshgrid(view.tap_columns - p + 0.5, view.tap_rows - p + 0.5)
        taps.set_data(x.ravel(), y.ravel())

        rows, columns = view.y.shape
        left, top = (WIDTH - columns) / 2, (HEIGHT - rows) / 2
        scale = output_scale(view)
        output_title.set_text(f"output {rows} × {columns}")
        output_cells.fill(scale(view.y), (left, left + columns, top + rows, top))
        outline_output(left + view.column - 0.3, top + view.row - 0.3, 1.6, 1.6)
        colour_bar(scale, view.y)

        window.fill(window_colours(view), UNIT, window_numbers(view))
        window_title.set_text(f"window at row {row}, column {column}")
        kernel.fill(pale(view.weight), UNIT, numbers(view.weight))
        kernel_title.set_text(f"kernel {k} × {k}")
        products.fill(pale(view.products), UNIT, numbers(view.products))
        products_title.set_text(f"products, sum {number(view.products.sum())}")
        height_formula.set_text(f"height = {size_formula(HEIGHT, view)}")
        width_formula.set_text(f"width = {size_formula(WIDTH, view)}")

    return update


def pale(values: Array) -> Array:
    """Signed colours that leave room for numbers."""
    return signed_scale(1.6 * np.abs(values).max())(values)


def output_scale(view: View) -> Scale:
    """Weights that sum to 1 keep the brightness: their output is a picture; others are signed."""
    if np.isclose(view.weight.sum(), 1):
        return BRIGHTNESS
    # the zeros of padding make strong edges that would wash out everything else
    return signed_scale(float(np.quantile(np.abs(view.y), 0.9)))


def input_colours(view: View) -> Array:
    """The photograph, tinted where no window reads it, inside a frame of padding."""
    p = view.padding
    colours = chequered(*view.padded.shape)
    photo = colours[p : p + HEIGHT, p : p + WIDTH]
    photo[...] = BRIGHTNESS(view.x)
    unread = view.reads == 0
    photo[unread] = photo[unread] // 5 * 2 + rgba(HIGHLIGHT) // 5 * 3
    return colours


def window_colours(view: View) -> Array:
    return np.where(view.inside[..., None], BRIGHTNESS(view.window), rgba(PAPER))


def window_numbers(view: View) -> list[list[str]]:
    """The padding's zeros go without decimals, unlike a black pixel's."""
    grid = [[number(value) for value in row] for row in view.window]
    for i, j in np.argwhere(~view.inside):
        grid[i][j] = "0"
    return grid
