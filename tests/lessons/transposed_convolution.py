"""What the tests that run over every lesson ask of 04_02d_transposed_convolution (see tests/bank.py)."""

from __future__ import annotations

EXPLORERS = {}
