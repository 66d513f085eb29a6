"""The course in JupyterLite: the notebooks, the library and the sliders run in the browser.

Pyodide, its NumPy and its Matplotlib come from its public CDN when a page is used; all else lies
in the folder. What a cell imports is installed as the lock says (`pyodide-lock.json` here): the
first cell's `import course_lib` installs our wheel and what it needs, without a command.

With another version of the kernel: PYTHONPATH=. python site/lite.py LOCK, where LOCK is the
pyodide-lock.json in the npm package `pyodide` of the version that the kernel loads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from hatchling.builders.wheel import WheelBuilder
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL, PYODIDE_KERNEL_PLUGIN_ID
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from tools.copies import WORK, copy_missing

ROOT = Path(__file__).parents[1]
PYODIDE_LOCK = Path(__file__).with_name("pyodide-lock.json")
EXTENSIONS = Path(sys.prefix) / "share/jupyter/labextensions"
KERNEL = EXTENSIONS / "@jupyterlite/pyodide-kernel-extension"
WIDGETS = (EXTENSIONS / "@jupyter-widgets/jupyterlab-manager", EXTENSIONS / "anywidget")
NOT_IN_PYODIDE = ("comm", "ipywidgets", "anywidget", "psygnal")
NEEDLESS = {"jupyterlab-widgets", "widgetsnbextension"}  # JavaScript, which the page has
AT_START = ["comm", "ipykernel", "ipython", "jedi", "micropip", "piplite", "pyodide-kernel"]
SETTINGS = {
    "pyodideUrl": f"{PYODIDE_CDN_URL}/pyodide.mjs",
    "disablePyPIFallback": True,  # nothing is asked of another host
    "loadPyodideOptions": {
        "lockFileURL": "./pypi/pyodide-lock.json",
        "packages": AT_START,
        # In the browser's own storage, beside the notebooks that were edited.
        "env": {"COURSE_LIB_PROGRESS": "/drive/progress.json"},
    },
}


def needs(package: Distribution) -> list[str]:
    """The names of what a package needs in the browser."""
    asked = map(Requirement, package.requires or [])
    here = (each for each in asked if not each.marker or each.marker.evaluate({"extra": ""}))
    return sorted({canonicalize_name(each.name) for each in here} - NEEDLESS)


def wheel_again(package: Distribution, folder: Path) -> Path:
    """Zip an installed package to a wheel, without what was compiled for this machine.

    Pyodide has no other source of these: the build asks no network. What is compiled in them
    has its Python beside it.
    """
    name = f"{package.name.replace('-', '_')}-{package.version}-py3-none-any.whl"
    files = sorted(str(file) for file in package.files or [] if ".." not in file.parts)
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            if not file.endswith((".pyc", ".so", "INSTALLER", "REQUESTED", "direct_url.json")):
                content = Path(str(package.locate_file(file))).read_bytes()
                archive.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED)
    return folder / name


def wheels(folder: Path) -> list[Path]:
    """Our own wheel, those that Pyodide does not have, and the kernel's."""
    folder.mkdir(parents=True)
    own = Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))
    others = [wheel_again(distribution(name), folder) for name in NOT_IN_PYODIDE]
    kernels = (path for path in KERNEL.glob("static/pypi/*.whl") if "widgets" not in path.name)
    return [own, *others, *(Path(shutil.copy(path, folder)) for path in kernels)]


def entry(wheel: Path, depends: list[str]) -> dict[str, Any]:
    """What the lock says of a wheel that lies beside it."""
    name, version, *_ = parse_wheel_filename(wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        tops = {file.split("/")[0] for file in archive.namelist() if file.endswith("/__init__.py")}
    return {
        "depends": depends,
        "file_name": wheel.name,
        "imports": sorted(tops),
        "install_dir": "site",
        "name": name,
        "package_type": "package",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "unvendored_tests": False,
        "version": str(version),
    }


def lock(wheels: list[Path]) -> dict[str, Any]:
    """Pyodide's lock, its packages at the CDN, with our wheels in it."""
    whole = json.loads(PYODIDE_LOCK.read_text(encoding="utf-8"))
    for package in whole["packages"].values():
        package["file_name"] = f"{PYODIDE_CDN_URL}/{package['file_name']}"
    ours = {"course-lib", *NOT_IN_PYODIDE}
    for wheel in wheels:
        name = parse_wheel_filename(wheel.name)[0]
        known = needs(distribution(name)) if name in ours else []
        whole["packages"][name] = entry(wheel, known)
    return whole


def part(whole: dict[str, Any]) -> dict[str, Any]:
    """What the course needs of Pyodide's lock."""
    ours = {"course-lib", *NOT_IN_PYODIDE}
    wanted = {*AT_START, *(name for each in ours for name in needs(distribution(each)))}
    kept: dict[str, Any] = {}
    while wanted := {canonicalize_name(name) for name in wanted} & set(whole["packages"]) - set(
        kept
    ):
        kept |= {name: whole["packages"][name] for name in wanted}
        wanted = {name for each in wanted for name in kept[each]["depends"]}
    return {"info": whole["info"], "packages": dict(sorted(kept.items()))}


def write_contents(folder: Path, solutions: bool) -> None:
    """The learners' copies, in the layout that their links know."""
    (folder / "docs").mkdir(parents=True)
    copy_missing(ROOT / "notebooks", folder / WORK.name)
    if solutions:
        copy_missing(ROOT / "solutions", folder / "solutions")
    shutil.copy(ROOT / "docs/next.md", folder / "docs")


def write_settings(folder: Path) -> None:
    """What JupyterLite reads: the build's settings and the page's."""
    build = {
        "apps": ["lab"],
        "contents": [str(folder / "contents")],
        "federated_extensions": [str(path) for path in (KERNEL, *WIDGETS)],
        "ignore_sys_prefix": ["federated_extensions"],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    page = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Layer by Layer",
            "litePluginSettings": {PYODIDE_KERNEL_PLUGIN_ID: SETTINGS},
        },
    }
    settings = {"jupyter_lite_config.json": {"LiteBuildConfig": build}, "jupyter-lite.json": page}
    for name, content in settings.items():
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")


def build(sources: Path, output: Path, solutions: bool) -> None:
    """Write JupyterLite with the course into `output`, from files made in `sources`.

    Raises
    ------
    RuntimeError    if JupyterLite could not be built, with what it said
    """
    shutil.rmtree(sources, ignore_errors=True)
    write_contents(sources / "contents", solutions)
    write_settings(sources)
    built = sources / "built"  # by itself: JupyterLite dates all that lies beside it
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--output-dir", str(built)]
    result = subprocess.run(command, cwd=sources, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"JupyterLite could not be built:\n{result.stdout}\n{result.stderr}")
    made = wheels(built / "pypi")
    text = json.dumps(lock(made), indent=1) + "\n"
    (built / "pypi/pyodide-lock.json").write_text(text, encoding="utf-8")
    shutil.move(built, output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Keep what the course needs of Pyodide's lock.")
    parser.add_argument("lock", help="pyodide-lock.json of the Pyodide that the kernel loads")
    whole = json.loads(Path(parser.parse_args().lock).read_text(encoding="utf-8"))
    PYODIDE_LOCK.write_text(json.dumps(part(whole), indent=1) + "\n", encoding="utf-8")
