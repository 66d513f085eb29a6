"""A learner's function under the slider: where it differs, and what it raises, in words."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.engine.control import Fixed
from course_lib.engine.own import Own
from course_lib.lessons.convolution import CONV1D_FORWARD, CONV2D_FORWARD

CASE = CONV2D_FORWARD.cases[0]
RIGHT = CONV2D_FORWARD.reference(*CASE.values())


def of(function):
    return Own(function, CONV2D_FORWARD).run(**CASE, dilation=1)


def test_a_right_function_agrees_and_is_called_with_its_exercise_s_arguments():
    seen = []

    def conv2d_forward(*arguments):
        seen.append(len(arguments))
        return CONV2D_FORWARD.reference(*arguments)

    attempt = of(conv2d_forward)
    assert attempt.words == (
        f"Your conv2d_forward agrees with the library's at all {RIGHT.size} outputs."
    )
    assert (not attempt.differs.any(), seen) == (True, [5])
    np.testing.assert_array_equal(attempt.y, RIGHT)


def test_every_known_slip_shows_where_it_differs_or_why_it_cannot_be_compared():
    for exercise in (CONV1D_FORWARD, CONV2D_FORWARD):
        for case in exercise.cases[::4]:
            right = exercise.reference(*case.values())
            for slip in exercise.own_slips():
                for answer in slip.answers:
                    attempt = Own(answer, exercise).run(**case)
                    assert attempt.differs.shape == attempt.y.shape == right.shape
                    if "agrees" not in attempt.words and "differs" not in attempt.words:
                        np.testing.assert_array_equal(attempt.y, right)
                    assert ("differs from" in attempt.words) == attempt.differs.any()
                    np.testing.assert_allclose(
                        attempt.y[~attempt.differs], right[~attempt.differs],
                        rtol=0, atol=1e-4 * np.abs(right).max(),
                    )  # fmt: skip


def wrong_at_one_place(x, weight, bias, stride, padding):
    y = CONV2D_FORWARD.reference(x, weight, bias, stride, padding)
    y[0, 0, 1, 1] += 1
    return y


def beyond_the_end(x, weight, bias, stride, padding):
    return x[:, :, 99]


def in_place(x, weight, bias, stride, padding):
    x += 1
    return CONV2D_FORWARD.reference(x - 1, weight, bias, stride, padding)


def not_written(x, weight, bias, stride, padding):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (wrong_at_one_place, "differs from the library's at 1 of "),
        (wrong_at_one_place, r"first at y[0, 0, 1, 1]: "),
        (beyond_the_end, "raised IndexError: index 99 is out of bounds"),
        (beyond_the_end, "in “return x[:, :, 99]”; this is the library's."),
        (in_place, "changes its input x"),
        (not_written, "Your not_written still raises NotImplementedError"),
        (lambda *_: None, "y is None; expected an array of shape"),
        (lambda *_: np.zeros((1, 1)), "y has shape (1, 1); expected shape"),
        (lambda x: x, "raised TypeError"),
    ],
)
def test_what_went_wrong_is_said(function, words):
    attempt = of(function)
    assert words in attempt.words
    assert attempt.differs.sum() == (function is wrong_at_one_place)


def test_a_control_that_the_exercise_lacks_is_fixed_with_the_reason():
    own = Own(not_written, CONV2D_FORWARD)
    assert own.control("stride", (1, 4), 1) == (1, 4)
    dilation = own.control("dilation", (1, 3), 1)
    assert isinstance(dilation, Fixed)
    assert dilation.when(stride=2) == (1, "conv2d_forward has no dilation")


def test_what_is_no_function_is_refused():
    assert Own.of(None, CONV2D_FORWARD) is None
    with pytest.raises(TypeError, match=r"is not a function; .*without parentheses"):
        Own.of(np.zeros(3), CONV2D_FORWARD)
