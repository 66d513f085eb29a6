"""Buttons that run a lesson: in this browser always, elsewhere once a repository is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from tests.browser.lab import ROOT

SITE = ROOT / "build/site"
REPOSITORY = "https://github.com/someone/layer-by-layer"
BINDER = "https://mybinder.org/v2/gh/someone/layer-by-layer/HEAD?urlpath=lab%2Ftree%2Fwork%2F"
COLAB = "https://colab.research.google.com/github/someone/layer-by-layer/blob/HEAD/notebooks/"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """site/build.py, which writes into a folder of its own."""
    monkeypatch.syspath_prepend(str(ROOT / "site"))
    import build

    monkeypatch.setattr(build, "SOURCES", tmp_path)
    return build


def first_cells(folder: Path) -> dict[str, str]:
    """Every lesson's line below its title."""
    return {path.stem: nbformat.read(path, as_version=4).cells[1].source
            for path in sorted((folder / "notebooks").glob("*.ipynb"))}  # fmt: skip


def links(line: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', line)


def test_by_default_no_page_leads_to_binder_or_colab():
    lessons = list((SITE / "notebooks").glob("*.html"))
    assert len(lessons) > 10
    for page in lessons:
        text = page.read_text(encoding="utf-8")
        assert not re.search("mybinder|colab", text)
        assert f"../lite/lab/index.html?path=work/{page.stem}.ipynb" in text


def test_a_repository_brings_its_buttons(build, monkeypatch, tmp_path):
    monkeypatch.setattr(build.conf, "repository", REPOSITORY)
    build.write_notebooks("notebooks", solutions=True)
    for name, line in first_cells(tmp_path).items():
        assert links(line)[1:] == [f"{BINDER}{name}.ipynb", f"{COLAB}{name}.ipynb"]
        assert f"%pip install --quiet git+{REPOSITORY}" in line


def test_a_repository_elsewhere_has_binder_and_no_colab(build):
    line = build.buttons("04_01_layer", "https://gitlab.com/someone/course")
    (_, binder) = links(line)
    assert binder.startswith(
        "https://mybinder.org/v2/git/https%3A%2F%2Fgitlab.com%2Fsomeone%2Fcourse/"
    )
    assert "Colab" not in line


def test_from_a_folder_the_button_leads_to_the_page_that_says_why_not(browser):
    page = browser.new_page()
    page.goto((SITE / "notebooks/04_01_layer.html").as_uri())
    page.get_by_role("link", name="in this browser").click()
    page.wait_for_url("**/run.html")
    assert "needs a web server" in page.content()
    page.close()


def test_binder_makes_the_learners_copies(tmp_path):
    for name in ("tools", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "postBuild", tmp_path)
    assert os.access(tmp_path / "postBuild", os.X_OK)
    subprocess.run([tmp_path / "postBuild"], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "work/00_start_here.ipynb").is_file()
