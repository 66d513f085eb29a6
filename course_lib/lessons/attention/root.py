"""What the size of the scores does to the softmax: entropy, largest weight, and its slopes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

QUERIES, KEYS = 24, 32
POWERS = 10
SHARES = (0, 0.25, 0.5, 0.75, 1)
DIMENSIONS = 2 ** np.arange(POWERS + 1)  # 1 to 1024


@cache
def products() -> Array:
    """query · key for standard normal queries and keys of each dimension: (11, 24, 32)."""
    rng = np.random.default_rng(0)
    return np.stack(
        [rng.normal(size=(QUERIES, d)) @ rng.normal(size=(KEYS, d)).T for d in DIMENSIONS]
    )


def softmax_slopes(scores: Array) -> tuple[Array, Array]:
    """The weights, and for each row the length of the softmax's Jacobian: all its slopes.

    scores (..., S) -> weights (..., S), lengths (...)
    """
    width = scores.shape[-1]
    each = np.broadcast_to(scores, (width, *scores.shape))
    weights, backward = lib.softmax(each.copy())
    dy = np.zeros(each.shape)
    for i in range(width):
        dy[i, ..., i] = 1
    return weights[0], np.sqrt((backward(dy) ** 2).sum(axis=(0, -1)))


@dataclass(frozen=True)
class View:
    """The same queries and keys with and without the root; first axis: without, with."""

    power: int
    scaled: bool
    spread: Array  # (2, 11), standard deviation of the scores
    entropy: Array  # (2, 11), in bits, means over the queries
    largest: Array  # (2, 11)
    slopes: Array  # (2, 11)
    shares: Array  # (32,), of one query, in order


@cache
def curves(temperature: float) -> tuple[Array, Array, Array, Array, Array]:
    """Spread, entropy, largest weight and slopes for all dimensions, and the weights themselves."""
    raw = products() / temperature
    scores = np.stack([raw, raw / np.sqrt(DIMENSIONS)[:, None, None]])
    weights, lengths = softmax_slopes(scores)
    bits = -(weights * np.log2(np.maximum(weights, 1e-300))).sum(axis=-1)
    largest = weights.max(axis=-1).mean(axis=-1)
    return scores.std(axis=(2, 3)), bits.mean(axis=-1), largest, lengths.mean(axis=-1), weights


def temperature_and_root(**values: object) -> Explorer:
    """Let d_k grow, with the root and without, and see what is left of the softmax's slopes.

    Parameters
    ----------
    **values        where the controls start: log2_d_k, scaled, temperature

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(temperature_and_root(log2_d_k=10).text().splitlines()[2][:35])
    d_k 1024, not scaled: the scores sp
    """

    def compute(log2_d_k: int = 6, scaled: bool = False, temperature: float = 1.0) -> View:
        spread, entropy, largest, slopes, weights = curves(temperature)
        shares = np.sort(weights[int(scaled), log2_d_k, 0])[::-1]
        return View(log2_d_k, scaled, spread, entropy, largest, slopes, shares)

    explorer = Explorer(
        "temperature and √d_k",
        compute,
        draw,
        describe,
        call="explore.temperature_and_root()",
        log2_d_k=Play(0, POWERS),
        scaled=False,
        temperature=(0.5, 4.0, 0.5),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    at = int(view.scaled), view.power
    other = 1 - int(view.scaled), view.power
    name = "divided by √d_k" if view.scaled else "not scaled"
    word = "without" if view.scaled else "with"
    return f"""\
d_k {DIMENSIONS[view.power]}, {name}: the scores spread by {number(view.spread[at])}, the largest \
weight is {number(view.largest[at])}.
Length of the softmax's slopes {number(view.slopes[at], 3)}; {word} the root \
{number(view.slopes[other], 3)}.
Entropy {number(view.entropy[at])} bits of at most {np.log2(KEYS):.0f}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """One query's weights, and three curves over d_k for both ways."""
    size = {"height": 106}
    axis = size | {
        "xlim": (0.8, 1300), "xscale": "log", "xlabel": "d_k", "xticks": DIMENSIONS[::2].tolist(),
    }  # fmt: skip
    weights = Plot(
        "one query's weights",
        xlim=(-0.5, KEYS - 0.5),
        ylim=(0, 1.05),
        xlabel="keys, the best match first",
        xticks=range(0, KEYS, 10),
        yticks=SHARES,
        **size,
    )
    entropy = Plot("entropy in bits", ylim=(0, 5.2), yticks=range(6), **axis)
    largest = Plot("largest weight", ylim=(0, 1.05), yticks=SHARES, **axis)
    slopes = Plot(
        "length of the softmax's slopes", ylim=(0, 0.5), yticks=(0, 0.1, 0.2, 0.3, 0.4, 0.5), **axis
    )
    key = Legend((MUTED, "not scaled"), (WEIGHT, "divided by √d_k"), (OUTPUT, "shown now"))
    Page(figure, [weights, entropy], [largest, slopes], [key])
    bars = weights.bars(OUTPUT)
    lines = [
        (plot, [plot.line(c, marker="o", ms=4) for c in (MUTED, WEIGHT)], plot.points(OUTPUT))
        for plot in (entropy, largest, slopes)
    ]

    def update(view: View) -> None:
        bars(np.arange(KEYS), view.shares)
        for (_, pair, dot), curve in zip(
            lines, (view.entropy, view.largest, view.slopes), strict=True
        ):
            for line, values in zip(pair, curve, strict=True):
                line.set_data(DIMENSIONS, values)
            at = int(view.scaled), view.power
            dot.set_data([DIMENSIONS[view.power]], [curve[at]])

    return update
