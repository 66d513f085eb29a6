"""A record is a frozen tree of named arrays: a model, a gradient and a moment are all records."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self, dataclass_transform

import numpy as np

from course_lib.errors import check_arrays, check_dtype, kind

Array = np.ndarray


class RunningStatistics:
    """The mean and variance that a BatchNorm has seen so far: the one array store that changes.

    A training forward updates its own model's statistics; `Record.map` and loading copy them, so
    that a model you keep stays as it is.
    """

    def __init__(self, mean: Array, var: Array, num_batches_tracked: int = 0):
        self.mean = np.array(mean)
        self.var = np.array(var)
        self.num_batches_tracked = int(num_batches_tracked)

    def state(self) -> dict[str, Array]:
        """The statistics under PyTorch's names."""
        return {
            "running_mean": self.mean.copy(),
            "running_var": self.var.copy(),
            "num_batches_tracked": np.array(self.num_batches_tracked),
        }

    def __repr__(self) -> str:
        return f"RunningStatistics({self.mean.shape[0]} channels)"


@dataclass_transform(frozen_default=True, eq_default=False)
class Record:
    """A frozen dataclass whose array fields are parameters and whose record fields are children.

    Writing `class Linear(Layer): weight: Array; bias: Array | None` is enough: every subclass
    becomes a frozen dataclass here, and constructing one takes a read-only view of each array.
    Fields that hold neither an array nor a record (a stride, a probability) are hyper-parameters.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True, eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, _read_only(value))
            elif isinstance(value, np.number):  # a np.float64 would turn float32 into float64
                object.__setattr__(self, name, value.item())
        self._reject_repeated_records()

    def _reject_repeated_records(self) -> None:
        seen: dict[int, str] = {}
        for path, record in self._walk():
            if id(record) in seen:
                raise ValueError(
                    f"{type(self).__name__}: the same {type(record).__name__} stands at "
                    f"{seen[id(record)]} and at {path}; one place, one layer: construct a second "
                    "one, or write a layer whose forward calls it twice."
                )
            seen[id(record)] = path

    def _walk(self, path: str = "") -> Iterator[tuple[str, Record]]:
        """Every record below this one, with its dotted path."""
        for name, value in vars(self).items():
            for key, child in _children(name, value):
                here = f"{path}.{key}" if path else key
                yield here, child
                yield from child._walk(here)

    def _with(self, **changes: Any) -> Self:
        """A copy with some fields replaced, built without calling `__init__`."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.__dict__.update({name: _read_only(value) for name, value in changes.items()})
        return new

    def map(self, function: Any, *others: Record) -> Self:
        """Rebuild the record with `function(array, *namesakes)` in place of every array.

        The namesakes are the arrays at the same place in `others`, which must be of the same kind:
        same classes, same lengths, same shapes. Updates, momentum, clipping and weight decay are
        all one call. Every array keeps its shape and its dtype; running statistics and random
        generators are copied.

        Raises
        ------
        TypeError     if another record is of a different kind or misses an array, or the function
                      does not return numbers
        ValueError    if a length or a shape differs; the message names the path

        Examples
        --------
        >>> from course_lib import Linear
        >>> layer = Linear(np.array([[1.0, 2.0]]), np.array([3.0]))
        >>> layer.map(lambda w, g: w - 0.5 * g, layer).weight
        array([[0.5, 1. ]])
        """
        if not callable(function):
            raise TypeError(
                f"map: function is {kind(function)}, not a function of an array; write "
                "model.map(lambda w: 0.5 * w)."
            )
        (record,) = self._map_to(1, lambda *arrays: (function(*arrays),), *others)
        return record

    def _map_to(self, count: int, function: Any, *others: Record) -> tuple[Self, ...]:
        """`map` for a function that returns `count` arrays at once: as many records."""
        leaves = _leaves(self, others)
        results = [function(*arrays) for _, *arrays in leaves]
        return tuple(
            _rebuild(self, _keep_shape_and_dtype([r[i] for r in results], leaves))
            for i in range(count)
        )

    def astype(self, dtype: Any) -> Self:
        """The same record with every floating array in another dtype, float32 or float64.

        Examples
        --------
        >>> from course_lib import Linear
        >>> Linear(np.ones((1, 2)), None).astype(np.float32).weight.dtype
        dtype('float32')
        """

        check_dtype("astype", dtype)
        arrays = (array for _, array in _leaves(self, ()))
        new = _rebuild(self, (a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays))
        for record in (new, *(child for _, child in new._walk())):
            for value in vars(record).values():
                if isinstance(value, RunningStatistics):  # a copy by now
                    value.mean, value.var = value.mean.astype(dtype), value.var.astype(dtype)
        return new

    def parameters(self) -> dict[str, Array]:
        """Every array that training changes, under its dotted name.

        Examples
        --------
        >>> from course_lib import Linear, ReLU, Sequential
        >>> model = Sequential(Linear(np.ones((3, 2)), np.zeros(3)), ReLU())
        >>> sum(array.size for array in model.parameters().values())
        9
        """
        return dict(self._named_arrays(statistics=False))

    def state_dict(self) -> dict[str, Array]:
        """Every array under its dotted name, as PyTorch would call it: also running statistics.

        Examples
        --------
        >>> from course_lib import Linear, ReLU, Sequential
        >>> model = Sequential(Linear(np.ones((3, 2)), np.zeros(3)), ReLU())
        >>> {name: array.shape for name, array in model.state_dict().items()}
        {'0.weight': (3, 2), '0.bias': (3,)}
        """
        return dict(self._named_arrays(statistics=True))

    def _named_arrays(self, *, statistics: bool) -> Iterator[tuple[str, Array]]:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                yield name, value
            elif isinstance(value, RunningStatistics) and statistics:
                yield from value.state().items()
            for key, child in _children(name, value):
                # a tuple contributes its indices alone, as PyTorch's Sequential does
                prefix = key.removeprefix(f"{name}.")
                for inner, array in child._named_arrays(statistics=statistics):
                    yield f"{prefix}.{inner}", array

    def load_state_dict(self, state: dict[str, Array]) -> Self:
        """A new record of this kind that holds the arrays of `state`.

        Raises
        ------
        TypeError     if state is no dictionary
        ValueError    one error that lists every missing, unknown and misshapen name
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"load_state_dict: state is {kind(state)}, not a dictionary of arrays by name; "
                "take one from state_dict()."
            )
        own = self.state_dict()
        problems = [f"missing {name} {own[name].shape}" for name in own if name not in state]
        problems += [f"unknown {name} {np.shape(state[name])}" for name in state if name not in own]
        problems += [
            f"{name} is {np.shape(state[name])} and should be {own[name].shape}"
            for name in own
            if name in state and np.shape(state[name]) != own[name].shape
        ]
        if problems:
            raise ValueError(
                f"load_state_dict: {type(self).__name__} does not fit: {'; '.join(problems)}."
            )
        return self._load(state, "")

    def _load(self, state: dict[str, Array], prefix: str) -> Self:
        changes: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                changes[name] = np.array(state[prefix + name], dtype=value.dtype)
            elif isinstance(value, RunningStatistics):
                changes[name] = RunningStatistics(
                    np.asarray(state[f"{prefix}running_mean"], value.mean.dtype),
                    np.asarray(state[f"{prefix}running_var"], value.var.dtype),
                    int(state[f"{prefix}num_batches_tracked"]),
                )
            elif isinstance(value, Record):
                changes[name] = value._load(state, f"{prefix}{name}.")
            elif isinstance(value, tuple) and any(isinstance(v, Record) for v in value):
                changes[name] = tuple(
                    child._load(state, f"{prefix}{i}.") for i, child in enumerate(value)
                )
            elif isinstance(value, np.random.Generator):
                changes[name] = copy.deepcopy(value)
        return self._with(**changes)

    def __repr__(self) -> str:
        parts = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                parts.append(f"{field.name} {value.shape}")
            elif isinstance(value, np.random.Generator):
                parts.append(f"{field.name}=…")
            elif isinstance(value, tuple) and any(isinstance(v, Record) for v in value):
                parts += [repr(child) for child in value]
            elif callable(value) and hasattr(value, "__name__"):
                parts.append(f"{field.name}={value.__name__}")  # its repr holds an address
            else:
                parts.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


def _read_only(value: Any) -> Any:
    """A view that cannot be written into, if it is an array that can."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    return value


