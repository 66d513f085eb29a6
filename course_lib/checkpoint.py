"""Models on disk: every array under its name in one `.npz` file that no crash can spoil."""

from __future__ import annotations

import io
import os
import secrets
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from course_lib.errors import kind
from course_lib.record import Array, Record

R = TypeVar("R", bound=Record)

# What reading a broken archive may raise; RuntimeError where it claims to be encrypted.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)

# What a file may be that is no file of arrays, by its first bytes.
STARTS = {
    b"version https://git-lfs": "is a Git LFS pointer, a note of where the file itself is kept; "
    "fetch that with `git lfs pull`",
    np.lib.format.MAGIC_PREFIX: "is a single array, an .npy file under another name; read it with "
    "np.load",
    b"PK": "is cut off or damaged, or holds what is no array of numbers; take another copy of a "
    "file that `save` wrote",
}


def save(path: str | os.PathLike[str], record: Record) -> None:
    """Write the arrays of a model or an optimizer to an `.npz` file.

    The file is written under a temporary name in the same folder and then renamed: whoever reads
    `path` finds the old file or the new one, whole, even if the machine stops in between. The new
    file may be read by whom the old one could be; where `path` is a symbolic link, the file that it
    points to is replaced.

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
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f"{path.stem}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:  # the mode of any new file
            _write(file, record.state_dict())
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
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
    ValueError   if the file's names or shapes are not those of the record (all are listed), the
                 file is damaged or of another kind, or the path does not end in .npz
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
    path = _as_path("load", path)
    content = path.read_bytes()
    try:
        arrays = _read(content)
    except DAMAGED:
        raise ValueError(f"load: {path.name} {_what_it_is(content)}.") from None
    return record.load_state_dict(arrays)


def _write(file: IO[bytes], arrays: dict[str, Array]) -> None:
    """The format of `np.savez`, which cannot take an array named `file`."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)


def _read(content: bytes) -> dict[str, Array]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        arrays = {}
        for name in archive.namelist():
            with archive.open(name) as part:
                arrays[name.removesuffix(".npy")] = np.lib.format.read_array(part)
    return arrays


def _what_it_is(content: bytes) -> str:
    if not content:
        return "is empty"
    found = (words for start, words in STARTS.items() if content.startswith(start))
    return next(found, "is no .npz file; give one that `save` wrote")


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
