"""Real faults from outside: a full disk, folders nobody may write, a loop that never ends.

Kills, broken files and two notebooks at once are in test_checkpoint.py and test_progress.py; an
exception inside an explorer's compute is in test_explorer.py.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import course_lib as lib
from tests.child import child

ROOT = Path(__file__).parents[1]

SOLVED = """
from course_lib.exercises import check, progress
from course_lib.lessons import EXERCISES
def conv_output_size(*args):
    return EXERCISES["conv_output_size"].reference(*args)
"""
# a file may not grow beyond this many bytes: writing fails half-way, as on a full disk
FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
"""
# root may write anywhere, so give that up, after importing what only root may read
NOBODY = """
import argparse, gettext, locale, os, secrets, numpy.random
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


def run(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Python whose home is `folder`, unless the environment says otherwise."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "COURSE_LIB"))}
    learners = {"HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=inherited | learners | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def read_only(tmp_path: Path) -> Path:
    """A folder that everybody may enter and nobody but root may write."""
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    folder = tmp_path / "course"
    folder.mkdir()
    folder.chmod(0o555)
    return folder


def saved_model(folder: Path) -> lib.Linear:
    model = lib.Linear(np.ones((40, 40)), None)
    lib.save(folder / "model.npz", model)
    return model


SAVE_ANOTHER = """
import numpy as np, course_lib as lib
{0}
try:
    lib.save("model.npz", lib.Linear(np.zeros((40, 40)), None))
except OSError as error:
    print("OSError:", error)
"""


def test_a_disk_that_fills_up_while_a_model_is_saved_leaves_the_old_one_alone(tmp_path):
    model = saved_model(tmp_path)
    result = run(SAVE_ANOTHER.format(FULL_DISK.format(1000)), tmp_path)
    assert result.stdout.startswith("OSError: [Errno 27] File too large"), result.stderr
    assert os.listdir(tmp_path) == ["model.npz"]
    np.testing.assert_array_equal(lib.load(tmp_path / "model.npz", model).weight, model.weight)


def test_a_folder_that_may_not_be_written_keeps_its_model_and_names_itself(read_only):
    read_only.chmod(0o755)
    model = saved_model(read_only)
    read_only.chmod(0o555)
    result = run(SAVE_ANOTHER.format(NOBODY), read_only)
    assert "Permission denied" in result.stdout, result.stderr
    assert str(read_only) in result.stdout or "model" in result.stdout
    np.testing.assert_array_equal(lib.load(read_only / "model.npz", model).weight, model.weight)


def test_a_disk_that_fills_up_while_progress_is_written_keeps_the_old_progress(tmp_path):
    file = tmp_path / "progress.json"
    file.write_text('{"passed": ["conv1d_forward"], "predictions": {}}')
    code = SOLVED + FULL_DISK.format(20) + "print(check(conv_output_size)); print(progress())"
    result = run(code, tmp_path, COURSE_LIB_PROGRESS=str(file))
    assert result.stdout.startswith("passed conv_output_size"), result.stderr
    assert "could not be saved" in result.stdout
    assert "2 of 5" in result.stdout  # kept in the running notebook
    assert json.loads(file.read_text())["passed"] == ["conv1d_forward"]
    assert [name for name in os.listdir(tmp_path) if "progress" in name] == ["progress.json"]


def test_progress_in_a_folder_that_may_not_be_written_gets_a_sentence(read_only):
    code = SOLVED + NOBODY + "print(check(conv_output_size))"
    result = run(code, read_only, COURSE_LIB_PROGRESS=str(read_only / "progress.json"))
    assert result.stdout.startswith("passed conv_output_size"), result.stderr
    assert "its folder can't be written" in " ".join(result.stdout.split())


def test_without_a_home_everything_works_and_the_pass_is_said_not_to_be_saved(tmp_path):
    (tmp_path / "file").write_text("")
    code = (
        SOLVED
        + "from course_lib.explore import conv2d_under_the_window\n"
        + "print(sorted(conv2d_under_the_window()._repr_mimebundle_()[0]))\n"
        + "print(check(conv_output_size))"
    )
    result = run(code, tmp_path, HOME=str(tmp_path / "file" / "home"))
    assert "image/png" in result.stdout, result.stderr
    assert "passed conv_output_size" in result.stdout
    assert "could not be saved" in result.stdout


def test_a_course_folder_that_may_not_be_written_gets_a_sentence_from_make_lab(read_only):
    read_only.chmod(0o755)
    (read_only / "notebooks").mkdir()
    (read_only / "notebooks" / "00_start_here.ipynb").write_text('{"cells": []}')
    (read_only / "tools").mkdir()
    shutil.copy(ROOT / "tools/copies.py", read_only / "tools")  # it finds the course it lies in
    read_only.chmod(0o555)
    # argparse imports shutil late, from where nobody may read
    code = f"import shutil\nfrom tools.copies import main{NOBODY}\nmain()"
    result = run(code, read_only)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    place = f"The folder {read_only / 'work'} can't be written (Permission denied)"
    assert result.stderr.startswith(place)


def test_an_endless_loop_can_be_stopped_and_loses_nothing(tmp_path):
    file = tmp_path / "progress.json"
    code = SOLVED.replace("*args", "*args, **options") + (
        "check(conv_output_size)\n"
        "def conv_output_size(*args):\n"
        "    print('in the loop', file=__import__('sys').__stdout__, flush=True)\n"
        "    while True:\n"
        "        pass\n"
        "try:\n"
        "    check(conv_output_size)\n"
        "except KeyboardInterrupt as interrupt:\n"
        "    print(interrupt)\n"
    )
    environment = {**os.environ, "COURSE_LIB_PROGRESS": str(file), "PYTHONPATH": str(ROOT)}
    with child(code, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the loop\n"
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    assert said.startswith("check stopped conv_output_size in case 1 of ")
    assert "nothing is lost" in said
    assert json.loads(file.read_text())["passed"] == ["conv_output_size"]
