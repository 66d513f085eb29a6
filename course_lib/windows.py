"""Every place of a kernel on an image: what convolution, its transpose and pooling share.

Here an image is an array (b, ..., *size, m). Either the samples of a batch lie one after the other
on the first axis (m = 1), as everywhere else, or side by side on the last (b = 1): NumPy copies
long rows fastest, and the rows of small images are short.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from course_lib.blocks import LONG, long_rows
from course_lib.errors import check_int
from course_lib.record import Array

CACHE_BYTES = 2**20  # columns that fit the second-level cache are filled and multiplied fastest
SHORT_RUN = 100  # numbers; where runs are shorter, samples lie side by side ...
FEW_SAMPLES = 16  # ... unless fewer fit the cache together
GAP = 16  # numbers in a cache line

Sizes = tuple[int, ...]  # one number per spatial axis


def output_size(
    size: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """How many positions the window takes along one axis.

        floor((size + 2·padding - dilation·(kernel_size - 1) - 1) / stride) + 1

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation : int     in samples or pixels

    Returns
    -------
    int

    Raises
    ------
    TypeError       if one of them is not an int
    ValueError      if the kernel is wider than the padded input, or a stride or dilation is below 1

    Notes
    -----
    The same formula as in PyTorch's `torch.nn.Conv2d`. [Dumoulin and Visin, 2016, arXiv:1603.07285]

    Examples
    --------
    >>> output_size(28, 3, padding=1)
    28
    >>> output_size(28, 3, stride=2)
    13
    """
    check_int("output_size", "size", size, least=0)
    check_int("output_size", "kernel_size", kernel_size, least=1)
    check_int("output_size", "stride", stride, least=1)
    check_int("output_size", "padding", padding, least=0)
    check_int("output_size", "dilation", dilation, least=1)
    return _output_size("output_size", size, kernel_size, stride, padding, dilation)


def _output_size(operation: str, size: int, kernel: int, stride: int, padding: int, d: int) -> int:
    room = size + 2 * padding - d * (kernel - 1) - 1
    if room < 0 or kernel < 1:
        raise ValueError(
            f"{operation}: the window is {d * (kernel - 1) + 1} wide (kernel {kernel}, dilation "
            f"{d}) but the padded input only {size + 2 * padding} (size {size}, padding "
            f"{padding}); use a smaller kernel or more padding."
        )
    return room // stride + 1


class Windows(NamedTuple):
    """Every place of a kernel on a padded image, in any number of dimensions.

    `gather` copies what the windows see into columns, `scatter` adds columns back to where they
    were seen: each is the other's transpose. A column has one number per place and sample; `wide`
    columns have some more, which are not used.
    """

    size: Sizes  # of the image ...
    padding: Sizes  # in front of each axis
    padded: Sizes  # ... and with the padding
    out: Sizes  # how many places, per axis
    wide: Sizes  # how many with the unused ones; `out` if there are none
    used: tuple[Any, ...]  # of the `wide` places, those that count
    canvas: Sizes  # what holds the padded image ...
    parts: tuple[tuple[Any, Any], ...]  # ... where on it, and which pixels
    joined: Sizes  # the shape in which `taps` cut the canvas
    taps: tuple[tuple[Any, ...], ...]  # per weight of the kernel: the pixels that it meets
    overlap: bool  # whether two windows may meet the same pixel
    end_to_end: Windows | None = None  # the same with all rows of the image joined, if that differs

    @property
    def are_pixels(self) -> bool:
        """Whether each window is one pixel: then the image is its own columns."""
        return self.size == self.padded == self.out

    def gather(self, image: Array, spare: Array | None = None) -> Array:
        """(b, groups, C, *size, m) -> columns (b, groups, C · K, places · m).

        The memory of `spare`, columns that nobody needs any more, is used again if it fits:
        memory that is fresh from the system costs as much as the copying.
        """
        if self.are_pixels:
            return self.to_rows(image)
        b, groups, channels, m = *image.shape[:3], image.shape[-1]
        shape = (b, groups, channels * len(self.taps), math.prod(self.wide) * m)
        cols = np.empty(shape, image.dtype) if spare is None or spare.shape != shape else spare
        by_tap, canvas = self._split_taps(cols, m), image
        if self.canvas != self.size:
            canvas = self.on_canvas(image)
        joined = self._join(canvas)
        for k, tap in enumerate(self.taps):
            by_tap[:, :, :, k] = joined[tap]
        return cols

    def scatter(self, cols: Array, image: Array) -> None:
        """Columns (b, groups, C · K, places · m) -> (b, groups, C, *size, m); overlaps add."""
        if self.are_pixels:
            image[...] = self.from_rows(cols)
            return
        by_tap = self._split_taps(cols, image.shape[-1])
        canvas = self._blank_canvas(image.shape[:3], image.shape[-1], image.dtype)
        joined, run = self._join(canvas), by_tap.shape[-2]
        with long_rows() if run >= LONG else nullcontext():
            for k, tap in enumerate(self.taps):
                self.put(by_tap[:, :, :, k], joined, tap)
        for part, pixels in self.parts:
            image[pixels] = canvas[part]

    def put(self, values: Array, canvas: Array, tap: tuple[Any, ...]) -> None:
        """Add values to what the tap meets, which is still zero unless windows overlap."""
        pixels = canvas[tap]
        if self.overlap:
            pixels += values
        else:
            pixels[...] = values

    def on_canvas(self, image: Array) -> Array:
        """The image with its padding, (..., *padded, m)."""
        canvas = np.zeros(
            (*image.shape[: -len(self.size) - 1], *self.canvas, image.shape[-1]), image.dtype
        )
        for part, pixels in self.parts:
            canvas[part] = image[pixels]
        return canvas

    def _split_taps(self, cols: Array, m: int) -> Array:
        b, groups, rows, _ = cols.shape
        cut = self.out if self.joined == self.canvas else (math.prod(self.wide),)
        return cols.reshape(b, groups, rows // len(self.taps), len(self.taps), *cut, m)

    def to_rows(self, image: Array) -> Array:
        """One number per place and channel, (b, groups, C, *out, m), as a matrix per group."""
        if self.wide != self.out:
            wide = np.zeros((*image.shape[:3], *self.wide, image.shape[-1]), image.dtype)
            wide[self.used] = image
            image = wide
        return image.reshape(*image.shape[:3], math.prod(self.wide) * image.shape[-1])

    def from_rows(self, rows: Array) -> Array:
        """The way back, as a view."""
        m = rows.shape[-1] // math.prod(self.wide)
        return rows.reshape(*rows.shape[:-1], *self.wide, m)[self.used]

    def _blank_canvas(self, lead: tuple[int, ...], m: int, dtype: Any) -> Array:
        return np.zeros((*lead, *self.canvas, m), dtype)

    def _join(self, canvas: Array) -> Array:
        return canvas.reshape(*canvas.shape[:3], *self.joined, canvas.shape[-1])


@lru_cache(maxsize=256)  # a training loop asks for the same few again and again
def place_windows(
    operation: str, size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Windows:
    """All places where the kernel fits on the padded image."""
    each_axis = zip(size, kernel, stride, padding, dilation, strict=True)
    out = tuple(_output_size(operation, *along_axis) for along_axis in each_axis)
    return make_windows(size, kernel, stride, padding, dilation, out)


@lru_cache(maxsize=256)
def windows_on_output(
    out: Sizes, size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Windows | None:
    """Where the turned kernel stands on dy to reach every pixel of dx, if the stride is 1."""
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    missing = tuple(r - p for r, p in zip(reach, padding, strict=True))
    if set(stride) != {1} or min(missing) < 0:
        return None
    return make_windows(out, kernel, stride, missing, dilation, size)


@lru_cache(maxsize=256)
def make_windows(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, out: Sizes
) -> Windows:
    """`out` places of a kernel on a padded image of this size.

    There is as much padding behind as in front, or more where the last place reaches further.
    """
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    needed = tuple(r + s * (o - 1) + 1 for r, s, o in zip(reach, stride, out, strict=True))
    padded = tuple(map(max, padded_size(size, padding), needed))
    starts = [
        tuple(t * d for t, d in zip(tap, dilation, strict=True)) for tap in np.ndindex(*kernel)
    ]
    taps = tuple(
        cut(slice(t, t + s * (o - 1) + 1, s) for t, s, o in zip(start, stride, out, strict=True))
        for start in starts
    )
    used = cut(slice(o) for o in out)
    overlap = any(r >= s for r, s in zip(reach, stride, strict=True))
    inside = (cut(slice(p, p + n) for p, n in zip(padding, size, strict=True)), ...)
    windows = Windows(
        size, padding, padded, out, out, used, padded, (inside,), padded, taps, overlap
    )
    if overlap and (len(size) > 1 or stride != (1,)):
        windows = windows._replace(end_to_end=_join_rows(windows, stride, starts))
    return windows


def _join_rows(windows: Windows, stride: Sizes, starts: list[Sizes]) -> Windows:
    """The same windows on a canvas whose rows follow each other: each tap cuts one long slice.

    A step down is then a step of one row, and the padding at the end of a row is that in front of
    the next. As a tap meets one of `stride` pixels, the canvas has a layer for each remainder.
    """
    axes = list(zip(windows.size, windows.padding, windows.out, stride, strict=True))
    behind = [end - p for end, p in zip(windows.padded, windows.padding, strict=True)]
    pitch = [max(o, -(-b // s)) for b, (*_, o, s) in zip(behind, axes, strict=True)]
    steps = [math.prod(pitch[axis + 1 :]) for axis in range(len(pitch))]
    wide = (windows.out[0], *pitch[1:])
    length, taps = math.prod(wide), []
    for start in starts:
        layer = [t % s for t, s in zip(start, stride, strict=True)]
        shift = sum(t // s * step for t, s, step in zip(start, stride, steps, strict=True))
        pitch[0] = max(pitch[0], -(-(shift + length) // steps[0]))
        taps.append((..., *layer, slice(shift, shift + length), slice(None)))
    return windows._replace(
        wide=wide,
        canvas=(*stride, *pitch),
        parts=_layers(axes),
        joined=(*stride, math.prod(pitch)),
        taps=tuple(taps),
    )


def _layers(axes: list[tuple[int, int, int, int]]) -> tuple[tuple[Any, Any], ...]:
    """Where on joined rows the image lies: for each remainder, (part of the canvas, its pixels).

    axes: (size, padding, places, stride) of each.
    """
    layers = []
    for remainders in np.ndindex(*[stride for *_, stride in axes]):
        where, pixels = [], []
        for r, (size, padding, _, stride) in zip(remainders, axes, strict=True):
            first = (r - padding) % stride
            start = (first + padding) // stride
            where.append(slice(start, start + len(range(first, size, stride))))
            pixels.append(slice(first, None, stride))
        layers.append(((..., *remainders, *where, slice(None)), cut(pixels)))
    return tuple(layers)


def cut(slices: Iterable[slice]) -> tuple[Any, ...]:
    """The index of an image that cuts its spatial axes."""
    return (..., *slices, slice(None))


def padded_size(size: Sizes, padding: Sizes) -> Sizes:
    """The size with `padding` added at both ends of every axis."""
    return tuple(s + 2 * p for s, p in zip(size, padding, strict=True))


def pad(image: Array, padding: Sizes, value: float = 0.0) -> Array:
    """Put `value` around an image; np.pad is ten times slower on small ones."""
    if not any(padding):
        return image
    lead, size = image.shape[: -len(padding) - 1], image.shape[-len(padding) - 1 : -1]
    shape = (*lead, *padded_size(size, padding), image.shape[-1])
    padded = np.full(shape, value, image.dtype) if value else np.zeros(shape, image.dtype)
    unpad(padded, padding)[...] = image
    return padded


def unpad(padded: Array, padding: Sizes) -> Array:
    """The part of a padded image that is not padding, as a view."""
    size = padded.shape[-len(padding) - 1 : -1]
    return padded[cut(slice(p, s - p) for p, s in zip(padding, size, strict=True))]


def as_image(x: Array, side_by_side: bool) -> Array:
    """Samples (n, ...) as an image, (n, ..., 1) or side by side (1, ..., n): a view."""
    if len(x) == 1 or not side_by_side:
        return x[..., None]
    return x.transpose(*range(1, x.ndim), 0)[None]


def lay_out(x: Array, side_by_side: bool) -> Array:
    """The same in memory: numbers that are next to each other in the image lie so."""
    if len(x) == 1 or not side_by_side:
        return x[..., None]
    # Samples a power of two apart evict each other from the cache, so we put a gap between them.
    n, length = len(x), math.prod(x.shape[1:])
    rows = np.empty((n, length + GAP), x.dtype)[:, :length]
    rows.reshape(x.shape)[...] = x  # a view
    return rows.T.copy().reshape(1, *x.shape[1:], n)


def split_channels(x: Array, groups: int) -> Array:
    """(N, C, *size) -> (N, groups, C / groups, *size), as a view where that is possible."""
    n, channels, *size = x.shape
    return x.reshape(n, groups, channels // groups, *size)


def split_work(x: Array, windows: Windows) -> tuple[Windows, bool, list[tuple[slice, slice]]]:
    """How to go about it: along which windows, samples side by side or not, and in which blocks.

    A block is so many samples and groups that their columns fit the cache. Runs of numbers that are
    next to each other in the image and in the columns should be long: NumPy copies them at once.
    """
    n, groups, channels = x.shape[:3]
    places = math.prod(windows.out)
    sample_bytes = x.itemsize * channels * len(windows.taps) * places
    fitting = CACHE_BYTES // max(1, sample_bytes)
    if windows.are_pixels:  # there are no columns to fit
        fitting = max(1, n) * groups
    samples = max(1, min(n, fitting))
    together = max(1, fitting // samples)
    blocks = [
        (slice(i, i + samples), slice(g, g + together))
        for i in range(0, max(1, n), samples)
        for g in range(0, groups, together)
    ]
    if windows.are_pixels:
        return windows, False, blocks
    run = places if windows.end_to_end else windows.out[-1]  # numbers copied at once, samples apart
    side_by_side = samples >= FEW_SAMPLES and run < SHORT_RUN
    return windows if side_by_side else windows.end_to_end or windows, side_by_side, blocks
