"""What is true of the lesson 04_01_layer."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import course_lib as lib
from course_lib.draw.palette import signed_scale
from course_lib.explore import build_a_stack, mend_the_stack, one_step_before_and_after
from course_lib.lessons.layer.before_and_after import start, train
from course_lib.lessons.layer.measure import small_net
from course_lib.lessons.layer.mend_the_stack import _joint
from course_lib.lessons.layer.stack import GOALS, MENU, Run, pixels_seen, run_stack, some_digits
from course_lib.measured import measured

# goal -> every block and what may take its place there
SOLUTIONS = {
    "ten scores": {(1, "Conv2d(1, 4, 3)"), (3, "Conv2d(8, 16, 3)")},
    "all of 8 × 8": {(1, "Conv2d(1, 8, 4, stride=2)")},
    "a number for each pixel": {
        (3, "Conv2d(8, 8, 3, padding=1)"),
        (3, "ReLU()"),
        (3, "Identity()"),
    },
    "less memory": {(2, "MaxPool2d(2)"), (2, "AvgPool2d(2)")},
}


@pytest.mark.parametrize("goal", GOALS)
def test_all_solutions_of_a_goal_are_found_by_trying(goal):
    asked, found = GOALS[goal], set()
    for block, put in itertools.product(range(1, 7), MENU):
        names = [*asked.given[: block - 1], put, *asked.given[block:]]
        run = run_stack(names)
        if not run.error and not asked.lacks(run):
            found.add((block, put))
    assert found == SOLUTIONS[goal]


@pytest.mark.parametrize("goal", GOALS)
def test_a_stack_is_broken_as_given_and_says_so_when_mended(goal):
    assert "Mended" not in mend_the_stack(goal=goal).text()
    for block, put in SOLUTIONS[goal]:
        lines = mend_the_stack(goal=goal, block=block, put=put).text().splitlines()
        assert lines[2] == f"Mended: {GOALS[goal].words}."


@pytest.mark.parametrize("goal", GOALS)
def test_a_joint_shows_what_the_summary_says(goal):
    block, put = sorted(SOLUTIONS[goal])[0]
    names = [*GOALS[goal].given[: block - 1], put, *GOALS[goal].given[block:]]
    rng = np.random.default_rng(0)
    model = lib.Sequential(*(MENU[name](rng) for name in names))
    table, run = lib.summary(model, some_digits()), run_stack(names)
    assert run.shapes[1:] == tuple(row.output_shape[1:] for row in table.rows)
    assert run.parameters[1:] == tuple(row.parameters for row in table.rows)
    assert run.bytes == table.memory + some_digits().nbytes


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1, 8, 8), 5), ((16, 8, 8), 4), ((8, 3, 3), 13), ((16, 1, 1), 16), ((10,), 16), ((512,), 6)],
)
def test_every_number_of_a_joint_is_drawn_as_large_as_there_is_room(shape, size):
    value = np.resize([1.0, -1.0], shape)
    run = Run((shape,) * 2, (value,) * 2, (0,) * 2, ((0, 0),) * 2, "", np.ones((8, 8), bool))
    for colour in signed_scale(1.0)(np.array([1.0, -1.0])):
        dots = (_joint(run, 1) == colour).all(axis=-1).sum()
        assert dots == value.size / 2 * size**2


def test_the_error_at_a_joint_is_the_library_s_own():
    names = GOALS["ten scores"].given
    with pytest.raises(ValueError, match="x has 8 channels but weight expects 4") as caught:
        lib.Sequential(*(MENU[name](np.random.default_rng(0)) for name in names))(some_digits())
    assert run_stack(names).error == str(caught.value)


def test_pixels_seen_are_those_whose_change_moves_the_scores():
    names = [name.replace("ReLU()", "Identity()") for name in GOALS["all of 8 × 8"].given]
    rng = np.random.default_rng(0)
    model = lib.Sequential(*(MENU[name](rng) for name in names))
    x = np.zeros((64, 1, 8, 8), np.float32)
    x.reshape(64, 64)[np.arange(64), np.arange(64)] = 1
    moved = (abs(model(x) - model(0 * x)) > 1e-6).any(axis=1)
    np.testing.assert_array_equal(pixels_seen(names).ravel(), moved)


def test_free_building_names_the_block_that_stops():
    words = build_a_stack(block_5="Identity()").text().splitlines()[2]
    assert words.startswith("Block 6 stops it. linear: the last axis of x (32, 8, 4, 4) must equal")


def test_what_has_no_gradient_stays_to_the_last_bit():
    model, x, target = start()
    logits, backward = model.forward(x[:1])
    _, loss_backward = lib.cross_entropy(logits, target[:1])
    _, grad = backward(loss_backward())
    before, after, _ = train(1, 1, 0.5)
    for name, array in grad.parameters().items():
        np.testing.assert_array_equal(
            array != 0, before.parameters()[name] != after.parameters()[name]
        )


@pytest.mark.parametrize("moves", [{"steps": 0}, {"learning_rate": 0.0, "steps": 10}])
def test_nothing_changes_without_a_step_or_without_a_rate(moves):
    words = one_step_before_and_after(**moves).text()
    assert " 0 of 61 parameters have changed, and 0 of 5 hyper-parameters." in words


def test_the_loss_falls_with_the_steps():
    losses = [train(steps, 30, 0.5)[2][1] for steps in range(4)]
    assert losses == sorted(losses, reverse=True)


def test_another_dilation_has_the_same_names_and_shapes():
    nets = [small_net(np.random.default_rng(0), dilation) for dilation in (1, 2)]
    one, other = ({n: a.shape for n, a in net.state_dict().items()} for net in nets)
    assert one == other


def test_the_table_bears_out_what_the_page_says():
    table = measured("04_01.saved_and_loaded")
    np.testing.assert_array_equal(table["before saving"], table["loaded"])
    assert table["loaded"].min() > 0.9
    assert table["loaded with dilation 2"].max() < 0.5
