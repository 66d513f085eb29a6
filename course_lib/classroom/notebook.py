"""Notebooks: the students', the teacher's with the answers, and reading what comes back.

An answer is found by its function's name, so a notebook whose metadata was lost has lost nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from course_lib.classroom.assignment import Assignment, Part
from course_lib.errors import so_many
from course_lib.lessons import EXERCISES

MOST_BYTES = 20_000_000
ANSWER, POINTS = "answer-", "points-"  # before a function's name: how nbgrader calls its two cells
_VARIANT = re.compile(rb'variant[": `]+([0-9a-f]{12})\b')
Notebook = dict[str, Any]  # nbformat 4.5 as plain JSON

_SET_UP = """import math

import numpy as np"""


def student(assignment: Assignment) -> Notebook:
    """What a student gets: a task, a stub and a check for every exercise, and no answer."""
    return _notebook(assignment, answers=False)


def teacher(assignment: Assignment) -> Notebook:
    """The same notebook with the worked answers in it."""
    return _notebook(assignment, answers=True)


def _notebook(assignment: Assignment, *, answers: bool) -> Notebook:
    ours = [part.name for part in assignment.parts if part.name in EXERCISES]
    imports = [_SET_UP]
    if assignment.course_lib:
        imports.append("import course_lib as lib")
    if ours:
        imports.append("from course_lib.exercises import check, hint")
    cells = [
        _markdown("title", _opening(assignment, bool(ours))),
        _code("set-up", "\n".join(imports)),
    ]
    for number, part in enumerate(assignment.parts, 1):
        source = part.exercise.solution if answers else part.exercise.stub
        cells.append(_markdown(f"task-{number}", _task(number, part)))
        known = _nbgrader(ANSWER + part.name)
        cells.append(
            _code(f"answer-{number}", source, exercise=part.name, tags=["exercise"], **known)
        )
        check = f"check({part.name})" if part.name in EXERCISES else f"# Points: {part.name}"
        known = _nbgrader(POINTS + part.name, part.points)
        cells.append(_code(f"check-{number}", check, **known))
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "assignment": {
                "name": assignment.name,
                "digest": assignment.digest,
                "variant": assignment.variant,
            },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _opening(assignment: Assignment, checked: bool) -> str:
    moment = "%d %B %Y, %H:%M" if isinstance(assignment.due, datetime) else "%d %B %Y"
    due = f" Hand it in by {assignment.due:{moment}}." if assignment.due else ""
    helps = (
        " The cell below a function says what is not right yet; `hint(name)` helps step by step."
        if checked
        else ""
    )
    own = f"\n\nThe numbers on paper are your own: variant `{assignment.variant}`. Leave this line."
    numbers = own if assignment.variant else ""
    count = sum(not part.variants for part in assignment.parts)
    tasks = f"{so_many(count, 'function')} to write"
    if paper := len(assignment.parts) - count:
        tasks += f" and {so_many(paper, 'call')} to work out on paper"
    return (
        f"# {assignment.title}\n\n{tasks}, {so_many(assignment.points, 'point')} in all.{due} "
        f"Keep each function's name; it is how your answer is found.{helps}{numbers}"
    )


def _task(number: int, part: Part) -> str:
    points = so_many(part.points, "point")
    return f"## {number}. `{part.name}` ({points})\n\n{part.exercise.task.strip()}"


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _code(name: str, text: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": metadata,
        "outputs": [],
        "source": text.strip(),
    }


def _nbgrader(name: str, points: float | None = None) -> dict[str, Any]:
    """The metadata by which nbgrader knows an answer's cell, or with points its test's."""
    test = points is not None
    known = {
        "schema_version": 3,
        "grade_id": name,
        "grade": test,
        "solution": not test,
        "locked": test,
        "task": False,
    }
    if not test:
        return {"nbgrader": known, "deletable": False}
    return {"nbgrader": {**known, "points": points}, "deletable": False, "editable": False}


def dumped(notebook: Notebook) -> str:
    """A notebook as it is written to a file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def code_cells(data: bytes) -> list[str]:
    """The sources of a submitted notebook's code cells, of format 3 or 4.

    Raises
    ------
    ValueError    with what is wrong, in words for the student and the teacher
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"The file has {len(data) / 1e6:.0f} MB; at most 20 MB are read.")
    if data[:2] == b"PK":
        raise ValueError("The file is a zip archive, not a notebook.")
    try:
        notebook = json.loads(data)
        cells = notebook.get("cells")
        if cells is None:
            cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
        return [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
    except (ValueError, RecursionError):
        raise ValueError("The file is no notebook: it is not JSON.") from None
    except (KeyError, TypeError, AttributeError):
        raise ValueError("The file is no notebook: it is JSON without cells.") from None


def variant_of(data: bytes) -> str:
    """Which variant a notebook is, by its opening or, where that is lost, by its metadata."""
    found = _VARIANT.search(data)
    return found[1].decode() if found else ""


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    text = source if isinstance(source, str) else "".join(source)
    return text.encode("utf-8", "replace").decode("utf-8")
