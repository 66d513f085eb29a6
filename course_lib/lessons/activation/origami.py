"""Creases of ReLU units over a plane, and how many flat pieces they cut it into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import MUTED, WEIGHT, Scale
from course_lib.draw.panel import Panel, Plot
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.record import Array

EDGE, CELLS = 2.0, 160
FEET = np.array([(0.6, 0.4), (-0.5, 0.8), (-0.8, -0.4), (0.4, -0.9)])
NETS = ("8 in one layer", "4 + 4 in two layers")
DRAWS = 19  # the last of the draws of the other four units
_AT = (np.arange(CELLS) + 0.5) / CELLS * 2 * EDGE - EDGE
PLANE = np.stack(np.meshgrid(_AT, -_AT), axis=-1).reshape(-1, 2)  # the upper left corner first


@dataclass(frozen=True)
class View:
    """Which units are on where, for the net that is shown, and the pieces of both nets."""

    feet: Array  # (4, 2), the point of each crease nearest to the middle
    net: str
    on: Array  # (CELLS, CELLS), how many units are on
    pieces: dict[str, int]


def patterns(model: lib.Sequential, x: Array) -> Array:
    """Which ReLU units are on, (N, units): a pattern of bits for every point."""
    on = []
    for layer in model.layers:
        x = layer(x)
        if isinstance(layer, lib.ReLU):
            on.append(x > 0)
    return np.concatenate(on, axis=1)


def count_pieces(on: Array) -> int:
    """How many patterns there are: within one of them the net is a single linear layer."""
    codes = on @ (1 << np.arange(on.shape[1]))
    return int(np.count_nonzero(np.bincount(codes)))


def creases(feet: Array) -> lib.Linear:
    """The layer whose units fold along the lines that run across the arrows to these feet."""
    return lib.Linear(feet, -(feet**2).sum(axis=1))


def drawn(seed: int) -> tuple[lib.Linear, lib.Linear]:
    """Four more units, as the library draws them: beside the first four, or after them."""
    rng = np.random.default_rng(seed)
    beside = lib.Linear.init(2, 4, rng=rng, dtype=np.float64)
    return beside, lib.Linear.init(4, 4, rng=rng, dtype=np.float64)


def joined(first: lib.Linear, beside: lib.Linear, after: lib.Linear) -> dict[str, lib.Sequential]:
    """The two nets of eight units that share their first four."""
    weight = np.concatenate([first.weight, beside.weight])
    one = lib.Linear(weight, np.concatenate([first.bias, beside.bias]))
    nets = lib.Sequential(one, lib.ReLU()), lib.Sequential(first, lib.ReLU(), after, lib.ReLU())
    return dict(zip(NETS, nets, strict=True))


def pieces_of_a_draw(seed: int) -> dict[str, int]:
    """The pieces of both nets when the library draws all of their weights."""
    first = lib.Linear.init(2, 4, rng=np.random.default_rng(1000 + seed), dtype=np.float64)
    nets = joined(first, *drawn(seed))
    return {name: count_pieces(patterns(net, PLANE)) for name, net in nets.items()}


def origami(**values: object) -> Explorer:
    """Drag the creases of four ReLU units; four more stand beside them, or after them.

    Parameters
    ----------
    **values        where the controls start: feet (4, 2), net, others (which draw, 0 to 19)

    Returns
    -------
    Explorer

    Notes
    -----
    What depth can do at most is another question than what it does at random.
                                              [Montúfar et al., 2014, arXiv:1402.1869]

    Examples
    --------
    >>> origami().text().splitlines()[2]
    '8 in one layer cut the square into 31 pieces.'
    """

    def compute(feet: Array = FEET, net: str = NETS[0], others: int = 7) -> View:
        nets = joined(creases(feet), *drawn(others))
        on = {name: patterns(model, PLANE) for name, model in nets.items()}
        pieces = {name: count_pieces(bits) for name, bits in on.items()}
        return View(feet, net, on[net].sum(axis=1).reshape(CELLS, CELLS), pieces)

    explorer = Explorer(
        "origami",
        compute,
        draw,
        describe,
        call="explore.origami()",
        feet=Point("plane", FEET),
        net=list(NETS),
        others=(0, DRAWS),
    )
    return explorer.show(**{"others": 7} | values)


def describe(view: View) -> str:
    other = next(name for name in NETS if name != view.net)
    return f"""\
{view.net} cut the square into {so_many(view.pieces[view.net], "piece")}.
{other}, with the same first four, cut it into {view.pieces[other]}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The plane, brighter where more units are on, with the first four creases."""
    limits = (-EDGE, EDGE)
    plane = Panel(
        "plane",
        caption="dark: no unit is on; bright: all eight are",
        xlim=limits,
        ylim=limits,
        equal=True,
        height=310,
    )
    counts = Plot("pieces", xlim=(-0.6, 1.6), ylim=(0, 50), xticks=[], height=310)
    key = Legend((WEIGHT, "the first four creases: drag their dots"))
    Page(figure, [plane, counts], [key])
    image, feet = plane.cells(), plane.points(WEIGHT)
    lines = plane.segments(WEIGHT, linewidths=2)
    bars = counts.bars(MUTED)
    names = [counts.label(i, 0, ha="center") for i in range(2)]

    def update(view: View) -> None:
        image.show(view.on, Scale(0, 8), (-EDGE, EDGE, -EDGE, EDGE))
        along = np.stack([-view.feet[:, 1], view.feet[:, 0]], axis=1)
        along = 6 * along / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        lines.set_segments(list(np.stack([view.feet - along, view.feet + along], axis=1)))
        feet.set_data(view.feet.T)
        heights = list(view.pieces.values())
        bars([0, 1], heights)
        for i, (label, name) in enumerate(zip(names, ("8", "4 + 4"), strict=True)):
            label.move(i, heights[i] + 3)
            label.set_text(f"{name}: {heights[i]}")
        plane.title.set_text(f"{view.net}: {so_many(view.pieces[view.net], 'piece')}")

    return update
