"""The teacher's page says what the commands do: it is followed here from top to bottom."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from course_lib.classroom import assignment as assignments
from course_lib.classroom.__main__ import main
from course_lib.classroom.problem_sets import SETS
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import HOW
from tests.classroom.test_dask import started

PAGE = Path(__file__).parents[2] / "docs" / "classroom.md"
TEXT = PAGE.read_text(encoding="utf-8")


def steps(fence: str = "console") -> list[tuple[str, str]]:
    """Every command of the page, with what it is said to print.

    Those in a fence "console with-nbgrader" are run where nbgrader is, by tests/graders.
    """
    blocks = re.findall(rf"^```{fence}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.M)[1:]]
    return [(command, said) for command, _, said in (part.partition("\n") for part in parts)]


def run(command: str) -> None:
    """Do one line of the page."""
    match shlex.split(command):
        case ["mkdir", folder]:
            Path(folder).mkdir()
        case ["cp", source, target]:
            shutil.copy(source, target)
        case ["sed" | "printf", *_]:
            subprocess.run(command, shell=True, check=True, timeout=60)
        case ["python", "-m", "course_lib.classroom", *arguments, "--scheduler", _]:
            with started(2) as made:
                assert main([*arguments, "--scheduler", made.scheduler_address, *HOW]) == 0
        case ["python", "-m", "course_lib.classroom", *arguments]:
            assert main([*arguments, *(HOW if arguments[0] == "grade" else [])]) == 0
        case other:
            raise AssertionError(f"the page has {other}, which this test cannot do")


def test_every_command_of_the_page_prints_what_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command, said in steps():
        run(command)
        printed = capsys.readouterr().out.replace("\\", "/")
        # how strict it is depends on the computer that runs this test
        printed = re.sub(
            r"Protection: .*?( on 2 workers)?\.\n", r"Protection: strict\1.\n", printed
        )
        assert printed == said, command
    assert len(steps()) == 14


def test_the_page_lists_the_sets_as_they_are(tmp_path):
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \| (\d+) \| (\d+) \|$", TEXT, re.MULTILINE)
    assert [row[0] for row in rows] == list(SETS)
    for name, lessons, count, points in rows:
        made = assignments.new(tmp_path / name, SETS[name].exercises)
        assert (len(made.parts), made.points) == (int(count), int(points))
        sections = [EXERCISES[e].sections[-1] for e in SETS[name].exercises]
        numbers = dict.fromkeys(re.sub(r"^04_0?(\w+?)_.*", r"4.\1", s) for s in sections)
        assert ", ".join(numbers) == lessons
