"""Is a backward pass right? Step a little in a random direction and see whether the loss agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.errors import check_flag, check_generator, check_number, is_plain, kind, so_many
from course_lib.layer import Identity, Layer
from course_lib.record import Array

ATTEMPTS = 20
KINK = 1e-6  # a bend that changes the slope by less does not change the verdict


def gradcheck(
    forward: Layer | Callable[..., Any],
    *inputs: Array,
    rng: np.random.Generator,
    step: float = 1e-5,
    away_from_kinks: bool = False,
    **options: Any,
) -> float:
    """Relative error of a backward pass along one random direction.

        <dy, (f(θ + step·v) - f(θ - step·v)) / (2·step)>  should equal  <gradient, v>

    with θ all inputs and parameters, a random direction v and a random dy (a sum of outputs would
    miss errors: for a softmax it is always 1).

    Parameters
    ----------
    forward : Layer or operation     anything that returns (y, backward)
    inputs : arrays                  the arguments, in order; float64, or integers, which are fixed
    rng : numpy.random.Generator     draws v and dy
    step : float                     length of the step
    away_from_kinks : bool           first move inputs and parameters at random, by about a tenth of
                                     their size, to where f is smooth within a step
    options                          passed on to every forward call

    Returns
    -------
    float       |difference| over the size of the two sides; below 1e-6 for a right backward pass

    Raises
    ------
    TypeError   if an input is no array, or an input or parameter is not float64 (float32 has too
                few digits for this), forward does not return (y, backward), or rng is no generator
    ValueError  if step is not positive, backward returns too few gradients or one of the wrong
                shape, or no smooth place is found

    Notes
    -----
    Central differences err by step² where one-sided ones err by step. In PyTorch:
    `torch.autograd.gradcheck`, which looks at all directions one by one.

    At a kink (ReLU at 0, a maximum that two entries share) f has a slope to either side. The
    difference takes their mean, a backward pass takes one of them or shares between the tied
    entries, and both are right: the error is large and means nothing. So it is within one step of a
    kink, which a random point is hardly ever, but zeros, integers and constant images are. What a
    backward pass does *at* a kink is a choice, which `away_from_kinks` cannot see.

    Examples
    --------
    >>> from course_lib import relu
    >>> gradcheck(relu, np.array([-1.0, 2.0]), rng=np.random.default_rng(0)) < 1e-6
    True
    >>> gradcheck(relu, np.zeros(5), rng=np.random.default_rng(0)) < 1e-6
    False
    >>> gradcheck(relu, np.zeros(5), rng=np.random.default_rng(0), away_from_kinks=True) < 1e-6
    True
    """
    layer, call = _check_forward(forward)
    check_generator("gradcheck", rng)
    check_flag("gradcheck", "away_from_kinks", away_from_kinks)
    step = check_number("gradcheck", "step", step)
    if not step > 0:
        raise ValueError(f"gradcheck: step must be positive, not {step}.")
    _check_arrays(layer, inputs, step)
    if not away_from_kinks:
        error, _ = _compare(layer, call, inputs, rng, step, options)
        return error
    for _ in range(ATTEMPTS):
        near = tuple(_near(x, rng) for x in inputs)
        error, smooth = _compare(layer.map(lambda w: _near(w, rng)), call, near, rng, step, options)
        if smooth:
            return error
    raise ValueError(
        f"gradcheck: {ATTEMPTS} places near the inputs all lie within a step of a kink; try a "
        f"smaller step than {step}, or fewer entries."
    )


def _near(array: Array, rng: np.random.Generator) -> Array:
    """Every number moved by about a tenth of the largest; integers stay."""
    if array.dtype.kind != "f":
        return array
    size = 0.1 * (float(np.abs(array).max(initial=0.0)) or 1.0)
    return np.asarray(array + size * rng.normal(size=array.shape))


def _compare(
    layer: Layer,
    call: Any,
    inputs: tuple[Array, ...],
    rng: np.random.Generator,
    step: float,
    options: dict[str, Any],
) -> tuple[float, bool]:
    """The relative error along one random direction, and whether f is smooth along it."""
    directions = [rng.normal(size=x.shape) if x.dtype.kind == "f" else None for x in inputs]
    layer_direction = layer.map(lambda w: rng.normal(size=w.shape))

    def moved(amount: float) -> Any:
        # map also copies Dropout's generator, so that every call draws the same mask
        forward = call or layer.map(lambda w, v: w + amount * v, layer_direction).forward
        points = [
            x if v is None else x + amount * v for x, v in zip(inputs, directions, strict=True)
        ]
        return forward(*points, **options)

    y, backward = _check_result(moved(0.0))
    dy = rng.normal(size=np.shape(y))
    gradients = _check_gradients(backward(dy), len(inputs), with_layer=call is None)
    pairs = {f"input {i}": (gradients[i], v) for i, v in enumerate(directions)}
    if call is None:
        grad = gradients[-1].parameters()
        pairs |= {name: (grad[name], v) for name, v in layer_direction.parameters().items()}
    analytic = _along(pairs)

    def rise(amount: float) -> float:  # of <dy, f>, from here
        return float(np.vdot(dy, np.asarray(moved(amount)[0]) - y))

    up, down = rise(step), rise(-step)
    numeric = (up - down) / (2 * step)
    size = max(abs(analytic), abs(numeric), 1e-8)
    # where f is smooth, half the step bends it a quarter as much; a kink does not scale like that
    bend = abs(up + down - 4 * (rise(step / 2) + rise(-step / 2))) / step
    noise = 1e-15 * float(np.vdot(np.abs(dy), np.abs(y))) / step
    return abs(analytic - numeric) / size, bend <= KINK * size + noise


def _along(pairs: dict[str, tuple[Any, Array | None]]) -> float:
    """How fast the loss rises along the directions, by gradients of the same shapes."""
    total = 0.0
    for name, (gradient, direction) in pairs.items():
        if gradient is None or direction is None:
            continue
        if np.shape(gradient) != direction.shape:
            raise ValueError(
                f"gradcheck: the gradient of {name} is {np.shape(gradient)} and must be "
                f"{direction.shape}, as {name} is; what several examples share gets the sum of "
                "their gradients."
            )
        total += float(np.vdot(gradient, direction))
    return total


def _check_forward(forward: Any) -> tuple[Layer, Any]:
    """A layer and no operation, or an operation and a layer that has nothing to learn."""
    if not callable(forward):
        raise TypeError(
            f"gradcheck: forward is {kind(forward)}, not a layer or an operation; give the "
            "function itself: gradcheck(relu, x, rng=rng)."
        )
    return (forward, None) if isinstance(forward, Layer) else (Identity(), forward)


def _check_arrays(layer: Layer, inputs: tuple[Any, ...], step: float) -> None:
    named = {f"input {i}": x for i, x in enumerate(inputs)} | layer.parameters()
    for name, array in named.items():
        if not is_plain(array):
            raise TypeError(
                f"gradcheck: {name} is {kind(array)}, not a NumPy array; options that "
                "are not arrays are given by name."
            )
        if array.dtype.kind == "f" and array.dtype != np.float64:
            raise TypeError(
                f"gradcheck: {name} is {array.dtype}; differences of size {step} need float64: "
                "use .astype(np.float64) on inputs and on the layer."
            )


def _check_result(result: Any) -> tuple[Any, Callable[..., Any]]:
    if not isinstance(result, tuple) or len(result) != 2 or not callable(result[1]):
        raise TypeError(
            f"gradcheck: forward returned {kind(result)}, not (y, backward); there is no way back "
            "to check."
        )
    return result


def _check_gradients(gradients: Any, count: int, *, with_layer: bool) -> tuple[Any, ...]:
    if not isinstance(gradients, tuple):
        gradients = (gradients,)
    if len(gradients) < count + with_layer:
        raise ValueError(
            f"gradcheck: backward returned {so_many(len(gradients), 'gradient')} for "
            f"{so_many(count, 'input')}"
            f"{' and the layer' * with_layer}; there must be one for each, None for integers."
        )
    return gradients
