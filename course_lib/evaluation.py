"""What a trained model is worth: its outputs on any number of examples, and how many are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import check_int, is_plain, kind
from course_lib.layer import Layer, check_layer
from course_lib.record import Array


def predict_in_batches(model: Layer, x: Array, batch_size: int = 256) -> Array:
    """The outputs of the evaluation model, computed a batch at a time.

    Parameters
    ----------
    model : Layer           its `for_evaluation()` is used; the model stays as it is
    x : (N, ...)            inputs, any number of them
    batch_size : int        how many go through at once; memory grows with it, the outputs do not

    Returns
    -------
    y : (N, ...)

    Raises
    ------
    TypeError               if model is no layer, x no array, or batch_size not an int
    ValueError              if batch_size is below 1

    Examples
    --------
    >>> from course_lib import Identity
    >>> predict_in_batches(Identity(), np.arange(4.0).reshape(4, 1), batch_size=3).shape
    (4, 1)
    """
    check_layer("predict_in_batches", "model", model, "give a model, then its inputs")
    check_examples("predict_in_batches", "x", x)
    check_int("predict_in_batches", "batch_size", batch_size, least=1)
    model = model.for_evaluation()
    return np.concatenate(
        [model(x[i : i + batch_size]) for i in range(0, max(len(x), 1), batch_size)]
    )


def accuracy(logits: Array, target: Array) -> float:
    """Share of rows whose largest score is at the true class.

    Parameters
    ----------
    logits : (..., C)       one score per class; a single one says class 1 where it is positive
    target : (...)          the true classes, integers from 0 to C - 1, or 0 and 1

    Returns
    -------
    float                   from 0 to 1; of tied scores the first counts as the largest, and a row
                            with a score that is NaN is wrong

    Raises
    ------
    TypeError               if logits is not an array of numbers, or target not one of integers
    ValueError              if shapes disagree, there are no rows, or a target is no class

    Notes
    -----
    The same in scikit-learn, on the classes of the largest scores:
    `sklearn.metrics.accuracy_score`.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    if not is_plain(logits) or logits.dtype.kind not in "iuf":
        found = logits.dtype if is_plain(logits) else kind(logits)
        raise TypeError(
            f"accuracy: logits must be an array (..., C) of scores, not {found}; "
            "wrap it: np.array(values)."
        )
    if not is_plain(target) or target.dtype.kind not in "iu":
        found = target.dtype if is_plain(target) else kind(target)
        raise TypeError(
            f"accuracy: target must be an array of integers, not {found}; convert it: "
            "np.array(classes, dtype=np.int64)."
        )
    if logits.ndim < 1 or logits.shape[:-1] != target.shape or logits.size == 0:
        raise ValueError(
            f"accuracy: target has shape {target.shape} but logits {logits.shape} needs "
            f"{logits.shape[:-1]}, one class per row, and at least one row."
        )
    classes = max(2, logits.shape[-1])
    if target.min() < 0 or target.max() >= classes:
        raise ValueError(
            f"accuracy: target holds classes from {target.min()} to {target.max()}, but logits "
            f"{logits.shape} has the classes 0 to {classes - 1}; leave out rows that do not count."
        )
    guess = logits[..., 0] > 0 if logits.shape[-1] == 1 else logits.argmax(axis=-1)
    right = (guess == target) & ~np.isnan(logits).any(axis=-1)
    return float(right.mean())


def check_examples(operation: str, name: str, value: Any) -> None:
    if not is_plain(value) or value.ndim < 1:
        found = "a single number" if is_plain(value) else kind(value)
        raise TypeError(
            f"{operation}: {name} is {found}, not an array with one example per row; wrap it: "
            "np.array(values)."
        )
