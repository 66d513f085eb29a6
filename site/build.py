"""Write the site from what is committed: no cell is run, and no network is asked.

python site/build.py                  all of it, into build/site/
python site/build.py --no-solutions   without the worked answers, for a class
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import conf
import lite
import nbformat
import strips
from gallery import gallery, moving_at_once
from launch import buttons
from nbformat.v4 import new_markdown_cell
from pages import page
from sphinx.cmd.build import main as sphinx

from course_lib.exercises import lesson_map
from tools import glossary
from tools.notebooks import find

ROOT = Path(__file__).parents[1]
SITE = ROOT / "site"
SOURCES, OUTPUT = ROOT / "build/site-sources", ROOT / "build/site"
DOCS = (
    "docs/layers.md",
    "docs/notation.md",
    "docs/claims.md",
    "docs/gradient_audit.md",
    "docs/exercise.md",
    "docs/exercise_cases.md",
    "docs/classroom.md",
    "docs/scale.md",
    "docs/next.md",
    "benchmarks/RESULTS.md",
    "benchmarks/SLIDERS.md",
    "benchmarks/CLASSROOM.md",
)
CODE = re.compile(r"\[([^\]]*)\]\(([./\w]*\.py)(?:#L\d+)?\)")
LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)?solutions/[^)]*\)")


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


def toctree(pages: list[str], *options: str) -> str:
    return "\n".join(["```{toctree}", *options, "", *(f"/{page}" for page in pages), "```"])


def write_contents(parts: dict[str, list[str]]) -> str:
    """A page for each part, which lists its pages; returns the contents of these."""
    for title, pages in parts.items():
        write(f"{title.lower()}.md", f"# {title}\n\n{toctree(pages, ':maxdepth: 1')}\n")
    return toctree([*(title.lower() for title in parts), "run"], ":hidden:")


def write_notebooks(folder: str, solutions: bool) -> list[str]:
    """Every notebook of a folder as a page; returns their names for the contents."""
    for path in find(folders=(ROOT / folder,)):
        notebook = nbformat.read(path, as_version=4)
        shown = page(notebook, SOURCES / "_pictures")
        strips.add(notebook, shown, SOURCES / "_strips")
        for cell in shown.cells:
            if cell.cell_type == "markdown":
                cell.source = linked(cell.source)
                if not solutions:
                    cell.source = LINK.sub(r"\1", cell.source)
        if folder == "notebooks":
            line = buttons(path.stem, conf.repository)
            shown.cells.insert(1, new_markdown_cell(line, id="run"))
        write(f"{folder}/{path.name}", nbformat.writes(shown))
    return [f"{folder}/{path.stem}" for path in find(folders=(ROOT / folder,))]


def write_api() -> list[str]:
    for name in modules():
        directive = f"```{{eval-rst}}\n.. automodule:: course_lib.{name}\n```"
        write(f"api/{name}.md", f"# course_lib.{name}\n\n{directive}\n")
    return [f"api/{name}" for name in modules()]


def with_links(svg: str, needs: dict[str, tuple[str, ...]]) -> str:
    """The map of the lessons with each name a link; a reader without eyes has the links, too."""
    names = iter(needs)
    link = '<a href="notebooks/{}.html">{}</a>'
    linked_svg = re.sub(r"<text .*?</text>", lambda t: link.format(next(names), t[0]), svg)
    return re.sub(r'role="img" aria-label="[^"]*"', 'role="group" aria-label="Map"', linked_svg)


def write_sources(solutions: bool) -> None:
    """Everything that Sphinx reads, in the layout of the repository."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    parts = {"Lessons": write_notebooks("notebooks", solutions)}
    if solutions:
        parts["Answers"] = write_notebooks("solutions", solutions)
    for name in DOCS:
        write(name, linked((ROOT / name).read_text(encoding="utf-8")))
    write("docs/glossary.md", glossary.page())
    parts["Reference"] = [name.removesuffix(".md") for name in ("docs/glossary.md", *DOCS)]
    parts["Library"] = write_api()
    write("gallery.md", gallery(SOURCES / "notebooks"))
    contents = write_contents(parts) + "\n\n" + toctree(["gallery"], ":hidden:")
    course = lesson_map()
    drawn = f'<div class="lesson-map">{with_links(course.svg(), course.needs)}</div>'
    start = (SITE / "index.md").read_text(encoding="utf-8")
    start = start.replace("{{EXPLORER}}", moving_at_once(SOURCES / "notebooks"))
    write("index.md", start.replace("{{MAP}}", drawn).replace("{{CONTENTS}}", contents))
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
