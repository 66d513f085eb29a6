"""Where students' code runs: a warm process that is shut in once, and forks a child a submission.

Three levels, found out by trying and written into every result, never chosen silently:

strict      no file, no network, no other process can be reached          (Linux 6.12 or newer)
degraded    the same on an older Linux, but for what the probe names
process     a process of its own with limits: it protects marks, not the computer
"""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.classroom import worker
from course_lib.engine.inputs import Case
from course_lib.engine.outcome import Foreign, Outcome, plain

# seconds: one statement, one call, an exercise's calls together, one submission
STATEMENT, CALL, EXERCISE, WHOLE = 5.0, 3.0, 15.0, 60.0
FLOOD = 100_000_000  # bytes that one child may send in all
_LIMITS = {
    "RLIMIT_AS": 1_500_000_000,
    "RLIMIT_CPU": int(WHOLE) + 5,
    "RLIMIT_NOFILE": 64,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_CORE": 0,
}
# what Landlock has no rule for, and what no exercise needs
_DENIED = """
    chmod fchmod fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat setxattr
    lsetxattr fsetxattr removexattr lremovexattr fremovexattr prlimit64 setrlimit setpriority
    sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set
    process_vm_readv process_vm_writev memfd_create mq_open mq_unlink mlock mlockall
    inotify_init inotify_init1 fanotify_init socketpair
"""
_PREFIX = "course_lib_jail-"  # of a jail's folder; the grader's process follows
_PROGRAM = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
PROBES = ("files", "writing", "network", "processes", "signals", "rights of files")
_NO_SANDBOX = (
    "Students' code would run in a process of its own, but this system cannot shut it in{why}. "
    "Marks are protected there: answers and hidden cases never enter that process. Files, network "
    "and other programs of this computer are not. Grade untrusted work on Linux (6.12 or newer, "
    "with the extra course-lib[classroom]), in WSL2 or in a container, or accept it with "
    "--isolation process."
)


class NotGraded(Exception):
    """The grader could not do its part; that is never a student's zero."""


class Ended(Exception):
    """A child's end: why ("time", "died" or "garbled"), and at which cell and line."""

    def __init__(self, why: str, at: tuple[int, int] | None = None) -> None:
        super().__init__(why)
        self.why, self.at = why, at


@dataclass(frozen=True)
class Isolation:
    """How students' code is shut in: "strict", "degraded" or "process", and what is missing."""

    level: str
    missing: tuple[str, ...] = ()
    as_root: bool = False

    def __str__(self) -> str:
        lacks = f" without protection of {', '.join(self.missing)}" if self.missing else ""
        return f"{self.level}{lacks}{' as root' if self.as_root else ''}"


@dataclass(frozen=True)
class Trouble:
    """A statement of a notebook that raised."""

    cell: int
    line: int
    error: str  # "SyntaxError: invalid syntax"


@dataclass(frozen=True)
class Calls:
    """A function's name and the cases to call it with; written as bytes once."""

    name: str
    cases: tuple[Case, ...]

    @cached_property
    def frame(self) -> bytes:
        """What a child is sent."""
        arrays: list[bytes] = []
        cases = [worker.packed(tuple(case.values()), arrays) for case in self.cases]
        return worker.frame({"call": self.name, "cases": cases}, arrays)


