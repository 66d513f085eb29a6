"""An optimizer turns a gradient into the next model: a step downhill, with or without memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from course_lib.errors import check_int, check_number, kind
from course_lib.layer import Layer, check_layer
from course_lib.record import Array, Record

M = TypeVar("M", bound=Layer)
R = TypeVar("R", bound=Record)
LearningRate = float | Callable[[int], float]  # a schedule takes the number of steps done so far


class Optimizer(Record):
    """What all optimizers share: a rate, possibly scheduled, and a count of steps."""

    _: KW_ONLY
    learning_rate: LearningRate
    weight_decay: float = 0.0
    steps: Array  # (), steps done so far

    def __post_init__(self) -> None:
        super().__post_init__()
        name, steps = type(self).__name__, self.steps
        if not callable(self.learning_rate):
            self._check_at_least_zero("learning_rate", self.learning_rate)
        self._check_at_least_zero("weight_decay", self.weight_decay)
        if not isinstance(steps, np.ndarray) or steps.shape or steps.dtype.kind not in "iu":
            raise TypeError(
                f"{name}: steps must be one whole number in an array, np.array(0), not {steps!r}; "
                f"{name}.init(model) makes it."
            )

    def step(self, model: M, grad: M) -> tuple[M, Self]:
        """The model one step further downhill, and the optimizer that takes the next."""
        raise NotImplementedError(f"{type(self).__name__} has no step.")

    def _rate(self) -> float:
        """The rate of the step that comes next, as a Python float."""
        rate = self.learning_rate
        if not callable(rate):
            return rate
        steps = int(self.steps)
        return self._check_at_least_zero(f"learning_rate({steps})", rate(steps))

    def _after_step(self, **moments: Any) -> Self:
        return self._with(steps=np.asarray(self.steps + 1), **moments)

    def _check_moment(self, name: str, value: Any) -> None:
        optimizer = type(self).__name__
        check_layer(optimizer, name, value, f"{optimizer}.init(model) makes it")

    def _check_at_least_zero(self, name: str, value: float) -> float:
        value = check_number(type(self).__name__, name, value)
        if not value >= 0:
            raise ValueError(f"{type(self).__name__}: {name} must be at least 0, not {value}.")
        return value

    def _check_below_one(self, name: str, value: float) -> None:
        if not 0 <= check_number(type(self).__name__, name, value) < 1:
            raise ValueError(
                f"{type(self).__name__}: {name} must be at least 0 and below 1, not {value}; "
                "it is the share of the past that each step keeps."
            )


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
        _check_model(cls.__name__, model)
        check_number(cls.__name__, "momentum", momentum)
        return cls(
            velocity=model.map(np.zeros_like) if momentum else None,
            momentum=momentum,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            steps=np.array(0),
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_below_one("momentum", self.momentum)
        if self.velocity is not None:
            self._check_moment("velocity", self.velocity)

    def step(self, model: M, grad: M) -> tuple[M, Self]:
        _check_model(type(self).__name__, model)
        rate, decay, momentum = self._rate(), self.weight_decay, self.momentum

        def update(w: Array, g: Array, *velocity: Array) -> tuple[Array, ...]:
            v = g + decay * w if decay else g
            if not velocity:
                return (w - rate * v,)
            v = momentum * velocity[0] + v
            return w - rate * v, v

        if self.velocity is None:
            (model,) = model._map_to(1, update, grad)
            return model, self._after_step()
        model, velocity = model._map_to(2, update, grad, self.velocity)
        return model, self._after_step(velocity=velocity)


class Adam(Optimizer):
    """Step by the mean gradient over its typical size, per weight.

        grad   = grad + weight_decay * weight
        mean   = beta1 * mean   + (1 - beta1) * grad
        square = beta2 * square + (1 - beta2) * grad**2
        weight = weight - learning_rate * mean' / (sqrt(square') + eps)

    where ' divides out the start from zero: mean' = mean / (1 - beta1**step), square' likewise.
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

    _decoupled: ClassVar[bool] = False  # is weight decay kept out of the moments?

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
        _check_model(cls.__name__, model)
        return cls(
            mean=model.map(np.zeros_like),
            square=model.map(np.zeros_like),
            betas=betas,
            eps=eps,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            steps=np.array(0),
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.betas, tuple | list) or len(self.betas) != 2:
            raise TypeError(
                f"{type(self).__name__}: betas must be two numbers, (beta1, beta2), not "
                f"{self.betas!r}."
            )
        for beta in self.betas:
            self._check_below_one("betas", beta)
        object.__setattr__(self, "betas", (float(self.betas[0]), float(self.betas[1])))
        self._check_moment("mean", self.mean)
        self._check_moment("square", self.square)
        self._check_at_least_zero("eps", self.eps)

    def step(self, model: M, grad: M) -> tuple[M, Self]:
        _check_model(type(self).__name__, model)
        learning_rate, decay, (beta1, beta2) = self._rate(), self.weight_decay, self.betas
        step = int(self.steps) + 1
        # both corrections for the start are scalars: into the rate and eps, out of the arrays
        root = math.sqrt(1 - beta2**step)
        rate, eps = learning_rate * root / (1 - beta1**step), self.eps * root

        def update(w: Array, g: Array, m: Array, s: Array) -> tuple[Array, Array, Array]:
            if decay and self._decoupled:
                w = (1 - learning_rate * decay) * w
            elif decay:
                g = g + decay * w
            m = beta1 * m + (1 - beta1) * g
            s = beta2 * s + (1 - beta2) * g * g  # from the left: g * g alone overflows earlier
            return w - rate * m / (np.sqrt(s) + eps), m, s

        model, mean, square = model._map_to(3, update, grad, self.mean, self.square)
        return model, self._after_step(mean=mean, square=square)


