"""What the tests that run over every lesson ask of 04_13_capstone_text (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
