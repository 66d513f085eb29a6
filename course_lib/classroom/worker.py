"""The side that runs students' code: a warm process that forks a child for every submission.

It is copied into an empty folder and started there, so it imports nothing of ours. It knows no
answer and no hidden case: a child receives the notebook's cells and then calls, and returns values.
What a child says is never believed, only read: sizes are checked by `read_frame` and `unpacked`.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import gc
import io
import json
import math
import os
import re
import signal
import struct
import sys
import time
import types
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np

MAX_HEAD, MAX_BYTES = 64_000, 32_000_000  # of a frame: its JSON, and its arrays together
MAX_NUMBERS = 10**6  # in an array; of a larger one the shape crosses alone
TOLD = 0.01  # seconds after which answers so far are sent: a hang shows, and few are woken often
MAX_TEXT = 2000  # characters of what a call printed, or of an exception's words
_MAGIC = re.compile(r"^(\s*)(?:[\w., ]+=\s*)?[%!?].*$|^(\s*)[\w.]+\?{1,2}\s*$", re.MULTILINE)
_BLOCKS = re.compile(r"\A\s*%%(\w+).*\n?")
_OURS = ("check", "hint", "predict", "progress", "get_ipython")
_STILL_PYTHON = {"time", "timeit", "capture", "prun"}  # cell magics that run the cell as it is


class Foreign(str):
    """The name of a type whose values do not cross."""


def frame(head: Any, arrays: Sequence[bytes] = ()) -> bytes:
    """A head (JSON) and the bytes of its arrays, preceded by the lengths of both."""
    text, body = json.dumps(head).encode(), b"".join(arrays)
    return struct.pack("<II", len(text), len(body)) + text + body


def read_frame(
    read: Callable[[int], bytes], max_head: int = MAX_HEAD, max_bytes: int = MAX_BYTES
) -> tuple[Any, bytes]:
    """The next head and the bytes of its arrays.

    Raises
    ------
    ValueError    if a length is larger than allowed or the head is no JSON
    """
    head_length, body_length = struct.unpack("<II", read(8))
    if head_length > max_head or body_length > max_bytes:
        raise ValueError(f"a frame of {head_length} + {body_length} bytes is too large")
    try:
        head = json.loads(read(head_length))
    except RecursionError:
        raise ValueError("a head that is nested too deeply") from None
    return head, read(body_length)


def packed(value: Any, arrays: list[bytes]) -> Any:
    """A value as JSON; the bytes of arrays are appended to `arrays`, as they lie in memory."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int and value.bit_length() < 1000:
        return {"int": str(value)}
    if kind in (tuple, list):
        return {kind.__name__: [packed(part, arrays) for part in value]}
    if isinstance(value, float | complex | np.ndarray | np.generic):
        return _packed_array(np.asarray(value), kind, arrays)
    if kind.__name__ == "Written":  # a function given by its source, as an argument
        return {"source": repr(value)}
    return {"foreign": str(kind.__name__)[:80]}


