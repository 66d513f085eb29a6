"""A sentence through a look-up table and back: rows out, gradients added up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw.legend import Legend
from course_lib.draw.numbers import number, numbers
from course_lib.draw.page import Page
from course_lib.draw.palette import (
    DATA,
    GRADIENT,
    HIGHLIGHT,
    MUTED,
    OUTPUT,
    WEIGHT,
    tint,
)
from course_lib.draw.panel import Panel
from course_lib.engine.control import Pad, Point
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.record import Array

MOST = 8  # tokens
DIM = 2
ABSENT = ("moon", "fish", "tree")  # two that the sentence does not have join the vocabulary
SENTENCE = "the cat and the dog and the bird"
LETTERS = 6  # of a word that fit


@dataclass(frozen=True)
class View:
    """One sentence there and back, and the token that is looked at."""

    words: tuple[str, ...]  # the vocabulary, T words of a table
    tokens: Array  # (N,)
    token: int
    weight: Array  # (V, DIM)
    y: Array  # (N, DIM), by the look-up
    product: Array  # (N, DIM), by the one-hot rows
    dy: Array  # (N, DIM)
    dweight: Array  # (V, DIM)

    @property
    def row(self) -> int:
        return int(self.tokens[self.token])

    @property
    def onehot(self) -> Array:
        return np.eye(len(self.words))[self.tokens]

    @property
    def absent(self) -> list[int]:
        return [i for i in range(len(self.words)) if i not in self.tokens]

    @property
    def same(self) -> Array:
        """Where the token stands."""
        return np.flatnonzero(self.tokens == self.row)


def read(text: str) -> tuple[tuple[str, ...], Array]:
    """The vocabulary, in the order in which its words come, and the sentence as their numbers."""
    said = re.findall(r"\w+", text.lower())
    if not 1 <= len(said) <= MOST:
        raise ValueError(
            f"look_up_table: text has {so_many(len(said), 'word')}; give it one to {MOST}, such as "
            f"{SENTENCE!r}."
        )
    known = list(dict.fromkeys(said))
    absent = [word for word in ABSENT if word not in known][:2]
    return (*known, *absent), np.array([known.index(word) for word in said])


def look_up_table(text: str = SENTENCE, **values: Any) -> Explorer:
    """A sentence's tokens pick rows of a table; their gradients are added up on the way back.

    Parameters
    ----------
    text : str      up to eight words
    **values        where the controls start: token, dy (tokens × 2 numbers)

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError      if text has no word, or more than eight

    Examples
    --------
    >>> print(look_up_table("the dog and the cat").text().splitlines()[2])
    Token 0, "the", is number 0 and picks row 0 of the table: -0.70, -0.20.
    """
    words, tokens = read(text)
    rng = np.random.default_rng(4)
    table = lib.Embedding(rng.normal(size=(len(words), DIM)).round(1) + 0.0)
    start = (rng.integers(1, 8, size=(MOST, DIM)) / 2)[: len(tokens)]

    def compute(token: int = 0, dy: Array = start) -> View:
        y, backward = table.forward(tokens)
        _, grad = backward(dy)
        product = np.eye(len(words))[tokens] @ table.weight
        return View(words, tokens, token, table.weight, y, product, dy, grad.weight)

    explorer = Explorer(
        "look-up table",
        compute,
        lambda figure: draw(figure, words, tokens),
        describe,
        call="explore.look_up_table()" if text == SENTENCE else f"explore.look_up_table({text!r})",
        token=(0, len(tokens) - 1),
        dy=Pad("dy", start, -9, 9, step=0.5),
        touched=Point("one-hot", sets=("token",), to_value=lambda x, y, **_: int(y)),
    )
    return explorer.show(**values)


def said(values: Array) -> str:
    return ", ".join(map(number, values))


def describe(view: View) -> str:
    word, count, dim = view.words[view.row], len(view.tokens), view.weight.shape[1]
    added = " + ".join(f"({said(view.dy[i])})" for i in view.same)
    absent = [view.words[i] for i in view.absent]
    total = said(view.dweight[view.row])
    far = np.abs(view.y - view.product).max()
    return f"""\
Token {view.token}, "{word}", is number {view.row} and picks row {view.row} of the table: \
{said(view.weight[view.row])}.
"{word}" stands {so_many(len(view.same), "time")}; its row gets {added} = {total}.
No gradient for {" and ".join(absent)}, which the sentence does not have.
The one-hot product differs by {far:.2g} and takes {count * len(view.words) * dim} \
multiplications, the look-up none; it copies {count * dim} numbers."""


class Matrix(Panel):
    """Rows of numbers with a word before each."""

    def __init__(self, name: str, words: Any, columns: int, *, before: float = 0, **panel: Any):
        self._names, self.columns = words, columns
        super().__init__(name, xlim=(-before, columns), ylim=(len(words), 0), **panel)

    def attach(self, figure: Figure) -> None:
        super().attach(figure)
        self._cells = self.cells(size=9, lined=True)
        if self._limits[0][0] < 0:
            for i, word in enumerate(self._names):
                self.label(-0.08, i + 0.5, word, ha="right", size=9)

    def show(self, values: Array, colour: str, lit: Any, off: Any = ()) -> None:
        """The numbers; `lit` rows stand out, `off` rows are grey."""
        shades = np.stack([tint(colour, 0.15), tint(colour, 0.6), tint(MUTED, 0.5)])
        rows = np.zeros(len(values), int)
        rows[list(off)] = 2
        rows[lit] = 1
        colours = np.repeat(shades[rows][:, None], self.columns, axis=1)
        self._cells.fill(colours, (0, self.columns, len(values), 0), numbers(values))


def draw(figure: Figure, words: tuple[str, ...], tokens: Array) -> Callable[[View], None]:
    """Above the way there, as the product that it equals; below the way back."""
    short = [w if len(w) <= LETTERS else w[: LETTERS - 1] + "…" for w in words]
    sentence, numbered = [short[t] for t in tokens], [f"{w} {i}" for i, w in enumerate(short)]
    size: dict[str, Any] = {"height": 142}
    onehot = Matrix("one-hot", sentence, len(words), before=len(words) / 4 + 0.2, least=250, **size)
    table = Matrix("table", numbered, DIM, before=1.1, least=170, **size)
    y = Matrix("y", sentence, DIM, least=100, **size)
    dy = Matrix("dy", sentence, DIM, before=1, least=190, **size)
    grad = Matrix("gradient", numbered, DIM, before=1, least=190, **size)
    key = Legend((HIGHLIGHT, "this token"), (WEIGHT, "learned"), (OUTPUT, "rows out"),
                 (GRADIENT, "gradients"), (MUTED, "no gradient"))  # fmt: skip
    Page(figure, [onehot, "×", table, "=", y], [dy, "→", grad], [key])
    rings = [(panel, panel.outline(HIGHLIGHT)) for panel in (onehot, table, y, dy, grad)]

    def update(view: View) -> None:
        row, token = view.row, view.token
        onehot.show(view.onehot, DATA, view.same)
        table.show(view.weight, WEIGHT, [row])
        y.show(view.y, OUTPUT, view.same)
        dy.show(view.dy, GRADIENT, view.same)
        grad.show(view.dweight, GRADIENT, [row], view.absent)
        for panel, ring in rings:
            at = row if panel in (table, grad) else token
            ring(0, at, panel.columns, 1)
        onehot.title.set_text(f"{so_many(len(tokens), 'token')}, one-hot")
        table.title.set_text(f"table: row {row}")
        dy.title.set_text("gradient that comes back")
        grad.title.set_text(f"for the table: {so_many(len(view.same), 'row')} added")

    return update
