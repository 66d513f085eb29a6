"""What a strip shows: every control of an explorer moved by itself, to a number of places.

A control has parts that move one at a time: a slider is one part, several points are one each, and
so are the cells of a grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, floor, isqrt
from typing import Any

import numpy as np

from course_lib.engine.control import as_tuples
from course_lib.engine.explorer import Explorer

FEWEST = {"point": 3, "pad": 5}  # places of a point along an axis, numbers of a cell
FINEST = 24  # places along an axis of a panel
BELOW = ("range", "select", "checkbox")  # the controls that do not lie on the picture
STANDS = ("value", "fixed", "box", "at", "points", "limits")  # what a move may change of a control
State = Mapping[str, Any]  # what the front end knows of a control
Values = Mapping[str, Any]  # where controls stand, by their names
Presets = Mapping[str, Values]  # settings by name


@dataclass(frozen=True)
class Part:
    """What moves by itself: a control, one point of several, one cell; and where it is shown.

    axes : tuple      the values along each axis, ascending; a place is one of each
    moves : tuple     what each place moves from the start, the last axis fastest; {} is no place
    """

    axes: tuple[tuple[float, ...], ...]
    moves: tuple[Values, ...]


@dataclass(frozen=True)
class Sweep:
    """A control, and its parts."""

    state: State
    parts: tuple[Part, ...]

    def front(self) -> dict[str, Any]:
        """The control as a strip has it: a slider counts its values and knows their names."""
        if self.state["kind"] != "range":
            return dict(self.state)
        values = self._values()
        counted = {"min": 0, "max": len(values) - 1, "step": 1, "value": 0}
        return self.state | counted | {"names": [f"{value:g}" for value in values]}

    def stands(self, answered: list[State]) -> dict[str, Any]:
        """Where it stands among controls, and why if it is held there."""
        state = next((s for s in answered if s["name"] == self.state["name"]), self.state)
        shown = {name: state[name] for name in STANDS if name in state}
        if state["kind"] == "range":
            values = self._values()
            nearest = int(np.abs(np.subtract(values, state["value"])).argmin())
            if not np.isclose(values[nearest], state["value"]):
                shown["between"] = f"{state['value']:g}"  # no stop of this slider
            shown["value"] = nearest
        return shown

    def _values(self) -> list[Any]:
        (part,) = self.parts
        return [move[self.state["name"]] for move in part.moves]


def stops(state: State, most: int) -> list[Any]:
    """The values of a control that are shown: all, or of many an even choice and the start."""
    if "fixed" in state:
        return [state["value"]]
    if state["kind"] in ("select", "checkbox"):
        return state.get("options", [False, True])
    low, high, step = state["min"], state["max"], state["step"]
    count = round((high - low) / step) + 1
    places = set(range(count))
    if count > most:
        even = np.linspace(0, count - 1, most - 1).round().astype(int)
        places = {*even.tolist(), round((state["value"] - low) / step)}
    return [low + step * place for place in sorted(places)]


def start_of(explorer: Explorer) -> dict[str, Any]:
    """Where the controls start."""
    return {s["name"]: s["value"] for s in explorer.controls if s["kind"] != "touch"}


def sweeps(explorer: Explorer, presets: Presets, most: int, hands: int) -> list[Sweep]:
    """The controls of a strip; `presets` are settings, by name, of all of them.

    most : int      values of a control below the picture
    hands : int     places of one that lies on it, all its parts together
    """
    start = start_of(explorer)
    explorer._move(start)  # a touch asks where the others stand
    found = []
    for state in explorer.controls:
        spread = {"point": points, "touch": touch, "pad": cells}.get(state["kind"])
        parts = spread(explorer, state, hands) if spread else [counted(state, most)]
        found.append(Sweep(state, tuple(parts)))
    if presets:
        options = ["none", *presets]
        about = {"name": "surprise", "label": "surprise", "kind": "select", "value": "none"}
        part = Part((tuple(range(len(options))),), (start, *presets.values()))
        found.append(Sweep(about | {"options": options}, (part,)))
    return found


def counted(state: State, most: int) -> Part:
    """A control below the picture: its values, by their numbers."""
    values = stops(state, most)
    return Part((tuple(range(len(values))),), tuple({state["name"]: value} for value in values))


def points(explorer: Explorer, state: State, hands: int) -> Iterator[Part]:
    """Every point at a grid of places, its start among them; of a pointer, those of its panel."""
    if state["hover"]:
        yield panel(explorer, state, isqrt(hands))
        return
    each = hands / len(state["points"]) ** 0.5  # of many points few places, but not too few
    side = max(FEWEST["point"], int(each ** (1 / len(state["along"]))))
    for index, point in enumerate(state["points"]):
        axes = [multiples(ends, state["step"], value, side)
                for ends, value in zip(state["limits"], point, strict=True)]  # fmt: skip
        yield on_picture(explorer, state, index, axes)


def multiples(ends: Sequence[float], step: float, start: float, most: int) -> list[float]:
    """Where a point can stop along an axis, in both directions from its start; of many a choice.

    >>> multiples((0, 3), 0.5, 1, 40), multiples((-2, 2), 0.1, 1, 3)
    ([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0], [-1.0, 1.0, 1.7])
    """
    low, high = ceil(min(ends) / step - 1e-9), floor(max(ends) / step + 1e-9)
    places, at = set(range(low, high + 1)), round(start / step)
    if len(places) > most:
        before = min(max(round((most - 1) * (at - low) / (high - low)), 1), most - 2)
        places = {at}
        for end, count in ((low, before), (high, most - 1 - before)):
            places |= {at + round((end - at) * (i + 1) / (count + 0.5)) for i in range(count)}
    return [round(step * place, 6) for place in sorted(places)]


def touch(explorer: Explorer, state: State, hands: int) -> list[Part]:
    """So fine a grid of places that all values are met; if these are too many, a coarse one."""
    fine = panel(explorer, state, FINEST)
    few = len(set(map(str, fine.moves))) <= hands
    return [fine if few else panel(explorer, state, isqrt(hands))]


def panel(explorer: Explorer, state: State, side: int) -> Part:
    """The middles of a panel's cells, so many a side or one a step."""
    axes = []
    for low, high in map(sorted, state["limits"]):
        count = min(side, max(1, round((high - low) / state["step"])))
        axes.append([low + (high - low) * (i + 0.5) / count for i in range(count)])
    return on_picture(explorer, state, 0, axes)


