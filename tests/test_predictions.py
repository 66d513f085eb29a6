"""Every prediction has one right answer, explains the usual wrong ones and gives nothing away."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from course_lib.engine import prediction as module
from course_lib.engine import store
from course_lib.engine.painting import named
from course_lib.exercises import predict
from course_lib.lessons import PREDICTIONS

predictions = pytest.mark.parametrize(
    "prediction",
    PREDICTIONS.values(),
    ids=lambda prediction: f"{prediction.section}-{prediction.name.split('.')[1]}",
)


pytestmark = pytest.mark.usefixtures("file")


def right_answer(prediction):
    answer = prediction.answer()
    return as_given(prediction, (lambda: answer) if prediction.grids else answer)


def as_given(prediction, value):
    """A value of `wrong`, or the right one, as the form sends it."""
    if prediction.grids:
        return named(np.argwhere(value()))
    if prediction.choices:
        return next((text for text, meant in prediction.choices.items() if meant == value))
    return f"{value:g}"


def ask(form, given):
    form._receive(form, {"given": given}, [])
    return form.feedback


@predictions
def test_the_name_begins_with_the_number_of_its_section(prediction):
    number, word = prediction.name.split(".")
    assert prediction.section.startswith(f"{number}_")
    assert word.isidentifier()
    assert prediction.question.endswith("?")


@predictions
def test_the_answer_is_the_same_every_time(prediction):
    assert np.array_equal(prediction.answer(), prediction.answer())


@predictions
def test_exactly_one_choice_is_right(prediction):
    answer = prediction.answer()
    if prediction.choices:
        assert list(prediction.choices.values()).count(answer) == 1
    elif prediction.grids:
        assert answer.shape == prediction.grids[-1].shape
        assert answer.dtype == bool
        assert answer.any()
    else:
        assert isinstance(answer, int | float)


@predictions
def test_the_right_answer_is_told_so(prediction):
    right, sentences = prediction.judge(right_answer(prediction))
    assert right
    assert sentences.startswith("Yes: ")
    assert prediction.explanation in sentences


@predictions
def test_every_common_wrong_answer_is_wrong_and_explained(prediction):
    assert prediction.wrong
    for value, why in prediction.wrong.items():
        right, sentences = prediction.judge(as_given(prediction, value))
        assert not right
        assert why in sentences
        assert prediction.explanation in sentences


@predictions
def test_the_words_are_those_of_the_lessons(prediction):
    texts = [prediction.question, prediction.explanation, *prediction.wrong.values()]
    assert not any(re.search(r"\btaps?\b|vertical", text) for text in texts)


def test_no_choice_gives_away_another_prediction():
    """The border is asked about right after the inside, on the same screen."""
    inside, border = PREDICTIONS["04_02b.edge_on_constant"], PREDICTIONS["04_02b.border"]
    assert right_answer(inside) not in " ".join([border.question, *border.choices])


@predictions
def test_every_wrong_choice_is_explained(prediction):
    for text, value in prediction.choices.items():
        assert text == right_answer(prediction) or value in prediction.wrong


@predictions
def test_nothing_that_is_stored_gives_the_answer_away(prediction):
    """What reaches the browser or the file before an answer has question and choices alone."""
    form = module.PredictionForm(prediction)
    state = json.dumps({k: v for k, v in form.get_state().items() if not k.startswith("_")})
    data, _ = predict(prediction.name)._repr_mimebundle_()
    for text in (state, data["text/plain"], data["text/html"]):
        assert prediction.explanation[:30] not in text
        assert not any(why[:30] in text for why in prediction.wrong.values())
    assert form.feedback == form.given == ""


@predictions
def test_the_words_do_not_depend_on_whether_it_has_been_answered(prediction):
    before, _ = predict(prediction.name)._repr_mimebundle_()
    store.record_prediction(prediction.name, right_answer(prediction), True)
    after, _ = predict(prediction.name)._repr_mimebundle_()
    for kind in ("text/plain", "text/html"):
        assert before[kind] == after[kind]
    assert before["text/plain"].startswith("Predict: ")
    assert all(choice in after["text/plain"] for choice in prediction.choices)
    assert "application/vnd.jupyter.widget-view+json" in before


def test_an_answer_is_explained_and_recorded(file):
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    assert ask(form, "6").startswith("Not this time. You predicted 6; it is 5. 6 comes from")
    assert json.loads(file.read_text())["predictions"] == {
        "04_02b.output_size": {"answer": "6", "right": False}
    }


def test_a_second_answer_is_explained_and_the_first_one_kept(file):
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    ask(form, "6")
    assert ask(form, "5").startswith("Yes: 5.")
    assert json.loads(file.read_text())["predictions"]["04_02b.output_size"]["answer"] == "6"


def test_the_form_is_told_even_when_the_words_stay_the_same(monkeypatch):
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    sent = []
    monkeypatch.setattr(form, "send", sent.append)
    ask(form, "6")
    ask(form, "6")
    assert len(sent) == 2


@pytest.mark.parametrize("text", ["", "five", "1/2", "5 5"])
def test_what_is_no_number_is_asked_again_and_not_recorded(file, text):
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    assert ask(form, text) == "Type a number, such as 4 or -1.5."
    assert not file.exists()


@pytest.mark.parametrize("text", ["nan", "inf"])
def test_numbers_that_are_none_are_wrong(text):
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    assert "Yes" not in ask(form, text)


@pytest.mark.parametrize("text", ["5", " 5.0 ", "5,0", "+5"])
def test_a_number_may_be_written_in_several_ways(text):
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    assert ask(form, text).startswith("Yes")


def test_a_minus_sign_may_be_typographic():
    wrong, sentences = PREDICTIONS["00.window_sum"].judge("−3")
    assert not wrong
    assert "turned round" in sentences


def test_an_earlier_answer_is_shown_again():
    store.record_prediction("04_02b.output_size", "6", False)
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    assert form.given == "6"
    assert "You predicted 6 before" in form.feedback


def test_the_form_knows_whether_the_answer_was_right():
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    seen = [form.right]
    for given in ("6", "5", "five"):
        ask(form, given)
        seen.append(form.right)
    assert seen == [None, False, True, None]
    assert module.PredictionForm(PREDICTIONS["04_02b.output_size"]).right is False  # the first


def test_trouble_with_the_file_is_said_in_the_form(file):
    file.write_text("{")
    form = module.PredictionForm(PREDICTIONS["04_02b.output_size"])
    file.write_text("{")
    assert "set aside" in ask(form, "5")


def test_an_unknown_name_is_an_error_that_lists_near_ones():
    with pytest.raises(ValueError, match=r"nearest names are 04_02b\.output_size"):
        predict("04_02b.outputsize")


def test_an_unknown_choice_is_an_error():
    with pytest.raises(ValueError, match="not one of the choices"):
        PREDICTIONS["04_02b.shift"].judge("perhaps")


def test_the_form_uses_native_controls_with_names():
    source = Path(module.__file__).with_suffix(".js").read_text()
    for part in ('"fieldset"', '"legend"', 'type: "radio"', 'type: "submit"', '"status"'):
        assert part in source


@pytest.mark.parametrize("name", [name for name, p in PREDICTIONS.items() if p.stands_alone])
def test_what_is_asked_elsewhere_does_not_point_at_its_page(name):
    prediction = PREDICTIONS[name]
    said = [prediction.question, prediction.explanation, *prediction.wrong.values()]
    assert not re.search(r"\b(cells?|table|figure|printed) (below|above)\b", " ".join(said))
