"""A report says what a check found: HTML for people, the same words as text for nbval."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from course_lib.engine.inputs import Case
from course_lib.engine.outcome import describe, differs
from course_lib.errors import so_many

_ROWS, _COLUMNS = 8, 10  # of a table: what is larger is cut out around the first wrong value
# in the colour of the text, so that it is seen on a dark page and on every tint
_RING = " outline: 2px solid currentColor; outline-offset: -2px; border-radius: 6px;"
# from pale to full, both bright enough for black numbers; green and pink as in the pictures
_LARGER, _SMALLER = ((230, 245, 208), (127, 188, 65)), ((253, 224, 239), (222, 119, 174))


@dataclass(frozen=True)
class Comparison:
    """Two plain values of one structure that differ: what the learner gave, what was expected."""

    name: str  # "y", "dx"
    answer: Any
    expected: Any
    rtol: float

    @property
    def wrong(self) -> np.ndarray:
        """Where the two differ by more than rounding."""
        return differs(self.answer, self.expected, self.rtol)

    def first(self) -> tuple[int, ...]:
        """The index of the first value that differs, in reading order."""
        return tuple(int(i) for i in np.unravel_index(self.wrong.argmax(), self.wrong.shape))

    def worst(self) -> tuple[int, ...]:
        """The index of the largest difference; what is not finite counts as largest."""
        with np.errstate(all="ignore"):
            distance = np.abs(np.asarray(self.answer, float) - np.asarray(self.expected, float))
            rounded = np.round(distance, 9)  # so that a tie is one on every machine
        distance = np.where(np.isfinite(rounded), rounded, np.inf)
        distance = np.where(self.wrong, distance, -1.0)
        return tuple(int(i) for i in np.unravel_index(distance.argmax(), distance.shape))


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Parameters
    ----------
    exercise : the exercise's name
    diagnosis : "passed", "not-written", "slip:kernel flipped", "raised", "type", "shape",
        "input-changed", "wrong-value", "input" or "unknown"
    message : the diagnosis in sentences
    points : what was earned
    borrowed : the library's operations that did the work of a passed answer
    case : the call that the report is about, the smallest that went wrong
    """

    exercise: str
    diagnosis: str
    message: str
    points: int = 0
    case: Case | None = None
    returns: tuple[str, ...] = ()
    expected: Any = None
    comparison: Comparison | None = None
    printed: str = ""
    exception: BaseException | None = field(default=None, repr=False)
    borrowed: tuple[str, ...] = ()
    note: str = ""  # trouble with the progress file

    @property
    def passed(self) -> bool:
        """Whether every case came out right."""
        return self.diagnosis == "passed"

    def as_code(self) -> str:
        """The report's case as code to run: for "my right answer was rejected".

        The code ends with the learner's answer minus the expected one (for an exercise with
        several right answers, with the learner's answer alone).
        """
        if self.case is None:
            return f"# {self.exercise}: there is no case to show"
        lines = ["import numpy as np", ""]
        lines += [written(name, value) for name, value in self.case.items()]
        names = ", ".join(self.returns)
        lines += [f"{names} = {self.exercise}({', '.join(self.case)})"]
        if self.expected is None:
            return "\n".join([*lines, f"print({names})"])
        parts = self.expected if isinstance(self.expected, tuple) else (self.expected,)
        for name, part in zip(self.returns, parts, strict=True):
            yours = f"int({name})" if isinstance(part, bool) else name  # NumPy has no True - True
            lines += [written(f"expected_{name}", part), f"print({yours} - expected_{name})"]
        return "\n".join(lines)

    def __str__(self) -> str:
        lines = [f"passed {self.exercise}" if self.passed else f"not yet: {self.exercise}"]
        lines += fill(self.message)
        if not self.passed and self.case:
            lines += fill(self._about_the_case())
        if self.comparison:
            lines += fill(_difference(self.comparison))
        if self.printed and not self.passed:
            lines += ["It printed:", *(f"  {line}" for line in self.printed.split("\n"))]
        return "\n".join(lines + fill(self._about_the_library()) + fill(self.note))

    __repr__ = __str__

    def _about_the_case(self) -> str:
        lead = "A case to begin with" if self.diagnosis == "not-written" else "The case"
        return f"{lead}: {_describe_case(self.case)}."

    def _about_the_library(self) -> str:
        if not self.borrowed:
            return ""
        return (
            f"It calls the library's own {' and '.join(self.borrowed)}: that is right, and the "
            "exercise is there to write it by hand once."
        )

    def _repr_html_(self) -> str:
        colour, mark, word = (
            ("#2a9d57", "✓", "Passed") if self.passed else ("#c96f00", "○", "Not yet")
        )
        parts = [
            f'<div role="group" aria-label="Check of {escape(self.exercise)}" '
            f'style="border-left: 4px solid {colour}; padding: 2px 0 2px 12px;">',
            f'<p style="margin: 4px 0;"><strong><span aria-hidden="true">{mark}</span> '
            f"{word}: <code>{escape(self.exercise)}</code></strong></p>",
            paragraph(self.message),
        ]
        if not self.passed and self.case:
            parts.append(paragraph(self._about_the_case()))
        if self.comparison:
            parts += [paragraph(_difference(self.comparison)), _tables(self.comparison)]
        if self.printed and not self.passed:
            parts.append(f"{paragraph('It printed:')}<pre>{escape(self.printed)}</pre>")
        if not self.passed and self.case:
            parts.append(
                "<details><summary>This case as code</summary>"
                f"<pre>{escape(self.as_code())}</pre></details>"
            )
        parts += [paragraph(text) for text in (self._about_the_library(), self.note) if text]
        return "\n".join([*parts, "</div>"])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}


