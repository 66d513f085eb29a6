"""What has no name is located by the smallest condition that holds exactly where it fails."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from course_lib.engine.checking import judge
from course_lib.engine.location import Condition, locate
from course_lib.lessons import EXERCISES

PLAIN = {"N": 1, "H": 1, "W": 1, "stride": 1, "padding": 0, "causal": False, "mode": "same"}
CASES = [
    dict(zip(PLAIN, values, strict=True))
    for values in itertools.product(
        (1, 2), (1, 3), (1, 3, 4), (1, 2), (0, 1), (False, True), ("same", "full")
    )
]


def failing(condition):
    return {index for index, case in enumerate(CASES) if condition(**case)}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            lambda stride, **_: stride > 1,
            "It is right wherever stride is 1, and wrong wherever stride is larger than 1.",
        ),
        (
            lambda stride, **_: stride == 1,
            "It is right wherever stride is larger than 1, and wrong wherever stride is 1.",
        ),
        (
            lambda padding, **_: padding,
            "It is right wherever padding is 0, and wrong wherever padding is larger than 0.",
        ),
        (
            lambda N, **_: N > 1,
            "It is right wherever N is 1, and wrong wherever N is larger than 1.",
        ),
        (
            lambda H, W, **_: H != W,
            "It is right wherever H = W, and wrong wherever H ≠ W.",
        ),
        (
            lambda H, W, **_: H < W,
            "It is right wherever H ≥ W, and wrong wherever H < W.",
        ),
        (
            lambda causal, **_: causal,
            "It is right wherever causal is False, and wrong wherever causal is True.",
        ),
        (
            lambda mode, **_: mode == "full",
            "It is right wherever mode is same, and wrong wherever mode is not same.",
        ),
        (
            lambda stride, padding, **_: stride > 1 and padding,
            "It is wrong exactly where stride is larger than 1 and padding is larger than 0.",
        ),
        (
            lambda N, stride, **_: N > 1 or stride > 1,
            "It is wrong exactly where N is larger than 1 or stride is larger than 1.",
        ),
        (
            lambda N, padding, **_: N > 1 and not padding,
            "It is wrong exactly where N is larger than 1 and padding is 0.",
        ),
        (lambda **_: True, "It is wrong in every case, the plainest one included."),
    ],
)
def test_the_smallest_condition_is_told(condition, words):
    assert locate(CASES, failing(condition), PLAIN) == words


def test_what_no_two_conditions_explain_gets_no_sentence():
    rng = np.random.default_rng(0)
    for _ in range(20):
        some = set(np.flatnonzero(rng.random(len(CASES)) < 0.5))
        assert locate(CASES, some, PLAIN) is None


def test_one_case_alone_is_no_ground_for_two_conditions():
    assert locate(CASES, {len(CASES) - 1}, PLAIN) is None
    assert locate([{}], {0}, {}) is None


def test_a_condition_on_something_else_is_told_too():
    late = Condition("it is late", "it is early", tuple(i > 50 for i in range(len(CASES))))
    assert locate(CASES, set(range(51, len(CASES))), PLAIN, [late]) == (
        "It is right wherever it is early, and wrong wherever it is late."
    )


# --------------------------------------------------------------------------------- in an exercise

FORWARD, IMAGES = EXERCISES["conv1d_forward"], EXERCISES["conv2d_forward"]
y, image = FORWARD.reference, IMAGES.reference


def a_little_more(*args):
    """What no slip does: every value moved by another amount."""
    right = y(*args)
    return right + 0.3 + 0.1 * np.arange(right.size).reshape(right.shape)


def where(condition):
    def answer(x, weight, bias, stride, padding, dilation):
        args = (x, weight, bias, stride, padding, dilation)
        return a_little_more(*args) if condition(*args) else y(*args)

    return answer


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (lambda x, w, b, s, p, d: s > 1, "wrong wherever stride is larger than 1"),
        (lambda x, w, b, s, p, d: p > 0, "wrong wherever padding is larger than 0"),
        (lambda x, w, b, s, p, d: d > 1, "wrong wherever dilation is larger than 1"),
        (lambda x, w, b, s, p, d: x.shape[0] > 1, "wrong wherever N is larger than 1"),
        (lambda x, w, b, s, p, d: x.shape[1] > 1, "wrong wherever C_in is larger than 1"),
        (lambda x, w, b, s, p, d: w.shape[2] == 1, "wrong wherever K is 1"),
        (lambda x, w, b, s, p, d: s > w.shape[2], "wrong wherever K < stride"),
        (
            lambda x, w, b, s, p, d: s > 1 and d > 1,
            "exactly where stride is larger than 1 and dilation is larger than 1",
        ),
        (lambda x, w, b, s, p, d: not x.flags.c_contiguous, "wrong wherever x lies in another"),
        (lambda x, w, b, s, p, d: x.dtype == np.float32, "wrong wherever an array is float32"),
        (lambda *args: True, "It is wrong in every case"),
    ],
)
def test_an_answer_wrong_somewhere_is_located(condition, words):
    report = judge(FORWARD, where(condition))
    assert report.diagnosis == "wrong-value"
    assert words in report.message


def test_a_result_kept_by_shapes_is_located():
    kept = {}

    def answer(x, weight, bias, *options):
        key = (x.shape, weight.shape, options)
        return kept.setdefault(key, y(x, weight, bias, *options))

    assert "wrong wherever an earlier call had the same ones" in judge(FORWARD, answer).message


def test_an_image_that_is_not_square_is_located():
    def answer(x, weight, bias, stride, padding):
        right = image(x, weight, bias, stride, padding)
        more = 0.3 + 0.1 * np.arange(right.size).reshape(right.shape)
        return right + more * (x.shape[2] != x.shape[3])

    assert "wrong wherever H ≠ W" in judge(IMAGES, answer).message


def test_an_exception_is_located():
    def answer(x, weight, bias, stride, padding, dilation):
        if padding:
            raise ValueError("not yet")
        return y(x, weight, bias, stride, padding, dilation)

    report = judge(FORWARD, answer)
    assert report.diagnosis == "raised"
    assert "wrong wherever padding is larger than 0" in report.message
