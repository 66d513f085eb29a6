"""What every layer and every operation promises, whatever it computes."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

from course_lib.activation import softmax
from course_lib.batch_normalization import BatchNorm1d, BatchNorm2d, FrozenBatchNorm, batch_norm
from course_lib.blocks import BLOCK
from course_lib.checkpoint import load, save
from course_lib.convolution import Conv1d, Conv2d, conv1d
from course_lib.embedding import Embedding
from course_lib.errors import kind
from course_lib.layer import Identity, Layer
from course_lib.linear import Linear
from course_lib.multi_head_attention import MultiHeadAttention
from course_lib.normalization import GroupNorm, LayerNorm, layer_norm, rms_norm
from course_lib.positional import LearnedPositionalEncoding
from course_lib.recurrent import RNN
from course_lib.transposed_convolution import ConvTranspose1d, conv_transpose1d
from tests.cases import (
    CASES,
    LAYERS,
    LOSSES,
    Array,
    Case,
    Operation,
    Wrapper,
    backward_arrays,
    check_direction,
    draw_dy,
    is_layer,
    is_operation,
    public,
)
from tools.layer_table import operation_of

DTYPES = (np.float32, np.float64)
SEEDS = range(3)
RIGHT = 1e-6  # a right backward pass stays below this relative error, a wrong one above

every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_layer = pytest.mark.parametrize("case", LAYERS, ids=str)
both_dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=["float32", "float64"])


def assert_close(got: Any, expected: Any, *, rtol: float = 1e-9) -> None:
    """max|got - expected| <= rtol * max|expected|, and the same shape."""
    assert np.shape(got) == np.shape(expected)
    if np.size(got):
        assert np.abs(got - expected).max() <= rtol * max(np.abs(expected).max(), 1e-12)


def assert_same(got: dict[str, Array], expected: dict[str, Array]) -> None:
    """Equal names, equal arrays, to the last bit."""
    assert got.keys() == expected.keys()
    for name in got:
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name, strict=True)


# -- the list itself ------------------------------------------------------------------------------


def test_every_public_layer_has_a_case() -> None:
    covered = {type(case.make()).__name__ for case in LAYERS}
    assert covered == public(is_layer).keys()


def test_every_public_operation_has_a_case() -> None:
    covered = {case.make().operation.__name__ for case in CASES if case not in LAYERS}
    assert covered == public(is_operation).keys()


def test_names_of_cases_are_unique_and_say_what_they_are_about() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        layer = case.make()
        subject = layer.operation if isinstance(layer, Operation) else type(layer)
        assert case.subject == subject.__name__


def defaults_of(function: Any) -> dict[str, Any]:
    """The options of a function that may be left out. (A layer's parts may be, elsewhere.)"""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is not parameter.empty and name not in ("weight", "bias", "dropout")
    }


def test_a_layer_and_its_operation_have_the_same_defaults() -> None:
    common = 0
    for layer in public(is_layer).values():
        of_operation = defaults_of(operation_of(layer))
        for function in (layer, getattr(layer, "init", layer)):
            of_layer = defaults_of(function)
            for name in of_layer.keys() & of_operation.keys():
                assert of_layer[name] == of_operation[name], (layer.__name__, name)
                common += 1
    assert common > 50


# -- shapes, dtypes, purity -----------------------------------------------------------------------


@every_case
@both_dtypes
def test_gradients_have_the_shapes_and_the_dtype_of_what_they_belong_to(
    case: Case, dtype: Any
) -> None:
    layer, inputs = case.make(dtype), case.draw(dtype)
    y, backward = case.forward(layer, inputs)
    *dinputs, grad = backward(draw_dy(y))
    assert np.asarray(y).dtype == dtype
    assert type(grad) is type(layer)
    for x, dx in zip(inputs, dinputs, strict=True):
        if case not in LOSSES:
            assert (dx is None) == (x.dtype.kind != "f")
        assert dx is None or (dx.shape, dx.dtype) == (x.shape, dtype)
    layer.map(lambda w, g: w - g, grad)  # raises where kind, length or shape differs
    for name, array in grad.parameters().items():
        assert array.dtype == dtype, name


