"""A right answer is right however it is written, and nothing that an answer does ends a check."""

from __future__ import annotations

import enum
import functools
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from course_lib import conv1d
from course_lib.engine.aside import Printed
from course_lib.engine.checking import judge
from course_lib.engine.outcome import (
    Foreign,
    differs,
    dtype_problem,
    plain,
    run,
    same,
    shape_lead,
    structure_problem,
)
from course_lib.exercises import check, hint
from course_lib.lessons import EXERCISES

FORWARD, BACKWARD = EXERCISES["conv1d_forward"], EXERCISES["conv1d_backward"]
SIZE, KERNEL = EXERCISES["conv_output_size"], EXERCISES["make_edge_kernel"]
forward, backward, size = FORWARD.reference, BACKWARD.reference, SIZE.reference

# ------------------------------------------------------------------------ right, however written


def single(*args):
    return [np.float32(a) if isinstance(a, np.ndarray) else a for a in args]


class Layer:
    def __call__(self, *args):
        return forward(*args)


class Nameless(Layer):
    @property
    def __name__(self):
        raise ValueError("no name")


def wrapped(function):
    def wrapper(*args):
        return function(*args)

    return wrapper


@pytest.mark.parametrize(
    "answer",
    [
        lambda *args: forward(*args),
        functools.partial(forward),
        Layer(),
        Nameless(),
        wrapped(forward),
    ],
    ids=["lambda", "partial", "callable object", "name raises", "wrapper"],
)
def test_what_has_another_name_says_which_exercise_it_answers(answer):
    report = check(answer)
    assert report.diagnosis == "unknown"
    assert 'check(answer, "conv1d_forward")' in report.message
    assert check(answer, "conv1d_forward").passed
    assert hint(answer, "conv1d_forward").exercise == "conv1d_forward"


def test_an_alias_has_the_functions_own_name():
    alias = FORWARD.compiled(FORWARD.solution)
    assert check(alias).passed


@pytest.mark.parametrize("name", ["conv1d_foward", "", 3])
def test_a_name_that_no_exercise_has_gets_a_sentence(name):
    report = check(forward, name)
    assert report.diagnosis == "unknown"
    assert "No exercise has this name" in report.message
    assert "The nearest names" in report.message or not name or name == 3


@pytest.mark.parametrize("thing", ["conv", 3, None, lambda x: x])
def test_hint_answers_in_its_own_name(thing):
    report = hint(thing)
    assert "hint(" in report.message
    assert "check(" not in report.message


def test_a_result_in_another_memory_order_or_read_only_passes():
    def read_only(*args):
        y = np.asfortranarray(forward(*args))
        y.flags.writeable = False
        return y

    def backwards(*args):
        return forward(*args)[:, :, ::-1].copy()[:, :, ::-1]

    assert judge(FORWARD, read_only).passed
    assert judge(FORWARD, backwards).passed


def test_a_list_of_gradients_is_as_good_as_a_tuple():
    assert judge(BACKWARD, lambda *args: list(backward(*args))).passed
    short = judge(BACKWARD, lambda *args: list(backward(*args)[:2]))
    assert "It returns a list; expected a tuple (dx, dweight, dbias)." in short.message


class Places(int):
    def __eq__(self, other):
        return True

    def __index__(self):
        raise AssertionError("its own idea of its value is not asked for")

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    "kind", [Places, np.int32, lambda n: enum.IntEnum("Size", {"places": n}).places]
)
def test_an_int_of_any_kind_is_a_size(kind):
    assert judge(SIZE, lambda *args: kind(size(*args))).passed
    assert not judge(SIZE, lambda *args: kind(size(*args) + 1)).passed


# -------------------------------------------------------------------------------------- rounding

SINGLE = {
    "inputs and result": lambda *args: forward(*single(*args)),
    "returned as float64": lambda *args: forward(*single(*args)).astype(np.float64),
    "the input alone": lambda x, weight, *rest: forward(
        np.float32(x).astype(weight.dtype), weight, *rest
    ),
    "the product, before the bias": lambda x, weight, bias, *rest: (
        forward(*single(x, weight, 0 * bias), *rest).astype(np.float64) + bias[:, None]
    ),
    "the buffer": lambda *args: np.float32(forward(*args)).astype(np.float64),
}


