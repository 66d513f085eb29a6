"""Controls: how the arguments of an explorer's compute are chosen, below the picture or on it.

Below the picture they are written as for `ipywidgets.interact`: (1, 4), ["blur", "edge"], True.

    step=Play(0, 20)                            a slider that also plays, from its value to the end
    query=Point("plane", (0.5, 1.0))            a point to drag on the panel "plane": (x, y)
    keys=Point("plane", [(0, 1), (1, 0)])       several: (n, 2)
    rate=Point("curve", 0.5, along="x")         dragged along one axis: a number
    digit=Pad("digit", np.zeros((8, 8)))        a grid to paint: (rows, columns)
    query=Pad("Q", numbers, -3, 3, step=0.5)    a grid of numbers to edit
    window=Point("input", sets=("step",), to_value=...)   a press there moves other controls
    size=Fixed((2, 5), when=...)                held at one value, with the reason, while that holds

A panel is an Axes; its label (`axes.get_label()`) is its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.record import Array

FEW = 16  # cells of a grid whose numbers a line of text can name


class Control:
    """How one argument of compute is chosen."""

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        """What the browser needs to know, given the arguments chosen before this one."""
        raise NotImplementedError

    def fit(self, value: Any, front: Mapping[str, Any]) -> Any:
        """The value that the control can show, nearest to `value`."""
        raise NotImplementedError

    def rule(self, front: Mapping[str, Any]) -> str:
        """Which values there are, in words."""
        raise NotImplementedError

    def argument(self, value: Any) -> Any:
        """What a value that is shown stands for."""
        return value

    def told(self, value: Any) -> str:
        """The value in a line of text."""
        return str(value)

    def follow(self, moves: Any, value: Any, figure: Figure) -> Any:
        """The value that a view's message asks for; `value` is the one until now."""
        return moves

    def place(self, value: Any, figure: Figure) -> dict[str, Any]:
        """Where the control lies on the picture, in fractions of it from the upper left corner."""
        return {}


@dataclass(frozen=True)
class Range(Control):
    """A slider from `low` to `high`, which may be a function of the arguments before it."""

    low: float
    high: float | Callable[..., float]
    step: float = 1

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        high = self.high(**before) if callable(self.high) else self.high
        return {"kind": "range", "min": self.low, "max": high, "step": self.step}

    def fit(self, value: Any, front: Mapping[str, Any]) -> Any:
        inside = min(max(value, self.low), front["max"])
        nearest = self.low + self.step * round((inside - self.low) / self.step)
        return nearest if isinstance(nearest, int) else round(nearest, 10)

    def rule(self, front: Mapping[str, Any]) -> str:
        return f"it goes from {self.low} to {front['max']} in steps of {self.step}"


@dataclass(frozen=True)
class Play(Range):
    """A slider with a button that steps it to its end; nothing moves before it is pressed."""

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        return super().front(before, figure) | {"play": True}


@dataclass(frozen=True)
class Choice(Control):
    """A drop-down list of labels, each standing for an argument."""

    arguments: Mapping[str, Any]

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        return {"kind": "select", "options": list(self.arguments)}

    def fit(self, value: Any, front: Mapping[str, Any]) -> str:
        if str(value) not in self.arguments:
            raise ValueError
        return str(value)

    def rule(self, front: Mapping[str, Any]) -> str:
        return f"choose one of {', '.join(map(repr, self.arguments))}"

    def argument(self, value: Any) -> Any:
        return self.arguments[value]


@dataclass(frozen=True)
class Switch(Control):
    """A checkbox."""

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        return {"kind": "checkbox"}

    def fit(self, value: Any, front: Mapping[str, Any]) -> bool:
        return bool(value)

    def rule(self, front: Mapping[str, Any]) -> str:
        return "it is True or False"


@dataclass(frozen=True)
class Fixed(Control):
    """Another control, held at one value while `when` says so.

    Parameters
    ----------
    control : notation         as elsewhere: (2, 5)
    when : function            the arguments before it -> None, or (value, the reason in words)

    Examples
    --------
    >>> size = Fixed((2, 5), when=lambda kernel: (3, "your kernel is 3 × 3"))
    >>> size.front({"kernel": "own"}, Figure())["fixed"]
    'your kernel is 3 × 3'
    """

    control: Any
    when: Callable[..., tuple[Any, str] | None]

    @property
    def inner(self) -> Control:
        return as_control(self.control)[0]

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        held = self.when(**before)
        state = self.inner.front(before, figure)
        return state if held is None else state | {"held": held[0], "fixed": held[1]}

    def fit(self, value: Any, front: Mapping[str, Any]) -> Any:
        return self.inner.fit(front.get("held", value), front)

    def rule(self, front: Mapping[str, Any]) -> str:
        if "fixed" in front:
            return f"it stays {front['held']}: {front['fixed']}"
        return self.inner.rule(front)

    def argument(self, value: Any) -> Any:
        return self.inner.argument(value)


