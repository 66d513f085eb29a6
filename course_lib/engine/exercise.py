"""An exercise is data: cases, a right answer, the usual mistakes by name, and hints.

So is a prediction: a question, and a function that finds the answer by running the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Case = Mapping[str, Any]  # argument name -> plain array or number, in the order of the call


def draw(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers with one decimal, so that a failing case can be followed by hand."""
    return rng.normal(scale=2.0, size=shape).round(1) + 0.0  # no -0.0


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners really give, and the thought that leads out of it.

    `answers` are the ways of making it (padding on the left only, on the right only): a learner's
    function that behaves like one of them on every case has made this mistake. An answer may raise
    on some cases, as code that reads beyond the end does, if other cases show what it computes.
    """

    name: str  # "kernel flipped"
    hint: str  # begins with what was observed, ends with the thought that helps
    answers: tuple[Callable[..., Any], ...]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One function for the learner to write.

    Parameters
    ----------
    name : the function's name
    sections : the notebooks it stands in, the first to meet it first: ("04_02b_convolution",)
    returns : what the function returns, by name: ("y",) or ("dx", "dweight", "dbias")
    shows : one line on what a pass shows
    cases : rng -> the calls to try, awkward on purpose
    reference : a right answer
    mistakes : the wrong answers to recognise by name
    hints : from a nudge to nearly everything; the pointer to the solution is added
    judge : (answer, case) -> None if right, else the name of a mistake or a sentence; for
        exercises with several right answers, where `reference` is one of them and is never shown
    points : what a pass is worth
    rtol : how far a float64 answer may be off, relative to the largest expected value
    """

    name: str
    sections: tuple[str, ...]
    returns: tuple[str, ...]
    shows: str
    cases: Callable[[np.random.Generator], Iterable[Case]]
    reference: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    judge: Callable[[Any, Case], str | None] | None = None
    points: int = 1
    rtol: float = 1e-9

    def list_cases(self) -> list[Case]:
        """The cases, the same at every call, the smallest first."""
        cases = [dict(case) for case in self.cases(np.random.default_rng(0))]
        return sorted(cases, key=lambda case: sum(np.size(value) for value in case.values()))

    def mistake(self, name: str | None) -> Mistake | None:
        """The mistake of that name, if it is one of this exercise's."""
        return next((mistake for mistake in self.mistakes if mistake.name == name), None)


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
    """

    name: str
    section: str
    question: str
    answer: Callable[[], Any]
    explanation: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[Any, str] = field(default_factory=dict)
    tolerance: float = 0.0

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
