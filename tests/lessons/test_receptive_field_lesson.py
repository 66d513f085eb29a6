"""What is true of the lesson 4.2c, the receptive field: formula, gradient and listeners agree."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.engine.checking import accepts, judge
from course_lib.lessons import EXERCISES
from course_lib.lessons.receptive_field.stack import COLUMNS, MENU, ROWS, build, output_size, table
from course_lib.lessons.receptive_field.what_this_output_knows import (
    SHARE,
    look,
    nearest_output,
    smallest_box,
)
from course_lib.lessons.receptive_field.who_listens import listeners

NAMES = [name for name in MENU if name != "none"]


def drawn(seed):
    rng = np.random.default_rng(seed)
    return tuple(str(name) for name in rng.choice(NAMES[:5], size=rng.integers(1, 5)))


@pytest.mark.parametrize("seed", range(6))
def test_the_boxes_of_theory_and_gradient_agree_inside_the_photograph(seed):
    names = drawn(seed)
    height, width = output_size(names)
    place = (height // 2, width // 2)
    view = look(names, place)
    left, top, size, _ = view.theory
    rows, columns = (np.flatnonzero(view.seen.any(axis=axis)) for axis in (1, 0))
    assert rows[0] == max(top, 0)
    assert rows[-1] == min(top + size, ROWS) - 1
    assert columns[0] == max(left, 0)
    assert columns[-1] == min(left + size, COLUMNS) - 1
    assert not view.heat[~view.seen].any()


@pytest.mark.parametrize("seed", range(6))
def test_a_pixel_is_heard_by_just_the_outputs_that_see_it(seed):
    names, pixel = drawn(seed), (20, 31)
    moved = listeners(names, pixel)
    rng = np.random.default_rng(seed)
    for _ in range(8):
        place = tuple(int(rng.integers(n)) for n in moved.shape)
        shape = (1, ROWS, COLUMNS)
        field = lib.measured_receptive_field(build(names), shape, position=place)
        assert field.seen[pixel] == (moved[place] > 0)


def test_a_stride_wider_than_the_kernel_leaves_pixels_that_nobody_hears():
    heard = [listeners(("conv 2, stride 3",), (30, column)).any() for column in range(9)]
    assert [column for column in range(9) if not heard[column]] == [1, 4, 7]


def test_the_box_holds_its_share_and_the_next_smaller_one_does_not():
    rng = np.random.default_rng(0)
    energy = rng.random((21, 21))
    left, top, size, _ = smallest_box(energy, (0, 0, 21, 21))
    held = energy[top : top + size, left : left + size].sum()
    smaller = energy[top + 1 : top + size - 1, left + 1 : left + size - 1].sum()
    assert smaller < SHARE * energy.sum() <= held


def test_a_drag_finds_the_output_whose_field_lies_there():
    now = {f"layer_{i}": "none" for i in range(1, 7)} | {"layer_1": "conv 3, stride 2"}
    row, column = nearest_output(30.5, 20.5, **now)
    left, top, size, _ = look(("conv 3, stride 2",), (row, column)).theory
    assert left <= 30 < left + size
    assert top <= 20 < top + size
    assert nearest_output(-9.0, 900.0, **now) == (ROWS // 2 - 1, 0)


def test_the_table_is_the_formula_layer_by_layer():
    names = ("conv 3", "average pool 2", "conv 3")
    assert [row[1:] for row in table(names)] == [(1, 1, 0), (3, 1, -1), (4, 2, -1), (8, 2, -3)]


SLIPS = {
    "own stride": ("size += dilation * (kernel_size - 1) * jump * stride", 1),
    "whole kernel": ("size += dilation * kernel_size * jump", 1),
    "no dilation": ("size += (kernel_size - 1) * jump", 1),
    "right": ("size += dilation * (kernel_size - 1) * jump", 0),
}
FIELD = """
def field_of_stack(layers):
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        {line}
        jump *= stride
    return size, jump
"""


@pytest.mark.parametrize("name", SLIPS)
def test_a_usual_slip_is_refused(name):
    line, wrong = SLIPS[name]
    made: dict = {}
    exec(FIELD.format(line=line), made)
    assert accepts(EXERCISES["field_of_stack"], made["field_of_stack"]) == (not wrong)


LOOP = """
def depth_to_cover(pixels, kernel_size, stride=1):
    size, jump, depth = 1, 1, 0
    while size < pixels:
        size += (kernel_size - 1) * jump
        jump *= stride
        depth += 1
    return depth
"""
DEPTHS = [  # what is changed in it, and what is said
    ("while size", "if size", "one layer at most"),
    ("size < pixels", "size**2 < pixels", "an area compared"),
    ("return depth", "return size", "the field's size returned"),
    ("1, 1, 0", "kernel_size, 1, 1", "first stride left out"),
    ("jump *= stride", "jump += stride", "strides added"),
    ("kernel_size - 1", "kernel_size // 2", "half the kernel"),
]
FIELDS = [
    ("* jump", "* stride", "size: its own stride alone"),
    ("(kernel_size - 1) * jump", "kernel_size - 1 * jump", "size: brackets lost"),
    ("in layers", "in layers[1:]", "size: one layer left out"),
    ("kernel_size, stride, dilation in", "kernel_size, dilation, stride in", "size: stride and"),
    ("return size,", "return size**2,", "size: the area"),
]


@pytest.mark.parametrize(
    ("name", "found", "wrong", "said"),
    [("depth_to_cover", *row) for row in DEPTHS] + [("field_of_stack", *row) for row in FIELDS],
)
def test_a_learner_s_mistake_is_named(name, found, wrong, said):
    exercise = EXERCISES[name]
    right = LOOP if name == "depth_to_cover" else exercise.solution
    assert found in right
    report = judge(exercise, exercise.compiled(right.replace(found, wrong)))
    assert said in report.diagnosis, report
