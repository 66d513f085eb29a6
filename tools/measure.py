"""Measure the stored tables of one lesson and write course_lib/lessons/<noun>/measured.json.

python -m tools.measure 00
"""

from __future__ import annotations

import datetime
import json
import platform
import sys
from importlib import import_module
from pathlib import Path

import numpy as np

import course_lib
from course_lib.engine.measured import FILE, SEEDS, Measure, Row
from tools.notebooks import noun_of, only

LESSONS = Path(course_lib.__file__).parent / "lessons"


def tables_of(noun: str) -> dict[str, Measure]:
    """How each table of a lesson is measured; none if it has no measure.py."""
    if not (LESSONS / noun / "measure.py").exists():
        return {}
    return import_module(f"course_lib.lessons.{noun}.measure").TABLES


def measure(row: Measure) -> list[Row]:
    """One row per seed, as it is stored: six digits, no more than machines agree on."""
    return [{name: float(f"{value:.6g}") for name, value in row(seed).items()} for seed in SEEDS]


def circumstances() -> dict[str, str]:
    return {
        "on": datetime.date.today().isoformat(),
        "course_lib": course_lib.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def main(name: str = "") -> None:
    try:
        noun = noun_of(only(name))
    except ValueError as error:
        sys.exit(str(error))
    tables = tables_of(noun)
    if not tables:
        sys.exit(f"lessons/{noun}/measure.py declares no TABLES, so there is nothing to measure.")
    stored = {}
    for table, row in tables.items():
        print(f"{table}, {len(SEEDS)} seeds ...", flush=True)
        stored[table] = measure(row)
    contents = {"measured": circumstances(), "tables": stored}
    (LESSONS / noun / FILE).write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
