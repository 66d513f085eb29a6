"""Layers, losses, optimizers and schedules give PyTorch's numbers; models load its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib import optimizer
from course_lib.activation import GELU, ReLU
from course_lib.batch_normalization import BatchNorm2d
from course_lib.convolution import Conv2d
from course_lib.embedding import Embedding
from course_lib.layer import Layer, Sequential
from course_lib.linear import Linear
from course_lib.multi_head_attention import MultiHeadAttention
from course_lib.normalization import LayerNorm
from course_lib.pooling import Flatten, MaxPool2d
from course_lib.recurrent import RNN
from tests.cases import is_layer, public
from tests.references.answers import (
    answers,
    largest_error,
    load,
    loss_answers,
    stored,
    stored_loss,
)
from tests.references.settings import (
    LOSSES,
    MODELS,
    OPTIMIZER_STEPS,
    OPTIMIZERS,
    SCHEDULES,
    SETTINGS,
    WITHOUT_PYTORCH,
    Array,
    draw,
    gradient_at,
)

TOLERANCES = {np.float64: 1e-9, np.float32: 1e-5}

both_dtypes = pytest.mark.parametrize("dtype", TOLERANCES, ids=["float64", "float32"])


def test_every_public_layer_is_compared_or_says_why_not() -> None:
    assert not SETTINGS.keys() & WITHOUT_PYTORCH.keys()
    assert SETTINGS.keys() | WITHOUT_PYTORCH.keys() == public(is_layer).keys()


@both_dtypes
@pytest.mark.parametrize("name", SETTINGS)
def test_layer_gives_the_numbers_of_pytorch(name: str, dtype: Any) -> None:
    assert len(SETTINGS[name]) >= 12
    for seed, setting in enumerate(SETTINGS[name]):
        error = largest_error(answers(name, seed, setting, dtype), stored(name)[seed], dtype)
        assert error <= TOLERANCES[dtype], (seed, setting)


def test_comparison_sees_one_wrong_entry_and_a_missing_array() -> None:
    expected = {"y": np.linspace(-1.0, 1.0, 100)}
    wrong = expected["y"].copy()
    wrong[50] += 1e-6
    assert largest_error(expected, expected) == 0
    assert largest_error({"y": wrong}, expected) == pytest.approx(1e-6)
    for other in ({}, {"y": wrong[:1]}, {"y": wrong.astype(np.float32)}):
        with pytest.raises(AssertionError):
            largest_error(other, expected)


@both_dtypes
@pytest.mark.parametrize("seed", range(len(LOSSES)), ids=lambda seed: LOSSES[seed].name)
def test_loss_gives_the_numbers_of_pytorch(seed: int, dtype: Any) -> None:
    error = largest_error(loss_answers(seed, dtype), stored_loss(seed), dtype)
    assert error <= TOLERANCES[dtype]


@pytest.mark.parametrize("seed", range(len(OPTIMIZERS)), ids=lambda seed: OPTIMIZERS[seed][0])
def test_optimizer_walks_where_pytorch_walks(seed: int) -> None:
    name, options = OPTIMIZERS[seed]
    references = load("optimizers")
    model = Linear(draw(seed, "weight", (3, 4)), draw(seed, "bias", (3,)))
    walker = getattr(optimizer, name).init(model, **options)
    for step in range(OPTIMIZER_STEPS):
        grad = Linear(
            *(gradient_at(seed, step, key, array) for key, array in model.parameters().items())
        )
        model, walker = walker.step(model, grad)
        expected = {key: references[f"{seed}/{key}"][step] for key in model.parameters()}
        assert largest_error(model.parameters(), expected) <= 1e-9


@pytest.mark.parametrize("seed", range(len(SCHEDULES)))
def test_schedule_gives_the_rates_of_pytorch(seed: int) -> None:
    peak, _, total = SCHEDULES[seed]
    schedule = optimizer.warmup_cosine(*SCHEDULES[seed])
    rates = np.array([schedule(step) for step in range(total + 1)])
    assert np.abs(rates - load("schedules")[str(seed)]).max() <= 1e-12 * peak


# -- models that PyTorch made ---------------------------------------------------------------------


class TransformerEncoderLayer(Layer):
    """The layer that PyTorch has under this name, with `norm_first=True` and its field names."""

    self_attn: MultiHeadAttention
    linear1: Linear
    linear2: Linear
    norm1: LayerNorm
    norm2: LayerNorm

    def forward(self, x: Array) -> Any:
        normal, norm1_backward = self.norm1.forward(x)
        mixed, attention_backward = self.self_attn.forward(normal)
        x = x + mixed
        normal, norm2_backward = self.norm2.forward(x)
        hidden, linear1_backward = self.linear1.forward(normal)
        bent, gelu_backward = GELU().forward(hidden)
        more, linear2_backward = self.linear2.forward(bent)

        def backward(dy: Array) -> Any:
            dbent, dlinear2 = linear2_backward(dy)
            dhidden, _ = gelu_backward(dbent)
            dnormal, dlinear1 = linear1_backward(dhidden)
            dx, dnorm2 = norm2_backward(dnormal)
            dy = dy + dx
            dnormal, dattention = attention_backward(dy)
            dx, dnorm1 = norm1_backward(dnormal)
            return dy + dx, TransformerEncoderLayer(dattention, dlinear1, dlinear2, dnorm1, dnorm2)

        return x + more, backward


def build_model(name: str) -> Layer:
    options: dict[str, Any] = {"rng": np.random.default_rng(0), "dtype": np.float64}
    if name == "cnn":
        return Sequential(
            Conv2d.init(1, 4, 3, padding=1, **options),
            BatchNorm2d.init(4, dtype=np.float64),
            ReLU(),
            MaxPool2d(2),
            Conv2d.init(4, 6, 3, stride=2, bias=False, **options),
            BatchNorm2d.init(6, dtype=np.float64),
            GELU(),
            Flatten(),
            Linear.init(6, 10, **options),
        )
    if name == "transformer block":
        return TransformerEncoderLayer(
            MultiHeadAttention.init(8, 2, **options),
            Linear.init(8, 16, **options),
            Linear.init(16, 8, **options),
            LayerNorm.init(8, dtype=np.float64),
            LayerNorm.init(8, dtype=np.float64),
        )
    if name == "recurrent":
        return RNN.init(5, 7, **options)
    return Sequential(
        Embedding.init(11, 6, **options),
        LayerNorm.init(6, dtype=np.float64),
        Linear.init(6, 3, **options),
    )


@pytest.mark.parametrize("name", MODELS)
def test_model_of_pytorch_loads_by_name_and_gives_the_same_numbers(name: str) -> None:
    references = {
        key.removeprefix(f"{name}/"): array
        for key, array in load("models").items()
        if key.startswith(f"{name}/")
    }
    state = {
        key.removeprefix("state/"): array
        for key, array in references.items()
        if key.startswith("state/")
    }
    model = build_model(name).load_state_dict(state)
    x = MODELS[name](0, name)
    y, backward = model.forward(x)
    dx, grad = backward(draw(0, "dy", y.shape))
    got = {"y": y, "evaluation": model.for_evaluation()(x)}
    got |= {f"grad/{key}": array for key, array in grad.parameters().items()}
    if dx is not None:
        got["dx"] = dx
    expected = {key: a for key, a in references.items() if not key.startswith("state/")}
    # a bias in front of a BatchNorm has no slope: what is left of it is rounding
    assert largest_error(got, expected, least=1e-3) <= 1e-9
