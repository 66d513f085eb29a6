"""What the notebook 04_10_positional calls: explorers, exercises and predictions."""

from course_lib.lessons.positional.exercises import (
    ADD_OR_CONCAT,
    RELATIVE_ROTATION,
    SINUSOIDAL_CODE,
)
from course_lib.lessons.positional.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (ADD_OR_CONCAT, SINUSOIDAL_CODE, RELATIVE_ROTATION)
NEEDS = ("00_start_here", "04_09_embedding")