def fill(paragraph: str) -> list[str]:
    """A paragraph as lines of text."""
    return textwrap.wrap(paragraph, 88, break_long_words=False, break_on_hyphens=False)


def paragraph(text: str) -> str:
    """A paragraph as HTML, escaped and not too wide to read."""
    return f'<p style="margin: 4px 0; max-width: 46em;">{escape(text)}</p>'


def _describe_case(case: Case) -> str:
    return ", ".join(
        f"{name} {describe(value).removeprefix('an array of ')}"
        if isinstance(value, np.ndarray)
        else f"{name} {value}"
        for name, value in case.items()
    )


def _number(value: Any, digits: int = 3) -> str:
    """So many digits, the same on every machine, and never "-0"; integers in full."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biu":
        return str(value)
    return f"{round(float(value), 9) + 0.0:.{digits}g}"


def _told_apart(answer: Any, expected: Any) -> str:
    """Both numbers, with as many digits as it takes to see that they differ."""
    for digits in range(3, 10):
        yours, right = _number(answer, digits), _number(expected, digits)
        if yours != right:
            break
    return f"yours {yours}, expected {right}"


def written(name: str, value: Any) -> str:
    return f"{name} = {_literal(value, len(name) + 3)}"


def _literal(value: Any, indent: int) -> str:
    """Source code for the value, with as many digits as are the same on every machine.

    An array comes to lie in memory as this one does: that may be what an answer stumbles over.
    """
    if not isinstance(value, np.ndarray):
        return repr(value)
    if any(step < 0 for step in value.strides):
        back = tuple(slice(None, None, -1 if step < 0 else 1) for step in value.strides)
        turned = ", ".join("::-1" if step < 0 else ":" for step in value.strides)
        return f"{_literal(value[back], indent)}[{turned}]"
    digits = 12 if value.dtype == np.float64 else 6
    numbers = np.array2string(
        value,
        separator=", ",
        prefix=" " * (indent + len("np.array(")),
        max_line_width=96,
        threshold=10**9,
        formatter={"float_kind": lambda number: f"{number:.{digits}g}"},
    )
    numbers = re.sub(r"\n+", "\n", numbers)  # NumPy parts blocks by blank lines
    order = "" if value.flags.c_contiguous else ', order="F"'
    return f"np.array({numbers}, dtype=np.{value.dtype.name}{order})"


def _difference(comparison: Comparison) -> str:
    """How many values differ; the first of them, which the tables ring; the largest difference."""
    wrong, first, worst = comparison.wrong, comparison.first(), comparison.worst()

    def told(index: tuple[int, ...]) -> str:
        pair = (np.asarray(v)[index] for v in (comparison.answer, comparison.expected))
        return _told_apart(*pair)

    if not first:
        return f"{comparison.name}: {told(first)}."

    def place(index: tuple[int, ...]) -> str:
        return f"{comparison.name}[{', '.join(map(str, index))}]: {told(index)}"

    differ = "differs" if wrong.sum() == 1 else "differ"
    said = f"{wrong.sum()} of {so_many(wrong.size, 'value')} of {comparison.name} {differ}"
    if first == worst:
        return f"{said}, most of all {place(first)}."
    return f"{said}. The first is {place(first)}. The largest difference is at {place(worst)}."


def _tables(comparison: Comparison) -> str:
    """Yours, expected and their difference, cut out around the first wrong value."""
    first = comparison.first()
    if not first:
        return ""
    lead, ring = first[:-2], ((0, *first)[-2:])
    answer, expected, wrong = (
        np.atleast_2d(np.asarray(array)[lead])
        for array in (comparison.answer, comparison.expected, comparison.wrong)
    )
    rows = _window(answer.shape[0], ring[0], _ROWS)
    columns = _window(answer.shape[1], ring[1], _COLUMNS)
    cut = f"{comparison.name}[{', '.join(map(str, lead))}]" if lead else comparison.name
    with np.errstate(invalid="ignore"):
        difference = np.where(wrong, np.subtract(answer, expected, dtype=float), 0.0)
    return (
        '<div style="display: flex; flex-wrap: wrap; gap: 4px 28px; align-items: flex-start;">'
        + _table(f"Yours: {cut}", answer, rows, columns, ring)
        + _table(f"Expected: {cut}", expected, rows, columns, ring)
        + _table("Yours − expected", difference, rows, columns, ring, _tint(difference))
        + "</div>"
        + paragraph(f"Ringed: the first value that differs, row {ring[0]}, column {ring[1]}.")
    )


def _tint(difference: np.ndarray) -> Callable[[float], str]:
    """Purple where yours is larger, orange where it is smaller; black is readable on both."""
    largest = np.abs(difference[np.isfinite(difference)]).max(initial=0.0) or 1.0

    def tint(value: float) -> str:
        """Green where yours is larger, pink where it is smaller; black is readable on both."""
        if value == 0:
            return ""
        strength = min(abs(value) / largest, 1.0) if np.isfinite(value) else 1.0
        pale, full = _LARGER if value > 0 else _SMALLER
        rgb = ", ".join(str(round(p + strength * (f - p))) for p, f in zip(pale, full, strict=True))
        return f" background-color: rgb({rgb}); color: #000000;"

    return tint


def _window(length: int, centre: int, size: int) -> range:
    start = max(0, min(centre - size // 2, length - size))
    return range(start, min(length, start + size))


def _table(
    caption: str,
    values: np.ndarray,
    rows: range,
    columns: range,
    ring: tuple[int, int],
    tint: Callable[[float], str] = lambda value: "",
) -> str:
    align = "padding: 2px 7px; text-align: right;"

    def cell(i: int, j: int) -> str:
        around = _RING if (i, j) == ring else ""
        return f'<td style="{align}{tint(values[i, j])}{around}">{_number(values[i, j])}</td>'

    head = "".join(f'<th scope="col" style="{align}">{j}</th>' for j in columns)
    body = "".join(
        f'<tr><th scope="row" style="{align}">{i}</th>'
        + "".join(cell(i, j) for j in columns)
        + "</tr>"
        for i in rows
    )
    return (
        '<table style="color: inherit; font-variant-numeric: tabular-nums;">'
        f'<caption style="text-align: left; color: inherit;">{escape(caption)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
