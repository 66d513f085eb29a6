"""Send the gradient of one output back, then of all: shares meet on inputs and on weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.convolution import conv1d
from course_lib.draw import Legend, Page, Panel, number
from course_lib.draw.palette import DATA, GRADIENT, PAPER, WEIGHT, Scale, chequered, rgba
from course_lib.draw.product import pale
from course_lib.engine.control import Play, Point
from course_lib.engine.explorer import Explorer
from course_lib.record import Array

X = np.array([1.0, 2.0, 4.0, 3.0, 0.0, 2.0, 5.0, 1.0])
WEIGHT_AND_MORE = np.array([10.0, 1.0, -2.0])  # the first K are the kernel
DY_AND_MORE = np.array([1.0, 2.0, 5.0, -1.0, 3.0, 2.0, 4.0, 1.0, 2.0, -3.0])
L, P = len(X), 1  # samples; the most padding
TOPS = {"dy": 4, "x": 68, "share": 118, "dx": 168}  # of the rows, in CSS pixels
ROW, LOW = 28, 204


def gradient_flows_back(**values: Any) -> Explorer:
    """Send each output's gradient back through `conv1d` and watch dx and dweight add up.

    Parameters
    ----------
    **values        where the controls start: kernel_size, stride, padding, output (the one whose
                    shares are shown)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(gradient_flows_back(output=1).text().splitlines()[2])
    Output 1 has dy 2: it gives 20, 2 to samples 1, 2 and 4, 8 to the weights.
    """

    def compute(kernel_size: int = 2, stride: int = 1, padding: int = 0, output: int = 2) -> View:
        return look(WEIGHT_AND_MORE[:kernel_size], stride, padding, output)

    def output_at(across: float, down: float, **now: Any) -> int:
        return int(np.abs(compute(**now).middles - across).argmin())

    explorer = Explorer(
        "the gradient flows back",
        compute,
        draw,
        describe,
        "explore.gradient_flows_back()",
        kernel_size=(1, len(WEIGHT_AND_MORE)),
        stride=(1, 3),
        padding=(0, P),
        output=Play(0, lambda **window: len(compute(**window, output=0).dy) - 1),
        press=Point("inputs", sets=("output",), to_value=output_at),
    )
    return explorer.show(**values)


@dataclass(frozen=True)
class View:
    """One output's way back, the sum of all ways up to it, and of all: (dx, dweight) each."""

    weight: Array  # (K,)
    dy: Array  # (L',)
    padding: int
    output: int
    read: Array  # (K,), the samples of its window; below 0 and from L on, padding
    middles: Array  # (L',), of the outputs' windows on the picture, where padding begins at 0
    share: tuple[Array, Array]
    so_far: tuple[Array, Array]
    whole: tuple[Array, Array]


def look(weight: Array, stride: int, padding: int, output: int) -> View:
    """Go forward once, and back with one output's gradient, with those up to it, with all."""
    y, backward = conv1d(X[None, None], weight[None, None], stride=stride, padding=padding)
    at = np.arange(y.size)
    dy, starts = DY_AND_MORE[: y.size], stride * at - padding

    def back(which: Array) -> tuple[Array, Array]:
        dx, dweight, _ = backward(np.where(which, dy, 0)[None, None])
        return dx[0, 0], dweight[0, 0]

    return View(
        weight, dy, padding, output, starts[output] + np.arange(len(weight)),
        P + starts + len(weight) / 2, back(at == output), back(at <= output), back(at >= 0),
    )  # fmt: skip


def describe(view: View) -> str:
    inside = view.read[(view.read >= 0) & (view.read < L)]
    lost = len(view.read) - len(inside)
    samples = f"sample{'s' * (len(inside) != 1)} {', '.join(map(str, inside))}"
    given = f"{listed(view.share[0][inside])} to {samples}" if len(inside) else "nothing to x"
    dropped = f" {lost} share falls on padding and is dropped." if lost else ""
    i = view.output
    return f"""\
Output {i} has dy {listed(view.dy[[i]])}: it gives {given} and {listed(view.share[1])} to the \
weights.{dropped}
Outputs 0 to {i} together: dx {listed(view.so_far[0])}; dweight {listed(view.so_far[1])}
All outputs: dx {listed(view.whole[0])}; dweight {listed(view.whole[1])}
dy {listed(view.dy)}; x {listed(X)}; weight {listed(view.weight)}"""


