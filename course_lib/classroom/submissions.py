"""Finding what students handed in: a folder of NAME.ipynb, or of NAME/ with a notebook in each."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from course_lib.classroom.assignment import Complaint
from course_lib.classroom.notebook import MOST_BYTES


def fingerprint(data: bytes) -> str:
    """What tells a file from any other."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Submission:
    """One student's file, read when it is needed."""

    student: str
    file: str  # its path below the folder
    source: Path | bytes
    late: bool | None = None

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


def found(folder: Path, assignment: str) -> list[Submission]:
    """The submissions in a folder, by student.

    Files that begin with a dot and checkpoints are passed over; a file that is no notebook is a
    submission too, and its row says so.

    Raises
    ------
    Complaint     if there is no folder, nothing in it, or two files of one student
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise Complaint(
            f"{folder} {what}; give the folder that holds the submissions, an archive unpacked."
        )
    owners: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            inside = _in_folder(path, assignment)
            if inside:
                owners.setdefault(_name(path.name), []).extend(inside)
        else:
            owners.setdefault(_name(path.stem), []).append(path)
    if not owners:
        raise Complaint(f"{folder} is empty; put one NAME.ipynb for each student into it.")
    for student, paths in owners.items():
        if len(paths) > 1:
            names = " and ".join(str(p.relative_to(folder)) for p in paths[:3])
            raise Complaint(
                f"{student} has {len(paths)} submissions: {names}; keep the one that counts."
            )
    return [_read(folder, student, paths[0]) for student, paths in sorted(owners.items())]


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


def _read(folder: Path, student: str, path: Path) -> Submission:
    """A link that leads elsewhere is not followed: it may lead to any file of the teacher's."""
    relative = str(path.relative_to(folder)).encode("utf-8", "replace").decode("utf-8")
    outside = not path.resolve().is_relative_to(folder.resolve())
    return Submission(student, relative, b"" if outside else path)


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
