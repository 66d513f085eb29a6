"""nbgrader's gradebook: marks are entered through nbgrader's own API, all of them or none."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from course_lib.classroom.assignment import Assignment, Complaint
from course_lib.classroom.notebook import ANSWER, POINTS
from course_lib.classroom.results import Result


def enter(path: Path, assignment: Assignment, results: Sequence[Result]) -> str:
    """Enter the marks of those who are graded; what was done, in words.

    A mark given by hand in nbgrader stays what counts, and is marked there for another look. The
    database as it was is kept beside it.

    Parameters
    ----------
    path      nbgrader's gradebook.db
    results   with points, each; a student's name is the one in nbgrader

    Raises
    ------
    Complaint    if there is no such gradebook or nbgrader, if it holds another assignment of this
                 name, or if it can't be written; then it is as it was
    """
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy.engine import URL
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        raise Complaint(
            "nbgrader is not installed where the course is; install it there, or use --to csv."
        ) from None
    # the API also logs, with a traceback, what it raises
    logging.getLogger("tornado.application").addHandler(logging.NullHandler())
    kept = _kept(path, assignment.name)
    try:
        with Gradebook(URL.create("sqlite", database=str(path)), "") as book:
            _same(path, assignment, book)
            before = len(book.students)
            with _at_once(book), book.db.no_autoflush:
                for result in results:
                    _one(book, assignment, result)
            new = len(book.students) - before
    except Complaint:
        kept.unlink()
        raise
    except (SQLAlchemyError, ValueError) as error:  # the API's own are ValueErrors
        kept.unlink()
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise Complaint(
            f"{path} can't be written: {why}. No mark was entered; close what uses it, run "
            "`nbgrader db upgrade` if it is of an older nbgrader, and try again."
        ) from None
    return (
        f"Entered the marks of {len(results)} into {path}, {new} of them new there.\n"
        f"Kept what it was as {kept}"
    )


def _kept(path: Path, name: str) -> Path:
    """A copy of the database, named as nbgrader names those that it makes itself."""
    if not path.is_file():
        raise Complaint(
            f"There is no {path}; `nbgrader generate_assignment {name}` makes it, and --gradebook "
            "says where it is."
        )
    aside = path.with_name(f"{path.name}.{datetime.now():%Y-%m-%d-%H%M%S.%f}")
    try:
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        with closing(source), closing(sqlite3.connect(aside)) as target:
            source.execute("SELECT 1 FROM assignment")  # nbgrader would make any other its own
            source.backup(target)
    except sqlite3.Error as error:
        aside.unlink(missing_ok=True)
        raise Complaint(f"{path} is no gradebook that can be read: {error}.") from None
    shutil.copymode(path, aside)
    return aside


def _same(path: Path, assignment: Assignment, book: Any) -> None:
    """The assignment that nbgrader knows must be this one."""
    name = assignment.name
    try:
        known = {cell.name: cell.max_score for cell in book.find_notebook(name, name).grade_cells}
    except ValueError:
        known = {}
    if known != {POINTS + part.name: part.points for part in assignment.parts}:
        raise Complaint(
            f"{path} does not hold {name} as it is now; run `release {name} --to nbgrader`, copy "
            f"its folder source into the course's and run `nbgrader generate_assignment {name}`."
        )


@contextmanager
def _at_once(book: Any) -> Iterator[None]:
    """One transaction: the API commits after every call, and here nothing before the end."""
    commit = book.db.commit
    book.db.commit = book.db.flush
    try:
        yield
        commit()
    except BaseException:
        book.db.rollback()
        raise
    finally:
        del book.db.commit


def _one(book: Any, assignment: Assignment, result: Result) -> None:
    name, student = assignment.name, result.student
    book.update_or_create_student(student)
    book.update_or_create_submission(name, student)
    notebook = book.find_submission_notebook(name, name, student)
    marks = {mark.name: mark for mark in result.marks}
    for grade in notebook.grades:
        grade.auto_score = marks[grade.name.removeprefix(POINTS)].points
        grade.needs_manual_grade = grade.manual_score is not None
    for comment in notebook.comments:
        mark = marks[comment.name.removeprefix(ANSWER)]
        comment.auto_comment = None if assignment.feedback == "marks" else mark.message
