"""The glossary has every term of the lessons, in the sentence that says what it is."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain

import pytest

from tools import glossary
from tools.glossary import WORDS, by_term, emphasised, places, prose, said, term, words_of

SYMBOL = re.compile(r"(?!.*[A-Za-z]{2})")  # *k*, *(L - 1)s*
ONE_CELL = ["## Weights are numbers\n\nTwo things. That is a *weight*. *This* is [*stress*](a.md)."]


def all_emphasised() -> set[str]:
    """Every emphasised word of the course outside exercises, which say again what they need."""
    cells = [cell for _, cells in prose() for cell in cells if not glossary.EXERCISE.match(cell)]
    return {words.lower() for cell in cells for words in emphasised(words_of(cell))}


def test_every_emphasised_word_is_a_term_or_listed_with_the_reason_why_not():
    unknown = [w for w in all_emphasised() if not (term(w) or w in glossary.NO_TERMS)]
    assert [words for words in unknown if not SYMBOL.match(words)] == []


def test_no_list_holds_a_word_that_no_lesson_emphasises():
    assert glossary.NO_TERMS - all_emphasised() == set()
    assert set(WORDS["forms"]) - all_emphasised() == set()
    assert set(WORDS["terms"]) | set(WORDS["forms"].values()) == by_term().keys()


def test_no_word_is_listed_twice():
    listed = [*WORDS["terms"], *WORDS["forms"], *chain(*WORDS["no_terms"].values())]
    assert [w for w, n in Counter(words.lower() for words in listed).items() if n > 1] == []


def test_a_lesson_emphasises_a_term_once_where_it_is_first_said():
    counts = Counter((place.notebook, place.term) for place in said())
    assert [place for place, count in counts.items() if count > 1] == []


def test_a_term_of_several_lessons_has_been_compared():
    assert sorted(WORDS["again"]) == sorted(t for t, places in by_term().items() if len(places) > 1)


def test_a_place_is_a_heading_of_its_lesson():
    lines = ((name, line) for name, cells in prose() for cell in cells for line in cell.split("\n"))
    headings = {(name, line.lstrip("# ")) for name, line in lines if line.startswith("#")}
    assert {(place.notebook, place.heading) for place in said()} <= headings


def test_a_sentence_that_points_back_brings_the_one_before_it():
    (place,) = places("04_01_layer", ONE_CELL)
    assert place.sentence == "Two things. That is a *weight*."
    assert place.address == "../notebooks/04_01_layer.ipynb#weights-are-numbers"


@pytest.mark.parametrize("start", ["### Exercise: `relu_forward`", "```text\n"])
def test_exercises_and_code_say_no_term(start):
    end = "\n```" if start.startswith("```") else ""
    assert list(places("04_01_layer", [f"{start}\n\nReturn the *weights*.{end}"])) == []


def test_the_page_is_in_alphabetical_order_and_says_where():
    page = glossary.page()
    letters = re.findall(r"^## (.)$", page, re.MULTILINE)
    assert letters == sorted(set(letters))
    entry = r"^stride\n  \*Stride\* is how far .* \(\[Start here\]\(.*again in"
    assert re.search(entry, page, re.MULTILINE)
