"""What is true of the lesson 04_03_activation."""

from __future__ import annotations

import math

import numpy as np
import pytest

import course_lib as lib
from course_lib.explore import (
    activation_and_derivative,
    folding_the_donut,
    origami,
    squiggle_painter,
    through_depth,
)
from course_lib.lessons.activation.activation_and_derivative import (
    share_of_small_slopes,
    slope_at,
)
from course_lib.lessons.activation.folding_the_donut import SEED, stretched, trained
from course_lib.lessons.activation.measure import pieces, share_dead
from course_lib.lessons.activation.nets import (
    ACTIVATIONS,
    SEVEN,
    deep_net,
    donut,
    donut_net,
    fitted,
    hinges,
)
from course_lib.lessons.activation.origami import (
    EDGE,
    FEET,
    PLANE,
    count_pieces,
    creases,
    drawn,
    joined,
    patterns,
    pieces_of_a_draw,
)
from course_lib.lessons.activation.through_depth import batch, gradient_left, there_and_back
from course_lib.measured import measured

# 4.3a and 4.3b: what a linear net can do, and what it cannot


def test_a_net_without_an_activation_is_one_linear_layer():
    """Whatever it has learned: three points of a line stay on a line."""
    for net in trained("none"):
        a, b = np.random.default_rng(0).normal(size=(2, 50, 2))
        assert net((a + b) / 2) == pytest.approx((net(a) + net(b)) / 2)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "none"])
def test_with_an_activation_it_is_not(activation):
    net = donut_net(activation, np.random.default_rng(0))
    a, b = 3 * np.random.default_rng(0).normal(size=(2, 50, 2))
    assert abs(net((a + b) / 2) - (net(a) + net(b)) / 2).max() > 1e-3


def test_no_line_gets_much_more_than_two_thirds_of_the_donut():
    """Every direction and offset of a fine grid, which needs no training."""
    x, target = donut(0)
    angles = np.linspace(0, np.pi, 60)
    along = x @ np.stack([np.cos(angles), np.sin(angles)])
    best = max(
        ((along > edge) == target[:, None]).mean(axis=0).max() for edge in np.arange(-3, 3, 0.1)
    )
    other = max(
        ((along < edge) == target[:, None]).mean(axis=0).max() for edge in np.arange(-3, 3, 0.1)
    )
    assert max(best, other) < 0.8


@pytest.mark.parametrize("activation", ["ReLU", "tanh"])
def test_the_folded_donut_is_told_apart_by_one_line(activation):
    net = trained(activation)[-1]
    x, target = donut(SEED)
    assert lib.accuracy(net(x), target) > 0.97
    words = folding_the_donut(activation=activation).text()
    assert f"{lib.accuracy(net(x), target):.0%} of the points" in words


def test_the_view_is_stretched_by_a_map_that_keeps_lines_straight():
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(200, 2)) @ np.array([[5.0, 4.9], [0.1, 0.2]]) + 7
    stretch = stretched(seen)
    assert np.cov(stretch(seen).T) == pytest.approx(np.eye(2), abs=1e-9)
    assert stretch((seen[:9] + seen[9:18]) / 2) == pytest.approx(
        (stretch(seen[:9]) + stretch(seen[9:18])) / 2
    )


# 4.3c: hinges


def test_a_hinge_is_a_condition():
    x = np.linspace(-1, 2, 31)
    knots = (0.0, 0.25, 1.0)
    for column, knot in zip(hinges(knots)(x[:, None]).T, knots, strict=True):
        assert column == pytest.approx(np.where(x > knot, x - knot, 0))


def test_a_hinge_at_every_point_but_the_last_draws_any_points():
    rng = np.random.default_rng(0)
    x, y = np.cumsum(rng.uniform(0.1, 1, 8)), rng.normal(size=8)
    net = fitted(x[:-1], x, y)
    assert net(x[:, None])[:, 0] == pytest.approx(y)
    slopes = np.diff(y) / np.diff(x)  # each weight is one change of slope
    assert net.layers[2].weight[0] == pytest.approx(np.diff(slopes, prepend=0))


