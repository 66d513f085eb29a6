"""Run a learner's function on every case and say what went wrong, by name if possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from course_lib.engine import store
from course_lib.engine.exercise import Case, Exercise
from course_lib.engine.outcome import (
    Outcome,
    cuts_decimals,
    run,
    said_by,
    same,
    structure_problem,
)
from course_lib.engine.report import Comparison, Report

_KINDS = ("raised", "type", "shape", "input-changed", "wrong-value")  # what is said first
_SEEN = {"raised": " ", "type": " Here ", "shape": " Here "}  # what is said about a mistake as well


def record(exercise: Exercise, function: Callable[..., Any]) -> Report:
    """The report on `function`; a pass is written into the learner's progress."""
    report = judge(exercise, function)
    return replace(report, note=store.record_pass(exercise.name)) if report.passed else report


def judge(exercise: Exercise, function: Callable[..., Any]) -> Report:
    """The report on `function`, without recording anything."""
    cases = exercise.list_cases()
    outcomes = []
    for number, case in enumerate(cases, 1):
        try:
            outcomes.append(run(function, case))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"check stopped {exercise.name} in case {number} of {len(cases)}, as you asked; "
                "nothing is lost. If it hung there, look for a loop that never ends."
            ) from None
    return _diagnose(exercise, cases, outcomes)


def _diagnose(exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Report:
    expected = [run(exercise.reference, case).value for case in cases]

    def report(index: int, diagnosis: str, message: str) -> Report:
        return Report(
            exercise.name,
            diagnosis,
            message,
            points=exercise.points if diagnosis == "passed" else 0,
            case=cases[index],
            returns=exercise.returns,
            expected=None if exercise.judge else expected[index],
            printed=outcomes[index].printed,
            comparison=_compare(exercise, outcomes[index], expected[index]),
            exception=outcomes[index].error,
        )

    if all(isinstance(outcome.error, NotImplementedError) for outcome in outcomes):
        return report(
            0,
            "not-written",
            "It still raises NotImplementedError. Replace that line (also in a function that this "
            f"one calls), run that cell, then this one again; hint({exercise.name}) helps when you "
            "are stuck.",
        )

    problems = {
        index: problem
        for index, (case, outcome, wanted) in enumerate(zip(cases, outcomes, expected, strict=True))
        if (problem := _problem(exercise, case, outcome, wanted))
    }
    if not problems:
        return report(0, "passed", exercise.shows)

    first = min(problems)
    for mistake in exercise.mistakes:
        if problems[first] == ("wrong-value", mistake.name) or any(
            _behaves_like(answer, cases, outcomes, exercise.rtol) for answer in mistake.answers
        ):
            kind, sentence = problems[first]
            seen = f"{_SEEN[kind]}{sentence}" if kind in _SEEN else ""
            return report(first, f"mistake:{mistake.name}", mistake.hint + seen)
    index = min(problems, key=lambda i: (_KINDS.index(problems[i][0]), i))
    return report(index, *problems[index])


def _problem(
    exercise: Exercise, case: Case, outcome: Outcome, wanted: Any
) -> tuple[str, str] | None:
    """The first thing wrong with one outcome: its kind and a sentence, or None."""
    if outcome.error is not None:
        where = f"Your line “{outcome.line}”" if outcome.line else "It"
        advice = "The code of this case raises it again."
        if not outcome.began:
            call = f"{exercise.name}({', '.join(case)})"
            advice = f"It is called as {call}: keep the def line that the exercise gives."
        return "raised", f"{where} raised {said_by(outcome.error)}. {advice}"
    structure = structure_problem(outcome.value, wanted, exercise.returns)
    if structure:
        return structure
    if outcome.changed:
        names = " and ".join(outcome.changed)
        return "input-changed", (
            f"It changes its input {names}, which still belongs to the caller. Work on a copy, "
            f"{outcome.changed[0]}.copy(), or write a = a + b where you have a += b."
        )
    if exercise.judge:
        verdict = exercise.judge(outcome.value, case)
        return ("wrong-value", verdict) if verdict else None
    if same(outcome.value, wanted, exercise.rtol):
        return None
    for name, answer, right in _parts(exercise, outcome.value, wanted):
        if cuts_decimals(answer, right):
            return "type", (
                f"{name} holds {answer.dtype.name}, which cuts the decimals off; make the array "
                "with a floating dtype, as np.zeros(shape) does."
            )
    return "wrong-value", "The values are not right yet; this is the smallest case that shows it."


def _parts(exercise: Exercise, answer: Any, wanted: Any) -> list[tuple[str, Any, Any]]:
    """What was returned, part by part, each with its name and what was expected."""
    if isinstance(wanted, tuple):
        return list(zip(exercise.returns, answer, wanted, strict=True))
    return [(exercise.returns[0], answer, wanted)]


def _compare(exercise: Exercise, outcome: Outcome, wanted: Any) -> Comparison | None:
    """The first part that differs, where the structure allows a comparison at all."""
    if (
        exercise.judge
        or outcome.error
        or structure_problem(outcome.value, wanted, exercise.returns)
    ):
        return None
    for name, answer, right in _parts(exercise, outcome.value, wanted):
        if not same(answer, right, exercise.rtol):
            return Comparison(name, answer, right, exercise.rtol)
    return None


def _behaves_like(
    answer: Callable[..., Any], cases: Sequence[Case], outcomes: Sequence[Outcome], rtol: float
) -> bool:
    """Whether a wrong answer does on every case exactly what the learner's function did."""
    for case, outcome in zip(cases, outcomes, strict=True):
        other = run(answer, case)
        if (type(outcome.error), outcome.changed) != (type(other.error), other.changed):
            return False
        if outcome.error is None and not same(outcome.value, other.value, rtol):
            return False
    return True
