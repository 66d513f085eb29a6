"""A record is a frozen tree of named arrays: a model, a gradient and a moment are all records."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Self, dataclass_transform

import numpy as np

from course_lib.errors import check_arrays, check_dtype, kind, so_many

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
        return f"RunningStatistics({so_many(self.mean.shape[0], 'channel')})"


@dataclass_transform(frozen_default=True, eq_default=False)
class Record:
    """A frozen dataclass whose array fields are parameters and whose record fields are children.

    Writing `class Linear(Layer): weight: Array; bias: Array | None` is enough: every subclass
    becomes a frozen dataclass here, and constructing one takes a read-only view of each array.
    Fields that hold neither an array nor a record (a stride, a probability) are hyper-parameters.
    Several parts stand in a tuple, `blocks: tuple[Layer, ...]`, and are called `blocks.0.weight`.
    """

    _unnamed: ClassVar[str] = ""  # the tuple whose parts are called by their index alone

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True, eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.number):  # a np.float64 would turn float32 into float64
                object.__setattr__(self, name, value.item())
            elif (found := read_only(value)) is not value:
                object.__setattr__(self, name, found)
            else:
                self._reject_hidden_parts(name, value)
        self._reject_repeated_records()
        self._reject_repeated_names()

    def _reject_hidden_parts(self, name: str, value: Any) -> None:
        """A list may change and a dictionary has no order: what they hold would not be trained."""
        for path, part in _flat(name, value):
            if _hides_arrays(part):
                raise TypeError(
                    f"{type(self).__name__}: {path} is {kind(part)} of layers or arrays, which "
                    f"training would pass over; give a tuple: {path}=(first, second)."
                )

    def _reject_repeated_names(self) -> None:
        """Two records with running statistics in one, for instance."""
        counts = Counter(name for name, _ in self._named_arrays(statistics=True))
        repeated = [name for name, count in counts.items() if count > 1]
        if repeated:
            raise ValueError(
                f"{type(self).__name__}: the name {repeated[0]} stands for two arrays, of which a "
                "file could keep only one; put one of them into a layer of its own."
            )

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
            for here, part in _flat(_join(path, name), value):
                if isinstance(part, Record):
                    yield here, part
                    yield from part._walk(here)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """What `copy` and `pickle` make is a record, too: its arrays are read-only."""
        self.__dict__.update({name: read_only(value) for name, value in state.items()})

    def _with(self, /, **changes: Any) -> Self:
        """A copy with some fields replaced, built without calling `__init__`."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.__dict__.update({name: read_only(value) for name, value in changes.items()})
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
            for _, value in _flat("", tuple(vars(record).values())):
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

    def _named_arrays(self, *, statistics: bool, prefix: str = "") -> Iterator[tuple[str, Array]]:
        for name, value in vars(self).items():
            # the tuple of a Sequential contributes its indices alone, as in PyTorch
            start = prefix if name == self._unnamed else _join(prefix, name)
            for path, part in _flat(start, value):
                if isinstance(part, np.ndarray):
                    yield path, part
                elif isinstance(part, Record):
                    yield from part._named_arrays(statistics=statistics, prefix=path)
                elif isinstance(part, RunningStatistics) and statistics:
                    for inner, array in part.state().items():
                        yield _join(prefix, inner), array

    def load_state_dict(self, state: dict[str, Array]) -> Self:
        """A new record of this kind that holds the arrays of `state`.

        `num_batches_tracked` may be missing, as it is from old files of PyTorch: the record's own
        count stays.

        Raises
        ------
        TypeError     if state is no dictionary
        ValueError    one error that lists every name that is missing, unknown, or holds what does
                      not fit: another shape, no real numbers, or fractions for a whole number
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"load_state_dict: state is {kind(state)}, not a dictionary of arrays by name; "
                "take one from state_dict()."
            )
        own = self.state_dict()
        counts = {n: a for n, a in own.items() if n.split(".")[-1] == "num_batches_tracked"}
        given = counts | {name: np.asarray(array) for name, array in state.items()}
        problems = [f"missing {name} {own[name].shape}" for name in own if name not in given]
        problems += [f"unknown {name} {a.shape}" for name, a in given.items() if name not in own]
        for name in own:
            problems += _misfit(name, given.get(name, own[name]), own[name])
        if problems:
            raise ValueError(
                f"load_state_dict: {type(self).__name__} does not fit: {'; '.join(problems)}."
            )
        return self._load(given, "")

    def _load(self, state: Mapping[str, Array], prefix: str) -> Self:
        def loaded(value: Any, path: str) -> Any:
            if isinstance(value, np.ndarray):
                return np.array(state[path], dtype=value.dtype)
            if isinstance(value, Record):
                return value._load(state, path)
            if isinstance(value, tuple):
                return tuple([loaded(part, _join(path, str(i))) for i, part in enumerate(value)])
            if isinstance(value, RunningStatistics):
                mean, var, count = (state[_join(prefix, name)] for name in value.state())
                dtype = value.mean.dtype
                return RunningStatistics(mean.astype(dtype), var.astype(dtype), int(count))
            return copy.deepcopy(value) if isinstance(value, np.random.Generator) else value

        return self._with(
            **{
                name: loaded(value, prefix if name == self._unnamed else _join(prefix, name))
                for name, value in vars(self).items()
            }
        )

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


def read_only(value: Any) -> Any:
    """A view that cannot be written into, if it is an array that can; in a tuple, every part."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    elif type(value) is tuple:
        parts = tuple([read_only(part) for part in value])
        if any(new is not old for new, old in zip(parts, value, strict=True)):
            return parts
    return value


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What a field holds, with its path: every part of a tuple, or else the value itself."""
    if isinstance(value, tuple):
        for i, part in enumerate(value):
            yield from _flat(_join(path, str(i)), part)
    else:
        yield path, value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _hides_arrays(value: Any) -> bool:
    """Whether arrays or records stand in a list, a dictionary or a set."""
    parts = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict | list | tuple | set | frozenset) and any(
        isinstance(part, Record | np.ndarray) or _hides_arrays(part) for part in parts
    )


def _misfit(name: str, given: Array, own: Array) -> Iterator[str]:
    """Why an array cannot take the place of another, if it cannot."""
    if given.shape != own.shape:
        yield f"{name} is {given.shape} and should be {own.shape}"
    if given.dtype.kind not in ("iu" if own.dtype.kind in "iu" else "fiu"):
        yield f"{name} holds {given.dtype} and should hold {own.dtype}"


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
                    f"map: {'.'.join(path)} has {so_many(len(value), 'part')} here and "
                    f"{len(other)} there."
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
        return read_only(next(arrays))
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
