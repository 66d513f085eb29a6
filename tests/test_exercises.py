"""Every exercise accepts every right answer and no wrong one, and knows the usual slips by name.

The first half runs over the whole bank: a new exercise needs no test of its own.
"""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest

import course_lib as lib
from course_lib.engine import hints
from course_lib.engine.checking import accepts, judge
from course_lib.engine.outcome import plain, run, same
from course_lib.engine.slips import usual
from course_lib.exercises import check, hint
from course_lib.lessons import EXERCISES
from tests.bank import BANK, MADE, exercise_id
from tools import exercise_cases

ROOT = Path(__file__).parents[1]
size_by_formula = EXERCISES["conv_output_size"].compiled(EXERCISES["conv_output_size"].solution)
conv1d_by_loops = EXERCISES["conv1d_forward"].compiled(EXERCISES["conv1d_forward"].alternative)
backward_by_loops = EXERCISES["conv1d_backward"].compiled(EXERCISES["conv1d_backward"].alternative)


exercises = pytest.mark.parametrize("exercise", BANK.values(), ids=exercise_id)
made = pytest.mark.parametrize("exercise", MADE, ids=exercise_id)
right_answers = pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        pytest.param(exercise, exercise.compiled(source), id=f"{exercise_id(exercise)}-{number}")
        for exercise in BANK.values()
        for number, source in enumerate((exercise.solution, exercise.alternative))
    ],
)


def change_floats(value, change):
    """`change` applied to every floating array or number in a plain value."""
    if isinstance(value, tuple):
        return tuple(change_floats(part, change) for part in value)
    return change(value) if getattr(value, "dtype", np.dtype(int)).kind == "f" else value


def returning(change):
    """The right answer of an exercise with its value changed."""

    def make(exercise):
        return lambda *args: change(plain(exercise.reference(*args)))

    return make


# ------------------------------------------------------------------------------ the whole bank


@exercises
def test_the_reference_passes(exercise):
    assert judge(exercise, exercise.reference).passed


@right_answers
def test_a_right_answer_passes(exercise, answer):
    report = judge(exercise, answer)
    assert report.passed, report


@right_answers
@pytest.mark.parametrize("dtype", [np.float32, np.longdouble])
def test_a_right_answer_passes_in_any_floating_dtype(exercise, answer, dtype):
    def coarse(*args):
        return change_floats(plain(answer(*args)), lambda array: array.astype(dtype))

    assert judge(exercise, coarse).passed


@right_answers
def test_a_right_answer_computed_in_float32_passes(exercise, answer):
    def single(value):
        return change_floats(value, lambda array: array.astype(np.float32))

    def coarse(*args):
        return single(plain(answer(*map(single, args))))

    assert judge(exercise, coarse).passed


@right_answers
def test_a_right_answer_passes_in_any_memory_order(exercise, answer):
    def turned(*args):
        return change_floats(
            plain(answer(*args)), lambda a: a[..., ::-1].copy()[..., ::-1] if a.ndim else a
        )

    assert judge(exercise, turned).passed


def spoiled(exercise, slip, answer):
    """A learner's function that makes a slip: where it spoils one part, the others are right."""
    if not slip.part:
        return answer
    at = list(exercise.returns).index(slip.part)

    def wrong(*args):
        parts = list(exercise.parts(exercise.reference(*args)))
        parts[at] = answer(*args)
        return tuple(parts) if len(parts) > 1 else parts[0]

    return wrong


def own(exercise):
    return [(slip, answer) for slip in exercise.own_slips() for answer in slip.answers]


@exercises
def test_a_slip_is_named(exercise):
    """By its own name: a slip that another hides is as good as none."""
    for slip, answer in own(exercise):
        found = judge(exercise, spoiled(exercise, slip, answer)).diagnosis
        name = f"{slip.part}: {slip.name}" if slip.part and len(exercise.returns) > 1 else slip.name
        assert found == f"slip:{name}"


@made
def test_two_slips_at_once_are_both_named(exercise):
    if len(exercise.returns) == 1:
        return
    first, *_, last = exercise.returns

    def wrong(*args):
        parts = list(exercise.reference(*args))
        return (-parts[0], *parts[1:-1], 2 * parts[-1])

    report = judge(exercise, wrong)
    assert report.diagnosis == f"slip:{first}: opposite sign; {last}: twice as large"
    assert f"Your {first} has the opposite sign." in report.message
    assert f"Your {last} is twice the right one." in report.message


