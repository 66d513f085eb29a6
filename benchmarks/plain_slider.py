"""What our slider is compared with: the same content by `interact` and Matplotlib, written as one
would write it in a notebook."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

import course_lib as lib
from course_lib.lessons.convolution.kernels import hand_made_kernels

X = lib.photograph("china", shrink=13, dtype=np.float64)[:24, :32].round(2)
LAST_STEP = X.size - 1


def show(
    kernel: str = "edge",
    kernel_size: int = 3,
    stride: int = 1,
    padding: int = 1,
    dilation: int = 1,
    step: int = 333,
) -> None:
    """Input with its window, output, and below window times kernel, number by number."""
    weight = hand_made_kernels(kernel_size, 2)[kernel]
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    y, _ = lib.conv2d(X[None, None], weight[None, None], **options)
    y = y[0, 0]
    row, column = divmod(min(step, y.size - 1), y.shape[1])
    top, left = row * stride, column * stride
    taps = dilation * np.arange(kernel_size)
    padded = np.pad(X, padding)
    window = padded[np.ix_(top + taps, left + taps)]
    products = window * weight

    figure = plt.figure(figsize=(7.2, 5.42))
    above = figure.add_gridspec(1, 2, top=0.93, bottom=0.45)
    below = figure.add_gridspec(1, 3, top=0.36, bottom=0.1)
    inputs, outputs = (figure.add_subplot(above[i]) for i in range(2))
    inputs.imshow(padded, cmap="gray")
    reach = dilation * (kernel_size - 1) + 1
    inputs.add_patch(Rectangle((left - 0.5, top - 0.5), reach, reach, fill=False, color="tab:blue"))
    columns, rows = np.meshgrid(left + taps, top + taps)
    inputs.plot(columns.ravel(), rows.ravel(), "s", color="tab:orange", ms=3)
    inputs.set(title=f"input {X.shape[0]} × {X.shape[1]}", xticks=[], yticks=[])
    limit = np.quantile(np.abs(y), 0.9)
    image = outputs.imshow(y, cmap="PuOr", vmin=-limit, vmax=limit)
    outputs.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, color="tab:purple"))
    outputs.set(title=f"output {y.shape[0]} × {y.shape[1]}", xticks=[], yticks=[])
    figure.colorbar(image, ax=outputs, orientation="horizontal", shrink=0.5, pad=0.04)
    _numbers(figure.add_subplot(below[0]), window, f"window at row {top}, column {left}", "gray")
    _numbers(figure.add_subplot(below[1]), weight, f"kernel {kernel_size} × {kernel_size}", "PuOr")
    _numbers(figure.add_subplot(below[2]), products, f"sum {products.sum():.2f}", "PuOr")
    for i, (axis, size) in enumerate(zip(("height", "width"), X.shape, strict=True)):
        formula = f"({size} + 2*{padding} - {dilation}*({kernel_size}-1) - 1)//{stride} + 1"
        figure.text(0.1 + 0.45 * i, 0.03, f"{axis} = {formula} = {y.shape[i]}", fontsize=8)
    plt.show()


def _numbers(axes: Axes, values: np.ndarray, title: str, cmap: str) -> None:
    low = 0.0 if cmap == "gray" else -np.abs(values).max()
    axes.imshow(values, cmap=cmap, vmin=low, vmax=np.abs(values).max(), aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=9)
