"""Write the pictures of README: the map of the lessons, and explorers as their lessons show them.

python -m tools.pictures
"""

from __future__ import annotations

import base64
from pathlib import Path

import nbformat

from course_lib.exercises import lesson_map

ROOT = Path(__file__).parents[1]
MAP = Path("docs/map.svg")
SHOWN = {
    Path("docs/window.png"): ("00_start_here", "explore.conv2d_under_the_window("),
    Path("docs/attention.png"): ("04_08_attention", "explore.match_softmax_retrieve("),
    Path("docs/descent.png"): ("04_11_training", "explore.the_edge("),
}
# As a picture it has no text around it whose colour it could take.
INK = "<style>svg { color: #1f2328 } @media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }"


def lessons_svg() -> str:
    """The map as a file of its own, readable on a light and on a dark page."""
    head, tail = lesson_map().svg().split(">", 1)
    return f"{head}>{INK}</style>{tail}\n"


def png(notebook: str, call: str) -> bytes:
    """The committed picture below the first cell that makes a call."""
    cells = nbformat.read(ROOT / f"notebooks/{notebook}.ipynb", as_version=4).cells
    (output,) = next(cell for cell in cells if call in cell.source).outputs
    return base64.b64decode(output.data["image/png"])


def main() -> None:
    (ROOT / MAP).write_text(lessons_svg(), encoding="utf-8")
    for path, (notebook, call) in SHOWN.items():
        (ROOT / path).write_bytes(png(notebook, call))


if __name__ == "__main__":
    main()
