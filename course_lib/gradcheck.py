"""Is a backward pass right? Step a little in a random direction and see whether the loss agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.layer import Identity, Layer
from course_lib.record import Array


def gradcheck(
    forward: Layer | Callable[..., Any],
    *inputs: Array,
    rng: np.random.Generator,
    step: float = 1e-5,
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
    options                          passed on to every forward call

    Returns
    -------
    float       |difference| over the size of the two sides; below 1e-6 for a right backward pass

    Raises
    ------
    TypeError   if an input is no array, or an input or parameter is not float64 (float32 has too
                few digits for this)

    Examples
    --------
    >>> from course_lib import relu
    >>> gradcheck(relu, np.array([-1.0, 2.0]), rng=np.random.default_rng(0)) < 1e-6
    True
    """
    layer = forward if isinstance(forward, Layer) else Identity()
    operation = None if isinstance(forward, Layer) else forward
    parameters = layer.parameters()
    for name, array in [*((f"input {i}", x) for i, x in enumerate(inputs)), *parameters.items()]:
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"gradcheck: {name} is a {type(array).__name__}, not a NumPy array; options that "
                "are not arrays are given by name."
            )
        if array.dtype.kind == "f" and array.dtype != np.float64:
            raise TypeError(
                f"gradcheck: {name} is {array.dtype}; differences of size {step} need float64: "
                "use .astype(np.float64) on inputs and on the layer."
            )
    directions = [rng.normal(size=x.shape) if x.dtype.kind == "f" else None for x in inputs]
    layer_direction = layer.map(lambda w: rng.normal(size=w.shape))

    def moved(amount: float) -> Any:
        # map also copies Dropout's generator, so that every call draws the same mask
        call = operation or layer.map(lambda w, v: w + amount * v, layer_direction).forward
        points = [
            x if v is None else x + amount * v for x, v in zip(inputs, directions, strict=True)
        ]
        return call(*points, **options)

    y, backward = moved(0.0)
    dy = rng.normal(size=np.shape(y))
    gradients = backward(dy)
    if not isinstance(gradients, tuple):
        gradients = (gradients,)
    pairs = list(zip(gradients[: len(inputs)], directions, strict=True))
    if operation is None:
        grad = gradients[-1].parameters()
        pairs += [(grad[name], v) for name, v in layer_direction.parameters().items()]
    analytic = sum(float(np.vdot(g, v)) for g, v in pairs if g is not None and v is not None)
    difference = (np.asarray(moved(step)[0]) - np.asarray(moved(-step)[0])) / (2 * step)
    numeric = float(np.vdot(dy, difference))
    return abs(analytic - numeric) / max(abs(analytic), abs(numeric), 1e-8)
