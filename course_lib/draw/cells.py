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

from course_lib.draw.label import SMALLEST, text_sprite, text_width
from course_lib.draw.numbers import numbers as rounded
from course_lib.draw.palette import Scale, needs_white_ink
from course_lib.draw.picture import CSS_DPI
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
        numbers : rows of strings, optional    what is written in each cell, where it fits
        """
        self._colours = colours
        self._extent = extent
        self._numbers = numbers
        self._signs: list[list[str]] | None = None
        self.stale = True

    def show(
        self,
        values: Array,
        scale: Scale,
        extent: tuple[float, float, float, float],
        numbers: Any = False,
    ) -> None:
        """Show values in a scale's colours.

        Parameters
        ----------
        values : (rows, columns)
        scale : Scale
        extent : (left, right, bottom, top)    in the coordinates of the Axes
        numbers : bool or rows of strings      whether each cell says its value, or what it says

        Notes
        -----
        Where the scale is signed and numbers are not asked for or do not fit, cells that are large
        enough carry + or −: colour alone would not tell everyone the sign.
        """
        written = rounded(values) if numbers is True else numbers or None
        self.fill(scale(values), extent, written)
        if scale.signed:
            marks = np.array(["", "+", "-"])
            self._signs = marks[np.sign(values).astype(int)].tolist()

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
        self._write(renderer, gc, x, y)
        gc.restore()
        self.stale = False

    def _write(self, renderer: Any, gc: Any, x: Array, y: Array) -> None:
        """Write the numbers, or else the signs, in cells whose edges are x and y in pixels."""
        dot = renderer.dpi / CSS_DPI
        room = (x[-1] - x[0]) / (len(x) - 1) / dot, (y[0] - y[-1]) / (len(y) - 1) / dot
        texts, size = self._numbers, fitting(self._numbers, self._size, *room)
        if size is None:
            texts, size = self._signs, fitting(self._signs, self._size, room[0] - 3, room[1])
        if texts is None or size is None:
            return
        white = needs_white_ink(self._colours)
        for i, row in enumerate(texts):
            for j, text in enumerate(row):
                if text:
                    ink = WHITE if white[i, j] else BLACK
                    text = text.replace("-", MINUS)
                    word = text_sprite(text, size, "normal", ink, renderer.dpi)
                    height, width = word.shape[:2]
                    at_x = (x[j] + x[j + 1] - width) // 2
                    at_y = (y[i] + y[i + 1] - height) // 2
                    renderer.draw_image(gc, at_x, at_y, word[::-1])


def fitting(
    texts: Sequence[Sequence[str]] | None, size: float, width: float, height: float
) -> float | None:
    """The largest size up to `size` at which all texts fit cells of so many CSS pixels, if any.

    Examples
    --------
    >>> fitting([["0.25"]], 10, 40, 20), fitting([["0.25"]], 10, 28, 20), fitting([["1"]], 9, 4, 4)
    (10, 9.0, None)
    """
    if texts is None:
        return None
    longest = {text for row in texts for text in row}
    while size >= SMALLEST:
        if 1.1 * size <= height and all(
            text_width(text.replace("-", MINUS), size) <= width - 1 for text in longest
        ):
            return size
        size -= 0.5
    return None