@exercises
def test_the_slips_behave_differently_on_the_cases(exercise):
    """Judged exercises name a slip by its property, so there only the names must differ."""
    behaviours = [
        (slip.part, slip.name, [run(spoiled(exercise, slip, answer), c) for c in exercise.cases])
        for slip, answer in own(exercise)
    ]
    for (part, name, one), (other_part, other_name, other) in itertools.combinations(behaviours, 2):
        alike = (part, name) != (other_part, other_name) and all(
            type(a.error) is type(b.error) and same(a.value, b.value, exercise.rtol)
            for a, b in zip(one, other, strict=True)
        )
        assert not alike, (name, other_name)


@exercises
def test_no_slip_is_recognised_by_exceptions_alone(exercise):
    """Two functions that both raise need not have made the same mistake."""
    for slip, answer in own(exercise):
        errors = [type(run(answer, case).error) for case in exercise.cases]
        assert errors.count(type(None)) >= min(3, len(exercise.cases)), slip.name
        assert all(issubclass(e, type(None) | IndexError | ValueError) for e in errors), slip.name


@exercises
def test_a_message_says_what_it_saw_and_ends_with_what_helps(exercise):
    for slip in (*exercise.own_slips(), *usual(exercise)):
        assert slip.hint.endswith((".", "?")), slip.name
        assert re.match(r"Your |\{your\} |Every |The number", slip.hint), slip.name


@made
def test_the_terms_of_a_gradient_add_up_to_it(exercise):
    for part, of in exercise.terms.items():
        at = list(exercise.returns).index(part)
        for case in exercise.cases:
            total = sum(of(*case.values()).values())
            assert same(total, exercise.parts(exercise.expected(case))[at], exercise.rtol)


@made
def test_the_returned_axes_are_as_long_as_declared(exercise):
    for wanted, numbers in zip(exercise.wanted, exercise.inputs.plans, strict=False):
        for part, value in zip(exercise.returns, exercise.parts(wanted), strict=True):
            lengths = [numbers[a] if a in numbers else int(a) for a in exercise.axes_of(part)]
            assert np.shape(value) == tuple(lengths), part


# ------------------------------------------------------------------- the cases are adequate


@made
def test_every_relation_between_options_and_sizes_is_met(exercise):
    """The message names what is missing."""
    missing, _ = exercise_cases.missing_relations(exercise)
    assert missing == set()


@made
def test_moving_each_number_moves_the_answer_in_some_case(exercise):
    """An argument that no case feels could be read wrongly without being noticed."""
    felt = exercise_cases.places_felt(exercise)
    assert {name for (name, _), moves in felt.items() if moves} == set(exercise.inputs.axes)
    assert sum(felt.values()) >= 0.75 * len(felt)  # a stride can step over some


@made
def test_every_option_changes_the_answer_in_some_case(exercise):
    for option in exercise.inputs.options:
        plain_value = exercise.inputs.arguments[option][0]
        assert any(
            run(exercise.reference, {**case, option: plain_value}).error
            or not same(
                exercise.expected({**case, option: plain_value}), exercise.expected(case), 1e-9
            )
            for case in exercise.cases
        ), option


@made
def test_the_cases_come_as_nobody_expects_them(exercise):
    arrays = [v for case in exercise.cases for v in case.values() if isinstance(v, np.ndarray)]
    if not arrays:
        return
    assert any(a.dtype == np.float32 for a in arrays)
    assert any(not np.array_equal(a, a.round(1)) for a in arrays if a.dtype == float)
    assert any(step < 0 for a in arrays for step in a.strides)
    if any(a.ndim > 1 for a in arrays):
        assert any(a.flags.f_contiguous and not a.flags.c_contiguous for a in arrays)
    for axis in (a for axes in exercise.inputs.axes.values() for a in axes):
        lengths = {plan[axis] for plan in exercise.inputs.plans if axis in plan}
        assert min(lengths, default=1) == 1, axis
        assert len(lengths) != 1, axis


@made
def test_a_result_kept_by_shapes_and_options_fails(exercise):
    kept = {}

    def remembers(*args):
        key = tuple(a.shape if isinstance(a, np.ndarray) else a for a in args)
        return kept.setdefault(key, exercise.reference(*args))

    assert judge(exercise, remembers).passed == (not exercise.inputs.axes)


