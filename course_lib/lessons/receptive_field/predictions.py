"""The predictions of 04_02c_receptive_field."""

from __future__ import annotations

from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.painting import Painting
from course_lib.lessons.receptive_field.what_this_output_knows import smallest_box
from course_lib.record import Array


def _seen(*dilations: int) -> Array:
    """Which of 9 pixels the output in the middle sees, through kernels of 3, (1, 9)."""
    layers = [_conv(dilation=d, padding=d) for d in dilations]
    return lib.measured_receptive_field(layers, (1, 9)).seen[None]


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_02c.{word}", section="04_02c_receptive_field", **rest)


def _conv(**options: int) -> lib.Conv1d:
    return lib.Conv1d.init(1, 1, 3, bias=False, rng=np.random.default_rng(0), **options)


def _measured(*layers: lib.Layer) -> int:
    """The pixels that one output in the middle sees, by its gradient."""
    return lib.measured_receptive_field(layers, (1, 200)).size[0]


def _depth_for(pixels: int) -> int:
    depth = 0
    while lib.receptive_field([_conv()] * depth).size[0] < pixels:
        depth += 1
    return depth


def _best_place_of_a_stride() -> str:
    """Where among four layers the one with stride 2 makes the field largest."""
    first, last = (
        _measured(*(_conv(stride=2 if i == place else 1) for i in range(4))) for place in (0, 3)
    )
    return "no matter" if first == last else "first" if first > last else "last"


def _part_that_counts() -> str:
    """How much of ten layers' field holds 95% of the squared gradient."""
    rng = np.random.default_rng(1)
    conv = lib.Conv2d.init
    layers = [conv(8 if i else 1, 8, 3, padding=1, bias=False, rng=rng) for i in range(10)]
    heat = lib.effective_receptive_field(layers, (1, 25, 25), rng=rng, samples=16)
    part = (smallest_box(heat**2, (2, 2, 21, 21))[2] / 21) ** 2
    return "most" if part > 0.8 else "two thirds" if part > 0.55 else "two fifths"


PREDICTIONS = (
    _predict(
        "two_layers",
        question="Two layers with a kernel of 3 pixels lie on each other, stride 1. How many "
        "pixels in a row can one output of the second layer see?",
        answer=lambda: _measured(_conv(), _conv()),
        explanation="It reads three numbers of the first layer, and their windows overlap: the "
        "outer two reach one pixel further on each side.",
        wrong={
            6: "6 adds the kernels; but the windows overlap.",
            9: "9 is three windows of three that would not overlap.",
            3: "3 is what one layer sees.",
        },
    ),
    _predict(
        "ten_layers",
        stands_alone=False,
        question="And one output of a stack of ten such layers, in a row?",
        answer=lambda: _measured(*(_conv() for _ in range(10))),
        explanation="Each layer adds one pixel on each side to the one that was there: 2 * 10 + 1.",
        wrong={
            30: "30 adds the kernels; a kernel of 3 has only 2 gaps.",
            20: "20 forgets the pixel in the middle.",
        },
    ),
    _predict(
        "depth_for_224",
        question="A photograph is 224 pixels wide. How many layers with a kernel of 3 does it take "
        "until one output can see so many pixels in a row?",
        answer=lambda: _depth_for(224),
        explanation="2 * 111 + 1 is 223, one pixel short. Depth alone is a slow way.",
        wrong={
            75: "75 lets every layer add 3 pixels; it adds 2.",
            111: "111 layers see 223 pixels, one short.",
        },
    ),
    _predict(
        "conv_pool_conv",
        question="A convolution of 3, an average pooling of 2 (stride 2) and a convolution of 3. "
        "How many pixels in a row does one output see?",
        answer=lambda: _measured(_conv(), lib.AvgPool1d(2), _conv()),
        explanation="3 after the convolution, 4 after the pooling; then neighbours lie 2 pixels "
        "apart, so the last two gaps add 4.",
        wrong={
            6: "6 forgets that the pooling has put neighbours 2 pixels apart.",
            7: "7 forgets that the pooling itself widens the field by 1.",
            10: "10 doubles what the layer before the stride adds, too: 1 + 2 * 2, and so on.",
        },
    ),
    _predict(
        "place_of_a_stride",
        question="Four layers have a kernel of 3, and one of them stride 2. Where should it stand "
        "for the largest field?",
        choices={"First": "first", "Last": "last", "It does not matter": "no matter"},
        answer=_best_place_of_a_stride,
        explanation="A stride spreads what later layers add. After the last layer nothing is added "
        "any more.",
        wrong={
            "last": "The last layer's stride spreads nothing: no layer comes after it.",
            "no matter": "The size of the output does not depend on the order; the field does.",
        },
    ),
    _predict(
        "dilations",
        question="Three layers have a kernel of 3 and the dilations 1, 2 and 4. How many pixels in "
        "a row does one output see?",
        answer=lambda: _measured(*(_conv(dilation=d) for d in (1, 2, 4))),
        explanation="Each layer adds two gaps of its dilation: 1 + 2 + 4 + 8. With as many weights "
        "three plain layers see 7.",
        wrong={
            7: "7 is three layers without dilation.",
            21: "21 adds 3 times each dilation; a kernel of 3 has 2 gaps.",
            14: "14 forgets the pixel in the middle.",
        },
    ),
    Painting(
        name="04_02c.holes",
        section="04_02c_receptive_field",
        question="Two layers have a kernel of 3 and dilation 2, and the padding that makes 9 "
        "numbers of 9 pixels. Which pixels does output 4 of the second layer see?",
        grid=Grid("pixels", np.full((1, 9), "")),
        answer=lambda: _seen(2, 2),
        explanation="Output 4 reads the numbers 2, 4 and 6 of the first layer, and each of these "
        "reads its own pixel and those two places to the left and to the right. No way leads to "
        "an odd one.",
        wrong={
            lambda: _seen(1, 1, 1, 1): "You painted the field from its first pixel to its last. "
            "It is 9 wide, and it has holes: steps of 2 from pixel 4 never end on an odd one.",
            lambda: _seen(1, 1): "This is what two layers without dilation see.",
            lambda: _seen(2): "This is what one layer sees; the second one reaches further.",
            lambda: _seen(2, 1): "Here one of the two layers has dilation 2 and the other 1.",
            lambda: _seen(4): "This is one layer with dilation 4. Through two layers a way may "
            "also take its step of 2 in one of them only, and so end at 2 or 6.",
        },
    ),
    _predict(
        "part_that_counts",
        question="Ten layers of 3 by 3 with random weights: theory says 21 by 21 pixels. We draw "
        "the smallest box in the middle that holds 95% of the squared gradient. How much of those "
        "441 pixels lies in it?",
        choices={
            "Nearly all": "most",
            "About two thirds": "two thirds",
            "About two fifths": "two fifths",
        },
        answer=_part_that_counts,
        explanation="From a pixel in the middle many paths lead to the output, from a corner one. "
        "What can be seen and what counts are two things.",
        wrong={
            "most": "So it would be if every pixel had as many paths to the output.",
            "two thirds": "That is where five layers stand; each further layer piles up paths in "
            "the middle.",
        },
    ),
)
