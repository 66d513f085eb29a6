"""A loss is one number for a whole batch, and its gradient says who was wrong, and how much."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.gradcheck import gradcheck
from course_lib.loss import binary_cross_entropy_with_logits, cross_entropy, mse

RNG = np.random.default_rng(0)
REDUCTIONS = ("mean", "sum", "none")


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


def classes(*shape: int, count: int) -> np.ndarray:
    return np.asarray(np.random.default_rng([*shape, count]).integers(0, count, shape))


def by_loops(
    logits: Any, target: Any, weight: Any, ignore_index: Any, smoothing: float, reduction: str
) -> Any:
    """From the definition: minus the sum over classes of soft target times log probability."""
    count = logits.shape[-1]
    losses, total = np.zeros(target.shape), 0.0
    for where in np.ndindex(target.shape):
        true = int(target[where])
        if true == ignore_index:
            continue
        scores = [float(score) for score in logits[where]]
        top = max(scores)
        log_sum = top + math.log(sum(math.exp(score - top) for score in scores))
        total += weight[true]
        for c in range(count):
            soft = smoothing / count + (1 - smoothing) * (c == true)
            losses[where] += soft * weight[c] * (log_sum - scores[c])
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / total if total else None}[
        reduction
    ]


options_of_cross_entropy = st.fixed_dictionaries(
    {
        "weighted": st.booleans(),
        "ignore_index": st.sampled_from([None, 0, -100]),
        "label_smoothing": st.sampled_from([0.0, 0.1, 1.0]),
        "reduction": st.sampled_from(REDUCTIONS),
    }
)


@given(
    shape=st.lists(st.integers(1, 4), max_size=3),
    count=st.integers(1, 5),
    options=options_of_cross_entropy,
)
def test_cross_entropy_is_its_definition(shape: list[int], count: int, options: Any) -> None:
    weighted = options.pop("weighted")
    logits, target = 3 * draw(*shape, count), classes(*shape, count=count)
    if options["ignore_index"] == -100:
        target = np.where(draw(*shape) > 0, target, -100)
    weight = np.abs(draw(count)) + 0.1 if weighted else None
    expected = by_loops(
        logits,
        target,
        np.ones(count) if weight is None else weight,
        options["ignore_index"],
        options["label_smoothing"],
        options["reduction"],
    )
    if expected is None:
        with pytest.raises(ValueError, match="nothing to take the mean of"):
            cross_entropy(logits, target, weight=weight, **options)
        return
    loss, backward = cross_entropy(logits, target, weight=weight, **options)
    assert np.shape(loss) == np.shape(expected)
    assert np.abs(loss - expected).max(initial=0) <= 1e-12 * max(1, np.abs(expected).max())

    def forward(scores: Any) -> Any:
        return cross_entropy(scores, target, weight=weight, **options)

    dlogits = backward(np.ones(target.shape)) if options["reduction"] == "none" else backward()
    if logits.ndim > 1 and np.abs(dlogits).max() > 1e-6:  # else differences are mere rounding
        assert gradcheck(forward, logits, rng=np.random.default_rng(0)) < 1e-5


def test_a_wrong_gradient_fails_the_gradient_check() -> None:
    target = classes(5, count=3)

    def forgets_the_mean(logits: Any) -> Any:
        loss, backward = cross_entropy(logits, target)
        return loss, lambda dloss: 5 * backward(dloss)

    assert gradcheck(forgets_the_mean, draw(5, 3), rng=RNG) > 1e-3


def test_rows_of_the_gradient_sum_to_zero() -> None:
    for smoothing in (0.0, 0.2):
        _, backward = cross_entropy(
            draw(6, 4), classes(6, count=4), weight=np.arange(1.0, 5), label_smoothing=smoothing
        )
        assert np.abs(backward().sum(axis=1)).max() < 1e-15


def test_adding_a_constant_to_a_row_changes_nothing() -> None:
    logits, target = draw(6, 4), classes(6, count=4)
    moved = cross_entropy(logits + 100 * draw(6, 1), target)[0]
    assert moved == pytest.approx(cross_entropy(logits, target)[0])


def test_knowing_nothing_costs_the_log_of_the_number_of_classes() -> None:
    assert cross_entropy(np.zeros((3, 10)), classes(3, count=10))[0] == pytest.approx(math.log(10))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_do_not_overflow(dtype: Any) -> None:
    loss, backward = cross_entropy(np.array([[1e30, 0], [0, -1e30]], dtype), np.array([0, 0]))
    assert loss == 0
    assert not backward().any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_as_far_apart_as_numbers_go_give_the_right_loss_and_gradient(dtype: Any) -> None:
    most = np.finfo(dtype).max
    logits = np.array([[most, -most, 0.0]], dtype)
    loss, backward = cross_entropy(logits, np.array([0]))
    assert loss == 0
    assert not backward().any()
    loss, backward = cross_entropy(logits, np.array([2]))
    assert loss == most
    np.testing.assert_array_equal(backward(), [[1, 0, -1]])


def test_ignored_targets_give_no_gradient_and_leave_the_mean() -> None:
    logits, target = draw(2, 5, 4), classes(2, 5, count=4)
    target[:, 3:] = -1
    loss, backward = cross_entropy(logits, target, ignore_index=-1, label_smoothing=0.1)
    kept, _ = cross_entropy(logits[:, :3], target[:, :3], label_smoothing=0.1)
    assert loss == pytest.approx(kept)
    assert not backward()[:, 3:].any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_ignored_row_counts_for_nothing_whatever_it_holds(
    value: float, smoothing: float
) -> None:
    logits, target = draw(4, 3), np.array([0, -1, 2, -1])
    options: Any = {"ignore_index": -1, "label_smoothing": smoothing}
    loss, backward = cross_entropy(logits, target, **options)
    spoiled = logits.copy()
    spoiled[1], spoiled[3, 0] = value, value
    spoiled_loss, spoiled_backward = cross_entropy(spoiled, target, **options)
    assert spoiled_loss == loss
    np.testing.assert_array_equal(spoiled_backward(), backward())
    losses, _ = cross_entropy(spoiled, target, reduction="none", **options)
    assert not losses[[1, 3]].any()


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_row_of_a_class_of_weight_0_counts_for_nothing_whatever_it_holds(value: float) -> None:
    logits, target, weight = np.array([[value, 0.0], [1.0, 2.0]]), np.array([1, 0]), np.eye(2)[0]
    loss, backward = cross_entropy(logits, target, weight=weight)
    alone, alone_backward = cross_entropy(logits[1:], target[1:], weight=weight)
    assert loss == alone
    np.testing.assert_array_equal(backward(), [[0, 0], alone_backward()[0]])


def test_a_numpy_number_as_smoothing_keeps_the_dtype() -> None:
    logits, target = draw(4, 3).astype(np.float32), np.arange(4) % 3
    loss, backward = cross_entropy(logits, target, label_smoothing=np.float64(0.1))
    assert loss.dtype == backward().dtype == np.float32


@pytest.mark.parametrize("dloss", [None, "1", True])
def test_the_gradient_of_a_number_must_be_a_number(dloss: Any) -> None:
    with pytest.raises(TypeError, match="dloss must be a number"):
        mse(draw(3), draw(3))[1](dloss)


def test_more_axes_are_more_rows() -> None:
    logits, target = draw(2, 3, 4), classes(2, 3, count=4)
    loss, backward = cross_entropy(logits, target)
    flat, flat_backward = cross_entropy(logits.reshape(6, 4), target.reshape(6))
    assert loss == flat
    np.testing.assert_array_equal(backward().reshape(6, 4), flat_backward())


def test_without_reduction_the_gradient_takes_one_number_per_target() -> None:
    logits, target = draw(2, 3, 4), classes(2, 3, count=4)
    losses, backward = cross_entropy(logits, target, reduction="none")
    assert losses.shape == (2, 3)
    chosen = np.zeros((2, 3))
    chosen[1, 2] = 1
    dlogits = backward(chosen)
    assert dlogits[1, 2].any()
    dlogits[1, 2] = 0
    assert not dlogits.any()
    with pytest.raises(TypeError, match=r"dloss as an array of shape \(2, 3\)"):
        backward()


def test_the_loss_of_one_row_takes_a_number_whatever_the_reduction() -> None:
    logits = draw(4)
    expected = 2 * cross_entropy(logits, np.array(1))[1]()
    for reduction in REDUCTIONS:
        loss, backward = cross_entropy(logits, np.array(1), reduction=reduction)
        assert np.shape(loss) == ()
        for two in (2.0, 2, np.float64(2.0), np.array(2.0)):
            np.testing.assert_array_equal(backward(two), expected)
        with pytest.raises(ValueError, match="gradient of a number is a number"):
            backward(np.ones(1))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_where_nothing_counts_the_loss_is_zero_if_that_is_allowed(
    reduction: str, smoothing: float
) -> None:
    logits, nothing = draw(3, 4), np.full(3, -1)
    options: Any = {"reduction": reduction, "label_smoothing": smoothing, "ignore_index": -1}
    loss, backward = cross_entropy(logits, nothing, allow_empty=True, **options)
    assert not np.any(loss)
    assert not backward(np.ones(3) if reduction == "none" else 1.0).any()
    some = np.array([-1, 2, 0])
    expected, _ = cross_entropy(logits, some, **options)
    np.testing.assert_array_equal(
        cross_entropy(logits, some, allow_empty=True, **options)[0], expected
    )


def test_rows_of_weight_zero_are_no_reason_to_call_the_mean_zero() -> None:
    with pytest.raises(ValueError, match="nothing to take the mean of"):
        cross_entropy(draw(2, 3), np.zeros(2, int), weight=np.array([0.0, 1, 1]), allow_empty=True)


# -- yes or no ------------------------------------------------------------------------------------


@given(shape=st.lists(st.integers(0, 4), max_size=3), reduction=st.sampled_from(REDUCTIONS))
def test_yes_or_no_is_cross_entropy_of_two_classes(shape: list[int], reduction: str) -> None:
    logits = draw(*shape, 1)[..., 0].copy()
    target = np.asarray(draw(*shape, 2)[..., 0] > 0)
    if not logits.size and reduction == "mean":
        return
    loss, backward = binary_cross_entropy_with_logits(
        logits, target.astype(np.float64), reduction=reduction
    )
    two = np.stack([np.zeros_like(logits), logits], axis=-1)
    expected, two_backward = cross_entropy(two, target.astype(int), reduction=reduction)
    np.testing.assert_allclose(loss, expected, atol=1e-15)
    dloss = np.ones(logits.shape) if reduction == "none" and shape else 1.0
    np.testing.assert_allclose(backward(dloss), two_backward(dloss)[..., 1], atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_as_large_as_numbers_go_give_the_right_loss(dtype: Any) -> None:
    most = np.finfo(dtype).max
    logits, target = np.array([most, -most, most, -most], dtype), np.array([1, 0, 0, 1], dtype)
    losses, backward = binary_cross_entropy_with_logits(logits, target, reduction="none")
    np.testing.assert_array_equal(losses, np.array([0, 0, most, most], dtype))
    np.testing.assert_array_equal(backward(np.ones(4, dtype)), [0, 0, 1, -1])


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, np.inf])
def test_a_target_that_is_no_probability_is_an_error(bad: float) -> None:
    with pytest.raises(ValueError, match=r"from 0 \(no\) to 1 \(yes\)"):
        binary_cross_entropy_with_logits(draw(2), np.array([0.5, bad]))


@given(shape=st.lists(st.integers(0, 4), max_size=3), reduction=st.sampled_from(REDUCTIONS))
def test_mse_is_its_definition(shape: list[int], reduction: str) -> None:
    y, target = draw(*shape, 2)[..., 0].copy(), draw(*shape)
    squares = (y - target) ** 2
    if not squares.size and reduction == "mean":
        with pytest.raises(ValueError, match="nothing to take the mean of"):
            mse(y, target)
        return
    loss, _ = mse(y, target, reduction=reduction)
    expected = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](squares)
    np.testing.assert_allclose(loss, expected, atol=1e-15)
    if shape and squares.size:
        forward = lambda a: mse(a, target, reduction=reduction)  # noqa: E731
        assert gradcheck(forward, y, rng=np.random.default_rng(0)) < 1e-6


def test_the_constant_with_the_least_squared_error_is_the_mean() -> None:
    target = draw(50)
    _, backward = mse(np.full(50, target.mean()), target)
    assert abs(backward().sum()) < 1e-15


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_dtypes_stay(dtype: Any, reduction: str) -> None:
    logits = draw(3, 4).astype(dtype)
    for loss, backward in (
        cross_entropy(logits, classes(3, count=4), reduction=reduction, label_smoothing=0.1),
        mse(logits, 2 * logits, reduction=reduction),
    ):
        assert loss.dtype == dtype
        assert backward(loss).dtype == dtype
        if reduction != "none":
            assert backward(2).dtype == dtype


@pytest.mark.parametrize(
    ("logits", "target", "options", "error", "sentence"),
    [
        (draw(2, 3), np.array([0, 3]), {}, ValueError, "classes from 0 to 3, but .* 0 to 2"),
        (draw(2, 3), np.array([0, -1]), {}, ValueError, "classes from -1 to 0"),
        (draw(2, 3), np.array([0.0, 1.0]), {}, TypeError, "classes are integers"),
        (draw(2, 3), np.array([0, 1, 2]), {}, ValueError, r"target must be \(2,\)"),
        (draw(2, 3, 4), np.zeros((2, 4), int), {}, ValueError, "classes are the last axis"),
        (draw(0, 3), np.zeros(0, int), {}, ValueError, "at least one row"),
        (draw(2, 3), np.zeros(2, int), {"ignore_index": 0}, ValueError, "nothing to take the mean"),
        (draw(2, 0), np.zeros(2, int), {}, ValueError, "at least one class"),
        (
            draw(2, 3),
            np.zeros(2, int),
            {"weight": np.ones(2)},
            ValueError,
            r"weight must be \(3,\)",
        ),
        (draw(2, 3), np.zeros(2, int), {"label_smoothing": 1.5}, ValueError, "from 0 to 1"),
        (draw(2, 3), np.zeros(2, int), {"reduction": "max"}, ValueError, "reduction must be"),
        (draw(2, 3), np.zeros(2, int), {"weight": np.ones(3, "f")}, TypeError, "one dtype"),
    ],
)
def test_wrong_calls_say_what_is_wrong(
    logits: Any, target: Any, options: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        cross_entropy(logits, target, **options)


def test_mse_does_not_broadcast() -> None:
    with pytest.raises(ValueError, match=r"y has shape \(3, 1\) but target has shape \(3,\)"):
        mse(draw(3, 1), draw(3))


def test_the_gradient_of_one_number_is_one_number() -> None:
    for _, backward in (cross_entropy(draw(2, 3), np.array([0, 1])), mse(draw(2), draw(2) + 1)):
        with pytest.raises(ValueError, match="gradient of a number is a number"):
            backward(np.ones(2))
