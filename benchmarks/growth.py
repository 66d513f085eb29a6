"""How does the time of a layer grow with the size of its input, over three decades?"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.cases import Case
from benchmarks.layers import Result, measure
from benchmarks.timing import growth_exponent


@dataclass(frozen=True)
class Growth:
    """Forward and backward of one layer at growing sizes, of which `unit` is the name."""

    title: str
    unit: str
    expected: str
    sizes: tuple[int, ...]
    results: tuple[Result, ...]

    def exponents(self, title: str) -> tuple[float, float]:
        """The fitted power of the size: over all sizes, and over the largest three."""
        times = [result.step[title] for result in self.results]
        return growth_exponent(self.sizes, times), growth_exponent(self.sizes[-3:], times[-3:])


def convolution() -> Growth:
    sides = (8, 16, 32, 64, 128, 256)
    cases = [
        Case("Conv2d", "growth", "Conv2d", (8, 8, 3), {"padding": 1}, ((1, 8, side, side),))
        for side in sides
    ]
    sizes = tuple(side * side for side in sides)
    return Growth("Conv2d(8, 8, 3)", "pixels", "1", sizes, _measure(cases))


def attention() -> Growth:
    lengths = (2, 8, 32, 128, 512, 2048)
    cases = [
        Case("MultiHeadAttention", "growth", "MultiHeadAttention", (32, 2), {}, ((1, length, 32),))
        for length in lengths
    ]
    return Growth("MultiHeadAttention(32, 2)", "tokens", "2", lengths, _measure(cases))


def _measure(cases: list[Case]) -> tuple[Result, ...]:
    return tuple(measure(case) for case in cases)
