"""After the pass: the learner's lines, a second way and the library's, each with its time."""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import ipywidgets
import numpy as np

from course_lib.engine.aside import Printed, set_aside
from course_lib.engine.borrowed import operations
from course_lib.engine.exercise import Exercise
from course_lib.engine.inputs import Case, Inputs, clone
from course_lib.engine.report import fill, paragraph
from course_lib.engine.view import marked
from course_lib.errors import so_many

_LONG = 0.05  # seconds that the slowest way may take on the case that is timed
_SAMPLE = 50  # calls as the checks make them, of which the largest is the first to be timed
_DOUBLINGS = 6
_REPEATS = 5  # the fastest of them counts: the others were disturbed
_LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Way:
    """One right answer: "Yours", the function to time, and its source, "" if nobody knows it."""

    title: str
    function: Callable[..., Any]
    source: str
    remark: str = ""  # in place of what the lines tell

    @property
    def sentence(self) -> str:
        """How long the way is and how deep its loops are."""
        if self.remark or not self.source:
            return f"{self.title}: {self.remark or 'its lines are not known here'}."
        source = bare(self.source)
        lines, depth = (
            len([line for line in source.splitlines() if line]) - 1,
            _depth(ast.parse(source)),
        )
        loops = f"its loops are {depth} deep" if depth > 1 else "one loop"
        said = loops if depth else "no loop written out"
        return f"{self.title}: {so_many(lines, 'line')} below the def, {said}."


@dataclass(frozen=True)
class Ways:
    """The right answers side by side, the learner's first.

    What a notebook stores are the sentences and the lines. The times are the machine's and of this
    run: a widget shows them, what takes its place when the notebook is opened again, and `print`.
    """

    exercise: Exercise
    all: tuple[Way, ...]

    @cached_property
    def times(self) -> tuple[Case, tuple[float, ...]]:
        """The largest case that all finish soon, and the seconds that each way takes on it."""
        return _measured(self.exercise, [way.function for way in self.all])

    def timed(self) -> str:
        """The times in a sentence."""
        case, seconds = self.times
        shapes = ", ".join(f"{n} {np.shape(v)}" for n, v in case.items() if np.ndim(v))
        each = ", ".join(
            f"{way.title[0].lower()}{way.title[1:]} {_unit(s)}"
            for way, s in zip(self.all, seconds, strict=True)
        )
        ratio = seconds[0] / min(seconds)
        last = f" The fastest takes 1/{ratio:.0f} of your time." if ratio >= 1.5 else ""
        return f"On {shapes or 'the first case of the check'}: {each}.{last}"

    def _stored(self) -> str:
        parts = [f"{len(self.all)} ways to {self.exercise.name}"]
        for way in self.all:
            parts += fill(way.sentence)
            parts += [f"    {line}" for line in way.source.splitlines()]
        return "\n".join(parts)

    def __str__(self) -> str:
        return "\n".join([self._stored(), *fill(self.timed())])

    __repr__ = __str__

    def _html(self, more: str = "") -> str:
        title = f"{len(self.all)} ways to {self.exercise.name}"
        ways = "".join(f"{paragraph(way.sentence)}{_code(way.source)}" for way in self.all)
        return (
            f'<div role="group" aria-label="{escape(title)}"><p style="margin: 4px 0;">'
            f"<strong>{escape(title)}</strong></p>{ways}{more}</div>"
        )

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        words = {"text/plain": self._stored(), "text/html": self._html()}
        now = {"text/plain": str(self), "text/html": self._html(paragraph(self.timed()))}
        style = (
            "color: var(--jp-ui-font-color1, inherit); line-height: 1.45; "
            "font-size: var(--jp-content-font-size1, 14px); "
            "width: 0; min-width: 100%;"  # long lines of code do not widen what stands around them
        )
        html = f'<div style="{style}">{now["text/html"]}</div>'
        return marked({**ipywidgets.HTML(html)._repr_mimebundle_(), **words}, {}, now)


