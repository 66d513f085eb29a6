"""What depends on Python's version is drawn, not printed: its texts, and what a net makes of them.

The words of these pictures say what is drawn, and none of the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from course_lib.draw import Picture, new_figure
from course_lib.draw.palette import DATA, INK, MUTED, OUTPUT
from course_lib.layer import Layer
from course_lib.lessons.capstone_text.characters import (
    PARTS,
    STEPS,
    Text,
    go_on,
    net_nats,
    ngram_nats,
)

COUNTED = (2, 3, 4, 5)  # characters in a row
TEMPERATURES = (0.3, 0.7, 1.2)
STAGES = [STEPS // PARTS * (part + 1) for part in range(PARTS)]


def against_counts(text: Text, nets: Sequence[Layer]) -> Picture:
    """The nats per held-out character of a net as it trains, and of tables of counts."""
    figure = new_figure(7.2, 3.2)
    ax = figure.subplots()
    for n in COUNTED:
        counted = ngram_nats(text, n)
        ax.axhline(counted, color=MUTED, lw=1.5)
        ax.annotate(f"counts of {n}: {counted:.2f}", (STEPS * 1.12, counted), color=INK, fontsize=9,
                    va="bottom")  # fmt: skip
    nats = [net_nats(net, text) for net in nets]
    ax.plot(STAGES, nats, "o-", color=OUTPUT, mec=INK)
    for steps, value in zip(STAGES, nats, strict=True):
        ax.annotate(f"{value:.2f}", (steps, value), xytext=(16, 5), textcoords="offset points",
                    ha="center", color=INK, fontsize=9)  # fmt: skip
    title = "Nats per held-out character: the net as it trains, and tables of counts"
    ax.set(xlim=(0, STEPS * 1.42), xlabel="steps of training", ylabel="nats per character")
    ax.set(ylim=(min(nats) - 0.2, None), xticks=[0, *STAGES])
    ax.set_title(title, fontsize=11, color=INK, pad=10)
    ax.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return Picture(figure, f"{title} of 2 to 5 characters.")


def samples(text: Text, nets: Sequence[Layer], start: str = "the ") -> Picture:
    """What a net writes after each part of its training, at three temperatures."""
    figure = new_figure(7.2, 4.6)
    title = "What the net writes, by steps of training and temperature"
    figure.suptitle(title, fontsize=11, color=INK)
    height = 0.94 / (len(TEMPERATURES) * len(nets))
    top = 0.92
    for steps, net in zip(STAGES, nets, strict=True):
        for temperature in TEMPERATURES:
            rng = np.random.default_rng(0)
            said = go_on(net, text, start, 96, temperature=temperature, rng=rng)
            figure.text(0.01, top, f"{steps} steps, {temperature}", fontsize=9, color=DATA,
                        va="top")  # fmt: skip
            figure.text(0.21, top, fill(said, 58), fontsize=9, color=INK, va="top",
                        family="monospace")  # fmt: skip
            top -= height
    shown = ", ".join(map(str, TEMPERATURES))
    return Picture(figure, f"{title}: {', '.join(map(str, STAGES))} steps; {shown}.")
