"""The page "what to do next": its script agrees with PyTorch, and its links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def test_one_step_in_pytorch_is_one_step_here():
    pytest.importorskip("torch")
    assert runpy.run_path(str(DOCS / "next_in_pytorch.py"))["largest_difference"]() < 1e-5


def test_the_links_of_the_page_lead_to_files():
    links = re.findall(r"\]\(([^):]+)\)", (DOCS / "next.md").read_text(encoding="utf-8"))
    assert links
    assert all((DOCS / link).exists() for link in links)
