"""Slide a kernel over real data and see every number that makes one output of a convolution."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from course_lib.convolution import conv1d, conv2d, output_size
from course_lib.data import photograph
from course_lib.draw.cells import Cells
from course_lib.draw.numbers import number
from course_lib.draw.page import Page, outline
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED, OUTPUT, WEIGHT, chequered
from course_lib.draw.window import (
    DOTS,
    MOST_PADDING,
    View,
    describe,
    draw_products,
    input_colours,
    legend,
    look,
    output_scale,
    size_formula,
)
from course_lib.engine.explorer import Explorer
from course_lib.lessons.convolution.kernels import hand_made_kernels, read_kernel
from course_lib.record import Array

LENGTH, HEIGHT, WIDTH = 24, 24, 32

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
        "kernel": "edge", "kernel_size": 3, "padding": 3, "step": 0,
    },
    "the strongest edge of the photograph is its frame": {
        "kernel": "edge", "kernel_size": 3, "padding": 1, "step": 31,
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
    return under_the_window(conv1d, x, kernel, draw_sequence, {"step": 12} | values)


def conv2d_under_the_window(kernel: str | Array | None = None, **values: Any) -> Explorer:
    """Move a convolution's window over a photograph and watch `conv2d` compute.

    Parameters
    ----------
    kernel : str or (K, K)         a name from the list, or a kernel of your own with K from 2 to 5,
                                   which is added to the list as "own" and keeps its size
    **values                       where the controls start: kernel_size, stride, padding, dilation,
                                   step; `SURPRISES` has some worth a look

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError                     if there is no such kernel, or it is not square, or K is not
                                   from 2 to 5

    Examples
    --------
    >>> explorer = conv2d_under_the_window(np.array([[-1, 1], [-1, 1]]), stride=2, step=100)
    >>> print(explorer.text().splitlines()[2])
    The 4 products sum to 0.02; conv2d's output at row 5, column 15 is 0.02.
    """
    # hundredths, so that the products in the picture can be checked by hand
    x = photograph("china", shrink=13, dtype=np.float64)[:HEIGHT, :WIDTH].round(2)
    return under_the_window(conv2d, x, kernel, draw_image, {"step": 333} | values)


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


def draw_image(figure: Figure) -> Callable[[View], None]:
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
    (taps,) = input_axes.plot([], [], ms=3, animated=True, **DOTS)

    # the legend of the input; the output's scale, and the input's size as its measure
    legend(page, 8, 295)
    colour_bar = page.colour_bar(414, 290, 110)
    dashes = {"color": MUTED, "lw": 1, "ls": (0, (4, 3))}
    edge_x, edge_y = (np.array([-0.2, size + 0.2]) for size in (WIDTH, HEIGHT))
    output_axes.plot(edge_x[[0, 1, 1, 0, 0]], edge_y[[0, 0, 1, 1, 0]], zorder=-1, **dashes)
    page.axes.plot([590, 608], [295, 295], **dashes)
    page.label(614, 295, "input size")

    products = draw_products(page, top=330, height=130)
    height_formula, width_formula = page.label(8, 498), page.label(352, 498)

    def update(view: View) -> None:
        p = view.padding
        padded = f", padded to {HEIGHT + 2 * p} × {WIDTH + 2 * p}" if p else ""
        input_title.set_text(f"input {HEIGHT} × {WIDTH}{padded}")
        input_cells.fill(input_colours(view), (-p, WIDTH + p, HEIGHT + p, -p))
        row, column = view.corner
        outline_window(column, row, view.reach, view.reach)
        y, x = np.meshgrid(*view.taps, indexing="ij")
        taps.set_data(x.ravel() - p + 0.5, y.ravel() - p + 0.5)

        rows, columns = view.y.shape
        left, top = (WIDTH - columns) / 2, (HEIGHT - rows) / 2
        scale = output_scale(view.weight, view.y)
        output_title.set_text(f"output {rows} × {columns}")
        output_cells.fill(scale(view.y), (left, left + columns, top + rows, top))
        outline_output(left + view.place[1] - 0.3, top + view.place[0] - 0.3, 1.6, 1.6)
        colour_bar(scale, view.y)

        products(view)
        height_formula.set_text(f"height = {size_formula(HEIGHT, view)}")
        width_formula.set_text(f"width = {size_formula(WIDTH, view)}")

    return update


def draw_sequence(figure: Figure) -> Callable[[View], None]:
    """Input above output, each output below the middle of its window; then the products."""
    page = Page(figure, 691, 408)
    left, width = 84, 600  # 20 pixels for each sample
    slots = {"xlim": (-MOST_PADDING, LENGTH + MOST_PADDING)}
    above, below = ({"ylim": ylim} | slots for ylim in ((1.25, -1), (2, -0.25)))
    show_input = bars(page.panel(left, 30, width, 80, **slots, ylim=(0, 1)))
    input_axes = page.panel(left, 112, width, 36, **above)
    fan_axes = page.panel(left, 148, width, 34, **slots)
    output_axes = page.panel(left, 182, width, 36, **below)
    show_output = bars(page.panel(left, 222, width, 80, **slots, ylim=(0, 1)))

    page.label(8, 13, "brightness along a row of a photograph")
    legend(page, 400, 13)
    page.label(8, 121, "input", weight="bold")
    page.label(8, 194, "output", weight="bold")
    input_length, output_length = page.label(8, 137), page.label(8, 210)
    page.label(left - 4, 36, "1", size=9, ha="right")
    page.label(left - 4, 105, "0", size=9, ha="right")
    high, low = (page.label(left - 4, y, size=9, ha="right") for y in (228, 297))

    Cells(input_axes, size=9).fill(paper(LENGTH), (0, LENGTH, 0, -1), [counted(LENGTH)])
    frame = Cells(input_axes, animated=True)
    output_indices = Cells(output_axes, size=9, animated=True)
    input_cells, output_cells = (Cells(a, animated=True) for a in (input_axes, output_axes))
    outline_window, outline_output = outline(input_axes, DATA), outline(output_axes, OUTPUT)
    (taps,) = input_axes.plot([], [], ms=5, animated=True, **DOTS)
    (edge,) = output_axes.plot([], [], color=MUTED, lw=1, animated=True)
    fan = LineCollection([], colors=WEIGHT, linewidths=1.5, animated=True)
    fan_axes.add_collection(fan, autolim=False)
    show_products = draw_products(page, top=322, height=34)
    formula = page.label(8, 392)

    def update(view: View) -> None:
        p, n, at, positions = view.padding, len(view.y), view.place[0], view.taps[0] - view.padding
        input_length.set_text(f"{LENGTH} + 2·{p}" if p else f"{LENGTH} samples")
        sample = np.arange(LENGTH)
        colours = np.where(view.reads > 0, DATA, HIGHLIGHT)
        show_input(sample + 0.5, view.x, (0, 1), colours, np.isin(sample, positions))
        frame.fill(chequered(4, 4 * len(view.padded)), (-p, LENGTH + p, 1, 0))
        input_cells.fill(input_colours(view)[None, p : p + LENGTH], (0, LENGTH, 1, 0))
        outline_window(view.corner[0], 0, view.reach, 1)
        taps.set_data(positions + 0.5, np.full(len(positions), 0.5))

        # an output is as wide as a stride, with its window's middle as its own
        middles = view.stride * np.arange(n) + view.reach / 2 - p
        start = middles[0] - view.stride / 2
        end = start + n * view.stride
        fan.set_segments([[(x + 0.5, 0), (middles[at], 1)] for x in positions])
        scale = output_scale(view.weight, view.y)
        output_length.set_text(f"{n} values")
        output_cells.fill(scale(view.y)[None], (start, end, 1, 0))
        edge.set_data((start, end, end, start, start), (0, 0, 1, 1, 0))
        output_indices.fill(paper(n), (start, end, 2, 1), [counted(n)])
        outline_output(start + at * view.stride, 0, view.stride, 1)
        bottom = min(0, view.y.min())
        top = max(view.y.max(), scale.high if scale.low == 0 else bottom + 0.01)
        show_output(middles, view.y, (bottom, top), np.full(n, OUTPUT), np.arange(n) == at)
        high.set_text(number(top))
        low.set_text(number(bottom))

        show_products(view)
        formula.set_text(f"length = {size_formula(LENGTH, view)}")

    return update


def bars(axes: Axes) -> Callable[..., None]:
    """Bars between two ends of a scale; those of the moment stand out."""
    (zero,) = axes.plot([], [], color=MUTED, lw=1, animated=True, zorder=1)
    lines = LineCollection([], linewidths=10, animated=True)
    axes.add_collection(lines, autolim=False)

    def show(
        x: Array, values: Array, ends: tuple[float, float], colours: Array, now: Array
    ) -> None:
        low, high = ends
        base, tops = -low / (high - low), (values - low) / (high - low)
        zero.set_data(axes.get_xlim(), (base, base))
        lines.set_segments([[(at, base), (at, top)] for at, top in zip(x, tops, strict=True)])
        chosen = zip(colours, now, strict=True)
        lines.set_color([to_rgba(colour, 1 if full else 0.4) for colour, full in chosen])

    return show


def paper(length: int) -> Array:
    return np.full((1, length, 4), 255, np.uint8)


def counted(length: int) -> list[str]:
    return [str(i) for i in range(length)]
