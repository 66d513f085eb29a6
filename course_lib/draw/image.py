"""Images of one's own: grey or in colour, read, made small, and turned into the pixels shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.record import Array

LEAST = 8  # pixels along each side
BT601 = np.array([0.299, 0.587, 0.114])  # how much red, green and blue add to brightness (ITU-R)


def read_image(name: str, image: Any) -> Array:
    """An image with values from 0 to 1, whatever it was given as.

    Parameters
    ----------
    name : str                             of the function that errors name
    image : (H, W), (3, H, W) or (H, W, 3)     floats from 0 to 1, or whole numbers from 0 to 255

    Returns
    -------
    (H, W) or (3, H, W)                    float64

    Raises
    ------
    ValueError                             if it has another shape or other values

    Examples
    --------
    >>> read_image("f", np.full((8, 9, 3), 255, np.uint8)).shape
    (3, 8, 9)
    """
    array = np.asarray(image)
    colours_last = array.ndim == 3 and array.shape[-1] == 3 and array.shape[0] != 3
    array = np.moveaxis(array, -1, 0) if colours_last else array
    if array.ndim not in (2, 3) or array.shape[:-2] not in ((), (3,)) or not array.size:
        raise ValueError(
            f"{name}: image has shape {np.shape(image)}; it must be (H, W), or (3, H, W) or "
            "(H, W, 3) in colour."
        )
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name}: image holds {array.dtype}; it must hold numbers.")
    whole = array.dtype.kind in "iu"
    array = array / 255 if whole else array.astype(float)
    if not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"{name}: image has values from {np.min(image)} to {np.max(image)}; they must be "
            f"from 0 to {255 if whole else 1}. Divide by the largest value there can be."
        )
    return array


def fit_image(name: str, image: Array, rows: int, columns: int, *, grey: bool = True) -> Array:
    """An image made small enough by averaging squares of pixels.

    Parameters
    ----------
    name : str                     of the function that errors name
    image : (H, W), (3, H, W) or (H, W, 3)
    rows, columns : int            as many pixels as there is room for
    grey : bool                    brightness alone; else three channels, which need colour

    Returns
    -------
    (rows or less, columns or less) if grey, else (3, rows or less, columns or less)

    Raises
    ------
    ValueError                     if it is no image, smaller than 8 by 8, or lacks the colours

    Examples
    --------
    >>> fit_image("f", np.zeros((100, 60)), 24, 32).shape
    (20, 12)
    """
    array = read_image(name, image)
    height, width = array.shape[-2:]
    square = max(1, -(-height // rows), -(-width // columns))
    small = height // square, width // square
    if min(small) < LEAST:
        raise ValueError(
            f"{name}: image is {height} by {width} and would be {small[0]} by {small[1]} here; it "
            f"must have at least {LEAST} rows and columns. Cut out a part that is less narrow."
        )
    array = array[..., : small[0] * square, : small[1] * square]
    array = array.reshape(*array.shape[:-2], small[0], square, small[1], square).mean(axis=(-3, -1))
    if grey:
        return array if array.ndim == 2 else np.tensordot(BT601, array, 1)
    if array.ndim == 2:
        raise ValueError(f"{name}: image has shape {np.shape(image)}; it must be in colour.")
    return array


def pixels(image: Array) -> Array:
    """An image with values from 0 to 1, (H, W) or (3, H, W), as pixels (H, W, 4) of uint8."""
    colours = np.moveaxis(np.broadcast_to(image, (3, *image.shape[-2:])), 0, -1)
    opaque = np.full((*colours.shape[:2], 4), 255, np.uint8)
    opaque[..., :3] = np.rint(255 * colours)
    return opaque
