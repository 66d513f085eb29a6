"""What a reader meets: every way there and every way back fits on a screen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import course_lib

MODULES = sorted(Path(course_lib.__file__).parent.glob("*.py"))
MOST_LINES = 25


def own_lines(function: ast.FunctionDef, source: list[str]) -> int:
    """Lines of code: docstring, comments, error sentences and functions inside it apart."""
    body = function.body[bool(ast.get_docstring(function)) :]
    apart: set[int] = set()
    for node in ast.walk(function):
        is_inside = isinstance(node, ast.FunctionDef) and node is not function
        raises = isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise)
        if is_inside:
            apart |= set(range(node.lineno, node.end_lineno + 1))
        elif raises:
            apart |= set(range(node.lineno, node.body[-1].end_lineno + 1))
    lines = range(body[0].lineno, body[-1].end_lineno + 1) if body else ()
    code = (number for number in lines if number not in apart and source[number - 1].strip())
    return sum(not source[number - 1].lstrip().startswith("#") for number in code)


def too_long(text: str) -> list[str]:
    source = text.splitlines()
    functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef))
    return [f.name for f in functions if own_lines(f, source) > MOST_LINES]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_function_fits_on_a_screen(path):
    assert too_long(path.read_text(encoding="utf-8")) == []


def test_a_long_function_is_noticed_and_the_way_back_counts_by_itself():
    part = "\n".join(f"        x{i} = {i}" for i in range(15))
    back = f"    def backward():\n{part}\n"
    there = part.replace("        ", "    ")
    assert too_long(f"def layer():\n    '''Says\n    much.'''\n{there}\n{back}") == []
    assert too_long(f"def layer():\n{there}\n{there}\n{back}") == ["layer"]


def lines_of_code(text: str) -> int:
    """Lines that are neither blank nor a comment nor part of a docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    apart: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            apart |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    code = (line.strip() for number, line in lines if number not in apart)
    return sum(bool(line) and not line.startswith("#") for line in code)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_module_is_longer_than_a_sitting(path):
    assert lines_of_code(path.read_text(encoding="utf-8")) <= 300


def test_docstrings_and_blank_lines_are_no_code():
    assert (
        lines_of_code('"""A\n\nB"""\n\nx = """\n"""\n\n\ndef f():\n    """C"""\n    # why\n') == 3
    )
