"""What is true of the lesson 04_12_capstone_vision."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.explore import confusions, draw_a_digit
from course_lib.gradcheck import gradcheck
from course_lib.lessons.capstone_vision.draw_a_digit import Silence, find_flip, look, shrink
from course_lib.lessons.capstone_vision.nets import (
    NETS,
    Tokens,
    score_gradient,
    share_flipped,
    trained,
    with_one_pixel_changed,
)


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


@pytest.mark.parametrize("layer", [Tokens(), Silence((True, False, True))])
def test_the_lesson_s_own_layers_have_the_right_way_back(layer):
    assert gradcheck(layer, draw(2, 3, 2, 4), rng=np.random.default_rng(0)) < 1e-7


def test_tokens_are_the_places_of_a_map_in_reading_order():
    x = draw(2, 3, 2, 4)
    np.testing.assert_array_equal(Tokens()(x)[1, 6], x[1, :, 1, 2])


@pytest.mark.parametrize("name", NETS)
def test_a_net_gives_ten_scores_and_passes_the_gradient_check_in_evaluation(name):
    net = NETS[name](np.random.default_rng(0)).for_evaluation()
    x = np.random.default_rng(1).random((2, 1, 8, 8))
    assert net(x).shape == (2, 10)
    assert gradcheck(net, x, rng=np.random.default_rng(0), away_from_kinks=True) < 1e-6


def test_every_changed_digit_differs_in_one_pixel_that_is_empty_or_full():
    digit = np.random.default_rng(0).random((8, 8))
    changed = with_one_pixel_changed(digit)[:, 0]
    differs = changed != digit
    assert (differs.sum(axis=(1, 2)) == 1).all()
    assert {*changed[differs]} == {0, 1}
    assert len({changed[i].tobytes() for i in range(len(changed))}) == 128


def test_the_gradient_of_a_score_is_its_slope():
    net, data, _ = trained("residual CNN", 0)
    digit, step = data.x_test[0, 0], 1e-6
    slope = score_gradient(net, digit, 3)
    for place in ((0, 0), (3, 4), (7, 2)):
        moved = np.zeros((8, 8))
        moved[place] = step
        up, down = (net((digit + sign * moved)[None, None])[0, 3] for sign in (1, -1))
        assert slope[place] == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-6)


def test_the_ringed_pixel_changes_the_answer_and_none_does_where_none_is_ringed():
    net, data, _ = trained("residual CNN", 0)
    ringed = 0
    for digit in data.x_test[:20, 0]:
        answer = int(net(digit[None, None]).argmax())
        flip = find_flip(net, digit, answer)
        if flip is None:
            assert (net(with_one_pixel_changed(digit)).argmax(-1) == answer).all()
            continue
        row, column, value, label = flip
        changed = digit.copy()
        changed[row, column] = value
        assert label != answer
        assert net(changed[None, None]).argmax() == label
        ringed += 1
    assert 0 < ringed < 20


def test_a_pixel_that_flips_by_the_gradient_flips_by_any():
    net, data, _ = trained("residual CNN", 0)
    share = share_flipped(net, data.x_test[:30], data.y_test[:30])
    assert 0 < share["steepest pixel"] < share["any pixel"] < 1


def test_a_channel_that_is_off_reaches_no_score():
    net, data, _ = trained("residual CNN", 0)
    digit, on = data.x_test[0, 0], np.ones(8, bool)
    assert (look(net, digit, on, -1).shares == lib.softmax(net(digit[None, None]))[0][0]).all()
    all_off = look(net, digit, ~on, -1)
    np.testing.assert_allclose(all_off.shares, look(net, 0 * digit, ~on, -1).shares)
    assert not all_off.slope.any()


@pytest.mark.parametrize("dark_ink", [True, False])
def test_a_photograph_of_a_digit_is_read_as_the_digit(dark_ink):
    net, data, _ = trained("residual CNN", 0)
    right = 0
    for digit, label in zip(data.x_test[:150, 0], data.y_test[:150], strict=True):
        photograph = np.full((200, 300), 0.1)
        photograph[40:168, 90:218] += 0.8 * np.kron(digit, np.ones((16, 16)))
        small = shrink(1 - photograph if dark_ink else photograph)
        assert small.shape == (8, 8)
        assert small.max() == 1
        right += net(small[None, None]).argmax() == label
    assert right >= 145  # of 150
    words = draw_a_digit(net, photograph).text()
    assert f"The net says {net(small[None, None]).argmax()} " in words


def test_an_image_of_one_brightness_is_told():
    with pytest.raises(ValueError, match="all of one brightness"):
        draw_a_digit(image=np.full((20, 20), 0.5))


def test_the_counts_are_those_of_the_net_and_the_shown_digit_is_misread():
    net, data, _ = trained("residual CNN", 0)
    explorer = confusions()
    view = explorer._compute(**explorer._arguments)
    answers = net(data.x_test).argmax(-1)
    assert view.counts.sum() == len(answers)
    assert view.misread == (answers != data.y_test).sum()
    assert net(view.digit[None, None]).argmax() == view.answer != view.label


def test_a_net_without_digits_is_told():
    with pytest.raises(ValueError, match="nets and data go together"):
        confusions({"a net": lib.Identity()})
