"""How long does it take? Run the candidates in turn and keep the fastest round of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

Clock = Callable[[], float]


def interleave(
    candidates: Mapping[str, Callable[[], Any]],
    *,
    seconds: float = 0.5,
    least_rounds: int = 12,
    sample: float = 1e-3,
    clock: Clock = perf_counter,
) -> dict[str, float]:
    """Seconds per call of each candidate: the fastest of many rounds in which all take turns.

    A round calls every candidate for about `sample` seconds, the slow ones once. Whatever else the
    machine does only adds time, so the fastest round is what comes out alike in every run; taking
    turns lets a slow spell, or a change of the processor's clock, strike all candidates.
    """
    counts = {name: _calls_within(sample, run, clock) for name, run in candidates.items()}
    fastest = dict.fromkeys(candidates, math.inf)
    start, rounds = clock(), 0
    while rounds < least_rounds or clock() - start < seconds:
        for name, run in candidates.items():
            fastest[name] = min(fastest[name], _time(run, counts[name], clock))
        rounds += 1
    return fastest


def _calls_within(sample: float, run: Callable[[], Any], clock: Clock) -> int:
    run()  # warm-up: first calls fill caches and choose kernels
    return max(1, round(sample / max(_time(run, 3, clock), 1e-9)))


def _time(run: Callable[[], Any], count: int, clock: Clock) -> float:
    start = clock()
    for _ in range(count):
        run()
    return (clock() - start) / count


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean for ratios: twice as fast and twice as slow cancel.

    Examples
    --------
    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    logs = [math.log(ratio) for ratio in ratios]
    return math.exp(math.fsum(logs) / len(logs))


def growth_exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The slope p of the straight line through log(time) against log(size): time grows as size**p.

    Examples
    --------
    >>> round(growth_exponent([1, 10, 100], [3, 300, 30000]), 6)
    2.0
    """
    x, y = [math.log(s) for s in sizes], [math.log(t) for t in times]
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    covariance = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / math.fsum((a - mean_x) ** 2 for a in x)
