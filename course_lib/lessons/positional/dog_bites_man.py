"""Swap words by dragging: what attention makes of them with and without their positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.label import Label
from course_lib.draw.legend import SIGNS, Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, MUTED, signed_scale
from course_lib.draw.panel import Grid, Panel
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.engine.transformer import Causal, block
from course_lib.layer import Layer
from course_lib.lessons.positional.nets import attention
from course_lib.record import Array

WORDS = ("dog", "bites", "man")
FEATURES = 8
VECTORS = lib.Embedding.init(len(WORDS), FEATURES, rng=np.random.default_rng(0), dtype=np.float64)
LABEL, REST = 3, 3  # cells that a row's name takes, and what has moved
ROUNDING = 1e-12


def encoder(*, positions: bool, causal: bool) -> lib.Sequential:
    """Two blocks of attention and an MLP, the same weights in all four."""
    rng = np.random.default_rng(1)
    mixers = [attention(FEATURES, rng) for _ in range(2)]
    blocks = [block(Causal(m) if causal else m, FEATURES, rng) for m in mixers]
    where: Layer = lib.SinusoidalPositionalEncoding(FEATURES) if positions else lib.Identity()
    return lib.Sequential(where, *(layer for pair in blocks for layer in pair))


def outputs(order: Array, net: Layer) -> Array:
    """One vector per word of the sentence in this order, and their mean: (words + 1, FEATURES)."""
    y = net(VECTORS(order)[None])[0]
    return np.vstack([y, y.mean(axis=0)])


def moved(order: Array, net: Layer) -> Array:
    """How far each output is from the same word's in "dog bites man"; the mean's last."""
    before, now = outputs(np.arange(len(WORDS)), net), outputs(order, net)
    return abs(now - before[[*order, -1]]).max(axis=1)


@dataclass(frozen=True)
class View:
    """A sentence, and its outputs without and with positions."""

    order: Array
    at: tuple[float, ...]  # where each word lies on its lane
    outputs: tuple[Array, Array]
    moved: tuple[Array, Array]


def dog_bites_man(**values: Any) -> Explorer:
    """Drag a word along its lane: from left to right the words make the sentence.

    Parameters
    ----------
    **values        where the controls start: dog, bites and man (0 to 3), causal

    Returns
    -------
    Explorer

    Examples
    --------
    >>> dog_bites_man().text().splitlines()[2]
    '“man bites dog”: without positions the outputs move by 0 at most, with them by 1.31.'
    """

    def compute(
        dog: float = 2.5, bites: float = 1.5, man: float = 0.5, causal: bool = False
    ) -> View:
        at = (dog, bites, man)
        order = np.argsort(at, kind="stable")
        without, informed = (encoder(positions=p, causal=causal) for p in (False, True))
        return View(
            order,
            at,
            (outputs(order, without), outputs(order, informed)),
            (moved(order, without), moved(order, informed)),
        )

    explorer = Explorer(
        "dog bites man",
        compute,
        draw,
        describe,
        call="explore.dog_bites_man()",
        dog=Point("dog", 2.5, step=0.25, along="x"),
        bites=Point("bites", 1.5, step=0.25, along="x"),
        man=Point("man", 0.5, step=0.25, along="x"),
        causal=False,
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    sentence = " ".join(WORDS[i] for i in view.order)
    words, means = (
        [distance(far) for far in each]
        for each in zip(*((far[:-1].max(), far[-1]) for far in view.moved), strict=True)
    )
    return f"""\
“{sentence}”: without positions the outputs move by {words[0]} at most, with them by {words[1]}.
Each word is compared with its own output in “dog bites man”. The words' mean moves by {means[0]} \
without positions, by {means[1]} with them."""


def distance(far: float) -> str:
    return f"{far:.2f}" if far > ROUNDING else "0"


def draw(figure: Figure) -> Callable[[View], None]:
    """A lane for each word, and two tables of outputs."""
    lanes = [
        Panel(word, title="" if i else word, xlim=(0, 3), ylim=(1, 0), height=40, above=0)
        for i, word in enumerate(WORDS)
    ]
    tables = [
        Grid(name, len(WORDS) + 1, LABEL + FEATURES + REST, square=False, height=112)
        for name in ("without positions", "with positions")
    ]
    Page(figure, *([lane] for lane in lanes), tables, [Legend(*SIGNS)])
    names = [
        lane.label(0, 0.2, word, weight="bold", ha="center")
        for lane, word in zip(lanes, WORDS, strict=True)
    ]
    for lane in lanes:
        lane.segments(MUTED, linewidths=1).set_segments([[(0, 0.7), (3, 0.7)]])
    dots = [lane.points(DATA, ms=10) for lane in lanes]
    labels = [[row_labels(table, i) for i in range(len(WORDS) + 1)] for table in tables]

    def update(view: View) -> None:
        said = [WORDS[i] for i in view.order]
        lanes[0].title.set_text(f"drag a word along its lane: “{' '.join(said)}”")
        for name, dot, at in zip(names, dots, view.at, strict=True):
            dot.set_data([at], [0.7])
            name.move(np.clip(at, 0.25, 2.75), 0.2)
        for table, rows, values, far in zip(tables, labels, view.outputs, view.moved, strict=True):
            table.title.set_text(f"{table.name}: outputs, moved by")
            extent = (LABEL, LABEL + FEATURES, len(WORDS) + 1, 0)
            table.show(values, signed_scale(2.0), extent=extent)
            for (name, change), word, by in zip(rows, [*said, "mean"], far, strict=True):
                name.set_text(word)
                change.set_text("0" if by < ROUNDING else f"{by:.2f}")

    return update


def row_labels(table: Grid, row: int) -> tuple[Label, Label]:
    """The words to the left of a row of numbers and to the right of it."""
    return table.label(0.1, row + 0.5), table.label(LABEL + FEATURES + 0.2, row + 0.5)
