"""Watch gradient descent find a kernel from what it makes of a picture, or fail to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.convolution import Conv2d, conv2d
from course_lib.data import photograph
from course_lib.draw import Bar, Grid, Page, Plot
from course_lib.draw.numbers import number, numbers
from course_lib.draw.palette import OUTPUT, WEIGHT
from course_lib.draw.product import pale
from course_lib.draw.window import BRIGHTNESS, in_a_row, output_scale
from course_lib.engine.control import Play
from course_lib.engine.explorer import Explorer
from course_lib.errors import so_many
from course_lib.lessons.convolution.kernels import hand_made_kernels
from course_lib.loss import mse
from course_lib.optimizer import Adam, warmup_cosine
from course_lib.record import Array

HEIGHT, WIDTH = 24, 32
STEPS, EVERY = 1500, 25
LOWEST = 1e-6  # a loss below that is drawn and said as this
WANTED = hand_made_kernels(3)["Sobel x"]


def a_kernel_takes_shape(**values: Any) -> Explorer:
    """Play the training of a `Conv2d` that is shown a picture and what Sobel's kernel makes of it.

    Parameters
    ----------
    **values        where the controls start: picture ("photograph" or "stripes"), start ("zeros"
                    or "random numbers"), step

    Returns
    -------
    Explorer

    Notes
    -----
    A run of 1500 steps is made when it is first asked for, and kept.

    Examples
    --------
    >>> explorer = a_kernel_takes_shape(picture="stripes", step=1500)
    >>> print(explorer.text().splitlines()[2])
    After 1500 steps the loss is below 1e-06; the kernel is off by at most 0.67.
    """

    def compute(picture: str = "photograph", start: str = "zeros", step: int = 0) -> View:
        x = pictures()[picture]
        target, _ = conv2d(x[None, None], WANTED[None, None])
        kernels, losses = training(picture, start)
        y = Conv2d(kernels[step][None, None])(x[None, None])
        return View(x, target[0, 0], kernels[step], y[0, 0], step, losses)

    explorer = Explorer(
        "a kernel takes shape",
        compute,
        draw,
        describe,
        "explore.a_kernel_takes_shape()",
        picture=list(pictures()),
        start=["zeros", "random numbers"],
        step=Play(0, STEPS, EVERY),
    )
    return explorer.show(**values)


@cache
def pictures() -> dict[str, Array]:
    """A photograph, and its middle row repeated: upright stripes."""
    photo = photograph("china", shrink=13, dtype=np.float64)[:HEIGHT, :WIDTH]
    return {"photograph": photo, "stripes": np.tile(photo[HEIGHT // 2], (HEIGHT, 1))}


@cache
def training(picture: str, start: str) -> tuple[Array, Array]:
    """Kernel (steps + 1, 3, 3) and loss (steps + 1,) before every step and after the last."""
    x = pictures()[picture][None, None]
    target, _ = conv2d(x, WANTED[None, None])
    noise = np.random.default_rng(0).normal(size=(1, 1, 3, 3))
    layer = Conv2d(noise if start == "random numbers" else np.zeros((1, 1, 3, 3)))
    optimizer = Adam.init(layer, learning_rate=warmup_cosine(0.1, 1, STEPS))
    kernels, losses = [], []
    for _ in range(STEPS + 1):
        y, backward = layer.forward(x)
        loss, loss_backward = mse(y, target)
        kernels.append(layer.weight[0, 0])
        losses.append(float(loss))
        _, grad = backward(loss_backward())
        layer, optimizer = optimizer.step(layer, grad)
    return np.array(kernels), np.array(losses)


@dataclass(frozen=True)
class View:
    """One moment of a training run."""

    x: Array  # (H, W)
    target: Array  # (H - 2, W - 2), what the wanted kernel makes of x
    kernel: Array  # (3, 3)
    y: Array  # like target, what the kernel makes now
    step: int
    losses: Array  # (steps + 1,)


def describe(view: View) -> str:
    loss = view.losses[view.step]
    said = f"{loss:.2g}" if loss >= LOWEST else f"below {LOWEST:g}"
    off = number(np.abs(view.kernel - WANTED).max())
    return f"""\
After {so_many(view.step, "step")} the loss is {said}; the kernel is off by at most {off}.
Largest difference of the outputs: {number(np.abs(view.y - view.target).max())}
Kernel: {in_a_row(view.kernel)}
Wanted: {in_a_row(WANTED)}
Sums of the kernel's columns: {in_a_row(view.kernel.sum(axis=0))}"""


def draw(figure: Figure) -> Callable[[View], None]:
    """Above, the picture, what is wanted of it and what is made of it; below, kernels and loss."""
    small: dict[str, Any] = {"height": 140, "least": 186}
    photo = Grid("picture", HEIGHT, WIDTH, **small)
    target = Grid("wanted output", HEIGHT - 2, WIDTH - 2, **small)
    output = Grid("output now", HEIGHT - 2, WIDTH - 2, frame=OUTPUT, **small)
    style: dict[str, Any] = {"square": False, "height": 92, "least": 120, "lined": True}
    wanted = Grid("wanted kernel", 3, 3, **style)
    kernel = Grid("kernel now", 3, 3, frame=WEIGHT, **style)
    loss = Plot("loss", xlim=(0, STEPS), ylim=(LOWEST, 4), yscale="log", xlabel="step", height=80,
                yticks=(1e-6, 1e-4, 1e-2, 1), least=240)  # fmt: skip
    bar = Bar()
    Page(figure, [photo, target, output], [bar], [wanted, kernel, loss])
    curve, now = loss.line(OUTPUT), loss.points(OUTPUT)
    steps = np.arange(STEPS + 1)

    def update(view: View) -> None:
        scale = output_scale(WANTED, view.target)
        photo.fill(BRIGHTNESS(view.x))
        target.show(view.target, scale)
        output.show(view.y, scale)
        bar.show(scale, view.target)
        wanted.show(WANTED, pale(WANTED), numbers=numbers(WANTED))
        kernel.show(view.kernel, pale(WANTED), numbers=True)
        seen = np.clip(view.losses[: view.step + 1], LOWEST, None)
        curve.set_data(steps[: view.step + 1], seen)
        now.set_data([view.step], [seen[-1]])

    return update
