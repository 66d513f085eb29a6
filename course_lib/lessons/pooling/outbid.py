"""Raise one pixel of a window until it takes over the maximum, and with it the whole gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Grid, Legend, Page, Plot, Words, number, numbers
from course_lib.draw.palette import (
    DATA,
    GRADIENT,
    HIGHLIGHT,
    INK,
    MUTED,
    OUTPUT,
    PAPER,
    Scale,
    rgba,
)
from course_lib.engine.control import Pad, Point
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

START = np.array([[0.1, 0.9], [0.2, 0.3]])
NAMES = ("upper left", "upper right", "lower left", "lower right")
QUARTERS = (0, 0.25, 0.5, 0.75, 1)
BIDS = np.linspace(0, 1, 101)
POOLS = (lib.MaxPool2d(2), lib.AvgPool2d(2))
SHADES = Scale(0.0, 1.0, "gray")
LONGEST = "The upper right pixel bids 0.20, a tie: another stands first and gets all of dy."


@dataclass(frozen=True)
class View:
    """One window with one of its pixels as the bidder."""

    window: Array  # (2, 2)
    pixel: int
    outputs: tuple[float, float]  # of max and average pooling
    gradients: tuple[Array, Array]  # (2, 2), of these outputs
    curves: tuple[Array, Array]  # (101,), the outputs for every bid

    @property
    def bid(self) -> float:
        return float(self.window.flat[self.pixel])

    @property
    def highest_other(self) -> float:
        return float(np.delete(self.window, self.pixel).max())


def outbid_the_maximum(**values: Any) -> Explorer:
    """Raise one pixel of a window of four and see what max and average pooling make of it.

    Parameters
    ----------
    **values        where the controls start: window (2 × 2, from 0 to 1), pixel

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(outbid_the_maximum().text().splitlines()[2])
    The upper left pixel bids 0.10, the highest other 0.90: outbid by 0.80.
    """

    def compute(pixel: int, window: Array = START) -> View:
        bids = np.repeat(window[None, None], len(BIDS), axis=0)
        bids.reshape(len(BIDS), 4)[:, pixel] = BIDS
        outputs, gradients = [], []
        for pool in POOLS:
            y, backward = pool.forward(window[None, None])
            outputs.append(y.item())
            gradients.append(backward(np.ones_like(y))[0][0, 0])
        maximum, average = (pool(bids).ravel() for pool in POOLS)
        return View(window, pixel, tuple(outputs), tuple(gradients), (maximum, average))

    def bid_at(across: float, down: float, pixel: int, window: Array) -> Array:
        raised = window.copy()
        raised.flat[pixel] = np.clip(across, 0, 1)
        return raised

    explorer = Explorer(
        "outbid the maximum",
        compute,
        draw,
        describe,
        call="explore.outbid_the_maximum()",
        pixel={name: i for i, name in enumerate(NAMES)},
        window=Pad("window", START, 0, 1, step=0.05),
        bid=Point("output", sets=("window",), to_value=bid_at),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    """The bid and what it gets, then outputs and gradients as numbers."""
    lines = [verdict(view), f"Window {in_words(view.window)}"]
    for name, y, dx in zip(("Max", "Average"), view.outputs, view.gradients, strict=True):
        lines.append(f"{name} pooling: output {number(y)}, gradient {in_words(dx)}")
    return "\n".join(lines)


def verdict(view: View) -> str:
    bids = f"The {NAMES[view.pixel]} pixel bids {number(view.bid)}"
    ahead = view.bid - view.highest_other
    if abs(ahead) < 1e-9:
        first = "it" if view.gradients[0].flat[view.pixel] else "another"
        return f"{bids}, a tie: {first} stands first and gets all of dy."
    bids = f"{bids}, the highest other {number(view.highest_other)}"
    return f"{bids}: outbid by {number(-ahead)}." if ahead < 0 else f"{bids}: it gets all of dy."


def in_words(values: Array) -> str:
    return " / ".join(map(" ".join, numbers(values)))


def draw(figure: Figure) -> Callable[[View], None]:
    """The window and both gradients; beside them both outputs, for every bid of the pixel."""
    style: dict[str, Any] = {"height": 96, "size": 11, "lined": True, "caption": ""}
    window = Grid("window", 2, 2, frame=DATA, **style)
    gradients = [
        Grid(f"{name} gradient", 2, 2, title=f"dx, {name}", frame=GRADIENT, **style)
        for name in ("max", "average")
    ]
    plot = Plot(
        "output", xlim=(0, 1), ylim=(0, 1.04), xticks=QUARTERS, yticks=QUARTERS,
        xlabel="the pixel's bid: press or drag", height=150,
    )  # fmt: skip
    says = Words(LONGEST, weight="bold")
    key = Legend(
        (OUTPUT, "max pooling"), (INK, "average pooling"), (HIGHLIGHT, "the pixel that bids")
    )
    Page(figure, [says], [window, *gradients, plot], [key])
    bidder = window.outline(HIGHLIGHT)
    curves = [plot.line(colour, lw=3) for colour in (OUTPUT, INK)]
    dots = [plot.points(colour) for colour in (OUTPUT, INK)]
    limit = plot.line(MUTED, lw=1, ls=(0, (4, 3)))

    def update(view: View) -> None:
        says.set_text(verdict(view))
        window.show(view.window, SHADES, numbers=True)
        bidder(view.pixel % 2 + 0.04, view.pixel // 2 + 0.04, 0.92, 0.92)
        window.caption.set_text("type a number")
        parts = zip(gradients, view.gradients, view.outputs, curves, view.curves, dots, strict=True)
        for grid, dx, y, curve, values, dot in parts:
            grid.fill(reddened(dx), numbers=numbers(dx))
            grid.caption.set_text(f"output {number(y)}")
            curve.set_data(BIDS, values)
            dot.set_data([view.bid], [y])
        limit.set_data([view.highest_other] * 2, [0, 1])

    return update


def reddened(dx: Array) -> Array:
    """White where there is no gradient, red where there is all."""
    share = np.clip(np.abs(dx), 0, 1)[..., None] * 0.8
    return (rgba(PAPER) * (1 - share) + rgba(GRADIENT) * share).round().astype(np.uint8)
