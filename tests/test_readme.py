"""README shows what is there: its links, its map and its pictures."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from course_lib.engine.lesson_map import title
from course_lib.exercises import lesson_map
from tools import pictures

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
SHOWN = {Path(path): words for words, path in PICTURE.findall(README)}
REFRESH = "the picture is out of date: run `make docs`"


@pytest.mark.parametrize("path", pictures.SHOWN, ids=str)
def test_a_picture_is_what_its_lesson_shows_today(path):
    assert (ROOT / path).read_bytes() == pictures.png(*pictures.SHOWN[path]), REFRESH
    assert (ROOT / path).stat().st_size < 150_000


def test_the_map_is_the_courses_today():
    text = (ROOT / pictures.MAP).read_text(encoding="utf-8")
    assert text == pictures.lessons_svg(), REFRESH
    drawn = [element.text for element in ElementTree.fromstring(text).iter() if element.text]
    assert set(map(str.strip, str(lesson_map()).splitlines())) <= set(drawn)


def test_readmes_table_names_a_lesson_as_the_map_does():
    rows = dict(re.findall(r"^\| ([^|]*) \| \[(\w+)\]\(notebooks/", README, re.MULTILINE))
    assert rows == {title(notebook): notebook for notebook in lesson_map().needs}


def test_readme_shows_the_map_and_each_picture_with_words():
    assert SHOWN.keys() == {pictures.MAP, *pictures.SHOWN}
    assert [path for path, words in SHOWN.items() if len(words) < 40] == []


def test_every_relative_link_of_readme_leads_to_a_file():
    links = [link for link in re.findall(r"\]\(([^)#]*)", README) if "://" not in link]
    assert len(links) > 50
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("who", ["learn", "teach", "read the code"])
def test_readme_has_a_part_for_each_reader(who):
    assert f"## If you want to {who}\n" in README
