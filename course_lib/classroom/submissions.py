"""Finding what students handed in: files NAME.ipynb, folders NAME/, or what Canvas and Moodle give.

nbgrader's NAME/ps1/ps1.ipynb is a folder NAME/, too.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import re
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from course_lib.classroom.assignment import FILE, Assignment, Complaint
from course_lib.classroom.notebook import MOST_BYTES

MOST_UNPACKED = 8_000_000_000  # bytes of a whole class's archive
PACKING = 600  # seconds; times of files that all lie closer together are those of packing them


def fingerprint(data: bytes) -> str:
    """What tells a file from any other."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Submission:
    """One student's file, read when it is needed.

    Parameters
    ----------
    file : its path below the folder
    late : where Canvas has said so
    account : the student's number in Canvas or Moodle, such as "canvas:4711"
    when : it was handed in, where that is known
    """

    student: str
    file: str
    source: Path | bytes
    late: bool | None = None
    account: str = ""
    when: datetime | None = None

    def is_late(self, assignment: Assignment) -> bool | None:
        """Whether it came after the assignment was due; None where that is not known."""
        return self.late if self.when is None else assignment.is_late(self.when)

    @property
    def data(self) -> bytes:
        """The file's bytes, of a file that is too large no more than shows that it is."""
        if isinstance(self.source, bytes):
            return self.source
        with self.source.open("rb") as file:
            return file.read(MOST_BYTES + 1)

    @property
    def fingerprint(self) -> str:
        """What tells this file from any other."""
        return fingerprint(self.data)


def found(folder: Path, assignment: str, *, dated: bool = False) -> list[Submission]:
    """The submissions in a folder, by student.

    Files that begin with a dot and checkpoints are passed over, and so is what a student handed in
    beside a notebook; a file that is no notebook is a submission too, and its row says so.

    Parameters
    ----------
    dated         whether the files' own times may tell when they were handed in

    Raises
    ------
    Complaint     if there is no folder, nothing in it, or two notebooks of one student
    """
    if not folder.is_dir():
        what = "is a file, and no zip archive" if folder.exists() else "does not exist"
        raise Complaint(f"{folder} {what}; give the folder or the zip with the submissions.")
    folder = _inside(folder, assignment)
    if (folder / FILE).exists():
        raise Complaint(
            f"{folder} holds {FILE}: that is an assignment's folder; give the one with the "
            "submissions."
        )
    entries = _entries(folder)
    of_canvas = all(_canvas(path.name) for path in entries if path.is_file())
    owners: dict[str, tuple[_Owner, list[Path]]] = {}
    for path in entries:
        files = _in_folder(path, assignment) if path.is_dir() else [path]
        if files:
            owner = _owner(path, of_canvas)
            owners.setdefault(owner.student, (owner, []))[1].extend(files)
    if not owners:
        raise Complaint(f"{folder} is empty; put one NAME.ipynb for each student into it.")
    made = [_read(folder, owner, files) for _, (owner, files) in sorted(owners.items())]
    made = [_stamped(submission, assignment) for submission in made]
    return _timed(made) if dated else made


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, without what a system adds to it."""
    added = (".", "__MACOSX")
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(added)]


def _inside(folder: Path, assignment: str) -> Path:
    """The class's folder where it is all that a folder holds, as in a zip of the folder itself."""
    lone, *others = _entries(folder) or [folder]
    if others or not lone.is_dir() or _MOODLE.fullmatch(lone.name):
        return folder
    handed_in = [path for path in _entries(lone) if path.is_dir() or path.suffix == ".ipynb"]
    one_student = assignment in {path.stem for path in handed_in}
    return folder if one_student or len(handed_in) < 2 else lone


def _stamped(submission: Submission, assignment: str) -> Submission:
    """With the moment in nbgrader's timestamp.txt; elsewhere a student could have written it."""
    if submission.account or not isinstance(submission.source, Path):
        return submission
    stamp = submission.source.with_name("timestamp.txt")
    if submission.source.parent.name != assignment or not stamp.is_file():
        return submission
    return replace(submission, when=moment(stamp.read_text("utf-8", "replace")[:80]))


