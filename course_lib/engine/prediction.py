"""`predict` asks for a number, a choice or a painting before the next cell shows it, and explains
afterwards."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course_lib.engine import store
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import LEGEND, SIGNS, as_table, as_text
from course_lib.engine.report import fill, paragraph
from course_lib.engine.view import front_end, worded


class PredictionForm(anywidget.AnyWidget):
    """The form in the notebook. The answer stays in the kernel until one has been given."""

    _esm = front_end("prediction.js")
    _css = Path(__file__).with_suffix(".css")
    opening = traitlets.Unicode("Predict: ").tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)  # empty: a number is asked for
    grids: Any = traitlets.List().tag(sync=True)  # the last is painted; empty: nothing is
    signs = traitlets.Dict(SIGNS).tag(sync=True)
    given = traitlets.Unicode().tag(sync=True)  # what the learner predicted, as text
    right: Any = traitlets.Bool(None, allow_none=True).tag(sync=True)  # None: not answered
    feedback = traitlets.Unicode().tag(sync=True)
    marks: Any = traitlets.List().tag(
        sync=True
    )  # what is said of the cells; empty before an answer

    def __init__(self, prediction: Prediction) -> None:
        self._prediction = prediction
        made = self._made()
        earlier = made.get("answer", "")
        super().__init__(
            question=prediction.question,
            choices=list(prediction.choices),
            grids=[grid.front() for grid in prediction.grids],
            given=earlier,
            right=made.get("right"),
            feedback=f"You predicted {prediction.told(earlier)} before. Answer again to see why."
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
            self.right, self.marks = None, []
            self.feedback = self._prediction.retry
        else:
            trouble = self._record(given, right)
            self.given, self.right = given, right
            self.marks = self._prediction.marks(given).tolist()
            self.feedback = f"{sentences} {trouble}".strip()
        self.send({"answered": given})  # also when the words are the same as before


class Question:
    """A prediction as the notebook shows it: a form, and the question in words for everywhere."""

    def __init__(self, prediction: Prediction) -> None:
        self._prediction = prediction

    def __str__(self) -> str:
        asked = self._prediction
        choices = [f"  ( ) {choice}" for choice in asked.choices]
        grids = [as_text(grid) for grid in asked.grids]
        how = (grids and [*grids, _in_words(asked)]) or choices or ["  a number: ____"]
        return "\n".join([*fill(f"Predict: {asked.question}"), *how])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        asked = self._prediction
        choices = "".join(f"<li>{escape(choice)}</li>" for choice in asked.choices)
        return (
            '<div role="group" aria-label="Prediction">'
            f"{paragraph('Predict: ' + asked.question)}"
            f"{f'<ul>{choices}</ul>' if choices else ''}"
            f"{''.join(map(as_table, asked.grids))}"
            f"{paragraph(_in_words(asked)) if asked.grids else ''}"
            f"{paragraph('Run this cell to answer.')}</div>"
        )

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        words = {"text/plain": str(self), "text/html": self._repr_html_()}
        return worded(PredictionForm(self._prediction), words)


def _in_words(prediction: Prediction) -> str:
    return f'Without a form: predict("{prediction.name}", cells=[(row, column), ...])'


class Painted:
    """What is said about cells that were given by their numbers, in words alone."""

    def __init__(self, prediction: Prediction, given: str) -> None:
        self.right, sentences = prediction.judge(given)
        trouble = store.record_prediction(prediction.name, given, self.right)
        self._grid, self._marks = prediction.grids[-1], prediction.marks(given)
        self._words = f"{sentences} {trouble}".strip()

    def __str__(self) -> str:
        return "\n".join([*fill(self._words), as_text(self._grid, self._marks), LEGEND])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = as_table(self._grid, self._marks)
        return f"<div>{paragraph(self._words)}{table}{paragraph(LEGEND)}</div>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}
