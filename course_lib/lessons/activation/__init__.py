"""What the notebook 04_03_activation calls: explorers, exercises and predictions."""

from course_lib.lessons.activation.exercises import (
    COLLAPSE_LINEAR,
    FIT_HINGES,
    GELU_FORWARD,
    RELU_BACKWARD,
    RELU_FORWARD,
)
from course_lib.lessons.activation.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (COLLAPSE_LINEAR, RELU_FORWARD, FIT_HINGES, RELU_BACKWARD, GELU_FORWARD)
NEEDS = ("00_start_here",)
