"""What is true of the lesson 04_09_embedding."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.exercises import check
from course_lib.explore import look_up_table, twelve_months_in_two_numbers
from course_lib.lessons.embedding.look_up import read
from course_lib.lessons.embedding.nets import (
    MONTHS,
    RATE,
    agreement,
    as_levels,
    followed,
    month_net,
    month_pairs,
    month_step,
    rows_of,
    train_months,
    trained_months,
    with_rows,
)
from course_lib.lessons.embedding.predictions import step_twice
from course_lib.measured import measured


def test_a_circle_is_in_order_both_ways_round_and_a_shuffled_one_is_not():
    turn = np.arange(12) * 2 * np.pi / 12
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    assert followed(ring) == followed(ring[::-1]) == followed(3 * ring + 5) == 12
    order = np.random.default_rng(0).permutation(12)
    assert followed(ring[order]) < 8
    assert followed(ring[np.argsort(order)], order) == 12


def test_pairs_are_at_most_two_months_apart_round_the_year():
    month, near = month_pairs()
    assert len(month) == 60
    apart = (near - month) % 12
    assert set(apart.tolist()) == {10, 11, 0, 1, 2}
    month, near = month_pairs(itself=False)
    assert len(month) == 48
    assert (month != near).all()


def test_a_step_is_that_of_the_library_s_sgd():
    net = month_net(0)
    month, near = month_pairs()
    scores, backward = net.forward(month)
    _, loss_backward = lib.cross_entropy(scores, near)
    _, grad = backward(loss_backward())
    wanted, _ = lib.SGD.init(net, learning_rate=RATE).step(net, grad)
    found, _ = month_step(net, month_pairs())
    np.testing.assert_allclose(rows_of(found), rows_of(wanted), rtol=1e-12)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_ring_comes_from_other_seeds_too(seed):
    net = train_months(month_net(seed))
    assert followed(rows_of(net)) == 12


def test_the_ring_is_that_of_the_data_in_whatever_order_it_is():
    order = np.random.default_rng(0).permutation(12)
    pairs = tuple(order[side] for side in month_pairs())
    rows = rows_of(train_months(month_net(1), pairs=pairs))
    assert followed(rows, order) == 12
    assert followed(rows) < 12


def test_a_month_comes_back_and_a_word_never_seen_stays():
    rows = rows_of(trained_months()).copy()
    home = rows[4].copy()
    rows[4], rows[12] = -home, (2.0, -2.0)
    assert followed(rows) < 12
    after = rows_of(train_months(with_rows(trained_months(), rows)))
    assert followed(after) == 12
    assert np.linalg.norm(after[4] - home) < 0.5
    np.testing.assert_array_equal(after[12], rows[12])


def test_a_run_that_goes_on_is_one_that_went_through():
    for steps in (40, 10, 60):
        words = twelve_months_in_two_numbers(steps=steps).text()
        start = month_net(1)
        rows = rows_of(start).round(1)
        after = rows_of(train_months(with_rows(start, rows), steps))
        assert f"After {steps} steps {followed(after)} of 12" in words


def test_adam_moves_a_row_on_that_sgd_leaves():
    assert (step_twice(lib.SGD)[1:, 0] == -0.1).all()
    first, second = step_twice(lib.Adam)[1:, 0]
    assert second < first - 0.01


def test_levels_are_whole_numbers_of_every_pixel():
    x = lib.digits(rng=np.random.default_rng(0), dtype=np.float64).x_test
    levels = as_levels(x)
    assert levels.shape == (len(x), 64)
    np.testing.assert_array_equal(levels / 16, x.reshape(len(x), 64))


def test_agreement_is_one_for_an_order_and_its_reverse_alone():
    values = np.arange(17.0) ** 3
    assert agreement(values) == agreement(-values) == pytest.approx(1)
    assert agreement(np.random.default_rng(0).normal(size=17)) < 0.7


def test_a_sentence_is_read_as_the_numbers_of_its_words():
    words, tokens = read("The moon, the sun!")
    assert words == ("the", "moon", "sun", "fish", "tree")
    assert tokens.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("text", ["", "...", "one two three four five six seven eight nine"])
def test_a_sentence_that_does_not_fit_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"look_up_table: text has \d words; give it one to 8"):
        look_up_table(text)


def test_the_sum_shown_is_the_one_that_is_taken():
    dy = np.zeros((3, 2))
    dy[0], dy[2] = (1, 2), (3, -4)
    text = look_up_table("on and on", token=2, dy=dy).text()
    assert "(1.00, 2.00) + (3.00, -4.00) = 4.00, -2.00" in text
    assert "takes 24 multiplications" in text


def test_the_tables_bear_out_what_the_page_says():
    ring, without = measured("04_09.twelve_months"), measured("04_09.without_itself")
    assert (ring["months followed by the next after 100"] == 12).all()
    assert ring["dragged across, steps until in order: most"].max() < 100
    assert (ring["the 13th dragged away: how far it moves"] == 0).all()
    assert without["months followed by the next after 100"].min() < 12
    grey = measured("04_09.grey_levels")
    assert (grey["order of the levels, 1 if perfect"] > 0.8).sum() == 4
    assert grey["accuracy"].min() > 0.9


def plus_equals(indices, dy, num_embeddings):
    dweight = np.zeros((num_embeddings, dy.shape[-1]))
    dweight[indices] += dy
    return dweight


def by_position(indices, dy, num_embeddings):
    dweight = np.zeros((num_embeddings, dy.shape[-1]))
    for t in range(min(indices.shape[1], num_embeddings)):
        dweight[t] += dy[:, t].sum(axis=0)
    return dweight


def loops_that_assign(indices, dy, num_embeddings):
    dweight = np.zeros((num_embeddings, dy.shape[-1]))
    for n in range(indices.shape[0]):
        for t in range(indices.shape[1]):
            dweight[indices[n, t]] = dy[n, t]
    return dweight


def by_product_untransposed(indices, dy, num_embeddings):
    return np.eye(num_embeddings)[indices] @ dy.T


@pytest.mark.parametrize(
    ("answer", "said"),
    [(plus_equals, "has to be added"), (loops_that_assign, "has to be added")],
)
def test_the_trap_of_this_lesson_is_named(answer, said):
    report = check(answer, "embedding_backward")
    assert not report.passed
    assert said in str(report)


@pytest.mark.parametrize("answer", [by_position, by_product_untransposed])
def test_other_wrong_answers_are_refused(answer):
    assert not check(answer, "embedding_backward").passed


def test_there_are_twelve_months():
    assert len(set(MONTHS)) == 12
