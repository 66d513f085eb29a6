"""A figure with its words: it shows as PNG, prints as text, and needs no window system."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from html import escape
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from course_lib.record import Array

CSS_DPI = 96  # pixels of a web page per inch
PRINT_DPI = 144  # what is committed: sharp in print, moderate in size


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure of so many inches, drawn by Agg and unknown to pyplot."""
    figure = Figure(figsize=(width, height), dpi=PRINT_DPI)
    FigureCanvasAgg(figure)
    return figure


def encode_png(pixels: Any) -> bytes:
    """Pixels as a small PNG, the same on every machine with the same zlib.

    Each row is stored as its difference from the row above (filter 2 of the PNG specification),
    which is mostly zeros in a picture made of cells and lines.

    Parameters
    ----------
    pixels : (height, width, 4)     uint8

    Returns
    -------
    bytes
    """
    pixels = np.asarray(pixels)
    height, width = pixels.shape[:2]
    image = pixels.reshape(height, -1)
    rows = np.full((height, 1 + image.shape[1]), 2, np.uint8)  # each row begins with its filter
    rows[0, 1:] = image[0]
    np.subtract(image[1:], image[:-1], out=rows[1:, 1:])  # modulo 256, as the format wants it
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits of R, G, B and A
    data = zlib.compress(rows, level=9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", data)
        + _chunk(b"IEND", b"")
    )


def changed_rows(pixels: Array, before: Array) -> Array:
    """Which rows of a picture differ from those of the one before.

    Parameters
    ----------
    pixels, before : (height, width, 4)     uint8

    Returns
    -------
    (height,)                               bool

    Examples
    --------
    >>> before = np.zeros((3, 2, 4), np.uint8)
    >>> pixels = before.copy()
    >>> pixels[1, 1] = 255
    >>> changed_rows(pixels, before)
    array([False,  True, False])
    """
    return (pixels.view(np.uint32) != before.view(np.uint32)).any(axis=(1, 2))  # four at once


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def picture_bundle(figure: Figure, pixels: Any, words: str, caption: str = "") -> tuple[dict, dict]:
    """What a notebook stores of a picture: PNG and words, and both as HTML.

    Of an image alone, JupyterLab and nbconvert would show no alternative text. `caption` stands
    below the picture on a page.
    """
    png = encode_png(pixels)
    width = round(figure.get_figwidth() * CSS_DPI)
    image = (
        f'<img alt="{escape(words)}" width="{width}" style="max-width: 100%; height: auto;" '
        f'src="data:image/png;base64,{b64encode(png).decode()}">'
    )
    below = escape(caption).replace("\n", "<br>")
    page = f'{image}<p style="max-width: 46em;">{below}</p>' if caption else image
    bundle = {"image/png": png, "text/html": page, "text/plain": words}
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
