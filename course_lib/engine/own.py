"""The learner's own function under a slider: run on what the controls say, beside the library's.

own = Own.of(conv2d, CONV2D_FORWARD)          # conv2d=conv2d_forward, or None
Explorer(..., dilation=own.control("dilation", (1, 3), 1))
attempt = own.run(x=x, weight=weight, bias=bias, stride=2, padding=1)
attempt.y, attempt.differs, attempt.words
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.draw.numbers import number
from course_lib.engine.control import Fixed
from course_lib.engine.exercise import Exercise
from course_lib.engine.outcome import Outcome, differs, run, said_by, structure_problem
from course_lib.errors import so_many
from course_lib.record import Array


@dataclass(frozen=True)
class Attempt:
    """What a learner's function answered to one call, and where that is not the library's."""

    y: Array  # the learner's answer; the library's where theirs cannot be compared
    differs: Array  # bool, like y
    words: str


@dataclass(frozen=True)
class Own:
    """A learner's function, to be run in place of the operation that its exercise asks for.

    Examples
    --------
    >>> from course_lib.lessons.convolution import CONV2D_FORWARD
    >>> own = Own.of(lambda x, weight, bias, stride, padding: x, CONV2D_FORWARD)
    >>> x, weight, bias = np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)), np.ones(1)
    >>> own.run(x=x, weight=weight, bias=bias, stride=1, padding=0).differs.sum()
    np.int64(4)
    """

    function: Callable[..., Any]
    exercise: Exercise

    @classmethod
    def of(cls, function: Any, exercise: Exercise) -> Own | None:
        """None without a function.

        Raises
        ------
        TypeError      if it is something else than a function
        """
        if function is not None and not callable(function):
            raise TypeError(
                f"{exercise.name}: {function!r} is not a function; give it by its bare name, "
                f"without parentheses: {exercise.name}."
            )
        return None if function is None else cls(function, exercise)

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", self.exercise.name)

    def control(self, name: str, notation: Any, value: Any) -> Any:
        """A control, held at `value` if the exercise has no argument of this name."""
        if name in self.exercise.cases[0]:
            return notation
        return Fixed(notation, when=lambda **_: (value, f"{self.exercise.name} has no {name}"))

    def run(self, **arguments: Any) -> Attempt:
        """Call the function with its exercise's arguments, in their order."""
        case = {name: arguments[name] for name in self.exercise.cases[0]}
        wanted = run(self.exercise.reference, case).value
        outcome = run(self.function, case)
        trouble = self._trouble(outcome, wanted)
        if trouble:
            nowhere = np.zeros(np.shape(wanted), bool)
            return Attempt(wanted, nowhere, f"Your {self.name} {trouble}; this is the library's.")
        wrong = differs(outcome.value, wanted, self.exercise.rtol)
        y = np.nan_to_num(outcome.value)  # marked as different, and drawn
        return Attempt(y, wrong, self._comparison(outcome.value, wanted, wrong))

    def _trouble(self, outcome: Outcome, wanted: Any) -> str:
        """Why an answer cannot be compared with the library's, or nothing."""
        if isinstance(outcome.error, NotImplementedError):
            return "still raises NotImplementedError"
        if outcome.error is not None:
            where = f" in “{outcome.line}”" if outcome.line else ""
            return f"raised {said_by(outcome.error)}{where}"
        if problem := structure_problem(outcome.value, wanted, tuple(self.exercise.returns)):
            return f"cannot be compared: {problem[1].rstrip('.')}"
        if outcome.changed:
            return f"changes its input {' and '.join(outcome.changed)}"
        return ""

    def _comparison(self, y: Array, wanted: Array, wrong: Array) -> str:
        outputs = so_many(wrong.size, "output")
        if not wrong.any():
            return f"Your {self.name} agrees with the library's at all {outputs}."
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        return (
            f"Your {self.name} differs from the library's at {wrong.sum()} of {outputs}, "
            f"first at {next(iter(self.exercise.returns))}{list(first)}: "
            f"{number(y[first])}, not {number(wanted[first])}."
        )
