"""The exercises sinusoidal_code, add_or_concat and relative_rotation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array

Speed = Callable[[Array, int, float], Array]  # (pairs, d_model, base) -> radians per position
Code = Callable[[int, int, float], Array]
BASES = (10000.0, 100.0, 4.0)


def _speed(pairs: Array, d_model: int, base: float) -> Array:
    return base ** (-2 * pairs / d_model)


def _interleaved(sine: Array, cosine: Array) -> Array:
    return np.stack([sine, cosine], axis=-1).reshape(len(sine), -1)


def _blocks(sine: Array, cosine: Array) -> Array:
    return np.concatenate([sine, cosine], axis=-1)


def _code(
    speed: Speed = _speed,
    *,
    first: int = 0,
    scale: float = 1.0,
    arrange: Callable[[Array, Array], Array] = _interleaved,
) -> Code:
    """The code with one thing done otherwise."""

    def code(length: int, d_model: int, base: float) -> Array:
        pairs = np.arange(d_model // 2)
        positions = np.arange(first, first + length)[:, None]
        angle = scale * positions * speed(pairs, d_model, base)
        return arrange(np.sin(angle), np.cos(angle))

    return code


def _by_column(factor: int, *, sines: bool = False) -> Code:
    """Each column has a speed of its own, sines in even ones and cosines in odd ones."""

    def code(length: int, d_model: int, base: float) -> Array:
        columns, positions = np.arange(d_model), np.arange(length)[:, None]
        angle = positions * base ** (-factor * columns / d_model)
        return np.where((columns % 2 == 0) | sines, np.sin(angle), np.cos(angle))

    return code


def _roles_exchanged(length: int, d_model: int, base: float) -> Array:
    """The feature is turned by a speed that depends on the position."""
    pairs, positions = np.arange(d_model // 2), np.arange(length)[:, None]
    angle = pairs * base ** (-2 * positions / d_model)
    return _interleaved(np.sin(angle), np.cos(angle))


def _base_inside(length: int, d_model: int, base: float) -> Array:
    """The quotient p / base as a whole to the power."""
    pairs, positions = np.arange(d_model // 2), np.arange(length)[:, None]
    angle = (positions / base) ** (2 * pairs / d_model)
    return _interleaved(np.sin(angle), np.cos(angle))


SINUSOIDAL_CODE = Exercise(
    name="sinusoidal_code",
    sections=("04_10_positional",),
    task="""
Return the code of the positions 0 to `length - 1` as an array `(length, d_model)`, a row for each
position. `d_model` is even: clock *i* owns the columns 2i and 2i + 1, i from 0 on.

```text
code[p, 2i]     = sin(p / base**(2i / d_model))
code[p, 2i + 1] = cos(p / base**(2i / d_model))
```

So `sinusoidal_code(2, 4, 10000.0)` is about `[[0, 1, 0, 1], [0.84, 0.54, 0.01, 1]]`.
""",
    stub="""
def sinusoidal_code(length, d_model, base):
    raise NotImplementedError
""",
    solution="""
def sinusoidal_code(length, d_model, base):
    positions = np.arange(length)[:, None]  # (length, 1)
    speeds = base ** (-np.arange(0, d_model, 2) / d_model)  # one for each clock
    code = np.zeros((length, d_model))
    code[:, 0::2] = np.sin(positions * speeds)
    code[:, 1::2] = np.cos(positions * speeds)
    return code
""",
    alternative="""
