"""A heat map with a number in each cell, quick enough to redraw while a slider moves.

Matplotlib resamples every image and lays out every text anew each time it is drawn. `Cells` repeats
colours over whole pixels instead, and its numbers are sprites (see `label.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.axes import Axes

from course_lib.draw.label import text_sprite
from course_lib.draw.palette import needs_white_ink
from course_lib.record import Array

MINUS = "–"  # as wide as a digit, so that numbers fit narrow cells
BLACK, WHITE = (0, 0, 0, 255), (255, 255, 255, 255)


class Cells(Artist):
    """A grid of coloured cells on an Axes, with or without numbers and lines between them.

    Parameters
    ----------
    axes : Axes                where the cells are drawn
    size : float               the numbers' size in points
    lined : bool               white lines between the cells
    **properties               of any Matplotlib artist, such as `animated=True`

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from course_lib.draw.palette import Scale
    >>> cells = Cells(Figure().add_subplot(), lined=True)
    >>> cells.fill(Scale(0, 1)(np.eye(2)), (0, 2, 2, 0), [["1", "0"], ["0", "1"]])
    """

    zorder = 0

    def __init__(
        self, axes: Axes, *, size: float = 9, lined: bool = False, **properties: Any
    ) -> None:
        super().__init__()
        self._size = size
        self._lined = lined
        self._colours: Array | None = None
        self.set(**properties)
        axes.add_artist(self)

    def fill(
        self,
        colours: Array,
        extent: tuple[float, float, float, float],
        numbers: Sequence[Sequence[str]] | None = None,
    ) -> None:
        """Show other cells.

        Parameters
        ----------
        colours : (rows, columns, 4)           uint8, the first row on top
        extent : (left, right, bottom, top)    in the coordinates of the Axes
        numbers : rows of strings, optional    what is written in each cell
        """
        self._colours = colours
        self._extent = extent
        self._numbers = numbers
        self.stale = True

    @allow_rasterization
    def draw(self, renderer: Any) -> None:
        if self._colours is None or not self.get_visible():
            return
        rows, columns = self._colours.shape[:2]
        left, right, bottom, top = self._extent
        corners = self.get_transform().transform([(left, bottom), (right, top)])
        (x0, y0), (x1, y1) = corners
        x = np.rint(np.linspace(x0, x1, columns + 1)).astype(int)  # whole pixels: sharp edges
        y = np.rint(np.linspace(y1, y0, rows + 1)).astype(int)
        colours = np.ascontiguousarray(self._colours).view(np.uint32)[..., 0]  # moved four at once
        enlarged = colours.repeat(np.diff(x), axis=1).repeat(-np.diff(y), axis=0)
        picture = enlarged.view(np.uint8).reshape(*enlarged.shape, 4)
        if self._lined:
            for line in range(max(1, round(renderer.points_to_pixels(0.75)))):
                picture[y[0] - y[1:-1] + line] = WHITE
                picture[:, x[1:-1] - x[0] + line] = WHITE
        gc = renderer.new_gc()
        renderer.draw_image(gc, x[0], y[-1], picture[::-1])  # Agg's rows go upwards
        if self._numbers is not None:
            white = needs_white_ink(self._colours)
            for i, row in enumerate(self._numbers):
                for j, text in enumerate(row):
                    ink = WHITE if white[i, j] else BLACK
                    word = text_sprite(
                        text.replace("-", MINUS), self._size, "normal", ink, renderer.dpi
                    )
                    height, width = word.shape[:2]
                    at_x = (x[j] + x[j + 1] - width) // 2
                    at_y = (y[i] + y[i + 1] - height) // 2
                    renderer.draw_image(gc, at_x, at_y, word[::-1])
        gc.restore()
        self.stale = False
