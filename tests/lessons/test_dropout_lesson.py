"""What is true of the lesson 04_05_dropout."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.explore import click_a_unit_away, pixel_against_channel, roll_and_average
from course_lib.lessons.dropout import maps
from course_lib.lessons.dropout.nets import (
    UNITS,
    accuracies_without_one,
    accuracy_without,
    hidden_net,
    trained,
)
from course_lib.lessons.dropout.roll import SLIPS, X
from course_lib.measured import measured


@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_only_dropout_walks_to_the_value_in_evaluation(p):
    leads_to = {
        "none": 1.0,
        "not divided": 1 - p,
        "divided by p": (1 - p) / p,
        "divided twice": 1 / (1 - p),
        "times 1 − p in evaluation too": 1.0,
    }
    assert set(leads_to) == set(SLIPS)
    for slip, factor in leads_to.items():
        explorer = roll_and_average(p=p, slip=slip, rolls=300)
        view = explorer._compute(**explorer._arguments)
        spread = factor * np.sqrt((X**2).sum() * p / (1 - p) / 300)
        assert abs(view.means[-1] - factor * X.sum()) < 3 * spread
        wrong = slip != "none" and not (slip == "divided by p" and p == 0.5)
        assert ("more than chance" in explorer.text()) == wrong


@pytest.mark.parametrize("slip", SLIPS)
def test_every_roll_is_the_same_in_evaluation(slip):
    explorer = roll_and_average(slip=slip, evaluation=True, rolls=50)
    view = explorer._compute(**explorer._arguments)
    assert np.ptp(view.means) == pytest.approx(0)
    assert view.means[-1] == pytest.approx(view.target)


def test_a_unit_away_hands_on_0():
    """The same as to set its column of the last weight to 0."""
    one = trained(0.0, 0)
    *before, last = one.net.layers
    weight = last.weight.copy()
    weight[:, [3, 7]] = 0
    net = lib.Sequential(*before, lib.Linear(weight, last.bias))
    assert accuracy_without(one, (3, 7)) == lib.accuracy(net(one.data.x_test), one.data.y_test)
    assert accuracies_without_one(one)[3] == accuracy_without(one, (3,))


def test_the_net_is_used_without_dropout():
    one = trained(0.2, 0)
    x = one.data.x_test[:5]
    np.testing.assert_array_equal(one.net(x), one.net(x))
    assert not any(isinstance(layer, lib.Dropout) for layer in one.net.layers)
    assert any(isinstance(layer, lib.Dropout) for layer in hidden_net(0.2, 0).layers)


def test_dropout_makes_the_worst_unit_cheaper_in_every_run():
    table = measured("04_05.unit_by_unit")
    without = table["p = 0.0: worst unit costs"]
    for p in ("0.2", "0.5"):
        assert table[f"p = {p}: worst unit costs"].max() < 0.7 * without.min()
    assert table["p = 0.2: accuracy"].mean() < table["p = 0.0: accuracy"].mean() + 0.005
    assert table["p = 0.5: accuracy"].mean() < table["p = 0.0: accuracy"].mean() - 0.01


def test_clicking_all_units_out_leaves_chance():
    nothing = np.zeros((2, UNITS // 2))
    text = click_a_unit_away(upper_units=nothing, lower_units=nothing).text()
    data = trained(0.0, 0).data
    one_class = np.bincount(data.y_test).max() / len(data.y_test)
    shares = [int(line.split(" units read ")[1].split("%")[0]) for line in text.splitlines()[3:]]
    assert max(shares) <= round(100 * one_class)


def test_a_dropped_number_comes_back_from_what_was_kept_alone():
    """Whatever stands where numbers were dropped is not read."""
    rng = np.random.default_rng(0)
    values, kept = rng.random((6, 7)), rng.random((6, 7)) > 0.5
    other = np.where(kept, values, rng.random((6, 7)))
    np.testing.assert_array_equal(maps.from_own_map(values, kept), maps.from_own_map(other, kept))
    for i, j in np.ndindex(4, 5):
        window, mask = values[i : i + 3, j : j + 3], kept[i : i + 3, j : j + 3].copy()
        mask[1, 1] = False
        if mask.any():
            found = maps.from_own_map(values, kept)[i + 1, j + 1]
            assert found == pytest.approx(window[mask].mean())


def test_the_other_maps_bring_back_any_weighted_sum_of_their_windows():
    rng = np.random.default_rng(0)
    others, weight = rng.random((2, 8, 9)), rng.normal(size=(1, 2, 3, 3))
    wanted = lib.conv2d(others[None], weight, np.array([0.5]), padding=1)[0][0, 0]
    at = rng.random((8, 9)) > 0.3
    np.testing.assert_allclose(maps.from_other_maps(others, wanted, at), wanted)


def test_the_mask_is_the_layer_s():
    x = maps.three_maps("colours")
    for kind in (lib.Dropout, lib.Dropout2d):
        y, kept = maps.behind_dropout(kind, x, 3)
        np.testing.assert_allclose(y, np.where(kept, x / (1 - maps.P), 0))


@pytest.mark.parametrize("photo", lib.data.PHOTOGRAPHS)
def test_numbers_come_back_from_their_own_map_and_maps_only_from_redundant_ones(photo):
    found = {}
    for kind, names in maps.NAMES.items():
        x = maps.three_maps(kind, photo)
        y, kept = maps.behind_dropout(lib.Dropout, x, 0)
        for i in range(len(names)):
            single = maps.agreements(x, y, ~kept, i)
            whole = maps.agreements(x, *maps.dropped_whole(x, i), i)
            assert single[0] > single[1]
            assert whole[0] == 0
            found.setdefault(kind, []).append((single[0], whole[1]))
    assert all(whole < single for single, whole in found["features"])
    assert min(whole for _, whole in found["colours"]) > 0.9


def test_where_all_maps_are_dropped_nothing_comes_back():
    for throw in range(21):
        explorer = pixel_against_channel(drop="whole maps", throw=throw)
        view = explorer._compute(**explorer._arguments)
        if view.gone.all():
            assert view.agreements == [0.0, 0.0]
            return
    pytest.fail("no throw drops all maps")


def test_the_mean_is_not_kept_behind_a_relu():
    x, weight = np.array([[2.0, 3, 1, 2, 3, 2]]), np.array([1.0, -1, 1, -1, 1, -1])
    y = lib.Dropout(0.5, rng=np.random.default_rng(0))(np.repeat(x, 10_000, axis=0))
    sums = y @ weight
    assert sums.mean() == pytest.approx((x @ weight).item(), abs=4 * sums.std() / 100)
    assert lib.relu(x @ weight)[0].item() == 0
    assert lib.relu(sums)[0].mean() > 1
