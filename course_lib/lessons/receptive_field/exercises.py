"""The exercises field_of_stack and depth_to_cover."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs

Stack = tuple[tuple[int, int, int], ...]  # (kernel_size, stride, dilation) of each layer
PLAIN: Stack = ((3, 1, 1), (3, 1, 1))


def _drawn(rng: np.random.Generator) -> Stack:
    """One to five layers."""
    layers = rng.integers((1, 1, 1), (6, 4, 4), size=(rng.integers(1, 6), 3))
    return tuple((int(k), int(s), int(d)) for k, s, d in layers)


STACKS = (PLAIN, *(_drawn(np.random.default_rng(seed)) for seed in range(80)))


def _field(
    widen: Callable[[int, int], int] = lambda k, d: d * (k - 1),
    *,
    own_stride: bool = False,
    first: int = 1,
    backwards: bool = False,
    spread: Callable[[int, int], int] = lambda jump, s: jump * s,
    beside: Callable[[int, int], int] = lambda k, d: 0,
) -> Callable[[Stack], int]:
    """The size with one thing done otherwise."""

    def size(layers: Stack) -> int:
        total, jump = first, 1
        for k, s, d in reversed(layers) if backwards else layers:
            after = spread(jump, s)
            total += widen(k, d) * (after if own_stride else jump) + beside(k, d)
            jump = after
        return total

    return size


def _stretched(layers: Stack) -> int:
    """The size if each stride multiplied what was seen before it."""
    size = 1
    for k, s, d in layers:
        size = size * s + d * (k - 1)
    return size


FIELD_OF_STACK = Exercise(
    name="field_of_stack",
    sections=("04_02c_receptive_field",),
    task="""
`layers` lists the layers of a stack from first to last, each as `(kernel_size, stride, dilation)`.
Return two whole numbers: `size`, the pixels in a row from the first to the last that one output of
the last layer sees, and `jump`, how many pixels its field moves from one output to the next.
""",
    stub="""
def field_of_stack(layers):
    raise NotImplementedError
""",
    solution="""
def field_of_stack(layers):
    size, jump = 1, 1  # a pixel sees itself
    for kernel_size, stride, dilation in layers:
        size += dilation * (kernel_size - 1) * jump
        jump *= stride
    return size, jump
""",
    alternative="""
def field_of_stack(layers):
    size, jump = 1, 1  # from the output back: so many numbers of the layer before
    for kernel_size, stride, dilation in reversed(layers):
        size = stride * (size - 1) + dilation * (kernel_size - 1) + 1
        jump *= stride
    return size, jump
