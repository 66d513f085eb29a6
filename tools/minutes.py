"""How long a page takes: a range counted from its words, code, predictions, explorers, exercises.

python -m tools.minutes 04_02b

Nobody has measured learners on these pages. The paces below are assumptions, written down in one
place, so that two pages can at least be compared; a page states the range in its opener.
"""

from __future__ import annotations

import re
import sys

import nbformat
from nbformat import NotebookNode

from tools.notebooks import find

MINUTES = {  # for a quick learner and for a slow one
    "word": (1 / 200, 1 / 100),
    "line of code": (1 / 20, 1 / 10),
    "predict": (0.5, 1),
    "recall": (1, 2),
    "explorer": (1, 3),
    "exercise": (5, 15),
}
STATED = re.compile(r"\b(\d+) to (\d+) minutes\b")


def counts(notebook: NotebookNode) -> dict[str, int]:
    """How many of each there are."""
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tags = [tag for cell in code for tag in cell.metadata.get("tags", ())]
    return {
        "word": sum(len(text.split()) for text in prose),
        "line of code": sum(bool(line.strip()) for c in code for line in c.source.splitlines()),
        **{tag: tags.count(tag) for tag in ("predict", "recall", "explorer", "exercise")},
    }


def minutes(notebook: NotebookNode) -> tuple[int, int]:
    """The range, to the nearest five minutes.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> minutes(new_notebook(cells=[new_markdown_cell("word " * 2000)]))
    (10, 20)
    """
    found = counts(notebook)
    quick, slow = (sum(n * MINUTES[name][i] for name, n in found.items()) for i in (0, 1))
    return 5 * round(quick / 5), 5 * round(slow / 5)


if __name__ == "__main__":
    for path in find(*sys.argv[1:]):
        if path.parent.name == "notebooks":
            print(path, *minutes(nbformat.read(path, as_version=4)))
