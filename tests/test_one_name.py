"""In a notebook one name stands for one thing: arrays of one rank, layers of one kind."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from unittest.mock import MagicMock

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.layer import Layer
from tests.bank import ROOT

NOT_RUN = {"explorer", "predict", "catch", "check", "compare", "planted"}  # they bind no name
PAGES = ("00_start_here", "04_02b_convolution")


def kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.ndim} axes"
    return f"a {type(value).__name__}" if isinstance(value, Layer) else ""


def names_used_twice(notebook: NotebookNode) -> dict[str, set[str]]:
    """Names that stand for things of several kinds after one cell or another."""
    names: dict[str, Any] = {}
    kinds: dict[str, set[str]] = defaultdict(set)
    for cell in notebook.cells:
        if cell.cell_type == "code" and not NOT_RUN & set(cell.metadata.get("tags", ())):
            exec(cell.source, names)
            names["draw"] = MagicMock()
            for name, value in names.items():
                if name != "_":
                    kinds[name] |= {kind(value)} - {""}
    return {name: found for name, found in kinds.items() if len(found) > 1}


@pytest.mark.parametrize("page", PAGES)
def test_a_name_stands_for_one_thing(page):
    assert names_used_twice(nbformat.read(ROOT / f"notebooks/{page}.ipynb", as_version=4)) == {}


def test_a_name_used_twice_is_found():
    cells = ["import numpy as np", "x, y = np.ones(3), np.ones(2)", "x = np.ones((1, 3))"]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    assert names_used_twice(notebook) == {"x": {"an array of 1 axes", "an array of 2 axes"}}
