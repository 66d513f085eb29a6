"""Is a backward pass right? Step a little in a random direction and see whether the loss agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.errors import check_generator, check_number, is_plain, kind
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
                few digits for this), forward does not return (y, backward), or rng is no generator
    ValueError  if step is not positive, or backward returns too few gradients

    Notes
    -----
    Central differences err by step² where one-sided ones err by step. In PyTorch:
    `torch.autograd.gradcheck`, which looks at all directions one by one.

    Examples
    --------
    >>> from course_lib import relu
    >>> gradcheck(relu, np.array([-1.0, 2.0]), rng=np.random.default_rng(0)) < 1e-6
    True
    """
    if not callable(forward):
        raise TypeError(
            f"gradcheck: forward is {kind(forward)}, not a layer or an operation; give the "
            "function itself: gradcheck(relu, x, rng=rng)."
        )
    check_generator("gradcheck", rng)
    step = check_number("gradcheck", "step", step)
    if not step > 0:
        raise ValueError(f"gradcheck: step must be positive, not {step}.")
    layer = forward if isinstance(forward, Layer) else Identity()
    operation = None if isinstance(forward, Layer) else forward
    parameters = layer.parameters()
    for name, array in [*((f"input {i}", x) for i, x in enumerate(inputs)), *parameters.items()]:
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
    directions = [rng.normal(size=x.shape) if x.dtype.kind == "f" else None for x in inputs]
    layer_direction = layer.map(lambda w: rng.normal(size=w.shape))

    def moved(amount: float) -> Any:
        # map also copies Dropout's generator, so that every call draws the same mask
        call = operation or layer.map(lambda w, v: w + amount * v, layer_direction).forward
        points = [
            x if v is None else x + amount * v for x, v in zip(inputs, directions, strict=True)
        ]
        return call(*points, **options)

    result = moved(0.0)
    if not isinstance(result, tuple) or len(result) != 2 or not callable(result[1]):
        raise TypeError(
            f"gradcheck: forward returned {kind(result)}, not (y, backward); there is no way back "
            "to check."
        )
    y, backward = result
    dy = rng.normal(size=np.shape(y))
    gradients = backward(dy)
    if not isinstance(gradients, tuple):
        gradients = (gradients,)
    needed = len(inputs) + (operation is None)
    if len(gradients) < needed:
        raise ValueError(
            f"gradcheck: backward returned {len(gradients)} gradients for {len(inputs)} inputs"
            f"{' and the layer' * (operation is None)}; there must be one for each, None for "
            "integers."
        )
    pairs = list(zip(gradients[: len(inputs)], directions, strict=True))
    if operation is None:
        grad = gradients[-1].parameters()
        pairs += [(grad[name], v) for name, v in layer_direction.parameters().items()]
    analytic = sum(float(np.vdot(g, v)) for g, v in pairs if g is not None and v is not None)
    difference = (np.asarray(moved(step)[0]) - np.asarray(moved(-step)[0])) / (2 * step)
    numeric = float(np.vdot(dy, difference))
    return abs(analytic - numeric) / max(abs(analytic), abs(numeric), 1e-8)
