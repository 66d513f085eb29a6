"""What the tests that run over every lesson ask of 04_09_embedding (see tests/bank.py)."""

from __future__ import annotations

from course_lib.explore import look_up_table, twelve_months_in_two_numbers

EXPLORERS = {
    "look_up_table, long words": lambda: look_up_table(
        "extraordinarily pleasant moons wander westwards over heliotropic islands"
    ),
    "look_up_table, one word twice": lambda: look_up_table("Moon, moon!"),
    "twelve_months_in_two_numbers, trained": lambda: twelve_months_in_two_numbers(trained=True),
}
