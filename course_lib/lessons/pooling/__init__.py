"""What the notebook 04_04_pooling calls: explorers, exercises and predictions."""

from course_lib.lessons.pooling.exercises import (
    AVG_POOL_AS_CONVOLUTION,
    MAX_POOL2D_FORWARD,
    MAX_POOL_BACKWARD,
)
from course_lib.lessons.pooling.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (MAX_POOL2D_FORWARD, AVG_POOL_AS_CONVOLUTION, MAX_POOL_BACKWARD)
NEEDS = ("00_start_here",)