class AdamW(Adam):
    """Adam whose weight decay shrinks the weights themselves, past the moments.

        weight = (1 - learning_rate * weight_decay) * weight, then a step of Adam without decay

    In Adam the decay is part of the gradient, so weights with large gradients hardly decay.
    Source: Loshchilov and Hutter, 2019, arXiv:1711.05101. The same in PyTorch: `torch.optim.AdamW`.

    Examples
    --------
    >>> from course_lib import Linear
    >>> model = Linear(np.array([[1.0]]), None)
    >>> optimizer = AdamW.init(model, learning_rate=0.1, weight_decay=0.5)
    >>> model, optimizer = optimizer.step(model, Linear(np.array([[0.0]]), None))
    >>> model.weight
    array([[0.95]])
    """

    _decoupled: ClassVar[bool] = True

    @classmethod
    def init(
        cls,
        model: Layer,
        *,
        learning_rate: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> Self:
        """Start with both moments at zero."""
        return super().init(
            model, learning_rate=learning_rate, betas=betas, eps=eps, weight_decay=weight_decay
        )


def _check_model(name: str, model: Any) -> None:
    check_layer(name, "model", model, f"give the model to train: {name}.init(model)")


def clip_by_norm(grad: R, max_norm: float) -> tuple[R, float]:
    """Shorten a gradient that is longer than `max_norm`; its direction stays.

        grad * min(1, max_norm / norm)      norm = sqrt(sum of the squares of all its entries)

    Parameters
    ----------
    grad : Layer             the gradient of a whole model
    max_norm : float         the greatest length to let through

    Returns
    -------
    grad, norm               the clipped gradient, and how long it was before

    Raises
    ------
    TypeError                if grad is no layer, or max_norm no number
    ValueError               if max_norm is not positive
    FloatingPointError       if the norm is not a finite number: no clipping can repair that

    Notes
    -----
    One rate for the whole model: clipping array by array would turn the direction.
    [Pascanu et al., 2013, arXiv:1211.5063]. In PyTorch: `torch.nn.utils.clip_grad_norm_`.

    Examples
    --------
    >>> from course_lib import Linear
    >>> grad, norm = clip_by_norm(Linear(np.array([[3.0, 4.0]]), None), 1.0)
    >>> grad.weight, norm
    (array([[0.6, 0.8]]), 5.0)
    """
    if not isinstance(grad, Record):
        raise TypeError(
            f"clip_by_norm: grad is {kind(grad)}, not a layer; give the gradient that backward "
            "returns last."
        )
    max_norm = check_number("clip_by_norm", "max_norm", max_norm, finite=False)
    if not max_norm > 0:
        raise ValueError(f"clip_by_norm: max_norm must be positive, not {max_norm}.")
    arrays = list(grad.parameters().values())
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in arrays))
    if not 1e-15 < norm < math.inf:  # squares that over- or underflow: measure in the largest entry
        top = max((float(np.abs(g).max(initial=0)) for g in arrays), default=0.0)
        if 0 < top < math.inf:
            norm = top * math.sqrt(sum(float(np.vdot(g / top, g / top)) for g in arrays))
    if not math.isfinite(norm):
        raise FloatingPointError(
            f"clip_by_norm: the gradient's norm is {norm}; look for the first step whose loss or "
            "gradient is not finite, and try a smaller learning rate."
        )
    if norm <= max_norm:
        return grad, norm
    scale = max_norm / norm
    return grad.map(lambda g: scale * g), norm


