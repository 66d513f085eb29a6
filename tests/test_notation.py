"""The page of names says what the library's docstrings say, and leaves no axis out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tools.glossary import emphasised, prose

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/notation.md").read_text(encoding="utf-8")
FIRST_COLUMN = re.compile(r"^\| (.*?) \|", re.MULTILINE)
NAME = re.compile(r"`([^`]+)`")
SHAPE = re.compile(r" : (\([^)\n]*\))")


def documented() -> str:
    """Every docstring of the library's modules, one after the other."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "course_lib").glob("*.py")]
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, kinds))
    return "\n".join(ast.get_docstring(node) or "" for node in nodes)


DOCSTRINGS = documented()
NAMES = sorted({name for cell in FIRST_COLUMN.findall(PAGE) for name in NAME.findall(cell)})
LETTERS = [letter for cell in FIRST_COLUMN.findall(PAGE) for letter in emphasised(cell)]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_occurs_in_the_docstrings(name):
    assert re.search(rf"(?<![\w.]){name}(?!\w)", DOCSTRINGS)


def test_every_axis_of_the_docstrings_shapes_is_named():
    shapes = " ".join(SHAPE.findall(DOCSTRINGS))
    axes = set(re.findall(r"(?<!\w)(?:[A-Z]\w*|d(?:_\w)?)(?!\w)", shapes))
    assert {"N", "C_out", "d_v"} <= axes <= set(NAMES)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_occurs_in_the_lessons(letter):
    assert any(letter in emphasised(cell) for _, cells in prose() for cell in cells)


def test_the_page_has_all_its_tables():
    assert len(NAMES) > 40
    assert len(LETTERS) == len(set(LETTERS)) > 5
