"""Many small images side by side, each with its caption: kernels, feature maps, mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.draw.image import pixels, read_image
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
    images : (N, H, W), or (N, 3, H, W) or (N, H, W, 3) in colour, from 0 to 1 or whole up to 255
    captions : N strings
    title : str                says what is seen; it heads the picture and its words
    signed : bool              pink below zero, white at zero, green above; else grey
    columns : int              images per row

    Returns
    -------
    Picture                    its words are the title and the captions

    Raises
    ------
    ValueError                 if there is not one caption for each image, or colour is signed

    Examples
    --------
    >>> gallery(np.eye(2)[None], ["ones on the diagonal"], title="One image")
    One image
    ones on the diagonal
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or len(images) != len(captions) or len(images) == 0:
        raise ValueError(
            f"gallery: images has shape {images.shape} and there are {len(captions)} captions; "
            "images must be (N, H, W), or (N, 3, H, W) in colour, with N captions, at least one."
        )
    if images.ndim == 4 and signed:
        raise ValueError(
            f"gallery: images has shape {images.shape}, which is in colour, and colours have no "
            "sign; leave signed out, or give one channel at a time, images[:, 0]."
        )
    shown = coloured(images, signed)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max(caption.count("\n") + 1 for caption in captions)
    size = min(LARGEST, max(SMALLEST, PAGE / columns))
    tall = size * shown.shape[1] / shown.shape[2]
    width, height = columns * size, rows * (tall + CAPTION * (lines + 1) / 2) + 0.4
    width = max(width, 0.085 * len(title))
    figure = new_figure(width, height)
    figure.suptitle(title, fontsize=11, color=INK, y=1 - 0.12 / height, va="top")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.01, right=0.99, bottom=0.06 + 0.2 * lines / height, top=1 - 0.5 / height,
        wspace=0.12, hspace=0.15 + 0.2 * lines,
    )  # fmt: skip
    for ax, image, caption in zip(axes, shown, captions, strict=False):
        ax.imshow(image)
        ax.set_xlabel(caption, fontsize=9, color=INK)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color("#b6b6bb")
    for ax in axes[len(images) :]:
        ax.set_axis_off()
    words = "; ".join(caption.replace("\n", ", ") for caption in captions)
    return Picture(figure, f"{title}\n{words}")


def coloured(images: Array, signed: bool) -> Array:
    """The pixels (N, H, W, 4) of images, on one common scale unless they are in colour."""
    if images.ndim == 4:
        return np.stack([pixels(read_image("gallery", image)) for image in images])
    grey = Scale(images.min(), images.max(), "gray")
    return (signed_scale(np.abs(images).max()) if signed else grey)(images)
