"""Write the site from what is committed: no cell is run, and no network is asked.

python site/build.py                  all of it, into build/site/
python site/build.py --no-solutions   without the worked answers, for a class
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import conf
import lite
import nbformat
import strips
from gallery import gallery, moving_at_once
from launch import buttons
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from pages import linked_map, page
from sphinx.cmd.build import main as sphinx

from course_lib.engine.lesson_map import number, title
from tools import glossary
from tools.claims import claim_ids
from tools.notebooks import find

ROOT = Path(__file__).parents[1]
SITE = ROOT / "site"
SOURCES, OUTPUT = ROOT / "build/site-sources", ROOT / "build/site"
DOCS = {
    "docs/glossary": "Every term, in the sentence that first says what it is.",
    "docs/notation": "The names and shapes that are the same everywhere.",
    "docs/layers": "Formula, shapes, parameters and way back of each.",
    "docs/next": "The net of a capstone in PyTorch, and what differs there.",
    "docs/claims": "Every claim of the lessons, with what the cell said that measures it.",
    "docs/gradient_audit": "Every backward pass against three others that know nothing of it.",
    "benchmarks/RESULTS": "How fast each layer is, and whole trainings.",
    "benchmarks/SLIDERS": "From the key to the painted picture, beside ipywidgets' interact.",
    "docs/classroom": "For teachers: a problem set, its marks and its feedback.",
    "docs/exercise": "For teachers: how to write an exercise of your own.",
    "docs/exercise_cases": "Which wrong answers the checks were tried on.",
    "docs/scale": "For those who grade more than a class.",
    "benchmarks/CLASSROOM": "Time and memory of grading, measured.",
}
CODE = re.compile(r"\[([^\]]*)\]\(([./\w]*\.py)(?:#L\d+)?\)")
LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)?solutions/[^)]*\)")
CELL = re.compile(r"\[(\w+)\]\((\.\./notebooks/\w+)\.ipynb\), cell \[(\d+)\]")


class Listed(NamedTuple):
    """A page as the contents list it: where it lies, its name there, and what it is about."""

    path: str
    name: str
    about: str


def modules() -> list[str]:
    """The library's modules that a reader may call, the faces first."""
    names = sorted(path.stem for path in (ROOT / "course_lib").glob("*.py"))
    faces = ["layer", "exercises"]
    return faces + [name for name in names if name not in (*faces, "__init__", "explore")]


def linked(text: str) -> str:
    """A page's words with its links to code leading to the library's pages, or to nowhere."""

    def target(found: re.Match[str]) -> str:
        words, path = found.groups()
        module = Path(path).stem
        known = "course_lib/" in path and module in modules()
        return f"[{words}](../api/{module}.md)" if known else words

    return CODE.sub(target, text)


