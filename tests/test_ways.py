"""After the pass: other right answers beside the learner's, and how long each takes."""

from __future__ import annotations

import linecache
import math
import re

import numpy as np
import pytest

import course_lib
from course_lib.engine import ways as engine
from course_lib.engine.view import VIEW
from course_lib.engine.ways import ways
from course_lib.exercises import compare
from course_lib.lessons import EXERCISES
from tests.bank import BANK, exercise_id

RELU, CONV = EXERCISES["relu_forward"], EXERCISES["conv2d_forward"]


def relu_forward(x):
    """Nothing below zero."""
    y = x.copy()  # x belongs to the caller
    for cell in range(y.size):
        y.flat[cell] = max(y.flat[cell], 0.0)
    return y


def written(exercise, source):
    """The function, with lines that Python knows as it knows those of a cell."""
    name = f"<{exercise.name} written by a test>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space: dict = {"np": np, "lib": course_lib, "math": math}
    exec(compile(source, name, "exec"), space)
    return space[exercise.name]


@pytest.mark.parametrize("exercise", BANK.values(), ids=exercise_id)
def test_the_second_way_is_the_worked_answer_that_is_less_like_yours(exercise):
    answers = exercise.solution.strip(), exercise.alternative.strip()
    for yours, other in (answers, answers[::-1]):
        found = ways(exercise, written(exercise, yours)).all
        assert (found[0].source, found[1].source) == (yours, other)


def test_the_library_s_way_is_there_where_an_operation_answers():
    titles = [way.title for way in ways(CONV, CONV.reference).all]
    assert titles == ["Yours", "A second way", "The library's conv2d"]


def test_a_right_answer_is_compared_and_a_wrong_one_is_sent_to_its_check():
    assert compare(relu_forward).all[0].title == "Yours"
    report = compare(lambda x: x, "relu_forward")
    assert report.diagnosis.startswith("slip:")
    assert "check(relu_forward) first" in report.message


def test_the_lines_and_loops_are_counted():
    yours = compare(relu_forward).all[0]
    assert yours.sentence == "Yours: 4 lines below the def, one loop."
    assert "# x belongs to the caller" in yours.source


def test_the_times_are_shown_and_never_stored():
    data, about = compare(relu_forward)._repr_mimebundle_()
    time = re.compile(r"\d (ms|µs)\b")
    assert not time.search(data["text/plain"] + data["text/html"])
    assert VIEW in data
    assert about[VIEW]["course_lib"]["afterwards"].keys() == {"text/plain", "text/html"}
    assert time.search(about[VIEW]["course_lib"]["afterwards"]["text/plain"])
    assert time.search(str(compare(relu_forward)))


def test_a_slower_answer_is_seen_to_be_slower():
    found = ways(RELU, relu_forward)
    yours, second = found.times[1]
    assert 0 < second < yours
    assert "The fastest takes 1/" in found.timed()


@pytest.mark.parametrize(
    ("seconds", "tried"),
    [
        ([1e-6, 1e-5, 2e-5, 4e-5, 8e-5, 16e-5], 6),  # all quick: every doubling
        ([1e-3, 8e-3, 9.0], 2),  # at 8 times as much the next would take 64 ms
        ([1e-3, 4e-3, 16e-3, 9.0], 3),
        ([1e-4, 6e-2, 9.0], 2),
        ([0.2, 9.0], 1),
        ([0.0, 0.0, 1e-3, 9.0], 3),  # a clock too coarse to see the first two
    ],
)
def test_no_size_is_tried_that_would_take_long(monkeypatch, seconds, tried):
    left = iter(seconds)
    took = {}

    def timed(function, case):
        return took[id(case)] if id(case) in took else took.setdefault(id(case), next(left))

    larger = [{"x": np.ones(2)} for _ in seconds]
    monkeypatch.setattr(engine, "_seconds", timed)
    monkeypatch.setattr(engine, "_ever_larger", lambda inputs: iter(larger))
    took[id(RELU.cases[0])] = 0.0
    engine._measured(RELU, [np.abs])
    assert len(took) - 1 == tried