class Jail:
    """A warm worker; `with Jail(isolation) as jail` starts it and leaves nothing behind."""

    def __init__(self, isolation: Isolation, *, course_lib: bool = False) -> None:
        self.isolation = isolation
        self.packages = ("numpy", "numpy.libs", *(("course_lib",) if course_lib else ()))

    def __enter__(self) -> Jail:
        _sweep()
        self.folder = _folder()
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        confined = self.isolation.level != "process"
        self.channel, packages = self.folder / "channel", self.folder / "packages"
        self.channel.mkdir()
        wanted = (*self.packages, *(("sandlock",) if confined else ()))
        places = {name: place for name in wanted if (place := _place_of(name))}
        stdlib = self.folder / "python" / "lib" / Path(sysconfig.get_path("stdlib")).name
        self._readable = [*_linked(stdlib, _stdlib()), *_linked(packages, places), *_system()]
        self._readable += [str(self.folder / "python"), str(packages)]
        shutil.copy(worker.__file__, packages / "worker.py")
        settings = json.dumps(self._again(places) if confined else [])
        command = [_PROGRAM, "-s", "-S", "-B", str(packages / "worker.py"), settings]
        self.process = (self._sandboxed if confined else self._plain)(command)

    def _again(self, places: Mapping[str, Path]) -> list[str]:
        """What a child keeps of that: it costs by the path, so few, and what it may yet import.

        The loader, NumPy's own libraries and the sandbox are loaded when it begins.
        """
        libraries = {path.resolve() for path in map(Path, ("/lib", "/lib64", "/usr/lib"))}
        kept = {place for name, place in places.items() if name in self.packages}
        kept |= {path for path in libraries if path.exists() and not libraries & {*path.parents}}
        stdlib = Path(sysconfig.get_path("stdlib")).resolve()
        return sorted(map(str, {stdlib, *kept, self.folder / "python", self.folder / "packages"}))

    def _plain(self, command: list[str]) -> Any:
        return subprocess.Popen(
            command,
            bufsize=0,
            env=self._environment(),
            cwd=self.folder / "packages",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def _sandboxed(self, command: list[str]) -> Any:
        from sandlock import Sandbox
        from sandlock.sandbox import StdioMode

        self._sandbox = Sandbox(  # the process ends with the thread that made it
            name=uuid.uuid4().hex,
            fs_readable=[*self._readable, "/dev/urandom"],
            fs_writable=[str(self.channel), "/dev/null"],
            max_processes=2,
            extra_deny_syscalls=_DENIED.split(),
            clean_env=True,
            env=self._environment(),
            cwd=str(self.folder / "packages"),
        )
        try:
            return self._sandbox.popen(command, StdioMode.PIPED, StdioMode.PIPED, StdioMode.NULL)
        except RuntimeError as error:
            raise NotGraded(f"the sandbox did not start ({error})") from None

    def _environment(self) -> dict[str, str]:
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        home = {"PYTHONHOME": str(self.folder / "python"), "PYTHONUTF8": "1", "HOME": "/"}
        return {**dict.fromkeys(threads, "1"), **home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

    def _stop(self) -> None:
        process = getattr(self, "process", None)
        if process is not None:
            with contextlib.suppress(Exception):
                process.kill()
            with contextlib.suppress(Exception):
                process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(Exception):
                    stream.close()
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self) -> None:
        """A new worker for one that has gone."""
        self._stop()
        self.folder = _folder()
        self._start()

    def order(self, **order: Any) -> dict[str, Any]:
        """Tell the worker to do something; its answer."""
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            line = b""
            end = time.monotonic() + 20
            while not line.endswith(b"\n"):
                if not _readable(self.process.stdout.fileno(), end - time.monotonic()):
                    raise OSError("it does not answer")
                part = self.process.stdout.read(4096)
                if not part:
                    raise OSError("it has ended")
                line += part
            return json.loads(line)
        except (OSError, ValueError) as error:
            raise NotGraded(f"the worker of the sandbox is gone: {error}") from None

    @contextlib.contextmanager
    def child(self, until: float) -> Iterator[Child]:
        """A fresh child, ended afterwards whatever it does."""
        channel = Path(tempfile.mkdtemp(dir=self.channel))
        os.mkfifo(channel / "asked", 0o600)
        os.mkfifo(channel / "answered", 0o600)
        child = None
        try:
            limits = _LIMITS if not hasattr(os, "pidfd_open") else {}
            answered = os.open(channel / "answered", os.O_RDONLY | os.O_NONBLOCK)
            held = os.open(channel / "asked", os.O_RDWR | os.O_NONBLOCK)
            try:
                pid = self.order(fork=str(channel), limits=limits)["pid"]
                child = Child(pid, answered, held, until)
                child.begin()
                yield child
            finally:
                os.close(answered)
                os.close(held)
        finally:
            if child is not None:
                with contextlib.suppress(NotGraded):
                    self.order(end=True)
            shutil.rmtree(channel, ignore_errors=True)


class Child:
    """One forked child that has run, or will run, one student's notebook."""

    def __init__(self, pid: int, answered: int, asked: int, until: float) -> None:
        self.pid, self._answered, self._asked, self._until = pid, answered, asked, until
        self._come, self._left = bytearray(), FLOOD
        self.cells: tuple[str, ...] = ()

    def begin(self) -> None:
        """Wait until it is shut in, and set its limits from outside."""
        head, _ = self._receive(10.0)
        if head != {"ready": True}:
            raise NotGraded("the sandbox's child did not start")
        if hasattr(os, "pidfd_open"):
            import resource

            for name, most in _LIMITS.items():
                resource.prlimit(self.pid, getattr(resource, name), (most, most))

    def run(
        self, cells: Sequence[str], skip: Sequence[tuple[int, int]] = ()
    ) -> tuple[frozenset[str], list[Trouble]]:
        """Run a notebook's statements; the names it defines, and the statements that raised.

        Raises
        ------
        Ended    with the statement that took too long or ended the process
        """
        self.cells = tuple(cells)
        self._send(worker.frame({"cells": list(cells), "skip": list(skip)}))
        at = None
        while True:
            try:
                head, _ = self._receive(STATEMENT)
                if "at" in head:
                    at = (int(head["at"][0]), int(head["at"][1]))
                    continue
                names = frozenset(str(name) for name in head["defined"])
                return names, [_trouble(row) for row in head["trouble"][:50]]
            except Ended as ended:
                raise Ended(ended.why, at) from None
            except (ValueError, TypeError, KeyError, IndexError, AttributeError):
                raise Ended("garbled", at) from None

    def calls(
        self, calls: Calls, words: bool = True, *, seconds: float | None = None
    ) -> list[Outcome]:
        """What the student's function does with every case; exceptions' words only if asked for.

        Parameters
        ----------
        seconds : that one call may take, if not CALL

        Raises
        ------
        Ended    if it takes too long, ends its process or answers what is no answer
        """
        self._send(calls.frame)
        outcomes, end = [], time.monotonic() + EXERCISE
        for number, case in enumerate(calls.cases):
            head, body = self._receive(min(seconds or CALL, end - time.monotonic()))
            try:
                if (head["call"], head["case"]) != (calls.name, number):
                    raise ValueError("an answer to another call")
                outcomes.append(self._outcome(head, body, tuple(case), words))
            except Exception:  # whatever a forged answer makes of us, it is the answer's fault
                raise Ended("garbled") from None
        if self._come:
            raise Ended("garbled")
        return outcomes

    def _outcome(self, head: Any, body: bytes, names: tuple[str, ...], words: bool) -> Outcome:
        changed = tuple(names[int(index)] for index in head["changed"][: len(names)])
        printed = str(head["printed"])[: worker.MAX_TEXT] if words else ""
        if "error" not in head:
            value, _ = worker.unpacked(head["value"], memoryview(body))
            return Outcome(_plain(value), changed=changed, printed=_beginning(printed))
        place, error = head["line"], _exception(*head["error"], words=words)
        line = self._source(*place) if place else ""
        return Outcome(None, error, line, place is not None, changed, _beginning(printed))

    def _source(self, cell: int, line: int) -> str:
        """The student's own line, from the notebook and not from what the child says."""
        lines: list[str] = self.cells[cell].splitlines()
        return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""

    def _send(self, frame: bytes) -> None:
        """Write a frame; a child that does not read has the time of a statement for it."""
        data, end = memoryview(frame), min(time.monotonic() + STATEMENT, self._until)
        while data:
            if not _writable(self._asked, end - time.monotonic()):
                raise Ended("time")
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._asked, data) :]

    def _receive(self, seconds: float) -> tuple[Any, bytes]:
        end = min(time.monotonic() + seconds, self._until)
        try:
            head, body = worker.read_frame(lambda count: self._read(count, end))
        except ValueError:
            raise Ended("garbled") from None
        if type(head) is not dict:
            raise Ended("garbled")
        return head, body

    def _read(self, count: int, end: float) -> bytes:
        while len(self._come) < count:
            if not _readable(self._answered, end - time.monotonic()):
                raise Ended("time")
            part = os.read(self._answered, 1 << 16)
            self._left -= len(part)
            if not part:
                raise Ended("died")
            if self._left < 0:
                raise Ended("garbled")
            self._come += part
        data = bytes(self._come[:count])
        del self._come[:count]
        return data


