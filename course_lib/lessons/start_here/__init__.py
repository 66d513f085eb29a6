"""What the notebook 00_start_here calls; its exercise, conv_output_size, belongs to 4.2b."""

from course_lib.lessons.start_here.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = ()
NEEDS = ()
