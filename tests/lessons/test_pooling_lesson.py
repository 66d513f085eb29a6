"""What is true of the lesson 04_04_pooling."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.explore import outbid_the_maximum, pool_under_the_window, shift_the_digit
from course_lib.lessons.pooling.exercises import AVG_POOL_AS_CONVOLUTION
from course_lib.lessons.pooling.moves import CROP, changes, how_much_changed, moved_crops, on_canvas
from course_lib.lessons.pooling.shift import FARTHEST, SIDES, seen
from course_lib.measured import measured


def test_max_pooling_keeps_more_outputs_and_average_pooling_moves_less():
    for kernel_size in (2, 4):
        for shift in (1, 2, 3):
            largest = changes(lib.MaxPool2d(kernel_size), shift)
            mean = changes(lib.AvgPool2d(kernel_size), shift)
            assert (largest[:, 0] > mean[:, 0]).all()
            assert (largest[:, 1] > mean[:, 1]).sum() >= 8
            assert largest[:, 1].mean() > mean[:, 1].mean()


def test_a_single_spike_moves_both_poolings_alike():
    rows = [5.0 * (np.arange(8) == place)[None, None] for place in (2, 3, 4)]
    for pool in (lib.MaxPool1d(2), lib.AvgPool1d(2)):
        still, inside, across = (pool(row) for row in rows)
        assert how_much_changed(still, inside) == (1.0, 0.0)
        assert how_much_changed(still, across)[0] == 0.0


def test_a_moved_crop_shows_the_same_pixels_further_right():
    for still, moved in moved_crops(3):
        assert still.shape == moved.shape == (1, 1, CROP, CROP)
        np.testing.assert_array_equal(still[..., :-3], moved[..., 3:])


def test_how_much_changed_counts_no_empty_background():
    before, after = np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 3.0, 1.0, 2.0])
    assert how_much_changed(before, after)[0] == pytest.approx(2 / 3)
    assert how_much_changed(np.zeros(3), np.zeros(3)) == (1.0, 0.0)


def test_the_weight_asked_for_is_average_pooling_for_any_x():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 7))
    weight = AVG_POOL_AS_CONVOLUTION.reference(3, 2, 3)
    convolved, _ = lib.conv2d(x, weight, stride=(2, 3))
    np.testing.assert_allclose(convolved, lib.avg_pool2d(x, (2, 3))[0], atol=1e-12)


def test_padding_with_the_edge_s_numbers_is_right_too():
    """As the worked answer says: the edge lies inside every window that reaches over it."""
    x = np.random.default_rng(0).normal(size=(1, 2, 5, 6))
    for kernel_size in (2, 3, 4):
        padding = kernel_size // 2
        ends = (padding, padding)
        padded = np.pad(x, ((0, 0), (0, 0), ends, ends), mode="edge")
        y, _ = lib.max_pool2d(padded, kernel_size, stride=1)
        wanted, _ = lib.max_pool2d(x, kernel_size, stride=1, padding=padding)
        np.testing.assert_array_equal(y, wanted)


def test_the_tables_bear_out_what_the_page_says():
    read = measured("04_04.moved_digits")
    for kind in ("max", "average"):
        means = [read[f"{kind} pooling, moved by {right}"].mean() for right in range(4)]
        assert means[0] > 0.8
        assert 0.3 < means[0] - means[1] < 0.5
        assert means[2] < 0.35
        assert read[f"{kind} pooling, moved by 1"].max() < 0.7
    assert read["max pooling, moved by 0"].mean() > 0.9


def test_a_digit_moved_off_the_canvas_comes_in_again():
    digits = np.random.default_rng(0).random((2, 1, 8, 8))
    assert on_canvas(digits, 5).sum() == pytest.approx(digits.sum())
    np.testing.assert_array_equal(on_canvas(digits, 12), on_canvas(digits))


# ------------------------------------------------------------------- the explorers


def test_all_of_the_gradient_changes_hands_at_the_highest_other():
    for bid in (0.0, 0.5, 0.85):
        assert "gradient 0 1 / 0 0" in outbid_the_maximum(window=[[bid, 0.9], [0.2, 0.3]]).text()
    for bid in (0.9, 0.95):  # a tie goes to the first
        assert "gradient 1 0 / 0 0" in outbid_the_maximum(window=[[bid, 0.9], [0.2, 0.3]]).text()
    tied = outbid_the_maximum(window=[[0.9, 0.9], [0.2, 0.3]], pixel="upper right").text()
    assert "a tie: another stands first and gets all of dy" in tied


def test_a_press_in_the_plot_sets_the_bid():
    explorer = outbid_the_maximum(pixel="lower right")
    raise_to = explorer._touches["bid"].to_value
    np.testing.assert_array_equal(
        raise_to(0.75, 0.2, pixel=3, window=np.array([[0.1, 0.9], [0.2, 0.3]])),
        [[0.1, 0.9], [0.2, 0.75]],
    )


def test_each_window_says_who_ties_and_what_padding_counts():
    tie = pool_under_the_window(output=4).text()
    assert "The largest of 4 numbers is 0: 4 tie, and the first in reading order gets" in tie
    corner = pool_under_the_window(layer="average", kernel_size=3, padding=1).text()
    assert "The mean of 4 numbers and 5 zeros of padding is 1.67: each gets 0.11." in corner


def test_the_gradient_of_all_is_the_sum_of_each():
    settings = {"kernel_size": 3, "stride": 1, "padding": 1}
    explorer = pool_under_the_window(**settings)
    each = sum(
        explorer._compute("max", output=i, gradient_of_all=False, **settings).dx for i in range(36)
    )
    whole = explorer._compute("max", output=0, gradient_of_all=True, **settings).dx
    np.testing.assert_array_equal(each, whole)


def test_the_output_under_the_pointer_is_the_one_shown():
    view = pool_under_the_window()._compute(over=np.array([2.5, 1.5]))
    assert view.place == (1, 2)
    assert pool_under_the_window()._compute(output=4, over=np.array([6.5, 6.5])).place == (1, 1)


@pytest.mark.parametrize("picture", SIDES)
def test_a_picture_moves_as_far_as_it_says(picture):
    still = seen(picture, 0, 0)
    assert still.shape == (SIDES[picture],) * 2
    np.testing.assert_array_equal(seen(picture, FARTHEST, 0)[:, FARTHEST:], still[:, :-FARTHEST])
    np.testing.assert_array_equal(seen(picture, 0, -2)[:-2], still[2:])


def test_photographs_show_both_truths_after_one_pixel():
    for picture in ("china", "flower"):
        words = shift_the_digit(picture=picture).text()
        assert "max keeps more outputs exactly, average moves less in size" in words


def test_dragging_the_picture_s_middle_moves_it():
    explorer = shift_the_digit(picture="china")
    to_value = explorer._touches["drag"].to_value
    assert to_value(0.5 + 2 / 48, 0.5 - 1 / 48, picture="china") == (2, -1)
    assert to_value(0.0, 1.0, picture="china") == (-FARTHEST, FARTHEST)
