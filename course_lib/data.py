"""Real data that comes with scikit-learn, so that nothing is downloaded: digits and photographs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from course_lib.errors import check_choice, check_dtype, check_flag, check_generator, check_int
from course_lib.record import Array

PHOTOGRAPHS = ("china", "flower")


class Split(NamedTuple):
    """Examples to learn from, and examples held out to test with."""

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array


def digits(*, rng: np.random.Generator, num_test: int = 450, dtype: Any = np.float32) -> Split:
    """1797 handwritten digits, 8×8 grey pixels from 0 to 1, split at random.

    Parameters
    ----------
    rng : numpy.random.Generator     draws the split
    num_test : int                   examples held out

    Returns
    -------
    Split with x (N, 1, 8, 8) and y (N,) integers from 0 to 9

    Raises
    ------
    TypeError       if rng is no generator, or num_test or dtype not of its kind
    ValueError      if no example would be left to learn from or to test with

    Source: Alpaydin and Kaynak, 1998, Optical recognition of handwritten digits (UCI).

    Examples
    --------
    >>> data = digits(rng=np.random.default_rng(0))
    >>> data.x_train.shape, data.y_test.shape
    ((1347, 1, 8, 8), (450,))
    """
    from sklearn.datasets import load_digits

    check_generator("digits", rng)
    check_int("digits", "num_test", num_test)
    check_dtype("digits", dtype)
    images, labels = load_digits(return_X_y=True)
    if not 0 < num_test < len(labels):
        raise ValueError(
            f"digits: num_test must be between 1 and {len(labels) - 1}, not {num_test}."
        )
    x = (images / 16).reshape(-1, 1, 8, 8).astype(dtype)
    order = rng.permutation(len(labels))
    test, train = order[:num_test], order[num_test:]
    return Split(x[train], labels[train], x[test], labels[test])


def photograph(
    name: str = "china", *, shrink: int = 1, grey: bool = True, dtype: Any = np.float32
) -> Array:
    """A photograph with values from 0 to 1, made smaller by averaging squares of pixels.

    Parameters
    ----------
    name : "china" or "flower"
    shrink : int               side of the squares of pixels that become one
    grey : bool                brightness alone (ITU-R BT.601 weights), else three colour channels

    Returns
    -------
    (H, W) if grey, else (3, H, W)           427×640 at full size

    Raises
    ------
    TypeError       if shrink, grey or dtype is not of its kind
    ValueError      if there is no such photograph, or shrink is below 1 or above its height

    Source: the sample images of scikit-learn, CC BY 2.0: https://www.flickr.com/photos/danielbuechele
    (china) and https://www.flickr.com/photos/vultilion (flower).

    Examples
    --------
    >>> photograph("china", shrink=8).shape, photograph("flower", shrink=8, grey=False).shape
    ((53, 80), (3, 53, 80))
    """
    from sklearn.datasets import load_sample_image

    check_choice("photograph", "name", name, PHOTOGRAPHS)
    check_int("photograph", "shrink", shrink, least=1)
    check_flag("photograph", "grey", grey)
    check_dtype("photograph", dtype)
    image = load_sample_image(f"{name}.jpg") / 255.0  # (H, W, 3)
    height, width = (size // shrink for size in image.shape[:2])
    if not height:
        raise ValueError(f"photograph: at most {len(image)} rows can become one, not {shrink}.")
    image = image[: height * shrink, : width * shrink]
    image = image.reshape(height, shrink, width, shrink, 3).mean(axis=(1, 3))
    if grey:
        return (image @ np.array([0.299, 0.587, 0.114])).astype(dtype)
    return np.ascontiguousarray(image.transpose(2, 0, 1)).astype(dtype)
