"""A loss says in one number how wrong a guess is, and hands back which way to be less wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.activation import below_the_largest, write_sigmoid
from course_lib.blocks import by_row, sum_along_rows
from course_lib.errors import (
    check_arrays,
    check_choice,
    check_flag,
    check_gradient,
    check_int,
    check_number,
    is_plain,
    kind,
    so_many,
)
from course_lib.record import Array


def cross_entropy(
    logits: Array,
    target: Array,
    *,
    weight: Array | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    allow_empty: bool = False,
) -> tuple[Array, Callable[..., Array]]:
    """Mean surprise at the true class: minus the log of the probability given to it.

        loss = mean over n of  log(sum(exp(logits[n]))) - logits[n, target[n]]

    With smoothing and class weights, the target of a row is a share t[c] of every class c:

        t = (1 - label_smoothing) * onehot(target[n]) + label_smoothing / C
        loss[n] = -sum over c of  weight[c] * t[c] * log(softmax(logits[n])[c])
        loss = sum of all loss[n] / sum of all weight[target[n]]         ignored rows left out

    Parameters
    ----------
    logits : (..., C)             one unnormalised score per class; classes are the last axis
    target : (...)                the true classes, integers from 0 to C - 1
    weight : (C,), optional       how much each class counts; the mean is then a weighted mean
    ignore_index : int, optional  a target that counts for nothing, such as padding
    label_smoothing : float       share of the target that is spread evenly over all classes
    reduction : str               "mean", "sum", or "none" for one loss per target
    allow_empty : bool            the mean of nothing, where no row counts, is 0 with no gradient
                                  instead of an error: some batches may hold nothing but padding

    Returns
    -------
    loss : () or (...)
    backward : dloss=1.0 -> dlogits          (softmax(logits) - onehot(target)) / N, times dloss, if
                                             rows and classes count alike and nothing is smoothed;
                                             with reduction="none", dloss has the loss's shape

    Raises
    ------
    TypeError       if target does not hold integers
    ValueError      if shapes disagree, a target is out of range, or there is no mean to take: no
                    row is left (unless allow_empty), or only rows of weight 0

    Notes
    -----
    Adding a constant to a row of logits changes nothing, so every row of dlogits sums to zero.
    [Szegedy et al., 2016, arXiv:1512.00567, for label smoothing]. The same numbers as PyTorch's,
    which has the classes on axis 1, ignores -100 without being asked, and calls the mean of nothing
    NaN, with gradients that spoil a model for good.

    Examples
    --------
    >>> loss, backward = cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    >>> loss.round(3), backward()
    (np.float64(0.693), array([[ 0.5, -0.5]]))
    """
    check_arrays("cross_entropy", logits=logits, weight=weight)
    label_smoothing = _check_class_options(logits, weight, label_smoothing, allow_empty)
    target, kept = _check_target(logits, target, ignore_index)
    rows, true, classes = np.arange(target.size), target.reshape(-1), logits.shape[-1]
    # a row's target is `hit` at the true class plus `kept * spread` over all classes
    hit = kept if weight is None else kept * weight[true]
    counting = _counting(logits.reshape(-1, classes), kept if label_smoothing else hit)
    shifted = below_the_largest(counting, -1)
    true_scores = shifted[rows, true]
    count, total = float(hit.sum()) or float(allow_empty and not kept.any()), hit  # 0 / 1 is 0
    if label_smoothing:
        each = np.ones(classes, logits.dtype) if weight is None else weight
        spread = each * (label_smoothing / classes)
        even_scores = shifted @ spread
        hit = (1 - label_smoothing) * hit
        total = hit + kept * spread.sum()
    exps = np.exp(shifted, out=shifted)
    sums = sum_along_rows(exps)
    log_sums = np.log(sums)
    losses = hit * (log_sums - true_scores)
    if label_smoothing:
        losses += kept * (log_sums * spread.sum() - even_scores)
    loss, each_dloss = _reduce("cross_entropy", losses.reshape(target.shape), count, reduction)

    def backward(dloss: Any = 1.0) -> Array:
        dlosses = np.where(kept, each_dloss(dloss).reshape(-1), logits.dtype.type(0))
        dlogits = by_row(np.multiply, exps, total * dlosses / sums)
        dlogits[rows, true] -= hit * dlosses
        if label_smoothing:
            dlogits -= np.outer(kept * dlosses, spread)
        return dlogits.reshape(logits.shape)

    return loss, backward


def mse(y: Array, target: Array, *, reduction: str = "mean") -> tuple[Array, Callable[..., Array]]:
    """Mean squared error: how far the outputs are from their targets.

        loss = mean of (y - target)**2      over all entries

    Parameters
    ----------
    y, target : arrays of one shape and dtype
    reduction : str            "mean", "sum", or "none" for one loss per entry

    Returns
    -------
    loss : () or y's shape
    backward : dloss=1.0 -> dy            2 * (y - target) / number of entries, times dloss;
                                          with reduction="none", dloss has the loss's shape

    Raises
    ------
    TypeError       if the arrays are not of one floating dtype
    ValueError      if shapes differ (nothing broadcasts), or a mean has nothing to go by

    Notes
    -----
    The constant with the least mean squared error is the targets' mean.
    [Legendre, 1805, for least squares]. The same in PyTorch: `torch.nn.functional.mse_loss`.

    Examples
    --------
    >>> loss, backward = mse(np.array([1.0, 5.0]), np.array([1.0, 2.0]))
    >>> loss, backward()
    (np.float64(4.5), array([0., 3.]))
    """
    _check_pair("mse", "y", y, target)
    difference = np.asarray(y - target)
    loss, each_dloss = _reduce("mse", difference * difference, y.size, reduction)

    def backward(dloss: Any = 1.0) -> Array:
        return np.asarray(difference * (2 * each_dloss(dloss)))

    return loss, backward


def binary_cross_entropy_with_logits(
    logits: Array, target: Array, *, reduction: str = "mean"
) -> tuple[Array, Callable[..., Array]]:
    """Mean surprise at yes or no, where one score stands for the odds of yes.

        loss = mean of  target * log(1 + exp(-logits)) + (1 - target) * log(1 + exp(logits))

    Parameters
    ----------
    logits : (...)             one unnormalised score per question; sigmoid(logits) is P(yes)
    target : (...)             0 for no, 1 for yes, or a probability between; logits' dtype
    reduction : str            "mean", "sum", or "none" for one loss per entry

    Returns
    -------
    loss : () or (...)
    backward : dloss=1.0 -> dlogits          (sigmoid(logits) - target) / number of entries, times
                                             dloss; with reduction="none", dloss has the loss's
                                             shape

    Raises
    ------
    TypeError       if the arrays are not of one floating dtype
    ValueError      if shapes differ (nothing broadcasts), a target is not from 0 to 1, or a mean
                    has nothing to go by

    Notes
    -----
    One score is as good as two: it is `cross_entropy` of the scores 0 for no and `logits` for yes.
    [Cox, 1958, The regression analysis of binary sequences]. The same in PyTorch, under this name.

    Examples
    --------
    >>> loss, backward = binary_cross_entropy_with_logits(np.array([0.0]), np.array([1.0]))
    >>> loss.round(3), backward()
    (np.float64(0.693), array([-0.5]))
    """
    operation = "binary_cross_entropy_with_logits"
    _check_pair(operation, "logits", logits, target)
    if not ((target >= 0) & (target <= 1)).all():
        raise ValueError(
            f"{operation}: target holds numbers from {target.min()} to {target.max()}, but must "
            "be from 0 (no) to 1 (yes)."
        )
    small = np.exp(-np.abs(logits))  # at most 1: nothing overflows
    losses = np.asarray(np.maximum(logits, 0) - logits * target + np.log1p(small))
    loss, each_dloss = _reduce(operation, losses, losses.size, reduction)

    def backward(dloss: Any = 1.0) -> Array:
        yes = write_sigmoid(logits, np.empty_like(logits))
        return np.asarray((yes - target) * each_dloss(dloss))

    return loss, backward


def _check_pair(operation: str, name: str, y: Array, target: Array) -> None:
    """Outputs and targets of one shape and one floating dtype."""
    check_arrays(operation, required=2, **{name: y, "target": target})
    if y.shape != target.shape:
        raise ValueError(
            f"{operation}: {name} has shape {y.shape} but target has shape {target.shape}; there "
            "must be one target per output: reshape one of them."
        )


def _reduce(
    operation: str, losses: Array, count: float, reduction: str
) -> tuple[Array, Callable[[Any], Array]]:
    """The loss, and the function that turns its gradient into the gradient of every one loss."""
    check_choice(operation, "reduction", reduction, ("mean", "sum", "none"))
    if reduction == "mean" and not count:
        raise ValueError(
            f"{operation}: there is nothing to take the mean of, losses {losses.shape}; give at "
            'least one row that counts, use reduction="sum", or, where the loss takes it, '
            "allow_empty=True."
        )
    scale = 1 / count if reduction == "mean" else 1.0

    def each_dloss(dloss: Any) -> Array:
        if reduction == "none" and losses.ndim:  # else there is one loss, and it is a number
            check_gradient(operation, dloss, losses, "dloss")
            return dloss
        if np.ndim(dloss):
            raise ValueError(
                f"{operation}: dloss has shape {np.shape(dloss)} but the loss is one number; the "
                "gradient of a number is a number."
            )
        if np.asarray(dloss).dtype.kind not in "fiu":
            raise TypeError(
                f"{operation}: dloss must be a number, as the loss is, not {dloss!r}; leave it out "
                "where the loss is what you minimise."
            )
        return losses.dtype.type(dloss * scale)  # one scalar for all losses alike

    if reduction == "none":
        return losses, each_dloss
    return losses.dtype.type(losses.sum() * scale), each_dloss


def _check_class_options(
    logits: Array, weight: Array | None, label_smoothing: float, allow_empty: bool
) -> float:
    check_flag("cross_entropy", "allow_empty", allow_empty)
    if logits.ndim < 1 or not logits.shape[-1]:
        raise ValueError(
            f"cross_entropy: logits must have the axes (..., C) with at least one class, not shape "
            f"{logits.shape}."
        )
    if weight is not None and weight.shape != logits.shape[-1:]:
        raise ValueError(
            f"cross_entropy: weight has shape {weight.shape} but logits {logits.shape} has "
            f"{so_many(logits.shape[-1], 'class', 'classes')}; "
            f"weight must be ({logits.shape[-1]},)."
        )
    label_smoothing = check_number("cross_entropy", "label_smoothing", label_smoothing)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            f"cross_entropy: label_smoothing must be from 0 to 1, not {label_smoothing}."
        )
    return label_smoothing


def _counting(rows: Array, counts: Array) -> Array:
    """The rows, but zeros for one that does not count: whatever it holds, 0 * inf would be NaN."""
    return rows if counts.all() else np.where(counts[:, None], rows, 0)


def _check_target(logits: Array, target: Any, ignore_index: int | None) -> tuple[Array, Array]:
    """The target with classes in range only, and 1 for every target that counts, 0 for the rest."""
    if not is_plain(target):
        raise TypeError(
            f"cross_entropy: target is {kind(target)}, not an array of integers; wrap it: "
            "np.array(classes, dtype=np.int64)."
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: target holds {target.dtype}, but classes are integers; "
            "convert it: target.astype(np.int64)."
        )
    if target.shape != logits.shape[:-1]:
        raise ValueError(
            f"cross_entropy: target has shape {target.shape} but logits has shape {logits.shape}; "
            f"classes are the last axis, so target must be {logits.shape[:-1]}, one class per row."
        )
    kept = np.ones(target.size, logits.dtype)
    if ignore_index is not None:
        check_int("cross_entropy", "ignore_index", ignore_index)
        counts = target != ignore_index
        kept, target = counts.reshape(-1).astype(logits.dtype), np.where(counts, target, 0)
    if target.size and (target.min() < 0 or target.max() >= logits.shape[-1]):
        raise ValueError(
            f"cross_entropy: target holds classes from {target.min()} to {target.max()}, but "
            f"logits {logits.shape} has the classes 0 to {logits.shape[-1] - 1}."
        )
    return target, kept