@every_case
@both_dtypes
def test_neither_pass_changes_its_arguments_or_the_layer(case: Case, dtype: Any) -> None:
    layer, inputs = case.make(dtype), case.draw(dtype)
    assert not any(a.flags.writeable for a in [*inputs, *layer.parameters().values()])
    before = [a.copy() for a in inputs], {n: a.copy() for n, a in layer.parameters().items()}
    y, backward = case.forward(layer, inputs)
    y_before, dy = np.copy(y), draw_dy(y)
    dy_before = np.copy(dy)
    backward(dy)
    for got, expected in zip([*inputs, y, dy], [*before[0], y_before, dy_before], strict=True):
        np.testing.assert_array_equal(got, expected)
    assert_same(layer.parameters(), before[1])


@every_case
def test_backward_can_be_called_twice_even_if_its_first_answer_is_overwritten(case: Case) -> None:
    layer, inputs = case.make(), case.draw()
    y, backward = case.forward(layer, inputs)
    dy = draw_dy(y)
    first = backward_arrays(backward, dy)
    kept = {name: array.copy() for name, array in first.items()}
    for array in first.values():
        if array.flags.writeable:
            array += 1
    assert_same(backward_arrays(backward, dy), kept)


@every_case
def test_no_two_gradients_share_memory(case: Case) -> None:
    y, backward = case.forward(case.make(), case.draw())
    gradients = backward_arrays(backward, draw_dy(y))
    for (one, a), (other, b) in combinations(gradients.items(), 2):
        assert not np.shares_memory(a, b), (one, other)


@every_case
def test_backward_is_linear(case: Case) -> None:
    y, backward = case.forward(case.make(), case.draw())
    one, two = draw_dy(y, 1), draw_dy(y, 2)
    together = backward_arrays(backward, 3.0 * one + 2.0 * two)
    apart = backward_arrays(backward, one), backward_arrays(backward, two)
    for name, array in together.items():
        parts = 3.0 * apart[0][name], 2.0 * apart[1][name]
        size = max(np.abs(part).max() for part in parts)
        assert np.abs(array - (parts[0] + parts[1])).max() <= 1e-12 * max(size, 1.0), name


@every_case
def test_float32_gives_the_numbers_of_float64(case: Case) -> None:
    answers = []
    for dtype in DTYPES:
        y, backward = case.forward(case.make(dtype), case.draw(dtype))
        dy = draw_dy(np.asarray(y, np.float32))
        if np.ndim(dy):
            dy = dy.astype(dtype)
        answers.append({"y": np.asarray(y)} | backward_arrays(backward, dy))
    size = max(np.abs(array).max() for array in answers[1].values())
    for name, array in answers[1].items():
        # a gradient that cancels to nothing is measured against what it cancelled from
        scale = max(np.abs(array).max(), 1e-2 * size)
        assert np.abs(answers[0][name] - array).max() <= 1e-5 * scale, name


@every_case
def test_wrong_dy_is_rejected(case: Case) -> None:
    y, backward = case.forward(case.make(), case.draw())
    if np.ndim(y) == 0:
        with pytest.raises((TypeError, ValueError)):
            backward(np.ones(3))
        return
    dy = draw_dy(y)
    for wrong in (dy[None], dy[..., None], dy[..., :0], dy[:1, ...]):
        with pytest.raises(ValueError, match="shape"):
            backward(wrong)
    for wrong in (dy.astype(np.float32), dy.tolist(), 1.0, None):
        with pytest.raises(TypeError, match=r"float32|not (a|None)"):
            backward(wrong)


@every_case
def test_what_is_done_to_the_result_does_not_reach_the_way_back(case: Case) -> None:
    expected = answers_in(case, None)
    y, backward = case.forward(case.make(), tuple(x.copy() for x in case.draw()))
    dy = draw_dy(y)
    if np.ndim(y) and y.flags.writeable:  # what is remembered is read-only
        y[...] = np.nan
    del expected["y"]
    assert_same(backward_arrays(backward, dy), expected)


