"""The calls that an exercise is tried on, made from its arguments' axes and options.

Nobody writes cases: sizes and options are drawn at random, and of a few hundred legal calls those
are kept that meet every relation between two of them (stride smaller than, equal to, larger than
the kernel; K = 1 with padding; no padding with one channel ...). The numbers then come as learners'
code does not expect them: with all decimals, in Fortran order, with negative strides, in float32.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

Case = Mapping[str, Any]  # argument name -> plain array or number, in the order of the call
Numbers = dict[str, Any]  # the name of an axis, an option or a derived number -> what it is

_CANDIDATES = 400
_OFTEN = 0.01  # a relation that fewer legal calls meet is not asked for
_SIZES = range(1, 4)  # of an axis, unless the exercise says more


def draw(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers with one decimal, so that a failing case can be followed by hand."""
    return rng.normal(scale=2.0, size=shape).round(1) + 0.0  # no -0.0


def clone(value: Any) -> Any:
    """A copy of an array that lies in memory as the array does: Fortran order, negative strides."""
    if not isinstance(value, np.ndarray):
        return value
    forwards = tuple(slice(None, None, -1 if step < 0 else 1) for step in value.strides)
    return value[forwards].copy(order="K")[forwards]


def call_with(function: Callable[..., Any], known: Mapping[str, Any]) -> Any:
    """`function` called with those of the known names that it takes."""
    return function(**{name: known[name] for name in _taken(function)})


