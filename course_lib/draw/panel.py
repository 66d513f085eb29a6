"""The panels of a page: an Axes each, with a title, a caption and coordinates of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from course_lib.draw.label import Label
from course_lib.draw.marks import Marks
from course_lib.draw.palette import INK, MUTED, Scale
from course_lib.draw.picture import CSS_DPI
from course_lib.record import Array

LEAST = 235  # CSS pixels: two do not fit beside each other below a page of 500
MAGNIFIED = 1.6  # an image where it is stacked: fingers need room
LINE = 18  # CSS pixels from one line of text to the next
Extent = tuple[float, float, float, float]  # left, right, bottom, top


class Panel(Marks):
    """A part of a picture with coordinates of its own, from (0, 0) at the upper left to (1, 1).

    Parameters
    ----------
    name : str                 of the Axes; two panels of a page have different names
    title : str, optional      the name unless given; with "" no space is kept for one
    caption : str, optional    a line below; without one no space is kept
    xlim, ylim : (float, float)
    height : float             CSS pixels; at most so many where `equal`
    equal : bool               a unit is as long across as down: images, planes of points
    least : float, optional    the width in CSS pixels below which a row breaks; 235, or what the
                               height makes of it
    above : float              CSS pixels to the row above
    frame : str, optional      colour of a frame around it

    Examples
    --------
    >>> from course_lib.draw.page import Page
    >>> plane = Panel("plane", xlim=(-2, 2), ylim=(-1, 1), equal=True, height=200)
    >>> page = Page(Figure(), [plane])
    >>> arrow = plane.arrow("#7a21dd")
    >>> arrow((0, 0), (1, 0.5))
    """

    glued = False  # to the panel after it
    fills = False  # the height of its row
    left = right = 0.0  # CSS pixels beside the body

    def __init__(
        self,
        name: str,
        *,
        title: str | None = None,
        caption: str | None = None,
        xlim: tuple[float, float] = (0, 1),
        ylim: tuple[float, float] = (1, 0),
        height: float = 120,
        equal: bool = False,
        least: float | None = None,
        above: float = 6,
        frame: str | None = None,
    ) -> None:
        self.name, self.above = name, above
        self._words = name if title is None else title, caption
        self._limits, self._frame = (xlim, ylim), frame
        self._height = height
        self._ratio = abs((xlim[1] - xlim[0]) / (ylim[1] - ylim[0])) if equal else None
        natural = LEAST if self._ratio is None else self.most(stacked=False)
        self.least = min(LEAST, natural) if least is None else least
        self.head = LINE if self._words[0] else 0.0
        self.foot = LINE if caption is not None else 0.0

    # what the page asks

    def body(self, width: float) -> float:
        """The height without title and caption at a given width."""
        if self._ratio is None:
            return self._height
        return (width - self.left - self.right) / self._ratio

    def most(self, stacked: bool) -> float:
        """The width beyond which it does not grow."""
        if self._ratio is None:
            return np.inf
        return self._height * self._ratio * (MAGNIFIED if stacked else 1) + self.left + self.right

    def attach(self, figure: Figure) -> None:
        """Make the Axes."""
        xlim, ylim = self._limits
        self.axes = figure.add_axes((0, 0, 1, 1), label=self.name, xlim=xlim, ylim=ylim)
        self.axes.patch.set_visible(False)
        self._dress()
        title, caption = self._words
        self.title = self._line(title, 1, self.head - LINE / 2 + 1, bool(title), weight="bold")
        self.caption = self._line(caption or "", 0, LINE / 2 - self.foot, caption is not None)

    def _dress(self) -> None:
        self.axes.set(xticks=[], yticks=[])
        if self._frame is None:
            self.axes.axis("off")
        else:
            self.axes.spines[:].set(color=self._frame, linewidth=2)

    def _line(self, text: str, y: float, shift: float, kept: bool, **style: Any) -> Label:
        """A line of text above or below the body; it is not drawn where no space is kept for it."""
        up = ScaledTranslation(
            -self.left / CSS_DPI, shift / CSS_DPI, self.axes.figure.dpi_scale_trans
        )
        line = self.label(0, y, text, transform=self.axes.transAxes + up, **style)
        if not kept:
            line.remove()
        return line

    def place(
        self, across: float, down: float, left: float, top: float, width: float, height: float
    ) -> None:
        """Take a place on a page that is so many pixels across and down."""
        inner = width - self.left - self.right
        bounds = (left + self.left) / across, 1 - (top + height) / down
        self.axes.set_position((*bounds, inner / across, height / down))
        self.title.limit = self.caption.limit = width + 4

    def view(self, left: float, right: float, bottom: float, top: float) -> None:
        """Show this part of the plane, whole and in the middle; few moves should need it."""
        wide, high = right - left, bottom - top
        if self._ratio is not None:
            more = max(self._ratio * high, wide) - wide, max(wide / self._ratio, high) - high
            left, right = left - more[0] / 2, right + more[0] / 2
            top, bottom = top - more[1] / 2, bottom + more[1] / 2
        if (left, right, bottom, top) != (*self.axes.get_xlim(), *self.axes.get_ylim()):
            self.axes.set(xlim=(left, right), ylim=(bottom, top))


class Grid(Panel):
    """Cells: an image, a heat map, numbers. A unit is a cell, (0, 0) the upper left corner.

    Parameters
    ----------
    name : str
    rows, columns : int        what it shows at most
    square : bool              cells are square; otherwise they fill width and height
    size : float               of numbers in points; smaller where they do not fit, or left out
    lined : bool               lines between cells
    **panel                    as for Panel

    Examples
    --------
    >>> from course_lib.draw.page import Page
    >>> from course_lib.draw.palette import signed_scale
    >>> kernel = Grid("kernel", 3, 3, height=90)
    >>> page = Page(Figure(), [kernel])
    >>> kernel.show(np.eye(3) - 0.5, signed_scale(1.0), numbers=True)
    """

    def __init__(
        self,
        name: str,
        rows: int,
        columns: int,
        *,
        square: bool = True,
        size: float = 10,
        lined: bool = False,
        **panel: Any,
    ) -> None:
        super().__init__(name, xlim=(0, columns), ylim=(rows, 0), equal=square, **panel)
        self._style = {"size": size, "lined": lined}

    def attach(self, figure: Figure) -> None:
        super().attach(figure)
        self._cells = self.cells(**self._style)

    def show(
        self, values: Array, scale: Scale, *, extent: Extent | None = None, numbers: Any = False
    ) -> None:
        """Show values in a scale's colours.

        Parameters
        ----------
        values : (rows, columns)
        scale : Scale                  where it is signed, large cells carry + or −
        extent : (left, right, bottom, top), optional
        numbers : bool or rows of strings
        """
        self._cells.show(values, scale, extent or _whole(values), numbers)

    def fill(self, colours: Array, *, extent: Extent | None = None, numbers: Any = None) -> None:
        """Show colours, (rows, columns, 4) of uint8, with or without rows of strings on them."""
        self._cells.fill(colours, extent or _whole(colours), numbers)


class Plot(Panel):
    """Curves, bars or points over two axes with ticks; the title says what goes up.

    Parameters
    ----------
    name : str
    xlim, ylim : (float, float)
    xlabel : str, optional
    xscale, yscale : "linear" or "log"
    xticks, yticks : numbers, optional
    **panel                    as for Panel

    Examples
    --------
    >>> from course_lib.draw.page import Page
    >>> loss = Plot("loss", xlim=(0, 20), ylim=(1e-3, 1), yscale="log", xlabel="epoch")
    >>> page = Page(Figure(), [loss])
    >>> loss.line("#7a21dd").set_data([1, 10], [0.5, 0.01])
    """

    left, right = 44.0, 16.0

    def __init__(
        self,
        name: str,
        *,
        xlim: tuple[float, float],
        ylim: tuple[float, float],
        xlabel: str = "",
        xscale: str = "linear",
        yscale: str = "linear",
        xticks: Sequence[float] | None = None,
        yticks: Sequence[float] | None = None,
        **panel: Any,
    ) -> None:
        super().__init__(name, xlim=xlim, ylim=ylim, **{"height": 150} | panel)
        self._axis = {"xlabel": xlabel, "xscale": xscale, "yscale": yscale}
        self._ticks = {"x": xticks, "y": yticks}
        self.foot += 38 if xlabel else 20
        self.head += 5  # the uppermost tick's label

    def _dress(self) -> None:
        xlim, ylim = self._limits
        self.axes.set(**self._axis, xlim=xlim, ylim=ylim)
        self.axes.spines[["top", "right"]].set_visible(False)
        self.axes.spines[:].set_color(MUTED)
        self.axes.tick_params(labelsize=8, colors=INK, color=MUTED, length=3, which="both")
        self.axes.xaxis.label.set(size=9, color=INK)
        for axis in (self.axes.xaxis, self.axes.yaxis):
            if axis.get_scale() == "log":
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(FuncFormatter(lambda *_: ""))
            else:
                axis.set_major_locator(MaxNLocator(5))
        if self._ticks["x"] is not None:
            self.axes.set_xticks(self._ticks["x"])
        if self._ticks["y"] is not None:
            self.axes.set_yticks(self._ticks["y"])


def _whole(values: Array) -> Extent:
    return 0, values.shape[1], values.shape[0], 0
