"""A strip is a conversation that was recorded: an explorer's answers, for a page without a kernel.

An explorer is asked for its picture with one thing moved and all others where they start
(`sweeps.py`). The answers are kept, and on the page `strips.js` gives them to the front end of the
notebook.

Pictures are mosaics. All of them are cut into tiles, every tile is stored once, on one sheet, and a
picture is a list of tiles: most tiles of a move were there before.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from sweeps import BELOW, Part, Presets, State, Sweep, Values, start_of, sweeps

from course_lib.draw.picture import CSS_DPI, PRINT_DPI
from course_lib.engine.explorer import Explorer

TILE = 16  # pixels
COLUMNS = 128  # of tiles on a sheet: an image in WebP is at most 16383 pixels high
HEAVY = 1_000_000  # bytes; a strip is two scripts, one for each width
SHARP = PRINT_DPI / CSS_DPI  # pixels per CSS pixel, as in the notebook
# Pixels per CSS pixel, values of a control, places of a hand: fewer where they would be heavy
LIGHTER = (SHARP, 40, 64), (SHARP, 40, 16), (1, 40, 25), (1, 12, 9), (1, 4, 4)


@dataclass(frozen=True)
class Answer:
    """What an explorer sends to a view, and its whole picture: (height, width, 3)."""

    words: str
    code: str
    controls: list[State]
    pixels: np.ndarray


def ask(explorer: Explorer, width: int, sharp: float) -> Answer:
    """What the explorer shows where it stands, in a view so many CSS pixels wide."""
    explorer._fit(width)
    # a little more, as for a view, whose canvas cuts off what is left below a pixel
    dpi = (sharp * width + 1e-3) / explorer._figure.get_figwidth()
    words, pixels = explorer._words(), np.array(explorer._paint(dpi))[..., :3]
    return Answer(words, explorer.code(), explorer._front(), pixels)


class Mosaic:
    """Pictures of one size that share their tiles."""

    def __init__(self) -> None:
        self._tiles: dict[bytes, int] = {}
        self._first = np.empty(0)

    def add(self, pixels: np.ndarray) -> list[list[int]]:
        """Where a picture differs from the first: runs of [place, number of its tile, how many]."""
        tiles = cut(pixels)
        first = not self._tiles
        if first:
            self._first = tiles
        changed = first | (tiles != self._first).any(axis=(1, 2, 3))
        runs: list[list[int]] = []
        for place in np.flatnonzero(changed).tolist():
            number = self._tiles.setdefault(tiles[place].tobytes(), len(self._tiles))
            if runs and [place, number] == [runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]]:
                runs[-1][2] += 1
            else:
                runs.append([place, number, 1])
        return runs

    def sheet(self) -> bytes:
        """All tiles as one image."""
        rows = -(-len(self._tiles) // COLUMNS)
        tiles = np.full((rows * COLUMNS, TILE, TILE, 3), 255, np.uint8)
        for number, content in enumerate(self._tiles):
            tiles[number] = np.frombuffer(content, np.uint8).reshape(TILE, TILE, 3)
        apart = tiles.reshape(rows, COLUMNS, TILE, TILE, 3).swapaxes(1, 2)
        file = BytesIO()
        image = Image.fromarray(apart.reshape(rows * TILE, COLUMNS * TILE, 3))
        image.save(file, "WEBP", lossless=True, method=4, quality=80)
        return file.getvalue()


def cut(pixels: np.ndarray) -> np.ndarray:
    """A picture in tiles, row by row, white beyond its edges: (n, TILE, TILE, 3)."""
    down, across, colours = pixels.shape
    rows, columns = -(-down // TILE), -(-across // TILE)
    whole = np.full((rows * TILE, columns * TILE, colours), 255, np.uint8)
    whole[:down, :across] = pixels
    return whole.reshape(rows, TILE, columns, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)


def record(explorer: Explorer, moved: list[Sweep], width: int, sharp: float) -> tuple[bytes, bytes]:
    """What a strip tells at one width, as compressed JSON, and the sheet of its tiles.

    A CSS pixel has `sharp` pixels of the pictures.
    """
    mosaic = Mosaic()
    pictures: list[dict[str, Any]] = []
    numbers: dict[tuple[Any, ...], int] = {}  # where the controls stand -> the picture's number
    start = start_of(explorer)

    def number_of(move: Values) -> int:
        explorer._move({**start, **move})
        place = tuple(explorer._values.values())
        if place not in numbers:
            answer = ask(explorer, width, sharp)
            numbers[place] = len(pictures)
            pictures.append({
                "words": answer.words,
                "code": answer.code,
                "controls": [sweep.stands(answer.controls) for sweep in moved],
                "runs": mosaic.add(answer.pixels),
            })  # fmt: skip
            pictures[0]["pixels"] = answer.pixels.shape[1::-1]  # of all of them
        return numbers[place]

    def told(part: Part) -> dict[str, Any]:
        return {"axes": part.axes, "pictures": [number_of(m) if m else None for m in part.moves]}

    number_of({})
    controls = [sweep.front() | {"parts": [told(part) for part in sweep.parts]} for sweep in moved]
    about = {"title": explorer.title, "size": explorer.size, "note": note(explorer)}
    story = about | {"tile": TILE, "columns": COLUMNS, "controls": controls, "pictures": pictures}
    text = json.dumps(story, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode(), level=9), mosaic.sheet()


def note(explorer: Explorer) -> str:
    """What a strip can do, and what only the notebook."""
    by_hand = any(state["kind"] not in BELOW for state in explorer.controls)
    hand = "; what lies on the picture goes to the nearest of a few places" if by_hand else ""
    return (
        f"Each control moves by itself here, the others stay where they start{hand}. In the "
        f"notebook all move together{', and everywhere' if by_hand else ''}."
    )


def script(name: str, explorer: Explorer, presets: Presets, width: int) -> str:
    """A strip at one width, so many CSS pixels, as a classic script.

    A page may load it from a file, where it may not fetch one. It has fewer pixels and values where
    it would be heavy.
    """
    for sharp, most, hands in LIGHTER:
        told, sheet = record(explorer, sweeps(explorer, presets, most, hands), width, sharp)
        text = f'strip("{name}", "{b64encode(told).decode()}", "{b64encode(sheet).decode()}");\n'
        if len(text) <= HEAVY:
            return text
    raise ValueError(f"{name} is {len(text)} bytes; give its explorer fewer values to choose.")
