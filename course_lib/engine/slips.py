"""The usual wrong answers, made from a right one: nobody writes them for an exercise.

Most slips are the right answer with one thing changed: what it returns (an axis flipped, the last
place missing), what it is given (a weight transposed, a bias forgotten) or an option (the stride
ignored). The names of axes and arguments give the changes and the sentences. A sentence is true of
every function that behaves so: it begins with what was observed, `{your}` standing for "Your y",
and ends with the thought that helps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip, Slips
from course_lib.record import Array

Sizes = dict[str, int]
ADDS_UP = "If the loss is a mean, dy already contains the division; the way back adds up."


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


# ------------------------------------------------------------------ what carries a change out


def changed_part(exercise: Exercise, part: str, change: Callable[..., Any]) -> Callable[..., Any]:
    """The right part after a change of (value, sizes of all axes)."""
    at, axes = list(exercise.returns).index(part), exercise.axes_of(part)

    def answer(*args: Any) -> Any:
        value = exercise.parts(exercise.reference(*args))[at]
        sizes = {**exercise.inputs.sizes_of(args), **dict(zip(axes, np.shape(value), strict=False))}
        return change(value, sizes)

    return answer


def changed_argument(
    exercise: Exercise, part: str, argument: str, change: Callable[..., Any]
) -> Callable[..., Any]:
    """The part as it is for another value of one argument: (value, sizes, arguments) -> value."""
    at, names = list(exercise.returns).index(part), list(exercise.inputs.arguments)

    def answer(*args: Any) -> Any:
        given = dict(zip(names, args, strict=True))
        sizes = exercise.inputs.sizes_of(args)
        changed = {**given, argument: change(given[argument], sizes, given)}
        return exercise.parts(exercise.reference(*changed.values()))[at]

    return answer


def _subsets(names: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """All but the empty one, the small ones first."""
    for count in range(1, len(names) + 1):
        yield from itertools.combinations(names, count)


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


def _cut(array: Array, axis: int, which: slice) -> Array:
    return array[(slice(None),) * axis + (which,)]


def _first_everywhere(array: Array, axis: int) -> Array:
    return np.broadcast_to(_cut(array, axis, slice(1)), array.shape).copy()


def _orders(count: int) -> list[tuple[int, ...]]:
    """Every order of some axes but their own."""
    return list(itertools.permutations(range(count)))[1:]


def _is_gradient(part: str) -> bool:
    return part.startswith("d") and len(part) > 1


def _named(axes: Sequence[str], order: Sequence[int]) -> str:
    return f"({', '.join(axes[i] for i in order)})"


# ------------------------------------------------------------------------- what is returned


def of_value(exercise: Exercise, part: str) -> Slips:
    """The right value with one thing done to it."""
    gradient = _is_gradient(part)

    def slip(name: str, hint: str, *changes: Callable[..., Any]) -> Slip:
        answers = tuple(changed_part(exercise, part, change) for change in changes)
        return Slip(name, hint, answers, part)

    if not exercise.axes_of(part):
        yield from _of_number(slip)
    yield slip(
        "opposite sign",
        "{your} has the opposite sign. "
        + (
            "The way back says in which direction the loss grows; the step against it is the "
            "optimizer's."
            if gradient
            else "Which of two things is taken from the other?"
        ),
        lambda v, sizes: -v,
    )
    yield from _scaled_value(exercise, slip, gradient)
    axes = exercise.axes_of(part)
    for at, axis in enumerate(axes):
        yield from _along(slip, at, axis)
    for loops in _subsets(range(len(axes))):
        yield slip(
            "return inside a loop",
            "{your} is right in its first values and 0 in the others: the return stands inside a "
            "loop and ends it in its first round. Move it to the left, below all loops.",
            lambda v, sizes, loops=loops: _kept(v, loops, slice(1)),
        )
    for order in _orders(len(axes)):
        yield from _reordered(slip, axes, order)
    yield from _not_quite(slip)


def _of_number(slip: Callable[..., Slip]) -> Slips:
    yield slip(
        "a float instead of an int",
        "{your} is the right number but a float, which cannot be a shape: np.zeros(3.0) fails. "
        "Divide with //, or wrap the result in int(...).",
        lambda v, sizes: float(v) if isinstance(v, int) else v,
    )
    for more, word in ((1, "many"), (-1, "few")):
        yield slip(
            f"one too {word}",
            f"{{your}} is one too {word} in every case. Try the smallest case by hand.",
            lambda v, sizes, more=more: v + more,
        )


def _scaled_value(exercise: Exercise, slip: Callable[..., Slip], gradient: bool) -> Slips:
    names = dict.fromkeys(a for axes in exercise.inputs.axes.values() for a in axes)
    names |= dict.fromkeys(a for part in exercise.returns for a in exercise.axes_of(part))
    for some in itertools.chain(_subsets(list(names)[:6]), ()):
        if len(some) > 2:
            break
        product = " * ".join(some)
        yield slip(
            f"divided by {product}",
            f"{{your}} is the right one divided by {product}. "
            + (ADDS_UP if gradient else "Is it a sum or a mean that the task asks for?"),
            lambda v, sizes, some=some: v / np.prod([sizes[a] for a in some]),
        )
        yield slip(
            f"times {product}",
            f"{{your}} is the right one times {product}. Is something added once too often, or a "
            "sum left where the task asks for a mean?",
            lambda v, sizes, some=some: v * np.prod([sizes[a] for a in some]),
        )
    for factor, word in ((2, "twice the right one"), (0.5, "half the right one")):
        yield slip(
            word.split(" the")[0] + " as large",
            f"{{your}} is {word}. Is something counted twice, or a factor left out?",
            lambda v, sizes, factor=factor: v * factor,
        )


def _along(slip: Callable[..., Slip], at: int, axis: str) -> Slips:
    """What goes wrong along one axis of the result."""
    yield slip(
        f"{axis} backwards",
        f"{{your}} is right but runs backwards along {axis}. Let the index of what is read and of "
        "what is written grow in the same direction.",
        lambda v, sizes: np.flip(v, at),
    )
    yield slip(
        f"the last {axis} is missing",
        f"{{your}} ends one place early along {axis}. range(n) already stops before n: count the "
        "places of the smallest case by hand.",
        lambda v, sizes: _cut(v, at, slice(-1)),
        lambda v, sizes: _without(v, at, -1),
    )
    yield slip(
        f"the first {axis} is missing",
        f"{{your}} lacks its first place along {axis}. Python counts from 0.",
        lambda v, sizes: _cut(v, at, slice(1, None)),
        lambda v, sizes: _without(v, at, 0),
    )
    yield slip(
        f"one {axis} too many",
        f"{{your}} has one place too many along {axis}, and it is 0: nothing belongs there.",
        lambda v, sizes: np.pad(v, [(0, int(i == at)) for i in range(v.ndim)]),
        lambda v, sizes: np.pad(v, [(int(i == at), 0) for i in range(v.ndim)]),
    )
    yield slip(
        f"only the first {axis}",
        f"{{your}} uses the first place along {axis} alone. Every place has numbers of its own.",
        lambda v, sizes: _first_everywhere(v, at),
        lambda v, sizes: _cut(v, at, slice(1)),
    )
    yield slip(
        f"only the last {axis}",
        f"{{your}} is 0 but for its last place along {axis}: each round begins anew and forgets "
        "what those before it wrote. Make the result once, before the loop.",
        lambda v, sizes: _kept(v, (at,), slice(-1, None)),
        lambda v, sizes: _cut(v, at, slice(-1, None)),
    )
    yield slip(
        f"{axis} summed away",
        f"{{your}} is summed or averaged over {axis}. Each place along {axis} has a result of its "
        "own: leave that axis out of the sum.",
        lambda v, sizes: v.sum(axis=at),
        lambda v, sizes: v.mean(axis=at),
        lambda v, sizes: v.sum(axis=at, keepdims=True),
        lambda v, sizes: v.mean(axis=at, keepdims=True),
        lambda v, sizes: np.broadcast_to(v.sum(axis=at, keepdims=True), v.shape),
    )


def _reordered(slip: Callable[..., Slip], axes: Sequence[str], order: tuple[int, ...]) -> Slips:
    yield slip(
        "axes in another order",
        f"{{your}} is right but its axes come in the order {_named(axes, order)}; the task asks "
        f"for {_named(axes, range(len(axes)))}. transpose puts them in order.",
        lambda v, sizes: v.transpose(order),
    )
    yield slip(
        "reshape where transpose belongs",
        "{your} has the right numbers at the wrong places. reshape reads on in memory and "
        f"exchanges no axes: where the numbers lie as {_named(axes, order)}, transpose them.",
        lambda v, sizes: v.transpose(order).reshape(v.shape),
    )


def _not_quite(slip: Callable[..., Slip]) -> Slips:
    """The right numbers, but not all of them, or in other clothes."""
    yield slip(
        "one axis too many",
        "{your} is right but has an axis of length 1 too many. Leave out keepdims=True or the "
        "index None, or take the axis away with reshape.",
        lambda v, sizes: np.expand_dims(v, 0),
        lambda v, sizes: np.expand_dims(v, -1),
        lambda v, sizes: np.expand_dims(v, 1),
    )
    yield slip(
        "an axis of length 1 lost",
        "{your} is right but for an axis of length 1 that it has lost: squeeze takes every such "
        "axis away, also those that the task asks for.",
        lambda v, sizes: np.squeeze(v) if np.ndim(v) else v,
    )
    for decimals in range(8):
        yield slip(
            f"rounded to {decimals} decimals",
            f"{{your}} is the right one rounded to {decimals} decimals. Round where numbers are "
            "shown; what is computed with keeps them all.",
            lambda v, sizes, decimals=decimals: np.round(v, decimals),
        )
    yield slip(
        "decimals cut off",
        "{your} has lost what stands behind the point. Is an array of whole numbers written into? "
        "np.zeros(shape) makes one of floats.",
        lambda v, sizes: np.trunc(v),
    )
    yield slip(
        "signs lost",
        "{your} has the right sizes, all of them positive. Where do abs or a square come in?",
        lambda v, sizes: np.abs(v),
    )


def summed(part: str, axes: str, summand: Callable[..., Array]) -> Callable[[Exercise], Slips]:
    """For a part that is a sum over some axes of an array: summed over others, or averaged."""
    names = axes.split()

    def make(exercise: Exercise) -> Slips:
        kept = exercise.axes_of(part)
        right = tuple(i for i, name in enumerate(names) if name not in kept)
        over = " and ".join(names[i] for i in right)
        for wrong in ((), *_subsets(range(len(names)))):
            if wrong == right:
                continue
            yield Slip(
                "summed over the wrong axes" if wrong else "not summed",
                f"{{your}} is summed over {' and '.join(names[i] for i in wrong) or 'no axis'}. "
                f"It has one number for each {' and '.join(kept)}, so the sum is over {over}.",
                (lambda *args, wrong=wrong: np.array(summand(*args)).sum(axis=wrong),),
                part,
            )
        some = [s for s in _subsets(right)]
        yield Slip(
            "averaged",
            f"{{your}} is an average. What was used for every {over} collects the sum of all they "
            f"give back. {ADDS_UP}",
            tuple(_averaged(summand, right, mean) for mean in some),
            part,
        )

    return make


def _averaged(
    summand: Callable[..., Array], over: Sequence[int], mean: Sequence[int]
) -> Callable[..., Array]:
    """The sum over some axes, divided by the lengths of those that are meant."""

    def answer(*args: Any) -> Array:
        array = summand(*args)
        return array.sum(axis=tuple(over)) / np.prod([array.shape[axis] for axis in mean])

    return answer


def swapped_returns(exercise: Exercise) -> Slips:
    """The right parts in another order."""
    count = len(exercise.returns)
    if count > 1:
        yield Slip(
            "returned in another order",
            f"Your {count} results are right but in another order. The task asks for "
            f"{', '.join(exercise.returns)}.",
            tuple(
                lambda *args, order=order: tuple(exercise.reference(*args)[i] for i in order)
                for order in _orders(count)
            ),
        )


# ----------------------------------------------------------------------------- what is given


def of_argument(exercise: Exercise, part: str, argument: str) -> Slips:
    """The right answer to another argument: what comes of reading it wrongly."""
    axes = exercise.inputs.axes[argument]

    def slip(name: str, hint: str, *changes: Callable[..., Any]) -> Slip:
        answers = tuple(changed_argument(exercise, part, argument, c) for c in changes)
        return Slip(name, hint, answers, part)

    yield slip(
        f"{argument} forgotten",
        f"{{your}} equals the right one for {argument} = 0: {argument} is not used, or what it "
        "gives is lost. Where does it stand in the task's formula?",
        lambda a, sizes, given: np.zeros_like(a),
    )
    yield slip(
        f"{argument} taken as 1",
        f"{{your}} equals the right one for {argument} = 1 everywhere: {argument} is not used. "
        "Where does it stand in the task's formula?",
        lambda a, sizes, given: np.ones_like(a),
    )
    yield slip(
        f"{argument} subtracted",
        f"{{your}} equals the right one for -{argument}: a sign is turned where {argument} comes "
        "in.",
        lambda a, sizes, given: -a,
    )
    for flipped in _subsets(range(len(axes))):
        along = " and ".join(axes[i] for i in flipped)
        yield slip(
            f"{argument} flipped along {along}",
            f"{{your}} equals the right one for {argument} flipped along {along}. Both indices "
            "grow in the same direction: the first of the one meets the first of the other.",
            lambda a, sizes, given, flipped=flipped: np.flip(a, flipped),
        )
    for at, axis in enumerate(axes):
        yield from _of_axis(slip, argument, at, axis)
    for some in _subsets(range(len(axes))):
        along = " and ".join(axes[i] for i in some)
        if len(some) > 1:
            yield slip(
                f"only the last {along} counts",
                f"{{your}} holds what the last place of {argument} along {along} gives, and "
                "nothing of those before: each overwrites the one before. Start from zero and add, "
                "+=.",
                lambda a, sizes, given, some=some: _kept(a, some, slice(-1, None)),
            )
    for order in _orders(len(axes)):
        yield from _misread(slip, argument, axes, order)
    if not _is_gradient(part):  # a gradient's scale is told by what is returned
        yield from _counted_often(exercise, slip, argument)


def _of_axis(slip: Callable[..., Slip], argument: str, at: int, axis: str) -> Slips:
    """What is read wrongly along one axis of an argument."""
    yield slip(
        f"only the first {axis} of {argument}",
        f"{{your}} reads the first place of {argument} along {axis} again and again. Every place "
        "has numbers of its own: is an index 0 where a loop's index belongs?",
        lambda a, sizes, given: _first_everywhere(a, at),
    )
    yield slip(
        f"only the last {axis} counts",
        f"{{your}} holds what the last place of {argument} along {axis} gives, and nothing of "
        "those before: each overwrites the one before. Start from zero and add, +=.",
        lambda a, sizes, given: _kept(a, (at,), slice(-1, None)),
    )
    yield slip(
        f"only the first {axis} counts",
        f"{{your}} holds what the first place of {argument} along {axis} gives, and nothing of "
        "the others. The sum runs over all of them.",
        lambda a, sizes, given: _kept(a, (at,), slice(1)),
    )
    yield slip(
        f"the last {axis} left out",
        f"{{your}} leaves out the last place of {argument} along {axis}. range(n) already stops "
        "before n.",
        lambda a, sizes, given: _without(a, at, -1),
    )
    yield slip(
        f"the first {axis} left out",
        f"{{your}} leaves out the first place of {argument} along {axis}. Python counts from 0.",
        lambda a, sizes, given: _without(a, at, 0),
    )


def _misread(
    slip: Callable[..., Slip], argument: str, axes: Sequence[str], order: tuple[int, ...]
) -> Slips:
    wrong = _named(axes, order)

    def by_index(a: Array, sizes: Sizes, given: object) -> Array:
        """As far as the right axes reach: beyond the end, an IndexError as in a learner's loop."""
        turned = a.transpose(order)
        for axis, length in enumerate(a.shape):
            turned = turned.take(range(length), axis=axis)
        return turned

    yield slip(
        f"axes of {argument} exchanged",
        f"{{your}} reads {argument} as if its axes were {wrong}. They are "
        f"{_named(axes, range(len(axes)))}: the index of each stands at its place.",
        by_index,
    )
    yield slip(
        f"{argument} reshaped where transpose belongs",
        f"{{your}} reads the numbers of {argument} at the wrong places. reshape reads on in memory "
        f"and exchanges no axes: to have {wrong}, transpose.",
        lambda a, sizes, given: a.reshape([a.shape[i] for i in order]).transpose(np.argsort(order)),
        lambda a, sizes, given: a.transpose(order).reshape(a.shape),
    )


