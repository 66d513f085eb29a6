"""Four tokens through attention: match, softmax, retrieve, and the way back from one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import SIGNS, Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import GRADIENT, HIGHLIGHT, Scale, signed_scale
from course_lib.draw.panel import Grid
from course_lib.engine.control import Pad, Point
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

TOKENS, FEATURES = 4, 2
QUERY = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0], [-2.0, 0.0]])
KEY = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, -1.0], [0.0, 0.0]])
VALUE = np.array([[3.0, 0.0], [0.0, 3.0], [-1.0, 1.0], [2.0, 2.0]])


@dataclass(frozen=True)
class View:
    """The numbers of all steps, and the gradients of one output by all three inputs."""

    inputs: tuple[Array, Array, Array]  # Q, K, V, (4, 2)
    scores: Array  # (4, 4)
    weights: Array  # (4, 4)
    y: Array  # (4, 2)
    at: tuple[int, int]  # of the output that the way back begins at
    gradients: tuple[Array, Array, Array]


def match_softmax_retrieve(**values: object) -> Explorer:
    """Edit Q, K and V of four tokens, see every step's numbers; press an output for its way back.

    Parameters
    ----------
    **values        where the controls start: causal, output (0 to 7), Q, K and V (4 × 2)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(match_softmax_retrieve(causal=True).text().splitlines()[2])
    Token 0 attends to tokens 0 to 3 with 1.00, 0.00, 0.00, 0.00.
    """

    def compute(
        causal: bool = False,
        output: int = 0,
        Q: Array = QUERY,
        K: Array = KEY,
        V: Array = VALUE,
    ) -> View:
        at = divmod(output, FEATURES)
        y, backward = lib.scaled_dot_product_attention(Q, K, V, causal=causal)
        dy = np.zeros_like(y)
        dy[at] = 1
        scores = np.where(np.tri(TOKENS) > 0, Q @ K.T, -np.inf) if causal else Q @ K.T
        weights = lib.attention_weights(Q, K, causal=causal)
        return View((Q, K, V), scores / np.sqrt(FEATURES), weights, y, at, backward(dy))

    explorer = Explorer(
        "match, softmax, retrieve",
        compute,
        draw,
        describe,
        call="explore.match_softmax_retrieve()",
        causal=False,
        output=(0, TOKENS * FEATURES - 1),
        touched=Point("y", sets=("output",), to_value=cell),
        Q=Pad("Q", QUERY, -4, 4, step=0.5),
        K=Pad("K", KEY, -4, 4, step=0.5),
        V=Pad("V", VALUE, -4, 4, step=0.5),
    )
    return explorer.show(**values)


def cell(x: float, y: float, **_: object) -> int:
    """Which output lies there."""
    row, column = (int(np.clip(v, 0, n - 1)) for v, n in ((y, TOKENS), (x, FEATURES)))
    return row * FEATURES + column


def describe(view: View) -> str:
    row, column = view.at
    weights = ", ".join(number(w) for w in view.weights[row])
    given = ", ".join(number(v) for v in view.inputs[2][:, column])
    back = "; ".join(
        f"d{name} up to {number(np.abs(d).max())}"
        for name, d in zip("QKV", view.gradients, strict=True)
    )
    return f"""\
Token {row} attends to tokens 0 to 3 with {weights}.
Feature {column} of their values is {given}, so y is {number(view.y[row, column])}.
The way back from there: {back}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """Q and K make scores; weights and V make y; below, what comes back to Q, K and V."""
    narrow = {"height": 86, "square": False, "least": 104, "lined": True}
    wide = narrow | {"least": 208}
    Q, K, V, y = (Grid(name, TOKENS, FEATURES, **narrow) for name in "QKVy")
    scores = Grid("scores", TOKENS, TOKENS, title="scores = Q Kᵀ / √2", **wide)
    weights = Grid("weights", TOKENS, TOKENS, title="weights = softmax of rows", **wide)
    back = [Grid(f"d{name}", TOKENS, FEATURES, **narrow) for name in "QKV"]
    key = Legend(*SIGNS, (HIGHLIGHT, "the token and its output"), (GRADIENT, "the way back"))
    Page(figure, [Q, "·", K, "→", scores], [weights, "·", V, "→", y], [*back], [key])
    rows = [grid.outline(HIGHLIGHT) for grid in (Q, scores, weights)]
    chosen = y.outline(HIGHLIGHT)
    for grid in back:
        grid.outline(GRADIENT)(0, 0, FEATURES, TOKENS)

    def update(view: View) -> None:
        for grid, values in zip((Q, K, V), view.inputs, strict=True):
            grid.show(values, signed_scale(4.0), numbers=_decimals(values, 1))
        finite = np.where(np.isfinite(view.scores), view.scores, 0.0)
        scores.show(finite, signed_scale(6.0), numbers=_decimals(view.scores, 2))
        weights.show(view.weights, Scale(0, 1), numbers=_decimals(view.weights, 2))
        y.show(view.y, signed_scale(4.0), numbers=_decimals(view.y, 2))
        for grid, values in zip(back, view.gradients, strict=True):
            grid.show(values, signed_scale(1.0), numbers=_decimals(values, 2))
        row, column = view.at
        for place, columns in zip(rows, (FEATURES, TOKENS, TOKENS), strict=True):
            place(0, row, columns, 1)
        chosen(column, row, 1, 1)

    return update


def _decimals(values: Array, decimals: int) -> list[list[str]]:
    return [[number(v, decimals) if np.isfinite(v) else "−∞" for v in row] for row in values]
