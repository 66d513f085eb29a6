"""`progress` shows what has been passed and predicted, by section, and where to continue."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets

from course_lib.engine import store
from course_lib.engine.exercise import Exercise, Prediction
from course_lib.engine.report import fill, paragraph
from course_lib.engine.view import marked


class Progress:
    """The learner's progress.

    What a notebook stores says only what to do: a committed output depends on nobody's progress and
    on no other lesson. The state itself is shown by a widget, by what takes the widget's place when
    the notebook is opened again, and by `print`.
    """

    def __init__(
        self, exercises: Mapping[str, Exercise], predictions: Mapping[str, Prediction]
    ) -> None:
        self._exercises, self._predictions = exercises, predictions

    def _rows(self) -> list[tuple[str, ...]]:
        """Per section: passed of all exercises, made of all predictions, points of all points.

        A prediction counts as right if it was so the last time: it may have come back.
        """
        known, _ = store.facts()
        last = {**known["predictions"], **known["recalled"]}
        passed = {name for name in known["passed"] if name in self._exercises}
        sections = sorted(
            {section for e in self._exercises.values() for section in e.sections}
            | {p.section for p in self._predictions.values()}
        )
        rows: list[tuple[str, ...]] = []
        for section in sections:
            exercises = [e for e in self._exercises.values() if section in e.sections]
            predictions = [p.name for p in self._predictions.values() if p.section == section]
            done = [e for e in exercises if e.name in passed]
            made = [name for name in predictions if name in known["predictions"]]
            right = sum(last[name]["right"] for name in made)
            rows.append(
                (
                    section,
                    _of(len(done), len(exercises)),
                    _of(len(made), len(predictions)) + (f", {right} right" if made else ""),
                    _of(sum(e.points for e in done), sum(e.points for e in exercises)),
                )
            )
        return rows

    def _next(self) -> str:
        known, trouble = store.facts()
        left = (e for e in self._exercises.values() if e.name not in known["passed"])
        following = sorted(left, key=lambda exercise: exercise.sections[0])
        if not following:
            return f"Every exercise is passed. {trouble}".strip()
        place = f"Continue with {following[0].name} in {following[0].sections[0]}.ipynb."
        return f"{place} {trouble}".strip()

    def __str__(self) -> str:
        head = ("section", "exercises", "predictions", "points")
        lines = [f"{a:<34}{b:<12}{c:<20}{d}" for a, b, c, d in [head, *self._rows()]]
        return "\n".join([*lines, *fill(self._next())])

    __repr__ = __str__

    def _table(self) -> str:
        cell = 'style="padding: 3px 10px 3px 0; text-align: left;"'
        head = "".join(
            f'<th scope="col" {cell}>{title}</th>'
            for title in ("Section", "Exercises passed", "Predictions made", "Points")
        )
        body = "".join(
            # a long name breaks behind its underscores where the page is narrow
            f'<tr><th scope="row" {cell}>{escape(section).replace("_", "_<wbr>")}</th>'
            + "".join(f"<td {cell}>{count}</td>" for count in counts)
            + "</tr>"
            for section, *counts in self._rows()
        )
        return (
            '<div style="color: var(--jp-ui-font-color1, inherit); line-height: 1.45;">'
            '<table style="border-collapse: collapse;"><caption style="text-align: left; '
            f'font-weight: 600; color: inherit;">Your progress</caption><thead><tr>{head}</tr>'
            f"</thead><tbody>{body}</tbody></table>{paragraph(self._next())}</div>"
        )

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        there_is = "Run this cell to see what you have passed and predicted, and where to go on."
        words = {"text/plain": "\n".join(fill(there_is)), "text/html": paragraph(there_is)}
        view = ipywidgets.HTML(self._table())._repr_mimebundle_()
        as_of_now = {"text/plain": str(self), "text/html": self._table()}
        return marked({**view, **words}, {}, as_of_now)


def _of(count: int, total: int) -> str:
    return f"{count} of {total}" if total else "–"
