"""What the notebook 04_01_layer calls: explorers, exercises and predictions."""

from course_lib.lessons.layer.exercises import (
    CHAIN_BACKWARD,
    COUNT_PARAMETERS,
    SEQUENTIAL_FORWARD,
)
from course_lib.lessons.layer.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (SEQUENTIAL_FORWARD, COUNT_PARAMETERS, CHAIN_BACKWARD)
NEEDS = ("00_start_here",)
