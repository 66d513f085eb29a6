"""Where PyTorch is installed: the same numbers in geometries that nobody chose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.references.answers import answers, largest_error
from tests.references.make_references import reference
from tests.references.settings import SETTINGS, Draw, Setting, sample

pytest.importorskip("torch")

TOLERANCES = {np.float64: 1e-9, np.float32: 1e-5}
ROUNDINGS = 10  # of the numbers that went in: what these add up to is no error, if nothing is left
few = st.integers(1, 3)


@st.composite
def per_axis(draw: Any, axes: int, least: int, most: int) -> Any:
    """One int for all axes, or one for each."""
    one = st.integers(least, most)
    return draw(one | st.tuples(*[one] * axes)) if axes > 1 else draw(one)


def spread(value: Any, axes: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * axes


def stretch(draw: Any, shape: tuple[int, ...]) -> Draw:
    """The input: normal in size, large, small, or full of ties."""
    return Draw(shape, scale=draw(st.sampled_from([1.0, 100.0, 0.01])), tied=draw(st.booleans()))


@st.composite
def convolutions(draw: Any, axes: int) -> Setting:
    kernel = draw(per_axis(axes, 1, 4))
    options = {
        "stride": draw(per_axis(axes, 1, 3)),
        "padding": draw(per_axis(axes, 0, 3)),
        "dilation": draw(per_axis(axes, 1, 3)),
        "groups": draw(few),
        "bias": draw(st.booleans()),
    }
    p, d, k = (spread(v, axes) for v in (options["padding"], options["dilation"], kernel))
    least = [max(1, d[a] * (k[a] - 1) + 1 - 2 * p[a]) for a in range(axes)]
    size = [draw(st.integers(n, n + 5)) for n in least]
    channels, out_channels = (draw(few) * options["groups"] for _ in range(2))
    x = stretch(draw, (draw(few), channels, *size))
    return Setting((channels, out_channels, kernel), options, (x,))


@st.composite
def transposed_convolutions(draw: Any, axes: int) -> Setting:
    kernel, stride = draw(per_axis(axes, 1, 4)), draw(per_axis(axes, 1, 3))
    dilation = draw(per_axis(axes, 1, 3))
    k, s, d = (spread(v, axes) for v in (kernel, stride, dilation))
    more = tuple(draw(st.integers(0, max(s[a], d[a]) - 1)) for a in range(axes))
    size = tuple(draw(st.integers(1, 5)) for _ in range(axes))
    whole = [(size[a] - 1) * s[a] + d[a] * (k[a] - 1) + more[a] + 1 for a in range(axes)]
    padding = tuple(draw(st.integers(0, min(3, (whole[a] - 1) // 2))) for a in range(axes))
    options = {
        "stride": stride,
        "padding": padding if axes > 1 else padding[0],
        "output_padding": more if axes > 1 else more[0],
        "dilation": dilation,
        "groups": draw(few),
        "bias": draw(st.booleans()),
    }
    channels, out_channels = (draw(few) * options["groups"] for _ in range(2))
    x = stretch(draw, (draw(few), channels, *size))
    return Setting((channels, out_channels, kernel), options, (x,))


@st.composite
def poolings(draw: Any, axes: int, average: bool = False) -> Setting:
    kernel = draw(per_axis(axes, 1, 4))
    k = spread(kernel, axes)
    padding = tuple(draw(st.integers(0, k[a] // 2)) for a in range(axes))
    options: dict[str, Any] = {"padding": padding if axes > 1 else padding[0]}
    if draw(st.booleans()):
        options["stride"] = draw(per_axis(axes, 1, 4))
    if average:
        options["count_include_pad"] = draw(st.booleans())
    size = [draw(st.integers(max(1, k[a] - 2 * padding[a]), k[a] + 6)) for a in range(axes)]
    return Setting((kernel,), options, (stretch(draw, (draw(few), draw(few), *size)),))


@st.composite
def elementwise(draw: Any, **choices: Any) -> Setting:
    shape = tuple(draw(st.lists(few, min_size=1, max_size=4)))
    options = {name: draw(st.sampled_from(values)) for name, values in choices.items()}
    return Setting((), options, (stretch(draw, shape),))


@st.composite
def linears(draw: Any) -> Setting:
    features, leading = draw(st.integers(1, 6)), draw(st.lists(few, max_size=3))
    options = {"bias": draw(st.booleans())}
    return Setting((features, draw(few)), options, (stretch(draw, (*leading, features)),))


@st.composite
def batch_norms(draw: Any, spatial: int) -> Setting:
    options = {
        "eps": draw(st.sampled_from([1e-5, 1e-2])),
        "momentum": draw(st.sampled_from([0.0, 0.1, 0.7, 1.0])),
        "affine": draw(st.booleans()),
    }
    shape = (draw(st.integers(4, 6)), draw(few), *(draw(few) for _ in range(spatial)))
    return Setting((shape[1],), options, (Draw(shape, scale=draw(st.sampled_from([1.0, 10.0]))),))


@st.composite
def layer_norms(draw: Any, **fixed: Any) -> Setting:
    normalized = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=2)))
    leading = draw(st.lists(few, max_size=2))
    options = {"eps": 1e-2, "elementwise_affine": draw(st.booleans()), **fixed}
    return Setting((normalized,), options, (Draw((*leading, *normalized)),))


@st.composite
def group_norms(draw: Any) -> Setting:
    groups, size = draw(few), draw(few)
    spatial = draw(st.lists(few, max_size=2))
    options = {"eps": 1e-2, "affine": draw(st.booleans())}
    x = Draw((draw(st.integers(2, 3)), groups * size, *spatial))
    return Setting((groups, groups * size), options, (x,))


@st.composite
def shares(draw: Any) -> Setting:
    shape = tuple(draw(st.lists(few, min_size=1, max_size=4)))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    return Setting((), {"dim": dim}, (Draw(shape, scale=draw(st.sampled_from([1.0, 10.0]))),))


@st.composite
def attentions(draw: Any) -> Setting:
    heads, size, n = draw(few), draw(few), draw(few)
    width, t, s = heads * size, draw(st.integers(1, 5)), draw(st.integers(1, 5))
    shapes = [(n, t, width), *[(n, s, width)] * draw(st.integers(0, 2))]
    s = t if len(shapes) == 1 else s
    forward: dict[str, Any] = {"causal": draw(st.booleans())}
    if draw(st.booleans()):
        mask = np.array(draw(st.lists(st.booleans(), min_size=t * s, max_size=t * s)))
        forward["mask"] = mask.reshape(t, s)
        forward["mask"][:, 0] = True  # where nothing may be seen, PyTorch answers NaN
    if draw(st.booleans()):
        padding = np.array(draw(st.lists(st.booleans(), min_size=n * s, max_size=n * s)))
        forward["key_padding_mask"] = padding.reshape(n, s)
        forward["key_padding_mask"][:, 0] = False
    options = {"bias": draw(st.booleans())}
    inputs = tuple(Draw(shape, scale=0.3) for shape in shapes)
    return Setting((width, heads), options, inputs, forward)


@st.composite
def recurrences(draw: Any) -> Setting:
    features, hidden, n = draw(few), draw(few), draw(few)
    inputs = [Draw((n, draw(st.integers(1, 6)), features))]
    if draw(st.booleans()):
        inputs.append(Draw((n, hidden)))
    return Setting((features, hidden), {"bias": draw(st.booleans())}, tuple(inputs))


@st.composite
def embeddings(draw: Any) -> Setting:
    rows = draw(st.integers(1, 6))
    options = {"padding_idx": draw(st.none() | st.integers(0, rows - 1))}
    shape = tuple(draw(st.lists(few, max_size=3)))
    return Setting((rows, draw(few)), options, (Draw(shape, below=rows),))


@st.composite
def maps(draw: Any) -> Setting:
    shape = draw(few), draw(few), *draw(st.lists(few, min_size=1, max_size=3))
    return Setting((), {}, (stretch(draw, shape),))


STRATEGIES = {
    "Linear": linears(),
    "Conv1d": convolutions(1),
    "Conv2d": convolutions(2),
    "ConvTranspose1d": transposed_convolutions(1),
    "ConvTranspose2d": transposed_convolutions(2),
    "MaxPool1d": poolings(1),
    "MaxPool2d": poolings(2),
    "AvgPool1d": poolings(1, average=True),
    "AvgPool2d": poolings(2, average=True),
    "ReLU": elementwise(),
    "LeakyReLU": elementwise(negative_slope=[0.01, 0.3, 1.0]),
    "Sigmoid": elementwise(),
    "Tanh": elementwise(),
    "GELU": elementwise(approximate=["none", "tanh"]),
    "SiLU": elementwise(),
    "Softmax": shares(),
    "LogSoftmax": shares(),
    "BatchNorm1d": batch_norms(0) | batch_norms(1),
    "BatchNorm2d": batch_norms(2),
    "LayerNorm": layer_norms() | layer_norms(bias=False),
    "RMSNorm": layer_norms(),
    "GroupNorm": group_norms(),
    "GlobalAvgPool": maps(),
    "Flatten": maps(),
    "Identity": elementwise(),
    "MultiHeadAttention": attentions(),
    "RNN": recurrences(),
    "GRU": recurrences(),
    "Embedding": embeddings(),
}


def test_every_layer_with_stored_answers_is_compared_live_too() -> None:
    assert STRATEGIES.keys() == SETTINGS.keys()


@pytest.mark.parametrize("dtype", TOLERANCES, ids=["float64", "float32"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_layer_gives_the_numbers_of_pytorch_in_any_geometry(name: str, dtype: Any) -> None:
    @given(setting=STRATEGIES[name], seed=st.integers(0, 2**16))
    def check(setting: Setting, seed: int) -> None:
        expected = {key: sample(array) for key, array in reference(name, seed, setting).items()}
        size = max(np.abs(array).max(initial=1.0) for array in expected.values())
        least = ROUNDINGS * float(np.finfo(dtype).eps) / TOLERANCES[dtype] * size
        error = largest_error(answers(name, seed, setting, dtype), expected, dtype, least)
        assert error <= TOLERANCES[dtype]

    check()
