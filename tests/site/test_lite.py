"""The course in JupyterLite: what lies in the folder, whom it would ask, and a lesson in it.

Pyodide's part comes from its CDN. Where `PYODIDE_DIR` names a folder with a Pyodide distribution,
a browser that asks the CDN gets it from there, and runs the first lesson.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.browser.lab import ROOT, Notebook
from tools.copies import WORK
from tools.notebooks import find

SITE = ROOT / "build/site"
LITE = SITE / "lite"
CDN = re.compile(r"https://cdn\.jsdelivr\.net/pyodide/v[\d.]+/full/")
LESSON = "lite/lab/index.html?path=work/00_start_here.ipynb"
KINDS = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
OTHER = "application/octet-stream"


def read(path: str) -> Any:
    return json.loads((LITE / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return read("jupyter-lite.json")["jupyter-config-data"]


@pytest.fixture(scope="module")
def packages() -> dict[str, Any]:
    return read("pypi/pyodide-lock.json")["packages"]


def test_the_learners_copies_of_all_notebooks_are_there_without_outputs():
    copies = sorted((LITE / "files" / WORK.name).glob("*.ipynb"))
    assert [copy.name for copy in copies] == [
        path.name for path in find(folders=(ROOT / "notebooks",))
    ]
    for copy in copies:
        cells = nbformat.read(copy, as_version=4).cells
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_the_file_list_shows_the_copies():
    listed = {entry["name"] for entry in read(f"api/contents/{WORK.name}/all.json")["content"]}
    assert listed == {copy.name for copy in (LITE / "files" / WORK.name).glob("*.ipynb")}


def test_the_wheel_holds_the_library_as_it_is(packages):
    with zipfile.ZipFile(LITE / "pypi" / packages["course-lib"]["file_name"]) as wheel:
        held = {
            name: wheel.read(name) for name in wheel.namelist() if name.endswith((".py", ".js"))
        }
    here = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "course_lib").rglob("*.*")}
    modules = {
        name: path.read_bytes() for name, path in here.items() if path.suffix in (".py", ".js")
    }
    assert held == modules


def test_importing_the_library_installs_it_and_all_it_needs(packages):
    """Pyodide installs what a cell imports, by the lock's `imports`, and then `depends`."""
    assert packages["course-lib"]["imports"] == ["course_lib"]
    wanted, met = ["course-lib"], set()
    while wanted:
        name = wanted.pop().lower().replace("_", "-")
        met.add(name)
        wanted += [each for each in packages[name]["depends"] if each not in met]
    assert {"numpy", "matplotlib", "scikit-learn", "ipywidgets", "anywidget", "tqdm"} <= met


def test_the_locks_wheels_are_whole(packages):
    for package in packages.values():
        if not CDN.match(package["file_name"]):
            content = (LITE / "pypi" / package["file_name"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == package["sha256"], package["name"]


def test_the_lock_is_of_the_pyodide_that_the_kernel_loads(packages):
    from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL

    bundles = [
        path.read_text("utf-8") for path in LITE.glob("extensions/@jupyterlite/*/static/*.js")
    ]
    assert any(f"{PYODIDE_CDN_URL}/pyodide.mjs" in bundle for bundle in bundles)
    assert packages["numpy"]["file_name"].startswith(PYODIDE_CDN_URL)


def test_what_the_kernel_starts_with_is_in_the_lock(settings, packages):
    (kernel,) = settings["litePluginSettings"].values()
    assert set(kernel["loadPyodideOptions"]["packages"]) <= packages.keys()


def test_the_configuration_names_no_host_but_pyodides_cdn(settings, packages):
    text = json.dumps([settings, packages])
    addresses = re.findall(r"https?:[^\"\\ ]+", text)
    assert addresses
    assert [address for address in addresses if not CDN.match(address)] == []
    (kernel,) = settings["litePluginSettings"].values()
    assert kernel["disablePyPIFallback"] is True


def test_sliders_have_their_javascript(settings):
    names = {extension["name"] for extension in settings["federated_extensions"]}
    widgets = {"anywidget", "@jupyter-widgets/jupyterlab-manager"}
    assert names == {*widgets, "@jupyterlite/pyodide-kernel-extension"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a server on this machine offers the site."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def from_folder(route: Route, folder: Path) -> None:
    """Answer the CDN's part from a Pyodide distribution, all else on this machine not at all."""
    file = folder / route.request.url.rsplit("/", 1)[1]
    if not CDN.match(route.request.url) or not file.is_file():
        route.abort()
        return
    kind = {"Content-Type": KINDS.get(file.suffix, OTHER), "Access-Control-Allow-Origin": "*"}
    route.fulfill(body=file.read_bytes(), headers=kind)


def with_app(route: Route) -> None:
    """The configuration, but tests may give JupyterLab's commands by name."""
    settings = read("jupyter-lite.json")
    settings["jupyter-config-data"]["exposeAppInBrowser"] = True
    route.fulfill(json=settings)


def asked_elsewhere(context: BrowserContext, address: str, pyodide: Path) -> list[str]:
    """All that is asked of other machines from now on; Pyodide's part is answered from a folder."""
    asked: list[str] = []
    elsewhere = re.compile(rf"^(?!{re.escape(address)}|data:|blob:)")
    context.on("request", lambda r: asked.append(r.url) if elsewhere.match(r.url) else None)
    context.route(elsewhere, lambda route: from_folder(route, pyodide))
    context.route(f"{address}lite/jupyter-lite.json*", with_app)
    return asked


def test_a_lesson_opens_and_asks_no_host_but_pyodides_cdn(context, address, tmp_path):
    asked = asked_elsewhere(context, address, tmp_path)
    page = context.new_page()
    with context.expect_event("request", lambda request: CDN.match(request.url), timeout=60_000):
        page.goto(address + LESSON)  # a kernel starts, and asks for Pyodide
    expect(page.locator(".jp-Notebook")).to_contain_text("import course_lib as lib", timeout=60_000)
    assert [url for url in asked if not CDN.match(url)] == []


def test_the_first_lesson_runs_and_its_slider_moves(context, address):
    folder = os.environ.get("PYODIDE_DIR")
    if not folder:
        pytest.skip("PYODIDE_DIR names no folder with a Pyodide distribution")
    context.set_default_timeout(300_000)
    asked = asked_elsewhere(context, address, Path(folder))
    notebook = Notebook(context.new_page(), address + LESSON)
    notebook.run_all()
    notebook.page.evaluate(TO_EXPLORER)
    cell = notebook.cells.filter(has=notebook.page.locator(SLIDER)).first
    before = cell.locator(WORDS).inner_text()
    cell.locator(SLIDER).last.press("ArrowRight")
    expect(cell.locator(WORDS)).not_to_have_text(before)
    assert [url for url in asked if not CDN.match(url)] == []


SLIDER, WORDS = "input[type=range]:enabled", ".words[role=status]"
TO_EXPLORER = """() => {
    const cells = jupyterapp.shell.currentWidget.content;
    const found = (cell) => cell.sharedModel.getSource().startsWith("explore.");
    cells.activeCellIndex = [...cells.model.cells].findIndex(found);
    return cells.scrollToItem(cells.activeCellIndex);
}"""
