"""What the tests that run over every lesson ask of 4.2b, the convolution (see tests/bank.py)."""

from __future__ import annotations

import numpy as np

from course_lib.explore import (
    conv1d_under_the_window,
    conv2d_channel_by_channel,
    conv2d_under_the_window,
    equivariance,
)

EXPLORERS = {
    "conv1d_under_the_window, own kernel": lambda: conv1d_under_the_window([0.0, 0.0, 1.0]),
    "conv2d_under_the_window, own kernel": lambda: conv2d_under_the_window(np.eye(2)),
    "conv2d_channel_by_channel, own kernel": lambda: conv2d_channel_by_channel(
        np.full((3, 3, 3), 1 / 27)
    ),
    "equivariance, own kernel": lambda: equivariance(np.array([[0.1, 0.2], [0.3, 0.4]])),
}
