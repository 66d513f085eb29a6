"""All explorers on one page, each with its picture, its idea and its place in a lesson."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import nbformat

import course_lib.explore

TITLE = re.compile(r"# (.+)")
STRIP = re.compile(r'<div class="strip" id="(explore\.(\w+))".*', re.DOTALL)
PICTURE = re.compile(r'src="\.\./([^"]*)"')
WORDS = re.compile(r'<img alt="([^\n"]*)')
START = "00_start_here", "explore.conv2d_under_the_window"  # what moves on the first page


@dataclass(frozen=True)
class Shown:
    """An explorer on a lesson's page: the lesson, the id of its place, its name and HTML."""

    lesson: str
    place: str
    name: str
    html: str


def shown(lesson: Path) -> Iterator[Shown]:
    """The explorers of a page that is written."""
    for cell in nbformat.read(lesson, as_version=4).cells:
        for output in cell.get("outputs", []):
            if found := STRIP.match(output.get("data", {}).get("text/html", "")):
                yield Shown(lesson.stem, found[1], found[2], found[0])


def gallery(lessons: Path) -> str:
    """The page, under the titles of the lessons; every explorer where it is met first."""
    parts, met = [f"# Gallery\n\n{ABOUT}"], set()
    for lesson in sorted(lessons.glob("*.ipynb")):
        cards = [card(one) for one in shown(lesson) if one.name not in met]
        met |= {one.name for one in shown(lesson)}
        if cards:
            text = "\n".join(['<ul class="gallery">', *cards, "</ul>"])
            parts.append(f"## {title(lesson)}\n\n```{{raw}} html\n{text}\n```")
    return "\n\n".join(parts) + "\n"


ABOUT = """Every explorer of the course, where it is met first. In the notebook each runs the layers
of `course_lib`; on these pages it shows the pictures that it drew when they were written."""


def title(lesson: Path) -> str:
    """The claim that a lesson is named after."""
    found = TITLE.search(nbformat.read(lesson, as_version=4).cells[0].source)
    assert found is not None
    return found[1]


def card(one: Shown) -> str:
    """A small picture that leads to the explorer, and its idea."""
    picture, words = PICTURE.search(one.html), WORDS.search(one.html)
    assert picture is not None, one.name
    assert words is not None, one.name
    name = words[1].strip()
    return (
        f'<li><a href="notebooks/{one.lesson}.html#{one.place}">'
        f'<img alt="picture of {name}" src="{picture[1]}" loading="lazy">{name}</a>'
        f"<p>{idea(one.name)}</p></li>"
    )


def idea(name: str) -> str:
    """The first sentence of what the explorer says of itself."""
    first = (getattr(course_lib.explore, name).__doc__ or "").split("\n\n")[0]
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(first.split())))


def moving_at_once(lessons: Path) -> str:
    """The explorer of the first page."""
    lesson, place = START
    (html,) = (o.html for o in shown(lessons / f"{lesson}.ipynb") if o.place == place)
    return html.replace('"../', '"')
