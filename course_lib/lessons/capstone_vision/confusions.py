"""Which digits a net takes for which, and every one that it misreads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.data import Split
from course_lib.draw import Grid, Legend, Page, Panel
from course_lib.draw.palette import DATA, HIGHLIGHT, Scale
from course_lib.engine.explorer import Explorer
from course_lib.lessons.capstone_vision.draw_a_digit import INK
from course_lib.lessons.capstone_vision.nets import SIDE, train, trained
from course_lib.record import Array

FEW = Scale(0, 6, "Oranges")  # mistakes of one kind; the many that are right stay white


@dataclass(frozen=True)
class View:
    """A net's answers to the held-out digits, and one of those that it misreads."""

    name: str
    counts: Array  # (10, 10), row: the digit, column: the answer
    mistake: int  # which of the misread ones
    digit: Array  # (8, 8)
    label: int
    answer: int

    @property
    def misread(self) -> int:
        return int(self.counts.sum() - np.trace(self.counts))


def confusions(
    nets: Mapping[str, lib.Layer] | None = None, data: Split | None = None, **values: object
) -> Explorer:
    """The confusion matrix of a net, and the digits off its diagonal.

    Parameters
    ----------
    nets : name -> net, optional    in evaluation; a CNN after one epoch and after all of its
                                    training if not given
    data : Split, optional          the digits, of which those held out are read; goes with `nets`
    **values                        where the controls start: net (a name), mistake (0 and up)

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError      if nets or data is given without the other

    Examples
    --------
    >>> "held-out digits wrongly" in confusions().text()
    True
    """
    if (nets is None) != (data is None):
        raise ValueError("confusions: nets and data go together; give both or neither.")
    call = "explore.confusions()" if nets is None else "explore.confusions(nets, data)"
    if nets is None or data is None:
        whole = trained("residual CNN", 0)
        early = train("residual CNN", 0, epochs=1)
        nets, data = {"trained": whole.net, "after one epoch": early.net}, whole.data
    answers = {name: net(data.x_test).argmax(-1) for name, net in nets.items()}
    wrong = {name: np.flatnonzero(said != data.y_test) for name, said in answers.items()}

    def compute(net: str, mistake: int = 0) -> View:
        counts = np.zeros((10, 10), int)
        np.add.at(counts, (data.y_test, answers[net]), 1)
        if not len(wrong[net]):
            return View(net, counts, 0, np.zeros((SIDE, SIDE)), -1, -1)
        i = wrong[net][mistake]
        label, answer = int(data.y_test[i]), int(answers[net][i])
        return View(net, counts, mistake, data.x_test[i, 0], label, answer)

    explorer = Explorer(
        "who is taken for whom",
        compute,
        draw,
        describe,
        call=call,
        net={name: name for name in nets},
        mistake=(0, lambda net: max(len(wrong[net]) - 1, 0)),
    )
    return explorer.show(**values)


def describe(view: View) -> str:
    total = view.counts.sum()
    first = f"The net “{view.name}” reads {view.misread} of {total} held-out digits wrongly."
    if not view.misread:
        return first
    return f"{first}\nHere a {view.label} that it takes for a {view.answer}."


def draw(figure: Figure) -> Callable[[View], None]:
    """The counts with the cell of this mistake ringed, and the digit itself."""
    counts = Panel("counts", xlim=(-1, 10), ylim=(10, -1), equal=True, height=275, caption="")
    digit = Grid("digit", SIDE, SIDE, height=150, lined=True, frame=DATA, caption="")
    key = Legend((HIGHLIGHT, "this digit"))
    Page(figure, [counts, digit], [key])
    cells, ring = counts.cells(lined=True), counts.outline(HIGHLIGHT)
    counts.caption.set_text("row: what it is; column: the answer")
    for i in range(10):
        counts.label(-0.5, i + 0.5, str(i), ha="center", weight="bold")
        counts.label(i + 0.5, -0.5, str(i), ha="center", weight="bold")

    def update(view: View) -> None:
        off = view.counts * ~np.eye(10, dtype=bool)
        numbers = [[str(n) if n else "" for n in row] for row in view.counts]
        cells.show(off, FEW, (0, 10, 10, 0), numbers)
        counts.title.set_text(f"{view.misread} off the diagonal")
        digit.show(view.digit, INK)
        digit.title.set_text(f"mistake {view.mistake}" if view.misread else "none")
        digit.caption.set_text(f"a {view.label}, read as {view.answer}" if view.misread else "")
        ring(*((view.answer, view.label, 1, 1) if view.misread else (-90, -90, 1, 1)))

    return update
