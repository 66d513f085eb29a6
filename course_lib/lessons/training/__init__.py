"""What the notebook 04_11_training calls: explorers, exercises and predictions."""

from course_lib.lessons.training.exercises import (
    CROSS_ENTROPY_FORWARD,
    NUMERICAL_GRADIENT,
    SGD_STEP,
    TRAINING_STEP,
)
from course_lib.lessons.training.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (TRAINING_STEP, CROSS_ENTROPY_FORWARD, NUMERICAL_GRADIENT, SGD_STEP)
NEEDS = ("00_start_here",)
