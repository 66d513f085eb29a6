"""The skeleton of a lesson keeps every rule, and says itself that nothing is written yet."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests import notebook_rules as rules
from tools.new_lesson import add_row, register

ROOT = Path(__file__).parents[1]
NOTEBOOK = "04_99_capstone_made_up"
STRUCTURE = ("exercises", "notebooks", "packaging", "predictions")
LEFT_OUT = shutil.ignore_patterns(
    ".*", "work", "references", "browser", "__pycache__", "*.egg-info"
)


def run(course: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python on a copy of the course, whose own library comes first."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(course)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course with a lesson just begun."""
    folder = tmp_path_factory.mktemp("begun") / "course"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    with (folder / "docs/claims.toml").open("a", encoding="utf-8") as claims:
        claims.write(f'\n[{NOTEBOOK}]\n"Xa" = "What is made up is never taught."\n')
    begun = run(folder, "tools.new_lesson", "04_99", "capstone_made_up", "A net reads digits")
    assert begun.returncode == 0, begun.stderr
    assert f"{NOTEBOOK} is begun" in begun.stdout
    return folder


@pytest.fixture(autouse=True)
def _claim_of_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules read the claims of the course itself; here they meet one of the copy."""
    monkeypatch.setitem(rules.SECTION_OF, "Xa", NOTEBOOK)


def page(course: Path, folder: str) -> nbformat.NotebookNode:
    return nbformat.read(course / folder / f"{NOTEBOOK}.ipynb", as_version=4)


@pytest.mark.parametrize("rule", rules.LESSONS, ids=lambda rule: rule.__name__)
def test_the_skeleton_keeps_the_rule(course, rule):
    assert list(rule(page(course, "notebooks"))) == []
    if rule in rules.EVERYWHERE:
        assert list(rule(page(course, "solutions"))) == []


def test_every_claim_of_the_section_has_its_cell(course):
    assert rules.claims_left_out(NOTEBOOK, page(course, "notebooks")) == set()


def test_the_skeleton_says_what_is_left_to_write(course):
    for folder in ("notebooks", "solutions"):
        assert list(rules.nothing_is_left_to_write(page(course, folder))) != []


def test_all_tests_of_structure_pass_but_those_for_what_is_left_to_write(course, pytestconfig):
    files = [f"tests/test_{name}.py" for name in STRUCTURE]
    warned = [f"-W{rule}" for rule in pytestconfig.getoption("pythonwarnings") or ()]  # as here
    result = run(course, "pytest", "-q", "-p", "no:cacheprovider", *warned, *files, "-k", NOTEBOOK)
    failed = re.findall(r"^FAILED \S+::(\w+)", result.stdout, re.MULTILINE)
    assert failed == ["test_a_page_is_written_to_its_end"] * 2, result.stdout


def test_lint_and_types_find_nothing(course):
    for command in (("ruff", "check"), ("ruff", "format", "--check")):
        result = run(course, *command, "course_lib/lessons", "tests/lessons")
        assert result.returncode == 0, result.stdout


def test_a_lesson_that_is_there_is_not_overwritten(course):
    before = (course / f"notebooks/{NOTEBOOK}.ipynb").read_bytes()
    again = run(course, "tools.new_lesson", "04_99", "capstone_made_up", "Another title")
    assert again.returncode != 0
    assert "there already, and nothing is overwritten" in again.stderr
    assert (course / f"notebooks/{NOTEBOOK}.ipynb").read_bytes() == before


@pytest.mark.parametrize("asked", [("4.4", "pooling", "A title"), ("04_04", "pooling", "")])
def test_a_lesson_without_number_or_title_is_refused_with_an_example(tmp_path, asked):
    result = run(ROOT, "tools.new_lesson", *asked)
    assert result.returncode != 0
    assert "make new-lesson NB=04_04 NOUN=pooling" in result.stderr


def test_lessons_are_listed_in_the_order_given():
    text = "from x import (\n    b,\n)\n\nLESSONS = (\n    b,\n)\n"
    assert register(text, ["c", "b", "a"]) == (
        "from x import (\n    a,\n    b,\n    c,\n)\n\nLESSONS = (\n    c,\n    b,\n    a,\n)\n"
    )


def test_a_row_stands_where_its_number_belongs():
    row = "| {0} | [{0}](notebooks/{0}.ipynb) |\n"
    table = row.format("00_start_here") + row.format("04_02b_convolution")
    rows = add_row(table + row.format("04_07_residual"), "04_04_pooling").splitlines()
    assert [re.search(r"notebooks/(\w+)", line)[1] for line in rows] == [
        "00_start_here",
        "04_02b_convolution",
        "04_04_pooling",
        "04_07_residual",
    ]
