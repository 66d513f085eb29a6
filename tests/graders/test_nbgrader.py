"""The real nbgrader makes its assignment of our source, and gives the marks that `grade` gives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from course_lib.classroom import assignment as assignments
from course_lib.classroom import notebook, results
from course_lib.classroom.__main__ import main
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import HOW, OWN

NAMES = ["linear_forward", "relu_forward", "make_edge_kernel", "conv_output_size", "mean_of_rows"]
POINTS = ["1", "3", "2", "0.5", "1"]
BIN = Path(sys.executable).parent
SEEN = [case["x"].tolist() for case in EXERCISES["relu_forward"].cases]
STUDENTS: dict[str, dict[str, str]] = {  # what each changes in the worked answers
    "ada": {},
    "bo": {
        "linear_forward": "def linear_forward(x, weight, bias):\n    return x @ weight + bias",
        "mean_of_rows": "def mean_of_rows(x):\n    return x.mean(axis=0)",
    },
    "cy": {  # right on what the check shows, and on nothing else
        "relu_forward": f"SEEN = {SEEN}\ndef relu_forward(x):\n"
        "    return np.maximum(x, 0) if x.tolist() in SEEN else x"
    },
    "di": {"conv_output_size": "def output_size(size):\n    return size"},  # another name
    "eve": {name: f"def {name}(:" for name in NAMES},  # no Python
    "flo": {  # prints and warns, and is right
        "relu_forward": "import warnings\n\ndef relu_forward(x):\n    print(x)\n"
        "    warnings.warn('slow')\n    return x * (x > 0)"
    },
}


def nbgrader(course: Path, *arguments: str) -> str:
    """Run nbgrader in a course's folder, with nothing of this computer's settings."""
    place = course.parent
    env = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    env |= {"HOME": str(place), "COURSE_LIB_PROGRESS": str(place / "progress.json")}
    env |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    made = subprocess.run(
        [str(BIN / "nbgrader"), *arguments],
        cwd=course,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return made.stdout + made.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course of nbgrader's, in which a class has handed in and is graded; ps1 lies beside it."""
    place = tmp_path_factory.mktemp("class")
    folder, course = place / "ps1", place / "course"
    folder.mkdir()
    (folder / "exercises.py").write_text(OWN, encoding="utf-8")
    assert main(["new", str(folder), "--exercises", *NAMES, "--points", *POINTS]) == 0
    assert main(["release", str(folder), "--to", "nbgrader"]) == 0
    shutil.copytree(folder / "release" / "source", course / "source")
    nbgrader(course, "generate_assignment", "ps1")
    theirs = course / "release" / "ps1" / "ps1.ipynb"
    for number, (student, answers) in enumerate(STUDENTS.items()):
        # every other student works in our notebook, and not in the one that nbgrader has made
        given = folder / "release" / "ps1.ipynb" if number % 2 else theirs
        hand_in(course, student, given, answers)
    shutil.copytree(theirs.parent, course / "submitted" / "gus" / "ps1")  # nothing written
    assert main(["grade", str(folder), str(course / "submitted"), *HOW]) == 0
    nbgrader(course, "autograde", "ps1")
    return course


def hand_in(course: Path, student: str, given: Path, answers: dict[str, str]) -> None:
    made = json.loads(given.read_text(encoding="utf-8"))
    worked = {part.name: part.exercise.solution for part in asked(course).parts}
    for cell in made["cells"]:
        if name := cell["metadata"].get("exercise"):
            cell["source"] = {**worked, **answers}[name]
    path = course / "submitted" / student / "ps1" / "ps1.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(made), encoding="utf-8")


def asked(course: Path) -> assignments.Assignment:
    return assignments.read(course.parent / "ps1")


READ = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///" + sys.argv[1]) as book:
    rows = [
        [s.student.id, g.name, g.score, g.max_score, g.needs_manual_grade]
        for s in book.assignment_submissions("ps1") for n in s.notebooks for g in n.grades
    ]
print(json.dumps(rows))
"""


def gradebook(path: Path) -> dict[tuple[str, str], tuple[float, float, bool]]:
    """What nbgrader's gradebook holds: student and test -> points, of how many, look by hand."""
    read = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )
    return {(student, test): tuple(more) for student, test, *more in json.loads(read.stdout)}


def ours(course: Path) -> dict[tuple[str, str], tuple[float, float, bool]]:
    return {
        (result.student, notebook.POINTS + mark.name): (mark.points, mark.of, False)
        for result in results.read(course.parent / "ps1" / "results")
        for mark in result.marks
    }


def test_nbgrader_gives_the_marks_that_we_give(course):
    made = gradebook(course / "gradebook.db")
    assert made == ours(course)
    points = {
        student: sum(row[0] for (who, _), row in made.items() if who == student)
        for student in [*STUDENTS, "gus"]
    }
    assert points == {"ada": 7.5, "bo": 5.5, "cy": 4.5, "di": 7, "eve": 0, "flo": 7.5, "gus": 0}


def cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_what_nbgrader_hands_out_is_what_we_hand_out(course):
    ours = cells(course.parent / "ps1" / "release" / "ps1.ipynb")
    theirs = cells(course / "release" / "ps1" / "ps1.ipynb")
    for mine, other in zip(ours, theirs, strict=True):
        other["metadata"].get("nbgrader", {}).pop("checksum", None)
        other["metadata"].get("nbgrader", {}).pop("cell_type", None)
        other["source"] = "".join(other["source"]).replace("# YOUR CODE HERE\n    ", "")
        other["source"] = other["source"].replace("NotImplementedError()", "NotImplementedError")
        assert mine == other


def test_no_answer_and_no_hidden_case_is_handed_out(course):
    text = (course / "release" / "ps1" / "ps1.ipynb").read_text(encoding="utf-8")
    assert str(asked(course).hidden_seed) not in text
    for word in ("award", "HIDDEN", "SOLUTION", "np.maximum", "x.sum(axis=1)"):
        assert word not in text
    assert [p.name for p in (course / "release" / "ps1").iterdir()] == ["ps1.ipynb"]


def test_a_students_pass_is_not_the_teachers(course):
    assert not (course.parent / "progress.json").exists()


def test_nbgraders_page_tells_the_student_what_we_tell(course):
    nbgrader(course, "generate_feedback", "ps1")
    page = (course / "feedback" / "cy" / "ps1" / "ps1.html").read_text(encoding="utf-8")
    assert "Every case that you can see comes out right" in page
