"""A net that goes on writing a text, character by character, and the counts it is held against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import course_lib as lib
from course_lib.layer import Layer
from course_lib.lessons.capstone_text.nets import causal_transformer
from course_lib.record import Array

SIZE = 60_000  # characters of the library's texts
CONTEXT = 32  # characters that the net sees at a time
STEPS, BATCH, PARTS = 600, 32, 3  # of the training, in parts


@dataclass(frozen=True)
class Text:
    """A text as numbers: most of it to learn from, its end held out."""

    symbols: str
    train: Array
    held_out: Array

    @classmethod
    def of(cls, text: str) -> Text:
        """Its characters in order of the alphabet; the last tenth is held out.

        Raises
        ------
        ValueError     if it is too short to be cut into windows
        """
        if len(text) < 20 * CONTEXT:
            raise ValueError(
                f"Text.of: the text has {len(text)} characters; give at least {20 * CONTEXT}, so "
                f"that its last tenth holds windows of {CONTEXT}."
            )
        symbols = "".join(sorted(set(text)))
        numbers = np.array([symbols.index(c) for c in text])
        cut = len(numbers) * 9 // 10
        return cls(symbols, numbers[:cut], numbers[cut:])


@cache
def library_text() -> str:
    """The beginning of Python's own help pages, small letters, spaces, full stops and commas.

    They differ a little from version to version.
    """
    from pydoc_data.topics import topics

    plain = re.sub(r"[^a-z .,]+", " ", "\n".join(topics.values()).lower())
    return re.sub(r" +", " ", plain)[:SIZE]


def ngram_nats(text: Text, n: int, *, extra: float = 0.1) -> float:
    """The mean surprise at a held-out character, by counts of n characters in a row.

    Every count gets `extra` added, or a row that was never met would surprise without end.
    """
    size = len(text.symbols)

    def rows(numbers: Array) -> Array:
        """One number for every n characters in a row."""
        count = len(numbers) - n + 1
        return sum(size ** (n - 1 - k) * numbers[k : k + count] for k in range(n))

    counts = np.bincount(rows(text.train), minlength=size**n).reshape(-1, size) + extra
    shares = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log(shares.ravel()[rows(text.held_out)]).mean())


def windows(numbers: Array, starts: Array) -> tuple[Array, Array]:
    """Characters, and for each the one that follows: both (starts, CONTEXT)."""
    cut = numbers[starts[:, None] + np.arange(CONTEXT + 1)]
    return cut[:, :-1], cut[:, 1:]


def net_nats(net: Layer, text: Text) -> float:
    """The mean surprise at a held-out character that has half a window or more before it."""
    half = CONTEXT // 2
    x, target = windows(text.held_out, np.arange(0, len(text.held_out) - CONTEXT, half))
    logits = lib.predict_in_batches(net, x)[:, half:]
    return float(lib.cross_entropy(logits, target[:, half:])[0])


def training(text: Text, seed: int = 0, *, progress: bool = True) -> Iterator[Layer]:
    """The net after each third of its training."""
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {"width": 64, "heads": 4, "dtype": np.float32}
    net = causal_transformer(len(text.symbols), CONTEXT, rng, **options)
    optimizer: Any = lib.AdamW.init(net, learning_rate=lib.warmup_cosine(2e-2, 20, STEPS))
    for _ in range(PARTS):
        starts = rng.integers(len(text.train) - CONTEXT, size=BATCH * STEPS // PARTS)
        net, history = lib.fit(
            net, *windows(text.train, starts), optimizer=optimizer,
            epochs=1, batch_size=BATCH, clip_norm=1.0, rng=rng, progress=progress,
        )  # fmt: skip
        optimizer = history.optimizer
        yield net


def go_on(
    net: Layer, text: Text, start: str, count: int, *, temperature: float, rng: np.random.Generator
) -> str:
    """Write `count` characters after `start`, each drawn by its probability."""
    said = [text.symbols.index(c) for c in start]
    for _ in range(count):
        logits = net(np.array([said[-CONTEXT:]]))[0, -1].astype(np.float64)
        weights = np.exp((logits - logits.max()) / temperature)
        said.append(int(rng.choice(len(weights), p=weights / weights.sum())))
    return "".join(text.symbols[i] for i in said)
