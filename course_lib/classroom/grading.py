"""Grading one submission: its notebook runs in the jail, the answers are judged out here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from course_lib.classroom import jail as jails
from course_lib.classroom.assignment import Assignment, Part
from course_lib.classroom.jail import Calls, Child, Ended, Jail, NotGraded, Trouble
from course_lib.classroom.notebook import code_cells, variant_of
from course_lib.classroom.results import Mark, Result
from course_lib.classroom.submissions import Submission, fingerprint
from course_lib.engine.checking import Trial
from course_lib.engine.exercise import Exercise
from course_lib.engine.inputs import Case
from course_lib.engine.outcome import Outcome
from course_lib.engine.report import Report

STARTS = 8  # of a child for one submission: each statement that ends it costs one
NOT_YET = "It is not right yet."  # where only marks are told, and a tool wants words
_WHY = {
    "time": "took longer than {seconds:g} s and was stopped; look for a loop that never ends",
    "died": "ended its process, as exit, a crash or too much memory does",
    "garbled": "answered what is no value of an exercise",
}


@dataclass(frozen=True)
class Graded:
    """What grading a submission came to: the line to keep, and what the feedback shows."""

    result: Result
    reports: Mapping[str, Report] = field(default_factory=dict)
    troubles: Sequence[Trouble] = ()


@dataclass(frozen=True)
class _Task:
    """An exercise with its visible cases, or with its hidden ones."""

    exercise: Exercise
    visible: bool

    @property
    def name(self) -> str:
        return self.exercise.name

    @cached_property
    def calls(self) -> Calls:
        return Calls(self.name, tuple(self.exercise.cases))


class Grader:
    """An assignment and a jail, ready for one submission after the other."""

    def __init__(self, assignment: Assignment, jail: Jail) -> None:
        self.assignment, self.jail = assignment, jail
        # hidden cases come last: what was kept of one can show in no visible case's words
        same = [part for part in assignment.parts if not part.variants]
        self._tasks = [_Task(part.exercise, True) for part in same]
        self._tasks += [_Task(assignment.hidden(part), False) for part in same if part.hidden]

    def grade(self, submission: Submission) -> Graded:
        """Grade one submission; trouble of the grader's own is "not graded", never 0 points."""
        began, data = time.monotonic(), submission.data
        result = Result(
            submission.student,
            submission.file,
            fingerprint(data),
            self.assignment.digest,
            "graded",
            isolation=str(self.jail.isolation),
            late=submission.is_late(self.assignment),
            account=submission.account,
        )
        try:
            cells = code_cells(data)
            result = replace(result, owner=self._owner(data))
            assignment = self._with_numbers_of(submission.student, result.owner)
        except ValueError as error:
            return Graded(replace(result, status="no notebook", reason=str(error)))
        own = [_Task(part.exercise, True) for part in assignment.parts if part.variants]
        try:
            run = self._run(cells, own)
        except NotGraded as error:
            return Graded(replace(result, status="not graded", reason=str(error)))
        marks = tuple(_mark(part, run.reports[part.name]) for part in self.assignment.parts)
        seconds = round(time.monotonic() - began, 3)
        return Graded(replace(result, marks=marks, seconds=seconds), run.reports, run.troubles)

    def _owner(self, data: bytes) -> str:
        """The student that a notebook was given to; "" where that cannot be told."""
        variant = variant_of(data)
        return next((name for name, v in self.assignment.given.items() if v == variant), "")

    def _with_numbers_of(self, student: str, owner: str) -> Assignment:
        """The assignment as the student was given it; by their notebook where names differ.

        Raises
        ------
        ValueError    if neither tells which numbers are theirs
        """
        given = self.assignment.given
        if not given:
            return self.assignment
        if student not in given and not owner:
            raise ValueError(
                "Whose numbers these are is not known: the line with the variant is gone from the "
                "notebook, and the class list has no such name. Put the line back."
            )
        return self.assignment.of(given.get(student) or given[owner])

    def _run(self, cells: Sequence[str], own: Sequence[_Task]) -> _Run:
        """Run it; a worker that is lost on the way is replaced, once."""
        for attempt in (1, 2):
            run = _Run([*own, *self._tasks], cells)
            try:
                run.all(self.jail)
                return run
            except NotGraded:
                self.jail.restart()
                if attempt == 2:
                    raise
        raise AssertionError


