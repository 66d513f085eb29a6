"""The calls that exercises are tried on: legal, related in every way, and lying in any order."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.engine.exercise import Exercise
from course_lib.engine.inputs import Inputs, clone
from course_lib.engine.mutants import mutants

WINDOW = Inputs(
    arguments={"x": "N L", "weight": "K", "stride": (1, 2, 3), "causal": (False, True)},
    example={"L": 4, "K": 2},
    also=({"L": 3, "K": 3},),
    sizes={"L": range(1, 8)},
    derived={"places": lambda L, K, stride: (L - K) // stride + 1},
    legal=lambda L, K: L >= K,
    large=("x",),
)


def test_the_example_comes_first_and_then_one_step_from_it():
    first, *rest = WINDOW.plans
    plain = {"N": 1, "L": 4, "K": 2, "stride": 1, "causal": False, "places": 3}
    assert first == plain
    steps = [{n for n in plain if plan[n] != first[n]} - {"places"} for plan in rest[:3]]
    assert steps == [{"N"}, {"stride"}, {"causal"}]
    assert {"L": 3, "K": 3}.items() <= rest[3].items()


def test_every_call_is_legal_and_every_relation_is_met():
    assert all(plan["L"] >= plan["K"] for plan in WINDOW.plans)
    met = {words for words, which in WINDOW.relations(WINDOW.plans).items() if which.any()}
    assert {"K < stride", "K = stride", "K > stride", "N is 1 and causal is not False"} <= met
    assert "L < K" not in met


def test_an_argument_where_exp_could_overflow_is_large_once():
    largest = [np.abs(case["x"]).max() for case in WINDOW.cases]
    assert sum(size > 100 for size in largest) == 1


def test_values_that_are_no_normal_numbers_are_drawn_as_asked():
    inputs = Inputs(
        arguments={"logits": "N C", "target": "N"},
        values={"target": lambda rng, shape, C: rng.integers(C, size=shape)},
    )
    for case in inputs.cases:
        assert case["target"].dtype.kind == "i"
        assert (case["target"] < case["logits"].shape[1]).all()


def test_nobody_may_write_into_a_case_and_a_copy_lies_as_the_case_does():
    orders = set()
    for case in WINDOW.cases:
        with pytest.raises(ValueError, match="read-only"):
            case["x"][...] = 0
        copied = clone(case["x"])
        copied[...] = 0
        assert np.sign(copied.strides).tolist() == np.sign(case["x"].strides).tolist()
        assert case["x"].flags.f_contiguous == copied.flags.f_contiguous
        orders.add(tuple(np.sign(copied.strides)))
    assert orders == {(1, 1), (-1, -1)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"example": {"length": 3}}, "length: the free numbers are N, L, K"),
        ({"example": {"L": 1, "K": 2}}, "is no legal call; change example or also"),
        ({"also": ({"places": 3},)}, "places: the free numbers are"),
        ({"legal": lambda: False}, "is no legal call"),
    ],
)
def test_inputs_that_make_no_call_say_what_to_change(change, said):
    names = ("arguments", "example", "derived", "legal")
    known = {name: getattr(WINDOW, name) for name in names}
    with pytest.raises(ValueError, match=said):
        _ = Inputs(**{**known, **change}).plans


def test_a_search_that_finds_no_legal_call_ends():
    with pytest.raises(ValueError, match="widen sizes or options"):
        Inputs(arguments={"x": "N"}, legal=lambda: False).numbers(np.random.default_rng(0))


COUNT = """
def count(n):
    total = 0
    while n > 0:
        total += 2
        n -= 1
    return total
"""


NORMALISED = """
def normalised(x, eps):
    return (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps)
"""


def test_mutants_change_one_thing_everywhere_too():
    made = {m.what: m.source for m in mutants(NORMALISED, ())}
    everywhere = made["axis=0 in place of axis=1 everywhere"]
    assert everywhere.count("axis=0") == 2
    assert made["keepdims left out everywhere"].count("keepdims") == 0
    assert (
        "np.sqrt(x.var(axis=1, keepdims=True)) + eps"
        in made["+ behind np.sqrt in place of inside it"]
    )
    assert "x - x.mean(axis=1, keepdims=True) / np" in made["the brackets left out"]
    assert "x.var(axis=1, keepdims=True, ddof=1)" in made["ddof=1"]


def test_an_index_turned_round_is_called_by_its_places():
    made = {m.what: m.source for m in mutants("def f(x, w):\n    return w[:, None] * x\n", ())}
    assert "w[None, :] * x" in made["[None, :] in place of [:, None]"]


def test_mutants_change_one_place_and_end():
    made = mutants(COUNT, ())
    assert {"= in place of +=", "-= in place of +=", ">= in place of >"} <= {m.what for m in made}
    exercise = Exercise(
        name="count",
        sections=("00",),
        task="",
        stub="",
        solution=COUNT,
        alternative=COUNT,
        returns={"total": ""},
        shows="",
        hints=(),
        inputs=Inputs(arguments={"n": range(4)}),
    )
    results = []
    for mutant in made:
        try:
            results.append(mutant.compiled(exercise)(3))
        except (StopIteration, NameError, TypeError) as error:
            results.append(type(error))
    assert StopIteration in results  # "n -= 1" left out
    assert 8 in results  # n >= 0
