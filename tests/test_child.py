"""No test waits for ever for a process that hangs."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.child import child

TESTS = Path(__file__).parent
MAY_START = {"child.py", "lab.py"}  # they kill what they start


def without_a_limit(text: str) -> list[int]:
    """The lines that run a process and give it no time limit."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in calls
        if ast.unparse(call.func).startswith("subprocess.")
        and "timeout" not in {keyword.arg for keyword in call.keywords}
        and not ast.unparse(call.func).endswith("CompletedProcess")
    ]


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.name)
def test_every_process_has_a_time_limit(path):
    text = path.read_text(encoding="utf-8")
    assert path.name in MAY_START or without_a_limit(text) == []


def test_a_process_without_a_limit_is_noticed():
    assert without_a_limit("import subprocess\nsubprocess.run(['a'])") == [2]
    assert without_a_limit("subprocess.Popen(['a'])") == [1]
    assert without_a_limit("subprocess.check_output(['a'], timeout=3)") == []


def test_a_child_that_hangs_is_killed_when_its_time_is_up():
    with child("while True: pass", seconds=0.5) as process:
        assert process.wait(timeout=30) == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to ignore")
def test_a_child_heeds_ctrl_c_even_where_the_tests_ignore_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with child("print(1, flush=True)\nwhile True: pass", stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) != 0
    finally:
        signal.signal(signal.SIGINT, before)
