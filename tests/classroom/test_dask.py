"""A Dask cluster gives the marks of this computer's own processes, also when workers are lost."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import dask
import psutil
import pytest
from distributed import Client, LocalCluster, Security

from course_lib.classroom import cluster as clusters
from course_lib.classroom import results, submissions
from course_lib.classroom.__main__ import main
from course_lib.classroom.cluster import Plugin, cluster
from course_lib.classroom.jail import NotGraded
from course_lib.classroom.results import Result
from tests.classroom.test_commands import HOW, OWN, grade, hand_in, released, rows

AS = {"wanted": "process" if "process" in HOW else None, "as_root": "--as-root" in HOW}
ANSWERS = {
    "ada": {},
    "bo": {"relu_forward": "def relu_forward(x):\n    return x"},
    "cy": {"relu_forward": "def relu_forward(x):\n    exit()"},
    "di": {"conv_output_size": "import os\nos._exit(1)"},
    "ed": {name: "" for name in ("relu_forward", "conv_output_size")},
}
__all__ = ["released"]  # a fixture


def started(workers: int = 2, **more: object) -> LocalCluster:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        silence_logs=50,
        **more,
    )


@pytest.fixture(scope="module")
def two() -> Iterator[LocalCluster]:
    with started() as made:
        yield made


def on(made: LocalCluster) -> list[str]:
    return ["--again", "--scheduler", made.scheduler_address]


def found(folder: Path) -> list[Result]:
    return [dataclasses.replace(r, seconds=0.0) for r in results.read(folder / "results")]


def test_a_cluster_gives_the_marks_of_one_process_and_is_left_as_it_was(released, two, capsys):
    for name, answers in ANSWERS.items():
        hand_in(released, f"{name}.ipynb", **answers)
    (released.parent / "in" / "fay.ipynb").write_bytes(b"")
    pages = released / "results" / "feedback"
    assert grade(released) == 0
    alone, shown = found(released), {p.name: p.read_bytes() for p in pages.iterdir()}
    shutil.rmtree(released / "results")
    assert grade(released, *on(two)) == 0
    assert found(released) == alone
    assert {p.name: p.read_bytes() for p in pages.iterdir()} == shown
    assert "on 2 workers." in capsys.readouterr().out
    with Client(two.scheduler_address) as client:
        plugins = client.run(lambda dask_worker: list(dask_worker.plugins))
    assert not [name for names in plugins.values() for name in names if "classroom" in name]
    left = [process.cmdline() for process in psutil.Process().children(recursive=True)]
    assert not [program for program in left if "course_lib_jail" in " ".join(program)]


def class_of(folder: Path, count: int) -> list[submissions.Submission]:
    """Some that take a moment each."""
    slow = "import time\ntime.sleep(0.02)\ndef relu_forward(x):\n    return x * (x > 0)"
    path = hand_in(folder, "ada.ipynb", relu_forward=slow)
    for number in range(count):
        shutil.copy(path, path.with_name(f"s{number:02}.ipynb"))
    path.unlink()
    return submissions.found(path.parent, "ps1")


def test_a_lost_workers_batch_is_graded_again_and_nothing_twice(released, two):
    handed_in = class_of(released, 40)
    with cluster(two.scheduler_address, released, **AS) as workers:
        students = []
        for result, _ in workers.graded(handed_in):
            if not students:
                lost = next(iter(two.workers.values())).process.pid
                os.kill(lost, signal.SIGKILL)
            students.append(result.student)
            assert result.points == 3.5, result
    assert sorted(students) == [s.student for s in handed_in]


def test_a_batch_that_is_asked_for_twice_is_one_task(released, two):
    (batch,) = clusters._batches(class_of(released, 5), 1)
    with cluster(two.scheduler_address, released, **AS) as workers:
        once, again = workers._submit(batch), workers._submit(batch)
        assert once.key == again.key
        assert once.result() == again.result()
    with cluster(two.scheduler_address, released, **AS) as workers:
        assert workers._submit(batch).key != once.key, "another run may ask for other feedback"


def test_workers_and_a_scheduler_that_are_lost_for_good_are_told(released, monkeypatch, caplog):
    handed_in = class_of(released, 20)
    monkeypatch.setattr(clusters, "CONNECT", 5)  # it tries so long to reach the scheduler again
    with started(1) as made, cluster(made.scheduler_address, released, **AS) as workers:
        done = workers.graded(handed_in)
        next(done)
        monkeypatch.setattr(clusters, "PATIENCE", 0.5)
        made.scale(0)
        with pytest.raises(NotGraded, match="No worker is left"):
            list(done)
        monkeypatch.setattr(clusters, "PATIENCE", 60)
        threading.Timer(0.3, made.close).start()
        with pytest.raises(NotGraded, match="The scheduler was lost"):
            list(workers.graded(handed_in))
    assert not [log for log in caplog.records if log.name == "distributed.client"]


def test_over_tls_with_certificates_and_not_without(released, capsys):
    security = Security.temporary()
    hand_in(released, "ada.ipynb")
    names = {
        "distributed.comm.tls.ca-file": security.tls_ca_file,
        "distributed.comm.tls.client.cert": security.tls_client_cert,
        "distributed.comm.tls.client.key": security.tls_client_key,
    }
    with started(1, security=security) as made:
        assert made.scheduler_address.startswith("tls://")
        with dask.config.set(names):
            assert grade(released, *on(made)) == 0
        assert rows(released)["ada"]["points"] == "3.5"
        capsys.readouterr()
        assert grade(released, *on(made)) == 2
        assert "CA_FILE" in capsys.readouterr().err


def trouble(folder: Path, threads: int = 1, **changed: object) -> str:
    """Why a worker would not grade."""
    order = dataclasses.replace(clusters._order(folder, **AS), **changed)
    plugin = Plugin(order)
    plugin.setup(types.SimpleNamespace(state=types.SimpleNamespace(nthreads=threads)))
    plugin.teardown(None)
    assert (plugin.grader is None) == bool(plugin.trouble)
    return plugin.trouble


def test_a_worker_that_is_not_as_wanted_says_why(released, monkeypatch):
    assert trouble(released) == ""
    assert "--nthreads 1" in trouble(released, threads=4)
    assert "another version" in trouble(released, digest="other")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "sandlock" in trouble(released, wanted="strict", as_root=True)


def test_a_teachers_own_exercises_travel(tmp_path):
    (tmp_path / "exercises.py").write_text(OWN, encoding="utf-8")
    assert main(["new", str(tmp_path), "--exercises", "mean_of_rows"]) == 0
    assert trouble(tmp_path) == ""


def test_what_is_no_cluster_is_one_sentence(released, capsys, monkeypatch):
    hand_in(released, "ada.ipynb")
    with started(0) as made:
        empty = made.scheduler_address
        assert said(released, capsys, empty) == f"The scheduler at {empty} has no workers"
    monkeypatch.setattr(clusters, "CONNECT", 0.5)
    assert "No Dask scheduler answers" in said(released, capsys, empty)
    assert "No Dask scheduler answers" in said(released, capsys, "nowhere://x")
    monkeypatch.delitem(sys.modules, "course_lib.classroom.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "pip install 'course-lib[dask]'" in said(released, capsys, empty)


def said(folder: Path, capsys, address: str) -> str:
    assert grade(folder, "--scheduler", address) == 2
    text = capsys.readouterr().err.strip()
    assert "\n" not in text
    return text.split(";")[0] if "no workers" in text else text


def test_batches_leave_every_worker_some_and_are_not_too_heavy():
    def sizes(count: int, workers: int, each: int = 10) -> list[int]:
        some = [submissions.Submission(f"s{n}", "", b"x" * each) for n in range(count)]
        batches = list(clusters._batches(some, workers))
        assert [s for batch in batches for s in batch] == some
        return [len(batch) for batch in batches]

    assert sizes(5, 2) == [5]
    assert sizes(40, 2) == [10] * 4
    assert sizes(120, 2) == [20] * 6
    assert sizes(1000, 2) == [25] * 40
    assert sizes(6, 2, clusters.MOST_BYTES // 2) == [3, 3]
    assert sizes(2, 2, clusters.MOST_BYTES + 1) == [1, 1]
