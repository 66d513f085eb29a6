"""Lines in order: a right order is one that passes, and the first wrong line is told."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import permutations

import pytest

from course_lib.engine.exercise import Exercise
from course_lib.engine.hints import LinesHint, following
from course_lib.engine.inputs import Inputs
from course_lib.engine.lines import LinesForm, puzzle
from course_lib.engine.view import VIEW
from course_lib.lessons import EXERCISES
from tests.bank import BANK, exercise_id

SHORT = [e for e in BANK.values() if e.name in ("attention_forward", "dropout_forward")]
SHORT += [e for e in BANK.values() if e.name in ("confusion_matrix", "field_of_stack")]
OWN = Exercise(
    name="weighted_mean",
    sections=("a_page",),
    task="",
    stub="",
    solution='''
def weighted_mean(x, weight):
    """The mean of x, each number as often as its weight says."""
    total = (x * weight).sum()  # numbers
    count = weight.sum()

    return total / count
''',
    alternative="def weighted_mean(x, weight):\n    return (x * weight).sum() / weight.sum()",
    returns={"y": ""},
    shows="",
    hints=("Add up, then divide.",),
    inputs=Inputs(
        arguments={"x": "N", "weight": "N"},
        values={"weight": lambda rng, shape, N: rng.uniform(1, 2, shape)},
    ),
)
LOOP = replace(
    OWN,
    name="plain_mean",
    solution="""
def plain_mean(x):
    count = len(x)
    total = 0.0
    for value in x:
        total += value
    return total / count
""",
    alternative="def plain_mean(x):\n    return x.mean()",
    inputs=Inputs(arguments={"x": "N"}),
)
all_exercises = pytest.mark.parametrize("exercise", BANK.values(), ids=exercise_id)


@pytest.fixture(scope="module")
def puzzles():
    made: dict = {}
    return lambda exercise: made.setdefault(exercise.name, puzzle(exercise))


def places(found, texts):
    """Where these lines stand among the shuffled ones."""
    left, order = list(range(len(found.lines))), []
    for text in texts:
        order.append(next(i for i in left if found.lines[i].text == text))
        left.remove(order[-1])
    return order


def passes(found, texts):
    return found.verdict(places(found, texts)).right


@all_exercises
def test_the_worked_answer_s_lines_pass_and_do_not_stand_in_that_order(exercise, puzzles):
    found = puzzles(exercise)
    assert passes(found, found.answer)
    assert not found.verdict(range(len(found.lines))).right
    right = [i for i, line in enumerate(found.lines) if not line.remark]
    assert sorted(found.lines[i].text for i in right) == sorted(found.answer)
    if len(right) > 1:
        assert not found.verdict(right).right


@all_exercises
def test_every_wrong_line_is_told_with_what_it_does(exercise, puzzles):
    found = puzzles(exercise)
    wrong = [line for line in found.lines if line.remark]
    assert 1 <= len(wrong) == found.wrong <= 3
    for line in wrong:
        assert line.text not in found.answer
        for at in range(len(found.answer)):
            texts = [*found.answer[:at], line.text, *found.answer[at + 1 :]]
            assert not found._passes(texts)  # it is wrong for what it computes
        texts = [*found.answer[:-1], line.text, found.answer[-1]]
        verdict = found.verdict(places(found, texts))
        assert verdict.at == len(found.answer) - 1
        assert line.remark in verdict.sentence


@all_exercises
def test_a_remark_speaks_of_what_the_form_shows_and_says_nothing_twice(exercise, puzzles):
    """Not of a case, nor of the worked answer's own variables, which the learner has not seen."""
    for line in puzzles(exercise).lines:
        assert not re.search(r" raised |\bHere \w+ (has|is)\b|equals a right answer", line.remark)
        sentences = re.split(r"(?<=[.?]) (?=[A-Z])", line.remark)
        assert len({re.sub(r"^Your \w+", "", one) for one in sentences}) == len(sentences)


@all_exercises
def test_a_slip_in_several_parts_is_told_once(exercise):
    """Alike but for the part's name, hints are one: {your} stands for the name."""
    hints = {(slip.name, slip.hint) for slip in exercise.own_slips()}
    alike = {(name, re.sub(r"^Your \w+ ", "{your} ", hint)) for name, hint in hints}
    assert len(alike) == len(hints)


@all_exercises
def test_two_lines_may_change_places_where_that_passes(exercise, puzzles):
    found = puzzles(exercise)
    for at in range(len(found.answer) - 1):
        texts = list(found.answer)
        texts[at : at + 2] = texts[at + 1], texts[at]
        verdict = found.verdict(places(found, texts))
        assert verdict.at in ((None,) if verdict.right else (at, at + 1))


