"""The exercises dropout_forward, dropout_backward and spatial_dropout_forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array

SHARES = (0.5, 0.2, 0.75)  # at 0.5 many mistakes cannot be seen
ALSO = tuple({"N": 4, "D": 5, "p": p} for p in (0.2, 0.75, 0.75, 0.75))


def _between_0_and_1(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Uniform numbers that are never equal to p: `<` and `<=` give the same mask."""
    return (rng.integers(100, size=shape) + 0.5) / 100


def _scale(p: float) -> float:
    return 1 / (1 - p)


def _thinned(
    values: Array,
    noise: Array,
    p: float,
    training: bool = True,
    *,
    scale: Callable[[float], float] = _scale,
    dropped: float = 0.0,
    below: Callable[[float], float] = lambda p: p,
    keep_below: bool = False,
    evaluated: Callable[[float], float] = lambda p: 1.0,
) -> Array:
    """Dropout with any of its parts done otherwise; a noise of (N, C) stands for whole channels."""
    if not training:
        return values * evaluated(p)
    lower = noise < below(p)
    kept = (lower if keep_below else ~lower).reshape(
        noise.shape + (1,) * (values.ndim - noise.ndim)
    )
    return values * np.where(kept, scale(p), dropped)


Kinds = tuple[tuple[str, str, tuple[dict[str, Any], ...]], ...]

GOING_FORWARD: Kinds = (
    (
        "not divided",
        "{your} drops the right numbers and leaves the others as they are. Divide what is kept by "
        "1 - p, so that the mean over many masks stays what it was.",
        ({"scale": lambda p: 1.0},),
    ),
    (
        "multiplied where it is to be divided",
        "{your} makes what is kept smaller. Some numbers are missing, so the others must make up "
        "for them: divide by 1 - p.",
        ({"scale": lambda p: 1 - p}, {"scale": lambda p: p}),
    ),
    (
        "dropped numbers left as they are",
        "{your} leaves the numbers to be dropped as they are. They become 0: multiply by a mask "
        "that is 0 there, or use np.where.",
        ({"dropped": 1.0, "scale": lambda p: 1.0}, {"dropped": 1.0}),
    ),
)
BOTH_WAYS: Kinds = (
    (
        "divided by p",
        "{your} divides what is kept by p. p is the share that is dropped; the share that is kept "
        "is 1 - p, and that is what makes up for the rest.",
        ({"scale": lambda p: 1 / p},),
    ),
    (
        "divided twice",
        "{your} divides by 1 - p twice. Once makes the mean right; after the second time it is too "
        "large.",
        ({"scale": lambda p: 1 / (1 - p) ** 2},),
    ),
    (
        "kept and dropped exchanged",
        "{your} keeps a number where its noise is below p and drops the others. Below p is where "
        "it is dropped: that happens with probability p.",
        (
            {"keep_below": True},
            {"keep_below": True, "scale": lambda p: 1 / p},
            {"keep_below": True, "scale": lambda p: 1.0},
        ),
    ),
    (
        "p for 1 - p",
        "{your} drops where the noise is below 1 - p, which happens with probability 1 - p. p is "
        "the share that is dropped: noise < p.",
        (
            {"below": lambda p: 1 - p},
            {"below": lambda p: 1 - p, "scale": lambda p: 1 / p},
            {"below": lambda p: 1 - p, "scale": lambda p: 1.0},
        ),
    ),
    (
        "kept below 1 - p",
        "{your} keeps a number where its noise is below 1 - p. That keeps the right share, but "
        "other numbers than the task asks for: a number is dropped where noise < p.",
        ({"keep_below": True, "below": lambda p: 1 - p},),
    ),
    (
        "0.5 in place of p",
        "{your} is right for p = 0.5 alone. Both the mask and the factor depend on p: noise < p, "
        "and 1 - p.",
        (
            {"below": lambda p: 0.5},
            {"scale": lambda p: 2.0},
            {"below": lambda p: 0.5, "scale": lambda p: 2.0},
        ),
    ),
    (
        "another factor",
        "{your} has its zeros in the right places, but what is kept is multiplied by another "
        "factor than 1 / (1 - p). Only the share 1 - p is kept: divide by it.",
        (
            {"scale": lambda p: (1 - p) ** -0.5},
            {"scale": lambda p: 1 + p},
            {"scale": lambda p: 1 / (1 + p)},
        ),
    ),
    (
        "all of it enlarged",
        "{your} is divided by 1 - p everywhere, and no number of it is 0. Where noise is below p "
        "it must be 0.",
        ({"below": lambda p: 0.0},),
    ),
)
EVALUATION: Kinds = (
    (
        "scaled in evaluation too",
        "{your} is scaled in evaluation as well. The division by 1 - p in training has already "
        "made the means equal, so in evaluation nothing is left to do.",
        ({"evaluated": lambda p: 1 - p}, {"evaluated": _scale}),
    ),
    (
        "scaled in evaluation instead",
        "{your} is as large as x where it is kept in training, and is multiplied by 1 - p in "
        "evaluation. That makes the means equal too, but the task divides in training, so that "
        "evaluation does nothing.",
        ({"scale": lambda p: 1.0, "evaluated": lambda p: 1 - p},),
    ),
    (
        "nothing at all in evaluation",
        "{your} is 0 in evaluation. There no number is dropped: it is handed on as it came.",
        ({"evaluated": lambda p: 0.0},),
    ),
)


