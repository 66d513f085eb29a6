"""Models on disk: every array under its name in one `.npz` file that no crash can spoil."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from course_lib.errors import kind
from course_lib.record import Record

R = TypeVar("R", bound=Record)


def save(path: str | os.PathLike[str], record: Record) -> None:
    """Write the arrays of a model or an optimizer to an `.npz` file.

    The file is written under a temporary name in the same folder and then renamed: whoever reads
    `path` finds the old file or the new one, whole, even if the machine stops in between.

    Parameters
    ----------
    path : str or path           ends in .npz
    record : Layer or Optimizer

    Raises
    ------
    TypeError    if record is neither, or path no path
    ValueError   if the model is for evaluation (BatchNorm and Dropout are gone from it), or the
                 path does not end in .npz
    OSError      if the file cannot be written; an earlier file is untouched

    Notes
    -----
    In PyTorch: `torch.save(model.state_dict(), path)`.

    Examples
    --------
    >>> from course_lib import Linear
    >>> save("model.npz", Linear(np.ones((1, 2)), None))              # doctest: +SKIP
    """
    _check_record("save", record)
    path = _as_path("save", path)
    records = [record, *(child for _, child in record._walk())]
    if any(getattr(r, "_for_evaluation", False) for r in records):
        raise ValueError(
            "save: this model is for evaluation, its Dropout and BatchNorm layers are replaced; "
            "save the model that you called for_evaluation() on."
        )
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, **record.state_dict())  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str], record: R) -> R:
    """The record with the arrays of an `.npz` file in place of its own.

    Parameters
    ----------
    path : str or path               ends in .npz
    record : Layer or Optimizer      of the kind that was saved; it stays as it is

    Returns
    -------
    record                           a new one, with the record's dtypes and hyper-parameters

    Raises
    ------
    TypeError    if record is neither a layer nor an optimizer, or path no path
    ValueError   if the file's names or shapes are not those of the record (all are listed), or the
                 path does not end in .npz
    OSError      if the file cannot be read

    Notes
    -----
    In PyTorch: `model.load_state_dict(torch.load(path))`, which changes the model.

    Examples
    --------
    >>> from course_lib import Linear
    >>> load("model.npz", Linear(np.zeros((1, 2)), None))             # doctest: +SKIP
    Linear(weight (1, 2), bias=None)
    """
    _check_record("load", record)
    with np.load(_as_path("load", path), allow_pickle=False) as arrays:
        return record.load_state_dict(dict(arrays))


def _as_path(operation: str, path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f'{operation}: path is {kind(path)}, not the name of a file, such as "model.npz".'
        )
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"{operation}: {path.name!r} must end in .npz, the format of the file.")
    return path


def _check_record(operation: str, record: object) -> None:
    if not isinstance(record, Record):
        raise TypeError(
            f"{operation}: record must be a layer or an optimizer, not {type(record).__name__}; "
            f'call {operation}("model.npz", model).'
        )
