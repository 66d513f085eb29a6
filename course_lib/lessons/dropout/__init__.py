"""What the notebook 04_05_dropout calls: explorers, exercises and predictions."""

from course_lib.lessons.dropout.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
