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
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

import anywidget
import numpy as np
import traitlets
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from course_lib.draw.page import Page
from course_lib.draw.picture import CSS_DPI, PRINT_DPI, changed_rows, new_figure, picture_bundle
from course_lib.engine.control import Control, Point, as_control
from course_lib.engine.view import front_end, marked
from course_lib.record import Array

SHARPEST = 2 * CSS_DPI  # more than two pixels per CSS pixel cost time that nobody sees
KEPT = 8  # figures kept; an explorer whose figure was let go draws it again when it is moved

_latest: list[Explorer] = []  # whose figures are kept, the one used last at the end


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
    call : str                 the code that makes this explorer as it starts; views show it with
                               the values that have been moved, to copy
    **controls                 as in `interact`: (low, high), (low, high, step), a list or dict of
                               choices, True or False. `high` may be a function of the arguments
                               before it. More are in `control.py`: Play, Point, Pad, Fixed.

    Raises
    ------
    TypeError                  if the controls are not the arguments of compute
    ValueError                 if a control cannot show a value

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

    _esm = front_end("explorer.js")
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
        call: str = "",
        **controls: Any,
    ) -> None:
        self._compute, self._draw, self._describe, self._call = compute, draw, describe, call
        self._read(controls, inspect.signature(compute).parameters)
        self._move({})
        self._start = self._values
        self._number = 0  # of the last picture sent
        width, height = self._figure.get_size_inches() * CSS_DPI
        super().__init__(title=title, size=[width, height], controls=self._front())
        self.on_msg(self._receive)

    def _read(self, notations: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        """The controls and what they start with; apart from them what only moves others."""
        touches = {n: p for n, p in notations.items() if isinstance(p, Point) and p.sets}
        controls = {name: as_control(n) for name, n in notations.items() if name not in touches}
        if set(parameters) != set(controls):
            raise TypeError(
                f"Explorer: compute takes ({', '.join(parameters)}) but the controls are "
                f"({', '.join(controls)}); give each argument of compute one control."
            )
        for name, touch in touches.items():
            if unknown := set(touch.sets) - set(controls):
                raise TypeError(
                    f"Explorer: {name} sets {', '.join(sorted(unknown))}, but the controls are "
                    f"{', '.join(controls)}."
                )
        empty = inspect.Parameter.empty
        self._touches: dict[str, Point] = touches
        self._controls: dict[str, Control] = {name: c for name, (c, _) in controls.items()}
        self._values: dict[str, Any] = {
            name: first if parameters[name].default is empty else parameters[name].default
            for name, (_, first) in controls.items()
        }

    @property
    def _figure(self) -> Figure:
        return self._picture()[0]

    def _picture(self) -> tuple[Figure, Callable[[Any], None]]:
        """The figure and its update, drawn anew if they were let go.

        A cell that is run again makes a new explorer, and Jupyter keeps the old one; so the
        explorer that was longest not used lets its figure go.
        """
        if self in _latest:
            _latest.remove(self)
        else:
            figure = new_figure(7.2, 4)
            self._drawn = figure, self._draw(figure)
            self._pixels = np.empty((0, 0, 4), np.uint8)  # of the last picture sent
        _latest.append(self)
        for explorer in _latest[:-KEPT]:
            explorer._changing, explorer._background = [], None
            del explorer._drawn, explorer._pixels
        del _latest[:-KEPT]
        return self._drawn

    def show(self, **values: Any) -> Self:
        """Move controls from code; views that are open follow. Returns the explorer.

        Raises
        ------
        TypeError              if there is no such control
        ValueError             if a control cannot show the value, with the values that it can
        """
        unknown = set(values) - set(self._controls)
        if unknown:
            raise TypeError(
                f"Explorer: there is no control {', '.join(sorted(unknown))}; there are "
                f"{', '.join(self._controls)}."
            )
        self._move(values, strict=True)
        self.controls = self._front()  # what a view is built from
        self._answer(None, {}, self._figure.dpi, self._number)
        return self

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Title, values and words, the same on every machine."""
        return f"{self._heading()}\n{self._words()}"

    def code(self) -> str:
        """The call that makes this explorer as it stands; nothing if it was not told how."""
        if not self._call:
            return ""
        moved = [
            f"{state['name']}={self._values[state['name']]!r}"
            for state in self._front()
            if "fixed" not in state and state["kind"] != "touch"
            if not same(self._values[state["name"]], self._start[state["name"]])
        ]
        head, _, given = self._call.removesuffix(")").partition("(")
        return f"{head}({', '.join([given] * bool(given) + moved)})"

    def _heading(self) -> str:
        shown = {name: value for name, value in self._values.items() if value is not None}
        values = ", ".join(
            f"{_label(name)} {self._controls[name].told(value)}" for name, value in shown.items()
        )
        return f"{self.title} (run this cell to move the sliders)\n{values}"

    def _move(self, values: Mapping[str, Any], strict: bool = False) -> None:
        """Take over new values, each fitted to its control, in the order of the controls.

        A browser's value may be out of date and is moved to the nearest; strict says so instead.
        """
        shown: dict[str, Any] = {}
        arguments: dict[str, Any] = {}
        for name, control in self._controls.items():
            state = control.front(arguments, self._figure)
            asked = values.get(name, self._values[name])
            try:
                shown[name] = control.fit(asked, state)
                fits = not (strict and name in values) or same(shown[name], asked)
            except (TypeError, ValueError):
                fits = False
            if not fits:
                raise ValueError(
                    f"Explorer: {name} cannot be {asked!r}; {control.rule(state)}."
                ) from None
            arguments[name] = control.argument(shown[name])
        self._values, self._arguments = shown, arguments

    def _follow(self, moves: Mapping[str, Any]) -> dict[str, Any]:
        """The values that a view's moves ask for."""
        values: dict[str, Any] = {}
        for name, move in moves.items():
            if name in self._touches:
                touch = self._touches[name]
                x, y = touch.goal(move["0"], self._figure)
                found = touch.to_value(x, y, **self._arguments)  # type: ignore[misc]
                found = (found,) if len(touch.sets) == 1 else found
                values |= {
                    n: v for n, v in zip(touch.sets, found or (), strict=False) if v is not None
                }
            else:
                values[name] = self._controls[name].follow(move, self._values[name], self._figure)
        return values

    def _front(self) -> list[dict[str, Any]]:
        """What the browser needs to know of every control, and where it lies on the picture now."""
        states: list[dict[str, Any]] = []
        everything = [(n, c, self._values[n]) for n, c in self._controls.items()]
        for name, control, value in everything + [(n, t, None) for n, t in self._touches.items()]:
            before = dict(islice(self._arguments.items(), len(states)))
            state = control.front(before, self._figure) | control.place(value, self._figure)
            states.append({"name": name, "label": _label(name), "value": value} | state)
        return states

    def _words(self) -> str:
        """Run compute, move the artists, and say what the picture will show."""
        result = self._compute(**self._arguments)
        words = self._describe(result)
        self._picture()[1](result)
        return words

    def _fit(self, width: float) -> None:
        """Lay the picture out for a view so many CSS pixels wide, if it is a page of panels."""
        page = self._figure.get_layout_engine()
        if isinstance(page, Page):
            page.fit(width)

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
        """A view has moved a control, or has a new width."""
        self._fit(message.get("css", self.size[0]))
        # a little more, because the canvas cuts off what floating point leaves below a pixel
        dpi = (message["width"] + 1e-3) / self._figure.get_figwidth()
        self._answer(message["view"], message["values"], min(dpi, SHARPEST), message["shown"])

    def _answer(self, view: Any, moves: Mapping[str, Any], dpi: float, shown: int) -> None:
        answer: dict[str, Any] = {"view": view}
        rows = b""
        try:
            self._move(self._follow(moves))
            answer["words"], answer["code"] = self._words(), self.code()
            answer["picture"], rows = self._difference(np.array(self._paint(dpi)), shown)
        except Exception as error:
            answer["error"] = self._explain(error)
        answer["controls"] = self._front()
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
        self._fit(self.size[0])
        try:
            text = self.text()
            below = "\n".join(text.split("\n")[:3])  # of the words, what a view shows too
            picture, shown = picture_bundle(self._figure, self._paint(PRINT_DPI), text, below)
        except Exception as error:
            text = f"{self._heading()}\n{self._explain(error)}"
            picture, shown = {"text/plain": text}, {}
        return marked(bundle | picture, metadata | shown)


def same(value: Any, asked: Any) -> bool:
    """Whether what a control shows is what was asked for, up to rounding."""
    if isinstance(value, str) or value is None or asked is None:
        return value == str(asked) or value is asked
    return np.shape(value) == np.shape(asked) and np.allclose(value, asked, rtol=0, atol=1e-6)


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