def warmup_cosine(peak: float, warmup_steps: int, total_steps: int) -> Callable[[int], float]:
    """A learning rate that climbs in a line to its peak and comes down along a cosine to zero.

        peak * (step + 1) / warmup_steps                                  while step < warmup_steps
        peak * (1 + cos(pi * (step - warmup_steps) / (total_steps - warmup_steps))) / 2       after

    Parameters
    ----------
    peak : float                       the highest rate
    warmup_steps, total_steps : int    where the climb ends, where the rate reaches zero

    Returns
    -------
    schedule : step -> float           step counts the steps done so far; zero from total_steps on

    Raises
    ------
    TypeError                          if peak is not a number, or the others not ints
    ValueError                         unless peak >= 0 and 0 <= warmup_steps < total_steps

    Notes
    -----
    A Python float, not a NumPy one, which would turn a float32 model into float64.
    [Loshchilov and Hutter, 2017, arXiv:1608.03983]

    Examples
    --------
    >>> schedule = warmup_cosine(0.1, 2, 6)
    >>> [round(schedule(step), 3) for step in range(7)]
    [0.05, 0.1, 0.1, 0.085, 0.05, 0.015, 0.0]
    """
    peak = check_number("warmup_cosine", "peak", peak)
    check_int("warmup_cosine", "warmup_steps", warmup_steps)
    check_int("warmup_cosine", "total_steps", total_steps)
    if not (peak >= 0 and 0 <= warmup_steps < total_steps):
        raise ValueError(
            "warmup_cosine: peak must be at least 0 and 0 <= warmup_steps < total_steps, not peak "
            f"{peak}, warmup_steps {warmup_steps}, total_steps {total_steps}."
        )
    return _WarmupCosine(peak, warmup_steps, total_steps)


@dataclass(frozen=True)
class _WarmupCosine:
    """The schedule of `warmup_cosine`: a record pickles where a function inside one cannot."""

    peak: float
    warmup_steps: int
    total_steps: int

    def __call__(self, step: int) -> float:
        check_int("warmup_cosine", "step", step, least=0)
        if step < self.warmup_steps:
            return float(self.peak * (step + 1) / self.warmup_steps)
        fall = self.total_steps - self.warmup_steps
        progress = min(1.0, (step - self.warmup_steps) / fall)
        return float(self.peak * (1 + math.cos(math.pi * progress)) / 2)

    def __repr__(self) -> str:
        return f"warmup_cosine({self.peak}, {self.warmup_steps}, {self.total_steps})"
