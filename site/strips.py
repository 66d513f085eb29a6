"""Strips in place of still pictures: every explorer of a notebook moves on its page.

The explorers are run, as the notebook calls them, and recorded (`recording.py`); what was recorded
is kept in build/strips under the hash of all that it was made from.
"""

from __future__ import annotations

import ast
import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from recording import script
from sweeps import start_of

import course_lib.explore
from course_lib.engine.explorer import Explorer
from course_lib.engine.view import front_end

ROOT = Path(__file__).parents[1]
SITE = ROOT / "site"
CACHE = ROOT / "build/strips"
WIDTHS = 691, 320  # of a picture in CSS pixels: on a page, and on a telephone 360 wide
PRESETS = {"conv2d_under_the_window": course_lib.explore.SURPRISES}
DRAWN_BY = ("numpy", "matplotlib", "pillow", "scikit-learn")  # another version, other pixels
EXPORT = "export default { render };"  # the last line of the front end


@dataclass(frozen=True)
class Call:
    """A cell that shows an explorer: its number, and the code of the call.

    name : str      of the explorer in `course_lib.explore`
    before : str    the statements above the call that it needs
    """

    cell: int
    name: str
    before: str
    code: str

    def explorer(self) -> Explorer:
        names: dict[str, Any] = {}
        exec(self.before, names)
        return eval(self.code, names)

    def presets(self) -> dict[str, dict[str, Any]]:
        """Settings worth a look; they count from where a call without arguments starts."""
        named = PRESETS.get(self.name, {})
        usual = start_of(getattr(course_lib.explore, self.name)()) if named else {}
        return {title: usual | values for title, values in named.items()}

    @property
    def key(self) -> str:
        """Its name with the hash of all that its pictures are made from."""
        made_from = "\n".join([sources(), self.before, self.code])
        return f"{self.name}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"


@cache
def sources() -> str:
    """The hash of the library, of what records it, and of what draws it."""
    files = [*(ROOT / "course_lib").rglob("*"), SITE / "recording.py", SITE / "sweeps.py"]
    content = hashlib.sha256(" ".join(map(version, DRAWN_BY)).encode())
    for file in sorted(f for f in files if f.is_file() and "__pycache__" not in f.parts):
        content.update(file.read_bytes())
    return content.hexdigest()


def calls(notebook: NotebookNode) -> Iterator[Call]:
    """Every explorer of a notebook, with the statements that make what it is called with."""
    above: list[ast.stmt] = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            statements = ast.parse(cell.source).body
            match statements:
                case [ast.Expr(ast.Call(ast.Attribute(ast.Name("explore"), name)) as call)]:
                    yield Call(number, name, needed(call, above), ast.unparse(call))
            above += statements


def needed(call: ast.AST, above: list[ast.stmt]) -> str:
    """Those of the statements above a call that make a name it reads, directly or not."""
    wanted, kept = names(call, ast.Load), []
    for statement in reversed(above):
        made = names(statement, ast.Store) & wanted
        if made:
            wanted = wanted - made | names(statement, ast.Load)
            kept.append(ast.unparse(statement))
    return "\n".join(reversed(kept))


def names(code: ast.AST, how: type[ast.expr_context]) -> set[str]:
    """The names that code reads, or makes."""
    found = set()
    for node in ast.walk(code):
        match node:
            case ast.Name(name, context) if isinstance(context, how):
                found.add(name)
            case ast.alias(name, asname) if how is ast.Store:
                found.add(asname or name)
            case ast.FunctionDef(name) if how is ast.Store:
                found.add(name)
    return found


def files(call: Call) -> list[Path]:
    """The scripts of a strip, made if they are not kept."""
    kept = [CACHE / f"{call.key}-{width}.js" for width in WIDTHS]
    if not all(file.exists() for file in kept):
        CACHE.mkdir(parents=True, exist_ok=True)
        explorer, presets = call.explorer(), call.presets()
        for file, width in zip(kept, WIDTHS, strict=True):
            file.write_text(script(file.stem, explorer, presets, width), encoding="utf-8")
    return kept


def add(notebook: NotebookNode, shown: NotebookNode, folder: Path) -> None:
    """Let the explorers of a notebook move on its page; the scripts are copied into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    seen: Counter[str] = Counter()
    for call in calls(notebook):
        seen[call.name] += 1
        place = f"explore.{call.name}" + (f"-{seen[call.name]}" if seen[call.name] > 1 else "")
        (output,) = shown.cells[call.cell].outputs
        output.data["text/html"] = strip(call, place, output.data["text/html"], folder)


def strip(call: Call, place: str, still: str, folder: Path) -> str:
    """The HTML of a strip on a page one folder deep; `place` is the id that leads there."""
    for file in files(call):
        shutil.copy(file, folder)
    address = f"../{folder.name}/{call.key}"
    still = f'<div class="still">{still}</div>'
    return f'<div class="strip" id="{place}" data-strip="{address}">{still}</div>'


def forget(folder: Path) -> None:
    """Keep of what was recorded only what a folder has now."""
    for file in CACHE.glob("*.js"):
        if not (folder / file.name).exists():
            file.unlink()


def write_front_end(folder: Path) -> None:
    """The notebook's front end and what answers it, as a classic script; and its style."""
    ours = (SITE / "strips.js").read_text(encoding="utf-8")
    both = front_end("explorer.js").replace(EXPORT, ours)
    (folder / "strips.js").write_text(f"(() => {{\n{both}}})();\n", encoding="utf-8")
    shutil.copy(ROOT / "course_lib/engine/explorer.css", folder)
