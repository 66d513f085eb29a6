"""The built site is a folder of pages that need nothing else: no kernel, no network, no mouse.

`make test-site` builds it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.lab import ROOT
from tools.notebooks import find

SITE = ROOT / "build/site"
PAGES = sorted(path for path in SITE.rglob("*.html") if SITE / "lite" not in path.parents)
COLOURS = ["color-contrast", "link-in-text-block"]  # rules of axe
ELSEWHERE = ("http:", "https:", "mailto:")


class Parsed(HTMLParser):
    """A page's links, the ids they may lead to, its pictures and what it loads by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.ids.add(attributes.get("id") or "")
        address = attributes.get("href") or attributes.get("src") or ""
        if tag == "a":
            self.links.append(address)
        elif tag == "img":
            self.images.append(attributes)
        if tag in ("link", "script", "img", "iframe", "source"):
            self.loaded.append(address)


@pytest.fixture(scope="module")
def parsed() -> dict[Path, Parsed]:
    return {path: Parsed(path) for path in PAGES}


def dead(path: Path, links: list[str], parsed: dict[Path, Parsed]) -> list[str]:
    """The links of a page that lead to no file, or to no place in it; what follows ? is dropped."""
    found = []
    for link in links:
        address, place = urlparse(link).path, urldefrag(link).fragment
        target = (path.parent / unquote(address)).resolve() if address else path
        inside = target in parsed and place and unquote(place) not in parsed[target].ids
        if not link.startswith(ELSEWHERE) and (not target.is_file() or inside):
            found.append(link)
    return found


def test_every_lesson_has_its_page():
    names = {path.stem for path in find(folders=(ROOT / "notebooks",))}
    assert {path.stem for path in SITE.glob("notebooks/*.html")} == names


def test_every_internal_link_leads_somewhere(parsed):
    links = {path: dead(path, [*page.links, *page.loaded], parsed) for path, page in parsed.items()}
    assert {path.name: found for path, found in links.items() if found} == {}


def test_a_check_shows_hints_and_lines_and_nothing_of_a_learner():
    page = (SITE / "notebooks/04_04_pooling.html").read_text(encoding="utf-8")
    assert page.count('aria-label="Hints for ') == 3
    assert page.count("<summary>Lines in order</summary>") == 3
    assert "Not yet:" not in page
    assert "come back" not in page


def test_a_lesson_goes_by_its_number():
    page = (SITE / "notebooks/04_02b_convolution.html").read_text(encoding="utf-8")
    assert "<title>4.2b A convolution" in page
    assert ">4.2c Receptive field</a>" in page  # beside it, in the contents
    assert ">4.2b Convolution</a>:" in (SITE / "docs/claims.html").read_text(encoding="utf-8")


def test_docstrings_keep_their_stars_bars_and_columns():
    layer = (SITE / "api/layer.html").read_text(encoding="utf-8")
    assert "<em>replaced</em>" in layer
    assert re.search(r"Array</span> <span class=\"pre\">\|</span> <span class=\"pre\">None<", layer)
    assert "bias[o]\n    + sum over" in (SITE / "api/convolution.html").read_text(encoding="utf-8")


def test_a_dead_link_would_be_found(parsed):
    links = ["nowhere.html", "index.html#nowhere", "index.html", "#"]
    assert dead(SITE / "index.html", links, parsed) == links[:2]


def test_every_picture_has_words_and_lies_in_the_folder(parsed):
    for path, page in parsed.items():
        for image in page.images:
            assert len(image["alt"] or "") > 10, (path.name, image)
            assert (path.parent / (image["src"] or "")).is_file(), (path.name, image)


def test_the_first_page_is_light(parsed):
    first = SITE / "index.html"
    files = {first, *((first.parent / urlparse(a).path) for a in parsed[first].loaded if a)}
    assert sum(file.stat().st_size for file in files if file.is_file()) < 1_000_000


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(SITE)))
def test_a_page_asks_no_network_and_axe_finds_nothing(page: Page, path: Path):
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto(path.as_uri())
    for strip in page.locator("[data-strip]").all():
        strip.scroll_into_view_if_needed()
        strip.locator(".words:not(:empty)").wait_for()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert failed == []
    if path.parent.name in ("api", "course_lib") and path.stem != "layer":
        return  # the library's pages are alike: axe looks at one of each kind
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert violations(page, {"runOnly": COLOURS}) == []  # the theme changes nothing else


WIDER = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"


@pytest.mark.parametrize("path", ["index", "docs/layers", "api/plain", "notebooks/04_08_attention"])
def test_no_page_is_wider_than_a_telephone(page: Page, path: str):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto((SITE / f"{path}.html").as_uri())
    assert page.locator("html").evaluate_all(WIDER) == []


def test_a_line_of_code_fits_between_the_bars(page: Page):
    page.goto((SITE / "notebooks/04_03_activation.html").as_uri())
    assert page.locator(".cell_input pre").evaluate_all(WIDER) == []


def test_in_the_dark_nothing_that_a_cell_shows_lies_on_light_grey(page: Page):
    page.emulate_media(color_scheme="dark")
    page.goto((SITE / "notebooks/00_start_here.html").as_uri())
    colours = "all => all.map((one) => getComputedStyle(one).backgroundColor)"
    shown = page.locator(".cell_output .text_html").evaluate_all(colours)
    assert set(shown) == {"rgba(0, 0, 0, 0)"}


def violations(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    found = Axe().run(page, options=options).response
    assert found["passes"]  # it has looked at something
    return [describe(violation) for violation in found["violations"]]


def test_axe_would_find_pale_words(page: Page):
    page.set_content("<html lang=en><title>t</title><p style='color: #ddd'>hardly seen")
    assert "color-contrast" in str(violations(page))


def describe(violation: dict[str, Any]) -> str:
    nodes = "\n".join(node["html"][:200] for node in violation["nodes"][:5])
    return f"{violation['id']}: {violation['help']}\n{nodes}"


def test_the_search_answers_from_a_file(page: Page):
    page.goto(f"{(SITE / 'search.html').as_uri()}?q=padding")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li").count() > 3