def test_more_hinges_draw_a_smooth_curve_better_by_the_square_of_their_number():
    t = np.linspace(0, 1, 401)
    curve = np.sin(2 * np.pi * t)
    misses = [
        abs(fitted(np.arange(n) / n, t, curve)(t[:, None])[:, 0] - curve).max() for n in (8, 16, 32)
    ]
    assert misses[0] / misses[1] == pytest.approx(4, rel=0.25)
    assert misses[1] / misses[2] == pytest.approx(4, rel=0.25)


def test_the_painter_says_the_formula_that_it_draws():
    points = np.array([(x / 10, round(abs(x - 3) / 10, 2)) for x in range(11)])
    words = squiggle_painter(points=points, knots=[0.3, 0.8], more=1).text()
    assert "3 units miss the points by at most 0.0" in words
    assert "+ 2.0 · relu(x − 0.30)" in words  # from slope -1 to slope 1
    assert "+ 0.0 · relu(x − 0.80)" in words


# pieces of the plane


def test_lines_through_a_square_make_the_pieces_that_are_counted_by_hand():
    """Each crease adds one piece, and one more for every crossing inside."""
    grid = np.array([(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)])
    net = lib.Sequential(creases(grid), lib.ReLU())
    assert count_pieces(patterns(net, PLANE)) == 9
    upright = np.array([(0.5, 0), (-0.5, 0), (1.0, 0), (-1.0, 0)])
    assert count_pieces(patterns(lib.Sequential(creases(upright), lib.ReLU()), PLANE)) == 5


def test_pieces_in_one_layer_are_lines_crossings_and_one():
    """An oracle of geometry: 1 + lines that meet the square + crossings inside it."""
    for others in range(6):
        layer = joined(creases(FEET), *drawn(others))["8 in one layer"].layers[0]
        meet = crossings = 0
        corners = EDGE * np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
        for i in range(8):
            side = corners @ layer.weight[i] + layer.bias[i] > 0
            meet += side.any() and not side.all()
            for j in range(i):
                at = np.linalg.solve(layer.weight[[i, j]], -layer.bias[[i, j]])
                crossings += (abs(at) < EDGE).all()
        counted = count_pieces(patterns(lib.Sequential(layer, lib.ReLU()), PLANE))
        assert counted <= 1 + meet + crossings
        assert counted >= 1 + meet + crossings - 3  # smaller than a cell of the picture


def test_inside_a_piece_the_net_is_linear():
    net = joined(creases(FEET), *drawn(7))["4 + 4 in two layers"]
    codes = patterns(net, PLANE) @ (1 << np.arange(8))
    largest = np.bincount(codes).argmax()
    inside, rng = PLANE[codes == largest], np.random.default_rng(0)
    a, b = rng.choice(inside, 40), rng.choice(inside, 40)
    assert net((a + b) / 2) == pytest.approx((net(a) + net(b)) / 2)


def test_the_table_and_the_picture_count_alike():
    row = pieces(1)
    draws = [pieces_of_a_draw(seed) for seed in range(4, 8)]
    for name, mean in row.items():
        assert mean == np.mean([draw[name] for draw in draws])
    table = measured("04_03.pieces")
    assert (table["8 in one layer"] > table["4 + 4 in two layers"]).all()
    assert "8 in one layer cut the square into 31 pieces." in origami(others=7).text()


# 4.3d: dead units


def test_a_unit_is_dead_where_no_example_turns_it_on():
    x = np.random.default_rng(0).uniform(-1, 1, (100, 1))
    layer = lib.Linear(np.array([[1.0], [1.0], [-1.0], [0.0]]), np.array([0.0, -1.5, -2.0, 1.0]))
    net = lib.Sequential(layer, lib.ReLU(), lib.Linear(np.ones((1, 4)), np.zeros(1)))
    assert share_dead(net, x) == 0.5
    y, backward = net.forward(x)
    weight = backward(np.ones_like(y))[1].layers[0].weight
    assert ((weight != 0).any(axis=1) == [True, False, False, True]).all()


