"""What builds on what: the lessons as a drawing that also reads as a list."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

ROW, STEP, WIDTH = 26, 18, 420  # CSS pixels: a lesson, one level further in, the whole drawing
WORDS = "font: 14px system-ui, sans-serif; fill: currentColor"


class LessonMap:
    """Every lesson below the last of those that it needs, one step further in.

    Parameters
    ----------
    needs       notebook -> the notebooks that it needs, in the order of the course

    Raises
    ------
    ValueError  if a lesson needs one that does not come before it

    Examples
    --------
    >>> print(LessonMap({"00_start_here": (), "04_01_layer": ("00_start_here",)}))
    Start here
      4.1 Layer
    """

    def __init__(self, needs: Mapping[str, tuple[str, ...]]) -> None:
        self.needs = dict(needs)
        self.depth: dict[str, int] = {}
        for notebook, needed in self.needs.items():
            if missing := [name for name in needed if name not in self.depth]:
                raise ValueError(
                    f"LessonMap: {notebook} needs {', '.join(missing)}, which does not come before "
                    "it; put it first in LESSONS, or mend NEEDS."
                )
            self.depth[notebook] = self.depth[needed[-1]] + 1 if needed else 0

    def words(self, notebook: str) -> str:
        """Its title, and what it needs where that is more than the lesson it hangs from."""
        needed = self.needs[notebook]
        implied = {far for near in needed for far in self.needs[near]}
        others = [name for name in needed[:-1] if name not in implied]
        also = f" (and {', '.join(map(number, others))})" if others else ""
        return title(notebook) + also

    def __str__(self) -> str:
        return "\n".join("  " * self.depth[name] + self.words(name) for name in self.needs)

    __repr__ = __str__

    def svg(self) -> str:
        """The drawing; it takes the colour of the text around it, so it reads in dark, too."""
        places = {name: (12 + STEP * self.depth[name], ROW * (i + 0.5))
                  for i, name in enumerate(self.needs)}  # fmt: skip
        parts, reached = [], dict(places)  # a way begins where the one before turned off
        for name, (x, y) in places.items():
            if needed := self.needs[name]:
                x0, y0 = reached[needed[-1]]
                reached[needed[-1]] = x0, y
                parts.append(f'<path d="M{x0} {y0} V{y} H{x}" fill="none" stroke="currentColor" '
                             'stroke-opacity="0.5"/>')  # fmt: skip
        for name, (x, y) in places.items():
            parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="currentColor"/>')
            parts.append(f'<text x="{x + 11}" y="{y + 5}">{escape(self.words(name))}</text>')
        height = ROW * len(places)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-label="{escape(str(self), quote=True)}" style="width: 100%; '
            f'max-width: {WIDTH}px; {WORDS}">{"".join(parts)}</svg>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        colour = "color: var(--jp-ui-font-color1, inherit)"
        return {"text/html": f'<div style="{colour}">{self.svg()}</div>', "text/plain": str(self)}


def number(notebook: str) -> str:
    """04_02b_convolution -> 4.2b; the first notebook, which has none, is 0."""
    first, second, *_ = notebook.split("_")
    return f"{int(first)}.{second.lstrip('0')}" if second[0].isdigit() else str(int(first))


def title(notebook: str) -> str:
    """04_02b_convolution -> 4.2b Convolution, 00_start_here -> Start here."""
    words = notebook.split("_")[1:]
    if not words[0][0].isdigit():
        return " ".join(words).capitalize()
    return f"{number(notebook)} {' '.join(words[1:]).capitalize()}"
