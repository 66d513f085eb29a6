"""Sliders that run the library: every explorer of every lesson."""

from course_lib.engine.explorer import Explorer as Explorer
from course_lib.lessons.activation.activation_and_derivative import (
    activation_and_derivative as activation_and_derivative,
)
from course_lib.lessons.activation.folding_the_donut import folding_the_donut as folding_the_donut
from course_lib.lessons.activation.origami import origami as origami
from course_lib.lessons.activation.squiggle_painter import squiggle_painter as squiggle_painter
from course_lib.lessons.activation.through_depth import through_depth as through_depth
from course_lib.lessons.convolution.channel_by_channel import (
    conv2d_channel_by_channel as conv2d_channel_by_channel,
)
from course_lib.lessons.convolution.equivariance import equivariance as equivariance
from course_lib.lessons.convolution.under_the_window import SURPRISES as SURPRISES
from course_lib.lessons.convolution.under_the_window import (
    conv1d_under_the_window as conv1d_under_the_window,
)
from course_lib.lessons.convolution.under_the_window import (
    conv2d_under_the_window as conv2d_under_the_window,
)
