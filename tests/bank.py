"""What the tests that run over every lesson ask of each; tests/lessons/<noun>.py answers it.

BANK         every exercise of every lesson's folder, also one whose notebook is to be written
MADE         those with cases that are made
EXPLORERS    name -> an explorer of the lesson called with arguments: "equivariance, own kernel"

The names of the tests begin with the lesson's: `pytest tests -k 04_02b_convolution` runs its part.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import course_lib.explore
from course_lib import lessons
from course_lib.engine.exercise import Exercise
from tools.notebooks import find, noun_of

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {noun_of(path.stem): path.stem for path in find(folders=(ROOT / "notebooks",))}


def answers_of(noun: str, question: str) -> dict[str, Any]:
    """What one lesson answers; nothing if there is nothing to say."""
    if not (ROOT / f"tests/lessons/{noun}.py").exists():
        return {}
    return getattr(import_module(f"tests.lessons.{noun}"), question, {})


def exercise_id(exercise: Exercise) -> str:
    """The lessons an exercise stands in, then its name."""
    return "-".join([*exercise.sections, exercise.name])


def explorers_of_the_face() -> dict[str, Callable[..., Any]]:
    """Every explorer that `explore` offers, by its lesson and name."""
    return {
        f"{NOTEBOOKS[value.__module__.split('.')[2]]}-{name}": value
        for name, value in vars(course_lib.explore).items()
        if getattr(value, "__module__", "").startswith("course_lib.lessons.")
    }


BANK: dict[str, Exercise] = {
    exercise.name: exercise
    for module in pkgutil.iter_modules(lessons.__path__)
    for exercise in import_module(f"course_lib.lessons.{module.name}").EXERCISES
}
MADE = [exercise for exercise in BANK.values() if not exercise.judge]  # with cases that are made
EXPLORERS = explorers_of_the_face() | {
    f"{notebook}-{name}": make
    for noun, notebook in NOTEBOOKS.items()
    for name, make in answers_of(noun, "EXPLORERS").items()
}
