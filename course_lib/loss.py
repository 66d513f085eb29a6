"""A loss says in one number how wrong a guess is, and hands back which way to be less wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.errors import check_arrays, check_rank
from course_lib.record import Array


def cross_entropy(logits: Array, target: Array) -> tuple[Array, Callable[..., Array]]:
    """Mean surprise at the true class: minus the log of the probability given to it.

        loss = mean over n of  log(sum(exp(logits[n]))) - logits[n, target[n]]

    Parameters
    ----------
    logits : (N, C)            one unnormalised score per class
    target : (N,)              the true classes, integers from 0 to C - 1

    Returns
    -------
    loss : ()
    backward : dloss=1.0 -> dlogits          (softmax(logits) - onehot(target)) / N, times dloss

    Raises
    ------
    TypeError                  if target does not hold integers
    ValueError                 if shapes disagree, the batch is empty, or a target is out of range

    Notes
    -----
    Adding a constant to a row of logits changes nothing, so every row of dlogits sums to zero.

    Examples
    --------
    >>> loss, backward = cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    >>> loss.round(3), backward()
    (np.float64(0.693), array([[ 0.5, -0.5]]))
    """
    check_arrays("cross_entropy", logits=logits)
    check_rank("cross_entropy", "logits", logits, "N, C")
    n, classes = logits.shape
    target = np.asarray(target)
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: target holds {target.dtype}, but classes are integers; "
            "convert it: target.astype(np.int64)."
        )
    if target.shape != (n,) or n == 0:
        raise ValueError(
            f"cross_entropy: target has shape {target.shape} but logits has shape {logits.shape}; "
            "there must be one class per row, and at least one row."
        )
    if target.min() < 0 or target.max() >= classes:
        raise ValueError(
            f"cross_entropy: target holds classes from {target.min()} to {target.max()}, but "
            f"logits {logits.shape} has the classes 0 to {classes - 1}."
        )
    rows = np.arange(n)
    shifted = logits - logits.max(axis=1, keepdims=True)  # exp cannot overflow below 0
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    loss = (log_sum - shifted[rows, target]).mean()

    def backward(dloss: float = 1.0) -> Array:
        dlogits = np.exp(shifted - log_sum[:, None])
        dlogits[rows, target] -= 1
        return dlogits * logits.dtype.type(dloss / n)

    return loss, backward
