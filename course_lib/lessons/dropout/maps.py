"""What a dropped number leaves behind: survivors in its own map, and the other maps."""

from __future__ import annotations

from functools import cache

import numpy as np

import course_lib as lib
from course_lib.record import Array

SHRINK = 4
P = 0.5
BLUR = np.full((3, 3), 1 / 9)
UPRIGHT = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4  # brighter on the right
NAMES = {"features": ("blur", "upright edges", "level edges"), "colours": ("red", "green", "blue")}


@cache
def three_maps(kind: str, photo: str = "china") -> Array:
    """Features that a convolution with a ReLU finds in a photograph, its colours, or itself.

    Parameters
    ----------
    kind : "features", "colours" or "photograph"
    photo : "china" or "flower"

    Returns
    -------
    (1, 3, H, W), for "photograph" (1, 1, H, W)
    """
    image = lib.photograph(photo, shrink=SHRINK, grey=kind != "colours", dtype=np.float64)
    if kind != "features":
        return image.reshape(1, -1, *image.shape[-2:])
    kernels = np.stack([BLUR, UPRIGHT, UPRIGHT.T])[:, None]
    return lib.Sequential(lib.Conv2d(kernels, None), lib.ReLU())(image[None, None])


def behind_dropout(kind: type[lib.Dropout], x: Array, seed: int) -> tuple[Array, Array]:
    """What a dropout layer makes of x, and where it kept x: both like x.

    A number may be 0 without having been dropped, so we ask a second layer, which draws the same
    numbers, what it does to ones.
    """
    y, ones = (kind(P, rng=np.random.default_rng(seed))(a) for a in (x, np.ones_like(x)))
    return y, ones > 0


def from_own_map(values: Array, kept: Array) -> Array:
    """The mean of the eight neighbours that were kept, or of all that was kept if no one was.

    Parameters
    ----------
    values, kept : (H, W)       what was dropped is not read

    Returns
    -------
    (H, W)                      0 if nothing was kept at all
    """
    if not kept.any():
        return np.zeros_like(values)
    ring = np.ones((1, 1, 3, 3))
    ring[0, 0, 1, 1] = 0
    around = lib.Conv2d(ring, None, padding=1)
    total, count = (around(a[None, None])[0, 0] for a in (values * kept, kept.astype(float)))
    return np.where(count > 0, total / np.maximum(count, 1), values[kept].mean())


def from_other_maps(others: Array, wanted: Array, at: Array) -> Array:
    """The weighted sum of the others' 3 × 3 windows that comes closest to what is wanted there.

    Least squares, with the answer in sight: no other weights bring back more.

    Parameters
    ----------
    others : (K, H, W)
    wanted : (H, W)
    at : (H, W)                 True where it is wanted

    Returns
    -------
    (H, W)
    """
    padded = np.pad(others, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    x = windows.transpose(1, 2, 0, 3, 4).reshape(*wanted.shape, -1)
    x = np.concatenate([x, np.ones((*wanted.shape, 1))], axis=-1)  # and a bias
    weight = np.linalg.lstsq(x[at], wanted[at], rcond=None)[0]
    return x @ weight


def dropped_whole(x: Array, i: int) -> tuple[Array, Array]:
    """x without map i, and where it was dropped: both like x, (1, C, H, W)."""
    gone = np.zeros(x.shape, bool)
    gone[:, i] = True
    return np.where(gone, 0, x), gone


def brought_back(x: Array, y: Array, gone: Array, i: int) -> tuple[Array, Array]:
    """Map i with what was dropped brought back by its own map, and by the others.

    Parameters
    ----------
    x, y, gone : (1, C, H, W)    before dropout, behind it, and True where it dropped

    Returns
    -------
    (H, W), (H, W)
    """
    at, wanted, others = gone[0, i], x[0, i], np.delete(y[0], i, axis=0)
    own = from_own_map(wanted, ~at)
    mixed = from_other_maps(others, wanted, at) if at.any() else wanted
    return np.where(at, own, wanted), np.where(at, mixed, wanted)


def agreements(x: Array, y: Array, gone: Array, i: int) -> tuple[float, float]:
    """How well map i is brought back where it was dropped: the two r of `brought_back`."""
    at = gone[0, i]
    own, mixed = (agreement(found[at], x[0, i][at]) for found in brought_back(x, y, gone, i))
    return own, mixed


def agreement(found: Array, wanted: Array) -> float:
    """The correlation r: 1 where one follows the other, 0 where one says nothing of the other."""
    if min(found.std(), wanted.std()) < 1e-9:
        return 0.0
    return float(np.corrcoef(found, wanted)[0, 1])
