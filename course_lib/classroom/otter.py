"""Otter-Grader: a folder that its `generate` makes an autograder of, and the plugin that grades.

Otter would run a student's notebook beside its tests. The plugin grades it in our jail instead and
gives otter a notebook of the verdicts; the tests read those. So no answer runs where marks are.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_lib.classroom import assignment as assignments
from course_lib.classroom.assignment import Assignment
from course_lib.classroom.grading import NOT_YET, Grader, words
from course_lib.classroom.jail import Jail, NotGraded, isolation
from course_lib.classroom.submissions import Submission
from course_lib.classroom.wheel import wheel

_TEST = """# The plugin named in otter_config.json gives the verdicts; "" is right.

from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points!r}


class Verdict(Exception):
    pass


@test_case(name="all cases")
def right(verdicts):
    if verdicts[name]:
        raise Verdict(verdicts[name])
"""


def source(
    assignment: Assignment, definition: Mapping[str, str], weaker: str | None = None
) -> dict[str, str | bytes]:
    """The files for `otter generate`, by their names.

    They hold the hidden cases' seed and the worked answers: they are the teacher's alone.

    Parameters
    ----------
    definition : the files that define the assignment
    weaker : "process" where the container may be one that cannot shut code in
    """
    packed, course = wheel()
    given = {"name": assignment.name, "files": dict(definition), "weaker": weaker}
    config = {
        "plugins": [{f"{__name__}.{Plugin.__name__}": given}],
        # each exercise's words are the student's to read, in one place
        "show_all_public": True,
        "show_hidden": True,
        "force_public_test_summary": False,
    }
    made: dict[str, str | bytes] = {
        f"tests/{part.name}.py": _TEST.format(name=part.name, points=part.points)
        for part in assignment.parts
    }
    made["otter_config.json"] = json.dumps(config, indent=1)
    place = f"file:///autograder/source/files/{packed}"  # where otter's container has it
    made["requirements.txt"] = f"course-lib[classroom] @ {place}\n"
    made[packed] = course
    return {f"otter/{name}": content for name, content in made.items()}


class Plugin:
    """What otter makes for every submission, and asks before it runs the notebook."""

    def __init__(self, submission_path: str, _: object, given: Mapping[str, Any]) -> None:
        self.path, self.given = submission_path, given

    def before_execution(self, _: object) -> Any:
        """The notebook that otter runs instead of the student's.

        Raises
        ------
        NotGraded    if the grader could not do it, which is no zero
        """
        import nbformat  # otter brings it

        cell = nbformat.v4.new_code_cell(f"verdicts = {self._verdicts()!r}")
        return nbformat.v4.new_notebook(cells=[cell])

    def _verdicts(self) -> dict[str, str]:
        """For every exercise nothing if it is right, else what is to be said of it."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, self.given["name"])
            folder.mkdir()
            for name, text in self.given["files"].items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            assignment = assignments.read(folder)
        level = isolation(self.given["weaker"], as_root=True)  # in a container everything is
        with Jail(level, course_lib=assignment.course_lib) as jail:
            made = Grader(assignment, jail).grade(Submission("", "", Path(self.path)))
        if made.result.status == "not graded":
            raise NotGraded(made.result.reason)
        if made.result.points is None:
            return {part.name: made.result.reason for part in assignment.parts}
        return {
            mark.name: ""
            if mark.points
            else words(assignment.feedback, mark.message, made.reports[mark.name]) or NOT_YET
            for mark in made.result.marks
        }
