"""What the notebook 04_06_normalization will call; the lesson joins the list with its notebook."""

from course_lib.engine.exercise import Prediction
from course_lib.lessons.normalization.exercises import LAYER_NORM_BACKWARD, LAYER_NORM_FORWARD

EXERCISES = (LAYER_NORM_FORWARD, LAYER_NORM_BACKWARD)
PREDICTIONS: tuple[Prediction, ...] = ()
