"""`predict` asks for a number or a choice before the next cell shows it, and explains "
"afterwards."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course_lib.engine import store
from course_lib.engine.exercise import Prediction
from course_lib.engine.report import fill, paragraph
from course_lib.engine.view import front_end, worded


class PredictionForm(anywidget.AnyWidget):
    """The form in the notebook. The answer stays in the kernel until one has been given."""

    _esm = front_end("prediction.js")
    _css = Path(__file__).with_suffix(".css")
    opening = traitlets.Unicode("Predict: ").tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)  # empty: a number is asked for
    given = traitlets.Unicode().tag(sync=True)  # what the learner predicted, as text
    right: Any = traitlets.Bool(None, allow_none=True).tag(sync=True)  # None: not answered
    feedback = traitlets.Unicode().tag(sync=True)

    def __init__(self, prediction: Prediction) -> None:
        self._prediction = prediction
        made = self._made()
        earlier = made.get("answer", "")
        super().__init__(
            question=prediction.question,
            choices=list(prediction.choices),
            given=earlier,
            right=made.get("right"),
            feedback=f"You predicted {earlier} before. Predict again to see why."
            if earlier
            else "",
        )
        self.on_msg(self._receive)

    def _made(self) -> dict[str, Any]:
        """What the learner predicted earlier."""
        return store.facts()[0]["predictions"].get(self._prediction.name, {})

    def _record(self, given: str, right: bool) -> str:
        return store.record_prediction(self._prediction.name, given, right)

    def _receive(self, _: Any, content: Any, buffers: Any) -> None:
        given = str(content.get("given", "")).strip()
        try:
            right, sentences = self._prediction.judge(given)
        except ValueError:
            self.right = None
            self.feedback = "Type a number, such as 4 or -1.5."
        else:
            trouble = self._record(given, right)
            self.given, self.right = given, right
            self.feedback = f"{sentences} {trouble}".strip()
        self.send({"answered": given})  # also when the words are the same as before


class Question:
    """A prediction as the notebook shows it: a form, and the question in words for everywhere."""

    def __init__(self, prediction: Prediction) -> None:
        self._prediction = prediction

    def __str__(self) -> str:
        choices = [f"  ( ) {choice}" for choice in self._prediction.choices]
        how = [] if choices else ["  a number: ____"]
        return "\n".join([*fill(f"Predict: {self._prediction.question}"), *choices, *how])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        choices = "".join(f"<li>{escape(choice)}</li>" for choice in self._prediction.choices)
        return (
            '<div role="group" aria-label="Prediction">'
            f"{paragraph('Predict: ' + self._prediction.question)}"
            f"{f'<ul>{choices}</ul>' if choices else ''}"
            f"{paragraph('Run this cell to answer.')}</div>"
        )

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        words = {"text/plain": str(self), "text/html": self._repr_html_()}
        return worded(PredictionForm(self._prediction), words)