@made
@pytest.mark.parametrize("decimals", [1, 2, 4])
def test_a_rounded_result_fails(exercise, decimals):
    def rounds(*args):
        return change_floats(plain(exercise.reference(*args)), lambda v: np.round(v, decimals))

    report = judge(exercise, rounds)
    counts = not exercise.inputs.axes and np.asarray(exercise.wanted[0]).dtype.kind in "bi"
    assert report.passed == counts
    assert report.passed or f"rounded to {decimals} decimals" in report.diagnosis


@made
def test_reading_memory_as_if_it_lay_in_c_order_fails(exercise):
    def reads(*args):
        return exercise.reference(
            *(
                np.lib.stride_tricks.as_strided(a, strides=np.empty(a.shape, a.dtype).strides)
                if isinstance(a, np.ndarray) and min(a.strides, default=1) >= 0
                else a
                for a in args
            )
        )

    has_orders = any(len(axes) > 1 for axes in exercise.inputs.axes.values())
    assert judge(exercise, reads).passed == (not has_orders)


@made
def test_every_mutant_of_the_worked_answers_is_refused(exercise):
    """But for those that no legal call tells from a right answer."""
    accepted = exercise_cases.accepted_mutants(exercise)
    assert [m.what for m in exercise_cases.told_from_right(exercise, accepted)] == []


@made
def test_the_page_of_cases_has_every_exercise(exercise):
    page = (ROOT / exercise_cases.PAGE).read_text(encoding="utf-8")
    (line,) = (line for line in page.splitlines() if line.startswith(f"| `{exercise.name}` "))
    cells = [cell.strip() for cell in line.split("|")[2:-1]]
    largest = max(sum(map(np.size, case.values())) for case in exercise.cases)
    assert cells[0] == f"{len(exercise.cases)} ({largest})", "run `make docs`"
    assert cells[1] == "{} of {}".format(*exercise_cases.relations_met(exercise))
    assert cells[-1] == "0"


# ---------------------------------------------------------------- the notebooks are held to it


def exercise_cells(folder, exercise, section):
    path = ROOT / folder / f"{section}.ipynb"
    cells = nbformat.read(path, as_version=4).cells if path.exists() else []
    for before, cell in itertools.pairwise(cells):
        if cell.metadata.get("exercise") == exercise.name:
            yield before.source, cell


@exercises
def test_the_notebooks_say_what_the_exercise_says(exercise):
    for number, section in enumerate(exercise.sections):
        for text, cell in exercise_cells("notebooks", exercise, section):
            assert cell.source.strip() == exercise.stub.strip()
            if number == 0:
                assert text.split()[3:] == exercise.task.split()
        answers = [exercise.solution.strip(), exercise.alternative.strip()]
        for _, cell in exercise_cells("solutions", exercise, section):
            assert cell.source.strip() == answers[bool(cell.metadata.get("alternative"))]


@exercises
def test_the_words_are_those_of_the_lessons(exercise):
    texts = [exercise.shows, *exercise.hints]
    slips = (*exercise.own_slips(), *usual(exercise))
    texts += [text for slip in slips for text in (slip.name, slip.hint)]
    assert not any(re.search(r"\btaps?\b|vertical", text) for text in texts)


class EqualsEverything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __getattr__(self, name):
        return EqualsEverything()

    def __call__(self, *args, **kwargs):
        return EqualsEverything()

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("nobody should ask")

    __hash__ = None