@dataclass(frozen=True, eq=False)
class Point(Control):
    """One or more points of a panel, dragged or moved with the arrow keys.

    compute gets an array of the shape of `start`, or a number.

    Parameters
    ----------
    panel : str                the label of an Axes
    start : (2,), (n, 2)       where they start, in data coordinates; with `along` a number or (n,)
    step : float               how far an arrow key moves; what is dragged stops there too
    along : "xy", "x", "y"     the axis along which they move
    sets : names               of other controls: a press or drag on the panel moves those, there
                               is no point to see, and compute does not get this one
    to_value : function        (x, y, **arguments of compute) -> the value for `sets`, a tuple for
                               several names, None to leave them
    hover : bool               the place under the pointer, or None: nothing need be pressed
    """

    panel: str
    start: Any = None
    step: float = 0.1
    along: str = "xy"
    sets: tuple[str, ...] = ()
    to_value: Callable[..., Any] | None = None
    hover: bool = False

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        axes = panel(figure, self.panel)
        limits = [axes.get_xlim(), axes.get_ylim()]
        return {
            "kind": "touch" if self.sets else "point",
            "sets": self.sets,
            "along": self.along,
            "hover": self.hover,
            "step": self.step,
            "limits": [[float(end) for end in limits["xy".index(name)]] for name in self.along],
        }

    def fit(self, value: Any, front: Mapping[str, Any]) -> Any:
        if value is None and self.hover:
            return None
        points = np.asarray(value, float)
        if points.shape != np.shape(self.start) and not self.hover:
            raise ValueError
        if not np.isfinite(points).all():
            raise ValueError
        low, high = np.sort(front["limits"], axis=1).T
        if len(self.along) == 1:
            low, high = low[0], high[0]
        inside = np.clip(points, low, high)
        if not self.hover:  # what is under the pointer is where it is
            inside = np.clip(np.rint(inside / self.step) * self.step, low, high)
        return as_tuples((inside + 0.0).round(6))

    def rule(self, front: Mapping[str, Any]) -> str:
        ends = (f"{name} from {min(e):g} to {max(e):g}" for name, e in self._axes(front))
        shape = np.shape(self.start) or "one number"
        return f"it is {shape} on the picture, {', '.join(ends)}"

    def argument(self, value: Any) -> Any:
        return np.array(value) if np.ndim(value) else value

    def follow(self, moves: Any, value: Any, figure: Figure) -> Any:
        """Take over moves by index: {"at": fractions} of a pointer, {"to": data} of the keys."""
        if moves is None:
            return None
        points = np.array(self._rows(value) if value is not None else [[0.0] * len(self.along)])
        for index, move in moves.items():
            points[int(index)] = self.goal(move, figure)
        return points.reshape(np.shape(self.start) if not self.hover else (len(self.along),))

    def goal(self, move: Mapping[str, Any], figure: Figure) -> Sequence[float]:
        """The data coordinates that a move {"at": fractions} or {"to": data} leads to."""
        return move["to"] if "to" in move else self.under(move["at"], figure)

    def under(self, at: Sequence[float], figure: Figure) -> list[float]:
        """The data coordinates at a place of the figure, along the axes that count."""
        pixel = figure.transFigure.transform((at[0], 1 - at[1]))
        place = panel(figure, self.panel).transData.inverted().transform(pixel)
        return [float(place["xy".index(name)]) for name in self.along]

    def place(self, value: Any, figure: Figure) -> dict[str, Any]:
        axes = panel(figure, self.panel)
        left, top, right, bottom = box = box_of(axes)
        points = [] if value is None else self._rows(value)
        at = []
        for point in points:
            both = dict(zip("xy", (axes.get_xlim()[0], axes.get_ylim()[0]), strict=True))
            x, y = fraction(axes, *(both | dict(zip(self.along, point, strict=True))).values())
            at.append([x if "x" in self.along else (left + right) / 2,
                       y if "y" in self.along else (top + bottom) / 2])  # fmt: skip
        return {"box": box, "at": at, "points": points}

    def _rows(self, value: Any) -> list[list[float]]:  # (n, axes), also for one point
        return np.asarray(value, float).reshape(-1, len(self.along)).tolist()

    def _axes(self, front: Mapping[str, Any]) -> list[tuple[str, Any]]:
        return list(zip(self.along, front["limits"], strict=True))


