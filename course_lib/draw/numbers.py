"""Numbers as every picture and its words write them: few digits, and zero without a sign."""

from __future__ import annotations

import numpy as np

from course_lib.record import Array


def number(value: float, decimals: int = 2) -> str:
    """A number rounded to `decimals` places, less for large ones; never "-0.00".

    A sum taken in another order may differ in its last digit. So we round to nine places first:
    otherwise one of the two might be written as 0.30 and the other as 0.31.

    Examples
    --------
    >>> number(-0.001), number(0.126), number(-12.34), number(321.9)
    ('0.00', '0.13', '-12.3', '322')
    >>> number(0.305), number(0.305 + 1e-16)
    ('0.30', '0.30')
    """
    value = round(float(value), 9)
    size = abs(value)
    places = max(0, decimals - (size >= 9.995) - (size >= 99.95))
    return f"{round(value, places) + 0.0:.{places}f}"


def numbers(values: Array) -> list[list[str]]:
    """A grid of numbers; a grid of nothing but whole numbers goes without decimals.

    Examples
    --------
    >>> numbers(np.array([[-1.0, 8.0]])), numbers(np.array([[0.5, 8.0]]))
    ([['-1', '8']], [['0.50', '8.00']])
    """
    decimals = 0 if np.array_equal(values, np.round(values)) else 2
    return [[number(value, decimals) for value in row] for row in values]
