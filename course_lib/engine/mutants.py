"""A worked answer with one place of its syntax tree changed: wrong answers nobody thought of."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from course_lib.engine.exercise import Exercise

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
_TURNS = 10_000  # of a while loop, before it counts as endless


@dataclass(frozen=True)
class Mutant:
    """A function that differs from a worked answer in one place."""

    what: str  # "line 3: + became -"
    source: str

    def compiled(self, exercise: Exercise) -> Callable[..., Any]:
        """The mutant as a function; a while loop that never ends raises StopIteration."""
        tree = ast.parse(self.source)
        for loop in (node for node in ast.walk(tree) if isinstance(node, ast.While)):
            loop.body.insert(0, ast.parse("next(_turns)").body[0])
        function = exercise.compiled(ast.unparse(ast.fix_missing_locations(tree)))
        function.__globals__["_turns"] = iter(range(_TURNS))
        return function


def mutants(exercise: Exercise, source: str) -> Iterator[Mutant]:
    """Every change of one place in the source of a right answer."""
    tree = ast.parse(source.strip())
    for at, node in enumerate(ast.walk(tree)):
        for what, new in _changes(node, exercise):
            changed = copy.deepcopy(tree)
            old = list(ast.walk(changed))[at]
            _replace(changed, old, new)
            text = ast.unparse(ast.fix_missing_locations(changed))
            yield Mutant(f"line {getattr(node, 'lineno', 0)}: {what}", text)


def _changes(node: ast.AST, exercise: Exercise) -> Iterator[tuple[str, ast.AST | None]]:
    """What may stand in place of a node, each with what was done; None deletes a statement."""
    make = getattr(_Changes, f"of_{type(node).__name__}", None)
    if make:
        yield from make(node, exercise)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        yield "line deleted", None


class _Changes:
    """By the kind of node."""

    @staticmethod
    def of_BinOp(node: ast.BinOp, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        for other in _OPERATORS.get(type(node.op), ()):
            yield (
                f"{_word(node.op)} became {_word(other())}",
                ast.BinOp(node.left, other(), node.right),
            )
        yield f"{ast.unparse(node.right)} left out", node.left
        yield f"{ast.unparse(node.left)} left out", node.right

    @staticmethod
    def of_UnaryOp(node: ast.UnaryOp, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        yield f"{ast.unparse(node)} without its sign", node.operand

    @staticmethod
    def of_Compare(node: ast.Compare, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        for at, op in enumerate(node.ops):
            for other in _OPERATORS.get(type(op), ()):
                ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                yield (
                    f"{_word(op)} became {_word(other())}",
                    ast.Compare(node.left, ops, node.comparators),
                )

    @staticmethod
    def of_Constant(node: ast.Constant, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node.value, bool):
            yield f"{node.value} became {not node.value}", ast.Constant(not node.value)
        elif isinstance(node.value, int | float):
            for other in (node.value + 1, node.value - 1):
                yield f"{node.value} became {other}", ast.Constant(other)

    @staticmethod
    def of_AugAssign(node: ast.AugAssign, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        yield f"{_word(node.op)}= became =", ast.Assign([node.target], node.value)
        if isinstance(node.op, ast.Add):
            yield "+= became -=", ast.AugAssign(node.target, ast.Sub(), node.value)

    @staticmethod
    def of_Name(node: ast.Name, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        options = exercise.inputs.options
        if node.id in options and isinstance(node.ctx, ast.Load):
            for other in options:
                if other != node.id:
                    yield f"{node.id} became {other}", ast.Name(other, node.ctx)

    @staticmethod
    def of_Attribute(node: ast.Attribute, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        if node.attr in _METHODS:
            other = _METHODS[node.attr]
            yield f"{node.attr} became {other}", ast.Attribute(node.value, other, node.ctx)
        if node.attr == "T":
            yield "not transposed", node.value

    @staticmethod
    def of_Call(node: ast.Call, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        if len(node.args) == 1 and not node.keywords:
            yield f"{ast.unparse(node.func)} left out", node.args[0]
        for word in node.keywords:
            others = [w for w in node.keywords if w is not word]
            yield f"{word.arg} left out", ast.Call(node.func, node.args, others)

    @staticmethod
    def of_Slice(node: ast.Slice, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        parts = {"lower": node.lower, "upper": node.upper, "step": node.step}
        for name, part in parts.items():
            if part:
                yield f"the slice's {name} left out", ast.Slice(**{**parts, name: None})

    @staticmethod
    def of_Tuple(node: ast.Tuple, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
            yield "two values exchanged", ast.Tuple(node.elts[::-1], node.ctx)

    @staticmethod
    def of_For(node: ast.For, exercise: Exercise) -> Iterator[tuple[str, ast.AST]]:
        yield (
            "only one round",
            ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse),
        )


def _word(op: ast.AST) -> str:
    words = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//"}
    return words.get(type(op), type(op).__name__)


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST | None) -> None:
    """Put a node in another's place; a deleted statement leaves pass."""
    new = ast.Pass() if new is None else copy.deepcopy(new)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]
