"""Shift then convolve, convolve then shift: the two ways meet, up to borders and stride."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.convolution import conv2d
from course_lib.data import photograph
from course_lib.draw.cells import Cells
from course_lib.draw.numbers import number
from course_lib.draw.page import Page, outline
from course_lib.draw.palette import HIGHLIGHT, MUTED, Scale, chequered, signed_scale
from course_lib.draw.window import BRIGHTNESS, output_scale
from course_lib.engine.explorer import Explorer
from course_lib.lessons.convolution.kernels import hand_made_kernels, read_kernel
from course_lib.record import Array

HEIGHT, WIDTH = 24, 36
RIM = 0.3  # keeps an outline within the picture
FARTHEST = 6  # pixels that the photograph moves
KERNELS = ("edge", "Sobel x", "Sobel y", "identity")


def equivariance(kernel: Any = None, **values: Any) -> Explorer:
    """Shift a photograph before and after `conv2d`, and measure where it makes a difference.

    Parameters
    ----------
    kernel : str or (K, K)         a name from the list, or a kernel of your own with K from 2 to 5,
                                   which is added to the list as "own"
    **values                       where the controls start: right, down (the shift in pixels),
                                   stride

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError                     if there is no such kernel, or it is not square, or K is not
                                   from 2 to 5

    Notes
    -----
    The hand-made kernels are whole numbers and the pixels are multiples of 1/256, so that no
    number is rounded and a difference of 0 is exactly 0.

    Examples
    --------
    >>> print(equivariance(stride=2).text().splitlines()[3])
    Input shifted by 4 right, 2 down; at stride 2 that is 2 right, 1 down for the output
    """
    own, chosen = read_kernel("equivariance", kernel, 2)
    kernels = own | {name: hand_made_kernels(3)[name] for name in KERNELS}
    photo = photograph("china", shrink=12, dtype=np.float64)[:HEIGHT, 2 : 2 + WIDTH]
    x = (256 * photo).round() / 256

    def compute(kernel: Array, right: int, down: int, stride: int) -> View:
        return look(x, kernel, (down, right), stride)

    explorer = Explorer(
        "equivariance",
        compute,
        draw,
        describe,
        kernel=kernels,
        right=(-FARTHEST, FARTHEST),
        down=(-FARTHEST, FARTHEST),
        stride=(1, 3),
    )
    return explorer.show(**{"right": 4, "down": 2} | chosen | values)


@dataclass(frozen=True)
class View:
    """Both ways to shift and convolve a photograph."""

    x: Array  # (H, W)
    weight: Array  # (K, K)
    stride: int
    by: tuple[int, int]  # pixels down, right
    moved: tuple[int, int]  # the nearest whole steps of the output
    shifted: Array  # (H, W)
    convolved: Array  # (H', W')
    then_shifted: Array  # (H', W'), convolved first
    then_convolved: Array  # (H', W'), shifted first
    inside: Array  # (H', W'), where both ways see nothing but photograph

    @property
    def difference(self) -> Array:
        return self.then_convolved - self.then_shifted

    def largest(self, where: Array) -> float:
        return float(np.abs(self.difference[where]).max(initial=0))


def look(x: Array, weight: Array, by: tuple[int, int], stride: int) -> View:
    """Go both ways, and once more with ones, to see which windows lie on the photograph."""
    moved = (round(by[0] / stride), round(by[1] / stride))

    def convolve(image: Array, kernel: Array = weight) -> Array:
        return conv2d(image[None, None], kernel[None, None], stride=stride, padding=1)[0][0, 0]

    ones, everywhere = np.ones_like(weight), np.ones_like(x)
    whole = [
        convolve(shift(everywhere, by), ones) == weight.size,
        shift(convolve(everywhere, ones), moved) == weight.size,
    ]
    shifted, convolved = shift(x, by), convolve(x)
    return View(
        x, weight, stride, by, moved, shifted, convolved,
        then_shifted=shift(convolved, moved), then_convolved=convolve(shifted),
        inside=whole[0] & whole[1],
    )  # fmt: skip


def shift(image: Array, by: tuple[int, int]) -> Array:
    """Move an image down and right; zeros come in where it leaves."""
    rows, columns = image.shape
    top, left = (FARTHEST - step for step in by)
    return np.pad(image, FARTHEST)[top : top + rows, left : left + columns]


def describe(view: View) -> str:
    down, right = (step / view.stride for step in view.by)
    nearest = (
        "" if (down, right) == view.moved else f"; the nearest whole shift is {words(view.moved)}"
    )
    return f"""\