""",
    returns={"size": "", "jump": ""},
    shows="Your size grows by the gaps of each layer's kernel, times all strides before it.",
    inputs=Inputs(
        arguments={"layers": STACKS},
        also=(
            {"layers": ((3, 1, 1),)},
            {"layers": ((3, 2, 1),)},
            {"layers": ((3, 2, 1), (3, 1, 1))},
            {"layers": ((3, 1, 1), (3, 2, 1))},
            {"layers": ((3, 1, 1), (3, 1, 2))},
            {"layers": ((2, 2, 1), (2, 2, 1), (2, 2, 1), (2, 2, 1))},
            {"layers": ((3, 3, 1), (1, 1, 1), (3, 2, 3), (5, 1, 1))},
        ),
        derived={
            "depth": lambda layers: len(layers),
            "stride": lambda layers: layers[0][1],
            "dilation": lambda layers: layers[0][2],
            "last_kernel_size": lambda layers: layers[-1][0],
            "last_stride": lambda layers: layers[-1][1],
            "last_dilation": lambda layers: layers[-1][2],
        },
    ),
    slips=(
        Slip(
            "its own stride counted",
            "Your size multiplies a layer's gaps by its own stride too. A window is as wide at any "
            "stride; the stride spreads the windows of the layers after it: size first, then jump.",
            (_field(own_stride=True),),
            "size",
        ),
        Slip(
            "its own stride alone",
            "Your size multiplies a layer's gaps by its own stride and forgets those before. A "
            "layer is spread by the jump, all strides before it multiplied; not by its own.",
            (lambda layers: 1 + sum(d * (k - 1) * s for k, s, d in layers),),
            "size",
        ),
        Slip(
            "stride and dilation exchanged",
            "Your size takes the stride of a layer for its dilation, and the other way about. Each "
            "layer is (kernel_size, stride, dilation).",
            (lambda layers: _field()(tuple((k, d, s) for k, s, d in layers)),),
            "size",
        ),
        Slip(
            "one layer left out",
            "Your size misses the first layer or the last one. Every layer widens the field.",
            (lambda layers: _field()(layers[1:]), lambda layers: _field()(layers[:-1])),
            "size",
        ),
        Slip(
            "brackets lost",
            "Your size takes away jump, not 1: * comes before -. Put the gaps in brackets, "
            "(kernel_size - 1).",
            (_field(lambda k, d: -1, beside=lambda k, d: d * k),),
            "size",
        ),
        Slip(
            "half the kernel",
            "Your size lets a kernel widen the field by half its gaps: that is one side of it. The "
            "field grows on both sides.",
            (
                _field(lambda k, d: d * ((k - 1) // 2)),
                _field(lambda k, d: d * (k - 1) // 2),
                _field(lambda k, d: d * (k // 2)),
            ),
            "size",
        ),
        Slip(
            "the area",
            "Your size is the number of pixels in a square. The task asks for those in a row.",
            (lambda layers: _field()(layers) ** 2,),
            "size",
        ),
        Slip(
            "as if all kernels were 3",
            "Your size is right for kernels of 3 at stride 1. Read each layer's own numbers.",
            (lambda layers: 2 * len(layers) + 1,),
            "size",
        ),
        Slip(
            "k instead of k - 1",
            "Your size adds the whole kernel. A kernel of k has k - 1 gaps, and the pixel that "
            "starts it is in size already: add dilation * (kernel_size - 1).",
            (
                _field(lambda k, d: d * k),
                _field(lambda k, d: k),
                _field(lambda k, d: d * k, first=0),
                _field(lambda k, d: d * (k - 1) + 1),
                _field(lambda k, d: d * (k - 1) + 1, first=0),
            ),
            "size",
        ),
        Slip(
            "starts from nothing",
            "Your size is one too small: without any layer an output sees one pixel, itself. Begin "
            "with size 1.",
            (_field(first=0),),
            "size",
        ),
        Slip(
            "stride ignored",
            "Your size is right where all strides are 1. After a stride of s, neighbours lie s "
            "times as far apart, so what later layers add is multiplied by it.",
            (_field(spread=lambda jump, s: 1),),
            "size",
        ),
        Slip(
            "strides added",
            "Your size adds the strides up. Two strides of 2 put neighbours 4 pixels apart, three "
            "put them 8 apart: they multiply.",
            (_field(spread=lambda jump, s: jump + s), _field(spread=lambda jump, s: jump + s - 1)),
            "size",
        ),
        Slip(
            "only the last stride counted",
            "Your size takes the stride of the layer before alone. All strides before a layer "
            "count, multiplied together.",
            (_field(spread=lambda jump, s: s),),
            "size",
        ),
        Slip(
            "dilation ignored",
            "Your size is right for dilation 1. Dilation d puts the weights d apart: each of the "
            "k - 1 gaps is d wide.",
            (_field(lambda k, d: k - 1),),
            "size",
        ),
        Slip(
            "dilation not times each gap",
            "Your size widens the kernel only once. Each of its k - 1 gaps is dilation wide.",
            (
                _field(lambda k, d: k - 1 + d - 1),
                _field(lambda k, d: k - 1, beside=lambda k, d: d - 1),
            ),
            "size",
        ),
        Slip(
            "dilation times the whole kernel",
            "Your size multiplies the kernel by the dilation before it takes 1 away. Dilation "
            "widens gaps, and there are kernel_size - 1 of them.",
            (_field(lambda k, d: d * k - 1),),
            "size",
        ),
        Slip(
            "kernels added up",
            "Your size is the sum of the kernels. Neighbouring windows overlap, and strides spread "
            "what comes later: a layer adds dilation * (kernel_size - 1) * jump.",
            (
                lambda layers: sum(k for k, _, _ in layers),
                lambda layers: sum(d * (k - 1) + 1 for k, _, d in layers),
            ),
            "size",
        ),
        Slip(
            "every layer with all strides",
            "Your size multiplies what every layer adds by all strides of the stack. A layer is "
            "spread by the strides before it alone.",
            (
                lambda layers: (
                    1 + sum(d * (k - 1) for k, _, d in layers) * math.prod(s for _, s, _ in layers)
                ),
            ),
            "size",
        ),
        Slip(
            "the field so far multiplied",
            "Your size multiplies the field so far by the stride. What earlier layers see does not "
            "grow by a later stride; what later layers add does.",
            (_stretched,),
            "size",
        ),
        Slip(
            "last layer first",
            "Your size walks from the last layer to the first with a formula for first to last. "
            "A stride spreads what comes after it, not what came before.",
            (_field(backwards=True),),
            "size",
        ),
        Slip(
            "fields multiplied",
            "Your size multiplies the layers' windows. At stride 1 each layer adds: 3 and 3 make "
            "5, not 9.",
            (
                lambda layers: math.prod(d * (k - 1) + 1 for k, _, d in layers),
                lambda layers: math.prod(k for k, _, _ in layers),
                lambda layers: math.prod(d * (k - 1) for k, _, d in layers),
            ),
            "size",
        ),
        Slip(
            "the last layer alone",
            "Your size is the window of one layer. Each number it reads has itself seen several "
            "pixels; if you have a loop over the layers, does return stand inside it?",
            (
                lambda layers: layers[-1][2] * (layers[-1][0] - 1) + 1,
                lambda layers: layers[0][2] * (layers[0][0] - 1) + 1,
            ),
            "size",
        ),
        Slip(
            "strides added",
            "Your jump adds the strides up. Each stride takes every s-th of places that already "
            "lie apart, so they multiply.",
            (
                lambda layers: sum(s for _, s, _ in layers),
                lambda layers: 1 + sum(s - 1 for _, s, _ in layers),
                lambda layers: 1 + sum(s for _, s, _ in layers),
            ),
            "jump",
        ),
        Slip(
            "the last stride left out",
            "Your jump is that of the layer before the last. The last layer's own stride does not "
            "widen its field, but it does set its outputs further apart.",
            (lambda layers: math.prod(s for _, s, _ in layers[:-1]),),
            "jump",
        ),
        Slip(
            "one stride alone",
            "Your jump is the stride of one layer. All of them multiply.",
            (
                lambda layers: layers[-1][1],
                lambda layers: layers[0][1],
                lambda layers: max(s for _, s, _ in layers),
            ),
            "jump",
        ),
        Slip(
            "dilation for stride",
            "Your jump multiplies dilations. Each layer is (kernel_size, stride, dilation).",
            (lambda layers: math.prod(d for _, _, d in layers),),
            "jump",
        ),
        Slip(
            "the first stride left out",
            "Your jump misses the stride of the first layer. All strides multiply.",
            (lambda layers: math.prod(s for _, s, _ in layers[1:]),),
            "jump",
        ),
        Slip(
            "dilation moves the field",
            "Your jump has the dilations in it. They widen a window; how far it moves is the "
            "strides' alone.",
            (lambda layers: math.prod(s * d for _, s, d in layers),),
            "jump",
        ),
    ),
    hints=(
        "Begin with one pixel that sees itself: size 1, jump 1. How many gaps has a kernel of 3, "
        "and how wide is each with dilation 2?",
        "A gap between neighbours of the layer before is `jump` pixels wide. The stride of a layer "
        "changes the jump for those after it.",
        "For each layer, in this order: size += dilation * (kernel_size - 1) * jump, then "
        "jump *= stride.",
    ),
    points=2,
)


def _until(enough: Callable[[int, int], bool], grow: Callable[..., tuple[int, int]]) -> Any:
    """The depth with another end, or another growth: (size, jump, k, s) -> (size, jump)."""

    def depth(pixels: int, kernel_size: int, stride: int) -> int:
        size, jump, layers = 1, 1, 0
        while not enough(size, pixels) and layers < 500:
            size, jump = grow(size, jump, kernel_size, stride)
            layers += 1
        return layers

    return depth


def _covers(size: int, pixels: int) -> bool:
    return size >= pixels


def _right(size: int, jump: int, k: int, s: int) -> tuple[int, int]:
    return size + (k - 1) * jump, jump * s


DEPTH_TO_COVER = Exercise(
    name="depth_to_cover",
    sections=("04_02c_receptive_field",),
    task="""