def sinusoidal_code(length, d_model, base):
    code = np.zeros((length, d_model))
    for p in range(length):
        for i in range(d_model // 2):
            angle = p / base ** (2 * i / d_model)
            code[p, 2 * i] = np.sin(angle)
            code[p, 2 * i + 1] = np.cos(angle)
    return code
""",
    returns={"code": "length d_model"},
    shows="Your code has a pair of numbers for every clock, the first the fastest.",
    inputs=Inputs(
        arguments={"length": (3, 1, 2, 4, 5, 9), "d_model": (4, 2, 6, 8), "base": BASES},
        also=({"length": 5, "d_model": 8, "base": 100.0}, {"length": 4, "d_model": 6}),
    ),
    slips=(
        Slip(
            "sines and cosines in two blocks",
            "Your code has all sines first and all cosines after them. The two hands of a clock "
            "stand side by side: sines in the columns 0::2, cosines in 1::2.",
            (_code(arrange=_blocks),),
        ),
        Slip(
            "exponent half as large",
            "Your code has clocks that slow down too little: the exponent is i / d_model. It is "
            "2i / d_model, with i counting clocks.",
            (_code(lambda i, d, base: base ** (-i / d)),),
        ),
        Slip(
            "exponent twice as large",
            "Your code has clocks that slow down too much: the exponent is 4i / d_model. With i "
            "counting clocks it is 2i / d_model; np.arange(0, d_model, 2) is 2i already.",
            (_code(lambda i, d, base: base ** (-4 * i / d)),),
        ),
        Slip(
            "a speed for every column",
            "Your code gives each column a speed of its own. A sine and the cosine to its right "
            "belong to one clock, so columns 2i and 2i + 1 have the same speed.",
            (_by_column(1), _by_column(2), _by_column(1, sines=True), _by_column(2, sines=True)),
        ),
        Slip(
            "slowest first",
            "Your code has the slowest clock first. Clock 0 has the exponent 0, so it turns by 1 "
            "per position, and each later one is slower.",
            (_code(lambda i, d, base: base ** (-2 * i / d)[::-1]),),
        ),
        Slip(
            "position and feature exchanged",
            "Your code lets the position set the speed and the clock's number turn the hand. The "
            "position is what the hand turns with: p / base**(2i / d_model).",
            (_roles_exchanged,),
        ),
        Slip(
            "multiplied by the base's power",
            "Your code multiplies p by base**(2i / d_model), so that later clocks race. It is "
            "divided by it: each clock is slower than the one before.",
            (_code(lambda i, d, base: base ** (2 * i / d)),),
        ),
        Slip(
            "base in the wrong place",
            "Your code raises p / base to the power 2i / d_model. The power belongs to base alone: "
            "p / base**(2i / d_model).",
            (_base_inside,),
        ),
        Slip(
            "base not raised to a power",
            "Your code multiplies base by 2i / d_model, or divides by it. It is a power: "
            "base**(2i / d_model), which is 1 for clock 0.",
            (
                _code(lambda i, d, base: 1 / np.maximum(base * 2 * i / d, 1)),
                _code(lambda i, d, base: 1 / (1 + base * 2 * i / d)),
            ),
        ),
        Slip(
            "the power taken before the division",
            "Your code divides by base**(2i) and by d_model. The exponent is the whole quotient: "
            "base ** (2 * i / d_model), in brackets.",
            (
                _code(lambda i, d, base: base ** (-2.0 * i) / d),
                _code(lambda i, d, base: base ** (-2.0 * i) * d),
                _code(lambda i, d, base: base**-2.0 * i / d),
            ),
        ),
        Slip(
            "positions as shares of the length",
            "Your code divides the positions by the length of the sequence. Position 1 is 1 "
            "however long the sequence is, so that its code is always the same.",
            (
                lambda length, d, base: _code(scale=1 / length)(length, d, base),
                lambda length, d, base: _code(scale=1 / max(length - 1, 1))(length, d, base),
            ),
        ),
        Slip(
            "the last clock at the base itself",
            "Your code spreads the speeds so that the last clock's is 1 / base, as some programs "
            "do. Here the exponent is 2i / d_model, which stays below 1.",
            (_code(lambda i, d, base: base ** (-i / max(d / 2 - 1, 1))),),
        ),
        Slip(
            "cosine first",
            "Your code has the cosine before the sine. In each pair the sine stands first.",
            (_code(arrange=lambda sine, cosine: _interleaved(cosine, sine)),),
        ),
        Slip(
            "cosines first, in two blocks",
            "Your code has all cosines first and all sines after them. The two hands of a clock "
            "stand side by side: sines in the columns 0::2, cosines in 1::2.",
            (_code(arrange=lambda sine, cosine: _blocks(cosine, sine)),),
        ),
        Slip(
            "one function for both",
            "Your code has the same function in both columns of a pair. The first is a sine, the "
            "second a cosine.",
            (
                _code(arrange=lambda sine, cosine: _interleaved(sine, sine)),
                _code(arrange=lambda sine, cosine: _interleaved(cosine, cosine)),
            ),
        ),
        Slip(
            "positions from 1",
            "Your code begins with position 1. The first row is position 0: all sines 0, all "
            "cosines 1.",
            (_code(first=1),),
        ),
        Slip(
            "full turns instead of radians",
            "Your code multiplies the angles by 2 pi. They are in radians as they stand: the first "
            "clock turns by 1, not by a full turn.",
            (_code(scale=2 * np.pi),),
        ),
        Slip(
            "degrees",
            "Your code takes the angles for degrees. np.sin and np.cos want radians, and p / "
            "base**(2i / d_model) is in radians.",
            (_code(scale=np.pi / 180),),
        ),
        Slip(
            "one speed for all clocks",
            "Your code turns all clocks with the same speed. Clock i turns by 1 / "
            "base**(2i / d_model) per position.",
            (_code(lambda i, d, base: i * 0 + 1.0),),
        ),
        Slip(
            "clocks counted from 1",
            "Your code slows already the first clock down: its i is 1. i counts from 0, so that "
            "clock 0 turns by 1 per position.",
            (_code(lambda i, d, base: base ** (-2 * (i + 1) / d)),),
        ),
        Slip(
            "half of the columns empty",
            "Your code leaves 0 in every second column. A clock has two: the sine in column 2i, "
            "the cosine in 2i + 1.",
            (
                _code(arrange=lambda sine, cosine: _interleaved(sine, 0 * sine)),
                _code(arrange=lambda sine, cosine: _interleaved(0 * sine, cosine)),
            ),
        ),
        Slip(
            "sine and cosine by position",
            "Your code has sines at even positions and cosines at odd ones. It is the column that "
            "chooses: sine in 2i, cosine in 2i + 1, at every position.",
            (
                lambda length, d, base: np.where(
                    np.arange(length)[:, None] % 2 == 0,
                    _code(arrange=lambda s, c: _interleaved(s, s))(length, d, base),
                    _code(arrange=lambda s, c: _interleaved(c, c))(length, d, base),
                ),
            ),
        ),
        Slip(
            "minus the cosine",
            "Your code has a minus before the cosines. At position 0 a hand points at sine 0, "
            "cosine 1.",
            (_code(arrange=lambda sine, cosine: _interleaved(sine, -cosine)),),
        ),
    ),
    hints=(
        "Take d_model = 2: one clock, and base**0 is 1. What are the rows for p = 0, 1, 2?",
        "np.arange(length)[:, None] is a column and np.arange(0, d_model, 2) is a row of all 2i; "
        "their product or quotient is a table (length, d_model // 2).",
        "angle = np.arange(length)[:, None] / base ** (np.arange(0, d_model, 2) / d_model); then "
        "code[:, 0::2] = np.sin(angle) and code[:, 1::2] = np.cos(angle).",
    ),
    points=2,
)


def _joined(x: Array, code: Array) -> Array:
    return np.concatenate([x, np.broadcast_to(code, (*x.shape[:2], code.shape[1]))], axis=2)


def _with(choose: Callable[[Array, int], Array], *, only: str = "") -> Callable[..., Array]:
    """Other rows of the code: (code, length) -> rows, for one mode or for both."""

    def answer(x: Array, code: Array, mode: str) -> Array:
        length = x.shape[1]
        rows = choose(code, length) if only in ("", mode) else code[:length]
        return x + rows if mode == "add" else _joined(x, rows)

    return answer


def _other(mode: str, change: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    """Right in one mode, and something else, (x, rows) -> y, in the other."""

    def answer(x: Array, code: Array, chosen: str) -> Array:
        rows = code[: x.shape[1]]
        if chosen == mode:
            return change(x, rows)
        return x + rows if chosen == "add" else _joined(x, rows)

    return answer


ADD_OR_CONCAT = Exercise(
    name="add_or_concat",
    sections=("04_10_positional",),
    task="""
`x` is `(N, T, E)`: N sequences of T vectors. `code` is `(P, D)`, a row for each position, and P is
at least T: the vectors stand at positions 0 to T − 1. With `mode="add"` (then D = E) return `x`
with each position's row added, an array `(N, T, E)`. With `mode="concat"` return each vector with
its row behind it, `(N, T, E + D)`. The vector [5, 6] with the row [0, 1] becomes [5, 7] or
[5, 6, 0, 1].
""",
    stub="""
def add_or_concat(x, code, mode):
    raise NotImplementedError
""",
    solution="""
def add_or_concat(x, code, mode):
    rows = code[: x.shape[1]]  # (T, D)
    if mode == "add":
        return x + rows
    every = np.broadcast_to(rows, (len(x), *rows.shape))  # the same rows for each sequence
    return np.concatenate([x, every], axis=2)
""",
    alternative="""
def add_or_concat(x, code, mode):
    sequences = []
    for vectors in x:
        pairs = list(zip(vectors, code, strict=False))  # stops where the vectors end
        if mode == "add":
            sequences.append([v + row for v, row in pairs])
        else:
            sequences.append([np.append(v, row) for v, row in pairs])
    return np.array(sequences)
""",
    returns={"y": "N T F"},
    shows="Added, the code takes no room; concatenated, it takes D features of its own.",
    inputs=Inputs(
        arguments={"x": "N T E", "code": "P D", "mode": ("add", "concat")},
        example={"N": 2, "T": 2, "E": 2, "P": 3, "D": 2},
        also=(
            {"N": 3, "T": 3, "E": 3, "P": 3, "D": 3},
            {"N": 3, "T": 3, "E": 3, "P": 3, "D": 3, "mode": "concat"},
            {"N": 2, "T": 3, "E": 2, "P": 5, "D": 4, "mode": "concat"},
        ),
        sizes={"N": range(1, 4), "T": range(1, 4), "P": range(1, 6), "D": range(1, 5)},
        derived={"F": lambda E, D, mode: E if mode == "add" else E + D},
        legal=lambda E, D, P, T, mode: P >= T and (mode == "concat" or D == E),
    ),
    slips=(
        Slip(
            "the last rows of the code",
            "Your y takes the last T rows of the code. The vectors stand at positions 0 to T - 1, "
            "whatever the table holds beyond: code[:T].",
            (_with(lambda code, length: code[-length:]),),
        ),
        Slip(
            "the first row for all",
            "Your y gives every position the same row of the code. Position p gets row p.",
            (_with(lambda code, length: np.repeat(code[:1], length, axis=0)),),
        ),
        Slip(
            "rows in reverse order",
            "Your y hands out the rows of the code from the last to the first. Position p gets row "
            "p.",
            (_with(lambda code, length: code[:length][::-1]),),
        ),
        Slip(
            "positions from 1",
            "Your y begins with row 1 of the code. The first vector stands at position 0.",
            (
                _with(lambda code, length: np.roll(code, -1, axis=0)[:length]),
                _with(lambda code, length: code[1 : length + 1]),
            ),
        ),
        Slip(
            "code in front",
            "Your y has the code in front of the vector. It stands behind it: x first.",
            (
                _other(
                    "concat",
                    lambda x, rows: np.roll(_joined(x, rows), rows.shape[1], axis=2),
                ),
            ),
        ),
        Slip(
            "added along the batch",
            "Your y adds row n of the code to all of sequence n. It is the position, axis 1, that "
            "chooses the row.",
            (
                lambda x, code, mode: (
                    x + np.resize(code, (len(x), code.shape[1]))[:, None]
                    if mode == "add"
                    else _joined(x, code[: x.shape[1]])
                ),
                _other("add", lambda x, rows: x + rows[: len(x), None]),
                lambda x, code, mode: (
                    np.array([vectors + code[n] for n, vectors in enumerate(x)])
                    if mode == "add"
                    else _joined(x, code[: x.shape[1]])
                ),
            ),
        ),
        Slip(
            "multiplied",
            "Your y multiplies by the code where it is to be added: sines that are 0 would wipe "
            "features out.",
            (_other("add", lambda x, rows: x * rows),),
        ),
        Slip(
            "the mean of both",
            "Your y is the mean of vector and code. It is their sum.",
            (_other("add", lambda x, rows: (x + rows) / 2),),
        ),
        Slip(
            "scaled before adding",
            "Your y multiplies x by the root of its features first. The paper does so to its "
            "embeddings; here x is added as it is.",
            (
                _other("add", lambda x, rows: x * x.shape[2] ** 0.5 + rows),
                lambda x, code, mode: _other("", lambda x, rows: x)(
                    x * x.shape[2] ** 0.5, code, mode
                ),
            ),
        ),
        Slip(
            "all rows added together",
            "Your y adds the sum of all rows to each vector. A position gets its own row.",
            (_other("add", lambda x, rows: x + rows.sum(axis=0)),),
        ),
        Slip(
            "added whatever the mode",
            'Your y adds the code also where mode is "concat". There the vector keeps its E '
            "features, and D more stand behind them.",
            (
                _other("concat", lambda x, rows: x + rows),
                lambda x, code, mode: x + code[: x.shape[1]],
            ),
        ),
        Slip(
            "concatenated whatever the mode",
            'Your y puts the code behind the vector also where mode is "add". There the two are '
            "added, and the number of features stays E.",
            (lambda x, code, mode: _joined(x, code[: x.shape[1]]),),
        ),
        Slip(
            "modes exchanged",
            'Your y concatenates where mode is "add" and adds where it is "concat".',
            (
                lambda x, code, mode: (
                    _joined(x, code[: x.shape[1]]) if mode == "add" else x + code[: x.shape[1]]
                ),
            ),
        ),
        Slip(
            "concatenated along the positions",
            "Your y puts the code behind the sequence, as more positions. It belongs behind each "
            "vector, as more features: axis 2, not axis 1.",
            (
                _other(
                    "concat",
                    lambda x, rows: np.concatenate(
                        [x, np.broadcast_to(rows, (len(x), *rows.shape))], axis=1
                    ),
                ),
            ),
        ),
        Slip(
            "all rows of the code",
            "Your y takes every row of the code, also those behind the last vector. T vectors need "
            "the rows 0 to T - 1: code[:T].",
            (
                _with(lambda code, length: code),
                lambda x, code, mode: x + code if mode == "add" else _joined(x, code[: x.shape[1]]),
                lambda x, code, mode: x + code if mode == "add" else np.concatenate([x, code], 2),
            ),
        ),
        Slip(
            "code not repeated for each sequence",
            "Your y is right for one sequence. To stand behind the vectors of all N, the rows have "
            "to be repeated for each: np.broadcast_to(code[:T], (N, T, D)).",
            (
                _other("concat", lambda x, rows: np.concatenate([x, rows[None]], axis=2)),
                _other("concat", lambda x, rows: np.concatenate([x, rows], axis=-1)),
            ),
        ),
        Slip(
            "each row repeated before the next",
            "Your y repeats row 0 for all, then row 1, and so on: code[:T].repeat(N, axis=0). The "
            "whole block is what each sequence gets: np.tile, or np.broadcast_to.",
            (
                _other(
                    "concat",
                    lambda x, rows: np.concatenate(
                        [x, rows.repeat(len(x), axis=0).reshape(*x.shape[:2], -1)], axis=2
                    ),
                ),
            ),
        ),
        Slip(
            "the first sequence alone",
            "Your y writes the code into sequence 0 and leaves the others. All N get it.",
            (_other("add", lambda x, rows: np.concatenate([x[:1] + rows, x[1:]])),),
        ),
        Slip(
            "no code behind",
            "Your y has 0 behind each vector. It is the position's row of the code that belongs "
            "there.",
            (_other("concat", lambda x, rows: _joined(x, 0 * rows)),),
        ),
        Slip(
            "stacked",
            "Your y stacks vector and code along a new axis. np.concatenate makes the last axis "
            "longer: (N, T, E + D).",
            (
                _other(
                    "concat",
                    lambda x, rows: np.stack([x, np.broadcast_to(rows, (len(x), *rows.shape))], -1),
                ),
            ),
        ),
        Slip(
            "added and put behind",
            'Your y adds the code also to what it puts behind. With "concat" the code stands there '
            "as it is, whatever the vector.",
            (_other("concat", lambda x, rows: np.concatenate([x, x + rows], axis=2)),),
        ),
        Slip(
            "the last position forgotten",
            "Your y leaves the last vector without its code. There are T positions, 0 to T - 1, "
            "and code[:T] has as many rows.",
            (_other("add", lambda x, rows: np.concatenate([(x + rows)[:, :-1], x[:, -1:]], 1)),),
        ),
    ),
    hints=(
        "Which rows of code are needed for T vectors? And do two sequences get different ones?",
        'For "add", code[:T] is (T, E) and lines up with the last two axes of x: x + code[:T].',
        'For "concat", np.broadcast_to(code[:T], (N, T, D)) repeats the rows for every sequence; '
        "np.concatenate([x, those], axis=2) puts them behind.",
    ),
)


def _rotation(
    angle: Callable[[int, Array, int, float], Array] = lambda k, i, d, base: k * _speed(i, d, base),
    *,
    block: Callable[[float, float], list[list[float]]] = lambda c, s: [[c, s], [-s, c]],
    halves: bool = False,
    around: float = 0.0,
) -> Callable[[int, int, float], Array]:
    """The matrix with one thing done otherwise; `around` stands where no block does."""

    def matrix(k: int, d_model: int, base: float) -> Array:
        turned = np.full((d_model, d_model), around)
        half = d_model // 2
        for i, a in enumerate(angle(k, np.arange(half), d_model, base)):
            at = [i, i + half] if halves else [2 * i, 2 * i + 1]
            turned[np.ix_(at, at)] = block(np.cos(a), np.sin(a))
        return turned

    return matrix


def _without_last(k: int, d_model: int, base: float) -> Array:
    """The last block left out."""
    turned = _rotation()(k, d_model, base)
    turned[-2:] = 0
    return turned


RELATIVE_ROTATION = Exercise(
    name="relative_rotation",
    sections=("04_10_positional",),
    task="""
Return the matrix `R`, `(d_model, d_model)`, that moves the sinusoidal code on by `k` positions:
`R @ code[p]` is `code[p + k]` for **every** p, where `code[p]` is a row of the code above, taken as
a vector. `k` may be negative, `d_model` is even. For two features and k = 1, R is about
`[[0.54, 0.84], [-0.84, 0.54]]`. With more features every clock has such a block of its own, and all
else is 0.
""",
    stub="""
def relative_rotation(k, d_model, base):
    raise NotImplementedError
""",
    solution="""
def relative_rotation(k, d_model, base):
    R = np.zeros((d_model, d_model))
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)  # how far this clock turns
        R[i : i + 2, i : i + 2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    return R
""",
    alternative="""
def relative_rotation(k, d_model, base):
    angles = k * base ** (-np.arange(0, d_model, 2) / d_model)
    even, odd = np.arange(0, d_model, 2), np.arange(1, d_model, 2)
    R = np.zeros((d_model, d_model))
    R[even, even] = R[odd, odd] = np.cos(angles)
    R[even, odd] = np.sin(angles)
    R[odd, even] = -np.sin(angles)
    return R
""",
    returns={"R": "d_model d_model"},
    shows="One matrix moves every position on by k; which position it is does not matter.",
    inputs=Inputs(
        arguments={"k": (1, 0, 2, 3, 5, -1, -2), "d_model": (4, 2, 6, 8), "base": BASES},
        also=({"k": 5, "d_model": 6, "base": 100.0}, {"k": -2, "d_model": 8, "base": 4.0}),
    ),
    slips=(
        Slip(
            "turned the other way",
            "Your R moves the code back by k positions. The sine of the sum is sin a cos b + cos a "
            "sin b: the + sin stands in the upper row of the block.",
            (
                _rotation(block=lambda c, s: [[c, -s], [s, c]]),
                _rotation(lambda k, i, d, base: -k * _speed(i, d, base)),
            ),
        ),
        Slip(
            "pairs in two halves",
            "Your R turns feature i together with feature i + d_model / 2. In this code a clock "
            "owns two neighbours, the columns 2i and 2i + 1.",
            (_rotation(halves=True),),
        ),
        Slip(
            "one angle for all clocks",
            "Your R turns every clock by the same angle. Clock i turns by k / "
            "base**(2i / d_model): later ones less.",
            (_rotation(lambda k, i, d, base: k + 0.0 * i),),
        ),
        Slip(
            "the first clock alone",
            "Your R turns the first clock and leaves the others where they are. Every clock has a "
            "block of its own, with its own angle.",
            (_rotation(lambda k, i, d, base: k * (i == 0)),),
        ),
        Slip(
            "the power taken before the division",
            "Your R divides by base**2, or by base**(2i) and d_model. The exponent is the whole "
            "quotient: base ** (2 * i / d_model), in brackets.",
            (
                _rotation(lambda k, i, d, base: k * base ** (-2.0 * i) / d),
                _rotation(lambda k, i, d, base: k / base**2 * i / d),
            ),
        ),
        Slip(
            "degrees",
            "Your R takes the angles for degrees. np.sin and np.cos want radians, and k / "
            "base**(2i / d_model) is in radians.",
            (_rotation(lambda k, i, d, base: np.pi / 180 * k * _speed(i, d, base)),),
        ),
        Slip(
            "exponent half as large",
            "Your R has clocks that slow down too little: the exponent is i / d_model. It is "
            "2i / d_model, with i counting clocks.",
            (_rotation(lambda k, i, d, base: k * base ** (-i / d)),),
        ),
        Slip(
            "exponent twice as large",
            "Your R has clocks that slow down too much: the exponent is 4i / d_model. With i "
            "counting clocks it is 2i / d_model.",
            (_rotation(lambda k, i, d, base: k * base ** (-4 * i / d)),),
        ),
        Slip(
            "multiplied by the base's power",
            "Your R turns later clocks further. The angle is k divided by base**(2i / d_model).",
            (_rotation(lambda k, i, d, base: k * base ** (2 * i / d)),),
        ),
        Slip(
            "slowest first",
            "Your R has the slowest clock's block first. Clock 0 turns by k.",
            (_rotation(lambda k, i, d, base: k * _speed(i, d, base)[::-1]),),
        ),
        Slip(
            "k ignored",
            "Your R moves on by one position, whatever k is. Every angle is multiplied by k.",
            (_rotation(lambda k, i, d, base: _speed(i, d, base)),),
        ),
        Slip(
            "the size of k alone",
            "Your R moves forward also where k is negative. A negative k turns the hands back.",
            (_rotation(lambda k, i, d, base: abs(k) * _speed(i, d, base)),),
        ),
        Slip(
            "sine and cosine exchanged",
            "Your R has the sines on the diagonal. For k = 0 it has to leave everything as it is: "
            "cosines, which are 1 then, stand on the diagonal.",
            (
                _rotation(block=lambda c, s: [[s, c], [-c, s]]),
                _rotation(block=lambda c, s: [[s, c], [c, -s]]),
            ),
        ),
        Slip(
            "no minus",
            "Your R has + sin in both corners of a block. The cosine of the sum is cos a cos b - "
            "sin a sin b: the lower row's sine has a minus.",
            (_rotation(block=lambda c, s: [[c, s], [s, c]]),),
        ),
        Slip(
            "cosines only",
            "Your R has cosines on the diagonal and no sines. A turn mixes the two numbers of a "
            "clock.",
            (_rotation(block=lambda c, s: [[c, 0.0], [0.0, c]]),),
        ),
        Slip(
            "ones around the blocks",
            "Your R has ones where no block stands. Clocks do not mix: all else is 0.",
            (_rotation(around=1.0),),
        ),
        Slip(
            "full turns instead of radians",
            "Your R multiplies the angles by 2 pi. They are in radians as they stand: clock 0 "
            "turns by k.",
            (_rotation(lambda k, i, d, base: 2 * np.pi * k * _speed(i, d, base)),),
        ),
        Slip(
            "the code of position k",
            "Your R has the code of position k on its diagonal. Each clock needs a block of two "
            "rows and two columns.",
            (
                lambda k, d_model, base: np.diag(
                    _interleaved(
                        *(
                            f(k * _speed(np.arange(d_model // 2), d_model, base))[None]
                            for f in (np.sin, np.cos)
                        )
                    )[0]
                ),
            ),
        ),
        Slip(
            "a mirror",
            "Your R has -cos in the lower corner of a block, so it mirrors. For k = 0 it has to "
            "leave everything as it is: both diagonal numbers are cos.",
            (
                _rotation(block=lambda c, s: [[c, s], [-s, -c]]),
                _rotation(block=lambda c, s: [[c, s], [s, -c]]),
            ),
        ),
        Slip(
            "one sine of two",
            "Your R has one sine in a block and a 0 where the other belongs. sin(a + b) and "
            "cos(a + b) both need a sine of b.",
            (
                _rotation(block=lambda c, s: [[c, s], [0.0, c]]),
                _rotation(block=lambda c, s: [[c, 0.0], [-s, c]]),
            ),
        ),
        Slip(
            "clocks counted from 1",
            "Your R slows already the first clock down: its i is 1. i counts from 0, so that clock "
            "0 turns by k.",
            (_rotation(lambda k, i, d, base: k * _speed(i + 1, d, base)),),
        ),
        Slip(
            "places moved, not hands",
            "Your R moves the numbers of a code by k places. It is the hands that go on: each "
            "clock's two numbers are turned by its own angle.",
            (
                lambda k, d_model, base: np.eye(d_model, k=k),
                lambda k, d_model, base: np.eye(d_model, k=-k),
            ),
        ),
        Slip(
            "one block everywhere",
            "Your R repeats the first clock's block. Each clock has its own, on the diagonal of "
            "blocks, and all else is 0.",
            (
                lambda k, d_model, base: np.tile(
                    [[np.cos(k), np.sin(k)], [-np.sin(k), np.cos(k)]], (d_model // 2,) * 2
                ),
            ),
        ),
        Slip(
            "the last clock missing",
            "Your R leaves the last clock's block 0. There are d_model // 2 clocks: their rows "
            "begin at 0, 2, ... and d_model - 2.",
            (_without_last,),
        ),
    ),
    hints=(
        "One clock at angle a holds (sin a, cos a). Moved on by b it holds (sin(a + b), "
        "cos(a + b)). Write both with sin a, cos a, sin b and cos b.",
        "sin(a + b) = cos b sin a + sin b cos a, and cos(a + b) = -sin b sin a + cos b cos a: that "
        "is a matrix of two rows, times (sin a, cos a).",
        "For clock i let b = k / base ** (2 * i / d_model) and put [[cos b, sin b], "
        "[-sin b, cos b]] at rows and columns 2i and 2i + 1 of np.zeros((d_model, d_model)).",
    ),
    points=3,
)
