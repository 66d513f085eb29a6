"""Run notebooks, clean them and save them, so that what is committed is what they say today.

    python tools/notebooks.py            all of notebooks/ and solutions/
    python tools/notebooks.py 04_02b     those whose names start so

A notebook with uncommitted changes is left alone unless `--force` is given.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
FOLDERS = (Path("notebooks"), Path("solutions"))
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # names a model that died with its kernel
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
CELL_METADATA = ("alternative", "claim", "exercise", "tags")

NOUN = re.compile(r"\d\d(?:_\d\d[a-z]?)?_(\w+)")  # 04_02b_convolution -> convolution
CHECK = re.compile(r"(?<!def )\bcheck\((\w+)\)")
PREDICT = re.compile(r"(?<!def )\bpredict\(\s*[\"']([^\"']+)[\"']")


def find(name: str = "", folders: tuple[Path, ...] = FOLDERS) -> list[Path]:
    """The notebooks whose file names start with `name`."""
    return [path for folder in folders for path in sorted(folder.glob(f"{name}*.ipynb"))]


def noun_of(notebook: str) -> str:
    """What joins a notebook, 04_02b_convolution, to lessons/convolution and its tests."""
    match = NOUN.fullmatch(notebook)
    if match is None:
        raise ValueError(f"{notebook!r} is no notebook's name; one is such as 04_02b_convolution")
    return match[1]


def only(name: str, folder: Path = FOLDERS[0]) -> str:
    """The one notebook whose file name starts with `name`, without its ending.

    Raises
    ------
    ValueError    if no notebook or more than one has that beginning
    """
    found = find(name, (folder,)) if name else []
    if len(found) != 1:
        known = ", ".join(path.stem for path in found or find(folders=(folder,)))
        many = "several notebooks" if found else "no notebook"
        raise ValueError(f"NB={name} names {many}; choose one of {known}: NB=04_02b")
    return found[0].stem


def execute(notebook: NotebookNode, folder: Path, timeout: int = 120) -> NotebookNode:
    """Run every cell of a copy, as a learner who has passed nothing yet, and return the copy."""
    copy = nbformat.from_dict(notebook)
    client = NotebookClient(
        copy,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
    )
    with tempfile.TemporaryDirectory() as progress:
        file = str(Path(progress) / "progress.json")
        asyncio.run(client.async_execute(env={**os.environ, "COURSE_LIB_PROGRESS": file}))
    return copy


def clean(notebook: NotebookNode) -> NotebookNode:
    """A copy without what changes from run to run or from machine to machine."""
    copy = nbformat.from_dict({**notebook, "metadata": METADATA})
    for cell in copy.cells:
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA if key in cell.metadata}
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(_clean_output, cell.outputs) if output]
    return copy


def _clean_output(output: NotebookNode) -> NotebookNode | None:
    """The output without widget view, its files named from here; None if nothing is left."""
    if "traceback" in output:
        output.traceback = [line.replace(f"{ROOT}{os.sep}", "") for line in output.traceback]
    if "data" not in output:
        return output
    output.data.pop(WIDGET_VIEW, None)
    output.metadata.pop(WIDGET_VIEW, None)
    return output if output.data else None


def save(path: Path) -> None:
    """Run a notebook, clean it and write it where it is."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.write(clean(execute(notebook, path.parent)), path)


def everything_passed(folder: Path) -> dict[str, Any]:
    """The progress of a learner who has passed each check and predicted each result in a folder."""
    code = "\n".join(
        cell.source
        for path in find(folders=(folder,))
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    )
    return {
        "passed": sorted(set(CHECK.findall(code))),
        "predictions": {
            name: {"answer": "0", "right": True} for name in sorted(set(PREDICT.findall(code)))
        },
    }


def uncommitted(paths: list[Path]) -> list[Path]:
    """Those of `paths` that git tracks and that differ from the last commit."""
    changed = subprocess.run(
        ["git", "diff", "--name-only", "--relative", "-z", "HEAD", "--", *paths],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [path for path in paths if str(path) in changed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--force", action="store_true", help="also what is not committed")
    arguments = parser.parse_args()
    paths = find(arguments.name)
    if not paths:
        sys.exit(f"No notebook's name starts with {arguments.name!r}.")
    if not arguments.force and (changed := uncommitted(paths)):
        names = ", ".join(map(str, changed))
        sys.exit(f"Not committed yet: {names}. Commit first, or run make notebooks FORCE=1.")
    for path in paths:
        print(path, flush=True)
        save(path)


if __name__ == "__main__":
    main()
