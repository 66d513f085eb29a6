"""The commands: python -m course_lib.classroom list|new|release|grade|report|export."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from tqdm import tqdm

from course_lib.classroom import assignment as assignments
from course_lib.classroom import (
    class_copy,
    class_report,
    exports,
    gradebook,
    gradescope,
    nbgrader,
    notebook,
    otter,
    pool,
    results,
    submissions,
    variants,
)
from course_lib.classroom.assignment import Assignment, Complaint
from course_lib.classroom.jail import NotGraded, isolation
from course_lib.classroom.problem_sets import SETS
from course_lib.engine.outcome import listed
from course_lib.errors import so_many
from course_lib.lessons import EXERCISES

RELEASED = "release"
VARIANTS = "variants"  # the folder in it with a notebook for each student
_SCHEDULER = (
    "grade with the workers of this Dask scheduler, such as tls://192.168.1.7:8786; hidden cases "
    "and submissions go to them, so they must be the teacher's own machines"
)
Graded = Callable[[Sequence[submissions.Submission]], Iterator[tuple[results.Result, str]]]
# what grades elsewhere -> the files that it needs
TOOLS: Mapping[str, Callable[..., Mapping[str, str | bytes]]] = {
    "nbgrader": nbgrader.source,
    "otter": otter.source,
    "gradescope": gradescope.source,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what it was asked for, 2 if it was asked for what cannot be."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (Complaint, NotGraded) as complaint:
        print(complaint, file=sys.stderr)
        return 2
    except OSError as error:
        what = error.filename or "The folder of the results"
        print(
            f"{what} can't be used: {error.strerror}. What was written before is intact; run the "
            "same command again when that is put right.",
            file=sys.stderr,
        )
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m course_lib.classroom", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, function: object, help_: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help_, description=help_)
        made.set_defaults(command=function)
        return made

    command("list", _list, "every exercise: its points, its section, what it asks; the sets")
    new = command("new", _new, "write a new assignment's folder")
    new.add_argument("folder", type=Path)
    what = new.add_mutually_exclusive_group(required=True)
    what.add_argument("--exercises", nargs="+", metavar="NAME")
    what.add_argument("--set", choices=SETS, help="one of six that are ready, a block each")
    new.add_argument("--points", nargs="+", type=float, default=[])
    new.add_argument("--due", type=date.fromisoformat, help="such as 2027-02-01")
    new.add_argument("--title", default="")
    release = command("release", _release, "write the notebook for students, and the teacher's")
    release.add_argument("folder", type=Path)
    release.add_argument("--to", nargs="+", choices=["plain", *TOOLS], default=["plain"])
    release.add_argument(
        "--variants", type=Path, metavar="STUDENTS.csv", help="a notebook each, with own numbers"
    )
    release.add_argument(
        "--without-solutions", action="store_true", help="also the course, to hand out with it"
    )
    release.add_argument("--isolation", choices=["process"], help="tools: accept weaker protection")
    grade = command("grade", _grade, "grade a folder of submissions, or Canvas's or Moodle's zip")
    grade.add_argument("folder", type=Path)
    grade.add_argument("submissions", type=Path)
    where = grade.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_count, metavar="N", help="processes side by side")
    where.add_argument("--scheduler", metavar="ADDRESS", help=_SCHEDULER)
    grade.add_argument("--again", action="store_true", help="also what is graded already")
    grade.add_argument("--require", choices=["strict"], help="refuse weaker protection")
    grade.add_argument("--isolation", choices=["process"], help="accept weaker protection")
    grade.add_argument("--as-root", action="store_true", help="grade as root (in a container)")
    report = command("report", _report, "the class: how many made which mistake")
    report.add_argument("folder", type=Path)
    report.add_argument("--names", action="store_true", help="say who")
    export = command("export", _export, "write the marks as Canvas, Moodle or nbgrader takes them")
    export.add_argument("folder", type=Path)
    export.add_argument(
        "--to",
        nargs="+",
        choices=["csv", "canvas", "moodle", "nbgrader", "gradescope"],
        required=True,
    )
    export.add_argument(
        "--per-exercise", action="store_true", help="Canvas: a column each, not one for all"
    )
    export.add_argument(
        "--gradebook", type=Path, default="gradebook.db", help="nbgrader: its database"
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 256")
    return int(text)


def _list(_: argparse.Namespace) -> None:
    width = max(map(len, EXERCISES))
    for name, exercise in EXERCISES.items():
        print(f"{name:{width}}  {exercise.points}  {exercise.sections[0]:30} {exercise.shows}")
    print("\nReady to use, with `new FOLDER --set NAME`:")
    for name, ready in SETS.items():
        print(f"{name:{width}}  {', '.join(ready.exercises)}")


def _new(options: argparse.Namespace) -> None:
    ready = SETS.get(options.set)
    names = ready.exercises if ready else options.exercises
    title = options.title or (ready.title if ready else "")
    made = assignments.new(options.folder, names, options.points, title, options.due)
    path = options.folder / assignments.FILE
    parts, points = so_many(len(made.parts), "exercise"), so_many(made.points, "point")
    print(f"Wrote {path}: {parts}, {points}.")


def _release(options: argparse.Namespace) -> None:
    assignment = assignments.read(options.folder)
    folder, name = options.folder / RELEASED, assignment.name
    definition = assignments.definition(options.folder)
    definition.pop(assignments.GIVEN, None)
    if options.variants:
        made = _own_numbers(assignment, options.variants)
        definition[assignments.GIVEN] = str(made["variants.csv"])
    else:
        made = {f"{name}.ipynb": notebook.dumped(notebook.student(assignment))}
    # what an earlier release wrote otherwise would be taken for this one's
    stale = {f"{name}.ipynb", "variants.csv"} - set(made)
    made[f"{name}_answers.ipynb"] = notebook.dumped(notebook.teacher(assignment))
    if options.without_solutions:
        made |= {f"course/{file}": data for file, data in class_copy.class_copy().items()}
    for tool in options.to:
        made |= TOOLS[tool](assignment, definition, options.isolation) if tool in TOOLS else {}
    stale = {other for other in stale if (folder / other).exists()}
    for path in (folder / other for other in sorted(stale)):
        path.unlink()  # all is made before anything is written or deleted
        print(f"Deleted {path}, which an earlier release wrote.")
    _write(folder, made)
    if options.variants or stale:
        _tell_what_is_left(folder / VARIANTS, made)
    results.write_whole(folder / "digest", assignment.digest + "\n")


def _tell_what_is_left(place: Path, made: Mapping[str, object]) -> None:
    """Say which notebooks an earlier release wrote, for students who are no longer on the list."""
    names = sorted(path.name for path in place.glob("*.ipynb"))
    if left := [name for name in names if f"{VARIANTS}/{name}" not in made]:
        some = [*left[:4], *([f"{len(left) - 4} more"] if len(left) > 4 else [])]
        print(
            f"Not of this release, but of an earlier one: {listed(some)} in {place}. "
            "What is there stays; delete it, or do not hand it out."
        )


def _own_numbers(assignment: Assignment, class_list: Path) -> dict[str, str | bytes]:
    """A notebook for each student, and the list of who was given which variant."""
    if not any(part.variants for part in assignment.parts):
        raise Complaint(
            "No exercise has numbers of a student's own; write `by_hand = 1` below one in "
            f"{assignments.FILE}, which are the points for a call worked out on paper."
        )
    names = submissions.class_list(class_list)
    given = {name: variants.code(assignment.name, name) for name in names}
    made = {
        f"{VARIANTS}/{submissions.file_name(name)}.ipynb": notebook.dumped(
            notebook.student(assignment.of(variant))
        )
        for name, variant in given.items()
    }
    return {"variants.csv": variants.as_csv(given), **made}


def _write(place: Path, made: Mapping[str, str | bytes]) -> None:
    """Write files below a folder, and say so: of many in one folder, the folder."""
    for name, content in made.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        results.write_whole(place / name, content)
    tops = Counter(name.partition("/")[0] for name in made)
    said = (name if tops[top := name.partition("/")[0]] == 1 else top for name in made)
    for name in dict.fromkeys(said):
        print(f"Wrote {place / name}")


def _unchanged(assignment: Assignment, folder: Path) -> None:
    """What was asked must be what is graded."""
    try:
        released = (folder / RELEASED / "digest").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise Complaint(
            f"{folder} was not released; `release {folder}` writes the students' notebook."
        ) from None
    if released != assignment.digest:
        raise Complaint(
            f"{folder / assignments.FILE} is not what was released; put it back, or run "
            f"`release {folder}` again and hand out the new notebook."
        )


def _grade(options: argparse.Namespace) -> None:
    assignment = assignments.read(options.folder)
    _unchanged(assignment, options.folder)
    with submissions.unpacked(options.submissions) as place:
        dated = place != options.submissions  # unpacked, with the times of the archive
        _grade_all(options, assignment, submissions.found(place, assignment.name, dated=dated))


def _grade_all(
    options: argparse.Namespace, assignment: Assignment, handed_in: list[submissions.Submission]
) -> None:
    out = options.folder / "results"
    with _graders(options) as (level, graded):
        (out / "feedback").mkdir(parents=True, exist_ok=True)
        done = [] if options.again else [r for r in results.read(out) if r.points is not None]
        wanted = _unknown(assignment, handed_in, {result.key for result in done})
        print(
            f"{so_many(len(handed_in), 'submission')}, {len(wanted)} to grade. Protection: {level}."
        )
        bar = {"desc": "graded", "total": len(wanted), "disable": None}
        with results.Ledger(out) as ledger:
            for result, page in tqdm(graded(wanted), **bar):
                name = f"{submissions.file_name(result.student)}.html"
                # the feedback first: what stands in results.jsonl is complete
                results.write_whole(out / "feedback" / name, page)
                ledger.append(result)
    text = results.grades_csv(assignment, _of_this(assignment, out))
    results.write_whole(out / "grades.csv", text)
    print(f"Wrote {out / 'grades.csv'}, and feedback/ beside it.")


def _unknown(
    assignment: Assignment,
    handed_in: list[submissions.Submission],
    known: set[tuple[str, str, str, bool | None]],
) -> list[submissions.Submission]:
    """What is not graded yet as it is now."""
    digest = assignment.digest
    return [
        s
        for s in handed_in
        if (s.student, s.fingerprint, digest, s.is_late(assignment)) not in known
    ]


@contextmanager
def _graders(options: argparse.Namespace) -> Iterator[tuple[str, Graded]]:
    """How students' code is shut in, and what grades: this computer's processes, or a cluster."""
    wanted = options.isolation or options.require
    if not options.scheduler:
        level = isolation(wanted, as_root=options.as_root)
        yield str(level), lambda some: pool.graded(options.folder, some, level, options.workers)
        return
    try:
        from course_lib.classroom.cluster import cluster
    except ModuleNotFoundError:
        raise Complaint(
            "--scheduler needs Dask; install it with: pip install 'course-lib[dask]'"
        ) from None
    with cluster(options.scheduler, options.folder, wanted, as_root=options.as_root) as workers:
        yield workers.level, workers.graded


def _of_this(assignment: Assignment, out: Path) -> list[results.Result]:
    """The results of the assignment as it is now, not of what was released before."""
    return [r for r in results.read(out) if r.digest == assignment.digest]


def _so_far(folder: Path) -> tuple[Assignment, Path, list[results.Result]]:
    """An assignment, where its results lie, and what is graded."""
    assignment, out = assignments.read(folder), folder / "results"
    found = _of_this(assignment, out)
    if not found:
        raise Complaint(f"Nothing is graded yet; `grade {folder} FOLDER` does it.")
    return assignment, out, found


def _report(options: argparse.Namespace) -> None:
    assignment, out, found = _so_far(options.folder)
    page = class_report.as_html(assignment, found, options.names)
    results.write_whole(out / "report.html", page)
    print(class_report.as_text(assignment, found, options.names), end="")
    print(f"\nWrote {out / 'report.html'}")


def _export(options: argparse.Namespace) -> None:
    assignment, out, found = _so_far(options.folder)
    name, columns = assignment.name, options.per_exercise
    wanted = {
        "csv": lambda: {"grades.csv": results.grades_csv(assignment, found)},
        "canvas": lambda: {f"{name}_canvas.csv": exports.canvas(assignment, found, columns)},
        "moodle": lambda: {f"{name}_moodle.csv": exports.moodle(assignment, found)},
        "gradescope": lambda: gradescope.exported(assignment, found),
    }
    made = [wanted[kind]() for kind in options.to if kind in wanted]
    if "nbgrader" in options.to:
        print(gradebook.enter(options.gradebook, assignment, exports.graded(found)))
    for files in made:  # all are made before one is written
        _write(out, files)
    left = len(found) - len(exports.graded(found))
    if left:
        print(f"{left} not graded: left out but for csv, look at them by hand.")


if __name__ == "__main__":
    sys.exit(main())
