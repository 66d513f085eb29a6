"""The training loop: guess, compare, go back, update, and keep a record of how it went."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from course_lib.errors import (
    check_flag,
    check_generator,
    check_int,
    check_number,
    kind,
    so_many,
)
from course_lib.evaluation import accuracy, check_examples, predict_in_batches
from course_lib.history import History
from course_lib.layer import Layer, check_layer
from course_lib.loss import binary_cross_entropy_with_logits, cross_entropy
from course_lib.optimizer import Optimizer, clip_by_norm
from course_lib.record import Array

M = TypeVar("M", bound=Layer)


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
    metric: Callable[[Array, Array], float] | str | None = "auto",
    clip_norm: float | None = None,
    patience: int | None = None,
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
    optimizer : Optimizer                    such as `Adam.init(model, learning_rate=1e-3)`, or
                                             `history.optimizer` to go on where a run ended
    epochs, batch_size : int
    rng : numpy.random.Generator             draws the order
    loss : operation                         loss(y, target) -> (value, backward); options by
                                             `functools.partial(cross_entropy, ignore_index=0)`, so
                                             that `fit` knows which targets count for nothing
    validation : (x, target), optional       held-out examples, looked at after every epoch
    metric : function or None                metric(y, target) -> float, measured on `validation`;
                                             "auto" is `accuracy` where the loss is a cross-entropy,
                                             without ignored targets, and None elsewhere
    clip_norm : float, optional              longer gradients are shortened (see `clip_by_norm`)
    patience : int, optional                 stop once the validation loss has not fallen for so
                                             many epochs; the model of the best epoch is returned
    progress : bool                          show a progress bar

    Returns
    -------
    model, history                           as they are then if Ctrl-C, an error in a batch, or a
                                             loss or weight that is no longer finite ends it early:
                                             `history.stopped` says why and at which step, and
                                             a warning, too, unless it was Ctrl-C. After a loss that
                                             is not finite, model is the last whose loss was.

    Raises
    ------
    TypeError             if an argument is not of its kind; it names the argument
    ValueError            if lengths disagree, a number is out of range, no target counts, or the
                          optimizer is not one for this model
    Exception             what the first batch raises: there is no trained model to give back then

    Notes
    -----
    Equal arguments (an `rng` in the same state, too) give an equal model, to the last bit.
    Stochastic gradient descent: each step sees a few examples only. [Robbins and Monro, 1951, A
    stochastic approximation method; Prechelt, 1998, Early stopping - but when?, for patience: the
    best of many epochs looks better on `validation` than it is, so test on other examples].
    PyTorch has no such function; there one writes the loop.

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
    _check_data(model, x, target, loss, validation)
    _check_pace(epochs, batch_size, rng, progress)
    _check_stopping(clip_norm, patience, validation)
    _check_optimizer(model, optimizer)
    metric = _choose_metric(metric, loss, validation)
    run = _Run((model, optimizer), _allow_empty(loss), metric, validation, clip_norm, patience)
    run.validate()  # what would stop the end of the first epoch stops here
    batches = max(1, round(len(x) / batch_size))
    try:
        with _progress_bar(epochs * batches, visible=progress) as advance:
            for epoch in range(1, epochs + 1):
                if run.is_out_of_patience():
                    break
                order = np.array_split(rng.permutation(len(x)), batches)
                run.epoch(
                    ((x[batch], target[batch]) for batch in order), f"{epoch}/{epochs}", advance
                )
    except KeyboardInterrupt:
        run.stopped = f"interrupted {run.where}"
    except Exception as error:
        run.fail(error)
    return run.result()


@dataclass
class _Run(Generic[M]):
    """A training under way: all that `fit` changes, step by step and epoch by epoch."""

    now: tuple[M, Optimizer]  # after the last step
    loss: Callable[..., Any]
    metric: Callable[[Array, Array], float] | None
    validation: tuple[Array, Array] | None
    clip_norm: float | None
    patience: int | None

    def __post_init__(self) -> None:
        self.sound = self.now  # the last whose loss was a finite number
        self.best, self.best_epoch = self.now, 0
        self.where, self.steps = "before the first step", 0
        self.stopped = ""
        self.error: Exception | None = None
        self.losses: list[float] = []
        self.validation_losses: list[float] = []
        self.validation_metrics: list[float] = []

    def epoch(self, batches: Iterable[tuple[Array, Array]], name: str, advance: Any) -> None:
        """One pass over all examples, then a look at the held-out ones."""
        total, count = 0.0, 0
        for x, target in batches:
            self.where = f"in epoch {name}, at step {self.steps + 1}"
            value, counted = self.step(x, target), _count(self.loss, target)
            total, count = total + value * counted, count + counted
            advance(f"epoch {name}, loss {value:.3f}")
        self.losses.append(total / count)
        if self.validation is None:
            return
        self.where += ", in validation"
        value, measured = self.validate()
        if value < min(self.validation_losses, default=math.inf):
            self.best, self.best_epoch = self.now, len(self.losses)
        self.validation_losses.append(value)
        self.validation_metrics += [] if measured is None else [measured]

    def step(self, x: Array, target: Array) -> float:
        """One step further, and the loss before it."""
        model, optimizer = self.now
        model = model.map(lambda w: w)  # a copy: what happens in this step leaves no trace in `now`
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # it is looked at here
            y, backward = model.forward(x)
            value, loss_backward = _loss(self.loss, y, target)
            if not np.isfinite(value):
                raise FloatingPointError(f"the loss is {value}")
            self.sound = self.now
            *_, grad = backward(loss_backward())
            if self.clip_norm is not None:
                grad, _ = clip_by_norm(grad, self.clip_norm)
            model, optimizer = optimizer.step(model, grad)
            for name, array in model.parameters().items():
                if not math.isfinite(array.sum()):
                    raise FloatingPointError(f"{name} is no longer finite")
        self.now, self.steps = (model, optimizer), self.steps + 1
        return float(value)

    def validate(self) -> tuple[float, float | None]:
        """Loss and metric on the held-out examples."""
        if self.validation is None:
            return math.nan, None
        x, target = self.validation
        y = predict_in_batches(self.now[0], x)
        value = float(_loss(self.loss, y, target)[0])
        if self.metric is None:
            return value, None
        measured = self.metric(y, target)
        if not isinstance(measured, int | float | np.number):
            raise TypeError(
                f"fit: metric returned {kind(measured)}, not a number; write it like accuracy: "
                "metric(y, target) -> float."
            )
        return value, float(measured)

    def is_out_of_patience(self) -> bool:
        waited = len(self.losses) - self.best_epoch
        if self.patience is None or waited < self.patience:
            return False
        self.stopped = "stopped early"
        return True

    def fail(self, error: Exception) -> None:
        """Say where an error came from; it goes on if there is no trained model to save from it."""
        diverged = isinstance(error, FloatingPointError)
        said = f"{error}" if diverged else f"{type(error).__name__}: {error}"
        said = f"{'diverged' if diverged else 'failed'} {self.where} ({said})"
        if not self.steps:
            error.add_note(f"fit: {said}; no step has been made.")
            raise error
        if diverged:
            self.now = self.sound
            said += "; the steps are too large: try a smaller learning rate, or clip_norm"
        warnings.warn(f"fit: {said}.", RuntimeWarning, stacklevel=3)
        self.stopped, self.error = said, error

    def result(self) -> tuple[M, History]:
        best_epoch = self.best_epoch if self.patience is not None else 0
        model, optimizer = self.best if best_epoch else self.now
        return model, History(
            loss=tuple(self.losses),
            validation_loss=tuple(self.validation_losses),
            validation_metric=tuple(self.validation_metrics),
            metric=_name(self.metric),
            best_epoch=best_epoch or None,
            stopped=self.stopped,
            error=self.error,
            optimizer=optimizer,
        )


def _check_data(model: Any, x: Any, target: Any, loss: Any, validation: Any) -> None:
    check_layer("fit", "model", model, "give the model to train")
    if not callable(loss):
        raise TypeError(
            f"fit: loss is {kind(loss)}, not an operation; give one such as cross_entropy."
        )
    _check_pair(loss, x, target)
    if validation is None:
        return
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError(
            f"fit: validation is {kind(validation)}, not a pair of arrays; give (x, target)."
        )
    held_out_x, held_out_target = validation
    _check_pair(loss, held_out_x, held_out_target, "validation ")


def _check_pair(loss: Any, x: Any, target: Any, which: str = "") -> None:
    """One target per example, and at least one that counts."""
    check_examples("fit", f"{which}x", x)
    check_examples("fit", f"{which}target", target)
    if len(x) != len(target) or len(x) == 0:
        raise ValueError(
            f"fit: {which}x has {so_many(len(x), 'example')} and {which}target {len(target)}; "
            "there must be one target per example, and at least one."
        )
    if not _count(loss, target):
        raise ValueError(
            f"fit: all {which}targets are {_ignored(loss)}, which the loss ignores; there is "
            "nothing to learn from or to measure."
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


def _check_stopping(clip_norm: Any, patience: Any, validation: Any) -> None:
    if clip_norm is not None and not check_number("fit", "clip_norm", clip_norm) > 0:
        raise ValueError(f"fit: clip_norm must be positive, not {clip_norm}; None does not clip.")
    if patience is not None:
        check_int("fit", "patience", patience, least=1)
        if validation is None:
            raise ValueError(
                "fit: patience waits for a lower validation loss, but there is no validation; "
                "give validation=(x, target)."
            )


def _check_optimizer(model: Layer, optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer is {kind(optimizer)}, not an optimizer; make one with "
            "Adam.init(model, learning_rate=1e-3)."
        )
    try:
        optimizer.step(model, model.map(np.zeros_like))
    except (TypeError, ValueError) as error:
        raise type(error)(f"fit: optimizer cannot take a step of this model: {error}") from error


def _is_cross_entropy(loss: Any) -> bool:
    return getattr(loss, "func", loss) is cross_entropy


def _ignored(loss: Any) -> int | None:
    """The target that a loss, given as a partial of one, does not count."""
    return loss.keywords.get("ignore_index") if isinstance(loss, partial) else None


def _count(loss: Any, target: Array) -> int:
    """How many examples are in a batch, or, where some are ignored, targets that count."""
    ignored = _ignored(loss)
    return len(target) if ignored is None else int(np.count_nonzero(target != ignored))


def _allow_empty(loss: Any) -> Any:
    """Where some targets are ignored, a batch may hold no others: it counts for nothing then."""
    if _is_cross_entropy(loss) and _ignored(loss) is not None:
        return partial(loss, allow_empty=True)
    return loss


def _choose_metric(
    metric: Any, loss: Any, validation: Any
) -> Callable[[Array, Array], float] | None:
    if callable(metric) and validation is None:
        raise ValueError(
            "fit: metric is measured on validation, and there is none; give validation=(x, target)."
        )
    if metric is None or callable(metric):
        return metric
    if metric != "auto":
        raise TypeError(
            f"fit: metric is {metric!r}, not a function; give one such as accuracy, None, or "
            '"auto".'
        )
    if getattr(loss, "func", loss) is binary_cross_entropy_with_logits:
        return _accuracy_of_yes_or_no
    if not _is_cross_entropy(loss):
        return None
    ignored = _ignored(loss)
    return accuracy if ignored is None else partial(_accuracy_without, ignored)


def _accuracy_without(ignored: int, y: Array, target: Array) -> float:
    counts = target != ignored
    return accuracy(y[counts], target[counts])


def _accuracy_of_yes_or_no(y: Array, target: Array) -> float:
    return accuracy(y[..., None], (target > 0.5).astype(np.int64))


def _name(metric: Any) -> str:
    """What to call a metric in a history."""
    metric = metric.func if isinstance(metric, partial) else metric
    if metric in (None, _accuracy_without, _accuracy_of_yes_or_no):
        return "accuracy"
    return getattr(metric, "__name__", "metric")


def _loss(loss: Callable[..., Any], y: Array, target: Array) -> tuple[Any, Any]:
    result = loss(y, target)
    if not isinstance(result, tuple) or len(result) != 2 or not callable(result[1]):
        raise TypeError(
            f"fit: loss returned {kind(result)}, not (value, backward); write it like mse: it must "
            "hand back the function that turns dloss into dy."
        )
    if np.ndim(result[0]):
        raise ValueError(
            f"fit: loss returned {np.shape(result[0])} numbers; training makes one number smaller: "
            'use reduction="mean".'
        )
    return result


@contextmanager
def _progress_bar(total: int, *, visible: bool) -> Iterator[Callable[[str], None]]:
    """A tqdm bar: in a notebook as a widget with words beside it, else on a terminal."""
    if not visible:
        yield lambda text: None
        return
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        from IPython.display import display
        from tqdm.notebook import tqdm as notebook_tqdm

        notebook_tqdm.monitor_interval = 0  # a thread that watches slow bars; a browser has none
        bar = notebook_tqdm(total=total, display=False, leave=True)
        mime = "application/vnd.jupyter.widget-view+json"
        view = {"version_major": 2, "version_minor": 0, "model_id": bar.container.model_id}
        # tqdm's own text says how long it took: nbval would compare it. The mark lets the view go
        # when the notebook is opened again; our words stay (engine/view.py).
        words = f"training: {so_many(total, 'step')}"
        display({mime: view, "text/plain": words}, metadata={mime: {"course_lib": {}}}, raw=True)
    else:
        from tqdm import tqdm

        bar = tqdm(total=total, disable=None, leave=False)  # None: only where someone watches

    def advance(text: str) -> None:
        bar.set_postfix_str(text, refresh=False)
        bar.update()

    with bar:
        yield advance
