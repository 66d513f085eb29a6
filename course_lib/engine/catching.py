"""How many of an exercise's known wrong answers one input of the learner's tells from the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np

from course_lib.engine.aside import quiet
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Case, Inputs, clone
from course_lib.engine.outcome import describe, listed, plain, run, said_by, same
from course_lib.engine.report import fill, paragraph
from course_lib.engine.slips import usual
from course_lib.errors import so_many

_NAMED = 4  # kinds that are named; a longer list is not read
_DRAWS = 40  # of an argument with a rule of its own, to see what it may hold


@dataclass(frozen=True)
class Catch:
    """What one input catches: a kind counts if each wrong answer of it differs from the right one.

    Parameters
    ----------
    exercise : the exercise's name
    caught, alive : the names of the kinds that the input tells from the right answer, and of those
        that give what the right answer gives
    """

    exercise: str
    caught: tuple[str, ...]
    alive: tuple[str, ...]

    @property
    def _title(self) -> str:
        return f"catch {self.exercise}: {len(self.caught)} of {so_many(self.known, 'kind')} caught"

    @property
    def known(self) -> int:
        """How many kinds of wrong answers are known."""
        return len(self.caught) + len(self.alive)

    @property
    def _words(self) -> str:
        if not self.alive:
            return "No known kind of wrong answer gives on this input what the right one gives."
        more = len(self.alive) - _NAMED
        names = [f"“{name}”" for name in self.alive[:_NAMED]] + [f"{more} more"] * (more > 0)
        be = "is" if len(self.alive) == 1 else "are"
        return (
            f"Still alive {be} {listed(names)}: on this input they give what the right answer "
            "gives. What could you change in it so that one of them gives something else?"
        )

    def __str__(self) -> str:
        return "\n".join([self._title, *fill(self._words)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            f'<div role="group" aria-label="{escape(self._title)}">'
            f'<p style="margin: 4px 0;"><strong>{escape(self._title.capitalize())}</strong></p>'
            f"{paragraph(self._words)}</div>"
        )


def caught(exercise: Exercise, given: Mapping[str, Any]) -> Catch:
    """What an input catches.

    Raises
    ------
    ValueError     if the exercise may not be called so; the sentence says why
    """
    if exercise.judge:
        raise ValueError(
            f"catch: {exercise.name} has many right answers, so no input tells a wrong one from "
            "the right one. Choose an exercise with arguments."
        )
    case = legal(exercise, given)
    exercise = replace(exercise, right=_remembered(exercise.reference))
    alive: dict[str, bool] = {}
    with quiet():
        tried, right = [*zip(exercise.cases, exercise.wanted, strict=True)], exercise.expected(case)
        for slip in (*exercise.own_slips(), *usual(exercise)):
            told = [
                _differs(exercise, slip, answer, case, right)
                for answer in slip.answers
                # who only raises has no answer
                if any(_differs(exercise, slip, answer, *pair, raised=False) for pair in tried)
            ]
            if told:
                name = slip.name if len(exercise.returns) == 1 else _with_part(slip)
                alive[name] = alive.get(name, False) or not all(told)
    return Catch(
        exercise.name,
        tuple(name for name, lives in alive.items() if not lives),
        tuple(name for name, lives in alive.items() if lives),
    )


def _with_part(slip: Slip) -> str:
    return f"{slip.part}: {slip.name}" if slip.part else slip.name


def _remembered(right: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called once for each input: most wrong answers are made from the right one.

    Each gets a copy of its own, which it may change.
    """
    known: dict[Any, Any] = {}

    def remembered(*args: Any) -> Any:
        key = tuple(
            (v.dtype.str, v.shape, v.tobytes()) if isinstance(v, np.ndarray) else (type(v), v)
            for v in args
        )
        try:
            is_new = key not in known
        except TypeError:  # a list is no key of a dictionary
            return right(*args)
        if is_new:
            known[key] = deepcopy(right(*args))  # it may be a part of what was given
        return deepcopy(known[key])

    return remembered


def _differs(
    exercise: Exercise,
    slip: Slip,
    answer: Callable[..., Any],
    case: Case,
    right: Any,
    raised: bool = True,
) -> bool:
    """Whether a wrong answer gives something else than the right one; `raised` if it raises."""
    try:
        value = plain(answer(*map(clone, case.values())))
    except Exception:
        return raised
    if slip.part:
        right = exercise.parts(right)[list(exercise.returns).index(slip.part)]
    return not same(value, right, exercise.rtol)


# --------------------------------------------------------------------------- what may be given