@pytest.mark.parametrize("answer", SINGLE.values(), ids=list(SINGLE))
def test_float32_anywhere_inside_is_right(answer):
    report = judge(FORWARD, answer)
    assert report.passed, report


@pytest.mark.parametrize("decimals", range(8))
def test_rounding_is_not(decimals):
    assert not judge(FORWARD, lambda *args: forward(*args).round(decimals)).passed


@pytest.mark.parametrize("exercise", [FORWARD, BACKWARD], ids=lambda exercise: exercise.name)
def test_float16_is_not(exercise):
    def half(value):
        if type(value) is tuple:
            return tuple(map(half, value))
        return value.astype(np.float16)

    report = judge(exercise, lambda *args: half(exercise.reference(*args)))
    assert report.diagnosis == "type"
    assert "holds float16, which keeps three digits only" in report.message


def test_float16_inside_is_not_either():
    report = judge(FORWARD, lambda *args: forward(*args).astype(np.float16).astype(np.float64))
    assert report.diagnosis == "wrong-value"


@pytest.mark.parametrize("off", [3e-6, 1e-4, 1e-2])
def test_an_error_beyond_rounding_differs(off):
    right = np.linspace(-3, 3, 7) / 7
    assert differs(right * (1 + off), right, 1e-9).sum() >= 4
    assert not differs(right * (1 + 1e-7), right, 1e-9).any()


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int8, np.uint8, np.int64])
@pytest.mark.parametrize("special", [0.0, -128.0, 1e308, np.nan, np.inf, -np.inf])
def test_what_is_plainly_the_same_is_so_when_looked_at_closely(kind, special):
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        for off in (0.0, 1e-14, 2e-9, 1e-6, 0.1):
            right = rng.normal(scale=3, size=(2, 3)).astype(kind)
            made = (right + off * rng.normal(size=(2, 3))).astype(kind)
            other_made, other_right = made.copy(), right.copy()
            other_made[0, 1] = other_right[0, 1] = np.asarray(special).astype(kind)
            for answer in (made, other_made):
                for expected in (right, other_right):
                    closely = not differs(answer, expected, 1e-9).any()
                    assert same(answer, expected, 1e-9) == closely


def test_longdouble_beyond_float64_is_infinite_and_wrong():
    huge = np.full(2, np.longdouble("1e4000"))
    assert differs(huge, np.ones(2), 1e-9).all()


# ------------------------------------------------------------------------------ what is said of it


def said(answer, expected, *names):
    return structure_problem(plain(answer), plain(expected), names)[1]


def test_a_return_is_suspected_missing_only_where_nothing_came_back():
    assert "Is a return missing?" in said(None, np.ones(3), "y")
    assert said((np.ones(3), None), (np.ones(3), np.ones(2)), "dx", "dbias") == (
        "dbias is None; expected an array of shape (2,)."
    )


@pytest.mark.parametrize(
    ("shape", "lead"),
    [
        ((3, 3, 2, 5), "N, C and W' are too long."),
        ((1, 1, 3, 2), "H' is too long and W' is too short."),
        ((1, 1, 4), "Its axes are to be (N, C, H', W')."),
        ((8,), "Its axes are to be (N, C, H', W')."),
        (
            (1, 1, 0, 4),
            "H' is too short. Is it cut by [n:-n]? Where n is 0 that is empty, for -0 is 0.",
        ),
    ],
)
def test_a_wrong_shape_says_which_axes_are_wrong(shape, lead):
    assert shape_lead(np.ones(shape), np.ones((1, 1, 2, 4)), ["N", "C", "H'", "W'"]) == lead


def test_a_shape_whose_axes_have_no_names_is_stated_alone():
    assert shape_lead(np.ones((2, 3)), np.ones((2, 2)), ()) == ""