def _changed(*kinds: Any) -> Callable[[Exercise], Iterator[Slip]]:
    """The slips that these changes of the right answer make."""

    def make(exercise: Exercise) -> Iterator[Slip]:
        for name, hint, changes in kinds:
            yield Slip(
                name,
                hint,
                tuple(lambda *args, change=change: _thinned(*args, **change) for change in changes),
                next(iter(exercise.returns)),
            )

    return make


def _without_brackets(values: Array, noise: Array, p: float, training: bool = True) -> Array:
    return _thinned(values, noise, p, scale=lambda p: 1.0) - p if training else values + 0.0


def _by_the_share_kept(values: Array, noise: Array, p: float, training: bool = True) -> Array:
    share = max((noise >= p).mean(), 1e-9)
    return _thinned(values, noise, p, training, scale=lambda p: 1 / share)


def _with_a_mask_of_its_own(seed: int) -> Callable[..., Array]:
    """One number for each number of x, from a generator that is not the task's."""
    return lambda values, noise, p, *training: _thinned(
        values, np.random.default_rng(seed).random(values.shape), p, *training
    )


OWN_MASKS = tuple(map(_with_a_mask_of_its_own, (0, 1, 42)))
WRITTEN = (
    Slip(
        "brackets missing",
        "{your} is divided by 1, and then p is taken away: * and / come before -. Put 1 - p into "
        "brackets.",
        (_without_brackets,),
    ),
    Slip(
        "divided by the share kept this time",
        "{your} is divided by the share that happened to be kept. Divide by the share that is kept "
        "on average, 1 - p: it is the same in every call.",
        (_by_the_share_kept,),
    ),
)


def _one_round(values: Array, noise: Array, p: float, training: bool) -> Array:
    """A loop over the examples that ends after the first one; evaluation has no loop."""
    y = _thinned(values, noise, p, training)
    return np.where(np.arange(len(y))[:, None] == 0, y, 0) if training else y


ROUNDS = Slip(
    "only the first example",
    "{your} is right for the first example and 0 for the others, in training. If a return stands "
    "inside the loop, move it to the left, below all loops; the index must run over all N.",
    (_one_round,),
)


def _dropped_in_evaluation(values: Array, noise: Array, p: float, training: bool) -> Array:
    return _thinned(values, noise, p, scale=_scale if training else lambda p: 1.0)


def _modes_exchanged(values: Array, noise: Array, p: float, training: bool) -> Array:
    return _thinned(values, noise, p, not training)


def _first_row(values: Array, noise: Array, p: float, *training: bool) -> Array:
    return _thinned(values, np.broadcast_to(noise[:1], noise.shape), p, *training)


def _first_column(values: Array, noise: Array, p: float, *training: bool) -> Array:
    return _thinned(values, np.broadcast_to(noise[:, :1], noise.shape), p, *training)


