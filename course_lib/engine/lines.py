"""Lines in order: a worked answer's lines, shuffled, and beside some of them a wrong one.

An order is right if its lines pass the check: nothing else is known about which may change places.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course_lib.engine.checking import accepts, tried
from course_lib.engine.exercise import Exercise
from course_lib.engine.mutants import GUARD, NEAR, Mutant, guarded, mutants
from course_lib.engine.view import front_end
from course_lib.engine.ways import bare

_WRONG = 3  # lines that do not belong; more of them would hide the answer
_SHUFFLES = 20  # until one is no right order; of a single line there is none
_RIGHT = "Yes: in this order the lines pass the check. Now write them yourself, without looking."
_TOO_FEW = "What stands there is right, and a line is missing: put one back."
_NONE = "No line stands there: put one back."


@dataclass(frozen=True)
class Line:
    """One line to put in its place."""

    text: str  # indented as in the answer
    remark: str = ""  # what the check says of the answer with this line; "" where it belongs


@dataclass(frozen=True)
class Verdict:
    """What an order comes to; `at` is the first wrong line, counted from 0."""

    right: bool
    sentence: str
    at: int | None = None


@dataclass(frozen=True)
class Puzzle:
    """The lines of an exercise's worked answer, not in their order.

    Parameters
    ----------
    exercise : what they answer
    head : what stands above them and is given: the line with def
    answer : the right lines in the worked answer's order
    lines : the right ones and some wrong ones, shuffled
    """

    exercise: Exercise
    head: str
    answer: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def wrong(self) -> int:
        """How many of the lines do not belong."""
        return sum(bool(line.remark) for line in self.lines)

    @property
    def task(self) -> str:
        """What to do with the lines."""
        some = {0: "All belong there.", 1: "One of them does not belong: leave it out."}
        more = f"{self.wrong} of them do not belong: leave those out."
        return f"Put these lines in order. {some.get(self.wrong, more)}"

    def __str__(self) -> str:
        numbered = (f"{n:>4}{line.text}" for n, line in enumerate(self.lines, 1))
        return "\n".join([f"    {self.head}", *numbered])

    def verdict(self, order: Sequence[int]) -> Verdict:
        """Whether the lines, by their places in `lines`, are right in this order, or where not."""
        chosen = [self.lines[i] for i in order]
        texts = [line.text for line in chosen]
        if not any(line.remark for line in chosen) and self._passes(texts):
            return Verdict(True, _RIGHT)
        for at, line in enumerate(chosen):
            begun = texts[: at + 1]
            if line.remark:
                said = f"Line {at + 1} does not belong. With it, the check says: {line.remark}"
                return Verdict(False, said, at)
            if not self._passes([*begun, *self._rest(begun)]):
                said = f"Line {at + 1} comes too early: {self._why([self.head, *begun])}"
                return Verdict(False, said, at)
        return Verdict(False, _TOO_FEW if chosen else _NONE)

    def _passes(self, texts: Sequence[str]) -> bool:
        try:
            tree = ast.parse("\n".join([self.head, *texts]))
            function = Mutant(0, "in this order", guarded(tree)).compiled(self.exercise)
        except (SyntaxError, NameError, KeyError):  # it does not even define the function
            return False
        return accepts(self.exercise, function)

    def _rest(self, texts: Sequence[str]) -> list[str]:
        """The right lines that are not among `texts`, as they may follow: open blocks first."""
        left, is_open = list(range(len(self.answer))), set[int]()
        for text in texts:
            last = next(i for i in left if self.answer[i] == text)
            left.remove(last)
            is_open = {last, *self._blocks[last]}
        left.sort(key=lambda i: -len(is_open & self._blocks[i]))
        return [self.answer[i] for i in left]

    @cached_property
    def _blocks(self) -> tuple[set[int], ...]:
        """For each right line the lines that open the blocks in which it stands."""
        depths = [*map(_depth, self.answer)]
        return tuple(
            {
                above
                for above in range(at)
                if all(depths[above] < depth for depth in depths[above + 1 : at + 1])
            }
            for at in range(len(depths))
        )

    def _why(self, texts: Sequence[str]) -> str:
        """Why the last of these lines cannot stand below the others."""
        *above, line = texts
        opened, deeper = above[-1].endswith(":"), _depth(line) - _depth(above[-1])
        if opened and deeper <= 0:
            return "the line above it opens a block, and this one is not in it."
        if not opened and deeper > 0:
            return "it is indented, and the line above it opens no block."
        made, later = (set().union(*(_names(t)[0] for t in all)) for all in (above, self.answer))
        if needed := sorted(_names(line)[1] & (later - made)):
            return f"it uses {needed[0]}, which no line above it makes."
        return f"“{self._missing(above[1:], line)}” has to stand above it."

    def _missing(self, above: Sequence[str], line: str) -> str:
        """The line behind which this one may stand at last, as it moves down a right order."""
        rest = self._rest(above)
        rest.remove(line)
        down = range(len(rest))
        at = next(
            (i for i in down if self._passes([*above, *rest[: i + 1], line, *rest[i + 1 :]])), 0
        )
        return rest[at].strip()


def puzzle(exercise: Exercise) -> Puzzle:
    """The lines of the worked answer and what to do with them; the same ones every time."""
    pieces = _pieces(exercise.solution)
    first = 1 + next((i for i, p in enumerate(pieces) if p.startswith(f"def {exercise.name}(")), -1)
    head, answer = "\n".join(pieces[:first]), tuple(pieces[first:])
    lines = [*map(Line, answer), *_wrong_lines(exercise, pieces, first)]
    dice = random.Random(exercise.name)
    for _ in range(_SHUFFLES):
        dice.shuffle(lines)
        made = Puzzle(exercise, head, answer, tuple(lines))
        if not made._passes([line.text for line in lines if not line.remark]):
            break
    return made


def _pieces(source: str) -> list[str]:
    """A line for each statement, without comments and docstring."""
    return [_plain(line) for line in bare(source).splitlines() if line.strip() not in ("", GUARD)]


def _plain(line: str) -> str:
    """`return a, b` as people write it, without the brackets that ast puts around a tuple."""
    try:
        (statement,) = ast.parse(line.strip()).body
    except SyntaxError:  # if x:
        return line
    value = statement.value if isinstance(statement, ast.Return | ast.Assign) else None
    if isinstance(value, ast.Tuple) and len(value.elts) > 1:
        written = ast.unparse(value)
        return line.removesuffix(written) + written[1:-1]
    return line


def _wrong_lines(exercise: Exercise, pieces: Sequence[str], first: int) -> list[Line]:
    """For some of the lines one that makes a slip, those whose slip has a name before others."""
    named: dict[str, Line] = {}
    others: dict[str, Line] = {}
    seen = set(pieces)
    for text, mutant in _one_line_changed(exercise, pieces, first):
        if text not in seen:
            seen.add(text)
            trial = tried(exercise, mutant.compiled(exercise))
            slip = trial.recognised()
            # of a line that raises there is no more to say than that
            if slip and not trial.outcomes[min(trial.problems)].error:
                name, remark = slip
                (others if NEAR in remark else named).setdefault(name, Line(text, remark))
        if len(named) == _WRONG:
            break
    return [*(named or others).values()][:_WRONG]


def _one_line_changed(
    exercise: Exercise, pieces: Sequence[str], first: int
) -> Iterator[tuple[str, Mutant]]:
    """The mutants that change one line, and that line; every line has its turn."""
    by_line: dict[int, list[tuple[str, Mutant]]] = {}
    for mutant in mutants(exercise.solution, exercise.inputs.options):
        theirs = _pieces(mutant.source)
        places = [i for i, (a, b) in enumerate(zip(pieces, theirs, strict=False)) if a != b]
        if len(theirs) == len(pieces) and len(places) == 1 and places[0] >= first:
            text = theirs[places[0]]
            if text.strip() != "pass":
                by_line.setdefault(places[0], []).append((text, mutant))
    return filter(None, chain.from_iterable(zip_longest(*by_line.values())))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _names(line: str) -> tuple[set[str], set[str]]:
    """The names that a line makes, and those that it needs from above."""
    try:
        nodes = [*ast.walk(ast.parse(line.strip() + " pass" * line.endswith(":")))]
    except SyntaxError:  # else:
        return set(), set()
    inside = _named(ast.Store, (n.target for n in nodes if isinstance(n, ast.comprehension)))
    made = _named(ast.Store, nodes) - inside
    made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    made |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    counted = (n.target for n in nodes if isinstance(n, ast.AugAssign))  # size += 1 needs size
    return made, (_named(ast.Load, nodes) | _named(ast.Store, counted)) - inside


def _named(use: type[ast.expr_context], nodes: Iterable[ast.AST]) -> set[str]:
    """The names used so in some syntax trees."""
    every = chain.from_iterable(map(ast.walk, nodes))
    return {node.id for node in every if isinstance(node, ast.Name) and isinstance(node.ctx, use)}


class LinesForm(anywidget.AnyWidget):
    """The lines in the notebook, moved by buttons and keys; the answer stays in the kernel."""

    _esm = front_end("lines.js")
    _css = "".join(
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("prediction.css", "lines.css")
    )
    task = traitlets.Unicode().tag(sync=True)
    head = traitlets.Unicode().tag(sync=True)
    lines = traitlets.List(traitlets.Unicode()).tag(sync=True)
    order = traitlets.List(traitlets.Int()).tag(sync=True)  # the rest is left out
    wrong: Any = traitlets.Int(None, allow_none=True).tag(sync=True)  # a place in `order`
    right: Any = traitlets.Bool(None, allow_none=True).tag(sync=True)  # None: not checked
    feedback = traitlets.Unicode().tag(sync=True)

    def __init__(self, puzzle: Puzzle) -> None:
        self._puzzle = puzzle
        texts = [line.text for line in puzzle.lines]
        super().__init__(
            task=puzzle.task, head=puzzle.head, lines=texts, order=list(range(len(texts)))
        )
        self.on_msg(self._receive)

    def _receive(self, _: Any, content: Any, buffers: Any) -> None:
        verdict = self._puzzle.verdict(self.order)
        self.wrong, self.right, self.feedback = verdict.at, verdict.right, verdict.sentence
        self.send({"checked": verdict.right})  # also when the words are the same as before
