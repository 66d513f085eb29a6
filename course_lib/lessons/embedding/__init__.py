"""What the notebook 04_09_embedding calls: explorers, exercises and predictions."""

from course_lib.lessons.embedding.exercises import EMBEDDING_BACKWARD
from course_lib.lessons.embedding.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (EMBEDDING_BACKWARD,)
NEEDS = ("00_start_here",)
