"""Predictions to make, exercises to write, and checks that say what went wrong.

The engine is handed an exercise or a prediction; here they are looked up by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from course_lib.engine import catching, checking, hints
from course_lib.engine.catching import Catch
from course_lib.engine.exercise import Exercise
from course_lib.engine.hints import Hint
from course_lib.engine.lesson_map import LessonMap
from course_lib.engine.overview import Progress
from course_lib.engine.painting import named
from course_lib.engine.prediction import Painted, Question
from course_lib.engine.recall import Recall
from course_lib.engine.report import Report
from course_lib.engine.sealed import is_sealed
from course_lib.engine.ways import Ways, ways
from course_lib.lessons import EXERCISES, LESSONS, PREDICTIONS

__all__ = ["catch", "check", "compare", "hint", "lesson_map", "predict", "progress", "recall"]


def check(function: Callable[..., Any], name: str | None = None) -> Report:
    """Try your function on every case of the exercise that has its name.

    Parameters
    ----------
    function      the function itself, without parentheses: check(conv1d_forward)
    name          the exercise, for what has another name, such as a lambda:
                  check(answer, "conv1d_forward")

    Returns
    -------
    Report        .passed, .diagnosis, .points, .as_code(); shown by the notebook

    Notes
    -----
    It never raises. Ctrl-C goes through, so an endless loop can be stopped.

    Examples
    --------
    >>> def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    ...     raise NotImplementedError
    >>> check(conv_output_size).diagnosis
    'not-written'
    """
    exercise = _find(function, name)
    return checking.record(exercise, function) if exercise else _unknown("check", function, name)


def hint(function: Callable[..., Any], name: str | None = None) -> Hint | Report:
    """Help with the exercise of that name: every call goes one step further.

    Parameters
    ----------
    function      the function itself, without parentheses: hint(conv1d_forward)
    name          the exercise, for what has another name: hint(answer, "conv1d_forward")

    Returns
    -------
    Hint          shown by the notebook; a Report if there is no such exercise

    Examples
    --------
    >>> def make_edge_kernel():
    ...     raise NotImplementedError
    >>> hint(make_edge_kernel).steps
    5
    """
    exercise = _find(function, name)
    return hints.following(exercise) if exercise else _unknown("hint", function, name)


def catch(
    function: Callable[..., Any], /, name: str | None = None, **values: Any
) -> Catch | Report:
    """Count the known kinds of wrong answers that one input of yours tells from the right one.

    Parameters
    ----------
    function      the function itself, which need not be written yet: catch(relu_forward, x=...)
    name          the exercise, for what has another name
    **values      the input, every argument by its name; arrays may be lists

    Returns
    -------
    Catch         .caught, .alive, .known; shown by the notebook; a Report if there is no such
                  exercise, or if it may not be called so

    Examples
    --------
    >>> def relu_forward(x):
    ...     raise NotImplementedError
    >>> positive, signs = [[[1.0, 2.0]]], [[[-1.5, 2.0]]]
    >>> "nothing set to 0" in catch(relu_forward, x=positive).alive
    True
    >>> "nothing set to 0" in catch(relu_forward, x=signs).caught
    True
    """
    exercise = _find(function, name)
    if exercise is None:
        return _unknown("catch", function, name)
    try:
        return catching.caught(exercise, values)
    except ValueError as error:
        return Report(exercise.name, "input", str(error))


def compare(function: Callable[..., Any], name: str | None = None) -> Ways | Report:
    """Show your right answer beside a second way and the library's, each with its time.

    Parameters
    ----------
    function      the function itself, without parentheses: compare(conv1d_forward)
    name          the exercise, for what has another name

    Returns
    -------
    Ways          shown by the notebook; a Report as long as `check` is not passed

    Notes
    -----
    The times differ from run to run: the notebook shows them in a widget, which is not stored.

    Examples
    --------
    >>> def relu_forward(x):
    ...     raise NotImplementedError
    >>> compare(relu_forward).diagnosis
    'not-written'
    """
    exercise = _find(function, name)
    if exercise is None:
        return _unknown("compare", function, name)
    if is_sealed(exercise.alternative):
        none = "This copy of the course was made for a class: it shows no other answers."
        return Report(exercise.name, "none", none)
    report = checking.judge(exercise, function)
    if report.passed:
        return ways(exercise, function)
    later = f"compare shows other right answers once yours passes: check({exercise.name}) first."
    return Report(exercise.name, report.diagnosis, later)


def predict(name: str, *, cells: Iterable[tuple[int, int]] | None = None) -> Question | Painted:
    """Ask for a prediction, before the next cell shows the result.

    Parameters
    ----------
    name            the section's number and a word: "04_02b.output_size"
    cells           answers in words what a form would have painted: pairs (row, column)

    Returns
    -------
    Question        shown by the notebook as a form; with cells Painted, what is said about them

    Raises
    ------
    ValueError      if there is no prediction of that name, or no such cell to paint

    Examples
    --------
    >>> predict("00.stride_places")
    Predict: A window of 3 slides over a row of 7 pixels with stride 3 and no padding. At how
    many places can it stand?
      a number: ____
    """
    if name not in PREDICTIONS:
        near = get_close_matches(str(name), PREDICTIONS, n=3, cutoff=0.4)
        raise ValueError(
            f"predict: there is no prediction {name!r}; "
            f"the nearest names are {', '.join(near) or ', '.join(PREDICTIONS)}."
        )
    asked = PREDICTIONS[name]
    if cells is None:
        return Question(asked)
    if not asked.grids:
        raise ValueError(
            f"predict: {name} has no cells to paint; run predict({name!r}) and answer in its form."
        )
    return Painted(asked, named(cells))


def recall(lesson: str) -> Recall:
    """Ask again for up to two predictions of earlier lessons, those first that were wrong.

    Parameters
    ----------
    lesson          the number of the lesson that asks: "04_02b"

    Returns
    -------
    Recall          shown by the notebook as forms; every question comes back once

    Raises
    ------
    ValueError      if that is no lesson's number

    Examples
    --------
    >>> recall("04_04")
    Run this cell: up to two questions from earlier lessons come back, those first that you
    predicted wrongly.
    """
    if not re.fullmatch(r"\d\d(_\d\d[a-z]?)?", lesson):
        raise ValueError(f"recall: {lesson!r} is no lesson's number; one is such as 04_02b.")
    needs = {needed for known in LESSONS for needed in known.NEEDS if _number(known) == lesson}
    earlier = [p for known in LESSONS if _number(known) < lesson for p in known.PREDICTIONS]
    return Recall(lesson, sorted(earlier, key=lambda p: p.section not in needs))


def progress() -> Progress:
    """Show which exercises you have passed, what you have predicted, and what of that was right.

    Returns
    -------
    Progress        shown by the notebook as a table; print(progress()) gives it as text

    Examples
    --------
    >>> print(str(progress()).split()[0])
    section
    """
    return Progress(EXERCISES, PREDICTIONS)


def lesson_map() -> LessonMap:
    """Show which lesson builds on which.

    Returns
    -------
    LessonMap       shown by the notebook as a drawing; print(lesson_map()) gives it as text, and
                    lesson_map().svg() as a drawing for a page

    Examples
    --------
    >>> print(str(lesson_map()).splitlines()[1].strip())
    4.1 Layer
    """
    return LessonMap({lesson.PREDICTIONS[0].section: lesson.NEEDS for lesson in LESSONS})


def _number(lesson: Any) -> str:
    """04_02b; one that is just begun has no predictions and no number yet."""
    return next((p.name.partition(".")[0] for p in lesson.PREDICTIONS), "")


def _name_of(function: Any) -> str | None:
    """The function's own name, where it has one that can be read."""
    try:
        name = function.__name__
    except Exception:  # an object of the learner's may raise whatever it likes
        return None
    return name if type(name) is str else None


def _find(function: Any, name: str | None) -> Exercise | None:
    """The exercise that is meant, by the name given or by the function's own."""
    name = _name_of(function) if name is None else name
    return EXERCISES.get(name) if callable(function) and type(name) is str else None


def _unknown(command: str, function: Any, given: str | None) -> Report:
    """What to say about something that is no exercise's function."""
    name = function if type(function) is str else _name_of(function)
    if given is not None:
        name = given if type(given) is str else None
    near = get_close_matches(name, EXERCISES, n=3, cutoff=0.5) if name else []
    call = near[0] if near else "conv1d_forward"
    if not callable(function):
        message = (
            f"{command} takes the function itself, by its bare name: no quotes around it and no "
            f"parentheses after it, as in {command}({call})."
        )
    else:
        found = f"The nearest names are {', '.join(near)}" if near else "No name comes near"
        message = (
            f"No exercise has this name. {found}; a function "
            "belongs to the exercise of its name. If yours has another name, or none, as a lambda "
            "or a wrapped function, say which exercise it answers: "
            f'{command}(answer, "{call}").'
        )
    return Report(name or command, "unknown", message)
