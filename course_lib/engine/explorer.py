"""An explorer is a picture with sliders: each move runs the real code and redraws what changed.

    def compute(stride=1): ...     # the controls' values in, a result out
    def draw(figure): ...          # sets the picture up and returns update(result)
    def describe(result): ...      # the numbers that the picture shows, in words
    Explorer("what a stride skips", compute, draw, describe, stride=(1, 4))

Artists that change are created with `animated=True` and sit on an Axes. All others lie below them:
they are drawn once and kept as the background, which is drawn again only when one of them changes,
say the limits of an Axes (Matplotlib calls the figure stale then).
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

import anywidget
import numpy as np
import traitlets
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from course_lib.draw.picture import CSS_DPI, PRINT_DPI, changed_rows, new_figure, picture_bundle
from course_lib.record import Array

SHARPEST = 2 * CSS_DPI  # more than two pixels per CSS pixel cost time that nobody sees


class Control:
    """How one argument of compute is chosen."""

    def front(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the browser needs to know, given the arguments chosen before this one."""
        raise NotImplementedError

    def fit(self, value: Any, front: Mapping[str, Any]) -> Any:
        """The value that the control can show, nearest to `value`."""
        raise NotImplementedError

    def argument(self, value: Any) -> Any:
        """What a value that is shown stands for."""
        return value


@dataclass(frozen=True)
class Range(Control):
    """A slider from `low` to `high`, which may be a function of the arguments before it."""

    low: float
    high: float | Callable[..., float]
    step: float

    def front(self, before: Mapping[str, Any]) -> dict[str, Any]:
        high = self.high(**before) if callable(self.high) else self.high
        return {"kind": "range", "min": self.low, "max": high, "step": self.step}

    def fit(self, value: Any, front: Mapping[str, Any]) -> Any:
        inside = min(max(value, self.low), front["max"])
        nearest = self.low + self.step * round((inside - self.low) / self.step)
        return nearest if isinstance(nearest, int) else round(nearest, 10)


@dataclass(frozen=True)
class Choice(Control):
    """A drop-down list of labels, each standing for an argument."""

    arguments: Mapping[str, Any]

    def front(self, before: Mapping[str, Any]) -> dict[str, Any]:
        return {"kind": "select", "options": list(self.arguments)}

    def fit(self, value: Any, front: Mapping[str, Any]) -> str:
        if str(value) not in self.arguments:
            raise ValueError(f"{value!r} is not a choice; choose one of {list(self.arguments)}.")
        return str(value)

    def argument(self, value: Any) -> Any:
        return self.arguments[value]


@dataclass(frozen=True)
class Switch(Control):
    """A checkbox."""

    def front(self, before: Mapping[str, Any]) -> dict[str, Any]:
        return {"kind": "checkbox"}

    def fit(self, value: Any, front: Mapping[str, Any]) -> bool:
        return bool(value)


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
        "dict of choices, or True or False."
    )


