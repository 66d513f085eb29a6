"""Thirteen words in two numbers each, while a net learns which months stand near which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.label import text_width
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, INK, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Panel, Plot
from course_lib.draw.picture import CSS_DPI
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.embedding.nets import (
    STEPS,
    WORDS,
    followed,
    month_net,
    month_pairs,
    month_step,
    rows_of,
    trained_months,
    with_rows,
)
from course_lib.record import Array

REACH = 3.0  # of the plane
LOSSES = 1.5, 3.0
SEED = 1


@dataclass(frozen=True)
class View:
    """Where the words began, where they are now, and how the loss fell."""

    places: Array  # (13, 2), before the first step
    rows: Array  # (13, 2)
    losses: Array  # (steps + 1,)

    @property
    def moved(self) -> Array:  # (13,)
        return np.linalg.norm(self.rows - self.places, axis=1)


class Run:
    """One training, which goes on from where it was when more steps are asked for."""

    def __init__(self, net: lib.Sequential, itself: bool) -> None:
        self._net, self._pairs = net, month_pairs(itself)
        self._rows: list[Array] = []
        self._losses: list[float] = []

    def after(self, steps: int) -> tuple[Array, Array]:
        while len(self._rows) <= steps:
            self._rows.append(rows_of(self._net))
            self._net, loss = month_step(self._net, self._pairs)
            self._losses.append(loss)
        return self._rows[steps], np.array(self._losses[: steps + 1])


@lru_cache(maxsize=32)
def run_from(places: bytes, trained: bool, itself: bool) -> Run:
    net = trained_months(SEED) if trained else month_net(SEED)
    return Run(with_rows(net, np.frombuffer(places).reshape(-1, 2)), itself)


def twelve_months_in_two_numbers(trained: bool = False, **values: Any) -> Explorer:
    """Watch rows become a ring; drag a word anywhere and train on.

    Parameters
    ----------
    trained : bool      begin with a trained net instead of random numbers
    **values            where the controls start: places (13 × 2), steps, itself

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(twelve_months_in_two_numbers(steps=60).text().splitlines()[2])
    After 60 steps 12 of 12 months are followed by the next one, going round; the loss is 1.81.
    """
    start = rows_of(trained_months(SEED) if trained else month_net(SEED)).round(1) + 0.0

    def compute(places: Array = start, steps: int = 0, itself: bool = True) -> View:
        rows, losses = run_from(places.astype(float).tobytes(), trained, itself).after(steps)
        return View(places, rows, losses)

    call = f"explore.twelve_months_in_two_numbers({'trained=True' if trained else ''})"
    explorer = Explorer(
        "twelve months in two numbers",
        compute,
        draw,
        describe,
        call=call,
        places=Point("plane", start),
        steps=Play(0, STEPS),
        itself=True,
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    return f"""\
After {so_many(len(view.losses) - 1, "step")} {followed(view.rows)} of 12 months are followed by \
the next one, going round; the loss is {view.losses[-1]:.2f}.
The months have moved by {number(view.moved[:12].mean())} on average, the 13th, which never \
occurs, by {number(view.moved[12])}.
January is at {said(view.rows[0])}, the 13th at {said(view.rows[12])}."""


def said(place: Array) -> str:
    return ", ".join(number(value, 1) for value in place)


def draw(figure: Figure) -> Callable[[View], None]:
    """The plane of the two numbers, and the loss."""
    limits = (-REACH, REACH)
    plane = Panel("plane", xlim=limits, ylim=limits, equal=True, height=310, frame=MUTED)
    loss = Plot(
        "loss", xlim=(0, STEPS), ylim=LOSSES, xlabel="step", height=220, yticks=[1.5, 2, 2.5, 3]
    )
    key = Legend(
        (WEIGHT, "a month's row"), (MUTED, "the 13th, never seen"), (DATA, "to the next month"),
        (INK, "where it began: drag that"),
    )  # fmt: skip
    Page(figure, [plane, loss], [key])
    year = plane.line(DATA, lw=1.2, zorder=1)
    trails = plane.segments(INK, linewidths=0.8)
    began = plane.points(INK, ms=6, zorder=5)
    style = {"ms": 20, "clip_on": True}
    dots = plane.points(MUTED, **style), plane.points(WEIGHT, **style)
    names = [plane.label(0, 0, ha="center", size=8, zorder=6) for _ in WORDS]
    curve, now = loss.line(OUTPUT), loss.points(OUTPUT)

    def update(view: View) -> None:
        months = view.rows[[*range(12), 0]]
        year.set_data(*months.T)
        trails.set_segments(list(np.stack([view.places, view.rows], axis=1)))
        began.set_data(*view.places[view.moved > 0.05].T)
        dots[0].set_data(*view.rows[12:].T)
        dots[1].set_data(*view.rows[:12].T)
        name(plane, names, view.rows)
        steps, seen = np.arange(len(view.losses)), np.clip(view.losses, *LOSSES)
        curve.set_data(steps, seen)
        now.set_data(steps[-1:], seen[-1:])
        plane.title.set_text(f"{followed(view.rows)} of 12 followed by the next month")
        loss.title.set_text(f"loss {view.losses[-1]:.2f}")

    return update


def name(plane: Panel, labels: Any, rows: Array) -> None:
    """Write each word on its dot, where no other word stands and all of it is inside."""
    axes = plane.axes
    unit = axes.bbox.width / axes.figure.dpi * CSS_DPI / (2 * REACH)  # CSS pixels
    taken: list[tuple[float, float, float]] = []
    for word, label, (x, y) in reversed(list(zip(WORDS, labels, rows, strict=True))):
        half = text_width(word, 8) / 2 / unit
        free = all(
            abs(x - a) > half + wide + 3 / unit or abs(y - b) > 16 / unit for a, b, wide in taken
        )
        inside = abs(x) + half < REACH and abs(y) + 8 / unit < REACH
        label.set_text(word if free and inside else "")
        label.move(x, y)
        if free and inside:
            taken.append((x, y, half))