# -- memory ---------------------------------------------------------------------------------------


def laid_out(array: Array, number: int) -> Array:
    """The same numbers in another order in memory, read-only; there are 48 for four axes.

    The axes in one of all orders, and then every axis backwards, or with gaps between its numbers.
    """
    orders = list(permutations(range(array.ndim)))
    turns, number = divmod(number, 24)
    order = orders[number % len(orders)]
    step = (slice(None, None, -1 if turns else 2),) * array.ndim
    memory = np.empty([n * (1 if turns else 2) for n in array.transpose(order).shape], array.dtype)
    other = memory.transpose(np.argsort(order))[step]
    other[...] = array
    other.flags.writeable = False
    return other


def answers_in(case: Case, number: int | None) -> dict[str, Array]:
    """The output and the gradients, all arrays laid out by number; None for C order."""
    layer, inputs = case.make(), case.draw()
    if number is not None:
        layer = layer.map(lambda array: laid_out(array, number))
        inputs = tuple(laid_out(x, number) for x in inputs)
    y, backward = case.forward(layer, inputs)
    dy = draw_dy(y)
    if number is not None and np.ndim(dy):
        dy = laid_out(dy, number)
    return {"y": np.asarray(y)} | backward_arrays(backward, dy)


@every_case
def test_the_order_in_memory_changes_nothing(case: Case) -> None:
    expected = answers_in(case, None)
    largest = max(np.abs(array).max() for array in expected.values())
    ranks = [x.ndim for x in case.draw()]
    for number in range(48):
        if number % 24 < math.factorial(max(ranks)):
            for name, array in answers_in(case, number).items():
                assert array.shape == expected[name].shape
                error = np.abs(array - expected[name]).max()
                assert error <= 1e-12 * largest, (name, number)


# -- numbers that are none ------------------------------------------------------------------------


def answers_with(case: Case, where: int, entry: int, value: float) -> dict[str, Array]:
    """The answers where one entry of an input has this value, or of dy if `where` is -1."""
    inputs = [x.copy() for x in case.draw()]
    y, backward = case.forward(case.make(), tuple(inputs))
    dy = np.array(draw_dy(y))
    (inputs[where] if where >= 0 else dy).reshape(-1)[entry] = value
    with np.errstate(invalid="ignore"):
        y, backward = case.forward(case.make(), tuple(inputs))
        gradients = backward_arrays(backward, dy if np.ndim(dy) else float(dy))
    return {"y": np.asarray(y)} | gradients


