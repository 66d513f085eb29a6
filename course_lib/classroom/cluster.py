"""Many submissions on many machines: a Dask scheduler hands out batches, workers grade them.

A worker gets the assignment with its hidden cases, and a warm jail of its own; a batch that is lost
with its worker is run again by another one.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import dask
from distributed import (
    CancelledError,
    Client,
    Future,
    KilledWorker,
    WorkerPlugin,
    get_worker,
    wait,
)

from course_lib.classroom import assignment as assignments
from course_lib.classroom.assignment import Complaint
from course_lib.classroom.grading import Grader
from course_lib.classroom.jail import Jail, NotGraded, isolation
from course_lib.classroom.pool import with_feedback
from course_lib.classroom.results import Result
from course_lib.classroom.submissions import Submission
from course_lib.errors import so_many

FEWEST, MOST = 10, 25  # submissions in a batch
MOST_BYTES = 4_000_000  # of a batch's notebooks; a larger one travels alone
AHEAD = 3  # batches that wait for each worker, so that it need not wait for them
CONNECT = 15  # seconds for a scheduler to answer
PATIENCE = 60.0  # seconds without a result, after which it is asked whether there are workers
_SETTINGS = {"distributed.admin.large-graph-warning-threshold": "1 GB"}  # notebooks are no graph


@dataclass(frozen=True)
class Order:
    """What a worker needs to grade: an assignment, and how students' code is to be shut in."""

    name: str  # of this run, and of nothing else on the scheduler
    folder: str
    files: Mapping[str, bytes]
    digest: str
    wanted: str | None
    as_root: bool


class Plugin(WorkerPlugin):
    """A worker's grader, with the jail that it keeps as long as the run lasts."""

    def __init__(self, order: Order) -> None:
        self.order, self.name = order, order.name
        self.grader: Grader | None = None
        self.trouble = ""  # why there is none

    def setup(self, worker: Any) -> None:
        """Start the jail, in the thread that lives as long as the worker."""
        self._open = ExitStack()
        try:
            if worker.state.nthreads != 1:
                raise NotGraded(f"it has {worker.state.nthreads} threads; give it --nthreads 1")
            self.grader = self._grader()
        except (Complaint, NotGraded) as error:
            self.trouble = str(error)

    def _grader(self) -> Grader:
        order = self.order
        level = isolation(order.wanted, as_root=order.as_root)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, order.folder)
            folder.mkdir()
            for name, data in order.files.items():
                (folder / name).write_bytes(data)
            assignment = assignments.read(folder)
        if assignment.digest != order.digest:
            raise NotGraded("its course_lib is another version than this one; install the same")
        jail = Jail(level, course_lib=assignment.course_lib)
        return Grader(assignment, self._open.enter_context(jail))

    def teardown(self, worker: Any) -> None:
        """End the jail."""
        self._open.close()


class Cluster:
    """The workers of a scheduler, ready to grade one assignment."""

    def __init__(self, client: Client, name: str, levels: Sequence[str]) -> None:
        self._client, self._name, self.workers = client, name, len(levels)
        found = Counter(levels).items()
        self.level = ", ".join(f"{level} on {so_many(n, 'worker')}" for level, n in found)

    def graded(self, submissions: Sequence[Submission]) -> Iterator[tuple[Result, str]]:
        """Every submission's result and feedback page, once, in the order in which they are done.

        Raises
        ------
        NotGraded    if workers or scheduler are lost for good; what was given out is complete
        """
        batches = iter(_batches(submissions, self.workers))
        with _told():
            waiting = set(map(self._submit, islice(batches, AHEAD * self.workers)))
            while waiting:
                done, waiting = self._some(waiting)
                for future in done:
                    yield from future.result()
                    waiting |= set(map(self._submit, islice(batches, 1)))

    def _submit(self, batch: Sequence[Submission]) -> Future:
        """One batch under a key of its own: to run it again makes the same result, not another."""
        marks = hashlib.sha256(self._name.encode())
        for submission in batch:
            marks.update(f"{submission.student}\n{submission.fingerprint}\n".encode())
        return self._client.submit(_grade, self._name, batch, key=f"graded-{marks.hexdigest()}")

    def _some(self, waiting: set[Future]) -> tuple[set[Future], set[Future]]:
        """The batches that are done, at least one, and the others."""
        while True:
            try:
                done, left = wait(waiting, timeout=PATIENCE, return_when="FIRST_COMPLETED")
                return set(done), set(left)
            except TimeoutError:
                if not self._client.nthreads():
                    raise NotGraded(
                        "No worker is left; start some and run the same command again to go on."
                    ) from None


