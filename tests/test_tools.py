"""The tools around the course: copies for learners, clean notebooks, the page of claims."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import copies
from tools.claims import PAGE, claims_page, generate
from tools.copies import COPIED, copy_fresh, copy_missing, newer_lessons, note
from tools.notebooks import METADATA, WIDGET_VIEW, clean, everything_passed, execute, find

ROOT = Path(__file__).parents[1]

PROGRESS = """import json, os
from pathlib import Path
file = Path(os.environ["COURSE_LIB_PROGRESS"])"""


def save(path: Path, *sources: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


# Copies


@pytest.fixture
def folders(tmp_path):
    for name in ("00_start_here", "04_02a_linear", "04_02b_convolution"):
        save(tmp_path / f"notebooks/{name}.ipynb", "1 + 1")
    return tmp_path / "notebooks", tmp_path / "work"


def test_a_copy_has_every_cell_and_no_output(tmp_path):
    committed = ROOT / "notebooks/00_start_here.ipynb"
    assert any(cell.get("outputs") for cell in nbformat.read(committed, as_version=4).cells)
    copy_fresh("00", work=tmp_path)
    copy = nbformat.read(tmp_path / "00_start_here_fresh1.ipynb", as_version=4)
    nbformat.validate(copy)
    sources = [cell.source for cell in nbformat.read(committed, as_version=4).cells]
    assert [cell.source for cell in copy.cells] == sources
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert {(len(cell.outputs), cell.execution_count) for cell in code} == {(0, None)}


def test_copies_are_made_from_any_folder(folders, tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(ROOT / "tools/copies.py", tmp_path / "tools")
    made = run([sys.executable, tmp_path / "tools/copies.py"], tmp_path / "elsewhere")
    assert made.returncode == 0, made.stderr
    assert len(list(folders[1].glob("*.ipynb"))) == 3
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_tool_without_its_course_says_so_and_makes_nothing(tmp_path):
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/copies.py", tmp_path / "tools")
    made = run([sys.executable, tmp_path / "tools/copies.py"], tmp_path)
    assert made.returncode != 0
    assert made.stderr.startswith("There is no notebook in ")
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("obstacle", ["the folder", "a file in its place"])
def test_a_course_that_cannot_be_written_is_said_in_a_sentence(folders, monkeypatch, obstacle):
    notebooks, work = folders
    if obstacle == "the folder":

        def refuse(*args, **kwargs):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(copies.Path, "mkdir", refuse)
    else:
        work.write_text("")
    monkeypatch.setattr(copies, "copy_missing", lambda: copy_missing(notebooks, work))
    monkeypatch.setattr(sys, "argv", ["copies.py"])
    with pytest.raises(SystemExit, match=r"work can't be written .* folder of your own"):
        copies.main()


def test_every_notebook_is_copied_once(folders):
    assert len(copy_missing(*folders)) == 3
    assert copy_missing(*folders) == []


def test_a_copy_that_is_there_is_never_overwritten(folders):
    copy_missing(*folders)
    mine = folders[1] / "04_02a_linear.ipynb"
    mine.write_text("my answer")
    copy_missing(*folders)
    copy_fresh("04_02a", *folders)
    assert mine.read_text() == "my answer"


def test_a_fresh_copy_stands_beside_the_old_ones(folders):
    copy_missing(*folders)
    fresh = [Path(copy_fresh("04_02b", *folders)).name for _ in range(2)]
    assert fresh == ["04_02b_convolution_fresh1.ipynb", "04_02b_convolution_fresh2.ipynb"]
    assert len(list(folders[1].iterdir())) == 5


@pytest.mark.parametrize(
    ("name", "problem"),
    [("", "no notebook"), ("04_09", "no notebook"), ("04_02", "several notebooks; .*04_02b")],
)
def test_a_name_that_fits_no_single_notebook_is_an_error_that_lists_them(folders, name, problem):
    with pytest.raises(ValueError, match=problem):
        copy_fresh(name, *folders)


def test_a_lesson_that_has_changed_since_it_was_copied_is_named_and_no_copy_touched(folders):
    notebooks, work = folders
    note([Path(copy).stem for copy in copy_missing(*folders)], *folders)
    mine = work / "04_02a_linear.ipynb"
    mine.write_text("my answer")
    assert newer_lessons(*folders) == []
    save(notebooks / "04_02a_linear.ipynb", "1 + 2")
    assert newer_lessons(*folders) == ["04_02a_linear"]
    assert mine.read_text() == "my answer"


def test_new_outputs_are_no_new_lesson(folders):
    notebooks, _ = folders
    note([Path(copy).stem for copy in copy_missing(*folders)], *folders)
    path = notebooks / "04_02a_linear.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].outputs = [new_output("stream", text="2")]
    nbformat.write(notebook, path)
    assert newer_lessons(*folders) == []


@pytest.mark.parametrize("damaged", ["", "[]", "{"])
def test_a_damaged_note_is_as_good_as_none(folders, damaged):
    folders[1].mkdir()
    (folders[1] / COPIED).write_text(damaged)
    assert newer_lessons(*folders) == []


def test_one_sentence_says_what_is_newer_until_there_is_a_fresh_copy(tmp_path):
    save(tmp_path / "notebooks/04_02a_linear.ipynb", "1 + 1")
    (tmp_path / "tools").mkdir()
    tool = [sys.executable, shutil.copy(ROOT / "tools/copies.py", tmp_path / "tools")]
    assert run(tool, tmp_path).stdout == ""
    save(tmp_path / "notebooks/04_02a_linear.ipynb", "1 + 2")
    assert run(tool, tmp_path).stdout.startswith("There is a newer version of 04_02a_linear: make")
    assert run([*tool, "--fresh", "04_02a"], tmp_path).returncode == 0
    assert run(tool, tmp_path).stdout == ""


# Running and cleaning


def test_running_twice_saves_the_same_bytes(tmp_path):
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);"
    path = save(tmp_path / "a.ipynb", "print('one')\n2 + 2", plot)
    saved = []
    for _ in range(2):
        notebook = nbformat.read(path, as_version=4)
        nbformat.write(clean(execute(notebook, tmp_path)), path)
        saved.append(path.read_bytes())
    assert saved[0] == saved[1]
    assert b"image/png" in saved[0]


def test_a_notebook_runs_as_for_a_learner_who_has_passed_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_LIB_PROGRESS", str(save(tmp_path / "mine.json", "1")))
    code = f"{PROGRESS}\nos.listdir(file.parent)"
    notebook = execute(new_notebook(cells=[new_code_cell(code)]), tmp_path)
    assert notebook.cells[0].outputs[0].data["text/plain"] == "[]"


def test_cleaning_keeps_what_is_said_and_drops_what_changes():
    view = {"text/plain": "stride 2", "image/png": "iVBO", WIDGET_VIEW: {"model_id": "1f"}}
    cell = new_code_cell(
        "explore.stride()",
        metadata={"claim": "4.2h", "execution": {"iopub.status.idle": "now"}},
        outputs=[
            new_output("display_data", view, metadata={WIDGET_VIEW: {"colab": {}}}),
            new_output("display_data", {WIDGET_VIEW: {"model_id": "2f"}}),
        ],
    )
    notebook = new_notebook(cells=[cell], metadata={"widgets": {}, "orig_nbformat": 4})
    cleaned = clean(notebook)
    assert cleaned.metadata == METADATA
    assert cleaned.cells[0].metadata == {"claim": "4.2h"}
    (output,) = cleaned.cells[0].outputs
    assert output.data == {"text/plain": "stride 2", "image/png": "iVBO"}
    assert output.metadata == {}
    assert cleaned.cells[0].id == cell.id
    assert WIDGET_VIEW in notebook.cells[0].outputs[0].data


def test_a_notebook_with_uncommitted_changes_is_left_alone(tmp_path):
    changed = save(tmp_path / "notebooks/a.ipynb", "1 + 1")
    tool = [sys.executable, ROOT / "tools/notebooks.py"]
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        assert run([*git, *command], tmp_path).returncode == 0
    save(changed, "2 + 2")
    before = changed.read_bytes()
    refused = run(tool, tmp_path)
    assert refused.returncode != 0
    assert "Not committed yet: notebooks/a.ipynb" in refused.stderr
    assert changed.read_bytes() == before
    assert run([*tool, "--force"], tmp_path).returncode == 0
    assert '"4"' in changed.read_text()


# What the root conftest gives every notebook that nbval runs

ASK = "sorted(json.loads(file.read_text())['passed']) if file.exists() else 'nothing'"
PASS = '_ = file.write_text(\'{"passed": ["mine"], "predictions": {}}\')'


def nbval(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", *options]
    return run([*command, "-p", "no:cacheprovider", "notebooks"], folder)


@pytest.fixture
def course(tmp_path):
    """Two notebooks that show the progress they find, then pass something."""
    for name in ("conftest.py", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in ("a", "b"):
        path = save(tmp_path / f"notebooks/{name}.ipynb", PROGRESS, ASK, PASS, ASK)
        nbformat.write(clean(execute(nbformat.read(path, as_version=4), tmp_path)), path)
    return tmp_path


def test_every_notebook_starts_with_nothing_passed(course):
    assert "'nothing'" in (course / "notebooks/b.ipynb").read_text()
    result = nbval(course)
    assert result.returncode == 0, result.stdout
    assert "8 passed" in result.stdout


def test_an_output_that_depends_on_progress_is_noticed(course):
    result = nbval(course, "--everything-passed")
    assert result.returncode != 0
    assert "2 failed" in result.stdout


@pytest.mark.parametrize(
    ("pixels", "alt", "passes"),
    [("iVBO", "a line", True), ("AAAA", "a line", True), ("AAAA", "a dot", False)],
)
def test_a_picture_may_have_other_pixels_elsewhere_but_no_other_words(
    tmp_path, pixels, alt, passes
):
    for name in ("conftest.py", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    code = """class Picture:
    def _repr_html_(self):
        return '<img alt="a line" src="data:image/png;base64,iVBO">'
    __repr__ = lambda self: "words"
