"""Drag where an output should be, and let the gradient move query and keys towards it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, INK, MUTED, OUTPUT, PAPER, WEIGHT
from course_lib.draw.panel import Panel
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.record import Array

QUERY = np.array([0.5, 0.3])
KEYS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.3], [0.2, -1.0]])
VALUES = np.array([[-2.0, -1.5], [2.0, -1.5], [1.5, 1.8], [-1.5, 1.5]])
WANTED = np.array([1.0, 0.6])
MARKERS = ("o", "s", "^", "D")  # of key 0 and value 0, of key 1 and value 1, ...
RATE, STEPS = 0.3, 100
NEAR = 0.05  # so close to what is wanted counts as arrived
PLACE = 1  # where the query stands: with causal it sees the values 0 and 1


@dataclass(frozen=True)
class View:
    """A run of gradient descent on query and keys; rows go with the steps."""

    query: Array  # (steps + 1, 2)
    keys: Array  # (steps + 1, 4, 2)
    output: Array  # (steps + 1, 2)
    weights: Array  # (4,), now
    values: Array  # (4, 2)
    wanted: Array  # (2,)
    seen: Array  # (4,), which values the query may see

    @property
    def hull(self) -> Array:
        return convex_hull(self.values[self.seen])

    @property
    def distance(self) -> float:
        return float(np.linalg.norm(self.output[-1] - self.wanted))


def pull_the_output(**values: object) -> Explorer:
    """Drag the wanted output, press play, and watch real gradients move query and keys.

    Parameters
    ----------
    **values        where the controls start: step, temperature, scaled, causal, wanted (2),
                    values (4 × 2), query (2), keys (4 × 2)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(pull_the_output(step=100).text().splitlines()[2])
    After 100 steps the output is where it is wanted, inside the values' hull.
    """

    def compute(
        step: int = 0,
        temperature: float = 1.0,
        scaled: bool = True,
        causal: bool = False,
        wanted: Array = WANTED,
        values: Array = VALUES,
        query: Array = QUERY,
        keys: Array = KEYS,
    ) -> View:
        # the library divides by sqrt(2), the root of the number of features
        factor = (1 if scaled else np.sqrt(2)) / temperature
        seen = np.arange(len(values)) <= (PLACE if causal else len(values))
        return descend(query, keys, values, wanted, seen, factor, step)

    right, left = "values and output", "query and keys"
    explorer = Explorer(
        "pull the output",
        compute,
        draw,
        describe,
        call="explore.pull_the_output()",
        step=Play(0, STEPS),
        temperature=(0.5, 3.0, 0.1),
        scaled=True,
        causal=False,
        wanted=Point(right, WANTED),
        values=Point(right, VALUES),
        query=Point(left, QUERY),
        keys=Point(left, KEYS),
    )
    return explorer.show(**values)


def descend(
    query: Array, keys: Array, values: Array, wanted: Array, seen: Array, factor: float, steps: int
) -> View:
    """Move query and keys down the slope of the squared distance to what is wanted."""
    trail = []
    for _ in range(steps + 1):
        y, backward = lib.scaled_dot_product_attention(
            query[None] * factor, keys, values, mask=seen[None]
        )
        trail.append((query, keys, y[0]))
        _, loss_backward = lib.mse(y, wanted[None])
        dquery, dkeys, _ = backward(loss_backward())
        query, keys = query - RATE * factor * dquery[0], keys - RATE * dkeys
    queries, all_keys, outputs = map(np.array, zip(*trail, strict=True))
    weights = lib.attention_weights(queries[-1][None] * factor, all_keys[-1], mask=seen[None])[0]
    return View(queries, all_keys, outputs, weights, values, wanted, seen)


def convex_hull(points: Array) -> Array:
    """The corners of the smallest convex polygon around points, counter-clockwise."""
    ordered = sorted(map(tuple, points))

    def half(points: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        chain: list[tuple[float, ...]] = []
        for point in points:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def is_inside(point: Array, hull: Array) -> bool:
    """Whether a point lies in a convex polygon, or on its edge."""
    return all(_turn(a, b, point) >= -1e-9 for a, b in zip(hull, np.roll(hull, -1, 0), strict=True))


def _turn(a: Array | tuple, b: Array | tuple, c: Array | tuple) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def describe(view: View) -> str:
    inside = len(view.hull) > 2 and is_inside(view.wanted, view.hull)
    arrived = view.distance < NEAR
    place = "where it is wanted" if arrived else f"{number(view.distance)} from where it is wanted"
    weights = ", ".join(number(w) for w in view.weights)
    return f"""\
After {so_many(len(view.query) - 1, "step")} the output is {place}, {"in" if inside else "out"}\
side the values' hull.
Weights of the four values: {weights}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """Query and keys on one plane, values and output on the other, each with its trail."""
    shape = {"equal": True, "height": 290, "least": 300, "frame": MUTED}
    left = Panel("query and keys", xlim=(-2, 2), ylim=(-2, 2), **shape)
    right = Panel("values and output", xlim=(-3, 3), ylim=(-3, 3), **shape)
    shapes = [({"marker": m, "mfc": PAPER, "mec": INK}, str(i)) for i, m in enumerate(MARKERS)]
    key = Legend(
        (DATA, "query, and the values with their hull"), (WEIGHT, "keys"), (OUTPUT, "output"),
        (HIGHLIGHT, "wanted"), (MUTED, "hidden, or where it began"), *shapes,
    )  # fmt: skip
    Page(figure, [left, right], [key])
    trails, starts = left.segments(MUTED, linewidths=1.5), left.points(MUTED, ms=5)
    arrow, query = left.arrow(DATA, lw=1.5), left.points(DATA)
    hull, path = right.area(DATA, lw=1.5, ec=DATA), right.line(OUTPUT, lw=1.5)
    wanted = right.points(HIGHLIGHT, ms=17, marker="*")
    keys = [left.points(WEIGHT, marker=marker) for marker in MARKERS]
    values = [right.points(DATA, marker=marker) for marker in MARKERS]
    output = right.points(OUTPUT)

    def update(view: View) -> None:
        query.set_data(*view.query[-1][:, None])
        arrow((0, 0), tuple(view.query[-1]))
        starts.set_data(*np.vstack([view.query[:1], view.keys[0]]).T)
        trails.set_segments([view.query, *view.keys.swapaxes(0, 1)])
        hull.set_xy(view.hull)
        path.set_data(*view.output.T)
        output.set_data(*view.output[-1][:, None])
        wanted.set_data(*view.wanted[:, None])
        for dots, places, colour in ((keys, view.keys[-1], WEIGHT), (values, view.values, DATA)):
            for dot, place, seen in zip(dots, places, view.seen, strict=True):
                dot.set_data(*place[:, None])
                dot.set_color(colour if seen else MUTED)

    return update
