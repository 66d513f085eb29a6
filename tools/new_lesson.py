"""Write the skeleton of a lesson: every file it needs, each saying what is left to write.

python -m tools.new_lesson 04_04 pooling "Pooling keeps what matters and forgets where it was"

The claims come from docs/claims.toml, a cell each. The skeleton keeps every rule of
tests/notebook_rules.py but the one that nothing is left to write.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.engine.lesson_map import title
from tools import claims
from tools.notebooks import METADATA, NOUN, find, noun_of, save

REGISTRY = Path("course_lib/lessons/__init__.py")
README = Path("README.md")

SET_UP = """import numpy as np

import course_lib as lib
from course_lib import draw, explore
from course_lib.exercises import check, hint, predict, progress, recall"""
OPENING = """# {title}

TODO the most surprising picture or number of the section, in two sentences."""
PROMISE = """**You will be able to**

- TODO three verbs,
- each of them tested
- by a check below.

**You need** [Start here](00_start_here.ipynb). TODO what else, and how long it takes."""
STEP = """## {sentence}

TODO the question, and `predict("{number}.…")` with the tag `predict` before what reveals it. Then \
numbers by hand, loops, NumPy, backward, the layer, the explorer, the use; what it means; why the \
common wrong answer is wrong."""
EXERCISE = """### Exercise: TODO a name that ends in `_forward` or `_backward`

TODO its text. Below it the stub, in a cell with the tag `exercise` and the metadata `exercise`, \
which raises `NotImplementedError`; below that, its check in a cell with the tag `check`."""
CLOSING = """## What you now know

- TODO the three verbs,
- in the past tense,
- and one sentence towards the next section."""
TABLE = """| here | the same in PyTorch |
|---|---|
| TODO | |"""
WORKED = """# Worked answers: {noun}

Read each after your own attempt. TODO for each exercise: the worked answer with its reason (a \
cell with the tag and the metadata `exercise`), its check below, a second way (`alternative`), the \
mistakes to expect."""
SOURCES = "**Sources.** TODO the papers, by name and arXiv number."

LESSON = '''"""What the notebook {notebook} calls: explorers, exercises and predictions."""

from course_lib.lessons.{noun}.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
NEEDS = ("00_start_here",)  # what its page says that one needs
'''
PREDICTIONS = '''"""The predictions of {notebook}."""

from __future__ import annotations

from typing import Any

from course_lib.engine.exercise import Prediction


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"{number}.{{word}}", section="{notebook}", **rest)


PREDICTIONS = ()
'''
OWN_TESTS = '"""What is true of the lesson {notebook}."""\n'
ANSWERS = '''"""What the tests that run over every lesson ask of {notebook} (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {{}}
'''


def lesson(title: str, number: str, promised: Mapping[str, str]) -> NotebookNode:
    """The notebook, not run yet: one step and one measuring cell for each claim."""
    cells = [
        new_markdown_cell(OPENING.format(title=title)),
        new_markdown_cell(PROMISE),
        new_code_cell(SET_UP),
        new_code_cell(f'recall("{number}")', metadata={"tags": ["recall"]}),
    ]
    for claim, sentence in promised.items():
        cells.append(new_markdown_cell(STEP.format(sentence=sentence.rstrip("."), number=number)))
        cells.append(new_code_cell(f'print("TODO measure {claim}")', metadata={"claim": claim}))
    endings = (EXERCISE, CLOSING, TABLE, SOURCES)
    return page([*cells, *map(new_markdown_cell, endings), new_code_cell("progress()")])


def solution(noun: str) -> NotebookNode:
    set_up = "import numpy as np\n\nfrom course_lib.exercises import check"
    return page([new_markdown_cell(WORKED.format(noun=noun)), new_code_cell(set_up)])


def page(cells: list[NotebookNode]) -> NotebookNode:
    """A notebook whose cells are numbered, so that a change later shows as one."""
    for place, cell in enumerate(cells):
        cell.id = f"cell-{place:02}"
    return new_notebook(cells=cells, metadata=METADATA)


def files(notebook: str, title: str) -> dict[Path, str]:
    """Every file of the skeleton with its text."""
    noun, number = noun_of(notebook), notebook.removesuffix(f"_{noun_of(notebook)}")
    promised = claims.read_claims().get(notebook, {})
    folder, tests = Path("course_lib/lessons") / noun, Path("tests/lessons")
    words = {"notebook": notebook, "noun": noun, "number": number}
    return {
        Path(f"notebooks/{notebook}.ipynb"): nbformat.writes(lesson(title, number, promised)),
        Path(f"solutions/{notebook}.ipynb"): nbformat.writes(solution(noun)),
        folder / "__init__.py": LESSON.format(**words),
        folder / "predictions.py": PREDICTIONS.format(**words),
        tests / f"test_{noun}_lesson.py": OWN_TESTS.format(**words),
        tests / f"{noun}.py": ANSWERS.format(**words),
    }


def register(text: str, nouns: list[str]) -> str:
    """The list of lessons with these in it: imports by name, `LESSONS` as they are given."""
    for opening, names in (("import (", sorted(nouns)), ("LESSONS = (", nouns)):
        block = "".join(f"    {name},\n" for name in names)
        pattern = rf"({re.escape(opening)}\n)(?:    \w+,\n)*"
        text = re.sub(pattern, lambda found, block=block: found[1] + block, text, count=1)
    return text


def add_row(text: str, notebook: str) -> str:
    """README's table with a row for this notebook, below those that come before it."""
    link, module = f"[{notebook}](notebooks/{notebook}.ipynb)", library(noun_of(notebook))
    row = f"| {title(notebook)} | {link} | {module} | TODO | TODO |\n"
    rows = list(re.finditer(r"^\|.*\(notebooks/(\w+)\.ipynb\).*\n", text, re.MULTILINE))
    end = max(found.end() for found in rows if found[1] < notebook)
    return text[:end] + row + text[end:]


def library(noun: str) -> str:
    exists = Path(f"course_lib/{noun}.py").exists()
    return f"[{noun}.py](course_lib/{noun}.py)" if exists else "all of it"


def write(notebook: str, title: str) -> None:
    """Write every file, enter the lesson where lessons are listed, and run its pages.

    Raises
    ------
    ValueError    if the name is no notebook's, or one of the files is there already
    """
    new = files(notebook, title)
    if there := [str(path) for path in new if path.exists()]:
        raise ValueError(f"{', '.join(there)}: there already, and nothing is overwritten")
    for path, text in new.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    nouns = [noun_of(path.stem) for path in find(folders=(Path("notebooks"),))]
    REGISTRY.write_text(register(REGISTRY.read_text(encoding="utf-8"), nouns), encoding="utf-8")
    README.write_text(add_row(README.read_text(encoding="utf-8"), notebook), encoding="utf-8")
    for path in find(notebook):
        save(path)
    claims.PAGE.write_text(claims.generate(), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", help="04_04")
    parser.add_argument("noun", help="pooling")
    parser.add_argument("title", help="a claim")
    asked = parser.parse_args()
    notebook = f"{asked.number}_{asked.noun}"
    if not (NOUN.fullmatch(notebook) and asked.title.strip()):
        usage = "make new-lesson NB=04_04 NOUN=pooling TITLE='A claim, in words'"
        sys.exit(f"A lesson has a number, a noun and a title: {usage}")
    try:
        write(notebook, asked.title)
    except ValueError as error:
        sys.exit(str(error))
    print(f"{notebook} is begun: write what says TODO, then make lesson NB={asked.number}")


if __name__ == "__main__":
    main()
