"""What the tests that run over every lesson ask of 04_08_attention (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
