"""Every public name has a wrong call in wrong_calls.txt, and the sentence that answers it, whole.

The sections' own tests go through the rules one by one; the table shows how an error reads: it
names the culprit, the rule, the shapes and what to try.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import course_lib as lib

TABLE = Path(__file__).with_name("wrong_calls.txt").read_text(encoding="utf-8")
WRONG_CALLS = [row.split("\n    ", 1) for row in TABLE.strip().split("\n\n")]
RESULTS = {"History", "Summary"}  # what `fit` and `summary` return: nobody constructs them


def ones(*shape: int) -> Any:
    return np.ones(shape, np.float32)


MODEL = lib.Linear(ones(2, 2), None)
NAMES = {
    "lib": lib,
    "np": np,
    "ones": ones,
    "rng": np.random.default_rng(0),
    "model": MODEL,
    "optimizer": lib.SGD.init(MODEL, learning_rate=0.1),
}


def test_every_public_name_has_a_wrong_call() -> None:
    called = {found for call, _ in WRONG_CALLS for found in re.findall(r"^lib\.(\w+)", call)}
    assert called == set(lib.__all__) - RESULTS


@pytest.mark.parametrize(("call", "answer"), WRONG_CALLS, ids=[call for call, _ in WRONG_CALLS])
def test_a_wrong_call_is_answered_with_this_sentence(call: str, answer: str) -> None:
    with pytest.raises((TypeError, ValueError, NotImplementedError)) as raised:
        eval(call, dict(NAMES))
    assert f"{raised.type.__name__}: {raised.value}" == answer
