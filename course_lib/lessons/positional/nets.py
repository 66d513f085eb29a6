"""A small transformer, and what only order solves: say the token that stands before you."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.engine.transformer import Causal, MeanOfTokens, block
from course_lib.layer import Layer
from course_lib.record import Array

TOKENS, WIDTH, HEADS = 8, 32, 2
LENGTH, LONGER = 16, 64  # of the sequences that a net learns from, and of those it is tried on
BASE = 100.0  # of the sinusoidal and the rotary code
CODES = ("none", "sinusoidal", "learned", "rotary")


def attention(
    width: int, rng: np.random.Generator, *, rotary: bool = False, base: float = BASE
) -> lib.MultiHeadAttention:
    """A layer of attention in float64, its queries and keys turned by their positions or not."""
    layer = lib.MultiHeadAttention.init(width, HEADS, rng=rng, dtype=np.float64)
    if not rotary:
        return layer
    return lib.RotaryMultiHeadAttention(
        layer.in_proj_weight, layer.in_proj_bias, layer.out_proj, num_heads=HEADS, base=base
    )


def position(code: str, rng: np.random.Generator) -> Layer:
    """What writes the position into the vectors, if anything does."""
    if code == "sinusoidal":
        return lib.SinusoidalPositionalEncoding(WIDTH, base=BASE)
    if code == "concatenated":
        return lib.SinusoidalPositionalEncoding(WIDTH, mode="concat", base=BASE)
    if code == "learned":  # a row for every position, of which training sees the first LENGTH
        return lib.LearnedPositionalEncoding.init(LONGER, WIDTH, std=0.3, rng=rng, dtype=np.float64)
    return lib.Identity()


def reader(
    code: str, rng: np.random.Generator, *, causal: bool = False, base: float = BASE
) -> lib.Sequential:
    """Token numbers (N, T) in, a score for each token out (N, T, TOKENS); one block between."""
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    width = 2 * WIDTH if code == "concatenated" else WIDTH
    mixer = attention(width, rng, rotary=code == "rotary", base=base)
    return lib.Sequential(
        lib.Embedding.init(TOKENS, WIDTH, **options),
        position(code, rng),
        *block(Causal(mixer) if causal else mixer, width, rng),
        lib.LayerNorm.init(width, dtype=np.float64),
        lib.Linear.init(width, TOKENS, **options),
    )


def previous_token(count: int, length: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Tokens at random, and for each the one before it, the first its own: (count, length)."""
    tokens = rng.integers(TOKENS, size=(count, length))
    return tokens, np.concatenate([tokens[:, :1], tokens[:, :-1]], axis=1)


@cache
def trained(
    code: str, seed: int = 0, *, causal: bool = False, base: float = BASE
) -> lib.Sequential:
    """A reader after 150 steps on fresh sequences of LENGTH tokens, trained once."""
    rng = np.random.default_rng(seed)
    net = reader(code, rng, causal=causal, base=base)
    tokens, target = previous_token(150 * 32, LENGTH, rng)
    net, _ = lib.fit(
        net, tokens, target,
        optimizer=lib.Adam.init(net, learning_rate=1e-2),
        epochs=1,
        batch_size=32,
        rng=rng,
        progress=False,
    )  # fmt: skip
    return net


def right_by_position(net: Layer, length: int, *, count: int = 200) -> Array:
    """How often a net is right at each position of fresh sequences: (length,)."""
    tokens, target = previous_token(count, length, np.random.default_rng(1000))
    return (net(tokens).argmax(axis=-1) == target).mean(axis=0)


def row_reader(where: Layer, rng: np.random.Generator) -> lib.Sequential:
    """A digit (N, 8, 8) as eight tokens, its rows, in; ten scores out."""
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    return lib.Sequential(
        lib.Linear.init(8, WIDTH, **options),
        where,
        *block(attention(WIDTH, rng), WIDTH, rng),
        lib.LayerNorm.init(WIDTH, dtype=np.float64),
        MeanOfTokens(),
        lib.Linear.init(WIDTH, 10, **options),
    )