def _counted_often(exercise: Exercise, slip: Callable[..., Slip], argument: str) -> Slips:
    names = list(dict.fromkeys(a for axes in exercise.inputs.axes.values() for a in axes))
    for some in itertools.chain(*(itertools.combinations(names, n) for n in (1, 2))):
        product = " * ".join(some)
        known = all(name not in exercise.inputs.derived for name in some)
        if not known:
            continue
        yield slip(
            f"{argument} counted {product} times",
            f"{{your}} counts {argument} {product} times: it stands inside a loop that it does not "
            "depend on, or a sum stands for a mean. It belongs outside, once.",
            lambda a, sizes, given, some=some: a * float(np.prod([sizes[n] for n in some])),
        )
        yield slip(
            f"{argument} divided by {product}",
            f"{{your}} divides what comes of {argument} by {product}. Is it a sum or a mean that "
            "the task asks for?",
            lambda a, sizes, given, some=some: a / float(np.prod([sizes[n] for n in some])),
        )


# --------------------------------------------------------------------------------- options


def of_option(exercise: Exercise, part: str, option: str) -> Slips:
    """The right answer for another value of an option."""
    plain = exercise.inputs.arguments[option][0]

    def slip(name: str, hint: str, change: Callable[..., Any]) -> Slip:
        answer = changed_argument(exercise, part, option, change)
        fitted = _in_the_right_size(exercise, part, answer)
        return Slip(name, hint, (answer, fitted), part)

    yield slip(
        f"{option} ignored",
        f"{{your}} equals the right one for {option} {plain}, whatever {option} is. Where does it "
        "come in?",
        lambda value, sizes, given: plain,
    )
    if not isinstance(plain, int) or isinstance(plain, bool):
        return
    for change, words in (
        (lambda value, *_: value + 1, f"{option} + 1"),
        (lambda value, *_: value - 1, f"{option} - 1"),
        (lambda value, *_: 2 * value, f"2 * {option}"),
    ):
        yield slip(
            f"{words} for {option}",
            f"{{your}} equals the right one for {words} in place of {option}. What does {option} "
            f"{plain} mean? Try it by hand.",
            change,
        )
    for other in exercise.inputs.options:
        if other != option and type(exercise.inputs.arguments[other][0]) is int:
            yield from _exchanged(exercise, part, slip, option, other)


