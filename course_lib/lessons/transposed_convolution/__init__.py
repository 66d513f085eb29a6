"""What the notebook 04_02d_transposed_convolution calls: explorers, exercises and predictions."""

from course_lib.lessons.transposed_convolution.forward import CONV_TRANSPOSE1D_FORWARD
from course_lib.lessons.transposed_convolution.output_size import TRANSPOSED_OUTPUT_SIZE
from course_lib.lessons.transposed_convolution.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (TRANSPOSED_OUTPUT_SIZE, CONV_TRANSPOSE1D_FORWARD)
NEEDS = ("04_02b_convolution",)
