"""The exercise transposed_output_size, and the slips that its formula invites."""

from __future__ import annotations

from collections.abc import Callable

from course_lib import transposed_convolution
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs

Size = Callable[..., float]  # size, kernel_size, stride, padding, output_padding, dilation


def _right(size: int, kernel_size: int, stride: int, padding: int, more: int, gaps: int) -> int:
    return transposed_convolution.transposed_output_size(
        size, kernel_size, stride=stride, padding=padding, output_padding=more, dilation=gaps
    )


def _stamp(width: Callable[[int, int], int]) -> Size:
    """Another width of one stamp: (kernel_size, dilation) -> width."""
    return lambda n, k, s, p, o, d: (n - 1) * s - 2 * p + width(k, d) + o


def _last(start: Callable[[int, int], float]) -> Size:
    """Another start of the last stamp: (size, stride) -> start."""
    return lambda n, k, s, p, o, d: start(n, s) - 2 * p + d * (k - 1) + o + 1


TRANSPOSED_OUTPUT_SIZE = Exercise(
    name="transposed_output_size",
    sections=("04_02d_transposed_convolution",),
    task="""
`size` numbers in a row each stamp a kernel of `kernel_size` weights, `dilation` samples from one
weight to the next. From one stamp to the next it is `stride` samples. Then `padding` samples are
cut off at **each** end, and `output_padding` samples are added at the end only. Return how many
samples there are.
""",
    stub="""
def transposed_output_size(size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1):
    raise NotImplementedError
""",
    solution="""
def transposed_output_size(size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1):
    last_start = (size - 1) * stride
    stamp = dilation * (kernel_size - 1) + 1
    return last_start + stamp - 2 * padding + output_padding
""",
    alternative="""
def transposed_output_size(size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1):
    places = [stride * i + dilation * k for i in range(size) for k in range(kernel_size)]
    return len(range(padding, max(places) + 1 - padding)) + output_padding
""",
    returns={"length": ""},
    shows="Your formula finds the length for any stride, padding and dilation, and for each of the "
    "lengths that a convolution shrinks to the same.",
    inputs=Inputs(
        arguments={
            "size": (4, *range(1, 9)),
            "kernel_size": (3, 1, 2, 4, 5),
            "stride": range(1, 5),
            "padding": range(4),
            "output_padding": range(4),
            "dilation": range(1, 5),
        },
        also=({"stride": 2, "output_padding": 1}, {"stride": 3, "output_padding": 2}),
        derived={"stamp": lambda kernel_size, dilation: dilation * (kernel_size - 1) + 1},
        legal=lambda size, stamp, stride, padding, output_padding, dilation: (
            output_padding < max(stride, dilation)
            and (size - 1) * stride + stamp - 2 * padding >= 1
        ),
    ),
    right=_right,
    slips=(
        Slip(
            "one step too many",
            "Your length has size * stride in it. The first stamp starts at 0, so the last one "
            "starts after size - 1 steps.",
            (
                _last(lambda n, s: n * s),
                lambda n, k, s, p, o, d: n * s - 2 * p + d * (k - 1) + o,
                lambda n, k, s, p, o, d: n * s + k - 1,
                lambda n, k, s, p, o, d: n * s + k,
            ),
        ),
        Slip(
            "size times stride",
            "Your length is size times stride. Near the end the last stamp sticks out by what is "
            "wider than a stride; stamp two numbers by hand and count.",
            (
                lambda n, k, s, p, o, d: n * s,
                lambda n, k, s, p, o, d: n * s + o,
                lambda n, k, s, p, o, d: n * s - 2 * p + o,
            ),
        ),
        Slip(
            "the convolution's formula",
            "Your length is that of a convolution, which gets shorter. A stamp for each number "
            "makes it longer: where does the last one start, and how wide is it?",
            (lambda n, k, s, p, o, d: (n + 2 * p - d * (k - 1) - 1) // s + 1,),
        ),
        Slip(
            "padding added",
            "Your length grows with padding. In a transposed convolution padding is cut off, at "
            "both ends: it takes away what a convolution's padding would have added.",
            (
                lambda n, k, s, p, o, d: (n - 1) * s + 2 * p + d * (k - 1) + o + 1,
                lambda n, k, s, p, o, d: (n - 1) * s + p + d * (k - 1) + o + 1,
            ),
        ),
        Slip(
            "padding counted once",
            "Your length has the padding cut off once. It is cut off at both ends: 2 * padding.",
            (lambda n, k, s, p, o, d: (n - 1) * s - p + d * (k - 1) + o + 1,),
        ),
        Slip(
            "output padding at both ends",
            "Your length has output_padding twice. It is added at the end alone, because its "
            "purpose is to name one single size.",
            (lambda n, k, s, p, o, d: (n - 1) * s - 2 * p + d * (k - 1) + 2 * o + 1,),
        ),
        Slip(
            "output padding taken away",
            "Your length gets shorter by output_padding. Padding is cut off, output padding is "
            "added.",
            (lambda n, k, s, p, o, d: (n - 1) * s - 2 * p + d * (k - 1) - o + 1,),
        ),
        Slip(
            "forgets the + 1",
            "Your length takes a stamp to be narrower than it is. dilation * (kernel_size - 1) is "
            "the distance from its first weight to its last; the first one's own sample counts "
            "too: + 1.",
            (
                lambda n, k, s, p, o, d: (n - 1) * s - 2 * p + d * (k - 1) + o,
                lambda n, k, s, p, o, d: (n - 1) * s - 2 * p + d * (k - 1) + o - 1,
            ),
        ),
        Slip(
            "dilation multiplies the whole kernel",
            "Your length takes a stamp to be dilation * kernel_size wide. There are kernel_size - "
            "1 gaps, and one sample more than the gaps reach.",
            (_stamp(lambda k, d: d * k), _stamp(lambda k, d: d * k + 1)),
        ),
        Slip(
            "dilation counted as the gap",
            "Your length leaves out dilation samples between two weights. Dilation is the distance "
            "from weight to weight, so that 1 means neighbours.",
            (_stamp(lambda k, d: k + d * (k - 1)),),
        ),
        Slip(
            "stride skips that many",
            "Your length takes the stride as the number of samples left out between two starts. "
            "Stride 1 is the stamp that moves by one.",
            (_last(lambda n, s: (n - 1) * (s + 1)),),
        ),
        Slip(
            "divided by the stride",
            "Your length divides by the stride, as a convolution does. Here the stamps start "
            "stride samples apart: multiply.",
            (_last(lambda n, s: (n - 1) // s), _last(lambda n, s: n // s)),
        ),
        Slip(
            "one less than the stride",
            "Your length takes stride - 1 from one start to the next. A stride of 1 moves by one.",
            (_last(lambda n, s: (n - 1) * (s - 1)),),
        ),
        Slip(
            "a stamp as wide as one sample",
            "Your length ends where the last stamp starts. That stamp is dilation * (kernel_size "
            "- 1) + 1 samples wide.",
            (lambda n, k, s, p, o, d: (n - 1) * s + 1, _stamp(lambda k, d: 1)),
        ),
        Slip(
            "one less than the dilation",
            "Your length counts the empty samples between the weights and not the weights. A gap "
            "is dilation wide, from weight to weight, and there are kernel_size - 1.",
            (_stamp(lambda k, d: (d - 1) * (k - 1) + 1), _stamp(lambda k, d: (d - 1) * (k - 1))),
        ),
        Slip(
            "dilation spreads the stamps",
            "Your length has the dilation in the steps between stamps. It lies between the weights "
            "of one stamp.",
            (
                lambda n, k, s, p, o, d: (n - 1) * s * d - 2 * p + k + o,
                lambda n, k, s, p, o, d: ((n - 1) * s + k) * d - 2 * p + o,
            ),
        ),
        Slip(
            "padding times the stride",
            "Your length multiplies padding by the stride. It is counted in samples of the output.",
            (lambda n, k, s, p, o, d: (n - 1) * s - 2 * p * s + d * (k - 1) + o + 1,),
        ),
        Slip(
            "output padding times the stride",
            "Your length multiplies output_padding by the stride. It is counted in samples of the "
            "output.",
            (lambda n, k, s, p, o, d: (n - 1) * s - 2 * p + d * (k - 1) + o * s + 1,),
        ),
        Slip(
            "brackets lost",
            "Your length takes away the stride once: * comes before -. (size - 1) * stride.",
            (lambda n, k, s, p, o, d: n - s - 2 * p + d * (k - 1) + o + 1,),
        ),
        Slip(
            "stamps side by side",
            "Your length sets the stamps side by side without overlap. They start stride samples "
            "apart, however wide they are.",
            (lambda n, k, s, p, o, d: n * k, lambda n, k, s, p, o, d: n * k - 2 * p + o),
        ),
    ),
    hints=(
        "Draw it: three numbers, a kernel of 3, stride 2. Where does the last stamp start, and "
        "where does it end?",
        "The last stamp starts at (size - 1) * stride and is dilation * (kernel_size - 1) + 1 "
        "samples wide.",
        "Start of the last stamp, plus its width, less padding twice, plus output_padding once.",
    ),
)
