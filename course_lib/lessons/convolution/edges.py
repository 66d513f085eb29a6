"""The exercise make_edge_kernel: many right answers, judged by what they do to edges."""

from __future__ import annotations

import numpy as np

from course_lib.convolution import conv2d
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Case
from course_lib.record import Array

_WEAK = 0.1  # of the step; kernels scaled to measure the slope, such as Sobel / 8, give a half
_SILENT = 1e-6  # of the sum of all sizes: what rounding in float32 leaves of a sum that is zero


def _edge_responses(weights: Array) -> tuple[float, float]:
    """The strongest responses, of either sign, to an upright and to a level edge from 0 to 1."""
    image = np.repeat([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]], 6, axis=0)
    return tuple(  # type: ignore[return-value]
        float(np.abs(conv2d(picture[None, None].copy(), weights[None, None])[0]).max())
        for picture in (image, image.T)
    )


def _judge_edge_kernel(kernel: Array, case: Case) -> str | None:
    """Silent without an edge, and an upright edge is seen.

    The sign of the answer is free, and so is what else the kernel answers to: level edges half as
    strongly or twice, slanting ones, or lines, as -1, 2, -1 does.
    """
    weights = np.asarray(kernel, float)
    if not np.isfinite(weights).all():
        return "The kernel holds values that are not finite."
    if not weights.any():
        return "The kernel is 0 everywhere, so it answers to nothing."
    silent = _SILENT * np.abs(weights).sum()
    if abs(weights.sum()) > silent:
        return "does not sum to zero"
    upright, level = _edge_responses(weights)
    if max(upright, level) <= silent:
        return "answers to no upright edge"
    if level > 2 * upright:
        return "responds along the edge instead of across it"
    return "answers too weakly" if upright < _WEAK else None


MAKE_EDGE_KERNEL = Exercise(
    name="make_edge_kernel",
    sections=("04_02b_convolution",),
    task="""
Return a 3 by 3 array that gives 0 on a picture of one brightness and answers strongly to an
*upright* edge, dark on one side and bright on the other. Many kernels are right; try one that is
not printed on this page. In a new cell, look at yours with
`explore.conv2d_under_the_window(kernel=make_edge_kernel())`.
""",
    stub="""
def make_edge_kernel():
    raise NotImplementedError
""",
    solution="""
def make_edge_kernel():
    across, along = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 2.0, 1.0])
    return np.outer(along, across)
""",
    alternative="""
def make_edge_kernel():
    return np.array([[1.0, 0.0, -1.0]] * 3)
""",
    returns={"kernel": "3 3"},
    shows="Your kernel is silent on a constant image and answers to an upright edge. The sign of "
    "the answer is up to you, and so is what else the kernel answers to.",
    judge=_judge_edge_kernel,
    slips=(
        Slip(
            "does not sum to zero",
            "Your kernel answers to a constant image, where there is no edge: it multiplies the "
            "brightness by the sum of its weights. Let the weights of the two sides cancel.",
            (
                lambda: np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -1.0], [1.0, 0.0, -1.0]]),
                lambda: np.full((3, 3), 1 / 9),
                lambda: np.array([[-1.0, 1.0, 1.0]] * 3),
            ),
        ),
        Slip(
            "responds along the edge instead of across it",
            "Your kernel answers to level edges, between top and bottom. An upright edge has dark "
            "on the left and bright on the right (or the reverse): compare columns, not rows.",
            (
                lambda: np.array([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]),
                lambda: np.array([[1.0] * 3, [0.0] * 3, [-1.0] * 3]),
            ),
        ),
        Slip(
            "answers to no upright edge",
            "Your kernel gives 0 at every upright edge, because each of its columns sums to zero; "
            "at most slanting edges, corners and dots make it answer. Give the left and the right "
            "column weights of opposite sign.",
            (
                lambda: np.array([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]]),
                lambda: np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]]),
            ),
        ),
        Slip(
            "answers too weakly",
            "Your kernel has the right pattern, but its answer to an upright edge from 0 to 1 is "
            f"below {_WEAK}: too weak to see. Make its weights larger, all by the same factor.",
            (lambda: np.array([[-1.0, 0.0, 1.0]] * 3) * 1e-9,),
        ),
    ),
    hints=(
        "On a constant image every product is brightness times weight. What must the weights add "
        "up to for the answer 0?",
        "At an upright edge the left column of the window is dark and the right one bright (or the "
        "reverse). Which signs make the difference of the two columns large?",
        "A first kernel to try has the row (-1, 0, 1) three times. Which row would you weight "
        "more?",
    ),
)
