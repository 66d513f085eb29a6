"""The exercise make_edge_kernel: many right answers, judged by what they do to edges."""

from __future__ import annotations

import numpy as np

from course_lib.convolution import conv2d
from course_lib.engine.exercise import Case, Exercise, Mistake
from course_lib.record import Array

_WEAK = 0.1  # of the step; kernels scaled to measure the slope, such as Sobel / 8, give a half


def _edge_responses(kernel: Array) -> tuple[float, float]:
    """The strongest responses, of either sign, to an upright and to a level edge from 0 to 1."""
    weight = np.asarray(kernel, float)[None, None]
    image = np.repeat([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]], 6, axis=0)
    return tuple(  # type: ignore[return-value]
        float(np.abs(conv2d(picture[None, None].copy(), weight)[0]).max())
        for picture in (image, image.T)
    )


def _judge_edge_kernel(kernel: Array, case: Case) -> str | None:
    """Silent without an edge, and an upright edge stands out: visibly, and over a level one.

    The sign of the answer is free. -1, 2, -1 answers to an edge from both sides, with opposite
    signs; it finds lines as well as edges, and it passes.
    """
    weights = np.asarray(kernel, float)
    if not np.isfinite(weights).all():
        return "The kernel holds values that are not finite."
    if abs(weights.sum()) > 1e-3 * np.abs(weights).sum():
        return "does not sum to zero"
    upright, level = _edge_responses(weights)
    if upright == level == 0:
        return (
            "The kernel gives 0 on a constant image, and also on every edge. Give the two sides of "
            "the window weights of opposite sign."
        )
    if level > 2 * upright:
        return "responds along the edge instead of across it"
    if upright <= 2 * level:
        return "responds to edges in every direction"
    return "answers too weakly" if upright < _WEAK else None


MAKE_EDGE_KERNEL = Exercise(
    name="make_edge_kernel",
    sections=("04_02b_convolution",),
    returns=("kernel",),
    shows="Your kernel is silent on a constant image and answers to an upright edge, more than "
    "twice as strongly as to a level one. The sign of the answer is up to you.",
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
            "Your kernel answers to level edges, between top and bottom. An upright edge has dark "
            "on the left and bright on the right (or the reverse): compare columns, not rows.",
            (
                lambda: np.array([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]),
                lambda: np.array([[1.0] * 3, [0.0] * 3, [-1.0] * 3]),
            ),
        ),
        Mistake(
            "responds to edges in every direction",
            "Your kernel answers to a level edge, between top and bottom, half as strongly as to "
            "an upright one or more. To find upright edges only, compare columns, and let every "
            "row of the kernel sum to zero.",
            (
                lambda: np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]),
                lambda: np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]]),
            ),
        ),
        Mistake(
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