class ArrayThatEqualsEverything(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.ones(self.shape, bool)


class TupleThatLies(tuple):
    def __len__(self):
        return 3

    def __iter__(self):
        raise AssertionError("its own idea of its parts is not asked for")

    def __eq__(self, other):
        return True

    __hash__ = None


def each_part(change):
    """`change` applied to every array or number of a returned value, ints included."""

    def apply(value):
        return tuple(apply(part) for part in value) if type(value) is tuple else change(value)

    return returning(apply)


def off_by_a_little(value):
    return value + 1 if type(value) is int else value + 0.01 * np.abs(value).max()


CHEATS = {
    "zeros": each_part(lambda v: 0 if type(v) is int else np.zeros_like(v)),
    "ones": each_part(lambda v: 1 if type(v) is int else np.ones_like(v)),
    "nan": each_part(lambda v: np.full(np.shape(v), np.nan) if np.ndim(v) else float("nan")),
    "infinity": each_part(lambda v: np.full(np.shape(v), np.inf) if np.ndim(v) else float("inf")),
    "one nan among right values": each_part(
        lambda v: np.where(np.arange(np.size(v)).reshape(np.shape(v)) == 0, np.nan, v)
    ),
    "a constant": lambda exercise: lambda *args: 4,
    "off by a little": each_part(off_by_a_little),
    "none": lambda exercise: lambda *args: None,
    "right but in a list": returning(lambda v: [v]),
    "right but in a tuple": returning(lambda v: (v,)),
    "right but as nested lists": each_part(lambda v: np.asarray(v).tolist() if np.ndim(v) else [v]),
    "right but with an axis too many": each_part(lambda v: np.asarray(v)[None]),
    "right but as objects": each_part(lambda v: np.asarray(v).astype(object)),
    "right but complex": each_part(lambda v: np.asarray(v) + 0j),
    "right but as text": returning(repr),
    "an object that equals everything": lambda exercise: lambda *args: EqualsEverything(),
    "parts that equal everything": each_part(lambda v: EqualsEverything()),
    "arrays that equal everything": each_part(
        lambda v: np.zeros(np.shape(v)).view(ArrayThatEqualsEverything)
    ),
    "right in an array that equals everything": each_part(
        lambda v: np.asarray(v, float).view(ArrayThatEqualsEverything)
    ),
    "a masked array": each_part(lambda v: np.ma.masked_all(np.shape(v))),
    "true": lambda exercise: lambda *args: True,
    "a generator": lambda exercise: lambda *args: (part for part in args),
    "a tuple that lies": lambda exercise: lambda *args: TupleThatLies((np.zeros(3), 1)),
    "the class itself": lambda exercise: lambda *args: np.ndarray,
}


@exercises
@pytest.mark.parametrize("cheat", CHEATS.values(), ids=list(CHEATS))
def test_a_cheat_fails(exercise, cheat):
    assert not accepts(exercise, cheat(exercise))


@exercises
@pytest.mark.parametrize("cheat", ["nan", "parts that equal everything", "a tuple that lies"])
def test_a_cheat_earns_nothing_and_is_reported(exercise, cheat):
    report = judge(exercise, CHEATS[cheat](exercise))
    assert not report.passed
    assert report.points == 0
    assert "<" in report._repr_html_()


@exercises
def test_returning_an_input_fails(exercise):
    for at in range(len(exercise.cases[0])):
        assert not accepts(exercise, lambda *args, at=at: args[at])


@exercises
def test_returning_every_input_fails(exercise):
    assert not accepts(exercise, lambda *args: args[: len(exercise.returns)])


@exercises
def test_values_of_another_case_fail(exercise):
    if exercise.judge:
        return  # its right answers do not depend on a case
    first = exercise.reference(*exercise.cases[0].values())
    assert not judge(exercise, lambda *args: first).passed


@exercises
def test_the_stub_is_not_written_yet(exercise):
    def stub(*args):
        raise NotImplementedError

    report = judge(exercise, stub)
    assert report.diagnosis == "not-written"
    assert str(report).startswith(f"not yet: {exercise.name}\n")


@exercises
def test_a_function_that_raises_is_quoted(exercise):
    def broken(*args):
        return {}["missing"]

    report = judge(exercise, broken)
    assert report.diagnosis == "raised"
    assert isinstance(report.exception, KeyError)
    assert "Your line “return {}[\"missing\"]” raised KeyError: 'missing'." in report.message


@exercises
@pytest.mark.parametrize("error", [IndexError, ValueError])
def test_a_function_that_always_raises_has_made_no_mistake_known_by_name(exercise, error):
    def broken(*args):
        raise error("as the mistakes that raise do")

    assert judge(exercise, broken).diagnosis == "raised"


@exercises
def test_a_wrong_number_of_arguments_is_explained(exercise):
    report = judge(exercise, lambda a, b, c, d, e, f, g, h: None)
    call = f"{exercise.name}({', '.join(exercise.cases[0])})"
    assert report.diagnosis == "raised"
    assert "It raised TypeError: " in report.message
    assert f"It is called as {call}: keep the def line" in report.message


@exercises
def test_a_type_error_inside_an_answer_is_not_taken_for_a_wrong_signature(exercise):
    def adds_text(*args):
        return "one" + 1

    message = judge(exercise, adds_text).message
    assert "can only concatenate str" in message
    assert "It is called as" not in message


@exercises
def test_an_unwritten_helper_is_not_taken_for_an_unwritten_answer(exercise):
    def helper():
        raise NotImplementedError

    report = judge(exercise, lambda *args: helper())
    assert report.diagnosis == "not-written"
    assert "also in a function that this one calls" in report.message


@exercises
def test_changing_an_input_fails(exercise):
    def changes(*args):
        value = exercise.reference(*args)
        for arg in args:
            if isinstance(arg, np.ndarray):
                arg += 1
        return value

    report = judge(exercise, changes)
    has_arrays = any(isinstance(v, np.ndarray) for v in exercise.cases[0].values())
    assert report.diagnosis == ("input-changed" if has_arrays else "passed")


@exercises
def test_a_learner_cannot_spoil_later_cases(exercise):
    """Everything ever handed out is overwritten; the next call must not notice."""
    seen = []

    def spoils(*args):
        value = exercise.reference(*args)
        for array in seen:
            array[...] = 0
        seen.extend(arg for arg in args if isinstance(arg, np.ndarray))
        return value

    assert judge(exercise, spoils).passed
    assert judge(exercise, exercise.reference).passed


@exercises
def test_returning_one_buffer_again_and_again_is_allowed(exercise):
    """What was returned is copied at once, so writing into it later changes no verdict."""
    returned = []

    def reuses(*args):
        for array in returned:
            array[...] = 0
        value = exercise.reference(*args)
        value = value if isinstance(value, tuple) else (value,)
        returned[:] = [np.array(part) for part in value if isinstance(part, np.ndarray)]
        return exercise.reference(*args)

    assert judge(exercise, reuses).passed


@exercises
def test_the_cases_are_the_same_at_every_call_and_awkward(exercise):
    one, other = exercise.cases, exercise.cases
    for a, b in zip(one, other, strict=True):
        assert all(np.array_equal(a[name], b[name]) for name in a)
    assert {frozenset(case) for case in one} == {frozenset(one[0])}
    for name in ("stride", "padding", "dilation"):
        assert name not in one[0] or len({case[name] for case in one}) > 1


@exercises
def test_report_texts_say_nothing_that_changes(exercise):
    wrong = each_part(lambda v: np.zeros_like(v) if np.ndim(v) else 0)(exercise)
    reports = [judge(exercise, exercise.reference), judge(exercise, wrong)]
    again = [judge(exercise, exercise.reference), judge(exercise, wrong)]
    for report, same_report in zip(reports, again, strict=True):
        bundle = report._repr_mimebundle_()
        assert bundle == same_report._repr_mimebundle_()
        for text in bundle.values():
            assert not re.search(r"0x[0-9a-f]+|/tmp|/home|\.py|-0\b(?!\.)", text)
    assert str(reports[0]).splitlines()[0] == f"passed {exercise.name}"
    assert reports[0].points == exercise.points


@exercises
def test_hints_end_at_the_solution(exercise):
    hints._given.pop(exercise.name, None)
    given = [hints.following(exercise) for _ in range(len(exercise.hints) + 4)]
    assert [h.step for h in given][:2] == [1, 2]
    assert f"solutions/{exercise.sections[0]}.ipynb" in str(given[-1])
    assert given[-1] == given[-2]
    assert len({h.text for h in given}) == len(exercise.hints) + 2
    assert given[0].text in " ".join(given[0]._repr_html_().split()) or "&" in str(given[0])


@exercises
def test_the_failing_case_runs_as_code(exercise, capsys):
    wrong = each_part(lambda v: np.zeros_like(v) if np.ndim(v) else 0)(exercise)
    report = judge(exercise, wrong)
    exec(report.as_code(), {exercise.name: exercise.reference})
    printed = capsys.readouterr().out
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", printed)]
    if exercise.judge:
        assert report.expected is None  # a right kernel would give the answer away
    else:
        assert numbers
        assert max(map(abs, numbers)) < 1e-5


# --------------------------------------------------------------------------------- the engine


def named(name, function):
    function.__name__ = name
    return function


def test_an_endless_loop_can_be_stopped():
    def endless(*args):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="check stopped conv1d_forward in case 1 of"):
        check(named("conv1d_forward", endless))


