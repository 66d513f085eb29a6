"""The usual wrong answers, made from a right one: nobody writes them for an exercise.

Most slips are the right answer with one thing changed: what it returns (an axis flipped, the last
place missing), what it is given (a weight transposed, a bias forgotten) or an option (the stride
ignored). kinds.py says how; the names of axes and arguments fill the names and sentences. A
sentence is true of every function that behaves so: it begins with what was observed, `{your}`
standing for "Your y", and ends with the thought that helps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip, Slips
from course_lib.engine.kinds import (
    ALONG,
    DIRECTION,
    DRESS,
    EXCHANGED,
    FACTORS,
    FLIPPED,
    IGNORED,
    MISREAD,
    NUMBER,
    OTHER,
    OVERWRITTEN,
    PAIRS,
    READ,
    REORDERED,
    RETURNED_INSIDE,
    SCALE,
    TIMES,
    TOGETHER,
    WHOLE,
    Kind,
)
from course_lib.engine.outcome import listed, told_apart
from course_lib.record import Array

Answer = Callable[..., Any]
Change = Callable[..., Any]


def usual(exercise: Exercise) -> Iterator[Slip]:
    """All of them for one exercise, the likeliest first."""
    if exercise.judge:
        return
    for part in exercise.returns:
        yield from forgotten_terms(exercise, part)
        yield from of_value(exercise, part)
        for argument in exercise.inputs.axes:
            yield from of_argument(exercise, part, argument)
        yield from of_pairs(exercise, part)
        for option in exercise.inputs.options:
            yield from of_option(exercise, part, option)
        yield from of_options(exercise, part)
    yield from swapped_returns(exercise)


def changed_value(exercise: Exercise, part: str, change: Change) -> Answer:
    """The right part after a change."""
    at = list(exercise.returns).index(part)
    return lambda *args: change(exercise.parts(exercise.reference(*args))[at])


def changed_arguments(exercise: Exercise, part: str, change: Change) -> Answer:
    """The part as it is for other arguments: a change of {name: value}."""
    at, names = list(exercise.returns).index(part), list(exercise.inputs.arguments)

    def answer(*args: Any) -> Any:
        given = dict(zip(names, args, strict=True))
        return exercise.parts(exercise.reference(*{**given, **change(given)}.values()))[at]

    return answer


def in_the_right_size(exercise: Exercise, part: str, answer: Answer) -> Answer:
    """As many places as the right part has: the shape is right, what is read is not."""
    at = list(exercise.returns).index(part)

    def fitted(*args: Any) -> Any:
        wrong, shape = answer(*args), np.shape(exercise.parts(exercise.reference(*args))[at])
        cut = np.asarray(wrong)[tuple(map(slice, shape))]
        return np.pad(cut, [(0, n - m) for n, m in zip(shape, cut.shape, strict=True)])

    return fitted if exercise.axes_of(part) else answer


def _filled(kinds: Iterable[Kind], **words: str) -> Iterator[Kind]:
    """The kinds with these words in their names and sentences."""
    for name, hint, changes in kinds:
        for word, text in words.items():
            name, hint = name.replace(f"{{{word}}}", text), hint.replace(f"{{{word}}}", text)
        yield name, hint, changes


def _subsets(items: Sequence[Any], at_most: int | None = None) -> Iterator[tuple[Any, ...]]:
    """All but the empty one, the small ones first."""
    for count in range(1, (at_most or len(items)) + 1):
        yield from itertools.combinations(items, count)


def _orders(count: int) -> list[tuple[int, ...]]:
    """Every order of some axes but their own."""
    return list(itertools.permutations(range(count)))[1:]


def _named(axes: Sequence[str], order: Sequence[int]) -> str:
    """The axes in this order; two of one name are told apart."""
    told = told_apart(axes)
    return f"({', '.join(told[i] for i in order)})"


def of_value(exercise: Exercise, part: str) -> Slips:
    """The right value with one thing done to it."""
    axes = exercise.axes_of(part)

    def slips(kinds: Iterable[Kind], *more: Any, **words: str) -> Slips:
        for name, hint, changes in _filled(kinds, **words):
            answers = (
                changed_value(exercise, part, lambda v, change=change: change(v, *more))
                for change in changes
            )
            yield Slip(name, hint, tuple(answers), part)

    yield from slips(() if axes else NUMBER)
    yield from slips(SCALE, direction=DIRECTION[_is_gradient(part)])
    yield from _divided(exercise, part)
    for at, axis in enumerate(axes):
        yield from slips(ALONG, at, axis=axis)
    for loops in _subsets(range(len(axes))):
        yield from slips([RETURNED_INSIDE], loops)
    for order in _orders(len(axes)):
        words = {"wrong": _named(axes, order), "right": _named(axes, range(len(axes)))}
        yield from slips(REORDERED, order, **words)
    yield from slips(DRESS)


def _is_gradient(part: str) -> bool:
    return part.startswith("d") and len(part) > 1


def _divided(exercise: Exercise, part: str) -> Slips:
    """The part divided by, or times, the length of an axis or of two: sums and means confused."""
    at, inputs = list(exercise.returns).index(part), exercise.inputs
    names = dict.fromkeys(a for axes in inputs.axes.values() for a in axes)
    names |= dict.fromkeys(a for p in exercise.returns for a in exercise.axes_of(p))

    def scaled(some: Sequence[str], power: int) -> Answer:
        def answer(*args: Any) -> Any:
            value = exercise.parts(exercise.reference(*args))[at]
            own = dict(zip(exercise.axes_of(part), np.shape(value), strict=True))
            return value * _product(some, {**inputs.sizes_of(args), **own}) ** power

        return answer

    given = next(filter(_is_gradient, inputs.axes), "dy")
    thought = (
        f"If the loss is a mean, {given} already contains the division; the way back adds up."
        if _is_gradient(part)
        else "Is it a sum or a mean that the task asks for?"
    )
    for some in _subsets(list(names), at_most=2):
        product = " * ".join(some)
        for power, word in ((-1, f"divided by {product}"), (1, f"times {product}")):
            hint = f"{{your}} is the right one {word}. {thought}"
            yield Slip(word, hint, (scaled(some, power),), part)


def _product(axes: Sequence[str], sizes: dict[str, int]) -> float:
    """A plain number, which keeps float32 what it is."""
    return float(np.prod([sizes[axis] for axis in axes]))


def summed(part: str, axes: str, summand: Callable[..., Array]) -> Callable[[Exercise], Slips]:
    """For a part that is a sum over some axes of an array: summed over others instead."""
    names = axes.split()

    def make(exercise: Exercise) -> Slips:
        kept = exercise.axes_of(part)
        right = tuple(i for i, name in enumerate(names) if name not in kept)
        over = " and ".join(names[i] for i in right)
        for wrong in ((), *_subsets(range(len(names)))):
            if wrong != right:
                yield Slip(
                    "summed over the wrong axes" if wrong else "not summed",
                    f"{{your}} is summed over {' and '.join(names[i] for i in wrong) or 'no axis'}."
                    f" It has one number for each {' and '.join(kept)}, so the sum is over {over}.",
                    (lambda *args, wrong=wrong: np.array(summand(*args)).sum(axis=wrong),),
                    part,
                )

    return make


def swapped_returns(exercise: Exercise) -> Slips:
    """The right parts in another order."""
    orders = _orders(len(exercise.returns))
    if orders:
        yield Slip(
            "returned in another order",
            f"Your {len(exercise.returns)} results are right but in another order. The task asks "
            f"for {', '.join(exercise.returns)}.",
            tuple(
                lambda *args, order=order: tuple(exercise.reference(*args)[i] for i in order)
                for order in orders
            ),
        )


def of_argument(exercise: Exercise, part: str, argument: str) -> Slips:
    """The right answer to another argument: what comes of reading it wrongly."""
    axes = exercise.inputs.axes[argument]

    def slips(kinds: Iterable[Kind], *more: Any, **words: str) -> Slips:
        for name, hint, changes in _filled(kinds, argument=argument, **words):
            answers = (
                changed_arguments(
                    exercise,
                    part,
                    lambda given, change=change: {argument: change(given[argument], *more)},
                )
                for change in changes
            )
            yield Slip(name, hint, tuple(answers), part)

    yield from slips(WHOLE)
    yield from _times(exercise, part, argument)
    for some in _subsets(range(len(axes))):
        along = " and ".join(axes[i] for i in some)
        yield from slips([FLIPPED, OVERWRITTEN], some, axis=along)
    for at, axis in enumerate(axes):
        yield from slips(READ, at, axis=axis)
    for order in _orders(len(axes)):
        words = {"wrong": _named(axes, order), "right": _named(axes, range(len(axes)))}
        yield from slips(MISREAD, order, **words)
    if not _is_gradient(part):  # a gradient's scale is told by what is returned
        yield from _counted(exercise, part, argument)


def _times(exercise: Exercise, part: str, argument: str) -> Slips:
    """The argument met once too often, or divided by."""
    at, names = list(exercise.returns).index(part), list(exercise.inputs.arguments)
    place = names.index(argument)
    for name, hint, (change,) in _filled(TIMES, argument=argument):

        def answer(*args: Any, change: Change = change) -> Any:
            return change(exercise.parts(exercise.reference(*args))[at], args[place])

        yield Slip(name, hint, (answer,), part)


def of_pairs(exercise: Exercise, part: str) -> Slips:
    """Two arguments mistaken together: after those mistaken alone, for one may not matter."""
    for argument, other in itertools.permutations(exercise.inputs.axes, 2):
        for name, hint, (change,) in _filled(PAIRS, argument=argument, other=other):
            changed = changed_arguments(
                exercise,
                part,
                lambda given, change=change, pair=(argument, other): dict(
                    zip(pair, change(*(given[name] for name in pair)), strict=True)
                ),
            )
            yield Slip(name, hint, (changed,), part)


def _counted(exercise: Exercise, part: str, argument: str) -> Slips:
    """An argument that counts as often as an axis is long, or is divided by that."""
    inputs = exercise.inputs
    names = dict.fromkeys(a for axes in inputs.axes.values() for a in axes)

    def scaled(some: Sequence[str], power: int) -> Answer:
        def change(given: dict[str, Any]) -> dict[str, Any]:
            factor = _product(some, inputs.sizes_of(tuple(given.values()))) ** power
            return {argument: given[argument] * factor}

        return changed_arguments(exercise, part, change)

    for some in _subsets(list(names), at_most=2):
        product = " * ".join(some)
        yield Slip(
            f"{argument} counted {product} times",
            f"{{your}} counts {argument} {product} times: it stands inside a loop that it does not "
            "depend on, or a sum stands for a mean. It belongs outside, once.",
            (scaled(some, 1),),
            part,
        )
        yield Slip(
            f"{argument} divided by {product}",
            f"{{your}} divides what comes of {argument} by {product}. Is it a sum or a mean that "
            "the task asks for?",
            (scaled(some, -1),),
            part,
        )


def of_option(exercise: Exercise, part: str, option: str) -> Slips:
    """The right answer for another value of an option, also cut or filled to the right size."""
    options = exercise.inputs.arguments
    plain = options[option][0]

    def slip(kind: Kind, change: Change, **words: str) -> Slip:
        ((name, hint, _),) = _filled([kind], option=option, plain=str(plain), **words)
        answer = changed_arguments(exercise, part, change)
        return Slip(name, hint, (answer, in_the_right_size(exercise, part, answer)), part)

    yield slip(IGNORED, lambda given: {option: plain})
    if type(plain) is not int:
        return
    yield slip(OTHER, lambda given: {option: given[option] + 1}, other=f"{option} + 1")
    yield slip(OTHER, lambda given: {option: given[option] - 1}, other=f"{option} - 1")
    yield slip(OTHER, lambda given: {option: 2 * given[option]}, other=f"2 * {option}")
    for other in exercise.inputs.options:
        if other != option and type(options[other][0]) is int:
            yield slip(OTHER, lambda given, other=other: {option: given[other]}, other=other)
            yield slip(
                EXCHANGED,
                lambda given, other=other: {option: given[other], other: given[option]},
                other=other,
            )


def of_options(exercise: Exercise, part: str) -> Slips:
    """Two or more options ignored together; all of them, and the answer is always the same."""
    arguments = exercise.inputs.arguments
    for some in _subsets(exercise.inputs.options):
        if len(some) > 1:
            plain = {option: arguments[option][0] for option in some}
            ((name, hint, _),) = _filled(
                [TOGETHER],
                options=listed(some),
                plain=listed([f"{option} {value}" for option, value in plain.items()]),
            )
            answer = changed_arguments(exercise, part, lambda given, plain=plain: plain)
            yield Slip(name, hint, (answer, in_the_right_size(exercise, part, answer)), part)


def forgotten_terms(exercise: Exercise, part: str) -> Slips:
    """For a part that is a sum: some of its terms forgotten, or one with another factor."""
    if part not in exercise.terms:
        return
    of = exercise.terms[part]
    words = list(of(*exercise.cases[0].values()))

    def less(lost: Sequence[str], times: float) -> Answer:
        def answer(*args: Any) -> Any:
            terms = of(*args)
            return sum(terms.values()) - times * sum(terms[word] for word in lost)

        return answer

    for lost in _subsets(words, at_most=len(words) - 1):
        both = listed(lost)
        yield Slip(
            f"{both} forgotten",
            f"{{your}} is right but for {both}, which it lacks. Every way on which the loss "
            "depends on the input gives a term; they add up.",
            (less(lost, 1),),
            part,
        )
    for word in words:
        for times, name, hint in FACTORS:
            yield Slip(
                name.replace("{term}", word),
                hint.replace("{term}", word),
                (less((word,), times),),
                part,
            )
