"""The copy for a class: no worked answer can be read in it, and it checks as the course does."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib.classroom import class_copy
from course_lib.classroom.__main__ import main
from course_lib.classroom.assignment import Complaint
from course_lib.engine.checking import judge
from course_lib.lessons import EXERCISES

# every right answer of the course, one with a mistake that has a name, and one that nearly misses
ANSWERS = [[name, e.solution] for name, e in EXERCISES.items()]
ANSWERS += [[name, e.alternative] for name, e in EXERCISES.items()]
WRONG = [
    ["relu_forward", "def relu_forward(x):\n    return x"],
    ["linear_forward", "def linear_forward(x, weight, bias):\n    return x @ weight.T - bias"],
    ["conv_output_size", "def conv_output_size(*args):\n    return 2"],
    ["layer_norm_forward", EXERCISES["layer_norm_forward"].solution.replace("+ eps", "- eps")],
]
TELL = """
import json, sys
import course_lib
from course_lib.engine import hints
from course_lib.engine.checking import judge
from course_lib.exercises import compare
from course_lib.lessons import EXERCISES
given = json.load(sys.stdin)
answers = [EXERCISES[name].compiled(source) for name, source in given]
reports = [judge(EXERCISES[f.__name__], f) for f in answers]
json.dump({
    "place": course_lib.__file__,
    "texts": [[e.solution, e.alternative, *e.hints] for e in EXERCISES.values()],
    "said": [[report.diagnosis, report.message] for report in reports],
    "hints": [hints.following(e).steps for e in EXERCISES.values()],
    "compare": str(compare(answers[0])),
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The copy, as `release` writes it."""
    folder = tmp_path_factory.mktemp("class") / "ps1"
    assert main(["new", str(folder), "--exercises", "relu_forward"]) == 0
    assert main(["release", str(folder), "--without-solutions"]) == 0
    return folder / "release" / "course"


@pytest.fixture(scope="module")
def told(copy) -> dict:
    """What a program that uses the copy finds in it and hears from it."""
    run = subprocess.run(
        [sys.executable, "-c", TELL],
        input=json.dumps([*ANSWERS, *WRONG]),
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(run.stdout)


def texts(copy: Path) -> Iterator[tuple[Path, str]]:
    """Every text of the copy; of a notebook, each cell."""
    for path in sorted(copy.rglob("*")):
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text("utf-8"))["cells"]
            yield from ((path, "".join(cell["source"])) for cell in cells)
        elif path.is_file() and path.suffix in {".py", ".md", ".json", ".toml", ".js"}:
            yield path, path.read_text("utf-8")


def functions(source: str) -> Iterator[str]:
    """Every function that a source defines, whatever its layout."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # prose, or a line that is IPython's
        return
    yield from (ast.dump(n) for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_no_file_holds_a_worked_answer_or_a_last_hint(copy):
    answers = {text for e in EXERCISES.values() for text in (e.solution, e.alternative)}
    hidden = {squeezed(t) for t in answers} | {squeezed(e.hints[-1]) for e in EXERCISES.values()}
    written = {dump for text in answers for dump in functions(text)}
    seen = 0
    for path, text in texts(copy):
        assert [t for t in hidden if t in squeezed(text)] == [], path
        joined = "" if path.suffix != ".py" else squeezed(repr(strings(text)))
        assert [t for t in hidden if t and squeezed(repr(t))[1:-1] in joined] == [], path
        assert not written & set(functions(text)), path
        seen += 1
    assert seen > 200
    assert not (copy / "solutions").exists()
    assert not (copy / "tests").exists()
    assert not (copy / "course_lib" / "classroom").exists()


def strings(source: str) -> list[str]:
    """The texts in a program, those written in several pieces whole."""
    tree = ast.parse(source)
    return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is str]


def test_what_the_library_holds_in_memory_cannot_be_read_either(copy, told):
    assert Path(told["place"]).is_relative_to(copy)
    assert len(told["texts"]) == len(EXERCISES)
    for (solution, alternative, *hints), e in zip(told["texts"], EXERCISES.values(), strict=True):
        assert solution.startswith("sealed:")
        assert alternative.startswith("sealed:")
        assert [*hints] == [*e.hints[:-1], ""]
    assert told["hints"] == [len(e.hints) - 1 for e in EXERCISES.values()]
    assert "shows no other answers" in told["compare"]


def test_it_says_of_every_answer_what_the_course_says(told):
    count = len(ANSWERS)
    assert {diagnosis for diagnosis, _ in told["said"][:count]} == {"passed"}
    here = [judge(EXERCISES[n], EXERCISES[n].compiled(source)) for n, source in WRONG]
    assert told["said"][count:] == [[report.diagnosis, report.message] for report in here]
    assert {report.passed for report in here} == {False}


def test_learners_can_begin_in_it(copy):
    subprocess.run([sys.executable, "tools/copies.py"], cwd=copy, check=True, timeout=60)
    assert (copy / "work" / "00_start_here.ipynb").exists()
    assert "no worked answers" in (copy / "README.md").read_text("utf-8")


def test_a_library_without_its_course_is_one_sentence(tmp_path):
    with pytest.raises(Complaint, match="clone of the course"):
        class_copy.class_copy(tmp_path)
