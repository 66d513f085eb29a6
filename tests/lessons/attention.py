"""What the tests that run over every lesson ask of 04_08_attention (see tests/bank.py)."""

from __future__ import annotations

import numpy as np

from course_lib.explore import heads_at_work, pull_the_output

OUTSIDE = np.array([2.8, 0.0])
EXPLORERS = {
    "heads_at_work, four heads": lambda: heads_at_work(net="four heads"),
    "pull_the_output, outside": lambda: pull_the_output(step=100, wanted=OUTSIDE, causal=True),
}