DROPOUT_FORWARD = Exercise(
    name="dropout_forward",
    sections=("04_05_dropout",),
    task="""
`x` is an array of shape `(N, D)`: N examples of D numbers. `noise` has the same shape, a random
number between 0 and 1 for each. If `training` is True, drop a number of `x` where its `noise` is
below `p`, and divide the others by 1 − p; otherwise return `x` as it is. Return `y` of shape
`(N, D)`; do not write into `x`.

With x = [[1, 2]], noise = [[0.3, 0.8]] and p = 0.5, y is [[0, 4]] in training.
""",
    stub="""
def dropout_forward(x, noise, p, training):
    raise NotImplementedError
""",
    solution="""
def dropout_forward(x, noise, p, training):
    if not training:
        return x
    return np.where(noise < p, 0, x / (1 - p))
""",
    alternative="""
def dropout_forward(x, noise, p, training):
    y = x.copy()
    for n, d in np.ndindex(x.shape):
        if training:
            y[n, d] = 0 if noise[n, d] < p else x[n, d] / (1 - p)
    return y
""",
    returns={"y": "N D"},
    shows="Your dropout drops the right share, keeps the mean, and does nothing in evaluation.",
    inputs=Inputs(
        arguments={"x": "N D", "noise": "N D", "p": SHARES, "training": (True, False)},
        example={"N": 2, "D": 3},
        also=ALSO,
        values={"noise": _between_0_and_1},
        sizes={"N": range(1, 5), "D": range(1, 6)},
        legal=lambda N, D: N * D >= 4,  # with fewer numbers chance drops all, or none
    ),
    slips=(
        _changed(*GOING_FORWARD, *BOTH_WAYS, *EVALUATION),
        *WRITTEN,
        Slip(
            "a mask of its own",
            "Your y draws random numbers of its own. The task hands them in, so that the answer "
            "can be compared: read noise.",
            OWN_MASKS,
        ),
        Slip(
            "training and evaluation exchanged",
            "Your y drops in evaluation and not in training. Which of the two is training = True?",
            (_modes_exchanged,),
        ),
        Slip(
            "dropped in evaluation too",
            "Your y drops numbers in evaluation as well. There y is x as it is.",
            (_dropped_in_evaluation,),
        ),
        replace(ROUNDS, part="y"),
        Slip(
            "one mask for the whole batch",
            "Your y drops the same places in every example: it reads the first row of noise for "
            "all. Each example has a row of its own.",
            (_first_row,),
        ),
        Slip(
            "one draw for an example",
            "Your y drops whole examples: it reads the first column of noise for all. Each number "
            "has a noise of its own.",
            (_first_column,),
        ),
        Slip(
            "multiplied by the noise",
            "Your y is x times the noise. The noise only decides: compare it with p.",
            (
                lambda x, noise, p, training: x * noise if training else x,
                lambda x, noise, p, training: x * noise / (1 - p) if training else x,
            ),
        ),
        Slip(
            "x compared with p",
            "Your y compares x itself with p. What is dropped is chance: compare noise with p.",
            (
                lambda x, noise, p, training: _thinned(x, x, p, training),
                lambda x, noise, p, training: _thinned(x, np.abs(x), p, training),
            ),
        ),
        Slip(
            "the mask alone",
            "Your y is the mask. Multiply x by it.",
            (
                lambda x, noise, p, training: (noise >= p) * 1.0 if training else np.ones_like(x),
                lambda x, noise, p, training: (noise >= p) * 1.0 if training else x,
                lambda x, noise, p, training: (noise >= p) / (1 - p) if training else x,
            ),
        ),
    ),
    hints=(
        "Two cases: in evaluation there is one line to write. In training you need a mask, 0 where "
        "a number is dropped and 1 where it is kept.",
        "noise >= p is True where a number is kept, and True counts as 1 in a product. Or choose: "
        "np.where(condition, where it is True, where it is False).",
        "In training: np.where(noise < p, 0, x / (1 - p)).",
    ),
)

