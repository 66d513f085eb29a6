"""Every exercise and every prediction of the course by name, in the order of the notebooks.

A new section is a module with `EXERCISES` and `PREDICTIONS`, and one entry here.
"""

from __future__ import annotations

from course_lib.exercises import convolution, start

_SECTIONS = (start, convolution)

EXERCISES = {exercise.name: exercise for section in _SECTIONS for exercise in section.EXERCISES}
PREDICTIONS = {
    prediction.name: prediction for section in _SECTIONS for prediction in section.PREDICTIONS
}
