"""Dropout trains with a random part of the numbers missing, so that none becomes indispensable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np

from course_lib.activation import keep
from course_lib.errors import (
    check_arrays,
    check_generator,
    check_gradient,
    check_number,
    check_rank,
)
from course_lib.layer import Backward, Identity, Layer
from course_lib.record import Array


def dropout(x: Array, p: float = 0.5, *, rng: np.random.Generator) -> tuple[Array, Backward]:
    """Set every number to zero with probability p and enlarge the others.

        y = x * mask / (1 - p)               mask is 0 with probability p, else 1

    Parameters
    ----------
    x : (...)
    p : float in [0, 1)                      probability that a number is set to zero
    rng : numpy.random.Generator             draws the mask, one for all of x

    Returns
    -------
    y : (...)
    backward : dy -> dx                      dx = dy * mask / (1 - p), with the same mask

    Raises
    ------
    TypeError        if x is not a float32 or float64 array, p no number, or rng no generator
    ValueError       if p is not in [0, 1)

    Notes
    -----
    Dividing by 1 - p keeps the mean: averaged over many masks, y is x.
    [Srivastava et al., 2014, Dropout: a simple way to prevent neural networks from overfitting]

    Examples
    --------
    >>> y, backward = dropout(np.ones(6), 0.5, rng=np.random.default_rng(1))
    >>> y
    array([0., 2., 2., 2., 0., 0.])
    >>> backward(np.ones(6))
    array([0., 2., 2., 2., 0., 0.])
    """
    return _dropout("dropout", x, p, rng)


def dropout1d(x: Array, p: float = 0.5, *, rng: np.random.Generator) -> tuple[Array, Backward]:
    """Set whole channels of a sequence to zero, so that neighbours cannot fill the gaps.

        y[n, c] = x[n, c] * mask[n, c] / (1 - p)

    Parameters
    ----------
    x : (N, C, L)
    p, rng                                   as in `dropout`

    Returns
    -------
    y : (N, C, L)
    backward : dy -> dx                      dx = dy * mask / (1 - p), with the same mask

    Raises
    ------
    TypeError        if x is not a float32 or float64 array, p no number, or rng no generator
    ValueError       if x has not three axes, or p is not in [0, 1)

    Notes
    -----
    Every channel of every example lives or dies as one. [Tompson et al., 2014, arXiv:1411.4280]

    Examples
    --------
    >>> dropout1d(np.ones((1, 3, 2)), 0.5, rng=np.random.default_rng(1))[0]
    array([[[0., 0.],
            [2., 2.],
            [2., 2.]]])
    """
    return _dropout_channels("dropout1d", "N, C, L", x, p, rng)


def dropout2d(x: Array, p: float = 0.5, *, rng: np.random.Generator) -> tuple[Array, Backward]:
    """Set whole channels of an image to zero, so that neighbouring pixels cannot fill the gaps.

        y[n, c] = x[n, c] * mask[n, c] / (1 - p)

    Parameters
    ----------
    x : (N, C, H, W)
    p, rng                                   as in `dropout`

    Returns
    -------
    y : (N, C, H, W)
    backward : dy -> dx                      dx = dy * mask / (1 - p), with the same mask

    Raises
    ------
    TypeError        if x is not a float32 or float64 array, p no number, or rng no generator
    ValueError       if x has not four axes, or p is not in [0, 1)

    Notes
    -----
    Every channel of every example lives or dies as one. [Tompson et al., 2014, arXiv:1411.4280]

    Examples
    --------
    >>> dropout2d(np.ones((1, 3, 2, 2)), 0.5, rng=np.random.default_rng(1))[0].sum(axis=(2, 3))
    array([[0., 8., 8.]])
    """
    return _dropout_channels("dropout2d", "N, C, H, W", x, p, rng)


def _dropout_channels(
    operation: str, axes: str, x: Array, p: float, rng: np.random.Generator
) -> tuple[Array, Backward]:
    check_arrays(operation, x=x)
    check_rank(operation, "x", x, axes)
    return _dropout(operation, x, p, rng, by_channel=True)


def _dropout(
    operation: str, x: Array, p: float, rng: np.random.Generator, *, by_channel: bool = False
) -> tuple[Array, Backward]:
    """Drop with one random draw per number, or per channel of (N, C, ...)."""
    check_arrays(operation, x=x)
    p = check_dropout(operation, p, rng)
    kept = draw_kept(x.shape[:2] if by_channel else x.shape, p, rng)
    scale = 1 / (1 - p)

    def thin_out(values: Array) -> Array:
        if by_channel:
            thinned = values * scale
            thinned[~kept] = 0  # to overwrite some channels is faster than to multiply them all
        else:
            thinned = keep(values, kept)
            thinned *= scale
        return thinned

    y = thin_out(x)

    def backward(dy: Array) -> Array:
        check_gradient(operation, dy, y)
        return thin_out(dy)

    return y, backward


def draw_kept(shape: tuple[int, ...], p: float, rng: np.random.Generator) -> Array:
    """True where a number is kept: drawn in float32 for either dtype, so that masks are the same.

    Examples
    --------
    >>> draw_kept((4,), 0.5, np.random.default_rng(1))
    array([False,  True,  True,  True])
    """
    return rng.random(shape, np.float32) >= p


def check_dropout(operation: str, p: float, rng: Any, name: str = "p") -> float:
    """The share that is dropped, as a Python float, once it and the generator are seen to be right.

    Examples
    --------
    >>> check_dropout("dropout", 1, np.random.default_rng(0))
    Traceback (most recent call last):
    ValueError: dropout: p is the share that is dropped and must be in [0, 1), not 1.0; if \
everything is dropped, nothing is left to learn from.
    """
    p = check_number(operation, name, p)
    if not 0 <= p < 1:
        raise ValueError(
            f"{operation}: {name} is the share that is dropped and must be in [0, 1), not {p}; "
            "if everything is dropped, nothing is left to learn from."
        )
    check_generator(operation, rng)
    return p


class Dropout(Layer):
    """Zero with probability p in training, nothing at all in evaluation (see `dropout`).

    The layer draws from a generator of its own, spawned from the one it is given, so that two
    layers made with the same `rng` drop different numbers.
    """

    p: float = 0.5
    _: KW_ONLY
    rng: np.random.Generator

    _operation: ClassVar[Callable[..., tuple[Array, Backward]]] = staticmethod(dropout)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_dropout(type(self).__name__, self.p, self.rng)
        object.__setattr__(self, "rng", self.rng.spawn(1)[0])

    def for_evaluation(self) -> Identity:
        return Identity().for_evaluation()  # marked, so that `save` refuses it

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, dropout_backward = self._operation(x, self.p, rng=self.rng)
        return y, lambda dy: (dropout_backward(dy), self)


class Dropout1d(Dropout):
    """Drop whole channels of a sequence, (N, C, L) (see `dropout1d`)."""

    _operation = staticmethod(dropout1d)


class Dropout2d(Dropout):
    """Drop whole channels of an image, (N, C, H, W) (see `dropout2d`)."""

    _operation = staticmethod(dropout2d)
