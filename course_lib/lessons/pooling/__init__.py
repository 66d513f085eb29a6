"""What the notebook 04_04_pooling calls: explorers, exercises and predictions."""

from course_lib.lessons.pooling.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
