"""A Python of its own, for tests that interrupt or kill one; it never outlives its time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# A shell that starts a job with & lets it ignore Ctrl-C, and its children inherit that.
HEEDS_CTRL_C = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"


@contextmanager
def child(code: str, seconds: float = 60, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run code; whatever is still running at the end, or after `seconds`, is killed."""
    command = [sys.executable, "-c", HEEDS_CTRL_C + code]
    with subprocess.Popen(command, text=True, **options) as process:
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()
