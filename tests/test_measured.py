"""A stored table is what its lesson's own functions measure, and it says so when it is not."""

from __future__ import annotations

import inspect
import json
import platform

import nbformat
import numpy as np
import pytest

from course_lib.engine.measured import FILE, SEEDS, Table, read
from course_lib.measured import measured
from tests.bank import NOTEBOOKS, ROOT
from tools.measure import LESSONS, measure, tables_of
from tools.notebooks import noun_of

MEASURING = [notebook for noun, notebook in NOTEBOOKS.items() if tables_of(noun)]
REPEATED = 1  # the seed whose row is measured again; a page shows its own run of the first
FOLLOWS_PYTHON = {"04_13.characters": 0.1}  # its text differs a little from version to version
lessons = pytest.mark.parametrize("notebook", MEASURING)
tables = pytest.mark.parametrize(
    ("notebook", "table"),
    [(notebook, table) for notebook in MEASURING for table in tables_of(noun_of(notebook))],
)


def close(stored: dict[str, float], again: dict[str, float], rel: float = 0.01) -> bool:
    """Whether two rows agree as far as machines do: to one part in a hundred."""
    return stored.keys() == again.keys() and all(
        again[name] == pytest.approx(stored[name], rel=rel, nan_ok=True) for name in stored
    )


def tolerance(noun: str, table: str) -> float:
    """Wider only where another Python brings another text."""
    measured_with = json.loads((LESSONS / noun / FILE).read_text(encoding="utf-8"))["measured"]
    same = measured_with["python"] == platform.python_version()
    return 0.01 if same else FOLLOWS_PYTHON.get(table, 0.01)


@tables
def test_one_row_measured_again_is_the_row_stored(notebook, table):
    noun = noun_of(notebook)
    stored = read(LESSONS / noun)[table].rows[REPEATED]
    again = tables_of(noun)[table](REPEATED)
    assert close(dict(stored), dict(again), tolerance(noun, table)), "run make measure"


@lessons
def test_what_is_stored_is_what_the_lesson_declares_seed_by_seed(notebook):
    noun = noun_of(notebook)
    stored = read(LESSONS / noun)
    assert stored.keys() == tables_of(noun).keys()
    assert all(len(table.rows) == len(SEEDS) for table in stored.values())
    facts = json.loads((LESSONS / noun / FILE).read_text(encoding="utf-8"))["measured"]
    assert set(facts) == {"on", "course_lib", "numpy", "python"}


@lessons
def test_the_page_shows_the_functions_that_measured(notebook):
    """What stands in the notebook and in measure.py under one name is the same code."""
    module = inspect.getmodule(next(iter(tables_of(noun_of(notebook)).values())))
    page = nbformat.read(ROOT / f"notebooks/{notebook}.ipynb", as_version=4)
    code = "\n".join(cell.source + "\n" for cell in page.cells if cell.cell_type == "code")
    for name, function in inspect.getmembers(module, inspect.isfunction):
        assert f"def {name}(" not in code or inspect.getsource(function) in code, name


@lessons
def test_a_table_is_found_by_its_lessons_number(notebook):
    for name in tables_of(noun_of(notebook)):
        assert notebook.startswith(name.split(".")[0] + "_")
        assert measured(name).name == name


def test_a_row_that_differs_is_noticed():
    assert close({"a": 0.98}, {"a": 0.981})
    assert not close({"a": 0.98}, {"a": 0.96})
    assert not close({"a": 0.98}, {"b": 0.98})
    assert not close({"a": 0.98}, {"a": float("nan")})


def test_a_table_shows_mean_and_spread_of_each_column():
    table = Table("00.small", tuple({"loss": 0.5 * n, "steps": 1000 * n} for n in range(1, 4)))
    assert repr(table).splitlines() == [
        "3 runs      mean     from       to",
        "loss        1.00    0.500     1.50",
        "steps      2,000    1,000    3,000",
    ]
    np.testing.assert_array_equal(table["loss"], [0.5, 1.0, 1.5])
    with pytest.raises(KeyError, match=r"00.small has no column 'los'; it has loss, steps"):
        table["los"]


def test_each_seed_is_measured_once_and_in_order():
    rows = measure(lambda seed: {"seed": seed, "third": seed / 3})
    assert [row["seed"] for row in rows] == list(SEEDS)
    assert rows[1]["third"] == 0.333333


def test_a_table_that_nobody_measured_is_an_error_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"no table '00.five_run'; the nearest names are 00"):
        measured("00.five_run")


def test_a_lesson_without_tables_has_none(tmp_path):
    assert read(tmp_path) == {}
    assert tables_of("no_such_lesson") == {}
