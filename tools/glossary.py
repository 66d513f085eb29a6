"""Write the glossary: every term with the sentence in which the course first says it.

A lesson emphasises a term where it says what it is. `docs/glossary.toml` tells terms from words
that are emphasised for another reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import nbformat

from course_lib.engine.lesson_map import number, title
from tools.notebooks import find

ROOT = Path(__file__).parents[1]
WORDS = tomllib.loads((ROOT / "docs/glossary.toml").read_text(encoding="utf-8"))
NO_TERMS = {words.lower() for kind in WORDS["no_terms"].values() for words in kind}
HEADS = {head.lower(): head for head in WORDS["terms"]} | WORDS["forms"]
EMPHASIS = re.compile(r"(?<![\w*])\*(?![\s*])([^*\n]+?)\*(?!\*)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"(*`A-ZΦ])|(?<=[.!?]\))\s+(?=[A-Z])")
BLOCK = re.compile(r"\n\s*\n|\n(?=- |\d\. )")
EXERCISE = re.compile(r"#+ Exercise:")
POINTS_BACK = re.compile(
    r"(It|That|This|These|Those|Such|They|Their|Its|Hence|So|Some|The rest|What|You write)\b"
)
OPENING = """# Glossary

Every term with the sentence in which the course first says it, and the way to that place. A lesson
that can be read by itself says its terms again: the numbers behind the sentence lead there.
"""


@dataclass(frozen=True)
class Said:
    """A term where a lesson says what it is."""

    term: str
    sentence: str
    notebook: str
    heading: str

    @property
    def address(self) -> str:
        return f"../notebooks/{self.notebook}.ipynb#{anchor(self.heading)}"


def anchor(heading: str) -> str:
    """A heading's anchor, as on GitHub and in the site.

    >>> anchor("Two slopes are `one` slope, always")
    'two-slopes-are-one-slope-always'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def emphasised(text: str) -> list[str]:
    """What single stars emphasise in a text outside code.

    >>> emphasised("A *layer* holds `a * b * c`, **its** *weights*.")
    ['layer', 'weights']
    """
    return EMPHASIS.findall(CODE.sub("", text))


def term(words: str) -> str:
    """The head word under which emphasised words stand, or nothing for other words.

    >>> term("Weights"), term("ReLU"), term("which")
    ('weight', 'ReLU', '')
    """
    low = words.lower()
    if low in NO_TERMS:
        return ""
    return HEADS.get(low) or HEADS.get(low.removesuffix("s"), "")


def words_of(cell: str) -> str:
    """A cell's text without blocks of code, and its links as words."""
    return LINK.sub(r"\1", FENCED.sub("", cell))


def places(notebook: str, cells: list[str]) -> Iterator[Said]:
    """Every emphasised term in a lesson's cells of words, in order."""
    heading = title(notebook)
    for cell in cells:
        before = ""
        for block in BLOCK.split(words_of(cell)):
            if block.startswith("#"):
                heading = block.lstrip("# ")
            elif not EXERCISE.match(cell):  # which says again what it needs
                sentences = [before, *SENTENCE.split(block)]
                for previous, sentence in pairwise(sentences):
                    for head in filter(None, map(term, emphasised(sentence))):
                        yield Said(head, explained(previous, sentence), notebook, heading)
                before = sentences[-1]


def explained(previous: str, sentence: str) -> str:
    """A sentence, with the one before it where it points back."""
    whole = f"{previous} {sentence}" if POINTS_BACK.match(sentence) else sentence
    return re.sub(r"^(- |\d\. )|\n", " ", whole).strip().rstrip(";:")


def prose() -> Iterator[tuple[str, list[str]]]:
    """Every lesson's name and its cells of words, in the order of the course."""
    for path in find(folders=(ROOT / "notebooks",)):
        cells = nbformat.read(path, as_version=4).cells
        yield path.stem, [cell.source for cell in cells if cell.cell_type == "markdown"]


def said() -> Iterator[Said]:
    """Every emphasised term of the course, in order."""
    for notebook, cells in prose():
        yield from places(notebook, cells)


def by_term() -> dict[str, list[Said]]:
    """The terms in alphabetical order, each with the places that say it, the first one first."""
    order = sorted(said(), key=head)
    return {places[0].term: places for places in (list(group) for _, group in groupby(order, head))}


def head(said: Said) -> str:
    return said.term.lower()


def entry(places: list[Said]) -> str:
    """A term: the sentence, where it stands, and where the term is said again."""
    first, *others = places
    again = ", ".join(f"[{number(other.notebook)}]({other.address})" for other in others)
    place = f"[{title(first.notebook)}]({first.address})" + (f"; again in {again}" if again else "")
    return f"{first.term}\n  {first.sentence} ({place})\n"


def page() -> str:
    """The page, a heading for each letter."""
    parts = [
        f"## {letter}\n\n```{{glossary}}\n{chr(10).join(map(entry, places))}```\n"
        for letter, places in groupby(by_term().values(), lambda places: places[0].term[0].upper())
    ]
    return "\n".join([OPENING, *parts])