DROPOUT_BACKWARD = Exercise(
    name="dropout_backward",
    sections=("04_05_dropout",),
    task="""
The way back of `dropout_forward`. `dy` and `noise` are arrays of shape `(N, D)`; `dy` says how fast
the loss rises with each number of `y`, and `noise`, `p` and `training` are those that the forward
pass was called with. Return `dx` of shape `(N, D)`: how fast the loss rises with each number of
`x`.
""",
    stub="""
def dropout_backward(dy, noise, p, training):
    raise NotImplementedError
""",
    solution="""
def dropout_backward(dy, noise, p, training):
    if not training:
        return dy
    return np.where(noise < p, 0, dy / (1 - p))  # the mask of the forward pass
""",
    alternative="""
def dropout_backward(dy, noise, p, training):
    dx = np.zeros_like(dy)
    for n, d in np.ndindex(dy.shape):
        slope = 1
        if training:
            slope = 0 if noise[n, d] < p else 1 / (1 - p)
        dx[n, d] = dy[n, d] * slope
    return dx
""",
    returns={"dx": "N D"},
    shows="Your gradient goes back through what was kept, enlarged as it was, and nowhere else.",
    inputs=Inputs(
        arguments={"dy": "N D", "noise": "N D", "p": SHARES, "training": (True, False)},
        example={"N": 2, "D": 3},
        also=ALSO,
        values={"noise": _between_0_and_1},
        sizes={"N": range(1, 5), "D": range(1, 6)},
        legal=lambda N, D: N * D >= 4,  # with fewer numbers chance drops all, or none
    ),
    slips=(
        Slip(
            "not divided",
            "Your dx is dy where a number was kept. Going forward that number was divided by 1 - "
            "p, so its slope is 1 / (1 - p).",
            (lambda *args: _thinned(*args, scale=lambda p: 1.0),),
        ),
        Slip(
            "handed on as it is",
            "Your dx is dy, as if nothing had been dropped. A number that was dropped did not "
            "reach the loss: its gradient is 0.",
            (lambda dy, noise, p, training: dy + 0.0,),
        ),
        Slip(
            "times 1 - p on the way back",
            "Your dx is multiplied by 1 - p where the forward pass divided by it. Going back does "
            "not undo the division: y = x / (1 - p) has the slope 1 / (1 - p).",
            (
                lambda *args: _thinned(*args, scale=lambda p: 1 - p),
                lambda *args: _thinned(*args, scale=lambda p: 1 - p, evaluated=lambda p: 1 - p),
                lambda dy, noise, p, training: dy * (1 - p) if training else dy,
            ),
        ),
        replace(ROUNDS, part="dx"),
        Slip(
            "handed on where it was dropped",
            "Your dx has the gradient of dropped numbers too. They did not reach the loss: their "
            "gradient is 0.",
            (lambda *args: _thinned(*args, dropped=1.0),),
        ),
        _changed(*BOTH_WAYS, *EVALUATION),
        *WRITTEN,
        Slip(
            "a new mask",
            "Your dx drops other places than the forward pass did: it draws a mask of its own. The "
            "gradient goes back where the numbers went forward; use noise.",
            OWN_MASKS,
        ),
        Slip(
            "training and evaluation exchanged",
            "Your dx has zeros in evaluation and none in training. Which of the two is training = "
            "True?",
            (_modes_exchanged,),
        ),
        Slip(
            "one mask for the whole batch",
            "Your dx reads the first row of noise for all examples. Each example was dropped by a "
            "row of its own.",
            (_first_row,),
        ),
        Slip(
            "the slope alone",
            "Your dx is the slope of y by x. The chain rule multiplies it by dy.",
            (
                lambda dy, *rest: _thinned(np.ones_like(dy), *rest),
                lambda dy, *rest: _thinned(np.ones_like(dy), *rest, scale=lambda p: 1.0),
                lambda dy, noise, p, training: (noise >= p) / (1 - p) if training else dy,
            ),
        ),
        Slip(
            "multiplied by the noise",
            "Your dx is dy times the noise. The noise only decides: compare it with p.",
            (
                lambda dy, noise, p, training: dy * noise if training else dy,
                lambda dy, noise, p, training: dy * noise / (1 - p) if training else dy,
            ),
        ),
        Slip(
            "dy compared with p",
            "Your dx compares dy with p. What was dropped is said by noise: noise < p.",
            (lambda dy, noise, p, training: _thinned(dy, dy, p, training),),
        ),
    ),
    hints=(
        "Every number of y comes from one number of x, at the same place. By how much does y move "
        "when x moves by 1, where it was kept and where it was dropped?",
        "Where it was kept the slope is 1 / (1 - p), where it was dropped it is 0. In evaluation "
        "it is 1 everywhere.",
        "dx = dy times the slope. In training: np.where(noise < p, 0, dy / (1 - p)).",
    ),
)


def _first_number_alone(x: Array, noise: Array, p: float) -> Array:
    y = x / (1 - p)
    y[:, :, 0, 0] = np.where(noise < p, 0, y[:, :, 0, 0])
    return y


