"""Pages of one commit are the same bytes whenever they are written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.lab import ROOT

AGAIN = """
import sys
from pathlib import Path
import build
build.SOURCES, build.OUTPUT = (Path(sys.argv[1]) / name for name in ("sources", "site"))
sys.exit(build.write_site(solutions=True))
"""


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_another_process_in_another_place_at_another_time_writes_the_same(tmp_path: Path):
    other = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": f"{ROOT}/site:{ROOT}"}
    subprocess.run(
        [sys.executable, "-c", AGAIN, tmp_path], env=os.environ | other, check=True, timeout=900
    )
    first, second = contents(ROOT / "build/site"), contents(tmp_path / "site")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert len(first) > 200
