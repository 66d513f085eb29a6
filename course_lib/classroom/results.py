"""What grading writes: results.jsonl, a line a submission, only appended to; and grades.csv."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.classroom.assignment import Assignment

FILE = "results.jsonl"


@dataclass(frozen=True)
class Mark:
    """One exercise of one submission."""

    name: str
    points: float
    of: float
    diagnosis: str  # as Report has it, also "missing", "stopped" and "hidden"
    message: str


@dataclass(frozen=True)
class Result:
    """One submission, graded or not; a line of results.jsonl.

    Parameters
    ----------
    student : as the submission's file or folder names them
    file : the submission's path below the folder that was graded
    fingerprint : of the submission's bytes
    digest : of the assignment
    status : "graded", "no notebook" (the file cannot be read) or "not graded" (the grader failed)
    reason : why it is not graded
    isolation : how the code was shut in
    late : whether it came after the assignment was due, where that is known
    account : the student's number in Canvas or Moodle, where the file's name told it, such as
        "canvas:4711"
    """

    student: str
    file: str
    fingerprint: str
    digest: str
    status: str
    reason: str = ""
    isolation: str = ""
    late: bool | None = None
    account: str = ""
    seconds: float = 0.0
    marks: tuple[Mark, ...] = ()

    @property
    def points(self) -> float | None:
        """What was earned; None where nothing was graded, which is not the same as 0."""
        return sum(mark.points for mark in self.marks) if self.status == "graded" else None

    @property
    def key(self) -> tuple[str, str, str, bool | None]:
        """What need not be graded again while it stays the same."""
        return self.student, self.fingerprint, self.digest, self.late

    def line(self) -> str:
        """The result as a line of results.jsonl."""
        return json.dumps(asdict(self)) + "\n"  # ASCII: no character of a student ends a line


def from_line(line: str) -> Result:
    """The result that a line holds."""
    fields: dict[str, Any] = json.loads(line)
    marks = tuple(Mark(**mark) for mark in fields["marks"])
    return Result(**{**fields, "marks": marks})


def read(folder: Path) -> list[Result]:
    """Every student's last result, by name; a line that was cut off is none.

    Nothing is written: a grader that was killed may have left half a line.
    """
    try:
        text = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return []
    lines = text[: text.rfind(b"\n") + 1].decode("ascii").splitlines()
    latest = {result.student: result for result in map(from_line, lines)}
    return [latest[student] for student in sorted(latest)]


class Ledger:
    """results.jsonl, open for appending whole lines."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
        text = (folder / FILE).read_bytes()
        self._end = text.rfind(b"\n") + 1  # half a line of a killed run is written over

    def __enter__(self) -> Ledger:
        os.ftruncate(self._file, self._end)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def append(self, result: Result) -> None:
        """Write one line, whole or not at all.

        Raises
        ------
        OSError    if the disk is full; what was written before is intact
        """
        data = result.line().encode("ascii")
        try:
            written = os.pwrite(self._file, data, self._end)
            if written < len(data):
                raise OSError(28, "No space left on device")
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(data)


def write_whole(path: Path, text: str) -> None:
    """Write a file aside and rename it, so that there is the old one or the new one."""
    aside = path.with_name(f".{path.name}.aside")
    try:
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def grades_csv(assignment: Assignment, results: Iterable[Result]) -> str:
    """The grades as a table: a row a student, a column an exercise; nothing where none is known."""
    out = io.StringIO()
    names = [part.name for part in assignment.parts]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "points", "of", *names, "status", "late", "reason", "isolation"])
    for r in results:
        points = {mark.name: f"{mark.points:g}" for mark in r.marks}
        total = "" if r.points is None else f"{r.points:g}"
        row = [harmless(r.student), total, f"{assignment.points:g}"]
        late = "" if r.late is None else "yes" if r.late else "no"
        row += [points.get(name, "") for name in names]
        writer.writerow([*row, r.status, late, harmless(r.reason), r.isolation])
    return out.getvalue()


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text
