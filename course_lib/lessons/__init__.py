"""The lessons, in the order of the notebooks: a folder each, with all that one notebook calls.

A new lesson is a folder with `EXERCISES` and `PREDICTIONS`, and one entry here; `make new-lesson`
writes both.
"""

from __future__ import annotations

from course_lib.lessons import (
    activation,
    attention,
    capstone_text,
    capstone_vision,
    convolution,
    dropout,
    embedding,
    layer,
    linear,
    normalization,
    pooling,
    positional,
    receptive_field,
    residual,
    start_here,
    training,
    transposed_convolution,
)

LESSONS = (
    start_here,
    layer,
    linear,
    convolution,
    receptive_field,
    transposed_convolution,
    activation,
    pooling,
    dropout,
    normalization,
    residual,
    attention,
    embedding,
    positional,
    training,
    capstone_vision,
    capstone_text,
)

EXERCISES = {exercise.name: exercise for lesson in LESSONS for exercise in lesson.EXERCISES}
PREDICTIONS = {
    prediction.name: prediction for lesson in LESSONS for prediction in lesson.PREDICTIONS
}
