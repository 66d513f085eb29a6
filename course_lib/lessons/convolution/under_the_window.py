"""Slide a kernel over real data and see every number that makes one output of a convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from course_lib import convolution
from course_lib.convolution import output_size
from course_lib.data import photograph
from course_lib.draw import Bar, Grid, Page, Panel, Words, number
from course_lib.draw.image import fit_image
from course_lib.draw.palette import DATA, GRADIENT, HIGHLIGHT, INK, MUTED, OUTPUT, WEIGHT, chequered
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
    places,
    way_back_colours,
)
from course_lib.engine.control import Fixed, Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.engine.own import Own
from course_lib.engine.way_back import cell_at, read_by
from course_lib.errors import so_many
from course_lib.lessons.convolution.forward import CONV1D_FORWARD, CONV2D_FORWARD
from course_lib.lessons.convolution.kernels import hand_made_kernels, read_kernel
from course_lib.record import Array

LENGTH, HEIGHT, WIDTH = 24, 24, 32
PANELS = {1: ("input",), 2: ("input", "output")}  # the last is where an output is named
PLACES = "height 24: a window of 13 at -3, -2, …, 14: 18 places"  # the longest

# Settings of conv2d_under_the_window that show what few people expect
SURPRISES: dict[str, dict[str, Any]] = {
    "a stride wider than the window never reads whole rows and columns": {
        "kernel": "blur", "kernel_size": 2, "stride": 3, "padding": 0,
    },
    "a 3 by 3 identity gives the input back at any dilation, with as much padding": {
        "kernel": "identity", "kernel_size": 3, "padding": 3, "dilation": 3,
    },
    "at stride 1, undilated kernels of even size never keep the size, whatever the padding": {
        "kernel": "identity", "kernel_size": 4, "padding": 1,
    },
    "a blur that reads padding darkens the frame": {
        "kernel": "blur", "kernel_size": 5, "padding": 2, "step": 0,
    },
    "too much padding makes outputs that see no pixel": {
        "kernel": "outline", "kernel_size": 3, "padding": 3, "step": 0,
    },
    "where there is padding, the strongest edge of this photograph is its frame": {
        "kernel": "outline", "kernel_size": 3, "padding": 1, "step": 31,
    },
}  # fmt: skip


def conv1d_under_the_window(
    kernel: str | Array | None = None, *, conv1d: Any = None, **values: Any
) -> Explorer:
    """Move a convolution's window along a row of a photograph and watch `conv1d` compute.

    Parameters
    ----------
    kernel : str or (K,)           a name from the list, or a kernel of your own with K from 2 to 5,
                                   which is added to the list as "own" and keeps its size
    conv1d : function              your conv1d_forward, which then computes the output; the explorer
                                   says and marks where it differs from the library's
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
    return under_the_window(x, kernel, Own.of(conv1d, CONV1D_FORWARD), draw_sequence, 12, values)


