"""A prediction that is painted: which cells of a grid are meant, and what a wrong one shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import index
from typing import Any

import numpy as np

from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import EXTRA, MISSING, RIGHT, Grid
from course_lib.errors import so_many
from course_lib.record import Array

_PAIR = re.compile(r"\((\d+), (\d+)\)")


@dataclass(frozen=True, kw_only=True)
class Painting(Prediction):
    """A prediction whose answer is painted: the cells of a grid that the question means.

    Parameters
    ----------
    answer : runs the library and returns the right cells, booleans of the grid's shape
    grid : what is painted
    given : another grid, shown beside it
    wrong : a function that returns the cells which a known slip paints -> what the slip is
    """

    grid: Grid
    given: Grid | None = None
    wrong: Mapping[Callable[[], Array], str] = field(default_factory=dict)

    @property
    def grids(self) -> tuple[Grid, ...]:
        """What is shown; the last is painted."""
        return (self.grid,) if self.given is None else (self.given, self.grid)

    @property
    def retry(self) -> str:
        """What to say where nothing is painted."""
        return "Paint the cells you mean first: no cell is painted."

    def told(self, given: str) -> str:
        """A painting in a line of text."""
        return so_many(len(_PAIR.findall(given)), "cell")

    def painted(self, given: str) -> Array:
        """The cells that an answer names, as booleans of the grid's shape.

        Raises
        ------
        ValueError     if it names none, or one outside the grid
        """
        cells = np.zeros(self.grid.shape, bool)
        for row, column in _PAIR.findall(given):
            cell = int(row), int(column)
            if not np.less(cell, cells.shape).all():
                raise ValueError(
                    f"predict: {self.name} has no cell {cell}; its rows go from 0 to "
                    f"{cells.shape[0] - 1} and its columns from 0 to {cells.shape[1] - 1}."
                )
            cells[cell] = True
        if not cells.any():
            raise ValueError(f"predict: {self.name} is given no cell; name those you mean.")
        return cells

    def judge(self, given: str) -> tuple[bool, str]:
        """Whether the cells are the right ones; else which slip paints these, or where they differ.

        Raises
        ------
        ValueError     if `given` names no cell, or one outside the grid
        """
        painted, right = self.painted(given), self.answer()
        if np.array_equal(painted, right):
            return True, f"Yes: {so_many(int(right.sum()), 'cell')}. {self.explanation}"
        slips = (why for cells, why in self.wrong.items() if np.array_equal(painted, cells()))
        why = next(slips, None) or _resemblance(painted, right) or self._located(painted, right)
        return False, f"Not this time. {why} {self.explanation}"

    def marks(self, given: str) -> Array:
        """(rows, columns) of what is said of a cell: "right", "too many", "missing" or ""."""
        painted, right = self.painted(given), self.answer()
        return np.select([painted & right, painted, right], [RIGHT, EXTRA, MISSING], "")

    def _located(self, painted: Array, right: Array) -> str:
        """Which cells are too many, and which are missing."""
        found = ((painted & ~right, EXTRA), (right & ~painted, MISSING))
        said = [
            f"{so_many(int(cells.sum()), 'cell')} {what}: {self.grid.where(cells)}."
            for cells, what in found
            if cells.any()
        ]
        hit = (painted & right).any()
        return " ".join([*said, "The rest is right." if hit else "None of yours is right."])


def named(cells: Iterable[Any]) -> str:
    """Cells (row, column) as they are stored.

    Raises
    ------
    ValueError     if one of them is no pair of whole numbers

    Examples
    --------
    >>> named([(0, 1), (2, 2)])
    '(0, 1), (2, 2)'
    """
    try:
        pairs = [(index(row), index(column)) for row, column in cells]
    except (TypeError, ValueError):
        pairs = [(-1, -1)]
    if any(min(pair) < 0 for pair in pairs):
        raise ValueError(
            "predict: cells are pairs of whole numbers, a row and a column counted from 0, as in "
            "cells=[(0, 1), (2, 2)]."
        )
    return ", ".join(map(str, pairs))


def _resemblance(painted: Array, right: Array) -> str:
    """What a painting has in common with the right one as a whole; "" if nothing."""
    if np.array_equal(painted, ~right):
        return "You painted just those cells that are not meant."
    if np.array_equal(painted, right.T):
        return "Rows and columns are exchanged."
    if moves := _moves(np.argwhere(painted), np.argwhere(right)):
        return f"The right shape in the wrong place: it belongs {moves}."
    mirrored = (right[::-1], right[:, ::-1], right[::-1, ::-1])
    if any(np.array_equal(painted, other) for other in mirrored):
        return "Your painting is the right one, mirrored."
    return ""


def _moves(yours: Array, wanted: Array) -> str:
    """How cells must move, all alike, to become others; "" if they can't or there is only one."""
    if len(yours) != len(wanted) or len(wanted) == 1:
        return ""
    (down, across), *others = np.unique(wanted - yours, axis=0).tolist()
    if others:
        return ""
    steps = ((down, "row", "down", "up"), (across, "column", "right", "left"))
    return " and ".join(
        f"{abs(far)} {axis}{'s' * (abs(far) > 1)} further {ahead if far > 0 else back}"
        for far, axis, ahead, back in steps
        if far
    )
