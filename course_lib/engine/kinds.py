"""The usual slips by kind: a name, a sentence, and what is done to a right value or an argument.

`{axis}`, `{argument}`, `{option}` ... are filled with an exercise's names, `{your}` with the part
that is wrong ("Your y"). Add a slip here if it can be made in any exercise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.record import Array

Kind = tuple[str, str, tuple[Callable[..., Any], ...]]  # name, sentence, ways of making it


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


def _cut_off(value: Any) -> Any:
    """Without decimals. What has none stays as it is: older NumPy would make floats of it."""
    return value if np.asarray(value).dtype.kind in "iu" else np.trunc(value)


FIRST, LAST = slice(1), slice(-1, None)


# what is returned

NUMBER: tuple[Kind, ...] = (
    (
        "a float instead of an int",
        "{your} is the right number but a float, which cannot be a shape: np.zeros(3.0) fails. "
        "Divide with //, or wrap the result in int(...).",
        (lambda v: float(v) if type(v) is int else v,),
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
    "{your} is right in its first values and 0 in the others. If a return stands inside a loop, it "
    "ends it in its first round: move it to the left, below all loops. If none does, see whether "
    "an index is always 0.",
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

CUT_OFF = "decimals cut off"

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
        CUT_OFF,
        "{your} has lost what stands behind the point. Does // or int(...) come in, or an array of "
        "whole numbers that is written into?",
        (_cut_off,),
    ),
    (
        "signs lost",
        "{your} has the right sizes, all of them positive. Where do abs or a square come in?",
        (np.abs,),
    ),
)


# what is given

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

TIMES: tuple[Kind, ...] = (  # changes of (value, argument)
    (
        "{argument} once too often",
        "{your} is the right one times {argument}, which comes in once too often. Where does it "
        "stand in the task's formula?",
        (lambda v, a: v * a,),
    ),
    (
        "divided by {argument}",
        "{your} is the right one divided by {argument}: a factor is left out, or divided by. Where "
        "does it stand in the task's formula?",
        (lambda v, a: v / a,),
    ),
)

PAIRS: tuple[Kind, ...] = (  # changes of (argument, other) that give both anew
    (
        "{argument} taken as 1 and {other} forgotten",
        "{your} equals the right one for {argument} = 1 and {other} = 0: neither is used. Where "
        "do they stand in the task's formula?",
        (lambda a, b: (np.ones_like(a), np.zeros_like(b)),),
    ),
    (
        "{argument} and {other} exchanged",
        "{your} equals the right one with {argument} and {other} exchanged. Which of the two does "
        "what?",
        (lambda a, b: (b, a),),
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
        "others. All of them count: does a loop, or a return inside it, end too early?",
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


# a part that is a sum: a multiple of one term is taken away

FACTORS: tuple[tuple[float, str, str], ...] = (
    (
        2,
        "{term} with the wrong sign",
        "{your} is right but for the sign of {term}. Is it added or taken away?",
    ),
    (
        0.5,
        "half of {term}",
        "{your} is right but has only half of {term}. Is a factor of 2 lost, as in the derivative "
        "of a square?",
    ),
    (
        -1,
        "{term} twice",
        "{your} is right but has {term} twice. Does it come back by two ways, or is a factor of 2 "
        "left over?",
    ),
)


# options: what is changed is in slips.of_option

TOGETHER: Kind = (
    "{options} ignored",
    "{your} equals the right one for {plain}, whatever they are. Where do they come in?",
    (),
)
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


DIRECTION = {
    True: "The way back says in which direction the loss grows; the step against it is the "
    "optimizer's.",
    False: "Which of two things is taken from the other?",
}
