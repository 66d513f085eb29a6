"""What the tests of several files ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib.engine import store


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for the learner's progress file, and nothing kept in memory."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_LIB_PROGRESS", str(path))
    monkeypatch.setattr(store, "_kept", {})
    return path
