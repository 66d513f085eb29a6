"""What one output has read: its gradient, by the layer's own way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.record import Array


def read_by(y: Array, backward: Callable[[Array], Any], place: Sequence[int]) -> Any:
    """The gradient of y[place] alone: where it is not 0, this output reads that input or weight.

    Examples
    --------
    >>> from course_lib.linear import linear
    >>> y, backward = linear(np.array([[1.0, 2.0]]), np.array([[3.0, 0.0], [0.0, 5.0]]))
    >>> dx, dweight, _ = read_by(y, backward, (0, 1))
    >>> dx, dweight
    (array([[0., 5.]]), array([[0., 0.],
           [1., 2.]]))
    """
    dy = np.zeros_like(y)
    dy[tuple(place)] = 1
    return backward(dy)


def cell_at(
    over: Sequence[float] | None, shape: tuple[int, int], left: float = 0, top: float = 0
) -> tuple[int, int] | None:
    """The cell (row, column) of a grid that a place (x, y) lies on, or None beside it.

    `left` and `top` are where the grid begins on its panel.

    Examples
    --------
    >>> cell_at((2.5, 0.1), (3, 4)), cell_at((4.5, 0.1), (3, 4)), cell_at(None, (3, 4))
    ((0, 2), None, None)
    """
    if over is None:
        return None
    row, column = int(np.floor(over[1] - top)), int(np.floor(over[0] - left))
    return (row, column) if 0 <= row < shape[0] and 0 <= column < shape[1] else None
