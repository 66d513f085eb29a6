"""What the notebook 04_02d_transposed_convolution calls: explorers, exercises and predictions."""

from course_lib.lessons.transposed_convolution.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
