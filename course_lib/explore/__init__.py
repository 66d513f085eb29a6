"""Sliders that run the library: one module per section, one function per explorer."""

from course_lib.explore.convolution import conv2d_under_the_window as conv2d_under_the_window
from course_lib.explore.explorer import Explorer as Explorer
