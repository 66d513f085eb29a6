"""What is true of the lesson 04_02a_linear."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib import draw
from course_lib.engine.checking import judge
from course_lib.explore import paint_one_pixel, where_do_they_go
from course_lib.lessons.linear.affine import FUNCTIONS, IS_AFFINE
from course_lib.lessons.linear.measure import on_canvas, shuffle
from course_lib.lessons.linear.one_pixel import PIXELS, SIDE, convolution, fully_connected
from course_lib.lessons.linear.three_points import CORNERS
from course_lib.measured import measured
from tests.bank import BANK

points = np.random.default_rng(0).integers(-8, 9, size=(5, 5, 2)) / 4


def view_of(explorer):
    return explorer._compute(**explorer._arguments)


@pytest.mark.parametrize("point", points)
def test_the_layer_sends_the_three_inputs_where_they_were_dragged(point):
    view = view_of(where_do_they_go(images=point[:3], inputs=point[3:]))
    assert np.array_equal(view.layer(CORNERS), point[:3])


@pytest.mark.parametrize("point", points)
def test_the_gap_is_minus_the_bias_whatever_u_and_v_are(point):
    view = view_of(where_do_they_go(images=point[:3], inputs=point[3:]))
    assert np.allclose(view.gap, -point[0])
    assert np.isclose(view.area, np.linalg.det(view.layer.weight))


def test_the_words_say_what_becomes_of_the_plane():
    words = {
        "areas × 1.00": [(0, 0), (1, 0), (0, 1)],
        "areas × 2.00, turned over": [(1, 1), (1, 2), (3, 1)],
        "all on one line, or one point": [(1, 1), (2, 2), (3, 3)],
    }
    for said, images in words.items():
        line = where_do_they_go(images=images).text().splitlines()[3]
        assert line.endswith(f"; {said}")


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
def test_every_output_or_a_window_of_them_moves(kernel_size):
    """Held to windows counted by hand."""
    reach = kernel_size // 2
    for row, column in ((0, 0), (0, 4), (3, 4), (7, 7)):
        paint = np.zeros((SIDE, SIDE))
        paint[row, column] = 1
        view = view_of(paint_one_pixel(paint=paint, kernel_size=kernel_size))
        near = [sum(abs(at - i) <= reach for i in range(SIDE)) for at in (row, column)]
        assert view.moved == (PIXELS, near[0] * near[1])


def test_what_moves_is_what_the_layers_make_of_the_change():
    """Both are linear up to the bias, so the move is the layer's answer to the change alone."""
    view = view_of(paint_one_pixel(digit=5))
    before = view_of(paint_one_pixel(digit=5, paint=np.zeros((SIDE, SIDE)))).digit
    change = (view.digit - before).reshape(1, PIXELS)
    full, _ = lib.linear(change, fully_connected().weight)
    local, _ = lib.conv2d(change.reshape(1, 1, SIDE, SIDE), convolution(3).weight, padding=1)
    assert np.allclose(full.ravel(), view.moves[0].ravel())
    assert np.allclose(local[0, 0], view.moves[1])


def test_a_twin_trained_on_shuffled_pixels_is_the_shuffled_net():
    """The page says that training finds shuffled pictures no harder: it takes the same steps."""
    data = lib.digits(rng=np.random.default_rng(0), dtype=np.float64)
    x, order = data.x_train.reshape(-1, 64)[:256], np.random.default_rng(1).permutation(64)
    start = lib.Linear.init(64, 10, rng=np.random.default_rng(0), dtype=np.float64)
    twin = lib.Linear(start.weight[:, order], start.bias)
    trained = [
        lib.fit(
            net, pictures, data.y_train[:256],
            optimizer=lib.Adam.init(net, learning_rate=0.01),
            epochs=3, rng=np.random.default_rng(0), progress=False,
        )[0]
        for net, pictures in ((start, x), (twin, x[:, order]))
    ]  # fmt: skip
    assert np.allclose(trained[0].weight[:, order], trained[1].weight, rtol=1e-6)


