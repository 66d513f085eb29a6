"""What the tests that run over every lesson ask of 04_13_capstone_text (see tests/bank.py)."""

from __future__ import annotations

from course_lib.explore import blindfold

EXPLORERS = {
    "blindfold, what suffices": lambda: blindfold(
        word="facade", hidden="all but the cells that suffice"
    )
}
