"""The block of which transformers are made, for the lessons that build one."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.activation import ReLU
from course_lib.layer import Backward, Layer, Sequential
from course_lib.linear import Linear
from course_lib.multi_head_attention import MultiHeadAttention
from course_lib.normalization import LayerNorm
from course_lib.record import Array
from course_lib.residual import Residual


class Causal(Layer):
    """Attention in which each token sees itself and what stands before it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = Causal(MultiHeadAttention.init(4, 1, rng=rng, dtype=np.float64))
    >>> x = rng.normal(size=(1, 3, 4))
    >>> changed = x + np.array([0, 0, 1])[:, None]  # the last token alone
    >>> bool((layer(changed)[:, :2] == layer(x)[:, :2]).all())
    True
    """

    attention: MultiHeadAttention

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, attention_backward = self.attention.forward(x, causal=True)

        def backward(dy: Array) -> tuple[Array, Causal]:
            dx, grad = attention_backward(dy)
            return dx, Causal(grad)

        return y, backward


class MeanOfTokens(Layer):
    """One vector for a sequence: (N, T, D) -> (N, D)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        def backward(dy: Array) -> tuple[Array, MeanOfTokens]:
            return np.repeat(dy[:, None] / x.shape[1], x.shape[1], axis=1), self

        return x.mean(axis=1), backward


def block(
    mixer: Layer,
    width: int,
    rng: np.random.Generator,
    *,
    hidden: int = 64,
    activation: Layer | None = None,
    dtype: Any = np.float64,
) -> tuple[Layer, Layer]:
    """Tokens speak to each other, then each thinks by itself; both are added to what is there.

    Parameters
    ----------
    mixer : Layer              (N, T, width) -> (N, T, width), such as attention
    width, hidden : int        features of a token, and between the two linear layers
    rng : numpy.random.Generator
    activation : Layer         between the linear layers; ReLU unless given

    Returns
    -------
    two layers, one after the other; each adds to its input what its body makes of it

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mixer = Causal(MultiHeadAttention.init(4, 1, rng=rng, dtype=np.float64))
    >>> speak, think = block(mixer, 4, rng)
    >>> [type(layer).__name__ for layer in speak.body.layers]
    ['LayerNorm', 'Causal']
    """
    options: dict[str, Any] = {"rng": rng, "dtype": dtype}
    norms = [LayerNorm.init(width, dtype=dtype) for _ in range(2)]
    wide, narrow = Linear.init(width, hidden, **options), Linear.init(hidden, width, **options)
    return (
        Residual(Sequential(norms[0], mixer)),
        Residual(Sequential(norms[1], wide, activation or ReLU(), narrow)),
    )
