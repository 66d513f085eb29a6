"""Every number of one training step of a tiny net, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import HIGHLIGHT
from course_lib.draw.panel import Panel
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer

NODES = ("x", "h = w x + b", "a = ReLU(h)", "y = v a + c", "(y − 2)²")
NAMES = ("w", "b", "v", "c")
X, TARGET = 1.5, 2.0
START = lib.Sequential(
    lib.Linear(np.array([[0.8]]), np.array([0.2])),
    lib.ReLU(),
    lib.Linear(np.array([[-0.5]]), np.array([0.3])),
)
SAID = (
    "Forward: each number is made from the one above it.",
    "The loss says how wrong: the square of y − 2.",
    "Back: the loss's own slope is 2(y − 2).",
    "Back through v: times v.",
    "Back through the ReLU: times 1, or 0 where h is below 0.",
    "Back to x: times w.",
    "Each parameter's gradient: that of its output, times what it multiplied.",
    "Update: each parameter minus rate times gradient.",
)


@dataclass(frozen=True)
class View:
    """One step, and how much of it is shown."""

    stage: int
    values: list[float]  # of the nodes
    slopes: list[float]  # of each node by the one above it
    grads: list[float]  # of the loss, by x, h, a, y
    parameters: list[tuple[float, float, float]]  # old, gradient, new
    after: float  # the loss with the new ones


def numbers_of(net: lib.Sequential) -> list[float]:
    return [float(array.item()) for array in net.parameters().values()]


def one_training_step(net: lib.Sequential, rate: float) -> tuple[lib.Sequential, View]:
    """The step layer by layer, with everything that passes by."""
    signals, backs, slopes = [np.array([[X]])], [], []
    for layer in net.layers:
        y, back = layer.forward(signals[-1])
        signals.append(y)
        backs.append(back)
        slopes.append(back(np.ones_like(y))[0].item())
    loss, loss_backward = lib.mse(signals[-1], np.array([[TARGET]]))
    dy = loss_backward()
    grads, each = [dy], []
    for back in reversed(backs):
        dx, grad = back(grads[-1])
        grads.append(dx)
        each.append(grad)
    grad = lib.Sequential(*reversed(each))
    after, _ = lib.SGD.init(net, learning_rate=rate).step(net, grad)
    new_loss, _ = lib.mse(after(signals[0]), np.array([[TARGET]]))
    rows = list(zip(numbers_of(net), numbers_of(grad), numbers_of(after), strict=True))
    values = [*(s.item() for s in signals), float(loss)]
    slopes = [*slopes, dy.item()]
    return after, View(
        0, values, slopes, [g.item() for g in reversed(grads)], rows, float(new_loss)
    )


def one_step_at_a_time(**values: object) -> Explorer:
    """Play one step of a net with four parameters: forward, loss, slopes, gradients, update.

    Parameters
    ----------
    **values        where the controls start: stage, step, learning_rate

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(one_step_at_a_time(stage=7).text().splitlines()[2])
    Update: each parameter minus rate times gradient.
    """

    def compute(stage: int = 0, step: int = 1, learning_rate: float = 0.1) -> View:
        net = START
        for _ in range(step):
            net, view = one_training_step(net, learning_rate)
        return View(stage, *(getattr(view, f) for f in list(View.__annotations__)[1:]))

    explorer = Explorer(
        "one step at a time",
        compute,
        draw,
        describe,
        call="explore.one_step_at_a_time()",
        stage=Play(0, 7),
        step=(1, 10),
        learning_rate=(0.0, 0.5, 0.05),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    said = [SAID[view.stage]]
    said.append(
        f"The loss is {number(view.values[-1], 3)}; after the step {number(view.after, 3)}."
    )
    said += [f"{n}: {number(old)} − rate × {number(g)} = {number(new)}" for n, (old, g, new) in
             zip(NAMES, view.parameters, strict=True)]  # fmt: skip
    return "\n".join(said if view.stage == 7 else said[: 1 + (view.stage > 0)])


def draw(figure: Figure) -> Callable[[View], None]:
    """Two tables whose numbers appear in the order of the step."""
    nodes = Panel("the way there and back", xlim=(0, 1), ylim=(6, 0), height=170, least=230)
    table = Panel("the parameters", xlim=(0, 1), ylim=(6, 0), height=170, least=230)
    key = Legend((HIGHLIGHT, "new in this stage"))
    Page(figure, [nodes, table], [key])
    ring = [panel.outline(HIGHLIGHT) for panel in (nodes, table)]
    for x, text in ((0.58, "value"), (0.77, "slope"), (1.0, "gradient")):
        nodes.label(x, 0.5, text, ha="right", size=9)
    for x, text in ((0.3, "old"), (0.64, "gradient"), (0.94, "new")):
        table.label(x, 0.5, text, ha="right", size=9)
    left = [nodes.label(0.0, i + 1.5, name, size=9) for i, name in enumerate(NODES)]
    left[-1].set_text("loss (y − 2)²")
    at = [
        [nodes.label(x, i + 1.5, ha="right", size=10) for x in (0.58, 0.77, 1.0)] for i in range(5)
    ]
    cells = [
        [table.label(x, i + 1.5, ha="right", size=10) for x in (0.3, 0.64, 0.94)] for i in range(4)
    ]
    for i, name in enumerate(NAMES):
        table.label(0.02, i + 1.5, name, weight="bold")
    after = table.label(0.02, 5.5)
    rings = {0: (0, 0.4, 1, 0.2, 4), 1: (0, 0.4, 5, 0.2, 1), 2: (0, 0.6, 4, 0.41, 2),
             3: (0, 0.6, 3, 0.41, 1), 4: (0, 0.6, 2, 0.41, 1), 5: (0, 0.6, 1, 0.41, 1),
             6: (1, 0.4, 1, 0.26, 4), 7: (1, 0.7, 1, 0.26, 5)}  # fmt: skip

    def update(view: View) -> None:
        stage = view.stage
        for i, row in enumerate(at):
            row[0].set_text(number(view.values[i]) if i < 4 or stage >= 1 else "")
            row[1].set_text(number(view.slopes[i - 1]) if i and stage >= 6 - i else "")
            row[2].set_text(number(view.grads[i]) if i < 4 and stage >= 5 - i else "")
        for row, (old, grad, new) in zip(cells, view.parameters, strict=True):
            row[0].set_text(number(old))
            row[1].set_text(number(grad) if stage >= 6 else "")
            row[2].set_text(number(new) if stage >= 7 else "")
        after.set_text(f"loss with the new: {number(view.after, 3)}" if stage >= 7 else "")
        where, left, top, width, height = rings[stage]
        for i, place in enumerate(ring):
            place(*((left, top, width, height) if i == where else (-9, -9, 0.1, 0.1)))
        nodes.title.set_text("the way there" if stage < 2 else "the way there and back")

    return update
