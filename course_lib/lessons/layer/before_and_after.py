"""Every number that a small model holds, before and after steps of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import SIGNS, Legend
from course_lib.draw.numbers import number
from course_lib.draw.page import Page
from course_lib.draw.palette import INK, MUTED, WEIGHT, rgba, signed_scale
from course_lib.draw.panel import Grid
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.record import Array

CHANGE = "after minus before"
HYPER = ("stride", "padding", "dilation", "groups")
MOST = 30  # digits in a batch


@dataclass(frozen=True)
class View:
    """The model's numbers at the start and now."""

    before: dict[str, Array]
    after: dict[str, Array]
    hyper_before: tuple[float, ...]
    hyper_after: tuple[float, ...]
    losses: tuple[float, float]
    steps: int
    examples: int
    show: str

    def changed(self, name: str) -> Array:
        """Which numbers of an array are not what they were, to the last bit."""
        return self.before[name] != self.after[name]

    @property
    def hyper_changed(self) -> int:
        """How many hyper-parameters are not what they were."""
        return sum(a != b for a, b in zip(self.hyper_before, self.hyper_after, strict=True))


@cache
def start() -> tuple[lib.Sequential, Array, Array]:
    """A model of 61 numbers that tells 0, 1 and 2 apart, and the digits for it."""
    digits = lib.digits(rng=np.random.default_rng(0), dtype=np.float64)
    few = digits.y_train < 3
    rng = np.random.default_rng(0)
    model = lib.Sequential(
        lib.Conv2d.init(1, 2, 4, stride=4, rng=rng),
        lib.ReLU(),
        lib.Flatten(),
        lib.Linear.init(8, 3, rng=rng),
    ).astype(np.float64)
    return model, digits.x_train[few][:MOST], digits.y_train[few][:MOST]


def hyper_parameters(model: lib.Sequential, learning_rate: float) -> tuple[float, ...]:
    """What the convolution was told when it was made, and the rate."""
    return (*(getattr(model.layers[0], name) for name in HYPER), learning_rate)


def train(steps: int, examples: int, learning_rate: float) -> tuple[Any, ...]:
    """The model before and after, and its losses."""
    model, x, target = start()
    x, target, first, losses = x[:examples], target[:examples], model, []
    for _ in range(steps + 1):
        logits, backward = model.forward(x)
        loss, loss_backward = lib.cross_entropy(logits, target)
        losses.append(float(loss))
        if len(losses) > steps:
            break
        _, grad = backward(loss_backward())
        model = model.map(lambda w, g: w - learning_rate * g, grad)
    return first, model, (losses[0], losses[-1])


def one_step_before_and_after(**values: Any) -> Explorer:
    """See which of a model's numbers a training step changes, and which it leaves alone.

    Parameters
    ----------
    **values        where the controls start: steps, examples, learning_rate, show

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(one_step_before_and_after(steps=0).text().splitlines()[2])
    After 0 steps on 1 digit 0 of 61 parameters have changed, and 0 of 5 hyper-parameters.
    """

    def compute(
        steps: int = 1, examples: int = 1, learning_rate: float = 0.5, show: str = CHANGE
    ) -> View:
        before, after, losses = train(steps, examples, learning_rate)
        return View(
            before.parameters(),
            after.parameters(),
            hyper_parameters(before, learning_rate),
            hyper_parameters(after, learning_rate),
            losses, steps, examples, show,
        )  # fmt: skip

    explorer = Explorer(
        "one step, before and after",
        compute,
        draw,
        describe,
        call="explore.one_step_before_and_after()",
        steps=Play(0, 10),
        examples=(1, MOST),
        learning_rate=(0.0, 1.0, 0.1),
        show=[CHANGE, "before", "after"],
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    moved = {name: int(view.changed(name).sum()) for name in view.before}
    total = sum(array.size for array in view.before.values())
    steps = so_many(view.steps, "step")
    digits = so_many(view.examples, "digit")
    each = ", ".join(f"{name} {n} of {view.before[name].size}" for name, n in moved.items())
    old, new = (number(loss, 3) for loss in view.losses)
    return f"""\
After {steps} on {digits} {sum(moved.values())} of {total} parameters have changed, and \
{view.hyper_changed} of {len(view.hyper_after)} hyper-parameters.
Changed: {each}.
The loss went from {old} to {new}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """A grid for every array, and one for what is no parameter."""
    first = Grid("0.weight", 4, 8, height=104, square=False, lined=True, least=240)
    last = Grid("3.weight", 3, 8, height=78, square=False, lined=True, least=240)
    first_bias = Grid("0.bias", 1, 2, height=26, square=False, lined=True, least=110)
    last_bias = Grid("3.bias", 1, 3, height=26, square=False, lined=True, least=110)
    hyper = Grid(
        "hyper-parameters", 1, 5, height=26, square=False, lined=True,
        caption="stride, padding, dilation, groups, learning rate",
    )  # fmt: skip
    key = Legend(
        *SIGNS,
        (MUTED, "chosen, not learned"),
        ({"marker": "$=$", "color": INK}, "same to the last bit"),
    )
    Page(figure, [first, first_bias], [last, last_bias], [hyper], [key])
    grids = {"0.weight": first, "0.bias": first_bias, "3.weight": last, "3.bias": last_bias}
    kernels = [first.outline(WEIGHT) for _ in range(2)]
    ground = np.broadcast_to(rgba(MUTED), (1, len(HYPER) + 1, 4)).copy()

    def update(view: View) -> None:
        scale = signed_scale(0.1 if view.show == CHANGE else 0.5)
        for name, grid in grids.items():
            changed = view.changed(name)
            values = _shown(view, view.before[name], view.after[name])
            texts = _texts(view, _rows(values), _rows(changed))
            grid.show(_rows(values), scale, numbers=texts)
            grid.title.set_text(f"{name}: {int(changed.sum())} of {changed.size} changed")
        before, after = np.array(view.hyper_before), np.array(view.hyper_after)
        values = _shown(view, before, after)[None]
        hyper.fill(ground, numbers=_texts(view, values, (before != after)[None]))
        hyper.title.set_text(f"hyper-parameters: {view.hyper_changed} of {len(after)} changed")
        for i, place in enumerate(kernels):
            place(4 * i, 0, 4, 4)

    return update


def _shown(view: View, before: Array, after: Array) -> Array:
    return {"before": before, "after": after, CHANGE: after - before}[view.show]


def _rows(values: Array) -> Array:
    """An array as rows of cells; two kernels of 4 × 4 lie side by side."""
    return np.hstack(list(values[:, 0])) if values.ndim == 4 else np.atleast_2d(values)


def _texts(view: View, values: Array, changed: Array) -> list[list[str]]:
    """What the cells say: numbers, and = for what has not changed."""
    return [
        [
            "="
            if view.show == CHANGE and not moved
            else f"{value:.2g}"
            if value == int(value)
            else number(value)
            for value, moved in zip(row, marks, strict=True)
        ]
        for row, marks in zip(values, changed, strict=True)
    ]
