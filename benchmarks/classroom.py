"""What does it cost to grade a class? Our workers, Dask's and nbgrader, on the same notebooks.

python -m benchmarks.classroom       writes benchmarks/CLASSROOM.md
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, sleep

import psutil

from benchmarks.machine import processor
from course_lib.classroom.__main__ import main
from course_lib.lessons import EXERCISES

PAGE = Path("benchmarks/CLASSROOM.md")
GRADERS = Path(".venv-graders/bin").absolute()
NAMES = ("conv1d_forward", "layer_norm_forward", "relu_forward")
FEW, MANY = 100, 1000
THEIR_FEW, THEIR_MANY = 4, 24  # it takes about a second each
AIM_CPU, AIM_RATIO, AIM_WALL, AIM_MEMORY, AIM_DASK = 25.0, 39.0, 45.0, 1.1, 1.2
CLASS: Sequence[Mapping[str, str]] = (  # what students in turn change in the worked answers
    {},
    {name: EXERCISES[name].alternative for name in NAMES},
    {"relu_forward": "def relu_forward(x):\n    return x"},
    {
        "layer_norm_forward": "def layer_norm_forward(x, weight, bias, eps):\n"
        "    centred = x - x.mean(axis=1, keepdims=True)\n"
        "    return weight * centred / (x.std(axis=1, keepdims=True) + eps) + bias"
    },
    {"conv1d_forward": EXERCISES["conv1d_forward"].stub},
)
AS_ROOT = ("--as-root",) if os.geteuid() == 0 else ()
CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    workers = int(sys.argv[1])
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as made:
        print(made.scheduler_address, flush=True)
        sys.stdin.read()
"""


@dataclass(frozen=True)
class Cost:
    """What a command took, all its processes together."""

    wall: float  # seconds
    cpu: float  # seconds
    memory: float  # MB at most, memory that processes share counted once


def per_submission(runs: Mapping[int, Cost]) -> float:
    """CPU in milliseconds of one more submission: what starting costs falls out."""
    few, many = min(runs), max(runs)
    return 1000 * (runs[many].cpu - runs[few].cpu) / (many - few)


def hand_in(course: Path, count: int) -> None:
    """A class's notebooks, as nbgrader's folder of submissions has them."""
    shutil.rmtree(course / "submitted", ignore_errors=True)
    given = json.loads((course / "ps1/release/ps1.ipynb").read_text(encoding="utf-8"))
    for number in range(count):
        changed = CLASS[number % len(CLASS)]
        for cell in given["cells"]:
            if name := cell["metadata"].get("exercise"):
                cell["source"] = changed.get(name, EXERCISES[name].solution).strip()
        path = course / f"submitted/s{number:04}/ps1/ps1.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(given), encoding="utf-8")


def cost(command: Sequence[str | Path], course: Path, others: int | None = None) -> Cost:
    """Run a command and measure it, and with it the processes of a cluster that work for it."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    env |= {"HOME": str(course), "COURSE_LIB_PROGRESS": str(course / "progress.json")}
    env["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{env['PATH']}"  # nbgrader calls alembic
    before, most, start = _cpu(others), 0.0, perf_counter()
    with (course / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=course, env=env, stdout=log, stderr=log)
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            most = max(most, _memory(process.pid) + _memory(others))
            sleep(0.2)
    wall = perf_counter() - start
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError((course / "log").read_text())
    made = Cost(wall, used.ru_utime + used.ru_stime + _cpu(others) - before, most)
    print(*map(str, command[1:]), made, flush=True)
    return made


def _family(pid: int | None) -> Iterator[psutil.Process]:
    if pid is not None:
        parent = psutil.Process(pid)
        yield from (parent, *parent.children(recursive=True))


def _cpu(pid: int | None) -> float:
    """Seconds of a process, of those it has started and of those that have ended."""
    return sum(sum(process.cpu_times()[:4]) for process in _family(pid))


def _memory(pid: int | None) -> float:
    total = 0
    try:
        for process in _family(pid):
            total += process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        pass  # it has ended meanwhile
    return total / 1e6


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, int]]:
    """A scheduler with workers on this computer: its address and the process that holds them."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "cluster.py")
        program.write_text(CLUSTER)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, str(program), str(workers)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, **pipes) as made:
            yield made.stdout.readline().strip(), made.pid
            made.stdin.close()


def ours(course: Path, *how: str, others: int | None = None) -> Cost:
    """Grade a class with our `grade`."""
    shutil.rmtree(course / "ps1/results", ignore_errors=True)
    program = [sys.executable, "-m", "course_lib.classroom", "grade", "ps1", "submitted"]
    return cost([*program, *AS_ROOT, *how], course, others)


def theirs(course: Path, count: int) -> Cost:
    """Grade a class with nbgrader's `autograde`."""
    hand_in(course, count)
    shutil.rmtree(course / "autograded", ignore_errors=True)
    (course / "gradebook.db").unlink(missing_ok=True)
    nbgrader = GRADERS / "nbgrader"
    cost([nbgrader, "generate_assignment", "ps1", "--force"], course)
    return cost([nbgrader, "autograde", "ps1"], course)


