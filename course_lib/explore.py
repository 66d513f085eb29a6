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
from course_lib.lessons.receptive_field.what_this_output_knows import (
    what_this_output_knows as what_this_output_knows,
)
from course_lib.lessons.receptive_field.who_listens import who_listens as who_listens
