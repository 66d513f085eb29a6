"""Slide a kernel over real data and see every number that makes one output of a convolution."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from course_lib.convolution import conv1d, conv2d, output_size
from course_lib.data import photograph
from course_lib.draw import Bar, Grid, Page, Panel, Words, number
from course_lib.draw.image import fit_image
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED, OUTPUT, WEIGHT, chequered
from course_lib.draw.window import (
    DOTS,
    MOST_PADDING,
    Products,
    View,
    describe,
    input_colours,
    legend,
    look,
    output_scale,
    size_formula,
)
from course_lib.engine.control import Fixed, Play
from course_lib.engine.explorer import Explorer
from course_lib.lessons.convolution.kernels import hand_made_kernels, read_kernel
from course_lib.record import Array

LENGTH, HEIGHT, WIDTH = 24, 24, 32
FORMULA = "height = floor((24 + 2*3 - 3*(5-1) - 1)/4) + 1 = 10"  # the longest

# Settings of conv2d_under_the_window that show what few people expect
SURPRISES: dict[str, dict[str, Any]] = {
    "a stride wider than the window never reads whole rows and columns": {
        "kernel": "blur", "kernel_size": 2, "stride": 3, "padding": 0,
    },
    "an identity gives the input back, however far it is dilated": {
        "kernel": "identity", "kernel_size": 3, "padding": 3, "dilation": 3,
    },
    "undilated kernels of even size never keep the size, whatever the padding": {
        "kernel": "identity", "kernel_size": 4, "padding": 1,
    },
    "a blur that reads padding darkens the frame": {
        "kernel": "blur", "kernel_size": 5, "padding": 2, "step": 0,
    },
    "too much padding makes outputs that see no pixel": {
        "kernel": "outline", "kernel_size": 3, "padding": 3, "step": 0,
    },
    "the strongest edge of the photograph is its frame": {
        "kernel": "outline", "kernel_size": 3, "padding": 1, "step": 31,
    },
}  # fmt: skip


def conv1d_under_the_window(kernel: str | Array | None = None, **values: Any) -> Explorer:
    """Move a convolution's window along a row of a photograph and watch `conv1d` compute.

    Parameters
    ----------
    kernel : str or (K,)           a name from the list, or a kernel of your own with K from 2 to 5,
                                   which is added to the list as "own" and keeps its size
    **values                       where the controls start: kernel_size, stride, padding, dilation,
                                   step

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError                     if there is no such kernel, or K is not from 2 to 5

    Examples
    --------
    >>> explorer = conv1d_under_the_window(stride=2, step=6)
    >>> print(explorer.text().splitlines()[2])
    The 3 products sum to 0.50; conv1d's output at position 6 is 0.50.
    """
    x = photograph("china", shrink=26, dtype=np.float64)[7].round(2)
    return under_the_window(conv1d, x, kernel, draw_sequence, 12, values)


def conv2d_under_the_window(
    kernel: str | Array | None = None, *, image: Array | None = None, **values: Any
) -> Explorer:
    """Move a convolution's window over a photograph and watch `conv2d` compute.

    Parameters
    ----------
    kernel : str or (K, K)         a name from the list, or a kernel of your own with K from 2 to 5,
                                   which is added to the list as "own" and keeps its size
    image : (H, W), (3, H, W) or (H, W, 3)
                                   a picture of your own, from 0 to 1 or whole numbers up to 255;
                                   we take its brightness, in at most 24 rows and 32 columns
    **values                       where the controls start: kernel_size, stride, padding, dilation,
                                   step; `SURPRISES` has some worth a look

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError                     if there is no such kernel, or it is not square, or K is not
                                   from 2 to 5, or the image is none or too narrow

    Examples
    --------
    >>> explorer = conv2d_under_the_window(np.array([[-1, 1], [-1, 1]]), stride=2, step=100)
    >>> print(explorer.text().splitlines()[2])
    The 4 products sum to 0.02; conv2d's output at row 5, column 15 is 0.02.
    """
    if image is None:
        image = photograph("china", shrink=13, dtype=np.float64)[:HEIGHT, :WIDTH]
    # hundredths, so that the products in the picture can be checked by hand
    x = fit_image("conv2d_under_the_window", image, HEIGHT, WIDTH).round(2)
    middle = x.size // 2 - x.shape[1] // 2 - 1
    return under_the_window(conv2d, x, kernel, partial(draw_image, x.shape), middle, values)


def under_the_window(
    operation: Callable[..., Any],
    x: Array,
    kernel: Any,
    draw: Callable[[Figure], Callable[[View], None]],
    start: int,
    values: dict[str, Any],
) -> Explorer:
    """The explorer of conv1d or conv2d, which have the same controls, at step `start`."""
    name = operation.__name__
    own, chosen = read_kernel(f"{name}_under_the_window", kernel, x.ndim)

    def weight_of(kernel: str, kernel_size: int) -> Array:
        return (own | hand_made_kernels(kernel_size, x.ndim))[kernel]

    def last_step(kernel: str, kernel_size: int, **window: int) -> int:
        size = len(weight_of(kernel, kernel_size))
        return prod(output_size(axis, size, **window) for axis in x.shape) - 1

    def own_size(kernel: str) -> tuple[int, str] | None:
        return (len(own[kernel]), "your kernel keeps its size") if kernel in own else None

    def compute(
        kernel: str,
        kernel_size: int = 3,
        stride: int = 1,
        padding: int = 1,
        dilation: int = 1,
        step: int = start,
    ) -> View:
        return look(operation, x, weight_of(kernel, kernel_size), stride, padding, dilation, step)

    explorer = Explorer(
        f"{name} under the window",
        compute,
        draw,
        describe,
        kernel=[*own, *hand_made_kernels(3, x.ndim)],
        kernel_size=Fixed((2, 5), when=own_size),
        stride=(1, 4),
        padding=(0, MOST_PADDING),
        dilation=(1, 3),
        step=Play(0, last_step),
    )
    return explorer.show(**chosen | values)


def draw_image(shape: tuple[int, int], figure: Figure) -> Callable[[View], None]:
    """Above, input and output at one scale; below, window times kernel, number by number."""
    height, width = shape
    image, output = (Grid(name, *shape, height=200) for name in ("input", "output"))
    bar, products = Bar(), Products(84)
    formulas = [Words(FORMULA, size=9), Words(FORMULA, size=9)]
    Page(figure, [image, output], [legend(), bar], products.row, formulas)
    outline_window, outline_output = image.outline(DATA), output.outline(OUTPUT)
    taps = image.points(WEIGHT, **DOTS | {"ms": 3})
    same = output.line(MUTED, lw=1, ls=(0, (4, 3)))
    same.set_data([0, width, width, 0, 0], [0, 0, height, height, 0])

    def update(view: View) -> None:
        p, (rows, columns) = view.padding, view.y.shape
        for panel in (image, output):
            panel.view(-p, width + p, height + p, -p)
        padded = f", padded to {height + 2 * p} × {width + 2 * p}" if p else ""
        image.title.set_text(f"input {height} × {width}{padded}")
        image.fill(input_colours(view), extent=(-p, width + p, height + p, -p))
        row, column = view.corner
        outline_window(column, row, view.reach, view.reach)
        y, x = np.meshgrid(*view.taps, indexing="ij")
        taps.set_data(x.ravel() - p + 0.5, y.ravel() - p + 0.5)

        left, top = (width - columns) / 2, (height - rows) / 2
        scale = output_scale(view.weight, view.y)
        output.title.set_text(f"output {rows} × {columns}, dashed: input size")
        output.show(view.y, scale, extent=(left, left + columns, top + rows, top))
        outline_output(left + view.place[1] - 0.3, top + view.place[0] - 0.3, 1.6, 1.6)
        bar.show(scale, view.y)
        products.show(view)
        for words, axis, size in zip(formulas, ("height", "width"), view.x.shape, strict=True):
            words.set_text(f"{axis} = {size_formula(size, view)}")

    return update


def draw_sequence(figure: Figure) -> Callable[[View], None]:
    """Input above output, each output below the middle of its window; then the products."""
    line = Panel("input", caption="", xlim=(0, LENGTH), ylim=(218, 0), height=218)
    products, formula = Products(30, rows=1), Words(FORMULA, size=9)
    Page(figure, [line], [legend()], products.row, [formula])
    show_input, show_output = line.bars(DATA), line.bars(OUTPUT)
    ends = [line.label(0, y, size=8) for y in (5, 54, 172, 212)]
    frame, input_cells, output_cells = (line.cells(size=9) for _ in range(3))
    indices = [line.cells(size=9) for _ in range(2)]
    zero, edge = line.line(MUTED, lw=1), line.line(MUTED, lw=1)
    outline_window, outline_output = line.outline(DATA), line.outline(OUTPUT)
    taps, fan = line.points(WEIGHT, **DOTS | {"ms": 5}), line.segments(WEIGHT)

    def update(view: View) -> None:
        p, n, at, positions = view.padding, len(view.y), view.place[0], view.taps[0] - view.padding
        line.view(-p - 2, LENGTH + p, 218, 0)  # room for the ends of the scales
        line.title.set_text(f"input: {LENGTH} samples" + (f" + 2·{p}" if p else ""))
        line.caption.set_text(f"output: {n} values, each below its window")
        sample = np.arange(LENGTH)
        colours = np.where(view.reads > 0, DATA, HIGHLIGHT)
        now = tinted(colours, np.isin(sample, positions))
        show_input(sample + 0.5, -54 * view.x, 0.6, 58, now)
        indices[0].fill(paper(LENGTH), (0, LENGTH, 76, 60), [counted(LENGTH)])
        frame.fill(chequered(4, 4 * len(view.padded)), (-p, LENGTH + p, 96, 76))
        input_cells.fill(input_colours(view)[None, p : p + LENGTH], (0, LENGTH, 96, 76))
        outline_window(view.corner[0], 76, view.reach, 20)
        taps.set_data(positions + 0.5, np.full(len(positions), 86))

        # an output is as wide as a stride, with its window's middle as its own
        middles = view.stride * np.arange(n) + view.reach / 2 - p
        start = middles[0] - view.stride / 2
        end = start + n * view.stride
        fan.set_segments([[(x + 0.5, 97), (middles[at], 130)] for x in positions])
        scale = output_scale(view.weight, view.y)
        output_cells.show(view.y[None], scale, (start, end, 150, 130))
        edge.set_data((start, end, end, start, start), (130, 130, 150, 150, 130))
        indices[1].fill(paper(n), (start, end, 166, 150), [counted(n)])
        outline_output(start + at * view.stride, 130, view.stride, 20)
        bottom, top = min(0, view.y.min()), max(view.y.max(), scale.high, 0.01)
        up = -44 / (top - bottom)
        base = 214 + up * -bottom
        show_output(middles, up * view.y, 0.6, base, tinted(np.full(n, OUTPUT), np.arange(n) == at))
        zero.set_data((0, LENGTH), (base, base))
        for label, value in zip(ends, (1, 0, top, bottom), strict=True):
            label.move(-p - 2, label.y)
            label.set_text(number(value))
        products.show(view)
        formula.set_text(f"length = {size_formula(LENGTH, view)}")

    return update


def tinted(colours: Array, full: Array) -> list[tuple[float, ...]]:
    """Colours that stand out where they are full, and are pale elsewhere."""
    return [to_rgba(c, 1 if f else 0.4) for c, f in zip(colours, full, strict=True)]


def paper(length: int) -> Array:
    return np.full((1, length, 4), 255, np.uint8)


def counted(length: int) -> list[str]:
    return [str(i) for i in range(length)]