Picture()"""
    path = save(tmp_path / "notebooks/a.ipynb", code)
    text = nbformat.writes(clean(execute(nbformat.read(path, as_version=4), tmp_path)))
    output = nbformat.reads(text, as_version=4)
    output.cells[0].outputs[0].data["text/html"] = (
        f'<img alt="{alt}" src="data:image/png;base64,{pixels}">'
    )
    nbformat.write(output, path)
    assert (nbval(tmp_path).returncode == 0) == passes


def test_everything_passed_names_every_check_and_prediction(tmp_path):
    save(
        tmp_path / "notebooks/a.ipynb",
        "def check(f): ...",
        "check(relu_forward)",
        'lib.predict(\n    "04_03.dip", low=-1)',
        "exercises.check(gelu_forward)",
    )
    progress = everything_passed(tmp_path / "notebooks")
    assert progress["passed"] == ["gelu_forward", "relu_forward"]
    assert list(progress["predictions"]) == ["04_03.dip"]


def test_the_progress_file_of_everything_passed_can_be_read(tmp_path, monkeypatch):
    from course_lib.engine import store

    save(tmp_path / "notebooks/a.ipynb", "check(relu_forward)", 'predict("04_03.dip", low=-1)')
    progress = everything_passed(tmp_path / "notebooks")
    (tmp_path / "progress.json").write_text(json.dumps(progress))
    monkeypatch.setenv("COURSE_LIB_PROGRESS", str(tmp_path / "progress.json"))
    facts, trouble = store.facts()
    assert trouble == ""
    assert "relu_forward" in facts["passed"]
    assert "04_03.dip" in facts["predictions"]


@pytest.mark.parametrize("path", find(folders=(ROOT / "notebooks",)), ids=lambda path: path.stem)
def test_everything_passed_knows_every_exercise_of_the_course(path):
    cells = nbformat.read(path, as_version=4).cells
    exercises = {cell.metadata.exercise for cell in cells if "exercise" in cell.metadata}
    assert exercises <= set(everything_passed(ROOT / "notebooks")["passed"])


# The page of claims


def measured(text: str, **metadata: str) -> nbformat.NotebookNode:
    output = new_output("stream", text=text)
    cell = new_code_cell("1", execution_count=7, metadata=metadata, outputs=[output])
    return new_notebook(cells=[new_markdown_cell("# Title"), cell])


def test_the_page_joins_claim_cell_and_output():
    page = claims_page(
        {"04_01_layer": {"4.1a": "Layers compose."}},
        {"04_01_layer": measured("shape (2, 3)\n", claim="4.1a")},
    )
    assert "**4.1a** Layers compose." in page
    assert "[04_01_layer](../notebooks/04_01_layer.ipynb), cell [7]" in page
    assert "```text\nshape (2, 3)\n```" in page


def test_one_cell_can_measure_two_claims():
    claims = {"04_01_layer": {"4.1a": "Layers compose.", "4.1b": "Parameters change."}}
    page = claims_page(claims, {"04_01_layer": measured("3", claim="4.1a 4.1b")})
    assert page.count("```text\n3\n```") == 2


def test_a_claim_without_a_cell_is_said_to_be_open():
    page = claims_page({"04_01_layer": {"4.1a": "Layers compose."}}, {})
    assert "**4.1a** Layers compose.\n\nNot measured yet." in page


def test_a_long_output_is_cut():
    page = claims_page(
        {"04_01_layer": {"4.1a": ""}}, {"04_01_layer": measured("line\n" * 30, claim="4.1a")}
    )
    assert page.count("line\n") < 10
    assert "…" in page


def test_the_committed_page_is_what_the_notebooks_say_today(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert PAGE.read_text(encoding="utf-8") == generate(), "run make docs"
