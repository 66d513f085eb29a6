"""What the tests that run over every lesson ask of 04_02c_receptive_field (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