def legal(exercise: Exercise, given: Mapping[str, Any]) -> Case:
    """The call that is meant, its arrays as float64 where the exercise's are.

    Raises
    ------
    ValueError     if it is none by the exercise's own rules: culprit, rule and remedy
    """
    inputs, call = exercise.inputs, f"catch({exercise.name}, ...)"
    wanted = list(inputs.arguments)
    wrong = [f"{name} is none of them" for name in given if name not in wanted]
    wrong += [f"{name} is missing" for name in wanted if name not in given]
    if wrong:
        raise ValueError(
            f"{call}: one input gives {listed(wanted)}, each by its name; {listed(wrong)}."
        )
    arrays = {name: _array(call, name, given[name], inputs.axes[name]) for name in inputs.axes}
    options = {name: _option(call, inputs, name, given[name]) for name in inputs.options}
    numbers = _numbers(call, inputs, arrays, options)
    for name in set(arrays) & set(inputs.values):
        arrays[name] = _like_drawn(call, inputs, numbers, name, arrays[name])
    case = {name: {**arrays, **options}[name] for name in wanted}
    with quiet():
        outcome = run(exercise.reference, case, parts=len(exercise.returns), shown=False)
    if outcome.error is not None:
        raise ValueError(
            f"{call}: the right answer raises {said_by(outcome.error)} here. Give an input that "
            "has an answer."
        )
    return case


def _array(call: str, name: str, value: Any, axes: Sequence[str]) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{call}: {name} holds numbers, with the axes ({', '.join(axes)}); what is given is "
            f"{describe(value) if np.ndim(array) == 0 else 'an array of something else'}."
        )
    if array.ndim != len(axes):
        raise ValueError(
            f"{call}: {name} has the axes ({', '.join(axes)}), so {len(axes)} of them; what is "
            f"given has shape {array.shape}. An axis can be 1 long."
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{call}: {name} holds nan or inf. Give finite numbers.")
    return array.astype(float)


def _option(call: str, inputs: Inputs, name: str, value: Any) -> Any:
    """An option as given; one that is a number or a word must be among those that it may take."""
    may = inputs.arguments[name]
    value = value.item() if isinstance(value, np.generic) else value
    simple = all(isinstance(v, bool | int | float | str) for v in may)
    if simple and not any(type(value) is type(v) and value == v for v in may):
        raise ValueError(f"{call}: {name} may be {_range(may)}, not {value!r}.")
    return value


def _numbers(
    call: str, inputs: Inputs, arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]
) -> Mapping[str, Any]:
    """How long every axis is, with the options and what follows; arrays must agree on an axis."""
    lengths: dict[str, int] = {}
    for name, array in arrays.items():
        for axis, n in zip(inputs.axes[name], array.shape, strict=True):
            wanted = int(axis) if axis.isdigit() else lengths.setdefault(axis, n)
            if n != wanted:
                raise ValueError(
                    f"{call}: {name} has shape {array.shape}, and its axis {axis} is {wanted} long "
                    f"({name}: {', '.join(inputs.axes[name])})."
                )
            if axis in inputs.choices and n not in inputs.choices[axis]:
                may = _range(inputs.choices[axis])
                raise ValueError(f"{call}: {name} has {axis} = {n}; {axis} may be {may} here.")
    free = {n: v for n, v in {**lengths, **options}.items() if n in inputs.choices}
    numbers = inputs.complete(free)
    if numbers is None:
        told = ", ".join(f"{n} = {v}" for n, v in free.items())
        raise ValueError(
            f"{call}: the checks make no such call, with {told}. {_way_out(inputs, free)}"
        )
    for axis, n in lengths.items():
        if numbers.get(axis, n) != n:
            raise ValueError(
                f"{call}: {axis} is {n}, but it follows from the others: make it {numbers[axis]}."
            )
    return numbers


def _way_out(inputs: Inputs, free: Mapping[str, Any]) -> str:
    """The first single number that makes a call of what is none."""
    for name, values in inputs.choices.items():
        for value in values:
            if inputs.complete({**free, name: value}):
                return f"With {name} = {value} they do."
    return "Change two of them, or begin with the case that check shows."


def _like_drawn(
    call: str, inputs: Inputs, numbers: Mapping[str, Any], name: str, array: np.ndarray
) -> np.ndarray:
    """The array in the dtype of those that the exercise draws, within what those show."""
    rng = np.random.default_rng(0)
    drawn = [np.asarray(inputs.call(rng, dict(numbers))[name]) for _ in range(_DRAWS)]
    least, most = min(d.min() for d in drawn), max(d.max() for d in drawn)
    if drawn[0].dtype.kind in "biu":
        wrong = (array != array.round()) | (array < least) | (array > most)
        rule = f"whole numbers from {least} to {most}"
    else:
        wrong = (array < 0) & (least >= 0) | (array > 1) & (least >= 0) & (most <= 1)
        rule = "numbers from 0 to 1" if most <= 1 else "no number below 0"
    if wrong.any():
        raise ValueError(f"{call}: {name} holds {array[wrong][0]:g}; here it holds {rule}.")
    return array.astype(drawn[0].dtype)


def _range(values: Sequence[Any]) -> str:
    """The values as a sentence has them: "1 to 3", "0.5, 0.2 or 0.75"."""
    several = sorted(set(values)) if all(type(v) is int for v in values) else list(values)
    if len(several) > 2 and several == list(range(several[0], several[-1] + 1)):
        return f"{several[0]} to {several[-1]}"
    return " or ".join(filter(None, [", ".join(map(repr, several[:-1])), repr(several[-1])]))
