"""What the tests that run over every lesson ask of 04_02a_linear (see tests/bank.py)."""

from __future__ import annotations

from course_lib.explore import paint_one_pixel, where_do_they_go
from course_lib.lessons.linear.one_pixel import START

EXPLORERS = {
    "where_do_they_go, on one line": lambda: where_do_they_go(images=[(0, 0), (1, 1), (2, 2)]),
    "paint_one_pixel, nothing painted": lambda: paint_one_pixel(paint=0 * START),
}
