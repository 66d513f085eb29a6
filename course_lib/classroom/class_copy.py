"""The course for a class: a copy without worked answers and without the hints that give them away.

Its checks say what they say in the course: they run the worked answers, which are sealed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from course_lib.classroom.assignment import Complaint
from course_lib.engine.sealed import sealed
from course_lib.lessons import EXERCISES

COURSE = Path(__file__).resolve().parents[2]
# what learners use; course_lib/classroom is the teacher's
_KEPT = (
    *("course_lib", "notebooks", "tools/copies.py", "tools/jupyterlab"),
    *("docs/layers.md", "docs/next.md", "docs/next_in_pytorch.py"),
    *("Makefile", "pyproject.toml", "environment.yml", "LICENSE", "LICENSE-TEXT"),
)
_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", "classroom"}
_README = """# Layer by Layer

`make lab` sets the course up and opens it in JupyterLab. You need Python 3.11 or newer and make. On
Windows, or with conda: `conda env create -f environment.yml`, `conda activate layer-by-layer`,
`python tools/copies.py`, `jupyter lab work/00_start_here.ipynb`.

This copy is for a class: it holds no worked answers.
"""


def class_copy(course: Path = COURSE) -> dict[str, bytes]:
    """The files of the copy, by their names.

    Raises
    ------
    Complaint     if only the library is here, as it is installed from a wheel
    """
    if not (course / "notebooks").is_dir():
        raise Complaint(
            "There are no notebooks beside the library that runs; use --without-solutions in a "
            "clone of the course, installed with `pip install -e .`."
        )
    instead = {
        text: sealed(text) for e in EXERCISES.values() for text in (e.solution, e.alternative)
    }
    instead |= {exercise.hints[-1]: "" for exercise in EXERCISES.values()}
    made = {"README.md": _README.encode()}
    for path in _files(course):
        data = path.read_bytes()
        if path.suffix == ".py" and "lessons" in path.parts:
            data = _without(data, instead)
        made[path.relative_to(course).as_posix()] = data
    return made


def _files(course: Path) -> Iterator[Path]:
    for kept in _KEPT:
        place = course / kept
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not _LEFT_OUT & set(path.relative_to(course).parts):
                yield path


def _without(source: bytes, instead: Mapping[str, str]) -> bytes:
    """A module with other texts in place of some of its own.

    Examples
    --------
    >>> _without(b'solution = "x = 1"  # why', {"x = 1": "sealed"})
    b"solution = 'sealed'  # why"
    """
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for n in sorted(ast.walk(ast.parse(source)), key=_place, reverse=True):
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value in instead:
            start = starts[n.lineno - 1] + n.col_offset
            end = starts[(n.end_lineno or n.lineno) - 1] + (n.end_col_offset or 0)
            source = source[:start] + repr(instead[n.value]).encode() + source[end:]
    return source


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
