"""What nbgrader is given, as far as it can be seen without nbgrader; tests/graders runs the real one."""

from __future__ import annotations

import json

import numpy as np
import pytest

import course_lib as lib
from course_lib.classroom import assignment as assignments
from course_lib.classroom import nbgrader, notebook
from course_lib.classroom.__main__ import main
from course_lib.classroom.assignment import Complaint
from course_lib.exercises import check
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import OWN

ASKED = {"hidden_seed": 1, "exercises": [{"name": "relu_forward"}]}
SEEN = [case["x"].tolist() for case in EXERCISES["relu_forward"].cases]


def right(x):
    return x * (x > 0)


def by_heart(x):
    return right(x) if x.tolist() in SEEN else x


def folded(x):
    return np.abs(x)


def borrowed(x):
    return lib.relu(x)[0]


def test_an_answer_is_awarded_as_grade_does():
    nbgrader.award(right, ASKED)
    with pytest.raises(AssertionError, match="Every case that you can see"):
        nbgrader.award(by_heart, ASKED)
    with pytest.raises(AssertionError, match="library does the work"):
        nbgrader.award(borrowed, ASKED)
    nbgrader.award(borrowed, {**ASKED, "course_lib": True})


def test_an_answer_by_heart_passes_where_there_is_no_hidden_case():
    nbgrader.award(by_heart, {**ASKED, "exercises": [{"name": "relu_forward", "hidden": 0}]})


@pytest.mark.parametrize("level", assignments.FEEDBACK)
def test_what_is_said_of_a_wrong_answer_is_what_the_feedback_allows(level):
    with pytest.raises(AssertionError) as said:
        nbgrader.award(folded, {**ASKED, "feedback": level})
    assert ("folds what is below 0 up" in str(said.value)) == (level != "marks")
    assert ("expected" in str(said.value)) == (level == "full")


def test_a_pass_while_nbgrader_grades_is_nobodys_progress(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_LIB_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    space: dict[str, object] = {"np": np}
    exec(EXERCISES["relu_forward"].solution, space)
    assert check(space["relu_forward"]).passed
    assert not (tmp_path / "progress.json").exists()
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")  # a student's own run
    check(space["relu_forward"])
    assert (tmp_path / "progress.json").exists()


def test_the_points_of_the_tests_are_the_assignments(tmp_path):
    folder = tmp_path / "ps1"
    names = ["relu_forward", "conv_output_size"]
    assert main(["new", str(folder), "--exercises", *names, "--points", "3", "0.5"]) == 0
    assert main(["release", str(folder), "--to", "nbgrader"]) == 0
    made = json.loads((folder / "release" / "source" / "ps1" / "ps1.ipynb").read_text("utf-8"))
    known = [c["metadata"]["nbgrader"] for c in made["cells"] if "nbgrader" in c["metadata"]]
    assert {k["grade_id"]: k.get("points") for k in known} == {
        "answer-relu_forward": None,
        "points-relu_forward": 3,
        "answer-conv_output_size": None,
        "points-conv_output_size": 0.5,
    }
    student = notebook.student(assignments.read(folder))
    assert [c["metadata"] for c in student["cells"]] == [c["metadata"] for c in made["cells"]]


def test_a_solution_that_nbgrader_could_not_cut_out_is_one_sentence(tmp_path, capsys):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "exercises.py").write_text(
        OWN.replace('solution="def mean_of_rows(x)', 'solution="def mean_of_rows(y, x=0)'), "utf-8"
    )
    assert main(["new", str(folder), "--exercises", "mean_of_rows"]) == 0
    with pytest.raises(Complaint, match=r"mean_of_rows does not begin .* exercises\.py"):
        nbgrader.source(assignments.read(folder), assignments.definition(folder))
    assert main(["release", str(folder), "--to", "nbgrader"]) == 2
    assert not (folder / "release").exists()
