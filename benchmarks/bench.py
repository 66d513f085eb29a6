"""Time course_lib and PyTorch side by side.

    python -m benchmarks.bench             # everything, and write RESULTS.md
    python -m benchmarks.bench Conv2d      # only the rows that name Conv2d; nothing is written

The process must start with one thread; `make bench` sees to that.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import end_to_end, growth, machine, memory
from benchmarks.cases import CASES
from benchmarks.layers import LIBRARIES, Result, measure, one_thread, ratio
from benchmarks.report import Measurements, page, seconds_of

RESULTS = Path(__file__).parent / "RESULTS.md"


def layers(wanted: str = "") -> list[Result]:
    results = []
    for case in CASES:
        if wanted in case.title:
            results.append(measure(case))
            print(_line(f"{case.size} {case}", results[-1].step), flush=True)
    return results


def everything() -> Measurements:
    # first, while this process is small: a new process starts as a copy of this one
    used = {
        case: {title: memory.step_growth(case, title) for title in LIBRARIES}
        for case in memory.memory_cases()
    }
    results = layers()
    tasks = {}
    for task in end_to_end.TASKS:
        tasks[task.title] = end_to_end.compare(task)
        print(_line(task.title, seconds_of(tasks[task.title])), flush=True)
    grown = (growth.convolution(), growth.attention())
    return Measurements(machine.describe(), results, tasks, used, grown)


def _line(what: str, seconds: dict[str, float]) -> str:
    times = "  ".join(f"{s * 1e6:12.1f} µs" for s in seconds.values())
    return f"{what:85.85} {times} {ratio(seconds):6.2f}"


if __name__ == "__main__":
    with one_thread():
        if len(sys.argv) > 1:
            layers(sys.argv[1])
        else:
            RESULTS.write_text(page(everything()), encoding="utf-8")
            print(f"Written to {RESULTS.relative_to(Path.cwd())}.")
