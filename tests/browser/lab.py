"""JupyterLab and Notebook as a learner meets them: an empty home, copies, and a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tools.notebooks import METADATA

ROOT = Path(__file__).parents[2]
PATIENCE = 30_000  # milliseconds; a busy machine may be slow, what hangs fails all the same
LAB, NOTEBOOK = "lab/tree", "notebooks"  # one server offers both applications
NO_CHROMIUM = "The browser tests need Chromium, and there is none; sudo apt install chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str:
    """The browser's path.

    Raises
    ------
    FileNotFoundError    if there is none, with the command that installs it
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(NO_CHROMIUM)


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook of these code cells, not run yet."""
    notebook = new_notebook(cells=[new_code_cell(code) for code in cells], metadata=METADATA)
    nbformat.write(notebook, path)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser with a profile of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def jupyterlab(folder: Path, **environment: str) -> Iterator[str]:
    """Start JupyterLab on `folder`/work, as `make lab` does; yields the address to open, with a %s
    for the application and one for the notebook.

    Its home is empty, and the progress file is `folder`/progress.json.
    """
    home, runtime = folder / "home", folder / "runtime"
    home.mkdir(exist_ok=True)
    ours = ("JUPYTER", "XDG_", "IPYTHON", "MPL", "COURSE_LIB")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    learners = {
        "HOME": str(home),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "COURSE_LIB_PROGRESS": str(folder / "progress.json"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        "--expose-app-in-browser",  # tests give the applications' own commands by name
        "--JupyterNotebookApp.expose_app_in_browser=True",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.port=0",
        f"--LabApp.app_settings_dir={ROOT / 'tools/jupyterlab'}",
        "--LabApp.extension_manager=readonly",
    ]
    with (folder / "jupyterlab.log").open("w") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=inherited | learners | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            facts = _wait_for_facts(server, runtime)
            yield f"{facts['url']}%s/work/%s?reset&token={facts['token']}"
        finally:
            stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop a server and its kernels; one that a page asks for a kernel meanwhile may hang."""
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def _wait_for_facts(server: subprocess.Popen[bytes], runtime: Path) -> dict[str, str]:
    """What the server writes down once it listens: its address and token."""
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            if text := file.read_text():
                return json.loads(text)
        time.sleep(0.05)
    raise RuntimeError("JupyterLab did not start; jupyterlab.log in the same folder says why.")


class Notebook:
    """One notebook open in JupyterLab or Notebook."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.goto(address)
        page.wait_for_function(f"window.jupyterapp && {_IDLE}")
        self.element = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.cells = self.element.locator(".jp-Cell")

    def command(self, name: str, **arguments: object) -> None:
        """Give one of JupyterLab's own commands."""
        self.page.evaluate(
            "async ([name, args]) => void (await jupyterapp.commands.execute(name, args))",
            [name, arguments],
        )

    def cell(self, code: str | re.Pattern[str]) -> Locator:
        """The first cell with this in its code."""
        return self.cells.filter(has=self.page.locator(".cm-content", has_text=code)).first

    def run_all(self) -> None:
        """Run every cell and wait for the last; one that raises is an AssertionError."""
        self.command("editmenu:clear-all")
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(f"({_ALL_RUN} || {_ERRORS}.length) && {_IDLE}")
        errors = self.page.evaluate(_ERRORS)
        assert not errors, errors

    def run(self, code: str | re.Pattern[str]) -> Locator:
        """Run the first cell with this in its code."""
        cell = self.cell(code)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        return cell

    def write(self, old: str, code: str) -> None:
        """Replace the code of the first cell with `old` in it, as by pasting, and run it."""
        self.cell(old).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Control+Enter")

    def save_and_reload(self) -> None:
        """Save the notebook and load the page anew; the kernel goes on."""
        self.command("docmanager:save")
        self.page.reload()
        self.page.wait_for_function(f"window.jupyterapp && {_IDLE}")

    def restart(self) -> None:
        """Restart the kernel from the menu's command, and say yes."""
        self.page.evaluate("() => void jupyterapp.commands.execute('notebook:restart-kernel')")
        self.page.get_by_role("dialog").locator(".jp-mod-accept").click()
        self.page.wait_for_function(_IDLE)


_WIDGET = "jupyterapp.shell.currentWidget"
_IDLE = f"{_WIDGET}?.context?.sessionContext?.session?.kernel?.status === 'idle'"
_CELLS = f"[...{_WIDGET}.content.model.cells].filter((cell) => cell.type === 'code')"
_ALL_RUN = f"{_CELLS}.every((cell) => cell.executionCount !== null)"
_ERRORS = (
    f"{_CELLS}.flatMap((cell) => cell.toJSON().outputs)"
    ".filter((output) => output.output_type === 'error').map((output) => output.evalue)"
)
