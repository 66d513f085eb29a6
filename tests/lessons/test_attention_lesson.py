"""What is true of the lesson 04_08_attention."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.explore import match_softmax_retrieve, pull_the_output, soft_hash_map
from course_lib.lessons.attention.heads_at_work import history, weights_back
from course_lib.lessons.attention.how_far import signal_of_trained, signal_of_untrained
from course_lib.lessons.attention.nets import (
    BACK,
    CIRCLE,
    MIXERS,
    WIDTH,
    AlongTime,
    Last,
    circles,
    mixer,
    sequences,
    signal,
)
from course_lib.lessons.attention.pull_the_output import VALUES, convex_hull, is_inside
from course_lib.lessons.attention.root import DIMENSIONS, curves, softmax_slopes
from course_lib.measured import measured


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("kind", MIXERS)
def test_the_signal_is_what_finite_differences_say(kind, rng):
    layer, x = mixer(kind, rng), rng.normal(size=(1, 6, WIDTH))
    squares = np.zeros(6)
    for t, i in np.ndindex(6, WIDTH):
        step = np.zeros_like(x)
        step[0, t, i] = 1e-6
        slope = (layer(x + step) - layer(x - step))[0, -1] / 2e-6
        squares[t] += (slope**2).sum()
    found = signal(layer, x)
    np.testing.assert_allclose(found[::-1], np.sqrt(squares / WIDTH), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("layer", [lambda rng: Last(), lambda rng: mixer("convolution", rng)])
def test_the_lessons_own_layers_pass_gradient_checks(layer, rng):
    lib.gradcheck(layer(rng), rng.normal(size=(2, 5, WIDTH)), rng=rng)


def test_along_time_a_convolution_reads_positions(rng):
    conv = lib.Conv1d.init(3, 2, 3, rng=rng, dtype=np.float64)
    x = rng.normal(size=(2, 7, 3))
    np.testing.assert_array_equal(AlongTime(conv)(x), conv(x.swapaxes(1, 2)).swapaxes(1, 2))


def test_a_convolution_s_signal_ends_and_attention_s_does_not():
    conv, attention = (signal_of_untrained(kind, 32, 4) for kind in ("convolution", "attention"))
    assert (conv[:5] > 0).all()
    assert (conv[5:] == 0).all()
    assert attention[1:].min() > attention[1:].max() / 10


def test_a_trained_attention_listens_to_the_first_token_alone():
    trained = signal_of_trained("attention")
    assert trained[-1] > 1000 * trained[:-1].max()


def test_the_tasks_are_what_the_page_says(rng):
    x, first = sequences(rng)
    assert (x[:, 0] == first).all()
    x, target = circles(rng)
    for t in range(CIRCLE):
        for i, back in enumerate(BACK):
            assert (target[:, t, i] == x[:, (t - back) % CIRCLE]).all()


def test_two_heads_share_the_work_and_one_mixes():
    maps, right = history("two heads")
    assert right[-1] > 0.99
    back = weights_back(maps[-1])
    assert sorted(back.argmax(axis=1)) == [0, 1]
    assert back.max(axis=1).min() > 0.9
    maps, right = history("one head")
    assert 0.5 < right[-1] < 0.7
    assert weights_back(maps[-1]).max() < 0.9


def test_what_is_wanted_is_reached_inside_the_hull_and_never_outside(rng):
    for share in 0.8 * rng.dirichlet(np.ones(4), size=10) + 0.05:  # not at the very edge
        words = pull_the_output(step=100, wanted=(share @ VALUES).round(1)).text()
        assert "is where it is wanted, inside" in words
    for wanted in ([2.8, 0.0], [0.0, -2.5], [-2.9, 2.9]):
        words = pull_the_output(step=100, wanted=np.array(wanted)).text()
        assert "from where it is wanted, outside" in words


def test_a_hull_holds_its_points_and_their_mixtures(rng):
    points = rng.normal(size=(9, 2))
    hull = convex_hull(points)
    assert all(is_inside(point, hull) for point in points)
    assert all(is_inside(share @ points, hull) for share in rng.dirichlet(np.ones(9), size=20))
    assert not is_inside(points.max(axis=0) + 0.1, hull)


def test_the_slopes_are_the_softmax_s_jacobian(rng):
    scores = rng.normal(size=(3, 5))
    weights, lengths = softmax_slopes(scores)
    for p, length in zip(weights, lengths, strict=True):
        assert length == pytest.approx(np.linalg.norm(np.diag(p) - np.outer(p, p)))


def test_without_the_root_slopes_are_shorter_from_64_on_and_longer_at_4_to_16():
    _, _, largest, slopes, _ = curves(1.0)
    without, with_root = slopes
    large = DIMENSIONS >= 64
    small = (DIMENSIONS >= 4) & (DIMENSIONS <= 16)
    assert (without[large] < with_root[large]).all()
    assert (without[small] > with_root[small]).all()
    assert largest[0, large].min() > 0.75 > 0.3 > largest[1].max()


def test_a_soft_map_returns_a_mixture_and_a_hard_one_the_best_match():
    assert "80% feline, 10% pet, 10% fur" in soft_hash_map().text()
    assert "100% feline" in soft_hash_map(temperature=0.1).text()
    asked = soft_hash_map(query=np.array([0.0, 2.0]))
    assert "returns one value: pet" in asked.text()


def test_a_causal_token_sees_itself_and_the_past():
    words = match_softmax_retrieve(causal=True, output=2).text()
    assert "Token 1 attends to tokens 0 to 3 with 0.06, 0.94, 0.00, 0.00." in words


def test_the_tables_bear_out_what_the_page_says():
    heads, first = measured("04_08.one_head_or_two"), measured("04_08.first_token")
    assert heads["one head"].max() < 0.65
    for net in ("two heads", "four heads", "one head, twice as wide, and a hidden layer"):
        assert heads[net].min() > 0.99
    assert first["convolution, 12 tokens"].max() < 0.2
    assert first["RNN, 12 tokens"].mean() < 0.4
    for kind in ("GRU", "attention"):
        assert first[f"{kind}, 12 tokens"].min() > 0.98
    for kind in MIXERS:
        assert first[f"{kind}, 4 tokens"].min() > 0.95
