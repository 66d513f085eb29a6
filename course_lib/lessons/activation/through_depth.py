"""A batch of digits on its way through twenty real layers, and the gradient on its way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, GRADIENT, MUTED, OUTPUT
from course_lib.draw.panel import Plot
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.lessons.activation.nets import deep_net, standardised_digits
from course_lib.record import Array

DEEPEST, EXAMPLES = 20, 64
NAMES = ("tanh", "sigmoid", "ReLU", "GELU", "none")
BINS = np.linspace(-2, 2, 42)
MIDDLES = (BINS[1:] + BINS[:-1]) / 2
LOWEST, HIGHEST = 1e-14, 1e6


@dataclass(frozen=True)
class View:
    """What a batch and a gradient have become after each layer."""

    depth: int
    shares: Array  # (41,), of the numbers behind `depth` layers; the outer bins hold all beyond
    spreads: Array  # (DEEPEST + 1,), of the numbers behind each layer, from the input on
    gradients: Array  # (DEEPEST + 1,), the length that gradient has there, 1 at the end


@cache
def batch() -> Array:
    return standardised_digits(0)[0][:EXAMPLES]


@lru_cache(maxsize=8)  # the picture moves along the depth without a new run
def there_and_back(
    activation: str, gain: float, depth: int, seed: int
) -> tuple[list[Array], Array]:
    """The batch behind every layer, and the length of the gradient there; 1 at the end."""
    rng = np.random.default_rng(seed)
    model = deep_net(activation, gain, depth, rng)
    values, ways_back = [batch()], []
    for linear, bend in zip(model.layers[::2], model.layers[1::2], strict=True):
        between, linear_back = linear.forward(values[-1])
        y, bend_back = bend.forward(between)
        values.append(y)
        ways_back.append((linear_back, bend_back))
    dy = rng.normal(size=values[-1].shape)
    dy /= np.linalg.norm(dy)
    lengths = [1.0]
    for linear_back, bend_back in reversed(ways_back):
        dy = linear_back(bend_back(dy)[0])[0]
        lengths.append(float(np.linalg.norm(dy)))
    return values, np.array(lengths[::-1])


def gradient_left(activation: str, gain: float, depth: int, seed: int) -> float:
    """How much of a gradient's length is left at the input, behind `depth` layers."""
    return float(there_and_back(activation, gain, depth, seed)[1][0])


def through_depth(**values: object) -> Explorer:
    """Send digits through up to 20 layers, and a gradient back through all of them.

    Parameters
    ----------
    **values        where the controls start: activation, gain, depth (0 to 20)

    Returns
    -------
    Explorer

    Notes
    -----
    The weights have Xavier's spread times the gain. [Glorot and Bengio, 2010]

    Examples
    --------
    >>> print(through_depth(activation="sigmoid").text().splitlines()[3])
    Of the gradient 1.63e-13 is left at the input, behind 20 layers.
    """

    def compute(activation: str = "tanh", gain: float = 1.0, depth: int = 5) -> View:
        values, gradients = there_and_back(activation, gain, DEEPEST, 0)
        inside = np.clip(values[depth], BINS[0], BINS[-1])
        shares = np.histogram(inside, BINS)[0] / inside.size
        return View(depth, shares, np.array([v.std() for v in values]), gradients)

    explorer = Explorer(
        "through depth",
        compute,
        draw,
        describe,
        call="explore.through_depth()",
        activation=list(NAMES),
        gain=(0.5, 3.0, 0.1),
        depth=Play(0, DEEPEST),
    )
    return explorer.show(**{"gain": 1.0, "depth": 5} | values)


def describe(view: View) -> str:
    edge = view.shares[[0, -1]].sum()
    return f"""\
Behind layer {view.depth} the numbers have a spread of {view.spreads[view.depth]:.3g}.
Of the gradient {view.gradients[0]:.3g} is left at the input, behind {DEEPEST} layers.
Of the numbers {edge:.0%} lie at -2 or 2, or beyond."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The numbers behind one layer; below, spread and gradient of all layers on a log scale."""
    numbers = Plot(
        "numbers",
        xlim=(-2.05, 2.05),
        ylim=(0, 0.5),
        xticks=range(-2, 3),
        xlabel="value",
        height=210,
    )
    lines = Plot(
        "layer by layer", xlim=(0, DEEPEST), ylim=(LOWEST, HIGHEST), yscale="log",
        xlabel="layer (0 is the input)", xticks=[0, 1, 5, 10, 15, 20],
        yticks=[1e-12, 1e-8, 1e-4, 1, 1e4], height=210,
    )  # fmt: skip
    key = Legend((OUTPUT, "spread of the numbers"), (GRADIENT, "length of the gradient"))
    Page(figure, [numbers, lines], [key])
    lines.line(MUTED, lw=1).set_data([0, DEEPEST], [1, 1])
    bars = numbers.bars(DATA)
    spreads, gradients = lines.line(OUTPUT), lines.line(GRADIENT, ls="--")
    here = [lines.points(OUTPUT), lines.points(GRADIENT, ms=6)]
    layers = np.arange(DEEPEST + 1)

    def update(view: View) -> None:
        bars(MIDDLES, np.minimum(view.shares, 0.5), 0.09)
        for curve, dot, values in zip(
            (spreads, gradients), here, (view.spreads, view.gradients), strict=True
        ):
            seen = np.clip(values, LOWEST, HIGHEST)
            curve.set_data(layers, seen)
            dot.set_data([view.depth], [seen[view.depth]])
        numbers.title.set_text(f"share of the numbers behind layer {view.depth}")
        lines.title.set_text(f"gradient left, {DEEPEST} layers back: {view.gradients[0]:.3g}")

    return update
