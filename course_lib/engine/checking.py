"""Run a learner's function on every case and say what went wrong, by name if possible."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from course_lib.engine import store
from course_lib.engine.aside import quiet
from course_lib.engine.borrowed import operations
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Case, clone
from course_lib.engine.kinds import CUT_OFF
from course_lib.engine.location import located
from course_lib.engine.mutants import near_misses
from course_lib.engine.outcome import (
    Outcome,
    dtype_problem,
    lead_from,
    nan_problem,
    plain,
    run,
    said_by,
    same,
    shape_lead,
    structure_problem,
)
from course_lib.engine.report import Comparison, Report
from course_lib.engine.slips import usual

_KINDS = ("raised", "type", "shape", "input-changed", "wrong-value")  # what is said first
_SEEN = {"raised": " ", "type": " Here ", "shape": " Here "}  # what is said about a slip as well
_LOCATED = ("raised", "shape", "wrong-value")  # what may depend on sizes and options
_WRONG = "The values are not right yet; this is the smallest case that shows it."
_MORE, _PATIENCE = 60, 2.0  # random calls to see where it fails, and seconds for them


def record(exercise: Exercise, function: Callable[..., Any]) -> Report:
    """The report on `function`; a pass is written into the learner's progress."""
    report = judge(exercise, function)
    return replace(report, note=store.record_pass(exercise.name)) if report.passed else report


def judge(exercise: Exercise, function: Callable[..., Any]) -> Report:
    """The report on `function`, without recording anything."""
    report = tried(exercise, function).report()
    return replace(report, borrowed=_borrowed(exercise, function)) if report.passed else report


def tried(exercise: Exercise, function: Callable[..., Any]) -> Trial:
    """`function` on every case."""
    return Trial(exercise, partial(_tried, exercise, function)).run()


def _borrowed(exercise: Exercise, function: Callable[..., Any]) -> tuple[str, ...]:
    """The library's operations that did the work, those apart that the worked solution calls."""
    called = operations(function, exercise.cases[0])
    meant = operations(exercise.compiled(exercise.solution), exercise.cases[0]) if called else ()
    return tuple(name for name in called if name not in meant)


def accepts(exercise: Exercise, function: Callable[..., Any]) -> bool:
    """Whether `function` is right on every case; it stops at the first that is not."""
    return not any(
        _problem(exercise, case, _tried(exercise, function, case), wanted)
        for case, wanted in zip(exercise.cases, exercise.wanted, strict=True)
    )


def _tried(
    exercise: Exercise, function: Callable[..., Any], case: Case, shown: bool = False
) -> Outcome:
    return run(function, case, parts=len(exercise.returns), shown=shown)


