"""The predictions of section 4.2b, convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.convolution import Conv1d, Conv2d, conv1d, conv2d, output_size
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.painting import Painting
from course_lib.record import Array

_SECTION = "04_02b_convolution"


def _row(values: Any) -> Array:
    """One example with one channel: (1, 1, length)."""
    return np.asarray(values, dtype=float)[None, None]


def _window_width(kernel_size: int, dilation: int) -> int:
    """From the first to the last sample that one output value depends on, by its gradient."""
    y, backward = conv1d(_row(np.ones(40)), _row(np.ones(kernel_size)), dilation=dilation)
    dy = np.zeros_like(y)
    dy[0, 0, 0] = 1.0
    reached = np.flatnonzero(backward(dy)[0])
    return int(reached[-1] - reached[0] + 1)


def _after_shift(shift: int, stride: int) -> str:
    """What a shift of the input does to the inside of the output."""
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(1, 1, 60)), rng.normal(size=(1, 1, 3))
    before = conv1d(x, weight, stride=stride)[0][0, 0, :-4]
    after = conv1d(np.roll(x, shift, axis=2), weight, stride=stride)[0][0, 0, :-4]
    if np.allclose(before[4:], after[4:]):
        return "same"
    moved = any(np.allclose(before[4:-m], after[4 + m :]) for m in range(1, 5))
    return "moves" if moved else "new values"


def _edge_on_wall(padding: int) -> Array:
    """The middle row of an edge kernel's answer to a constant image."""
    kernel = np.array([[-1.0, 0.0, 1.0]] * 3)[None, None]
    return conv2d(np.full((1, 1, 6, 6), 0.5), kernel, padding=padding)[0][0, 0, 3 - padding]


def _looks_ahead() -> str:
    """Where a kernel with its only 1 at the right end moves a single spike."""
    x = np.zeros(7)
    x[3] = 1.0
    y = conv1d(_row(x), _row([0.0, 0.0, 1.0]), padding=1)[0]
    return "left" if y.argmax() < 3 else "right"


def _bias_gradient() -> float:
    y, backward = conv1d(np.ones((4, 1, 8)), _row(np.ones(3)), np.zeros(1))
    return float(backward(np.ones_like(y))[2][0])


def _learned_on_stripes() -> str:
    """What 200 steps of gradient descent from zeros make of one row, repeated."""
    sobel = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])[None, None]
    x = np.tile(np.random.default_rng(0).normal(size=12), (12, 1))[None, None]
    target, weight = conv2d(x, sobel)[0], np.zeros((1, 1, 3, 3))
    for _ in range(200):
        y, backward = conv2d(x, weight)
        weight = weight - 0.02 * backward((y - target) / 10)[1]
    if not np.allclose(conv2d(x, weight)[0], target, atol=0.1):
        return "noise"
    return "Sobel" if np.allclose(weight, sobel, atol=0.1) else "equal rows"


_PIXEL = (3, 2)


def _readers(*, stride: int = 2, padding: int = 1) -> Array:
    """Which of 3 × 3 outputs, of a kernel of 3 × 3, move with that pixel of 5 × 5."""
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, *_PIXEL] = 1.0
    room = (padding, 6)  # at the end more than it takes, for any stride
    x = np.pad(x, ((0, 0), (0, 0), room, room))
    return conv2d(x, np.ones((1, 1, 3, 3)), stride=stride)[0][0, 0, :3, :3] != 0


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_02b.{word}", section=_SECTION, **rest)


