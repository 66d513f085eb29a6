"""Take blocks out of two trained nets and see which of them still reads digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.data import Split
from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import DATA, MUTED, OUTPUT, WEIGHT
from course_lib.draw.panel import Panel
from course_lib.engine.control import Pad
from course_lib.engine.explorer import Explorer
from course_lib.lessons.residual.nets import KINDS, deep_net
from course_lib.record import Array

MOST = 8  # blocks
NAMES = ("plain", "residual")


def train_for_cutting(kind: str, depth: int, seed: int) -> tuple[lib.Sequential, Split]:
    """A net trained on digits until it reads most of those held out, and the digits."""
    data = lib.digits(rng=np.random.default_rng(seed), dtype=np.float64)
    net = deep_net(depth, np.random.default_rng(seed), kind=KINDS[2] if kind == NAMES[1] else kind)
    net, _ = lib.fit(
        net, data.x_train, data.y_train,
        optimizer=lib.Adam.init(net, learning_rate=3e-3),
        epochs=10,
        rng=np.random.default_rng(seed),
        progress=False,
    )  # fmt: skip
    return net, data


def accuracy_without(net: lib.Sequential, depth: int, cut: Sequence[int], data: Split) -> float:
    """How many held-out digits are read rightly when these blocks hand x on as it is."""
    before, hidden, last = net.layers[:2], net.layers[2:-1], net.layers[-1]
    each = len(hidden) // depth  # layers that make one block
    kept = [hidden[each * i : each * (i + 1)] for i in range(depth) if i not in cut]
    shorter = lib.Sequential(*before, *(layer for block in kept for layer in block), last)
    return lib.accuracy(shorter(data.x_test), data.y_test)


def accuracies_after_a_cut(net: lib.Sequential, depth: int, data: Split) -> list[float]:
    """Whole, and then without block 0, without block 1, ..."""
    cuts = [(), *((i,) for i in range(depth))]
    return [accuracy_without(net, depth, cut, data) for cut in cuts]


trained = cache(train_for_cutting)  # an explorer trains a net once


@dataclass(frozen=True)
class View:
    """Two nets with the same number of blocks, some of them cut out."""

    depth: int
    cut: tuple[tuple[int, ...], ...]  # of the plain and of the residual net
    whole: tuple[float, ...]  # accuracies
    now: tuple[float, ...]


def cut_the_wire(**values: Any) -> Explorer:
    """Click blocks out of a plain and a residual net trained on digits, and put them back.

    Parameters
    ----------
    **values        where the controls start: depth (4, 6 or 8), blocks (2 × 8, 0 for a cut)

    Returns
    -------
    Explorer

    Notes
    -----
    A block that is cut out hands its input on as it is.     [Veit et al., 2016, arXiv:1605.06431]

    Examples
    --------
    >>> print(cut_the_wire().text().splitlines()[2][:20])
    The plain net reads
    """
    start = np.ones((2, MOST))
    start[:, 2] = 0

    def compute(depth: int = 6, blocks: Array = start) -> View:
        cut = tuple(tuple(int(i) for i in np.flatnonzero(row[:depth] < 0.5)) for row in blocks)
        whole, now = [], []
        for kind, gone in zip(NAMES, cut, strict=True):
            net, data = trained(kind, depth, 0)
            whole.append(accuracy_without(net, depth, (), data))
            now.append(accuracy_without(net, depth, gone, data))
        return View(depth, cut, tuple(whole), tuple(now))

    explorer = Explorer(
        "cut the wire",
        compute,
        draw,
        describe,
        call="explore.cut_the_wire()",
        depth=(4, MOST, 2),
        blocks=Pad("nets", start),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    plain, residual = view.now
    lines = [f"The plain net reads {plain:.0%} of the digits, the residual net {residual:.0%}."]
    for name, cut, whole, now in zip(NAMES, view.cut, view.whole, view.now, strict=True):
        gone = f"without block {', '.join(map(str, cut))}" if cut else "whole"
        lines.append(f"The {name} net reads {now:.0%} of the digits {gone} (whole {whole:.0%}).")
    return "\n".join(lines)


def draw(figure: Figure) -> Callable[[View], None]:
    """Both nets as blocks on a wire, and how well each reads."""
    nets = Panel(
        "nets", title="click a block out, or back", xlim=(0, MOST), ylim=(2, 0), height=170
    )
    read = Panel("digits read rightly", xlim=(0, 1.05), ylim=(2, 0), height=170, least=190)
    key = Legend((WEIGHT, "a block"), (DATA, "the wire x takes"), (OUTPUT, "now"), (MUTED, "whole"))
    Page(figure, [nets, read], [key])
    wires = nets.segments(DATA, linewidths=3)
    boxes = [nets.outline(WEIGHT) for _ in range(2 * MOST)]
    texts = [nets.label(i % MOST + 0.5, i // MOST + 0.62, ha="center") for i in range(2 * MOST)]
    cuts = [nets.label(i % MOST + 0.5, i // MOST + 0.42, ha="center") for i in range(2 * MOST)]
    for row, name in enumerate(NAMES):
        nets.label(0.06, row + 0.12, name, weight="bold")
    bars = [read.segments(OUTPUT, linewidths=14) for _ in NAMES]
    whole = read.segments(MUTED, linewidths=2)
    numbers = [read.label(0.02, row + 0.2) for row in range(2)]

    def update(view: View) -> None:
        lines = []
        for i, (box, text, cut) in enumerate(zip(boxes, texts, cuts, strict=True)):
            row, at = divmod(i, MOST)
            here = at < view.depth
            gone = at in view.cut[row]
            present = here and not gone
            box(*((at + 0.2, row + 0.4, 0.6, 0.44) if present else (-9, -9, 0.1, 0.1)))
            text.set_text(str(at) if present else "")
            cut.set_text("cut" if here and gone else "")
            if here:
                lines += _wires(at, row, gone, bool(row))
        wires.set_segments(lines)
        whole.set_segments([[(w, row + 0.35), (w, row + 0.85)] for row, w in enumerate(view.whole)])
        for row, label in enumerate(numbers):
            bars[row].set_segments([[(0, row + 0.6), (view.now[row], row + 0.6)]])
            label.set_text(f"{NAMES[row]} {view.now[row]:.0%}, whole {view.whole[row]:.0%}")

    return update


def _wires(at: int, row: int, gone: bool, residual: bool) -> list[list[tuple[float, float]]]:
    """The way x takes through one block, and past it."""
    middle, past = row + 0.62, row + 0.3
    if gone:
        return [[(at, middle), (at + 1, middle)]]
    through = [[(at, middle), (at + 0.2, middle)], [(at + 0.8, middle), (at + 1, middle)]]
    shortcut = [(at + 0.08, middle), (at + 0.08, past), (at + 0.92, past), (at + 0.92, middle)]
    return [*through, shortcut] if residual else through
