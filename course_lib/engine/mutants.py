"""A worked answer with its syntax tree changed in one way: wrong answers nobody thought of."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeGuard

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.sealed import opened

_OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Pow: (ast.Mult,),
    ast.LtE: (ast.Lt,),
    ast.Lt: (ast.LtE,),
    ast.GtE: (ast.Gt,),
    ast.Gt: (ast.GtE,),
    ast.Eq: (ast.NotEq,),
}
_METHODS = {
    "sum": "mean",
    "mean": "sum",
    "var": "std",
    "std": "var",
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "zeros": "ones",
    "zeros_like": "ones_like",
}
Options = tuple[str, ...]

NEAR = "equals a right answer with"  # what is said where no slip has a name
GUARD = "next(_turns)"  # the first line of every while loop
_TURNS = 10_000  # of a while loop, before it counts as endless


@dataclass(frozen=True)
class Mutant:
    """A function that differs from a worked answer in one change, at one place or everywhere."""

    line: int
    what: str  # "- in place of +"
    source: str

    def compiled(self, exercise: Exercise) -> Callable[..., Any]:
        """The mutant as a function; a while loop that never ends raises StopIteration."""
        function = exercise.compiled(self.source)
        function.__globals__["_turns"] = iter(range(_TURNS))
        return function


@cache
def mutants(source: str, options: tuple[str, ...]) -> tuple[Mutant, ...]:
    """Every change of a right answer's source, at one place and then wherever it is possible.

    `options` may be exchanged.
    """
    tree, made = ast.parse(source.strip()), []
    for at, node in enumerate(ast.walk(tree)):
        for what, new in _changes(node, options):
            changed = copy.deepcopy(tree)
            _replace(changed, list(ast.walk(changed))[at], new)
            made.append(Mutant(getattr(node, "lineno", 0), what, guarded(changed)))
    places = Counter(mutant.what for mutant in made)
    for what in (w for w, count in places.items() if count > 1 and w != "line deleted"):
        whole = _Everywhere(what, options).visit(copy.deepcopy(tree))
        made.append(Mutant(0, f"{what} everywhere", guarded(whole)))
    return tuple(made)


def guarded(tree: ast.AST) -> str:
    """As source, in which no while loop is endless."""
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.While)):
        loop.body.insert(0, ast.parse(GUARD).body[0])
    return ast.unparse(ast.fix_missing_locations(tree))


class _Everywhere(ast.NodeTransformer):
    """One change wherever it is possible, as by one who misread a word."""

    def __init__(self, what: str, options: Options):
        self.what, self.options = what, options

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        changes = (new for what, new in _changes(node, self.options) if what == self.what)
        return next(changes, None) or node


def near_misses(exercise: Exercise) -> Iterator[Slip]:
    """The mutants as slips, without name of their own, told by what differs from a right answer.

    What the worked answer calls its own variables would mean nothing to the learner, so changes
    that can only be told by those names are left out.
    """
    for source in (exercise.solution, exercise.alternative):
        for mutant in mutants(opened(source), exercise.inputs.options):
            if not _can_be_told(mutant.what, exercise):
                continue
            hint = f"{{your}} {NEAR} {mutant.what}. Where in yours could that be?"
            function = cache(lambda mutant=mutant: mutant.compiled(exercise))
            for at, part in enumerate(exercise.returns):
                answer = _part_of(function, exercise, at)
                yield Slip(mutant.what, hint, (answer,), part)


def _part_of(function: Callable[[], Any], exercise: Exercise, at: int) -> Callable[..., Any]:
    return lambda *args: exercise.parts(function()(*args))[at]


def _can_be_told(what: str, exercise: Exercise) -> bool:
    what = what.removesuffix(" everywhere")
    names = set(re.findall(r"(?<![.\w])[A-Za-z_]\w*(?!\w*=)", what.removesuffix(" left out")))
    known = {*exercise.inputs.arguments, "np", "not", "len", "range", "keepdims", "axis", "dtype"}
    return what != "line deleted" and (not what.endswith("left out") or names <= known)


def _changes(node: ast.AST, options: Options) -> Iterator[tuple[str, ast.AST | None]]:
    """What may stand in place of a node, each with what was done; None deletes a statement."""
    make = getattr(_Changes, f"of_{type(node).__name__}", None)
    if make:
        yield from make(node, options)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        yield "line deleted", None


class _Changes:
    """By the kind of node."""

    @staticmethod
    def of_BinOp(node: ast.BinOp, options: Options) -> Iterator[tuple[str, ast.AST]]:
        for other in _OPERATORS.get(type(node.op), ()):
            yield (
                f"{_word(other())} in place of {_word(node.op)}",
                ast.BinOp(node.left, other(), node.right),
            )
        yield f"{ast.unparse(node.right)} left out", node.left
        yield f"{ast.unparse(node.left)} left out", node.right
        first = node.left
        if _is_sum(first) and isinstance(node.op, ast.Mult | ast.Div | ast.MatMult | ast.Pow):
            second = ast.BinOp(first.right, node.op, node.right)
            yield "the brackets left out", ast.BinOp(first.left, first.op, second)

    @staticmethod
    def of_UnaryOp(node: ast.UnaryOp, options: Options) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node.op, ast.Not):
            yield "not left out", node.operand
        else:
            yield f"{ast.unparse(node)} without its sign", node.operand

    @staticmethod
    def of_Compare(node: ast.Compare, options: Options) -> Iterator[tuple[str, ast.AST]]:
        for at, op in enumerate(node.ops):
            for other in _OPERATORS.get(type(op), ()):
                ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                yield (
                    f"{_word(other())} in place of {_word(op)}",
                    ast.Compare(node.left, ops, node.comparators),
                )

    @staticmethod
    def of_Constant(node: ast.Constant, options: Options) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node.value, bool):
            yield f"{not node.value} in place of {bool(node.value)}", ast.Constant(not node.value)
        elif isinstance(node.value, int | float):
            value: float = node.value
            for other in (value + 1, value - 1):
                yield f"the number {other} in place of {node.value!s}", ast.Constant(other)

    @staticmethod
    def of_AugAssign(node: ast.AugAssign, options: Options) -> Iterator[tuple[str, ast.AST]]:
        yield f"= in place of {_word(node.op)}=", ast.Assign([node.target], node.value)
        if isinstance(node.op, ast.Add):
            yield "-= in place of +=", ast.AugAssign(node.target, ast.Sub(), node.value)

    @staticmethod
    def of_Name(node: ast.Name, options: Options) -> Iterator[tuple[str, ast.AST]]:
        if node.id in options and isinstance(node.ctx, ast.Load):
            for other in options:
                if other != node.id:
                    yield f"{other} in place of {node.id}", ast.Name(other, node.ctx)

    @staticmethod
    def of_Attribute(node: ast.Attribute, options: Options) -> Iterator[tuple[str, ast.AST]]:
        if node.attr in _METHODS:
            other = _METHODS[node.attr]
            yield f"{other} in place of {node.attr}", ast.Attribute(node.value, other, node.ctx)
        if node.attr == "T":
            yield "one .T more or less", node.value

    @staticmethod
    def of_Call(node: ast.Call, options: Options) -> Iterator[tuple[str, ast.AST]]:
        if len(node.args) == 1 and not node.keywords:
            (only,), function = node.args, ast.unparse(node.func)
            yield f"{function} left out", only
            if _is_sum(only):
                words = f"{_word(only.op)} behind {function} in place of inside it"
                first = ast.Call(node.func, [only.left], [])
                yield words, ast.BinOp(first, only.op, only.right)
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"var", "std"}:
            others = [word for word in node.keywords if word.arg != "ddof"]
            ddof = ast.keyword("ddof", ast.Constant(1))
            yield "ddof=1", ast.Call(node.func, node.args, [*others, ddof])
        for word in node.keywords:
            others = [w for w in node.keywords if w is not word]
            yield f"{word.arg} left out", ast.Call(node.func, node.args, others)
            if word.arg == "axis" and isinstance(word.value, ast.Constant):
                other = 1 if word.value.value == 0 else 0
                words = f"axis={other} in place of axis={ast.unparse(word.value)}"
                axis = ast.keyword("axis", ast.Constant(other))
                yield words, ast.Call(node.func, node.args, [*others, axis])

    @staticmethod
    def of_Slice(node: ast.Slice, options: Options) -> Iterator[tuple[str, ast.AST]]:
        parts = {"lower": node.lower, "upper": node.upper, "step": node.step}
        for name, part in parts.items():
            if part:
                yield f"the slice's {name} left out", ast.Slice(**{**parts, name: None})

    @staticmethod
    def of_Tuple(node: ast.Tuple, options: Options) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
            words, other = "two values exchanged", ast.Tuple(node.elts[::-1], node.ctx)
            if any(isinstance(place, ast.Slice) for place in node.elts):  # an index
                found, wanted = (ast.unparse(t)[1:-1] for t in (other, node))
                words = f"[{found}] in place of [{wanted}]"
            yield words, other

    @staticmethod
    def of_For(node: ast.For, options: Options) -> Iterator[tuple[str, ast.AST]]:
        yield (
            "only one round",
            ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse),
        )


def _is_sum(node: ast.AST) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _word(op: Any) -> str:
    """An operator as it is written."""
    one = ast.Name("_")
    whole = ast.Compare(one, [op], [one]) if isinstance(op, ast.cmpop) else ast.BinOp(one, op, one)
    return ast.unparse(whole).replace("_", "").strip()


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST | None) -> None:
    """Put a node in another's place; a deleted statement leaves pass."""
    new = ast.Pass() if new is None else copy.deepcopy(new)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]