def test_true_and_false_are_an_answer_of_their_own():
    assert same(plain(np.True_), True, 0.0)
    assert not same(True, False, 0.0)
    assert said(True, 1, "count") == "count is a bool; expected an int."
    assert said(1, True, "affine") == "affine is an int; expected a bool."
    assert said(np.ones(1) > 0, True, "affine").startswith(
        "affine is an array of bool; expected a bool. One answer is asked for: array.all()"
    )


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (np.ones((3, 3)) > 0, "an array of bool"),
        (np.ones((3, 3)) + 0j, "an array of complex128"),
        (np.ones((3, 3)).astype(object), "an array of object"),
    ],
)
def test_an_array_of_another_kind_hears_what_its_elements_must_be(answer, what):
    sentence = said(answer, np.ones((3, 3)), "kernel")
    assert sentence.startswith(f"kernel is {what}; expected an array of shape (3, 3). Its elements")


@pytest.mark.parametrize(
    ("dtype", "lost"),
    [
        (np.uint8, "from 0 to 255: -1 comes out as 255"),
        (np.uint64, "-1 comes out as 18446744073709551615"),
        (np.int8, "from -128 to 127: 128 comes out as -128"),
    ],
)
def test_integers_that_wrap_are_the_cause(dtype, lost):
    wanted = np.array([-1.0, 0.0, 1.0]) if dtype != np.int8 else np.array([0.0, 200.0])
    assert lost in dtype_problem("y", wanted.astype(int).astype(dtype), wanted)


def test_integers_that_hold_what_was_expected_are_not_the_cause():
    assert dtype_problem("y", np.array([1, 2]), np.array([1.0, 3.0])) is None
    assert dtype_problem("y", np.array([1.0, 2.0]), np.array([1.5, 3.0])) is None
    assert "cuts the decimals off" in dtype_problem("y", np.array([1, 2]), np.array([1.5, 3.0]))


# ---------------------------------------------------------------------------------- never raises


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**6000], ids=["400", "-400", "6000"])
def test_an_endless_int_is_told_by_its_length(number):
    report = judge(SIZE, lambda *args: number)
    assert report.diagnosis == "type"
    assert "places is an int of about" in report.message
    assert report._repr_html_()


@pytest.mark.parametrize("number", [10**30, -(10**200), 2**64])
def test_a_long_int_is_compared(number):
    assert judge(SIZE, lambda *args: number).diagnosis == "wrong-value"
    assert str(judge(FORWARD, lambda *args: number))


def test_closing_the_output_changes_nothing(capsys):
    def closes(*args):
        print("before")
        sys.stdout.close()
        sys.stderr.close()
        print("after")
        return forward(*args) + 1

    report = judge(FORWARD, closes)
    assert report.printed == "before\nafter"
    print("still open")
    assert capsys.readouterr().out == "still open\n"


class Nasty(type):
    @property
    def __name__(cls):
        raise ValueError("no name")

    def __eq__(cls, other):
        raise ValueError("no equality")

    def __hash__(cls):
        raise ValueError("no hash")


class Thing(metaclass=Nasty):
    def __getattribute__(self, name):
        raise ValueError("nothing to see")


def test_a_result_whose_type_raises_is_told_by_its_name():
    report = judge(FORWARD, lambda *args: Thing())
    assert "y is a Thing; expected an array" in report.message
    assert check(Thing()).diagnosis == "unknown"


class Falsy(Exception):
    def __bool__(self):
        raise ValueError("neither")


@pytest.mark.parametrize("error", [Falsy(), SystemExit(), GeneratorExit(), MemoryError()])
def test_every_exception_becomes_a_report(error):
    def raises(*args):
        raise error

    report = judge(FORWARD, raises)
    assert report.diagnosis == "raised"
    assert type(error).__name__ in report.message


def test_a_huge_result_is_its_shape():
    huge = np.zeros((5000, 5000))
    outcome = run(lambda *args: huge, FORWARD.cases[0])
    assert outcome.value.shape == huge.shape
    assert outcome.value.strides == (0, 0)
    assert "y has shape (5000, 5000); expected" in judge(FORWARD, lambda *args: huge).message


