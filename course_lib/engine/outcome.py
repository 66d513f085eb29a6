"""What a function did with one case: its value, its exception, the inputs it changed."""

from __future__ import annotations

import linecache
import math
import textwrap
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.engine.aside import Printed, set_aside
from course_lib.engine.inputs import Case, clone
from course_lib.errors import so_many

_SINGLE = 1e-5  # of the largest value: what float32 may be off
_MIXED = 5e-7  # ... where a step in between was float32: four roundings
_LARGEST = 10**6  # numbers in an array; of a larger one the shape is enough
_ORDINALS = ("first", "second", "third", "fourth")
_LONGEST = 1000  # bits of an int; floats end there
_LEADS = {  # what leads out of an exception whose own words do not say it
    "object cannot be interpreted as an integer": (
        " Sizes and indices are whole numbers: / always gives a float, // an integer."
    ),
    "is read-only": " Write into a copy: array.copy().",
    "The truth value of an array": (
        " if asks for one True or False; np.where(condition, a, b) chooses for each number."
    ),
    "arrays can be converted to Python scalars": (
        " It takes one number at a time: call it for each, as np.vectorize(function)(array) does."
    ),
}
_NUMBERS = {float, *(kind for kind in np.sctypeDict.values() if np.dtype(kind).kind in "fiu")}


@dataclass(frozen=True)
class Foreign:
    """A value of a kind that no exercise asks for; only the name of its type is kept.

    A learner's object can claim to equal everything. It is never compared with anything.
    """

    type_name: str


@dataclass(frozen=True)
class Outcome:
    """What happened when a function was called with one case."""

    value: Any = None  # int, bool, array (a float is one of shape ()), a tuple of these, or Foreign
    error: BaseException | None = None
    line: str = ""  # the learner's line that raised, if its source is known
    began: bool = True  # False: the arguments did not fit, so none of its lines ran
    changed: tuple[str, ...] = ()  # arguments that are not what they were
    printed: str = ""


def run(function: Callable[..., Any], case: Case, *, parts: int = 1, shown: bool = True) -> Outcome:
    """Call `function` with copies of the case's values and record what happens.

    Only Ctrl-C gets through: everything else that a learner's function does becomes an outcome.
    Where several `parts` are asked for, a list of so many is as good as a tuple. What it displays
    appears only if it is to be `shown`.
    """
    given = {name: clone(value) for name, value in case.items()}
    printed, value, error = Printed(), None, None
    with set_aside(printed, shown):
        try:
            value = function(*given.values())
        except KeyboardInterrupt:
            raise
        except BaseException as caught:  # also exit() in a learner's function
            error = caught
    if type(value) is list and len(value) == parts > 1:
        value = tuple(value)
    changed = tuple(
        name
        for name, array in case.items()
        if isinstance(array, np.ndarray) and not _identical(array, given[name])
    )
    if error is None:
        return Outcome(plain(value), changed=changed, printed=printed.text())
    line = _line(error)
    traceback.clear_frames(error.__traceback__)  # what its variables hold may be large
    return Outcome(None, error, line or "", line is not None, changed, printed.text())


def plain(value: Any) -> Any:
    """A copy of `value` made of ints, bools, plain arrays and tuples; `Foreign` for the rest.

    Types are compared exactly, because a subclass can bring its own idea of equality; of an int
    or float of a kind of its own, and of a named tuple, what they are made of is kept. An integer
    in an array of shape () is an int. A huge array is not copied: its shape stands for it.

    Examples
    --------
    >>> plain((np.int64(3), np.array(3), 0.5, np.True_))
    (3, 3, array(0.5), True)
    >>> plain("3")
    Foreign(type_name='str')
    """
    if issubclass(type(value), tuple):
        return tuple(_plain_part(part) for part in tuple.__iter__(value))
    return _plain_part(value)


def _plain_part(value: Any) -> Any:
    kind = type(value)
    if kind is bool or kind is np.bool_:
        return bool(value)
    if issubclass(kind, int):
        value = int.__index__(value)
        if value.bit_length() < _LONGEST:
            return value
        return Foreign(f"int of about {round(value.bit_length() * math.log10(2))} digits")
    if issubclass(kind, float) and kind is not np.float64:
        value, kind = float.__float__(value), float
    if kind is not np.ndarray and not any(kind is number for number in _NUMBERS):
        return Foreign(_type_name(kind))
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        return Foreign(f"array of {array.dtype.name}")
    if array.size > _LARGEST:
        return np.broadcast_to(np.nan, array.shape)
    return int(array) if array.dtype.kind in "iu" and array.ndim == 0 else array.copy()


