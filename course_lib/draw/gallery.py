"""Many small images side by side, each with its caption: kernels, feature maps, mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.draw.palette import INK, Scale, signed_scale
from course_lib.draw.picture import Picture, new_figure
from course_lib.record import Array

SMALLEST, LARGEST, PAGE = 1.15, 3.4, 7.2  # inches: an image, and the row that images fill
CAPTION = 0.42


def gallery(
    images: Array,
    captions: Sequence[str],
    *,
    title: str,
    signed: bool = False,
    columns: int = 8,
) -> Picture:
    """Draw images in rows, on one common scale, with a caption under each.

    Parameters
    ----------
    images : (N, H, W)
    captions : N strings
    title : str                says what is seen; it heads the picture and its words
    signed : bool              orange below zero, white at zero, purple above; else grey
    columns : int              images per row

    Returns
    -------
    Picture                    its words are the title and the captions

    Raises
    ------
    ValueError                 if there is not one caption for each image, or no image

    Examples
    --------
    >>> gallery(np.eye(2)[None], ["ones on the diagonal"], title="One image")
    One image
    ones on the diagonal
    """
    if np.ndim(images) != 3 or len(images) != len(captions) or len(images) == 0:
        raise ValueError(
            f"gallery: images has shape {np.shape(images)} and there are {len(captions)} captions; "
            "images must be (N, H, W) with N captions, at least one."
        )
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max(caption.count("\n") + 1 for caption in captions)
    size = min(LARGEST, max(SMALLEST, PAGE / columns))
    tall = size * np.shape(images)[1] / np.shape(images)[2]
    width, height = columns * size, rows * (tall + CAPTION * (lines + 1) / 2) + 0.4
    width = max(width, 0.085 * len(title))
    figure = new_figure(width, height)
    figure.suptitle(title, fontsize=11, color=INK, y=1 - 0.12 / height, va="top")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.01, right=0.99, bottom=0.06 + 0.2 * lines / height, top=1 - 0.5 / height,
        wspace=0.12, hspace=0.15 + 0.2 * lines,
    )  # fmt: skip
    grey = Scale(images.min(), images.max(), "gray")
    scale = signed_scale(np.abs(images).max()) if signed else grey
    for ax, image, caption in zip(axes, scale(images), captions, strict=False):
        ax.imshow(image)
        ax.set_xlabel(caption, fontsize=9, color=INK)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color("#b6b6bb")
    for ax in axes[len(images) :]:
        ax.set_axis_off()
    words = "; ".join(caption.replace("\n", ", ") for caption in captions)
    return Picture(figure, f"{title}\n{words}")
