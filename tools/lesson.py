"""Run, clean, save and confirm one lesson alone: whoever writes it lives in this command.

python -m tools.lesson 04_02b

It runs the notebook and its solution and saves what they say, writes docs/claims.md, and then runs
all that the tests know of this lesson: the rules of notebooks, its exercises, predictions and
explorers, and nbval once more on the lesson as it is once solved.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from nbclient.exceptions import CellExecutionError

from tools import claims, solved
from tools.notebooks import find, noun_of, only, save

# These hold tests of every lesson, and a test's name begins with its lesson's.
SHARED = ("exercises", "explorer", "measured", "notebooks", "packaging", "predictions")
PYTEST = (sys.executable, "-m", "pytest", "-q")
NBVAL = (
    *PYTEST,
    *("--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"),
    "--everything-passed",
)


def commands(notebook: str) -> list[tuple[str, ...]]:
    """What confirms one lesson."""
    noun, pages = noun_of(notebook), [str(path) for path in find(notebook)]
    own = [str(path) for path in Path("tests/lessons").glob(f"test_{noun}_lesson.py")]
    shared = [f"tests/test_{name}.py" for name in SHARED]
    solved_pages = [str(solved.SOLVED / f"{notebook}.ipynb"), f"solutions/{notebook}.ipynb"]
    return [
        (sys.executable, "-m", "ruff", "check", *pages, f"course_lib/lessons/{noun}", *own),
        (*PYTEST, "-n", "2", *own, *shared, "-k", f"{notebook} or test_{noun}_lesson"),
        (*NBVAL, *solved_pages),
    ]


def run_and_save(paths: list[Path]) -> None:
    """The notebook and its solution side by side."""
    with ProcessPoolExecutor() as pool:
        for path, saved in [(path, pool.submit(save, path)) for path in paths]:
            print(path, flush=True)
            try:
                saved.result()
            except CellExecutionError as error:
                sys.exit(f"{path} stopped, and was not saved:\n{error}")


def confirm(commands: list[tuple[str, ...]]) -> bool:
    """Whether all succeed; they run side by side, and what each says stands together."""
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Nehalem"}  # an older processor's path

    def run(command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )

    with ThreadPoolExecutor(len(commands)) as pool:
        done = []
        for result in pool.map(run, commands):
            print(result.stdout, flush=True)
            done.append(result.returncode == 0)
    return all(done)


def main() -> None:
    began = time.monotonic()
    try:
        notebook = only(*sys.argv[1:2] or [""])
    except ValueError as error:
        sys.exit(str(error))
    run_and_save(find(notebook))
    claims.PAGE.write_text(claims.generate(), encoding="utf-8")
    solved.write(notebook)
    confirmed = confirm(commands(notebook))
    print(f"{notebook}: {time.monotonic() - began:.0f} seconds")
    if not confirmed:
        sys.exit(f"{notebook} is not confirmed: read what failed above.")


if __name__ == "__main__":
    main()
