"""The kernels that the explorers of this lesson offer: made by hand, or the learner's own."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np

from course_lib.record import Array

# a kernel of one's own: the shapes that fit, by rank
OWN: dict[int, tuple[list[tuple[int, ...]], str]] = {
    1: ([(k,) for k in range(2, 6)], "of one axis, from (2,) to (5,), for example [-1, 0, 1]"),
    2: (
        [(k, k) for k in range(2, 6)],
        "square, from (2, 2) to (5, 5), for example [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]",
    ),
    3: ([(3, 3, 3)], "(3, 3, 3), colours by rows by columns, for example np.ones((3, 3, 3)) / 27"),
}


def hand_made_kernels(size: int, rank: int = 2) -> dict[str, Array]:
    """The classical kernels for any size from 2 on: (size,) if rank is 1, (size, size) if 2.

    Examples
    --------
    >>> hand_made_kernels(3)["Sobel x"].astype(int).tolist()
    [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    >>> hand_made_kernels(2)["edge"].astype(int).tolist()
    [[-1, -1], [-1, 3]]
    >>> hand_made_kernels(5, rank=1)["difference"].astype(int).tolist()
    [-1, -2, 0, 2, 1]
    """
    mean = np.full((size,) * rank, 1 / size**rank)
    identity = np.zeros((size,) * rank)
    identity[(size // 2,) * rank] = 1.0
    smooth = np.array([comb(size - 1, i) for i in range(size)], float)
    slope = np.convolve([comb(size - 2, i) for i in range(size - 1)], [-1.0, 1.0])
    edge = {"edge": size**rank * identity - 1}
    even = {"blur": mean, "sharpen": 2 * identity - mean}
    if rank == 1:
        return {"difference": slope, **edge, **even, "identity": identity}
    sobel = {"Sobel x": np.outer(smooth, slope), "Sobel y": np.outer(slope, smooth)}
    return edge | even | sobel | {"identity": identity}


def read_kernel(name: str, kernel: Any, rank: int) -> tuple[dict[str, Array], dict[str, str]]:
    """What an explorer's argument `kernel` adds to its list of kernels, and what it chooses there.

    Examples
    --------
    >>> read_kernel("f", "blur", 2), read_kernel("f", [-1, 1], 1)
    (({}, {'kernel': 'blur'}), ({'own': array([-1.,  1.])}, {'kernel': 'own'}))
    """
    if kernel is None:
        return {}, {}
    if isinstance(kernel, str):
        return {}, {"kernel": kernel}
    weight = np.array(kernel, float)
    shapes, rule = OWN[rank]
    if weight.shape not in shapes:
        raise ValueError(f"{name}: kernel has shape {weight.shape}; it must be {rule}.")
    return {"own": weight}, {"kernel": "own"}