class Trial:
    """One function on every case of an exercise, and what it comes to.

    `call` gives the outcome of a case, wherever the function runs; the second argument says
    whether what it displays may appear.
    """

    def __init__(self, exercise: Exercise, call: Callable[[Case, bool], Outcome]) -> None:
        self.exercise, self.call = exercise, call
        self.cases, self.wanted = exercise.cases, exercise.wanted
        self.outcomes: list[Outcome] = []
        self.problems: dict[int, tuple[str, str]] = {}

    def run(self) -> Trial:
        """Call it with every case; Ctrl-C is passed on with a sentence."""
        for number, case in enumerate(self.cases, 1):
            try:
                self.outcomes.append(self.call(case, number == 1))
            except KeyboardInterrupt:
                raise KeyboardInterrupt(
                    f"check stopped {self.exercise.name} in case {number} of {len(self.cases)}, "
                    "as you asked; nothing is lost. If it hung there, look for a loop that never "
                    "ends."
                ) from None
        for index, case in enumerate(self.cases):
            problem = _problem(self.exercise, case, self.outcomes[index], self.wanted[index])
            if problem:
                self.problems[index] = problem
        return self

    def report(self) -> Report:
        """The diagnosis, the smallest case that shows it, and what to think about next."""
        if all(isinstance(outcome.error, NotImplementedError) for outcome in self.outcomes):
            return self._about(
                0,
                "not-written",
                "It still raises NotImplementedError. Replace that line (also in a function that "
                f"this one calls), run that cell, then this one again; hint({self.exercise.name}) "
                "helps when you are stuck.",
            )
        if not self.problems:
            return self._about(0, "passed", self.exercise.shows)
        first = min(self.problems)
        if found := self.recognised():
            kind, sentence = self.problems[first]
            seen = f"{_SEEN[kind]}{sentence}" if kind in _SEEN else ""
            return self._about(first, f"slip:{found[0]}", found[1] + seen)
        index = min(self.problems, key=lambda i: (_KINDS.index(self.problems[i][0]), i))
        kind, sentence = self.problems[index]
        lead = self._shape_lead(index) if kind == "shape" else ""
        where = self._located() if kind in _LOCATED else ""
        return self._about(index, kind, " ".join(filter(None, (sentence, lead, where))))

    def _shape_lead(self, index: int) -> str:
        """What helps with the first part that has another shape."""
        exercise = self.exercise
        if self._in_order():
            return "Its numbers are right and in order: what is missing is a reshape."
        parts = _parts(exercise, self.outcomes[index].value, self.wanted[index])
        leads = [
            shape_lead(answer, right, exercise.axes_of(name))
            for name, answer, right in parts
            if np.shape(answer) != np.shape(right)
        ]
        return leads[0]

    def _in_order(self) -> bool:
        """Whether nothing is wrong but the shape: all numbers come in the order asked for."""
        exercise = self.exercise
        return all(
            np.size(answer) == np.size(right)
            and same(np.reshape(answer, np.shape(right)), right, exercise.rtol)
            for index in self.problems
            for _, answer, right in _parts(exercise, self.outcomes[index].value, self.wanted[index])
        )

    def _located(self) -> str:
        """Where it fails, judged by the cases and, if some are right, by random calls as well."""
        exercise, rng = self.exercise, np.random.default_rng(0)
        cases, failing, end = list(self.cases), set(self.problems), time.monotonic() + _PATIENCE
        for _ in range(_MORE if len(failing) < len(cases) else 0):
            case = exercise.inputs.random(rng)
            wanted = run(exercise.reference, case).value
            if _problem(exercise, case, self.call(case, False), wanted):
                failing.add(len(cases))
            cases.append(case)
            if time.monotonic() > end:
                break
        return located(exercise.inputs, cases, failing)

    def _about(self, index: int, diagnosis: str, message: str) -> Report:
        exercise, outcome, wanted = self.exercise, self.outcomes[index], self.wanted[index]
        return Report(
            exercise.name,
            diagnosis,
            message,
            points=exercise.points if diagnosis == "passed" else 0,
            case=self.cases[index],
            returns=tuple(exercise.returns),
            expected=None if exercise.judge else wanted,
            printed=outcome.printed,
            comparison=_compare(exercise, outcome, wanted),
            exception=outcome.error,
        )

    def recognised(self) -> tuple[str, str] | None:
        """The names of the slips that explain the outcomes, and their sentences."""
        with quiet():
            return self._recognised() if self.problems else None

    def _recognised(self) -> tuple[str, str] | None:
        exercise = self.exercise
        if exercise.judge:
            verdict = self.problems[min(self.problems)][1]
            hints = {slip.name: slip.hint for slip in exercise.own_slips()}
            return (verdict, hints[verdict]) if verdict in hints else None
        if sum(outcome.error is None for outcome in self.outcomes) < min(3, len(self.cases)):
            return None  # two functions that both raise need not have made the same mistake
        slips = list(exercise.own_slips())
        if any(self.outcomes[index].error is None for index in self.problems):
            general = list(usual(exercise))  # such a name needs a wrong value for its evidence
            if any(kind == "type" for kind, _ in self.problems.values()):
                general.sort(key=lambda slip: slip.name != CUT_OFF)  # the dtype has said it
            slips += general
        whole = next((s for s in slips if not s.part and self._made(s, slice(None))), None)
        if whole:
            return whole.name, _spoken(whole, tuple(exercise.returns)[:1])
        if any(outcome.error is None and not self._has_parts(outcome) for outcome in self.outcomes):
            return None
        # a part that is right wherever it came back is not to blame
        parts = self._wrong(raised=False) or self._wrong(raised=True)
        return _joined(self._explained(parts, slips), alone=len(exercise.returns) == 1)

    def _explained(self, parts: Sequence[str], slips: Sequence[Slip]) -> dict[str, Slip | None]:
        """For each part the slip that explains it, if any does."""
        found = {part: self._slip_in(part, slips) for part in parts}
        if None in found.values():
            near = list(near_misses(self.exercise))
            found = {part: slip or self._slip_in(part, near) for part, slip in found.items()}
        return found

    def _slip_in(self, part: str, slips: Sequence[Slip]) -> Slip | None:
        """The first slip that explains one returned part by itself."""
        at = list(self.exercise.returns).index(part)
        return next((s for s in slips if s.part == part and self._made(s, slice(at, at + 1))), None)

    def _has_parts(self, outcome: Outcome) -> bool:
        several = len(self.exercise.returns) > 1
        return not several or (
            type(outcome.value) is tuple and len(outcome.value) == len(self.exercise.returns)
        )

    def _wrong(self, *, raised: bool) -> list[str]:
        """The parts that differ somewhere, where `raised` also those that did not come back."""
        exercise = self.exercise
        pairs = [
            (None if outcome.error else exercise.parts(outcome.value), exercise.parts(wanted))
            for outcome, wanted in zip(self.outcomes, self.wanted, strict=True)
        ]
        return [
            part
            for at, part in enumerate(exercise.returns)
            if any(raised if a is None else not same(a[at], b[at], exercise.rtol) for a, b in pairs)
        ]

    def _made(self, slip: Slip, parts: slice) -> bool:
        """Whether a slip does on every case exactly what the function did, to these parts."""
        order = sorted(range(len(self.cases)), key=lambda i: (i not in self.problems, i))
        return any(all(self._agree(answer, i, parts) for i in order) for answer in slip.answers)

    def _agree(self, answer: Callable[..., Any], index: int, parts: slice) -> bool:
        outcome, case = self.outcomes[index], self.cases[index]
        try:
            other = plain(answer(*map(clone, case.values())))
        except Exception as error:  # code that reads beyond the end has an exception for a result
            return type(error) is type(outcome.error) and not outcome.changed
        if outcome.changed or outcome.error is not None:
            return False
        mine = outcome.value
        if parts != slice(None):
            mine = self.exercise.parts(mine)[parts][0]
        return same(mine, other, max(self.exercise.rtol, _rounding(case)))


