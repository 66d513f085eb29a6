"""Whether a submission is late is told where its moment is known, guessed nowhere, and costs nothing."""

from __future__ import annotations

import time
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course_lib.classroom import assignment as assignments
from course_lib.classroom import notebook, results, submissions
from course_lib.classroom.__main__ import main
from course_lib.classroom.assignment import from_table
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import grade, rows

NIGHT, NEXT_DAY = datetime(2027, 2, 1, 21), datetime(2027, 2, 2, 9)


@pytest.fixture(autouse=True)
def _zone(monkeypatch) -> Iterator[None]:
    """A computer an hour ahead of UTC."""
    monkeypatch.setenv("TZ", "XXX-1")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def due(text: str) -> assignments.Assignment:
    table = tomllib.loads(f"due = {text}\nhidden_seed = 1\nexercises = [{{name='relu_forward'}}]")
    return from_table("ps1", table, EXERCISES)


@pytest.mark.parametrize(
    ("text", "in_time", "late"),
    [
        ("2027-02-01", "2027-02-01T22:59:59", "2027-02-01T23:00:00"),
        ("2027-02-01T12:00:00", "2027-02-01T11:00:00", "2027-02-01T11:00:01"),
        ("2027-02-01T12:00:00Z", "2027-02-01T12:00:00", "2027-02-01T12:00:01"),
    ],
    ids=["a day, which is over when it is over here", "a time here", "a time with its zone"],
)
def test_the_day_or_the_moment_of_due_is_still_in_time(text, in_time, late):
    assignment = due(text)
    assert assignment.is_late(datetime.fromisoformat(in_time).replace(tzinfo=UTC)) is False
    assert assignment.is_late(datetime.fromisoformat(late).replace(tzinfo=UTC)) is True


def test_where_nothing_is_due_nothing_is_late():
    assignment = from_table(
        "ps1", {"hidden_seed": 1, "exercises": [{"name": "relu_forward"}]}, EXERCISES
    )
    assert assignment.is_late(datetime.now(UTC)) is None


def test_a_student_reads_until_when():
    def opening(text: str) -> str:
        return notebook.student(due(text))["cells"][0]["source"]

    assert "Hand it in by 01 February 2027. " in opening("2027-02-01")
    assert "Hand it in by 01 February 2027, 12:00. " in opening("2027-02-01T12:00:00")


def packed(path: Path, entries: dict[str, datetime]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, when in entries.items():
            archive.writestr(zipfile.ZipInfo(name, when.timetuple()[:6]), f"{{}} {name}")
    return path


def late(place: Path) -> dict[str, bool | None]:
    with submissions.unpacked(place) as folder:
        found = submissions.found(folder, "ps1", dated=place != folder)
        return {s.student: s.is_late(due("2027-02-01")) for s in found}


def test_an_archive_of_files_tells_when_each_was_changed_last(tmp_path):
    place = packed(tmp_path / "in.zip", {"ada.ipynb": NIGHT, "bo.ipynb": NEXT_DAY})
    assert late(place) == {"ada": False, "bo": True}


def test_an_archive_whose_files_have_the_time_of_packing_tells_nothing(tmp_path):
    soon = NEXT_DAY.replace(minute=9)
    place = packed(tmp_path / "in.zip", {"ada.ipynb": NEXT_DAY, "bo.ipynb": soon})
    assert late(place) == {"ada": None, "bo": None}


def test_the_times_in_canvas_and_moodles_archives_are_those_of_packing(tmp_path):
    names = ("A_1_assignsubmission_file_/ps1.ipynb", "B_2_assignsubmission_file_/ps1.ipynb")
    place = packed(tmp_path / "m.zip", dict(zip(names, (NIGHT, NEXT_DAY), strict=True)))
    assert late(place) == {"A_1": None, "B_2": None}
    names = ("ada_LATE_1_5_ps1.ipynb", "bo_2_6_ps1.ipynb")
    place = packed(tmp_path / "c.zip", dict(zip(names, (NIGHT, NEXT_DAY), strict=True)))
    assert late(place) == {"ada_1": True, "bo_2": False}


def test_a_folders_files_tell_no_time(tmp_path):
    for name in ("ada.ipynb", "bo.ipynb"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    assert late(tmp_path) == {"ada": None, "bo": None}


def stamped(place: Path, folder: str, stamp: str) -> None:
    (place / folder).mkdir(parents=True)
    (place / folder / "ps1.ipynb").write_text("{}", encoding="utf-8")
    (place / folder / "timestamp.txt").write_text(stamp, encoding="utf-8")


def test_nbgraders_stamp_is_read_and_a_students_own_is_not(tmp_path):
    stamped(tmp_path, "ada/ps1", "2027-02-01 22:59:59.000000 UTC")
    stamped(tmp_path, "bo/ps1", "2027-02-02 00:30:00 +0100\n")
    stamped(tmp_path, "cy/ps1", "as soon as I could")
    stamped(tmp_path, "di/mine", "2020-01-01 00:00:00")
    stamped(tmp_path, "Eve_7_assignsubmission_file_/ps1", "2020-01-01 00:00:00")
    assert late(tmp_path) == {"ada": False, "bo": True, "cy": None, "di": None, "Eve_7": None}


@pytest.fixture
def graded(tmp_path) -> Path:
    """An assignment whose class handed in the same answers, ada on the day and bo after it."""
    folder = tmp_path / "ps1"
    command = ["new", str(folder), "--exercises", "relu_forward", "--due", "2027-02-01"]
    assert main(command) == 0
    assert main(["release", str(folder)]) == 0
    answers = notebook.dumped(notebook.teacher(assignments.read(folder)))
    for student, stamp in {"ada": "2027-02-01 12:00", "bo": "2027-02-02 12:00"}.items():
        stamped(tmp_path / "in", f"{student}/ps1", stamp)
        (tmp_path / "in" / student / "ps1" / "ps1.ipynb").write_text(answers, encoding="utf-8")
    assert grade(folder) == 0
    return folder


def test_late_is_told_and_costs_nothing(graded, capsys):
    assert {student: (r["late"], r["points"]) for student, r in rows(graded).items()} == {
        "ada": ("no", "1"),
        "bo": ("yes", "1"),
    }
    pages = graded / "results" / "feedback"
    assert "ada, handed in on time" in (pages / "ada.html").read_text(encoding="utf-8")
    assert "bo, handed in late" in (pages / "bo.html").read_text(encoding="utf-8")
    assert main(["report", str(graded)]) == 0
    assert "Handed in late: 1." in capsys.readouterr().out


def test_the_same_file_handed_in_again_after_the_day_is_late(graded, capsys):
    stamp = graded.parent / "in" / "ada" / "ps1" / "timestamp.txt"
    stamp.write_text("2027-02-03 12:00", encoding="utf-8")
    assert grade(graded) == 0
    assert "2 submissions, 1 to grade" in capsys.readouterr().out
    assert [r.late for r in results.read(graded / "results")] == [True, True]
