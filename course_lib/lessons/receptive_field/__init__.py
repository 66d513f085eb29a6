"""What the notebook 04_02c_receptive_field calls: explorers, exercises and predictions."""

from course_lib.lessons.receptive_field.exercises import DEPTH_TO_COVER, FIELD_OF_STACK
from course_lib.lessons.receptive_field.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (FIELD_OF_STACK, DEPTH_TO_COVER)
NEEDS = ("04_02b_convolution",)