class _Run:
    """One notebook on its way: a child that ends is started again without what ended it."""

    def __init__(self, tasks: Sequence[_Task], cells: Sequence[str]) -> None:
        self.cells, self.skip = cells, list[tuple[int, int]]()
        self.troubles: list[Trouble] = []
        self.reports: dict[str, Report] = {}
        self.left = list(tasks)
        self.until = time.monotonic() + jails.WHOLE

    def all(self, jail: Jail) -> None:
        """Work off what is left, in as many children as it takes."""
        for _ in range(STARTS + len(self.left)):
            if not self.left or time.monotonic() > self.until:
                break
            with jail.child(self.until) as child:
                self._in(child)
        self._give_up(f"Grading this notebook took longer than {jails.WHOLE:g} s in all.")

    def _in(self, child: Child) -> None:
        """Run the notebook and call its functions, as far as this child lives."""
        try:
            defined, self.troubles = child.run(self.cells, self.skip)
        except Ended as ended:
            why = _WHY[ended.why].format(seconds=jails.STATEMENT)
            if ended.at is None or len(self.skip) >= STARTS:
                self._give_up(f"The notebook was not run to its end: a statement of it {why}.")
            else:
                self.skip.append(ended.at)
            return
        while self.left:
            task = self.left.pop(0)
            if not task.visible and not self.reports[task.name].passed:
                continue
            if task.name not in defined:
                self.reports[task.name] = self._missing(task.name)
                continue
            try:
                report = _tried(child, task)
                self.reports[task.name] = report if task.visible else told(report)
            except Ended as ended:
                self.reports[task.name] = _stopped(task.name, ended)
                return

    def _give_up(self, why: str) -> None:
        """What was not tried is not passed."""
        for task in self.left:
            self.reports[task.name] = Report(task.name, "stopped", why)
        self.left = []

    def _missing(self, name: str) -> Report:
        """Why there is no such function, if the notebook tells."""
        why = f"Your notebook defines no function {name}."
        about = [t for t in self.troubles if name in self.cells[t.cell]]
        if about:
            first = about[0]
            why += f" The cell with it raised {first.error} (line {first.line} of that cell)."
        elif any(name in self.cells[cell] for cell, _ in self.skip):
            why += " A statement of the cell with it was stopped."
        return Report(name, "missing", f"{why} Keep the def line of the task, with its name.")


def _tried(child: Child, task: _Task) -> Report:
    """The report on what this child's function does."""
    outcomes = child.calls(task.calls, task.visible)
    known = dict(zip(map(id, task.calls.cases), outcomes, strict=True))

    def call(case: Case, _: bool) -> Outcome:
        """A case of the exercise's, or one that helps to say where it fails."""
        more = Calls(task.name, (case,))
        return known[id(case)] if id(case) in known else child.calls(more, task.visible)[0]

    return Trial(task.exercise, call).run().report()


def _stopped(name: str, ended: Ended) -> Report:
    return Report(name, "stopped", f"A call {_WHY[ended.why].format(seconds=jails.CALL)}.")


def told(report: Report) -> Report:
    """What may be said of a report on hidden cases: the mistake's name, and no case."""
    if report.passed:
        return report
    named = report.diagnosis.startswith("slip:")
    text = (
        "Every case that you can see comes out right, and not every case that you cannot see. "
        "Think of other sizes and options than those of the check."
    )
    if named:
        text += f" It looks like this mistake: {report.diagnosis.removeprefix('slip:')}."
    return Report(report.exercise, report.diagnosis if named else "hidden", text)


def words(feedback: str, message: str, report: Report | None = None) -> str:
    """What is said of an answer, as much as the assignment's feedback allows; "" for marks alone.

    Parameters
    ----------
    message : the diagnosis in sentences
    report : with the case, if it is known; a result that was kept has the message alone
    """
    if feedback == "marks":
        return ""
    return str(report) if report and feedback == "full" else message


def _mark(part: Part, report: Report) -> Mark:
    points = part.points if report.passed else 0
    return Mark(part.name, points, part.points, report.diagnosis, report.message)
