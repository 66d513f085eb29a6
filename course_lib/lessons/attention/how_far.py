"""The signal from each position to the last, for four ways of joining positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, INK, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Fixed
from course_lib.engine.explorer import Explorer
from course_lib.lessons.attention.nets import (
    LENGTH,
    MIXERS,
    WIDTH,
    mixer,
    reporter,
    sequences,
    signal,
)
from course_lib.record import Array

LOWEST, HIGHEST = 1e-8, 10.0
LOOKS = {
    "convolution": (WEIGHT, "s"),
    "RNN": (MUTED, "v"),
    "GRU": (DATA, "o"),
    "attention": (OUTPUT, "D"),
}
reporters = cache(reporter)  # an explorer trains a net once


@cache
def signal_of_untrained(kind: str, length: int, depth: int) -> Array:
    """The signal at the last position, by distance, through a layer as it is drawn."""
    count = 1 if kind == "convolution" else 4  # the slowest, and it varies least with its input
    x = np.random.default_rng(1).normal(size=(count, length, WIDTH))
    return signal(mixer(kind, np.random.default_rng(0), depth=depth), x)


@cache
def signal_of_trained(kind: str) -> Array:
    """The same through the mixer of a net trained to report the first token at the end."""
    embed, place, mix = reporters(kind, 0).layers[:3]  # type: ignore[attr-defined]
    tokens, _ = sequences(np.random.default_rng(99), 4)
    return signal(mix, place(embed(tokens)))


@dataclass(frozen=True)
class View:
    """Signals by distance, 0 first, for each kind."""

    signals: dict[str, Array]
    trained: bool


def how_far_does_it_see(**values: object) -> Explorer:
    """Measure how far the last output moves with each input, by its distance.

    Parameters
    ----------
    **values        where the controls start: trained, length, depth (of the convolutions)

    Returns
    -------
    Explorer

    Notes
    -----
    Four nets are trained when `trained` is first chosen.

    Examples
    --------
    >>> print(how_far_does_it_see().text().splitlines()[2][:45])
    From 31 positions back arrives: convolution 0
    """

    def compute(trained: bool = False, length: int = 32, depth: int = 4) -> View:
        signals = {
            kind: signal_of_trained(kind) if trained else signal_of_untrained(kind, length, depth)
            for kind in MIXERS
        }
        return View(signals, trained)

    explorer = Explorer(
        "how far does it see?",
        compute,
        draw,
        describe,
        call="explore.how_far_does_it_see()",
        trained=False,
        length=Fixed((4, 32, 4), when=lambda trained: _held(trained, LENGTH)),
        depth=Fixed((1, 8), when=lambda trained, length: _held(trained, 4)),
    )
    return explorer.show(**values)


def _held(trained: bool, value: int) -> tuple[int, str] | None:
    return (value, "as it was trained") if trained else None


def describe(view: View) -> str:
    arriving = ", ".join(f"{kind} {_short(s[-1])}" for kind, s in view.signals.items())
    flat = view.signals["attention"][1:]
    state = "trained to report the first token" if view.trained else "before training"
    return f"""From {len(flat)} positions back arrives: {arriving}.
All four {state}; attention's signal from others has the mean {_short(flat.mean())}."""


def _short(value: float) -> str:
    """Two digits, or 0 where next to nothing arrives."""
    return f"{value:.2g}" if value > LOWEST else "0" if value == 0 else f"below {LOWEST:g}"


def draw(figure: Figure) -> Callable[[View], None]:
    """One curve for each kind on a log scale; what is 0 lies on the floor."""
    plot = Plot(
        "signal at the last position",
        xlim=(-0.5, 31.5),
        xticks=range(0, 32, 4),
        ylim=(LOWEST / 2, HIGHEST),
        yscale="log",
        xlabel="distance",
        yticks=[1e-8, 1e-6, 1e-4, 1e-2, 1],
        height=270,
    )
    key = Legend(
        *(({"marker": m, "mfc": c, "mec": c}, kind) for kind, (c, m) in LOOKS.items()),
        (INK, "1: handed on as it is"),
    )
    Page(figure, [plot], [key])
    plot.line(INK, lw=0.8).set_data([-0.5, 31.5], [1, 1])
    curves = {
        kind: plot.line(colour, marker=mark, ms=4.5) for kind, (colour, mark) in LOOKS.items()
    }

    def update(view: View) -> None:
        for kind, values in view.signals.items():
            curves[kind].set_data(np.arange(len(values)), np.clip(values, LOWEST, HIGHEST))
        length = len(values)
        if plot.axes.get_xlim()[1] != length - 0.5:  # a new axis is drawn only where it changes
            plot.view(-0.5, length - 0.5, LOWEST / 2, HIGHEST)
            plot.axes.set_xticks(range(0, length, max(1, length // 8)))
        plot.title.set_text(
            f"signal at the last of {length} positions, {'' if view.trained else 'un'}trained"
        )

    return update
