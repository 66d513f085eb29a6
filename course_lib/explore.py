"""Sliders that run the library: every explorer of every lesson."""

from course_lib.engine.explorer import Explorer as Explorer
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
from course_lib.lessons.normalization.gravity import gravity as gravity
from course_lib.lessons.normalization.knobs import knobs as knobs
from course_lib.lessons.normalization.target import the_moving_target as the_moving_target
from course_lib.lessons.normalization.touch import touch_one_number as touch_one_number
