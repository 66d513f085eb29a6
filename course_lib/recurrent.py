"""A recurrent layer reads a sequence step by step and carries one state from each to the next."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from course_lib.blocks import sum_rows
from course_lib.errors import check_arrays, check_flag, check_gradient, check_int, check_rank
from course_lib.initializer import uniform_by_fan_in
from course_lib.layer import Backward, Layer
from course_lib.record import Array, read_only


def rnn(
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
) -> tuple[Array, Backward]:
    """Mix every step's input with the state so far, squash, and hand the state on.

        h[t] = tanh(x[t] @ weight_ih.T + bias_ih + h[t-1] @ weight_hh.T + bias_hh)

    Parameters
    ----------
    x : (N, T, D)
    h0 : (N, H) or None          the state before the first step; zeros unless given
    weight_ih : (H, D)
    weight_hh : (H, H)
    bias_ih, bias_hh : (H,), optional

    Returns
    -------
    y : (N, T, H)                the states h[1] to h[T]
    backward : dy -> (dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh)

    with, from the last step to the first,

        da[t] = (1 - h[t]**2) * (dy[t] + da[t+1] @ weight_hh)      a[t]: what tanh is applied to
        dx[t] = da[t] @ weight_ih          dh0 = da[1] @ weight_hh
        dweight_ih = sum of outer(da[t], x[t])     dweight_hh = sum of outer(da[t], h[t-1])
        dbias_ih = dbias_hh = sum of da[t]

    Raises
    ------
    TypeError                    if the arrays are not of one floating dtype
    ValueError                   if ranks or sizes disagree

    Notes
    -----
    Going back through k steps multiplies by k Jacobians, so gradients fade or explode with k.
    [Elman, 1990, Finding structure in time; Werbos, 1990, Backpropagation through time]

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> y, _ = rnn(np.array([[[1.0], [0.0], [0.0]]]), None, one, one)
    >>> y.round(2)
    array([[[0.76],
            [0.64],
            [0.57]]])
    """
    check_arrays(
        "rnn",
        required=3,
        x=x,
        weight_ih=weight_ih,
        weight_hh=weight_hh,
        h0=h0,
        bias_ih=bias_ih,
        bias_hh=bias_hh,
    )
    _check_sizes(x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    (n, length, features), hidden = x.shape, len(weight_hh)
    drive = (x @ weight_ih.T).swapaxes(0, 1)  # every step's input at once, time first
    for bias in (bias_ih, bias_hh):
        if bias is not None:
            drive += bias
    states = np.zeros((length + 1, n, hidden), x.dtype)  # h[0] to h[T]
    if h0 is not None:
        states[0] = h0
    for t in range(length):
        np.tanh(drive[t] + states[t] @ weight_hh.T, out=states[t + 1])
    y = read_only(states[1:].swapaxes(0, 1))

    def backward(dy: Array) -> tuple[Array | None, ...]:
        check_gradient("rnn", dy, y)
        dpre = (1 - y * y).swapaxes(0, 1)  # tanh' of every step; times dh in the loop
        dh = np.zeros((n, hidden), x.dtype)
        for t in reversed(range(length)):  # a state acts on its own output and on the next state
            dpre[t] *= dh + dy[:, t]
            dh = dpre[t] @ weight_hh
        rows = dpre.reshape(-1, hidden)
        dweight_ih = rows.T @ x.swapaxes(0, 1).reshape(-1, features)
        dweight_hh = rows.T @ states[:-1].reshape(-1, hidden)
        dbias = sum_rows(rows)
        return (
            dpre.swapaxes(0, 1) @ weight_ih,
            None if h0 is None else dh,
            dweight_ih,
            dweight_hh,
            None if bias_ih is None else dbias,
            None if bias_hh is None else dbias.copy(),
        )

    return y, backward


class RNN(Layer):
    """One recurrent layer with tanh, the batch first (see `rnn`).

    `forward(x)` starts from a zero state; `forward(x, h0)` from yours, (N, hidden_size), and then
    `dx, dh0, grad = backward(dy)`. The same in PyTorch with `batch_first=True`, whose h0 has one
    more axis in front.
    """

    weight_ih_l0: Array  # (hidden_size, input_size)
    weight_hh_l0: Array  # (hidden_size, hidden_size)
    bias_ih_l0: Array | None  # (hidden_size,)
    bias_hh_l0: Array | None  # (hidden_size,)

    @classmethod
    def init(
        cls,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        rng: np.random.Generator,
        dtype: Any = np.float32,
    ) -> Self:
        """Draw all arrays as PyTorch does: uniform within ±1/√hidden_size."""
        check_int("RNN", "input_size", input_size, least=0)
        check_int("RNN", "hidden_size", hidden_size, least=0)
        check_flag("RNN", "bias", bias)

        def draw(*shape: int) -> Array:
            return uniform_by_fan_in("RNN", shape, hidden_size, rng=rng, dtype=dtype)

        weights = draw(hidden_size, input_size), draw(hidden_size, hidden_size)
        if not bias:
            return cls(*weights, None, None)
        return cls(*weights, draw(hidden_size), draw(hidden_size))

    def forward(self, x: Array, h0: Array | None = None) -> tuple[Array, Backward]:
        y, rnn_backward = rnn(
            x, h0, self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0
        )

        def backward(dy: Array) -> tuple[Any, ...]:
            dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh = rnn_backward(dy)
            grad = self._with(
                weight_ih_l0=dweight_ih,
                weight_hh_l0=dweight_hh,
                bias_ih_l0=dbias_ih,
                bias_hh_l0=dbias_hh,
            )
            return (dx, grad) if h0 is None else (dx, dh0, grad)

        return y, backward


def _check_sizes(
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
) -> None:
    check_rank("rnn", "x", x, "N, T, D")
    check_rank("rnn", "weight_ih", weight_ih, "H, D")
    check_rank("rnn", "weight_hh", weight_hh, "H, H")
    hidden, features = weight_ih.shape
    expected = {
        "x": (x, (*x.shape[:2], features)),
        "weight_hh": (weight_hh, (hidden, hidden)),
        "h0": (h0, (x.shape[0], hidden)),
        "bias_ih": (bias_ih, (hidden,)),
        "bias_hh": (bias_hh, (hidden,)),
    }
    for name, (array, shape) in expected.items():
        if array is not None and array.shape != shape:
            raise ValueError(
                f"rnn: {name} has shape {array.shape} but must be {shape}: weight_ih "
                f"{weight_ih.shape} is (hidden_size, input_size) and x {x.shape} is "
                "(N, T, input_size)."
            )