def entries_of(case: Case) -> list[tuple[int, int]]:
    """Some entries of every input that is no parameter, and of dy."""
    inputs = case.draw()[: 1 if case in LOSSES else case.batched]  # a target is checked
    sizes = {i: x.size for i, x in enumerate(inputs) if x.dtype.kind == "f"}
    sizes[-1] = np.size(case.forward(case.make(), case.draw())[0])
    return [(i, e) for i, size in sizes.items() for e in sorted({0, size // 2})]


# Where a zero counts: it is multiplied by what may be NaN.
COUNTING_ZEROS = {
    "Sequential": "the gradient of a unit that ReLU silences, times its inputs",
    "RNN": "the state before the first step, times its gradient",
    "GRU": "the same",
    "rotary": "the sine of the angle 0, times the pair's other half",
    "MultiHeadAttention": "the gradient of the key's bias, which moves all scores of a row alike",
    "RotaryMultiHeadAttention": "the same",
    "scaled_dot_product_attention": "the weight of a masked key, times its value",
}


@pytest.mark.parametrize("case", [c for c in CASES if c.subject not in COUNTING_ZEROS], ids=str)
def test_a_number_that_does_not_count_reaches_nothing_whatever_it_is(case: Case) -> None:
    """What stays the same for three numbers does so for NaN and inf, too."""
    for where, entry in entries_of(case):
        one, *others = (answers_with(case, where, entry, value) for value in (-4.0, 0.5, 4.0))
        for value in (np.nan, np.inf):
            for name, array in answers_with(case, where, entry, value).items():
                same = np.all([abs(other[name] - one[name]) <= 1e-12 for other in others], axis=0)
                error = np.abs(array - one[name])[same]
                assert (error <= 1e-12).all(), (name, where, entry, value)


# -- many rows ------------------------------------------------------------------------------------

MANY = 100_000
# layers whose gradient of this name is a sum of dy, the shape of x, how often dy meets each entry
SUMS: dict[str, tuple[Callable[[np.random.Generator], Layer], tuple[int, ...], str, int]] = {
    "Linear": (lambda rng: Linear.init(1, 2, rng=rng), (MANY, 1), "bias", MANY),
    "Conv1d": (lambda rng: Conv1d.init(1, 2, 1, rng=rng), (MANY, 1, 1), "bias", MANY),
    "Conv1d: long": (lambda rng: Conv1d.init(1, 2, 1, rng=rng), (1, 1, MANY), "bias", MANY),
    "Conv2d": (lambda rng: Conv2d.init(1, 2, 1, rng=rng), (MANY, 1, 1, 2), "bias", 2 * MANY),
    "ConvTranspose1d": (
        lambda rng: ConvTranspose1d.init(1, 2, 1, rng=rng),
        (MANY, 1, 1),
        "bias",
        MANY,
    ),
    "BatchNorm1d": (lambda rng: BatchNorm1d.init(2), (MANY, 2), "bias", MANY),
    "BatchNorm1d: long": (lambda rng: BatchNorm1d.init(2), (1, 2, MANY), "bias", MANY),
    "BatchNorm2d": (lambda rng: BatchNorm2d.init(2), (MANY, 2, 1, 2), "bias", 2 * MANY),
    "FrozenBatchNorm": (
        lambda rng: BatchNorm1d.init(2).for_evaluation(),
        (MANY, 2),
        "bias",
        MANY,
    ),
    "LayerNorm": (lambda rng: LayerNorm.init(2), (MANY, 2), "bias", MANY),
    "GroupNorm": (lambda rng: GroupNorm.init(1, 2), (MANY, 2, 1), "bias", MANY),
    "GroupNorm: long": (lambda rng: GroupNorm.init(1, 2), (1, 2, MANY), "bias", MANY),
    "RNN": (
        lambda rng: RNN.init(1, 2, rng=rng).map(np.zeros_like),  # then tanh's slope is 1
        (MANY, 1, 1),
        "bias_ih_l0",
        MANY,
    ),
    "LearnedPositionalEncoding": (
        lambda rng: LearnedPositionalEncoding.init(2, 2, rng=rng),
        (MANY, 2, 2),
        "weight",
        MANY,
    ),
    "MultiHeadAttention": (
        lambda rng: MultiHeadAttention.init(2, 1, rng=rng),
        (MANY, 1, 2),
        "out_proj.bias",
        MANY,
    ),
}


def same(*shape: int) -> Array:
    """Equal numbers, whose roundings all go the same way: the worst that a sum can meet."""
    return np.full(shape, 0.1, np.float32)


@pytest.mark.parametrize("name", SUMS)
def test_gradients_that_are_sums_over_many_rows_keep_their_digits(name: str) -> None:
    make, shape, parameter, count = SUMS[name]
    y, backward = make(np.random.default_rng(0)).forward(same(*shape))
    *_, grad = backward(same(*y.shape))
    found = grad.parameters()[parameter]
    assert_close(found, np.full(found.shape, math.fsum(same(count).tolist())), rtol=1e-6)


@pytest.mark.parametrize("tokens", [MANY, 3 * BLOCK])
def test_a_token_that_occurs_often_keeps_its_digits(tokens: int) -> None:
    y, backward = Embedding(np.ones((3, 1), np.float32)).forward(np.full(tokens, 1))
    *_, grad = backward(same(*y.shape))
    expected = [[0], [math.fsum(same(tokens).tolist())], [0]]
    assert_close(grad.weight, np.array(expected), rtol=1e-6)


def test_weight_gradients_over_many_rows_keep_their_digits() -> None:
    x = same(MANY, 1, 1)
    expected = math.fsum((same(MANY) * same(MANY)).tolist())
    for operation in (conv1d, conv_transpose1d):
        y, backward = operation(x, same(1, 1, 1))
        assert_close(backward(same(*y.shape))[1].item(), expected, rtol=1e-6)
    for layer, weight in (
        (Linear(same(1, 8), None), "weight"),
        (Linear(same(8, 1), None), "weight"),
        (RNN.init(3, 2, rng=np.random.default_rng(0)).map(np.zeros_like), "weight_ih_l0"),
    ):
        columns = layer.parameters()[weight].shape[1]
        y, backward = layer.forward(same(MANY, 1, columns))
        found = backward(same(*y.shape))[-1].parameters()[weight]
        assert_close(found, np.full(found.shape, expected), rtol=1e-6)


@both_dtypes
@pytest.mark.parametrize("axis", range(3))
def test_shares_of_many_scores_sum_to_one(axis: int, dtype: Any) -> None:
    shape = np.roll((MANY, 1, 2), axis)
    x = np.random.default_rng(0).random(shape).astype(dtype)
    y, _ = softmax(x, dim=axis)
    for column in np.moveaxis(y, axis, -1).reshape(-1, MANY):
        assert abs(math.fsum(column.tolist()) - 1) < 1e-6


@pytest.mark.parametrize("shape", [(MANY, 1), (1, MANY)], ids=["many rows", "long rows"])
def test_means_of_many_numbers_keep_their_digits(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).random(shape).astype(np.float32)
    exact = x.astype(np.float64)
    mean = math.fsum(exact.ravel().tolist()) / MANY
    var = math.fsum(((exact - mean) ** 2).ravel().tolist()) / MANY
    norm = batch_norm if shape[1] == 1 else layer_norm
    assert_close(norm(x)[0], (exact - mean) / np.sqrt(var + 1e-5), rtol=1e-6)
    square = math.fsum((exact**2).ravel().tolist()) / MANY
    if norm is layer_norm:
        assert_close(rms_norm(x)[0], exact / np.sqrt(square), rtol=1e-6)


# -- batches --------------------------------------------------------------------------------------


def answer(case: Case, count: int | None) -> tuple[Any, dict[str, Array]]:
    layer, inputs = case.make(), case.draw()
    if count is not None:
        inputs = case.first(count, inputs)
    y, backward = case.forward(layer, inputs)
    return y, backward_arrays(backward, draw_dy(y))


@every_case
def test_batch_of_one(case: Case) -> None:
    if case.single:
        with pytest.raises(ValueError, match=case.single):
            answer(case, 1)
        return
    y, gradients = answer(case, 1)
    assert all(np.isfinite(array).all() for array in (y, *gradients.values()))
    if case.independent:
        assert_close(y, answer(case, None)[0][:1], rtol=1e-12)


@every_case
def test_empty_batch(case: Case) -> None:
    if case.empty:
        with pytest.raises(ValueError, match=case.empty):
            answer(case, 0)
        return
    y, gradients = answer(case, 0)
    whole, _ = answer(case, None)
    assert np.shape(y) == ((0, *whole.shape[1:]) if np.ndim(whole) else ())
    parameters = case.make().parameters()
    for name, array in gradients.items():  # nobody asked for a change
        assert not array.any(), name
        assert name not in parameters or array.shape == parameters[name].shape


# -- right and wrong gradients --------------------------------------------------------------------


@every_case
@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_are_those_of_finite_differences(case: Case, seed: int) -> None:
    assert check_direction(case, case.make(seed=seed), seed) < RIGHT


@every_layer
def test_gradients_of_the_evaluation_model_are_those_of_finite_differences(case: Case) -> None:
    layer, inputs = case.make(), case.draw()
    case.forward(layer, inputs)  # running statistics have seen something
    assert check_direction(case, layer.for_evaluation(), 0) < RIGHT


class Wrong(Wrapper):
    """A layer whose backward pass has one mistake, in the gradient with the given name."""

    name: str
    mistake: Callable[[Array], Array]

    def forward(self, *inputs: Any, **options: Any) -> Any:
        y, right_backward = self.layer.forward(*inputs, **options)

        def backward(dy: Array) -> tuple[Any, ...]:
            *dinputs, grad = right_backward(dy)
            dinputs = [
                self.mistake(dx) if f"input {i}" == self.name else dx
                for i, dx in enumerate(dinputs)
            ]
            state = grad.state_dict()
            if self.name in state:
                grad = grad.load_state_dict({**state, self.name: self.mistake(state[self.name])})
            return *dinputs, self._with(layer=grad)

        return y, backward


def one_entry_too_large(array: Array) -> Array:
    wrong = array.copy()
    wrong.flat[np.abs(array).argmax()] *= 1.1
    return wrong


MISTAKES: dict[str, Callable[[Array], Array]] = {
    "one entry too large": one_entry_too_large,
    "forgotten": np.zeros_like,
    "wrong sign": np.negative,
    "one place further": lambda array: np.roll(array.reshape(-1), 1).reshape(array.shape),
    "averaged": lambda array: array / max(2, len(array)),
}


def mistakes_of(case: Case) -> list[tuple[str, str]]:
    """Every gradient of a case with every mistake that changes it."""
    y, backward = case.forward(case.make(), case.draw())
    gradients = backward_arrays(backward, draw_dy(y))
    largest = max((np.abs(array).max() for array in gradients.values()), default=0.0)
    return [
        (name, mistake)
        for name, array in gradients.items()
        for mistake, spoil in MISTAKES.items()
        if np.abs(spoil(array) - array).max() > 1e-6 * largest
    ]


@every_case
def test_every_wrong_backward_is_found(case: Case) -> None:
    mistakes = mistakes_of(case)
    assert mistakes
    for name, mistake in mistakes:
        wrong = Wrong(case.make(), name, MISTAKES[mistake])
        assert check_direction(case, wrong, 0) > RIGHT, (name, mistake)


# -- layers inside layers -------------------------------------------------------------------------


class Twice(Wrapper):
    """A layer that calls its child twice: the child's two gradients add."""

    def forward(self, *inputs: Any, **options: Any) -> Any:
        halves = tuple(0.5 * x if x.dtype.kind == "f" else x for x in inputs)
        y1, backward1 = self.layer.forward(*inputs, **options)
        y2, backward2 = self.layer.forward(*halves, **options)

        def backward(dy: Array) -> tuple[Any, ...]:
            *dinputs1, grad1 = backward1(dy)
            *dinputs2, grad2 = backward2(-3.0 * dy)
            dinputs = [
                None if d1 is None else d1 + 0.5 * d2
                for d1, d2 in zip(dinputs1, dinputs2, strict=True)
            ]
            return *dinputs, self._with(layer=grad1.map(np.add, grad2))

        return y1 - 3.0 * y2, backward


@every_case
def test_gradients_of_a_child_that_is_called_twice_add(case: Case) -> None:
    assert check_direction(case, Twice(case.make()), 0) < RIGHT


# -- models that are kept, evaluated, saved and shown ---------------------------------------------


@every_layer
def test_a_kept_model_stays_as_it_is_while_a_copy_trains_on(case: Case) -> None:
    kept, inputs = case.make(), case.draw()
    y, backward = case.forward(kept, inputs)
    *_, grad = backward(draw_dy(y))
    state = {name: array.copy() for name, array in kept.state_dict().items()}
    expected = case.forward(kept.for_evaluation(), inputs)[0]
    model = kept.map(lambda w, g: w - 0.1 * g, grad)
    for _ in range(3):
        y, backward = case.forward(model, inputs)
        *_, grad = backward(draw_dy(y))
        model = model.map(lambda w, g: w - 0.1 * g, grad)
    assert_same(kept.state_dict(), state)
    np.testing.assert_array_equal(case.forward(kept.for_evaluation(), inputs)[0], expected)


@every_layer
@both_dtypes
def test_evaluation_is_deterministic_and_keeps_the_dtype(case: Case, dtype: Any) -> None:
    layer, inputs = case.make(dtype), case.draw(dtype)
    case.forward(layer, inputs)
    evaluation = layer.for_evaluation()
    y = case.forward(evaluation, inputs)[0]
    assert y.dtype == dtype
    np.testing.assert_array_equal(case.forward(evaluation, inputs)[0], y)
    np.testing.assert_array_equal(case.forward(layer.for_evaluation(), inputs)[0], y)
    ones = case.first(1, inputs)
    if case.batched is None:  # in evaluation no example sees another
        assert_close(case.forward(evaluation, ones)[0], y[:1], rtol=1e-5)


@every_layer
def test_two_fresh_layers_give_the_same_answer(case: Case) -> None:
    one, two = (answer(case, None) for _ in range(2))
    assert_same({"y": one[0]} | one[1], {"y": two[0]} | two[1])


@every_layer
def test_state_survives_the_dictionary_and_the_disk(case: Case, tmp_path: Any) -> None:
    layer, other = case.make(), case.make(seed=1)
    case.forward(layer, case.draw())
    state = layer.state_dict()
    assert_same(other.load_state_dict(state).state_dict(), state)
    with pytest.raises(ValueError, match="unknown nothing"):
        layer.load_state_dict({**state, "nothing": np.ones(1)})
    with pytest.raises(ValueError, match="for evaluation"):
        save(tmp_path / "evaluation.npz", layer.for_evaluation())
    if isinstance(layer, FrozenBatchNorm):  # which exists for evaluation only
        return
    save(tmp_path / "layer.npz", layer)
    loaded = load(tmp_path / "layer.npz", other)
    assert_same(loaded.state_dict(), state)
    y = case.forward(layer.for_evaluation(), case.draw())[0]
    np.testing.assert_array_equal(case.forward(loaded.for_evaluation(), case.draw())[0], y)


@every_layer
@both_dtypes
def test_astype_converts_everything_that_is_stored(case: Case, dtype: Any) -> None:
    for name, array in case.make(dtype).state_dict().items():
        assert array.dtype == dtype or array.dtype.kind == "i", name


@every_layer
def test_repr_names_the_layer_and_no_address(case: Case) -> None:
    layer = case.make()
    assert repr(layer) == repr(case.make())
    assert repr(layer).startswith(type(layer).__name__)
    assert "0x" not in repr(layer)
    assert "0x" not in repr(layer.for_evaluation())


@every_layer
def test_other_dtypes_are_rejected(case: Case) -> None:
    layer, inputs = case.make(), case.draw()
    wrong = tuple(x.astype(np.float32) if x.dtype.kind == "f" else x - 0.5 for x in inputs)
    if layer.parameters() or any(x.dtype.kind != "f" for x in inputs):
        with pytest.raises(TypeError):
            case.forward(layer, wrong)
    halves = tuple(x.astype(np.float16) for x in inputs)
    with pytest.raises(TypeError):
        case.forward(layer, halves)


@every_case
def test_what_is_no_plain_array_is_rejected(case: Case) -> None:
    layer, (x, *others) = case.make(), case.draw()
    for wrong in (None, x.tolist(), np.ma.array(x), np.ones((2, 2)).view(np.matrix)):
        with pytest.raises(TypeError, match=rf"\b{kind(wrong)}\b"):
            layer.forward(wrong, *others, **case.options)


# -- the invariants themselves --------------------------------------------------------------------


class Broken(Wrapper):
    """A layer whose forward is replaced by something worse."""

    worse: Callable[..., Any]

    def forward(self, x: Array) -> Any:
        return self.worse(self, x)


def changes_its_input(layer: Broken, x: Array) -> Any:
    x.flags.writeable = True
    x += 1
    return x, lambda dy: (dy, layer)


def remembers_its_result(layer: Broken, x: Array) -> Any:
    y = np.exp(x)
    return y, lambda dy: (dy * y, layer)


def goes_back_once(layer: Broken, x: Array) -> Any:
    backwards = [lambda dy: (dy, layer)]
    return x + 0, lambda dy: backwards.pop()(dy)


def hands_out_its_memory(layer: Broken, x: Array) -> Any:
    slope = np.ones_like(x)
    return x.sum(), lambda dy: (np.multiply(slope, dy, out=slope), layer)


def writes_into_a_copy(layer: Broken, x: Array) -> Any:
    y = x + 0
    rows = y.T.reshape(-1)  # a copy where x is in C order, a view where it is not
    rows += 1
    return y, lambda dy: (dy, layer)


def adds_a_constant(layer: Broken, x: Array) -> Any:
    return x + 0, lambda dy: (dy + 1, layer)


def computes_in_float64(layer: Broken, x: Array) -> Any:
    return x.astype(np.float64), lambda dy: (dy.astype(np.float64), layer)


def broadcasts_its_gradient(layer: Broken, x: Array) -> Any:
    return x + 0, lambda dy: (dy.sum(axis=0), layer)


def takes_any_dy(layer: Broken, x: Array) -> Any:
    return x + 0, lambda dy: (dy, layer)


def mixes_examples(layer: Broken, x: Array) -> Any:
    return x - x.mean(axis=0), lambda dy: (dy - dy.mean(axis=0), layer)


def divides_by_the_batch(layer: Broken, x: Array) -> Any:
    return x / np.float64(len(x) - 1), lambda dy: (dy / (len(dy) - 1), layer)


def loses_digits(layer: Broken, x: Array) -> Any:
    digits = np.float16 if x.dtype == np.float32 else np.float64
    return x.astype(digits).astype(x.dtype), lambda dy: (dy, layer)


def is_never_the_same(layer: Broken, x: Array) -> Any:
    scale = np.random.default_rng().random()
    return x * scale, lambda dy: (dy * scale, layer)


def multiplies_by_a_mask(layer: Broken, x: Array) -> Any:
    mask = np.arange(x.size).reshape(x.shape) % 2.0
    return np.asarray((x * mask).sum(axis=1)), lambda dy: (dy[:, None] * mask, layer)


FOUND = {
    multiplies_by_a_mask: test_a_number_that_does_not_count_reaches_nothing_whatever_it_is,
    changes_its_input: lambda case: test_neither_pass_changes_its_arguments_or_the_layer(
        case, np.float64
    ),
    remembers_its_result: test_what_is_done_to_the_result_does_not_reach_the_way_back,
    goes_back_once: test_backward_can_be_called_twice_even_if_its_first_answer_is_overwritten,
    hands_out_its_memory: test_backward_can_be_called_twice_even_if_its_first_answer_is_overwritten,
    writes_into_a_copy: test_the_order_in_memory_changes_nothing,
    adds_a_constant: test_backward_is_linear,
    computes_in_float64: lambda case: (
        test_gradients_have_the_shapes_and_the_dtype_of_what_they_belong_to(case, np.float32)
    ),
    broadcasts_its_gradient: lambda case: (
        test_gradients_have_the_shapes_and_the_dtype_of_what_they_belong_to(case, np.float64)
    ),
    takes_any_dy: test_wrong_dy_is_rejected,
    mixes_examples: test_batch_of_one,
    divides_by_the_batch: test_batch_of_one,
    loses_digits: test_float32_gives_the_numbers_of_float64,
    is_never_the_same: test_two_fresh_layers_give_the_same_answer,
}


@pytest.mark.parametrize("worse", FOUND, ids=lambda worse: worse.__name__)
def test_invariants_find_a_layer_that(worse: Callable[..., Any]) -> None:
    case = Case("Broken", lambda rng: Broken(Identity(), worse), LAYERS[0].inputs)
    with (
        pytest.raises((AssertionError, IndexError, pytest.fail.Exception)),
        np.errstate(all="ignore"),
    ):
        FOUND[worse](case)