def write(path: str, text: str) -> None:
    file = SOURCES / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def toctree(pages: list[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", "", *pages, "```"])


def write_contents(parts: Mapping[str, list[Listed]]) -> None:
    """A page for each part, which lists its pages."""
    for heading, pages in parts.items():
        lines = (f"- {{doc}}`{page.name} </{page.path}>`\\\n  {page.about}" for page in pages)
        names = toctree([f"{page.name} </{page.path}>" for page in pages])
        write(f"{heading.lower()}.md", "\n".join([f"# {heading}\n", *lines, "", names, ""]))


def numbered(name: str, heading: str) -> str:
    """A page's heading behind the number by which others call the lesson; the first has none."""
    called = number(name)
    return f"# {called} {heading}" if title(name).startswith(called) else f"# {heading}"


def places(notebook: NotebookNode, shown: NotebookNode) -> Iterator[NotebookNode]:
    """The cells of a page; before one that measures a claim a place to which links lead."""
    for cell, there in zip(notebook.cells, shown.cells, strict=True):
        if claim_ids(cell):
            place = f'<div id="cell-{cell.execution_count}"></div>'
            yield new_markdown_cell(place, id=f"{there.id}-place")
        yield there


def write_notebooks(folder: str, solutions: bool) -> list[Listed]:
    """Every notebook of a folder as a page; returns them for the contents."""
    listed = []
    for path in find(folders=(ROOT / folder,)):
        notebook = nbformat.read(path, as_version=4)
        shown = page(notebook, SOURCES / "_pictures")
        strips.add(notebook, shown, SOURCES / "_strips")
        heading, _, text = notebook.cells[0].source.removeprefix("# ").partition("\n")
        shown.cells[0].source = f"{numbered(path.stem, heading)}\n{text}"
        for cell in shown.cells:
            if cell.cell_type == "markdown":
                cell.source = linked(cell.source)
                if not solutions:
                    cell.source = LINK.sub(r"\1", cell.source)
        if folder == "notebooks":
            shown.cells = list(places(notebook, shown))
            line = buttons(path.stem, conf.repository)
            shown.cells.insert(1, new_markdown_cell(line, id="run"))
        write(f"{folder}/{path.name}", nbformat.writes(shown))
        listed.append(Listed(f"{folder}/{path.stem}", title(path.stem), heading))
    return listed


def write_api() -> list[Listed]:
    listed = []
    for name in modules():
        directive = f"```{{eval-rst}}\n.. automodule:: course_lib.{name}\n```"
        write(f"api/{name}.md", f"# course_lib.{name}\n\n{directive}\n")
        code = ast.parse((ROOT / f"course_lib/{name}.py").read_text(encoding="utf-8"))
        first = (ast.get_docstring(code) or "").partition("\n\n")[0]
        listed.append(Listed(f"api/{name}", name, " ".join(first.split())))
    return listed


def write_docs() -> list[Listed]:
    listed = []
    for name, about in DOCS.items():
        file = ROOT / f"{name}.md"
        text = file.read_text(encoding="utf-8") if file.exists() else glossary.page()
        write(f"{name}.md", CELL.sub(to_the_cell, linked(text)))
        listed.append(Listed(name, text.partition("\n")[0].removeprefix("# "), about))
    return listed


def to_the_cell(found: re.Match[str]) -> str:
    """Where a claim is measured, as a link to the cell, whose number pages do not show."""
    name, page, count = found.groups()
    return f'<a href="{page}.html#cell-{count}">{title(name)}</a>'


def write_sources(solutions: bool) -> None:
    """Everything that Sphinx reads, in the layout of the repository."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    parts = {"Lessons": write_notebooks("notebooks", solutions)}
    parts |= {"Reference": write_docs(), "Library": write_api()}
    if solutions:
        parts["Answers"] = write_notebooks("solutions", solutions)
    write_contents(parts)
    write("gallery.md", gallery(SOURCES / "notebooks"))
    lessons, *others = map(str.lower, parts)
    start = (SITE / "index.md").read_text(encoding="utf-8")
    start = start.replace("{{EXPLORER}}", moving_at_once(SOURCES / "notebooks"))
    start = start.replace("{{MAP}}", linked_map("notebooks/"))
    contents = toctree([lessons, "gallery", "run", *others])
    write("index.md", start.replace("{{CONTENTS}}", contents))
    shutil.copy(SITE / "run.md", SOURCES)
    strips.forget(SOURCES / "_strips")
    shutil.copytree(SITE / "_static", SOURCES / "_static")


def build() -> int:
    """Let Sphinx set the pages; a warning is an error."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    code = sphinx(["-W", "--keep-going", "-q", "-E", "-d", str(ROOT / "build/doctrees"),
                   "-c", str(SITE), str(SOURCES), str(OUTPUT)])  # fmt: skip
    if not code:
        for folder in ("_pictures", "_strips"):
            shutil.copytree(SOURCES / folder, OUTPUT / folder)
        strips.write_front_end(OUTPUT / "_static")
        shutil.rmtree(OUTPUT / "_sources", ignore_errors=True)
        for needless in [
            *OUTPUT.rglob("*.map"),
            OUTPUT / "objects.inv",
            OUTPUT / "_static/webpack-macros.html",
        ]:  # no page loads them
            needless.unlink()
    return code


def commit_time() -> str:
    """The commit's time, which pages and wheels bear: one commit's are the same bytes."""
    command = ["git", "log", "-1", "--format=%ct"]
    time = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return time or "315532800"  # without git 1980, the first year that a wheel can name


def write_site(solutions: bool) -> int:
    os.environ.setdefault("SOURCE_DATE_EPOCH", commit_time())
    write_sources(solutions)
    code = build()
    lite.build(SOURCES.parent / "lite-sources", OUTPUT / "lite", solutions)
    return code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-solutions", action="store_true")
    sys.exit(write_site(solutions=not parser.parse_args().no_solutions))
