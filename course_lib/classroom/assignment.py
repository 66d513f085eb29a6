"""An assignment: which exercises, worth what, with how many hidden cases. One file defines it.

The teacher edits `assignment.toml`; everything else is made from it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import secrets
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.classroom import variants
from course_lib.classroom.variants import Variants
from course_lib.engine.exercise import Exercise
from course_lib.engine.inputs import Case, Inputs
from course_lib.errors import so_many
from course_lib.lessons import EXERCISES

FILE, OWN = "assignment.toml", "exercises.py"
GIVEN = "release/variants.csv"  # which student was given which variant
FEEDBACK = ("full", "names", "marks")
HIDDEN = 12  # cases of an exercise that no student sees, unless the teacher says otherwise


class Complaint(ValueError):
    """One sentence for the teacher: what is wrong, by which rule, and what to do."""


@dataclass(frozen=True)
class Part:
    """One exercise of an assignment: what it is worth, and how many hidden cases try it.

    A call to work out on paper is a part with `variants`; its exercise is that of one of them.
    """

    exercise: Exercise
    points: float
    hidden: int = HIDDEN
    variants: Variants | None = None

    @property
    def name(self) -> str:
        """The function's name."""
        return self.exercise.name


@dataclass(frozen=True)
class Assignment:
    """What a class is asked to do.

    Parameters
    ----------
    name : the folder's name, such as "ps1"
    title : as students read it
    parts : the exercises in their order
    hidden_seed : makes the hidden cases; whoever has it can make them, too
    due : the day, or the moment, after which a submission is late; without a zone, this computer's
    feedback : "full" (mistakes with the smallest visible case), "names" (mistakes in words) or
        "marks" (points alone)
    course_lib : whether students' code may import the library while it is graded
    given : which student was given which variant of the calls to work out on paper
    variant : the one whose numbers these parts have, "" where everybody has the same
    """

    name: str
    title: str
    parts: tuple[Part, ...]
    hidden_seed: int
    due: date | datetime | None = None
    feedback: str = "full"
    course_lib: bool = False
    given: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""

    def of(self, variant: str) -> Assignment:
        """The assignment with the numbers of a variant."""
        parts = tuple(
            replace(part, exercise=part.variants.question(variant)) if part.variants else part
            for part in self.parts
        )
        return replace(self, parts=parts, variant=variant)

    @property
    def points(self) -> float:
        """What all of it is worth."""
        return sum(part.points for part in self.parts)

    def is_late(self, when: datetime) -> bool | None:
        """Whether a submission of that moment is late; None if nothing says when it is due.

        Parameters
        ----------
        when : with its zone
        """
        if self.due is None:
            return None
        end = self.due if isinstance(self.due, datetime) else datetime.combine(self.due, time.max)
        return when > end.astimezone()

    @property
    def digest(self) -> str:
        """What changes when something changes that is asked or graded."""
        asked = [
            [p.name, p.points, p.hidden, p.exercise.stub, p.exercise.task, p.exercise.solution]
            for p in self.parts
        ]
        text = json.dumps([self.title, asked, self.hidden_seed, self.course_lib, str(self.due)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def hidden(self, part: Part) -> Exercise:
        """The same exercise with the cases that no student sees; they are the same in every run."""
        seed = (self.hidden_seed, zlib.crc32(part.name.encode()))
        given = {f.name: getattr(part.exercise.inputs, f.name) for f in fields(Inputs)}
        return replace(part.exercise, inputs=_Drawn(**given, seed=seed, count=part.hidden))


@dataclass(frozen=True, kw_only=True)
class _Drawn(Inputs):
    """Inputs whose cases are random calls."""

    seed: tuple[int, ...]
    count: int

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        rng = np.random.default_rng(self.seed)
        return tuple(self.random(rng) for _ in range(self.count))


def read(folder: Path) -> Assignment:
    """The assignment that a folder defines.

    Raises
    ------
    Complaint     if there is none, or if the file says what cannot be
    """
    path = folder / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise Complaint(_no_assignment(folder)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Complaint(f"{path} is no TOML: {error}. Correct that line.") from None
    own = own_exercises(folder)
    try:
        return from_table(folder.name, table, {**EXERCISES, **own}, variants.given(folder / GIVEN))
    except Complaint as complaint:
        raise Complaint(f"{path}: {complaint}") from None


def _no_assignment(folder: Path) -> str:
    """What is there in place of an assignment's folder."""
    wanted = f"give the assignment's folder here, which holds {FILE}"
    if folder.is_file():
        return f"{folder} is a file; {wanted}."
    if any(folder.rglob("*.ipynb")):
        return f"{folder} holds notebooks and no {FILE}, as submissions do; {wanted}."
    return f"There is no {folder / FILE}; `new {folder.name} --exercises ...` writes one."


def definition(folder: Path) -> dict[str, str]:
    """What `read` reads of a folder, by the names of the files."""
    names = (name for name in (FILE, OWN, GIVEN) if (folder / name).exists())
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


def from_table(
    name: str,
    table: Mapping[str, Any],
    bank: Mapping[str, Exercise],
    given: Mapping[str, str] | None = None,
) -> Assignment:
    """The assignment that a table, as TOML gives it, describes.

    Raises
    ------
    Complaint     names the key and what it may be
    """
    known = ("title", "due", "feedback", "course_lib", "hidden_seed", "exercises")
    _no_others(table, known, "the file")
    rows = table.get("exercises")
    if not isinstance(rows, list) or not rows:
        raise Complaint("it needs at least one [[exercises]] with a name and points.")
    codes = tuple((given or {}).values())
    parts = tuple(part for row in rows for part in _parts(row, bank, codes))
    twice = {p.name for p in parts if [q.name for q in parts].count(p.name) > 1}
    if twice:
        raise Complaint(f"{', '.join(sorted(twice))} stands there twice; delete one of them.")
    due, seed = table.get("due"), table.get("hidden_seed")
    if due is not None and not isinstance(due, date):
        raise Complaint(f"due is {due!r}; write a date without quotes: due = 2027-02-01")
    if type(seed) is not int or seed < 0:
        raise Complaint("hidden_seed must be a whole number, as `new` writes it.")
    feedback = table.get("feedback", "full")
    if feedback not in FEEDBACK:
        raise Complaint(f"feedback is {feedback!r}; choose one of {', '.join(FEEDBACK)}.")
    if type(table.get("course_lib", False)) is not bool:
        raise Complaint("course_lib is true or false.")
    title = str(table.get("title", name))
    library = table.get("course_lib", False)
    return Assignment(name, title, parts, seed, due, feedback, library, given or {})


def _parts(row: Any, bank: Mapping[str, Exercise], codes: tuple[str, ...]) -> Iterator[Part]:
    if not isinstance(row, dict):
        raise Complaint("exercises are written as [[exercises]] with a name and points.")
    _no_others(row, ("name", "points", "hidden", "by_hand"), "an exercise")
    exercise = found(str(row.get("name", "")), bank)
    hidden = row.get("hidden", HIDDEN)
    points, by_hand = row.get("points", exercise.points), row.get("by_hand")
    for key, worth in (("points", points), ("by_hand", 1 if by_hand is None else by_hand)):
        if type(worth) not in (int, float) or not 0 < worth < 10_000:
            raise Complaint(f"{exercise.name} has {key} = {worth!r}; a number above 0 is needed.")
    if type(hidden) is not int or not 0 <= hidden <= 1000:
        raise Complaint(f"{exercise.name} has hidden = {hidden!r}; a number from 0 to 1000 is.")
    # a function without arguments can be called in one way, which every student sees
    yield Part(exercise, points, hidden if exercise.inputs.arguments else 0)
    if by_hand is not None:
        calls = Variants(exercise, codes)
        if not calls.possible:
            raise Complaint(
                f"{exercise.name} has by_hand, and no arrays whose numbers could differ from "
                "student to student; take the line out."
            )
        yield Part(calls.question(""), by_hand, 0, calls)


def _no_others(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"it knows {', '.join(known)}."
            raise Complaint(f"{where} has the key {key!r}; {meant}")


def found(name: str, bank: Mapping[str, Exercise]) -> Exercise:
    """The exercise of that name.

    Raises
    ------
    Complaint     with the nearest names if there is none
    """
    if name in bank:
        return bank[name]
    near = get_close_matches(name, bank, n=3, cutoff=0.5)
    help_ = f"the nearest names are {', '.join(near)}" if near else "no name comes near"
    raise Complaint(f"there is no exercise {name!r}; {help_} (`list` shows them all).")


def own_exercises(folder: Path) -> dict[str, Exercise]:
    """A teacher's own exercises: `EXERCISES` in the exercises.py beside the assignment.

    Raises
    ------
    Complaint     if that file cannot be run or has no EXERCISES
    """
    path = folder / OWN
    if not path.exists():
        return {}
    spec = importlib.util.spec_from_file_location(f"own_exercises_{zlib.crc32(bytes(path))}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        made = module.EXERCISES
        exercises = list(made.values()) if isinstance(made, dict) else list(made)
    except Exception as error:
        raise Complaint(
            f"{path} cannot be used: {type(error).__name__}: {error}. It must define EXERCISES, "
            "a list of Exercise records."
        ) from None
    for exercise in exercises:
        if not isinstance(exercise, Exercise):
            raise Complaint(f"{path}: EXERCISES holds {exercise!r:.60}, which is no Exercise.")
    return {exercise.name: exercise for exercise in exercises}


def new(
    folder: Path,
    names: Sequence[str],
    points: Sequence[float] = (),
    title: str = "",
    due: date | None = None,
) -> Assignment:
    """Write a folder's assignment.toml.

    Raises
    ------
    Complaint     if there is one already, a name is unknown or points do not fit
    """
    if (folder / FILE).exists():
        raise Complaint(f"{folder / FILE} is there already; edit it, or choose another name.")
    if points and len(points) != len(names):
        raise Complaint(
            f"{so_many(len(points), 'point')} for {so_many(len(names), 'exercise')}; give a number "
            "for each, in the same order, or none."
        )
    bank = {**EXERCISES, **own_exercises(folder)}
    exercises = [found(name, bank) for name in names]
    worth = list(points) or [exercise.points for exercise in exercises]
    library = any("lib." in exercise.solution for exercise in exercises)
    table: dict[str, Any] = {
        "title": title or folder.name,
        "hidden_seed": secrets.randbelow(2**53),
        "course_lib": library,
        "exercises": [
            {"name": e.name, "points": int(p) if p == int(p) else p}
            for e, p in zip(exercises, worth, strict=True)
        ],
    }
    if due:
        table["due"] = due
    assignment = from_table(folder.name, table, bank)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(as_toml(assignment), encoding="utf-8")
    return assignment


def as_toml(assignment: Assignment) -> str:
    """The file's text, with a comment for what a teacher may change."""
    due = f"due = {assignment.due.isoformat()}" if assignment.due else "# due = 2027-02-01"
    lines = [
        f"title = {json.dumps(assignment.title, ensure_ascii=False)}",
        f"{due}    # a later submission is marked late, nothing is taken off",
        f'feedback = "{assignment.feedback}"    # or "names": mistakes in words; "marks": points',
        f"course_lib = {str(assignment.course_lib).lower()}    # may answers import the library?",
        f"hidden_seed = {assignment.hidden_seed}    # makes the hidden cases: keep it to yourself",
    ]
    for part in assignment.parts:
        if part.variants:
            lines.append(f"by_hand = {part.points:g}")
            continue
        lines += ["", "[[exercises]]", f'name = "{part.name}"', f"points = {part.points:g}"]
        lines += [f"hidden = {part.hidden}    # cases that no student sees"]
        if Variants(part.exercise).possible:
            lines += ["# by_hand = 1    # points for a call on paper; see docs/classroom.md"]
    return "\n".join(lines) + "\n"