def measure(course: Path) -> dict[str, dict[int, Cost]]:
    """Every way of grading, with a small class and a large one."""
    runs: dict[str, dict[int, Cost]] = {}
    main(["new", str(course / "ps1"), "--exercises", *NAMES])
    main(["release", str(course / "ps1"), "--to", "plain", "nbgrader"])
    shutil.copytree(course / "ps1/release/source", course / "source")
    runs["nbgrader"] = {count: theirs(course, count) for count in (THEIR_FEW, THEIR_MANY)}
    for count in (FEW, MANY):
        hand_in(course, count)
        for workers in (1, 2):
            row = runs.setdefault(f"{_so_many(workers)}", {})
            row[count] = ours(course, "--workers", str(workers))
            row = runs.setdefault(f"Dask, {_so_many(workers)}", {})
            with cluster(workers) as (address, pid):
                row[count] = ours(course, "--scheduler", address, others=pid)
    return runs


def _so_many(workers: int) -> str:
    return "one worker" if workers == 1 else "two workers"


def aims(runs: Mapping[str, Mapping[int, Cost]]) -> Iterator[tuple[str, str, str, bool]]:
    """What was to come out: what, measured, aim, whether it did."""
    one, two, dask = (runs[name] for name in ("one worker", "two workers", "Dask, two workers"))
    cpu = per_submission(one)
    yield "CPU of a submission", f"{cpu:.1f} ms", f"≤ {AIM_CPU:.0f} ms", cpu <= AIM_CPU
    ratio = per_submission(runs["nbgrader"]) / cpu
    yield "nbgrader's CPU to ours", f"{ratio:.0f} times", f"≥ {AIM_RATIO:.0f}", ratio >= AIM_RATIO
    wall, most = two[MANY].wall, f"≤ {AIM_WALL:.0f} s"
    yield f"{MANY} submissions, two workers", f"{wall:.0f} s", most, wall <= AIM_WALL
    grown = two[MANY].memory / two[FEW].memory
    what = f"memory at {MANY} to memory at {FEW}, two workers"
    yield what, f"{grown:.2f}", f"≤ {AIM_MEMORY}", grown <= AIM_MEMORY
    longer = dask[MANY].wall / wall
    what = "time of two Dask workers to that of two of our own"
    yield what, f"{longer:.2f}", f"≤ {AIM_DASK}", longer <= AIM_DASK


def page(runs: Mapping[str, Mapping[int, Cost]], facts: Mapping[str, str]) -> str:
    """The results as Markdown."""
    verdicts = _table((*row, "met" if met else "**missed**") for *row, met in aims(runs))
    costs = _table(
        (name, n, f"{c.wall:.1f}", f"{c.cpu:.1f}", f"{c.memory:.0f}", f"{1000 * c.cpu / n:.1f}")
        for name, row in runs.items()
        for n, c in row.items()
    )
    more = _table((name, f"{per_submission(row):.1f}") for name, row in runs.items())
    return f"""\
# What does it cost to grade a class?

| what | measured | aim | verdict |
|---|---:|---:|---|
{verdicts}

A submission is a notebook with three exercises: {", ".join(f"`{name}`" for name in NAMES)}. Of five
students one has the worked answers, one other right answers in loops, one a mistake that has a
name, one a mistake that has none, and one has left an exercise out. nbgrader's `autograde` grades
the same notebooks in the same run, with the tests that `release --to nbgrader` writes; the tests of
the course compare its marks with ours. It is given fewer, since it takes longer.

CPU is user and system time of all processes together: the command, its workers, the sandbox,
students' code, kernels, Dask's scheduler and workers. Memory is the most that all of them held at
once, what they share counted once. Wall is the whole command with its start, and depends on what
else the computer does; the workers of Dask were there before.

| graded by | submissions | wall, s | CPU, s | memory, MB | CPU each, ms |
|---|---:|---:|---:|---:|---:|
{costs}

One more submission, from the difference of the two sizes: what starting costs falls out.

| graded by | CPU of one more, ms |
|---|---:|
{more}

## Measured on

| what | here |
|---|---|
{_table(facts.items())}

Written by `make bench-classroom`; do not edit.
"""


def _table(rows: Iterable[Sequence[object]]) -> str:
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _facts(busy: tuple[float, float]) -> dict[str, str]:
    command = [GRADERS / "python", "-c", "import nbgrader; print(nbgrader.__version__)"]
    theirs = subprocess.run(command, capture_output=True, text=True, check=True)
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "sandlock", "distributed")},
        "nbgrader": theirs.stdout.strip(),
        "processes that wanted a core, before and after": f"{busy[0]:.1f}, {busy[1]:.1f}",
    }


if __name__ == "__main__":
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        runs = measure(Path(name))
    text = page(runs, _facts((before, os.getloadavg()[0])))
    PAGE.write_text(text, encoding="utf-8")
    print(text)
