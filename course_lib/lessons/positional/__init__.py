"""What the notebook 04_10_positional calls: explorers, exercises and predictions."""

from course_lib.lessons.positional.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
