"""Text that is put together from letters drawn once, quick enough to change while a slider moves.

Matplotlib lays out and rasterises a text anew each time it is drawn, which takes one to three
milliseconds for a line; a `Label` takes a hundredth of that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from course_lib.draw.palette import INK, rgba
from course_lib.draw.picture import CSS_DPI
from course_lib.record import Array

SMALLEST = 7.5  # points, which are ten CSS pixels
HYPHEN = re.compile(r"(?<![\w)])-(?=[\d.])")  # before a number; not in 1e-08
SHIFT = {"left": 0.0, "center": 0.5, "right": 1.0}


class Label(Artist):
    """One line of text on an Axes, centred vertically at (x, y) in the Axes' coordinates.

    Where `limit`, a width in CSS pixels, is set, longer text is written smaller.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> label = Label(Figure().add_subplot(), 0.5, 0.5, "output 8 × 8", ha="center", animated=True)
    >>> label.set_text("output 4 × 4")
    """

    zorder = 3

    def __init__(
        self,
        axes: Axes,
        x: float,
        y: float,
        text: str = "",
        *,
        size: float = 10,
        weight: str = "normal",
        ha: str = "left",
        colour: str = INK,
        **properties: Any,
    ) -> None:
        super().__init__()
        self._position, self._text, self._ha = (x, y), signed(text), ha
        self._style = (size, weight, tuple(rgba(colour).tolist()))
        self.limit: float | None = None
        self.set(**properties)
        axes.add_artist(self)

    def set_text(self, text: str) -> None:
        self._text = signed(text)
        self.stale = True

    @property
    def y(self) -> float:
        return self._position[1]

    def move(self, x: float, y: float) -> None:
        self._position = x, y
        self.stale = True

    @property
    def style(self) -> tuple[float, str, tuple[int, int, int, int]]:
        """Size, weight and colour; the size is smaller where the text is wider than `limit`."""
        size, weight, colour = self._style
        while self.limit and size > SMALLEST and text_width(self._text, size, weight) > self.limit:
            size -= 0.5
        return size, weight, colour

    def box(self, dpi: float) -> tuple[float, float, float, float]:
        """Where the text lies: left, bottom, right, top in pixels."""
        height, width = text_sprite(self._text, *self.style, dpi).shape[:2]
        x, y = self.get_transform().transform(self._position)
        left, bottom = round(x - SHIFT[self._ha] * width), round(y - height / 2)
        return left, bottom, left + width, bottom + height

    @allow_rasterization
    def draw(self, renderer: Any) -> None:
        if self._text and self.get_visible():
            sprite = text_sprite(self._text, *self.style, renderer.dpi)
            left, bottom, _, _ = self.box(renderer.dpi)
            gc = renderer.new_gc()
            renderer.draw_image(gc, left, bottom, sprite[::-1])  # Agg's rows go upwards
            gc.restore()
        self.stale = False


def signed(text: str) -> str:
    """A text with a minus in place of the hyphen before a number.

    Examples
    --------
    >>> signed("from -1.5 to 1e-08, step 3-1")
    'from −1.5 to 1e-08, step 3-1'
    """
    return HYPHEN.sub("−", text)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = 10, weight: str = "normal") -> float:
    """How wide a text is in CSS pixels.

    Examples
    --------
    >>> 30 < text_width("0000") < 36 < text_width("0000", size=12)
    True
    """
    return sum(_glyph(letter, size, weight, CSS_DPI)[0] for letter in text)


@lru_cache(maxsize=4096)
def text_sprite(
    text: str, size: float, weight: str, colour: tuple[int, int, int, int], dpi: float
) -> Array:
    """A text as pixels, transparent around the letters; digits are centred vertically.

    Parameters
    ----------
    text : str
    size : float               points
    weight : str               "normal" or "bold"
    colour : (r, g, b, a)      bytes
    dpi : float

    Returns
    -------
    (height, width, 4)         uint8
    """
    glyphs = [_glyph(letter, size, weight, dpi) for letter in text]
    ends = np.cumsum(
        [step for step, _ in glyphs]
    )  # kept exact, so that a text is as wide at any dpi
    ink = np.zeros((glyphs[0][1].shape[0], round(ends[-1]) + glyphs[0][1].shape[1]), np.uint8)
    for end, (step, shape) in zip(ends, glyphs, strict=True):
        left = round(end - step)
        place = ink[:, left : left + shape.shape[1]]
        np.maximum(place, shape, out=place)
    ink = ink[:, : round(ends[-1]) + 1]
    sprite = np.empty((*ink.shape, 4), np.uint8)
    sprite[...] = colour
    sprite[..., 3] = ink
    return sprite


@lru_cache(maxsize=1024)
def _glyph(letter: str, size: float, weight: str, dpi: float) -> tuple[float, Array]:
    """The step to the next letter in pixels, and how much ink each pixel of a letter gets."""
    em = int(np.ceil(2 * size * dpi / 72))
    page = RendererAgg(2 * em, 2 * em, dpi)

    def measure(text: str, magnified: int = 1) -> tuple[float, float, float]:
        font = FontProperties(size=size * magnified, weight=weight)
        return page.get_text_width_height_descent(text, font, False)

    # a letter's own width is rounded to pixels, that of a magnified one hardly is
    step = (measure(f"0{letter}0", 32)[0] - measure("00", 32)[0]) / 32
    digit = round(measure("0")[1])
    page.draw_text(page.new_gc(), 0, em, letter, FontProperties(size=size, weight=weight), 0)
    ink = np.asarray(page.buffer_rgba())[..., 3]
    margin = digit // 2  # below and above a digit, for brackets and descenders
    return step, ink[em - digit - margin : em + margin, :em].copy()
