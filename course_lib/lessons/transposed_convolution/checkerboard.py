"""A photograph made larger by stamping, and by repeating pixels and then convolving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Bar, Grid, Page, number
from course_lib.draw.palette import OUTPUT, Scale
from course_lib.draw.window import BRIGHTNESS
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.transposed_convolution.upsample import (
    HEIGHT,
    SNAPSHOTS,
    WIDTH,
    photographs,
    repeat,
    smoothing,
    stamping,
    stamps_on,
    train,
    unevenness,
)
from course_lib.record import Array

STARTS = ("equal", "random")  # weights
BORDER = 8  # pixels where stamps are missing
SHOWN = 16  # rows and columns of the count map


@dataclass(frozen=True)
class View:
    """What both layers make of a small photograph and of a white wall."""

    kernel: int
    stride: int
    steps: int
    counts: Array  # (SHOWN, SHOWN)
    stamped: Array  # (HEIGHT, WIDTH)
    smoothed: Array
    uneven: tuple[float, float]  # of both on a wall of ones
    errors: tuple[float, float]  # how far both are from the photograph, root mean square

    @property
    def even(self) -> bool:
        return self.kernel % self.stride == 0


def checkerboard(**values: Any) -> Explorer:
    """Enlarge a photograph by a transposed convolution and by repeat-then-convolve.

    Parameters
    ----------
    **values        where the controls start: kernel, stride, steps (of training), weights ("equal"
                    or "random" before it)

    Returns
    -------
    Explorer

    Notes
    -----
    Both layers are trained when first asked for, to give back the photograph from a copy in larger
    pixels.                       [Odena et al., 2016, Deconvolution and checkerboard artifacts]

    Examples
    --------
    >>> print(checkerboard(kernel=4, steps=0).text().splitlines()[2])
    Kernel 4 and stride 2: every pixel gets the same number of stamps.
    """

    def compute(kernel: int = 3, stride: int = 2, steps: int = 0, weights: str = "equal") -> View:
        x, photo = photographs(stride)
        ours, other = (kept[steps] for kept in trained(kernel, stride, weights))
        wall = np.ones_like(x)
        both = ours(x), other(repeat(x, stride))
        flat = ours(wall), other(repeat(wall, stride))
        inside = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))
        return View(
            kernel, stride, steps,
            stamps_on(kernel, stride, SHOWN)[kernel:, kernel:][:SHOWN, :SHOWN],
            both[0][0, 0], both[1][0, 0],
            (unevenness(flat[0], BORDER), unevenness(flat[1], BORDER)),
            tuple(float(((y - photo)[inside] ** 2).mean() ** 0.5) for y in both),
        )  # fmt: skip

    explorer = Explorer(
        "checkerboard",
        compute,
        draw,
        describe,
        call="explore.checkerboard()",
        kernel=(2, 5),
        stride=(2, 4),
        steps=list(SNAPSHOTS),
        weights=list(STARTS),
    )
    return explorer.show(**values)


@cache
def trained(kernel: int, stride: int, weights: str) -> tuple[dict[int, lib.Layer], ...]:
    """Both layers as they were after each number of steps."""
    x, photo = photographs(stride)
    first = second = None
    if weights == STARTS[1]:
        rng = np.random.default_rng(0)
        first = rng.uniform(size=(1, 1, kernel, kernel))
        second = first / first.sum()  # keeps the brightness
        first = second * stride**2
    return (
        train(stamping(kernel, stride, first), x, photo),
        train(smoothing(kernel, second), repeat(x, stride), photo),
    )


def describe(view: View) -> str:
    counts = view.counts
    found = (
        "every pixel gets the same number of stamps"
        if view.even
        else f"a pixel gets from {counts.min():.0f} to {so_many(counts.max(), 'stamp')}"
    )
    return f"""\
Kernel {view.kernel} and stride {view.stride}: {found}.
After {so_many(view.steps, "step")} of training a white wall of 1 differs by up to \
{number(view.uneven[0])} where it is stamped, and by {number(view.uneven[1])} where pixels \
are repeated, then convolved.
On the photograph the error is {number(view.errors[0])} and {number(view.errors[1])}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The count map, and what both ways make of the photograph."""
    counts = Grid("stamps on each pixel", SHOWN, SHOWN, height=150, caption="", least=150)
    names = ("stamped", "repeated, then convolved")
    stamped, smoothed = (
        Grid(name, HEIGHT, WIDTH, height=150, caption="", frame=OUTPUT, least=225) for name in names
    )
    bar = Bar()
    Page(figure, [counts, stamped, smoothed], [bar])

    def update(view: View) -> None:
        scale = Scale(0, view.counts.max())
        counts.show(view.counts, scale)
        bar.show(scale, view.counts)
        counts.caption.set_text("even" if view.even else "not even")
        images = (stamped, view.stamped), (smoothed, view.smoothed)
        for (panel, image), uneven in zip(images, view.uneven, strict=True):
            panel.fill(BRIGHTNESS(image))
            panel.caption.set_text(f"a white wall differs by {number(uneven)}")

    return update