def structure_problem(answer: Any, expected: Any, names: tuple[str, ...]) -> tuple[str, str] | None:
    """("type" or "shape", a sentence that states both) where `answer` is not built as expected."""
    if not isinstance(expected, tuple):
        return _part_problem(answer, expected, names[0], alone=True)
    if type(answer) is not tuple or len(answer) != len(expected):
        parts = ", ".join(names)
        return "type", (
            f"It returns {describe(answer)}; expected a tuple ({parts}). Let it end with "
            f"return {parts}."
        )
    problems = map(_part_problem, answer, expected, names)
    return next((problem for problem in problems if problem), None)


def _part_problem(
    answer: Any, expected: Any, name: str, alone: bool = False
) -> tuple[str, str] | None:
    numbers = type(answer) is int and type(expected) is not bool and np.ndim(expected) == 0
    if type(answer) is not type(expected) and not numbers:
        remark = _remark(answer, expected, alone)
        return "type", f"{name} is {describe(answer)}; expected {describe(expected)}.{remark}"
    if _floats(answer) and answer.dtype.itemsize < 4:
        return "type", (
            f"{name} holds {answer.dtype.name}, which keeps three digits only. Compute in float64, "
            "NumPy's own dtype, or in float32."
        )
    if np.shape(answer) != np.shape(expected):
        return "shape", f"{name} has shape {np.shape(answer)}; expected shape {np.shape(expected)}."
    return None


def shape_lead(answer: Any, expected: Any, axes: Sequence[str]) -> str:
    """Which axes of a wrong shape are too long or too short, and what helps where that is known.

    Examples
    --------
    >>> shape_lead(np.ones((3, 3, 5)), np.ones((1, 1, 5)), ["N", "C", "L"])
    'N and C are too long.'
    """
    given, wanted, names = np.shape(answer), np.shape(expected), told_apart(axes)
    if len(given) != len(wanted) or len(names) != len(wanted):
        return f"Its axes are to be ({', '.join(names)})." if names else ""
    off = {"long": np.greater(given, wanted), "short": np.less(given, wanted)}
    said = [
        f"{listed([name for name, here in zip(names, where, strict=True) if here])} "
        f"{'is' if where.sum() == 1 else 'are'} too {how}"
        for how, where in off.items()
        if where.any()
    ]
    empty = " Is it cut by [n:-n]? Where n is 0 that is empty, for -0 is 0."
    return f"{listed(said)}.{empty if 0 in given else ''}"


def told_apart(axes: Sequence[str]) -> list[str]:
    """The names of some axes; two of one name are numbered.

    Examples
    --------
    >>> told_apart(["N", "N", "L"])
    ['first N', 'second N', 'L']
    """
    return [
        axis if axes.count(axis) == 1 else f"{_ORDINALS[at]} {axis}" for at, axis in enumerate(axes)
    ]


