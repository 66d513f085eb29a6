"""What the tests that run over every lesson ask of 4.6, normalising layers (see tests/bank.py)."""

from __future__ import annotations

from course_lib.explore import touch_one_number

EXPLORERS = {
    "touch_one_number, own batch": lambda: touch_one_number(
        batch="3 examples × 4 channels × 3 positions", layer="InstanceNorm"
    ),
}
