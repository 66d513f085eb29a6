"""Take a convolution over colours apart: one sum per channel, one number per kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.convolution import conv2d
from course_lib.data import photograph
from course_lib.draw.cells import Cells
from course_lib.draw.numbers import number, numbers
from course_lib.draw.page import Page, outline
from course_lib.draw.palette import DATA, INK, OUTPUT, PAPER, rgba
from course_lib.draw.product import Product, pale
from course_lib.draw.window import output_scale, window_numbers
from course_lib.engine.explorer import Explorer
from course_lib.lessons.convolution.kernels import hand_made_kernels, read_kernel
from course_lib.record import Array

HEIGHT, WIDTH = 18, 27
COLOURS = ("red", "green", "blue")


def conv2d_channel_by_channel(kernel: Any = None, **values: Any) -> Explorer:
    """Watch `conv2d` condense a window of three colours into one number for each kernel.

    Parameters
    ----------
    kernel : str or (3, 3, 3)      a name from the list, or a kernel of your own with one weight per
                                   colour, row and column, which replaces the list's first as "own"
    **values                       where the controls start: bias (the same for every kernel), step

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError                     if there is no such kernel, or it is not (3, 3, 3)

    Examples
    --------
    >>> explorer = conv2d_channel_by_channel("red against green", bias=0.5, step=0)
    >>> print(explorer.text().splitlines()[2].split(";")[0])
    red 0.01 + green -0.93 + blue 0.00 + bias 0.50 = -0.42
    """
    own, chosen = read_kernel("conv2d_channel_by_channel", kernel, 3)
    bank = own | dict(list(kernel_bank().items())[len(own) :])
    weight = np.stack(list(bank.values()))  # (C_out, 3, 3, 3)
    photo = photograph("flower", shrink=18, grey=False, dtype=np.float64)
    x = photo[:, 3 : 3 + HEIGHT, 4 : 4 + WIDTH].round(2)  # products can be checked by hand

    def compute(kernel: int, bias: float, step: int) -> View:
        y, _ = conv2d(x[None], weight, np.full(len(weight), bias), padding=1)
        row, column = divmod(step, WIDTH)
        return View(x, tuple(bank), weight, bias, y[0], kernel, row, column)

    explorer = Explorer(
        "conv2d channel by channel",
        compute,
        draw,
        describe,
        kernel={name: i for i, name in enumerate(bank)},
        bias=(-2.0, 2.0, 0.5),
        step=(0, HEIGHT * WIDTH - 1),
    )
    return explorer.show(**{"bias": 0.0, "step": 230} | chosen | values)


def kernel_bank() -> dict[str, Array]:
    """Kernels (3, 3, 3) for colour photographs: each treats the three colours in its own way.

    Examples
    --------
    >>> [float(w.sum()) for w in kernel_bank().values()]
    [0.0, 3.0, 0.0, 0.0]
    """
    made = hand_made_kernels(3)
    return {
        "red against green": np.multiply.outer([1, -1, 0], np.ones((3, 3))),
        "brightness": np.multiply.outer([1, 1, 1], made["identity"]),
        "edges of any colour": np.multiply.outer([1, 1, 1], made["edge"]),
        "upright edges of red": np.multiply.outer([1, 0, 0], made["Sobel x"]),
    }


@dataclass(frozen=True)
class View:
    """A convolution of three colours by several kernels, and one place of one window."""

    x: Array  # (3, H, W)
    names: tuple[str, ...]  # of the kernels
    weight: Array  # (C_out, 3, 3, 3)
    bias: float
    y: Array  # (C_out, H, W), what conv2d returned
    kernel: int  # the one that is taken apart
    row: int  # of y
    column: int

    @property
    def window(self) -> Array:  # (3, 3, 3)
        padded = np.pad(self.x, ((0, 0), (1, 1), (1, 1)))
        return padded[:, self.row : self.row + 3, self.column : self.column + 3]

    @property
    def inside(self) -> Array:  # (3, 3), whether the window reads a pixel there or padding
        rows, columns = self.row + np.arange(-1, 2), self.column + np.arange(-1, 2)
        return ((rows >= 0) & (rows < HEIGHT))[:, None] & (columns >= 0) & (columns < WIDTH)

    @property
    def sums(self) -> Array:  # (3,), of the products in each channel
        return (self.window * self.weight[self.kernel]).sum(axis=(1, 2))

    @property
    def vector(self) -> Array:  # (C_out,), what the window becomes
        return self.y[:, self.row, self.column]


def describe(view: View) -> str:
    sums = " + ".join(f"{c} {number(s)}" for c, s in zip(COLOURS, view.sums, strict=True))
    total = number(view.sums.sum() + view.bias)
    vector = ", ".join(f"{n} {number(v)}" for n, v in zip(view.names, view.vector, strict=True))
    weight = view.weight[view.kernel]
    channels = "\n".join(
        f"{colour}: window {_rows(window)}; kernel {_rows(part)}; products {_rows(window * part)}"
        for colour, window, part in zip(COLOURS, view.window, weight, strict=True)
    )
    return f"""\
{sums} + bias {number(view.bias)} = {total}; conv2d's output "{view.names[view.kernel]}" at \
row {view.row}, column {view.column} is {number(view.vector[view.kernel])}.
{condensing(view)}: {vector}
{channels}"""


def condensing(view: View) -> str:
    channels, rows, columns = view.window.shape
    made = len(view.vector)
    return f"{channels} × {rows * columns} numbers become {made}, one for each kernel"


def _rows(values: Array) -> str:
    return " / ".join(" ".join(row) for row in numbers(values))


def draw(figure: Figure) -> Callable[[View], None]:
    """A row per colour: channel, window × kernel = products, sum; below, what each kernel makes."""
    page = Page(figure, 691, 500)
    lefts = (197, 340, 483)
    for x, title in zip((52, *lefts), ("channel", "window", "kernel", "products"), strict=True):
        page.label(x, 12, title, weight="bold")
    page.label(683, 12, "sum", weight="bold", ha="right")
    with_padding = {"xlim": (-1, WIDTH + 1), "ylim": (HEIGHT + 1, -1)}
    tops = (28, 126, 224)
    products = [Product(page, lefts, top=top, width=120, height=90, size=9) for top in tops]
    channels, marks, sums = [], [], []
    for colour, top in zip(COLOURS, tops, strict=True):
        page.label(8, top + 45, colour)
        axes = page.panel(47, top - 5, 145, 100, **with_padding)
        channels.append(Cells(axes, animated=True))
        marks.append(outline(axes, DATA))
        sums.append(page.label(683, top + 45, ha="right"))
    page.label(556, 330, "bias")
    page.axes.plot([556, 683], [343, 343], color=INK, lw=1)
    bias, total = page.label(683, 330, ha="right"), page.label(683, 357, ha="right", weight="bold")
    page.label(556, 357, "output", weight="bold")
    words = page.label(8, 340, weight="bold")
    page.label(8, 358, "in colour, orange is below zero and purple above")

    columns = [8 + 138 * i for i in range(5)]
    places = [page.panel(left - 5, 393, 130, 88, **with_padding) for left in columns]
    pictures = [Cells(axes, animated=True) for axes in places]
    here = [
        outline(axes, colour) for axes, colour in zip(places, (DATA, *4 * [OUTPUT]), strict=True)
    ]
    page.label(8, 384, "photograph", size=9)
    chosen = outline(page.axes, OUTPUT)
    names = [page.label(left, 384, size=9) for left in columns[1:]]
    vector = [page.label(left + 60, 489, ha="center") for left in columns[1:]]

    def update(view: View) -> None:
        full, weight = (0, WIDTH, HEIGHT, 0), view.weight[view.kernel]
        scales = pale(weight), pale(view.window * weight)  # the same for every colour
        for c in range(3):
            channels[c].fill(tinted(view.x[c], c), full)
            marks[c](view.column - 1, view.row - 1, 3, 3)
            window = view.window[c]
            colours = np.where(view.inside[..., None], tinted(window, c), rgba(PAPER))
            written = window_numbers(window, view.inside)
            products[c].fill(window, weight[c], colours, written, scales)
            sums[c].set_text(number(view.sums[c]))
        bias.set_text(number(view.bias))
        total.set_text(number(view.vector[view.kernel]))
        words.set_text(condensing(view))

        pictures[0].fill(np.maximum.reduce([tinted(view.x[c], c) for c in range(3)]), full)
        here[0](view.column - 1, view.row - 1, 3, 3)
        for k, (name, value) in enumerate(zip(view.names, view.vector, strict=True)):
            scale = output_scale(view.weight[k], view.y[k])
            pictures[k + 1].fill(scale(view.y[k]), full)
            here[k + 1](view.column - 0.5, view.row - 0.5, 2, 2)
            names[k].set_text(name)
            vector[k].set_text(number(value))
        chosen(columns[view.kernel + 1] - 4, 394, 128, 86)

    return update


def tinted(values: Array, channel: int) -> Array:
    """One colour channel as light of that colour."""
    colours = np.zeros((*values.shape, 4), np.uint8)
    colours[..., channel] = np.rint(255 * values)
    colours[..., 3] = 255
    return colours