SPATIAL_DROPOUT_FORWARD = Exercise(
    name="spatial_dropout_forward",
    sections=("04_05_dropout",),
    task="""
Drop whole maps, as in training. `x` is `(N, C, H, W)`: N examples of C maps, H × W numbers each.
`noise` is `(N, C)`, a random number between 0 and 1 for each map. Where a map's `noise` is below
`p`, all its numbers become 0; those of the other maps are divided by 1 − p. Return `y`, shaped like
`x`.

With noise = [[0.3, 0.8]] and p = 0.5, y[0, 0] is all 0, and y[0, 1] is 2 * x[0, 1].
""",
    stub="""
def spatial_dropout_forward(x, noise, p):
    raise NotImplementedError
""",
    solution="""
def spatial_dropout_forward(x, noise, p):
    dropped = noise[:, :, None, None] < p  # (N, C, 1, 1)
    return np.where(dropped, 0, x / (1 - p))
""",
    alternative="""
def spatial_dropout_forward(x, noise, p):
    y = np.zeros_like(x)
    for n, c in np.ndindex(noise.shape):
        if noise[n, c] >= p:
            y[n, c] = x[n, c] / (1 - p)
    return y
""",
    returns={"y": "N C H W"},
    shows="Your layer drops each map of each example as a whole, and keeps the mean.",
    inputs=Inputs(
        arguments={"x": "N C H W", "noise": "N C", "p": SHARES},
        example={"N": 1, "C": 3, "H": 2, "W": 2},
        also=(
            {"N": 2, "C": 3, "H": 2, "W": 3},
            {"N": 3, "C": 2, "H": 3, "W": 2, "p": 0.2},
            {"N": 3, "C": 3, "H": 2, "W": 2, "p": 0.2},
            *({"N": 3, "C": 3, "H": 2, "W": 2, "p": 0.75},) * 3,
        ),
        values={"noise": _between_0_and_1},
        legal=lambda N, C, H, W: N * C >= 2 and N * C * H * W >= 8,
    ),
    slips=(
        _changed(*GOING_FORWARD, *BOTH_WAYS),
        *WRITTEN,
        Slip(
            "numbers instead of maps",
            "Your y drops single numbers, by random numbers of its own. A map is dropped as a "
            "whole: noise has one number for each.",
            OWN_MASKS,
        ),
        Slip(
            "the mask lies along the pixels",
            "Your y lays the mask along rows and columns. NumPy matches axes from the last one, so "
            "a mask of (N, C) meets H and W; noise[:, :, None, None] stands beside N and C.",
            (
                lambda x, noise, p: x * (noise >= p) / (1 - p),
                lambda x, noise, p: x * (noise >= p)[None, None] / (1 - p),
                lambda x, noise, p: x * (noise >= p)[:, None, None, :] / (1 - p),
                lambda x, noise, p: x * (noise >= p)[:, :, None] / (1 - p),
                lambda x, noise, p: x * (noise >= p)[:, None, :, None] / (1 - p),
            ),
        ),
        Slip(
            "noise laid out anew",
            "Your y reads the numbers of noise in another order: np.tile and np.resize repeat the "
            "whole list, so one map meets many of them. noise[n, c] belongs to all of x[n, c].",
            (
                lambda x, noise, p: x * (np.resize(noise, x.shape) >= p) / (1 - p),
                lambda x, noise, p: (
                    x * (np.tile(noise, x[0, 0].size).reshape(x.shape) >= p) / (1 - p)
                ),
                lambda x, noise, p: x * (np.resize(noise, x.shape[:3]) >= p)[..., None] / (1 - p),
            ),
        ),
        Slip(
            "one number of each map",
            "Your y drops one number of a map, and leaves the others. A map is dropped as a whole: "
            "y[n, c] = 0 sets all of it.",
            (_first_number_alone,),
        ),
        Slip(
            "maps of an example together",
            "Your y drops all maps of an example or none. Each map has a number of its own: do not "
            "take the mean of noise, and use neither any nor all.",
            tuple(
                lambda x, noise, p, kept=kept: x * kept(noise, p)[:, None, None, None] / (1 - p)
                for kept in (
                    lambda noise, p: (noise >= p).any(axis=1),
                    lambda noise, p: (noise >= p).all(axis=1),
                    lambda noise, p: noise.mean(axis=1) >= p,
                )
            ),
        ),
        Slip(
            "one mask for the whole batch",
            "Your y drops the same maps in every example: it reads the first row of noise for all. "
            "Each example has a row of its own.",
            (_first_row,),
        ),
        Slip(
            "one draw for an example",
            "Your y drops all maps of an example or none: it reads the first column of noise. Each "
            "map has a number of its own.",
            (_first_column,),
        ),
        Slip(
            "multiplied by the noise",
            "Your y is x times the noise. The noise only decides: compare it with p.",
            (
                lambda x, noise, p: x * noise[:, :, None, None],
                lambda x, noise, p: x * noise[:, :, None, None] / (1 - p),
            ),
        ),
    ),
    hints=(
        "One decision for each map: N × C of them. Which numbers of x share one?",
        "noise < p is (N, C). To stand beside x, which is (N, C, H, W), it needs two more axes at "
        "its end, each 1 long: noise[:, :, None, None] < p.",
        "np.where(noise[:, :, None, None] < p, 0, x / (1 - p)).",
    ),
    points=2,
)
