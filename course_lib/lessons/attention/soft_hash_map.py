"""A look-up whose keys need not match: every value comes back, each with its share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Panel
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

ENTRIES = {"cat": "feline", "dog": "pet", "rug": "fur"}
KEYS = np.array([[1.6, 0.0], [0.0, 1.2], [0.0, -1.2]])
QUERY = np.array([1.3, 0.0])
REACH = 2.4
MARKERS = ("o", "s", "^")
NAMES = tuple(zip(ENTRIES, MARKERS, strict=True))


@dataclass(frozen=True)
class View:
    """One look-up: what is asked for, what it matches, and what comes back."""

    query: Array  # (2,)
    keys: Array  # (3, 2)
    temperature: float
    scores: Array  # (3,)
    shares: Array  # (3,)

    @property
    def best(self) -> int:
        return int(self.scores.argmax())


def look_up(query: Array, keys: Array, temperature: float) -> Array:
    """softmax(keys @ query / temperature), by the library, which itself divides by sqrt(2)."""
    scaled = query[None] * np.sqrt(len(query)) / temperature
    return lib.attention_weights(scaled, keys)[0]


def soft_hash_map(**values: object) -> Explorer:
    """Drag the query and the keys of a map with three entries, and make it softer or harder.

    Parameters
    ----------
    **values        where the controls start: temperature, query (2), keys (3 × 2)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(soft_hash_map().text().splitlines()[2])
    The soft map returns 80% feline, 10% pet, 10% fur.
    """

    def compute(
        temperature: float = 1.0,
        query: Array = QUERY,
        keys: Array = KEYS,
    ) -> View:
        shares = look_up(query, keys, temperature)
        return View(query, keys, temperature, keys @ query, shares)

    explorer = Explorer(
        "soft hash map",
        compute,
        draw,
        describe,
        call="explore.soft_hash_map()",
        temperature=(0.1, 5.0, 0.1),
        query=Point("keys and query", QUERY),
        keys=Point("keys and query", KEYS),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    mixture = ", ".join(
        f"{share:.0%} {value}" for share, value in zip(view.shares, ENTRIES.values(), strict=True)
    )
    scores = ", ".join(f"{key} {number(s)}" for key, s in zip(ENTRIES, view.scores, strict=True))
    return f"""\
The soft map returns {mixture}.
An ordinary map with the best match returns one value: {list(ENTRIES.values())[view.best]}.
Scores (key · query): {scores}. Temperature {view.temperature:.1f}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """Keys and query as points; beside them what each map returns."""
    limits = {"xlim": (-REACH, REACH), "ylim": (-REACH, REACH)}
    plane = Panel("keys and query", equal=True, height=290, least=280, frame=MUTED, **limits)
    back = Panel("what comes back", xlim=(0, 1.3), ylim=(4, 0), height=290, least=280)
    shapes = [({"marker": m, "mfc": WEIGHT, "mec": WEIGHT}, f"key {name}") for name, m in NAMES]
    key = Legend((DATA, "query"), *shapes, (OUTPUT, "share that comes back"))
    Page(figure, [plane, back], [key])
    plane.segments(MUTED, linewidths=0.8).set_segments(
        [[(-REACH, 0), (REACH, 0)], [(0, -REACH), (0, REACH)]]
    )
    arrow = plane.arrow(DATA)
    dots = [plane.points(WEIGHT, marker=marker) for marker in MARKERS]
    tip = plane.points(DATA)
    soft, hard = (back.segments(OUTPUT, linewidths=16) for _ in range(2))
    texts = [back.label(0, 0.55 + i) for i in range(4)]

    def update(view: View) -> None:
        arrow((0, 0), tuple(view.query))
        tip.set_data(*view.query[:, None])
        for dot, place in zip(dots, view.keys, strict=True):
            dot.set_data(*place[:, None])
        rows = enumerate(zip(ENTRIES.items(), view.shares, strict=True))
        soft.set_segments([[(0, i + 0.83), (share, i + 0.83)] for i, (_, share) in rows])
        hard.set_segments([[(0, 3.83), (1, 3.83)]])
        for i, ((name, value), share) in enumerate(zip(ENTRIES.items(), view.shares, strict=True)):
            score = number(view.scores[i])
            texts[i].set_text(f"{name} → {value}: score {score}, share {share:.0%}")
        texts[3].set_text(f"ordinary map: {list(ENTRIES.values())[view.best]}, all of it")

    return update