def test_exit_in_an_answer_does_not_end_the_notebook():
    report = check(named("conv_output_size", lambda *args: sys.exit()))
    assert report.diagnosis == "raised"


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (lambda x: x, "No exercise has this name"),
        (named("conv1d_foward", lambda x: x), "The nearest names are conv1d_forward"),
        ("conv1d_forward", "check(conv1d_forward)"),
        (3, "the function itself"),
        (None, "the function itself"),
        (np.zeros(3), "the function itself"),
        (EqualsEverything(), "No exercise has this name"),
        (named, "No exercise has this name"),
    ],
    ids=["lambda", "typo", "text", "number", "none", "result", "odd object", "other function"],
)
def test_what_is_no_exercise_gets_a_sentence(thing, said):
    report = check(thing)
    assert report.diagnosis == "unknown"
    assert said in report.message
    assert hint(thing).diagnosis == "unknown"
    assert "check(" not in hint(thing).message  # each answers in its own name
    assert "hint(" not in report.message
    assert "no case" in report.as_code()


def test_a_float_where_a_size_is_asked_for_is_explained():
    report = check(named("conv_output_size", lambda *args: float(size_by_formula(*args))))
    assert report.diagnosis == "slip:a float instead of an int"


def test_a_wrong_type_states_both():
    report = check(named("conv_output_size", lambda *args: "5"))
    assert report.diagnosis == "type"
    assert "places is a str; expected an int" in report.message


