"""What the tests that run over every lesson ask of 04_12_capstone_vision (see tests/bank.py)."""

from __future__ import annotations

import numpy as np

from course_lib.explore import draw_a_digit

EXPLORERS = {
    "draw_a_digit, photograph": lambda: draw_a_digit(image=np.pad(np.ones((40, 12)), 30)),
}
