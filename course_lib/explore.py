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
from course_lib.lessons.residual.cut_the_wire import cut_the_wire as cut_the_wire
from course_lib.lessons.residual.superhighway import superhighway as superhighway
from course_lib.lessons.residual.the_plus import the_plus_hands_it_on as the_plus_hands_it_on
from course_lib.lessons.training.chain import chain_of_derivatives as chain_of_derivatives
from course_lib.lessons.training.one_step import one_step_at_a_time as one_step_at_a_time
from course_lib.lessons.training.symmetry import symmetry as symmetry
from course_lib.lessons.training.the_edge import the_edge as the_edge
from course_lib.lessons.training.what_broke import what_broke as what_broke
