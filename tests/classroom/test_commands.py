"""The commands, from nothing to marks, and every way of asking for what cannot be."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from course_lib.classroom import assignment as assignments
from course_lib.classroom import notebook, results, submissions
from course_lib.classroom.__main__ import main
from course_lib.classroom.assignment import Complaint
from course_lib.classroom.results import Ledger, Mark, Result
from course_lib.lessons import EXERCISES
from tests.child import child

NAMES = ["relu_forward", "conv_output_size"]
HOW = ["--isolation", "process"] if sys.platform != "linux" else []
HOW += ["--as-root"] if os.geteuid() == 0 else []
OWN = """
from course_lib.engine.exercise import Exercise
from course_lib.engine.inputs import Inputs

EXERCISES = [
    Exercise(
        name="mean_of_rows",
        sections=(),
        task="Return the mean of every row of `x`, an array of shape `(N, D)`.",
        stub="def mean_of_rows(x):\\n    raise NotImplementedError",
        solution="def mean_of_rows(x):\\n    return x.mean(axis=1)",
        alternative="def mean_of_rows(x):\\n    return x.sum(axis=1) / x.shape[1]",
        returns={"y": "N"},
        shows="Your mean is taken along the row.",
        hints=("Which axis is the row?",),
        inputs=Inputs(arguments={"x": "N D"}, example={"N": 2, "D": 3}),
    )
]
"""


@pytest.fixture
def released(tmp_path, capsys) -> Path:
    """A folder of an assignment that was released, with room for submissions beside it."""
    folder = tmp_path / "ps1"
    assert main(["new", str(folder), "--exercises", *NAMES, "--points", "3", "0.5"]) == 0
    assert main(["release", str(folder)]) == 0
    (tmp_path / "in").mkdir()
    capsys.readouterr()
    return folder


def hand_in(folder: Path, name: str, **answers: str) -> Path:
    """A student's notebook: the worked answers but for those given."""
    made = notebook.teacher(assignments.read(folder))
    for cell in made["cells"]:
        if cell["metadata"].get("exercise") in answers:
            cell["source"] = answers[cell["metadata"]["exercise"]]
    path = folder.parent / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook.dumped(made), encoding="utf-8")
    return path


def grade(folder: Path, *more: str) -> int:
    return main(["grade", str(folder), str(folder.parent / "in"), *HOW, *more])


def rows(folder: Path) -> dict[str, dict[str, str]]:
    text = (folder / "results" / "grades.csv").read_text(encoding="utf-8")
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


def test_from_nothing_to_marks_feedback_and_the_class(released, capsys):
    hand_in(released, "Åsa Öberg.ipynb")
    hand_in(released, "bo/ps1/ps1.ipynb", relu_forward="def relu_forward(x):\n    return x")
    hand_in(released, "eve.ipynb", relu_forward="def relu_forward(x):\n    exit()")
    (released.parent / "in" / "cy.ipynb").write_bytes(b"")
    assert grade(released) == 0
    made = rows(released)
    assert {name: row["points"] for name, row in made.items()} == {
        "Åsa Öberg": "3.5",
        "bo": "0.5",
        "cy": "",
        "eve": "0.5",
    }
    assert made["cy"]["status"] == "no notebook"
    pages = released / "results" / "feedback"
    assert {path.stem for path in pages.iterdir()} == set(made)
    assert "3.5 of 3.5" in (pages / "Åsa Öberg.html").read_text(encoding="utf-8")
    assert main(["report", str(released)]) == 0
    said = capsys.readouterr().out
    assert "1 of 3  right" in said
    assert "Åsa" not in said


