"""Large arrays are worked on a few rows at a time: what lies in between stays in the cache."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.record import Array

BLOCK = 2**17  # numbers at a time, half a megabyte in float32
LONG = 1024  # numbers; rows as long as this are broadcast as fast as they are repeated


def in_blocks(function: Callable[..., None], *arrays: Array) -> None:
    """Call `function` with a block of rows of all arrays; it writes its results into some of them.

    All arrays have as many rows (a row is `array[i]`), and the function needs one row at a time.
    Intermediate results of a whole large array would go out to memory and come back at every step.

    Examples
    --------
    >>> x, y = np.arange(100_000.0), np.empty(100_000)
    >>> in_blocks(lambda x, y: np.sqrt(x, out=y), x, y)
    >>> y[[4, 81_225]]
    array([  2., 285.])
    """
    size, count = max([array.size for array in arrays]), len(arrays[0])
    if size <= BLOCK:
        function(*arrays)
        return
    rows = max(1, BLOCK * count // size)
    for start in range(0, count, rows):
        function(*[array[start : start + rows] for array in arrays])


def tile(row: Array, count: int) -> Array:
    """A row of numbers, (size,), to go with the rows of every block that `count` rows are cut into.

    For a block of n rows take the first n of it. Where all is one block, one row will do: writing
    it out would take as long as it saves.

    Examples
    --------
    >>> tile(np.zeros(8), 4).shape, tile(np.zeros(2**10), 2**10).shape
    ((1, 8), (128, 1024))
    """
    rows = BLOCK // max(1, row.size)
    return row[None] if count <= rows else np.broadcast_to(row, (max(1, rows), row.size)).copy()


def row_max(rows: Array) -> Array:
    """The largest number of each row: (n, size) -> (n,).

    Examples
    --------
    >>> row_max(np.array([[1.0, 3.0, 2.0], [6.0, 5.0, 4.0]]))
    array([3., 6.])
    """
    if rows.shape[1] <= 32:  # a transposed copy beats many short rows
        return rows.T.copy().max(axis=0)
    return rows[np.arange(len(rows)), rows.argmax(axis=1)]  # much quicker than max along rows


def spread(a: Array, rows: Array) -> Array:
    """One number per row, to go with all numbers of the row: (...) for rows (..., size).

    To repeat it and then work on the whole takes NumPy less time than to broadcast along many short
    rows, which it copies through a buffer.

    Examples
    --------
    >>> spread(np.array([1.0, 2.0]), np.zeros((2, 3)))
    array([[1., 1., 1.],
           [2., 2., 2.]])
    """
    return a[..., None] if rows.shape[-1] >= LONG else a.repeat(rows.shape[-1]).reshape(rows.shape)
