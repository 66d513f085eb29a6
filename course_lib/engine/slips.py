"""The usual wrong answers, made from a right one: nobody writes them for an exercise.

Most slips are the right answer with one thing changed: what it returns (an axis flipped, the last
place missing), what it is given (a weight transposed, a bias forgotten) or an option (the stride
ignored). The tables say how; the names of axes and arguments fill the names and sentences. A
sentence is true of every function that behaves so: it begins with what was observed, `{your}`
standing for "Your y", and ends with the thought that helps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip, Slips
from course_lib.record import Array

Answer = Callable[..., Any]
Change = Callable[..., Any]
Kind = tuple[str, str, tuple[Change, ...]]  # name, hint, ways of making it


def usual(exercise: Exercise) -> Iterator[Slip]:
    """All of them for one exercise, the likeliest first."""
    if exercise.judge:
        return
    for part in exercise.returns:
        yield from forgotten_terms(exercise, part)
        yield from of_value(exercise, part)
        for argument in exercise.inputs.axes:
            yield from of_argument(exercise, part, argument)
        for option in exercise.inputs.options:
            yield from of_option(exercise, part, option)
    yield from swapped_returns(exercise)


# --------------------------------------------------------------------- how a change is carried out


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
    return f"({', '.join(axes[i] for i in order)})"


def _cut(array: Array, axis: int, which: slice) -> Array:
    return array[(slice(None),) * axis + (which,)]


def _kept(array: Array, axes: Sequence[int], which: slice) -> Array:
    """Zeros but for the given places along some axes."""
    index = tuple(which if axis in axes else slice(None) for axis in range(array.ndim))
    only = np.zeros_like(array)
    only[index] = array[index]
    return only


def _without(array: Array, axis: int, place: int) -> Array:
    """Zero at one place along an axis."""
    less = array.copy()
    np.moveaxis(less, axis, 0)[place] = 0
    return less


def _repeated(array: Array, axis: int, place: slice) -> Array:
    """The numbers of one place everywhere along an axis."""
    return np.broadcast_to(_cut(array, axis, place), array.shape).copy()


def _longer(array: Array, axis: int, before: int, after: int) -> Array:
    return np.pad(array, [(before, after) if i == axis else (0, 0) for i in range(array.ndim)])


FIRST, LAST = slice(1), slice(-1, None)


# ------------------------------------------------------------------------------ what is returned

NUMBER: tuple[Kind, ...] = (
    (
        "a float instead of an int",
        "{your} is the right number but a float, which cannot be a shape: np.zeros(3.0) fails. "
        "Divide with //, or wrap the result in int(...).",
        (lambda v: float(v) if isinstance(v, int) else v,),
    ),
    (
        "one too many",
        "{your} is one too many in every case. Try the smallest case by hand.",
        (lambda v: v + 1,),
    ),
    (
        "one too few",
        "{your} is one too few in every case. Try the smallest case by hand.",
        (lambda v: v - 1,),
    ),
)

SCALE: tuple[Kind, ...] = (
    (
        "opposite sign",
        "{your} has the opposite sign. {direction}",
        (lambda v: -v,),
    ),
    (
        "twice as large",
        "{your} is twice the right one. Is something counted twice, or a factor left out?",
        (lambda v: 2 * v,),
    ),
    (
        "half as large",
        "{your} is half the right one. Is something left out, or divided twice?",
        (lambda v: v / 2,),
    ),
)

ALONG: tuple[Kind, ...] = (  # changes of (value, axis)
    (
        "{axis} backwards",
        "{your} is right but runs backwards along {axis}. Let the index of what is read and of "
        "what is written grow in the same direction.",
        (np.flip,),
    ),
    (
        "the last {axis} is missing",
        "{your} ends one place early along {axis}. range(n) already stops before n: count the "
        "places of the smallest case by hand.",
        (lambda v, at: _cut(v, at, slice(-1)), lambda v, at: _without(v, at, -1)),
    ),
    (
        "the first {axis} is missing",
        "{your} lacks its first place along {axis}. Python counts from 0.",
        (lambda v, at: _cut(v, at, slice(1, None)), lambda v, at: _without(v, at, 0)),
    ),
    (
        "one {axis} too many",
        "{your} has one place too many along {axis}, and it is 0: nothing belongs there.",
        (lambda v, at: _longer(v, at, 0, 1), lambda v, at: _longer(v, at, 1, 0)),
    ),
    (
        "only the first {axis}",
        "{your} uses the first place along {axis} alone. Every place has numbers of its own.",
        (lambda v, at: _repeated(v, at, FIRST), lambda v, at: _cut(v, at, FIRST)),
    ),
    (
        "only the last {axis}",
        "{your} has its last place along {axis} alone: each round forgets what those before it "
        "wrote. Make the result once, before the loop.",
        (
            lambda v, at: _kept(v, (at,), LAST),
            lambda v, at: _repeated(v, at, LAST),
            lambda v, at: _cut(v, at, LAST),
        ),
    ),
    (
        "{axis} summed away",
        "{your} is summed or averaged over {axis}. Each place along {axis} has a result of its "
        "own: leave that axis out of the sum.",
        (
            lambda v, at: v.sum(axis=at),
            lambda v, at: v.mean(axis=at),
            lambda v, at: v.sum(axis=at, keepdims=True),
            lambda v, at: v.mean(axis=at, keepdims=True),
            lambda v, at: np.broadcast_to(v.sum(axis=at, keepdims=True), v.shape),
        ),
    ),
)

RETURNED_INSIDE: Kind = (
    "return inside a loop",
    "{your} is right in its first values and 0 in the others: the return stands inside a loop and "
    "ends it in its first round. Move it to the left, below all loops.",
    (lambda v, loops: _kept(v, loops, FIRST),),
)

REORDERED: tuple[Kind, ...] = (  # changes of (value, order)
    (
        "axes in another order",
        "{your} is right but its axes come in the order {wrong}; the task asks for {right}. "
        "transpose puts them in order.",
        (np.transpose,),
    ),
    (
        "reshape where transpose belongs",
        "{your} has the right numbers at the wrong places. reshape reads on in memory and "
        "exchanges no axes: where the numbers lie as {wrong}, transpose them.",
        (lambda v, order: v.transpose(order).reshape(v.shape),),
    ),
)

DRESS: tuple[Kind, ...] = (
    (
        "one axis too many",
        "{your} is right but has an axis of length 1 too many. Leave out keepdims=True or the "
        "index None, or take the axis away with reshape.",
        tuple(lambda v, at=at: np.expand_dims(v, at) for at in (0, -1, 1)),
    ),
    (
        "an axis of length 1 lost",
        "{your} is right but for an axis of length 1 that it has lost: squeeze takes every such "
        "axis away, also those that the task asks for.",
        (lambda v: np.squeeze(v) if np.ndim(v) else v,),
    ),
    *(
        (
            f"rounded to {decimals} decimals",
            f"{{your}} is the right one rounded to {decimals} decimals. Round where numbers are "
            "shown; what is computed with keeps them all.",
            (lambda v, decimals=decimals: np.round(v, decimals),),
        )
        for decimals in range(8)
    ),
    (
        "decimals cut off",
        "{your} has lost what stands behind the point. Is an array of whole numbers written into? "
        "np.zeros(shape) makes one of floats.",
        (np.trunc,),
    ),
    (
        "signs lost",
        "{your} has the right sizes, all of them positive. Where do abs or a square come in?",
        (np.abs,),
    ),
)


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
    yield from slips(SCALE, direction=_DIRECTION[_is_gradient(part)])
    yield from _divided(exercise, part)
    for at, axis in enumerate(axes):
        yield from slips(ALONG, at, axis=axis)
    for loops in _subsets(range(len(axes))):
        yield from slips([RETURNED_INSIDE], loops)
    for order in _orders(len(axes)):
        words = {"wrong": _named(axes, order), "right": _named(axes, range(len(axes)))}
        yield from slips(REORDERED, order, **words)
    yield from slips(DRESS)


_DIRECTION = {
    True: "The way back says in which direction the loss grows; the step against it is the "
    "optimizer's.",
    False: "Which of two things is taken from the other?",
}


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

    thought = (
        "If the loss is a mean, dy already contains the division; the way back adds up."
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


# --------------------------------------------------------------------------------- what is given

WHOLE: tuple[Kind, ...] = (
    (
        "{argument} forgotten",
        "{your} equals the right one for {argument} = 0: {argument} is not used, or what it gives "
        "is lost. Where does it stand in the task's formula?",
        (np.zeros_like,),
    ),
    (
        "{argument} taken as 1",
        "{your} equals the right one for {argument} = 1 everywhere: {argument} is not used. Where "
        "does it stand in the task's formula?",
        (np.ones_like,),
    ),
    (
        "{argument} subtracted",
        "{your} equals the right one for -{argument}: a sign is turned where {argument} comes in.",
        (lambda a: -a,),
    ),
)

FLIPPED: Kind = (
    "{argument} flipped along {axis}",
    "{your} equals the right one for {argument} flipped along {axis}. Both indices grow in the "
    "same direction: the first of the one meets the first of the other.",
    (np.flip,),
)

OVERWRITTEN: Kind = (
    "only the last {axis} counts",
    "{your} holds what the last place of {argument} along {axis} gives, and nothing of those "
    "before: each overwrites the one before. Start from zero and add, +=.",
    (lambda a, axes: _kept(a, axes, LAST),),
)

READ: tuple[Kind, ...] = (  # changes of (argument, axis)
    (
        "only the first {axis} of {argument}",
        "{your} reads the first place of {argument} along {axis} again and again. Every place has "
        "numbers of its own: is an index 0 where a loop's index belongs?",
        (lambda a, at: _repeated(a, at, FIRST),),
    ),
    (
        "only the first {axis} counts",
        "{your} holds what the first place of {argument} along {axis} gives, and nothing of the "
        "others. The sum runs over all of them.",
        (lambda a, at: _kept(a, (at,), FIRST),),
    ),
    (
        "the last {axis} left out",
        "{your} leaves out the last place of {argument} along {axis}. range(n) already stops "
        "before n.",
        (lambda a, at: _without(a, at, -1),),
    ),
    (
        "the first {axis} left out",
        "{your} leaves out the first place of {argument} along {axis}. Python counts from 0.",
        (lambda a, at: _without(a, at, 0),),
    ),
)


def _by_index(array: Array, order: tuple[int, ...]) -> Array:
    """As far as the right axes reach: beyond the end, an IndexError as in a learner's loop."""
    turned = array.transpose(order)
    for axis, length in enumerate(array.shape):
        turned = turned.take(range(length), axis=axis)
    return turned


