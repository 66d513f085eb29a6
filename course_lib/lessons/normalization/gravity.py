"""Scale and shift what layer 1 hands on: without normalisation layer 2 feels it, with it not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.normalization.nets import WIDTH, digits, he
from course_lib.record import Array

EDGES = np.linspace(-8, 12, 41)
NORMS = {
    "BatchNorm": lib.BatchNorm1d.init(WIDTH, dtype=np.float64),
    "LayerNorm": lib.LayerNorm.init(WIDTH, dtype=np.float64),
    "RMSNorm": lib.RMSNorm.init(WIDTH, dtype=np.float64),
}


@dataclass(frozen=True)
class View:
    """Layer 2's input for 256 digits, without and with normalisation, as shares of each bin."""

    norm: str
    scale: float
    shift: float
    plain: Array
    normalised: Array
    changed: tuple[float, float]  # of layer 2's output, at most: without, with


@cache
def layers() -> tuple[Array, lib.Linear]:
    """What layer 1 hands on, and layer 2."""
    x = digits(0).x_train[:256].reshape(256, -1)
    rng = np.random.default_rng(0)
    return he(WIDTH, WIDTH, rng)(x), he(WIDTH, WIDTH, rng)


def gravity(**values: object) -> Explorer:
    """Drag layer 1's scale and shift and watch what layer 2 is handed, with and without a norm.

    Parameters
    ----------
    **values        where the controls start: layer_1 (shift, scale), norm

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(gravity(norm="LayerNorm").text().splitlines()[2])
    Layer 1 times 2.00 plus 3.00: layer 2's output changes by up to 13.9, behind LayerNorm by 0.00.
    """
    start = np.array([3.0, 2.0])

    def compute(layer_1: Array = start, norm: str = "BatchNorm") -> View:
        shift, scale = map(float, layer_1)
        before, second = layers()
        after, layer = scale * before + shift, NORMS[norm]
        pairs = ((before, after), (layer(before), layer(after)))
        changed = [float(np.abs(second(b) - second(a)).max()) for a, b in pairs]
        shares = [np.histogram(b, EDGES)[0] / b.size for _, b in pairs]
        return View(norm, scale, shift, shares[0], shares[1], (changed[0], changed[1]))

    explorer = Explorer(
        "gravity",
        compute,
        draw,
        describe,
        call="explore.gravity()",
        layer_1=Point("layer 1", start, step=0.25),
        norm=list(NORMS),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    plain, normalised = map(number, view.changed)
    return f"""\
Layer 1 times {number(view.scale)} plus {number(view.shift)}: layer 2's output changes by up to \
{plain}, behind {view.norm} by {normalised}.
{_why(view)}"""


def _why(view: View) -> str:
    if view.scale < 0:
        return "A scale below zero turns every number's sign: no normalisation takes that back."
    if view.scale == 0:
        return "A scale of zero leaves nothing to tell the digits apart."
    if view.norm == "RMSNorm" and view.shift:
        return "RMSNorm takes the scale away and leaves the shift."
    return f"{view.norm} takes away any scale above zero, and the shift."


def draw(figure: Figure) -> Callable[[View], None]:
    """The plane on which layer 1 is dragged; below it both histograms."""
    plane = Plot(
        "layer 1",
        xlim=(-4, 8),
        ylim=(-1, 4),
        xlabel="shift",
        height=100,
        xticks=range(-4, 9, 2),
        yticks=range(-1, 5),
    )
    histograms = [
        Plot(
            name,
            xlim=(EDGES[0], EDGES[-1]),
            ylim=(0, 0.3),
            xlabel="layer 2's input",
            height=110,
            xticks=range(-8, 13, 4),
            yticks=[0, 0.1, 0.2, 0.3],
        )
        for name in ("without normalisation", "with")
    ]
    key = Legend((WEIGHT, "scale and shift"), (DATA, "now"), (OUTPUT, "now, normalised"),
                 (MUTED, "at scale 1, shift 0"))  # fmt: skip
    Page(figure, [plane], histograms, [key])
    plane.segments(MUTED).set_segments([[(-4, 0), (8, 0)]])
    plane.points(MUTED, ms=6).set_data([0], [1])
    handle = plane.points(WEIGHT)
    old = [panel.line(MUTED, drawstyle="steps-mid", lw=1.5) for panel in histograms]
    bars = [panel.bars(colour) for panel, colour in zip(histograms, (DATA, OUTPUT), strict=True)]
    middles, wide = (EDGES[1:] + EDGES[:-1]) / 2, EDGES[1] - EDGES[0]

    def update(view: View) -> None:
        handle.set_data([view.shift], [view.scale])
        before, _ = layers()
        for line, values in zip(old, (before, NORMS[view.norm](before)), strict=True):
            line.set_data(middles, np.histogram(values, EDGES)[0] / values.size)
        for show, shares in zip(bars, (view.plain, view.normalised), strict=True):
            show(middles, np.minimum(shares, 0.3), wide * 0.9)
        plane.title.set_text(
            f"drag layer 1: × {number(view.scale)} up, + {number(view.shift)} across"
        )
        plain, normalised = map(number, view.changed)
        histograms[0].title.set_text(f"without: layer 2 changes by {plain}")
        histograms[1].title.set_text(f"{view.norm}: layer 2 changes by {normalised}")

    return update