def test_a_canvas_holds_each_digit_whole_and_a_shuffle_loses_no_pixel():
    digits = np.random.default_rng(0).random((40, 1, 8, 8))
    canvases = on_canvas(digits, np.random.default_rng(1))
    assert canvases.shape == (40, 1, 16, 16)
    for digit, canvas in zip(digits, canvases, strict=True):
        (top, left) = np.argwhere(canvas[0])[0]
        assert np.array_equal(canvas[0, top : top + 8, left : left + 8], digit[0])
        assert np.count_nonzero(canvas) == 64
    mixed = shuffle(canvases, np.random.default_rng(2).permutation(256))
    assert np.array_equal(np.sort(mixed.reshape(40, -1)), np.sort(canvases.reshape(40, -1)))
    assert not np.array_equal(mixed, canvases)


def test_the_tables_bear_out_what_the_page_says():
    canvas, filling = measured("04_02a.on_a_canvas"), measured("04_02a.filling_the_picture")
    full, local = "fully connected", "convolutional"
    assert abs(lost(canvas, full).mean()) < 0.02
    assert lost(canvas, local).min() > 0.5
    assert (canvas[f"{local}, as they are"] - canvas[f"{full}, as they are"]).min() > 0.2
    assert abs(lost(filling, full)).max() < 0.01
    assert 0.02 < lost(filling, local).mean() < 0.03


def lost(table, net):
    """What the shuffle costs, seed by seed."""
    return table[f"{net}, as they are"] - table[f"{net}, shuffled"]


def test_every_function_shows_as_code_that_makes_it():
    x = np.array([0.5, -1.5, 2.0])
    for function in FUNCTIONS:
        assert np.array_equal(eval(repr(function), {"np": np})(x), function(list(x)))


def test_half_of_the_functions_are_affine_so_no_one_answer_serves():
    verdicts = [IS_AFFINE.reference(function) for function in FUNCTIONS]
    assert 0.35 < np.mean(verdicts) < 0.65


def test_lines_that_do_not_fit_are_refused():
    words = {"title": "", "xlabel": "", "ylabel": "", "colour": draw.palette.WEIGHT}
    with pytest.raises(ValueError, match="give one to 4 curves, each as long as x"):
        draw.lines([1, 2], {"short": [1]}, **words)
    with pytest.raises(ValueError, match="give one to 4 curves"):
        draw.lines([1, 2], {}, **words)


FIRST_PAIR = "u, v = np.random.default_rng(0).normal(size=(2, 3)); "
LOOP = "rng = np.random.default_rng(0)\n    for u, v in rng.normal(size=(20, 2, 3)):\n"
SLIPS = [
    ("one pair only", FIRST_PAIR + "return np.allclose(f(u + v), f(u) + f(v) - f(0 * u))"),
    ("one pair only", LOOP + "        return np.allclose(f(u + v), f(u) + f(v) - f(0 * u))"),
    ("f(0) not taken away", FIRST_PAIR + "return np.allclose(f(u + v), f(u) + f(v))"),
    ("f(0) not taken away", FIRST_PAIR + "return np.allclose(f(u - v), f(u) - f(v))"),
    (
        "sums of inputs never tried",
        FIRST_PAIR + "return np.allclose(f(2 * u) - f(0 * u), 2 * (f(u) - f(0 * u)))",
    ),
    (
        "the opposite answer",
        FIRST_PAIR + "return not np.allclose(f(u + v), f(u) + f(v) - f(0 * u))",
    ),
    (
        "the same constant for every function",
        FIRST_PAIR + "return np.allclose(f(u + v), f(u) + f(v) - 1)",
    ),
    (
        "f called with one number",
        FIRST_PAIR + "return np.allclose(f(u + v), f(u) + f(v) - f(0))",
    ),
    ("always the same answer", "return False"),
]


@pytest.mark.parametrize(("slip", "body"), SLIPS)
def test_one_pair_is_told_from_other_slips(slip, body):
    """By chance the first pair changes no sign, so that abs, median and sort pass it."""
    report = judge(IS_AFFINE, IS_AFFINE.compiled(f"def is_affine(f):\n    {body}\n"))
    assert report.diagnosis == f"slip:{slip}"


def test_a_part_that_is_right_is_not_blamed_for_a_part_that_raises():
    exercise = BANK["linear_backward"]

    def linear_backward(dy, x, weight):
        return np.sin(weight @ dy), dy.T @ x, dy.sum(axis=0)

    report = judge(exercise, linear_backward)
    assert report.diagnosis == "raised"
    assert "dbias" not in report.message
