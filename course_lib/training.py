"""The training loop: guess, compare, go back, update, and keep a record of how it went."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from course_lib.errors import check_flag, check_generator, check_int, is_plain, kind
from course_lib.layer import Layer, check_layer
from course_lib.loss import cross_entropy
from course_lib.optimizer import Optimizer
from course_lib.record import Array

M = TypeVar("M", bound=Layer)


@dataclass(frozen=True)
class History:
    """What `fit` saw: one entry per completed epoch."""

    loss: tuple[float, ...] = ()  # mean training loss of the epoch
    validation_loss: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()  # where targets are classes
    interrupted: bool = False

    def __repr__(self) -> str:
        epochs = f"{len(self.loss)} epoch{'s' * (len(self.loss) != 1)}"
        line = f"interrupted after {epochs}" if self.interrupted else f"trained for {epochs}"
        if self.loss:
            line += f"; training loss {self.loss[0]:.2g} -> {self.loss[-1]:.2g}"
        if self.validation_accuracy:
            line += f"; validation accuracy {self.validation_accuracy[-1]:.3f}"
        return line


def fit(
    model: M,
    x: Array,
    target: Array,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int = 64,
    rng: np.random.Generator,
    loss: Callable[..., Any] = cross_entropy,
    validation: tuple[Array, Array] | None = None,
    progress: bool = True,
) -> tuple[M, History]:
    """Train a model on minibatches and return it with its history.

        logits, backward = model.forward(x)
        value, loss_backward = loss(logits, target)
        *_, grad = backward(loss_backward())
        model, optimizer = optimizer.step(model, grad)

    Every epoch draws a new order and cuts it into equal shares of about `batch_size` examples: no
    short batch is left over, on whose two or three examples BatchNorm would stumble.

    Parameters
    ----------
    model : Layer                            is not changed; the trained one is returned
    x : (N, ...)                             inputs
    target : (N, ...)                        what `loss` compares the outputs with
    optimizer : Optimizer                    such as `Adam.init(model, learning_rate=1e-3)`
    epochs, batch_size : int
    rng : numpy.random.Generator             draws the order
    loss : operation                         loss(y, target) -> (value, backward)
    validation : (x, target), optional       held-out examples, looked at after every epoch
    progress : bool                          show a progress bar

    Returns
    -------
    model, history                           Ctrl-C returns both as they are then

    Raises
    ------
    TypeError             if an argument is not of its kind; it names the argument
    ValueError            if x and target have different lengths, or epochs or batch_size is below 1
    FloatingPointError    if the loss stops being a finite number; it names the step

    Notes
    -----
    Stochastic gradient descent: each step sees a few examples only. [Robbins and Monro, 1951, A
    stochastic approximation method]. PyTorch has no such function; there one writes the loop.

    Examples
    --------
    >>> from course_lib import Linear, SGD, fit
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(64, 2))
    >>> model = Linear.init(2, 2, rng=rng, dtype=np.float64)
    >>> optimizer = SGD.init(model, learning_rate=1.0)
    >>> model, history = fit(
    ...     model, x, (x[:, 0] > 0).astype(int), optimizer=optimizer, epochs=20, rng=rng
    ... )
    >>> history.loss[-1] < 0.2
    True
    """
    _check_fit(model, x, target, optimizer, loss, validation)
    _check_pace(epochs, batch_size, rng, progress)
    batches = max(1, round(len(x) / batch_size))
    losses: list[float] = []
    checks: list[tuple[float, float | None]] = []
    interrupted = False
    try:
        with _progress_bar(epochs * batches, visible=progress) as advance:
            for _ in range(epochs):
                total = 0.0
                for batch in np.array_split(rng.permutation(len(x)), batches):
                    model, optimizer, value = _step(x[batch], target[batch], model, optimizer, loss)
                    total += value * len(batch)
                    advance(f"loss {value:.3f}")
                losses.append(total / len(x))
                if validation is not None:
                    checks.append(_validate(model, loss, *validation))
    except KeyboardInterrupt:
        interrupted = True
    return model, History(
        loss=tuple(losses),
        validation_loss=tuple(value for value, _ in checks),
        validation_accuracy=tuple(right for _, right in checks if right is not None),
        interrupted=interrupted,
    )


def _check_fit(model: Any, x: Any, target: Any, optimizer: Any, loss: Any, validation: Any) -> None:
    check_layer("fit", "model", model, "give the model to train")
    _check_examples("fit", "x", x)
    _check_examples("fit", "target", target)
    if validation is not None:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise TypeError(
                f"fit: validation is {kind(validation)}, not a pair of arrays; give (x, target)."
            )
        _check_examples("fit", "validation x", validation[0])
        _check_examples("fit", "validation target", validation[1])
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer is {kind(optimizer)}, not an optimizer; make one with "
            "Adam.init(model, learning_rate=1e-3)."
        )
    if not callable(loss):
        raise TypeError(
            f"fit: loss is {kind(loss)}, not an operation; give one such as cross_entropy."
        )
    if len(x) != len(target) or len(x) == 0:
        raise ValueError(
            f"fit: x has {len(x)} examples and target {len(target)}; there must be one target per "
            "example, and at least one."
        )


def _check_pace(epochs: Any, batch_size: Any, rng: Any, progress: Any) -> None:
    check_generator("fit", rng)
    check_int("fit", "epochs", epochs)
    check_int("fit", "batch_size", batch_size)
    check_flag("fit", "progress", progress)
    if epochs < 1 or batch_size < 1:
        raise ValueError(
            f"fit: epochs ({epochs}) and batch_size ({batch_size}) must be at least 1."
        )


def _step(
    x: Array, target: Array, model: M, optimizer: Optimizer, loss: Any
) -> tuple[M, Optimizer, float]:
    """The model and the optimizer after a step on these examples, and the loss before it."""
    y, backward = model.forward(x)
    value, loss_backward = _loss(loss, y, target)
    if not np.isfinite(value):
        raise FloatingPointError(
            f"fit: the loss is {value} at step {int(optimizer.steps) + 1}; the steps are too "
            "large: try a smaller learning rate."
        )
    *_, grad = backward(loss_backward())
    return *optimizer.step(model, grad), float(value)


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
    _check_examples("predict_in_batches", "x", x)
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


def _loss(loss: Callable[..., Any], y: Array, target: Array) -> tuple[Any, Any]:
    result = loss(y, target)
    if not isinstance(result, tuple) or len(result) != 2 or not callable(result[1]):
        raise TypeError(
            f"fit: loss returned {kind(result)}, not (value, backward); write it like mse: it must "
            "hand back the function that turns dloss into dy."
        )
    return result


def _check_examples(operation: str, name: str, value: Any) -> None:
    if not is_plain(value) or value.ndim < 1:
        found = "a single number" if is_plain(value) else kind(value)
        raise TypeError(
            f"{operation}: {name} is {found}, not an array with one example per row; wrap it: "
            "np.array(values)."
        )


def _validate(
    model: Layer, loss: Callable[..., Any], x: Array, target: Array
) -> tuple[float, float | None]:
    y = predict_in_batches(model, x)
    right = accuracy(y, target) if np.asarray(target).dtype.kind in "iu" else None
    return float(_loss(loss, y, target)[0]), right


@contextmanager
def _progress_bar(total: int, *, visible: bool) -> Iterator[Callable[[str], None]]:
    """A tqdm bar: in a notebook as a widget that leaves no text behind, else on a terminal."""
    if not visible:
        yield lambda text: None
        return
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        from IPython.display import display
        from tqdm.notebook import tqdm as notebook_tqdm

        bar = notebook_tqdm(total=total, display=False, leave=True)
        view = {"version_major": 2, "version_minor": 0, "model_id": bar.container.model_id}
        # the view alone, without tqdm's text: nbval would compare it
        display({"application/vnd.jupyter.widget-view+json": view}, raw=True)
    else:
        from tqdm import tqdm

        bar = tqdm(total=total, disable=None, leave=False)  # None: only where someone watches

    def advance(text: str) -> None:
        bar.set_postfix_str(text, refresh=False)
        bar.update()

    with bar:
        yield advance
