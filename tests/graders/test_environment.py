"""The course, nbgrader and otter live in one environment, and no two want other versions."""

from __future__ import annotations

import subprocess
import sys


def test_no_two_packages_want_what_excludes_the_other():
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stdout
