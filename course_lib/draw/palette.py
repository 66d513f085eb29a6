"""Six colours with one meaning each for the whole course, and the colour scales of heat maps.

All but `HIGHLIGHT` are from the six-colour sequence of Petroff, 2021, arXiv:2107.02270; readers
with any kind of colour vision can tell all six, and the ends of the signed scale, apart. As thin
marks on white they are paired with a dark or a white edge; words are always written in `INK`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import matplotlib
import numpy as np
from matplotlib.colors import to_rgba

from course_lib.record import Array

DATA = "#5790fc"  # what comes in: inputs, windows, targets
WEIGHT = "#f89c20"  # what is learned: kernels, weights, biases
OUTPUT = "#7a21dd"  # what comes out: products, outputs, predictions
GRADIENT = "#e42536"  # what flows back
HIGHLIGHT = "#ffe119"  # look here
MUTED = "#9c9ca1"  # padding, masked, switched off

INK = "#1f2328"
PAPER = "#ffffff"

SIGNED = "PiYG"  # pink below zero, white at zero, green above: hues of no role
BELOW, ABOVE = "#8e0152", "#276419"  # its ends
ONE_SIGNED = "viridis"


def rgba(colour: str) -> Array:
    """A colour's name or code as the four bytes that heat maps are made of.

    Examples
    --------
    >>> rgba("#ff8000")
    array([255, 128,   0, 255], dtype=uint8)
    """
    return np.rint(255 * np.array(to_rgba(colour))).astype(np.uint8)


def tint(colour: str, share: float = 0.5) -> Array:
    """A colour mixed with the paper's white, as four bytes: numbers stay readable on it.

    Examples
    --------
    >>> tint("#ff8000")
    array([255, 192, 128, 255], dtype=uint8)
    """
    return np.rint(share * rgba(colour) + (1 - share) * rgba(PAPER)).astype(np.uint8)


def luminance(colours: Array) -> Array:
    """How bright colours look, from 0 for black to 1 for white (WCAG 2's relative luminance).

    Parameters
    ----------
    colours : (..., 3) or (..., 4)     uint8; an opacity is ignored

    Returns
    -------
    (...)

    Examples
    --------
    >>> luminance(np.array([[0, 0, 0], [255, 255, 255]], np.uint8)).round(3)
    array([0., 1.])
    """
    return _LINEAR[colours[..., :3]] @ np.array([0.2126, 0.7152, 0.0722])


_SRGB = np.arange(256) / 255
_LINEAR = np.where(_SRGB <= 0.04045, _SRGB / 12.92, ((_SRGB + 0.055) / 1.055) ** 2.4)


def needs_white_ink(colours: Array) -> Array:
    """Where white digits stand out more than black ones; the better ink has a contrast above 4.5.

    Examples
    --------
    >>> needs_white_ink(np.array([[20, 20, 90], [250, 220, 90]], np.uint8))
    array([ True, False])
    """
    # (L + 0.05) / 0.05 against black equals 1.05 / (L + 0.05) against white at L = 0.179
    return luminance(colours) < 0.179


@dataclass(frozen=True)
class Scale:
    """Which colour stands for which value; values beyond the ends take the colour at the end.

    Parameters
    ----------
    low, high : float
    colormap : str             the name of a Matplotlib colour map

    Examples
    --------
    >>> Scale(0, 1, "gray")(np.array([0.0, 1.0, 2.0]))[:, 0]
    array([  0, 255, 255], dtype=uint8)
    """

    low: float
    high: float
    colormap: str = ONE_SIGNED

    @property
    def signed(self) -> bool:
        """Whether colours stand for signs."""
        return self.colormap == SIGNED

    def __call__(self, values: Array) -> Array:  # (...) -> (..., 4) uint8, opaque
        span = (self.high - self.low) or 1.0
        steps = (np.asarray(values) - self.low) * (256 / span)
        return _table(self.colormap)[np.clip(steps, 0, 255).astype(int)]


def signed_scale(limit: float) -> Scale:
    """Pink below zero, white at zero, green above; full colour at -limit and limit.

    Examples
    --------
    >>> pink, white, green = signed_scale(2.0)(np.array([-2.0, 0.0, 2.0]))
    >>> bool(pink[0] > pink[1]), white[:3].tolist(), bool(green[1] > green[0])
    (True, [246, 246, 246], True)
    """
    return Scale(-(limit or 1.0), limit or 1.0, SIGNED)


@lru_cache
def _table(colormap: str) -> Array:  # (256, 4); asking Matplotlib each time takes ten times longer
    return matplotlib.colormaps[colormap](np.arange(256), bytes=True)


def chequered(rows: int, columns: int) -> Array:
    """The colours of padding, (rows, columns, 4): a pattern that no photograph has."""
    light, dark = (rgba(PAPER) // 6 * (6 - k) + rgba(MUTED) // 6 * k for k in (1, 4))
    odd = np.indices((rows, columns)).sum(axis=0) % 2 == 1
    return np.where(odd[..., None], light, dark) | np.array([0, 0, 0, 255], np.uint8)