The largest difference between convolving before and after the shift is \
{size(view.largest(view.inside))} inside and {size(view.largest(~view.inside))} at the border.
Input shifted by {words(view.by)}; at stride {view.stride} that is {words((down, right))} for the \
output{nearest}
Inside: {view.inside.sum()} of {view.inside.size} outputs
Largest output: {size(float(np.abs(view.convolved).max()))}"""


def words(by: tuple[float, float]) -> str:
    """A shift in words.

    Examples
    --------
    >>> words((-1, 1.5))
    '1.5 right, 1 up'
    """
    down, right = (f"{abs(step):.3g}" for step in by)
    return f"{right} {'left' if by[1] < 0 else 'right'}, {down} {'up' if by[0] < 0 else 'down'}"


def size(value: float) -> str:
    """How large a difference is; 0 stands for exactly 0."""
    if value == 0:
        return "0"
    return number(value) if value >= 0.005 else "< 0.01"


def draw(figure: Figure) -> Callable[[View], None]:
    """Above, convolved then shifted; below, shifted then convolved; at the right, both ends."""
    page = Page(figure, 691, 398)
    lefts, tops, width, height = (8, 246, 484), (26, 206), 198, 132
    field = {"xlim": (0, WIDTH), "ylim": (HEIGHT, 0)}
    axes = [[page.panel(x, y, width, height, MUTED, **field) for x in lefts] for y in tops]
    cells = [[Cells(a, animated=True) for a in row] for row in axes]
    titles = (
        ("photograph", "convolved", "then shifted"),
        ("shifted", "then convolved", "difference of the two"),
    )
    for y, row in zip(tops, titles, strict=True):
        for x, title in zip(lefts, row, strict=True):
            page.label(x, y - 12, title, weight="bold")
    for x, y, sign in ((226, 92, "→"), (464, 92, "→"), (226, 272, "→")):
        page.label(x, y, sign, size=15, ha="center")
    by, moved, differs = (page.label(x, y) for x, y in ((8, 170), (484, 170), (484, 350)))
    outline_inside = outline(axes[1][2], HIGHLIGHT)

    page.axes.plot([8, 26, 26, 8, 8], [376, 376, 388, 388, 376], color=HIGHLIGHT, lw=2)
    page.label(34, 382, "inside")
    Cells(page.axes).fill(chequered(2, 4), (92, 108, 386, 378))
    page.label(114, 382, "zeros that came in")
    colour_bar = page.colour_bar(524, 377, 110)

    def update(view: View) -> None:
        scale = output_scale(view.weight, view.convolved)
        signed = scale if scale.low < 0 else signed_scale(1.0)
        pictures = (
            (
                BRIGHTNESS(view.x),
                scale(view.convolved),
                moved_in(scale, view.then_shifted, view.moved),
            ),
            (
                moved_in(BRIGHTNESS, view.shifted, view.by),
                scale(view.then_convolved),
                signed(view.difference),
            ),
        )
        for row, colours in zip(cells, pictures, strict=True):
            for cell, colour in zip(row, colours, strict=True):
                cell.fill(colour, (0, WIDTH, HEIGHT, 0))
        by.set_text(f"↓ by {words(view.by)}")
        exact = all(m * view.stride == b for m, b in zip(view.moved, view.by, strict=True))
        moved.set_text(f"by {words(view.moved)}" + ("" if exact else " (nearest)"))
        inside, border = view.largest(view.inside), view.largest(~view.inside)
        differs.set_text(f"inside {size(inside)}, border {size(border)}")
        rows, columns = (np.flatnonzero(view.inside.any(axis=axis)) for axis in (1, 0))
        high, wide = HEIGHT / view.inside.shape[0], WIDTH / view.inside.shape[1]
        outline_inside(
            columns[0] * wide + RIM, rows[0] * high + RIM,
            len(columns) * wide - 2 * RIM, len(rows) * high - 2 * RIM,
        )  # fmt: skip
        colour_bar(signed, view.difference)

    return update


def moved_in(scale: Scale, image: Array, by: tuple[int, int]) -> Array:
    """The colours of a shifted image, chequered where nothing came in."""
    there = shift(np.ones_like(image), by)
    return np.where(there[..., None] > 0, scale(image), chequered(*image.shape))
