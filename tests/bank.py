"""Every exercise of every lesson's folder, also of one whose notebook is still to be written."""

from __future__ import annotations

import importlib
import pkgutil

from course_lib import lessons
from course_lib.engine.exercise import Exercise

BANK: dict[str, Exercise] = {
    exercise.name: exercise
    for module in pkgutil.iter_modules(lessons.__path__)
    for exercise in importlib.import_module(f"course_lib.lessons.{module.name}").EXERCISES
}
MADE = [exercise for exercise in BANK.values() if not exercise.judge]  # with cases that are made
