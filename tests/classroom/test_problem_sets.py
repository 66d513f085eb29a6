"""Every problem set is released as it is, and the worked answers get all of its points."""

from __future__ import annotations

import shutil

import pytest

from course_lib.classroom import assignment as assignments
from course_lib.classroom import results
from course_lib.classroom.__main__ import main
from course_lib.classroom.problem_sets import SETS
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import HOW


@pytest.mark.parametrize("name", SETS)
def test_worked_answers_get_all_points_and_empty_ones_none(name, tmp_path):
    folder, handed_in = tmp_path / "ps1", tmp_path / "in"
    assert main(["new", str(folder), "--set", name]) == 0
    assert main(["release", str(folder)]) == 0
    handed_in.mkdir()
    shutil.copy(folder / "release" / "ps1_answers.ipynb", handed_in / "ada.ipynb")
    shutil.copy(folder / "release" / "ps1.ipynb", handed_in / "bo.ipynb")
    assert main(["grade", str(folder), str(handed_in), *HOW]) == 0
    ada, bo = results.read(folder / "results")
    assignment = assignments.read(folder)
    assert assignment.title == SETS[name].title
    assert not assignment.course_lib
    assert ada.points == assignment.points, [m for m in ada.marks if m.points < m.of]
    assert [mark.diagnosis for mark in bo.marks] == ["not-written"] * len(assignment.parts)


def test_the_sets_share_no_exercise_and_leave_the_capstones_alone():
    names = [name for ready in SETS.values() for name in ready.exercises]
    assert len(SETS) == 6
    assert len(set(names)) == len(names)
    assert not [name for name in names if "capstone" in EXERCISES[name].sections[0]]