def _children(name: str, value: Any) -> list[tuple[str, Record]]:
    if isinstance(value, Record):
        return [(name, value)]
    if isinstance(value, tuple):
        return [(f"{name}.{i}", v) for i, v in enumerate(value) if isinstance(v, Record)]
    return []


def _holds_arrays(*values: Any) -> bool:
    return any(isinstance(value, (Record, np.ndarray, tuple)) for value in values)


def _leaves(record: Record, others: tuple[Record, ...]) -> list[tuple[Any, ...]]:
    """(path, array, *namesakes) for every array, once all records are seen to be of one kind."""
    leaves: list[tuple[Any, ...]] = []
    _collect(leaves, (), record, others)
    return leaves


def _collect(leaves: list[Any], path: tuple[str, ...], value: Any, others: tuple[Any, ...]) -> None:
    for other in others:
        if type(other) is not type(value) and _holds_arrays(value, other):
            raise TypeError(
                f"map: {'.'.join(path) or 'the record'} is a {type(value).__name__} here and a "
                f"{type(other).__name__} there; both records must be of one kind."
            )
    if isinstance(value, np.ndarray):
        for other in others:
            if other.shape != value.shape:
                raise ValueError(
                    f"map: {'.'.join(path)} is {value.shape} here and {other.shape} there."
                )
        leaves.append((path, value, *others))
    elif isinstance(value, Record):
        for name, part in vars(value).items():
            _collect(leaves, (*path, name), part, tuple([getattr(o, name) for o in others]))
    elif isinstance(value, tuple):
        for other in others:
            if len(other) != len(value):
                raise ValueError(
                    f"map: {'.'.join(path)} has {len(value)} parts here and {len(other)} there."
                )
        for i, part in enumerate(value):
            _collect(leaves, (*path, str(i)), part, tuple([other[i] for other in others]))


