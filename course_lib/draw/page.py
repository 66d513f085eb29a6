"""A picture laid out in the pixels of a web page, with the few parts that most pictures share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.draw.cells import Cells
from course_lib.draw.label import Label
from course_lib.draw.numbers import number
from course_lib.draw.palette import PAPER, Scale
from course_lib.draw.picture import CSS_DPI
from course_lib.record import Array


class Page:
    """A figure of so many CSS pixels; positions are counted from its upper left corner.

    Examples
    --------
    >>> page = Page(Figure(), 400, 200)
    >>> axes = page.panel(20, 40, 160, 120, xlim=(0, 8), ylim=(6, 0))
    >>> label = page.label(20, 20, "input 6 × 8", weight="bold")
    >>> [float(round(bound, 3)) for bound in axes.get_position().bounds]
    [0.05, 0.2, 0.4, 0.6]
    """

    def __init__(self, figure: Figure, width: float, height: float):
        self.figure, self.width, self.height = figure, width, height
        figure.set_size_inches(width / CSS_DPI, height / CSS_DPI)
        self.axes = self.panel(0, 0, width, height, xlim=(0, width), ylim=(height, 0))

    def panel(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        frame: str | None = None,
        **properties: Any,
    ) -> Axes:
        """Axes without ticks, from (0, 0) at the upper left to (1, 1) unless properties differ."""
        bounds = (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
        axes = self.figure.add_axes(bounds, xticks=[], yticks=[], xlim=(0, 1), ylim=(1, 0))
        axes.set(**properties)
        axes.patch.set_visible(False)
        if frame is None:
            axes.axis("off")
        else:
            axes.spines[:].set(color=frame, linewidth=2)
        return axes

    def label(self, x: float, y: float, text: str | None = None, **style: Any) -> Label:
        """A line of text; one without text yet is there to be changed."""
        return Label(self.axes, x, y, text or "", animated=text is None, **style)

    def colour_bar(self, left: float, top: float, width: float) -> Callable[[Scale, Array], None]:
        """A colour scale with its two ends, and the function that sets it."""
        bar = Cells(self.axes, animated=True)
        low = self.label(left - 6, top + 5, ha="right")
        high = self.label(left + width + 6, top + 5)

        def update(scale: Scale, values: Array) -> None:
            colours = scale(np.linspace(scale.low, scale.high, 65))[None]
            bar.fill(colours, (left, left + width, top + 10, top))
            low.set_text(("≤ " if values.min() < scale.low else "") + number(scale.low))
            high.set_text(("≥ " if values.max() > scale.high else "") + number(scale.high))

        return update


def outline(axes: Axes, colour: str) -> Callable[[float, float, float, float], None]:
    """A rectangle with a white rim, and the function (left, top, width, height) that places it."""
    lines = [
        axes.plot([], [], color=c, lw=width, animated=True, zorder=2, solid_joinstyle="miter")[0]
        for c, width in ((PAPER, 3.6), (colour, 2))
    ]

    def place(left: float, top: float, width: float, height: float) -> None:
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0), (1, 0)])
        for line in lines:
            line.set_data(left + width * corners[:, 0], top + height * corners[:, 1])

    return place
