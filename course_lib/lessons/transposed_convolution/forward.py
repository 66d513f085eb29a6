"""The exercise conv_transpose1d_forward, and the slips that stamping invites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array

Forward = Callable[[Array, Array, Array, int, int], Array]  # x, weight, bias, stride, padding


def _stamps(x: Array, weight: Array) -> Array:
    """What each sample stamps, over all channels that come in: (N, C_out, L, K)."""
    return np.einsum("ncl,cok->nolk", x, weight)


def _paste(stamps: Array, stride: int, taps: int = 1, add: bool = True) -> Array:
    """Stamps (N, C_out, L, K) put down `stride` apart, their weights `taps` apart."""
    N, C, L, K = stamps.shape
    y = np.zeros((N, C, stride * (L - 1) + taps * (K - 1) + 1), stamps.dtype)
    for i in range(L):
        reach = slice(stride * i, stride * i + taps * (K - 1) + 1, taps)
        y[:, :, reach] = stamps[:, :, i] + (y[:, :, reach] if add else 0)
    return y


def _cut(y: Array, left: int, right: int) -> Array:
    return y[:, :, left : max(y.shape[2] - right, left)]


def _made(change: Callable[..., Array]) -> Forward:
    """A change of what is stamped and pasted, then cut at both ends, then the bias."""

    def forward(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
        return _cut(change(x, weight, stride), padding, padding) + bias[:, None]

    return forward


def _cut_as(left: int, right: int) -> Forward:
    """The padding cut off so many times at each end."""

    def forward(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
        y = _paste(_stamps(x, weight), stride)
        return _cut(y, left * padding, right * padding) + bias[:, None]

    return forward


def _last_channel(x: Array, weight: Array, stride: int) -> Array:
    return _paste(_stamps(x[:, -1:], weight[-1:]), stride)


def _overwritten_everywhere(x: Array, weight: Array, stride: int) -> Array:
    return _paste(_stamps(x[:, -1:], weight[-1:]), stride, add=False)


def _mean_of_overlaps(x: Array, weight: Array, stride: int) -> Array:
    stamps = _stamps(x, weight)
    counts = _paste(np.ones_like(stamps), stride)
    return _paste(stamps, stride) / np.maximum(counts, 1)


def _zeros_after_each(x: Array, weight: Array, stride: int) -> Array:
    """Zeros also after the last sample: `size * stride` long before the kernel is laid on."""
    y = _paste(_stamps(x, weight), stride)
    return np.pad(y, ((0, 0), (0, 0), (0, stride - 1)))


def _same_place(x: Array, weight: Array, stride: int) -> Array:
    """The taps read forwards over the samples with zeros between, as a convolution does."""
    return _paste(_stamps(x, weight[:, :, ::-1]), stride)


def _with_padded_x(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
    wide = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    return _paste(_stamps(wide, weight), stride) + bias[:, None]


def _widened(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
    y = _paste(_stamps(x, weight), stride)
    return np.pad(y, ((0, 0), (0, 0), (padding, padding))) + bias[:, None]


def _bias_in_each_stamp(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
    return _cut(_paste(_stamps(x, weight) + bias[:, None, None], stride), padding, padding)


def _bias_only_where_stamped(
    x: Array, weight: Array, bias: Array, stride: int, padding: int
) -> Array:
    stamps = _stamps(x, weight)
    there = _paste(np.ones_like(stamps), stride) > 0
    return _cut(_paste(stamps, stride) + bias[:, None] * there, padding, padding)


def _times_the_stride(beyond: type[Exception]) -> Forward:
    """y stride * L long; where a stamp reaches further, what a learner's code raises."""

    def forward(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
        y, length = _paste(_stamps(x, weight), stride), stride * x.shape[2]
        if y.shape[2] > length:
            raise beyond
        y = np.pad(y, ((0, 0), (0, 0), (0, length - y.shape[2])))
        return _cut(y, padding, padding) + bias[:, None]

    return forward


def _cut_to_the_stride(x: Array, weight: Array, stride: int) -> Array:
    return _paste(_stamps(x, weight), stride)[:, :, : stride * x.shape[2]]


def _as_a_convolution_has_it(
    x: Array, weight: Array, bias: Array, stride: int, padding: int
) -> Array:
    """weight read as (C_out, C_in, K) where it meets x, not where it says how large y is."""
    y = _paste(np.zeros_like(_stamps(x, weight)), stride)
    y += _paste(np.einsum("ncl,ock->nolk", x, weight), stride)
    return _cut(y, padding, padding) + bias[:, None]


def _convolution(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
    wide = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, weight.shape[2], axis=2)
    return np.einsum("ncik,cok->noi", windows[:, :, ::stride], weight) + bias[:, None]


def _length(L: int, K: int, stride: int, padding: int) -> int:
    return stride * (L - 1) + K - 2 * padding


_SLIPS: tuple[Slip | Any, ...] = (
    Slip(
        "overwrites instead of adding",
        "{your} keeps only the last stamp where two overlap. Each stamp is added to what lies "
        "there already: +=, not =.",
        (
            _made(lambda x, w, s: _paste(_stamps(x, w), s, add=False)),
            _made(_last_channel),
            _made(_overwritten_everywhere),
        ),
    ),
    Slip(
        "overlaps averaged",
        "{your} divides by the number of stamps that reach a sample. Overlaps add; that some "
        "samples get more is what this layer does, and where checkerboards come from.",
        (_made(_mean_of_overlaps),),
    ),
    Slip(
        "cut off at one end",
        "{your} has the padding cut off at one end only, or all of it there. `padding` samples go "
        "at the beginning and as many at the end.",
        (_cut_as(2, 0), _cut_as(0, 2), _cut_as(1, 0), _cut_as(0, 1)),
    ),
    Slip(
        "cut off twice",
        "{your} has lost 2 * padding samples at each end. It is `padding` at each end, 2 * padding "
        "together.",
        (_cut_as(2, 2),),
    ),
    Slip(
        "padding added",
        "{your} is longer than without padding. Here padding is cut off the output, at both ends: "
        "it takes away what a convolution's padding would have added.",
        (_widened, _with_padded_x),
    ),
    Slip(
        "kernel flipped",
        "{your} has the kernel back to front. A stamp is the kernel as it is, times the sample; "
        "if you slide a kernel over x with zeros in between, that one has to be flipped.",
        (_made(_same_place),),
    ),
    Slip(
        "stride zeros between samples",
        "{your} has its stamps stride + 1 apart. If you put zeros between the samples, it is "
        "stride - 1 of them: stride 1 needs none.",
        (_made(lambda x, w, s: _paste(_stamps(x, w), s + 1)),),
    ),
    Slip(
        "zeros after the last sample",
        "{your} is stride - 1 samples too long. Zeros go between the samples; after the last one "
        "there is nothing to keep apart.",
        (_made(_zeros_after_each),),
    ),
    Slip(
        "stride times the length",
        "{your} is made stride * L long. The last stamp begins at stride * (L - 1) and is K long: "
        "that is where y ends, before the padding is cut off.",
        (
            _times_the_stride(ValueError),
            _times_the_stride(IndexError),
            _made(_cut_to_the_stride),
        ),
    ),
    Slip(
        "weight as a convolution has it",
        "{your} reads weight as (C_out, C_in, K). Here it is (C_in, C_out, K): the channel that "
        "comes in is its first axis.",
        (_as_a_convolution_has_it,),
    ),
    Slip(
        "stride inside the stamp",
        "{your} spreads the weights of one stamp by the stride. Stride is the distance between "
        "stamps: sample i starts its stamp at stride * i, and its weights are neighbours.",
        (
            _made(lambda x, w, s: _paste(_stamps(x, w), 1, taps=s)),
            _made(lambda x, w, s: _paste(_stamps(x, w), s, taps=s)),
        ),
    ),
    Slip(
        "bias in every stamp",
        "{your} has the bias once for each stamp that reaches a sample. It is added once to each "
        "sample, after all stamps.",
        (_bias_in_each_stamp,),
    ),
    Slip(
        "bias only under stamps",
        "{your} has no bias where no stamp falls. Where the stride is larger than the kernel "
        "there are gaps, and they too get bias[o].",
        (_bias_only_where_stamped,),
    ),
    Slip(
        "a convolution",
        "{your} is that of a convolution: each output gathers a window of x. Here each sample of x "
        "scatters a kernel into y.",
        (_convolution,),
    ),
)

CONV_TRANSPOSE1D_FORWARD = Exercise(
    name="conv_transpose1d_forward",
    sections=("04_02d_transposed_convolution",),
    task="""
Write the layer. `x` is `(N, C_in, L)`, `weight` is `(C_in, C_out, K)` and `bias` is `(C_out,)`.
Sample `i` of input channel `c` stamps its kernel into every output channel `o`:

```text
y[n, o, stride * i + k] += weight[c, o, k] * x[n, c, i]        for all c, i and k
```

Then cut `padding` samples off **each** end and add `bias[o]` to what is left, once. Return `y` of
shape `(N, C_out, L')`.
""",
    stub="""
def conv_transpose1d_forward(x, weight, bias, stride, padding):
    raise NotImplementedError
""",
    solution="""
def conv_transpose1d_forward(x, weight, bias, stride, padding):
    N, _, L = x.shape
    _, C_out, K = weight.shape
    y = np.zeros((N, C_out, stride * (L - 1) + K), x.dtype)
    for i in range(L):
        start = stride * i
        y[:, :, start : start + K] += np.einsum("nc,cok->nok", x[:, :, i], weight)
    return y[:, :, padding : y.shape[2] - padding] + bias[:, None]
""",
    alternative="""
def conv_transpose1d_forward(x, weight, bias, stride, padding):
    N, C_in, L = x.shape
    K = weight.shape[2]
    spread = np.zeros((N, C_in, stride * (L - 1) + 1), x.dtype)
    spread[:, :, ::stride] = x  # stride - 1 zeros between the samples
    spread = np.pad(spread, ((0, 0), (0, 0), (K - 1, K - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(spread, K, axis=2)
    y = np.einsum("ncik,cok->noi", windows, weight[:, :, ::-1]) + bias[:, None]
    return y[:, :, padding : y.shape[2] - padding]
""",
    returns={"y": "N C_out L'"},
    shows="Your layer agrees with the library's for every stride and padding we tried, with gaps "
    "between the stamps and with many stamps on one sample.",
    inputs=Inputs(
        arguments={
            "x": "N C_in L",
            "weight": "C_in C_out K",
            "bias": "C_out",
            "stride": range(1, 5),
            "padding": range(3),
        },
        example={"L": 3, "K": 3},
        also=({"L": 3, "stride": 2}, {"L": 3, "stride": 2, "padding": 1}),
        sizes={"L": range(1, 7), "K": range(1, 5), "C_out": range(1, 5)},
        derived={"L'": _length},
        legal=lambda L, K, stride, padding: _length(L, K, stride, padding) >= 1,
    ),
    points=2,
    slips=_SLIPS,
    hints=(
        "Begin without padding: make y of zeros, as long as the last stamp reaches, and let every "
        "sample add its stamp. Where does sample i start?",
        "The length before the cut is stride * (L - 1) + K. Sample i reaches from stride * i to "
        "stride * i + K; all examples at once: np.einsum('nc,cok->nok', x[:, :, i], weight).",
        "Cut at the end: y[:, :, padding : y.shape[2] - padding], which also works for padding 0, "
        "as [padding:-padding] does not. Then + bias[:, None].",
    ),
)
