"""What the tests that run over every lesson ask of 04_02a_linear (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
