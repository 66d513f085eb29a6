"""Forbid cells of a trained net's attention map by painting, and see which letters break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Grid, Legend, Page, Panel, Words
from course_lib.draw.palette import HIGHLIGHT, MUTED, OUTPUT, Scale
from course_lib.engine.control import Pad
from course_lib.engine.explorer import Explorer
from course_lib.layer import Backward
from course_lib.lessons.capstone_text.nets import GO, LENGTH, LETTERS, answers, reverser
from course_lib.record import Array

SIZE = 2 * LENGTH
NOTHING = np.zeros((SIZE, SIZE))
WORDS = {
    word: np.array([LETTERS.index(c) for c in word]) for word in ("badhij", "facade", "aaaaab")
}
HIDDEN = {"the cells that I paint": False, "all but the cells that suffice": True}
LONGEST = "It writes “aaaaaa”, and 6 of 6 letters break. Cells left open: 78."


class Blindfolded(lib.MultiHeadAttention):
    """Attention in which a query may not look where `forbidden` is true, whatever it is told."""

    forbidden: tuple[tuple[bool, ...], ...] = ()

    def forward(self, query: Array, *inputs: Any, **options: Any) -> tuple[Array, Backward]:
        length = query.shape[1]
        mask = ~np.array(self.forbidden)[:length, :length]
        return super().forward(query, *inputs, mask=mask, **options)


def blindfolded(forbidden: Array) -> lib.Sequential:
    """The reverser with cells of its map forbidden: (SIZE, SIZE), true where it may not look."""
    embed, place, drop, speak, *rest = reverser().layers
    norm, causal = speak.body.layers  # type: ignore[attr-defined]
    cells = tuple(map(tuple, forbidden.astype(bool).tolist()))
    attention = Blindfolded(**vars(causal.attention), forbidden=cells)
    speak = lib.Residual(lib.Sequential(norm, type(causal)(attention)))
    return lib.Sequential(embed, place, drop, speak, *rest)


def map_of(net: lib.Sequential, tokens: Array) -> Array:
    """Who looks at whom, the mean over sequences: (T, T)."""
    embed, place, _, speak, *_ = net.layers
    norm, causal = speak.body.layers  # type: ignore[attr-defined]
    x = norm(place(embed(tokens)))
    length = tokens.shape[1]
    mask = None
    if isinstance(causal.attention, Blindfolded):
        mask = ~np.array(causal.attention.forbidden)[:length, :length]
    return causal.attention.attention_maps(x, mask=mask, causal=True).mean(axis=(0, 1))


def asked(words: Array) -> Array:
    """Each word, GO and the right answer but for its last letter: (N, SIZE)."""
    go = np.full((len(words), 1), GO)
    return np.concatenate([words, go, answers(words, "reverse")[:, :-1]], axis=1)


def letters_right(net: lib.Sequential, words: Array) -> Array:
    """Which letters a net gets right when all before them are right: (N, LENGTH)."""
    return net(asked(words))[:, LENGTH:].argmax(axis=2) == answers(words, "reverse")


@cache
def spare() -> Array:
    """The cells without which no letter of 100 words breaks: (SIZE, SIZE), true where spared.

    One cell after the other is forbidden, the least looked at first, and stays so if all is right.
    """
    words = np.random.default_rng(7).integers(len(LETTERS), size=(100, LENGTH))
    forbidden = np.zeros((SIZE, SIZE), bool)
    weights = map_of(reverser(), asked(words))
    cells = np.argwhere(np.tri(SIZE, dtype=bool))
    for t, s in sorted(map(tuple, cells.tolist()), key=lambda cell: weights[cell]):
        forbidden[t, s] = True
        forbidden[t, s] = bool(letters_right(blindfolded(forbidden), words).all())
    return forbidden


@lru_cache(maxsize=64)
def looked(cells: tuple[tuple[float, ...], ...], word: str) -> tuple[Array, Array, Array]:
    """The map, what is written, and which letters of 200 words are right, by place."""
    net = blindfolded(np.array(cells) > 0)
    tokens = asked(WORDS[word][None])
    said = net(tokens)[0, LENGTH:].argmax(axis=1)
    words = np.random.default_rng(8).integers(len(LETTERS), size=(200, LENGTH))
    return map_of(net, tokens), said, letters_right(net, words).mean(axis=0)


@dataclass(frozen=True)
class View:
    """A word, the map with its forbidden cells, and what comes out."""

    word: str
    forbidden: Array  # (SIZE, SIZE) bool
    map: Array  # (SIZE, SIZE)
    said: Array  # (LENGTH,)
    right: Array  # (LENGTH,), shares of 200 words

    @property
    def broken(self) -> Array:
        """Which letters of this word are wrong."""
        return self.said != WORDS[self.word][::-1]

    @property
    def open(self) -> int:
        """Cells at or before the letter itself that are not forbidden."""
        return int((np.tri(SIZE, dtype=bool) & ~self.forbidden).sum())


def blindfold(**values: Any) -> Explorer:
    """Paint over cells of the map; the trained net may not look there any more.

    Parameters
    ----------
    **values        where the controls start: word, hidden, cells (12 × 12, 1 where forbidden)

    Returns
    -------
    Explorer

    Notes
    -----
    The net is trained when it is first asked for, which takes some seconds.

    Examples
    --------
    >>> print(blindfold().text().splitlines()[2])
    Asked to turn “badhij” round, it writes “jihdab”: right.
    """

    def compute(word: str, hidden: bool, cells: Array = NOTHING) -> View:
        forbidden = (np.array(cells) > 0.5) | (spare() if hidden else False)
        drawn = tuple(map(tuple, forbidden.astype(float).tolist()))
        return View(word, forbidden, *looked(drawn, word))

    explorer = Explorer(
        "blindfold",
        compute,
        draw,
        describe,
        call="explore.blindfold()",
        word=list(WORDS),
        hidden=HIDDEN,
        cells=Pad("map", NOTHING, 0, 1),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    said = "".join(LETTERS[i] for i in view.said)
    wrong = [f"number {i + 1}" for i in np.flatnonzero(view.broken)]
    verdict = f"broken: {', '.join(wrong)}" if wrong else "right"
    shares = ", ".join(f"{share:.2f}" for share in view.right)
    return f"""\
