"""The real nbgrader makes its assignment of our source, and gives the marks that `grade` gives."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():  # it uses what has been deprecated since
    warnings.simplefilter("ignore")
    from nbgrader.api import Gradebook
    from sqlalchemy.engine import URL

from course_lib.classroom import assignment as assignments
from course_lib.classroom import notebook, results
from course_lib.classroom.__main__ import main
from course_lib.lessons import EXERCISES
from tests.classroom import test_page
from tests.classroom.test_commands import HOW, OWN

NAMES = ["linear_forward", "relu_forward", "make_edge_kernel", "conv_output_size", "mean_of_rows"]
POINTS = ["1", "3", "2", "0.5", "1"]
TO_NBGRADER = ["--to", "nbgrader"]
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
    shutil.copy(course / "gradebook.db", course / "fresh.db")
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


def gradebook(path: Path) -> dict[tuple[str, str], tuple[float, float, bool]]:
    """What nbgrader's gradebook holds: student and test -> points, of how many, look by hand."""
    with Gradebook(URL.create("sqlite", database=str(path))) as book:
        return {
            (submission.student.id, g.name): (g.score, g.max_score, g.needs_manual_grade)
            for submission in book.assignment_submissions("ps1")
            for submitted in submission.notebooks
            for g in submitted.grades
        }


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


def export(course: Path, book: Path) -> int:
    return main(["export", str(course.parent / "ps1"), *TO_NBGRADER, "--gradebook", str(book)])


@pytest.fixture
def book(course) -> Iterator[Path]:
    """A gradebook that knows the assignment and nobody's marks."""
    path = course / "marks 100%?.db"
    shutil.copy(course / "fresh.db", path)
    yield path
    for left in course.glob("marks*"):
        left.unlink()


def test_marks_are_entered_and_read_back_and_the_gradebook_is_kept(course, book, capfd):
    assert export(course, book) == 0
    said = capfd.readouterr()
    assert gradebook(book) == ours(course)
    assert f"Entered the marks of 7 into {book}, 7 of them new there." in said.out
    assert said.err == ""
    (kept,) = course.glob("marks*.db.*")
    assert f"Kept what it was as {kept}" in said.out
    assert gradebook(kept) == {}
    shutil.copy(book, course / "plain.db")  # a name that nbgrader's option takes
    nbgrader(course, "export", f"--db=sqlite:///{course / 'plain.db'}", "--to=theirs.csv")
    rows = csv.DictReader((course / "theirs.csv").read_text(encoding="utf-8").splitlines())
    theirs = {row["student_id"]: float(row["score"]) for row in rows}
    assert theirs == {r.student: r.points for r in results.read(course.parent / "ps1" / "results")}


def test_marks_are_the_same_where_nbgrader_has_graded_before(course, book):
    shutil.copy(course / "gradebook.db", book)
    assert export(course, book) == 0
    assert gradebook(book) == ours(course)


def sql(book: Path, command: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(book)) as base, base:
        return base.execute(command).fetchall()


def test_a_mark_given_by_hand_stays_and_is_to_be_looked_at_again(course, book):
    assert export(course, book) == 0
    sql(book, "UPDATE grade SET manual_score = 0.25")
    assert export(course, book) == 0
    assert {(row[0], row[2]) for row in gradebook(book).values()} == {(0.25, True)}


def test_nbgraders_comments_are_our_words(course, book):
    assert export(course, book) == 0
    said = " ".join(row[0] for row in sql(book, "SELECT auto_comment FROM comment"))
    assert "Every case that you can see comes out right" in said
    assert "Your notebook defines no function conv_output_size" in said


def refused(course: Path, book: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """The one sentence that is said; the gradebook is as it was, and no copy of it is left."""
    before = book.read_bytes() if book.exists() else None
    assert export(course, book) == 2
    said = capfd.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert (book.read_bytes() if book.exists() else None) == before
    assert list(course.glob("marks*.db.*")) == []
    return said.err


def test_one_student_who_cannot_be_entered_leaves_the_gradebook_as_it_was(course, book, capfd):
    when = "BEFORE INSERT ON student WHEN NEW.id = 'eve'"
    sql(book, f"CREATE TRIGGER stop {when} BEGIN SELECT RAISE(ABORT, 'no room for eve'); END")
    assert "no room for eve" in refused(course, book, capfd)
    assert gradebook(book) == {}


def test_a_gradebook_that_is_in_use_is_one_sentence(course, book, capfd):
    with closing(sqlite3.connect(book, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        assert "database is locked" in refused(course, book, capfd)


def test_what_is_no_gradebook_of_this_assignment_is_one_sentence(course, book, capfd):
    sql(book, "UPDATE grade_cells SET max_score = 9")
    assert "does not hold ps1 as it is now" in refused(course, book, capfd)
    sql(book, "DROP TABLE assignment")
    assert "no such table: assignment" in refused(course, book, capfd)
    book.write_bytes(b"no database at all" * 100)
    assert "is no gradebook" in refused(course, book, capfd)
    book.unlink()
    assert "There is no" in refused(course, book, capfd)


def run(command: str) -> None:
    match shlex.split(command):
        case ["cp", "-r", source, _]:
            shutil.copytree(source, Path(source).name)
        case ["nbgrader", *arguments]:
            nbgrader(Path.cwd(), *arguments)
        case _:
            test_page.run(command)


def test_the_part_of_the_page_that_needs_nbgrader_is_true(tmp_path, monkeypatch, capsys):
    (tmp_path / "course").mkdir()
    monkeypatch.chdir(tmp_path / "course")
    plain, more = test_page.steps(), test_page.steps("console with-nbgrader")
    assert len(more) == 4
    # what follows gives numbers of each student's own, which nbgrader cannot hand out
    for command, _ in takewhile(lambda step: "by_hand" not in step[0], plain):
        run(command)
    for command, said in more:
        capsys.readouterr()
        run(command)
        printed = capsys.readouterr().out
        assert without_dates(printed) == without_dates(said), command


def without_dates(text: str) -> str:
    return re.sub(r"\.db\.[\d.-]+", ".db.", text)
