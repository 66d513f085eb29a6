"""Every exercise accepts every right answer and no wrong one, and knows the usual mistakes by name.

The first half runs over the whole bank. A new exercise needs two right answers in `RIGHT`, written
independently of the library; everything else follows.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import math
import re
import sys
import textwrap
from typing import NamedTuple

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from course_lib.engine import hints
from course_lib.engine.checking import judge
from course_lib.engine.outcome import plain, run, same
from course_lib.exercises import check, hint
from course_lib.lessons import EXERCISES

# --------------------------------------------------------------------- independent right answers


def size_by_formula(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def size_by_walking(size, kernel_size, stride=1, padding=0, dilation=1):
    """Move the window until it would stick out, and count."""
    positions, start = 0, -padding
    while start + dilation * (kernel_size - 1) <= size + padding - 1:
        positions += 1
        start += stride
    return np.int64(positions)


def size_by_floor(size, kernel_size, stride=1, padding=0, dilation=1):
    return math.floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)


def conv1d_by_loops(x, weight, bias, stride, padding, dilation):
    examples, c_in, length = x.shape
    c_out, _, k = weight.shape
    positions = (length + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    y = np.zeros((examples, c_out, positions))
    for n in range(examples):
        for o in range(c_out):
            for i in range(positions):
                total = bias[o]
                for c in range(c_in):
                    for tap in range(k):
                        at = i * stride + tap * dilation - padding
                        if 0 <= at < length:
                            total += x[n, c, at] * weight[o, c, tap]
                y[n, o, i] = total
    return y


def conv1d_by_windows(x, weight, bias, stride, padding, dilation):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    width = dilation * (weight.shape[2] - 1) + 1
    windows = sliding_window_view(padded, width, axis=2)[:, :, ::stride, ::dilation]
    return np.einsum("ncik,ock->noi", windows, weight) + bias[:, None]


def conv1d_by_fourier(x, weight, bias, stride, padding, dilation):
    """Correlation as a product of Fourier transforms: rounds differently from all the others."""
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (padding, padding)))
    length, width = padded.shape[2], dilation * (weight.shape[2] - 1) + 1
    spread = np.zeros((*weight.shape[:2], width))
    spread[..., ::dilation] = weight
    spectrum = np.fft.rfft(padded)[:, None] * np.fft.rfft(spread, n=length).conj()
    y = np.fft.irfft(spectrum.sum(axis=2), n=length)[..., : length - width + 1 : stride]
    return y + bias[None, :, None]


def conv2d_by_loops(x, weight, bias, stride, padding):
    examples, c_in, height, width = x.shape
    c_out, _, k_h, k_w = weight.shape
    rows = (height + 2 * padding - k_h) // stride + 1
    columns = (width + 2 * padding - k_w) // stride + 1
    y = np.zeros((examples, c_out, rows, columns))
    for n, o, i, j in np.ndindex(*y.shape):
        y[n, o, i, j] = bias[o]
        for c, a, b in np.ndindex(c_in, k_h, k_w):
            row, column = i * stride + a - padding, j * stride + b - padding
            if 0 <= row < height and 0 <= column < width:
                y[n, o, i, j] += x[n, c, row, column] * weight[o, c, a, b]
    return y


def conv2d_by_windows(x, weight, bias, stride, padding):
    around = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around))
    windows = sliding_window_view(padded, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3))).transpose(
        0, 3, 1, 2
    ) + bias.reshape(-1, 1, 1)


def backward_by_loops(dy, x, weight, stride, padding):
    examples, c_in, length = x.shape
    c_out, _, k = weight.shape
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(c_out)
    for n in range(examples):
        for o in range(c_out):
            for i in range(dy.shape[2]):
                dbias[o] += dy[n, o, i]
                for c in range(c_in):
                    for tap in range(k):
                        at = i * stride + tap - padding
                        if 0 <= at < length:
                            dx[n, c, at] += dy[n, o, i] * weight[o, c, tap]
                            dweight[o, c, tap] += dy[n, o, i] * x[n, c, at]
    return dx, dweight, dbias


def backward_by_matrices(dy, x, weight, stride, padding):
    """The convolution as a matrix; its transpose takes the gradient back."""
    length, k = x.shape[2], weight.shape[2]
    padded_length, positions = length + 2 * padding, dy.shape[2]
    take = np.zeros((positions, k, padded_length))
    for i, tap in itertools.product(range(positions), range(k)):
        take[i, tap, i * stride + tap] = 1
    take = take[:, :, padding : padding + length]
    dx = np.einsum("noi,ock,ikl->ncl", dy, weight, take)
    dweight = np.einsum("noi,ncl,ikl->ock", dy, x, take)
    return dx, dweight, dy.sum((0, 2))


def sobel():
    return np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])


def difference_of_neighbours():
    kernel = np.zeros((3, 3), dtype=np.float32)
    kernel[1, :2] = (-1, 1)
    return kernel


def prewitt_in_integers():
    return np.array([[-1, 0, 1]] * 3)


def scharr_by_product():
    return np.outer([3, 10, 3], [-1, 0, 1]) / 32


RIGHT = {
    "conv_output_size": (size_by_formula, size_by_walking, size_by_floor),
    "conv1d_forward": (conv1d_by_loops, conv1d_by_windows, conv1d_by_fourier),
    "conv2d_forward": (conv2d_by_loops, conv2d_by_windows),
    "conv1d_backward": (backward_by_loops, backward_by_matrices),
    "make_edge_kernel": (
        sobel,
        difference_of_neighbours,
        prewitt_in_integers,
        scharr_by_product,
    ),
}

exercises = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
right_answers = pytest.mark.parametrize(
    ("name", "answer"),
    [(name, answer) for name, answers in RIGHT.items() for answer in answers],
    ids=lambda part: getattr(part, "__name__", ""),
)
mistakes = pytest.mark.parametrize(
    ("exercise", "mistake", "answer"),
    [
        pytest.param(exercise, mistake, answer, id=f"{exercise.name}-{mistake.name}-{i}")
        for exercise in EXERCISES.values()
        for mistake in exercise.mistakes
        for i, answer in enumerate(mistake.answers)
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
def test_every_exercise_has_two_independent_right_answers(exercise):
    assert len(RIGHT[exercise.name]) >= 2


@exercises
def test_the_reference_passes(exercise):
    assert judge(exercise, exercise.reference).passed


@right_answers
def test_a_right_answer_passes(name, answer):
    report = judge(EXERCISES[name], answer)
    assert report.passed, report


@right_answers
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.longdouble])
def test_a_right_answer_passes_in_any_floating_dtype(name, answer, dtype):
    def coarse(*args):
        return change_floats(plain(answer(*args)), lambda array: array.astype(dtype))

    assert judge(EXERCISES[name], coarse).passed


@right_answers
def test_a_right_answer_computed_in_float32_passes(name, answer):
    def single(value):
        return change_floats(value, lambda array: array.astype(np.float32))

    def coarse(*args):
        return single(plain(answer(*map(single, args))))

    assert judge(EXERCISES[name], coarse).passed


@mistakes
def test_a_mistake_fails_with_its_own_name(exercise, mistake, answer):
    assert judge(exercise, answer).diagnosis == f"mistake:{mistake.name}"


@exercises
def test_the_mistakes_behave_differently_on_the_cases(exercise):
    """Judged exercises name a mistake by its property, so there only the names must differ."""
    names = [mistake.name for mistake in exercise.mistakes]
    assert len(names) == len(set(names))
    behaviours = [
        (mistake.name, [run(answer, case) for case in exercise.list_cases()])
        for mistake in exercise.mistakes
        for answer in mistake.answers
    ]
    for (name, one), (other_name, other) in itertools.combinations(behaviours, 2):
        alike = name != other_name and all(
            type(a.error) is type(b.error) and same(a.value, b.value, exercise.rtol)
            for a, b in zip(one, other, strict=True)
        )
        assert not alike, (name, other_name)


@exercises
def test_no_mistake_is_recognised_by_exceptions_alone(exercise):
    """Two functions that both raise need not have made the same mistake."""
    cases = exercise.list_cases()
    for mistake in exercise.mistakes:
        for answer in mistake.answers:
            errors = [type(run(answer, case).error) for case in cases]
            assert set(errors) <= {type(None), IndexError, ValueError}, mistake.name
            assert errors.count(type(None)) >= min(3, len(cases)), mistake.name


@exercises
def test_a_message_says_what_it_saw_and_ends_with_what_helps(exercise):
    for mistake in exercise.mistakes:
        assert mistake.hint.endswith((".", "?"))
        assert re.match(r"Your |Every |The number", mistake.hint), mistake.name


@exercises
def test_the_words_are_those_of_the_lessons(exercise):
    texts = [exercise.shows, *exercise.hints]
    texts += [text for mistake in exercise.mistakes for text in (mistake.name, mistake.hint)]
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
    report = judge(exercise, cheat(exercise))
    assert not report.passed
    assert report.points == 0
    assert "<" in report._repr_html_()


@exercises
def test_returning_an_input_fails(exercise):
    for at in range(len(exercise.list_cases()[0])):
        assert not judge(exercise, lambda *args, at=at: args[at]).passed


@exercises
def test_returning_every_input_fails(exercise):
    assert not judge(exercise, lambda *args: args[: len(exercise.returns)]).passed


@exercises
def test_values_of_another_case_fail(exercise):
    if exercise.judge:
        return  # its right answers do not depend on a case
    first = exercise.reference(*exercise.list_cases()[0].values())
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
    call = f"{exercise.name}({', '.join(exercise.list_cases()[0])})"
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
    has_arrays = any(isinstance(v, np.ndarray) for v in exercise.list_cases()[0].values())
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
    one, other = exercise.list_cases(), exercise.list_cases()
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
    def learner(*args):
        raise NotImplementedError

    learner.__name__ = exercise.name
    hints._given.pop(exercise.name, None)
    given = [hint(learner) for _ in range(len(exercise.hints) + 3)]
    assert [h.step for h in given][:2] == [1, 2]
    assert f"solutions/{exercise.sections[0]}.ipynb" in str(given[-1])
    assert given[-1] == given[-2]
    assert len({h.text for h in given}) == len(exercise.hints) + 1
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


# ------------------------------------------------- small slips in a right answer, made by machine


class Slip(ast.NodeTransformer):
    """Changes the n-th place of a function at which a slip is possible."""

    swaps = {  # noqa: RUF012
        ast.Add: ast.Sub,
        ast.Sub: ast.Add,
        ast.Mult: ast.Add,
        ast.FloorDiv: ast.Mult,
        ast.LtE: ast.Lt,
        ast.Lt: ast.LtE,
    }

    def __init__(self, at):
        self.at, self.count, self.what = at, -1, None

    def here(self, node, what):
        self.count += 1
        if self.count == self.at:
            self.what = f"line {getattr(node, 'lineno', 0)}: {what}"
        return self.count == self.at

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if type(node.op) in self.swaps and self.here(node, f"{type(node.op).__name__} swapped"):
            node.op = self.swaps[type(node.op)]()
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        for i, op in enumerate(node.ops):
            if type(op) in self.swaps and self.here(node, f"{type(op).__name__} swapped"):
                node.ops[i] = self.swaps[type(op)]()
        return node

    def visit_Constant(self, node):
        if type(node.value) is int and self.here(node, f"{node.value} became {node.value + 1}"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if self.here(node, "+= became ="):
            return ast.copy_location(ast.Assign([node.target], node.value), node)
        return node

    def visit_Name(self, node):
        other = {"stride": "padding", "padding": "stride", "dilation": "stride"}.get(node.id)
        if other and isinstance(node.ctx, ast.Load) and self.here(node, f"{node.id} -> {other}"):
            return ast.copy_location(ast.Name(other, node.ctx), node)
        return node


def slips(answer):
    """Every function that differs from `answer` in one place, with what was changed."""
    source = textwrap.dedent(inspect.getsource(answer))
    for at in itertools.count():
        slip = Slip(at)
        tree = ast.fix_missing_locations(slip.visit(ast.parse(source)))
        if slip.what is None:
            return
        namespace = dict(vars(sys.modules[__name__]))
        exec(compile(tree, "<slip>", "exec"), namespace)
        yield slip.what, namespace[answer.__name__]


BY_LOOPS = {
    "conv_output_size": size_by_formula,
    "conv1d_forward": conv1d_by_loops,
    "conv2d_forward": conv2d_by_loops,
    "conv1d_backward": backward_by_loops,
}


@pytest.mark.parametrize("name", BY_LOOPS)
def test_no_single_slip_in_a_right_answer_passes(name):
    answer, survivors, tried = BY_LOOPS[name], [], 0
    for what, wrong in slips(answer):
        if "line 1:" in what:
            continue  # a default: the cases give every argument
        tried += 1
        if judge(EXERCISES[name], wrong).passed:
            survivors.append(what)
    assert tried >= 9
    assert survivors == []


# --------------------------------------------------------------------------------- the engine


def named(name, function):
    function.__name__ = name
    return function


def test_an_endless_loop_can_be_stopped():
    def endless(*args):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="check stopped conv1d_forward in case 1 of 16"):
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
    assert "no case" in report.as_code()


def test_a_float_where_a_size_is_asked_for_is_explained():
    report = check(named("conv_output_size", lambda *args: float(size_by_formula(*args))))
    assert report.diagnosis == "mistake:a float instead of an int"


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
    assert report.diagnosis == "mistake:reads beyond the end"
    assert "raised IndexError: index 4 is out of bounds" in report.message


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
    assert report.diagnosis == "type"
    assert "cuts the decimals off" in report.message


def test_the_smallest_failing_case_is_shown():
    def wrong_for_large_inputs(x, *rest):
        return conv1d_by_loops(x, *rest) + (x.size > 20)

    report = check(named("conv1d_forward", wrong_for_large_inputs))
    failing = [case for case in EXERCISES["conv1d_forward"].list_cases() if case["x"].size > 20]
    assert report.diagnosis == "wrong-value"
    numbers = [sum(map(np.size, case.values())) for case in (report.case, *failing)]
    assert numbers[0] == min(numbers)
    assert report.case["x"].size > 20


def test_the_comparison_points_at_the_largest_difference():
    def one_wrong_value(*args):
        y = conv1d_by_loops(*args)
        y[0, 0, 1] += 100
        return y

    report = check(named("conv1d_forward", one_wrong_value))
    assert "1 of 4 values of y differ, most of all y[0, 0, 1]: yours 105, expected 5.07" in str(
        report
    ).replace("\n", " ")
    assert report.comparison.worst() == (0, 0, 1)
    assert "background-color" in report._repr_html_()


def test_tables_have_captions_and_scopes_and_say_the_sign():
    report = check(named("conv1d_forward", EXERCISES["conv1d_forward"].mistakes[0].answers[0]))
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
    for mistake in EXERCISES["conv2d_forward"].mistakes:
        html = judge(EXERCISES["conv2d_forward"], mistake.answers[0])._repr_html_()
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


def test_an_edge_kernel_only_as_strong_across_as_along_fails():
    rng = np.random.default_rng(0)
    for _ in range(300):
        kernel = rng.normal(size=(3, 3))
        kernel -= kernel.mean()
        across = max(abs(kernel[:, 1:].sum()), abs(kernel[:, 2:].sum()))
        along = max(abs(kernel[1:].sum()), abs(kernel[2:].sum()))
        report = check(named("make_edge_kernel", lambda kernel=kernel: kernel))
        assert report.passed == (across > 2 * along and across >= 0.1)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 0.03])
def test_an_edge_kernel_too_weak_to_see_fails(scale):
    report = check(named("make_edge_kernel", lambda: prewitt_in_integers() * scale))
    assert report.diagnosis == "mistake:answers too weakly"


@pytest.mark.parametrize("kernel", [sobel() / 8, prewitt_in_integers() / 6, 1e6 * sobel()])
def test_an_edge_kernel_may_be_scaled(kernel):
    assert check(named("make_edge_kernel", lambda: kernel)).passed


def test_a_line_detector_answers_to_upright_edges_too():
    """From both sides, with opposite signs; the exercise leaves the sign open, and says so."""
    report = check(named("make_edge_kernel", lambda: np.array([[-1, 2, -1]] * 3)))
    assert report.passed
    assert "The sign of the answer is up to you." in report.message


def test_a_kernel_of_zeros_finds_nothing():
    assert "on every edge" in check(named("make_edge_kernel", lambda: np.zeros((3, 3)))).message
