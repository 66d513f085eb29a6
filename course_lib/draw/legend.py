"""What colours and marks mean: panels that stand near what they explain."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.label import text_width
from course_lib.draw.numbers import number
from course_lib.draw.palette import ABOVE, BELOW, Scale, rgba
from course_lib.draw.panel import LINE, Panel
from course_lib.record import Array

SWATCH, SPACE = 22, 16  # CSS pixels from swatch to name, and from a name to the next swatch
SIGNS = ((BELOW, "− below zero"), (ABOVE, "+ above zero"))  # where no bar of colours says it


class Legend(Panel):
    """Swatches with their names in a row that wraps where it is narrow.

    Parameters
    ----------
    *entries : (swatch, name)      a swatch is a colour, a pattern of colours (rows, columns, 4), or
                                   a dict of a marker's properties
    above : float                  CSS pixels to the row above

    Examples
    --------
    >>> from course_lib.draw.page import Page
    >>> page = Page(Figure(), [Legend(("#5790fc", "input"), *SIGNS)])
    """

    def __init__(self, *entries: tuple[Any, str], above: float = 2) -> None:
        self._entries = entries
        self._widths = [SWATCH + text_width(name, 9) for _, name in entries]
        whole = sum(self._widths) + SPACE * (len(entries) - 1) + 2
        super().__init__("", title="", least=whole, above=above)

    def most(self, stacked: bool) -> float:
        return self.least

    def body(self, width: float) -> float:
        return self._flow(width)[-1][1] + LINE / 2

    def attach(self, figure: Figure) -> None:
        super().attach(figure)
        self._names = [self.label(0, 0, name, size=9) for _, name in self._entries]
        self._swatches = [self._swatch(swatch) for swatch, _ in self._entries]

    def _swatch(self, swatch: Any) -> Any:
        """The function (left, middle) that places it."""
        if isinstance(swatch, dict):
            style = {"ms": 6, "ls": "none", "clip_on": False, "animated": True} | swatch
            (dot,) = self.axes.plot([], [], **style)
            return lambda left, middle: dot.set_data([left + 8], [middle])
        colours = rgba(swatch)[None, None] if isinstance(swatch, str) else swatch
        cells = self.cells()
        return lambda left, middle: cells.fill(colours, (left, left + 16, middle + 5, middle - 5))

    def place(self, *box: float) -> None:
        super().place(*box)
        width, height = box[-2:]
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        for (x, y), swatch, name in zip(
            self._flow(width), self._swatches, self._names, strict=True
        ):
            swatch(x, y)
            name.move(x + SWATCH, y)

    def _flow(self, width: float) -> list[tuple[float, float]]:
        """Left edge and middle of each entry."""
        x, y, places = 0.0, LINE / 2, []
        for wide in self._widths:
            if x and x + wide > width + 1:
                x, y = 0.0, y + LINE
            places.append((x, y))
            x += wide + SPACE
        return places


class Bar(Panel):
    """A scale of colours with its two ends.

    Examples
    --------
    >>> from course_lib.draw.page import Page
    >>> from course_lib.draw.palette import signed_scale
    >>> bar = Bar()
    >>> page = Page(Figure(), [bar])
    >>> bar.show(signed_scale(2.0), np.array([-1.0, 3.0]))
    """

    def __init__(self, *, above: float = 2) -> None:
        super().__init__("", title="", height=LINE, least=216, above=above)

    def most(self, stacked: bool) -> float:
        return self.least

    def attach(self, figure: Figure) -> None:
        super().attach(figure)
        self.axes.set(xlim=(0, self.least), ylim=(LINE, 0))
        self._colours = self.cells()
        self._ends = [
            self.label(x, LINE / 2, size=9, ha=ha) for x, ha in ((50, "right"), (166, "left"))
        ]

    def show(self, scale: Scale, values: Array) -> None:
        """Show another scale; values beyond its ends are said with ≤ and ≥."""
        colours = scale(np.linspace(scale.low, scale.high, 65))[None]
        self._colours.fill(colours, (56, 160, LINE - 4, 4))
        below, above = values.min() < scale.low, values.max() > scale.high
        low, high = number(scale.low), number(scale.high)
        plus = "+" if scale.signed else ""
        self._ends[0].set_text(("≤ " if below else "") + low)
        self._ends[1].set_text(("≥ " if above else "") + plus + high)
