"""Sliders that run the library: every explorer of every lesson."""

from course_lib.engine.explorer import Explorer as Explorer
from course_lib.lessons.activation.activation_and_derivative import (
    activation_and_derivative as activation_and_derivative,
)
from course_lib.lessons.activation.folding_the_donut import folding_the_donut as folding_the_donut
from course_lib.lessons.activation.origami import origami as origami
from course_lib.lessons.activation.squiggle_painter import squiggle_painter as squiggle_painter
from course_lib.lessons.activation.through_depth import through_depth as through_depth
from course_lib.lessons.attention.heads_at_work import heads_at_work as heads_at_work
from course_lib.lessons.attention.how_far import how_far_does_it_see as how_far_does_it_see
from course_lib.lessons.attention.pull_the_output import pull_the_output as pull_the_output
from course_lib.lessons.attention.root import temperature_and_root as temperature_and_root
from course_lib.lessons.attention.soft_hash_map import soft_hash_map as soft_hash_map
from course_lib.lessons.attention.three_steps import (
    match_softmax_retrieve as match_softmax_retrieve,
)
from course_lib.lessons.capstone_text.blindfold import blindfold as blindfold
from course_lib.lessons.capstone_vision.confusions import confusions as confusions
from course_lib.lessons.capstone_vision.draw_a_digit import draw_a_digit as draw_a_digit
from course_lib.lessons.convolution.channel_by_channel import (
    conv2d_channel_by_channel as conv2d_channel_by_channel,
)
from course_lib.lessons.convolution.equivariance import equivariance as equivariance
from course_lib.lessons.convolution.gradient_flows_back import (
    gradient_flows_back as gradient_flows_back,
)
from course_lib.lessons.convolution.kernel_takes_shape import (
    a_kernel_takes_shape as a_kernel_takes_shape,
)
from course_lib.lessons.convolution.under_the_window import SURPRISES as SURPRISES
from course_lib.lessons.convolution.under_the_window import (
    conv1d_under_the_window as conv1d_under_the_window,
)
from course_lib.lessons.convolution.under_the_window import (
    conv2d_under_the_window as conv2d_under_the_window,
)
from course_lib.lessons.dropout.channel import pixel_against_channel as pixel_against_channel
from course_lib.lessons.dropout.click import click_a_unit_away as click_a_unit_away
from course_lib.lessons.dropout.roll import roll_and_average as roll_and_average
from course_lib.lessons.embedding.look_up import look_up_table as look_up_table
from course_lib.lessons.embedding.twelve_months import (
    twelve_months_in_two_numbers as twelve_months_in_two_numbers,
)
from course_lib.lessons.layer.before_and_after import (
    one_step_before_and_after as one_step_before_and_after,
)
from course_lib.lessons.layer.mend_the_stack import build_a_stack as build_a_stack
from course_lib.lessons.layer.mend_the_stack import mend_the_stack as mend_the_stack
from course_lib.lessons.linear.one_pixel import paint_one_pixel as paint_one_pixel
from course_lib.lessons.linear.three_points import where_do_they_go as where_do_they_go
from course_lib.lessons.normalization.gravity import gravity as gravity
from course_lib.lessons.normalization.knobs import knobs as knobs
from course_lib.lessons.normalization.target import the_moving_target as the_moving_target
from course_lib.lessons.normalization.touch import touch_one_number as touch_one_number
from course_lib.lessons.pooling.outbid import outbid_the_maximum as outbid_the_maximum
from course_lib.lessons.pooling.shift import shift_the_digit as shift_the_digit
from course_lib.lessons.pooling.under_the_window import (
    pool_under_the_window as pool_under_the_window,
)
from course_lib.lessons.positional.beyond import (
    beyond_the_trained_length as beyond_the_trained_length,
)
from course_lib.lessons.positional.clocks import clocks as clocks
from course_lib.lessons.positional.dog_bites_man import dog_bites_man as dog_bites_man
from course_lib.lessons.receptive_field.what_this_output_knows import (
    what_this_output_knows as what_this_output_knows,
)
from course_lib.lessons.receptive_field.who_listens import who_listens as who_listens
from course_lib.lessons.residual.cut_the_wire import cut_the_wire as cut_the_wire
from course_lib.lessons.residual.superhighway import superhighway as superhighway
from course_lib.lessons.residual.the_plus import the_plus_hands_it_on as the_plus_hands_it_on
from course_lib.lessons.training.chain import chain_of_derivatives as chain_of_derivatives
from course_lib.lessons.training.one_step import one_step_at_a_time as one_step_at_a_time
from course_lib.lessons.training.symmetry import symmetry as symmetry
from course_lib.lessons.training.the_edge import the_edge as the_edge
from course_lib.lessons.training.what_broke import what_broke as what_broke
from course_lib.lessons.transposed_convolution.checkerboard import checkerboard as checkerboard
from course_lib.lessons.transposed_convolution.ink_pad import ink_pad as ink_pad
