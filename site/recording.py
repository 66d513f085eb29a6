"""A strip is a conversation that was recorded: an explorer's answers, for a page without a kernel.

The front end of the notebook asks an explorer for its picture with one control moved and all
others where they start. The answers are kept, and on the page `strips.js` gives them to the same
front end.

Pictures are mosaics. All of them are cut into tiles, every tile is stored once, on one sheet, and a
picture is a list of tiles: most tiles of a move were there before.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from course_lib.draw.picture import CSS_DPI, PRINT_DPI
from course_lib.engine.explorer import Explorer

TILE = 16  # pixels
COLUMNS = 128  # of tiles on a sheet: an image in WebP is at most 16383 pixels high
HEAVY = 1_000_000  # bytes; a strip is two scripts, one for each width
# Pixels per CSS pixel, and values of a control: as in the notebook, or less where that is heavy
LIGHTER = (PRINT_DPI / CSS_DPI, 40), (1, 40), (1, 12), (1, 4)
BELOW = ("range", "select", "checkbox")  # the controls that do not lie on the picture
State = Mapping[str, Any]  # what the front end knows of a control
Presets = Mapping[str, Mapping[str, Any]]  # settings by name


@dataclass(frozen=True)
class Answer:
    """What an explorer sends to a view, its pixels put together: (height, width, 3)."""

    words: str
    code: str
    controls: list[State]
    pixels: np.ndarray


def ask(explorer: Explorer, width: int, sharp: float, values: Mapping[str, Any]) -> Answer:
    """Move controls as a view does that is so many CSS pixels wide and shows nothing yet."""
    sent: list[Any] = []
    explorer.send = lambda *message: sent.append(message)  # type: ignore[method-assign]
    wide = {"css": width, "width": sharp * width}
    message = {"view": "", "values": dict(values), "shown": 0} | wide
    explorer._receive(explorer, message, [])
    ((answer, (rows,)),) = sent
    if "error" in answer:
        raise RuntimeError(f"{explorer.title}: {answer['error']}")
    across, down = answer["picture"]["size"]
    pixels = np.frombuffer(zlib.decompress(rows), np.uint8).reshape(down, across, 4)
    return Answer(answer["words"], answer["code"], answer["controls"], pixels[..., :3])


@dataclass(frozen=True)
class Sweep:
    """A control below the picture, the values that are shown, and where all stand at each."""

    state: State
    values: tuple[Any, ...]
    moves: tuple[Mapping[str, Any], ...]

    def front(self) -> dict[str, Any]:
        """The control as a strip has it: a slider counts its values and knows their names."""
        if self.state["kind"] != "range":
            return dict(self.state)
        counted = {"min": 0, "max": len(self.values) - 1, "step": 1, "value": 0}
        return self.state | counted | {"names": [f"{value:g}" for value in self.values]}

    def stands(self, answer: Answer) -> dict[str, Any]:
        """Where it stands in an answer, and why if it is held there."""
        state = next((s for s in answer.controls if s["name"] == self.state["name"]), self.state)
        shown = {name: state[name] for name in ("value", "fixed") if name in state}
        if state["kind"] == "range":
            nearest = int(np.abs(np.subtract(self.values, state["value"])).argmin())
            if not np.isclose(self.values[nearest], state["value"]):
                shown["between"] = f"{state['value']:g}"  # no stop of this slider
            shown["value"] = nearest
        return shown


def stops(state: State, most: int) -> list[Any]:
    """The values of a control that are shown: all, or of many an even choice and the start."""
    if "fixed" in state:
        return [state["value"]]
    if state["kind"] != "range":
        return state.get("options", [False, True])
    low, high, step = state["min"], state["max"], state["step"]
    count = round((high - low) / step) + 1
    places = set(range(count))
    if count > most:
        even = np.linspace(0, count - 1, most - 1).round().astype(int)
        places = {*even.tolist(), round((state["value"] - low) / step)}
    return [low + step * place for place in sorted(places)]


def start_of(explorer: Explorer) -> dict[str, Any]:
    """Where the controls below the picture start."""
    return {s["name"]: s["value"] for s in explorer.controls if s["kind"] in BELOW}


def sweeps(explorer: Explorer, presets: Mapping[str, Mapping[str, Any]], most: int) -> list[Sweep]:
    """The controls that a strip moves; `presets` are settings, by name, of all of them."""
    start, found = start_of(explorer), []
    for state in explorer.controls:
        if (name := state["name"]) in start:
            values = stops(state, most)
            found.append(Sweep(state, tuple(values), tuple(start | {name: v} for v in values)))
    if presets:
        options = ("none", *presets)
        about = {"name": "surprise", "label": "surprise", "kind": "select", "value": "none"}
        found.append(Sweep(about | {"options": options}, options, (start, *presets.values())))
    return found


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
    below, right = (-size % TILE for size in pixels.shape[:2])
    whole = np.pad(pixels, ((0, below), (0, right), (0, 0)), constant_values=255)
    rows, columns = (size // TILE for size in whole.shape[:2])
    return whole.reshape(rows, TILE, columns, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)


def record(explorer: Explorer, moved: list[Sweep], width: int, sharp: float) -> tuple[bytes, bytes]:
    """What a strip tells at one width, as compressed JSON, and the sheet of its tiles.

    A CSS pixel has `sharp` pixels of the pictures.
    """
    mosaic = Mosaic()
    pictures: list[dict[str, Any]] = []
    numbers: dict[tuple[Any, ...], int] = {}  # where the controls stand -> the picture's number

    def number_of(move: Mapping[str, Any]) -> int:
        place = tuple(sorted(move.items()))
        if place not in numbers:
            answer = ask(explorer, width, sharp, move)
            numbers[place] = len(pictures)
            pictures.append({
                "words": answer.words,
                "code": answer.code,
                "controls": [sweep.stands(answer) for sweep in moved],
                "runs": mosaic.add(answer.pixels),
            })  # fmt: skip
            pictures[0]["pixels"] = answer.pixels.shape[1::-1]  # of all of them
        return numbers[place]

    number_of(start_of(explorer))
    controls = [s.front() | {"pictures": [number_of(move) for move in s.moves]} for s in moved]
    about = {"title": explorer.title, "size": explorer.size, "note": note(explorer)}
    story = about | {"tile": TILE, "columns": COLUMNS, "controls": controls, "pictures": pictures}
    told = json.dumps(story, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(told.encode(), level=9), mosaic.sheet()


def note(explorer: Explorer) -> str:
    """What a strip can do, and what only the notebook."""
    by_hand = any(state["kind"] not in BELOW for state in explorer.controls)
    return (
        "Each control moves by itself here, the others stay where they start; in the notebook all "
        f"move together{', also by hand on the picture' if by_hand else ''}."
    )


def script(name: str, explorer: Explorer, presets: Presets, width: int) -> str:
    """A strip at one width, so many CSS pixels, as a classic script.

    A page may load it from a file, where it may not fetch one. It has fewer pixels and values where
    it would be heavy.
    """
    for sharp, most in LIGHTER:
        told, sheet = record(explorer, sweeps(explorer, presets, most), width, sharp)
        text = f'strip("{name}", "{b64encode(told).decode()}", "{b64encode(sheet).decode()}");\n'
        if len(text) <= HEAVY:
            return text
    raise ValueError(f"{name} is {len(text)} bytes; give its explorer fewer values to choose.")
