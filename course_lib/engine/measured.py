"""Tables of runs that take longer than a page may: measured once, stored, read by the page.

A lesson's `measure.py` says how a row is measured: `TABLES = {"00.five_runs": function}`, and the
function takes a seed and returns numbers by name. `make measure NB=00` calls it for every seed and
writes `measured.json` beside it, with versions and the date; a test repeats one row of each table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.errors import so_many

Row = Mapping[str, float]
Measure = Callable[[int], Row]  # seed -> the numbers measured with it, by name

FILE = "measured.json"
SEEDS = range(5)


@dataclass(frozen=True)
class Table:
    """The rows of one stored table, in the order of `SEEDS`; a notebook shows their means.

    Parameters
    ----------
    name : the section's number and a word: "00.five_runs"
    rows : numbers by name, one row per seed
    """

    name: str
    rows: tuple[Row, ...]

    def __getitem__(self, column: str) -> np.ndarray:
        """The numbers of one column, one per seed.

        Raises
        ------
        KeyError    if there is no such column
        """
        if column not in self.rows[0]:
            names = ", ".join(self.rows[0])
            raise KeyError(f"{self.name} has no column {column!r}; it has {names}.")
        return np.array([row[column] for row in self.rows])

    def __repr__(self) -> str:
        columns = {name: self[name] for name in self.rows[0]}
        wide = max(map(len, columns)) + 2
        head = f"{so_many(len(self.rows), 'run'):<{wide}}{'mean':>9}{'from':>9}{'to':>9}"
        return "\n".join([head, *(_line(name, wide, columns[name]) for name in columns)])


def _line(name: str, wide: int, values: np.ndarray) -> str:
    numbers = (values.mean(), values.min(), values.max())
    return f"{name:<{wide}}" + "".join(f"{_short(number):>9}" for number in numbers)


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:#.3g}".rstrip(".")


def read(folder: Path) -> dict[str, Table]:
    """The tables stored in a lesson's folder, by name; none if nothing has been measured."""
    file = folder / FILE
    if not file.exists():
        return {}
    tables = json.loads(file.read_text(encoding="utf-8"))["tables"]
    return {name: Table(name, tuple(rows)) for name, rows in tables.items()}