PREDICTIONS = (
    _predict(
        "output_size",
        question="A kernel of size 3 slides over 10 samples with stride 2 and padding 1. How many "
        "values come out?",
        answer=lambda: output_size(10, 3, stride=2, padding=1),
        explanation="With the padding there are 12 samples. The window starts at the first and has "
        "room to move by 9; steps of 2 fit 4 times, which with the start makes 5 positions. The "
        "step that would stick out is not taken.",
        wrong={
            6: "6 comes from rounding up: the last window would hang over the end.",
            4: "4 counts the steps and forgets the position where the window starts.",
            10: "10 would be stride 1: then padding 1 keeps the size.",
        },
    ),
    _predict(
        "dilation_parameters",
        question="A Conv1d from 1 channel to 1 channel with kernel size 3 has 3 weights. How many "
        "weights does it have with dilation 4?",
        answer=lambda: (
            Conv1d.init(1, 1, 3, dilation=4, bias=False, rng=np.random.default_rng(0)).weight.size
        ),
        explanation="Dilation spreads the same weights further apart. It leaves gaps that are "
        "skipped, so it adds neither weights nor products.",
        wrong={
            9: "9 is how many samples the window now spans, not how many of them it reads.",
            12: "12 would be 3 weights times 4, but nothing is stored or computed in the gaps.",
        },
    ),
    _predict(
        "dilation_width",
        question="A kernel of size 5 has dilation 3. From the first sample that one output value "
        "reads to the last, how many samples is that?",
        answer=lambda: _window_width(5, dilation=3),
        explanation="From each weight to the next it is 3 samples, 4 times, and the first one "
        "counts too: 3 * 4 + 1.",
        wrong={
            15: "15 is 3 * 5, but there is one gap fewer than there are weights.",
            12: "12 goes from the first sample to the last and forgets to count the first.",
            5: "5 is the number of samples read; those in the gaps lie in between.",
        },
    ),
    Painting(
        name="04_02b.readers",
        section=_SECTION,
        question="A kernel of 3 by 3 slides over this picture with stride 2 and padding 1. Which "
        "outputs read the ringed pixel?",
        given=Grid("picture", np.full((5, 5), ""), ringed=(_PIXEL,)),
        grid=Grid("output", np.full((3, 3), "")),
        answer=_readers,
        explanation="Output i reads the rows 2i - 1 to 2i + 1, and the columns likewise. Row 3 "
        "ends the windows of output row 1 and begins those of output row 2; column 2 lies in the "
        "windows of output column 1 alone.",
        wrong={
            lambda: _readers(padding=0): "This is what padding 0 would do: the first window would "
            "begin at the first pixel. With padding 1 it begins one row above it, in the zeros.",
            lambda: _readers(stride=1): "This is what stride 1 would do. With stride 2, output 1 "
            "stands two pixels from output 0, not one.",
            lambda: np.ones((3, 3), bool): "You painted every output: that is a fully connected "
            "layer. Here an output reads its own window and nothing else.",
        },
    ),
    _predict(
        "shift",
        question="The input moves 3 samples to the right (stride 1). What does the output do, away "
        "from the borders?",
        choices={
            "It stays the same": "same",
            "It moves 3 samples to the right as well": "moves",
            "It takes new values": "new values",
        },
        answer=lambda: _after_shift(3, stride=1),
        explanation="The same kernel meets the same samples 3 places later. That is called "
        "equivariance: what the input does, the output does too.",
        wrong={
            "same": "Staying the same would be invariance. A convolution tells where things are; "
            "pooling is what forgets a part of it.",
            "new values": "New values would come from weights that differ from place to place, as "
            "in a fully connected layer.",
        },
    ),
    _predict(
        "shift_with_stride",
        question="The stride is 2 and the input moves 1 sample to the right. What does the output "
        "do, away from the borders?",
        choices={
            "It stays the same": "same",
            "It moves to the right as well": "moves",
            "It takes new values": "new values",
        },
        answer=lambda: _after_shift(1, stride=2),
        explanation="With stride 2 the layer looks at every other position. After a shift of 1 it "
        "sees the windows that it skipped before. Only shifts by a multiple of the stride come "
        "through as shifts.",
        wrong={
            "moves": "It would have to move by half a place, and there are no half places.",
            "same": "The windows now hold other samples, so nothing makes the sums equal.",
        },
    ),
    _predict(
        "edge_on_constant",
        question="An edge kernel, with the row -1, 0, 1 three times, slides over a wall that has "
        "brightness 0.5 everywhere. What does it give inside the image?",
        answer=lambda: float(_edge_on_wall(padding=0)[1]),
        explanation="The weights sum to zero, so equal brightness left and right cancels, however "
        "bright the wall is. The kernel answers to differences alone.",
        wrong={
            0.5: "0.5 would come from weights that sum to 1, as in a blur.",
            1.5: "1.5 is the right column alone; the left column takes the same away.",
        },
    ),
    _predict(
        "border",
        stands_alone=False,
        question="The same kernel and wall, now with padding 1. What does it give in the first and "
        "the last column?",
        choices={
            "The same as inside": False,
            "Something else": True,
        },
        answer=lambda: bool(_edge_on_wall(padding=1)[[0, -1]].all()),
        explanation="Padding puts zeros around the image: a black frame. Between frame and wall is "
        "an edge, and the kernel reports it. Borders of a padded layer need this caution.",
        wrong={
            False: "It would be if the padding repeated the wall's brightness; it is zeros.",
        },
    ),
    _predict(
        "direction",
        question="The kernel 0, 0, 1 slides over a single spike, one sample at a time, with a zero "
        "added at each end. Which way does the spike move?",
        choices={"To the left": "left", "To the right": "right", "Not at all": "stays"},
        answer=_looks_ahead,
        explanation="Each output takes the sample to its right, so what was on the right appears "
        "one place further left. Layers do not flip the kernel.",
        wrong={
            "right": "To the right is what the mathematician's convolution does, which flips the "
            "kernel first.",
            "stays": "Not at all would be the kernel 0, 1, 0.",
        },
    ),
    _predict(
        "parameters",
        question="How many numbers does Conv2d(3, 8, kernel_size=3) learn, biases included?",
        answer=lambda: sum(
            array.size
            for array in Conv2d.init(3, 8, 3, rng=np.random.default_rng(0)).state_dict().values()
        ),
        explanation="8 kernels, each 3 channels deep and 3 × 3 wide, and 8 biases. The size of the "
        "image plays no part: the same weights are used everywhere.",
        wrong={
            216: "216 is the kernels without the 8 biases.",
            80: "80 forgets that every kernel spans all 3 input channels.",
            72: "72 forgets the 3 input channels, and the biases.",
        },
    ),
    _predict(
        "bias_gradient",
        question="A batch of 4 examples with 6 output positions each, one output channel. The "
        "gradient dy is 1 everywhere. What is the gradient of the bias?",
        answer=_bias_gradient,
        explanation="The bias was added at all 6 positions of all 4 examples, so it collects 1 "
        "from each of them.",
        wrong={
            1: "1 would be the average. Gradients add up; if the loss is a mean, dy is small "
            "already.",
            6: "6 sums over the positions and forgets the batch.",
            4: "4 sums over the batch and forgets the positions.",
        },
    ),
    _predict(
        "stripes",
        question="Nine weights start at zero and learn what the Sobel kernel makes of upright "
        "stripes. When every output is right, which kernel has been learned?",
        choices={
            "The Sobel kernel, the only one that gives these outputs": "Sobel",
            "Another one, with three equal rows": "equal rows",
            "Nothing but noise": "noise",
        },
        answer=_learned_on_stripes,
        explanation="Where all rows are the same, the three weights of a column always meet one "
        "number: only their sum matters. Started alike, they stay alike.",
        wrong={
            "Sobel": "The Sobel kernel gives these outputs, but so does every kernel whose columns "
            "have the same sums.",
            "noise": "The sums of the columns are learned exactly; the outputs depend on them.",
        },
    ),
)
