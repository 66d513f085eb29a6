"""What the tests that run over every lesson ask of 04_07_residual (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