class Explorer(anywidget.AnyWidget):
    """A picture that answers to sliders, with its numbers in words.

    Parameters
    ----------
    title : str                what is explored
    compute : function         one keyword argument per control -> result; its defaults are the
                               values the controls start with
    draw : function            figure -> update, where update(result) moves the artists
    describe : function        result -> str; the first line stands below the picture, all of it
                               is the picture's alternative text
    **controls                 as in `interact`: (low, high), (low, high, step), a list or dict of
                               choices, True or False. `high` may be a function of the arguments
                               before it.

    Raises
    ------
    TypeError                  if the controls are not the arguments of compute
    ValueError                 if a value is not among a control's choices

    Notes
    -----
    What fails inside compute, describe or update is shown in place of the words; the last good
    picture stays, and the next move tries again.

    Examples
    --------
    >>> def compute(stride=2):
    ...     return list(range(0, 8, stride))
    >>> def draw(figure):
    ...     axes = figure.add_subplot(xlim=(0, 8))
    ...     dots = axes.plot([], [], "o", animated=True)[0]
    ...     return lambda result: dots.set_data(result, [0] * len(result))
    >>> explorer = Explorer("stride", compute, draw, lambda r: f"It reads {r}.", stride=(1, 4))
    >>> print(explorer.text())
    stride (run this cell to move the sliders)
    stride 2
    It reads [0, 2, 4, 6].
    >>> print(explorer.show(stride=4).text())
    stride (run this cell to move the sliders)
    stride 4
    It reads [0, 4].
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")
    title = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)  # what the browser builds its controls from
    size: Any = traitlets.List().tag(sync=True)  # of the picture, in CSS pixels

    def __init__(
        self,
        title: str,
        compute: Callable[..., Any],
        draw: Callable[[Figure], Callable[[Any], None]],
        describe: Callable[[Any], str],
        **controls: Any,
    ) -> None:
        parameters = inspect.signature(compute).parameters
        if set(parameters) != set(controls):
            raise TypeError(
                f"Explorer: compute takes ({', '.join(parameters)}) but the controls are "
                f"({', '.join(controls)}); give each argument of compute one control."
            )
        self._compute, self._describe = compute, describe
        self._controls: dict[str, Control] = {}
        self._values: dict[str, Any] = {}
        for name, notation in controls.items():
            self._controls[name], first = as_control(notation)
            default = parameters[name].default
            self._values[name] = first if default is inspect.Parameter.empty else default
        self._move({})
        self._figure = new_figure(7.2, 4)
        self._update = draw(self._figure)
        self._number, self._pixels = 0, np.empty((0, 0, 4), np.uint8)  # the last picture sent
        width, height = self._figure.get_size_inches() * CSS_DPI
        super().__init__(title=title, size=[width, height], controls=self._front)
        self.on_msg(self._receive)

    def show(self, **values: Any) -> Self:
        """Move controls from code; views that are open follow. Returns the explorer."""
        unknown = set(values) - set(self._controls)
        if unknown:
            raise TypeError(
                f"Explorer: there is no control {', '.join(sorted(unknown))}; there are "
                f"{', '.join(self._controls)}."
            )
        self._move(values)
        self.controls = self._front  # what a view is built from
        self._answer(None, {}, self._figure.dpi, self._number)
        return self

    def text(self) -> str:
        """Title, values and words, the same on every machine."""
        return f"{self._heading()}\n{self._words()}"

    def _heading(self) -> str:
        values = ", ".join(f"{_label(name)} {value}" for name, value in self._values.items())
        return f"{self.title} (run this cell to move the sliders)\n{values}"

    def _move(self, values: Mapping[str, Any]) -> None:
        """Take over new values, each fitted to its control, in the order of the controls."""
        shown: dict[str, Any] = {}
        arguments: dict[str, Any] = {}
        front = []
        for name, control in self._controls.items():
            state = control.front(arguments)
            shown[name] = control.fit(values.get(name, self._values[name]), state)
            arguments[name] = control.argument(shown[name])
            front.append({"name": name, "label": _label(name), "value": shown[name]} | state)
        self._values, self._arguments, self._front = shown, arguments, front

    def _words(self) -> str:
        """Run compute, move the artists, and say what the picture will show."""
        result = self._compute(**self._arguments)
        words = self._describe(result)
        self._update(result)
        return words

    def _paint(self, dpi: float) -> memoryview:
        """The picture's pixels: the kept background, and on it what changes."""
        figure = self._figure
        canvas: Any = figure.canvas
        if figure.dpi != dpi:
            figure.set_dpi(dpi)
        if figure.stale:
            self._changing = changing_artists(figure)
            canvas.draw()  # leaves animated artists out
            self._background = canvas.copy_from_bbox(figure.bbox)
        else:
            canvas.restore_region(self._background)
        for artist in self._changing:
            artist.draw(canvas.get_renderer())
        return canvas.buffer_rgba()

    def _receive(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """A view has moved a control, or has a new width; an empty message wants nothing."""
        if not message:
            return
        # a little more, because the canvas cuts off what floating point leaves below a pixel
        dpi = (message["width"] + 1e-3) / self._figure.get_figwidth()
        self._answer(message["view"], message["values"], min(dpi, SHARPEST), message["shown"])

    def _answer(self, view: Any, values: Mapping[str, Any], dpi: float, shown: int) -> None:
        answer: dict[str, Any] = {"view": view}
        rows = b""
        try:
            self._move(values)
            answer["words"] = self._words()
            answer["picture"], rows = self._difference(np.array(self._paint(dpi)), shown)
        except Exception as error:
            answer["error"] = self._explain(error)
        answer["controls"] = self._front
        self.send(answer, [rows])

    def _difference(self, pixels: Array, shown: int) -> tuple[dict[str, Any], bytes]:
        """What turns picture number `shown` into these pixels: the rows that changed.

        If that was not the last picture sent, or had another size, all rows are: a picture `on`
        number 0 lies on nothing.
        """
        follows = shown == self._number and pixels.shape == self._pixels.shape
        rows = changed_rows(pixels, self._pixels) if follows else np.ones(len(pixels), bool)
        runs = np.flatnonzero(np.diff(rows, prepend=False, append=False)).reshape(-1, 2)
        self._number, self._pixels = self._number + 1, pixels
        picture = {
            "number": self._number,
            "on": shown if follows else 0,
            "size": [pixels.shape[1], pixels.shape[0]],
            "runs": runs.tolist(),  # from row, up to row
        }
        return picture, zlib.compress(pixels[rows], level=1)

    def _explain(self, error: Exception) -> str:
        self._figure.stale = True  # it may be half drawn
        return f"{type(error).__name__}: {error}"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict, dict]:
        bundle, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        try:
            text = self.text()
            picture, shown = picture_bundle(self._figure, self._paint(PRINT_DPI), text)
        except Exception as error:
            text = f"{self._heading()}\n{self._explain(error)}"
            picture, shown = {"text/plain": text}, {}
        return bundle | picture, metadata | shown


def changing_artists(figure: Figure) -> list[Artist]:
    """The animated artists, Axes by Axes in the order in which Matplotlib draws them.

    The spines around them become animated too: they are drawn last, over the edge of what changes.
    """
    order = []
    for axes in sorted(figure.axes, key=attrgetter("zorder")):
        if axes.axison and any(artist.get_animated() for artist in axes.get_children()):
            axes.spines[:].set_animated(True)
        animated = [artist for artist in axes.get_children() if artist.get_animated()]
        order += sorted(animated, key=attrgetter("zorder"))
    return order


def _label(name: str) -> str:
    return name.replace("_", " ")
