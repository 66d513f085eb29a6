"""What the notebook 04_12_capstone_vision calls: explorers, exercises and predictions."""

from course_lib.lessons.capstone_vision.exercises import (
    CONFUSION_MATRIX,
    PATCHES_FORWARD,
    PIXEL_GRADIENT,
)
from course_lib.lessons.capstone_vision.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (PATCHES_FORWARD, CONFUSION_MATRIX, PIXEL_GRADIENT)
NEEDS = (
    "04_02b_convolution",
    "04_06_normalization",
    "04_07_residual",
    "04_08_attention",
    "04_11_training",
)
