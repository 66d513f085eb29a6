"""What the tests that run over every lesson ask of 04_12_capstone_vision (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
