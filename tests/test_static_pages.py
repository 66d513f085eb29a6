"""A notebook is a page to read: without a kernel, without the network, without seeing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.notebooks import find

ROOT = Path(__file__).parents[1]
NOTEBOOKS = find(folders=(ROOT / "notebooks", ROOT / "solutions"))

# nbconvert's pages ask a network for these two. They would set formulas, of which we have none, and
# make widgets live, which needs a kernel; what a cell shows is in the page.
FROM_A_NETWORK = {"require.min.js", "latest.js"}


class Page(HTMLParser):
    """Every image with its attributes, and every address that a page loads by itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.loaded: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "img":
            self.images.append(attributes)
        address = attributes.get("href" if tag == "link" else "src")
        if tag in ("img", "link", "script", "iframe", "source") and address:
            self.loaded.append(address)


def to_html(notebook: nbformat.NotebookNode) -> Page:
    return Page(HTMLExporter().from_notebook_node(notebook)[0])


def images_without_words(page: Page) -> list[dict[str, str | None]]:
    """Images that a screen reader would pass over or call by nothing but "image"."""
    words = [(image.get("alt") or "").strip() for image in page.images]
    return [
        {key: (value or "")[:40] for key, value in image.items()}
        for image, alt in zip(page.images, words, strict=True)
        if len(alt) < 10 or alt.startswith("No description")
    ]


@pytest.fixture(
    scope="module", params=NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def test_every_picture_of_a_page_has_words(notebook):
    page = to_html(notebook)
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(page.images) >= len(pictures)
    assert images_without_words(page) == []


def test_a_page_shows_its_pictures_without_a_network(notebook):
    page = to_html(notebook)
    remote = [a for a in page.loaded if re.match(r"(https?:)?//", a)]
    assert [a for a in remote if a.rpartition("/")[2].split("?")[0] not in FROM_A_NETWORK] == []
    assert all((image["src"] or "").startswith("data:") for image in page.images)


def test_a_formula_is_written_so_that_it_can_be_read_without_mathjax(notebook):
    """What MathJax would set is fetched from a network; so there is nothing for it to do."""
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    formulas = [found for text in prose for found in re.findall(r"\$[^$\n]+\$|\\\(|\\\[", text)]
    assert formulas == []


def test_a_picture_without_words_would_be_found():
    silent = new_output("display_data", {"image/png": "AAAA", "text/plain": "<Figure>"})
    page = to_html(new_notebook(cells=[new_code_cell("draw()", outputs=[silent])]))
    assert len(images_without_words(page)) == 1
