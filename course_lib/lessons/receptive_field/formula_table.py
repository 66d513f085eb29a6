"""The table beside both explorers: size, jump and start after each layer."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.draw.panel import Panel
from course_lib.lessons.receptive_field.stack import MOST, lines_of

Rows = list[tuple[str, int, int, int]]


def formula_panel() -> Panel:
    return Panel("formula", xlim=(0, 1), ylim=(MOST + 2, 0), height=168, least=200)


def formula_table(panel: Panel) -> Callable[[Rows], None]:
    """The labels of a table on a panel, and the function that shows its rows."""
    across = ((0.0, "left"), (0.62, "right"), (0.82, "right"), (1.0, "right"))
    labels = [
        [panel.label(x, row + 0.5, ha=ha, size=9, weight="normal" if row else "bold")
         for x, ha in across]
        for row in range(MOST + 2)
    ]  # fmt: skip

    def show(rows: Rows) -> None:
        for line, texts in zip(labels, lines_of(rows), strict=True):
            for label, text in zip(line, texts, strict=True):
                label.set_text(text)

    return show
