"""What is true of the lesson 04_07_residual."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.explore import cut_the_wire, superhighway, the_plus_hands_it_on
from course_lib.lessons.residual.cut_the_wire import NAMES, accuracies_after_a_cut, trained
from course_lib.lessons.residual.nets import KINDS, arriving, deep_net, gradient_norms, linears
from course_lib.measured import measured

DEPTH = 12


@pytest.fixture(scope="module")
def batch():
    data = lib.digits(rng=np.random.default_rng(0), dtype=np.float64)
    return data.x_train[:16], data.y_train[:16]


@pytest.mark.parametrize("kind", KINDS)
def test_what_arrives_is_the_gradient_by_finite_differences(kind, batch):
    """The first hidden layer's output is moved a little, in the direction of its gradient."""
    x, target = batch
    net = deep_net(DEPTH, np.random.default_rng(0), kind=kind)
    layers = linears(DEPTH, np.random.default_rng(0), kind=kind)
    alone, lengths = arriving(layers, lib.ReLU(), x, target, residual=kind != "plain")
    each = 2 if kind == "plain" else 1
    below, above = lib.Sequential(*net.layers[: 2 + each]), lib.Sequential(*net.layers[2 + each :])
    h = below(x)

    def loss(h):
        return float(lib.cross_entropy(above(h), target)[0])

    y, backward = above.forward(h)
    dh, _ = backward(lib.cross_entropy(y, target)[1]())
    direction = dh / np.linalg.norm(dh)
    assert loss(h) == pytest.approx(alone, rel=1e-12)
    slope = (loss(h + 1e-6 * direction) - loss(h - 1e-6 * direction)) / 2e-6
    assert lengths[0] == pytest.approx(slope, rel=1e-5)


def test_a_small_gain_makes_a_plain_gradient_fall_and_he_keeps_it(batch):
    x, target = batch
    small, level = (
        arriving(
            linears(100, np.random.default_rng(0), gain=gain),
            lib.ReLU(), x, target, residual=False,
        )[1]
        for gain in (0.4, 1.0)
    )  # fmt: skip
    assert small[0] < 1e-38 * small[-1]
    assert 1e-3 < level[0] / level[-1] < 1e3


def test_the_plain_plus_explodes_and_the_scaled_one_does_not(batch):
    x, target = batch
    with np.errstate(all="ignore"):
        losses = [
            gradient_norms(deep_net(100, np.random.default_rng(0), kind=kind), x, target)[0]
            for kind in KINDS[1:]
        ]
    assert losses[0] > 1e9
    assert losses[1] < 1e3


def test_the_whole_slope_is_one_more_than_the_branch_s():
    for slope in (-2.0, -0.5, 0.0, 0.7):
        assert f"plus 1 past it: {slope + 1:.2f}" in the_plus_hands_it_on(slope=slope).text()


def test_cutting_nothing_changes_nothing_and_cutting_all_leaves_the_ends():
    whole = np.ones((2, 8))
    assert "whole (whole" in cut_the_wire(blocks=whole).text()
    net, data = trained("residual", 4, 0)
    everything_out = lib.Sequential(*net.layers[:2], net.layers[-1])
    lines = cut_the_wire(depth=4, blocks=np.zeros((2, 8))).text().splitlines()
    accuracy = lib.accuracy(everything_out(data.x_test), data.y_test)
    assert lines[4].startswith(f"The residual net reads {accuracy:.0%}")


def test_one_block_out_costs_the_plain_net_everything_and_the_residual_one_little():
    for depth in (4, 6, 8):
        plain, residual = (accuracies_after_a_cut(*_net_of(kind, depth)) for kind in NAMES)
        assert np.mean(plain[1:]) < 0.3
        assert np.mean(residual[1:]) > 0.8


def _net_of(kind, depth):
    net, data = trained(kind, depth, 0)
    return net, depth, data


def test_the_tables_bear_out_what_the_page_says():
    deep, by_depth = measured("04_07.a_hundred_layers"), measured("04_07.depth_by_depth")
    assert deep["plain, default start: accuracy"].max() < 0.15
    assert deep["plain, He's start: first over last gradient"].min() > 0.5
    assert deep["plain, He's start: accuracy"].max() < 0.5
    assert deep["residual, scaled: accuracy"].min() > 0.8
    assert by_depth["plain, He's start, 5 layers"].min() > 0.7
    assert by_depth["residual, 50 layers"].min() > by_depth["plain, He's start, 50 layers"].max()


def test_both_precisions_are_shown():
    assert "In float32 0 of 10 layers" in superhighway(depth=10).text()
    words = superhighway(depth=100, gain=0.4).text()
    assert int(words.split("In float32 ")[1].split()[0]) > 0
