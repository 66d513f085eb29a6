"""The exercise is_affine: a function is given, and no formula of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array


@dataclass(frozen=True)
class Written:
    """A function of three numbers that shows as the code that made it."""

    code: str

    def __call__(self, x: Any) -> Any:
        return eval(self.code, {"np": np})(np.asarray(x, float))

    def __repr__(self) -> str:
        return self.code


FUNCTIONS = tuple(
    map(
        Written,
        (
            "lambda x: 3 * x - 1",
            "lambda x: np.maximum(x, 0)",
            "lambda x: 2 * x",
            "lambda x: x[::-1]",
            "lambda x: 0 * x + 4",
            "lambda x: np.cumsum(x) + 0.5",
            "lambda x: x @ np.array([1.0, -2.0, 0.5]) + 7",
            "lambda x: np.abs(x) + 1",
            "lambda x: x * x",
            "lambda x: x**3 + 2",
            "lambda x: x[0] * x[1:]",
            "lambda x: np.array([x[0], x[1] * x[2]])",
            "lambda x: np.sort(x)",
            "lambda x: np.clip(x, -0.5, 0.5)",
            "lambda x: np.median(x)",
            "lambda x: np.cbrt(x[0] * x[1] * x[2])",
            "lambda x: np.maximum(x[0], 0)",
            "lambda x: x[1] - np.abs(x[2])",
            "lambda x: x[:2] - 1",
            "lambda x: 0.1 * x + 0.7",
            "lambda x: x + 0.01 * x[0] ** 2",
        ),
    )
)
ORIGIN = np.zeros(3)


def _pairs(draw: Callable[[np.random.Generator], Array]) -> list[Array]:
    rng = np.random.default_rng(0)
    return [draw(rng) for _ in range(20)]


NORMAL = _pairs(lambda rng: rng.normal(size=(2, 3)))  # each row holds u and v
POSITIVE = _pairs(lambda rng: rng.uniform(0.2, 2, size=(2, 3)))
ALONE = [v * one for v in NORMAL for one in np.eye(3)]  # one input moves, the others stay 0
ONES = [np.array([u, v]) for u in np.eye(3) for v in np.eye(3) if (u != v).any()]


def _holds(rule: Callable[..., Any], pairs: list[Array] = NORMAL, same: Any = np.allclose) -> Any:
    """f is called affine where both sides of `rule(f, u, v)` agree, whatever the pair."""
    return lambda f: all(same(*rule(f, u, v)) for u, v in pairs)


def _tried(*rules: Callable[..., Any], same: Any = np.allclose) -> tuple[Any, ...]:
    """Each rule with all pairs, and with the first alone."""
    return tuple(_holds(rule, pairs, same) for rule in rules for pairs in (NORMAL, NORMAL[:1]))


def _additive(f: Any, u: Array, v: Array) -> tuple[Any, Any]:
    return f(u + v) + f(ORIGIN), f(u) + f(v)


def _raw(f: Any, u: Array, v: Array) -> tuple[Any, Any]:
    return f(u + v), f(u) + f(v)


def _less(constant: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda f, u, v: (f(u + v), f(u) + f(v) - constant(f))


IS_AFFINE = Exercise(
    name="is_affine",
    sections=("04_02a_linear",),
    task="""
`f` is a function that you can only call: it takes an array of 3 numbers and returns an array (of
any length) or a number. Return `True` if it is affine, as far as trying it can tell, and `False` if
it is not. One pair of inputs may pass by chance, so try twenty: with
`rng = np.random.default_rng(0)`, each `rng.normal(size=3)` makes one input. Sums are rounded: use
`np.allclose`. `is_affine(lambda x: 3 * x - 1)` is `True`, with `x * x` it is `False`.
""",
    stub="""
def is_affine(f):
    raise NotImplementedError
""",
    solution="""
def is_affine(f):
    rng = np.random.default_rng(0)
    origin = f(np.zeros(3))
    for _ in range(20):
        u, v = rng.normal(size=(2, 3))
        if not np.allclose(f(u + v) - origin, f(u) - origin + f(v) - origin):
            return False
    return True
""",
    alternative="""
def is_affine(f):
    rng = np.random.default_rng(1)
    pairs = rng.normal(size=(20, 2, 3))
    return all(np.allclose(f((u + v) / 2), (f(u) + f(v)) / 2) for u, v in pairs)