def _rounding(case: Case) -> float:
    """How far apart two functions may be that compute the same from these arrays."""
    arrays = (value for value in case.values() if isinstance(value, np.ndarray))
    return max((1e-5 for array in arrays if array.dtype == np.float32), default=0.0)


def _joined(found: dict[str, Slip | None], alone: bool) -> tuple[str, str] | None:
    """One name and one text for the slips found in several parts, alike ones told once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for part, slip in found.items():
        if slip:
            groups.setdefault((slip.name, slip.hint), []).append(part)
    if not groups:
        return None
    names, texts = [], []
    for (name, hint), parts in groups.items():
        names.append(name if alone else f"{', '.join(parts)}: {name}")
        texts.append(_spoken(Slip(name, hint, ()), parts))
    unnamed = [part for part, slip in found.items() if not slip]
    if unnamed:
        be = "is" if len(unnamed) == 1 else "are"
        texts.append(f"{' and '.join(unnamed)} {be} wrong in another way.")
    return "; ".join(names), " ".join(texts)


def _spoken(slip: Slip, parts: Sequence[str]) -> str:
    """The sentence with the parts that it is about."""
    *most, last = parts
    your = f"Each of {', '.join(most)} and {last}" if most else f"Your {last}"
    return slip.hint.replace("{your}", your)


def _problem(
    exercise: Exercise, case: Case, outcome: Outcome, wanted: Any
) -> tuple[str, str] | None:
    """The first thing wrong with one outcome: its kind and a sentence, or None."""
    if outcome.error is not None:
        where = f"Your line “{outcome.line}”" if outcome.line else "It"
        advice = f"The code of this case raises it again.{lead_from(outcome.error)}"
        if not outcome.began:
            call = f"{exercise.name}({', '.join(case)})"
            advice = f"It is called as {call}: keep the def line that the exercise gives."
        return "raised", f"{where} raised {said_by(outcome.error)}. {advice}"
    structure = structure_problem(outcome.value, wanted, tuple(exercise.returns))
    if structure:
        return structure
    if outcome.changed:
        names = " and ".join(outcome.changed)
        return "input-changed", (
            f"It changes its input {names}, which still belongs to the caller. Work on a copy, "
            f"{outcome.changed[0]}.copy(), or write a = a + b where you have a += b."
        )
    verdict = exercise.judge(outcome.value, case) if exercise.judge else None
    if verdict is None and (exercise.judge or same(outcome.value, wanted, exercise.rtol)):
        return None
    for name, answer, right in _parts(exercise, outcome.value, wanted):
        if sentence := dtype_problem(name, answer, right):
            return "type", sentence
        if sentence := nan_problem(name, answer, right):
            return "wrong-value", verdict or f"{_WRONG} {sentence}"
    return "wrong-value", verdict or _WRONG


def _parts(exercise: Exercise, answer: Any, wanted: Any) -> list[tuple[str, Any, Any]]:
    """What was returned, part by part, each with its name and what was expected."""
    if isinstance(wanted, tuple):
        return list(zip(exercise.returns, answer, wanted, strict=True))
    return [(next(iter(exercise.returns)), answer, wanted)]


def _compare(exercise: Exercise, outcome: Outcome, wanted: Any) -> Comparison | None:
    """The first part that differs, where the structure allows a comparison at all."""
    if (
        exercise.judge
        or outcome.error is not None
        or structure_problem(outcome.value, wanted, tuple(exercise.returns))
    ):
        return None
    for name, answer, right in _parts(exercise, outcome.value, wanted):
        if not same(answer, right, exercise.rtol):
            return Comparison(name, answer, right, exercise.rtol)
    return None