def test_the_students_notebook_holds_no_answer_and_the_teachers_passes(released):
    text = (released / "release" / "ps1.ipynb").read_text(encoding="utf-8")
    for name in NAMES:
        assert EXERCISES[name].stub.strip() in "\n".join(sources(text))
        assert EXERCISES[name].solution.strip() not in "\n".join(sources(text))
    seed = assignments.read(released).hidden_seed
    assert str(seed) not in text
    answers = (released / "release" / "ps1_answers.ipynb").read_text(encoding="utf-8")
    assert EXERCISES[NAMES[0]].solution.strip() in "\n".join(sources(answers))


def sources(text: str) -> list[str]:
    return [cell["source"] for cell in json.loads(text)["cells"]]


def test_the_released_notebook_is_valid_and_runs_where_the_course_is_installed(released):
    nbformat = pytest.importorskip("nbformat")
    made = nbformat.read(released / "release" / "ps1.ipynb", as_version=4)
    nbformat.validate(made)
    space: dict[str, object] = {}
    for cell in made.cells:
        if cell.cell_type == "code":
            exec(cell.source, space)


def test_what_is_graded_and_unchanged_is_not_graded_again(released, capsys):
    hand_in(released, "ada.ipynb")
    hand_in(released, "bo.ipynb")
    assert grade(released) == 0
    hand_in(released, "bo.ipynb", relu_forward="def relu_forward(x):\n    return x")
    capsys.readouterr()
    assert grade(released) == 0
    assert "2 submissions, 1 to grade" in capsys.readouterr().out
    assert rows(released)["bo"]["points"] == "0.5"
    assert len((released / "results" / "results.jsonl").read_text().splitlines()) == 3


def test_grades_are_of_the_assignment_as_it_is_now(released):
    hand_in(released, "ada.ipynb")
    assert grade(released) == 0
    edit(released, "points = 3", "points = 4")
    assert main(["release", str(released)]) == 0
    (released.parent / "in" / "ada.ipynb").rename(released.parent / "in" / "bo.ipynb")
    assert grade(released) == 0
    assert {name: row["points"] for name, row in rows(released).items()} == {"bo": "4.5"}


def test_two_workers_give_the_marks_of_one(released):
    for number in range(4):
        wrong = {"relu_forward": "def relu_forward(x):\n    return -x"} if number % 2 else {}
        hand_in(released, f"s{number}.ipynb", **wrong)
    assert grade(released) == 0
    one = rows(released)
    assert grade(released, "--again", "--workers", "2") == 0
    assert rows(released) == one


def test_a_teachers_own_exercise_is_as_good_as_ours(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "exercises.py").write_text(OWN, encoding="utf-8")
    assert main(["new", str(folder), "--exercises", "mean_of_rows", "relu_forward"]) == 0
    assert main(["release", str(folder)]) == 0
    hand_in(folder, "ada.ipynb")
    hand_in(folder, "bo.ipynb", mean_of_rows="def mean_of_rows(x):\n    return x.mean(axis=0)")
    assert grade(folder) == 0
    assert [row["mean_of_rows"] for row in rows(folder).values()] == ["1", "0"]


def test_every_exercise_of_the_course_can_be_graded(tmp_path):
    folder = tmp_path / "all"
    assert main(["new", str(folder), "--exercises", *EXERCISES]) == 0
    assert main(["release", str(folder)]) == 0
    hand_in(folder, "ada.ipynb")
    assert grade(folder) == 0
    made = rows(folder)["ada"]
    assert made["points"] == made["of"], {name: made[name] for name in EXERCISES}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "assignment.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


