"""The sinusoidal code as waves and as clock hands, and the one matrix that moves all of them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import SIGNS, Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, INK, MUTED, OUTPUT, signed_scale
from course_lib.draw.panel import Grid, Panel, Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

SHOWN, FITTED = 64, 512  # positions that are drawn, and those that the matrix is found from
FURTHEST, MOST = 20, 16  # shift, features
BASES = (10, 100, 10000)
ACROSS = 4  # clocks in a row


@lru_cache(maxsize=256)
def found_shift(shift: int, base: int, features: int) -> tuple[Array, float]:
    """The matrix that takes the code of every position to that `shift` later, and its worst miss.

    Nobody tells it about angles: it is the least-squares solution over all positions.
    """
    code = lib.sinusoidal_encoding(FITTED, features, base=base, dtype=np.float64)
    before, after = code[: FITTED - shift], code[shift:]
    matrix = np.linalg.lstsq(before, after, rcond=None)[0].T
    return matrix, float(abs(before @ matrix.T - after).max())


@lru_cache(maxsize=16)
def smallest_distance(features: int, base: float) -> float:
    """Between the codes of any two of 512 positions."""
    code = lib.sinusoidal_encoding(FITTED, features, base=base, dtype=np.float64)
    squares = 2 * (features / 2 - code @ code.T)  # every code has the squared length features / 2
    np.fill_diagonal(squares, np.inf)
    return float(np.sqrt(squares.min()))


@dataclass(frozen=True)
class View:
    """The code of all positions, and the hands of one of them moved on."""

    code: Array  # (positions, features)
    position: int
    shift: int
    matrix: Array
    miss: float
    base: int

    @property
    def similarity(self) -> Array:
        """Of one position with those that are drawn; 1 with itself."""
        return self.code[:SHOWN] @ self.code[self.position] / (self.code.shape[1] / 2)


def clocks(**values: Any) -> Explorer:
    """Drag a position along the waves: its hands turn, and one matrix moves them k positions on.

    Parameters
    ----------
    **values        where the controls start: position (0 to 63), k, base, features

    Returns
    -------
    Explorer

    Notes
    -----
    The matrix is the same for all positions.     [Vaswani et al., 2017, arXiv:1706.03762]

    Examples
    --------
    >>> "Of 512 positions" in clocks().text()
    True
    """

    def compute(position: float = 10.0, k: int = 5, base: int = 10000, features: int = 8) -> View:
        code = lib.sinusoidal_encoding(FITTED, features, base=base, dtype=np.float64)
        return View(code, min(round(position), SHOWN - 1), k, *found_shift(k, base, features), base)

    explorer = Explorer(
        "clocks",
        compute,
        draw,
        describe,
        call="explore.clocks()",
        position=Point("waves", 10.0, step=1, along="x"),
        k=(0, FURTHEST),
        base=list(BASES),
        features=[4, 8, MOST],
    )
    return explorer.show(**{"base": 10000, "features": 8} | values)


def describe(view: View) -> str:
    later = view.code[view.position + np.array([1, 5, 20])]
    alike = 2 * later @ view.code[view.position] / view.code.shape[1]
    near = ", ".join(f"{number:.2f}" for number in alike.round(2) + 0.0)  # no -0.0
    features = view.code.shape[1]
    first = np.degrees(view.position) % 360
    last = np.degrees(view.position / view.base ** ((features - 2) / features))
    fits = "within 1e-9" if view.miss < 1e-9 else f"but for {view.miss:.0e}"
    return f"""\
