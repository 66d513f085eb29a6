"""Large arrays are worked on a few rows at a time, because a processor is fastest on what fits
its cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from course_lib.record import Array

BLOCK = 2**18  # numbers at a time, a megabyte in float32
LONG = 512  # numbers; rows as long as this are worked on one at a time


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
    ((1, 8), (256, 1024))
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
    if rows.shape[1] < 32:  # a transposed copy beats many short rows
        return rows.T.copy().max(axis=0)
    return rows[np.arange(len(rows)), rows.argmax(axis=1)]  # much quicker than max along rows


@contextmanager
def long_rows() -> Iterator[None]:
    """For rows of LONG numbers or more, which are then worked on where they lie.

    NumPy works on a few thousand numbers at a time. Where these are of several rows, it first
    writes them, and whatever goes with them, into a buffer; so we make that smaller than a row.
    """
    with np.errstate():  # on leaving, the buffer has its old size again
        np.setbufsize(16)
        yield


def by_row(function: np.ufunc, rows: Array, a: Array, out: Array | None = None) -> Array:
    """function(rows, a) for one number per row: a (...) and rows (..., size).

    For short rows it takes less time to repeat the numbers of `a` than to leave that to NumPy.

    Examples
    --------
    >>> by_row(np.multiply, np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 100.0]))
    array([[ 10.,  20.],
           [300., 400.]])
    """
    size = rows.shape[-1]
    if size < LONG:
        return function(rows, a.repeat(size).reshape(rows.shape), out=out)
    with long_rows():
        return function(rows, a[..., None], out=out)


def keep_freed_memory() -> None:
    """Let the C library keep what arrays leave behind for the next ones.

    glibc gives large freed blocks back to the system, which clears them page by page when they are
    asked for again: a step of SGD on 8 MB of weights then takes 9.5 ms instead of 1.9. It stops
    doing so when it has seen a block of nearly 32 MB freed. This one is not written to, so that it
    takes no memory, and a few microseconds. Elsewhere it does nothing.
    """
    np.empty(2**25 - 2**13, np.uint8)


keep_freed_memory()
