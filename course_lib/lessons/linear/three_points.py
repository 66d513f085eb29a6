"""Drag the images of (0, 0), (1, 0) and (0, 1): they are all that a linear layer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Grid, Legend, Page, Panel, Words, number, numbers
from course_lib.draw.palette import DATA, INK, MUTED, OUTPUT, PAPER, WEIGHT, rgba
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # whose images are dragged
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
IMAGES = np.array([[1.5, 1.0], [3.0, 1.5], [1.0, 2.5]])
PAIR = np.array([[1.0, 1.0], [-1.5, -1.5]])  # u and v
REACH, SEEN = 2.0, 5.0  # how far the grids of inputs and of outputs go
AWAY = np.array([99.0, 99.0])


@dataclass(frozen=True)
class View:
    """The layer, and what it makes of u, v and u + v."""

    layer: lib.Linear
    pair: Array  # (2, 2)
    images: Array  # (3, 2): f(u), f(v), f(u + v)

    @property
    def gap(self) -> Array:
        """What linear would be 0."""
        return self.images[2] - self.images[0] - self.images[1] + 0.0

    @property
    def area(self) -> float:
        """What the layer makes of an area of 1; below 0 where it turns the plane over."""
        (a, b), (c, d) = self.layer.weight
        return float(a * d - b * c)


def where_do_they_go(**values: Any) -> Explorer:
    """Drag where a layer sends (0, 0), (1, 0) and (0, 1); weight, bias and a grid follow.

    Parameters
    ----------
    **values        where the controls start: images (3, 2) of those three, inputs (2, 2): u and v

    Returns
    -------
    Explorer

    Notes
    -----
    f(u + v) - f(u) - f(v) is -bias, whatever u and v are.

    Examples
    --------
    >>> print(where_do_they_go(images=[(0, 0), (2, 0), (0, 1)]).text().splitlines()[2])
    f(u + v) − f(u) − f(v) = (0.00, 0.00) = −bias: without a bias, f is linear.
    """

    def compute(images: Array = IMAGES, inputs: Array = PAIR) -> View:
        bias = images[0]
        layer = lib.Linear((images[1:] - bias).T, bias)
        return View(layer, inputs, layer(np.array([*inputs, inputs.sum(axis=0)])))

    explorer = Explorer(
        "where do (1, 0), (0, 1) and the origin go",
        compute,
        draw,
        describe,
        call="explore.where_do_they_go()",
        images=Point("outputs", IMAGES, step=0.25),
        inputs=Point("inputs", PAIR, step=0.25),
    )
    return explorer.show(**values)


def pair(place: Array) -> str:
    return f"({', '.join(number(value) for value in place)})".replace("-", "−")


def gap_in_words(view: View) -> str:
    return f"f(u + v) − f(u) − f(v) = {pair(view.gap)} = −bias"


def area_in_words(area: float) -> str:
    """What becomes of areas."""
    if abs(area) < 1e-9:
        return "all on one line, or one point"
    return f"areas × {number(abs(area))}" + (", turned over" if area < 0 else "")


def describe(view: View) -> str:
    bias = view.layer.bias
    linear = not view.gap.any()
    verdict = "without a bias, f is linear" if linear else "f is affine, not linear"
    (a, b), (c, d) = (map(number, row) for row in view.layer.weight)
    u, v = view.pair
    return f"""\
{gap_in_words(view)}: {verdict}.
weight {a} {b} / {c} {d}, bias {pair(bias)}; {area_in_words(view.area)}
f(0, 0) is the bias; f(1, 0) − bias and f(0, 1) − bias are the columns of weight.
u {pair(u)}, v {pair(v)}: f(u) {pair(view.images[0])}, f(v) {pair(view.images[1])}, \
f(u + v) {pair(view.images[2])}"""


def lines_of_a_grid() -> Array:
    """The ends of the lines of a grid, (lines, 2, 2)."""
    ticks = np.arange(-REACH, REACH + 1)
    upright = [[(x, -REACH), (x, REACH)] for x in ticks]
    return np.array(upright + [[end[::-1] for end in line] for line in upright])


def lettered(panel: Panel, colour: str, letters: str) -> Callable[[Array], None]:
    """Dots with a letter in each, and the function that moves them."""
    dots = panel.points(colour, ms=13, clip_on=True)
    ink = INK if colour == WEIGHT else PAPER
    marks = [
        panel.points(ink, marker=f"${letter}$", ms=6.5, mew=0.4, mec=ink, zorder=5, clip_on=True)
        for letter in letters
    ]

    def place(places: Array) -> None:
        dots.set_data(*places.T)
        for mark, at in zip(marks, places, strict=True):
            mark.set_data(*at[:, None])

    return place


def plane(name: str, reach: float, title: str) -> Panel:
    return Panel(
        name, title=title, xlim=(-reach, reach), ylim=(-reach, reach),
        equal=True, height=250, frame=MUTED,
    )  # fmt: skip


def draw(figure: Figure) -> Callable[[View], None]:
    """The plane of inputs, that of outputs, and the layer's numbers."""
    inputs = plane("inputs", REACH + 0.5, "inputs: drag u and v")
    outputs = plane("outputs", SEEN, "outputs: areas × 10.00, turned over")
    weight = Grid("weight", 2, 2, height=52, frame=WEIGHT, lined=True, square=False, least=110)
    bias = Grid("bias", 2, 1, height=52, frame=WEIGHT, lined=True, square=False, least=60)
    key = Legend(
        (WEIGHT, "drag: where 0, (1, 0), (0, 1) go"), (OUTPUT, "f(u), f(v), f(u + v)"),
        (MUTED, "f(u) + f(v)"), (INK, "from there to f(u + v): −bias"),
    )  # fmt: skip
    words = Words("f(u + v) − f(u) − f(v) = (−10.00, −10.00) = −bias", weight="bold")
    Page(figure, [inputs, "→", outputs], [weight, bias, words], [key])
    inputs.segments(DATA, linewidths=1).set_segments(lines_of_a_grid())
    inputs.area(DATA).set_xy(SQUARE)
    mapped, square = outputs.segments(DATA, linewidths=1), outputs.area(DATA)
    cross = SEEN * np.array([[(-1, 0), (1, 0)], [(0, -1), (0, 1)]])
    outputs.segments(MUTED, linewidths=1).set_segments(cross)
    pulled, gap = outputs.arrow(WEIGHT), outputs.arrow(INK)
    added = outputs.points(MUTED, ms=9, clip_on=True)
    place_pair, place_images = lettered(inputs, DATA, "uv"), lettered(outputs, OUTPUT, "uv+")
    place_corners = lettered(outputs, WEIGHT, "012")

    def update(view: View) -> None:
        f = view.layer
        place_pair(view.pair)
        place_images(view.images)
        corners = f(CORNERS)
        place_corners(corners)
        mapped.set_segments(f(lines_of_a_grid()))
        square.set_xy(f(SQUARE))
        sum_of_images = view.images[:2].sum(axis=0)
        added.set_data(*sum_of_images[:, None])
        there = view.gap.any()
        pulled(*((np.zeros(2), corners[0]) if there else (AWAY, AWAY + 1)))
        gap(*((sum_of_images, view.images[2]) if there else (AWAY, AWAY + 1)))
        weight.fill(blank(f.weight), numbers=numbers(f.weight))
        bias.fill(blank(corners[:1].T), numbers=numbers(corners[:1].T))
        outputs.title.set_text(f"outputs: {area_in_words(view.area)}")
        words.set_text(gap_in_words(view))

    return update


def blank(values: Array) -> Array:
    return np.broadcast_to(rgba(PAPER), (*values.shape, 4))