def isolation(wanted: str | None = None, *, as_root: bool = False) -> Isolation:
    """The strongest level that this computer has, found out by trying before any student's code.

    Parameters
    ----------
    wanted       "process" to accept that level, "strict" to refuse a weaker one
    as_root      whether it may be done as root

    Raises
    ------
    NotGraded    if there is no level that may be used; with the reason and the remedy
    """
    if not hasattr(os, "fork"):
        raise NotGraded("Grading needs a system that can fork; on Windows, use WSL2.")
    root = os.geteuid() == 0
    if root and not as_root:
        raise NotGraded(
            "You are root, and a student's program that breaks out would be, too. Grade as another "
            "user, or in a container with --as-root, which every result then says."
        )
    if wanted == "process":
        return Isolation("process", tuple(PROBES), root)
    if importlib.util.find_spec("sandlock") is None:
        raise NotGraded(_NO_SANDBOX.format(why=": the package sandlock is not installed"))
    try:
        missing = probe(Isolation("strict", as_root=root))
    except (NotGraded, Ended, OSError) as error:
        raise NotGraded(_NO_SANDBOX.format(why=f" ({error})")) from None
    if missing and wanted == "strict":
        raise NotGraded(f"--require strict: this computer does not protect {', '.join(missing)}.")
    return Isolation("degraded" if missing else "strict", missing, root)


