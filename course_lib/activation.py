"""Activation functions bend the line: without them, linear layers stack to one linear layer."""

from __future__ import annotations

import numpy as np

from course_lib.errors import check_arrays, check_gradient
from course_lib.layer import Backward, Layer
from course_lib.record import Array


def relu(x: Array) -> tuple[Array, Backward]:
    """Keep what is positive, set the rest to zero.

        y = max(0, x)

    Parameters
    ----------
    x : (...)

    Returns
    -------
    y : (...)
    backward : dy -> dx        dx = dy where x > 0, else 0

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array

    Notes
    -----
    At x = 0 the derivative does not exist; 0 is the convention, as in PyTorch.
    [Nair and Hinton, 2010, Rectified linear units improve restricted Boltzmann machines]

    Examples
    --------
    >>> y, backward = relu(np.array([-1.0, 0.0, 2.0]))
    >>> y
    array([0., 0., 2.])
    >>> backward(np.array([5.0, 5.0, 5.0]))
    array([0., 0., 5.])
    """
    check_arrays("relu", x=x)
    y = np.maximum(x, 0)

    def backward(dy: Array) -> Array:
        check_gradient("relu", dy, y)
        return np.where(x > 0, dy, dy.dtype.type(0))

    return y, backward


class ReLU(Layer):
    """y = max(0, x) (see `relu`)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, relu_backward = relu(x)
        return y, lambda dy: (relu_backward(dy), self)