@contextmanager
def _told() -> Iterator[None]:
    """What ends a run that Dask cannot save, in one sentence."""
    try:
        yield
    except KilledWorker:
        raise NotGraded(
            "The same notebooks were lost with several workers, one after the other; look at the "
            "workers' logs and run the same command again to go on."
        ) from None
    except CancelledError:
        raise NotGraded(
            "The scheduler was lost; start it and run the same command again to go on."
        ) from None


@contextmanager
def cluster(
    address: str, folder: Path, wanted: str | None, *, as_root: bool = False
) -> Iterator[Cluster]:
    """The workers of the scheduler at an address; afterwards they are as they were before.

    Raises
    ------
    Complaint    if there is no such scheduler, or none of its workers
    NotGraded    if a worker cannot grade as it is wanted
    """
    order = _order(folder, wanted, as_root)
    with dask.config.set(_SETTINGS), _quiet(), _connected(address) as client:
        client.register_plugin(Plugin(order))
        try:
            yield Cluster(client, order.name, _levels(client, order.name, address))
        finally:
            if client.status == "running":
                client.unregister_worker_plugin(order.name)


def _order(folder: Path, wanted: str | None, as_root: bool) -> Order:
    paths = (folder / assignments.FILE, folder / assignments.OWN)
    files = {path.name: path.read_bytes() for path in paths if path.exists()}
    name = f"classroom-{uuid.uuid4().hex}"
    digest = assignments.read(folder).digest
    return Order(name, folder.resolve().name, files, digest, wanted, as_root)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask logs where in its code a connection was lost; that it was is said here."""
    log = logging.getLogger("distributed.client")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECT)
    except TypeError:
        raise Complaint(
            f"{address} asks for certificates, and Dask's configuration names none; set "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, and CLIENT__CERT and CLIENT__KEY in place of "
            "CA_FILE."
        ) from None
    except (OSError, ValueError) as error:
        raise Complaint(
            f"No Dask scheduler answers at {address} ({error}); start one with `dask scheduler` "
            "and give the address that it prints."
        ) from None
    with client:
        yield client


def _levels(client: Client, name: str, address: str) -> list[str]:
    """Every worker's protection."""
    standing = client.run(_standing, name)
    if not standing:
        raise Complaint(
            f"The scheduler at {address} has no workers; start some with "
            f"`dask worker {address} --nworkers 2 --nthreads 1`."
        )
    for place, (_, trouble) in standing.items():
        if trouble:
            raise NotGraded(f"The worker at {place} cannot grade: {trouble}")
    return [level for level, _ in standing.values()]


def _batches(submissions: Sequence[Submission], workers: int) -> Iterator[list[Submission]]:
    """Submissions with their bytes, in batches that leave each worker a few."""
    most = max(FEWEST, min(MOST, len(submissions) // (AHEAD * workers)))
    batch, size = list[Submission](), 0
    for submission in submissions:
        data = submission.data
        batch.append(replace(submission, source=data))
        size += len(data)
        if len(batch) == most or size > MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


# What follows runs on the workers.


def _plugin(worker: Any, name: str) -> Plugin:
    return worker.plugins[name]


def _standing(name: str, dask_worker: Any) -> tuple[str, str]:
    """How students' code is shut in here, and why nothing can be graded here."""
    plugin = _plugin(dask_worker, name)
    return str(plugin.grader.jail.isolation) if plugin.grader else "", plugin.trouble


def _grade(name: str, batch: Sequence[Submission]) -> list[tuple[Result, str]]:
    plugin = _plugin(get_worker(), name)
    if plugin.grader is None:  # a worker that came later, and is not as it was wanted
        raise NotGraded(f"A worker that came later cannot grade: {plugin.trouble}")
    return [with_feedback(plugin.grader, submission) for submission in batch]
