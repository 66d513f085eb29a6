"""Predictions to make, exercises to write, and checks that say what went wrong."""

from course_lib.exercises.checking import check
from course_lib.exercises.hints import hint
from course_lib.exercises.overview import progress
from course_lib.exercises.prediction import predict

__all__ = ["check", "hint", "predict", "progress"]