def _keep_shape_and_dtype(results: Iterable[Any], leaves: list[tuple[Any, ...]]) -> Iterator[Array]:
    for result, (path, array, *_) in zip(results, leaves, strict=True):
        new = np.asarray(result)
        if new.dtype.kind not in "fiub":
            raise TypeError(
                f"map: the function turned {'.'.join(path)} into {kind(result)} of {new.dtype}; "
                "it must return an array of numbers."
                if isinstance(result, np.ndarray)
                else f"map: the function turned {'.'.join(path)} into {kind(result)}; it must "
                "return an array of numbers."
            )
        new = np.asarray(new, dtype=array.dtype)
        if new.shape != array.shape:
            raise ValueError(
                f"map: the function turned {'.'.join(path)} from {array.shape} into {new.shape}; "
                "it must keep the shape."
            )
        yield new


def _rebuild(value: Any, arrays: Iterator[Array]) -> Any:
    """`value` with the next of `arrays` in place of each of its own; what changes is copied."""
    if isinstance(value, np.ndarray):
        return _read_only(next(arrays))
    if isinstance(value, Record):
        new = object.__new__(type(value))
        new.__dict__.update({name: _rebuild(part, arrays) for name, part in vars(value).items()})
        return new
    if isinstance(value, tuple):
        return tuple([_rebuild(part, arrays) for part in value])
    if isinstance(value, (RunningStatistics, np.random.Generator)):
        return copy.deepcopy(value)
    return value  # a hyper-parameter


# How a field that holds an array may be annotated, and whether it must be there.
ARRAY_FIELDS: dict[Any, bool] = {
    "Array": True,
    "Array | None": False,
    "np.ndarray": True,
    "np.ndarray | None": False,
    np.ndarray: True,
    np.ndarray | None: False,
}


def check_declared_arrays(record: Record) -> None:
    """What is declared as an array must be one of float32 or float64, all of one dtype.

    Only fields declared as `Array | None` may be None.
    """
    required, optional = _declared_arrays(type(record))
    if required or optional:
        arrays = {name: getattr(record, name) for name in (*required, *optional)}
        check_arrays(type(record).__name__, required=len(required), **arrays)


@cache
def _declared_arrays(record_type: type[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the array fields: those that must be there, and those that may be None."""
    arrays = [(f.name, ARRAY_FIELDS[f.type]) for f in fields(record_type) if f.type in ARRAY_FIELDS]
    return (
        tuple(name for name, required in arrays if required),
        tuple(name for name, required in arrays if not required),
    )
