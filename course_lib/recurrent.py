"""A recurrent layer reads a sequence step by step and carries one state from each to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from course_lib.activation import write_sigmoid
from course_lib.blocks import sum_products, sum_rows
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
    _check("rnn", 1, x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    (n, length, _), hidden = x.shape, len(weight_hh)
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
        return _gradients(x, h0, weight_ih, bias_ih, bias_hh, states, dh, dpre, dpre)

    return y, backward


def gru(
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
) -> tuple[Array, Backward]:
    """Let gates decide, number by number, how much of the state is kept and how much is new.

        r[t] = sigmoid(W_ir @ x[t] + b_ir + W_hr @ h[t-1] + b_hr)           reset
        z[t] = sigmoid(W_iz @ x[t] + b_iz + W_hz @ h[t-1] + b_hz)           update
        n[t] = tanh(W_in @ x[t] + b_in + r[t] * (W_hn @ h[t-1] + b_hn))     new
        h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]

    The rows of W_ir, W_iz and W_in stand one above the other in `weight_ih`, and so on.

    Parameters
    ----------
    x : (N, T, D)
    h0 : (N, H) or None          the state before the first step; zeros unless given
    weight_ih : (3 * H, D)
    weight_hh : (3 * H, H)
    bias_ih, bias_hh : (3 * H,), optional

    Returns
    -------
    y : (N, T, H)                the states h[1] to h[T]
    backward : dy -> (dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh)

    with dn, dz and dr the gradients of what tanh and sigmoid are applied to, from the last step on

        dn[t] = dh[t] * (1 - z[t]) * (1 - n[t]**2)         dh[t]: from dy[t] and the next step
        dz[t] = dh[t] * (h[t-1] - n[t]) * z[t] * (1 - z[t])
        dr[t] = dn[t] * (W_hn @ h[t-1] + b_hn) * r[t] * (1 - r[t])
        dx[t] = dr[t] @ W_ir + dz[t] @ W_iz + dn[t] @ W_in
        dh[t-1] = dr[t] @ W_hr + dz[t] @ W_hz + (dn[t] * r[t]) @ W_hn + dh[t] * z[t]

    Raises
    ------
    TypeError                    if the arrays are not of one floating dtype
    ValueError                   if ranks or sizes disagree

    Notes
    -----
    Where z is 1, the state and its gradient pass through a step unchanged, however many steps
    there are: a gated layer can remember. [Cho et al., 2014, arXiv:1406.1078]. PyTorch's form,
    where r acts on W_hn @ h + b_hn, not on h.

    Examples
    --------
    >>> weight = np.zeros((3, 1))
    >>> keep = np.array([0.0, 100.0, 0.0])                      # z is 1
    >>> gru(np.ones((1, 3, 1)), np.array([[0.7]]), weight, weight, keep)[0][0, :, 0]
    array([0.7, 0.7, 0.7])
    """
    _check("gru", 3, x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    (n, length, _), hidden = x.shape, weight_hh.shape[1]
    drive = (x @ weight_ih.T).swapaxes(0, 1)  # every step's input at once, time first
    if bias_ih is not None:
        drive += bias_ih
    states = np.zeros((length + 1, n, hidden), x.dtype)  # h[0] to h[T]
    if h0 is not None:
        states[0] = h0
    parts = np.empty((4, length, n, hidden), x.dtype)  # r, z, n, and what r acts on
    for t in range(length):
        past = states[t] @ weight_hh.T
        if bias_hh is not None:
            past += bias_hh
        gates, new = drive[t, :, : 2 * hidden], drive[t, :, 2 * hidden :]
        gates = gates + past[:, : 2 * hidden]
        reset, update = np.split(write_sigmoid(gates, np.empty_like(gates)), 2, axis=-1)
        new = np.tanh(new + reset * past[:, 2 * hidden :])
        parts[:, t] = reset, update, new, past[:, 2 * hidden :]
        states[t + 1] = new + update * (states[t] - new)
    y = read_only(states[1:].swapaxes(0, 1))

    def backward(dy: Array) -> tuple[Array | None, ...]:
        check_gradient("gru", dy, y)
        reset, update, new, past = parts
        dpre = np.empty((length, n, 3 * hidden), x.dtype)  # what is added to the drive
        dpast = np.empty_like(dpre)  # what is added to the past: r stands before its last third
        dh = np.zeros((n, hidden), x.dtype)
        for t in reversed(range(length)):
            dh = dh + dy[:, t]
            dnew = dh * (1 - update[t]) * (1 - new[t] * new[t])
            dupdate = dh * (states[t] - new[t]) * update[t] * (1 - update[t])
            dreset = dnew * past[t] * reset[t] * (1 - reset[t])
            np.concatenate([dreset, dupdate, dnew], axis=-1, out=dpre[t])
            np.concatenate([dreset, dupdate, dnew * reset[t]], axis=-1, out=dpast[t])
            dh = dh * update[t] + dpast[t] @ weight_hh
        return _gradients(x, h0, weight_ih, bias_ih, bias_hh, states, dh, dpre, dpast)

    return y, backward


def _gradients(
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    states: Array,
    dh0: Array,
    dpre: Array,
    dpast: Array,
) -> tuple[Array | None, ...]:
    """What all steps together give, once dpre and dpast of every step are known, time first."""
    rows, past_rows, inputs, past = (
        d.reshape(len(d) * d.shape[1], d.shape[2])
        for d in (dpre, dpast, x.swapaxes(0, 1), states[:-1])
    )
    return (
        dpre.swapaxes(0, 1) @ weight_ih,
        None if h0 is None else dh0,
        sum_products(rows, inputs),
        sum_products(past_rows, past),
        None if bias_ih is None else sum_rows(rows),
        None if bias_hh is None else sum_rows(past_rows),
    )


class Recurrent(Layer):
    """What recurrent layers share: names and draws of their arrays, and the way through."""

    weight_ih_l0: Array  # (gates * hidden_size, input_size)
    weight_hh_l0: Array  # (gates * hidden_size, hidden_size)
    bias_ih_l0: Array | None  # (gates * hidden_size,)
    bias_hh_l0: Array | None  # (gates * hidden_size,)

    _operation: ClassVar[Callable[..., tuple[Array, Backward]]]
    _gates: ClassVar[int]

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
        check_int(cls.__name__, "input_size", input_size, least=0)
        check_int(cls.__name__, "hidden_size", hidden_size, least=0)
        check_flag(cls.__name__, "bias", bias)
        rows = cls._gates * hidden_size

        def draw(*shape: int) -> Array:
            return uniform_by_fan_in(cls.__name__, shape, hidden_size, rng=rng, dtype=dtype)

        weights = draw(rows, input_size), draw(rows, hidden_size)
        if not bias:
            return cls(*weights, None, None)
        return cls(*weights, draw(rows), draw(rows))

    def forward(self, x: Array, h0: Array | None = None) -> tuple[Array, Backward]:
        y, operation_backward = self._operation(
            x, h0, self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0
        )

        def backward(dy: Array) -> tuple[Any, ...]:
            dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh = operation_backward(dy)
            grad = self._with(
                weight_ih_l0=dweight_ih,
                weight_hh_l0=dweight_hh,
                bias_ih_l0=dbias_ih,
                bias_hh_l0=dbias_hh,
            )
            return (dx, grad) if h0 is None else (dx, dh0, grad)

        return y, backward


class RNN(Recurrent):
    """One recurrent layer with tanh, the batch first (see `rnn`).

    `forward(x)` starts from a zero state; `forward(x, h0)` from yours, (N, hidden_size), and then
    `dx, dh0, grad = backward(dy)`. The same in PyTorch with `batch_first=True`, whose h0 has one
    more axis in front.
    """

    _operation = staticmethod(rnn)
    _gates = 1


class GRU(Recurrent):
    """One recurrent layer with gates, the batch first (see `gru`).

    `forward(x)` starts from a zero state; `forward(x, h0)` from yours, (N, hidden_size), and then
    `dx, dh0, grad = backward(dy)`. The same in PyTorch with `batch_first=True`, whose h0 has one
    more axis in front.
    """

    _operation = staticmethod(gru)
    _gates = 3


def _check(
    operation: str,
    gates: int,
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
) -> None:
    arrays = {"x": x, "weight_ih": weight_ih, "weight_hh": weight_hh}
    more = {"h0": h0, "bias_ih": bias_ih, "bias_hh": bias_hh}
    check_arrays(operation, required=3, **arrays, **more)
    rows = "H" if gates == 1 else f"{gates} * H"
    for name, axes in (("x", "N, T, D"), ("weight_ih", f"{rows}, D"), ("weight_hh", f"{rows}, H")):
        check_rank(operation, name, arrays[name], axes)
    hidden, features = len(weight_ih) // gates, weight_ih.shape[1]
    expected = {
        "x": (x, (*x.shape[:2], features)),
        "weight_ih": (weight_ih, (gates * hidden, features)),
        "weight_hh": (weight_hh, (gates * hidden, hidden)),
        "h0": (h0, (x.shape[0], hidden)),
        "bias_ih": (bias_ih, (gates * hidden,)),
        "bias_hh": (bias_hh, (gates * hidden,)),
    }
    size = "hidden_size" if gates == 1 else f"{gates} * hidden_size"
    for name, (array, shape) in expected.items():
        if array is not None and array.shape != shape:
            raise ValueError(
                f"{operation}: {name} has shape {array.shape} but must be {shape}: weight_ih "
                f"{weight_ih.shape} is ({size}, input_size) and x {x.shape} is "
                "(N, T, input_size)."
            )