Asked to turn “{view.word}” round, it writes “{said}”: {verdict}.
Each letter is asked for with the right ones before it. Cells left open: {view.open} of 78.
Of 200 other words right at each place: {shares}."""


def draw(figure: Figure) -> Callable[[View], None]:
    """The map with what is forbidden, the tokens at both sides, and what is written."""
    says = Words(LONGEST, weight="bold")
    cells = Panel(
        "map", xlim=(-1, SIZE), ylim=(SIZE, -1), equal=True, height=300, least=290, frame=MUTED
    )
    written = Grid("written", 2, LENGTH, square=False, height=80, caption="")
    key = Legend((MUTED, "forbidden"), (HIGHLIGHT, "broken"), (OUTPUT, "from here on it writes"))
    Page(figure, [says], [cells, written], [key])
    weights = cells.cells()
    crosses = cells.segments(MUTED, linewidths=2)
    start = cells.segments(OUTPUT, linewidths=2)
    start.set_segments([[(-1, LENGTH), (SIZE, LENGTH)]])
    who = [cells.label(-0.5, i + 0.5, "", ha="center") for i in range(SIZE)]
    whom = [cells.label(i + 0.5, -0.5, "", ha="center") for i in range(SIZE)]
    answer = [[written.label(i + 0.5, row + 0.5, "", ha="center") for i in range(LENGTH)]
              for row in range(2)]  # fmt: skip
    marks = written.segments(HIGHLIGHT, linewidths=3)

    def update(view: View) -> None:
        broken = int(view.broken.sum())
        said = "".join(LETTERS[i] for i in view.said)
        says.set_text(f"It writes “{said}”, and {broken} of {LENGTH} letters break. "
                      f"Cells left open: {view.open}.")  # fmt: skip
        cells.title.set_text("row: who looks, column: where to")
        weights.show(view.map, Scale(0, 1, "Blues"), (0, SIZE, SIZE, 0))
        crosses.set_segments(
            [[(s + 0.15, t + 0.15), (s + 0.85, t + 0.85)] for t, s in np.argwhere(view.forbidden)]
        )
        line = view.word + ">" + view.word[::-1][:-1]
        for row, column, letter in zip(who, whom, line, strict=True):
            row.set_text(letter)
            column.set_text(letter)
        written.title.set_text("what it writes, and how often right")
        for i, (top, below) in enumerate(zip(*answer, strict=True)):
            top.set_text(said[i])
            below.set_text(f"{view.right[i]:.0%}")
        marks.set_segments(
            [[(i + 0.1, 0.95), (i + 0.9, 0.95)] for i in np.flatnonzero(view.broken)]
        )

    return update
