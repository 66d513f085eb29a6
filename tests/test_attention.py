"""Attention: every output is a mixture of values, and the mixture is decided by the matches."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib.attention
from course_lib.attention import attention_weights, scaled_dot_product_attention
from course_lib.gradcheck import gradcheck
from course_lib.linear import Linear
from course_lib.multi_head_attention import MultiHeadAttention, merge_heads, split_heads

RNG = np.random.default_rng(0)


def assert_close(got: Any, expected: Any, rtol: float = 1e-9) -> None:
    assert np.shape(got) == np.shape(expected)
    assert np.abs(got - expected).max() <= rtol * max(np.abs(expected).max(), 1e-12)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def qkv(*leading: int, t: int = 4, s: int = 5, d: int = 3, d_v: int = 2) -> tuple[Any, ...]:
    return draw(*leading, t, d), draw(*leading, s, d), draw(*leading, s, d_v, seed=1)


def by_loops(query: Any, key: Any, value: Any, allowed: Any) -> np.ndarray:
    """One query at a time, over the keys that it may attend to and no others."""
    y = np.zeros((*query.shape[:-1], value.shape[-1]))
    for *where, t in np.ndindex(query.shape[:-1]):
        keys, values = key[tuple(where)], value[tuple(where)]
        reach = np.flatnonzero(allowed[(*where, t)])
        scores = [query[(*where, t)] @ keys[s] / np.sqrt(query.shape[-1]) for s in reach]
        weights = np.exp(scores) / np.exp(scores).sum() if len(reach) else []
        for s, weight in zip(reach, weights, strict=True):
            y[(*where, t)] += weight * values[s]
    return y


def layer(embed_dim: int = 6, num_heads: int = 2, *, bias: bool = True) -> MultiHeadAttention:
    made = MultiHeadAttention.init(embed_dim, num_heads, bias=bias, rng=RNG, dtype=np.float64)
    return made.map(lambda w: np.random.default_rng(w.shape).normal(size=w.shape))


# -- the operation --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_weights_do_not_depend_on_the_order_in_memory(order: tuple[int, ...]) -> None:
    query, key, _ = qkv(2, 3)
    expected = attention_weights(query, key, causal=True)
    inverse = np.argsort(order)
    query, key = (x.transpose(order).copy().transpose(inverse) for x in (query, key))
    assert_close(attention_weights(query, key, causal=True), expected)


@given(
    leading=st.lists(st.integers(0, 3), max_size=2),
    sizes=st.tuples(*[st.integers(1, 5)] * 4),
    causal=st.booleans(),
    masked=st.sampled_from(["no", "bool", "numbers", "broadcast"]),
    cache=st.sampled_from([1, 400, 2**20]),
    kept=st.sampled_from([0, 2**25]),
)
def test_it_is_what_loops_over_queries_and_keys_compute(
    leading: list[int], sizes: tuple[int, ...], causal: bool, masked: str, cache: int, kept: int
) -> None:
    t, s, d, d_v = sizes
    query, key, value = qkv(*leading, t=t, s=s, d=d, d_v=d_v)
    allowed = np.random.default_rng(t).random((*leading, t, s)) < 0.6
    if masked == "broadcast":
        allowed = (
            np.broadcast_to(allowed[(0,) * len(leading)], allowed.shape)
            if allowed.size
            else allowed
        )
    if masked == "no":
        allowed = np.ones_like(allowed)
    mask = {
        "no": None,
        "bool": allowed,
        "numbers": np.where(allowed, 0.0, -np.inf),
        "broadcast": allowed[(0,) * len(leading)] if allowed.size else allowed,
    }[masked]
    if causal:
        allowed = allowed & np.tri(t, s, dtype=bool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course_lib.attention, "CACHE_BYTES", cache)  # one, some, all maps at a time
        patch.setattr(course_lib.attention, "KEPT_BYTES", kept)  # made again or remembered
        y, backward = scaled_dot_product_attention(query, key, value, mask=mask, causal=causal)
        gradients = backward(np.ones_like(y))
    expected = by_loops(query, key, value, allowed)
    assert y.shape == expected.shape
    assert np.abs(y - expected).max(initial=0) < 1e-12
    assert [g.shape for g in gradients] == [query.shape, key.shape, value.shape]
    whole = scaled_dot_product_attention(query, key, value, mask=mask, causal=causal)[1]
    for part, together in zip(gradients, whole(np.ones_like(y)), strict=True):
        assert np.abs(part - together).max(initial=0) < 1e-12


@pytest.mark.parametrize("kept", [0, 2**25])
@pytest.mark.parametrize("cache", [1, 200, 2**20])
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"mask": "bool"}, {"mask": "numbers"}])
def test_gradients_are_those_of_finite_differences(
    kept: int, cache: int, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course_lib.attention, "CACHE_BYTES", cache)
    monkeypatch.setattr(course_lib.attention, "KEPT_BYTES", kept)
    if "mask" in options:
        allowed = np.random.default_rng(3).random((2, 1, 4, 5)) < 0.6
        allowed[0, 0, 1] = False  # a query without any key
        options = {"mask": allowed if options["mask"] == "bool" else draw(2, 1, 4, 5, seed=4)}
    assert gradcheck(scaled_dot_product_attention, *qkv(2, 3), rng=RNG, **options) < 1e-6


def test_a_wrong_gradient_fails_the_gradient_check() -> None:
    def no_row_sum(query: Any, key: Any, value: Any) -> Any:
        y, backward = scaled_dot_product_attention(query, key, value)
        weights = attention_weights(query, key)

        def wrong(dy: Any) -> Any:  # as if softmax pulled back like an elementwise function
            dscores = weights * (dy @ value.swapaxes(-1, -2))
            return dscores @ key / np.sqrt(3), *backward(dy)[1:]

        return y, wrong

    assert gradcheck(no_row_sum, *qkv(2), rng=RNG) > 1e-3


def test_rows_of_the_weights_sum_to_one() -> None:
    weights = attention_weights(*qkv(2)[:2])
    assert (weights >= 0).all()
    assert_close(weights.sum(axis=-1), np.ones((2, 4)))


def test_the_output_is_the_weights_times_the_values() -> None:
    query, key, value = qkv(2)
    y, _ = scaled_dot_product_attention(query, key, value)
    assert_close(y, attention_weights(query, key) @ value)


def test_outputs_lie_among_the_values() -> None:
    query, key, value = qkv(3)
    y, _ = scaled_dot_product_attention(9 * query, key, value)
    low, high = value.min(axis=-2, keepdims=True), value.max(axis=-2, keepdims=True)
    assert ((low <= y) & (y <= high)).all()


def test_adding_the_same_to_all_keys_changes_no_weight() -> None:
    query, key, _ = qkv()
    assert_close(attention_weights(query, key + draw(1, 3)), attention_weights(query, key))


def test_a_sharp_match_is_a_look_up() -> None:
    key, value = np.eye(4), draw(4, 2)
    assert_close(scaled_dot_product_attention(1e3 * key[[2]], key, value)[0], value[[2]])


def test_causal_attention_ignores_the_future() -> None:
    x, later = draw(1, 6, 4), draw(1, 6, 4)
    later[:, :4] = x[:, :4]
    y, backward = scaled_dot_product_attention(x, x, x, causal=True)
    y_later, _ = scaled_dot_product_attention(later, later, later, causal=True)
    np.testing.assert_array_equal(y[:, :4], y_later[:, :4])
    dy = np.zeros_like(y)
    dy[:, :4] = 1
    for gradient in backward(dy):
        assert not gradient[:, 4:].any()


def test_attention_without_position_is_permutation_equivariant() -> None:
    x, order = draw(2, 6, 4), np.random.default_rng(1).permutation(6)
    y, _ = scaled_dot_product_attention(x, x, x)
    y_permuted, _ = scaled_dot_product_attention(*[x[:, order]] * 3)
    assert_close(y_permuted, y[:, order])


def test_a_masked_key_might_as_well_not_be_there() -> None:
    query, key, value = qkv(2)
    y, backward = scaled_dot_product_attention(
        query, key, value, mask=np.array([True, True, True, False, True])
    )
    kept = [0, 1, 2, 4]
    assert_close(y, scaled_dot_product_attention(query, key[:, kept], value[:, kept])[0])
    _, dkey, dvalue = backward(np.ones_like(y))
    assert not dkey[:, 3].any()
    assert not dvalue[:, 3].any()


SPOILED = [np.nan, np.inf, -np.inf, 1e300]  # 1e300 is finite, but the scores overflow


@pytest.mark.parametrize("cache", [1, 2**20])
@pytest.mark.parametrize("hidden", SPOILED, ids=str)
@pytest.mark.parametrize("numbers", [False, True])
def test_a_masked_key_reaches_no_result_whatever_it_holds(
    numbers: bool, hidden: float, cache: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course_lib.attention, "CACHE_BYTES", cache)
    query, key, value = qkv(2, 3)
    allowed = np.arange(5) != 3
    mask = np.where(allowed, 0.0, -np.inf) if numbers else allowed
    y, backward = scaled_dot_product_attention(query, key, value, mask=mask)
    dy, weights = draw(2, 3, 4, 2), attention_weights(query, key, mask=mask)
    for spoil_key, spoil_value in [(True, True), (True, False), (False, True)]:
        spoiled = [query, key.copy(), value.copy()]
        spoiled[1][..., 3, :] = hidden if spoil_key else 0
        spoiled[2][..., 3, :] = hidden if spoil_value else 0
        got, spoiled_backward = scaled_dot_product_attention(*spoiled, mask=mask)
        assert_close(got, y)
        for gradient, expected in zip(spoiled_backward(dy), backward(dy), strict=True):
            assert_close(gradient, expected)
        assert_close(attention_weights(*spoiled[:2], mask=mask), weights)


@pytest.mark.parametrize("hidden", SPOILED[:2], ids=str)
def test_nothing_comes_back_from_the_future_whatever_it_holds(hidden: float) -> None:
    query, key, value = qkv(2, t=5)
    key[:, 4], value[:, 4] = hidden, hidden
    with np.errstate(invalid="ignore"):  # the last query has to read it
        y, backward = scaled_dot_product_attention(query, key, value, causal=True)
        dquery, dkey, dvalue = backward(np.ones_like(y))
    before, before_backward = scaled_dot_product_attention(query[:, :4], key, value, causal=True)
    assert_close(y[:, :4], before)
    assert_close(dquery[:, :4], before_backward(np.ones_like(before))[0])
    assert np.isnan(y[:, 4]).all()  # what is read is not hidden
    assert np.isnan(dkey[:, 0]).all()
    assert np.isnan(dvalue[:, 0]).all()


def test_a_query_reaches_no_key_that_it_may_not_attend_to_whatever_it_holds() -> None:
    query, key, value = qkv(2)
    mask = np.ones((4, 5), bool)
    mask[2] = np.arange(5) == 4  # query 2 reads key 4 alone
    rest = np.arange(4) != 2
    y, backward = scaled_dot_product_attention(query[:, rest], key, value, mask=mask[rest])
    query[:, 2] = np.nan
    spoiled, spoiled_backward = scaled_dot_product_attention(query, key, value, mask=mask)
    assert_close(spoiled[:, rest], y)
    gradients = zip(
        spoiled_backward(np.ones_like(spoiled))[1:], backward(np.ones_like(y))[1:], strict=True
    )
    for got, expected in gradients:
        assert_close(got[:, :4], expected[:, :4])


def test_a_query_without_any_key_gets_zeros_and_gives_no_gradient() -> None:
    query, key, value = qkv(t=3)
    mask = np.ones((3, 5), bool)
    mask[1] = False
    y, backward = scaled_dot_product_attention(query, key, value, mask=mask)
    assert not y[1].any()
    assert not attention_weights(query, key, mask=mask)[1].any()
    dy = np.zeros_like(y)
    dy[1] = 1
    assert not any(gradient.any() for gradient in backward(dy))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_do_not_overflow(dtype: Any) -> None:
    query, key, value = (1e4 * array.astype(dtype) for array in qkv())
    y, backward = scaled_dot_product_attention(query, key, value)
    assert np.isfinite(y).all()
    assert all(np.isfinite(gradient).all() for gradient in backward(np.ones_like(y)))


def test_without_the_root_the_scores_spread_with_the_features() -> None:
    query, key = draw(64, 1024), draw(32, 1024)
    assert np.std(query @ key.T) == pytest.approx(32, rel=0.1)
    assert attention_weights(query, key).max() < 0.5  # divided by the root, no key takes it all


@pytest.mark.parametrize(
    ("arrays", "options", "error", "sentence"),
    [
        ([(4, 3), (5, 2), (5, 2)], {}, ValueError, "same leading axes and the same d"),
        ([(2, 4, 3), (5, 3), (5, 2)], {}, ValueError, "same leading axes"),
        ([(4, 3), (5, 3), (6, 2)], {}, ValueError, "one value per key"),
        ([(4, 3), (0, 3), (0, 2)], {}, ValueError, "at least one position"),
        ([(3,), (3,), (2,)], {}, ValueError, r"\(\.\.\., T, d\)"),
        ([(4, 3), (5, 3), (5, 2)], {"mask": np.ones((4, 4), bool)}, ValueError, "broadcast"),
        ([(4, 3), (5, 3), (5, 2)], {"mask": np.ones((2, 4, 5), bool)}, ValueError, "broadcast"),
        ([(4, 3), (5, 3), (5, 2)], {"mask": np.ones((4, 5), int)}, TypeError, "astype.bool"),
        ([(4, 3), (5, 3), (5, 2)], {"mask": [[True]]}, TypeError, "boolean array, .* not a list"),
        (
            [(4, 3), (5, 3), (5, 2)],
            {
                "mask": np.full((4, 5), -np.inf, np.float32)
            },  # not astype(bool): that would allow all
            TypeError,
            r"np\.asarray\(mask, np\.float64\)",
        ),
    ],
)
def test_wrong_calls_say_what_is_wrong(
    arrays: Any, options: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        scaled_dot_product_attention(*(np.ones(shape) for shape in arrays), **options)


def test_a_bias_that_does_not_fit_the_weight_is_an_error() -> None:
    layer = MultiHeadAttention.init(4, 2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"in_proj_bias has shape \(16,\) but .* needs \(12,\)"):
        MultiHeadAttention(
            layer.in_proj_weight, np.ones(16, np.float32), layer.out_proj, num_heads=2
        )


# -- heads ----------------------------------------------------------------------------------------


@given(leading=st.lists(st.integers(0, 3), max_size=2), sizes=st.tuples(*[st.integers(1, 4)] * 3))
def test_merging_undoes_splitting(leading: list[int], sizes: tuple[int, ...]) -> None:
    length, heads, width = sizes
    x = draw(*leading, length, heads * width)
    split = split_heads(x, heads)
    assert split.shape == (*leading, heads, length, width)
    np.testing.assert_array_equal(merge_heads(split), x)


def test_a_head_sees_neighbouring_features_of_every_position() -> None:
    x = draw(2, 5, 6)
    np.testing.assert_array_equal(split_heads(x, 3)[:, 1], x[:, :, 2:4])


def test_features_that_do_not_fit_the_heads_are_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be cut into 4 heads"):
        split_heads(np.ones((2, 6)), 4)
    with pytest.raises(ValueError, match="embed_dim 6 cannot be cut into 4 heads"):
        MultiHeadAttention.init(6, 4, rng=RNG)


# -- the layer ------------------------------------------------------------------------------------


def by_hand(attention: MultiHeadAttention, query: Any, key: Any, value: Any) -> np.ndarray:
    """Head by head, with each head's own rows of the projection."""
    width, heads = attention.in_proj_weight.shape[1], attention.num_heads
    weights = attention.in_proj_weight.reshape(3, heads, width // heads, width)
    biases = attention.in_proj_bias.reshape(3, heads, width // heads)
    y = []
    for h in range(heads):
        q, k, v = (x @ weights[i, h].T + biases[i, h] for i, x in enumerate((query, key, value)))
        y.append(scaled_dot_product_attention(q, k, v)[0])
    return attention.out_proj(np.concatenate(y, axis=-1))


def test_every_head_attends_on_its_own_projection() -> None:
    attention, x = layer(), draw(2, 5, 6)
    assert_close(attention(x), by_hand(attention, x, x, x))


def test_queries_may_come_from_one_place_keys_and_values_from_another() -> None:
    attention, query, key, value = layer(), draw(2, 3, 6), draw(2, 5, 6), draw(2, 5, 6, seed=1)
    assert_close(attention(query, key, value), by_hand(attention, query, key, value))
    assert_close(attention(query, key), attention(query, key, key))
    assert_close(attention(key), attention(key, key, key))


def test_with_one_input_the_three_gradients_are_added() -> None:
    attention, x, dy = layer(), draw(2, 5, 6), draw(2, 5, 6, seed=1)
    dx, grad = attention.forward(x)[1](dy)
    dquery, dkey, grad_two = attention.forward(x, x)[1](dy)
    *three, grad_three = attention.forward(x, x, x)[1](dy)
    assert_close(dx, sum(three))
    assert_close(dquery, three[0])
    assert_close(dkey, three[1] + three[2])
    for name, array in grad.parameters().items():
        for other in (grad_two, grad_three):
            assert_close(other.parameters()[name], array)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_gradients_of_the_layer_are_those_of_finite_differences(inputs: int, bias: bool) -> None:
    arrays = [draw(2, 4, 6), draw(2, 5, 6), draw(2, 5, 6, seed=1)][:inputs]
    mask = np.random.default_rng(2).random((2, 1, 1, 4 if inputs == 1 else 5)) < 0.7
    for options in ({}, {"causal": True}, {"mask": mask}):
        assert gradcheck(layer(bias=bias), *arrays, rng=RNG, **options) < 1e-6


def test_a_layer_with_a_wrong_gradient_fails_the_gradient_check() -> None:
    class Wrong(MultiHeadAttention):
        def forward(self, *inputs: Any, **options: Any) -> Any:
            y, backward = super().forward(*inputs, **options)

            def wrong(dy: Any) -> Any:
                *dinputs, grad = backward(dy)
                dweight = np.array(grad.in_proj_weight)
                dweight[: len(dweight) // 3] = 0  # forgets the path through the queries
                return *dinputs, grad._with(in_proj_weight=dweight)

            return y, wrong

    right = layer()
    wrong = Wrong(right.in_proj_weight, right.in_proj_bias, right.out_proj, num_heads=2)
    assert gradcheck(wrong, draw(2, 4, 6), rng=RNG) > 1e-3


def test_the_maps_are_those_that_the_layer_uses() -> None:
    attention, x = layer(4, 2), draw(2, 5, 4)
    mask = np.random.default_rng(0).random((2, 1, 5, 5)) < 0.7
    maps = attention.attention_maps(x, mask=mask, causal=True)
    assert maps.shape == (2, 2, 5, 5)
    values = split_heads(x @ attention.in_proj_weight[8:].T + attention.in_proj_bias[8:], 2)
    y = attention.out_proj(merge_heads(maps @ values))
    assert_close(attention(x, mask=mask, causal=True), y)


def test_padding_changes_nothing_for_the_rest() -> None:
    attention, x = layer(), draw(2, 5, 6)
    padded = np.concatenate([x, draw(2, 3, 6)], axis=1)
    is_token = np.arange(8) < np.array([[5], [5]])
    y = attention(padded, mask=is_token[:, None, None, :])
    assert_close(y[:, :5], attention(x))


def test_a_key_padding_mask_is_the_mask_of_each_example() -> None:
    attention, x = layer(), draw(3, 3, 6)  # as many examples as queries: two axes do not tell which
    padding = np.array([[False, True, False], [False, False, True], [False, True, True]])
    y, backward = attention.forward(x, key_padding_mask=padding)
    expected, expected_backward = attention.forward(x, mask=~padding[:, None, None])
    assert_close(y, expected)
    assert_close(backward(np.ones_like(y))[0], expected_backward(np.ones_like(y))[0])
    for i in range(3):  # each example has the answer that it would have without its padding
        alone = attention(x[i : i + 1], x[i : i + 1, ~padding[i]])
        assert_close(y[i : i + 1], alone)
    by_query = attention(x, mask=~padding)
    for i in range(3):
        assert_close(by_query[i : i + 1], attention(x[i : i + 1], mask=~padding))
    assert np.abs(by_query - y).max() > 0.1
    options: Any = {"key_padding_mask": padding, "mask": np.zeros((3, 3)), "rng": RNG}
    assert gradcheck(attention, x, **options) < 1e-6
    assert gradcheck(attention, x, draw(3, 3, 6, seed=1), **options) < 1e-6
    maps = attention.attention_maps(x, key_padding_mask=padding)
    assert not maps.swapaxes(1, 3)[padding].any()


@pytest.mark.parametrize("inputs", [1, 2, 3])
@pytest.mark.parametrize("hidden", SPOILED[:3], ids=str)
def test_what_padding_holds_reaches_no_result_of_the_layer(hidden: float, inputs: int) -> None:
    attention = layer()
    padding = np.array([[False, True, False, False], [False, False, True, True]])
    xs = [draw(2, 4, 6, seed=i) for i in range(inputs)]
    spoiled = [x.copy() for x in xs]
    for i in range(inputs > 1, inputs):
        spoiled[i][padding], xs[i][padding] = hidden, 0
    y, backward = attention.forward(*xs, key_padding_mask=padding)
    got, spoiled_backward = attention.forward(*spoiled, key_padding_mask=padding)
    assert_close(got, y)
    *dinputs, grad = backward(draw(2, 4, 6, seed=9))
    *spoiled_dinputs, spoiled_grad = spoiled_backward(draw(2, 4, 6, seed=9))
    for one, expected in zip(spoiled_dinputs, dinputs, strict=True):
        assert_close(one, expected)
    for name, expected in grad.parameters().items():
        assert_close(spoiled_grad.parameters()[name], expected)
    maps = attention.attention_maps(*spoiled[:2], key_padding_mask=padding)
    assert np.isfinite(maps).all()


@pytest.mark.parametrize("numbers", [False, True])
def test_a_query_attends_where_neither_mask_forbids_it(numbers: bool) -> None:
    attention, x = layer(), draw(2, 4, 6)
    mask = np.tri(4, dtype=bool)
    padding = np.array([[False, True, False, False], [False, False, True, True]])
    both = mask & ~padding[:, None, None]
    given = np.where(mask, 0, -np.inf) if numbers else mask
    y = attention(x, mask=given, key_padding_mask=padding)
    assert_close(y, attention(x, mask=both))
    assert_close(attention(x, causal=True, key_padding_mask=padding), y)


@pytest.mark.parametrize(
    ("masks", "error", "sentence"),
    [
        ({"key_padding_mask": np.ones((2, 3), bool)}, ValueError, r"must be \(N, S\), \(2, 4\)"),
        ({"key_padding_mask": np.ones((2, 4))}, TypeError, "boolean array .* not float64"),
        ({"key_padding_mask": [[True] * 4] * 2}, TypeError, "boolean array .* not a list"),
        (
            {"key_padding_mask": np.zeros((2, 4), bool), "mask": [[True] * 4] * 4},
            TypeError,
            "mask must be a boolean array",
        ),
        (
            {"key_padding_mask": np.zeros((2, 4), bool), "mask": np.ones((4, 4), int)},
            TypeError,
            "mask must be a boolean array",
        ),
        (
            {"key_padding_mask": np.zeros((2, 4), bool), "mask": np.ones((4, 5), bool)},
            ValueError,
            r"mask has shape \(4, 5\)",
        ),
    ],
)
def test_masks_that_do_not_fit_are_an_error(masks: Any, error: Any, sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        layer()(draw(2, 4, 6), **masks)


# -- dropout --------------------------------------------------------------------------------------


def test_dropout_mixes_by_what_is_left_of_the_weights() -> None:
    query, key, value = qkv(2, 3)
    y, backward = scaled_dot_product_attention(
        query, key, value, dropout_p=0.4, rng=np.random.default_rng(1)
    )
    left = np.random.default_rng(1).random((2, 3, 4, 5), np.float32) >= 0.4
    weights = attention_weights(query, key) * left / 0.6
    assert_close(y, weights @ value)
    assert_close(backward(np.ones_like(y))[2], weights.swapaxes(-1, -2) @ np.ones_like(y))


@pytest.mark.parametrize("cache", [1, 400, 2**20])
@pytest.mark.parametrize("kept", [0, 2**25])
def test_dropout_does_not_depend_on_how_maps_are_cut_and_kept(
    monkeypatch: pytest.MonkeyPatch, cache: int, kept: int
) -> None:
    def answers() -> list[Any]:
        y, backward = scaled_dot_product_attention(
            *qkv(2, 3), causal=True, dropout_p=0.3, rng=np.random.default_rng(2)
        )
        return [y, *backward(draw(*y.shape))]

    expected = answers()
    monkeypatch.setattr(course_lib.attention, "CACHE_BYTES", cache)
    monkeypatch.setattr(course_lib.attention, "KEPT_BYTES", kept)
    for got, right in zip(answers(), expected, strict=True):
        assert_close(got, right)


def test_dropout_keeps_the_mean() -> None:
    query, key, value = qkv()
    rng = np.random.default_rng(3)
    many = [
        scaled_dot_product_attention(query, key, value, dropout_p=0.3, rng=rng)[0]
        for _ in range(4000)
    ]
    expected, _ = scaled_dot_product_attention(query, key, value)
    assert (
        np.abs(np.mean(many, axis=0) - expected).max() < 4 * np.std(many, axis=0).max() / 4000**0.5
    )


def test_dropout_of_the_layer_is_off_in_evaluation_and_draws_anew_in_training() -> None:
    attention = MultiHeadAttention.init(6, 2, dropout=0.5, rng=RNG, dtype=np.float64)
    plain = attention._with(dropout=None)
    x = draw(2, 4, 6)
    assert (attention(x) != attention(x)).any()
    np.testing.assert_array_equal(attention.for_evaluation()(x), plain(x))
    assert attention.state_dict().keys() == plain.state_dict().keys()
    assert MultiHeadAttention.init(6, 2, rng=RNG).dropout is None


def test_the_causal_layer_ignores_the_future() -> None:
    attention, x = layer(), draw(1, 6, 6)
    later = x.copy()
    later[:, 4:] += 1
    assert_close(attention(later, causal=True)[:, :4], attention(x, causal=True)[:, :4])


def test_the_layer_is_permutation_equivariant_and_invariant_once_pooled() -> None:
    attention, x, order = layer(), draw(2, 6, 6), np.random.default_rng(1).permutation(6)
    y, permuted = attention(x), attention(x[:, order])
    assert_close(permuted, y[:, order])
    assert_close(permuted.mean(axis=1), y.mean(axis=1))


def test_the_number_of_heads_does_not_change_the_number_of_parameters() -> None:
    sizes = {
        sum(a.size for a in layer(12, heads).parameters().values()) for heads in (1, 2, 3, 4, 6, 12)
    }
    assert sizes == {4 * 12 * 12 + 4 * 12}


def test_names_are_those_of_pytorch() -> None:
    names = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    assert list(layer().state_dict()) == names
    assert list(layer(bias=False).state_dict()) == names[::2]


def test_init_draws_as_pytorch_does() -> None:
    made = MultiHeadAttention.init(96, 4, rng=np.random.default_rng(0))
    bounds = np.sqrt(6 / (96 + 288)), 1 / np.sqrt(96)
    for weight, bound in zip((made.in_proj_weight, made.out_proj.weight), bounds, strict=True):
        assert weight.dtype == np.float32
        assert 0.99 * bound < abs(weight).max() <= bound
        assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
    assert not made.in_proj_bias.any()
    assert not made.out_proj.bias.any()


@pytest.mark.parametrize(
    ("shapes", "options", "sentence"),
    [
        ([(5, 6)], {}, "axes .N, T, embed_dim."),
        ([(2, 5, 4)], {}, r"must be \(2, T, 6\)"),
        ([(2, 5, 6), (3, 5, 6)], {}, r"key has shape \(3, 5, 6\) but must be \(2, T, 6\)"),
        ([(2, 5, 6), None, (2, 5, 6)], {}, "value is given but key is not"),
        ([(2, 5, 6), (2, 4, 6), (2, 5, 6)], {}, "one value per key"),
        ([(2, 5, 6)], {"mask": np.ones((2, 5, 5), bool)}, r"use mask\[:, None\]"),
        ([(2, 5, 6)], {"mask": np.ones((2, 5), bool)}, "must broadcast"),
    ],
)
def test_wrong_calls_of_the_layer_say_what_is_wrong(
    shapes: Any, options: Any, sentence: str
) -> None:
    arrays = [None if shape is None else np.ones(shape) for shape in shapes]
    with pytest.raises(ValueError, match=sentence):
        layer().forward(*arrays, **options)


def test_misshapen_fields_are_an_error() -> None:
    with pytest.raises(ValueError, match="rows for the queries, the keys, the values"):
        MultiHeadAttention(np.ones((4, 4)), None, Linear(np.ones((4, 4)), None), num_heads=2)
    with pytest.raises(ValueError, match="num_heads must be at least 1"):
        MultiHeadAttention(np.ones((12, 4)), None, Linear(np.ones((4, 4)), None), num_heads=0)
