"""The exercise conv_output_size, and the slips that its formula invites."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.convolution import output_size
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs

Size = Callable[[int, int, int, int, int], float]  # size, kernel_size, stride, padding, dilation


def _steps(count: Callable[[int, int], float]) -> Size:
    """Something else in place of the division that rounds down: (room to move, stride) -> steps."""
    return lambda n, k, s, p, d: count(n + 2 * p - d * (k - 1) - 1, s) + 1


def _window(width: Callable[[int, int], int]) -> Size:
    """Another width of the window: (kernel_size, dilation) -> width."""
    return lambda n, k, s, p, d: (n + 2 * p - width(k, d)) // s + 1


def _right_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    return output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)


CONV_OUTPUT_SIZE = Exercise(
    name="conv_output_size",
    sections=("00_start_here", "04_02b_convolution"),
    task="""
The input is a row of `size` numbers, such as pixels or the *samples* of a sound, and `padding`
zeros are added at **each** end. The window has `kernel_size` weights; from one to the next it is
`dilation` places. It starts at the left and moves by `stride` as long as it fits whole. Return at
how many places it stands.

Stuck? `hint(conv_output_size)` helps a little more each time you run it.
""",
    stub="""
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    raise NotImplementedError
""",
    solution="""
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    span = dilation * (kernel_size - 1) + 1
    room = size + 2 * padding - span
    return room // stride + 1
""",
    alternative="""
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    last_tap = dilation * (kernel_size - 1)
    return len(range(0, size + 2 * padding - last_tap, stride))
