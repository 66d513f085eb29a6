"""What a stranger installs, and the names that hold a section together."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import course_lib
from course_lib.lessons import LESSONS
from tools import layer_table
from tools.notebooks import noun_of

ROOT = Path(__file__).parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
FOR_CONDA = [
    Requirement(line) for line in re.findall(r"^  - ([a-z][\w-]*>=.*)$", ENVIRONMENT, re.MULTILINE)
]
FOR_PIP = [
    Requirement(line)
    for line in [
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["lab"],
        *PROJECT["optional-dependencies"]["test"],
    ]
]
SECTIONS = sorted(
    path.stem
    for path in (ROOT / "notebooks").glob("*.ipynb")
    if path.stem[:2] == "04" and "capstone" not in path.stem
)


def test_conda_and_pip_ask_for_the_same_packages_and_versions():
    for_pip = {requirement.name: requirement.specifier for requirement in FOR_PIP}
    for_pip["python"] = SpecifierSet(PROJECT["requires-python"])
    assert {requirement.name: requirement.specifier for requirement in FOR_CONDA} == for_pip


def test_the_environment_names_what_the_course_is_made_of_first():
    first = [requirement.name for requirement in FOR_CONDA[:5]]
    assert first == ["numpy", "matplotlib", "jupyter", "nbval", "ipywidgets"]


def test_the_environment_installs_the_course_itself():
    assert re.search(r"^  - pip:\n      - -e \.\[lab,test\]$", ENVIRONMENT, re.MULTILINE)


def test_every_upper_bound_has_a_written_reason():
    bounded = [
        line for line in PYPROJECT.splitlines() if re.search(r'"[\w-]+[^"]*(==|<|~=)[^"]*"', line)
    ]
    assert bounded
    assert [line for line in bounded if not re.search(r"  # \w+", line)] == []


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    return set(result.stdout.split())


def test_one_version_is_everywhere():
    """The wheel takes it from the library; citation and changes are compared here."""
    assert "version" in PROJECT["dynamic"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE)[1] == course_lib.__version__
    assert re.search(r"^## (.*)$", changes, re.MULTILINE)[1] == course_lib.__version__
    assert f"Version {course_lib.__version__}." in layer_table.CLOSING


HEAVY = {"matplotlib", "sklearn", "ipywidgets", "anywidget", "tqdm", "IPython"}


def test_the_core_loads_numpy_and_nothing_heavy():
    loaded = loaded_by("import course_lib")
    assert "numpy" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("module", sorted(HEAVY))
def test_a_heavy_import_would_be_noticed(module):
    assert module in loaded_by(f"import {module}")


MODEL = """
from course_lib.layer import Layer
from course_lib.record import Array

class Scale(Layer):
    weight: Array
    bias: Array | None

def build(weight: Array) -> tuple[Scale, Scale]:
    return (
        Scale(weight, None),
        Scale(weight),
    )
"""


def test_mypy_catches_a_missing_field_and_nothing_else(tmp_path):
    file = tmp_path / "model.py"
    file.write_text(MODEL, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", file]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    (error,) = re.findall(r"model.py:(\d+): error: (.*)", result.stdout)
    line = MODEL.splitlines().index("        Scale(weight),") + 1
    assert error[0] == str(line)
    assert error[1] == 'Missing positional argument "bias" in call to "Scale"  [call-arg]'


@pytest.mark.parametrize("section", SECTIONS)
def test_one_noun_joins_everything_a_section_is_made_of(section):
    noun = re.fullmatch(r"04_\d\d[a-z]?_(\w+)", section)[1]
    parts = [
        f"course_lib/{noun}.py",
        f"course_lib/lessons/{noun}/__init__.py",
        f"solutions/{section}.ipynb",
        f"tests/test_{noun}.py",
        f"tests/lessons/test_{noun}_lesson.py",
    ]
    assert [part for part in parts if not (ROOT / part).exists()] == []


def test_every_solution_has_its_notebook():
    solutions, notebooks = (
        {path.name for path in (ROOT / folder).glob("*.ipynb")}
        for folder in ("solutions", "notebooks")
    )
    assert solutions <= notebooks


def test_the_lessons_are_listed_in_the_order_of_the_notebooks():
    notebooks = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    listed = [lesson.__name__.removeprefix("course_lib.lessons.") for lesson in LESSONS]
    assert listed == [noun_of(notebook) for notebook in notebooks]


def test_every_claim_belongs_to_a_section_of_the_course():
    claims = tomllib.loads((ROOT / "docs/claims.toml").read_text(encoding="utf-8"))
    assert set(SECTIONS) <= set(claims)
    ids = [claim for sentences in claims.values() for claim in sentences]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"4\.\d+[a-z]|[QTV][a-z]", claim) for claim in ids)
