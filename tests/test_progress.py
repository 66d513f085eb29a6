"""Progress survives broken files, full disks, missing homes, two notebooks and a killed kernel."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import time
from collections import Counter

import pytest

from course_lib.engine import store
from course_lib.exercises import check, progress
from course_lib.lessons import EXERCISES, PREDICTIONS
from tests.child import child

RECORD = "from course_lib.engine import store; "


def passing_answer():
    reference = EXERCISES["conv_output_size"].reference

    def conv_output_size(*args):
        return reference(*args)

    return conv_output_size


def saved(path):
    return json.loads(path.read_text())


def test_a_pass_is_written(file):
    report = check(passing_answer())
    assert report.note == ""
    assert saved(file)["passed"] == ["conv_output_size"]


def test_a_failure_is_not_written(file):
    def conv_output_size(*args):
        return 0

    check(conv_output_size)
    assert not file.exists()


def test_facts_are_added_never_taken_back(file):
    store.record_pass("b")
    store.record_pass("a")
    store.record_pass("b")
    store.record_prediction("00.x", "1", False)
    assert saved(file)["passed"] == ["a", "b"]
    assert saved(file)["predictions"] == {"00.x": {"answer": "1", "right": False}}


def test_the_first_prediction_counts(file):
    store.record_prediction("00.x", "1", False)
    store.record_prediction("00.x", "2", True)
    assert saved(file)["predictions"]["00.x"] == {"answer": "1", "right": False}


def test_a_folder_means_the_file_in_it(file, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_LIB_PROGRESS", str(tmp_path))
    store.record_pass("a")
    monkeypatch.setenv("COURSE_LIB_PROGRESS", str(tmp_path / "new") + os.sep)
    store.record_pass("b")
    assert saved(file)["passed"] == ["a"]
    assert saved(tmp_path / "new" / "progress.json")["passed"] == ["a", "b"]


def test_without_a_choice_it_lives_in_the_data_directory(file, monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_LIB_PROGRESS")
    monkeypatch.setattr(store.platformdirs, "user_data_dir", lambda *args: str(tmp_path / "data"))
    assert store.record_pass("a") == ""
    assert saved(tmp_path / "data" / "progress.json")["passed"] == ["a"]


def test_a_link_stays_a_link(file, tmp_path):
    target = tmp_path / "elsewhere.json"
    target.write_text('{"passed": [], "predictions": {}}')
    file.symlink_to(target)
    store.record_pass("a")
    assert file.is_symlink()
    assert saved(target)["passed"] == ["a"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b'{"passed": 3, "predictions": {}}',
        b'{"passed": [3], "predictions": {}}',
        b'{"passed": [], "predictions": []}',
        b'{"passed": [], "predictions": {"a": 1}}',
        b'{"passed": "ab", "predictions": {}}',
        b"[" * 100_000,
    ],
)
def test_a_broken_file_is_set_aside_and_said(file, content):
    file.write_bytes(content)
    trouble = store.record_pass("a")
    assert "set aside as progress.json.broken" in trouble
    assert (file.parent / "progress.json.broken").read_bytes() == content
    assert saved(file)["passed"] == ["a"]


def test_a_second_broken_file_does_not_replace_the_first(file):
    for content in ("one", "two"):
        file.write_text(content)
        store.record_pass("a")
    assert (file.parent / "progress.json.broken").read_text() == "one"
    assert (file.parent / "progress.json.broken2").read_text() == "two"


def test_the_report_says_that_a_broken_file_was_set_aside(file):
    file.write_text("{")
    report = check(passing_answer())
    assert report.passed
    assert "set aside" in str(report)
    assert "set aside" in report._repr_html_()


def test_a_full_disk_gets_a_sentence_and_keeps_the_pass(file, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", full)
        report = check(passing_answer())
    assert report.passed
    assert "the disk is full" in report.note
    assert str(file) not in report.note
    assert "1 of 5" in str(progress())
    assert sorted(os.listdir(file.parent)) == []  # neither lock nor temporary file
    assert store.record_pass("another") == ""
    assert saved(file)["passed"] == ["another", "conv_output_size"]


def test_a_full_disk_leaves_the_old_file_whole(file, monkeypatch):
    store.record_pass("a")
    before = file.read_bytes()

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    store.record_pass("b")
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_written_gets_a_sentence(file, monkeypatch, tmp_path):
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("COURSE_LIB_PROGRESS", str(tmp_path / "plain" / "progress.json"))
    report = check(passing_answer())
    assert report.passed
    assert "can't be written" in report.note
    assert "can't be written" in str(progress()).replace("\n", " ")


def test_a_read_only_folder_gets_a_sentence(file, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(store.os, "open", refuse)
    assert "can't be written" in store.record_pass("a")


def test_a_missing_home_gets_a_sentence(file, monkeypatch):
    def homeless(*args):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("COURSE_LIB_PROGRESS", "~/progress.json")
    monkeypatch.setattr(store.Path, "expanduser", homeless)
    assert "could not be saved" in store.record_pass("a")
    assert str(progress())


def writing(code, file):
    environment = {**os.environ, "COURSE_LIB_PROGRESS": str(file)}
    return child(RECORD + code, env=environment)


def test_two_notebooks_at_once_lose_no_pass(file):
    one, other = (f"[store.record_pass(f'{name}{{i:02d}}') for i in range(20)]" for name in "ab")
    with writing(one, file) as first, writing(other, file) as second:
        assert [first.wait(60), second.wait(60)] == [0, 0]
    assert saved(file)["passed"] == [f"{name}{i:02d}" for name in "ab" for i in range(20)]
    assert os.listdir(file.parent) == ["progress.json"]


def test_a_kill_during_a_write_leaves_the_file_readable(file):
    store.record_pass("before")
    code = "n = 0\nwhile True:\n    store.record_pass(f'exercise{n}')\n    n += 1\n"
    with writing(code, file):
        deadline = time.monotonic() + 30
        while len(saved(file)["passed"]) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
    after = saved(file)["passed"]
    assert "before" in after
    assert len(after) >= 5


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_kill_at_the_worst_moment_leaves_the_old_file(file, moment, monkeypatch):
    """Killed while the temporary file is written, or just before it is renamed."""
    store.record_pass("before")
    kill = f"store.os.{moment} = lambda *a: os.kill(os.getpid(), 9); store.record_pass('after')"
    with writing(f"import os; {kill}", file) as writer:
        assert writer.wait(60) == -signal.SIGKILL
    assert saved(file)["passed"] == ["before"]
    # the killed writer has left its lock behind: it counts as stale after a while
    lock = file.with_name("progress.json.lock")
    assert lock.exists()
    monkeypatch.setattr(store, "_PATIENCE", 0.05)
    assert store.record_pass("later") == ""
    assert saved(file)["passed"] == ["before", "later"]


def test_what_a_notebook_keeps_of_progress_depends_on_nobody(file):
    before = progress()._repr_mimebundle_()[0]
    for name in EXERCISES:
        store.record_pass(name)
    for name in PREDICTIONS:
        store.record_prediction(name, "1", True)
    after = progress()._repr_mimebundle_()[0]
    for kind in ("text/plain", "text/html"):
        assert before[kind] == after[kind]
    assert not re.search(r"\d", before["text/plain"])  # nor on how many lessons there are


def test_progress_counts_and_says_where_to_continue(file):
    assert "Continue with conv_output_size in 00_start_here.ipynb." in str(progress())
    store.record_pass("conv_output_size")
    store.record_prediction("04_02b.output_size", "5", True)
    text = str(progress())
    predictions = Counter(p.section for p in PREDICTIONS.values())
    first, second = predictions["00_start_here"], predictions["04_02b_convolution"]
    assert re.search(rf"00_start_here +1 of 1 +0 of {first} +1 of 1", text)  # it stands in both
    assert re.search(rf"04_02b_convolution +1 of 5 +1 of {second}, 1 right +1 of 9", text)
    assert "Continue with sequential_forward in 04_01_layer.ipynb." in text
    html = progress()._table()
    assert "<caption" in html
    assert html.count('scope="col"') == 4
    assert f"1 of {second}" in html


def test_progress_says_when_everything_is_passed(file):
    for name in EXERCISES:
        store.record_pass(name)
    assert "Every exercise is passed." in str(progress())


def test_names_that_the_course_no_longer_has_are_kept_and_not_counted(file):
    store.record_pass("gone")
    assert "0 of 5" in str(progress())
    assert saved(file)["passed"] == ["gone"]