def listed(values: Array) -> str:
    return ", ".join(number(value, 0) for value in values)


def draw(figure: Figure) -> Callable[[View], None]:
    """From above: dy, the window it came from, its shares, their sums; beside it the weights."""
    style: dict[str, Any] = {"ylim": (LOW, 0), "height": LOW}
    inputs = Panel("inputs", title="dx: each share is dy × weight", xlim=(-1.8, L + 2 * P), **style)
    weights = Panel(
        "weights", title="dweight: each share is dy × x", xlim=(-1.8, 3), least=205, **style
    )
    key = Legend(
        (GRADIENT, "the output, its shares"), (DATA, "its window"), (chequered(2, 4), "padding")
    )
    Page(figure, [inputs, weights], [key])
    fan, padding = inputs.segments(GRADIENT), inputs.cells()
    of_inputs = {name: inputs.cells(lined=True) for name in ("x", "share", "dx")}
    of_weights = {name: weights.cells(lined=True) for name in TOPS}
    outputs = [inputs.cells() for _ in DY_AND_MORE]
    one, window, shares = (inputs.outline(c) for c in (GRADIENT, DATA, GRADIENT))
    beside = [weights.outline(c) for c in (WEIGHT, DATA, GRADIENT)]
    for panel, names in ((inputs, TOPS), (weights, ("weight", "x", "share", "dweight"))):
        for name, top in zip(names, TOPS.values(), strict=True):
            panel.label(-1.75, top + ROW / 2, name, size=9)

    def update(view: View) -> None:
        k, left = len(view.weight), P + view.read[0]
        scales = pale(view.dy), pale(view.whole[0]), pale(view.whole[1])
        for cell, at, dy in zip_longest(outputs, view.middles, view.dy, fillvalue=-99):
            row(cell, np.array([dy]), "dy", at - 0.5, scales[0])  # those left over, far away
        one(view.middles[view.output] - 0.5, TOPS["dy"], 1, ROW)
        fan.set_segments([[(view.middles[view.output], 33), (P + s + 0.5, 67)] for s in view.read])
        padded = L + 2 * view.padding
        padding.fill(chequered(2, 2 * padded), extent("x", P - view.padding, padded))
        row(of_inputs["x"], X, "x", P)
        given, inside = view.share[0], np.isin(np.arange(L), view.read)
        row(of_inputs["share"], given, "share", P, scales[1], inside)
        row(of_inputs["dx"], view.so_far[0], "dx", P, scales[1])
        window(left, TOPS["x"], k, ROW)
        shares(left, TOPS["share"], k, ROW)
        samples = np.pad(X, P)[view.read + P]
        for name, values in zip(TOPS, (view.weight, samples, view.share[1], view.so_far[1]),
                                strict=True):  # fmt: skip
            row(of_weights[name], values, name, 0, scales[2] if name in ("share", "dx") else None)
        for mark, top in zip(beside, TOPS.values(), strict=False):
            mark(0, top, k, ROW)

    return update


def extent(name: str, left: float, width: int) -> tuple[float, float, float, float]:
    return left, left + width, TOPS[name] + ROW, TOPS[name]


def row(
    cells: Any, values: Array, name: str, left: float, scale: Scale | None = None, where: Any = True
) -> None:
    """Show a row of numbers, coloured by sign or on paper, empty where `where` is False."""
    there = np.broadcast_to(where, values.shape)
    colours = scale(values) if scale else np.tile(rgba(PAPER), (len(values), 1))
    texts = [number(v, 0) if t else "" for v, t in zip(values, there, strict=True)]
    cells.fill(colours[None], extent(name, left, len(values)), [texts])
