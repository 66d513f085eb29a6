"""The marks that pictures share: curves, dots, bars, arrows, outlines, cells and labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Polygon

from course_lib.draw.cells import Cells
from course_lib.draw.label import Label
from course_lib.draw.palette import INK, PAPER, luminance, rgba
from course_lib.record import Array

CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0), (1, 0)])


class Marks:
    """What can be put on an Axes to be moved by an explorer's update: animated artists.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> marks = Marks()
    >>> marks.axes = Figure().add_subplot()
    >>> marks.line("#7a21dd").set_data([0, 1], [0, 1])
    >>> marks.bars("#5790fc")([0, 1], [0.5, 1.0])
    """

    axes: Axes

    def label(self, x: float, y: float, text: str = "", **style: Any) -> Label:
        """A line of text at a place in the panel's coordinates; `set_text` changes it."""
        return Label(self.axes, x, y, text, animated=True, **style)

    def cells(self, **style: Any) -> Cells:
        """Coloured cells with or without numbers."""
        return Cells(self.axes, animated=True, **style)

    def line(self, colour: str, **style: Any) -> Line2D:
        """A curve; `set_data(x, y)` moves it."""
        style = {"lw": 2, "zorder": 2} | style
        return self.axes.plot([], [], color=colour, animated=True, **style)[0]

    def points(self, colour: str, **style: Any) -> Line2D:
        """Dots with a rim; `set_data(x, y)` moves them."""
        rim = INK if _is_bright(colour) else PAPER
        look = {"ls": "none", "marker": "o", "ms": 9, "mec": rim, "mew": 1.2, "clip_on": False}
        return self.line(colour, **look | {"zorder": 4} | style)

    def area(self, colour: str, **style: Any) -> Polygon:
        """A filled polygon, such as a hull; `set_xy(corners)` moves it."""
        style = {"fc": colour, "alpha": 0.2, "lw": 0} | style
        area = Polygon(np.zeros((1, 2)), animated=True, **style)
        self.axes.add_patch(area)
        return area

    def segments(self, colour: str, **style: Any) -> LineCollection:
        """Separate lines, such as wires; `set_segments` moves, `set_color` colours them."""
        lines = LineCollection([], colors=colour, animated=True, **{"linewidths": 1.5} | style)
        self.axes.add_collection(lines, autolim=False)
        return lines

    def arrow(self, colour: str, **style: Any) -> Callable[[Any, Any], None]:
        """An arrow, and the function (start, end) that moves it."""
        style = {"arrowstyle": "-|>", "mutation_scale": 12, "lw": 2} | style
        arrow = FancyArrowPatch(
            (0, 0), (0, 0), color=colour, shrinkA=0, shrinkB=0, animated=True, zorder=3, **style
        )
        self.axes.add_patch(arrow)
        return arrow.set_positions

    def bars(self, colour: str) -> Callable[..., None]:
        """Bars, and the function (x, heights, width, base, colours) that shows others."""
        bars = PolyCollection([], facecolors=colour, animated=True, closed=True)
        self.axes.add_collection(bars, autolim=False)

        def show(
            x: Array, heights: Array, width: Any = 0.8, base: Any = 0.0, colours: Any = None
        ) -> None:
            low, tops = np.broadcast_arrays(base, np.add(base, heights))
            sides = np.stack([np.subtract(x, width / 2), np.add(x, width / 2)])
            corners = [(sides[0], low), (sides[0], tops), (sides[1], tops), (sides[1], low)]
            bars.set_verts(np.moveaxis(np.array(corners), -1, 0))
            if colours is not None:
                bars.set_facecolor(colours)

        return show

    def outline(self, colour: str) -> Callable[[float, float, float, float], None]:
        """A rectangle with a rim, and the function (left, top, width, height) that places it."""
        rim = INK if _is_bright(colour) else PAPER
        lines = [
            self.line(c, lw=width, solid_joinstyle="miter", clip_on=False, zorder=3)
            for c, width in ((rim, 3.6), (colour, 2))
        ]

        def place(left: float, top: float, width: float, height: float) -> None:
            for line in lines:
                line.set_data(left + width * CORNERS[:, 0], top + height * CORNERS[:, 1])

        return place


def _is_bright(colour: str) -> bool:
    return bool(luminance(rgba(colour)) > 0.6)