def probe(tried: Isolation) -> tuple[str, ...]:
    """What code in the jail can reach although it should not, tried before any student's code."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server,
        Jail(tried) as jail,
        jail.child(time.monotonic() + 20) as child,
    ):
        canary = Path(folder, "canary")
        canary.write_text("canary", encoding="utf-8")
        child.run([_PROBE])
        case = {"port": server.getsockname()[1], "pid": os.getpid(), "canary": str(canary)}
        (outcome,) = child.calls(Calls("reached", (case,)), seconds=EXERCISE)  # it never hangs
    if not isinstance(outcome.value, tuple) or len(outcome.value) != len(PROBES):
        raise NotGraded("the probe of the sandbox gave no answer")
    return tuple(name for name, got in zip(PROBES, outcome.value, strict=True) if got is not False)


_PROBE = """
def reached(port, pid, canary):
    import os, socket
    def works(act):
        try:
            act()
        except Exception:
            return False
        return True
    def fork():
        if os.fork() == 0:
            os._exit(0)
    return (
        works(lambda: open(canary).read()),
        works(lambda: open(canary, "a").close()),
        works(lambda: socket.create_connection(("127.0.0.1", port), 1)),
        works(fork),
        works(lambda: os.kill(pid, 0)),
        works(lambda: os.chmod(canary, 0o600)),
    )
"""


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def _sweep() -> None:
    """Take away the folders of graders that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if not owner.isdecimal():
            continue
        try:
            os.kill(int(owner), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another user's
            continue


def _place_of(package: str) -> Path | None:
    """Where a package really is; `numpy.libs` is a folder beside numpy."""
    if "." in package:
        place = Path(np.__file__).parents[1] / package
        return place.resolve() if place.exists() else None
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).resolve().parent if spec and spec.origin else None


def _stdlib() -> dict[str, Path]:
    """The standard library's files and folders, without the packages installed beside them."""
    found = Path(sysconfig.get_path("stdlib")).resolve().iterdir()
    return {p.name: p for p in found if p.name not in ("site-packages", "dist-packages")}


def _system() -> list[str]:
    """What an interpreter reads to start: itself, its library and the system's."""
    shared = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib").glob("libpython*")
    system = map(Path, ("/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache"))
    return [str(path) for path in (Path(_PROGRAM), *shared, *system) if path.exists()]


def _linked(folder: Path, places: Mapping[str, Path]) -> list[str]:
    """Put links to files and folders into a folder of their own; return where they really are."""
    folder.mkdir(parents=True)
    for name, place in places.items():
        (folder / name).symlink_to(place)
    return [str(place) for place in places.values()]


def _waited(file: int, event: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(file, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _readable(file: int, seconds: float) -> bool:
    return _waited(file, select.POLLIN | select.POLLHUP, seconds)


def _writable(file: int, seconds: float) -> bool:
    return _waited(file, select.POLLOUT, seconds)


def _trouble(row: Any) -> Trouble:
    cell, line, kind, _, words = row
    return Trouble(int(cell), int(line), f"{str(kind)[:80]}: {str(words)[:200]}")


def _plain(value: Any) -> Any:
    """What came over as `outcome.plain` has it."""
    if isinstance(value, worker.Foreign):
        return Foreign(str(value))
    if type(value) is tuple:
        return tuple(_plain(part) for part in value)
    return plain(value)


def _beginning(printed: str, lines: int = 12) -> str:
    return "\n".join(printed.splitlines()[:lines])


def _exception(kind: Any, base: Any, said: Any, *, words: bool) -> BaseException:
    """An exception of the same name and words; Python's own where it is one of those."""
    known = getattr(builtins, str(base), Exception)
    if not (isinstance(known, type) and issubclass(known, BaseException)):
        known = Exception
    made = known if known.__name__ == kind else type(str(kind)[:80], (known,), {})
    if made is not known:
        made.__module__ = "builtins"  # said by its name alone
    said = str(said)[: worker.MAX_TEXT] if words else ""
    try:
        return made(said) if said else made()
    except Exception:  # a few need more than words, such as UnicodeDecodeError
        return RuntimeError(f"{str(kind)[:80]}: {said}")
