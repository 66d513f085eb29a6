"""Help with an exercise, one step at a time; the last step points to the solution."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from course_lib.engine.exercise import Exercise
from course_lib.engine.report import fill, paragraph
from course_lib.engine.sealed import is_sealed

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


def following(exercise: Exercise) -> Hint:
    """The next step of help for the exercise; the last one is repeated."""
    texts = [text for text in exercise.hints if text]
    if not is_sealed(exercise.solution):
        texts.append(
            "The worked answer, with its reasons, is in "
            f"solutions/{exercise.sections[0]}.ipynb. Read it, close it, and write yours."
        )
    step = min(_given.get(exercise.name, 0) + 1, len(texts))
    _given[exercise.name] = step
    return Hint(exercise.name, step, len(texts), texts[step - 1])
