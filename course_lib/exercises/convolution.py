"""The exercises and predictions of section 4.2b, convolution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_lib.convolution import Conv1d, Conv2d, conv1d, conv2d, output_size
from course_lib.exercises.convolution_backward import CONV1D_BACKWARD
from course_lib.exercises.convolution_forward import CONV1D_FORWARD, CONV2D_FORWARD
from course_lib.exercises.exercise import Case, Exercise, Mistake, Prediction
from course_lib.record import Array

_SECTION = "04_02b_convolution"


# ---------------------------------------------------------------------------- conv_output_size


def _size_cases(rng: np.random.Generator) -> Iterator[Case]:
    names = ("size", "kernel_size", "stride", "padding", "dilation")
    for values in (
        (5, 3, 1, 0, 1),
        (7, 3, 1, 1, 1),
        (8, 3, 2, 0, 1),  # the last step does not fit: 5 / 2
        (8, 3, 2, 1, 1),
        (9, 4, 3, 2, 1),
        (10, 3, 4, 0, 1),  # 7 / 4 rounds to 2, the window takes 1 step
        (7, 3, 3, 0, 1),  # 4 / 3 rounds to 1 either way, up to 2
        (9, 3, 1, 0, 2),
        (12, 3, 2, 2, 3),
        (11, 2, 3, 0, 4),
        (6, 6, 1, 0, 1),
        (4, 1, 3, 0, 2),
        (3, 5, 1, 2, 1),
        (28, 5, 2, 3, 2),
        (17, 4, 5, 1, 3),
        (2, 2, 7, 6, 1),
    ):
        yield dict(zip(names, values, strict=True))


def _size(round_down: Callable[[int, int], int]) -> Callable[..., int]:
    """The output size with something else in place of the division that rounds down."""

    def size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
        return round_down(size + 2 * padding - dilation * (kernel_size - 1) - 1, stride) + 1

    return size


def _right_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    return output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)


_CONV_OUTPUT_SIZE = Exercise(
    name="conv_output_size",
    section=_SECTION,
    returns=("size",),
    shows="Your formula counts the window's positions for any stride, padding and dilation, "
    "also where the last step does not fit.",
    cases=_size_cases,
    reference=_right_size,
    mistakes=(
        Mistake(
            "rounds up",
            "Your size counts one position too many wherever the stride does not divide evenly: it "
            "rounds up. The window must fit whole; a last step that would stick out is not taken.",
            (_size(lambda steps, stride: -(-steps // stride)),),
        ),
        Mistake(
            "rounds to the nearest",
            "Your size equals the formula with the quotient rounded to the nearest whole number. "
            "A step that fits only by half is not taken: round down, with //.",
            (
                _size(lambda steps, stride: round(steps / stride)),
                _size(lambda steps, stride: (2 * steps + stride) // (2 * stride)),
            ),
        ),
        Mistake(
            "forgets the + 1",
            "Your size counts the steps, one less than the positions. A window that cannot move at "
            "all (kernel as wide as the input) still has one position.",
            (_size(lambda steps, stride: steps // stride - 1),),
        ),
        Mistake(
            "adds the 1 before dividing",
            "Your size adds the 1 before it divides by the stride. Count the steps first, "
            "(room to move) // stride; the starting position comes on top of them, undivided.",
            (_size(lambda steps, stride: (steps + 1) // stride - 1),),
        ),
        Mistake(
            "padding counted once",
            "Your size counts the padding once. It is added at both ends, so the window slides "
            "over size + 2 * padding samples.",
            (lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1,),
        ),
        Mistake(
            "padding ignored",
            "Your size is the one without padding. The window slides over the padded input: how "
            "long is that?",
            (lambda n, k, s, p, d: (n - d * (k - 1) - 1) // s + 1,),
        ),
        Mistake(
            "padding not multiplied out before dividing",
            "Your size adds the padding after dividing by the stride. The stride also steps over "
            "the padding, so the padding belongs inside the division.",
            (lambda n, k, s, p, d: (n - d * (k - 1) - 1) // s + 1 + 2 * p,),
        ),
        Mistake(
            "dilation ignored",
            "Your size is right for dilation 1 only. With dilation d the kernel's k taps are d "
            "apart: how many samples are there from the first tap to the last?",
            (lambda n, k, s, p, d: (n + 2 * p - k) // s + 1,),
        ),
        Mistake(
            "dilation multiplies the whole kernel",
            "Your size takes the window to be d * k samples wide. Between k taps there are only "
            "k - 1 gaps: the window is d * (k - 1) + 1 wide.",
            (lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1,),
        ),
        Mistake(
            "stride ignored",
            "Your size is the one for stride 1. With stride s only every s-th position is taken.",
            (_size(lambda steps, stride: steps),),
        ),
        Mistake(
            "stride skips that many",
            "Your size takes the stride as the number of positions skipped in between. Stride 1 is "
            "the window that moves by one.",
            (_size(lambda steps, stride: steps // (stride + 1)),),
        ),
        Mistake(
            "division with a remainder",
            "Your size has decimals: / divides exactly. A window fits or it does not, so divide "
            "with //, which rounds down and gives an int.",
            (_size(lambda steps, stride: steps / stride),),  # type: ignore[arg-type, return-value]
        ),
        Mistake(
            "a float instead of an int",
            "The number is right but it is a float, which cannot be a shape: np.zeros(3.0) fails. "
            "Divide with //, or wrap the result in int(...).",
            (lambda *args: float(_right_size(*args)),),
        ),
    ),
    hints=(
        "Draw 7 boxes, a window of 3, and count its positions. Then let it step by 2, then put one "
        "box of padding at each end. What does each change do to the room the window has?",
        "Three numbers: the padded length, size + 2 * padding; the window's width, which is "
        "dilation * (kernel_size - 1) + 1; their difference is the room to move.",
        "The window takes (room to move) // stride steps. Positions are steps plus the start.",
    ),
)

# ---------------------------------------------------------------------------- make_edge_kernel


def _edge_responses(kernel: Array) -> tuple[float, float]:
    """The strongest response to an edge between columns and to an edge between rows."""
    weight = np.asarray(kernel, float)[None, None]
    image = np.repeat([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]], 6, axis=0)
    return tuple(  # type: ignore[return-value]
        float(np.abs(conv2d(picture[None, None].copy(), weight)[0]).max())
        for picture in (image, image.T)
    )


def _judge_edge_kernel(kernel: Array, case: Case) -> str | None:
    weights = np.asarray(kernel, float)
    if not np.isfinite(weights).all():
        return "The kernel holds values that are not finite."
    if abs(weights.sum()) > 1e-3 * np.abs(weights).sum():
        return "does not sum to zero"
    vertical, horizontal = _edge_responses(weights)
    if vertical > 2 * horizontal:
        return None
    if horizontal > 2 * vertical:
        return "responds along the edge instead of across it"
    if vertical == horizontal == 0:
        return (
            "The kernel gives 0 on a constant image, and also on every edge. Give the two sides of "
            "the window weights of opposite sign."
        )
    return "responds to edges in every direction"


_MAKE_EDGE_KERNEL = Exercise(
    name="make_edge_kernel",
    section=_SECTION,
    returns=("kernel",),
    shows="Your kernel is silent on a constant image and answers more than twice as strongly to an "
    "edge between left and right as to one between top and bottom.",
    cases=lambda rng: [{}],
    reference=lambda: np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]),
    judge=_judge_edge_kernel,
    mistakes=(
        Mistake(
            "does not sum to zero",
            "Your kernel answers to a constant image, where there is no edge: it multiplies the "
            "brightness by the sum of its weights. Let the weights of the two sides cancel.",
            (
                lambda: np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -1.0], [1.0, 0.0, -1.0]]),
                lambda: np.full((3, 3), 1 / 9),
                lambda: np.array([[-1.0, 1.0, 1.0]] * 3),
            ),
        ),
        Mistake(
            "responds along the edge instead of across it",
            "Your kernel answers to edges between top and bottom. A vertical edge has dark on the "
            "left and bright on the right (or the reverse): compare columns, not rows.",
            (
                lambda: np.array([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]),
                lambda: np.array([[1.0] * 3, [0.0] * 3, [-1.0] * 3]),
            ),
        ),
        Mistake(
            "responds to edges in every direction",
            "Your kernel answers about as strongly to an edge between top and bottom. For edges "
            "between left and right only, compare columns, and give no row more than another: "
            "every row of the kernel sums to zero.",
            (
                lambda: np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]),
                lambda: np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]]),
            ),
        ),
    ),
    hints=(
        "On a constant image every product is brightness times weight. What must the weights add "
        "up to for the answer 0?",
        "At a vertical edge the left column of the window is dark and the right one bright (or the "
        "reverse). Which signs make the difference of the two columns large?",
        "A first kernel to try has the row (-1, 0, 1) three times. Which row would you weight "
        "more?",
    ),
)

EXERCISES = (
    _CONV_OUTPUT_SIZE,
    CONV1D_FORWARD,
    _MAKE_EDGE_KERNEL,
    CONV2D_FORWARD,
    CONV1D_BACKWARD,
)

# --------------------------------------------------------------------------------- predictions


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
    return conv2d(np.full((1, 1, 6, 6), 200.0), kernel, padding=padding)[0][0, 0, 3 - padding]


def _looks_ahead() -> str:
    """Where a kernel with its only 1 at the right end moves a single spike."""
    x = np.zeros(7)
    x[3] = 1.0
    y = conv1d(_row(x), _row([0.0, 0.0, 1.0]), padding=1)[0]
    return "left" if y.argmax() < 3 else "right"


def _bias_gradient() -> float:
    y, backward = conv1d(np.ones((4, 1, 8)), _row(np.ones(3)), np.zeros(1))
    return float(backward(np.ones_like(y))[2][0])


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_02b.{word}", section=_SECTION, **rest)


PREDICTIONS = (
    _predict(
        "output_size",
        question="A kernel of size 3 slides over 10 samples with stride 2 and padding 1. How many "
        "values come out?",
        answer=lambda: output_size(10, 3, stride=2, padding=1),
        explanation="With the padding there are 12 places. The window starts at the first and has "
        "9 places to move; steps of 2 fit 4 times, which with the start makes 5 positions. The "
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
        "weights has it with dilation 4?",
        answer=lambda: (
            Conv1d.init(1, 1, 3, dilation=4, bias=False, rng=np.random.default_rng(0)).weight.size
        ),
        explanation="Dilation spreads the same taps further apart. It leaves gaps that are "
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
        explanation="Between 5 taps there are 4 gaps, each 3 samples long, and the first tap "
        "itself counts: 3 * 4 + 1.",
        wrong={
            15: "15 is 3 * 5, but there is one gap fewer than there are taps.",
            12: "12 counts the gaps and forgets the first tap.",
            5: "5 is the number of samples read; those in the gaps lie in between.",
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
        "brightness 200 everywhere. What does it give inside the image?",
        answer=lambda: float(_edge_on_wall(padding=0)[1]),
        explanation="The weights sum to zero, so equal brightness left and right cancels, however "
        "bright the wall is. The kernel answers to differences alone.",
        wrong={
            200: "200 would come from weights that sum to 1, as in a blur.",
            600: "600 is the right column alone; the left column takes the same away.",
        },
    ),
    _predict(
        "border",
        question="The same kernel and wall, now with padding 1. What does it give in the first and "
        "the last column?",
        choices={
            "0, as inside": False,
            "Something else than 0": True,
        },
        answer=lambda: bool(_edge_on_wall(padding=1)[[0, -1]].all()),
        explanation="Padding puts zeros around the image: a black frame. Between frame and wall is "
        "an edge, and the kernel reports it. Borders of a padded layer need this caution.",
        wrong={
            False: "It would be 0 if the padding repeated the wall's brightness; it is zeros.",
        },
    ),
    _predict(
        "direction",
        question="The kernel 0, 0, 1 slides over a single spike (stride 1, padding 1). Which way "
        "does the spike move?",
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
)