How deep must a stack be? All its layers have the same `kernel_size` (2 or more) and the same
`stride`, and no dilation. Return the smallest number of layers whose output has a field of at least
`pixels` in a row; 0 if a pixel alone is enough.
""",
    stub="""
def depth_to_cover(pixels, kernel_size, stride=1):
    raise NotImplementedError
""",
    solution="""
def depth_to_cover(pixels, kernel_size, stride=1):
    size, jump, depth = 1, 1, 0
    while size < pixels:
        size += (kernel_size - 1) * jump
        jump *= stride
        depth += 1
    return depth
""",
    alternative="""
def depth_to_cover(pixels, kernel_size, stride=1):
    jumps = float(stride) ** np.arange(pixels)  # before each layer
    sizes = np.cumsum([1.0, *(kernel_size - 1) * jumps])  # of depth 0, 1, 2, ...
    return int(np.searchsorted(sizes, pixels))
""",
    returns={"depth": ""},
    shows="Your stack is just deep enough: at stride 1 depth adds, at a larger one it multiplies.",
    inputs=Inputs(
        arguments={
            "pixels": (7, *range(1, 33)),
            "kernel_size": (3, 2, 4, 5, 7),
            "stride": (1, 2, 3),
        },
        also=(
            {"pixels": 224},
            {"pixels": 8, "kernel_size": 3},
            {"pixels": 9, "kernel_size": 3},
            {"pixels": 1},
            {"pixels": 7, "stride": 2},
            {"pixels": 8, "stride": 2},
            {"pixels": 224, "stride": 2},
            {"pixels": 15, "kernel_size": 2, "stride": 3},
        ),
    ),
    right=_until(_covers, _right),  # which ends for any numbers
    slips=(
        Slip(
            "k pixels for each layer",
            "Your depth lets each layer add the whole kernel. It adds kernel_size - 1: two layers "
            "of 3 see 5 pixels.",
            (
                _until(_covers, lambda size, jump, k, s: (size + k * jump, jump * s)),
                lambda n, k, s: -(-n // k),
                lambda n, k, s: n // k,
            ),
        ),
        Slip(
            "one layer too many",
            "Your depth has a layer too many where a field is just wide enough. Without a layer a "
            "pixel sees itself, so size begins at 1; and at least `pixels` includes equal.",
            (_until(lambda size, pixels: size > pixels, _right),),
        ),
        Slip(
            "rounds down",
            "Your depth rounds down, and its field is too narrow where the last layer is needed "
            "only in part. A part of a layer takes a whole one.",
            (lambda n, k, s: _until(lambda size, pixels: size > pixels, _right)(n, k, s) - 1,),
        ),
        Slip(
            "one layer at most",
            "Your depth stops after one layer. Add layers as long as the field is too narrow: "
            "while, not if, and no return inside the loop.",
            (lambda n, k, s: min(1, _until(_covers, _right)(n, k, s)),),
        ),
        Slip(
            "the field's size returned",
            "Your depth is how many pixels are seen. The task asks for how many layers it takes.",
            (
                lambda n, k, s: _field()(((k, s, 1),) * _until(_covers, _right)(n, k, s)),
                lambda n, k, s: s ** _until(_covers, _right)(n, k, s),
            ),
        ),
        Slip(
            "first stride left out",
            "Your depth counts a first layer of its own and loses its stride: the second layer "
            "already adds (kernel_size - 1) * stride. Begin with size 1, jump 1 and depth 0.",
            (lambda n, k, s: 1 + _until(_covers, _right)(n - k + 1, k, s),),
        ),
        Slip(
            "half the kernel",
            "Your depth lets a layer add half of its gaps: that is one side. The field grows on "
            "both sides, by kernel_size - 1.",
            (
                _until(_covers, lambda size, jump, k, s: (size + (k - 1) // 2 * jump, jump * s)),
                _until(_covers, lambda size, jump, k, s: (size + k // 2 * jump, jump * s)),
            ),
        ),
        Slip(
            "rounds down and leaves out the stride",
            "Your depth rounds down, and it is the same at any stride. A part of a layer takes a "
            "whole one, and a stride spreads what later layers add.",
            (lambda n, k, s: (n - 1) // (k - 1), lambda n, k, s: round((n - 1) / (k - 1))),
        ),
        Slip(
            "the field so far multiplied",
            "Your depth multiplies the field so far by the stride. What was seen stays as wide; "
            "what later layers add is spread.",
            (
                _until(_covers, lambda size, jump, k, s: ((size + k - 1) * s, 1)),
                _until(_covers, lambda size, jump, k, s: (size * s + k - 1, 1)),
            ),
        ),
        Slip(
            "an area compared",
            "Your depth compares an area with pixels in a row. Compare the size itself.",
            (_until(lambda size, pixels: size**2 >= pixels, _right),),
        ),
        Slip(
            "at least one layer",
            "Your depth is 1 where one pixel is asked for. A pixel sees itself without any layer.",
            (lambda n, k, s: max(1, _until(_covers, _right)(n, k, s)),),
        ),
        Slip(
            "stride ignored",
            "Your depth is right at stride 1. Each stride spreads what all later layers add, so "
            "fewer layers are enough.",
            (_until(_covers, lambda size, jump, k, s: (size + k - 1, 1)),),
        ),
        Slip(
            "stride counted once",
            "Your depth lets each layer add the same, kernel_size - 1 times the stride. Strides "
            "multiply from layer to layer: after three of 2, neighbours are 8 pixels apart.",
            (
                _until(_covers, lambda size, jump, k, s: (size + (k - 1) * s, 1)),
                _until(_covers, lambda size, jump, k, s: (size + (k - 1) * jump, s)),
            ),
        ),
        Slip(
            "its own stride counted",
            "Your depth multiplies by the stride before the layer is added. The first layer reads "
            "neighbouring pixels whatever its stride.",
            (_until(_covers, lambda size, jump, k, s: (size + (k - 1) * jump * s, jump * s)),),
        ),
        Slip(
            "strides added",
            "Your depth adds the strides up: the jump after n layers is stride multiplied n times.",
            (
                _until(_covers, lambda size, jump, k, s: (size + (k - 1) * jump, jump + s - 1)),
                _until(_covers, lambda size, jump, k, s: (size + (k - 1) * jump, jump + s)),
            ),
        ),
        Slip(
            "fields multiplied",
            "Your depth takes the field to be kernel_size to the power of the depth. At stride 1 "
            "each layer adds kernel_size - 1.",
            (_until(_covers, lambda size, jump, k, s: (size * k, jump)),),
        ),
    ),
    hints=(
        "At stride 1, how many pixels see 0, 1, 2 and 3 layers of kernel size 3?",
        "Add layers in a loop while the field is smaller than pixels. Keep size and jump, as in "
        "field_of_stack, and count.",
        "size, jump, depth = 1, 1, 0; while size < pixels: size += (kernel_size - 1) * jump, then "
        "jump *= stride, then depth += 1.",
    ),
    points=2,
)
