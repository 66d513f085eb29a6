"""Shift then convolve, convolve then shift: the two ways meet, up to borders and stride."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.convolution import conv2d
from course_lib.data import photograph
from course_lib.draw import Bar, Grid, Legend, Page, number
from course_lib.draw.palette import HIGHLIGHT, MUTED, Scale, chequered, signed_scale
from course_lib.draw.window import BRIGHTNESS, output_scale
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.convolution.kernels import hand_made_kernels, read_kernel
from course_lib.record import Array

HEIGHT, WIDTH = 24, 36
FARTHEST = 6  # pixels that the photograph moves
KERNELS = ("outline", "Sobel x", "Sobel y", "identity")


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

    def compute(kernel: Array, right: int = 4, down: int = 2, stride: int = 1) -> View:
        return look(x, kernel, (down, right), stride)

    def shift_to(across: float, below: float, **now: Any) -> tuple[int, int]:
        """The shift that brings the photograph's middle there, as far as it moves."""
        ends = -FARTHEST, FARTHEST
        return round(np.clip(across - WIDTH / 2, *ends)), round(np.clip(below - HEIGHT / 2, *ends))

    middle: dict[str, Any] = {"sets": ("right", "down"), "to_value": shift_to}
    explorer = Explorer(
        "equivariance",
        compute,
        draw,
        describe,
        f"explore.equivariance({', '.join(f'kernel={w.tolist()}' for w in own.values())})",
        kernel=kernels,
        right=Play(-FARTHEST, FARTHEST),
        down=Play(-FARTHEST, FARTHEST),
        stride=(1, 3),
        **{f"drag_{panel}": Point(panel, **middle) for panel in ("photograph", "shifted")},
    )
    return explorer.show(**chosen | values)


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
    names = (
        ("photograph", "convolved", "then shifted"),
        ("shifted", "then convolved", "difference of the two"),
    )
    above, below = (
        [Grid(name, HEIGHT, WIDTH, height=124, least=190, caption="", frame=MUTED) for name in row]
        for row in names
    )
    bar = Bar()
    key = Legend((HIGHLIGHT, "around the inside"), (chequered(2, 4), "zeros that came in"))
    rows = [[a, "→", b, sign, c] for (a, b, c), sign in ((above, "→"), (below, ""))]
    Page(figure, *rows, [key, bar])
    outline_inside = below[2].outline(HIGHLIGHT)
    whole = (0, WIDTH, HEIGHT, 0)

    def update(view: View) -> None:
        scale = output_scale(view.weight, view.convolved)
        signed = scale if scale.signed else signed_scale(1.0)
        came_in = moved_in(scale, view.then_shifted, view.moved)
        above[0].fill(BRIGHTNESS(view.x))
        above[1].show(view.convolved, scale, extent=whole)
        above[2].fill(came_in, extent=whole)
        below[0].fill(moved_in(BRIGHTNESS, view.shifted, view.by))
        below[1].show(view.then_convolved, scale, extent=whole)
        below[2].show(view.difference, signed, extent=whole)
        bar.show(signed, view.difference)
        below[0].caption.set_text(f"by {words(view.by)}")
        exact = all(m * view.stride == b for m, b in zip(view.moved, view.by, strict=True))
        above[2].caption.set_text(f"by {words(view.moved)}" + ("" if exact else " (nearest)"))
        inside, border = view.largest(view.inside), view.largest(~view.inside)
        below[2].caption.set_text(f"inside {size(inside)}, border {size(border)}")
        rows, columns = (np.flatnonzero(view.inside.any(axis=axis)) for axis in (1, 0))
        high, wide = HEIGHT / view.inside.shape[0], WIDTH / view.inside.shape[1]
        outline_inside(columns[0] * wide, rows[0] * high, len(columns) * wide, len(rows) * high)

    return update


def moved_in(scale: Scale, image: Array, by: tuple[int, int]) -> Array:
    """The colours of a shifted image, chequered where nothing came in."""
    there = shift(np.ones_like(image), by)
    return np.where(there[..., None] > 0, scale(image), chequered(*image.shape))
