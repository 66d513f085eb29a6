"""Window times kernel, number by number: the step that every sliding layer repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.draw.numbers import numbers
from course_lib.draw.palette import DATA, OUTPUT, WEIGHT, Scale, signed_scale
from course_lib.draw.panel import Grid, Panel
from course_lib.record import Array


class Product:
    """Three grids of a row: window × kernel = products.

    Parameters
    ----------
    height : float                      of each grid, in CSS pixels
    names, titles : three, optional     of the grids
    rows, columns : int                 of each grid
    **grid                              as for Grid

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from course_lib.draw.page import Page
    >>> from course_lib.draw.palette import Scale
    >>> window, kernel = np.array([[0.2, 0.5]]), np.array([[-1.0, 1.0]])
    >>> product = Product(40, rows=1, columns=2)
    >>> page = Page(Figure(), product.row)
    >>> product.show(window, kernel, Scale(0, 1, "gray")(window))
    """

    def __init__(
        self,
        height: float,
        names: tuple[str, str, str] = ("window", "kernel", "products"),
        *,
        titles: tuple[str, str, str] | None = None,
        rows: int = 3,
        columns: int = 3,
        **grid: Any,
    ):
        self._rows, self._columns = rows, columns
        style = {"square": False, "lined": True, "height": height, "least": 150} | grid
        self.grids = tuple(
            Grid(name, rows, columns, title=title, frame=colour, **style)
            for name, title, colour in zip(
                names, titles or names, (DATA, WEIGHT, OUTPUT), strict=True
            )
        )
        window, kernel, products = self.grids
        self.row: list[Panel | str] = [window, "×", kernel, "=", products]

    def show(
        self,
        window: Array,
        kernel: Array,
        colours: Array,
        written: Sequence[Sequence[str]] | None = None,
        scales: tuple[Scale, Scale] | None = None,
    ) -> None:
        """Show other numbers.

        Parameters
        ----------
        window, kernel : (rows, columns)
        colours : (rows, columns, 4)           uint8, of the window's cells
        written : rows of strings, optional    the window's numbers, where they need other words
        scales : two of Scale, optional        of kernel and products, where grids share them
        """
        products = window * kernel
        of_kernel, of_products = scales or (pale(kernel), pale(products))
        whole = (0, self._columns, self._rows, 0)
        first, second, third = self.grids
        first.fill(colours, extent=whole, numbers=written or numbers(window))
        second.show(kernel, of_kernel, extent=whole, numbers=True)
        third.show(products, of_products, extent=whole, numbers=True)


def pale(values: Array) -> Scale:
    """Signed colours so light that all numbers on them are black.

    Examples
    --------
    >>> from course_lib.draw.palette import needs_white_ink
    >>> values = np.linspace(-3, 3)
    >>> bool(needs_white_ink(pale(values)(values)).any())
    False
    """
    return signed_scale(1.75 * np.abs(values).max())
