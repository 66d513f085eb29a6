"""What the notebook 04_07_residual calls: explorers, exercises and predictions."""

from course_lib.lessons.residual.exercises import (
    GRADIENT_THROUGH_DEPTH,
    RESIDUAL_FORWARD_BACKWARD,
)
from course_lib.lessons.residual.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (GRADIENT_THROUGH_DEPTH, RESIDUAL_FORWARD_BACKWARD)
NEEDS = ("00_start_here",)
