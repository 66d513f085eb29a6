"""Large arrays are worked on a few rows at a time, because a processor is fastest on what fits
its cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from course_lib.record import Array

BLOCK = 2**18  # numbers at a time, a megabyte in float32
SUMMED = 128  # rows; more are never added to one float32 sum: it would forget the millionth
MULTIPLIED = 256  # rows; the same in a product, where BLAS may add some side by side
LONG_SUM = 256  # numbers; the same along a row, where 8 or more are added at once
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


def sum_rows(rows: Array) -> Array:
    """The sum of all rows: (..., n, size) -> (..., size).

    A product with ones is quicker than `sum`. Both add one row after the other, so that each is
    rounded to the digits of the sum so far; we therefore sum blocks, and their sums in float64.

    Examples
    --------
    >>> sum_rows(np.full((1_000_000, 1), 0.1, np.float32)).round(1)
    array([100000.], dtype=float32)
    """
    count = rows.shape[-2]
    if count <= SUMMED:
        return np.ones(count, rows.dtype) @ rows
    whole = count - count % SUMMED
    blocks = rows[..., :whole, :].reshape(*rows.shape[:-2], -1, SUMMED, rows.shape[-1])
    total = (np.ones(SUMMED, rows.dtype) @ blocks).sum(axis=-2, dtype=np.float64)
    total += np.ones(count - whole, rows.dtype) @ rows[..., whole:, :]
    return total.astype(rows.dtype)


def sum_products(a: Array, b: Array) -> Array:
    """a.T @ b, the sum of the outer products of all rows: (n, p), (n, q) -> (p, q).

    A long product forgets digits as a long sum does; we therefore add blocks in float64.

    Examples
    --------
    >>> tenths = np.full((1_000_000, 8), 0.1, np.float32)
    >>> sum_products(tenths[:, :1], tenths)[0, :2].round()
    array([10000., 10000.], dtype=float32)
    """
    if len(a) <= 4 * MULTIPLIED:  # few digits are lost, and one product is quicker than several
        return a.T @ b
    total = np.zeros((a.shape[1], b.shape[1]))
    whole = len(a) - len(a) % MULTIPLIED
    at_once = MULTIPLIED * max(1, BLOCK // total.size)
    for start in range(0, whole, at_once):
        rows = slice(start, min(start + at_once, whole))
        x, y = (r[rows].reshape(-1, MULTIPLIED, r.shape[1]) for r in (a, b))
        total += (x.swapaxes(1, 2) @ y).sum(axis=0, dtype=np.float64)
    total += a[whole:].T @ b[whole:]
    return total.astype(a.dtype)


def sum_along_rows(a: Array, b: Array | None = None) -> Array:
    """The sum of each row of a, or of a * b: (..., size) -> (...), in blocks as in `sum_rows`.

    Examples
    --------
    >>> sum_along_rows(np.array([[1.0, 3.0], [2.0, 5.0]]))
    array([4., 7.])
    """
    size = a.shape[-1]
    if size > 2 * LONG_SUM:
        whole = size - size % LONG_SUM
        rows = [r for r in (a, b) if r is not None]
        blocks = (r[..., :whole].reshape(*r.shape[:-1], -1, LONG_SUM) for r in rows)
        rest = (r[..., whole:] for r in rows)
        return sum_along_rows(*blocks).sum(axis=-1) + sum_along_rows(*rest)
    return a @ np.ones(size, a.dtype) if b is None else np.vecdot(a, b)


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