def test_an_integer_in_an_array_without_axes_is_a_size():
    def as_array(*args):
        return np.array(size_by_formula(*args))

    assert check(named("conv_output_size", as_array)).passed


def test_a_named_tuple_of_gradients_is_a_tuple():
    class Gradients(NamedTuple):
        dx: np.ndarray
        dweight: np.ndarray
        dbias: np.ndarray

    answer = named("conv1d_backward", lambda *args: Gradients(*backward_by_loops(*args)))
    assert check(answer).passed


def test_a_list_in_place_of_an_array_gets_its_remedy():
    report = check(named("make_edge_kernel", lambda: [[-1, 0, 1]] * 3))
    assert "expected an array of shape (3, 3). Wrap it in np.array(...)." in report.message
    sizes = check(named("conv_output_size", lambda *args: [5]))
    assert "np.array" not in sizes.message


def test_the_case_as_code_keeps_the_input_size(capsys):
    """The input is called size, so what is returned has another name."""
    code = check(named("conv_output_size", lambda *args: 0)).as_code()
    assert "size = 5" in code
    assert "places = conv_output_size(size, kernel_size, stride, padding, dilation)" in code


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no words")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("x" * 5000), "ValueError: …"),
        (ValueError("word " * 2000), "word …"),
        (ValueError("two\nlines."), "ValueError: two lines. The code"),
        (ValueError(), "raised ValueError. The code"),
        (Unprintable(), "str() failed"),
        (SystemExit(3), "SystemExit: 3. The code"),
    ],
    ids=["one long word", "long", "lines", "silent", "unprintable", "exit"],
)
def test_what_an_exception_says_is_one_short_sentence(error, said):
    def raises(*args):
        raise error

    report = check(named("conv1d_forward", raises))
    assert report.diagnosis == "raised"
    assert said in report.message
    assert len(report.message) < 600
    assert report.exception is error


def test_a_mistake_that_raised_shows_the_line_too():
    def unpadded(x, weight, bias, stride, padding, dilation):
        n = size_by_formula(x.shape[2], weight.shape[2], stride, padding, dilation)
        y = np.zeros((len(x), len(weight), n)) + bias[:, None]
        for i, k in itertools.product(range(n), range(weight.shape[2])):
            y[:, :, i] += x[:, :, i * stride + k * dilation] @ weight[:, :, k].T
        return y

    report = check(named("conv1d_forward", unpadded))
    assert report.diagnosis == "slip:reads beyond the end"
    assert "raised IndexError: index 5 is out of bounds" in report.message


def test_a_missing_return_is_suspected():
    assert "Is a return missing?" in check(named("conv_output_size", lambda *args: None)).message


def test_a_wrong_shape_states_both():
    report = check(named("conv1d_forward", lambda *args: conv1d_by_loops(*args)[0]))
    assert report.diagnosis == "shape"
    assert "(1, 4); expected shape (1, 1, 4)" in report.message


