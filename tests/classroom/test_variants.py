"""Calls on paper with numbers of each student's own: alike in size, told apart in marks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from course_lib.classroom import assignment as assignments
from course_lib.classroom import gradescope, notebook, otter
from course_lib.classroom.__main__ import main
from course_lib.classroom.variants import Variants, code
from course_lib.engine.checking import judge
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import edit, grade, rows, sources
from tests.classroom.test_gradescope import WAY

ADA, BO, CY = "Åsa Öberg", "bo", "cy"
POSSIBLE = [name for name, exercise in EXERCISES.items() if Variants(exercise).possible]
QUESTION = "conv1d_forward_by_hand"


@pytest.fixture
def folder(tmp_path, capsys) -> Path:
    """An assignment with a call on paper, released to a class of three."""
    folder = tmp_path / "ps1"
    names = ["conv1d_forward", "conv_output_size"]
    assert main(["new", str(folder), "--exercises", *names, "--points", "2", "1"]) == 0
    edit(folder, "# by_hand = 1", "by_hand = 0.5")
    (tmp_path / "in").mkdir()
    (tmp_path / "class.csv").write_text(f"No,Student\n1,{ADA}\n2,{BO}\n3,{CY}\n", "utf-8")
    assert main(["release", str(folder), "--variants", str(tmp_path / "class.csv")]) == 0
    capsys.readouterr()
    return folder


def of(folder: Path, student: str) -> assignments.Assignment:
    """The assignment as that student was given it."""
    assignment = assignments.read(folder)
    return assignment.of(assignment.given[student])


def hand_in(folder: Path, name: str, given_to: str, numbers_of: str, *, lost: str = "") -> None:
    """All answers right, in one student's notebook, with the numbers of one student's call."""
    made = notebook.dumped(notebook.teacher(of(folder, given_to)))
    answer, own = (
        next(p.exercise.solution for p in of(folder, student).parts if p.name == QUESTION)
        for student in (numbers_of, given_to)
    )
    made = made.replace(json.dumps(own)[1:-1], json.dumps(answer)[1:-1])
    made = made.replace(assignments.read(folder).given[given_to], lost) if lost else made
    (folder.parent / "in" / f"{name}.ipynb").write_text(made, encoding="utf-8")


@pytest.mark.parametrize("name", POSSIBLE)
def test_every_variant_has_other_numbers_of_the_same_sizes_and_a_right_answer(name):
    variants = Variants(EXERCISES[name])
    one, other = (variants.case(code("ps1", student)) for student in (ADA, BO))
    assert {n: np.shape(v) for n, v in one.items()} == {n: np.shape(v) for n, v in other.items()}
    assert any(not np.array_equal(one[n], other[n]) for n in EXERCISES[name].inputs.axes)
    question = variants.question(code("ps1", ADA))
    assert judge(question, question.reference).passed
    assert variants.question(code("ps1", ADA)).solution == question.solution
    assert not judge(question, variants.question(code("ps1", BO)).reference).passed


@pytest.mark.parametrize("name", ["conv1d_forward", "relu_forward", "layer_norm_forward"])
def test_a_mistake_on_paper_has_the_name_that_it_has_in_code(name):
    variants = Variants(EXERCISES[name])
    question = variants.question(code("ps1", ADA))
    slip = EXERCISES[name].own_slips()[0]
    made = np.round(slip.answers[0](*variants.case(code("ps1", ADA)).values()), 2)
    report = judge(question, lambda: made)
    assert report.diagnosis == f"slip:{slip.name}"
    assert report.expected is None
    assert "{your}" not in report.message


def test_a_release_gives_each_student_a_notebook_of_their_own(folder):
    made = {path.stem: path.read_text("utf-8") for path in (folder / "release/variants").iterdir()}
    assert set(made) == {ADA, BO, CY}
    assert not (folder / "release" / "ps1.ipynb").exists()
    for student, text in made.items():
        variant = code("ps1", student)
        assert notebook.variant_of(text.encode()) == variant
        assert [variant in other for other in made.values()].count(True) == 1
        assert any(QUESTION in cell and "x = np.array" in cell for cell in sources(text))
        part = next(p for p in of(folder, student).parts if p.name == QUESTION)
        assert part.exercise.solution not in "\n".join(sources(text))


def test_each_is_graded_by_their_own_numbers_and_anothers_are_told(folder, capsys):
    hand_in(folder, ADA, ADA, ADA)
    hand_in(folder, BO, BO, ADA)
    hand_in(folder, CY, ADA, ADA)
    assert grade(folder) == 0
    assert {name: row["points"] for name, row in rows(folder).items()} == {
        ADA: "3.5",
        BO: "3",
        CY: "3",
    }
    assert main(["report", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "2 of 3  the numbers of another student's call" in said
    assert "Notebooks that were given to somebody else: 1." in said
    assert ADA not in said
    assert main(["report", str(folder), "--names"]) == 0
    assert f"somebody else: 1 ({CY} has {ADA}'s)." in capsys.readouterr().out


def test_where_a_system_names_students_otherwise_their_notebook_tells(folder, capsys):
    hand_in(folder, "oberg_1", ADA, ADA)
    hand_in(folder, "lee_2", BO, BO)
    hand_in(folder, "x_3", BO, BO)
    hand_in(folder, "y_4", CY, CY, lost="?")
    assert grade(folder) == 0
    made = rows(folder)
    assert {name: row["points"] for name, row in made.items()} == {
        "oberg_1": "3.5",
        "lee_2": "3.5",
        "x_3": "3.5",
        "y_4": "",
    }
    assert "Put the line back" in made["y_4"]["reason"]
    assert main(["report", str(folder), "--names"]) == 0
    assert "somebody else: 2 (lee_2 has bo's, x_3 has bo's)" in capsys.readouterr().out


def test_the_class_list_goes_where_others_grade_and_a_plain_release_ends_it(folder):
    hand_in(folder, "any name", BO, BO)
    handed_in = folder.parent / "in" / "any name.ipynb"
    places = [str(folder), str(handed_in.parent), str(folder.parent)]
    assert gradescope.main([*places, *WAY]) == 0
    assert json.loads((folder.parent / "results.json").read_text("utf-8"))["score"] == 3.5
    given = assignments.read(folder), assignments.definition(folder), *WAY[1:]
    config = json.loads(otter.source(*given)["otter/otter_config.json"])
    ((_, given),) = config["plugins"][0].items()
    (cell,) = otter.Plugin(str(handed_in), {}, given).before_execution(None).cells
    assert QUESTION in cell.source
    assert "not" not in cell.source
    assert main(["release", str(folder)]) == 0
    assert assignments.read(folder).given == {}
    assert (folder / "release" / "ps1.ipynb").exists()


def test_who_is_taken_off_the_list_keeps_the_notebook_and_the_teacher_is_told(folder, capsys):
    released = folder / "release" / "variants"
    (folder.parent / "class.csv").write_text(f"Student\n{ADA}\n{CY}\n", "utf-8")
    assert main(["release", str(folder), "--variants", str(folder.parent / "class.csv")]) == 0
    said = capsys.readouterr().out
    assert f"of an earlier one: bo.ipynb in {released}. What is there stays" in said
    assert "Deleted" not in said
    assert (released / "bo.ipynb").exists()
    assert main(["release", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "bo.ipynb, cy.ipynb and" in said
    assert f"Deleted {folder / 'release' / 'variants.csv'}, which an earlier release wrote." in said


def test_a_folder_is_no_class_list(folder, capsys):
    assert main(["release", str(folder), "--variants", str(folder)]) == 2
    assert "is a folder; give the CSV file" in capsys.readouterr().err


WRONG = {
    "no such file": ("", "does not exist"),
    "not UTF-8": ("student\nJörg\n", "save it as UTF-8"),
    "not with commas": ("student;section\nada;1\n", "put commas between"),
    "no column": ("name\nada\n", "no column `student`"),
    "nobody": ("student\n\n", "no column `student`"),
    "somebody twice": ("student\nada\nada\n", "ada twice"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_class_list_that_cannot_be_is_one_sentence(folder, capsys, case):
    text, words = WRONG[case]
    path = folder.parent / "other.csv"
    if text:
        path.write_text(text, encoding="latin-1" if case == "not UTF-8" else "utf-8")
    assert main(["release", str(folder), "--variants", str(path)]) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("by_hand = 0.5", "", "`by_hand = 1` below one"),
        ("by_hand = 0.5", "by_hand = 0", "by_hand = 0; a number above 0"),
        ("points = 1\n", "points = 1\nby_hand = 1\n", "no arrays whose numbers"),
    ],
)
def test_what_has_no_variants_is_one_sentence(folder, capsys, old, new, words):
    edit(folder, old, new)
    class_list = str(folder.parent / "class.csv")
    assert main(["release", str(folder), "--variants", class_list]) == 2
    assert words in capsys.readouterr().err
