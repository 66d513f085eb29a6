"""Help with an exercise, one step at a time: hints, the solution's lines, where the solution is."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib.engine.exercise import Exercise
from course_lib.engine.lines import LinesForm, Puzzle, puzzle
from course_lib.engine.report import fill, paragraph
from course_lib.engine.sealed import is_sealed
from course_lib.engine.view import worded

_given: dict[str, int] = {}  # exercise -> hints shown since the notebook started


@dataclass(frozen=True)
class Hint:
    """One step of help."""

    exercise: str
    step: int
    steps: int
    text: str

    @property
    def _title(self) -> str:
        return f"hint {self.step} of {self.steps} for {self.exercise}"

    def __str__(self) -> str:
        return "\n".join([self._title, *fill(self.text)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            f'<div role="group" aria-label="{escape(self._title)}">'
            f'<p style="margin: 4px 0;"><strong>{escape(self._title.capitalize())}</strong></p>'
            f"{paragraph(self.text)}</div>"
        )


@dataclass(frozen=True)
class LinesHint(Hint):
    """The worked answer's lines, to be put in order: moved in a widget, numbered elsewhere."""

    puzzle: Puzzle

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.puzzle}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        code = f'<pre tabindex="0" style="overflow-x: auto;">{escape(str(self.puzzle))}</pre>'
        return f"{super()._repr_html_()}{code}"

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        words = {"text/plain": str(self), "text/html": self._repr_html_()}
        return worded(LinesForm(self.puzzle), words)


def following(exercise: Exercise) -> Hint:
    """The next step of help for the exercise; the last one is repeated.

    Where the worked answer is sealed, in a class's copy, there are the words alone.
    """
    words = [text for text in exercise.hints if text]
    steps = len(words) + (0 if is_sealed(exercise.solution) else 2)
    step = min(_given.get(exercise.name, 0) + 1, steps)
    _given[exercise.name] = step
    if step <= len(words):
        return Hint(exercise.name, step, steps, words[step - 1])
    if step < steps:
        lines = puzzle(exercise)
        return LinesHint(exercise.name, step, steps, lines.task, lines)
    worked = (
        "The worked answer, with its reasons, is in "
        f"solutions/{exercise.sections[0]}.ipynb. Read it, close it, and write yours."
    )
    return Hint(exercise.name, step, steps, worked)
