"""A notebook as a page on its own: nothing but a browser, and no network."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser

from tests.browser.lab import ROOT
from tools.notebooks import find

WIDTH = """(image) => image instanceof SVGElement ? image.getBoundingClientRect().width
    : image.complete && image.naturalWidth"""


@pytest.mark.parametrize("path", find(folders=(ROOT / "notebooks",)), ids=lambda path: path.stem)
def test_a_page_without_kernel_and_network_shows_every_word_and_picture(
    browser: Browser, tmp_path: Path, path: Path
):
    notebook = nbformat.read(path, as_version=4)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(f"file://{tmp_path / 'page.html'}")
    for image in page.get_by_role("img").all():
        assert image.evaluate(WIDTH) > 300
        assert len(image.get_attribute("alt") or image.get_attribute("aria-label") or "") > 10
    shown = page.locator("body").inner_text()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for line in output.get("text", "").splitlines():
                assert line in shown
    context.close()
