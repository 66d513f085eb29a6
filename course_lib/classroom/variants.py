"""A call to work out on paper, with numbers of each student's own and sizes that are everybody's.

The numbers follow from a hash of assignment and student. What a student found out is returned by a
function without arguments, so it is an exercise, graded and told its mistakes as any other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import textwrap
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.engine.aside import quiet
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Case, clone
from course_lib.engine.outcome import describe, listed, plain, structure_problem
from course_lib.engine.report import written
from course_lib.engine.slips import usual

Parts = tuple[Any, ...]  # what an exercise returns

SUFFIX = "_by_hand"
OFF = 0.011  # how far a number may be off: one in the second decimal
_DRAWS = 20
_TELLING = 4  # so many different numbers are not another student's by chance
_ANOTHERS = Slip(
    "the numbers of another student's call",
    "These are the right numbers for the call in another student's notebook. Work out the call "
    "that is written in yours.",
    (),
)


def code(assignment: str, student: str) -> str:
    """A student's variant of an assignment.

    Examples
    --------
    >>> code("ps1", "ada"), code("ps1", "bo")
    ('5059fb624ad3', '0b89f7a1349a')
    """
    return hashlib.sha256(f"{assignment}\n{student}".encode()).hexdigest()[:12]


def given(path: Path) -> dict[str, str]:
    """Which student was given which variant, from the file that a release wrote; or nothing."""
    if not path.exists():
        return {}
    return dict(list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:])


def as_csv(given: Mapping[str, str]) -> str:
    """The text of that file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("student", "variant"), *given.items()])
    return out.getvalue()


@dataclass(frozen=True)
class Variants:
    """One exercise's call for every variant; a class is told apart by its codes."""

    exercise: Exercise
    codes: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether there are numbers that could differ, and one right answer."""
        return bool(self.exercise.inputs.axes) and self.exercise.judge is None

    def case(self, code: str) -> Case:
        """The call of a variant: of some draws the first in which no fewer mistakes show."""
        found = []
        for draw in islice(self._draws(code), _DRAWS):
            found.append((self._shown(draw), draw))
            if found[-1][0] >= self._most:
                break
        return max(found, key=lambda pair: pair[0])[1]

    @cached_property
    def _most(self) -> int:
        return max(map(self._shown, islice(self._draws(""), _DRAWS)))

    def _draws(self, code: str) -> Iterator[Case]:
        inputs = self.exercise.inputs
        rng = np.random.default_rng((int(code or "0", 16), zlib.crc32(self.exercise.name.encode())))
        while True:
            yield inputs.call(rng, inputs.plans[0])

    def _shown(self, case: Case) -> int:
        """How many of the exercise's own mistakes change the answer to a call."""
        right = self._right(case)
        slips = self.exercise.own_slips()
        return sum(not _close(made, right[at]) for s in slips for at, made in self._made(s, case))

    def _right(self, case: Case) -> Parts:
        return self.exercise.parts(self.exercise.expected(case))

    def _made(self, slip: Slip, case: Case) -> Iterator[tuple[slice, Parts]]:
        """What a mistake makes of a call, and which of the returned parts that is."""
        at = list(self.exercise.returns).index(slip.part) if slip.part else None
        for answer in slip.answers:
            with quiet(), suppress(Exception):  # some read beyond the end
                made = plain(answer(*map(clone, case.values())))
                if at is not None:
                    yield slice(at, at + 1), (made,)
                else:
                    yield slice(None), self.exercise.parts(made)

    @cached_property
    def answers(self) -> dict[str, Parts]:
        """The right answer of every variant of the class."""
        return {code: self._right(self.case(code)) for code in self.codes}

    def question(self, code: str) -> Exercise:
        """The exercise that a variant is."""
        exercise, case = self.exercise, self.case(code)
        name = exercise.name + SUFFIX
        return Exercise(
            name=name,
            sections=exercise.sections,
            task=_task(exercise, case, self._right(case)),
            stub=f"def {name}():\n    raise NotImplementedError  # return what you worked out",
            solution=_solution(exercise, name, self._right(case)),
            alternative="",
            returns=exercise.returns,
            shows="These are the numbers of the call that was yours.",
            hints=exercise.hints,
            slips=(*map(self._spoken, self._slips), _ANOTHERS),
            judge=lambda answer, _: self._verdict(exercise.parts(answer), case),
        )

    @cached_property
    def _slips(self) -> tuple[Slip, ...]:
        return (*self.exercise.own_slips(), *usual(self.exercise))

    def _spoken(self, slip: Slip) -> Slip:
        part = slip.part or next(iter(self.exercise.returns))
        return Slip(slip.name, slip.hint.replace("{your}", f"Your {part}"), ())

    def _verdict(self, answer: Parts, case: Case) -> str | None:
        """None if it is right; else a mistake's name, or a sentence."""
        right = self._right(case)
        if _close(answer, right):
            return None
        others = (other for other in self.answers.values() if _different(other) >= _TELLING)
        if any(_close(answer, other) for other in others):
            return _ANOTHERS.name
        own = len(self.exercise.own_slips())
        for number, slip in enumerate(self._slips):
            for at, made in self._made(slip, case):
                # there are many usual mistakes: one number is like one of them by chance
                told = _close(answer[at], made) and not _close(made, right[at])
                if told and (number < own or _different(made) > 1):
                    return slip.name
        pairs = zip(self.exercise.returns, answer, right, strict=True)
        wrong = listed([part for part, a, b in pairs if not _close((a,), (b,))])
        return f"The numbers of {wrong} are not right. Follow the call step by step."


def _close(answer: Parts, right: Parts) -> bool:
    """Whether two answers agree as far as paper goes."""
    return len(answer) == len(right) and all(
        structure_problem(a, b, ("",)) is None and np.allclose(a, b, rtol=0, atol=OFF)
        for a, b in zip(answer, right, strict=True)
    )


def _different(answer: Parts) -> int:
    """How many numbers an answer holds, 0 and those alike counted once."""
    return len({round(float(number), 2) for part in answer for number in np.ravel(part)} - {0.0})


def _task(exercise: Exercise, case: Case, right: Parts) -> str:
    call = "\n".join(_line(name, value) for name, value in case.items())
    parts = [
        f"`{name}` ({describe(part)})" for name, part in zip(exercise.returns, right, strict=True)
    ]
    return (
        f"What does `{exercise.name}` return for these numbers? Work it out on paper.\n\n"
        f"```python\n{call}\n```\n\nReturn {listed(parts)}, rounded to two decimals."
    )


def _line(name: str, value: Any) -> str:
    """A name and what it stands for, as one writes it down: no dtype."""
    return re.sub(r", dtype=np\.\w+", "", written(name, value))


def _solution(exercise: Exercise, name: str, right: Parts) -> str:
    rounded = [
        np.round(value, 2) if np.ndim(value) else np.round(value, 2).item() for value in right
    ]
    lines = [_line(*pair) for pair in zip(exercise.returns, rounded, strict=True)]
    lines.append(f"return {', '.join(exercise.returns)}")
    return f"def {name}():\n{textwrap.indent(chr(10).join(lines), '    ')}"
