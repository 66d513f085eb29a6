"""What the notebook 04_08_attention calls: explorers, exercises and predictions."""

from course_lib.lessons.attention.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
