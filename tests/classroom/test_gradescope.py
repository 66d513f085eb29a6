"""What is made for Gradescope and otter; their own programs run it in tests/graders."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from course_lib.classroom import assignment as assignments
from course_lib.classroom import gradescope
from course_lib.classroom.__main__ import main
from course_lib.classroom.otter import Plugin
from course_lib.classroom.wheel import wheel
from tests.classroom.test_commands import HOW, NAMES, edit, grade, hand_in

WAY = [word for word in HOW if word != "--as-root"]  # a container's root is nobody's surprise


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of an assignment, with places for a submission and its results beside it."""
    folder = tmp_path / "ps1"
    assert main(["new", str(folder), "--exercises", *NAMES, "--points", "3", "0.5"]) == 0
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return folder


def autograded(folder: Path) -> dict:
    """What the container's program makes of the folder `in`."""
    places = [str(folder), str(folder.parent / "in"), str(folder.parent / "out")]
    assert gradescope.main([*places, *WAY]) == 0
    return json.loads((folder.parent / "out" / "results.json").read_text(encoding="utf-8"))


def test_a_submission_becomes_points_and_words(folder):
    hand_in(folder, "any name.ipynb", relu_forward="def relu_forward(x):\n    return x")
    made = autograded(folder)
    assert made["score"] == 0.5
    assert made["stdout_visibility"] == "hidden"
    assert [(t["score"], t["max_score"], t["status"]) for t in made["tests"]] == [
        (0, 3, "failed"),
        (0.5, 0.5, "passed"),
    ]
    assert "The case: x shape (1, 2, 3)." in made["tests"][0]["output"]
    assert made["extra_data"]["protection"]


@pytest.mark.parametrize(("level", "told"), [("names", "keeps the numbers below 0"), ("marks", "")])
def test_words_tell_no_more_than_the_teacher_allows(folder, level, told):
    edit(folder, '"full"', f'"{level}"')
    hand_in(folder, "a.ipynb", relu_forward="def relu_forward(x):\n    return x")
    output = autograded(folder)["tests"][0]["output"]
    assert "The case" not in output
    assert told in output
    assert bool(output) == bool(told)


def test_what_a_student_can_put_right_is_told_to_the_student(folder):
    place = folder.parent / "in"
    assert "no notebook in what you handed in" in autograded(folder)["output"]
    (place / "a.ipynb").write_text("{", encoding="utf-8")
    made = autograded(folder)
    assert (made["score"], made.get("tests")) == (0, None)
    assert "not JSON" in made["output"]
    (place / "b.ipynb").write_text("{", encoding="utf-8")
    assert "a.ipynb and b.ipynb" in autograded(folder)["output"]


def test_where_the_grader_fails_there_are_no_results(folder, capsys, monkeypatch):
    hand_in(folder, "a.ipynb")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    places = [str(folder), str(folder.parent / "in"), str(folder.parent / "out")]
    assert gradescope.main(places) == 2
    assert "--isolation process" in capsys.readouterr().err
    assert list((folder.parent / "out").iterdir()) == []


def test_the_zip_is_the_same_whenever_it_is_made_and_its_scripts_may_be_run(folder):
    given = assignments.read(folder), assignments.definition(folder), "process"
    ((name, data),) = gradescope.source(*given).items()
    assert name == "ps1_autograder.zip"
    assert gradescope.source(*given) == {name: data}
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        scripts = [i.filename for i in made.infolist() if i.external_attr >> 16 & 0o100]
        text = made.read("run_autograder").decode()
    assert scripts == ["setup.sh", "run_autograder"]
    assert text.rstrip().endswith("source/ps1 submission results --isolation process")


def test_the_wheel_holds_the_whole_package_under_its_hashes():
    _, data = wheel()
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        names = made.namelist()
        (record,) = (name for name in names if name.endswith("RECORD"))
        rows = {row[0]: row[1] for row in csv.reader(io.StringIO(made.read(record).decode()))}
        for name in names:
            digest = base64.urlsafe_b64encode(hashlib.sha256(made.read(name)).digest())
            assert rows[name] == ("" if name == record else f"sha256={digest.decode().rstrip('=')}")
    assert set(rows) == set(names)
    assert {"course_lib/__init__.py", "course_lib/engine/explorer.js"} <= set(names)
    assert not any("__pycache__" in name for name in names)


def test_otters_plugin_replaces_the_notebook_by_its_verdicts(folder):
    path = hand_in(folder, "a.ipynb", relu_forward="def relu_forward(x):\n    return x")
    assert main(["release", str(folder), "--to", "otter", *WAY]) == 0
    config = folder / "release" / "otter" / "otter_config.json"
    (entry,) = json.loads(config.read_text(encoding="utf-8"))["plugins"]
    ((name, given),) = entry.items()
    assert name == f"{Plugin.__module__}.{Plugin.__qualname__}"
    space: dict = {}
    for cell in Plugin(str(path), {}, given).before_execution(None).cells:
        exec(cell.source, space)
    assert space["verdicts"]["conv_output_size"] == ""
    assert "keeps the numbers below 0" in space["verdicts"]["relu_forward"]
    edited = {**given, "files": {"assignment.toml": quiet(given)}}
    assert "not right" in str(Plugin(str(path), {}, edited).before_execution(None))


def quiet(given: dict) -> str:
    return given["files"]["assignment.toml"].replace('"full"', '"marks"')


def test_export_writes_a_file_for_every_student_with_points(folder, capsys):
    assert main(["release", str(folder)]) == 0
    hand_in(folder, "Åsa Öberg.ipynb")
    hand_in(folder, "bo.ipynb", relu_forward="def relu_forward(x):\n    return x")
    (folder.parent / "in" / "cy.ipynb").write_text("", encoding="utf-8")
    assert grade(folder) == 0
    assert main(["export", str(folder), "--to", "gradescope"]) == 0
    place = folder / "results" / "gradescope"
    made = {path.stem: json.loads(path.read_text("utf-8")) for path in place.iterdir()}
    assert {name: result["score"] for name, result in made.items()} == {"Åsa Öberg": 3.5, "bo": 0.5}
    assert "below 0" in made["bo"]["tests"][0]["output"]
    assert f"Wrote {place}\n1 not graded" in capsys.readouterr().out
