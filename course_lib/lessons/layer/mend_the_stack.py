"""Change one block of a stack until it does what is asked, or build one freely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.draw.legend import Legend
from course_lib.draw.page import Page
from course_lib.draw.palette import HIGHLIGHT, MUTED, OUTPUT, PAPER, WEIGHT, rgba, signed_scale
from course_lib.draw.panel import Grid, Panel
from course_lib.draw.words import Words
from course_lib.engine.control import Point
from course_lib.engine.explorer import Explorer
from course_lib.lessons.layer.stack import BATCH, GOALS, MENU, PIXELS, Goal, Run, by, run_stack
from course_lib.record import Array

BLOCKS = 6
GIVEN = "as given"
HIGH, ACROSS = 40, 560  # dots of a drawing: 16 channels of 8 × 8 have 4 by 4 for each number
LARGEST = 16  # dots across for one number
GAP = 3  # dots between channels
MOST = 140 * 1024  # bytes: as long as a bar may be
LONGEST = (
    "Goal: 10 scores, under 3,000 numbers, sees all of 8 × 8. Block 3 cannot take 16 × 8 × 8: its "
    "words are below."
)
BETWEEN = rgba("#d6d6da")  # the ground on which the channels lie


@dataclass(frozen=True)
class View:
    """A stack, what became of the digits in it, and what was asked."""

    names: tuple[str, ...]
    run: Run
    block: int | None  # the one that is changed, from 1
    goal: Goal | None


def mend_the_stack(**values: Any) -> Explorer:
    """Change one block of six until the stack does what is asked; the real Sequential runs.

    Parameters
    ----------
    **values        where the controls start: goal, block (1 to 6), put (a block of the menu)

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(mend_the_stack(block=1, put="Conv2d(1, 4, 3)").text().splitlines()[2])
    Mended: 10 scores for each digit.
    """

    def compute(goal: str = next(iter(GOALS)), block: int = 3, put: str = GIVEN) -> View:
        asked = GOALS[goal]
        names = list(asked.given)
        if put != GIVEN:
            names[block - 1] = put
        return View(tuple(names), run_stack(names), block, asked)

    explorer = Explorer(
        "mend the stack",
        compute,
        draw,
        describe,
        call="explore.mend_the_stack()",
        goal=list(GOALS),
        block=(1, BLOCKS),
        put=[GIVEN, *MENU],
        **{f"at_{i}": _pick(i) for i in range(1, BLOCKS + 1)},
    )
    return explorer.show(**values)


def _pick(block: int) -> Point:
    """A press on the drawing of a block chooses it."""
    return Point(f"joint {block}", sets=("block",), to_value=lambda x, y, **_: block)


def build_a_stack(**values: Any) -> Explorer:
    """Choose all six blocks of a stack from a menu; the real Sequential runs.

    Parameters
    ----------
    **values        where the controls start: block_1 to block_6, blocks of the menu

    Returns
    -------
    Explorer

    Examples
    --------
    >>> print(build_a_stack().text().splitlines()[2])
    It runs: 1 × 8 × 8 becomes 10.
    """
    start = (
        "Conv2d(1, 8, 3)",
        "ReLU()",
        "Conv2d(8, 8, 3)",
        "ReLU()",
        "Flatten()",
        "Linear(128, 10)",
    )

    def compute(
        block_1: str = start[0], block_2: str = start[1], block_3: str = start[2],
        block_4: str = start[3], block_5: str = start[4], block_6: str = start[5],
    ) -> View:  # fmt: skip
        names = (block_1, block_2, block_3, block_4, block_5, block_6)
        run = run_stack(names)
        return View(names, run, len(run.shapes) if run.error else None, None)

    menus = {f"block_{i}": list(MENU) for i in range(1, BLOCKS + 1)}
    explorer = Explorer(
        "build a stack", compute, draw, describe, call="explore.build_a_stack()", **menus
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    run = view.run
    if run.error:
        at = len(run.shapes)
        first = f"Block {at} stops it. {run.error}"
    elif view.goal is None:
        first = f"It runs: {by(run.shapes[0])} becomes {by(run.shapes[-1])}."
    elif lacks := view.goal.lacks(run):
        first = f"It runs, but {lacks}."
    else:
        first = f"Mended: {view.goal.words}."
    reached = zip(view.names, run.shapes[1:], run.parameters[1:], strict=False)
    joints = [
        f"{i} {name}: {by(shape)}, {count:,} numbers"
        for i, (name, shape, count) in enumerate(reached, 1)
    ]
    return "\n".join([first, _sums(run), *joints])


def _sums(run: Run) -> str:
    if run.error:
        return f"Up to there: {run.total:,} numbers, {run.bytes / 1024:.0f} KiB for {BATCH} digits."
    return (
        f"In all {run.total:,} numbers, {run.bytes / 1024:.0f} KiB for {BATCH} digits; the end "
        f"sees {run.seen} of {PIXELS} pixels."
    )


def draw(figure: Figure) -> Callable[[View], None]:
    """A row for each joint: what the block before it returned, number by number, and the memory."""
    asked = Words(LONGEST)
    joints, costs = [], []
    for i in range(BLOCKS + 1):
        joints.append(Grid(f"joint {i}", HIGH, ACROSS, height=26, least=230, above=2))
        costs.append(Panel(f"cost {i}", xlim=(0, MOST), ylim=(2, 0), height=15, least=190, above=2))
    rows = list(zip(joints, costs, strict=True))
    memory = Legend((WEIGHT, "memory of parameters"), (OUTPUT, "of outputs"))
    marks = Legend((HIGHLIGHT, "the block to change"), (MUTED, "pixels never seen"))
    Page(figure, [asked], *rows, [memory, marks])
    beside = [joint.outline(HIGHLIGHT) for joint in joints]
    bars = [[cost.segments(c, linewidths=6) for c in (WEIGHT, OUTPUT)] for cost in costs]

    def update(view: View) -> None:
        asked.set_text(_headline(view))
        for i, (joint, cost) in enumerate(rows):
            reached = i < len(view.run.shapes)
            joint.fill(_joint(view.run, i) if reached else _nothing())
            joint.title.set_text(_title(view, i))
            cost.title.set_text(_cost(view.run, i) if reached else "")
            memory = view.run.memory[i] if reached else (0, 0)
            for bar, y, size in zip(bars[i], (0.5, 1.5), memory, strict=True):
                bar.set_segments([[(0, y), (min(size, MOST), y)]] if size else [])
            chosen = i == view.block
            # beside name and numbers, so that it covers neither
            beside[i](*((-8, -26, 3, HIGH + 26) if chosen else (-99, -99, 0, 0)))

    return update


def _headline(view: View) -> str:
    run, said = view.run, describe(view).splitlines()[0]
    if run.error:
        said = f"Block {len(run.shapes)} cannot take {by(run.shapes[-1])}: its words are below."
    if view.goal is None:
        return said
    return said if said.startswith("Mended") else f"Goal: {view.goal.words}. {said}"


def _title(view: View, i: int) -> str:
    shapes = view.run.shapes
    if i == 0:
        return f"{BATCH} digits, here the first: {by(shapes[0])}"
    name = f"{i}  {view.names[i - 1]}"
    if i < len(shapes):
        return f"{name}: {by(shapes[i])}"
    return f"{name}: does not fit" if i == len(shapes) else f"{name}"


def _cost(run: Run, i: int) -> str:
    size = f"{run.memory[i][1] / 1024:.3g} KiB"
    return f"{run.parameters[i]:,} numbers, output {size}" if i else f"input {size}"


def _joint(run: Run, i: int) -> Array:
    """The numbers at a joint; on the digit itself also what the end of the stack never sees."""
    value = run.values[i]
    colours = signed_scale(float(abs(value).max()))(value)
    if i == 0:
        colours[0][~run.sees] = rgba(MUTED)
    return _sheets(colours) if value.ndim == 3 else _rod(colours)


def _nothing() -> Array:
    return np.broadcast_to(rgba(PAPER), (HIGH, ACROSS, 4)).copy()


def _sheets(colours: Array) -> Array:
    """Channels (C, H, W, 4) side by side, a number as large as there is room for."""
    channels, height, width, _ = colours.shape
    size = min(LARGEST, HIGH // height, (ACROSS // channels - GAP) // width)
    canvas = _nothing()
    canvas[: height * size, : channels * (width * size + GAP) - GAP] = BETWEEN
    for c, sheet in enumerate(_enlarged(colours, size)):
        left = c * (width * size + GAP)
        canvas[: height * size, left : left + width * size] = sheet
    return canvas


def _rod(colours: Array) -> Array:
    """A vector (n, 4) in rows, a number as large as there is room for."""
    count = len(colours)
    size = next(s for s in range(LARGEST, 0, -1) if -(-count // (ACROSS // s)) * s <= HIGH)
    across = min(count, ACROSS // size)
    cells = np.broadcast_to(rgba(PAPER), (-(-count // across) * across, 4)).copy()
    cells[:count] = colours
    rows = _enlarged(cells.reshape(1, -1, across, 4), size)[0]
    canvas = _nothing()
    canvas[: len(rows), : rows.shape[1]] = rows
    return canvas


def _enlarged(colours: Array, size: int) -> Array:
    """Each number of some channels as so many dots by so many."""
    return colours.repeat(size, axis=1).repeat(size, axis=2)