def conv2d_under_the_window(
    kernel: str | Array | None = None,
    *,
    image: Array | None = None,
    conv2d: Any = None,
    **values: Any,
) -> Explorer:
    """Move a convolution's window over a photograph and watch `conv2d` compute.

    Parameters
    ----------
    kernel : str or (K, K)         a name from the list, or a kernel of your own with K from 2 to 5,
                                   which is added to the list as "own" and keeps its size
    image : (H, W), (3, H, W) or (H, W, 3)
                                   a picture of your own, from 0 to 1 or whole numbers up to 255;
                                   we take its brightness, in at most 24 rows and 32 columns
    conv2d : function              your conv2d_forward, which then computes the output; the explorer
                                   says and marks where it differs from the library's
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
    given = () if image is None else ("image=image",)
    if image is None:
        image = photograph("china", shrink=13, dtype=np.float64)[:HEIGHT, :WIDTH]
    # hundredths, so that the products in the picture can be checked by hand
    x = fit_image("conv2d_under_the_window", image, HEIGHT, WIDTH).round(2)
    own = Own.of(conv2d, CONV2D_FORWARD)
    return under_the_window(x, kernel, own, partial(draw_image, x.shape), 333, values, given)


def under_the_window(
    x: Array,
    kernel: Any,
    own: Own | None,
    draw: Callable[[Figure], Callable[[View], None]],
    start: int,
    values: dict[str, Any],
    given: tuple[str, ...] = (),
) -> Explorer:
    """The explorer of conv1d or conv2d, which have the same controls, at step `start`."""
    operation = (convolution.conv1d, convolution.conv2d)[x.ndim - 1]
    name = f"{operation.__name__}_under_the_window"
    kernels, chosen = read_kernel(name, kernel, x.ndim)
    given = *(f"kernel={w.tolist()}" for w in kernels.values()), *given
    given += (f"{operation.__name__}={own.name}",) if own else ()

    def weight_of(kernel: str, kernel_size: int) -> Array:
        return (kernels | hand_made_kernels(kernel_size, x.ndim))[kernel]

    def last_step(kernel: str, kernel_size: int, **window: int) -> int:
        size = len(weight_of(kernel, kernel_size))
        return prod(output_size(axis, size, **window) for axis in x.shape) - 1

    def own_size(kernel: str) -> tuple[int, str] | None:
        return (len(kernels[kernel]), "your kernel keeps its size") if kernel in kernels else None

    def compute(
        kernel: str,
        kernel_size: int = 3,
        stride: int = 1,
        padding: int = 1,
        dilation: int = 1,
        step: int = start,
        output: Array | None = None,
    ) -> View:
        weight = weight_of(kernel, kernel_size)
        view = look(operation, x, weight, stride, padding, dilation, step)
        if own:
            view = computed_by(own, view)
        return view if output is None else looking_back(operation, view, output)

    def step_at(panel: str) -> Point:
        def to_value(across: float, down: float, output: Any, **now: Any) -> int | None:
            view = compute(**now)
            place = output_under(view, panel, across, down)
            return None if place is None else int(np.ravel_multi_index(place, view.y.shape))

        return Point(panel, sets=("step",), to_value=to_value)

    explorer = Explorer(
        f"{operation.__name__} under the window",
        compute,
        draw,
        describe,
        f"explore.{name}({', '.join(given)})",
        kernel=[*kernels, *hand_made_kernels(3, x.ndim)],
        kernel_size=Fixed((2, 5), when=own_size),
        stride=(1, 4),
        padding=(0, MOST_PADDING),
        dilation=own.control("dilation", (1, 3), 1) if own else (1, 3),
        step=Play(0, last_step),
        output=Point(PANELS[x.ndim][-1], hover=True, step=1),
        **{f"press_on_{panel}": step_at(panel) for panel in PANELS[x.ndim]},
    )
    return explorer.show(**chosen | values)


def computed_by(own: Own, view: View) -> View:
    """What the learner's function makes of the same input."""
    attempt = own.run(
        x=view.x[None, None], weight=view.weight[None, None], bias=np.zeros(1),
        stride=view.stride, padding=view.padding, dilation=view.dilation,
    )  # fmt: skip
    return replace(view, y=attempt.y[0, 0], differs=attempt.differs[0, 0], own=attempt.words)


def looking_back(operation: Callable[..., Any], view: View, at: Array) -> View:
    """With the output at a place of the picture, and its gradient."""
    over = output_under(view, PANELS[view.x.ndim][-1], *at)
    if over is None:
        return view
    settings = {"stride": view.stride, "padding": view.padding, "dilation": view.dilation}
    y, backward = operation(view.x[None, None], view.weight[None, None], **settings)
    dx, *_ = read_by(y, backward, (0, 0, *over))
    return replace(view, over=over, dx=dx[0, 0])


def output_under(view: View, panel: str, across: float, down: float) -> tuple[int, ...] | None:
    """The output at a place of the picture: a cell, or that whose window has its middle there."""
    if panel == "output":
        return cell_at((across, down), view.y.shape, *upper_left(view))
    at = np.array([down, across][-view.x.ndim :])
    nearest = np.rint((at + view.padding - view.reach / 2) / view.stride)
    return tuple(int(i) for i in np.clip(nearest, 0, np.array(view.y.shape) - 1))


def upper_left(view: View) -> tuple[float, float]:
    """Where an output begins that is centred on its panel: across, down."""
    (height, width), (rows, columns) = view.x.shape, view.y.shape
    return (width - columns) / 2, (height - rows) / 2


