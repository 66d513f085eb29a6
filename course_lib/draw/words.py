"""Text among the panels of a page."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from course_lib.draw.label import SHIFT, Label, text_width
from course_lib.draw.palette import INK
from course_lib.draw.panel import LINE, Panel


class Words(Panel):
    """Text that wraps where it is narrow; `set_text` changes it.

    Parameters
    ----------
    text : str                 the longest that it will hold: it decides how much space is kept
    title : str, optional
    least : float, optional    width in CSS pixels; that of the text unless given
    size, weight, ha, colour   as for Label

    Examples
    --------
    >>> from course_lib.draw.page import Page
    >>> words = Words("length = floor((24 + 2*3 - 3*(5-1) - 1)/4) + 1 = 10")
    >>> page = Page(Figure(), [words])
    >>> words.set_text("length = floor((24 + 2*0 - 1*(3-1) - 1)/1) + 1 = 22")
    """

    fills = True

    def __init__(
        self,
        text: str,
        *,
        title: str = "",
        least: float | None = None,
        size: float = 10,
        weight: str = "normal",
        ha: str = "left",
        colour: str = INK,
        glued: bool = False,
        above: float = 6,
    ) -> None:
        self._style: dict[str, Any] = {"size": size, "weight": weight, "ha": ha, "colour": colour}
        least = least or text_width(text, size, weight) + 2
        super().__init__("", title=title, least=least, above=above)
        self.text, self.glued, self._sample = text, glued, text
        self._lines: list[Label] = []

    def body(self, width: float) -> float:
        return LINE * len(self._wrapped(self._sample, width))

    def most(self, stacked: bool) -> float:
        return self.least

    def attach(self, figure: Figure) -> None:
        super().attach(figure)
        self._lines = []

    def place(self, *box: float) -> None:
        super().place(*box)
        _, _, _, _, self._width, height = box
        self.axes.set(xlim=(0, self._width), ylim=(height, 0))
        self._middle = height / 2
        self.set_text(self.text)

    def set_text(self, text: str) -> None:
        """Write other words."""
        self.text = text
        wrapped = self._wrapped(text, self._width)
        while len(self._lines) < len(wrapped):
            self._lines.append(self.label(0, 0, **self._style))
        x = SHIFT[self._style["ha"]] * self._width
        for i, line in enumerate(self._lines):
            line.set_text(wrapped[i] if i < len(wrapped) else "")
            line.move(x, self._middle + LINE * (i - (len(wrapped) - 1) / 2))

    def _wrapped(self, text: str, width: float) -> list[str]:
        lines = [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}" if lines[-1] else word
            if lines[-1] and text_width(longer, self._style["size"], self._style["weight"]) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines
