"""Four trained nets on sequences that are longer, or later, than any they learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.layer import Backward, Layer
from course_lib.lessons.positional.nets import (
    BASE,
    CODES,
    LENGTH,
    LONGER,
    WIDTH,
    right_by_position,
    trained,
)
from course_lib.record import Array

COLOURS = {"none": MUTED, "sinusoidal": DATA, "learned": WEIGHT, "rotary": OUTPUT}
STYLES = {"none": ":", "sinusoidal": "-", "learned": "--", "rotary": "-."}


class Later(lib.RotaryMultiHeadAttention):
    """Rotary attention whose first token stands at position `start`."""

    start: int = 0

    def place(self, heads: Array) -> tuple[Array, Backward]:
        positions = np.arange(heads.shape[-2]) + self.start
        return lib.rotary(heads, base=self.base, positions=positions)


def from_position(code: str, start: int) -> Layer:
    """A trained net that is told that its first token stands at position `start`."""
    embed, where, attend, *rest = trained(code).layers
    if isinstance(where, lib.LearnedPositionalEncoding):
        where = lib.LearnedPositionalEncoding(where.weight[start:])
    elif isinstance(where, lib.SinusoidalPositionalEncoding):
        hands = lib.sinusoidal_encoding(LONGER, WIDTH, base=BASE, dtype=np.float64)
        where = lib.LearnedPositionalEncoding(hands[start:])
    if code == "rotary":
        norm, mixer = attend.body.layers  # type: ignore[attr-defined]
        attend = lib.Residual(lib.Sequential(norm, Later(**vars(mixer), start=start)))
    return lib.Sequential(embed, where, attend, *rest)


@cache
def tried(code: str, length: int, start: int) -> Array:
    """How often a net is right at each place of a hundred sequences."""
    return right_by_position(from_position(code, start), length, count=100)


@dataclass(frozen=True)
class View:
    """How often each net is right, by position."""

    start: int
    at: int  # the position whose numbers are said
    right: dict[str, Array]

    @property
    def length(self) -> int:
        """Of the sequences."""
        return len(self.right["none"])


def beyond_the_trained_length(**values: Any) -> Explorer:
    """Four nets that learned from 16 tokens, tried on longer sequences and at later positions.

    Parameters
    ----------
    **values        where the controls start: start, length, look_at (a position)

    Returns
    -------
    Explorer

    Notes
    -----
    The nets are trained when they are first asked for, which takes some seconds.

    Examples
    --------
    >>> beyond_the_trained_length(length=16).text().splitlines()[2]
    'Right at position 15: none 0.23, sinusoidal 1.00, learned 1.00, rotary 1.00.'
    """

    def compute(start: int = 0, length: int = LONGER, look_at: float = 40.0) -> View:
        at = int(np.clip(round(look_at), start, start + length - 1))
        return View(start, at, {code: tried(code, length, start) for code in CODES})

    explorer = Explorer(
        "beyond the trained length",
        compute,
        draw,
        describe,
        call="explore.beyond_the_trained_length()",
        start=(0, LONGER - LENGTH, LENGTH),
        length=(LENGTH, lambda start: LONGER - start, LENGTH),
        look_at=Point("right", 40.0, step=1, along="x"),
    )
    return explorer.show(**{"length": LONGER} | values)


def describe(view: View) -> str:
    last = view.start + view.length - 1
    here = {code: right[view.at - view.start] for code, right in view.right.items()}
    whole = {code: right.mean() for code, right in view.right.items()}
    return f"""\
Right at position {view.at}: {in_words(here)}.
On average over {view.length} tokens at positions {view.start} to {last}: {in_words(whole)}."""


def in_words(shares: dict[str, float]) -> str:
    return ", ".join(f"{code} {share:.2f}" for code, share in shares.items())


def draw(figure: Figure) -> Callable[[View], None]:
    """One curve per code, and where training ended."""
    plot = Plot(
        "right",
        xlim=(0, LONGER - 1),
        ylim=(0, 1.16),
        xlabel="position",
        xticks=range(0, LONGER, LENGTH),
        yticks=(0, 0.25, 0.5, 0.75, 1),
        height=230,
    )
    key = Legend(*((COLOURS[code], code) for code in CODES), (HIGHLIGHT, "look here"))
    Page(figure, [plot], [key])
    trained_to = plot.segments(MUTED, linewidths=1)
    trained_to.set_segments([[(LENGTH - 0.5, 0), (LENGTH - 0.5, 1.16)]])
    plot.label(LENGTH, 1.1, "never trained →", size=9)
    curves = {code: plot.line(COLOURS[code], ls=STYLES[code]) for code in CODES}
    dots = plot.points(HIGHLIGHT)

    def update(view: View) -> None:
        plot.title.set_text(f"how often the token before is said, {view.length} tokens")
        places = view.start + np.arange(view.length)
        for code, curve in curves.items():
            curve.set_data(places, view.right[code])
        heights = [right[view.at - view.start] for right in view.right.values()]
        dots.set_data([view.at] * len(heights), heights)

    return update