def test_a_huge_result_is_never_right():
    assert differs(plain(np.ones(2_000_000)), np.ones(2_000_000), 1e-9).all()


def test_no_exercise_asks_for_a_result_of_which_only_the_shape_is_kept():
    for exercise in EXERCISES.values():
        for wanted in exercise.wanted:
            assert max(map(np.size, exercise.parts(wanted))) < 10**5


def test_an_endless_recursion_ends_in_a_report():
    def endless(*args):
        return endless(*args)

    report = judge(FORWARD, endless)
    assert "Your line “return endless(*args)” raised RecursionError" in report.message


def test_a_recursion_that_kills_the_kernel_loses_no_progress(tmp_path):
    code = """
    import os, signal
    from course_lib.exercises import check
    from course_lib.lessons import EXERCISES
    assert check(EXERCISES["conv_output_size"].reference, "conv_output_size").passed
    def conv1d_forward(*args):
        os.kill(os.getpid(), signal.SIGSEGV)  # what a recursion without a limit comes to
    check(conv1d_forward)
    """
    file = tmp_path / "progress.json"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "COURSE_LIB_PROGRESS": str(file)},
        timeout=60,
    )
    assert done.returncode == -signal.SIGSEGV
    assert "conv_output_size" in file.read_text()


def test_the_line_that_raised_is_found_in_any_callable():
    class Answer:
        def __call__(self, *args):
            return 1 / 0

    for answer in (Answer(), functools.partial(Answer()), Answer().__call__):
        assert run(answer, FORWARD.cases[0]).line == "return 1 / 0"


def test_arguments_that_do_not_fit_are_told_from_an_error_inside():
    assert not run(lambda x: x, FORWARD.cases[0]).began
    assert run(lambda *args: 1 / 0, FORWARD.cases[0]).began


# ------------------------------------------------------------------------- printed and displayed


def test_ten_megabytes_printed_are_a_few_lines():
    def chatty(*args):
        print("one line\n" * 1_000_000)
        return forward(*args) + 1

    report = judge(FORWARD, chatty)
    assert len(report.printed) < 3000
    assert report.printed.endswith("… and 999989 more lines")


def test_a_line_without_an_end_is_cut():
    printed = Printed()
    printed.write("x" * 10_000_000)
    assert printed.text() == "x" * 2000 + " …"


@pytest.mark.parametrize("text", ["", "one", "one\n", "one\ntwo", "a\n" * 12])
def test_a_little_is_kept_whole(text):
    printed = Printed()
    for letter in text:
        printed.write(letter)
    assert printed.text() == text.rstrip("\n")


def test_what_an_answer_displays_appears_once():
    code = """
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from IPython.display import HTML, display
    from course_lib.engine.checking import judge
    from course_lib.lessons import EXERCISES
    InteractiveShell.instance()
    exercise = EXERCISES["conv1d_forward"]
    def answer(*args):
        display(HTML("<b>seen</b>"))
        return exercise.reference(*args)
    with capture_output() as captured:
        assert judge(exercise, answer).passed
    print("displayed", len(captured.outputs))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "displayed 1\n" in done.stdout


# ------------------------------------------------------------------------------------ borrowed


def library(x, weight, bias, stride, padding, dilation):
    return conv1d(x, weight, bias, stride=stride, padding=padding, dilation=dilation)[0]


def test_the_librarys_own_operation_passes_and_is_told():
    report = judge(FORWARD, library)
    assert report.passed
    assert report.borrowed == ("conv1d",)
    assert "It calls the library's own conv1d" in " ".join(str(report).split())
    assert "own conv1d" in report._repr_html_()


def test_a_profiler_that_runs_is_given_back():
    def profiler(*args):
        pass

    sys.setprofile(profiler)
    try:
        judge(FORWARD, library)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
def test_a_worked_solution_borrows_nothing(exercise):
    for source in (exercise.solution, exercise.alternative):
        assert judge(exercise, exercise.compiled(source)).borrowed == ()


def test_foreign_values_are_told_by_type():
    assert plain(np.float16(1)).dtype == np.float16
    assert plain((1, (2, 3))) == (1, Foreign("tuple"))
