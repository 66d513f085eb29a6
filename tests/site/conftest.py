"""One browser for all tests of the site; what writes it lies in `site/` and is no package."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.lab import ROOT, chromium

sys.path.insert(0, str(ROOT / "site"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