def ways(exercise: Exercise, function: Callable[..., Any]) -> Ways:
    """Yours, of the two worked answers the one that is less like it, and the library's."""
    yours = _source(function)
    sources = (exercise.alternative.strip(), exercise.solution.strip())
    second = min(sources, key=lambda source: _likeness(source, yours))
    found = [
        Way("Yours", function, yours),
        Way("A second way", exercise.compiled(second), second),
    ]
    names = operations(exercise.reference, exercise.cases[0])
    if exercise.right and names:
        remark = "the one that this course computes with"
        found.append(Way(f"The library's {names[0]}", exercise.reference, "", remark))
    return Ways(exercise, tuple(found))


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def _source(function: Callable[..., Any]) -> str:
    """A function's lines as they were written; "" where they are not known, as of a lambda."""
    try:
        source = textwrap.dedent(inspect.getsource(function)).rstrip()
        return source if isinstance(ast.parse(source).body[0], ast.FunctionDef) else ""
    except (OSError, TypeError, SyntaxError):
        return ""


def bare(source: str) -> str:
    """The lines without docstrings and comments."""
    tree = ast.parse(source)
    for made in ast.walk(tree):
        if isinstance(made, ast.FunctionDef) and ast.get_docstring(made) and len(made.body) > 1:
            made.body = made.body[1:]
    return ast.unparse(tree)


def _code(source: str) -> str:
    """Lines that are moved to the side by arrow keys, not broken, where the page is narrow."""
    style = "white-space: pre; overflow-x: auto;"
    return f'<pre tabindex="0" style="{style}">{escape(source)}</pre>' if source else ""


def _depth(node: ast.AST) -> int:
    """How many loops of Python stand inside each other; a comprehension has one for each "for"."""
    own = len(getattr(node, "generators", [0])) if isinstance(node, _LOOPS) else 0
    return own + max(map(_depth, ast.iter_child_nodes(node)), default=0)


def _measured(
    exercise: Exercise, functions: Sequence[Callable[..., Any]]
) -> tuple[Case, tuple[float, ...]]:
    """The axes are doubled as long as the slowest is quick, and would be if it grew once more as it
    did last; then the best of some runs."""
    case, before = exercise.cases[0], np.inf
    with set_aside(Printed(), shown=False):
        for larger in _ever_larger(exercise.inputs):
            try:
                slowest = max(_seconds(function, larger) for function in functions)
            except Exception:  # beyond the sizes of the task an answer need not work
                break
            if slowest > _LONG:
                break
            case = larger
            if slowest**2 > _LONG * before:
                break
            before = slowest
        return case, tuple(min(_seconds(f, case) for _ in range(_REPEATS)) for f in functions)


def _ever_larger(inputs: Inputs) -> Iterator[Case]:
    """The largest of some calls, then the same with every axis doubled, where that is a call."""
    rng = np.random.default_rng(0)
    axes = [name for name in inputs.choices if name not in inputs.options]
    largest = max(inputs.sample(rng, _SAMPLE), key=lambda numbers: sum(numbers[a] for a in axes))
    for doubling in range(_DOUBLINGS if axes else 0):
        free = {
            name: largest[name] * (2**doubling if name in axes else 1) for name in inputs.choices
        }
        if (numbers := inputs.complete(free)) is None:
            return
        yield inputs.call(rng, numbers, decimals=True)


def _seconds(function: Callable[..., Any], case: Case) -> float:
    given = [clone(value) for value in case.values()]
    began = time.perf_counter()
    function(*given)
    return time.perf_counter() - began


def _unit(seconds: float) -> str:
    """Two digits and a unit.

    Examples
    --------
    >>> _unit(0.00123), _unit(0.0456), _unit(2.5e-5)
    ('1.2 ms', '46 ms', '25 µs')
    """
    scaled, unit = (seconds * 1e3, "ms") if seconds >= 1e-3 else (seconds * 1e6, "µs")
    return f"{scaled:.1f} {unit}" if scaled < 10 else f"{scaled:.0f} {unit}"
