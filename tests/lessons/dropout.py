"""What the tests that run over every lesson ask of 04_05_dropout (see tests/bank.py)."""

from __future__ import annotations

from course_lib.explore import pixel_against_channel

EXPLORERS = {
    "pixel_against_channel, colours": lambda: pixel_against_channel(
        maps="colours of flower", drop="whole maps"
    ),
}
