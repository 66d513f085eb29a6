"""What the notebook 04_06_normalization calls: explorers, exercises and predictions."""

from course_lib.lessons.normalization.batch import BATCH_NORM_FORWARD, UPDATE_RUNNING_STATS
from course_lib.lessons.normalization.exercises import LAYER_NORM_BACKWARD, LAYER_NORM_FORWARD
from course_lib.lessons.normalization.predictions import PREDICTIONS as PREDICTIONS

EXERCISES = (
    BATCH_NORM_FORWARD,
    UPDATE_RUNNING_STATS,
    LAYER_NORM_FORWARD,
    LAYER_NORM_BACKWARD,
)
NEEDS = ("00_start_here",)
