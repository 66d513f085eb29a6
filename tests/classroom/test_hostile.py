"""Whatever a notebook does, it costs its author what is wrong in it, and nobody else anything."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course_lib.classroom import jail as jails
from course_lib.classroom.assignment import from_table
from course_lib.classroom.feedback import MOST, feedback
from course_lib.classroom.grading import Graded, Grader
from course_lib.classroom.jail import Isolation, Jail, isolation
from course_lib.classroom.submissions import Submission
from course_lib.lessons import EXERCISES
from tests.classroom.hostile import ALL, LOST, PASSED, RELU, SIZE, Hostile, notebook

ASSIGNMENT = from_table(
    "ps",
    {"hidden_seed": 1, "exercises": [{"name": "relu_forward"}, {"name": "conv_output_size"}]},
    EXERCISES,
)
ROOT = Path(__file__).parents[2]
GOOD = notebook("import numpy as np", RELU, SIZE)
SHORT = {"CALL": 0.9, "EXERCISE": 2.0}  # seconds
LINUX = sys.platform == "linux"


@pytest.fixture(scope="module")
def level() -> Isolation:
    """The strongest protection here; on Linux nothing less is tested."""
    return isolation(None if LINUX else "process", as_root=os.geteuid() == 0)


@pytest.fixture(scope="module")
def grader(level):
    patch = pytest.MonkeyPatch()
    patch.setenv(LOST, "1")
    with Jail(level) as jail:
        yield Grader(ASSIGNMENT, jail)
    patch.undo()


@pytest.fixture(scope="module")
def traps(tmp_path_factory):
    """A file that nobody may read, and a port that nobody may reach."""
    canary = tmp_path_factory.mktemp("teacher") / LOST
    canary.write_text("np.maximum(x, 0)", encoding="utf-8")
    canary.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield canary, server


def graded(grader: Grader, data: bytes) -> Graded:
    return grader.grade(Submission("ada", "ada.ipynb", data))


def stopped_soon(grader: Grader, data: bytes) -> Graded:
    """With short limits, so that the set takes seconds: what hangs is waited for to the end."""
    with pytest.MonkeyPatch.context() as patch:
        for name, seconds in SHORT.items():
            patch.setattr(jails, name, seconds)
        return graded(grader, data)


def diagnoses(made: Graded) -> tuple[str, ...]:
    return tuple(mark.diagnosis for mark in made.result.marks)


def fair(found: str, outcome: str) -> bool:
    """A slip may be any; where two outcomes are fair both are named."""
    return any(found == one or (one == "slip:" and found[:5] == one) for one in outcome.split("|"))


def late(made: Graded) -> bool:
    """Whether something was stopped for its time, as on a busy machine honest work may be."""
    return any("took longer" in mark.message for mark in made.result.marks)


@pytest.mark.parametrize("hostile", ALL, ids=lambda hostile: hostile.name)
def test_a_hostile_notebook_has_its_fair_outcome_and_harms_nobody(hostile: Hostile, grader, traps):
    canary, server = traps
    data = hostile.data.replace(b"CANARY", str(canary).encode())
    data = data.replace(b"PORT", str(server.getsockname()[1]).encode())
    made = stopped_soon(grader, data)
    if late(made) and not all(map(fair, diagnoses(made), hostile.outcome)):
        made = graded(grader, data)  # the limits that a class is graded with decide
    if isinstance(hostile.outcome, str):
        assert made.result.status == hostile.outcome
        assert made.result.points is None
    else:
        assert made.result.status == "graded", made.result.reason
        pairs = list(zip(diagnoses(made), hostile.outcome, strict=True))
        assert all(fair(*pair) for pair in pairs), [m.message for m in made.result.marks]
    page = feedback(ASSIGNMENT, made)
    assert "<script" not in page
    assert "<img" not in page
    assert len(page) < 2 * MOST
    assert canary.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BlockingIOError):  # nobody has connected
        server.accept()
    assert diagnoses(graded(grader, GOOD)) == PASSED


@pytest.mark.skipif(not LINUX, reason="/proc tells which processes there are")
def test_no_process_and_no_file_is_left(grader):
    """Runs after the set above, while its jail still stands."""
    programs = [path.read_bytes() for path in processes()]
    assert not [program for program in programs if b"987654" in program]
    assert list(Path(grader.jail.folder, "channel").iterdir()) == []
    assert not Path("/tmp", LOST).exists()
    assert not Path(LOST).exists()


def processes() -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]


@pytest.mark.skipif(not LINUX, reason="the sandbox is Linux's")
def test_the_jail_is_strict_where_the_kernel_allows_it_and_says_what_is_missing(level):
    assert level.level == "strict" or level.missing


def test_the_probe_finds_every_leak_of_a_mere_process(monkeypatch):
    monkeypatch.setattr(jails, "CALL", 0.001)  # a student's limit is none of the probe's
    assert jails.probe(Isolation("process")) == jails.PROBES


def test_the_set_is_large_and_no_name_stands_twice():
    assert len({hostile.name for hostile in ALL}) == len(ALL) >= 40


# the right to read whatever there is, and no other: for a Python that lies in root's own folder
READS = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
NEEDED = (Path(sys.base_prefix), Path(sys.prefix), ROOT)
OPEN = all(
    place.stat().st_mode & 1
    for path in NEEDED
    for place in (path.resolve(), *path.resolve().parents)
)
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *(() if OPEN else READS))


@pytest.mark.skipif(not LINUX or os.geteuid() != 0, reason="it ran as another user than root")
def test_all_of_it_holds_for_a_user_without_privileges(pytestconfig):
    """What root may do could hide what a sandbox that is set up without privileges lets through."""
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, 65534, 65534)
        heard = [f"-W{rule}" for rule in pytestconfig.getoption("pythonwarnings") or []]
        done = as_nobody("-p", "no:cacheprovider", f"--basetemp={home}/tests", *heard, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.search(r"(\d+) passed, 1 skipped", done.stdout)  # this test itself
    assert counts, done.stdout
    assert int(counts[1]) > len(ALL)


def as_nobody(*options: str, home: str) -> subprocess.CompletedProcess[str]:
    """Run this file as the user nobody, without a file written into the course's folder."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    env = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONDONTWRITEBYTECODE": "1", **threads}
    env["HYPOTHESIS_STORAGE_DIRECTORY"] = f"{home}/hypothesis"
    return subprocess.run(
        [*NOBODY, sys.executable, "-m", "pytest", "-q", "-n", "0", *options, __file__],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
