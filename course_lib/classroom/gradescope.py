"""Gradescope: a zip that it builds a container from, and the results.json that it reads.

It unpacks the zip into source/, runs setup.sh there once, and for every submission starts
run_autograder, which grades as `grade` does: in the jail, with the same cases and words.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from course_lib.classroom import assignment as assignments
from course_lib.classroom.assignment import Assignment, Complaint
from course_lib.classroom.exports import graded
from course_lib.classroom.grading import Grader, words
from course_lib.classroom.jail import Jail, NotGraded, isolation
from course_lib.classroom.results import Mark, Result, write_whole
from course_lib.classroom.submissions import alone, file_name
from course_lib.classroom.wheel import wheel, zipped
from course_lib.engine.report import Report

# uv, since the system's Python may be older than the course needs; beside all else, so that
# nothing of the system's changes
_SETUP = """#!/usr/bin/env bash
# Run once, where the container is built, from the folder that this file lies in.
set -e
cd "$(dirname "$0")"
python3 -m pip --version || (apt-get update && apt-get install -y python3-pip)
python3 -m pip install --target uv uv
uv/bin/uv venv --python '>=3.11' .venv
uv/bin/uv pip install --python .venv './{wheel}[classroom]'
"""
_RUN = """#!/usr/bin/env bash
# Run for every submission, beside the folders source, submission and results.
cd "$(dirname "$0")"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
exec source/.venv/bin/python -P -m course_lib.classroom.gradescope {arguments}
"""


def source(
    assignment: Assignment, definition: Mapping[str, str], weaker: str | None = None
) -> dict[str, bytes]:
    """The zip that a teacher uploads, by its name.

    It holds the hidden cases' seed and the worked answers: it is the teacher's alone.

    Parameters
    ----------
    definition : the files that define the assignment
    weaker : "process" where the container may be one that cannot shut code in
    """
    name = assignment.name
    packed, course = wheel()
    arguments = [f"source/{name}", "submission", "results"]
    arguments += ["--isolation", weaker] if weaker else []
    files = {
        "setup.sh": _SETUP.format(wheel=packed),
        "run_autograder": _RUN.format(arguments=shlex.join(arguments)),
        packed: course,
        **{f"{name}/{file}": text for file, text in definition.items()},
    }
    return {f"{name}_autograder.zip": zipped(files)}


def results_json(
    assignment: Assignment, result: Result, reports: Mapping[str, Report] | None = None
) -> str:
    """A result as Gradescope reads it: points and words for each exercise.

    Parameters
    ----------
    reports : of the exercises, where they are known; a result that was kept has their words alone
    """
    about = {
        "stdout_visibility": "hidden",
        "extra_data": {"assignment": result.digest, "protection": result.isolation},
    }
    if result.points is None:
        return json.dumps({"score": 0, "output": result.reason, **about}, indent=1)
    rows = [_row(assignment, mark, (reports or {}).get(mark.name)) for mark in result.marks]
    made = {"score": result.points, "execution_time": result.seconds, "tests": rows, **about}
    return json.dumps(made, indent=1)


def exported(assignment: Assignment, results: Iterable[Result]) -> dict[str, str]:
    """A results.json for every student who has points, by the names of the files."""
    return {
        f"gradescope/{file_name(result.student)}.json": results_json(assignment, result)
        for result in graded(results)
    }


def _row(assignment: Assignment, mark: Mark, report: Report | None) -> dict[str, str | float]:
    return {
        "name": mark.name,
        "score": mark.points,
        "max_score": mark.of,
        "status": "passed" if mark.points else "failed",
        "output": words(assignment.feedback, mark.message, report),
        "output_format": "text",
        "visibility": "visible",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade what one student handed in; 2, and no results.json, if the grader could not do it.

    Gradescope then says that the autograder failed, which is no zero.
    """
    parser = argparse.ArgumentParser(prog="python -m course_lib.classroom.gradescope")
    for place in ("assignment", "submission", "results"):
        parser.add_argument(place, type=Path)
    parser.add_argument("--isolation", choices=["process"])
    options = parser.parse_args(arguments)
    try:
        text = _graded(options.assignment, options.submission, options.isolation)
    except (Complaint, NotGraded) as complaint:
        print(complaint, file=sys.stderr)
        return 2
    write_whole(options.results / "results.json", text)
    return 0


def _graded(folder: Path, handed_in: Path, weaker: str | None) -> str:
    assignment = assignments.read(folder)
    level = isolation(weaker, as_root=True)  # in a container everything is
    try:
        submission = alone(handed_in, assignment.name)
    except Complaint as complaint:  # the student's to put right, and no fault of the grader's
        nothing = Result("", "", "", assignment.digest, "no notebook", str(complaint), str(level))
        return results_json(assignment, nothing)
    with Jail(level, course_lib=assignment.course_lib) as jail:
        made = Grader(assignment, jail).grade(submission)
    if made.result.status == "not graded":
        raise NotGraded(made.result.reason)
    return results_json(assignment, made.result, made.reports)


if __name__ == "__main__":
    sys.exit(main())
