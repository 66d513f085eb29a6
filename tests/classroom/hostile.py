"""Notebooks that attack the grader, lie to it or are broken, each with its fair outcome.

Two functions are asked for: `relu_forward`, which an entry may replace, and `conv_output_size`,
which stays right. An outcome is what becomes of the two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from course_lib.lessons import EXERCISES

RELU, SIZE = EXERCISES["relu_forward"].solution, EXERCISES["conv_output_size"].solution
PASSED = ("passed", "passed")
LOST = "classroom_canary"  # what nobody may find: a file's name, a variable, a program's argument


@dataclass(frozen=True)
class Hostile:
    name: str
    data: bytes
    outcome: tuple[str, ...] | str  # the two diagnoses, "a|b" where both are fair; or the status


def notebook(*cells: str, **more: object) -> bytes:
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": c} for c in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, **more}).encode()


def answer(name: str, body: str, outcome: str, before: str = "import numpy as np, os") -> Hostile:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"def relu_forward(x):\n{lines}"
    return Hostile(name, notebook(before, source, SIZE), (outcome, "passed"))


def cell(name: str, source: str, outcome: tuple[str, str] = PASSED) -> Hostile:
    return Hostile(name, notebook("import os, sys, numpy as np", source, RELU, SIZE), outcome)


def file(name: str, data: bytes, outcome: tuple[str, ...] | str = "no notebook") -> Hostile:
    return Hostile(name, data, outcome)


FRAMES = """
import os, struct, json
def forge(head, body=b"", text=None):
    text = json.dumps(head).encode() if text is None else text
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<II", len(text), len(body)) + text + body)
        except OSError:
            pass
