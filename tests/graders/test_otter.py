"""Otter and Gradescope's container give the marks that `grade` gives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course_lib.classroom.__main__ import main
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import NAMES, grade, hand_in, rows

NO_MINUS = "def relu_forward(x):\n    return x"
SUBMISSIONS = {
    "right": {},
    "partly": {"relu_forward": NO_MINUS},
    "wrong": {name: EXERCISES[name].stub for name in NAMES},
    "forger": {  # what it would take to fool the tests of otter, were it run beside them
        "relu_forward": f"import os\nverdicts = dict.fromkeys({NAMES}, '')\n{NO_MINUS}",
        "conv_output_size": "def conv_output_size(*_):\n    os._exit(0)",
    },
}
MARKS = {"right": 3.5, "partly": 0.5, "wrong": 0, "forger": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An assignment, released to both, with submissions that `grade` has graded."""
    folder = tmp_path_factory.mktemp("class") / "ps1"
    assert main(["new", str(folder), "--exercises", *NAMES, "--points", "3", "0.5"]) == 0
    assert main(["release", str(folder), "--to", "otter", "gradescope"]) == 0
    for name, answers in SUBMISSIONS.items():
        hand_in(folder, f"{name}.ipynb", **answers)
    assert grade(folder) == 0
    assert {name: float(row["points"]) for name, row in rows(folder).items()} == MARKS
    return folder


def run(*command: object, cwd: Path) -> None:
    """A command, with the programs of the environment that these tests run in."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": places}
    subprocess.run([*map(str, command)], cwd=cwd, env=environment, check=True, timeout=600)


def same_marks(folder: Path, name: str, results: Path) -> list[dict]:
    """The rows of a results.json, once each is known to have the points that `grade` gave."""
    tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    assert {t["name"]: t["max_score"] for t in tests} == {NAMES[0]: 3, NAMES[1]: 0.5}
    assert {t["visibility"] for t in tests} == {"visible"}
    graded = rows(folder)[name]
    assert {t["name"]: t["score"] for t in tests} == {n: float(graded[n]) for n in NAMES}
    return tests


@pytest.fixture(scope="module")
def generated(folder) -> Path:
    """The autograder that otter itself makes of what was released."""
    source = folder / "release" / "otter"
    run("otter", "generate", *(path.name for path in source.glob("*.whl")), cwd=source)
    return source / "autograder.zip"


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_otter_gives_the_same_marks(folder, generated, tmp_path, name):
    submission = folder.parent / "in" / f"{name}.ipynb"
    run("otter", "run", "-a", generated, "-o", tmp_path, submission, cwd=tmp_path)
    tests = same_marks(folder, name, tmp_path / "results.json")
    said = next(t["output"] for t in tests if t["name"] == "relu_forward")
    assert ("keeps the numbers below 0" in said) == (name in ("partly", "forger"))


@pytest.fixture(scope="module")
def container(folder, tmp_path_factory) -> Path:
    """The folders of a container of Gradescope's, set up by the zip's own script."""
    place = tmp_path_factory.mktemp("autograder")
    for part in ("source", "submission", "results"):
        (place / part).mkdir()
    (archive,) = (folder / "release").glob("*_autograder.zip")
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(place / "source")
    run("bash", "source/setup.sh", cwd=place)
    shutil.copy(place / "source" / "run_autograder", place)
    return place


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_gradescopes_container_gives_the_same_marks(folder, container, name):
    for path in (container / "submission").iterdir():
        path.unlink()
    shutil.copy(folder.parent / "in" / f"{name}.ipynb", container / "submission")
    run("bash", container / "run_autograder", cwd=folder)
    same_marks(folder, name, container / "results" / "results.json")
    made = json.loads((container / "results" / "results.json").read_text(encoding="utf-8"))
    assert made["score"] == MARKS[name]