Similarity with the positions 1, 5 and 20 further on: {near} (1: the same).
At {view.position} the first hand stands at {first:.0f} degrees; the last has turned by {last:.1f}.
One matrix takes every position's hands to those {view.shift} later, {fits}.
Of {FITTED} positions the nearest two are {smallest_distance(features, view.base):.2f} apart."""


def draw(figure: Figure) -> Callable[[View], None]:
    """Waves, clocks, the matrix, and how similar the other positions are."""
    waves = Panel("waves", xlim=(-0.5, SHOWN - 0.5), ylim=(1, 0), height=100)
    hands = Panel("hands", xlim=(0, ACROSS), ylim=(2, 0), equal=True, height=130)
    matrix = Grid("matrix", MOST, MOST, height=130)
    alike = Plot(
        "alike",
        xlim=(0, SHOWN - 1),
        ylim=(-1.1, 1.1),
        xlabel="position",
        xticks=range(0, SHOWN, 16),
        yticks=(-1, 0, 1),
        height=125,
        least=200,
    )
    marks = (DATA, "the position"), (OUTPUT, "matrix @ its code"), (HIGHLIGHT, "k later")
    Page(figure, [waves], [hands, matrix, alike], [Legend(*marks, *SIGNS)])
    cells = waves.cells()
    columns = waves.outline(HIGHLIGHT), waves.outline(DATA)
    rims, now, moved = (
        hands.line(MUTED, lw=1),
        hands.segments(DATA, linewidths=3),
        hands.segments(OUTPUT, linewidths=3),
    )
    tips = hands.points(HIGHLIGHT, ms=7)
    curve = alike.line(INK, lw=1.5)
    here, there = alike.points(DATA), alike.points(HIGHLIGHT)

    def update(view: View) -> None:
        p, later, features = view.position, view.position + view.shift, view.code.shape[1]
        waves.title.set_text(f"{SHOWN} positions, {features} numbers each")
        cells.show(view.code[:SHOWN].T, signed_scale(1.0), (-0.5, SHOWN - 0.5, 1, 0))
        columns[0](min(later, SHOWN) - 0.5, 0, float(later < SHOWN), 1)
        columns[1](p - 0.5, 0, 1, 1)
        hands.title.set_text(f"{features // 2} clocks at {p}, and at {later}")
        dials = clock_centres(features // 2)
        rims.set_data(*circles(dials))
        now.set_segments(list(hand_lines(dials, view.code[p])))
        moved.set_segments(list(hand_lines(dials, view.matrix @ view.code[p])))
        tips.set_data(*hand_lines(dials, view.code[later])[:, 1].T)
        matrix.title.set_text(f"matrix, k = {view.shift}")
        matrix.show(view.matrix.round(6), signed_scale(1.0), extent=(0, MOST, MOST, 0))
        alike.title.set_text(f"similarity with position {p}")
        curve.set_data(np.arange(SHOWN), view.similarity)
        here.set_data([p], [1])
        there.set_data(*([later], [view.similarity[later]]) if later < SHOWN else ([], []))

    return update


def clock_centres(count: int) -> tuple[Array, float]:
    """Where the clocks stand, (count, 2), and how far they are from each other."""
    across = min(count, ACROSS)
    apart, rows = ACROSS / across, -(-count // across)
    places = [(i % across + 0.5, i // across + 0.5 - rows / 2) for i in range(count)]
    return np.array(places) * apart + (0, 1), apart


def hand_lines(clocks: tuple[Array, float], code: Array) -> Array:
    """From the middle of each clock to where (sin, cos) points, 12 o'clock for (0, 1)."""
    centres, apart = clocks
    sine, cosine = code.reshape(-1, 2).T
    return np.stack([centres, centres + 0.4 * apart * np.stack([sine, -cosine], axis=1)], axis=1)


def circles(clocks: tuple[Array, float]) -> tuple[Array, Array]:
    """All rims as one curve with gaps."""
    centres, apart = clocks
    angle = np.append(np.linspace(0, 2 * np.pi, 60), np.nan)
    rim = 0.42 * apart * np.stack([np.cos(angle), np.sin(angle)])
    x, y = np.concatenate([rim + centre[:, None] for centre in centres], axis=1)
    return x, y
