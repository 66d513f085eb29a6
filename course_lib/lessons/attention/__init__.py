"""What the notebook 04_08_attention calls: explorers, exercises and predictions."""

from course_lib.lessons.attention.backward import ATTENTION_BACKWARD, SPLIT_HEADS_FORWARD
from course_lib.lessons.attention.forward import (
    ATTENTION_FORWARD,
    CAUSAL_MASK,
    SOFTMAX_FORWARD,
)
from course_lib.lessons.attention.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (
    SOFTMAX_FORWARD,
    ATTENTION_FORWARD,
    CAUSAL_MASK,
    ATTENTION_BACKWARD,
    SPLIT_HEADS_FORWARD,
)
NEEDS = ("00_start_here",)