def test_a_missing_gradient_is_named():
    report = check(named("conv1d_backward", lambda *args: backward_by_loops(*args)[:2]))
    assert report.diagnosis == "type"
    assert "a tuple of 2 values; expected a tuple (dx, dweight, dbias)" in report.message


def test_integers_that_cut_decimals_are_explained():
    report = check(named("conv1d_forward", lambda *args: conv1d_by_loops(*args).astype(int)))
    assert report.diagnosis == "slip:decimals cut off"
    assert "cuts the decimals off; make the array with a floating dtype" in report.message


def test_whole_numbers_that_are_mostly_0_are_told_by_their_dtype():
    code = EXERCISES["sinusoidal_code"].reference
    report = check(named("sinusoidal_code", lambda *args: code(*args).astype(int)))
    assert report.diagnosis == "slip:decimals cut off"


def test_axes_that_are_not_joined_are_said_to_lack_a_reshape():
    def not_joined(x, size):
        n, height, width = x.shape
        parts = x.reshape(n, height // size, size, width // size, size)
        return parts.transpose(0, 1, 3, 2, 4)

    report = check(named("patches_forward", not_joined))
    assert report.diagnosis == "shape"
    assert "in order: what is missing is a reshape." in report.message


def test_where_nan_comes_from_is_said():
    def hidden(scores, value):
        with np.errstate(invalid="ignore"):
            masked = scores + np.triu(np.ones_like(scores), 1) * -np.inf
            return lib.softmax(masked)[0] @ value

    assert "0 * inf" in check(named("causal_mask", hidden)).message


def test_a_term_that_has_lost_its_factor_of_2_is_named():
    reference = EXERCISES["layer_norm_backward"].reference

    def half(dy, x, weight, eps):
        centred, dz = x - x.mean(1, keepdims=True), dy * weight
        spread = x.var(1, keepdims=True) + eps
        dvar = -0.5 * (dz * centred).sum(1, keepdims=True) / spread**1.5
        straight = (dz - dz.mean(1, keepdims=True)) / spread**0.5
        return straight + dvar * centred / x.shape[1], *reference(dy, x, weight, eps)[1:]

    report = check(named("layer_norm_backward", half))
    assert report.diagnosis == "slip:dx: half of the variance's term"


def test_the_smallest_failing_case_is_shown():
    def wrong_for_large_inputs(x, *rest):
        return conv1d_by_loops(x, *rest) + (x.size > 20)

    report = check(named("conv1d_forward", wrong_for_large_inputs))
    failing = [case for case in EXERCISES["conv1d_forward"].cases if case["x"].size > 20]
    assert report.diagnosis == "wrong-value"
    numbers = [sum(map(np.size, case.values())) for case in (report.case, *failing)]
    assert numbers[0] == min(numbers)
    assert report.case["x"].size > 20


def test_the_comparison_points_at_the_largest_difference():
    def one_wrong_value(*args):
        y = conv1d_by_loops(*args)
        y[0, 0, -1] += 100
        return y

    report = check(named("conv1d_forward", one_wrong_value))
    assert "1 of 4 values of y differs, most of all y[0, 0, 3]: yours 99.2, expected -0.82" in str(
        report
    ).replace("\n", " ")
    assert report.comparison.worst() == (0, 0, 3)
    assert "background-color" in report._repr_html_()


def test_tables_have_captions_and_scopes_and_say_the_sign():
    report = check(named("conv1d_forward", EXERCISES["conv1d_forward"].own_slips()[0].answers[0]))
    html = report._repr_html_()
    assert html.count("<table") == html.count("<caption") == 3
    assert html.count('scope="row"') == 3
    assert "-3.04" in html


def contrast_with_black(red, green, blue):
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (red / 255, green / 255, blue / 255)
    ]
    return (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) / 0.05


def test_numbers_are_readable_on_every_tint():
    seen = set()
    for slip in EXERCISES["conv2d_forward"].own_slips():
        html = judge(EXERCISES["conv2d_forward"], slip.answers[0])._repr_html_()
        seen |= set(re.findall(r"rgb\((\d+), (\d+), (\d+)\); color: #000000", html))
    assert len(seen) > 20
    assert min(contrast_with_black(*map(int, colour)) for colour in seen) >= 4.5


