"""How does the time of a layer grow with the size of its input, over three decades?"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.cases import ATTENTIONS, CONVOLUTIONS, LENGTHS, SIDES, Case
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
    sizes = tuple(side * side for side in SIDES)
    return Growth("Conv2d(8, 8, 3)", "pixels", "1", sizes, _measure(CONVOLUTIONS))


def attention() -> Growth:
    title = "MultiHeadAttention(32, 2)"
    return Growth(title, "tokens", "2", LENGTHS, _measure(ATTENTIONS))


def _measure(cases: tuple[Case, ...]) -> tuple[Result, ...]:
    return tuple(measure(case) for case in cases)
