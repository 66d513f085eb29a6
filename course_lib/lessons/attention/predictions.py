"""The predictions of 04_08_attention."""

from __future__ import annotations

from typing import Any

from course_lib.engine.exercise import Prediction


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_08.{word}", section="04_08_attention", **rest)


PREDICTIONS = ()