WRONG = {  # what is done, the command, and the words that the sentence must have
    "no such exercise": (None, "new NEW --exercises relu_foward", "relu_forward"),
    "points that do not fit": (None, "new NEW --exercises relu_forward --points 1 2", "2 points"),
    "points below zero": (None, "new NEW --exercises relu_forward --points -1", "above 0"),
    "an exercise twice": (None, "new NEW --exercises relu_forward relu_forward", "twice"),
    "a folder that is taken": (None, "new PS --exercises relu_forward", "is there already"),
    "no assignment": (None, "release NEW", "There is no"),
    "an error in the TOML": (lambda ps: edit(ps, 'title = "', "title = "), "release PS", "line 1"),
    "an unknown key": (lambda ps: edit(ps, "points = 3", "pionts = 3"), "release PS", "points"),
    "a name that is unknown": (
        lambda ps: edit(ps, 'name = "relu', 'name = "rleu'),
        "release PS",
        "relu_forward",
    ),
    "a level of feedback": (lambda ps: edit(ps, '"full"', '"all"'), "release PS", "names"),
    "no folder": (None, "grade PS NEW", "does not exist"),
    "a file for a folder": (None, "grade PS PS/assignment.toml", "is a file"),
    "submissions for the assignment": (
        lambda ps: hand_in(ps, "ada/ps1.ipynb"),
        "grade IN PS",
        "holds notebooks and no assignment.toml, as submissions do; give the assignment's folder",
    ),
    "a file for the assignment": (None, "report PS/assignment.toml", "is a file; give the assig"),
    "the assignment for submissions": (None, "grade PS PS", "that is an assignment's folder"),
    "an empty folder": (None, "grade PS IN", "is empty"),
    "two of one student": (
        lambda ps: [hand_in(ps, n) for n in ("ada.ipynb", "ada/ps1.ipynb")],
        "grade PS IN",
        "ada has 2",
    ),
    "edited after release": (
        lambda ps: [hand_in(ps, "a.ipynb"), edit(ps, "points = 3", "points = 4")],
        "grade PS IN",
        "not what was released",
    ),
    "nothing graded yet": (None, "report PS", "Nothing is graded"),
    "own exercises that fail": (
        lambda ps: (ps / "exercises.py").write_text("1/0"),
        "release PS",
        "ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(case, released, tmp_path, capsys):
    act, command, words = WRONG[case]
    if act:
        act(released)
    before = files(tmp_path)
    places = {"PS": str(released), "IN": str(tmp_path / "in"), "NEW": str(tmp_path / "new")}
    for short, place in places.items():
        command = command.replace(short, place)
    how = HOW if command.startswith("grade") else []
    assert main([*command.split(), *how]) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said
    assert "Traceback" not in said
    assert files(tmp_path) == before


def test_root_and_weak_protection_are_refused_unless_asked_for(released, capsys, monkeypatch):
    hand_in(released, "ada.ipynb")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert main(["grade", str(released), str(released.parent / "in")]) == 2
    assert "--as-root" in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["grade", str(released), str(released.parent / "in"), "--as-root"]) == 2
    assert "--isolation process" in capsys.readouterr().err
    assert not (released / "results").exists()


def result(student: str, points: float = 1) -> Result:
    mark = Mark("relu_forward", points, 1, "passed", "\u2028 one line")
    return Result(student, f"{student}.ipynb", "f", "d", "graded", marks=(mark,))


def test_a_full_disk_leaves_what_was_written(tmp_path, monkeypatch):
    whole = os.pwrite
    with Ledger(tmp_path) as ledger:
        ledger.append(result("ada"))
        monkeypatch.setattr(os, "pwrite", lambda f, data, at: whole(f, data[:9], at))
        with pytest.raises(OSError, match="No space"):
            ledger.append(result("bo"))
        monkeypatch.undo()
        assert [r.student for r in results.read(tmp_path)] == ["ada"]
        ledger.append(result("cy"))
    assert results.read(tmp_path) == [result("ada"), result("cy")]


def test_half_a_line_of_a_killed_run_is_no_result_and_is_written_over(tmp_path):
    text = result("ada").line() + result("bo").line()[:20]
    (tmp_path / "results.jsonl").write_text(text, encoding="ascii")
    assert results.read(tmp_path) == [result("ada")]
    with Ledger(tmp_path) as ledger:
        ledger.append(result("bo", 0))
    assert results.read(tmp_path) == [result("ada"), result("bo", 0)]


KILLED = """
import os, sys
from course_lib.classroom.__main__ import main
from course_lib.lessons import EXERCISES
[EXERCISES[name].wanted for name in ("relu_forward", "conv_output_size")]
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        out = os.open("/dev/null", os.O_WRONLY)
        os.dup2(out, 1); os.dup2(out, 2)
        os._exit(main(line.split("\\t")[:-1]))
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at /proc")
def test_a_grader_that_is_killed_goes_on_where_it_was(released):
    """Ten times kill -9 at a random moment, a little later if nothing was done; then to the end.

    A few times more where the machine is so busy that ten runs hardly get to the first submission.
    """
    slow = "import time\ntime.sleep(0.05)\ndef relu_forward(x):\n    return x * (x > 0)"
    for number in range(24):
        hand_in(released, f"s{number:02}.ipynb", relu_forward=slow)
    how = [*HOW, "--isolation", "process"]
    line = "\t".join(["grade", str(released), str(released.parent / "in"), *how, "\n"])
    rng, pipe, latest = random.Random(0), {"stdin": -1, "stdout": -1, "bufsize": 1}, 0.4
    counts, graders = [0], list[int]()
    with child(KILLED, 120, **pipe) as grader:
        while len(counts) <= 10 or (len(set(counts)) <= 2 and len(counts) <= 20):
            started(grader, line, rng.uniform(0.05, latest), graders)
            counts.append(len(results.read(released / "results")))
            latest *= 1.4 if counts[-1] == counts[-2] else 0.8
        assert started(grader, line, None, graders) == 0
    assert counts == sorted(counts)
    assert len(set(counts)) > 2, "no run was killed on its way"
    lines = (released / "results" / "results.jsonl").read_text(encoding="ascii").splitlines()
    assert sorted(json.loads(one)["student"] for one in lines) == [f"s{n:02}" for n in range(24)]
    assert {row["points"] for row in rows(released).values()} == {"3.5"}
    assert workers_left(graders) == []


def workers_left(graders: list[int]) -> list[bytes]:
    """The command lines of these graders' workers; they may take a moment to end."""
    names = [f"course_lib_jail-{grader}-".encode() for grader in graders]
    for _ in range(20):
        texts = [text_of(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        left = [text for text in texts if any(name in text for name in names)]
        if not left:
            return []
        time.sleep(0.1)
    return left


def started(grader, line: str, seconds: float | None, graders: list[int]) -> int:
    grader.stdin.write(line)
    grader.stdin.flush()
    pid = int(grader.stdout.readline())
    graders.append(pid)
    if seconds is not None:
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # it was done before
            os.kill(pid, 9)
    return int(grader.stdout.readline())


def text_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    "name", ["../ada", "/etc/passwd", ".ada", "a\nb", "a/b", "", "=1+1", "x" * 120]
)
def test_a_students_name_is_no_path_and_no_formula(name):
    made = submissions.file_name(name)
    assert made == Path(made).name
    assert not made.startswith(".")
    assert results.harmless(name)[:1] != "="


def test_a_link_to_the_teachers_files_is_not_followed(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text("secret", encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "eve.ipynb").symlink_to(secret)
    (found,) = submissions.found(tmp_path / "in", "ps1")
    assert found.data == b""


def test_names_of_exercises_from_a_table_are_those_of_the_bank():
    with pytest.raises(Complaint, match="at least one"):
        assignments.from_table("ps", {"hidden_seed": 1}, EXERCISES)


def test_hidden_cases_are_the_same_in_every_run_and_others_for_another_seed():
    def cases(seed: int) -> list[str]:
        made = assignments.from_table(
            "ps", {"hidden_seed": seed, "exercises": [{"name": NAMES[0]}]}, EXERCISES
        )
        return [repr(dict(case)) for case in made.hidden(made.parts[0]).cases]

    assert cases(1) == cases(1) != cases(2)
    assert len(cases(1)) == assignments.HIDDEN
