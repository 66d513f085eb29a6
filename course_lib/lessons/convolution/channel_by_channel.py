"""Take a convolution over colours apart: one sum per channel, one number per kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib import convolution
from course_lib.data import photograph
from course_lib.draw import SIGNS, Grid, Legend, Page, Words, number
from course_lib.draw.image import pixels
from course_lib.draw.palette import DATA, INK, OUTPUT, PAPER, rgba
from course_lib.draw.product import Product, pale
from course_lib.draw.window import in_a_row, output_scale, window_numbers
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.engine.own import Attempt, Own
from course_lib.engine.way_back import cell_at
from course_lib.lessons.convolution.forward import CONV2D_FORWARD
from course_lib.lessons.convolution.kernels import hand_made_kernels, read_kernel
from course_lib.record import Array

HEIGHT, WIDTH = 18, 27
COLOURS = ("red", "green", "blue")
PARTS = ("window", "kernel", "products")


def conv2d_channel_by_channel(kernel: Any = None, *, conv2d: Any = None, **values: Any) -> Explorer:
    """Watch `conv2d` condense a window of three colours into one number for each kernel.

    Parameters
    ----------
    kernel : str or (3, 3, 3)      a name from the list, or a kernel of your own with one weight per
                                   colour, row and column, which replaces the list's first as "own"
    conv2d : function              your conv2d_forward, which then computes the outputs; it is said
                                   and marked where it differs from the library's
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
    kernels, chosen = read_kernel("conv2d_channel_by_channel", kernel, 3)
    bank = kernels | dict(list(kernel_bank().items())[len(kernels) :])
    own = Own.of(conv2d, CONV2D_FORWARD)
    given = [f"kernel={w.tolist()}" for w in kernels.values()]
    given += [f"conv2d={own.name}"] if own else []
    weight = np.stack(list(bank.values()))  # (C_out, 3, 3, 3)
    photo = photograph("flower", shrink=18, grey=False, dtype=np.float64)
    x = photo[:, 3 : 3 + HEIGHT, 4 : 4 + WIDTH].round(2)  # products can be checked by hand

    def compute(kernel: int, bias: float = 0.0, step: int = 230) -> View:
        arrays = {"x": x[None], "weight": weight, "bias": np.full(len(weight), bias)}
        y, _ = convolution.conv2d(**arrays, padding=1)
        attempt = Attempt(y, np.zeros(y.shape, bool), "")
        if own:
            attempt = own.run(**arrays, stride=1, padding=1)
        row, column = divmod(step, WIDTH)
        return View(
            x, tuple(bank), weight, bias, attempt.y[0], kernel, row, column,
            attempt.differs[0], attempt.words,
        )  # fmt: skip

    def press_on(panel: str, kernel: str | None = None) -> Point:
        def to_value(across: float, down: float, **now: Any) -> tuple[str | None, int] | None:
            cell = cell_at((across, down), (HEIGHT, WIDTH))
            return cell and (kernel, cell[0] * WIDTH + cell[1])

        return Point(panel, sets=("kernel", "step"), to_value=to_value)

    explorer = Explorer(
        "conv2d channel by channel",
        compute,
        draw,
        describe,
        f"explore.conv2d_channel_by_channel({', '.join(given)})",
        kernel={name: i for i, name in enumerate(bank)},
        bias=(-2.0, 2.0, 0.5),
        step=Play(0, HEIGHT * WIDTH - 1),
        press_on_photograph=press_on("photograph"),
        **{f"press_on_{colour}": press_on(f"{colour} channel") for colour in COLOURS},
        **{f"press_on_output_{k}": press_on(f"output {k}", name) for k, name in enumerate(bank)},
    )
    return explorer.show(**chosen | values)


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
        "outlines": np.multiply.outer([1, 1, 1], made["outline"]),
        "upright red edges": np.multiply.outer([1, 0, 0], made["Sobel x"]),
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
    differs: Array  # like y: where it is not what the library says
    own: str  # how the learner's function compares with the library's, in words

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
        f"{colour}: window {in_a_row(window)}; kernel {in_a_row(part)}; "
        f"products {in_a_row(window * part)}"
        for colour, window, part in zip(COLOURS, view.window, weight, strict=True)
    )
    made_by = "the" if view.own else "conv2d's"
    return f"""\
{view.own}{" " if view.own else ""}{sums} + bias {number(view.bias)} = {total}; {made_by} output \
at row {view.row}, column {view.column} is {number(view.vector[view.kernel])}.
{condensing(view)}: {vector}
{channels}"""


