"""What Canvas, Moodle and nbgrader hand over is understood, and what they are given they take."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.classroom import assignment as assignments
from course_lib.classroom import exports, notebook, results, submissions
from course_lib.classroom.__main__ import main
from course_lib.classroom.assignment import Complaint, from_table
from course_lib.classroom.results import Ledger, Mark, Result
from course_lib.lessons import EXERCISES
from tests.classroom.test_commands import HOW

NAMES = ["relu_forward", "conv_output_size"]
TABLE = {
    "title": "Problem set 1",
    "hidden_seed": 1,
    "exercises": [{"name": NAMES[0], "points": 3}, {"name": NAMES[1], "points": 0.5}],
}
ASSIGNMENT = from_table("ps1", TABLE, EXERCISES)


def folder_of(place: Path, *names: str) -> Path:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(f"{{}} {name}", encoding="utf-8")
    return place


def zip_of(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, f"{{}} {name}")
    return path


def owners(place: Path) -> dict[str, tuple[str, bool | None, str]]:
    with submissions.unpacked(place) as folder:
        found = submissions.found(folder, "ps1")
        return {s.student: (s.file, s.late, s.account) for s in found}


LAYOUTS = {  # files, and whose they are: (file, late, account) by student
    "Canvas": (
        ["öbergåsa_17_801_ps1.ipynb", "smithjo_LATE_23_802_ps1-2.ipynb", "leebo_31_text.html"],
        {
            "öbergåsa_17": ("öbergåsa_17_801_ps1.ipynb", False, "canvas:17"),
            "smithjo_23": ("smithjo_LATE_23_802_ps1-2.ipynb", True, "canvas:23"),
            "leebo_31": ("leebo_31_text.html", False, "canvas:31"),
        },
    ),
    "Canvas, two of one name, and a file beside a notebook": (
        ["smithjo_1_5_ps1.ipynb", "smithjo_2_6_ps1.ipynb", "smithjo_2_7_data.csv"],
        {
            "smithjo_1": ("smithjo_1_5_ps1.ipynb", False, "canvas:1"),
            "smithjo_2": ("smithjo_2_6_ps1.ipynb", False, "canvas:2"),
        },
    ),
    "Canvas, without names": (
        ["anon_x7Qa2_801_ps1.ipynb", "LATE_anon_b81Zc_802_ps1.ipynb"],
        {
            "anon_x7Qa2": ("anon_x7Qa2_801_ps1.ipynb", False, ""),
            "anon_b81Zc": ("LATE_anon_b81Zc_802_ps1.ipynb", True, ""),
        },
    ),
    "Canvas, where a name leaves open which number is the account's": (
        ["bo_77_12_90_ps1.ipynb"],
        {"bo_77": ("bo_77_12_90_ps1.ipynb", False, "")},
    ),
    "names with numbers that are not Canvas's": (
        ["ada_2026_11_ps1.ipynb", "bo.ipynb"],
        {"ada_2026_11_ps1": ("ada_2026_11_ps1.ipynb", None, ""), "bo": ("bo.ipynb", None, "")},
    ),
    "Moodle, in folders": (
        [
            "Åsa Öberg_4711_assignsubmission_file_/my answer.ipynb",
            "Åsa Öberg_4711_assignsubmission_onlinetext_/onlinetext.html",
            "Jo van Ek_4712_assignsubmission_file/ps1.ipynb",
        ],
        {
            "Åsa Öberg_4711": (
                "Åsa Öberg_4711_assignsubmission_file_/my answer.ipynb",
                None,
                "moodle:4711",
            ),
            "Jo van Ek_4712": (
                "Jo van Ek_4712_assignsubmission_file/ps1.ipynb",
                None,
                "moodle:4712",
            ),
        },
    ),
    "Moodle, as files": (
        ["Participant_5_assignsubmission_file_ps1.ipynb"],
        {
            "Participant_5": (
                "Participant_5_assignsubmission_file_ps1.ipynb",
                None,
                "moodle:5",
            )
        },
    ),
    "nbgrader": (
        [
            "ada/ps1/ps1.ipynb",
            "ada/ps1/.ipynb_checkpoints/ps1.ipynb",
            "ada/ps2/ps2.ipynb",
            "bo/ps1/timestamp.txt",
            "bo/ps1/ps1.ipynb",
        ],
        {"ada": ("ada/ps1/ps1.ipynb", None, ""), "bo": ("bo/ps1/ps1.ipynb", None, "")},
    ),
    "the class's folder in another one": (
        [
            "in class/Jörg Müller/ps1.ipynb",
            "in class/李 小龍.ipynb",
            "__MACOSX/in class/._ada.ipynb",
        ],
        {
            "Jörg Müller": ("Jörg Müller/ps1.ipynb", None, ""),
            "李 小龍": ("李 小龍.ipynb", None, ""),
        },
    ),
    "one student alone": (["ada/ps1.ipynb", "ada/old.ipynb"], {"ada": ("ada/ps1.ipynb", None, "")}),
    "one student of nbgrader's alone": (
        ["ada/ps1/ps1.ipynb", "ada/ps2/ps2.ipynb"],
        {"ada": ("ada/ps1/ps1.ipynb", None, "")},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_a_layout_says_whose_a_file_is_and_whether_it_is_late(layout, packed, tmp_path):
    names, wanted = LAYOUTS[layout]
    place = zip_of(tmp_path / "in.zip", *names) if packed else folder_of(tmp_path, *names)
    assert owners(place) == {k: (str(Path(f)), *more) for k, (f, *more) in wanted.items()}


def test_an_assignment_is_not_taken_for_a_class(tmp_path):
    folder_of(tmp_path, "assignment.toml", "release/ps1.ipynb")
    with pytest.raises(Complaint, match="an assignment's folder; give the one with the subm"):
        submissions.found(tmp_path, "ps1")


def test_an_archive_lets_nothing_out_of_its_folder_and_leaves_none(tmp_path):
    place = zip_of(tmp_path / "in.zip", "../../eve.ipynb", "/abs.ipynb", "ada.ipynb")
    with submissions.unpacked(place) as folder:
        found = submissions.found(folder, "ps1")
        assert all(s.source.resolve().is_relative_to(folder.resolve()) for s in found)
        assert "ada" in [s.student for s in found]
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == [place]


def damaged(path: Path) -> None:
    zip_of(path, "ada.ipynb")
    path.write_bytes(path.read_bytes().replace(b"{} ada", b"{} eve", 1))


def locked(path: Path) -> None:
    zip_of(path, "ada.ipynb")
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of a password, in the entry and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", [damaged, locked])
def test_an_archive_that_cannot_be_unpacked_is_one_sentence(spoil, tmp_path):
    spoil(tmp_path / "in.zip")
    with (
        pytest.raises(Complaint, match=r"in\.zip cannot be unpacked"),
        submissions.unpacked(tmp_path / "in.zip"),
    ):
        pass


def test_an_archive_that_is_far_too_large_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_UNPACKED", 5)
    with (
        pytest.raises(Complaint, match="by hand"),
        submissions.unpacked(zip_of(tmp_path / "in.zip", "ada.ipynb")),
    ):
        pass


def result(student: str, account: str = "", relu: str = "passed", points: float = 3) -> Result:
    marks = (Mark(NAMES[0], points, 3, relu, ""), Mark(NAMES[1], 0.5, 0.5, "passed", ""))
    return Result(student, "f", "f", ASSIGNMENT.digest, "graded", account=account, marks=marks)


FAILED = Result("cy", "f", "f", ASSIGNMENT.digest, "no notebook", "no JSON", account="canvas:9")


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_canvas_finds_its_headers_its_numbers_and_one_column():
    class_ = [result("öbergåsa_17", "canvas:17"), result("jo"), FAILED]
    assert table(exports.canvas(ASSIGNMENT, class_)) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Problem set 1"],
        ["    Points Possible", "", "", "", "", "3.5"],
        ["öbergåsa", "17", "", "", "", "3.5"],
        ["jo", "", "", "jo", "", "3.5"],
    ]


def test_canvas_never_takes_a_number_of_moodles_for_its_own():
    (row,) = table(exports.canvas(ASSIGNMENT, [result("Jo_17", "moodle:17")]))[2:]
    assert row[1] == ""


def test_the_columns_of_the_exercises_add_up_to_the_whole():
    class_ = [result("a_1", "canvas:1"), result("b_2", "canvas:2", "shape", 0)]
    each = table(exports.canvas(ASSIGNMENT, class_, per_exercise=True))
    assert each[0][5:] == [f"Problem set 1: {name}" for name in NAMES]
    whole = table(exports.canvas(ASSIGNMENT, class_))
    for row, total in zip(each[1:], whole[1:], strict=True):
        assert sum(map(float, row[5:])) == float(total[5])


def test_moodle_finds_what_its_worksheet_has_and_reads_which_mistake():
    class_ = [result("Åsa Öberg_4711", "moodle:4711", "slip:sign lost", 0), FAILED]
    header, *rows = table(exports.moodle(ASSIGNMENT, class_))
    assert tuple(header) == (*exports.MOODLE, *NAMES)
    (row,) = (dict(zip(header, row, strict=True)) for row in rows)
    assert row["Identifier"] == "Participant 4711"
    assert row["Full name"] == "Åsa Öberg"
    assert (row["Grade"], row["Maximum Grade"]) == ("0.5", "3.5")
    assert "relu_forward: 0 of 3, sign lost" in row["Feedback comments"]
    assert (row["relu_forward"], row["conv_output_size"]) == ("0", "0.5")


def test_where_feedback_is_marks_alone_no_mistake_is_told():
    quiet = from_table("ps1", {**TABLE, "feedback": "marks"}, EXERCISES)
    assert "sign lost" not in exports.moodle(
        quiet, [result("A_1", "moodle:1", "slip:sign lost", 0)]
    )


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_no_name_is_a_formula_or_breaks_a_row(name):
    for row in table(exports.canvas(ASSIGNMENT, [result(name)]))[2:]:
        assert row[0] == results.harmless(name)
        assert row[0][:1] not in tuple("=+-@")


@pytest.fixture
def folder(tmp_path) -> Path:
    """An assignment with two results from plain files."""
    folder = tmp_path / "ps1"
    assert main(["new", str(folder), "--exercises", *NAMES, "--points", "3", "0.5"]) == 0
    digest = assignments.read(folder).digest
    (folder / "results").mkdir()
    with Ledger(folder / "results") as ledger:
        for student in ("ada", "bo"):
            ledger.append(Result(**{**vars(result(student)), "digest": digest}))
    return folder


def test_export_writes_what_is_asked_for(folder, capsys):
    assert main(["export", str(folder), "--to", "csv", "canvas"]) == 0
    said = capsys.readouterr().out
    for name in ("grades.csv", "ps1_canvas.csv"):
        assert name in said
        assert "bo" in (folder / "results" / name).read_text(encoding="utf-8")


def test_what_moodle_could_not_place_is_one_sentence_and_nothing_is_written(folder, capsys):
    assert main(["export", str(folder), "--to", "canvas", "moodle"]) == 2
    said = capsys.readouterr().err.strip()
    assert "ada" in said
    assert "--to csv" in said
    assert "\n" not in said
    assert [path.name for path in (folder / "results").iterdir()] == ["results.jsonl"]


def test_nothing_to_export_is_one_sentence(folder, capsys):
    (folder / "results" / "results.jsonl").unlink()
    assert main(["export", str(folder), "--to", "canvas"]) == 2
    assert "Nothing is graded" in capsys.readouterr().err


def test_canvas_download_becomes_canvas_import(folder):
    """The whole way: an archive with a late answer is graded, and its marks carry its numbers."""
    (folder / "results" / "results.jsonl").unlink()
    assert main(["release", str(folder)]) == 0
    answers = notebook.dumped(notebook.teacher(assignments.read(folder)))
    archive = folder.parent / "submissions.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("smithjo_LATE_23_802_ps1.ipynb", answers)
        made.writestr("leebo_31_803_ps1-1.ipynb", answers.replace("def relu_forward", "def relu"))
    assert main(["grade", str(folder), str(archive), *HOW]) == 0
    assert main(["export", str(folder), "--to", "canvas"]) == 0
    text = (folder / "results" / "ps1_canvas.csv").read_text(encoding="utf-8")
    assert [(row[0], row[1], row[5]) for row in table(text)[2:]] == [
        ("leebo", "31", "0.5"),
        ("smithjo", "23", "3.5"),
    ]
    assert [r.late for r in results.read(folder / "results")] == [False, True]


def test_where_nbgrader_is_missing_its_gradebook_is_one_sentence(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    assert main(["export", str(folder), "--to", "csv", "nbgrader"]) == 2
    assert "nbgrader is not installed" in capsys.readouterr().err
    assert [path.name for path in (folder / "results").iterdir()] == ["results.jsonl"]
