"""Yours, expected and their difference: cut around the first wrong value, ringed and told."""

from __future__ import annotations

import re

import numpy as np
import pytest

from course_lib.engine.report import Comparison, Report
from course_lib.lessons import EXERCISES

RING = "outline: 2px solid currentColor"


def compare(answer, expected):
    comparison = Comparison("y", np.asarray(answer), np.asarray(expected), 1e-9)
    return Report("conv1d_forward", "wrong-value", "Not yet.", comparison=comparison)


def text(report):
    return " ".join(str(report).split())


def ringed(report):
    """What stands in the ringed cells, table by table."""
    cells = re.findall(r"<td style=\"([^\"]*)\">([^<]*)</td>", report._repr_html_())
    return [number for style, number in cells if RING in style]


@pytest.mark.parametrize("shape", [(6,), (3, 4), (2, 3, 4), (2, 2, 3, 4), (1, 1, 20, 30)])
def test_the_first_wrong_value_is_ringed_in_every_table_and_told(shape):
    rng = np.random.default_rng(0)
    right = rng.normal(size=shape).round(1)
    for _ in range(10):
        wrong = right + rng.integers(2, size=shape) * rng.integers(1, 9, size=shape)
        if (wrong == right).all():
            continue
        report = compare(wrong, right)
        first = tuple(map(int, np.argwhere(wrong != right)[0]))
        assert report.comparison.first() == first
        yours, expected = f"{wrong[first]:.3g}", f"{right[first]:.3g}"
        assert ringed(report) == [yours, expected, f"{wrong[first] - right[first]:.3g}"]
        place = ", ".join(map(str, first))
        assert f"y[{place}]: yours {yours}, expected {expected}" in text(report)
        row, column = (0, *first)[-2:]
        assert f"first value that differs, row {row}, column {column}." in report._repr_html_()


def test_the_largest_difference_is_told_where_it_is_another():
    report = compare([[1.0, 2.0], [3.0, 9.0]], [[1.5, 2.0], [3.0, 4.0]])
    assert "2 of 4 values of y differ. The first is y[0, 0]: yours 1, expected 1.5." in text(report)
    assert "The largest difference is at y[1, 1]: yours 9, expected 4." in text(report)


def test_a_single_number_is_told_without_a_table():
    report = compare(4, 5)
    assert "y: yours 4, expected 5." in text(report)
    assert "<table" not in report._repr_html_()


@pytest.mark.parametrize(
    ("yours", "right", "said"),
    [
        (5.07, 5.08, "yours 5.07, expected 5.08"),
        (5.071, 5.072, "yours 5.071, expected 5.072"),
        (5.0700001, 5.07, "yours 5.0700001, expected 5.07"),
        (1e300, -1e300, "yours 1e+300, expected -1e+300"),
        (np.nan, 1.0, "yours nan, expected 1"),
        (-0.0, 1.0, "yours 0, expected 1"),
    ],
)
def test_two_numbers_are_told_apart(yours, right, said):
    assert said in text(compare([yours], [right]))


def test_what_is_not_finite_is_drawn_too():
    report = compare([np.nan, np.inf, -np.inf, 1.0], [1.0, np.inf, 1.0, np.inf])
    assert ringed(report) == ["nan", "1", "nan"]
    assert "3 of 4 values of y differ" in text(report)


def test_integers_are_subtracted_as_numbers():
    report = compare(np.array([0, 255], np.uint8), np.array([1.0, -1.0]))
    assert ringed(report) == ["0", "1", "-1"]


def test_the_words_and_the_picture_are_the_same_in_every_run():
    one, other = (compare([[1.0, 2.0]], [[1.0, 3.0]]) for _ in range(2))
    assert one._repr_mimebundle_() == other._repr_mimebundle_()
    assert not re.search(r"id=|0x[0-9a-f]{6}", one._repr_html_())


def test_only_tinted_cells_fix_their_colour():
    """A page may be dark: a cell that sets the text's colour sets the ground below it too."""
    html = compare([[1.0, 2.0], [0.0, 5.0]], [[1.0, 3.0], [0.0, 1.0]])._repr_html_()
    for style in re.findall(r'style="([^"]*)"', html):
        fixed = re.search(r"(?<!-)color: #", style)
        assert bool(fixed) == ("background-color" in style)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
def test_a_case_as_code_lies_in_memory_as_the_case_does(exercise):
    for case in exercise.cases:
        code = Report(exercise.name, "wrong-value", "", case=case, returns=("y",)).as_code()
        found: dict = {exercise.name: exercise.reference}
        exec(code.split(f"{exercise.name}(")[0].rsplit("\n", 1)[0], found)
        for name, value in case.items():
            if isinstance(value, str):
                assert found[name] == value
            elif callable(value):
                some = np.array([1.0, -2.0, 3.0])
                np.testing.assert_allclose(found[name](some), value(some))
            else:
                np.testing.assert_allclose(found[name], value, rtol=1e-5)
            if isinstance(value, np.ndarray):
                assert found[name].dtype == value.dtype
                assert found[name].flags.c_contiguous == value.flags.c_contiguous
                assert [s < 0 for s in found[name].strides] == [s < 0 for s in value.strides]