def _packed_array(array: np.ndarray, kind: type, arrays: list[bytes]) -> Any:
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16:
        return {"foreign": f"array of {array.dtype.name}"[:80]}
    head: dict[str, Any] = {"dtype": array.dtype.str, "shape": list(array.shape)}
    if kind is float:
        head["python"] = True
    if array.size > MAX_NUMBERS:
        return head | {"absent": True}
    if not array.flags.c_contiguous:  # it comes to lie over there as it does here
        flips = [step < 0 for step in array.strides]
        array = array[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
        axes = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
        array, head = array.transpose(axes), {**head, "axes": axes, "flips": flips}
    arrays.append(array.tobytes())
    return head


def unpacked(
    head: Any, body: memoryview, evaluate: Callable[[str], Any] | None = None
) -> tuple[Any, memoryview]:
    """The value that `packed` described, and the bytes that are left.

    Only a child is given `evaluate`, for the functions that some exercises have as arguments:
    what comes from a child is never evaluated.

    Raises
    ------
    ValueError, TypeError, KeyError    if head and bytes do not fit each other
    """
    if head is None or type(head) in (bool, str):
        return head, body
    for kind in (tuple, list):
        if kind.__name__ in head:
            parts = []
            for part in head[kind.__name__]:
                value, body = unpacked(part, body, evaluate)
                parts.append(value)
            return kind(parts), body
    if "int" in head:
        return int(head["int"][:400]), body
    if "source" in head and evaluate:
        return evaluate(head["source"]), body
    if "foreign" in head:
        return Foreign(str(head["foreign"])[:80]), body
    return _unpacked_array(head, body)


def _unpacked_array(head: Any, body: memoryview) -> tuple[np.ndarray | float, memoryview]:
    dtype, shape = np.dtype(str(head["dtype"])), tuple(int(n) for n in head["shape"])
    if dtype.kind not in "biufc" or len(shape) > 32 or any(n < 0 for n in shape):
        raise ValueError("an array that is none")
    if head.get("absent"):
        return np.broadcast_to(np.full((), np.nan), shape), body
    size = math.prod(shape, start=dtype.itemsize)
    if size > len(body):
        raise ValueError("an array with fewer bytes than its shape says")
    array = np.frombuffer(bytearray(body[:size]), dtype)
    array = _laid(array, head, shape) if "axes" in head else array.reshape(shape)
    return (float(array) if head.get("python") is True and not shape else array), body[size:]


def _laid(array: np.ndarray, head: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An array that is not in C order, from its numbers as they lie in memory."""
    axes = [int(axis) for axis in head["axes"]]
    if sorted(axes) != list(range(len(shape))):
        raise ValueError("axes that are none")
    array = array.reshape([shape[axis] for axis in axes]).transpose(np.argsort(axes))
    return array[tuple(slice(None, None, -1 if flip else 1) for flip in head["flips"])]


# What follows runs in the jail alone.


def serve(orders: BinaryIO, answers: BinaryIO, confine: Callable[[], None]) -> None:
    """Fork a child for every order and end it when told; one at a time."""
    _warm_up()
    nothing = os.open("/dev/null", os.O_RDWR)  # here: to open a file is dear in the sandbox
    gc.freeze()  # what is loaded stays shared with the children
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
    pid = 0
    try:
        for line in orders:
            order = json.loads(line)
            if "fork" in order:
                pid = os.fork()
                if pid == 0:
                    _child(order["fork"], nothing, order["limits"], confine)
                answer = {"pid": pid}
            else:
                answer, pid = {"status": _end(pid)}, 0
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()
    finally:
        if pid:  # the grader is gone, and its child may be waiting for it
            _end(pid)


def _end(pid: int) -> int:
    """Kill a child and what it started; its exit status."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _child(channel: str, nothing: int, limits: dict[str, int], confine: Callable[[], None]) -> None:
    """Open the channel, give up all that is not needed, and do what is asked until it closes."""
    try:
        os.setsid()
        asked = open(f"{channel}/asked", "rb", buffering=0)  # noqa: SIM115
        answered = open(f"{channel}/answered", "wb")  # noqa: SIM115
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        os.close(nothing)
        confine()
        for name, most in limits.items():
            _limit(name, most)
        _Submission(asked, answered).obey()
    except BaseException:  # a child that cannot go on ends; the parent sees the channel close
        os._exit(70)
    os._exit(0)


def _limit(name: str, most: int) -> None:
    """Set a limit where this system has it; on Linux the parent has done so from outside."""
    import resource

    if hasattr(resource, name):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (most, most))


class _Submission:
    """One student's notebook: its statements are run, then its functions are called."""

    def __init__(self, asked: BinaryIO, answered: BinaryIO) -> None:
        self.asked, self.answered = asked, answered
        self.space: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
        for name in ("course_lib", "course_lib.exercises"):
            with contextlib.suppress(ImportError):
                if name == "course_lib":  # where the assignment allows the library
                    __import__(name)
            sys.modules.setdefault(name, types.ModuleType(name))
        for name in _OURS:  # a notebook's check cells pass, and do nothing here
            setattr(sys.modules["course_lib.exercises"], name, _nothing)
            self.space[name] = _nothing

    def obey(self) -> None:
        """Answer frames until the channel closes."""
        self._answer({"ready": True})
        while True:
            head, body = read_frame(self._read, max_head=64_000_000)
            if "cells" in head:
                self._run(head["cells"], {tuple(place) for place in head["skip"]})
            else:
                self._calls(head, memoryview(body))

    def _answer(self, head: Any, arrays: Sequence[bytes] = ()) -> None:
        self.answered.write(frame(head, arrays))
        self.answered.flush()

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.asked.read(count - len(data))
            if not part:
                os._exit(0)
            data += part
        return data

    def _run(self, cells: list[str], skip: set[tuple[int, int]]) -> None:
        """Run the statements one by one, telling the parent which comes next."""
        trouble = []
        for number, source in enumerate(cells):
            try:
                statements = parsed(source)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                trouble.append([number, getattr(error, "lineno", None) or 1, *_said(error)])
                continue
            for node in statements:
                if (number, node.lineno) in skip:
                    continue
                self._answer({"at": [number, node.lineno]})
                raised = self._executed(node, f"<cell {number}>")
                if raised is not None:
                    trouble.append([number, node.lineno, *_said(raised)])
        defined = [n for n, v in self.space.items() if type(n) is str and v is not _nothing]
        self._answer({"defined": defined[:500], "trouble": trouble[:50]})

    def _executed(self, node: ast.stmt, filename: str) -> BaseException | None:
        out = io.StringIO()
        try:
            code = compile(ast.Module([node], []), filename, "exec")
            with contextlib.redirect_stdout(_Beginning()), contextlib.redirect_stderr(out):
                exec(code, self.space)
        except BaseException as error:  # exit() in a notebook is not the end of it
            return error
        return None

    def _calls(self, head: Any, body: memoryview) -> None:
        """Call a function of the student's with every case and send what comes back."""
        told = time.monotonic()
        for number, args in enumerate(head["cases"]):
            given, body = unpacked(args, body, lambda source: eval(source, {"np": np}))
            answer, arrays = self._called(head["call"], given)
            self.answered.write(frame({"call": head["call"], "case": number, **answer}, arrays))
            if time.monotonic() - told > TOLD:
                self.answered.flush()
                told = time.monotonic()
        self.answered.flush()

    def _called(self, name: str, given: tuple[Any, ...]) -> tuple[dict[str, Any], list[bytes]]:
        """What one call came to: a value or an exception, the arguments it changed, its print."""
        before = [a.tobytes() if isinstance(a, np.ndarray) else None for a in given]
        printed, arrays, answer = _Beginning(), list[bytes](), dict[str, Any]()
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                value = self.space[name](*given)
            answer["value"] = packed(_simple(value), arrays)
        except BaseException as error:
            answer["error"], answer["line"] = _said(error), _lineno(error)
            arrays = []
        after = [a.tobytes() if isinstance(a, np.ndarray) else None for a in given]
        answer["changed"] = [n for n in range(len(given)) if before[n] != after[n]]
        answer["printed"] = printed.kept
        return answer, arrays


def _nothing(*_: Any, **__: Any) -> None:
    pass


class _Beginning(io.TextIOBase):
    """Keeps the beginning of what is written."""

    kept = ""

    def write(self, text: str, /) -> int:
        self.kept += text[: MAX_TEXT - len(self.kept)]
        return len(text)


def _simple(value: Any) -> Any:
    """A subclass of tuple, int or float as what it is made of."""
    kind = type(value)
    if issubclass(kind, tuple):
        return tuple(_simple(part) for part in tuple.__iter__(value))
    if kind is np.bool_:
        return bool(value)
    if kind is not bool and issubclass(kind, int):
        return int.__index__(value)
    if issubclass(kind, float) and not issubclass(kind, np.generic):
        return float.__float__(value)
    return value


def parsed(source: str) -> list[ast.stmt]:
    """A cell's statements; what is IPython's and not Python's is passed over.

    Examples
    --------
    >>> [ast.unparse(node) for node in parsed("%matplotlib inline\\nx = 1\\nx?")]
    ['pass', 'x = 1', 'pass']
    """
    block = _BLOCKS.match(source)
    if block:
        if block[1] not in _STILL_PYTHON:
            return []
        source = "\n" + source[block.end() :]
    try:
        return ast.parse(source).body
    except SyntaxError:
        return ast.parse(_MAGIC.sub(lambda m: f"{m[1] or m[2] or ''}pass", source)).body


def _said(error: BaseException) -> list[str]:
    """An exception's kind, the nearest of Python's own above it, and its words."""
    kind = type(error)
    base = next((k.__name__ for k in kind.__mro__ if k.__module__ == "builtins"), "Exception")
    try:
        words = str(error)[:MAX_TEXT]
    except BaseException:
        words = ""
    return [kind.__name__[:80], base, words]


def _lineno(error: BaseException) -> list[int] | None:
    """Cell and line of the student's function that raised, the deepest; None if none ran."""
    trace, found = error.__traceback__, None
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("<cell ") and name[6:-1].isdigit():
            found = [int(name[6:-1]), trace.tb_lineno]
        trace = trace.tb_next
    return found


def _warm_up() -> None:
    """Do once what every child does, so that each finds it loaded and specialised."""
    arrays: list[bytes] = []
    args = packed((np.ones((2, 3)), np.ones((2, 3)).T[::-1], 1, 0.5, True), arrays)
    for _ in range(20):
        trial = _Submission(io.BytesIO(), io.BytesIO())
        trial._run(["import numpy as np\n\ndef f(x, *_):\n    return np.pad(x, 1) @ x.T"], set())
        trial._calls({"call": "f", "cases": [args]}, memoryview(b"".join(arrays)))


def _confinement(readable: list[str]) -> Callable[[], None]:
    """What shuts a child in for good: it keeps nothing but reading the libraries."""
    if not readable:
        return _nothing
    from sandlock import Sandbox, confine

    given = Sandbox(fs_readable=readable)
    return lambda: confine(given)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, _confinement(json.loads(sys.argv[1])))