def test_dead_units_are_a_cliff_against_the_learning_rate():
    table = measured("04_03.dead_after_training")
    assert table["dead, learning rate 1"].max() == 0
    assert table["dead, learning rate 10"].min() >= 0.9


# 4.3e: through depth


@pytest.mark.parametrize(("activation", "gain"), [("tanh", 3.0), ("sigmoid", 1.0), ("ReLU", 1.4)])
def test_the_gradient_that_is_left_is_the_one_of_finite_differences(activation, gain):
    depth, seed = 5, 3
    rng = np.random.default_rng(seed)
    net = deep_net(activation, gain, depth, rng)
    dy = rng.normal(size=(len(batch()), 64))
    dy /= np.linalg.norm(dy)
    _, backward = net.forward(batch())
    dx, _ = backward(dy)
    direction = dx / np.linalg.norm(dx)
    ahead, behind = net(batch() + 1e-6 * direction), net(batch() - 1e-6 * direction)
    slope = ((ahead - behind) * dy).sum() / 2e-6
    assert gradient_left(activation, gain, depth, seed) == pytest.approx(slope, rel=1e-4)


def test_depth_is_slope_times_weights():
    left = {
        name: [gradient_left(name, gain, 20, seed) for seed in range(5)]
        for name, gain in (("tanh", 1.0), ("sigmoid", 1.0))
    }
    grows = [gradient_left("tanh", 3.0, 20, seed) for seed in range(5)]
    assert 0.1 < min(left["tanh"]) < max(left["tanh"]) < 0.4
    assert max(left["sigmoid"]) < 1e-12
    assert min(grows) > 100
    values, _ = there_and_back("tanh", 3.0, 20, 0)
    assert (1 - values[-1] ** 2).mean() < 0.35  # its units are saturated all the same


def test_the_words_say_the_lengths_that_are_drawn():
    _, lengths = there_and_back("sigmoid", 1.0, 20, 0)
    assert f"{lengths[0]:.3g} is left" in through_depth(activation="sigmoid").text()
    values, _ = there_and_back("none", 1.0, 20, 0)
    words = through_depth(activation="none", gain=1.0, depth=1).text()
    assert f"spread of {values[1].std():.3g}" in words


# 4.3f and the seven side by side


@pytest.mark.parametrize("name", SEVEN)
def test_the_slope_drawn_is_the_one_of_nudging(name):
    x = np.linspace(-4, 4, 80)  # 0 is not among them
    layer = SEVEN[name]()
    assert slope_at(name, x) == pytest.approx((layer(x + 1e-6) - layer(x - 1e-6)) / 2e-6, abs=1e-6)


def test_the_shares_of_small_slopes_are_those_of_the_normal_distribution():
    x = np.random.default_rng(0).normal(size=100_000)
    beyond = 2 * (1 - lib.gelu(np.array([1.8184]))[0].item() / 1.8184)  # 1 - tanh² is 0.1 there
    assert share_of_small_slopes("ReLU", x) == pytest.approx(0.5, abs=0.01)
    assert share_of_small_slopes("tanh", x) == pytest.approx(beyond, abs=0.01)
    words = activation_and_derivative(mean=4.0, spread=0.2).text()
    assert "ReLU 0%" in words
    assert "tanh 100%" in words


def test_gelu_dips_where_the_page_says():
    """Its slope Φ(x) + x φ(x) is 0 at the lowest place."""
    x = -0.7518
    share = (1 + math.erf(x / math.sqrt(2))) / 2
    height = math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    assert share + x * height == pytest.approx(0, abs=1e-4)
    assert x * share == pytest.approx(-0.170, abs=5e-4)
