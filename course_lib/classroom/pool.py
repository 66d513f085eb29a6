"""Many submissions on several processors: every worker has a warm jail of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from multiprocessing.util import Finalize
from pathlib import Path

from course_lib.classroom import assignment as assignments
from course_lib.classroom.feedback import feedback
from course_lib.classroom.grading import Grader
from course_lib.classroom.jail import Isolation, Jail, NotGraded
from course_lib.classroom.results import Result
from course_lib.classroom.submissions import Submission

EACH = 20  # submissions that make it worth starting one more worker
_grader: Grader | None = None  # a worker's own


def graded(
    folder: Path, submissions: Sequence[Submission], level: Isolation, workers: int | None = None
) -> Iterator[tuple[Result, str]]:
    """Every submission's result and feedback page, in the order in which they are done.

    Parameters
    ----------
    folder         the assignment's; every worker reads it itself
    workers        processes; as many as there are processors if not given, fewer for few

    Raises
    ------
    NotGraded      if a worker is lost; what was given out before it is complete
    """
    most = min(os.cpu_count() or 1, len(submissions) // EACH)
    workers = max(1, most if workers is None else workers)
    if workers == 1:
        assignment = assignments.read(folder)
        with Jail(level, course_lib=assignment.course_lib) as jail:
            grader = Grader(assignment, jail)
            for submission in submissions:
                yield with_feedback(grader, submission)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (folder, level))
    try:
        done = as_completed([pool.submit(_grade, submission) for submission in submissions])
        yield from (future.result() for future in done)
    except BrokenProcessPool:
        raise NotGraded("A worker was lost; run the same command again to go on.") from None
    finally:
        pool.shutdown(cancel_futures=True)


def with_feedback(grader: Grader, submission: Submission) -> tuple[Result, str]:
    """A submission's result, and its feedback page."""
    made = grader.grade(submission)
    return made.result, feedback(grader.assignment, made)


def _begin(folder: Path, level: Isolation) -> None:
    """Start a worker's jail, in the thread that lives as long as the worker."""
    global _grader
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    assignment = assignments.read(folder)
    jail = Jail(level, course_lib=assignment.course_lib)
    _grader = Grader(assignment, jail.__enter__())
    Finalize(jail, jail.__exit__, exitpriority=1)


def _end_with_the_parent() -> None:
    """A worker does not outlive a grader that was killed; its jail ends with it."""
    connection.wait([parent_process().sentinel])
    os._exit(1)


def _grade(submission: Submission) -> tuple[Result, str]:
    return with_feedback(_grader, submission)
