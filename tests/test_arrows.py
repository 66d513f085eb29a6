"""Arrows point one way: what stands below never imports what stands above it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "course_lib"
FOLDERS = ("draw", "engine", "lessons", "classroom")
FACES = ("explore", "exercises", "measured")
CORE = ("errors", "record", "layer")
# from the bottom up; what stands in one layer may import its own and all below
LAYERS = ("errors", "record", "layer", "sections", "draw", "engine", "lessons", "faces classroom")
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names.split()}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    """The part of the package that a module such as course_lib.engine.store belongs to."""
    first = [*module.split("."), ""][1]
    if first in FACES:
        return "faces"
    return first if first in (*FOLDERS, *CORE) else "sections"


def imported_by(text: str) -> set[str]:
    """Every module of ours that a source imports, also inside a function."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "course_lib"}


def against_the_arrow(module: str, text: str) -> list[str]:
    height = HEIGHT[part_of(module)]
    return sorted(name for name in imported_by(text) if HEIGHT[part_of(name)] > height)


def lessons_of(names: set[str]) -> set[str]:
    return {name.split(".")[2] for name in names if name.startswith("course_lib.lessons.")}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_no_arrow_runs_back(path):
    assert against_the_arrow(dotted(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_no_lesson_needs_another(path):
    module = dotted(path)
    if part_of(module) == "lessons" and module != "course_lib.lessons.__init__":
        others = lessons_of(imported_by(path.read_text(encoding="utf-8"))) - lessons_of({module})
        assert others == set()


def test_an_arrow_back_is_noticed():
    assert against_the_arrow("course_lib.engine.hints", "from course_lib.lessons import EXERCISES")
    assert against_the_arrow("course_lib.record", "from course_lib.layer import Layer")
    assert against_the_arrow("course_lib.layer", "from course_lib.linear import Linear")
    assert against_the_arrow("course_lib.draw.page", "import course_lib.engine.explorer")
    assert against_the_arrow("course_lib.linear", "def f():\n    from course_lib.draw import Cells")
    assert not against_the_arrow("course_lib.exercises", "from course_lib.lessons import EXERCISES")
