"""Learners work on copies: this puts them into work/ and never touches one that is there.

python tools/copies.py                   copy every notebook that is not there yet
python tools/copies.py --fresh 04_02b    put a new copy of one notebook beside the old

It runs from any folder. A copy has no outputs: the answer would stand under the question before
anyone has predicted it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1]
NOTEBOOKS = COURSE / "notebooks"
WORK = COURSE / "work"
COPIED = ".copied.json"  # in work/: notebook -> the fingerprint of the lesson when it was copied


def copy_missing(notebooks: Path = NOTEBOOKS, work: Path = WORK) -> list[Path]:
    """Copy each notebook that has no copy yet; return the new files.

    Raises
    ------
    ValueError    if there is no notebook to copy
    """
    sources = sorted(notebooks.glob("*.ipynb"))
    if not sources:
        raise ValueError(
            f"There is no notebook in {notebooks}, and this tool copies from there; "
            "run the tools/copies.py of the course."
        )
    missing = [source for source in sources if not (work / source.name).exists()]
    return [_copy(source, work / source.name) for source in missing]


def copy_fresh(name: str, notebooks: Path = NOTEBOOKS, work: Path = WORK) -> Path:
    """Copy the one notebook whose name starts with `name` to a file that does not exist yet.

    Raises
    ------
    ValueError    if no notebook or more than one has that beginning
    """
    found = sorted(notebooks.glob(f"{name}*.ipynb")) if name else []
    if len(found) != 1:
        known = ", ".join(path.stem for path in found or sorted(notebooks.glob("*.ipynb")))
        many = "several notebooks" if found else "no notebook"
        raise ValueError(f"NB={name} names {many}; choose one of {known}: make fresh NB=04_02b")
    (source,) = found
    number = 1
    while (copy := work / f"{source.stem}_fresh{number}.ipynb").exists():
        number += 1
    return _copy(source, copy)


def _copy(source: Path, copy: Path) -> Path:
    """Write the notebook as it is before it is run."""
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])
    copy.parent.mkdir(exist_ok=True)
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    copy.write_text(text, encoding="utf-8")
    return copy


def fingerprint(notebook: Path) -> str:
    """What changes when a lesson's cells do, and not when its outputs do."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells])
    return hashlib.sha256(text.encode()).hexdigest()


def copied(work: Path = WORK) -> dict[str, str]:
    """The fingerprints noted so far; none if the note is missing or damaged."""
    try:
        noted = json.loads((work / COPIED).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def note(names: list[str], notebooks: Path = NOTEBOOKS, work: Path = WORK) -> None:
    """Remember which state of a lesson the learner has a copy of."""
    new = {name: fingerprint(notebooks / f"{name}.ipynb") for name in names}
    if new:
        (work / COPIED).write_text(json.dumps(copied(work) | new, indent=1), encoding="utf-8")


def newer_lessons(notebooks: Path = NOTEBOOKS, work: Path = WORK) -> list[str]:
    """The lessons whose cells have changed since they were copied."""
    noted = copied(work)
    there = [name for name in sorted(noted) if (notebooks / f"{name}.ipynb").exists()]
    return [name for name in there if fingerprint(notebooks / f"{name}.ipynb") != noted[name]]


def say_what_is_newer(names: list[str]) -> None:
    if names:
        print(
            f"There is a newer version of {', '.join(names)}: make fresh NB={names[0]} puts it "
            "beside your copy, which stays as it is."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", metavar="NAME")
    fresh = parser.parse_args().fresh
    try:
        if fresh is None:
            note([copy.stem for copy in copy_missing()])
            say_what_is_newer(newer_lessons())
        else:
            copy = copy_fresh(fresh)
            note([copy.stem.rsplit("_fresh", 1)[0]])
            print(f"A new copy, beside the old one: {copy}")
    except ValueError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"The folder {WORK} can't be written ({error.strerror}), and your copies belong there. "
            "Make room, or copy the whole course to a folder of your own."
        )


if __name__ == "__main__":
    main()
