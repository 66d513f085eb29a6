"""Write the lessons as they are once solved: each stub has become the solution's worked answer.

python -m tools.solved           all of notebooks/ into .solved/
python -m tools.solved 04_02b    those whose names start so

The check below an answer is expected to say what it says in the solution, and so is an explorer
that runs the answer, or what compares it with others, if the solution has the same cell. So nbval,
run on these copies, confirms that the answers pass in their lesson and change nothing else on the
page.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.notebooks import FOLDERS, find

SOLVED = Path(".solved")


def splice(notebook: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """A copy of the lesson with the solution's answers, and what their checks say, in place.

    Raises
    ------
    ValueError    if an exercise has no answer
    """
    answers = {
        cell.metadata.exercise: (cell, below)
        for cell, below in reversed(list(with_the_cell_below(solution)))  # the first one stays
        if "exercise" in cell.metadata and not cell.metadata.get("alternative")
    }
    depending = {
        cell.source: cell.outputs
        for cell in solution.cells
        if {"explorer", "compare"} & set(cell.metadata.get("tags", ()))
    }
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        cell.update({"outputs": depending[cell.source]} if cell.source in depending else {})
    for cell, check in with_the_cell_below(copy):
        if name := cell.metadata.get("exercise"):
            if name not in answers:
                raise ValueError(f"{name}: the solution has no answer")
            answer, said = answers[name]
            cell.source, check.outputs = answer.source, said.outputs
    return copy


def with_the_cell_below(notebook: NotebookNode) -> zip[tuple[NotebookNode, NotebookNode]]:
    return zip(notebook.cells[:-1], notebook.cells[1:], strict=True)


def write(name: str = "", folder: Path = SOLVED) -> None:
    """Fill the folder with solved copies, and with nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lessons, solutions = FOLDERS
    for path in find(name, (lessons,)):
        solution = nbformat.read(solutions / path.name, as_version=4)
        solved = splice(nbformat.read(path, as_version=4), solution)
        nbformat.write(solved, folder / path.name)


if __name__ == "__main__":
    write(*sys.argv[1:])
