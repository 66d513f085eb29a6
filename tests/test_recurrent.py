"""A recurrent layer sees a sequence one step at a time: what it knows of the past is its state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.gradcheck import gradcheck
from course_lib.recurrent import GRU, RNN, gru, rnn

RNG = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


def layer(kind: Any = RNN, d: int = 3, h: int = 4, *, bias: bool = True) -> Any:
    return kind.init(d, h, bias=bias, rng=np.random.default_rng(1), dtype=np.float64)


def rnn_step(model: Any, x: Any, state: Any) -> Any:
    return np.tanh(
        model.weight_ih_l0 @ x + model.bias_ih_l0 + model.weight_hh_l0 @ state + model.bias_hh_l0
    )


def gru_step(model: Any, x: Any, state: Any) -> Any:
    from_x = np.split(model.weight_ih_l0 @ x + model.bias_ih_l0, 3)
    from_past = np.split(model.weight_hh_l0 @ state + model.bias_hh_l0, 3)
    reset, update = (1 / (1 + np.exp(-a - b)) for a, b in zip(from_x[:2], from_past, strict=False))
    return (1 - update) * np.tanh(from_x[2] + reset * from_past[2]) + update * state


STEPS = {RNN: rnn_step, GRU: gru_step}
both_kinds = pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.__name__)


@both_kinds
@given(sizes=st.tuples(*[st.integers(0, 4)] * 2, *[st.integers(1, 4)] * 2), start=st.booleans())
def test_it_is_what_loops_over_examples_and_steps_compute(
    kind: Any, sizes: Any, start: bool
) -> None:
    n, length, d, h = sizes
    model, x, h0 = layer(kind, d, h), draw(n, length, d), draw(n, h) if start else None
    y, backward = model.forward(x, h0)
    assert y.shape == (n, length, h)
    for i in range(n):
        state = np.zeros(h) if h0 is None else h0[i]
        for t in range(length):
            state = STEPS[kind](model, x[i, t], state)
            assert np.abs(y[i, t] - state).max() < 1e-12
    *dinputs, _ = backward(np.ones_like(y))
    assert [d.shape for d in dinputs] == [x.shape] + [a.shape for a in [h0] if a is not None]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("length", [1, 2, 6])
def test_gradients_are_those_of_finite_differences(length: int, bias: bool) -> None:
    x, h0 = draw(2, length, 3), draw(2, 4)
    for kind, operation, rows in ((RNN, rnn, 4), (GRU, gru, 12)):
        assert gradcheck(layer(kind, bias=bias), x, rng=RNG) < 1e-6
        assert gradcheck(layer(kind, bias=bias), x, h0, rng=RNG) < 1e-6
        arrays = draw(rows, 3), draw(rows, 4), draw(rows), draw(rows)
        assert gradcheck(operation, x, h0, *arrays, rng=RNG) < 1e-6


def test_a_backward_that_forgets_the_past_fails_the_gradient_check() -> None:
    class Forgetful(RNN):
        def forward(self, x: Any, h0: Any = None) -> Any:
            y, backward = super().forward(x, h0)

            def wrong(dy: Any) -> Any:  # each step as if its state came from nowhere
                _, grad = backward(dy)
                return (dy * (1 - y * y)) @ self.weight_ih_l0, grad

            return y, wrong

    right = layer()
    wrong = Forgetful(**right.parameters())
    assert gradcheck(wrong, draw(2, 5, 3), rng=RNG) > 1e-3


@both_kinds
def test_the_last_state_carries_on_where_the_sequence_was_cut(kind: Any) -> None:
    model, x = layer(kind), draw(2, 7, 3)
    first = model(x[:, :4])
    rest = model(x[:, 4:], first[:, -1])
    assert np.abs(np.concatenate([first, rest], axis=1) - model(x)).max() < 1e-12


@both_kinds
def test_no_state_depends_on_the_future(kind: Any) -> None:
    y, backward = layer(kind).forward(draw(1, 6, 3))
    dy = np.zeros_like(y)
    dy[:, 2] = 1
    dx, _ = backward(dy)
    assert dx[:, :3].any(axis=-1).all()
    assert not dx[:, 3:].any()


def test_the_gradient_fades_with_the_distance() -> None:
    y, backward = RNN.init(8, 16, rng=np.random.default_rng(0), dtype=np.float64).forward(
        draw(1, 40, 8)
    )
    dy = np.zeros_like(y)
    dy[:, -1] = 1
    reach = np.linalg.norm(backward(dy)[0][0], axis=-1)
    assert reach[-1] > 10 * reach[-6] > 1000 * reach[-20]


def test_an_open_gate_carries_the_state_and_its_gradient_over_any_distance() -> None:
    model = GRU.init(8, 16, rng=np.random.default_rng(0), dtype=np.float64)
    keep = np.repeat([0.0, 30.0, 0.0], 16)  # update gates at 1
    model = model._with(bias_ih_l0=keep)
    h0 = draw(1, 16)
    y, backward = model.forward(draw(1, 200, 8), h0)
    assert np.abs(y[:, -1] - h0).max() < 1e-6
    dy = np.zeros_like(y)
    dy[:, -1] = draw(1, 16)
    assert np.abs(backward(dy)[1] - dy[:, -1]).max() < 1e-6


def test_names_of_a_gru_are_those_of_pytorch() -> None:
    made = GRU.init(50, 64, rng=np.random.default_rng(0))
    shapes = {name: array.shape for name, array in made.state_dict().items()}
    assert shapes == {
        "weight_ih_l0": (192, 50),
        "weight_hh_l0": (192, 64),
        "bias_ih_l0": (192,),
        "bias_hh_l0": (192,),
    }
    assert all(abs(array).max() <= 1 / 8 for array in made.parameters().values())


def test_names_and_draws_are_those_of_pytorch() -> None:
    made = RNN.init(50, 64, rng=np.random.default_rng(0))
    shapes = {name: array.shape for name, array in made.state_dict().items()}
    assert shapes == {
        "weight_ih_l0": (64, 50),
        "weight_hh_l0": (64, 64),
        "bias_ih_l0": (64,),
        "bias_hh_l0": (64,),
    }
    assert all(abs(array).max() <= 1 / 8 for array in made.parameters().values())
    assert made.weight_hh_l0.std() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.02)
    assert made.weight_hh_l0.dtype == np.float32


@pytest.mark.parametrize(
    ("x", "h0", "sentence"),
    [
        (np.ones((5, 3)), None, "axes .N, T, D."),
        (np.ones((2, 5, 4)), None, r"x has shape \(2, 5, 4\) but must be \(2, 5, 3\)"),
        (np.ones((2, 5, 3)), np.ones((1, 2, 4)), r"h0 has shape \(1, 2, 4\) but must be \(2, 4\)"),
    ],
)
def test_wrong_calls_say_what_is_wrong(x: Any, h0: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        layer().forward(x, h0)


@both_kinds
def test_a_layer_of_no_hidden_unit_has_a_way_back(kind: Any) -> None:
    y, backward = layer(kind, 3, 0).forward(draw(2, 4, 3))
    dx, grad = backward(y)
    assert y.shape == (2, 4, 0)
    np.testing.assert_array_equal(dx, np.zeros((2, 4, 3)))
    assert grad.weight_hh_l0.size == 0
