"""nbgrader: the notebook that it makes its assignment of, and what its tests run.

nbgrader cuts the answers and the hidden tests out before it hands the notebook out, and puts the
tests back before it grades.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from course_lib.classroom import assignment as assignments
from course_lib.classroom import notebook
from course_lib.classroom.assignment import OWN, Assignment, Complaint, Part, from_table
from course_lib.classroom.grading import NOT_YET, told, words
from course_lib.classroom.notebook import ANSWER, POINTS
from course_lib.engine.checking import judge
from course_lib.engine.exercise import Exercise
from course_lib.lessons import EXERCISES

_BORROWED = (
    "It is right, and the library does the work: {names}. This assignment asks for an answer that "
    "does without the library."
)


def source(
    assignment: Assignment, definition: Mapping[str, str], weaker: str | None = None
) -> dict[str, str | bytes]:
    """The notebook for nbgrader's folder source, by its path: with what nbgrader cuts out.

    It holds the worked answers and the hidden cases' seed: it is the teacher's alone.

    Parameters
    ----------
    definition the files that define the assignment
    weaker     nothing to it: nbgrader runs students' code as it always does

    Raises
    ------
    Complaint  if an exercise of the teacher's own has a solution that does not begin as its stub,
               or numbers differ from student to student
    """
    if own := [part.name for part in assignment.parts if part.variants]:
        raise Complaint(
            f"{own[0]} has numbers of each student's own, and nbgrader hands everybody the same "
            f"notebook; take by_hand out of {assignments.FILE}, or release without nbgrader."
        )
    made = notebook.student(assignment)
    known = {c["metadata"]["nbgrader"]["grade_id"]: c for c in made["cells"] if _is_known(c)}
    for part in assignment.parts:
        known[ANSWER + part.name]["source"] = _answer(part.exercise)
        known[POINTS + part.name]["source"] += "\n" + _hidden_test(assignment, part, definition)
    name = assignment.name
    return {f"source/{name}/{name}.ipynb": notebook.dumped(made)}


def _is_known(cell: Mapping[str, Any]) -> bool:
    return "nbgrader" in cell["metadata"]


def _answer(exercise: Exercise) -> str:
    """The worked answer, marked where nbgrader is to put a place for the student's."""
    *head, last = exercise.stub.strip().splitlines()
    lines = exercise.solution.strip().splitlines()
    if lines[: len(head)] != head or "NotImplementedError" not in last:
        raise Complaint(
            f"The solution of {exercise.name} does not begin with the lines of its stub, so "
            f"nbgrader cannot cut it out; change one of them in {OWN} so that they differ only "
            "from the stub's last line on, which raises NotImplementedError."
        )
    indent = last[: len(last) - len(last.lstrip())]
    begin, end = f"{indent}### BEGIN SOLUTION", f"{indent}### END SOLUTION"
    return "\n".join([*head, begin, *lines[len(head) :], end])


def _hidden_test(assignment: Assignment, part: Part, definition: Mapping[str, str]) -> str:
    """What decides on the points, and is not handed out."""
    row = {"name": part.name, "points": part.points, "hidden": part.hidden}
    kept = {key: getattr(assignment, key) for key in ("hidden_seed", "course_lib", "feedback")}
    given = repr({**kept, "exercises": [row]})
    if part.exercise is not EXERCISES.get(part.name):
        given += f", {definition[OWN]!r}"
    return (
        "### BEGIN HIDDEN TESTS\n"
        f"from {__name__} import award\n\n"
        f"award({part.name}, {given})\n"
        "### END HIDDEN TESTS"
    )


def award(function: Callable[..., Any], asked: Mapping[str, Any], own: str = "") -> None:
    """Raise where `grade` would give no points: nbgrader gives none to a test that raises.

    Parameters
    ----------
    function    the student's
    asked       an assignment of this exercise alone, as `from_table` reads it
    own         the teacher's exercises.py, where the exercise stands in it

    Raises
    ------
    AssertionError    with what the assignment's feedback says of the answer

    Examples
    --------
    >>> def relu_forward(x):
    ...     return abs(x)
    >>> asked = {"hidden_seed": 1, "feedback": "names", "exercises": [{"name": "relu_forward"}]}
    >>> award(relu_forward, asked)
    Traceback (most recent call last):
    AssertionError: Your y is |x|: it folds what is below 0 up. A ReLU flattens it to 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        if own:
            Path(folder, OWN).write_text(own, encoding="utf-8")
        bank = {**EXERCISES, **assignments.own_exercises(Path(folder))}
    assignment = from_table("", asked, bank)
    (part,) = assignment.parts
    report = judge(part.exercise, function)
    if report.passed and report.borrowed and not assignment.course_lib:
        raise AssertionError(_BORROWED.format(names=", ".join(report.borrowed)))
    if report.passed and part.hidden:
        report = told(judge(assignment.hidden(part), function))
    if not report.passed:
        raise AssertionError(words(assignment.feedback, report.message, report) or NOT_YET)
