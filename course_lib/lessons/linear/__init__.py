"""What the notebook 04_02a_linear calls: explorers, exercises and predictions."""

from course_lib.lessons.linear.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
