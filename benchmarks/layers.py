"""Every case in both libraries: do they agree, and how long does each take?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks import ours, peer
from benchmarks.cases import OPTIMIZERS, Case
from benchmarks.ours import Trial
from benchmarks.timing import interleave

LIBRARIES = {ours.Ours.title: ours, peer.Torch.title: peer}
TOLERANCE = 1e-4  # of the largest value: float32 sums of thousands of terms, in different orders


@dataclass(frozen=True)
class Result:
    """Seconds per call of one case, as {"course_lib": ..., "PyTorch": ...}."""

    case: Case
    forward: dict[str, float] | None
    step: dict[str, float]

    @property
    def ratio(self) -> float:
        return ratio(self.step)


def ratio(seconds: dict[str, float]) -> float:
    """Our time over PyTorch's: below 1 is faster."""
    return seconds[ours.Ours.title] / seconds[peer.Torch.title]


@contextmanager
def one_thread() -> Iterator[None]:
    """Both libraries on one thread: two on a busy machine wait for each other."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield


def trial(case: Case, title: str) -> Trial:
    """One library at the case; the weights, inputs and output gradient are the same for both."""
    library = LIBRARIES[title]
    if case.name in OPTIMIZERS:
        return library.optimizer_trial(case)
    inputs, layer = case.draw(), case.build(ours.Ours())
    shape = np.shape(layer(*(x[:2] for x in inputs), **case.call))  # two examples tell
    shape = (len(inputs[0]), *shape[1:]) if shape else ()
    dy = np.asarray(np.random.default_rng(2).normal(size=shape), np.float32)
    if library is peer:
        layer = peer.with_weights(case.build(peer.Torch()), layer.state_dict())
    return library.layer_trial(layer, inputs, dy, case.call)


def measure(case: Case, **options: Any) -> Result:
    """Check that both libraries give the same answers, then time them in turns."""
    pair = {title: trial(case, title) for title in LIBRARIES}
    if "dropout" not in case.title.lower():  # whose masks are random
        check_agreement(str(case), *(trial.answers() for trial in pair.values()))
    runs = {("step", title): trial.step for title, trial in pair.items()}
    runs |= {("forward", title): trial.forward for title, trial in pair.items() if trial.forward}
    seconds = interleave(runs, **options)
    step, forward = (
        {title: s for (kind, title), s in seconds.items() if kind == wanted}
        for wanted in ("step", "forward")
    )
    return Result(case, forward or None, step)


def check_agreement(what: str, answers: dict, reference: dict) -> None:
    """Raise unless every array agrees to float32's precision."""
    if answers.keys() != reference.keys():
        raise ValueError(f"{what}: {list(answers)} in one library, {list(reference)} in the other.")
    for name, array in answers.items():
        difference = np.abs(array - reference[name]).max()
        if not difference <= TOLERANCE * max(np.abs(reference[name]).max(), 1e-3):
            raise ValueError(f"{what}: {name} differs by {difference}.")
