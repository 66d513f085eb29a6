"""What a function did with one case: its value, its exception, the inputs it changed."""

from __future__ import annotations

import contextlib
import io
import linecache
import textwrap
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.engine.exercise import Case

# A coarse dtype rounds more, so its answers may be further off (relative to the largest value).
_RTOL = {2: 1e-2, 4: 1e-5}  # bytes of a float -> relative tolerance
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

    value: Any = None  # int, array (a float is an array of shape ()), a tuple of these, or Foreign
    error: BaseException | None = None
    line: str = ""  # the learner's line that raised, if its source is known
    began: bool = True  # False: the arguments did not fit, so none of its lines ran
    changed: tuple[str, ...] = ()  # arguments that are not what they were
    printed: str = ""


def run(function: Callable[..., Any], case: Case) -> Outcome:
    """Call `function` with copies of the case's values and record what happens.

    Only Ctrl-C gets through: everything else that a learner's function does becomes an outcome.
    """
    given = {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in case.items()
    }
    printed = io.StringIO()
    value: Any = None
    error: BaseException | None = None
    line, began = "", True
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            value = plain(function(*given.values()))
        except KeyboardInterrupt:
            raise
        except BaseException as caught:  # also exit() in a learner's function
            error, line = caught, learners_line(function, caught)
            began = not caught.__traceback__ or caught.__traceback__.tb_next is not None
    changed = tuple(
        name
        for name, array in case.items()
        if isinstance(array, np.ndarray) and not _identical(array, given[name])
    )
    return Outcome(value, error, line, began, changed, printed.getvalue())


def plain(value: Any) -> Any:
    """A copy of `value` made of ints, plain arrays and tuples; `Foreign` for the rest.

    Types are compared exactly, because a subclass can bring its own idea of equality. Of a named
    tuple only the parts are kept; an integer in an array of shape () is an int.

    Examples
    --------
    >>> plain((np.int64(3), np.array(3), 0.5))
    (3, 3, array(0.5))
    >>> plain(True)
    Foreign(type_name='bool')
    """
    kind = type(value)
    if issubclass(kind, tuple):
        return tuple(plain(part) for part in tuple.__iter__(value))
    if kind is int:
        return value
    if kind not in _NUMBERS and kind is not np.ndarray:
        return Foreign(kind.__name__)
    array = np.array(value)
    if array.dtype.kind not in "fiu":
        return Foreign(f"array of {array.dtype.name}")
    return int(array) if array.dtype.kind in "iu" and array.ndim == 0 else array


def structure_problem(answer: Any, expected: Any, names: tuple[str, ...]) -> tuple[str, str] | None:
    """("type" or "shape", a sentence that states both) where `answer` is not built as expected."""
    if isinstance(expected, tuple):
        if type(answer) is not tuple or len(answer) != len(expected):
            parts = ", ".join(names)
            return "type", (
                f"It returns {describe(answer)}; expected a tuple ({parts}). Let it end with "
                f"return {parts}."
            )
        problems = (
            structure_problem(part, wanted, (name,))
            for part, wanted, name in zip(answer, expected, names, strict=True)
        )
        return next((problem for problem in problems if problem), None)
    if not (isinstance(answer, type(expected)) or (type(answer) is int and np.ndim(expected) == 0)):
        given = describe(answer)
        remark = " Is a return missing?" if given == "None" else ""
        if given == "a list" and np.ndim(expected):
            remark = " Wrap it in np.array(...)."
        return "type", f"{names[0]} is {given}; expected {describe(expected)}.{remark}"
    if np.shape(answer) != np.shape(expected):
        return "shape", (
            f"{names[0]} has shape {np.shape(answer)}; expected shape {np.shape(expected)}."
        )
    return None


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
    return not differs(answer, expected, rtol).any()


def differs(answer: Any, expected: Any, rtol: float) -> np.ndarray:
    """Where two arrays or numbers of one shape differ by more than rounding, as booleans."""
    tolerance = max([rtol, *(_RTOL.get(v.itemsize, 0.0) for v in (answer, expected) if _floats(v))])
    a, e = np.asarray(answer, float), np.asarray(expected, float)
    scale = np.abs(e, where=np.isfinite(e), out=np.zeros_like(e)).max(initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):
        return ~((np.abs(a - e) <= tolerance * scale) | (a == e) | (np.isnan(a) & np.isnan(e)))


def cuts_decimals(answer: Any, expected: Any) -> bool:
    """Whether integers were given where decimals were expected: usually an array of dtype int."""
    return (
        isinstance(answer, np.ndarray)
        and answer.dtype.kind in "iu"
        and isinstance(expected, np.ndarray)
        and expected.dtype.kind == "f"
    )


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
        return f"a tuple of {len(value)} values"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a float"
    name = value.type_name if isinstance(value, Foreign) else type(value).__name__
    if name == "NoneType":
        return "None"
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def said_by(error: BaseException) -> str:
    """An exception as Python prints it, on one line that is not endless: "KeyError: 'x'"."""
    printed = "".join(traceback.format_exception_only(error))
    return textwrap.shorten(printed, 300, placeholder=" …").rstrip(".")


def learners_line(function: Callable[..., Any], error: BaseException) -> str:
    """The deepest line of the learner's own file or cell in the traceback, as source."""
    own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [
        linecache.getline(frame.filename, frame.lineno or 0).strip()
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == own_file
    ]
    return lines[-1] if lines else ""


def _floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _identical(before: np.ndarray, after: np.ndarray) -> bool:
    return before.shape == after.shape and before.tobytes() == after.tobytes()
