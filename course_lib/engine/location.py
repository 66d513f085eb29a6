"""Where an answer fails that no slip explains: the smallest condition that holds exactly there."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.engine.inputs import Case, Inputs

Numbers = Mapping[str, Any]  # the name of an axis or of an option -> what it is in a case


@dataclass(frozen=True)
class Condition:
    """What may hold in a case or not, in words both ways."""

    words: str
    otherwise: str
    holds: tuple[bool, ...]  # for each case


def located(inputs: Inputs, cases: Sequence[Case], failing: Collection[int]) -> str:
    """Where an exercise's failing cases lie among all, in a sentence; "" if no condition fits."""
    if not inputs.arguments:
        return ""
    numbers = [
        {**inputs.sizes_of(list(case.values())), **{name: case[name] for name in inputs.options}}
        for case in cases
    ]
    names = [name for name in numbers[0] if not name.isdigit()]
    plain = {n: inputs.arguments[n][0] if n in inputs.options else 1 for n in names}
    return locate(numbers, failing, plain, list(_of_arrays(cases, numbers))) or ""


def locate(
    numbers: Sequence[Numbers],
    failing: Collection[int],
    plain: Mapping[str, Any],
    more: Sequence[Condition] = (),
) -> str | None:
    """A sentence on the smallest condition that holds exactly in the failing cases, or None.

    Parameters
    ----------
    numbers : each case's sizes and options by name
    failing : the indices of the cases that came out wrong
    plain : every name's plain value: 1 for a size, the option's first value
    more : conditions that are not about sizes and options

    Examples
    --------
    >>> cases = [{"stride": s, "padding": p} for s in (1, 2, 3) for p in (0, 1)]
    >>> locate(cases, {2, 3, 4, 5}, {"stride": 1, "padding": 0})
    'It is right wherever stride is 1, and wrong wherever stride is larger than 1.'
    >>> locate(cases, {3, 5}, {"stride": 1, "padding": 0})
    'It is wrong exactly where stride is larger than 1 and padding is larger than 0.'
    """
    wanted = tuple(index in failing for index in range(len(numbers)))
    if all(wanted):
        return "It is wrong in every case, the plainest one included." if len(numbers) > 1 else None
    single = [*_from_plain(numbers, plain), *more]
    for one in (*single, *_compared(numbers, plain)):
        if one.holds == wanted:
            return f"It is right wherever {one.otherwise}, and wrong wherever {one.words}."
        if tuple(not held for held in one.holds) == wanted:
            return f"It is right wherever {one.words}, and wrong wherever {one.otherwise}."
    words = next(_pairs(single, wanted), None)
    return words and f"It is wrong exactly where {words}."


def _from_plain(numbers: Sequence[Numbers], plain: Mapping[str, Any]) -> Iterator[Condition]:
    """For every size and option: whether it differs from its plain value."""
    for name, least in plain.items():
        column = [case[name] for case in numbers]
        counts = all(type(value) is int and value >= least for value in column)
        holds = tuple(value != least for value in column)
        beyond = f"{name} is larger than {least}" if counts else f"{name} is {_other(least)}"
        yield Condition(beyond, f"{name} is {least}", holds)


def _other(value: Any) -> str:
    return str(not value) if isinstance(value, bool) else f"not {value}"


def _compared(numbers: Sequence[Numbers], plain: Mapping[str, Any]) -> Iterator[Condition]:
    """For every two whole numbers: whether they differ, and which is the larger."""
    counts = [n for n in plain if all(type(case[n]) is int for case in numbers)]
    for a, b in itertools.combinations(counts, 2):
        pairs = [(case[a], case[b]) for case in numbers]
        yield Condition(f"{a} ≠ {b}", f"{a} = {b}", tuple(x != y for x, y in pairs))
        yield Condition(f"{a} > {b}", f"{a} ≤ {b}", tuple(x > y for x, y in pairs))
        yield Condition(f"{a} < {b}", f"{a} ≥ {b}", tuple(x < y for x, y in pairs))


def _pairs(conditions: Sequence[Condition], wanted: tuple[bool, ...]) -> Iterator[str]:
    """Two conditions that explain the failures together, where more than one case bears it out."""
    if min(sum(wanted), len(wanted) - sum(wanted)) < 2:
        return
    turned = [Condition(c.otherwise, c.words, tuple(not h for h in c.holds)) for c in conditions]
    for one, two in itertools.combinations([*conditions, *turned], 2):
        both, any_ = np.logical_and(one.holds, two.holds), np.logical_or(one.holds, two.holds)
        if tuple(both) == wanted:
            yield f"{one.words} and {two.words}"
        if tuple(any_) == wanted:
            yield f"{one.words} or {two.words}"


def _of_arrays(cases: Sequence[Case], numbers: Sequence[Numbers]) -> Iterator[Condition]:
    """How the numbers come: their memory order, their dtype, or once more."""
    arrays = [name for name, value in cases[0].items() if isinstance(value, np.ndarray)]
    turned = [{name for name in arrays if not case[name].flags.c_contiguous} for case in cases]
    for name in arrays:
        yield Condition(
            f"{name} lies in another order in memory, as transposed or reversed views do",
            f"{name} lies row by row in memory",
            tuple(name in names for names in turned),
        )
    yield Condition(
        "some array lies in another order in memory, as transposed or reversed views do",
        "every array lies row by row in memory",
        tuple(map(bool, turned)),
    )
    yield Condition(
        "an array is float32",
        "the arrays are float64",
        tuple(any(case[name].dtype == np.float32 for name in arrays) for case in cases),
    )
    yield Condition(
        "an earlier call had the same ones (is its result kept?)",
        "the sizes and options are new",
        tuple(case in list(numbers)[:index] for index, case in enumerate(numbers)),
    )
