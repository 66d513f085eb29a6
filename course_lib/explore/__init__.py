"""Sliders that run the library: one module per section, one function per explorer."""

from course_lib.explore.convolution import SURPRISES as SURPRISES
from course_lib.explore.convolution import conv1d_under_the_window as conv1d_under_the_window
from course_lib.explore.convolution import conv2d_under_the_window as conv2d_under_the_window
from course_lib.explore.convolution_channels import (
    conv2d_channel_by_channel as conv2d_channel_by_channel,
)
from course_lib.explore.convolution_equivariance import equivariance as equivariance
from course_lib.explore.explorer import Explorer as Explorer