"""
OURS = ("import numpy as np", RELU, SIZE)
OLD = {
    "nbformat": 3,
    "worksheets": [{"cells": [{"cell_type": "code", "input": [s]} for s in OURS]}],
}
SEEN = {repr(tuple(c.values())): None for c in EXERCISES["relu_forward"].cases}
HARD_CODED = (
    f"def relu_forward(x):\n    return np.maximum(x, 0) if repr((x,)) in {set(SEEN)!r} else x"
)

HANGS = (
    answer("an endless loop", "while True: pass", "stopped"),
    cell("an endless loop outside", "while True: pass"),
    answer("a long sleep", "import time\ntime.sleep(1000)", "stopped"),
    answer(
        "slow, call by call", "import time\ntime.sleep(0.6)\nreturn np.maximum(x, 0)", "stopped"
    ),
    answer(
        "signals set aside",
        "import signal\nsignal.signal(15, signal.SIG_IGN)\nwhile 1: pass",
        "stopped",
    ),
)
ENDS = (
    answer("os._exit", "os._exit(0)", "stopped"),
    cell("os._exit outside", "os._exit(0)"),
    cell("sys.exit outside", "sys.exit(1)"),
    answer("exit", "raise SystemExit", "raised"),
    answer("Ctrl-C of its own", "raise KeyboardInterrupt", "raised"),
    answer("kill -9 of itself", "os.kill(os.getpid(), 9)", "stopped"),
    cell("kill -9 of the worker", "os.kill(os.getppid(), 9)"),
    cell("a signal to all", "os.kill(-1, 0)"),
    answer("a segmentation fault", "import ctypes\nctypes.string_at(0)", "stopped"),
    answer("endless recursion", "return relu_forward(x)", "raised"),
    answer("all files closed", "os.closerange(0, 64)\nreturn x", "stopped"),
    cell("a fork", "for _ in range(20): os.fork()"),
    cell("a program", "import subprocess\nsubprocess.Popen(['sleep', '987654'])"),
    cell("a daemon", "if os.fork() == 0:\n    os.setsid()\n    while True: pass"),
    cell("another program in its place", "os.execv('/bin/sleep', ['sleep', '987654'])"),
    cell(
        "fifty threads",
        "import threading\nfor _ in range(50): threading.Thread(target=lambda: __import__('time').sleep(99)).start()",
    ),
)
GREED = (
    answer("a tebibyte", "return np.ones(2**37)", "raised"),
    cell("a list without end", "a = []\nwhile True: a.append(bytes(10**7))"),
    cell("a flood of output", "for _ in range(10**5): print('x' * 100)"),
    cell(
        "a flood past Python",
        "for _ in range(1000): os.write(1, b'x' * 10**5); os.write(2, b'x' * 10**5)",
    ),
    answer("a flood in every call", "print('x' * 10**6)\nreturn np.maximum(x, 0)", "passed"),
    answer("an array that only seems huge", "return np.broadcast_to(1.0, (10**6, 10**6))", "shape"),
    answer("an endless number", "return 10**(10**5)", "type"),
    answer("ten million numbers", "return np.zeros(10**7)", "shape"),
    cell("a file", f"open('{LOST}', 'w').write('x')\nopen('/tmp/{LOST}', 'w').write('x')"),
    cell("a folder", f"os.mkdir('/tmp/{LOST}')"),
)
LIES = (
    answer(
        "comparisons patched",
        "return x",
        "wrong-value|slip:",
        "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True",
    ),
    answer(
        "isinstance patched",
        "return x",
        "wrong-value|slip:|stopped|type",
        "import builtins\nbuiltins.isinstance = lambda *a: True",
    ),
    answer(
        "an array equal to all",
        "class E(np.ndarray):\n    __eq__ = lambda a, b: True\nreturn np.zeros(x.shape).view(E)",
        "wrong-value|type|slip:",
    ),
    answer(
        "an object equal to all", "class E:\n    __eq__ = lambda a, b: True\nreturn E()", "type"
    ),
    answer("an object array", "return np.array([None])", "type"),
    answer("a structured array", "return np.zeros(2, 'i4,f8')", "type"),
    answer("a text", "return 'passed'", "type"),
    answer("a generator", "yield 1", "type"),
    answer("tuples without end", "t = ()\nfor _ in range(10**4): t = (t,)\nreturn t", "raised"),
    answer("the input overwritten", "x[x < 0] = 0\nreturn x", "input-changed|raised"),
    answer(
        "an exception that lies",
        "class E(Exception):\n    __str__ = lambda s: 1 / 0\nraise E",
        "raised",
    ),
    answer(
        "a forged pass",
        "forge({'passed': True, 'points': 100})\nreturn x",
        "stopped|wrong-value|slip:",
        FRAMES + "import numpy as np",
    ),
    answer(
        "a forged answer",
        "forge({'call': 'relu_forward', 'case': 0, 'value': True, 'changed': [], 'printed': ''})\nreturn x",
        "stopped",
        FRAMES + "import numpy as np",
    ),
    answer(
        "a forged source",
        "forge({'call': 'relu_forward', 'case': 0, 'value': {'source': 'os._exit(0)'}, 'changed': [], 'printed': ''})\nreturn x",
        "stopped",
        FRAMES + "import numpy as np",
    ),
    answer(
        "a head without end",
        "forge(None, text=b'[' * 60000)\nreturn x",
        "stopped",
        FRAMES + "import numpy as np",
    ),
    answer(
        "a length that lies",
        "import struct\nfor fd in range(3, 64):\n    try: os.write(fd, struct.pack('<II', 2**32 - 1, 2**32 - 1))\n    except OSError: pass",
        "stopped",
    ),
    Hostile(
        "visible cases by heart",
        notebook("import numpy as np", HARD_CODED, SIZE),
        ("hidden|slip:", "passed"),
    ),
)
THEFT = (
    answer(
        "the reference imported",
        "from course_lib.lessons import EXERCISES\nreturn EXERCISES['relu_forward'].reference(x)",
        "raised",
    ),
    answer("the library imported", "import course_lib\nreturn course_lib.relu(x)[0]", "raised"),
    answer("a secret file", "eval(open('CANARY').read())", "raised"),
    answer("the environment", f"return os.environ['{LOST}']", "raised"),
    answer(
        "the grader's memory", "return open(f'/proc/{os.getppid()}/mem', 'rb').read(9)", "raised"
    ),
    answer("the grader's arguments", "return open('/proc/1/cmdline').read()", "raised"),
    answer("the list of users", "return open('/etc/passwd').read()", "raised"),
    answer(
        "the network", "import socket\nsocket.create_connection(('127.0.0.1', PORT), 1)", "raised"
    ),
    answer(
        "a name looked up", "import socket\nsocket.getaddrinfo('localhost.invalid', 80)", "raised"
    ),
    answer("rights of a file", "os.chmod('CANARY', 0o777)", "raised"),
    answer(
        "live HTML",
        "raise ValueError('<script>alert(1)</script><img src=x onerror=alert(1)>')",
        "raised",
    ),
    answer(
        "frames above",
        "import sys\nf = sys._getframe()\nwhile f:\n    for v in list(f.f_locals.values()):\n        if hasattr(v, 'reference'): return v.reference(x)\n    f = f.f_back\nreturn x",
        "wrong-value|slip:",
    ),
)
BROKEN = (
    file("nothing at all", b""),
    file("no JSON", b"\x00\xff\xfe notebook"),
    file("a zip", b"PK\x03\x04rest"),
    file("JSON without cells", b'{"a": 1}'),
    file("a list", b"[1, 2]"),
    file("JSON without end", b"[" * 10**6),
    file("cells that are none", b'{"cells": [1, null]}'),
    file("an old format", json.dumps(OLD).encode(), PASSED),
    file("another language", notebook("library(ggplot2)\nx <- c(1, 2)"), ("missing", "missing")),
    file("half a surrogate", notebook("x = '\ud800'", *OURS), PASSED),
    cell("a syntax error elsewhere", "def f(:\n    pass"),
    cell("magics", "%matplotlib inline\n!rm -rf /\nx = !ls\nnp?\n%time y = 1"),
    cell("a foreign cell", "%%bash\nrm -rf /"),
    cell("names that are deleted", "del check"),
    cell("names of ours taken", "check = hint = 3"),
)
ALL = (*HANGS, *ENDS, *GREED, *LIES, *THEFT, *BROKEN)
