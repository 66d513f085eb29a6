"""A history is what is left to read when training is over: how it went, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from course_lib.errors import so_many
from course_lib.optimizer import Optimizer


@dataclass(frozen=True, repr=False)
class History:
    """What `fit` saw, with one entry per completed epoch, and how it ended."""

    loss: tuple[float, ...] = ()  # mean training loss of the epoch, while the model was learning
    validation_loss: tuple[float, ...] = ()
    validation_metric: tuple[float, ...] = ()
    metric: str = "accuracy"  # what validation_metric holds
    best_epoch: int | None = None  # with patience: whose model was returned, counted from 1
    stopped: str = ""  # why, and where, if it ended before its time
    error: Exception | None = field(default=None, compare=False)  # what a batch raised
    optimizer: Optimizer | None = field(default=None, compare=False)  # to go on with: `fit` again

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.stopped.startswith("interrupted")

    @property
    def validation_accuracy(self) -> tuple[float, ...]:
        """`validation_metric`, where that is the accuracy."""
        return self.validation_metric if self.metric == "accuracy" else ()

    def __repr__(self) -> str:
        epochs = so_many(len(self.loss), "epoch")
        line = f"{self.stopped}, after {epochs}" if self.stopped else f"trained for {epochs}"
        last = (self.best_epoch or 0) - 1  # the numbers are those of the model that was returned
        if self.best_epoch:
            line += f"; the model is that of epoch {self.best_epoch}"
        if self.loss:
            line += f"; training loss {self.loss[0]:.2g} -> {self.loss[last]:.2g}"
        if self.validation_metric:
            line += f"; validation {self.metric} {self.validation_metric[last]:.3f}"
        elif self.validation_loss:
            line += f"; validation loss {self.validation_loss[last]:.2g}"
        return line
