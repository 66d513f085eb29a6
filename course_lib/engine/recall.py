"""`recall` opens a lesson with up to two earlier predictions, the wrong ones first, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets

from course_lib.engine import store
from course_lib.engine.exercise import Prediction
from course_lib.engine.lesson_map import title
from course_lib.engine.prediction import PredictionForm
from course_lib.engine.report import fill, paragraph
from course_lib.engine.view import worded

_AT_ONCE = 2
_STORED = (
    "Run this cell: up to two questions from earlier lessons come back, those first that you "
    "predicted wrongly."
)
_SOME = "From earlier lessons, before you go on. What you leave out is not held against you."
_NONE = "No prediction of an earlier lesson waits for you: go on."


def due(lesson: str, earlier: Sequence[Prediction]) -> list[Prediction]:
    """What a lesson asks again: what it has asked already, then what no lesson has, wrong first."""
    known, _ = store.facts()
    made, again = known["predictions"], known["recalled"]
    here = [p for p in earlier if again.get(p.name, {}).get("lesson") == lesson]
    waiting = [p for p in earlier if p.stands_alone and p.name in made and p.name not in again]
    waiting.sort(key=lambda p: made[p.name]["right"])  # among equals the order stays
    return [*here, *waiting][:_AT_ONCE]


class RecallForm(PredictionForm):
    """A prediction that is asked once more: empty, and its answer is noted beside the first."""

    def __init__(self, prediction: Prediction, lesson: str) -> None:
        self._lesson = lesson
        super().__init__(prediction)
        self.opening = f"{title(prediction.section)}: "

    def _made(self) -> dict[str, Any]:
        return store.facts()[0]["recalled"].get(self._prediction.name, {})

    def _record(self, given: str, right: bool) -> str:
        return store.record_recall(self._prediction.name, given, right, self._lesson)


class Recall:
    """The questions of earlier lessons that a lesson opens with.

    What a notebook stores says only what to do: which questions come back is the learner's own, and
    only a widget shows it.
    """

    def __init__(self, lesson: str, earlier: Sequence[Prediction]) -> None:
        self._lesson, self._earlier = lesson, earlier

    def __str__(self) -> str:
        return "\n".join(fill(_STORED))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return paragraph(_STORED)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        forms = [RecallForm(p, self._lesson) for p in due(self._lesson, self._earlier)]
        words = {"text/plain": str(self), "text/html": self._repr_html_()}
        first = ipywidgets.HTML(
            '<div style="color: var(--jp-ui-font-color1, inherit); line-height: 1.45;">'
            f"{paragraph(_SOME if forms else _NONE)}</div>"
        )
        return worded(ipywidgets.VBox([first, *forms], layout={"grid_gap": "10px"}), words)