@dataclass(frozen=True, eq=False)
class Pad(Control):
    """A grid that is painted, or whose numbers are edited.

    Cell (i, j) of the array lies on its panel at i to i + 1 down (y) and j to j + 1 across (x).

    Parameters
    ----------
    panel : str                the label of an Axes
    start : (rows, columns)    what it holds at first
    low, high : float          an empty cell and a painted one, or the ends of what may be typed
    step : float or None       None: cells are painted; else numbers, in steps of this
    """

    panel: str
    start: Any = field(repr=False)
    low: float = 0
    high: float = 1
    step: float | None = None

    def front(self, before: Mapping[str, Any], figure: Figure) -> dict[str, Any]:
        return {"kind": "pad", "min": self.low, "max": self.high, "step": self.step}

    def fit(self, value: Any, front: Mapping[str, Any]) -> Any:
        cells = np.asarray(value, float)
        if cells.shape != np.shape(self.start) or not np.isfinite(cells).all():
            raise ValueError
        inside = np.clip(cells, self.low, self.high)
        if self.step is not None:
            inside = np.clip(np.rint(inside / self.step) * self.step, self.low, self.high)
        return as_tuples((inside + 0.0).round(6))

    def rule(self, front: Mapping[str, Any]) -> str:
        return f"it is {np.shape(self.start)} numbers from {self.low:g} to {self.high:g}"

    def argument(self, value: Any) -> Array:
        return np.array(value)

    def told(self, value: Any) -> str:
        """Its numbers, if they are few; of a large grid the size, as nobody listens to the rest."""
        rows, columns = np.shape(self.start)
        return str(value) if rows * columns <= FEW else f"of {rows} × {columns} cells"

    def place(self, value: Any, figure: Figure) -> dict[str, Any]:
        axes = panel(figure, self.panel)
        rows, columns = np.shape(self.start)
        return {"box": [*fraction(axes, 0, 0), *fraction(axes, columns, rows)]}


def as_tuples(values: Any) -> Any:
    """An array as nested tuples of numbers, which compare, print and travel."""
    return tuple(map(as_tuples, values)) if np.ndim(values) else float(values)


def panel(figure: Figure, label: str) -> Axes:
    """The Axes of that name."""
    for axes in figure.axes:
        if axes.get_label() == label:
            return axes
    there = ", ".join(repr(axes.get_label()) for axes in figure.axes)
    raise ValueError(f"Explorer: the picture has no panel {label!r}; there are {there}.")


def fraction(axes: Axes, x: float, y: float) -> list[float]:
    """A place in data coordinates as fractions of the figure, from its upper left corner."""
    figure: Any = axes.figure
    across, up = figure.transFigure.inverted().transform(axes.transData.transform((x, y)))
    return [round(float(across), 5), round(1 - float(up), 5)]


def box_of(axes: Axes) -> list[float]:
    """Left, top, right and bottom of a panel, as fractions of the figure."""
    figure: Any = axes.figure  # get_position would mark the figure to be drawn anew
    bounds = axes.bbox.transformed(figure.transFigure.inverted())
    return [round(float(b), 5) for b in (bounds.x0, 1 - bounds.y1, bounds.x1, 1 - bounds.y0)]


def as_control(notation: Any) -> tuple[Control, Any]:
    """A control in the notation of `ipywidgets.interact`, and the value it starts with.

    Examples
    --------
    >>> as_control((1, 4))
    (Range(low=1, high=4, step=1), 1)
    >>> as_control(["blur", "edge"])[1], as_control(True)
    ('blur', (Switch(), True))
    """
    match notation:
        case Range(low=low):
            return notation, low
        case Point(start=start) | Pad(start=start):
            return notation, start
        case Fixed(control=control):
            return notation, as_control(control)[1]
        case bool():
            return Switch(), notation
        case Mapping() | list() if notation:
            named = notation if isinstance(notation, Mapping) else {str(n): n for n in notation}
            return Choice(named), next(iter(named))
        case (low, high) | (low, high, _):
            whole = isinstance(low, int) and (callable(high) or isinstance(high, int))
            step = notation[2] if len(notation) == 3 else 1 if whole else 0.1
            return Range(low, high, step), low
    raise TypeError(
        f"Explorer: {notation!r} is not a control; write (low, high), (low, high, step), a list or "
        "dict of choices, True or False, or a Play, Point, Pad or Fixed."
    )
