"""Marks as Canvas and Moodle take them in, under the headers that these two look for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from course_lib.classroom.assignment import Assignment, Complaint
from course_lib.classroom.class_report import mistake
from course_lib.classroom.results import Mark, Result, harmless

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = (
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum Grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
)


def canvas(assignment: Assignment, results: Sequence[Result], per_exercise: bool = False) -> str:
    """A file for Canvas's "Import Grades": one column with the points in all.

    Students are found by Canvas's own number where the download told it, by their login where not.
    Who is not graded is left out: an empty cell would take away a mark given by hand.

    Parameters
    ----------
    per_exercise    a column for each exercise instead, an assignment of its own in Canvas; both
                    together would count every point twice
    """
    columns = {assignment.title: assignment.points}
    if per_exercise:
        columns = {f"{assignment.title}: {part.name}": part.points for part in assignment.parts}
    rows = [
        [*CANVAS, *columns],
        ["    Points Possible", "", "", "", "", *map(_number, columns.values())],
    ]
    for result in graded(results):
        number = _account(result, "canvas")
        student = harmless(_without(result.student, number))
        given = [mark.points for mark in result.marks] if per_exercise else [result.points or 0]
        login = "" if number else student
        rows.append([student, number, "", login, "", *map(_number, given)])
    return _csv(rows)


def moodle(assignment: Assignment, results: Sequence[Result]) -> str:
    """A grading worksheet for an assignment in Moodle, with a column for each exercise behind it.

    Moodle reads the columns that it knows and passes over the others.

    Raises
    ------
    Complaint     if Moodle's number of a student is not known
    """
    rows = [[*MOODLE, *(part.name for part in assignment.parts)]]
    for result in graded(results):
        number = _account(result, "moodle")
        if not number:
            raise Complaint(
                f"Moodle's number of {result.student} is not known, since {result.file} is not "
                "named as in Moodle's download; grade that download, or use `--to csv`."
            )
        name, total = harmless(_without(result.student, number)), _number(result.points or 0)
        row = [f"Participant {number}", name, "", "", total, _number(assignment.points), "Yes"]
        words = "; ".join(_told(mark, assignment.feedback) for mark in result.marks)
        rows.append([*row, "-", "-", words, *(_number(mark.points) for mark in result.marks)])
    return _csv(rows)


def graded(results: Iterable[Result]) -> list[Result]:
    """Those with points; who has none yet is no zero."""
    return [result for result in results if result.points is not None]


def _account(result: Result, system: str) -> str:
    """A student's number in that system, "" if only another's is known or none."""
    of, _, number = result.account.partition(":")
    return number if of == system else ""


def _without(student: str, number: str) -> str:
    return student.removesuffix(f"_{number}") if number else student


def _told(mark: Mark, feedback: str) -> str:
    """An exercise in the words that the assignment's feedback allows."""
    points = f"{mark.name}: {_number(mark.points)} of {_number(mark.of)}"
    return points if feedback == "marks" else f"{points}, {mistake(mark.diagnosis)}"


def _number(points: float) -> str:
    """Points as both systems keep them, to two decimals.

    Examples
    --------
    >>> _number(3.0), _number(0.5), _number(1 / 3), _number(1234567.0)
    ('3', '0.5', '0.33', '1234567')
    """
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
