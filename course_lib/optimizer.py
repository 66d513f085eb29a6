"""An optimizer turns a gradient into the next model: a step downhill, with or without memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Self, TypeVar

import numpy as np

from course_lib.layer import Layer
from course_lib.record import Array, Record

M = TypeVar("M", bound=Layer)
LearningRate = float | Callable[[int], float]  # a schedule takes the number of steps done so far


class Optimizer(Record):
    """What all optimizers share: a rate, possibly scheduled, and a count of steps."""

    _: KW_ONLY
    learning_rate: LearningRate
    weight_decay: float = 0.0
    steps: Array  # (), steps done so far

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.learning_rate) and not self.learning_rate > 0:
            raise ValueError(
                f"{type(self).__name__}: learning_rate must be positive, not {self.learning_rate}."
            )

    def step(self, model: M, grad: M) -> tuple[M, Self]:
        """The model one step further downhill, and the optimizer that takes the next."""
        raise NotImplementedError(f"{type(self).__name__} has no step.")

    def _rate(self) -> float:
        """The rate of the step that comes next, as a Python float."""
        rate = self.learning_rate
        return float(rate(int(self.steps)) if callable(rate) else rate)


class SGD(Optimizer):
    """Gradient descent: step against the gradient, with momentum if asked for.

        velocity = momentum * velocity + grad + weight_decay * weight
        weight   = weight - learning_rate * velocity

    Source: Polyak, 1964, for momentum. The same in PyTorch: `torch.optim.SGD`.

    Examples
    --------
    >>> from course_lib import Linear
    >>> model = Linear(np.array([[1.0]]), None)
    >>> optimizer = SGD.init(model, learning_rate=0.1)
    >>> model, optimizer = optimizer.step(model, Linear(np.array([[2.0]]), None))
    >>> model.weight
    array([[0.8]])
    """

    velocity: Layer | None
    momentum: float = 0.0

    @classmethod
    def init(
        cls,
        model: Layer,
        *,
        learning_rate: LearningRate,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> Self:
        """Start at rest. `learning_rate` is a number or a function of the steps done so far."""
        return cls(
            velocity=model.map(np.zeros_like) if momentum else None,
            momentum=momentum,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            steps=np.array(0),
        )

    def step(self, model: M, grad: M) -> tuple[M, Self]:
        rate, decay = self._rate(), self.weight_decay
        if decay:
            grad = grad.map(lambda g, w: g + decay * w, model)
        velocity = self.velocity
        if velocity is not None:
            velocity = velocity.map(lambda v, g: self.momentum * v + g, grad)
        model = model.map(lambda w, g: w - rate * g, velocity or grad)
        return model, self._with(velocity=velocity, steps=np.asarray(self.steps + 1))


class Adam(Optimizer):
    """Step by the mean gradient over its typical size, per weight.

        mean   = beta1 * mean   + (1 - beta1) * grad
        square = beta2 * square + (1 - beta2) * grad**2
        weight = weight - learning_rate * mean' / (sqrt(square') + eps)

    where ' divides out the start from zero: mean' = mean / (1 - beta1**step).
    Source: Kingma and Ba, 2015, arXiv:1412.6980. The same in PyTorch: `torch.optim.Adam`.

    Examples
    --------
    >>> from course_lib import Linear
    >>> model = Linear(np.array([[1.0]]), None)
    >>> optimizer = Adam.init(model, learning_rate=0.1)
    >>> model, optimizer = optimizer.step(model, Linear(np.array([[20.0]]), None))
    >>> model.weight.round(6)
    array([[0.9]])
    """

    mean: Layer
    square: Layer
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    @classmethod
    def init(
        cls,
        model: Layer,
        *,
        learning_rate: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> Self:
        """Start with both moments at zero."""
        return cls(
            mean=model.map(np.zeros_like),
            square=model.map(np.zeros_like),
            betas=betas,
            eps=eps,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            steps=np.array(0),
        )

    def step(self, model: M, grad: M) -> tuple[M, Self]:
        rate, decay, step = self._rate(), self.weight_decay, int(self.steps) + 1
        beta1, beta2 = self.betas
        if decay:
            grad = grad.map(lambda g, w: g + decay * w, model)
        mean = self.mean.map(lambda m, g: beta1 * m + (1 - beta1) * g, grad)
        square = self.square.map(lambda s, g: beta2 * s + (1 - beta2) * g * g, grad)
        rate = rate / (1 - beta1**step)
        root = math.sqrt(1 - beta2**step)
        model = model.map(
            lambda w, m, s: w - rate * m / (np.sqrt(s) / root + self.eps), mean, square
        )
        return model, self._with(mean=mean, square=square, steps=np.asarray(self.steps + 1))
