"""Missed questions come back: wrong ones first, each once, and no page stores any of it."""

from __future__ import annotations

import json
import re

import pytest

from course_lib.engine import store
from course_lib.engine.recall import RecallForm, due
from course_lib.engine.view import VIEW
from course_lib.exercises import progress, recall
from course_lib.lessons import LESSONS, PREDICTIONS

EARLIER = [PREDICTIONS[f"04_02b.{word}"] for word in ("output_size", "shift", "parameters")]
FIRST, SECOND, THIRD = (p.name for p in EARLIER)


pytestmark = pytest.mark.usefixtures("file")


def predicted(**right):
    for word, was_right in right.items():
        store.record_prediction(f"04_02b.{word}", "1", was_right)


def asked(lesson="04_04"):
    return [prediction.name for prediction in due(lesson, EARLIER)]


def test_without_a_prediction_nothing_comes_back():
    assert asked() == []
    data, _ = recall("04_04")._repr_mimebundle_()
    assert VIEW in data


def test_what_was_wrong_comes_first_and_two_at_most():
    predicted(output_size=True, shift=True, parameters=False)
    assert asked() == [THIRD, FIRST]


def test_a_question_comes_back_once_and_stays_in_the_lesson_that_asked_it():
    predicted(output_size=False, shift=True)
    store.record_recall(FIRST, "1", False, "04_04")  # wrong again: that is noted, and enough
    assert asked("04_04") == [FIRST, SECOND]
    assert asked("04_05") == [SECOND]


def test_what_speaks_of_its_own_page_does_not_come_back():
    store.record_prediction("00.window_sum", "1", False)
    assert due("04_04", [PREDICTIONS["00.window_sum"]]) == []


def test_what_a_lesson_needs_comes_before_what_it_does_not():
    for name in ("04_01.arrives", "00.stride_places", FIRST):
        store.record_prediction(name, "1", False)
    found = recall("04_02c")
    assert [p.name for p in due("04_02c", found._earlier)] == [FIRST, "00.stride_places"]
    later = {p.section for p in recall("04_02b")._earlier}
    assert later == {"00_start_here", "04_01_layer", "04_02a_linear"}


def test_the_form_is_empty_and_its_answer_stands_beside_the_first(file):
    predicted(output_size=False)
    form = RecallForm(PREDICTIONS[FIRST], "04_04")
    assert (form.given, form.feedback, form.right) == ("", "", None)
    assert form.opening == "4.2b Convolution: "
    form._receive(form, {"given": "5"}, [])
    assert form.feedback.startswith("Yes: 5.")
    known = json.loads(file.read_text())
    assert known["predictions"][FIRST] == {"answer": "1", "right": False}
    assert known["recalled"] == {FIRST: {"answer": "5", "right": True, "lesson": "04_04"}}
    assert RecallForm(PREDICTIONS[FIRST], "04_04").given == "5"  # when the cell is run again


def test_progress_says_what_was_right_when_last_asked():
    def right():
        row = next(line for line in str(progress()).splitlines() if "04_02b" in line)
        return re.split(r"\s{2,}", row)[2]

    assert right().startswith("0 of")
    predicted(output_size=False, shift=True)
    assert right().endswith(", 1 right")
    store.record_recall(FIRST, "5", True, "04_04")
    assert right().endswith(", 2 right")
    store.record_recall(SECOND, "5", False, "04_04")
    assert right().endswith(", 1 right")


def test_what_a_notebook_keeps_depends_on_nobody():
    before, _ = recall("04_04")._repr_mimebundle_()
    predicted(output_size=False)
    after, about = recall("04_04")._repr_mimebundle_()
    for kind in ("text/plain", "text/html"):
        assert before[kind] == after[kind]
    assert "afterwards" not in about[VIEW]["course_lib"]


def test_a_file_from_before_is_read_and_a_broken_one_set_aside(file):
    file.write_text('{"passed": ["a"], "predictions": {}}')
    assert store.facts()[0]["recalled"] == {}
    assert file.exists()
    file.write_text('{"passed": [], "predictions": {}, "recalled": {"a": {"answer": "1"}}}')
    assert "set aside" in store.facts()[1]


@pytest.mark.parametrize("number", ["4.4", "04_04_pooling", ""])
def test_what_is_no_lesson_s_number_is_told(number):
    with pytest.raises(ValueError, match=r"is no lesson's number; one is such as 04_02b"):
        recall(number)


def test_what_comes_back_can_be_understood_on_another_page():
    """A question that points at its page says so; those of the last lesson never come back."""
    pointing = re.compile(
        r"^(And|Now)\b|\b(above|below|this page|that net|the same kernel|the two|the ring)\b"
    )
    for lesson in LESSONS[:-1]:
        for prediction in lesson.PREDICTIONS:
            if prediction.stands_alone:
                found = pointing.search(prediction.question)
                assert found is None or prediction.name in UNDERSTOOD, prediction.name


UNDERSTOOD = (  # what is pointed at stands in the question itself
    "04_02d.undo",
    "04_03.gelu_sign",
    "04_10.pooled",
)
