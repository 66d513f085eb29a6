"""A picture is declared as rows of panels, which a page places, and stacks where it is narrow.

    from course_lib.draw import Bar, Grid, Legend, Page, Plot
    from course_lib.draw.palette import HIGHLIGHT, OUTPUT, WEIGHT, Scale, signed_scale

    def draw(figure):
        photo = Grid("input", 24, 32, height=190)  # a panel's name is also its title
        output = Grid("output", 24, 32, height=190)
        loss = Plot("loss", xlim=(1, 20), ylim=(1e-3, 1), yscale="log", xlabel="epoch")
        key, bar = Legend((WEIGHT, "the kernel reads here"), (HIGHLIGHT, "never read")), Bar()
        Page(figure, [photo, "→", output], [key, bar], [loss])
        window, curve = photo.outline(WEIGHT), loss.line(OUTPUT)

        def update(view):  # the only part that runs while a slider moves
            photo.show(view.x, Scale(0, 1, "gray"))
            window(view.column, view.row, 3, 3)
            scale = signed_scale(abs(view.y).max())
            output.show(view.y, scale)  # with + and − where cells are large enough
            output.title.set_text(f"output {len(view.y)} × {len(view.y.T)}")
            bar.show(scale, view.y)
            curve.set_data(view.epochs, view.losses)

        return update

There are `Grid` (images, heat maps, numbers), `Plot` (curves, histograms, points over axes with
ticks), `Panel` (a plane or any drawing in coordinates of its own: wires, blocks true to size),
`Words`, `Legend` and `Bar` (a scale of colours). What is put on them: `marks.py`.

Everything is counted in CSS pixels, and text keeps its size at any width. A panel's Axes has the
panel's name as its label, by which `Point` and `Pad` find it. What changes is an animated artist,
as all are that a panel's methods make; limits that change cost a drawing of the whole picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, pairwise
from math import isinf
from typing import Any

from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine

from course_lib.draw.panel import Panel
from course_lib.draw.picture import CSS_DPI
from course_lib.draw.words import Words

WIDTH = 691  # of a page, where there is room
STACKED = 500  # below this width panels stand one below the other
NARROWEST = 240
EDGE, GAP = 8, 14  # around the page, and between the panels of a row


class Page(LayoutEngine):
    """Rows of panels on a figure; a string in a row is a sign between two panels.

    Parameters
    ----------
    figure : Figure
    *rows : lists of Panel or str          a row breaks where its panels do not fit beside each
                                           other, and below 500 pixels

    Raises
    ------
    ValueError                             if two panels have one name

    Examples
    --------
    >>> from course_lib.draw.panel import Grid
    >>> window, kernel = Grid("window", 3, 3, height=90), Grid("kernel", 3, 3, height=90)
    >>> page = Page(Figure(), [window, "×", kernel])
    >>> page.height
    118.0
    >>> photo, output = Grid("input", 24, 32, height=190), Grid("output", 24, 32, height=190)
    >>> page = Page(Figure(), [photo, output])
    >>> page.height
    218.0
    >>> page.fit(360)
    >>> page.height > 500  # one below the other, as wide as the page
    True
    """

    _adjust_compatible = _colorbar_gridspec = True  # what Matplotlib asks of every layout

    def __init__(self, figure: Figure, *rows: Sequence[Panel | str]) -> None:
        super().__init__()
        self._figure = figure
        self._rows = [[sign(p) if isinstance(p, str) else p for p in row] for row in rows]
        panels = [panel for row in self._rows for panel in row]
        names = Counter(panel.name for panel in panels if panel.name)
        if names and max(names.values()) > 1:
            raise ValueError(
                f"Page: two panels are named {names.most_common(1)[0][0]!r}; give each panel a "
                "name of its own."
            )
        for panel in panels:
            panel.attach(figure)
        self.width = self.height = 0.0
        figure.set_layout_engine(self)  # where the explorer finds it
        self.fit(WIDTH)

    def execute(self, fig: Figure) -> None:
        """Nothing is left to do when Matplotlib asks at a drawing: `fit` has placed all."""

    def fit(self, width: float) -> None:
        """Place every panel on a page of so many CSS pixels; its height follows."""
        width = min(max(width, NARROWEST), WIDTH)
        if width == self.width:
            return
        self.width = width
        at, placed = 0.0, []
        for row in self._rows:
            lines = self._lines(row)
            for line, widths in zip(lines, self._alike(lines), strict=True):
                at += max(panel.above for panel in line)
                boxes, at = self._place(line, widths, at)
                placed += boxes
        self.height = at + EDGE / 2
        self._figure.set_size_inches(width / CSS_DPI, self.height / CSS_DPI)
        for panel, box in placed:
            panel.place(self.width, self.height, *box)

    def _lines(self, row: list[Panel]) -> list[list[Panel]]:
        """Break a row where the next panel, and the sign before it, no longer fit."""
        lines: list[list[Panel]] = [[]]
        signs: list[Panel] = []
        for panel in row:
            if panel.glued:
                signs.append(panel)
                continue
            group = [*signs, panel]
            if lines[-1] and self._spare(lines[-1] + group) < 0:
                lines.append([])
            lines[-1] += group
            signs = []
        lines[-1] += signs
        return lines

    def _spare(self, line: Sequence[Panel]) -> float:
        """The width that is left when each panel of a line is as narrow as it may be."""
        gaps = sum(GAP if not (a.glued or b.glued) else 0 for a, b in pairwise(line))
        return self.width - 2 * EDGE - gaps - sum(panel.least for panel in line)

    def _widths(self, line: Sequence[Panel]) -> list[float]:
        """Share what is left evenly, until each panel is as wide as it may be."""
        room = self.width - 2 * EDGE
        stacked = self.width < STACKED
        widths = [min(panel.least, room) for panel in line]
        most = [max(panel.most(stacked), w) for panel, w in zip(line, widths, strict=True)]
        spare = self._spare(line)
        growing = [i for i, panel in enumerate(line) if widths[i] < most[i]]
        while growing and spare > 0.5:
            step = min(spare / len(growing), *(most[i] - widths[i] for i in growing))
            for i in growing:
                widths[i] += step
            spare -= step * len(growing)
            growing = [i for i in growing if widths[i] < most[i] - 0.01]
        return [min(width, room) for width in widths]

    def _alike(self, lines: Sequence[Sequence[Panel]]) -> list[list[float]]:
        """The widths of a row's lines: panels of one size keep one size where the row breaks."""
        widths = [self._widths(line) for line in lines]
        sizes = [[panel.most(stacked=False) for panel in line] for line in lines]
        limits: dict[float, float] = {}
        for size, width in zip(chain(*sizes), chain(*widths), strict=True):
            limits[size] = min(width, limits.get(size, width))
        return [
            [width if isinf(size) else limits[size] for size, width in zip(*line, strict=True)]
            for line in zip(sizes, widths, strict=True)
        ]

    def _place(
        self, line: Sequence[Panel], widths: Sequence[float], top: float
    ) -> tuple[list[Any], float]:
        """The boxes (left, top, width, height) of a line's panels, and where the line ends."""
        head = max(panel.head for panel in line)
        bodies = [panel.body(width) for panel, width in zip(line, widths, strict=True)]
        tallest = max(bodies)
        left = float(EDGE)
        boxes: list[tuple[Panel, tuple[float, float, float, float]]] = []
        for i, (panel, width) in enumerate(zip(line, widths, strict=True)):
            if i and not (panel.glued or line[i - 1].glued):
                left += GAP
            body = tallest if panel.fills else bodies[i]
            boxes.append((panel, (left, top + head, width, body)))
            left += width
        ends = [panel.foot + box[3] for panel, box in boxes]
        return boxes, top + head + max(ends)


def sign(text: str) -> Words:
    """A sign between two panels, such as × or →, which stays with the panel after it."""
    return Words(text, least=24, size=14, ha="center", glued=True)
