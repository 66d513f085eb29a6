"""A grid of cells that a question shows: as text, as a table, and where cells lie, in words."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from course_lib.record import Array

RIGHT, EXTRA, MISSING = "right", "too many", "missing"
SIGNS = {RIGHT: "✓", EXTRA: "×", MISSING: "○"}  # seen where there is no colour, too
LEGEND = ", ".join(f"{sign} {mark}" for mark, sign in SIGNS.items())
_AXES = ("row", "column")
_FEW = 3  # so many cells are named one by one


@dataclass(frozen=True, eq=False)
class Grid:
    """A table of cells as a question shows it.

    Parameters
    ----------
    title : what it is: "the output"
    values : (rows, columns)     what stands in the cells; "" where nothing does
    rows, columns : their names, if they are not called by their numbers
    ringed : the cells (row, column) that the question speaks of
    """

    title: str
    values: Array
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    ringed: tuple[tuple[int, int], ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        rows, columns = self.values.shape
        return rows, columns

    @property
    def heads(self) -> list[list[str]]:
        """What stands beside the rows, and above the columns."""
        both = zip((self.rows, self.columns), self.shape, strict=True)
        return [list(names) or [str(i) for i in range(count)] for names, count in both]

    @property
    def names(self) -> list[list[str]]:
        """What rows and columns are called in a sentence."""
        named = (self.rows, self.columns)
        return [
            heads if given else [f"{axis} {head}" for head in heads]
            for axis, heads, given in zip(_AXES, self.heads, named, strict=True)
        ]

    def texts(self, marks: Array | None = None) -> list[list[str]]:
        """What stands in the cells, or the signs of their marks."""
        shown = self.values if marks is None else marks
        return [
            [SIGNS.get(v, v) if isinstance(v, str) else f"{v:g}" for v in row]
            for row in shown.tolist()
        ]

    def front(self) -> dict[str, Any]:
        """What the browser needs to know."""
        return {
            "title": self.titled("ringed"),
            "texts": self.texts(),
            "heads": self.heads,
            "names": self.names,
            "ringed": [list(cell) for cell in self.ringed],
        }

    def titled(self, how: str) -> str:
        """The title, and which cells the question speaks of, shown as `how` says."""
        if not self.ringed:
            return self.title
        cells = np.zeros(self.shape, bool)
        cells[tuple(np.transpose(self.ringed))] = True
        return f"{self.title}; {how}: {self.where(cells)}"

    def where(self, cells: Array) -> str:
        """Where cells lie: a few that are scattered one by one, else by their rows and columns.

        Examples
        --------
        >>> grid = Grid("output", np.zeros((3, 3)))
        >>> grid.where(np.eye(3) > 0)
        'row 0, column 0; row 1, column 1; row 2, column 2'
        >>> grid.where(np.eye(3) < 2), grid.where(np.eye(3) == 0)
        ('rows 0 to 2, columns 0 to 2', 'among rows 0 to 2, columns 0 to 2')
        """
        places = np.argwhere(cells)
        if len(places) <= _FEW and np.ptp(places, axis=0).all():
            rows, columns = self.names
            return "; ".join(f"{rows[i]}, {columns[j]}" for i, j in places)
        rows, columns = (np.unique(places[:, axis]).tolist() for axis in (0, 1))
        whole = len(places) == len(rows) * len(columns)
        lead = "" if whole else "among "
        return f"{lead}{self._told(0, rows)}, {self._told(1, columns)}"

    def _told(self, axis: int, places: list[int]) -> str:
        names = [self.names[axis][i] for i in places]
        if len(places) == 1:
            return names[0]
        if not (self.rows, self.columns)[axis]:
            names = [f"{_AXES[axis]}s {places[0]}", *map(str, places[1:])]
        if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
            return f"{names[0]} to {names[-1]}"
        return f"{', '.join(names[:-1])} and {names[-1]}"


def as_text(grid: Grid, marks: Array | None = None) -> str:
    """A grid, or the marks of its cells, in lines of text; ringed cells stand in brackets.

    Examples
    --------
    >>> print(as_text(Grid("input", np.array([[1, 2], [3, 4]]), ringed=((1, 0),))))
    input; in brackets: row 1, column 0
           0   1
       0   1   2
       1  [3]  4
    """
    rows, columns = grid.heads
    cells = [[text or "." for text in row] for row in grid.texts(marks)]
    for i, j in grid.ringed:
        cells[i][j] = f"[{cells[i][j]}]"
    lead = max(map(len, rows)) + 3
    wide = max(3, *(len(text) for row in [columns, *cells] for text in row))
    lines = [
        f"{head:>{lead}} " + " ".join(f"{text:^{wide}}" for text in row)
        for head, row in zip(["", *rows], [columns, *cells], strict=True)
    ]
    return "\n".join([grid.titled("in brackets"), *(line.rstrip() for line in lines)])


def as_table(grid: Grid, marks: Array | None = None) -> str:
    """A grid, or the marks of its cells, as HTML to look at, with styles of its own."""
    style = "border: 1px solid currentColor; min-width: 2em; height: 2em; text-align: center;"
    ring = " outline: 3px solid currentColor; outline-offset: -4px; font-weight: 700;"
    named = "padding: 2px 6px; font-weight: normal; text-align: center;"
    rows, columns = grid.heads
    head = "".join(f'<th scope="col" style="{named}">{escape(name)}</th>' for name in columns)
    body = ""
    for i, row in enumerate(grid.texts(marks)):
        cells = "".join(
            f'<td style="{style}{ring if (i, j) in grid.ringed else ""}">{escape(text)}</td>'
            for j, text in enumerate(row)
        )
        body += f'<tr><th scope="row" style="{named}">{escape(rows[i])}</th>{cells}</tr>'
    return (
        '<table style="color: inherit; border-collapse: collapse; margin: 4px 0;">'
        '<caption style="text-align: left; color: inherit;">'
        f"{escape(grid.titled('ringed'))}</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
