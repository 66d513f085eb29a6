"""A fully connected layer: every output is a weighted sum of every input, plus a bias."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from course_lib.blocks import sum_products, sum_rows
from course_lib.errors import check_arrays, check_flag, check_gradient, check_int, so_many
from course_lib.initializer import uniform_by_fan_in
from course_lib.layer import Backward, Layer
from course_lib.record import Array


def linear(x: Array, weight: Array, bias: Array | None = None) -> tuple[Array, Backward]:
    """Map every row of x by one affine function.

        y = x @ weight.T + bias

    Parameters
    ----------
    x : (..., in_features)                  any number of leading axes
    weight : (out_features, in_features)    one row per output
    bias : (out_features,), optional

    Returns
    -------
    y : (..., out_features)
    backward : dy -> (dx, dweight, dbias)   dx = dy @ weight, dweight = dy.T @ x with all leading
                                            axes as rows, dbias = sum of dy over them; None without

    Raises
    ------
    TypeError                  if the arrays are not of one floating dtype
    ValueError                 if the last axis of x is not in_features, or bias is misshapen

    Notes
    -----
    "Linear" means affine here: y(x) - y(0) is linear in x, y itself is not unless the bias is 0.
    [Rosenblatt, 1958, The perceptron]. The same in PyTorch: `torch.nn.functional.linear`.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0]])
    >>> y, backward = linear(x, np.array([[3.0, 4.0]]), np.array([0.5]))
    >>> y
    array([[11.5]])
    >>> dx, dweight, dbias = backward(np.array([[1.0]]))
    >>> dx, dweight
    (array([[3., 4.]]), array([[1., 2.]]))
    """
    check_arrays("linear", required=2, x=x, weight=weight, bias=bias)
    if weight.ndim != 2 or x.ndim < 1 or x.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"linear: the last axis of x {x.shape} must equal in_features, the last axis of weight "
            f"{weight.shape}, which is (out_features, in_features)."
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"linear: bias has shape {bias.shape} but weight {weight.shape} has "
            f"{so_many(weight.shape[0], 'output')}; bias must be ({weight.shape[0]},)."
        )
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])  # one product, not one per leading axis
    y = rows @ weight.T
    if bias is not None:
        y += bias
    y = y.reshape(*x.shape[:-1], len(weight))

    def backward(dy: Array) -> tuple[Array, Array, Array | None]:
        check_gradient("linear", dy, y)
        drows = dy.reshape(len(rows), len(weight))
        dbias = None if bias is None else sum_rows(drows)
        return (drows @ weight).reshape(x.shape), sum_products(drows, rows), dbias

    return y, backward


class Linear(Layer):
    """Fully connected layer, y = x @ weight.T + bias (see `linear`)."""

    weight: Array  # (out_features, in_features)
    bias: Array | None  # (out_features,)

    @classmethod
    def init(
        cls,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        rng: np.random.Generator,
        dtype: Any = np.float32,
    ) -> Self:
        """Draw weight and bias as PyTorch does: uniform within ±1/√in_features."""
        check_int("Linear", "in_features", in_features, least=0)
        check_int("Linear", "out_features", out_features, least=0)
        check_flag("Linear", "bias", bias)

        def draw(*shape: int) -> Array:
            return uniform_by_fan_in("Linear", shape, in_features, rng=rng, dtype=dtype)

        weight = draw(out_features, in_features)
        return cls(weight, draw(out_features) if bias else None)

    def forward(self, x: Array) -> tuple[Array, Backward]:  # (..., in) -> (..., out)
        y, linear_backward = linear(x, self.weight, self.bias)

        def backward(dy: Array) -> tuple[Array, Linear]:
            dx, dweight, dbias = linear_backward(dy)
            return dx, self._with(weight=dweight, bias=dbias)

        return y, backward
