"""What the tests that run over every lesson ask of 04_01_layer (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
