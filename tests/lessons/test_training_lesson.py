"""What is true of the lesson 04_11_training."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.engine.checking import judge
from course_lib.lessons.training.chain import chain, gradients, slope_by_nudging
from course_lib.lessons.training.one_step import START, one_training_step
from course_lib.lessons.training.symmetry import UNITS, run
from course_lib.lessons.training.the_edge import descend
from course_lib.lessons.training.what_broke import CHANCE, SLIPS, trained
from tests.bank import BANK


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_edge_lies_at_one_plus_momentum(momentum):
    _, below = descend((-2.0, 2.0), (1 + momentum) * 0.95, momentum)
    _, beyond = descend((-2.0, 2.0), (1 + momentum) * 1.05, momentum)
    assert below[-1] < 1e-2 * below[0]
    assert beyond[-1] > beyond[0]


def test_on_the_edge_the_loss_comes_to_a_value_above_zero_and_stays():
    _, losses = descend((-2.0, 2.0), 1.0, 0.0)
    assert losses[-1] == pytest.approx(losses[-20])
    assert losses[-1] > 0.01 * losses[0]


@pytest.mark.parametrize("slopes", [(1.5, 0.5, -0.8), (0.9, 0.9, 0.9)])
def test_the_product_of_the_slopes_is_the_gradient_and_the_nudge(slopes):
    net = chain(slopes, 9)
    assert gradients(net)[0] == pytest.approx(np.prod(slopes) ** 3)
    assert slope_by_nudging(net) == pytest.approx(np.prod(slopes) ** 3)


def test_the_step_shown_has_the_gradients_that_nudging_finds():
    _, view = one_training_step(START, 0.1)
    for i, (old, grad, new) in enumerate(view.parameters):
        losses = []
        for step in (1e-6, -1e-6):
            names = list(START.parameters())
            layers = [*START.layers]
            where, which = divmod(i, 2)
            layer = layers[2 * where]
            arrays = [layer.weight.copy(), layer.bias.copy()]
            arrays[which] += step
            layers[2 * where] = type(layer)(*arrays)
            moved = type(START)(*layers)
            assert list(moved.parameters()) == names
            losses.append(one_training_step(moved, 0.1)[1].values[-1])
        assert grad == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5)
        assert new == pytest.approx(old - 0.1 * grad)
    assert view.after < view.values[-1]


def test_equal_units_stay_equal_and_a_millionth_of_noise_parts_them():
    weights, spreads, _ = run("none")
    assert len(np.unique(weights[-1].round(9), axis=0)) == 1
    assert not spreads.any()
    weights, spreads, _ = run("0.000001")
    assert spreads[-1] > 1000 * spreads[0] > 0
    assert len(np.unique(weights[-1].round(9), axis=0)) == UNITS


def test_every_planted_slip_costs_accuracy_and_the_mended_run_learns():
    mended = trained("")
    assert mended.validation_metric[-1] > 0.85
    for slip in SLIPS:
        assert trained(slip).validation_metric[-1] < mended.validation_metric[-1] - 0.1
    assert min(trained("softmax twice").loss) > 1.46
    assert trained("gradient ascended").loss[-1] > 100 * CHANCE


def test_a_part_that_is_right_wherever_it_came_back_is_not_to_blame():
    def training_step(x, target, weight, bias, learning_rate):
        loss, _, new_bias = BANK["training_step"].reference(x, target, weight, bias, learning_rate)
        dy = 2 * (x @ weight.T + bias - target) / target.size
        return loss, weight - learning_rate * (x.T @ dy) ** 3, new_bias  # (I, O): often raises

    assert "loss" not in judge(BANK["training_step"], training_step).diagnosis


def test_one_mistake_is_told_before_two():
    def sgd_step(weight, grad, velocity, learning_rate, momentum):
        new_velocity = momentum * velocity + grad
        return weight - learning_rate * new_velocity, momentum * velocity

    assert judge(BANK["sgd_step"], sgd_step).diagnosis == "slip:new_velocity: grad forgotten"