def draw_image(shape: tuple[int, int], figure: Figure) -> Callable[[View], None]:
    """Above, input and output at one scale; below, window times kernel, number by number."""
    height, width = shape
    image, output = (Grid(name, *shape, height=196) for name in ("input", "output"))
    bar, products = Bar(), Products(84)
    sizes = [Words(PLACES, size=9), Words(PLACES, size=9)]
    Page(figure, [image, output], [legend(), bar], products.row, sizes)
    outline_window, outline_output = image.outline(DATA), output.outline(OUTPUT)
    taps = image.points(WEIGHT, **DOTS | {"ms": 3})
    way_back, outline_over = image.cells(), output.outline(GRADIENT)
    wrong = output.points(INK, marker="x", ms=4)
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

        left, top = upper_left(view)
        scale = output_scale(view.weight, view.y)
        output.title.set_text(f"output {rows} × {columns}, dashed: input size")
        output.show(view.y, scale, extent=(left, left + columns, top + rows, top))
        outline_output(left + view.place[1] - 0.3, top + view.place[0] - 0.3, 1.6, 1.6)
        way_back.fill(way_back_colours(view), (0, width, height, 0))
        over = np.array(view.over or (np.nan, np.nan)) - 0.1
        outline_over(left + over[1], top + over[0], 1.2, 1.2)
        down, across = np.nonzero(view.differs)
        wrong.set_data(left + across + 0.5, top + down + 0.5)
        bar.show(scale, view.y)
        products.show(view)
        for axis, name in enumerate(("height", "width")):
            sizes[axis].set_text(f"{name} {places(axis, view)}")

    return update


def draw_sequence(figure: Figure) -> Callable[[View], None]:
    """Input above output, each output below the middle of its window; then the products."""
    line = Panel("input", caption="", xlim=(0, LENGTH), ylim=(218, 0), height=218)
    products, size = Products(30, rows=1), Words(PLACES, size=9)
    Page(figure, [line], [legend()], products.row, [size])
    show_input, show_output = line.bars(DATA), line.bars(OUTPUT)
    ends = [line.label(0, y, size=8) for y in (5, 54, 172, 212)]
    frame, input_cells, output_cells = (line.cells(size=9) for _ in range(3))
    indices = [line.cells(size=9) for _ in range(2)]
    zero, edge = line.line(MUTED, lw=1), line.line(MUTED, lw=1)
    outline_window, outline_output = line.outline(DATA), line.outline(OUTPUT)
    way_back, outline_over = line.cells(), line.outline(GRADIENT)
    wrong = line.points(INK, marker="x", ms=6)
    taps, fan = line.points(WEIGHT, **DOTS | {"ms": 5}), line.segments(WEIGHT)

    def update(view: View) -> None:
        p, n, at, positions = view.padding, len(view.y), view.place[0], view.taps[0] - view.padding
        line.view(-p - 2, LENGTH + p, 218, 0)  # room for the ends of the scales
        line.title.set_text(f"input: {LENGTH} samples" + (f" + 2·{p}" if p else ""))
        line.caption.set_text(f"output: {so_many(n, 'value')}, each below its window")
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
        way_back.fill(way_back_colours(view)[None], (0, LENGTH, 96, 76))
        over = np.nan if view.over is None else view.over[0]
        outline_over(start + over * view.stride, 132, view.stride, 16)
        there = np.flatnonzero(view.differs)
        wrong.set_data(middles[there], np.full(len(there), 140))
        bottom, top = min(0, view.y.min()), max(view.y.max(), scale.high, 0.01)
        up = -44 / (top - bottom)
        base = 214 + up * -bottom
        show_output(middles, up * view.y, 0.6, base, tinted(np.full(n, OUTPUT), np.arange(n) == at))
        zero.set_data((0, LENGTH), (base, base))
        for label, value in zip(ends, (1, 0, top, bottom), strict=True):
            label.move(-p - 2, label.y)
            label.set_text(number(value))
        products.show(view)
        size.set_text(f"length {places(0, view)}")

    return update


def tinted(colours: Array, full: Array) -> list[tuple[float, ...]]:
    """Colours that stand out where they are full, and are pale elsewhere."""
    return [to_rgba(c, 1 if f else 0.4) for c, f in zip(colours, full, strict=True)]


def paper(length: int) -> Array:
    return np.full((1, length, 4), 255, np.uint8)


def counted(length: int) -> list[str]:
    return [str(i) for i in range(length)]
