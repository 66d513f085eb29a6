"""The gradient of every layer of a deep net, measured: plain, and with a way past each layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED
from course_lib.draw.panel import Plot
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.residual.nets import KINDS, arriving, linears
from course_lib.record import Array

DEEPEST = 100
EXAMPLES = 32
LOWEST, HIGHEST = 1e-60, 1e40
SMALLEST = np.finfo(np.float32).smallest_normal
ACTIVATIONS = {"ReLU": lib.ReLU, "tanh": lib.Tanh, "GELU": lib.GELU}


@dataclass(frozen=True)
class View:
    """One net before training, in both precisions."""

    loss: float
    norms: Array  # (depth,), what arrives at each hidden layer, in float64, from first to last
    coarse: Array  # (depth,), the same net in float32

    @property
    def lost(self) -> Array:
        """Where float32 runs out: of digits below its normal range, or of numbers above it."""
        return (self.coarse < SMALLEST) | ~np.isfinite(self.coarse)


@cache
def batch() -> tuple[Array, Array]:
    data = lib.digits(rng=np.random.default_rng(0), dtype=np.float64)
    return data.x_train[:EXAMPLES], data.y_train[:EXAMPLES]


def superhighway(**values: object) -> Explorer:
    """Send one gradient back through up to 100 real layers and measure what arrives.

    Parameters
    ----------
    **values        where the controls start: depth, net, gain, activation

    Returns
    -------
    Explorer

    Notes
    -----
    The weights have He's spread times the gain.               [He et al., 2015, arXiv:1502.01852]

    Examples
    --------
    >>> print(superhighway(depth=10, gain=0.5).text().splitlines()[2][:42])
    The gradient at the first layer is 0.00034
    """

    def compute(
        depth: int = 50, net: str = "plain", gain: float = 1.0, activation: str = "ReLU"
    ) -> View:
        x, target = batch()
        layers = linears(depth, np.random.default_rng(0), kind=net, gain=gain)
        coarser = [layer.astype(np.float32) for layer in layers]
        act, residual = ACTIVATIONS[activation](), net != "plain"
        with np.errstate(all="ignore"):  # a naive + overflows, and that is what is to be seen
            loss, norms = arriving(layers, act, x, target, residual=residual)
            _, coarse = arriving(coarser, act, x.astype(np.float32), target, residual=residual)
        return View(loss, norms, coarse)

    explorer = Explorer(
        "superhighway",
        compute,
        draw,
        describe,
        call="explore.superhighway()",
        depth=Play(1, DEEPEST),
        net=list(KINDS),
        gain=(0.4, 1.6, 0.1),
        activation=list(ACTIVATIONS),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    first, last = view.norms[0], view.norms[-1]
    lost = int(view.lost.sum())
    layers = f"{so_many(len(view.norms), 'layer')} {'gets' if lost == 1 else 'get'}"
    return f"""\
The gradient at the first layer is {first:.2g}, at the last {last:.2g}; the loss is {view.loss:.3g}.
In float32 {lost} of {layers} less than its digits reach, or no number at all.
Smallest {view.norms.min():.2g}, largest {view.norms.max():.2g}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """The length of the gradient that arrives at each layer, on a log scale."""
    plot = Plot(
        "gradient by layer",
        xlim=(0, DEEPEST + 1),
        ylim=(LOWEST, HIGHEST),
        yscale="log",
        xlabel="layer",
        xticks=[1, 25, 50, 75, 100],
        yticks=[1e-60, 1e-40, 1e-20, 1, 1e20, 1e40],
        height=250,
    )
    key = Legend((DATA, "float64"), (HIGHLIGHT, "beyond float32"), (MUTED, "1"))
    Page(figure, [plot], [key])
    plot.line(MUTED, lw=1).set_data([0, DEEPEST + 1], [1, 1])
    curve = plot.line(DATA, marker="o", ms=4)
    lost = plot.points(HIGHLIGHT, ms=8, marker="s", zorder=1)

    def update(view: View) -> None:
        layers = np.arange(1, len(view.norms) + 1)
        seen = np.clip(view.norms, LOWEST, HIGHEST)
        curve.set_data(layers, seen)
        lost.set_data(layers[view.lost], seen[view.lost])
        plot.title.set_text(f"gradient by layer; loss {view.loss:.3g}")

    return update
