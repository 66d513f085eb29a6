"""Position goes into the data: sines and cosines, a learned table, or a rotation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.gradcheck import gradcheck
from course_lib.positional import (
    LearnedPositionalEncoding,
    RotaryMultiHeadAttention,
    SinusoidalPositionalEncoding,
    rotary,
    sinusoidal_encoding,
)

RNG = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


def learned(rows: int = 6, width: int = 4, *, mode: str = "add") -> LearnedPositionalEncoding:
    return LearnedPositionalEncoding(draw(rows, width), mode=mode)


# -- sines and cosines ----------------------------------------------------------------------------


@given(length=st.integers(0, 9), pairs=st.integers(1, 4), base=st.floats(1.5, 1e5))
def test_the_code_is_its_formula(length: int, pairs: int, base: float) -> None:
    code = sinusoidal_encoding(length, 2 * pairs, base=base, dtype=np.float64)
    assert code.shape == (length, 2 * pairs)
    for p, i in np.ndindex(length, pairs):
        angle = p / base ** (2 * i / (2 * pairs))
        assert code[p, 2 * i] == pytest.approx(np.sin(angle), abs=1e-12)
        assert code[p, 2 * i + 1] == pytest.approx(np.cos(angle), abs=1e-12)


@given(shift=st.integers(1, 40), d_model=st.sampled_from([4, 8, 32]))
def test_a_shift_is_one_rotation(shift: int, d_model: int) -> None:
    # the slowest hand must get around within the 600 positions, else least squares cannot see it
    code = sinusoidal_encoding(600, d_model, base=100.0, dtype=np.float64)
    matrix, *_ = np.linalg.lstsq(code[:-shift], code[shift:], rcond=None)
    assert np.abs(code[:-shift] @ matrix - code[shift:]).max() < 1e-11
    assert np.abs(matrix @ matrix.T - np.eye(d_model)).max() < 1e-9


@given(shift=st.integers(1, 40), start=st.integers(0, 100))
def test_the_rotation_turns_every_pair_by_its_own_angle(shift: int, start: int) -> None:
    code = sinusoidal_encoding(141, 16, dtype=np.float64)
    cosine_first = code.reshape(-1, 8, 2)[..., ::-1].reshape(-1, 16)
    turned, _ = rotary(cosine_first[[start]], positions=np.array([shift]))
    assert np.abs(turned - cosine_first[start + shift]).max() < 1e-12


def test_every_position_is_unique() -> None:
    code = sinusoidal_encoding(512, 16, dtype=np.float64)
    distances = np.linalg.norm(code[:, None] - code[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert distances.min() > 0.5


def test_the_match_of_two_codes_depends_on_their_distance_alone() -> None:
    code = sinusoidal_encoding(50, 8, dtype=np.float64)
    matches = code @ code.T
    for offset in range(10):
        assert np.ptp(np.diagonal(matches, offset)) < 1e-12


def test_all_codes_have_one_length() -> None:
    code = sinusoidal_encoding(50, 8, dtype=np.float64)
    assert np.abs(np.linalg.norm(code, axis=1) - 2).max() < 1e-12


# -- added or appended ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_add_keeps_the_width_and_concat_widens(leading: Any, dtype: Any) -> None:
    x = draw(*leading, 5, 4).astype(dtype)
    code = sinusoidal_encoding(5, 4, dtype=dtype)
    added = SinusoidalPositionalEncoding(4)(x)
    np.testing.assert_array_equal(added, x + code, strict=True)
    appended = SinusoidalPositionalEncoding(4, mode="concat")(x)
    assert (appended.shape, appended.dtype) == ((*leading, 5, 8), dtype)
    np.testing.assert_array_equal(appended[..., :4], x)
    np.testing.assert_array_equal(appended[..., 4:], np.broadcast_to(code, x.shape))


def test_the_layer_adds_the_code_of_its_own_base() -> None:
    y = SinusoidalPositionalEncoding(6, base=50.0)(np.zeros((5, 6)))
    np.testing.assert_array_equal(y, sinusoidal_encoding(5, 6, base=50.0, dtype=np.float64))


@pytest.mark.parametrize("mode", ["add", "concat"])
def test_gradients_are_those_of_finite_differences(mode: str) -> None:
    x = draw(2, 5, 4)
    assert gradcheck(SinusoidalPositionalEncoding(4, mode), x, rng=RNG) < 1e-6
    assert gradcheck(learned(mode=mode), x, rng=RNG) < 1e-6


def test_a_wrong_gradient_fails_the_gradient_check() -> None:
    class FirstExampleOnly(LearnedPositionalEncoding):
        def forward(self, x: Any) -> Any:
            y, backward = super().forward(x)
            dweight = np.zeros_like(self.weight)

            def wrong(dy: Any) -> Any:
                dweight[: x.shape[-2]] = dy[0]
                return backward(dy)[0], self._with(weight=dweight)

            return y, wrong

    class Kept(SinusoidalPositionalEncoding):
        def forward(self, x: Any) -> Any:
            y, backward = super().forward(x)
            return y, lambda dy: (backward(2 * dy)[0], self)

    assert gradcheck(FirstExampleOnly(draw(6, 4)), draw(2, 5, 4), rng=RNG) > 1e-3
    assert gradcheck(Kept(4), draw(2, 5, 4), rng=RNG) > 1e-3


def test_concat_takes_vectors_of_any_width() -> None:
    assert SinusoidalPositionalEncoding(6, "concat")(draw(2, 3, 5)).shape == (2, 3, 11)
    assert learned(mode="concat")(draw(2, 3, 5)).shape == (2, 3, 9)


def test_the_learned_table_gets_the_sum_over_the_batch_and_nothing_beyond_the_sequence() -> None:
    _, backward = learned().forward(draw(3, 4, 4))
    dy = draw(3, 4, 4)
    _, grad = backward(dy)
    np.testing.assert_allclose(grad.weight[:4], dy.sum(axis=0))
    assert not grad.weight[4:].any()


def test_beyond_its_table_the_learned_encoding_says_that_nothing_was_learned() -> None:
    with pytest.raises(ValueError, match=r"7 positions but the table .* ends after 6; no vector"):
        learned().forward(draw(2, 7, 4))
    assert np.isfinite(SinusoidalPositionalEncoding(4)(draw(2, 700, 4))).all()


def test_the_learned_table_is_drawn_small() -> None:
    layer = LearnedPositionalEncoding.init(100, 50, rng=np.random.default_rng(0))
    assert layer.weight.dtype == np.float32
    assert layer.weight.std() == pytest.approx(0.02, rel=0.05)
    wide = LearnedPositionalEncoding.init(100, 50, std=0.5, rng=np.random.default_rng(0))
    assert wide.weight.std() == pytest.approx(0.5, rel=0.05)


# -- rotary ---------------------------------------------------------------------------------------


@given(length=st.integers(0, 6), pairs=st.integers(1, 3), offset=st.integers(0, 9))
def test_each_pair_is_turned_by_its_angle(length: int, pairs: int, offset: int) -> None:
    x = draw(2, length, 2 * pairs)
    y, _ = rotary(x, base=10.0, positions=offset + np.arange(length))
    for n, p, i in np.ndindex(2, length, pairs):
        angle = (p + offset) / 10.0 ** (i / pairs)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        expected = turn @ x[n, p, 2 * i : 2 * i + 2]
        assert np.abs(y[n, p, 2 * i : 2 * i + 2] - expected).max() < 1e-12


def test_a_rotation_keeps_lengths_and_its_gradient_turns_back() -> None:
    x = draw(2, 5, 6)
    y, backward = rotary(x)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1))
    np.testing.assert_allclose(backward(y), x)
    assert gradcheck(rotary, x, rng=RNG) < 1e-6
    assert gradcheck(lambda a: (rotary(a)[0], lambda dy: rotary(dy)[0]), x, rng=RNG) > 1e-3


@given(shift=st.integers(1, 100))
def test_matches_depend_on_contents_and_distance_alone(shift: int) -> None:
    query, key, where = draw(5, 8), draw(1, 5, 8)[0], np.arange(5)
    here = rotary(query)[0] @ rotary(key)[0].T
    there = rotary(query, positions=where + shift)[0] @ rotary(key, positions=where + shift)[0].T
    assert np.abs(here - there).max() < 1e-11


def test_rotary_keeps_the_dtype_and_takes_any_layout() -> None:
    x = draw(2, 6, 4, 3).astype(np.float32).swapaxes(-1, -2)[:, ::2]
    y, backward = rotary(x)
    assert y.dtype == backward(y).dtype == np.float32
    np.testing.assert_array_equal(y, rotary(np.ascontiguousarray(x))[0])


def test_rotary_attention_knows_the_order_and_plain_attention_does_not() -> None:
    layer = RotaryMultiHeadAttention.init(8, 2, rng=np.random.default_rng(0), dtype=np.float64)
    x, order = draw(2, 5, 8), [1, 0, 2, 4, 3]
    assert np.abs(layer(x[:, order]) - layer(x)[:, order]).max() > 1e-3
    plain = replace(layer, base=1e300)  # all rotations but the fastest stand still
    assert np.abs(plain(x) - layer(x)).max() > 1e-6


def test_rotary_attention_matches_by_distance() -> None:
    layer = RotaryMultiHeadAttention.init(8, 2, rng=np.random.default_rng(0), dtype=np.float64)
    maps = layer.attention_maps(np.repeat(draw(1, 1, 8), 6, axis=1))
    ratios = np.log(maps[0, 0][1:, 1:]) - np.log(maps[0, 0][1:, :-1])
    before = np.log(maps[0, 0][:-1, 1:-1]) - np.log(maps[0, 0][:-1, :-2])
    assert np.abs(ratios[:, 1:] - before).max() < 1e-12


def test_gradients_of_rotary_attention_are_those_of_finite_differences() -> None:
    layer = RotaryMultiHeadAttention.init(8, 2, rng=np.random.default_rng(0), dtype=np.float64)
    assert gradcheck(layer, draw(2, 5, 8), rng=RNG, causal=True) < 1e-6
    assert gradcheck(layer, draw(2, 5, 8), draw(2, 3, 8), rng=RNG) < 1e-6


# -- wrong calls ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: sinusoidal_encoding(4, 3), "must be even, not 3"),
        (lambda: sinusoidal_encoding(-1, 4), "length must be at least 0"),
        (lambda: sinusoidal_encoding(4, 4, base=0.0), "base must be positive"),
        (lambda: SinusoidalPositionalEncoding(3), "must be even"),
        (lambda: SinusoidalPositionalEncoding(4, "sum"), '"add" or "concat", not'),
        (lambda: learned(mode="sum"), '"add" or "concat", not'),
        (lambda: SinusoidalPositionalEncoding(4)(draw(2, 5, 6)), r"must be \(\.\.\., T, 4\)"),
        (lambda: learned()(draw(2, 5, 6)), r"must be \(\.\.\., T, 4\)"),
        (lambda: SinusoidalPositionalEncoding(4)(draw(4)), r"must be \(\.\.\., T, 4\)"),
        (lambda: rotary(draw(2, 3)), "must be even, not 3"),
        (lambda: rotary(draw(4)), r"axes \(\.\.\., T, d\)"),
        (lambda: rotary(draw(3, 4), positions=np.arange(2)), r"positions must be \(3,\)"),
    ],
)
def test_wrong_calls_say_what_is_wrong(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("mode", ["add", "concat"])
def test_an_empty_sequence_asks_nothing_of_the_table(mode: str) -> None:
    y, backward = learned(mode=mode).forward(np.ones((2, 0, 4)))
    dx, grad = backward(y)
    assert dx.shape == (2, 0, 4)
    assert not grad.weight.any()