def test_html_from_a_learner_is_escaped():
    def prints(*args):
        print("<script>alert(1)</script>")
        raise ValueError("<b>")

    report = check(named("conv1d_forward", prints))
    assert "<script>" not in report._repr_html_()
    assert "&lt;script&gt;" in report._repr_html_()


def test_what_an_answer_prints_goes_into_the_report(capsys):
    def chatty(*args):
        print("\n".join(f"line {i}" for i in range(50)))
        return conv1d_by_loops(*args) + 1

    report = check(named("conv1d_forward", chatty))
    assert capsys.readouterr() == ("", "")
    assert "line 0" in str(report)
    assert "and 38 more lines" in str(report)


def test_a_passed_report_does_not_repeat_what_was_printed():
    def chatty(*args):
        print("here")
        return conv1d_by_loops(*args)

    assert "here" not in str(check(named("conv1d_forward", chatty)))


def test_warnings_of_an_answer_are_not_errors():
    def warns(*args):
        np.array([1.0]) / 0
        return conv1d_by_loops(*args)

    assert check(named("conv1d_forward", warns)).passed


def test_an_empty_or_infinite_answer_is_reported_calmly():
    right = conv1d_by_loops
    for answer in (
        lambda *args: right(*args)[:, :0],
        lambda *args: right(*args) * np.inf,
        lambda *args: np.array([]),
    ):
        report = check(named("conv1d_forward", answer))
        assert report.diagnosis in ("shape", "wrong-value")
        assert report._repr_html_()


def test_a_large_result_is_cut_out_around_the_difference():
    from course_lib.engine.report import Comparison, _tables

    wrong = np.zeros((1, 40, 50))
    wrong[0, 30, 45] = 1.0
    html = _tables(Comparison("y", wrong, np.zeros((1, 40, 50)), 1e-9))
    assert '<th scope="row"' in html
    assert html.count("<td") == 3 * (1 + 8 * 10)
    assert ">30<" in html
    assert ">45<" in html


def test_options_ignored_together_are_named_together():
    exercise = BANK["conv_transpose1d_forward"]
    report = judge(exercise, lambda x, weight, bias, stride, padding: (
        exercise.reference(x, weight, bias, 1, 0)
    ))  # fmt: skip
    assert report.diagnosis == "slip:stride and padding ignored"
    assert "for stride 1 and padding 0, whatever they are" in str(report).replace("\n", " ")


def test_the_same_answer_in_every_case_is_one_that_ignores_all_options():
    report = judge(BANK["depth_to_cover"], lambda pixels, kernel_size, stride=1: 3)
    assert report.diagnosis == "slip:pixels, kernel_size and stride ignored"


def test_an_argument_that_does_not_matter_is_not_blamed_beside_one_that_does():
    exercise = BANK["update_running_stats"]

    def update_running_stats(running_mean, running_var, x, momentum):
        return exercise.reference(0 * running_mean, 0 * running_var, x, momentum)

    report = judge(exercise, update_running_stats)
    assert report.diagnosis == "slip:mean: running_mean forgotten; var: running_var forgotten"


def test_a_part_that_is_right_wherever_it_came_back_is_not_to_blame_for_another():
    exercise = BANK["attention_backward"]

    def attention_backward(query, key, value, dy):
        dquery, dkey, dvalue = exercise.reference(query, key, value, dy)
        if len(query) != len(key):  # as where dscores @ query is no product
            raise ValueError("matmul")
        return dquery * query, dkey * key, dvalue

    report = judge(exercise, attention_backward)
    assert report.diagnosis == "raised"
    assert "dvalue" not in report.message


def test_a_small_number_in_a_denominator_is_no_rounding():
    def softmax_forward(scores):
        exps = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exps / (exps.sum(axis=1, keepdims=True) + 1e-6)

    report = judge(BANK["softmax_forward"], softmax_forward)
    assert report.diagnosis == "slip:a small number added to the sum"


def test_an_exception_that_does_not_say_it_gets_what_leads_out_of_it():
    exercise = BANK["split_heads_forward"]

    def split_heads_forward(x, num_heads):
        N, T, E = x.shape
        return x.reshape(N, T, num_heads, E / num_heads).transpose(0, 2, 1, 3)

    assert "// an integer" in judge(exercise, split_heads_forward).message