def on_picture(
    explorer: Explorer, state: State, index: int, axes: Sequence[Sequence[float]]
) -> Part:
    """What the explorer, at its start, makes of each place that a point is moved to."""

    def move(place: tuple[float, ...]) -> dict[str, Any]:
        return explorer._follow({state["name"]: {str(index): {"to": place}}})

    return Part(tuple(map(tuple, axes)), tuple(map(move, product(*axes))))


def cells(explorer: Explorer, state: State, hands: int) -> Iterator[Part]:
    """Every cell of a grid empty and painted, or at a few numbers; last of all the cleared grid."""
    whole = np.array(state["value"])
    low, high, step = state["min"], state["max"], state["step"]
    for at, value in np.ndenumerate(whole):
        values = sorted({low, float(value), high})
        if step is not None:
            about = {"kind": "range", "min": low, "max": high, "step": step, "value": value}
            values = stops(about, max(FEWEST["pad"], hands // whole.size))
        moves = []
        for other in values:
            moved = whole.copy()
            moved[at] = other
            moves.append({state["name"]: as_tuples(moved)})
        yield Part((tuple(values),), tuple(moves))
    cleared = np.full_like(whole, np.clip(0, low, high))
    yield Part(((0,),), ({state["name"]: as_tuples(cleared)},))