@cache
def _taken(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What an exercise may be called with.

    Parameters
    ----------
    arguments : in the order of the call; an array by its axes, "N C L", an option by the values
        that it may take, the plain one first: {"x": "N C L", "stride": (1, 2, 3)}
    example : the numbers of a first small call: {"L": 5, "K": 2}; axes not named are 1 long and
        options plain
    also : more calls by hand, where the idea has a trap of its own: what differs from the example
    sizes : how long an axis may be; 1, 2 or 3 if not given
    derived : numbers that follow from the others by name, each as a function of those it needs:
        the length of an axis, or what else may be smaller, equal or larger, such as a remainder
    legal : which numbers make a call, as a function of those it needs
    values : how to draw an argument that is no array of normal numbers, as a function of rng,
        shape and any numbers: {"target": lambda rng, shape, C: rng.integers(C, size=shape)}
    large : arguments that are once a thousand times as large, where exp could overflow
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[Mapping[str, Any], ...] = ()
    sizes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    derived: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    legal: Callable[..., bool] = lambda: True
    values: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    large: tuple[str, ...] = ()

    @cached_property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """Every array's axes by name."""
        return {a: tuple(spec.split()) for a, spec in self.arguments.items() if type(spec) is str}

    @cached_property
    def choices(self) -> dict[str, Sequence[Any]]:
        """Every free number, axes before options, with the values that it may take."""
        names = dict.fromkeys(axis for axes in self.axes.values() for axis in axes)
        free = [n for n in names if not n.isdigit() and n not in self.derived]
        lengths: dict[str, Sequence[Any]] = {name: self.sizes.get(name, _SIZES) for name in free}
        return {**lengths, **{name: self.arguments[name] for name in self.options}}

    @cached_property
    def options(self) -> tuple[str, ...]:
        """The arguments that are no arrays."""
        return tuple(name for name in self.arguments if name not in self.axes)

    def complete(self, free: Mapping[str, Any]) -> Numbers | None:
        """The free numbers with those that follow from them; None if that makes no call."""
        numbers = dict(free)
        for name, follows in self.derived.items():
            numbers[name] = call_with(follows, numbers)
        lengths = (numbers[n] for axes in self.axes.values() for n in axes if not n.isdigit())
        return numbers if min(lengths, default=1) > 0 and call_with(self.legal, numbers) else None

    def numbers(self, rng: np.random.Generator) -> Numbers:
        """The numbers of one legal call; an option is plain every other time."""
        for _ in range(10_000):
            free = {name: v[int(rng.integers(len(v)))] for name, v in self.choices.items()}
            free |= {name: self.arguments[name][0] for name in self.options if rng.random() < 0.5}
            if found := self.complete(free):
                return found
        raise ValueError("Inputs: of ten thousand calls none was legal; widen sizes or options.")

    def call(self, rng: np.random.Generator, numbers: Numbers, decimals: bool = False) -> Case:
        """Arrays for these numbers, rounded to one decimal unless all decimals are asked for."""
        case = {}
        for name in self.arguments:
            if name in self.options:
                case[name] = numbers[name]
                continue
            shape = tuple(int(a) if a.isdigit() else numbers[a] for a in self.axes[name])
            if name in self.values:
                known = {**numbers, "rng": rng, "shape": shape}
                case[name] = call_with(self.values[name], known)
            else:
                case[name] = rng.normal(scale=2.0, size=shape) if decimals else draw(rng, *shape)
        return case

    def random(self, rng: np.random.Generator) -> Case:
        """Any legal call, with all decimals."""
        return self.call(rng, self.numbers(rng), decimals=True)

    def sizes_of(self, args: Sequence[Any]) -> dict[str, int]:
        """How long every axis is in a call."""
        lengths = zip(self.arguments, args, strict=False)
        return {
            axis: n
            for name, value in lengths
            for axis, n in zip(self.axes.get(name, ()), np.shape(value), strict=False)
        }

    @cached_property
    def plans(self) -> list[Numbers]:
        """The numbers of every case: the example, one step away from it, then what covers all."""
        steps = list(self._steps())
        candidates = sorted(self.sample(np.random.default_rng(0), _CANDIDATES), key=_cost)
        met = self.relations(candidates)
        wanted = np.array(list(met.values())).reshape(len(met), len(candidates)).T.astype(bool)
        wanted = wanted & (wanted.mean(axis=0) >= _OFTEN)
        return [*steps, *(candidates[i] for i in sorted(_cover(wanted)))]

    def sample(self, rng: np.random.Generator, count: int) -> list[Numbers]:
        """The numbers of many legal calls."""
        return [self.numbers(rng) for _ in range(count)] if self.arguments else [{}]

    def _steps(self) -> Iterator[Numbers]:
        """The example, calls that differ from it in one number each, and those by hand."""
        plain = {name: v[0] if name in self.options else 1 for name, v in self.choices.items()}
        example = {**plain, **self.example}
        first = self._by_hand(example)
        yield first
        for name, values in self.choices.items():
            others = (self.complete({**example, name: v}) for v in values if v != example[name])
            legal = [n for n in others if n and (name in self.options or n[name] > 1)]
            if legal and (name in self.options or first[name] == 1):
                yield legal[0]
        for more in self.also:
            yield self._by_hand({**example, **more})

    def _by_hand(self, free: Numbers) -> Numbers:
        unknown = set(free) - set(self.choices)
        if unknown:
            known = ", ".join(self.choices)
            raise ValueError(f"Inputs: {', '.join(sorted(unknown))}: the free numbers are {known}.")
        numbers = self.complete(free)
        if numbers is None:
            raise ValueError(f"Inputs: {free} is no legal call; change example or also.")
        return numbers

    def relations(self, plans: Sequence[Numbers]) -> dict[str, np.ndarray]:
        """Every relation between two numbers, in words, and which of the plans meet it."""
        columns = {n: [plan[n] for plan in plans] for n in (*self.choices, *self.derived)}
        pairs = list(itertools.combinations(columns, 2))
        met = {}
        for a, b in pairs:
            (least, is_least), (other, is_other) = self._least(a, columns), self._least(b, columns)
            for one, two in itertools.product((True, False), repeat=2):
                words = f"{a} {_is(one)} {least} and {b} {_is(two)} {other}"
                met[words] = (is_least == one) & (is_other == two)
        counts = {n: np.array(v) for n, v in columns.items() if set(map(type, v)) == {int}}
        for a, b in (pair for pair in pairs if set(pair) <= set(counts)):
            met[f"{a} < {b}"] = counts[a] < counts[b]
            met[f"{a} = {b}"] = counts[a] == counts[b]
            met[f"{a} > {b}"] = counts[a] > counts[b]
        return met

    def _least(self, name: str, columns: Mapping[str, list[Any]]) -> tuple[Any, np.ndarray]:
        """The plain value of an option, the least of a number, and where it stands."""
        if name in self.options:
            least = self.arguments[name][0]
        elif name in self.choices:
            least = min(self.choices[name])
        else:  # the length of an axis is never 0
            least = int(any(name in axes for axes in self.axes.values()))
        return least, np.array([value == least for value in columns[name]])

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The calls to try, the plainest first; nobody may write into them."""
        rng = np.random.default_rng(0)
        first = len(list(self._steps()))
        made = []
        for number, plan in enumerate(self.plans):
            case = self.call(rng, plan, decimals=number >= first and number % 2 == 1)
            made.append(case if number < first else _awkward(case, number - first))
        again = [self.call(rng, self.plans[number]) for number in (0, len(self.plans) // 2)]
        made += again if self.axes else []  # a result kept by shape is the wrong one here
        if self.large:
            made.append({n: v * 1000 if n in self.large else v for n, v in made[-1].items()})
        for value in (value for case in made for value in case.values()):
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        return tuple(made)


def _awkward(case: Case, number: int) -> Case:
    """The same call as it may come too: in another memory order, once in float32."""
    orders = (np.asfortranarray, lambda a: a[_backwards(a)].copy()[_backwards(a)], np.array)
    arrays = {n: v for n, v in case.items() if isinstance(v, np.ndarray)}
    changed = {n: orders[number % 3](v) for n, v in arrays.items() if v.ndim}
    if number == 2:
        changed = {n: v.astype(np.float32) if v.dtype == float else v for n, v in changed.items()}
    return {**case, **changed}


def _is(true: bool) -> str:
    return "is" if true else "is not"


def _backwards(array: np.ndarray) -> tuple[slice, ...]:
    return tuple(slice(None, None, -1) for _ in array.shape)


def _cost(numbers: Numbers) -> float:
    return float(sum(value for value in numbers.values() if isinstance(value, int)))


def _cover(met: np.ndarray) -> Iterator[int]:
    """Of the candidates (rows), few that together meet every goal (columns) that any meets."""
    left = met.any(axis=0)
    while left.any():
        best = int((met & left).sum(axis=1).argmax())
        yield best
        left &= ~met[best]