""",
    returns={"affine": ""},
    shows="Your test takes f(0) away before it asks for sums, and looks on both sides of 0.",
    inputs=Inputs(
        arguments={"f": FUNCTIONS},
        also=tuple({"f": function} for function in FUNCTIONS[2:]),
    ),
    slips=(
        Slip(
            "always the same answer",
            "Your test gives one answer for every function. Does a return stand in front of the "
            "comparison, or inside the loop, or does a wide tolerance let all pass?",
            (lambda f: True, lambda f: False),
        ),
        Slip(
            "the opposite answer",
            "Your test says True where f is not affine, and False where it is.",
            tuple(lambda f, test=test: not test(f) for test in _tried(_additive)),
        ),
        Slip(
            "one pair only",
            "Your test looks at one pair of inputs, or returns at the first pair that passes. "
            "np.abs passes one without a change of sign: try more, and return True after the "
            "loop.",
            (_holds(_additive, NORMAL[:1]),),
        ),
        Slip(
            "f(0) not taken away",
            "Your test refuses functions with a constant, such as 3 * x - 1: a bias is allowed. "
            "Take f(0) away from every value before you compare.",
            (
                *_tried(_raw, lambda f, u, v: (f(u - v), f(u) - f(v))),
                lambda f: _holds(_raw)(f) and _holds(lambda f, u, v: (f(3 * u), 3 * f(u)))(f),
            ),
        ),
        Slip(
            "f(0) is all that is looked at",
            "Your test asks whether f(0) is 0. That says that there is no bias, and nothing of "
            "what f does elsewhere: compare f(u + v) with f(u) and f(v).",
            (lambda f: bool(np.allclose(f(ORIGIN), 0)),),
        ),
        Slip(
            "sums of inputs never tried",
            "Your test tries multiples of one input only. np.median passes that too, and with "
            "positive factors np.abs: try sums, f(u + v) against f(u) and f(v).",
            (
                _holds(lambda f, u, v: (f(2 * u) - f(ORIGIN), 2 * (f(u) - f(ORIGIN)))),
                _holds(lambda f, u, v: (f(3 * u) - f(ORIGIN), 3 * (f(u) - f(ORIGIN)))),
                _holds(lambda f, u, v: (f(-3 * u) - f(ORIGIN), -3 * (f(u) - f(ORIGIN)))),
            ),
        ),
        Slip(
            "multiples only, and f(0) not taken away",
            "Your test asks for f(c * u) = c * f(u). Functions with a bias fail that, and np.abs "
            "would pass. Take f(0) away, and try sums.",
            (
                _holds(lambda f, u, v: (f(3 * u), 3 * f(u))),
                _holds(lambda f, u, v: (f(-3 * u), -3 * f(u))),
            ),
        ),
        Slip(
            "rounding counts as a difference",
            "Your test compares with ==, and rounding makes two sums differ in their last digit. "
            "Compare with np.allclose.",
            (
                _holds(_additive, same=np.array_equal),
                *_tried(_less(lambda f: f(ORIGIN)), same=np.array_equal),
                _holds(
                    lambda f, u, v: (f(u + v) - f(ORIGIN), f(u) - f(ORIGIN) + f(v) - f(ORIGIN)),
                    same=np.array_equal,
                ),
            ),
        ),
        Slip(
            "the same constant for every function",
            "Your test takes away one number, whatever the function. Each function has a constant "
            "of its own, f(np.zeros(3)): ask it.",
            (*_tried(_less(lambda f: -1)), _holds(_less(lambda f: 1), NORMAL[:1])),
        ),
        Slip(
            "f called with one number",
            "Your test calls f with one number. f takes an array of 3: f(0) on this page is "
            "f(np.zeros(3)).",
            _tried(_less(lambda f: f(0)), _less(lambda f: f(1))),
        ),
        Slip(
            "products in place of sums",
            "Your test asks for f(u * v) = f(u) * f(v), and x * x passes that. An affine function "
            "is one that keeps sums, once f(0) is taken away.",
            _tried(lambda f, u, v: (f(u * v), f(u) * f(v))),
        ),
        Slip(
            "only positive numbers tried",
            "Your test lets np.maximum(x, 0) and np.abs pass: all its inputs are positive, and a "
            "bend at 0 is never met. Try negative numbers too.",
            (_holds(_additive, POSITIVE),),
        ),
        Slip(
            "only 0 and 1 tried",
            "Your test lets x * x pass: it tries the inputs 0 and 1 only, and their squares are 0 "
            "and 1 again. Try other numbers, and negative ones.",
            (
                _holds(_additive, ONES),
                lambda f: np.allclose(f(np.ones(3)) + 2 * f(ORIGIN), sum(map(f, np.eye(3)))),
            ),
        ),
        Slip(
            "one input at a time",
            "Your test moves one input and leaves the others at 0. A product such as x[0] * x[1] "
            "passes that: move all of them.",
            (_holds(_additive, ALONE),),
        ),
        Slip(
            "only opposite inputs tried",
            "Your test compares u with -u. x**3 passes that, because both errors cancel: take two "
            "inputs that have nothing to do with each other.",
            (
                _holds(lambda f, u, v: (f(u) + f(-u), 2 * f(ORIGIN))),
                _holds(lambda f, u, v: (f(-u), -f(u))),
            ),
        ),
        Slip(
            "one output is enough",
            "Your test is content when one of the outputs, the first say, passes. All of them "
            "have to.",
            (
                _holds(lambda f, u, v: tuple(np.ravel(s)[0] for s in _additive(f, u, v))),
                lambda f: all(np.isclose(*_additive(f, u, v)).any() for u, v in NORMAL),
            ),
        ),
        Slip(
            "outputs added up",
            "Your test adds up the outputs before it compares. np.sort passes that: compare "
            "output by output.",
            (_holds(lambda f, u, v: tuple(np.sum(s) for s in _additive(f, u, v))),),
        ),
    ),
    hints=(
        "An affine function is a linear one plus a constant, and the constant is f(0). What is "
        "true of f(x) - f(0) that you can test?",
        "Draw u and v at random, negative numbers among them. Compare f(u + v) - f(0) with "
        "(f(u) - f(0)) + (f(v) - f(0)), and do so for twenty pairs.",
        "return False at the first pair for which np.allclose says no, and return True after the "
        "loop, not inside it.",
    ),
    points=2,
)
