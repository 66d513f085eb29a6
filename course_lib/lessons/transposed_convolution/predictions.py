"""The predictions of 04_02d_transposed_convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.exercise import Prediction
from course_lib.engine.grid import Grid
from course_lib.engine.painting import Painting
from course_lib.lessons.transposed_convolution.upsample import stamps_on, unevenness
from course_lib.record import Array

_INK = (1, 2)


def _stamped(ink: tuple[int, int] = _INK, *, stride: int = 2, padding: int = 1) -> Array:
    """Which of 5 × 5 places one number of 3 × 3 stamps, with a kernel of 3 × 3."""
    x = np.zeros((1, 1, 5, 5))  # more than 3 × 3, so that no slip makes fewer than 5 × 5 places
    x[0, 0, *ink] = 1.0
    y, _ = lib.conv_transpose2d(x, np.ones((1, 1, 3, 3)), stride=stride, padding=padding)
    return y[0, 0, :5, :5] != 0


def _predict(word: str, **rest: Any) -> Prediction:
    return Prediction(name=f"04_02d.{word}", section="04_02d_transposed_convolution", **rest)


def _stamp(x: Any, kernel: Any, **options: int) -> Array:
    """One example, one channel."""
    row, weight = (np.array(values, float)[None, None] for values in (x, kernel))
    return lib.conv_transpose1d(row, weight, **options)[0][0, 0]


def _shrunk(size: int) -> int:
    y, _ = lib.conv1d(np.ones((1, 1, size)), np.ones((1, 1, 3)), stride=2, padding=1)
    return y.size


def _undone() -> str:
    """What comes of a spike that is convolved and stamped back with the same kernel."""
    spike, kernel = np.eye(9)[None, None, 4], np.array([[[1.0, 2.0, 3.0]]])
    y, _ = lib.conv1d(spike, kernel, stride=2)
    back, _ = lib.conv_transpose1d(y, kernel, stride=2)
    if np.allclose(back, spike):
        return "spike"
    scaled = back / np.maximum(back.max(), 1)
    return "scaled" if np.allclose(scaled, spike) else "spread"


def _random_is_even() -> bool:
    weight = np.random.default_rng(0).normal(size=(1, 1, 4, 4))
    y, _ = lib.conv_transpose2d(np.ones((1, 1, 8, 8)), weight, stride=2)
    return unevenness(y, 3) < 1e-9


PREDICTIONS = (
    _predict(
        "overlap",
        question="The numbers 2, 1 stamp the kernel 1, 2, 3, each one place further. "
        "What is the second number of the result?",
        answer=lambda: _stamp([2, 1], [1, 2, 3])[1],
        explanation="The first stamp, 2 times the kernel, is 2, 4, 6; the second, 1 times the "
        "kernel, begins one place later. There 4 and 1 meet, and stamps add.",
        wrong={
            4: "4 is the first stamp alone; the second one begins here.",
            1: "1 is the second stamp alone: it is added, and does not replace what was there.",
            2: "2 is the first number. The second has two stamps on it.",
        },
    ),
    _predict(
        "stride_size",
        question="Four numbers stamp a kernel of size 3, two places apart. How many places does "
        "the result have?",
        answer=lambda: _stamp(np.ones(4), np.ones(3), stride=2).size,
        explanation="The last stamp starts after three steps of two, at 6, and is 3 wide.",
        wrong={
            8: "8 is 4 · 2; the last stamp sticks out by one more.",
            12: "12 sets the stamps side by side; they overlap by one place each.",
            11: "11 counts four steps. From the first stamp to the fourth there are three.",
        },
    ),
    _predict(
        "padding",
        question="In a convolution, padding 1 makes the output two samples longer. What does "
        "padding 1 do to the output of a transposed convolution?",
        choices={"Two samples longer": 2, "Nothing": 0, "Two samples shorter": -2},
        answer=lambda: (
            _stamp(np.ones(4), np.ones(3), stride=2, padding=1).size
            - _stamp(np.ones(4), np.ones(3), stride=2).size
        ),
        explanation="It goes the other way, so it takes away what the convolution's padding "
        "would have added: one sample at each end is cut off.",
        wrong={
            2: "Longer is what the name suggests; but all is turned round here.",
            0: "It does something at both ends.",
        },
    ),
    Painting(
        name="04_02d.stamp",
        section="04_02d_transposed_convolution",
        question="Three by three numbers stamp a kernel of 3 by 3, with stride 2 and padding 1. "
        "On which places does the ringed number leave its stamp?",
        given=Grid("input", np.full((3, 3), ""), ringed=(_INK,)),
        grid=Grid("output", np.full((5, 5), "")),
        answer=_stamped,
        explanation="Before the padding cuts, the stamp begins at row 2 and column 4. The padding "
        "takes the first row and the first column away, so it begins at row 1 and column 3; its "
        "last column lies beyond the edge and is cut off.",
        wrong={
            lambda: _stamped(padding=0): "This is what padding 0 would do. Padding 1 cuts off "
            "the first row and the first column, so all stamps lie one place further up and left.",
            lambda: _stamped(stride=1, padding=0): "This is stride 1 without padding: each stamp "
            "would begin one place after the last one's. With stride 2 it is two.",
            lambda: _stamped(stride=1): "This is where stride 1 puts the stamp. With stride 2 each "
            "begins two places after the last one, so this one lies further down and right.",
            lambda: _stamped((1, 1)): "This is the stamp of the number in the middle; the ringed "
            "one's is two columns further right, and the edge cuts it.",
        },
    ),
    _predict(
        "two_sizes",
        question="A convolution with kernel 3, stride 2 and padding 1 makes 4 samples out of 7. "
        "How many does it make out of 8?",
        answer=lambda: _shrunk(8),
        explanation="The last step no longer fits, so 7 and 8 both become 4. Going the other way "
        "from 4 there are two lengths to choose from.",
        wrong={5: "5 would need 9 samples: a step that does not fit whole is not taken."},
    ),
    _predict(
        "undo",
        question="A single 1 among zeros is convolved with the kernel 1, 2, 3, and the result goes "
        "through the transposed convolution with the same kernel and stride. What comes out?",
        choices={
            "The single 1": "spike",
            "A single number, not 1": "scaled",
            "Many numbers": "spread",
        },
        answer=_undone,
        explanation="It has the old length and other numbers. To transpose is to send each output "
        "back to all samples it was made of, not to find out what they were.",
        wrong={
            "spike": "That is what the name deconvolution promises.",
            "scaled": "A stamp is as wide as the kernel, so more than one place gets something.",
        },
    ),
    _predict(
        "busiest",
        question="On a wall where every pixel is 1, each pixel stamps 5 by 5 ones, two places "
        "apart. How many stamps lie on the pixel that gets most?",
        answer=lambda: stamps_on(5, 2).max(),
        explanation="Along one axis a place gets three stamps or two, in turn; in the plane these "
        "multiply: 9, 6 and 4.",
        wrong={
            3: "3 is right along one axis. Three across times three down makes more.",
            4: "4 is the most with a kernel of 3, and the least with a kernel of 5.",
            25: "25 would be stride 1, where 25 windows cover a pixel.",
        },
    ),
    _predict(
        "random_weights",
        question="Kernel 4 and stride 2: every pixel gets four stamps. The weights are random. Is "
        "the output of a white wall even, away from the border?",
        choices={"Yes, each pixel gets the same number": True, "No": False},
        answer=_random_is_even,
        explanation="Each pixel gets four stamps, but with other weights of the kernel: its "
        "neighbour is reached by four others. Equal counts make equal sums only where the weights "
        "see to it.",
        wrong={True: "The same number of stamps, but not the same weights."},
    ),
)