def moment(text: str) -> datetime | None:
    """A moment as nbgrader writes it, in UTC if it says no zone; None if it is none.

    Examples
    --------
    >>> moment("2027-02-01 12:00:00.000000 UTC").isoformat()
    '2027-02-01T12:00:00+00:00'
    >>> moment("2027-02-01 12:00:00 +0100").isoformat()
    '2027-02-01T12:00:00+01:00'
    >>> moment("yesterday")
    """
    text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)|\s+UTC$", "", text.strip())
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _timed(submissions: list[Submission]) -> list[Submission]:
    """With the times of the files, where nothing better is known.

    Canvas, Moodle and others pack when they are asked to, and give all files the time of that.
    """
    unknown = {
        s.student: s.source.stat().st_mtime
        for s in submissions
        if s.when is None and s.late is None and not s.account and isinstance(s.source, Path)
    }
    times = unknown.values()
    if not unknown or max(times) - min(times) < PACKING:
        return submissions
    return [
        replace(s, when=datetime.fromtimestamp(unknown[s.student], UTC))
        if s.student in unknown
        else s
        for s in submissions
    ]


def alone(folder: Path, assignment: str) -> Submission:
    """The one submission that a folder holds, as Gradescope gives it to an autograder.

    Raises
    ------
    Complaint     if there is no notebook in it, or more than one that could be meant
    """
    files = _in_folder(folder, assignment)
    if not files:
        raise Complaint(f"There is no notebook in what you handed in; hand in {assignment}.ipynb.")
    if len(files) > 1:
        raise Complaint(f"You handed in {_listed(folder, files)}; hand in the one that counts.")
    return _read(folder, _Owner(""), files)


@contextmanager
def unpacked(place: Path) -> Iterator[Path]:
    """A folder as it is, or what a zip archive holds in a folder that lasts as long as needed.

    Raises
    ------
    Complaint     if the archive is damaged, locked by a password or far too large
    """
    if not zipfile.is_zipfile(place):
        yield place
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(place) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
                if size > MOST_UNPACKED:
                    raise Complaint(
                        f"{place} unpacks to {size / 1e9:.0f} GB; at most "
                        f"{MOST_UNPACKED / 1e9:.0f} GB are unpacked, so look by hand what is in it."
                    )
                for entry in archive.infolist():
                    _extract(archive, entry, folder)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise Complaint(
                f"{place} cannot be unpacked: {str(error) or 'it ends too early'}; download it "
                "again, or unpack it by hand and give the folder."
            ) from None
        yield Path(folder)


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: str) -> None:
    """Put an entry into the folder, and nowhere else, with the time that the archive gives it."""
    path = archive.extract(entry, folder)
    with contextlib.suppress(ValueError, OverflowError):  # month 0, as where no time was kept
        when = datetime(*entry.date_time).timestamp()
        os.utime(path, (when, when))


def class_list(path: Path) -> list[str]:
    """The names in the column `student` of a CSV file, as submissions have them.

    Raises
    ------
    Complaint     if there is no such file or column, nobody in it, or somebody twice
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except FileNotFoundError:
        raise Complaint(f"{path} does not exist; give the CSV file with the class.") from None
    except IsADirectoryError:
        raise Complaint(f"{path} is a folder; give the CSV file with the class.") from None
    except (UnicodeDecodeError, csv.Error):
        raise Complaint(f"{path} is no CSV file that can be read; save it as UTF-8.") from None
    columns = {str(name).strip().lower(): name for name in (rows[0] if rows else {})}
    if "student" not in columns:
        raise Complaint(
            f"{path} has no column `student` with names below it; add one, and put commas "
            "between the columns."
        )
    names = [_name((row[columns["student"]] or "").strip()) for row in rows]
    names = [name for name in names if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        what = f"{', '.join(twice)} twice" if twice else "nobody in it"
        raise Complaint(f"{path} has {what}; a line for each student is needed.")
    return names


class _Owner(NamedTuple):
    """Whose a file is, as its name or its folder's says."""

    student: str
    account: str = ""
    late: bool | None = None


