"""Click hidden units of trained nets away, and see how much each net misses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import MUTED, OUTPUT, PAPER, WEIGHT, rgba
from course_lib.draw.panel import Grid, Panel
from course_lib.engine.control import Pad
from course_lib.engine.explorer import Explorer
from course_lib.lessons.dropout.nets import (
    UNITS,
    accuracies_without_one,
    accuracy_without,
    trained,
)
from course_lib.record import Array

ROWS, COLUMNS = 2, UNITS // 2
PANELS = ("trained without dropout", "trained with dropout")


@dataclass(frozen=True)
class View:
    """Two nets with some hidden units away."""

    p: float  # of the second
    there: tuple[Array, Array]  # (16,) each, False for a unit that is away
    whole: tuple[float, float]  # accuracies
    now: tuple[float, float]
    alone: tuple[Array, Array]  # (16,) each: what the whole net loses with this unit alone


def click_a_unit_away(**values: object) -> Explorer:
    """Take hidden units out of two trained nets, one of them trained with dropout.

    Parameters
    ----------
    **values        where the controls start: p (0.2 or 0.5), upper_units and lower_units
                    (2 × 8, 0 for a unit that is away)

    Returns
    -------
    Explorer

    Notes
    -----
    A unit that is away hands on 0.               [Srivastava et al., 2014, Dropout: a simple way]

    Examples
    --------
    >>> print(click_a_unit_away().text().splitlines()[2])
    The net trained without dropout reads 97% of the digits, that with it 96%.
    """
    everything = np.ones((ROWS, COLUMNS))

    def compute(
        p: float = 0.2, upper_units: Array = everything, lower_units: Array = everything
    ) -> View:
        nets = [trained(0.0, 0), trained(p, 0)]
        there = [pad.reshape(-1) >= 0.5 for pad in (upper_units, lower_units)]
        whole = [accuracy_without(net) for net in nets]
        now = [
            accuracy_without(net, np.flatnonzero(~units))
            for net, units in zip(nets, there, strict=True)
        ]
        alone = [w - accuracies_without_one(net) for w, net in zip(whole, nets, strict=True)]
        return View(p, tuple(there), tuple(whole), tuple(now), tuple(alone))  # type: ignore[arg-type]

    explorer = Explorer(
        "click a unit away",
        compute,
        draw,
        describe,
        call="explore.click_a_unit_away()",
        p={"0.2": 0.2, "0.5": 0.5},
        upper_units=Pad(PANELS[0], everything),
        lower_units=Pad(PANELS[1], everything),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    upper, lower = view.now
    lines = [
        f"The net trained without dropout reads {upper:.0%} of the digits, "
        f"that with it {lower:.0%}."
    ]
    for name, there, whole, now, alone in zip(
        ("Without dropout", f"With dropout, p = {view.p}"),
        view.there, view.whole, view.now, view.alone, strict=True,
    ):  # fmt: skip
        left = "all 16 units read" if there.all() else f"{there.sum()} of 16 units read"
        lines.append(
            f"{name}: {left} {now:.0%} of the digits (whole {whole:.0%}); no unit alone costs more "
            f"than {_points(alone.max())} points."
        )
    return "\n".join(lines)


def draw(figure: Figure) -> Callable[[View], None]:
    """The units of both nets with what each costs, and how well the nets read now."""
    nets = [
        Grid(name, ROWS, COLUMNS, square=False, lined=True, height=84, least=270) for name in PANELS
    ]
    reads = [Panel(f"reads {i}", xlim=(0, 1), height=24, least=130) for i in range(2)]
    key = Legend(
        (WEIGHT, "a unit: points lost without it"), (MUTED, "out"), (OUTPUT, "digits read now")
    )
    Page(figure, [nets[0], reads[0]], [nets[1], reads[1]], [key])
    bars = [panel.segments(OUTPUT, linewidths=14) for panel in reads]
    whole = [panel.segments(MUTED, linewidths=2) for panel in reads]

    def update(view: View) -> None:
        for i, net in enumerate(nets):
            net.fill(_colours(view.there[i], view.alone[i]), numbers=_words(view, i))
            net.title.set_text(PANELS[i] + (f", p = {view.p}" if i else ""))
            bars[i].set_segments([[(0, 0.5), (view.now[i], 0.5)]])
            whole[i].set_segments([[(view.whole[i], 0), (view.whole[i], 1)]])
            reads[i].title.set_text(f"reads {view.now[i]:.0%}, whole {view.whole[i]:.0%}")

    return update


def _points(loss: float) -> str:
    """A loss of accuracy in whole percentage points."""
    return f"{100 * loss:.0f}".replace("-0", "0")


def _words(view: View, i: int) -> list[list[str]]:
    words = [
        _points(loss) if there else "out"
        for loss, there in zip(view.alone[i], view.there[i], strict=True)
    ]
    return [words[:COLUMNS], words[COLUMNS:]]


def _colours(there: Array, alone: Array) -> Array:
    """The darker, the more a unit is missed: (2, 8, 4)."""
    share = np.clip(0.15 + 3 * alone, 0.15, 1)[:, None]
    lit = share * rgba(WEIGHT) + (1 - share) * rgba(PAPER)
    grey = 0.6 * rgba(MUTED) + 0.4 * rgba(PAPER)
    return np.rint(np.where(there[:, None], lit, grey)).astype(np.uint8).reshape(ROWS, COLUMNS, 4)
