"""What a learner has passed and predicted: a small JSON file that survives whatever happens.

    {"passed": ["conv1d_forward"], "predictions": {"00.window_sum": {"answer": "3", "right": true}},
     "recalled": {"00.window_sum": {"answer": "6", "right": false, "lesson": "04_04"}}}

Facts are only ever added, so two notebooks at once are merged by reading again before writing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

_PATIENCE = 2.0  # seconds; a writer takes milliseconds, so whoever holds the lock was killed

_kept: dict[str, Any] = {}  # in memory, should the file fail


def record_pass(exercise: str) -> str:
    """Note that an exercise has been passed; return a sentence if that could not be saved.

    A pass while nbgrader grades is a student's, and not of the one whose file this is.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        return ""
    return _record({"passed": [exercise]})


def record_prediction(name: str, answer: str, right: bool) -> str:
    """Note a prediction (the first one counts); return a sentence if it could not be saved."""
    return _record({"predictions": {name: {"answer": answer, "right": right}}})


def record_recall(name: str, answer: str, right: bool, lesson: str) -> str:
    """Note what was predicted when a lesson asked again; the first answer counts here, too."""
    return _record({"recalled": {name: {"answer": answer, "right": right, "lesson": lesson}}})


def facts() -> tuple[dict[str, Any], str]:
    """Everything passed and predicted so far, and a sentence if there is trouble with the file."""
    try:
        known, trouble = _read(_path())
    except (OSError, RuntimeError) as error:
        known, trouble = _nothing(), _explain(error)
    return _merge(known, _kept), trouble


def _nothing() -> dict[str, Any]:
    return _merge({}, {})


def _merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """The facts of both; where they differ, the first one's."""
    merged: dict[str, Any] = {
        "passed": sorted({*first.get("passed", ()), *second.get("passed", ())})
    }
    for kind in ("predictions", "recalled"):
        merged[kind] = {**second.get(kind, {}), **first.get(kind, {})}
    return merged


def _path() -> Path:
    """Where the progress lives: $COURSE_LIB_PROGRESS (a file or a folder) or the data directory."""
    chosen = os.environ.get("COURSE_LIB_PROGRESS")
    if not chosen:
        return Path(platformdirs.user_data_dir("course_lib", False)).expanduser() / "progress.json"
    path = Path(chosen).expanduser()
    path = path / "progress.json" if path.is_dir() or chosen.endswith(os.sep) else path
    return path.resolve()  # a link stays a link: what it points to is replaced


def _record(new: dict[str, Any]) -> str:
    _kept.update(_merge(_kept, new))
    try:
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(path):
            known, trouble = _read(path)
            merged = _merge(known, _kept)
            if merged != known:
                _replace(path, json.dumps(merged, indent=1) + "\n")
    except (OSError, RuntimeError) as error:
        return _explain(error)
    return trouble


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """The facts in the file. A file that can't be understood is set aside, never overwritten."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return _nothing(), ""
    try:
        found = json.loads(text)
        known = {"passed": found["passed"], "predictions": found["predictions"]}
        known["recalled"] = found.get("recalled", {})  # files from before do not have it
        made = [*known["predictions"].values(), *known["recalled"].values()]
        right = (
            isinstance(known["passed"], list)
            and all(isinstance(name, str) for name in known["passed"])
            and all(isinstance(m["answer"], str) and isinstance(m["right"], bool) for m in made)
            and all(isinstance(m["lesson"], str) for m in known["recalled"].values())
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        right = False
    if right:
        return known, ""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken{number if number > 1 else ''}")).exists():
        number += 1
    os.replace(path, aside)
    return _nothing(), (
        f"The progress file could not be understood; it was set aside as {aside.name} "
        "and a new one begins."
    )


def _replace(path: Path, text: str) -> None:
    """Write beside the file, then rename: a crash in between leaves the old file whole."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One writer at a time: whoever creates the lock file writes, and removes it."""
    lock = path.with_name(f"{path.name}.lock")
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                lock.unlink(missing_ok=True)
            time.sleep(0.01)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _explain(error: Exception) -> str:
    """One sentence, without a path: the report that carries it may be committed."""
    cause = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your disk quota is used up",
    }.get(getattr(error, "errno", None) or 0, "its folder can't be written")
    return (
        f"Your progress could not be saved, because {cause}. It is kept while this notebook runs; "
        "make room or set COURSE_LIB_PROGRESS to a file you may write, and the next pass saves "
        "everything."
    )