def _by_reshape(array: Array, order: tuple[int, ...]) -> Array:
    """Reshaped to another order of axes and read in it."""
    return array.reshape([array.shape[i] for i in order]).transpose(np.argsort(order))


MISREAD: tuple[Kind, ...] = (  # changes of (argument, order)
    (
        "axes of {argument} exchanged",
        "{your} reads {argument} as if its axes were {wrong}. They are {right}: the index of each "
        "stands at its place.",
        (_by_index,),
    ),
    (
        "{argument} reshaped where transpose belongs",
        "{your} reads the numbers of {argument} at the wrong places. reshape reads on in memory "
        "and exchanges no axes: to have {wrong}, transpose.",
        (_by_reshape, lambda a, order: a.transpose(order).reshape(a.shape)),
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


# -------------------------------------------------------------------------------------- options

IGNORED: Kind = (
    "{option} ignored",
    "{your} equals the right one for {option} {plain}, whatever {option} is. Where does it come "
    "in?",
    (),
)
OTHER: Kind = (
    "{other} in place of {option}",
    "{your} equals the right one for {other} in place of {option}. What does {option} {plain} "
    "mean? Try it by hand.",
    (),
)
EXCHANGED: Kind = (
    "{option} and {other} exchanged",
    "{your} equals the right one with {option} and {other} exchanged. What does each of the two "
    "say?",
    (),
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


# ---------------------------------------------------------------------------------------- terms


def forgotten_terms(exercise: Exercise, part: str) -> Slips:
    """For a part that is a sum: some of its terms forgotten, or one with the wrong sign."""
    if part not in exercise.terms:
        return
    of = exercise.terms[part]
    words = list(of(*exercise.cases[0].values()))

    def less(lost: Sequence[str], times: int) -> Answer:
        def answer(*args: Any) -> Any:
            terms = of(*args)
            return sum(terms.values()) - times * sum(terms[word] for word in lost)

        return answer

    for lost in _subsets(words, at_most=len(words) - 1):
        both = " and ".join(lost)
        yield Slip(
            f"{both} forgotten",
            f"{{your}} is right but for {both}, which it lacks. Every way on which the loss "
            "depends on the input gives a term; they add up.",
            (less(lost, 1),),
            part,
        )
    for word in words:
        yield Slip(
            f"{word} with the wrong sign",
            f"{{your}} is right but for the sign of {word}. Is it added or taken away?",
            (less((word,), 2),),
            part,
        )
