"""Curves of one kind over one axis, told apart by their marks and named at their ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.ticker import FuncFormatter, NullFormatter

from course_lib.draw.palette import INK
from course_lib.draw.picture import Picture, new_figure
from course_lib.errors import so_many
from course_lib.record import Array

STYLES = ("o-", "s--", "^:", "D-.")


def lines(
    x: Array | Sequence[float],
    curves: Mapping[str, Array | Sequence[float]],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    colour: str,
    log: bool = False,
) -> Picture:
    """Draw up to four curves; with `log`, both axes count in powers.

    Parameters
    ----------
    x : (N,)
    curves : name -> (N,)      in the order in which their marks are given
    title : str                says what is seen; it heads the picture and its words
    xlabel, ylabel : str
    colour : str               of what the curves show, from the palette
    log : bool                 an equal step on an axis is an equal factor; every x has its tick

    Returns
    -------
    Picture                    its words are the title, and each curve's first and last value

    Raises
    ------
    ValueError                 if there is no curve or more than four, or one is not as long as x

    Examples
    --------
    >>> lines([1, 10], {"squares": [1, 100]}, title="Squares", xlabel="n", ylabel="n * n",
    ...       colour="#5790fc", log=True)
    Squares
    squares: from 1 (n 1) to 100 (n 10)
    """
    lengths = {name: len(y) for name, y in curves.items()}
    if not 1 <= len(curves) <= len(STYLES) or set(lengths.values()) != {len(x)}:
        raise ValueError(
            f"lines: x has {so_many(len(x), 'value')} and the curves {lengths}; give one to "
            f"{len(STYLES)} curves, each as long as x."
        )
    figure = new_figure(7.2, 3.2)
    ax = figure.subplots()
    for style, (name, y) in zip(STYLES, curves.items(), strict=False):
        ax.plot(x, y, style, color=colour, ms=5, mec=INK)
        ax.annotate(name, (x[-1], y[-1]), xytext=(8, 0), textcoords="offset points",
                    va="center", color=INK, fontsize=9)  # fmt: skip
    if log:
        ax.set(xscale="log", yscale="log", xticks=x)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, fontsize=11, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    ends = (
        f"{name}: from {y[0]:,.4g} ({xlabel} {x[0]:g}) to {y[-1]:,.4g} ({xlabel} {x[-1]:g})"
        for name, y in curves.items()
    )
    return Picture(figure, "\n".join([title, *ends]))
