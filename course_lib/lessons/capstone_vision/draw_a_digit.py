"""Draw a digit: the net's answer, the pixel that changes its mind, and channels switched off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import course_lib as lib
from course_lib.draw import Grid, Legend, Page, Panel
from course_lib.draw.image import read_image
from course_lib.draw.legend import SIGNS
from course_lib.draw.palette import DATA, HIGHLIGHT, MUTED, OUTPUT, Scale, signed_scale
from course_lib.engine.control import Pad
from course_lib.engine.explorer import Explorer
from course_lib.lessons.capstone_vision.nets import (
    CHANNELS,
    SIDE,
    score_gradient,
    trained,
    with_one_pixel_changed,
)
from course_lib.record import Array

INK = Scale(1, 0, "gray")  # as on paper
EXAMPLE = 14  # of the held-out digits
WINNER = "the winner's"
EVERY = np.ones((1, CHANNELS))


@dataclass(frozen=True)
class View:
    """A digit, what the net says of it, and what would make it say something else."""

    digit: Array  # (8, 8)
    maps: Array  # (CHANNELS, 8, 8), what the first convolution hands on
    on: Array  # (CHANNELS,) bool
    shares: Array  # (10,), the softmax of the scores
    asked: int  # the label whose score is looked at
    slope: Array  # (8, 8), how that score changes with each pixel
    flip: tuple[int, int, float, int] | None  # row, column, new value, new answer

    @property
    def answer(self) -> int:
        return int(self.shares.argmax())


def draw_a_digit(
    net: lib.Sequential | None = None, image: Array | None = None, **values: object
) -> Explorer:
    """Paint a digit and see the net's answer at once.

    Parameters
    ----------
    net : Sequential, optional      a residual CNN in evaluation; one is trained if not given
    image : (H, W) or in colour     a photograph of one digit, dark on light or light on dark
    **values                        where the controls start: digit (8 × 8, from 0 to 1), channels
                                    (1 × 8, 0 for one switched off), score ("the winner's", 0 to 9)

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError      if image is not an image, or all of one brightness

    Notes
    -----
    Saliency is the gradient of a score with respect to the pixels.
    [Simonyan et al., 2013, arXiv:1312.6034; Su et al., 2017, One pixel attack, arXiv:1710.08864]

    Examples
    --------
    >>> print(draw_a_digit().text().splitlines()[2][:12])
    The net says
    """
    model = trained("residual CNN", 0).net if net is None else net
    start = trained("residual CNN", 0).data.x_test[EXAMPLE, 0] if image is None else shrink(image)
    digit = start.astype(float).round(2)

    def compute(score: int, digit: Array = digit, channels: Array = EVERY) -> View:
        return look(model, digit, channels[0] >= 0.5, score)

    explorer = Explorer(
        "draw a digit",
        compute,
        draw,
        describe,
        call=f"explore.draw_a_digit({'net=net, ' * (net is not None)}"
        f"{'image=image, ' * (image is not None)})".replace(", )", ")"),
        digit=Pad("paint here", digit),
        channels=Pad("maps", EVERY),
        score={WINNER: -1, **{str(label): label for label in range(10)}},
    )
    return explorer.show(**values)


def look(model: lib.Sequential, digit: Array, on: Array, asked: int) -> View:
    """What the net makes of a digit with some of its first channels switched off."""
    first, rest = model.layers[:3], model.layers[3:]
    net = lib.Sequential(*first, Silence(tuple(on)), *rest)
    scores = net(digit[None, None])
    shares = lib.softmax(scores)[0][0]
    answer = int(shares.argmax())
    asked = answer if asked < 0 else asked
    return View(
        digit,
        lib.Sequential(*first)(digit[None, None])[0],
        on,
        shares,
        asked,
        score_gradient(net, digit, asked),
        find_flip(net, digit, answer),
    )


class Silence(lib.Layer):
    """Channels that are switched off hand on 0."""

    on: tuple[bool, ...]  # one for each channel; an array would count as a parameter

    def forward(self, x: Array) -> tuple[Array, Callable[[Array], tuple[Array, lib.Layer]]]:
        mask = np.array(self.on, x.dtype)[:, None, None]
        return x * mask, lambda dy: (dy * mask, self)


def find_flip(net: lib.Layer, digit: Array, answer: int) -> tuple[int, int, float, int] | None:
    """The one pixel whose change costs the answer most, if it changes the answer at all."""
    changed = with_one_pixel_changed(digit)
    scores = net(changed)
    lead = scores[:, answer] - np.delete(scores, answer, axis=1).max(axis=1)
    worst = int(lead.argmin())
    if lead[worst] >= 0:
        return None
    row, column = divmod(worst % digit.size, SIDE)
    return row, column, float(changed[worst, 0, row, column]), int(scores[worst].argmax())


def shrink(image: Array) -> Array:
    """A photograph of one digit as 8 × 8 ink: cut to what is written, averaged, at most 1."""
    grey = read_image("draw_a_digit", image)
    grey = grey.mean(axis=0) if grey.ndim == 3 else grey
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - np.median(border))
    if ink.max() < 0.1:
        raise ValueError(
            "draw_a_digit: image is all of one brightness; give a photograph in which the digit "
            "differs from the paper."
        )
    rows, columns = (np.flatnonzero((ink > ink.max() / 4).any(axis=a)) for a in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(ink.shape)
    across = max(0, (side - ink.shape[1]) // 2)
    square = np.zeros((side, side))
    square[: ink.shape[0], across : across + ink.shape[1]] = ink
    at = (np.arange(SIDE * SIDE) + 0.5) / SIDE**2 * side  # eight samples for each pixel
    samples = square[np.ix_(at.astype(int), at.astype(int))]
    small = samples.reshape(SIDE, SIDE, SIDE, SIDE).mean(axis=(1, 3))
    return small / small.max()


def describe(view: View) -> str:
    first, second = np.argsort(-view.shares, kind="stable")[:2]
    said = f"The net says {first} ({view.shares[first]:.0%}), then {second} "
    said += f"({view.shares[second]:.0%})."
    if view.flip is None:
        turned = "No single pixel changes its answer."
    else:
        row, column, value, label = view.flip
        turned = f"One pixel, row {row}, column {column}, {'filled' if value else 'emptied'}, and "
        turned += f"it says {label}."
    out = np.flatnonzero(~view.on)
    silent = f" Channels switched off: {', '.join(map(str, out))}." if len(out) else ""
    row, column = divmod(int(np.abs(view.slope).argmax()), SIDE)
    steep = f"The score of {view.asked} depends most on row {row}, column {column}."
    return f"{said}\n{turned}{silent}\n{steep}"


def draw(figure: Figure) -> Callable[[View], None]:
    """The digit, its scores and the slope of one of them; below, the maps of the first layer."""
    digit = Grid("paint here", SIDE, SIDE, height=150, lined=True, frame=DATA)
    scores = Panel("scores", xlim=(0, 1.5), ylim=(10, 0), height=150, least=170)
    slope = Grid("slope", SIDE, SIDE, height=150, lined=True)
    maps = Grid("maps", 1, CHANNELS, square=False, height=78, least=270, lined=True)
    key = Legend((HIGHLIGHT, "one pixel changes the answer"), (OUTPUT, "share"), *SIGNS)
    Page(figure, [digit, scores, slope], [maps], [key])
    mark = digit.outline(HIGHLIGHT)
    bars = scores.segments(OUTPUT, linewidths=9)
    names = [scores.label(0.0, label + 0.5, str(label)) for label in range(10)]
    numbers = [scores.label(1.14, label + 0.5) for label in range(10)]
    between = maps.segments(MUTED, linewidths=1)
    between.set_segments([[(c, 0), (c, 1)] for c in range(1, CHANNELS)])
    maps.title.set_text("the first layer's maps: click a channel off, or on")
    outs = [maps.label(c + 0.5, 0.55, ha="center") for c in range(CHANNELS)]

    def update(view: View) -> None:
        digit.show(view.digit, INK)
        flip = view.flip
        mark(*((flip[1], flip[0], 1, 1) if flip else (-90, -90, 1, 1)))
        bars.set_segments([[(0.1, k + 0.5), (0.1 + s, k + 0.5)] for k, s in enumerate(view.shares)])
        for label, (name, number) in enumerate(zip(names, numbers, strict=True)):
            name.set_text(str(label))
            number.set_text(f"{view.shares[label]:.0%}" if view.shares[label] >= 0.005 else "")
        scores.title.set_text(f"it says {view.answer}")
        slope.title.set_text(f"score of {view.asked}: slope")
        slope.show(view.slope, signed_scale(float(np.abs(view.slope).max()) or 1.0))
        side_by_side = np.concatenate(list(view.maps * view.on[:, None, None]), axis=1)
        maps.show(
            side_by_side,
            Scale(0, float(view.maps.max()) or 1.0, "Purples"),
            extent=(0, CHANNELS, 1, 0),
        )
        for out, on in zip(outs, view.on, strict=True):
            out.set_text("" if on else "off")

    return update
