"""Paint numbers, stamp them one by one, and convolve the result back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Grid, Legend, Page, Words, numbers
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED, PAPER, WEIGHT, Scale, rgba
from course_lib.engine.control import Pad, Play
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

SIDE, MOST = 3, 11  # of the ink, and of the widest output
MOST_INK = 9
INK_CELLS = SIDE * SIDE
KERNELS = {
    "ones 3 × 3": np.ones((3, 3)),
    "ones 2 × 2": np.ones((2, 2)),
    "tent 3 × 3": np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0]),
    "corner 3 × 3": np.array([[3.0, 2.0, 1.0], [2.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
}
START = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [2.0, 0.0, 1.0]])
TINTS = colormaps["Pastel1"](np.arange(INK_CELLS), bytes=True)  # one for each cell
COUNTS = Scale(0, INK_CELLS)
NOWHERE = (-90, -90, 1, 1)  # outside the picture


@dataclass(frozen=True)
class View:
    """The ink stamped so far, and what comes of it."""

    ink: Array  # (SIDE, SIDE), all that is painted
    step: int  # stamps so far
    kernel: Array
    stamped: Array  # (H, W), the sum of the stamps
    shares: Array  # (INK_CELLS, H, W), which stamps reach where
    window: tuple[int, int]  # upper left corner of the last stamp
    back: Array  # (SIDE, SIDE), the output convolved
    shown: bool  # whether back is
    products: tuple[float, float]  # <conv(x), y> and <x, convT(y)>

    @property
    def counts(self) -> Array:
        return self.shares.sum(axis=0)

    @property
    def used(self) -> Array:
        """The ink of the stamps so far."""
        return np.where(np.arange(INK_CELLS).reshape(SIDE, SIDE) < self.step, self.ink, 0)

    @property
    def verdict(self) -> str:
        """What came back, compared with what was stamped; the sums of squares tell the factor."""
        times = (self.kernel**2).sum()
        return (
            f"the ink times {times:.0f}"
            if np.array_equal(self.back, times * self.used)
            else "not the ink"
        )

    @property
    def last_stamp(self) -> tuple[int, int, int, int]:
        """The part of the last stamp that is not cut off: left, top, width, height."""
        ends = zip(self.window, self.stamped.shape, strict=True)
        (top, below), (left, right) = (
            (max(at, 0), min(at + len(self.kernel), size)) for at, size in ends
        )
        return left, top, right - left, below - top


def ink_pad(**values: Any) -> Explorer:
    """Type numbers into a grid and stamp a kernel for each, one by one; overlaps add.

    Parameters
    ----------
    **values        where the controls start: ink (3 × 3, from 0 to 9), stamps, kernel, stride,
                    padding, output_padding, convolve_back

    Returns
    -------
    Explorer

    Notes
    -----
    x in <conv(x), y> = <x, conv_transpose(y)> is an image of small whole numbers.

    Examples
    --------
    >>> print(ink_pad(stamps=9).text().splitlines()[2])
    9 of 9 stamps are down; at most 4 lie on one pixel, at least 1.
    """

    def compute(
        kernel: Array, ink: Array = START, stamps: int = 5,
        stride: int = 2, padding: int = 0, output_padding: int = 0, convolve_back: bool = False,
    ) -> View:  # fmt: skip
        options = {"stride": stride, "padding": padding}
        layer = lib.ConvTranspose2d(kernel[None, None], output_padding=output_padding, **options)
        ones = lib.ConvTranspose2d(
            np.ones_like(layer.weight), output_padding=output_padding, **options
        )
        down = (np.arange(INK_CELLS) < stamps).reshape(SIDE, SIDE)
        y = np.where(down, ink, 0)[None, None]
        each = np.eye(INK_CELLS).reshape(INK_CELLS, 1, SIDE, SIDE) * down
        stamped = layer(y)
        x = picture(stamped.shape)
        convolution = lib.Conv2d(layer.weight, **options)
        i, j = divmod(max(stamps - 1, 0), SIDE)
        return View(
            ink, stamps, kernel, stamped[0, 0], ones(each)[:, 0],
            (stride * i - padding, stride * j - padding),
            convolution(stamped)[0, 0], convolve_back,
            (float((convolution(x) * y).sum()), float((x * stamped).sum())),
        )  # fmt: skip

    explorer = Explorer(
        "ink pad",
        compute,
        draw,
        describe,
        call="explore.ink_pad()",
        ink=Pad("ink", START, 0, MOST_INK, step=1),
        stamps=Play(0, INK_CELLS),
        kernel=KERNELS,
        stride=(1, 3),
        padding=(0, 1),
        output_padding=(0, lambda stride, **_: stride - 1),
        convolve_back=False,
    )
    return explorer.show(**values)


def picture(shape: tuple[int, ...]) -> Array:
    """Some image of whole numbers, the same every time."""
    rows, columns = np.indices(shape)[-2:]
    return ((rows + 2 * columns) % 4).astype(float)


def describe(view: View) -> str:
    counts, (left, right) = view.counts, view.products
    return f"""\
{view.step} of {INK_CELLS} stamps are down; at most {counts.max():.0f} lie on one pixel, at \
least {counts.min():.0f}.
Ink stamped so far: {in_words(view.used)}
Output {len(view.stamped)} × {len(view.stamped.T)}: {in_words(view.stamped)}
Convolved back: {in_words(view.back)}, {view.verdict}.
With another image x: conv(x) · ink = {left:.0f}, x · output = {right:.0f}."""


def in_words(values: Array) -> str:
    return " / ".join(map(" ".join, numbers(values)))


def draw(figure: Figure) -> Callable[[View], None]:
    """Ink, kernel and what came back; below, the output in the stamps' tints, and the counts."""
    style: dict[str, Any] = {"height": 66, "lined": True, "caption": ""}
    ink = Grid("ink", SIDE, SIDE, frame=DATA, **style)
    kernel = Grid("kernel", SIDE, SIDE, frame=WEIGHT, **style)
    back = Grid("and back", SIDE, SIDE, frame=MUTED, **style)
    output = Grid("output", MOST, MOST, height=198, lined=True)
    counts = Grid("stamps on each pixel", MOST, MOST, height=198, lined=True)
    products = Words("conv(x) · ink = 1234, x · output = 1234")
    key = Legend((TINTS[:5][None], "a tint for each ink cell"), (HIGHLIGHT, "the last stamp"))
    Page(figure, [ink, "×", kernel, back], [output, counts], [key, products])
    stamped, window = ink.outline(HIGHLIGHT), output.outline(HIGHLIGHT)
    ink.caption.set_text("type")

    def update(view: View) -> None:
        ink.fill(tints_down(view), numbers=numbers(view.ink))
        kernel.fill(blank(view.kernel), numbers=numbers(view.kernel))
        output.fill(mixed(view), numbers=numbers(view.stamped))
        output.title.set_text(f"output {len(view.stamped)} × {len(view.stamped.T)}")
        counts.show(view.counts, COUNTS, numbers=numbers(view.counts))
        hidden = [[""] * SIDE] * SIDE
        back.fill(blank(view.back), numbers=numbers(view.back) if view.shown else hidden)
        back.caption.set_text(view.verdict if view.shown else "switch it on")
        left, right = view.products
        products.set_text(f"conv(x) · ink = {left:.0f}, x · output = {right:.0f}")
        row, column = divmod(view.step - 1, SIDE)
        stamped(*((column, row, 1, 1) if view.step else NOWHERE))
        window(*(view.last_stamp if view.step else NOWHERE))

    return update


def tints_down(view: View) -> Array:
    """Each ink cell in its tint once it is stamped."""
    cells = np.where(np.arange(INK_CELLS)[:, None] < view.step, TINTS, rgba(PAPER))
    return cells.reshape(SIDE, SIDE, 4)


def mixed(view: View) -> Array:
    """The mean tint of the stamps on each pixel; paper where there is none."""
    ink = np.tensordot(view.shares, TINTS.astype(float), axes=(0, 0))
    there = view.counts[..., None]
    return np.where(there > 0, ink / np.maximum(there, 1), rgba(PAPER)).astype(np.uint8)


def blank(values: Array) -> Array:
    return np.broadcast_to(rgba(PAPER), (*values.shape, 4))
