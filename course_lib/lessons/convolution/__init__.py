"""What the notebook 04_02b_convolution calls: explorers, exercises and predictions."""

from course_lib.lessons.convolution.backward import CONV1D_BACKWARD
from course_lib.lessons.convolution.edges import MAKE_EDGE_KERNEL
from course_lib.lessons.convolution.forward import CONV1D_FORWARD, CONV2D_FORWARD
from course_lib.lessons.convolution.output_size import CONV_OUTPUT_SIZE
from course_lib.lessons.convolution.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (
    CONV_OUTPUT_SIZE,
    CONV1D_FORWARD,
    MAKE_EDGE_KERNEL,
    CONV2D_FORWARD,
    CONV1D_BACKWARD,
)
NEEDS = ("00_start_here",)