def condensing(view: View) -> str:
    channels, rows, columns = view.window.shape
    made = len(view.vector)
    return f"{channels} × {rows * columns} numbers become {made}, one for each kernel"


def draw(figure: Figure) -> Callable[[View], None]:
    """A row per colour: channel, window × kernel = products, sum; below, what each kernel makes."""
    first = {c: c == COLOURS[0] for c in COLOURS}  # its row has the titles
    style: dict[str, Any] = {"height": 56, "least": 84}
    channels = [
        Grid(f"{c} channel", HEIGHT, WIDTH, title="channel" * first[c], **style) for c in COLOURS
    ]
    products = [
        Product(54, tuple(f"{part} of {c}" for part in PARTS), size=9, least=96,
                titles=PARTS if first[c] else ("", "", ""))
        for c in COLOURS
    ]  # fmt: skip
    sums = [Words("−10.52", title="sum" * first[c], ha="right") for c in COLOURS]
    columns = zip(COLOURS, channels, products, sums, strict=True)
    rows = [
        [Words(c, least=40), image, *product.row, total] for c, image, product, total in columns
    ]
    words = Words("3 × 9 numbers become 4", size=9)
    output = Words("+ bias −2.00 = output −10.52", size=9, weight="bold")
    small: dict[str, Any] = {"height": 88, "least": 118, "caption": ""}
    photo = Grid("photograph", HEIGHT, WIDTH, **small)
    maps = [Grid(f"output {k}", HEIGHT, WIDTH, **small) for k in range(4)]
    Page(figure, *rows, [words, Legend(*SIGNS), output], [photo, *maps])
    marks = [image.outline(DATA) for image in channels]
    here = [panel.outline(OUTPUT if panel in maps else DATA) for panel in (photo, *maps)]
    chosen = [panel.outline(OUTPUT) for panel in maps]
    wrong = [panel.points(INK, marker="x", ms=3) for panel in maps]

    def update(view: View) -> None:
        weight = view.weight[view.kernel]
        scales = pale(weight), pale(view.window * weight)  # the same for every colour
        for c in range(3):
            channels[c].fill(tinted(view.x[c], c))
            marks[c](view.column - 1, view.row - 1, 3, 3)
            window = view.window[c]
            colours = np.where(view.inside[..., None], tinted(window, c), rgba(PAPER))
            written = window_numbers(window, view.inside)
            products[c].show(window, weight[c], colours, written, scales)
            sums[c].set_text(number(view.sums[c]))
        total = number(view.vector[view.kernel])
        output.set_text(f"+ bias {number(view.bias)} = output {total}")
        words.set_text(condensing(view).split(",")[0])
        photo.fill(pixels(view.x))
        here[0](view.column - 1, view.row - 1, 3, 3)
        for k, (name, value) in enumerate(zip(view.names, view.vector, strict=True)):
            maps[k].show(view.y[k], output_scale(view.weight[k], view.y[k]))
            here[k + 1](view.column - 0.5, view.row - 0.5, 2, 2)
            maps[k].title.set_text(name)
            maps[k].caption.set_text(number(value))
            down, across = np.nonzero(view.differs[k])
            wrong[k].set_data(across + 0.5, down + 0.5)
            chosen[k](0, 0, *((WIDTH, HEIGHT) if k == view.kernel else (np.nan, np.nan)))

    return update


def tinted(values: Array, channel: int) -> Array:
    """One colour channel as light of that colour."""
    return pixels(np.multiply.outer(np.eye(3)[channel], values))
