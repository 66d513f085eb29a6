"""Window times kernel, number by number: the step that every sliding layer repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.draw.cells import Cells
from course_lib.draw.numbers import numbers
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, OUTPUT, WEIGHT, Scale, signed_scale
from course_lib.record import Array


class Product:
    """Three grids side by side on a page: window × kernel = products.

    Parameters
    ----------
    page : Page
    lefts : three numbers               left edges of the grids, in pixels of the page
    top, width, height : float          of each grid
    size : float                        of the numbers, in points

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from course_lib.draw.palette import Scale
    >>> window, kernel = np.array([[0.2, 0.5]]), np.array([[-1.0, 1.0]])
    >>> product = Product(Page(Figure(), 320, 60), (10, 120, 230), top=10, width=80, height=40)
    >>> product.fill(window, kernel, Scale(0, 1, "gray")(window))
    """

    def __init__(
        self,
        page: Page,
        lefts: tuple[float, float, float],
        *,
        top: float,
        width: float,
        height: float,
        size: float = 10,
    ):
        self._extents = [(left, left + width, top + height, top) for left in lefts]
        self._grids = [Cells(page.axes, size=size, lined=True, animated=True) for _ in lefts]
        for extent, colour in zip(self._extents, (DATA, WEIGHT, OUTPUT), strict=True):
            x, y = np.take(extent, (0, 1, 1, 0, 0, 1)), np.take(extent, (2, 2, 3, 3, 2, 2))
            style = {"color": colour, "lw": 2, "solid_joinstyle": "miter"}
            page.axes.plot(x, y, zorder=2, animated=True, **style)
        for sign, left, right in zip("×=", lefts, lefts[1:], strict=False):
            middle = (left + width + right) / 2
            page.label(middle, top + height / 2, sign, size=15, ha="center")

    def fill(
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
        for cells, extent, fill, text in zip(
            self._grids,
            self._extents,
            (colours, of_kernel(kernel), of_products(products)),
            (written or numbers(window), numbers(kernel), numbers(products)),
            strict=True,
        ):
            cells.fill(fill, extent, text)


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
