"""One input of the learner's, and which of the known wrong answers it tells from the right one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from course_lib.engine.catching import _remembered, caught, legal
from course_lib.engine.outcome import run, same
from course_lib.engine.slips import usual
from course_lib.exercises import catch
from course_lib.lessons import EXERCISES
from tests.bank import BANK, MADE, exercise_id

CONV = EXERCISES["conv2d_forward"]
LAST = {"stride": 2, "padding": 1}


def conv2d_forward(x, weight, bias, stride, padding):
    raise NotImplementedError


def drawn(**more):
    rng = np.random.default_rng(0)
    given = {
        "x": rng.normal(size=(2, 3, 6, 7)),
        "weight": rng.normal(size=(2, 3, 2, 3)),
        "bias": rng.normal(size=2),
        "stride": 2,
        "padding": 1,
    }
    return given | more


def ones(**more):
    return {n: np.ones(np.shape(v)) if np.ndim(v) else v for n, v in drawn(**more).items()}


@pytest.mark.parametrize("exercise", MADE, ids=exercise_id)
def test_the_first_case_of_every_exercise_is_an_input(exercise):
    assert legal(exercise, exercise.cases[0]).keys() == exercise.cases[0].keys()


@pytest.mark.parametrize("name", ["linear_forward", "layer_norm_backward", "embedding_backward"])
def test_a_kind_is_alive_exactly_if_a_wrong_answer_of_it_gives_the_right_value(name):
    exercise = BANK[name]
    found, parts = caught(exercise, exercise.cases[1]), list(exercise.returns)

    def gives_what_is_right(answer, part, case):
        right, many = exercise.expected(case), 1 if part else len(parts)
        right = exercise.parts(right)[parts.index(part)] if part else right
        return same(run(answer, case, parts=many, shown=False).value, right, exercise.rtol)

    lives = defaultdict(bool)
    for slip in (*exercise.own_slips(), *usual(exercise)):
        kind = f"{slip.part}: {slip.name}" if slip.part and len(parts) > 1 else slip.name
        for answer in slip.answers:
            said = [run(answer, case, shown=False) for case in exercise.cases]
            right = [gives_what_is_right(answer, slip.part, case) for case in exercise.cases]
            if any(not out.error and not ok for out, ok in zip(said, right, strict=True)):
                lives[kind] |= right[1]
    assert {kind for kind in lives if lives[kind]} == set(found.alive)
    assert {kind for kind in lives if not lives[kind]} == set(found.caught)


def test_a_better_input_catches_more_of_the_same_kinds():
    weak, plain, better = (
        catch(conv2d_forward, **given) for given in (ones(), drawn(stride=1, padding=0), drawn())
    )
    assert len(weak.caught) < len(plain.caught) < len(better.caught)
    assert weak.known == plain.known == better.known
    assert "stride ignored" in plain.alive
    assert "stride ignored" in better.caught
    assert not set(weak.caught) & set(weak.alive)
    said = " ".join(str(weak).split())
    assert f"{len(weak.caught)} of {weak.known} kinds caught" in said
    assert f"“{weak.alive[0]}”" in said
    assert f"{len(weak.alive) - 4} more" in said
    assert weak.alive[0] in weak._repr_html_()


def test_the_right_answer_is_computed_once_for_each_input():
    exercise, calls = BANK["conv1d_backward"], []

    def right(*args):
        value = exercise.reference(*args)  # what raises is soon done, and not counted
        calls.append(tuple((np.shape(arg), np.asarray(arg).tobytes()) for arg in args))
        return value

    case = exercise.cases[0]
    found = caught(replace(exercise, right=right), case)
    assert found == caught(exercise, case)
    assert len(calls) < 1.05 * len(set(calls))  # of the cases themselves twice


def test_a_wrong_answer_that_changes_what_the_right_one_returned_changes_no_other():
    def in_place(x):
        y = known(x)
        y *= 2
        return y

    known = _remembered(BANK["relu_forward"].reference)
    x = np.array([-1.0, 3.0])
    assert [in_place(x).tolist() for _ in range(3)] == [[0, 6]] * 3
    assert known(x).tolist() == [0, 3]
    same = _remembered(lambda x: x)  # as a layer in evaluation hands on what it gets
    y = same(x)
    y += 1
    x[0] = 5
    assert same(np.array([-1.0, 3.0])).tolist() == [-1, 3]


def test_whole_numbers_and_lists_are_inputs():
    given = {"x": [[1, -2], [3, 0]], "weight": [[1, 2]], "bias": [1]}
    floats = {name: np.array(value, float) for name, value in given.items()}
    one, other = (catch(conv2d_forward, "linear_forward", **g) for g in (given, floats))
    assert one == other


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"x": np.ones((3, 6, 7))}, "x has the axes (N, C_in, H, W), so 4 of them"),
        ({"x": np.ones((2, 1, 6, 7))}, "its axis C_in is 1 long"),
        ({"x": np.ones((2, 3, 6, 70))}, "x has W = 70; W may be 1 to 7 here"),
        ({"x": np.full((2, 3, 6, 7), np.nan)}, "x holds nan or inf"),
        ({"x": "ones"}, "x holds numbers"),
        ({"x": [[1.0], [1.0, 2.0]]}, "x holds numbers"),
        ({"stride": 9}, "stride may be 1 to 3, not 9"),
        ({"stride": 1.0}, "stride may be 1 to 3, not 1.0"),
        ({"dilation": 2}, "dilation is none of them"),
        (
            {"x": np.ones((2, 3, 1, 1)), "weight": np.ones((2, 3, 3, 3)), "padding": 0},
            "the checks make no such call, with N = 2, C_in = 3, H = 1, W = 1, C_out = 2, K_h = 3, "
            "K_w = 3, stride = 2, padding = 0. With padding = 1 they do.",
        ),
    ],
)
def test_a_wrong_input_gets_a_sentence(given, said):
    report = catch(conv2d_forward, **drawn(**given))
    assert report.diagnosis == "input"
    assert said in " ".join(str(report).split())


def test_what_is_missing_is_named():
    report = catch(conv2d_forward, x=np.ones((1, 1, 3, 3)))
    assert "weight is missing" in report.message
    assert "padding is missing" in report.message


def test_a_gradient_as_long_as_it_cannot_be_is_refused():
    given = dict(EXERCISES["conv1d_backward"].cases[0]) | {"dy": np.ones((1, 1, 7))}
    report = catch(conv2d_forward, "conv1d_backward", **given)
    assert "L' is 7, but it follows from the others" in report.message


def test_an_index_beyond_the_table_is_refused():
    given = {"indices": [[0, 5]], "dy": np.ones((1, 2, 1)), "num_embeddings": 3}
    report = catch(conv2d_forward, "embedding_backward", **given)
    assert "whole numbers from 0 to 2" in report.message


def test_without_an_exercise_or_with_many_right_answers_a_sentence_says_so():
    assert catch(abs, x=1).diagnosis == "unknown"
    assert "many right answers" in catch(conv2d_forward, "make_edge_kernel").message
