"""A figure with its words: it shows as PNG, prints as text, and needs no window system."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

CSS_DPI = 96  # pixels of a web page per inch
PRINT_DPI = 144  # what is committed: sharp in print, moderate in size


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure of so many inches, drawn by Agg and unknown to pyplot."""
    figure = Figure(figsize=(width, height), dpi=PRINT_DPI)
    FigureCanvasAgg(figure)
    return figure


def encode_png(pixels: Any, compress_level: int = 1) -> bytes:
    """Opaque pixels, (height, width, 4) uint8, as a PNG; quick rather than small by default."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).convert("RGB").save(
        buffer, "png", compress_level=compress_level
    )
    return buffer.getvalue()


def picture_bundle(figure: Figure, pixels: Any, words: str) -> tuple[dict, dict]:
    """What a notebook stores of a picture: the PNG, the words, the shown width and the alt text."""
    bundle = {"image/png": encode_png(pixels, compress_level=9), "text/plain": words}
    width = round(figure.get_figwidth() * CSS_DPI)
    return bundle, {"image/png": {"width": width, "alt": words}}


class Picture:
    """A finished figure and the words that say the same.

    Parameters
    ----------
    figure : Figure            from `new_figure`
    words : str                the numbers that the picture shows, rounded

    Examples
    --------
    >>> Picture(new_figure(2, 1), "An empty page.")
    An empty page.
    """

    def __init__(self, figure: Figure, words: str):
        self.figure = figure
        self.words = words

    def __repr__(self) -> str:
        return self.words

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        canvas: Any = self.figure.canvas
        canvas.draw()
        return picture_bundle(self.figure, canvas.buffer_rgba(), self.words)
