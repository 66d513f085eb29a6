"""An optimizer is a record: what it remembers has the model's kind, and can be saved like it."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activation import ReLU
from course_lib.checkpoint import load, save
from course_lib.layer import Layer, Sequential
from course_lib.linear import Linear
from course_lib.loss import cross_entropy
from course_lib.optimizer import SGD, Adam, AdamW, Optimizer, clip_by_norm, warmup_cosine

OPTIMIZERS: list[tuple[type[Any], dict[str, Any]]] = [
    (SGD, {}),
    (SGD, {"weight_decay": 0.1}),
    (SGD, {"momentum": 0.9, "weight_decay": 0.1}),
    (Adam, {}),
    (Adam, {"betas": (0.8, 0.95), "eps": 1e-2, "weight_decay": 0.1}),
    (AdamW, {"weight_decay": 0.1}),
]
every_optimizer = pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)


def model(seed: int = 0, dtype: Any = np.float64) -> Sequential:
    rng = np.random.default_rng(seed)
    return Sequential(
        Linear.init(3, 5, rng=rng, dtype=dtype),
        ReLU(),
        Linear.init(5, 4, bias=False, rng=rng, dtype=dtype),
    )


def gradient(like: Layer, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return like.map(lambda w: rng.normal(size=w.shape))


def scalar_step(
    kind: type[Any], w: float, g: float, state: list[float], step: int, o: Any
) -> float:
    """One weight, one step, written from the papers with plain numbers."""
    rate, decay = 0.1, o.get("weight_decay", 0.0)
    if kind is AdamW:
        w, decay = w - rate * decay * w, 0.0
    g = g + decay * w
    if kind is SGD:
        state[0] = o.get("momentum", 0.0) * state[0] + g
        return w - rate * state[0]
    (beta1, beta2), eps = o.get("betas", (0.9, 0.999)), o.get("eps", 1e-8)
    state[0] = beta1 * state[0] + (1 - beta1) * g
    state[1] = beta2 * state[1] + (1 - beta2) * g**2
    mean, square = state[0] / (1 - beta1**step), state[1] / (1 - beta2**step)
    return w - rate * mean / (math.sqrt(square) + eps)


@every_optimizer
def test_each_weight_moves_as_the_formula_says(kind: type[Any], options: dict[str, Any]) -> None:
    trained = model()
    expected = {name: array.copy() for name, array in trained.parameters().items()}
    memory = {(n, i): [0.0, 0.0] for n, array in expected.items() for i in np.ndindex(array.shape)}
    optimizer = kind.init(trained, learning_rate=0.1, **options)
    for step in range(1, 6):
        grad = gradient(trained, step)
        trained, optimizer = optimizer.step(trained, grad)
        for (name, i), state in memory.items():
            g = grad.parameters()[name][i]
            expected[name][i] = scalar_step(kind, expected[name][i], g, state, step, options)
    for name, array in trained.parameters().items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-10, atol=1e-13)
    assert int(optimizer.steps) == 5


@every_optimizer
def test_a_step_changes_neither_the_old_model_nor_the_old_optimizer(
    kind: type[Any], options: dict[str, Any]
) -> None:
    old = model()
    optimizer = kind.init(old, learning_rate=0.1, **options)
    _, optimizer = optimizer.step(old, gradient(old, 0))
    before = [{n: a.copy() for n, a in record.state_dict().items()} for record in (old, optimizer)]
    first = optimizer.step(old, gradient(old, 1))
    second = optimizer.step(old, gradient(old, 1))
    for record, state in zip((old, optimizer), before, strict=True):
        for name, array in record.state_dict().items():
            np.testing.assert_array_equal(array, state[name])
    for one, two in zip(first, second, strict=True):
        for name, array in one.state_dict().items():
            np.testing.assert_array_equal(array, two.state_dict()[name])


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay_also_with_a_schedule(
    kind: type[Any], options: dict[str, Any], dtype: Any
) -> None:
    trained = model(dtype=dtype)
    optimizer = kind.init(trained, learning_rate=lambda step: np.float64(0.1), **options)
    for step in range(2):
        trained, optimizer = optimizer.step(trained, gradient(trained, step))
    arrays = {**trained.state_dict(), **optimizer.state_dict()}
    steps = arrays.pop("steps")
    assert steps.dtype.kind == "i"
    assert {array.dtype for array in arrays.values()} == {np.dtype(dtype)}


def train(trained: Any, optimizer: Any, steps: range) -> tuple[Any, Any]:
    for step in steps:
        rng = np.random.default_rng(step)
        logits, backward = trained.forward(rng.normal(size=(8, 3)).astype(np.float32))
        _, loss_backward = cross_entropy(logits, rng.integers(0, 4, 8))
        _, grad = backward(loss_backward())
        trained, optimizer = optimizer.step(trained, grad)
    return trained, optimizer


@every_optimizer
def test_a_saved_and_loaded_run_continues_as_if_nothing_had_happened(
    kind: type[Any], options: dict[str, Any], tmp_path: Any
) -> None:
    options = {**options, "learning_rate": warmup_cosine(0.1, 3, 10)}
    start = model(dtype=np.float32)
    whole = train(start, kind.init(start, **options), range(10))
    half = train(start, kind.init(start, **options), range(5))
    for name, record in zip(("model", "optimizer"), half, strict=True):
        save(tmp_path / f"{name}.npz", record)
    other = model(seed=1, dtype=np.float32)
    loaded = (
        load(tmp_path / "model.npz", other),
        load(tmp_path / "optimizer.npz", kind.init(other, **options)),
    )
    for one, two in zip(whole, train(*loaded, range(5, 10)), strict=True):
        assert one.state_dict().keys() == two.state_dict().keys()
        for name, array in one.state_dict().items():
            np.testing.assert_array_equal(array, two.state_dict()[name], strict=True)


@every_optimizer
def test_a_pickled_optimizer_takes_the_same_steps_with_its_schedule(
    kind: type[Any], options: dict[str, Any]
) -> None:
    start = model(dtype=np.float32)
    optimizer = kind.init(start, **options, learning_rate=warmup_cosine(0.1, 3, 10))
    half = train(start, optimizer, range(5))
    assert repr(half[1].learning_rate) == "warmup_cosine(0.1, 3, 10)"
    copies = pickle.loads(pickle.dumps(half))
    for one, two in zip(train(*half, range(5, 10)), train(*copies, range(5, 10)), strict=True):
        for name, array in one.state_dict().items():
            np.testing.assert_array_equal(array, two.state_dict()[name], strict=True)


@every_optimizer
def test_a_rate_of_zero_leaves_every_weight_where_it_is(
    kind: type[Any], options: dict[str, Any]
) -> None:
    for rate in (0, 0.0, warmup_cosine(0.0, 1, 2)):
        start = model()
        moved, _ = kind.init(start, **options, learning_rate=rate).step(start, gradient(start, 0))
        for name, array in moved.state_dict().items():
            np.testing.assert_array_equal(array, start.state_dict()[name], strict=True)


def test_forgetting_the_moments_is_seen(tmp_path: Any) -> None:
    start = model(dtype=np.float32)
    whole, _ = train(start, Adam.init(start), range(10))
    half, _ = train(start, Adam.init(start), range(5))
    fresh, _ = train(half, Adam.init(half), range(5, 10))
    assert any(
        (a != b).any()
        for a, b in zip(whole.parameters().values(), fresh.parameters().values(), strict=True)
    )


def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient() -> None:
    start = model()
    for size in (1e-3, 1.0, 1e3):
        grad = gradient(start, 0).map(lambda g, size=size: size * np.sign(g))
        moved, _ = Adam.init(start, learning_rate=0.01).step(start, grad)
        for before, after in zip(
            start.parameters().values(), moved.parameters().values(), strict=True
        ):
            np.testing.assert_allclose(abs(after - before), 0.01, rtol=1e-4)


def test_adam_takes_gradients_whose_squares_would_overflow() -> None:
    model = Linear(np.ones((1, 2), np.float32), None)
    grad = Linear(np.array([[1e20, 1.0]], np.float32), None)
    model, _ = Adam.init(model, learning_rate=0.1).step(model, grad)
    np.testing.assert_allclose(model.weight, 0.9, rtol=1e-5)


def test_weight_decay_of_adamw_does_not_pass_through_the_moments() -> None:
    start = model()
    zero = start.map(np.zeros_like)
    decayed, optimizer = AdamW.init(start, learning_rate=0.1, weight_decay=0.5).step(start, zero)
    for before, after in zip(
        start.parameters().values(), decayed.parameters().values(), strict=True
    ):
        np.testing.assert_allclose(after, 0.95 * before)
    assert not any(a.any() for a in optimizer.mean.parameters().values())


def test_adamw_decays_unless_told_otherwise_and_adam_does_not() -> None:
    assert AdamW.init(model()).weight_decay == 0.01
    assert Adam.init(model()).weight_decay == 0.0


def test_a_schedule_gets_the_number_of_steps_done() -> None:
    seen = []

    def schedule(step: int) -> float:
        seen.append(step)
        return 0.1

    trained = model()
    optimizer = SGD.init(trained, learning_rate=schedule)
    for step in range(3):
        trained, optimizer = optimizer.step(trained, gradient(trained, step))
    assert seen == [0, 1, 2]


@every_optimizer
def test_a_model_without_parameters_takes_steps_too(
    kind: type[Any], options: dict[str, Any]
) -> None:
    trained, optimizer = kind.init(ReLU(), learning_rate=0.1, **options).step(ReLU(), ReLU())
    assert isinstance(trained, ReLU)
    assert int(optimizer.steps) == 1


@every_optimizer
def test_a_gradient_of_another_kind_is_an_error(kind: type[Any], options: dict[str, Any]) -> None:
    optimizer = kind.init(model(), learning_rate=0.1, **options)
    with pytest.raises(ValueError, match=r"layers.0.weight is \(5, 3\) here and \(5, 2\) there"):
        optimizer.step(
            model(),
            model()._with(layers=(Linear(np.ones((5, 2)), np.ones(5)), *model().layers[1:])),
        )
    with pytest.raises(TypeError, match="both records must be of one kind"):
        optimizer.step(model(), Linear(np.ones((5, 3)), None))


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        (SGD, {"learning_rate": -0.1}, "learning_rate must be at least 0"),
        (SGD, {"learning_rate": 0.1, "momentum": 1.0}, "momentum must be at least 0 and below 1"),
        (SGD, {"learning_rate": 0.1, "weight_decay": -1.0}, "weight_decay must be at least 0"),
        (Adam, {"betas": (0.9, 1.0)}, "betas must be at least 0 and below 1"),
        (AdamW, {"eps": -1e-8}, "eps must be at least 0"),
    ],
)
def test_wrong_settings_say_what_is_wrong(
    kind: type[Optimizer], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        kind.init(model(), **options)  # type: ignore[attr-defined]


# -- clipping -------------------------------------------------------------------------------------


@given(max_norm=st.floats(1e-3, 1e3), seed=st.integers(0, 20))
def test_clipping_shortens_what_is_too_long_and_keeps_the_direction(
    max_norm: float, seed: int
) -> None:
    grad = gradient(model(), seed)
    flat = np.concatenate([a.reshape(-1) for a in grad.parameters().values()])
    clipped, norm = clip_by_norm(grad, max_norm)
    short = np.concatenate([a.reshape(-1) for a in clipped.parameters().values()])
    assert norm == pytest.approx(np.linalg.norm(flat))
    assert np.linalg.norm(short) == pytest.approx(min(max_norm, norm))
    assert short @ flat == pytest.approx(np.linalg.norm(short) * norm)
    if norm <= max_norm:
        assert clipped is grad


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_clipping_measures_gradients_whose_squares_over_or_underflow(size: float) -> None:
    grad = Linear(np.array([[3.0, 4.0]], np.float32) * np.float32(size), None)
    clipped, norm = clip_by_norm(grad, size)
    assert norm == pytest.approx(5 * size, rel=1e-6)
    np.testing.assert_allclose(clipped.weight, np.array([[0.6, 0.8]]) * size, rtol=1e-6)


def test_clipping_stops_at_a_gradient_that_is_not_finite() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(FloatingPointError, match=f"norm is {bad}"):
            clip_by_norm(Linear(np.array([[1.0, bad]]), None), 1.0)
    with pytest.raises(ValueError, match="max_norm must be positive"):
        clip_by_norm(model(), 0.0)


# -- the schedule ---------------------------------------------------------------------------------


@given(warmup=st.integers(0, 20), rest=st.integers(1, 50), peak=st.floats(1e-6, 10))
def test_the_rate_climbs_to_its_peak_and_comes_down_to_zero(
    warmup: int, rest: int, peak: float
) -> None:
    total = warmup + rest
    schedule = warmup_cosine(peak, warmup, total)
    rates = [schedule(step) for step in range(total + 3)]
    assert all(type(rate) is float for rate in rates)
    assert max(rates) == pytest.approx(peak)
    assert rates[warmup] == pytest.approx(peak)
    assert np.all(np.diff(rates[:warmup]) > 0)
    assert np.all(np.diff(rates[warmup : total + 1]) < 0)
    assert rates[total:] == [0.0] * 3
    if warmup:
        assert rates[0] == pytest.approx(peak / warmup)


def test_numpy_numbers_make_a_python_rate() -> None:
    schedule = warmup_cosine(np.float64(0.1), 2, 6)  # type: ignore[arg-type]
    assert all(type(schedule(step)) is float for step in range(8))


@pytest.mark.parametrize("settings", [(-0.1, 1, 5), (0.1, 5, 5), (0.1, -1, 5)])
def test_a_schedule_that_cannot_be_is_an_error(settings: Any) -> None:
    with pytest.raises(ValueError, match="0 <= warmup_steps < total_steps"):
        warmup_cosine(*settings)