@pytest.mark.parametrize("exercise", SHORT, ids=exercise_id)
def test_the_first_wrong_line_ends_what_a_right_order_can_begin_with(exercise, puzzles):
    found = puzzles(exercise)
    orders = [places(found, texts) for texts in permutations(found.answer)]
    right = [order for order in orders if found.verdict(order).right]
    assert 0 < len(right) < len(orders)
    for order in orders:
        begun = max(sum(a == b for a, b in _alike(order, other)) for other in right)
        assert found.verdict(order).at == (None if order in right else begun)


def _alike(one, other):
    """The pairs of a beginning that two orders share."""
    for a, b in zip(one, other, strict=True):
        if a != b:
            return
        yield a, b


def test_the_reason_is_said():
    found = puzzle(EXERCISES["gelu_forward"])
    zeros, loop, below, store, back = found.answer
    for texts, words in (
        ([loop], "Line 1 comes too early: “y = np.zeros_like(x)” has to stand above it."),
        ([zeros, below], "Line 2 comes too early: it is indented, and the line above it opens"),
        ([zeros, loop, store], "Line 3 comes too early: it uses below, which no line above it"),
        ([zeros, loop, back], "Line 3 comes too early: the line above it opens a block, and"),
        ([zeros, loop, below], "What stands there is right, and a line is missing"),
        ([], "No line stands there: put one back."),
    ):
        verdict = found.verdict(places(found, texts))
        assert verdict.sentence.startswith(words)
        assert verdict.at == (len(texts) - 1 if words.startswith("Line") else None)


def test_what_a_block_does_not_need_may_stand_below_it():
    found = puzzle(LOOP)
    count, total, loop, add, back = found.answer
    assert passes(found, [total, loop, add, count, back])
    assert found.verdict(places(found, [total, loop, add, back, count])).at == 3


def test_a_loop_that_would_never_end_ends():
    found = puzzle(EXERCISES["depth_to_cover"])
    texts = [text for text in found.answer if "size +=" not in text]
    assert found.verdict(places(found, texts)).at == 2  # jump grows before size needs it


def test_an_exercise_of_one_s_own_has_them_too():
    found = puzzle(OWN)
    assert found.head == "def weighted_mean(x, weight):"
    assert found.answer[1:] == ("    count = weight.sum()", "    return total / count")
    total, count, back = found.answer
    assert passes(found, [total, count, back])
    assert passes(found, [count, total, back])
    assert not passes(found, [total, back, count])
    assert found.wrong == 3


HELPED = """
from functools import cache

@cache
def ones(n):
    return np.ones(n)

def plain_mean(x):
    def total(values):
        '''Add up,

        one by one.'''
        return values @ ones(len(values))
    if not len(x):
        return 0.0
    else:
        return total(x) / len(x)
"""


@pytest.mark.parametrize(
    ("solution", "head", "count"),
    [
        (HELPED, "def plain_mean(x):", 6),
        ("plain_mean = lambda x: x.sum() / len(x)", "", 1),
        ("def plain_mean(x): return x.sum() / len(x)", "def plain_mean(x):", 1),
    ],
)
def test_a_solution_may_be_written_in_other_ways(solution, head, count):
    found = puzzle(replace(LOOP, solution=solution))
    assert (found.head.splitlines() or [""])[-1] == head
    assert len(found.answer) == count
    assert passes(found, found.answer)
    assert not found.verdict(range(len(found.lines))).right


@pytest.mark.parametrize("exercise", SHORT, ids=exercise_id)
def test_the_hint_gives_nothing_away_and_is_the_same_every_time(exercise, puzzles):
    found = puzzles(exercise)
    assert puzzle(exercise) == found
    hint = LinesHint(exercise.name, 4, 5, found.task, found)
    data, _ = hint._repr_mimebundle_()
    assert VIEW in data
    shown = data["text/plain"].splitlines()[-len(found.lines) :]
    assert [line[4:] for line in shown] == [line.text for line in found.lines]
    state = LinesForm(found).get_state()
    sent = json.dumps({key: state[key] for key in LinesForm(found).keys if key in state})
    for line in found.lines:
        assert not line.remark or line.remark not in data["text/html"] + sent


def test_it_is_the_last_hint_but_one(monkeypatch):
    monkeypatch.setattr("course_lib.engine.hints._given", {})
    given = [following(OWN) for _ in range(4)]
    assert [type(hint) is LinesHint for hint in given] == [False, True, False, False]
    assert "3 of them do not belong" in str(given[1])
    assert str(given[2]).startswith("hint 3 of 3")


def test_the_form_tells_a_wrong_order_from_a_right_one():
    found = puzzle(OWN)
    form = LinesForm(found)
    said = []
    form.send = lambda content: said.append((form.right, form.wrong, form.feedback))
    for texts in (found.answer[::-1], found.answer):
        form.order = places(found, texts)
        form._receive(form, {}, [])
    (wrong, at, told), (right, nowhere, praise) = said
    assert (wrong, at, right, nowhere) == (False, 0, True, None)
    assert told.startswith("Line 1 comes too early: it uses count")
    assert praise.startswith("Yes: ")
