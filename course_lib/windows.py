"""Every place of a kernel on an image: what convolution, its transpose and pooling share.

Here an image is an array (b, ..., *size, m). Either the samples of a batch lie one after the other
on the first axis (m = 1), as everywhere else, or side by side on the last (b = 1): NumPy copies
long rows fastest, and the rows of small images are short.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from course_lib.errors import as_tuple, check_int
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
    as_tuple("output_size", "stride", stride, 1, least=1)
    as_tuple("output_size", "padding", padding, 1, least=0)
    as_tuple("output_size", "dilation", dilation, 1, least=1)
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
    padding: Sizes
    padded: Sizes  # ... and with the padding
    out: Sizes  # how many places, per axis
    wide: Sizes  # how many with the unused ones; `out` if there are none
    taps: tuple[tuple[Any, ...], ...]  # per weight of the kernel: the pixels that it meets
    used: tuple[Any, ...]  # of the `wide` places, those that count
    overlap: bool  # whether two windows may meet the same pixel
    end_to_end: Windows | None = None  # the same with all rows of the image joined, if that differs

    @property
    def are_pixels(self) -> bool:
        """Whether each window is one pixel: then the image is its own columns."""
        return self.size == self.out and not any(self.padding)

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
        if self.wide != self.out or any(self.padding):
            canvas, inside = self._canvas(image.shape[:3], m, image.dtype)
            inside[...] = image
        for k, tap in enumerate(self.taps):
            by_tap[:, :, :, k] = canvas[tap]
        return cols

    def scatter(self, cols: Array) -> Array:
        """Columns (b, groups, C · K, places · m) -> (b, groups, C, *size, m); overlaps add."""
        if self.are_pixels:
            return self.from_rows(cols)
        by_tap = self._split_taps(cols, cols.shape[3] // math.prod(self.wide))
        canvas, inside = self._canvas(by_tap.shape[:3], by_tap.shape[-1], cols.dtype)
        for k, tap in enumerate(self.taps):
            self.put(by_tap[:, :, :, k], canvas, tap)
        return inside

    def put(self, values: Array, canvas: Array, tap: tuple[Any, ...]) -> None:
        """Add values to what the tap meets, which is still zero unless windows overlap."""
        if self.overlap:
            canvas[tap] += values
        else:
            canvas[tap] = values

    def _split_taps(self, cols: Array, m: int) -> Array:
        b, groups, rows, _ = cols.shape
        cut = self.out if self.wide == self.out else (math.prod(self.wide),)
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

    def _canvas(self, lead: tuple[int, ...], m: int, dtype: Any) -> tuple[Array, Array]:
        """Zeros that `taps` cut, and the view of their inside where the image belongs."""
        if self.wide == self.out:
            canvas = image = np.zeros((*lead, *self.padded, m), dtype)
        else:
            pixels = math.prod(self.padded)  # and a row more, for the unused places of the last tap
            canvas = np.zeros((*lead, pixels + self.padded[-1], m), dtype)
            image = canvas[..., :pixels, :].reshape(*lead, *self.padded, m)
        return canvas, unpad(image, self.padding)


@lru_cache(maxsize=256)  # a training loop asks for the same few again and again
def place_windows(
    operation: str, size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Windows:
    """All places where the kernel fits on the padded image."""
    each_axis = zip(size, kernel, stride, padding, dilation, strict=True)
    out = tuple(_output_size(operation, *along_axis) for along_axis in each_axis)
    return make_windows(size, kernel, stride, padding, dilation, out)


@lru_cache(maxsize=256)
def make_windows(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, out: Sizes
) -> Windows:
    """`out` places of a kernel on a padded image of this size."""
    padded = padded_size(size, padding)
    starts = [
        tuple(t * d for t, d in zip(tap, dilation, strict=True)) for tap in np.ndindex(*kernel)
    ]
    taps = tuple(
        cut(slice(t, t + s * (o - 1) + 1, s) for t, s, o in zip(start, stride, out, strict=True))
        for start in starts
    )
    used = cut(slice(o) for o in out)
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    overlap = any(r >= s for r, s in zip(reach, stride, strict=True))
    end_to_end, wide = None, (out[0], *padded[1:])
    if wide != out and set(stride) == {1}:
        # Along the joined rows a step down is a step of one row: each tap cuts one long slice.
        length = math.prod(wide)
        shifts = (int(np.ravel_multi_index(start, padded)) for start in starts)
        long = tuple(cut([slice(shift, shift + length)]) for shift in shifts)
        end_to_end = Windows(size, padding, padded, out, wide, long, used, overlap)
    return Windows(size, padding, padded, out, out, taps, used, overlap, end_to_end)


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


def lay_out(x: Array, side_by_side: bool) -> Array:
    """Samples (n, ...) as an image: (1, ..., n) if they shall lie side by side, or (n, ..., 1)."""
    n, length = len(x), math.prod(x.shape[1:])
    if n == 1 or not side_by_side:
        return x[..., None]
    # Samples a power of two apart evict each other from the cache, so we put a gap between them.
    rows = np.empty((n, length + GAP), x.dtype)[:, :length]
    rows.reshape(x.shape)[...] = x  # a view
    return rows.T.copy().reshape(1, *x.shape[1:], n)


def take_up(image: Array) -> Array:
    """The way back from `lay_out`, as a view: (n, ...)."""
    return image[..., 0] if image.shape[-1] == 1 else image[0].transpose(-1, *range(image.ndim - 2))


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
