"""The page that a run writes: what came out first, then every number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.cases import SIZES, Case
from benchmarks.end_to_end import EARLY_STEPS, EARLY_TOLERANCE, LATE_TOLERANCE, Outcome
from benchmarks.growth import Growth
from benchmarks.layers import Result, ratio
from benchmarks.ours import Ours
from benchmarks.peer import Torch
from benchmarks.timing import geometric_mean

# What we want; the page says whether it came out
MOST_ON_AVERAGE = {"tiny": 0.60, "course": 0.85, "large": 0.85}
MOST_FOR_A_LAYER = 3.0
MOST_END_TO_END = 0.95
MOST_MEMORY = 1.5
DIGITS_ACCURACY, DIGITS_SECONDS = 0.98, 2.0
WORTH_NAMING = 1.1

METHOD = """\
- Both libraries run in one process, on one thread, and take turns: a round calls each for about a
  millisecond (slow cases once), after a warm-up; at least twelve rounds. The time of a case is its
  **fastest round**: other work on the machine only adds time, so the minimum is what comes out
  alike in the next run.
- Both have the same weights, inputs and output gradients. Before a case is timed, its output and
  all its gradients must agree (Dropout apart, whose masks are random).
- *Forward* is the layer's use without a way back: `layer(x)` here, `torch.no_grad()` there.
  *Forward + backward* gives the gradients of the input and all parameters: `backward(dy)` here,
  `torch.autograd.grad` there. An optimizer's figure is one step.
- PyTorch runs as it comes: eager, no `torch.compile`, no channels-last, no fused Adam. NumPy's BLAS
  chooses its kernels itself.
