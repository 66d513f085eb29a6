"""Drop numbers or whole maps of a photograph, and see what brings them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import HIGHLIGHT, Scale
from course_lib.draw.panel import Grid
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.dropout.maps import (
    NAMES,
    P,
    agreement,
    behind_dropout,
    brought_back,
    three_maps,
)
from course_lib.record import Array

DROPPED = {"single numbers": lib.Dropout, "whole maps": lib.Dropout2d}
SOURCES = {f"{kind} of {photo}": (kind, photo) for kind in NAMES for photo in lib.data.PHOTOGRAPHS}


@dataclass(frozen=True)
class View:
    """Three maps behind dropout, and one of them brought back in two ways."""

    names: tuple[str, ...]
    chosen: int
    maps: Array  # (3, H, W), before dropout
    behind: Array  # (3, H, W)
    gone: Array  # (3, H, W), True where dropped
    own: Array  # (H, W), the chosen map with what its own survivors bring back
    others: Array  # (H, W), the same with what the other maps bring back

    @property
    def agreements(self) -> list[float] | None:
        """Both r over the dropped numbers; None if none was dropped."""
        at, wanted = self.gone[self.chosen], self.maps[self.chosen]
        if not at.any():
            return None
        return [agreement(found[at], wanted[at]) for found in (self.own, self.others)]


def pixel_against_channel(**values: object) -> Explorer:
    """Drop single numbers or whole maps, and bring back what was dropped.

    Parameters
    ----------
    **values        where the controls start: maps, drop, throw, look_at

    Returns
    -------
    Explorer

    Notes
    -----
    [Tompson et al., 2014, arXiv:1411.4280] drop whole maps because neighbours are alike.

    Examples
    --------
    >>> print(pixel_against_channel(drop="whole maps").text().splitlines()[2])
    blur: all of it was kept; there is nothing to bring back.
    """

    first = next(iter(SOURCES))

    def compute(
        maps: Any = first,
        drop: str = "single numbers",
        throw: int = 0,
        look_at: int = 0,
    ) -> View:
        x = three_maps(*maps)
        y, kept = behind_dropout(DROPPED[drop], x, throw)
        own, others = brought_back(x, y, ~kept, look_at)
        return View(NAMES[maps[0]], look_at, x[0], y[0], ~kept[0], own, others)

    touches = {
        f"press_on_{i}": Point(f"map {i}", sets=("look_at",), to_value=lambda x, y, i=i, **_: i)
        for i in range(3)
    }
    explorer = Explorer(
        "pixel against channel",
        compute,
        draw,
        describe,
        call="explore.pixel_against_channel()",
        maps=SOURCES,
        drop=list(DROPPED),
        throw=Play(0, 20),
        look_at=(0, 2),
        **touches,
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    name, gone = view.names[view.chosen], view.gone[view.chosen]
    if view.agreements is None:
        first = f"{name}: all of it was kept; there is nothing to bring back."
    else:
        own, others = (f"{r:.2f}" for r in view.agreements)
        survivors = (
            "its own survivors" if not gone.all() else "its own survivors, of which it has none,"
        )
        first = f"{name}: {survivors} bring back r = {own}, the other two maps r = {others}."
    shares = ", ".join(f"{n} {g.mean():.0%}" for n, g in zip(view.names, view.gone, strict=True))
    return f"{first}\nDropped: {shares}."


def draw(figure: Figure) -> Callable[[View], None]:
    """Three maps behind dropout; below them the chosen one, whole and brought back."""
    style = {"height": 140, "least": 160}
    rows, columns = three_maps("colours").shape[2:]
    maps = [Grid(f"map {i}", rows, columns, **style) for i in range(3)]
    whole, own, others = (Grid(name, rows, columns, **style) for name in ("whole", "own", "others"))
    Page(figure, maps, [whole, own, others])
    here = [panel.outline(HIGHLIGHT) for panel in maps]

    def update(view: View) -> None:
        frame = (0, columns, rows, 0)
        tops = np.quantile(view.maps, 0.995, axis=(1, 2))
        for i, panel in enumerate(maps):  # what is kept was enlarged
            panel.show(view.behind[i], Scale(0, tops[i] / (1 - P), "gray"), extent=frame)
            panel.title.set_text(f"{view.names[i]}: {_dropped(view.gone[i])}")
            here[i](0, 0, *((columns, rows) if i == view.chosen else (np.nan, np.nan)))
        scale = Scale(0, tops[view.chosen], "gray")
        for panel, values in (
            (whole, view.maps[view.chosen]),
            (own, view.own),
            (others, view.others),
        ):
            panel.show(values, scale, extent=frame)
        found = view.agreements
        whole.title.set_text(f"{view.names[view.chosen]}, before")
        own.title.set_text("by its own map" + ("" if found is None else f": r {number(found[0])}"))
        others.title.set_text(
            "by the other maps" + ("" if found is None else f": r {number(found[1])}")
        )

    return update


def _dropped(gone: Array) -> str:
    return "kept" if not gone.any() else "dropped" if gone.all() else f"{gone.mean():.0%} dropped"
