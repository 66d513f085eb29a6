"""What the tests that run over every lesson ask of 04_04_pooling (see tests/bank.py)."""

from __future__ import annotations

from course_lib.explore import pool_under_the_window

EXPLORERS = {
    "pool_under_the_window, average with padding": lambda: pool_under_the_window(
        layer="average", kernel_size=4, stride=1, padding=2
    ),
}
