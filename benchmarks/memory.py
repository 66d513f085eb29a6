"""How much memory does one training step take at its peak? Each measurement has its own process.

python -m benchmarks.memory course_lib 4        # the fourth case, in bytes
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable

import numpy as np

from benchmarks.cases import CASES, Case

ROWS = ("Conv2d 3×3", "MultiHeadAttention", "BatchNorm2d")


def memory_cases() -> list[Case]:
    """The large cases whose memory is worth a look."""
    return [case for case in CASES if case.size == "large" and case.title in ROWS]


def step_growth(case: Case, title: str) -> int:
    """Bytes by which a training step in a new process raises its peak: the least of three."""
    command = [sys.executable, "-m", "benchmarks.memory", title, str(CASES.index(case))]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(3)]
    return min(int(run.stdout) for run in runs)


def peak() -> int:
    """The most memory this process ever had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def growth(step: Callable[[], object], warm_up: Callable[[], object]) -> int:
    """By how much `step` raises the peak, after `warm_up` has loaded the code that it runs."""
    warm_up()
    before, ballast = peak(), []
    while peak() == before:  # fill up to the old peak, so that every further byte shows
        ballast.append(np.ones(2**16))
    before = peak()
    answer = step()  # held, so that the gradients count
    after = peak()
    del answer
    return after - before


if __name__ == "__main__":
    from benchmarks.layers import one_thread, trial

    title, index = sys.argv[1], int(sys.argv[2])
    with one_thread():
        case = CASES[index]
        small = next(c for c in CASES if c.title == case.title and c.size == "tiny")
        print(growth(trial(case, title).step, trial(small, title).step))
