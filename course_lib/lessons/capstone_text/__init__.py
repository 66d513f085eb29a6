"""What the notebook 04_13_capstone_text calls: explorer, exercises and predictions."""

from course_lib.lessons.capstone_text.exercises import BIGRAM_NATS, NEXT_TOKEN_LOSS
from course_lib.lessons.capstone_text.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (NEXT_TOKEN_LOSS, BIGRAM_NATS)
NEEDS = ("04_08_attention", "04_09_embedding", "04_10_positional", "04_11_training")
