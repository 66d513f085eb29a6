"""Write docs/gradient_audit.md: is every gradient right, by three independent ways to know?

python -m tools.gradient_audit
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from tests import naive
from tests.cases import LAYERS, Array, Case, backward_arrays, check_direction, draw_dy
from tests.cases import LOSSES as LOSS_CASES
from tests.references.answers import (
    answers,
    largest_error,
    loss_answers,
    stored,
    stored_loss,
)
from tests.references.settings import LOSSES, SETTINGS, WITHOUT_PYTORCH

PAGE = Path("docs/gradient_audit.md")
LIMITS = {"loops": 1e-9, "differences": 1e-6, "PyTorch": 1e-9}
DIRECTIONS = 3  # per case
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(error: float) -> str:
    """The order of magnitude that an error does not exceed: 10⁻¹⁵."""
    return "10" + str(math.ceil(math.log10(error))).translate(RAISED) if error else "0"


INTRODUCTION = f"""\
# Is every gradient right?

The backward pass of every layer and loss is compared, in float64, with three others that know
nothing of it:

- **loops**: the definition in loops over single numbers, as in `course_lib/plain.py`, with its
  derivative by the complex step, which is exact to rounding. The output and the gradient of every
  input and parameter are compared entry by entry.
- **differences**: finite differences along {DIRECTIONS} random directions per case, through all
  inputs and parameters at once, with a random gradient arriving from above.
- **PyTorch** 2.13: its outputs and gradients, stored once, entry by entry, in at least a dozen
  settings each.

A cell gives the verdict and the largest error found, as an order of magnitude, relative to the
largest entry of its array (for differences, to the slope along the direction). A backward pass
*agrees* up to {power_of_ten(LIMITS["loops"])} with loops and PyTorch, and up to \
{power_of_ten(LIMITS["differences"])} with differences, which lose digits
themselves. The verdicts hold on every machine, and a test confirms them. The orders of magnitude
are those of the machine that wrote this page: processors add the same numbers in different orders.

The tests are tested too: every gradient of every case is spoiled on purpose (one entry too large,
forgotten, wrong sign, one place further, averaged), and finite differences find every mistake that
changes a number.

| layer or loss | cases | loops | differences | settings | PyTorch |
|---|---:|---|---|---:|---|
"""


def loop_error(case: Case) -> float:
    """Output and gradients against the definition in loops, entry by entry."""
    layer, inputs = case.make(), case.draw()
    y, backward = case.forward(layer, inputs)
    dy = draw_dy(y)
    got = {"y": y} | backward_arrays(backward, dy)
    # a fresh layer, so that a generator draws the same numbers again
    expected = {"y": naive.forward(case.make(), *inputs, **case.options)}
    expected |= naive.gradients(case.make(), *inputs, dy=np.asarray(dy), **case.options)
    return max(_relative(array, expected[name]) for name, array in got.items())


def _relative(array: Array, expected: Array) -> float:
    """An array that cancels to nothing is measured against one thousandth."""
    return float(np.abs(array - expected).max() / max(np.abs(expected).max(), 1e-3))


def difference_error(case: Case) -> float:
    return max(check_direction(case, case.make(seed=seed), seed) for seed in range(DIRECTIONS))


def pytorch_errors(name: str) -> list[float]:
    """One for every setting in which a layer or a loss is compared."""
    if name in SETTINGS:
        return [
            largest_error(answers(name, seed, setting), stored(name)[seed])
            for seed, setting in enumerate(SETTINGS[name])
        ]
    return [
        largest_error(loss_answers(seed), stored_loss(seed))
        for seed, setting in enumerate(LOSSES)
        if setting.name == name
    ]


def cell(column: str, error: float) -> str:
    """A verdict and an order of magnitude."""
    verdict = "agrees" if error <= LIMITS[column] else "DIFFERS"
    return f"{verdict}, {power_of_ten(error)}"


def row(name: str, cases: list[Case]) -> str:
    errors = pytorch_errors(name)
    cells = [
        f"`{name}`",
        str(len(cases)),
        cell("loops", max(map(loop_error, cases))),
        cell("differences", max(map(difference_error, cases))),
        str(len(errors)),
        cell("PyTorch", max(errors)) if errors else "not compared",
    ]
    return f"| {' | '.join(cells)} |\n"


def page() -> str:
    by_name: dict[str, list[Case]] = {}
    for case in (*LAYERS, *LOSS_CASES):
        by_name.setdefault(case.name.split(":")[0], []).append(case)
    reasons = "".join(f"- `{name}`: {WITHOUT_PYTORCH[name]}.\n" for name in WITHOUT_PYTORCH)
    return (
        INTRODUCTION
        + "".join(row(name, cases) for name, cases in by_name.items())
        + f"\nNot compared with PyTorch, and why:\n\n{reasons}"
        + "\nWritten by `make docs`; do not edit.\n"
    )


def verdicts(text: str) -> str:
    """A page without what depends on the machine: its orders of magnitude."""
    return re.sub(r", (10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|0)(?= \|)", "", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
