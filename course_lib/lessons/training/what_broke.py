"""Real runs of `fit` with one slip planted in each, to be named from their curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED, OUTPUT
from course_lib.draw.panel import Plot
from course_lib.engine.explorer import Explorer
from course_lib.history import History
from course_lib.lessons.training.nets import digits, kaiming, one_hidden, train
from course_lib.record import Array

EPOCHS = 10
LOWEST, HIGHEST = 0.1, 100.0
CHANCE = float(np.log(10))
SLIPS = {
    "rate too high": "The loss jumps about from epoch to epoch and does not settle.",
    "rate too low": "It falls, evenly, and hardly at all.",
    "gradient ascended": "The loss rises from the first step and never turns.",
    "targets shuffled": "Training loss stays near a guess, held out even worse: nothing to learn.",
    "softmax twice": "It learns, but no loss falls below 1.46: the second softmax flattens all.",
    "gradients not reset": "Old gradients pile up, so it overshoots, further each time.",
}
RUNS = dict(zip("ABCDEF", (3, 4, 0, 2, 5, 1), strict=True))  # letter -> number of its slip


def uphill(logits: Array, target: Array) -> tuple[Any, Callable[..., Array]]:
    """Cross-entropy whose way back has the wrong sign."""
    loss, backward = lib.cross_entropy(logits, target)
    return loss, lambda dloss=1.0: -backward(dloss)


@cache
def trained(slip: str) -> History:
    """The history of a run with this slip, or of the mended one."""
    data, net = digits(), one_hidden(32, kaiming(0))
    rate = 0.1
    options: dict[str, Any] = {}
    optimizer: dict[str, Any] = {}
    match slip:
        case "rate too high":
            rate = 2.0
        case "rate too low":
            rate = 0.0005
        case "gradient ascended":
            options["loss"], options["metric"] = uphill, lib.accuracy
        case "targets shuffled":
            options["target"] = np.random.default_rng(1).permutation(data.y_train)
        case "softmax twice":
            net = lib.Sequential(*net.layers, lib.Softmax())
        case "gradients not reset":  # a momentum of 1 keeps every gradient there ever was
            optimizer["momentum"] = 1 - 1e-12
    made = lib.SGD.init(net, learning_rate=rate, **optimizer)
    held_out = (data.x_test, data.y_test)
    return train(net, 0, epochs=EPOCHS, optimizer=made, validation=held_out, **options)[1]


@dataclass(frozen=True)
class View:
    """A run, what it is thought to be, and what it is."""

    run: str
    guess: str
    slip: str
    history: History
    mended: History | None


def what_broke(**values: object) -> Explorer:
    """Name the slip of each run from its curves; a right name shows the run mended.

    Parameters
    ----------
    **values        where the controls start: run ("A" to "F"), my_answer

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(what_broke().text().splitlines()[2])
    Run A: which slip makes such curves?
    """

    def compute(run: str = "A", my_answer: str = "?") -> View:
        slip = list(SLIPS)[RUNS[run]]
        mended = trained("") if my_answer == slip else None
        return View(run, my_answer, slip, trained(slip), mended)

    explorer = Explorer(
        "what broke?",
        compute,
        draw,
        describe,
        call="explore.what_broke()",
        run=list(RUNS),
        my_answer=["?", *SLIPS],
    )
    return explorer.show(**values)


def short(loss: float) -> str:
    return "above 100" if loss > HIGHEST else f"{loss:.2g}"


def describe(view: View) -> str:
    losses, right = view.history.loss, view.history.validation_metric
    went = (
        f"Training loss {short(losses[0])} to {short(losses[-1])}; {right[-1]:.0%} of "
        f"held-out digits right. A guess has the loss {CHANCE:.2f}."
    )
    if view.mended:
        healed = view.mended.validation_metric[-1]
        return f"Yes, {view.slip}. {SLIPS[view.slip]}\nMended, {healed:.0%} are right.\n{went}"
    if view.guess == "?":
        return f"Run {view.run}: which slip makes such curves?\n{went}"
    return f"Not {view.guess}. That would look so: {SLIPS[view.guess]}\n{went}"


def draw(figure: Figure) -> Callable[[View], None]:
    """Losses on a log scale and accuracy; the mended run in grey once the slip is named."""
    loss = Plot("loss", xlim=(1, EPOCHS), ylim=(LOWEST, HIGHEST), yscale="log", xlabel="epoch",
                yticks=[0.1, 1, 10, 100], height=180)  # fmt: skip
    right = Plot("held out, right", xlim=(1, EPOCHS), ylim=(0, 1), xlabel="epoch", height=180)
    key = Legend((DATA, "training"), (OUTPUT, "held out"), (HIGHLIGHT, "a guess"),
                 (MUTED, "mended, held out"))  # fmt: skip
    Page(figure, [loss, right], [key])
    for plot, level, wide in ((loss, CHANCE, 9), (right, 0.1, 4)):  # seen below equal curves
        plot.line(HIGHLIGHT, lw=wide).set_data([1, EPOCHS], [level, level])
    curves = [
        (loss.line(MUTED, lw=4), lambda view: view.mended and view.mended.validation_loss),
        (right.line(MUTED, lw=4), lambda view: view.mended and view.mended.validation_metric),
        (loss.line(DATA, lw=5, marker="o", ms=9), lambda view: view.history.loss),
        (loss.line(OUTPUT, marker="s", ms=5), lambda view: view.history.validation_loss),
        (right.line(OUTPUT, marker="s", ms=5), lambda view: view.history.validation_metric),
    ]

    def update(view: View) -> None:
        for curve, values in curves:
            shown: Array = np.clip(values(view) or (), 0, HIGHEST)
            curve.set_data(range(1, len(shown) + 1), shown)
        loss.title.set_text(f"loss of run {view.run}")
        right.title.set_text(f"held out, right: {view.history.validation_metric[-1]:.0%}")

    return update
