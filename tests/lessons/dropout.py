"""What the tests that run over every lesson ask of 04_05_dropout (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