- *Tiny* is what a slider runs, *course* a layer of the notebooks with a batch of 64, *large* a
  layer whose arrays outgrow the second-level cache."""


@dataclass(frozen=True)
class Measurements:
    """Everything that one run measured."""

    machine: dict[str, str]
    results: Sequence[Result]
    tasks: dict[str, dict[str, list[Outcome]]]
    memory: dict[Case, dict[str, int]]
    growth: Sequence[Growth]


def page(m: Measurements) -> str:
    """The whole page, in Markdown."""
    parts = [_summary(m), _method(m), _layers(m), _tasks(m), _memory(m), _growth(m), _all(m)]
    return "\n\n".join(parts) + "\n"


def seconds_of(outcomes: dict[str, list[Outcome]]) -> dict[str, float]:
    """The fastest training of each library; all of them take the same steps."""
    return {title: min(o.seconds for o in runs) for title, runs in outcomes.items()}


def _summary(m: Measurements) -> str:
    lines = ["# course_lib and PyTorch side by side", ""]
    lines += ["Written by `make bench`. A ratio is course_lib's time over PyTorch's: below 1 is"]
    lines += ["faster. One thread, float32, forward and backward unless said otherwise.", ""]
    rows = []
    for size in SIZES:
        ratios = [r.ratio for r in m.results if r.case.size == size]
        mean, most = geometric_mean(ratios), MOST_ON_AVERAGE[size]
        what = f"{size} layers, geometric mean of {len(ratios)} cases"
        rows.append((what, f"{mean:.2f}", f"≤ {most:.2f}", _met(mean <= most)))
    grouped = [r for r in m.results if "grouped" in r.case.title]
    others = [r for r in m.results if r not in grouped]
    slowest = max(others, key=lambda r: r.ratio)
    what = f"slowest layer: {slowest.case.title}, {slowest.case.size}"
    limit = f"≤ {MOST_FOR_A_LAYER:.0f}"
    rows.append((what, f"{slowest.ratio:.2f}", limit, _met(slowest.ratio <= MOST_FOR_A_LAYER)))
    for r in grouped:
        rows.append((f"{r.case.title}, {r.case.size}", f"{r.ratio:.2f}", "", "reported"))
    for title, outcomes in m.tasks.items():
        r = ratio(seconds_of(outcomes))
        what = f"whole training: {title}"
        rows.append((what, f"{r:.2f}", f"≤ {MOST_END_TO_END}", _met(r <= MOST_END_TO_END)))
    digits = m.tasks["CNN on digits"]
    right = _mean(o.accuracy for o in digits[Ours.title])
    seconds = seconds_of(digits)[Ours.title]
    met = right >= DIGITS_ACCURACY and seconds <= DIGITS_SECONDS
    aim = f"≥ {DIGITS_ACCURACY:.0%} in ≤ {DIGITS_SECONDS:.0f} s"
    rows.append(
        ("test accuracy of the CNN on digits", f"{right:.1%} in {seconds:.2f} s", aim, _met(met))
    )
    convolution = next(case for case in m.memory if case.name == "Conv2d")
    r = ratio(m.memory[convolution])
    rows.append(
        ("memory of the large convolution", f"{r:.2f}", f"≤ {MOST_MEMORY}", _met(r <= MOST_MEMORY))
    )
    lines += [_table(("what", "measured", "aim", "verdict"), rows), "", *_losses_to_pytorch(m)]
    return "\n".join(lines)


def _losses_to_pytorch(m: Measurements) -> list[str]:
    slower = sorted((r for r in m.results if r.ratio > WORTH_NAMING), key=lambda r: -r.ratio)
    titles = dict.fromkeys(r.case.title for r in slower)  # the slowest of ours first
    rows = [
        (title, ", ".join(f"{r.case.size} {r.ratio:.1f}" for r in slower if r.case.title == title))
        for title in titles
    ]
    tasks = [title for title, o in m.tasks.items() if ratio(seconds_of(o)) > 1]
    forward = [ratio(r.forward) > 1 for r in m.results if r.forward is not None]
    return [
        "### Where PyTorch is faster",
        "",
        f"In {sum(r.ratio > 1 for r in m.results)} of {len(m.results)} layer cases; those with a "
        f"ratio above {WORTH_NAMING}, ours slowest first:",
        "",
        _table(("layer", "ratio"), rows),
        "",
        f"Whole trainings: {', '.join(tasks) or 'none'}. Forward alone: {sum(forward)} of "
        f"{len(forward)} cases; our forward pass always prepares the way back, PyTorch's does not "
        "under `no_grad`.",
    ]


def _method(m: Measurements) -> str:
    return f"## How it was measured\n\n{_table(('', ''), m.machine.items())}\n\n{METHOD}"


def _layers(m: Measurements) -> str:
    titles = list(dict.fromkeys(r.case.title for r in m.results))
    found = {(r.case.title, r.case.size): f"{r.ratio:.2f}" for r in m.results}
    rows = [(t, *(found.get((t, size), "") for size in SIZES)) for t in titles]
    means = [
        f"**{geometric_mean(r.ratio for r in m.results if r.case.size == size):.2f}**"
        for size in SIZES
    ]
    return "\n".join(
        [
            "## Layers: ratio of forward + backward",
            "",
            _table(("layer", *SIZES), [*rows, ("**geometric mean**", *means)]),
        ]
    )


def _tasks(m: Measurements) -> str:
    rows = []
    for title, outcomes in m.tasks.items():
        ours, theirs = outcomes[Ours.title], outcomes[Torch.title]
        seconds = seconds_of(outcomes)
        gap = max(float(abs(a.losses - b.losses).max()) for a, b in zip(ours, theirs, strict=True))
        rows.append(
            (
                title,
                len(ours[0].losses),
                f"{seconds[Ours.title]:.2f} s",
                f"{seconds[Torch.title]:.2f} s",
                f"{ratio(seconds):.2f}",
                _spread([o.accuracy for o in ours]),
                _spread([o.accuracy for o in theirs]),
                f"{gap:.0e}",
            )
        )
    seeds = len(ours)
    return "\n".join(
        [
            "## Whole trainings",
            "",
            f"Adam with batches of 64, {seeds} seeds, the two libraries in turns from the same",
            "weights on the same batches. The time is the fastest seed's; accuracy on held-out",
            "examples is the mean [least, most]. The run stops unless the losses agree: within",
            f"{EARLY_TOLERANCE:.0e} of the first loss at each of the first {EARLY_STEPS} steps,",
            f"and within {LATE_TOLERANCE:.0e} in the mean of the last tenth. The last column is",
            "the largest difference at any step, to which rounding errors grow.",
            "",
            _table(
                ("task", "steps", "ours", "PyTorch", "ratio", "ours right", "PyTorch right", "gap"),
                rows,
            ),
        ]
    )


def _memory(m: Measurements) -> str:
    rows = [
        (case, *(f"{b / 2**20:.0f} MiB" for b in growth.values()), f"{ratio(growth):.2f}")
        for case, growth in m.memory.items()
    ]
    return "\n".join(
        [
            "## Memory of a training step",
            "",
            "How far one forward and backward pass raises the peak of a new process (its resident",
            "set), with output and gradients held; the least of three processes.",
            "",
            _table(("case", "ours", "PyTorch", "ratio"), rows),
        ]
    )


def _growth(m: Measurements) -> str:
    parts = ["## How time grows with size", ""]
    for g in m.growth:
        rows = [
            (size, _time(r.step[Ours.title]), _time(r.step[Torch.title]), f"{r.ratio:.2f}")
            for size, r in zip(g.sizes, g.results, strict=True)
        ]
        ours, theirs = g.exponents(Ours.title), g.exponents(Torch.title)
        rows.append(("power, all sizes", f"{ours[0]:.2f}", f"{theirs[0]:.2f}", ""))
        rows.append(("power, largest three", f"{ours[1]:.2f}", f"{theirs[1]:.2f}", ""))
        header = (f"{g.title}: {g.unit}", "ours", "PyTorch", "ratio")
        parts += [
            _table(header, rows),
            "",
            f"The work grows with the {g.unit} to the power {g.expected}; small sizes cost a fixed "
            "overhead.",
            "",
        ]
    return "\n".join(parts).rstrip()


def _all(m: Measurements) -> str:
    rows = [
        (
            r.case.size,
            f"`{r.case}`",
            *_times(r.forward),
            *_times(r.step),
        )
        for r in m.results
    ]
    header = ("size", "case", "fwd ours", "PyTorch", "ratio", "fwd+bwd ours", "PyTorch", "ratio")
    return "\n".join(["## Every case", "", _table(header, rows)])


def _times(seconds: dict[str, float] | None) -> tuple[str, str, str]:
    if seconds is None:
        return "", "", ""
    return _time(seconds[Ours.title]), _time(seconds[Torch.title]), f"{ratio(seconds):.2f}"


def _time(seconds: float) -> str:
    """Three digits with a unit that suits them.

    Examples
    --------
    >>> _time(0.0123), _time(4.56e-6)
    ('12.3 ms', '4.56 µs')
    """
    value, unit = (seconds * 1e3, "ms") if seconds >= 1e-3 else (seconds * 1e6, "µs")
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"


def _spread(values: list[float]) -> str:
    return f"{_mean(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


def _table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
