"""Two causal transformers: one that turns a word round, and one that goes on writing a text."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Literal

import numpy as np

import course_lib as lib
from course_lib.engine.transformer import Causal, MeanOfTokens, block
from course_lib.history import History
from course_lib.layer import Backward, Layer
from course_lib.record import Array

LETTERS = "abcdefghij"
GO = len(LETTERS)  # the token after which the net writes
LENGTH = 6  # of a word
UNASKED = -1  # the target at a position where the net need not answer
Task = Literal["reverse", "sort"]


def causal_transformer(
    tokens: int, length: int, rng: np.random.Generator, *,
    width: int = 32, heads: int = 1, blocks: int = 1, dropout: float = 0.0,
    positions: bool = True, dtype: Any = np.float64,
) -> lib.Sequential:  # fmt: skip
    """Token numbers (N, T) in, a score for each token that may come next out (N, T, tokens)."""
    options: dict[str, Any] = {"rng": rng, "dtype": dtype}
    body: list[Layer] = []
    for _ in range(blocks):
        attention = lib.MultiHeadAttention.init(width, heads, **options)
        body += block(Causal(attention), width, hidden=4 * width, activation=lib.GELU(), **options)
    places = lib.LearnedPositionalEncoding.init(length, width, std=0.3, **options)
    return lib.Sequential(
        lib.Embedding.init(tokens, width, **options),
        places if positions else lib.Identity(),
        lib.Dropout(dropout, rng=rng) if dropout else lib.Identity(),
        *body,
        lib.LayerNorm.init(width, dtype=dtype),
        lib.Linear.init(width, tokens, **options),
    )


# -- a word, turned round or sorted ----------------------------------------------------------------


def answers(words: Array, task: Task) -> Array:
    """What is to be written after each word: (N, LENGTH)."""
    return words[:, ::-1] if task == "reverse" else np.sort(words, axis=1)


def examples(count: int, task: Task, rng: np.random.Generator) -> tuple[Array, Array]:
    """Words at random, GO and the answer but for its last letter; and the token due at each place.

    Both are (count, 2 * LENGTH). A place before GO is not asked for anything.
    """
    words = rng.integers(len(LETTERS), size=(count, LENGTH))
    wanted = answers(words, task)
    go = np.full((count, 1), GO)
    tokens = np.concatenate([words, go, wanted[:, :-1]], axis=1)
    unasked = np.full((count, LENGTH), UNASKED)
    return tokens, np.concatenate([unasked, wanted], axis=1)


def train(
    task: Task, seed: int = 0, *, positions: bool = True, steps: int = 150, progress: bool = False
) -> tuple[lib.Sequential, History]:
    """A net of one block after `steps` steps of 64 words, each word seen once."""
    rng = np.random.default_rng(seed)
    net = causal_transformer(GO + 1, 2 * LENGTH, rng, positions=positions)
    return lib.fit(
        net, *examples(64 * steps, task, rng),
        optimizer=lib.AdamW.init(net, learning_rate=5e-3),
        loss=partial(lib.cross_entropy, ignore_index=UNASKED),
        epochs=1,
        rng=rng,
        progress=progress,
    )  # fmt: skip


@cache
def reverser() -> lib.Sequential:
    """The net that turns words round, trained once."""
    return train("reverse")[0]


def write(net: Layer, words: Array) -> Array:
    """The net's answer to each word, letter by letter, always the likeliest: (N, LENGTH)."""
    tokens = np.concatenate([words, np.full((len(words), 1), GO)], axis=1)
    for _ in range(LENGTH):
        likeliest = net(tokens)[:, -1].argmax(axis=1)
        tokens = np.concatenate([tokens, likeliest[:, None]], axis=1)
    return tokens[:, LENGTH + 1 :]


def likeliest(net: Layer, words: Array) -> Array:
    """The answer of a net that gives the scores of all places at once: (N, LENGTH)."""
    return net(words).argmax(axis=2)


def right(
    net: Layer, task: Task, say: Callable[[Layer, Array], Array] = write
) -> tuple[float, float]:
    """Of 500 new words: the share of whole answers that are right, and of letters."""
    words = np.random.default_rng(1000).integers(len(LETTERS), size=(500, LENGTH))
    same = say(net, words) == answers(words, task)
    return float(same.all(axis=1).mean()), float(same.mean())


class Places(Layer):
    """One row of numbers cut into one for each place: (N, LENGTH * K) -> (N, LENGTH, K)."""

    def forward(self, x: Array) -> tuple[Array, Backward]:
        def backward(dy: Array) -> tuple[Array, Places]:
            return dy.reshape(x.shape), self

        return x.reshape(len(x), LENGTH, -1), backward


def train_bag(task: Task, seed: int = 0, *, steps: int = 600) -> lib.Sequential:
    """A net that sees the mean of the letters' vectors, and so which they are and not where."""
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {"rng": rng, "dtype": np.float32}
    net = lib.Sequential(
        lib.Embedding.init(len(LETTERS), 64, **options),
        MeanOfTokens(),
        lib.Linear.init(64, 256, **options),
        lib.ReLU(),
        lib.Linear.init(256, LENGTH * len(LETTERS), **options),
        Places(),
    )
    words = rng.integers(len(LETTERS), size=(64 * steps, LENGTH))
    rate = lib.warmup_cosine(1e-2, 20, steps)
    return lib.fit(
        net, words, answers(words, task),
        optimizer=lib.Adam.init(net, learning_rate=rate), epochs=1, rng=rng, progress=False,
    )[0]  # fmt: skip