# NAME_ACCOUNT_FILE_ps1.ipynb, with LATE after the name; a text typed in has no number of a file
_CANVAS_REST = r"(?:\d+_(?P<file>.+)|(?:text|link)\.html)"
_CANVAS = (
    re.compile(r"(?:(?P<late>LATE)_)?(?P<student>anon_[^\W_]+)_" + _CANVAS_REST),
    re.compile(r"(?P<student>\w+?)_(?:(?P<late>LATE)_)?(?P<account>\d+)_" + _CANVAS_REST),
)
# Full Name_ACCOUNT_assignsubmission_file_, a folder, or the same before the name of a file
_MOODLE = re.compile(r"(?P<student>.+)_(?P<account>\d+)_assignsubmission_[a-z]+(?:_.*)?")


def _canvas(name: str) -> re.Match[str] | None:
    return next(filter(None, (pattern.fullmatch(name) for pattern in _CANVAS)), None)


def _owner(path: Path, of_canvas: bool) -> _Owner:
    """A number counts as Canvas's only where all files are named so: it decides who gets marks."""
    if moodle := _MOODLE.fullmatch(path.name):
        return _numbered("moodle", moodle["student"], moodle["account"])
    canvas = _canvas(path.name) if of_canvas and path.is_file() else None
    if not canvas:
        return _Owner(_name(path.name if path.is_dir() else path.stem))
    late, account = canvas["late"] is not None, canvas.groupdict().get("account", "")
    if not account:
        return _Owner(_name(canvas["student"]), late=late)
    owner = _numbered("canvas", canvas["student"], account)
    # a student's name that ends in a number leaves open which number is the account's
    sure = not re.match(r"\d+_", canvas["file"] or "")
    return owner._replace(late=late, account=owner.account if sure else "")


def _numbered(system: str, student: str, account: str) -> _Owner:
    """Two students of one name are told apart by their numbers."""
    return _Owner(_name(f"{student}_{account}"), f"{system}:{account}")


def _in_folder(folder: Path, assignment: str) -> list[Path]:
    """A student's notebooks: those of the assignment's folder or name if there are such."""
    notebooks = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    named = [path for path in notebooks if assignment in (path.stem, path.parent.name)]
    exact = [path for path in named if path.stem == assignment]
    return exact or named or notebooks


def _name(text: str) -> str:
    """A name as it is compared and shown: one way of writing an umlaut, no control characters."""
    name = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    return "".join(c if c.isprintable() else "?" for c in name)[:120]


def _read(folder: Path, owner: _Owner, files: list[Path]) -> Submission:
    """The file of a student that counts.

    A link that leads elsewhere is not followed: it may lead to any file of the teacher's.
    """
    files = [path for path in files if path.suffix == ".ipynb"] or files
    if len(files) > 1:
        names = _listed(folder, files)
        raise Complaint(
            f"{owner.student} has {len(files)} submissions: {names}; keep the one that counts."
        )
    (path,) = files
    relative = str(path.relative_to(folder)).encode("utf-8", "replace").decode("utf-8")
    outside = not path.resolve().is_relative_to(folder.resolve())
    return Submission(owner.student, relative, b"" if outside else path, owner.late, owner.account)


def _listed(folder: Path, files: list[Path]) -> str:
    return " and ".join(str(path.relative_to(folder)) for path in files[:3])


def file_name(student: str) -> str:
    """A name that is safe for a file, and still another for another student.

    Examples
    --------
    >>> file_name("Åsa Öberg")
    'Åsa Öberg'
    >>> file_name("../ada")
    '___ada-60088279'
    """
    safe = "".join(c if c.isalnum() or c in "-_. @+" else "_" for c in student[:60])
    start = len(safe) - len(safe.lstrip("."))
    safe = "_" * start + safe[start:]
    if safe == student and safe:
        return safe
    return f"{safe}-{fingerprint(student.encode())[:8]}"
