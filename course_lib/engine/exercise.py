"""An exercise is data: a task, a worked solution, what it may be called with, slips and hints.

So is a prediction: a question, and a function that finds the answer by running the library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import CodeType
from typing import Any

import numpy as np

import course_lib
from course_lib.engine.grid import Grid
from course_lib.engine.inputs import Case, Inputs, clone
from course_lib.engine.outcome import plain
from course_lib.engine.sealed import opened
from course_lib.record import Array

Slips = Iterable["Slip"]


@cache
def _code(source: str) -> CodeType:
    """Compiled once: a class's answers are held against the same wrong ones again and again."""
    return compile(source, "<string>", "exec")


@dataclass(frozen=True)
class Slip:
    """A wrong answer that learners really give, and the thought that leads out of it.

    `answers` are the ways of making it (padding on the left only, on the right only): a learner's
    function that behaves like one of them on every case has made this slip. An answer may raise
    on some cases, as code that reads beyond the end does, if other cases show what it computes.
    With `part`, the answers give that one of the returned values alone; the others may be right,
    or wrong in their own way.
    """

    name: str  # "kernel flipped"
    hint: str  # begins with what was observed, ends with the thought that helps; {your} is "Your y"
    answers: tuple[Callable[..., Any], ...]
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One function for the learner to write.

    Parameters
    ----------
    name : the function's name
    sections : the notebooks it stands in, the first to meet it first: ("04_02b_convolution",)
    task : what is asked, the text above the stub
    stub : the source that the learner begins with
    solution, alternative : the source of the worked answer, and of another one; in the copy of
        the course that a class gets, sealed
    returns : what the function returns, each part's axes by its name: {"y": "N O places"}
    shows : one line on what a pass shows
    inputs : what it may be called with; the cases are made from it
    slips : the wrong answers that belong to this idea, the likeliest first, each a Slip or a
        function of the exercise that makes some; the usual ones are made for every exercise
    hints : from a nudge to nearly everything; the pointer to the solution is added
    terms : part -> (arguments) -> {"the term in words": array}, for a part that is their sum
    right : a right answer; the compiled solution if not given
    judge : (answer, case) -> None if right, else the name of a slip or a sentence; for
        exercises with several right answers, where `right` is one of them and is never shown
    points : what a pass is worth
    rtol : how far a float64 answer may be off, relative to the largest expected value
    """

    name: str
    sections: tuple[str, ...]
    task: str
    stub: str
    solution: str
    alternative: str
    returns: Mapping[str, str]
    shows: str
    hints: tuple[str, ...]
    inputs: Inputs = field(default_factory=Inputs)
    slips: tuple[Slip | Callable[[Exercise], Slips], ...] = ()
    terms: Mapping[str, Callable[..., Mapping[str, Any]]] = field(default_factory=dict)
    right: Callable[..., Any] | None = None
    judge: Callable[[Any, Case], str | None] | None = None
    points: int = 1
    rtol: float = 1e-9

    @cached_property
    def reference(self) -> Callable[..., Any]:
        """A right answer."""
        return self.right or self.compiled(self.solution)

    def compiled(self, source: str) -> Callable[..., Any]:
        """The function of this exercise's name that a source defines."""
        space: dict[str, Any] = {"np": np, "lib": course_lib, "math": math}
        exec(_code(opened(source)), space)
        return space[self.name]

    @property
    def cases(self) -> tuple[Case, ...]:
        """The calls to try, the plainest first."""
        return self.inputs.cases

    def expected(self, case: Case) -> Any:
        """The right answer to a call, as `outcome.plain` gives it."""
        return plain(self.reference(*map(clone, case.values())))

    @cached_property
    def wanted(self) -> tuple[Any, ...]:
        """The right answers to the cases."""
        return tuple(self.expected(case) for case in self.cases)

    def parts(self, value: Any) -> tuple[Any, ...]:
        """What was returned, as a tuple also where it is one value."""
        return value if len(self.returns) > 1 else (value,)

    def own_slips(self) -> list[Slip]:
        """The slips that the exercise lists."""
        return [
            s for made in self.slips for s in ([made] if isinstance(made, Slip) else made(self))
        ]

    def axes_of(self, part: str) -> tuple[str, ...]:
        """The axes of a returned part."""
        return tuple(self.returns[part].split())


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A question to answer before the next cell shows the result.

    Parameters
    ----------
    name : the section's number and a word: "04_02b.output_size"
    section : the notebook it stands in, such as "04_02b_convolution"
    question : ends with a question mark; a number is asked for if there are no choices
    answer : runs the library and returns the right value
    explanation : why it is so; shown to everybody afterwards
    choices : what can be chosen -> the value that `answer` returns if that is right
    wrong : a value that many predict -> why that is not it
    tolerance : how far a number may be off
    stands_alone : False if it speaks of what stands on its page, so that no other one can ask it
    """

    name: str
    section: str
    question: str
    answer: Callable[[], Any]
    explanation: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[Any, str] = field(default_factory=dict)
    tolerance: float = 0.0
    stands_alone: bool = True

    @property
    def grids(self) -> tuple[Grid, ...]:
        """What is shown with the question; the last is painted. A `Painting` has some."""
        return ()

    @property
    def retry(self) -> str:
        """What to say to an answer that is none."""
        return "Type a number, such as 4 or -1.5."

    def told(self, given: str) -> str:
        """An answer in a line of text."""
        return given

    def marks(self, given: str) -> Array:
        """(rows, columns) of what is said of each cell that was painted."""
        return np.empty((0, 0), str)

    def judge(self, given: str) -> tuple[bool, str]:
        """Whether a choice, or a number as it was typed, is right; and what to say about it.

        Raises
        ------
        ValueError     if `given` is neither a choice nor a number
        """
        right = self.answer()
        if self.choices:
            if given not in self.choices:
                raise ValueError(f"{self.name}: {given!r} is not one of the choices.")
            value = self.choices[given]
            close = value == right
            shown = next(text for text, value in self.choices.items() if value == right)
            given, shown = f"“{given}”", f"“{shown}”"
        else:
            value = float(given.replace(",", ".").replace("−", "-"))
            close = abs(value - right) <= self.tolerance
            shown = f"{right:g}"
        if close:
            return True, f"Yes: {shown}. {self.explanation}"
        remark = f"{self.wrong[value]} " if value in self.wrong else ""
        return False, (
            f"Not this time. You predicted {given}; it is {shown}. {remark}{self.explanation}"
        )
