"""The harness of `make bench`: what it computes and covers; nothing here depends on time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib
from benchmarks.cases import ATTENTIONS, CASES, CONVOLUTIONS, OPTIMIZERS, SIZES
from benchmarks.ours import Ours
from benchmarks.timing import geometric_mean, growth_exponent, interleave
from course_lib.layer import Layer
from course_lib.optimizer import Optimizer

positive = st.floats(1e-3, 1e3)
WITHOUT_WORK = {"Identity", "Flatten", "Layer", "Sequential", "Residual"}
WITHOUT_COUNTERPART = {"RotaryMultiHeadAttention"}  # PyTorch has no such layer
BY_OTHER_NAMES = {
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "CrossEntropyLoss": "cross_entropy",
    "MSELoss": "mse",
}


class FakeClock:
    """A clock that candidates move themselves: no test waits, and none can fail on a busy day."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def takes(self, *seconds: float):
        """A candidate whose calls take the given times in turn; the last one stays."""
        left = list(seconds)

        def run() -> None:
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return run


def test_time_per_call_is_that_of_the_fastest_round():
    clock = FakeClock()
    slow_spell = clock.takes(*[5.0] * 6, 1.0, 5.0)
    assert interleave({"a": slow_spell}, clock=clock)["a"] == pytest.approx(1.0)


def test_quick_candidates_are_called_many_times_a_round():
    clock = FakeClock()
    calls = Counter()

    def counted(name: str, seconds: float):
        run = clock.takes(seconds)

        def call() -> None:
            calls[name] += 1
            run()

        return call

    candidates = {"quick": counted("quick", 1e-5), "slow": counted("slow", 0.1)}
    seconds = interleave(candidates, least_rounds=7, clock=clock)
    assert seconds == pytest.approx({"quick": 1e-5, "slow": 0.1})
    assert calls["slow"] < 20 < 700 < calls["quick"]


def test_candidates_take_turns():
    clock, order = FakeClock(), []

    def named(name: str):
        def call() -> None:
            order.append(name)
            clock.now += 1.0

        return call

    interleave({"a": named("a"), "b": named("b")}, least_rounds=3, clock=clock)
    assert "".join(order).endswith("ababab")


@given(st.lists(positive, min_size=1, max_size=9))
def test_geometric_mean_of_inverse_ratios_is_the_inverse(ratios):
    inverse = geometric_mean(1 / ratio for ratio in ratios)
    assert geometric_mean(ratios) == pytest.approx(1 / inverse)


@given(st.floats(-3, 3), positive)
def test_growth_exponent_finds_the_power(power, factor):
    sizes = [1, 4, 30, 1000]
    times = [factor * size**power for size in sizes]
    assert growth_exponent(sizes, times) == pytest.approx(power, abs=1e-6)


def test_every_row_has_all_sizes():
    rows = {case.title: set() for case in CASES}
    for case in CASES:
        rows[case.title].add(case.size)
    assert {title: sizes for title, sizes in rows.items() if sizes != set(SIZES)} == {}


def test_every_public_layer_and_optimizer_is_timed():
    timed = {case.name for case in CASES}
    layers = {
        name
        for name, value in vars(course_lib).items()
        if isinstance(value, type) and issubclass(value, Layer | Optimizer)
    }
    assert layers - timed - WITHOUT_WORK - WITHOUT_COUNTERPART == set()


def test_every_case_names_something_public():
    for case in CASES:
        assert hasattr(course_lib, BY_OTHER_NAMES.get(case.name, case.name))


def test_no_case_occurs_twice():
    assert len({str(case) + str(case.call) for case in CASES}) == len(CASES)


def test_same_case_draws_same_inputs():
    for case in CASES:
        if case.size == "tiny" and case.name not in OPTIMIZERS:
            first, second = case.draw(), case.draw()
            assert all((a == b).all() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("cases", [ATTENTIONS, CONVOLUTIONS], ids=["attention", "convolution"])
def test_what_grows_can_be_run(cases):
    sizes = [np.prod(case.build(Ours())(*case.draw()).shape) for case in cases[:4]]
    assert sizes == sorted(set(sizes))