def listed(words: Sequence[str]) -> str:
    """As a sentence has them: a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _remark(answer: Any, expected: Any, alone: bool) -> str:
    """What leads out of a wrong type, where that is known."""
    given = describe(answer)
    if given == "None":
        return " Is a return missing?" if alone else ""
    if given == "a list" and np.ndim(expected):
        return " Wrap it in np.array(...)."
    if given == "an array of bool" and type(expected) is bool:
        return " One answer is asked for: array.all() is True where all of them are."
    if given.startswith("an array of ") and isinstance(answer, Foreign):
        return " Its elements must be real numbers: array.astype(float) makes them, if they are."
    return ""


def same(answer: Any, expected: Any, rtol: float) -> bool:
    """Whether two plain values have one structure and agree up to rounding."""
    if isinstance(expected, Foreign) or isinstance(answer, Foreign):
        return False
    if isinstance(expected, tuple) or isinstance(answer, tuple):
        return (
            isinstance(answer, tuple)
            and isinstance(expected, tuple)
            and len(answer) == len(expected)
            and all(same(a, e, rtol) for a, e in zip(answer, expected, strict=True))
        )
    if structure_problem(answer, expected, ("",)):
        return False
    return _near(answer, expected, rtol) or not differs(answer, expected, rtol).any()


def _near(answer: Any, expected: Any, rtol: float) -> bool:
    """Whether finite numbers are plainly the same: most are, and `differs` need not look closer."""
    if type(expected) is not np.ndarray:
        return bool(answer == expected)
    if not expected.size:
        return True
    with np.errstate(all="ignore"):
        scale = float(np.abs(expected).max())
        distance = float(np.abs(np.subtract(answer, expected, dtype=float)).max())
    return math.isfinite(scale) and distance <= rtol * scale


def differs(answer: Any, expected: Any, rtol: float) -> np.ndarray:
    """Where two arrays or numbers of one shape differ by more than rounding, as booleans."""
    with np.errstate(all="ignore"):
        a, e = np.asarray(answer, float), np.asarray(expected, float)
        scale = np.abs(e, where=np.isfinite(e), out=np.zeros_like(e)).max(initial=0.0) or 1.0
        distance = np.where((a == e) | (np.isnan(a) & np.isnan(e)), 0.0, np.abs(a - e))
        wrong = ~(distance <= rtol * scale)
        if (wrong & (distance <= max(rtol, _SINGLE) * scale)).any():  # the dtypes decide
            wrong = ~(distance <= _tolerance(answer, expected, rtol) * scale)
        return wrong


def _tolerance(answer: Any, expected: Any, rtol: float) -> float:
    """How far an answer may be off: as far as the dtypes it was computed in make it.

    float32 leaves its traces also in a result that is float64 again: numbers that all fit into
    float32, or seven right digits and then noise. Without such noise, numbers that end after a few
    decimals were rounded, which is not right.
    """
    if _is_single(answer) or _is_single(expected):
        return max(rtol, _SINGLE)
    if not _floats(answer):
        return rtol
    if np.array_equal(answer, answer.astype(np.float32), equal_nan=True):
        return max(rtol, _SINGLE)
    ends = np.array_equal(answer, answer.round(7), equal_nan=True)
    return rtol if ends else max(rtol, _MIXED)


def dtype_problem(name: str, answer: Any, expected: Any) -> str | None:
    """A sentence where integers cannot hold what was expected; for values that differ."""
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "iu":
        return None
    held, wanted = np.iinfo(answer.dtype), np.asarray(expected)
    below = wanted.min(initial=0) < held.min
    if below or wanted.max(initial=0) > held.max:
        lost, found = (held.min - 1, held.max) if below else (held.max + 1, held.min)
        return (
            f"{name} holds {answer.dtype.name}, which reaches from {held.min} to {held.max}: "
            f"{lost} comes out as {found}. Make the array with a floating dtype, as "
            "np.zeros(shape) does."
        )
    if wanted.dtype.kind == "f" and (wanted != np.round(wanted)).any():
        return (
            f"{name} holds {answer.dtype.name}, which cuts the decimals off; make the array "
            "with a floating dtype, as np.zeros(shape) does."
        )
    return None


def nan_problem(name: str, answer: Any, expected: Any) -> str | None:
    """A sentence where there is nan and a number was expected: what makes it is soon said."""
    with np.errstate(all="ignore"):
        if (np.isnan(np.asarray(answer, float)) & ~np.isnan(np.asarray(expected, float))).any():
            return f"{name} holds nan, which is no number: 0 / 0, inf - inf and 0 * inf give it."
    return None


def describe(value: Any) -> str:
    """A plain value's type and shape in words, without its numbers.

    Examples
    --------
    >>> describe(np.zeros((2, 3)))
    'an array of shape (2, 3)'
    >>> describe((1, 2.5))
    'a tuple of 2 values'
    """
    if isinstance(value, tuple):
        return f"a tuple of {so_many(len(value), 'value')}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a float"
    name = value.type_name if isinstance(value, Foreign) else type(value).__name__
    if name == "NoneType":
        return "None"
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def said_by(error: BaseException) -> str:
    """An exception as Python prints it, on one line that is not endless: "KeyError: 'x'"."""
    try:
        printed = "".join(traceback.format_exception_only(error))
    except Exception:  # an exception of the learner's may raise when it is looked at
        printed = _type_name(type(error))
    return textwrap.shorten(printed, 300, placeholder=" …").rstrip(".")


def lead_from(error: BaseException) -> str:
    """What helps where an exception's own words do not, or nothing.

    Examples
    --------
    >>> lead_from(ValueError("assignment destination is read-only"))
    ' Write into a copy: array.copy().'
    """
    said = said_by(error)
    return next((lead for words, lead in _LEADS.items() if words in said), "")


def _line(error: BaseException) -> str | None:
    """The deepest line in the file or cell of the function that was called; None if none ran."""
    called = error.__traceback__.tb_next if error.__traceback__ else None
    if called is None:
        return None
    own = called.tb_frame.f_code.co_filename
    numbers = [n for frame, n in traceback.walk_tb(called) if frame.f_code.co_filename == own]
    return linecache.getline(own, numbers[-1]).strip()


def _type_name(kind: type) -> str:
    """The name that a class was given; its metaclass may have another idea."""
    return str(type.__dict__["__name__"].__get__(kind))


def _floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _is_single(value: Any) -> bool:
    return _floats(value) and value.dtype.itemsize == 4


def _identical(before: np.ndarray, after: np.ndarray) -> bool:
    return before.shape == after.shape and before.tobytes() == after.tobytes()
