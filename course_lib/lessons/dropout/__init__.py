"""What the notebook 04_05_dropout calls: explorers, exercises and predictions."""

from course_lib.lessons.dropout.exercises import (
    DROPOUT_BACKWARD,
    DROPOUT_FORWARD,
    SPATIAL_DROPOUT_FORWARD,
)
from course_lib.lessons.dropout.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (DROPOUT_FORWARD, DROPOUT_BACKWARD, SPATIAL_DROPOUT_FORWARD)
NEEDS = ("00_start_here",)
