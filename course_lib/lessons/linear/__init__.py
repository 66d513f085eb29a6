"""What the notebook 04_02a_linear calls: explorers, exercises and predictions."""

from course_lib.lessons.linear.affine import IS_AFFINE
from course_lib.lessons.linear.exercises import LINEAR_BACKWARD, LINEAR_FORWARD
from course_lib.lessons.linear.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (LINEAR_FORWARD, IS_AFFINE, LINEAR_BACKWARD)
NEEDS = ("00_start_here",)
