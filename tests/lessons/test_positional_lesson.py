"""What is true of the lesson 04_10_positional."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import course_lib as lib
from course_lib.engine.transformer import Causal, MeanOfTokens
from course_lib.explore import beyond_the_trained_length, clocks, dog_bites_man
from course_lib.lessons.positional.beyond import from_position, tried
from course_lib.lessons.positional.clocks import found_shift, smallest_distance
from course_lib.lessons.positional.dog_bites_man import ROUNDING, encoder, moved
from course_lib.lessons.positional.nets import (
    CODES,
    LENGTH,
    attention,
    previous_token,
    reader,
    right_by_position,
    trained,
)
from course_lib.measured import measured

ORDERS = [np.array(order) for order in itertools.permutations(range(3))][1:]


@pytest.mark.parametrize("layer", [Causal(attention(8, np.random.default_rng(0))), MeanOfTokens()])
def test_the_lesson_s_own_layers_have_the_right_gradient(layer):
    x = np.random.default_rng(1).normal(size=(2, 3, 8))
    lib.gradcheck(layer, x, rng=np.random.default_rng(2))


def test_a_causal_net_sees_nothing_behind_it():
    net = reader("none", np.random.default_rng(0), causal=True)
    tokens, _ = previous_token(2, 6, np.random.default_rng(1))
    changed = tokens.copy()
    changed[:, 4:] = (changed[:, 4:] + 1) % 8
    assert np.allclose(net(tokens)[:, :4], net(changed)[:, :4], rtol=0, atol=1e-12)
    assert not np.allclose(net(tokens)[:, 4:], net(changed)[:, 4:])


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_any_order_moves_nothing_without_positions_and_all_with_them(order):
    assert moved(order, encoder(positions=False, causal=False)).max() < ROUNDING
    assert moved(order, encoder(positions=True, causal=False))[-1] > 0.01
    assert moved(order, encoder(positions=False, causal=True))[-1] > 0.01


def test_each_token_is_asked_for_the_one_before_it():
    tokens, target = previous_token(3, 5, np.random.default_rng(0))
    assert (target[:, 1:] == tokens[:, :-1]).all()
    assert (target[:, 0] == tokens[:, 0]).all()


@pytest.mark.parametrize("base", [10, 100, 10000])
@pytest.mark.parametrize("features", [4, 8, 16])
def test_the_matrix_found_turns_each_clock_by_its_own_angle(base, features):
    for shift in (0, 1, 20):
        matrix, miss = found_shift(shift, base, features)
        assert miss < 1e-9
        angles = shift * base ** (-np.arange(0, features, 2) / features)
        blocks = [matrix[i : i + 2, i : i + 2] for i in range(0, features, 2)]
        for block, a in zip(blocks, angles, strict=True):
            wanted = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
            assert np.allclose(block, wanted, rtol=0, atol=1e-5)


def test_the_smallest_distance_is_that_of_all_pairs():
    code = lib.sinusoidal_encoding(512, 8, base=100, dtype=np.float64)
    distances = np.linalg.norm(code[:, None] - code, axis=-1) + 9 * np.eye(512)
    assert smallest_distance(8, 100) == pytest.approx(distances.min(), rel=1e-6)


def test_the_hands_stand_where_the_position_says():
    words = clocks(position=3, base=10, features=4).text()
    assert f"stands at {np.degrees(3):.0f} degrees" in words
    assert f"turned by {np.degrees(3 / 10**0.5):.1f}." in words


def test_a_tie_and_the_plain_sentence_are_no_move():
    for at in ({"dog": 1, "bites": 1, "man": 1}, {"dog": 0, "bites": 1, "man": 2}):
        text = dog_bites_man(**at).text()
        assert (
            "“dog bites man”: without positions the outputs move by 0 at most, with them by 0."
            in (text)
        )
        assert "mean moves by 0 without positions, by 0 with them." in text


def test_a_net_told_that_it_starts_at_0_is_the_net_itself():
    tokens, _ = previous_token(2, LENGTH, np.random.default_rng(0))
    for code in CODES:
        same = np.allclose(from_position(code, 0)(tokens), trained(code)(tokens), atol=1e-9)
        assert same, code


def test_where_a_sequence_stands_is_nothing_to_the_rotary_net_and_much_to_the_others():
    tokens, _ = previous_token(2, LENGTH, np.random.default_rng(0))
    moved_on = from_position("rotary", 32)(tokens)
    assert np.allclose(moved_on, trained("rotary")(tokens), rtol=0, atol=1e-9)
    assert tried("sinusoidal", LENGTH, 16).mean() < 0.6
    assert tried("learned", LENGTH, 32).mean() < 0.3
    assert "rotary 1.00." in beyond_the_trained_length(start=32, length=16).text()


def test_the_tables_bear_out_what_the_page_says():
    within, beyond = measured("04_10.previous"), measured("04_10.beyond")
    ways, turned = measured("04_10.ways"), measured("04_10.upside_down")
    assert within["none"].max() < 0.27
    assert 0.35 < within["none, causal mask"].mean() < 0.5
    assert min(within[code].min() for code in CODES[1:]) > 0.99
    assert beyond["sinusoidal"].max() < 0.35
    assert beyond["learned"].max() < beyond["none"].min()
    assert beyond["rotary"].min() > 0.8
    assert beyond["rotary, base 10000"].max() < 0.7
    assert min(ways["added, 16 tokens"].min(), ways["concatenated, 16 tokens"].min()) > 0.99
    assert (turned["none: as it is"] == turned["none: upside down"]).all()
    assert turned["sinusoidal: upside down"].max() < 0.5 < turned["none: as it is"].min()


def test_a_net_that_guesses_is_right_by_chance_at_every_position():
    class Always(lib.Layer):
        def forward(self, x):
            return np.eye(8)[np.zeros_like(x)], None

    assert right_by_position(Always(), 32).mean() == pytest.approx(1 / 8, abs=0.01)
