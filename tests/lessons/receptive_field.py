"""What the tests that run over every lesson ask of 4.2c, receptive field (tests/bank.py)."""

from __future__ import annotations

from course_lib.explore import what_this_output_knows, who_listens

HOLES = {"layer_1": "conv 3, dilation 4", "layer_2": "conv 3, dilation 4", "layer_3": "none"}
SKIPS = {"layer_1": "conv 2, stride 3", "layer_2": "none", "layer_3": "none"}
EXPLORERS = {
    "what_this_output_knows, holes": lambda: what_this_output_knows(**HOLES),
    "who_listens, none": lambda: who_listens(**SKIPS, row=31, column=40),
}