def _exchanged(
    exercise: Exercise, part: str, slip: Callable[..., Slip], option: str, other: str
) -> Slips:
    yield slip(
        f"{other} in place of {option}",
        f"{{your}} takes {other} where {option} belongs. What does each of the two say?",
        lambda value, sizes, given: given[other],
    )
    if option < other:
        at, names = list(exercise.returns).index(part), list(exercise.inputs.arguments)

        def exchanged(*args: Any) -> Any:
            given = dict(zip(names, args, strict=True))
            given[option], given[other] = given[other], given[option]
            return exercise.parts(exercise.reference(*given.values()))[at]

        yield Slip(
            f"{option} and {other} exchanged",
            f"{{your}} equals the right one with {option} and {other} exchanged. What does each "
            "of the two say?",
            (exchanged,),
            part,
        )


def _in_the_right_size(
    exercise: Exercise, part: str, answer: Callable[..., Any]
) -> Callable[..., Any]:
    """As many places as the right part has: the shape is right, what is read is not."""
    at = list(exercise.returns).index(part)

    def fitted(*args: Any) -> Any:
        wrong, shape = answer(*args), np.shape(exercise.parts(exercise.reference(*args))[at])
        if not shape:
            return wrong
        cut = wrong[tuple(map(slice, shape))]
        return np.pad(cut, [(0, n - m) for n, m in zip(shape, cut.shape, strict=True)])

    return fitted


# ----------------------------------------------------------------------------------- terms


def forgotten_terms(exercise: Exercise, part: str) -> Slips:
    """For a part that is a sum: some of its terms forgotten, or one with the wrong sign."""
    if part not in exercise.terms:
        return
    of = exercise.terms[part]
    words = list(of(*exercise.cases[0].values()))

    def less(lost: Sequence[str], times: int) -> Callable[..., Any]:
        def answer(*args: Any) -> Any:
            terms = of(*args)
            return sum(terms.values()) - times * sum(terms[word] for word in lost)

        return answer

    for lost in _subsets(words):
        if len(lost) < len(words):
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
