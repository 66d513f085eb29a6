"""A report says what a check found: HTML for people, the same words as text for nbval."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from course_lib.engine.exercise import Case
from course_lib.engine.outcome import describe, differs

_ROWS, _COLUMNS = 8, 10  # of a table: what is larger is cut out around the largest difference
_PRINTED_LINES = 12
# from pale to full, both bright enough for black numbers; purple and orange as in the pictures
_LARGER, _SMALLER = ((236, 231, 244), (169, 156, 208)), ((253, 236, 214), (241, 163, 64))


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

    def worst(self) -> tuple[int, ...]:
        """The index of the largest difference; what is not finite counts as largest."""
        with np.errstate(invalid="ignore"):
            distance = np.abs(np.asarray(self.answer, float) - np.asarray(self.expected, float))
        distance = np.where(np.isfinite(distance), distance, np.inf)
        # rounded, so that a tie is one on every machine
        distance = np.where(self.wrong, np.round(distance, 9), -1.0)
        return tuple(int(i) for i in np.unravel_index(distance.argmax(), distance.shape))


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Parameters
    ----------
    exercise : the exercise's name
    diagnosis : "passed", "not-written", "mistake:kernel flipped", "raised", "type", "shape",
        "input-changed", "wrong-value" or "unknown"
    message : the diagnosis in sentences
    points : what was earned
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
        lines += [_assignment(name, value) for name, value in self.case.items()]
        names = ", ".join(self.returns)
        lines += [f"{names} = {self.exercise}({', '.join(self.case)})"]
        if self.expected is None:
            return "\n".join([*lines, f"print({names})"])
        parts = self.expected if isinstance(self.expected, tuple) else (self.expected,)
        for name, part in zip(self.returns, parts, strict=True):
            lines += [_assignment(f"expected_{name}", part), f"print({name} - expected_{name})"]
        return "\n".join(lines)

    def __str__(self) -> str:
        lines = [f"passed {self.exercise}" if self.passed else f"not yet: {self.exercise}"]
        lines += fill(self.message)
        if not self.passed and self.case:
            lines += fill(self._about_the_case())
        if self.comparison:
            lines += fill(_difference(self.comparison))
        if self.printed and not self.passed:
            lines += ["It printed:", *(f"  {line}" for line in _first_lines(self.printed))]
        return "\n".join(lines + fill(self.note))

    __repr__ = __str__

    def _about_the_case(self) -> str:
        lead = "A case to begin with" if self.diagnosis == "not-written" else "The case"
        return f"{lead}: {_describe_case(self.case)}."

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
            printed = escape("\n".join(_first_lines(self.printed)))
            parts.append(f"{paragraph('It printed:')}<pre>{printed}</pre>")
        if not self.passed and self.case:
            parts.append(
                "<details><summary>This case as code</summary>"
                f"<pre>{escape(self.as_code())}</pre></details>"
            )
        if self.note:
            parts.append(paragraph(self.note))
        return "\n".join([*parts, "</div>"])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}


def fill(paragraph: str) -> list[str]:
    """A paragraph as lines of text."""
    return textwrap.wrap(paragraph, 88, break_long_words=False, break_on_hyphens=False)


def paragraph(text: str) -> str:
    """A paragraph as HTML, escaped and not too wide to read."""
    return f'<p style="margin: 4px 0; max-width: 46em;">{escape(text)}</p>'


def _first_lines(printed: str) -> list[str]:
    lines = printed.rstrip("\n").split("\n")
    more = len(lines) - _PRINTED_LINES
    return lines if more <= 0 else [*lines[:_PRINTED_LINES], f"… and {more} more lines"]


def _describe_case(case: Case) -> str:
    return ", ".join(
        f"{name} {describe(value).removeprefix('an array of ')}"
        if isinstance(value, np.ndarray)
        else f"{name} {value}"
        for name, value in case.items()
    )


def _number(value: Any) -> str:
    """Three digits, the same on every machine, and never "-0"; integers in full."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iu":
        return str(value)
    return f"{round(float(value), 9) + 0.0:.3g}"


def _assignment(name: str, value: Any) -> str:
    return f"{name} = {_literal(value, len(name) + 3)}"


def _literal(value: Any, indent: int) -> str:
    """Source code for the value, with as many digits as are the same on every machine."""
    if not isinstance(value, np.ndarray):
        return repr(value)
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
    return f"np.array({numbers}, dtype=np.{value.dtype.name})"


def _difference(comparison: Comparison) -> str:
    """How many values differ, and the largest difference in numbers."""
    wrong, worst = comparison.wrong, comparison.worst()
    answer, expected = np.asarray(comparison.answer)[worst], np.asarray(comparison.expected)[worst]
    if not worst:
        return f"{comparison.name} is {_number(answer)}; expected {_number(expected)}."
    place = f"{comparison.name}[{', '.join(map(str, worst))}]"
    return (
        f"{int(wrong.sum())} of {wrong.size} values of {comparison.name} differ, most of all "
        f"{place}: yours {_number(answer)}, expected {_number(expected)}."
    )


def _tables(comparison: Comparison) -> str:
    """Yours, expected and their difference, cut out around the largest difference."""
    worst = comparison.worst()
    if not worst:
        return ""
    lead, (row, column) = worst[:-2], ((0, *worst)[-2:])
    answer, expected, wrong = (
        np.atleast_2d(np.asarray(array)[lead])
        for array in (comparison.answer, comparison.expected, comparison.wrong)
    )
    rows = _window(answer.shape[0], row, _ROWS)
    columns = _window(answer.shape[1], column, _COLUMNS)
    cut = f"{comparison.name}[{', '.join(map(str, lead))}]" if lead else comparison.name
    with np.errstate(invalid="ignore"):
        difference = np.where(wrong, answer - expected, 0.0)
    largest = np.abs(difference[np.isfinite(difference)]).max(initial=0.0) or 1.0

    def tint(value: float) -> str:
        """Purple where yours is larger, orange where it is smaller; black is readable on both."""
        if value == 0:
            return ""
        strength = min(abs(value) / largest, 1.0) if np.isfinite(value) else 1.0
        pale, full = _LARGER if value > 0 else _SMALLER
        rgb = ", ".join(str(round(p + strength * (f - p))) for p, f in zip(pale, full, strict=True))
        return f" background-color: rgb({rgb}); color: #000000;"

    return (
        '<div style="display: flex; flex-wrap: wrap; gap: 4px 28px; align-items: flex-start;">'
        + _table(f"Yours: {cut}", answer, rows, columns)
        + _table(f"Expected: {cut}", expected, rows, columns)
        + _table("Yours − expected", difference, rows, columns, tint)
        + "</div>"
    )


def _window(length: int, centre: int, size: int) -> range:
    start = max(0, min(centre - size // 2, length - size))
    return range(start, min(length, start + size))


def _table(
    caption: str, values: np.ndarray, rows: range, columns: range, tint: Any = lambda value: ""
) -> str:
    align = "padding: 2px 7px; text-align: right;"
    head = "".join(f'<th scope="col" style="{align}">{j}</th>' for j in columns)
    body = "".join(
        f'<tr><th scope="row" style="{align}">{i}</th>'
        + "".join(
            f'<td style="{align}{tint(values[i, j])}">{_number(values[i, j])}</td>' for j in columns
        )
        + "</tr>"
        for i in rows
    )
    return (
        f'<table style="font-variant-numeric: tabular-nums;"><caption style="text-align: left; '
        f'color: inherit;">{escape(caption)}</caption><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
