"""The predictions of 04_12_capstone_vision."""

from __future__ import annotations

from typing import Any

from course_lib.engine.exercise import Prediction


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_12.{word}", section="04_12_capstone_vision", **rest)


PREDICTIONS = ()
