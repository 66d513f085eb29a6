"""From a committed notebook to a page that is read without a kernel."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import LEGEND, as_table
from course_lib.engine.lines import Puzzle, puzzle
from course_lib.engine.painting import named
from course_lib.exercises import lesson_map
from course_lib.lessons import EXERCISES, PREDICTIONS
from course_lib.record import Array
from tools.notebooks import CHECK, PREDICT

PICTURE = re.compile(r'(<img alt="[^"]*"[^>]*?) src="data:image/png;base64,([^"]*)"')
NOT_YET = "Not yet: "  # how a report begins on an answer that is not written
WIDTH = ' style="max-width: 100%; height: auto"'
LONG = 100  # characters: as long as a line of code may be; a longer one is a sentence
COMPARED = "In the notebook, this cell sets another right answer beside yours, and times both."


def page(notebook: NotebookNode, pictures: Path) -> NotebookNode:
    """A copy as the site shows it; its pictures are written as files into a folder beside it."""
    copy = nbformat.from_dict(notebook)
    for number, cell in enumerate(copy.cells):
        cell.id = f"cell-{number}"
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_output(output, pictures) for output in cell.outputs]
            _replace(cell)
            _wrap(cell)
    return copy


def _replace(cell: NotebookNode) -> None:
    """What needs a kernel becomes what does not."""
    tags = cell.metadata.get("tags", [])
    if "predict" in tags:
        name = PREDICT.search(cell.source)
        assert name is not None
        cell.outputs = [_html(question(PREDICTIONS[name[1]]))]
        cell.metadata["tags"] = [*tags, "remove-input"]
    elif "check" in tags and (name := CHECK.search(cell.source)):
        if NOT_YET in str(cell.outputs):
            cell.outputs = [_html(hints(name[1]))]
    elif "recall" in tags:  # what a learner predicted is known to a kernel alone
        cell.metadata["tags"] = [*tags, "remove-cell"]
    elif "compare" in tags and NOT_YET in str(cell.outputs):
        cell.outputs = [_html(f'<p class="note">{COMPARED}</p>')]
    elif cell.source == "lesson_map()":
        cell.outputs = [_html(linked_map(""))]


def _wrap(cell: NotebookNode) -> None:
    """Let lines break where one is longer than any line of code."""
    texts = (output.get("text") or output.get("data", {}).get("text/plain", "")
             for output in cell.outputs if "text/html" not in output.get("data", {}))  # fmt: skip
    if any(len(line) > LONG for text in texts for line in text.splitlines()):
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "long-lines"]


def linked_map(folder: str) -> str:
    """The map of the lessons with each name a link; a reader without eyes has the links, too."""
    course = lesson_map()
    names = iter(course.needs)
    link = f'<a href="{folder}{{}}.html">{{}}</a>'
    svg = re.sub(r"<text .*?</text>", lambda t: link.format(next(names), t[0]), course.svg())
    svg = re.sub(r'role="img" aria-label="[^"]*"', 'role="group" aria-label="Map"', svg)
    return f'<div class="lesson-map">{svg}</div>'


def _html(text: str) -> NotebookNode:
    return new_output("display_data", {"text/html": text})


def _output(output: NotebookNode, pictures: Path) -> NotebookNode:
    """The output without what the page does not show; HTML's pictures as files."""
    data = output.get("data", {})
    if "text/html" in data:
        html = PICTURE.sub(lambda found: _as_file(found, pictures), data["text/html"])
        return _html(html.replace("(run this cell to move the sliders)", ""))
    if "execution_count" in output:
        output.execution_count = None
    return output


def _as_file(found: re.Match[str], pictures: Path) -> str:
    content = base64.b64decode(found[2])
    name = hashlib.sha256(content).hexdigest()[:16] + ".png"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / name).write_bytes(content)
    return f'{found[1]} src="../_pictures/{name}" loading="lazy"{WIDTH}'


def question(prediction: Prediction) -> str:
    """The prediction with its choices; why it is so unfolds, and the next cell measures it."""
    grids = "".join(map(as_table, prediction.grids))
    choices = "".join(f"<li>{escape(choice)}</li>" for choice in prediction.choices)
    wrong = "".join(f"<li>{remark(prediction, value)}</li>" for value in prediction.wrong)
    return (
        '<div class="prediction" role="group" aria-label="Prediction">'
        f"<p><strong>Predict:</strong> {escape(prediction.question)}</p>"
        f"{f'<ul>{choices}</ul>' if choices else ''}{grids}"
        "<details><summary>Why it is so (the next cell shows it)</summary>"
        f"{painted(prediction, prediction.answer)}<p>{escape(prediction.explanation)}</p>"
        f"{f'<ul>{wrong}</ul>' if wrong else ''}{f'<p>{LEGEND}</p>' if grids else ''}"
        "</details></div>"
    )


def painted(prediction: Prediction, cells: Callable[[], Array]) -> str:
    """Cells and what is said of them, where cells were to be painted."""
    if not prediction.grids:
        return ""
    marks = prediction.marks(named(np.argwhere(cells())))
    return as_table(prediction.grids[-1], marks)


def remark(prediction: Prediction, value: Any) -> str:
    """What many predict, and why that is not it."""
    why = escape(prediction.wrong[value])
    if prediction.grids:
        return f"{why}{painted(prediction, value)}"
    given = next((c for c, v in prediction.choices.items() if v == value), None)
    number = f"{value:g}" if isinstance(value, int | float) else str(value)
    return f"Not {escape(given or number)}: {why}"


def hints(exercise: str) -> str:
    """An exercise's hints and its lines in disorder, to be unfolded one by one."""
    known = EXERCISES[exercise]
    folded = "".join(
        f"<details><summary>Hint {number}</summary><p>{escape(hint)}</p></details>"
        for number, hint in enumerate(known.hints, 1)
    )
    return (
        f'<div class="hints" role="group" aria-label="Hints for {exercise}">'
        "<p>In the notebook, this cell runs your answer and names the mistake, if there is one."
        f"</p>{folded}{lines(puzzle(known))}</div>"
    )


def lines(found: Puzzle) -> str:
    """The lines to put in order; the order, and what is wrong with the others, is folded away."""
    wrong = "".join(
        f"<li><code>{escape(line.text.strip())}</code> {escape(line.remark)}</li>"
        for line in found.lines
        if line.remark
    )
    answer = "\n".join([found.head, *found.answer])
    return (
        f"<details><summary>Lines in order</summary><p>{escape(found.task)}</p>"
        f'<pre tabindex="0">{escape(str(found))}</pre>'
        f'<details><summary>One right order</summary><pre tabindex="0">{escape(answer)}</pre>'
        f"<p>Wrong lines, and what the check says of each:</p><ul>{wrong}</ul></details></details>"
    )