""",
    returns={"places": ""},
    shows="Your formula counts the window's places for any stride, padding and dilation, also "
    "where the last step does not fit.",
    inputs=Inputs(
        arguments={
            "size": (5, *range(1, 13)),
            "kernel_size": (3, 1, 2, 4, 5, 6),
            "stride": range(1, 8),
            "padding": range(4),
            "dilation": range(1, 5),
        },
        also=(
            {"size": 10, "stride": 4},  # 7 / 4 rounds to 2, the window takes 1 step
            {"size": 7, "stride": 3},  # 4 / 3 rounds to 1 either way, up to 2
            {"size": 8, "stride": 2},  # 5 / 2 is half-way
        ),
        derived={
            "span": lambda kernel_size, dilation: dilation * (kernel_size - 1) + 1,
            "remainder": lambda size, span, stride, padding: (size + 2 * padding - span) % stride,
            "rest": lambda stride, remainder: stride - remainder,
        },
        legal=lambda size, span, padding: size + 2 * padding >= span,
    ),
    right=_right_size,
    slips=(
        Slip(
            "rounds up",
            "Your count is one too many wherever the stride does not divide evenly: it rounds up. "
            "The window must fit whole; a last step that would stick out is not taken.",
            (_steps(lambda room, s: -(-room // s)),),
        ),
        Slip(
            "rounds to the nearest",
            "Your count equals the formula with the quotient rounded to the nearest whole number. "
            "A step that fits only by half is not taken: round down, with //.",
            (
                _steps(lambda room, s: round(room / s)),
                _steps(lambda room, s: round(room / s + 1) - 1),
                _steps(lambda room, s: (2 * room + s) // (2 * s)),
            ),
        ),
        Slip(
            "forgets the + 1",
            "Your count is of the steps, one less than the places. A window that cannot move at "
            "all (kernel as wide as the input) still has one place.",
            (_steps(lambda room, s: room // s - 1),),
        ),
        Slip(
            "the last place is missing",
            "Your count misses the last place where the steps fit exactly. A window that ends at "
            "the last sample still fits; in a loop, remember that range(n) stops before n.",
            (_steps(lambda room, s: -(-room // s) - 1),),
        ),
        Slip(
            "adds the 1 before dividing",
            "Your count adds the 1 before it divides by the stride. Count the steps first, "
            "(room to move) // stride; the starting place comes on top of them, undivided.",
            (_steps(lambda room, s: (room + 1) // s - 1),),
        ),
        Slip(
            "brackets missing",
            "Your count divides only the last number by the stride: // goes before + and -. Put "
            "the whole room to move in brackets, (...) // stride, and add the 1 outside.",
            (
                lambda n, k, s, p, d: n + 2 * p - d * (k - 1) - 1 // s + 1,
                lambda n, k, s, p, d: n + 2 * p - d * (k - 1) // s + 1,
                lambda n, k, s, p, d: n + 2 * p - (d * (k - 1) + 1) // s + 1,
            ),
        ),
        Slip(
            "window too narrow",
            "Your count takes the window to be narrower than it is. dilation * (kernel_size - 1) "
            "is the distance from its first weight to its last; the first weight's own sample "
            "counts too: + 1.",
            (_window(lambda k, d: d * (k - 1)), _window(lambda k, d: d * (k - 1) - 1)),
        ),
        Slip(
            "padding counted once",
            "Your count has the padding once. It is added at both ends, so the window slides over "
            "size + 2 * padding samples.",
            (lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1,),
        ),
        Slip(
            "padding and dilation ignored",
            "Your count is right for padding 0 and dilation 1. How long is the input with its "
            "padding, and from which sample to which does the window reach with dilation?",
            (lambda n, k, s, p, d: (n - k) // s + 1,),
        ),
        Slip(
            "padding not multiplied out before dividing",
            "Your count adds the padding after dividing by the stride. The stride also steps over "
            "the padding, so the padding belongs inside the division.",
            (lambda n, k, s, p, d: (n - d * (k - 1) - 1) // s + 1 + 2 * p,),
        ),
        Slip(
            "kernel size ignored",
            "Your count does not depend on the kernel's size. The window must fit whole, so a "
            "wider one has fewer places: what room is left for it to move?",
            (
                lambda n, k, s, p, d: n // s,
                lambda n, k, s, p, d: (n + 2 * p) // s,
                lambda n, k, s, p, d: (n + 2 * p) // s + 1,
                lambda n, k, s, p, d: (n + 2 * p - 1) // s + 1,
            ),
        ),
        Slip(
            "dilation ignored",
            "Your count is right for dilation 1 only. With dilation d the kernel's k weights lie d "
            "apart: how many samples are there from the first weight to the last?",
            (_window(lambda k, d: k),),
        ),
        Slip(
            "dilation multiplies the whole kernel",
            "Your count takes the window's width from d * k. Between k weights there are only "
            "k - 1 gaps: the window is d * (k - 1) + 1 wide.",
            (
                _window(lambda k, d: d * k),
                _window(lambda k, d: d * k + 1),
                _window(lambda k, d: d * k - 1),
            ),
        ),
        Slip(
            "dilation counted as the gap",
            "Your count leaves out d samples between two weights. Dilation is the distance from "
            "weight to weight, so that 1 means neighbours: the window is d * (k - 1) + 1 wide.",
            (_window(lambda k, d: k + d * (k - 1)),),
        ),
        Slip(
            "dilation counted once",
            "Your count widens the window at one place only. There are k - 1 gaps between k "
            "weights, and dilation widens each of them.",
            (_window(lambda k, d: k + d - 1), _window(lambda k, d: k + d)),
        ),
        Slip(
            "stride skips that many",
            "Your count takes the stride as the number of places skipped in between. Stride 1 is "
            "the window that moves by one.",
            (_steps(lambda room, s: room // (s + 1)),),
        ),
        Slip(
            "division with a remainder",
            "Your count has decimals: / divides exactly. A window fits or it does not, so divide "
            "with //, which rounds down and gives an int.",
            (_steps(lambda room, s: room / s),),
        ),
    ),
    hints=(
        "Draw 7 boxes, a window of 3, and count its places. Then let it step by 2, then put one "
        "box of padding at each end. What does each change do to the room the window has?",
        "Three numbers: the padded length, size + 2 * padding; the window's width, which is "
        "dilation * (kernel_size - 1) + 1; their difference is the room to move.",
        "The window takes (room to move) // stride steps. Places are steps plus the start.",
    ),
)
