"""Several attentions side by side, each on its own projection: every head looks for its own."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY
from typing import Any, Self

import numpy as np

from course_lib.attention import as_bias, attention_weights, scaled_dot_product_attention
from course_lib.dropout import Dropout
from course_lib.errors import (
    check_arrays,
    check_flag,
    check_int,
    check_number,
    check_rank,
    is_plain,
    kind,
    so_many,
)
from course_lib.initializer import uniform, zeros
from course_lib.layer import Backward, Layer
from course_lib.linear import Linear, linear
from course_lib.record import Array


def split_heads(x: Array, num_heads: int) -> Array:
    """Cut the features into one chunk per head: (..., T, E) -> (..., num_heads, T, E / num_heads).

    Parameters
    ----------
    x : (..., T, E)
    num_heads : int            divides E

    Returns
    -------
    heads : (..., num_heads, T, E / num_heads)       a view of x, where NumPy can make one

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array, or num_heads not an int
    ValueError                 if x has not two axes at least, or num_heads does not divide E

    Examples
    --------
    >>> split_heads(np.arange(8.0).reshape(2, 4), 2)
    array([[[0., 1.],
            [4., 5.]],
           [[2., 3.],
            [6., 7.]]])
    """
    check_arrays("split_heads", x=x)
    check_int("split_heads", "num_heads", num_heads)
    if x.ndim < 2:
        raise ValueError(
            f"split_heads: x must have the axes (..., T, E) but has shape {x.shape}; add the axis "
            "of positions with x[None]."
        )
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(
            f"split_heads: {so_many(x.shape[-1], 'feature')} (x {x.shape}) cannot be cut into "
            f"{num_heads} heads of one size; the last axis must be a multiple of num_heads."
        )
    return x.reshape(*x.shape[:-1], num_heads, x.shape[-1] // num_heads).swapaxes(-2, -3)


def merge_heads(x: Array) -> Array:
    """Put the heads' features side by side: (..., num_heads, T, d) -> (..., T, num_heads * d).

    Parameters
    ----------
    x : (..., num_heads, T, d)

    Returns
    -------
    merged : (..., T, num_heads * d)

    Raises
    ------
    TypeError                  if x is not a float32 or float64 array
    ValueError                 if x has not three axes at least

    Notes
    -----
    It undoes `split_heads`.

    Examples
    --------
    >>> x = np.arange(8.0).reshape(2, 4)
    >>> bool((merge_heads(split_heads(x, 2)) == x).all())
    True
    """
    check_arrays("merge_heads", x=x)
    if x.ndim < 3:
        raise ValueError(
            f"merge_heads: x must have the axes (..., num_heads, T, d) but has shape {x.shape}."
        )
    x = x.swapaxes(-2, -3)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def _without_padding(x: Array, padding: Array) -> Array:
    """x, where padding that is not finite counts as 0: 0 * inf would be NaN in the gradients."""
    return np.where(padding[..., None] & ~np.isfinite(x), x.dtype.type(0), x)


class MultiHeadAttention(Layer):
    """Several attentions side by side, each on its own projection of the features.

        y = out_proj(merge(scaled_dot_product_attention(query_h, key_h, value_h) for every head h))
        query_h = features of head h in  query @ W_q.T + b_q,     key_h and value_h likewise

    W_q, W_k and W_v stand one above the other in `in_proj_weight`, the biases in `in_proj_bias`.
    Called with one input the sequence attends to itself; `forward(query, key)` takes the values
    from the key's sequence, too.

    Source: Vaswani et al., 2017, arXiv:1706.03762. The same in PyTorch with `batch_first=True`,
    where True forbids in either mask: our mask is `~attn_mask`, and key_padding_mask is the same.
    Where all keys are masked, y is the out_proj of zeros; PyTorch says NaN.

    Parameters
    ----------
    query : (N, T, embed_dim)
    key : (N, S, embed_dim), optional       the query unless given
    value : (N, S, embed_dim), optional     the key unless given
    mask : optional                  (T, S), or four axes that broadcast to (N, num_heads, T, S):
                                     True where a query may attend, or numbers added to the scores
    key_padding_mask : optional      (N, S), True where a key is padding, which no query attends to.
                                     Two axes do not tell (N, S) from (T, S), so the name does.
                                     NaN and inf in padding count as 0: they reach no result
    causal : bool                    query t attends to keys 0 to t only
    num_heads : int                  divides embed_dim; each head has embed_dim / num_heads features
    dropout : optional               a Dropout layer for the weights, off in evaluation; to `init`,
                                     its probability

    Returns
    -------
    y : (N, T, embed_dim)
    backward : dy -> (dquery, dkey, dvalue, grad)     as many as inputs were given; an input that
                                     plays several parts gets the sum of their gradients

    Raises
    ------
    TypeError        if the arrays are not of one floating dtype, or mask is neither that nor bool
    ValueError       if shapes disagree, or value is given without key

    Examples
    --------
    >>> layer = MultiHeadAttention.init(8, 2, rng=np.random.default_rng(0), dtype=np.float64)
    >>> x = np.random.default_rng(1).normal(size=(1, 5, 8))
    >>> layer(x).shape, layer.attention_maps(x, causal=True).shape
    ((1, 5, 8), (1, 2, 5, 5))
    """

    in_proj_weight: Array  # (3 * embed_dim, embed_dim)
    in_proj_bias: Array | None  # (3 * embed_dim,)
    out_proj: Linear  # embed_dim -> embed_dim
    _: KW_ONLY
    num_heads: int
    dropout: Layer | None = None  # of the weights: a Dropout, or what it becomes for evaluation

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dropout is not None and not isinstance(self.dropout, Dropout):
            raise TypeError(
                f"MultiHeadAttention: dropout is {kind(self.dropout)}, not a Dropout layer; give "
                "Dropout(0.1, rng=rng), or None."
            )
        check_int("MultiHeadAttention", "num_heads", self.num_heads, least=1)
        check_rank(
            "MultiHeadAttention", "in_proj_weight", self.in_proj_weight, "3 * embed_dim, embed_dim"
        )
        if not isinstance(self.out_proj, Linear):
            raise TypeError(
                f"MultiHeadAttention: out_proj is {kind(self.out_proj)}, not a Linear layer; "
                "MultiHeadAttention.init(embed_dim, num_heads, rng=rng) makes one."
            )
        width = self.in_proj_weight.shape[-1]
        if self.in_proj_weight.shape != (3 * width, width):
            raise ValueError(
                f"MultiHeadAttention: in_proj_weight has shape {self.in_proj_weight.shape} but "
                "must be (3 * embed_dim, embed_dim): rows for the queries, the keys, the values."
            )
        if self.in_proj_bias is not None and self.in_proj_bias.shape != (3 * width,):
            raise ValueError(
                f"MultiHeadAttention: in_proj_bias has shape {self.in_proj_bias.shape} but "
                f"in_proj_weight {self.in_proj_weight.shape} needs ({3 * width},)."
            )
        if width % self.num_heads:
            raise ValueError(
                f"MultiHeadAttention: embed_dim {width} cannot be cut into {self.num_heads} heads "
                "of one size; embed_dim must be a multiple of num_heads."
            )

    @classmethod
    def init(
        cls,
        embed_dim: int,
        num_heads: int,
        *,
        dropout: float = 0.0,
        bias: bool = True,
        rng: np.random.Generator,
        dtype: Any = np.float32,
    ) -> Self:
        """Draw as PyTorch does: Xavier uniform in_proj_weight, out_proj as Linear, zero biases."""
        check_int("MultiHeadAttention", "embed_dim", embed_dim, least=1)
        check_flag("MultiHeadAttention", "bias", bias)
        shape = (3 * embed_dim, embed_dim)
        bound = math.sqrt(6 / sum(shape))  # over all inputs and outputs
        weight = uniform("MultiHeadAttention", shape, bound, rng=rng, dtype=dtype)
        out_proj = Linear.init(embed_dim, embed_dim, bias=False, rng=rng, dtype=dtype)
        in_proj_bias = None
        if bias:
            in_proj_bias = zeros((3 * embed_dim,), dtype=dtype)
            out_proj = Linear(out_proj.weight, zeros((embed_dim,), dtype=dtype))
        dropout = check_number("MultiHeadAttention", "dropout", dropout)
        drop = Dropout(dropout, rng=rng) if dropout else None
        return cls(weight, in_proj_bias, out_proj, num_heads=num_heads, dropout=drop)

    def forward(
        self,
        query: Array,  # (N, T, embed_dim)
        key: Array | None = None,  # (N, S, embed_dim)
        value: Array | None = None,  # (N, S, embed_dim)
        *,
        mask: Array | None = None,
        key_padding_mask: Array | None = None,
        causal: bool = False,
    ) -> tuple[Array, Backward]:  # -> (N, T, embed_dim)
        heads, project_backward = self._project(key_padding_mask, query, key, value)
        mask = self._join_masks(heads, mask, key_padding_mask)
        dropout: dict[str, Any] = {}
        if isinstance(self.dropout, Dropout):  # else it is off
            dropout = {"dropout_p": self.dropout.p, "rng": self.dropout.rng}
        mixed, attention_backward = scaled_dot_product_attention(
            *heads, mask=mask, causal=causal, **dropout
        )
        y, out_backward = self.out_proj.forward(merge_heads(mixed))

        def backward(dy: Array) -> tuple[Any, ...]:
            dmerged, dout_proj = out_backward(dy)
            dmixed = split_heads(dmerged, self.num_heads)
            *dinputs, dweight, dbias = project_backward(*attention_backward(dmixed))
            grad = self._with(in_proj_weight=dweight, in_proj_bias=dbias, out_proj=dout_proj)
            return *dinputs, grad

        return y, backward

    def attention_maps(
        self,
        query: Array,
        key: Array | None = None,
        *,
        mask: Array | None = None,
        key_padding_mask: Array | None = None,
        causal: bool = False,
    ) -> Array:
        """Who attends to whom, per head: (N, num_heads, T, S), the inputs as in `forward`.

        Before dropout, which removes other weights at every call.
        """
        heads, _ = self._project(key_padding_mask, query, key, None)
        mask = self._join_masks(heads, mask, key_padding_mask)
        return attention_weights(heads[0], heads[1], mask=mask, causal=causal)

    def place(self, heads: Array) -> tuple[Array, Backward]:
        """What happens to queries and keys between projection and match: here nothing."""
        return heads, lambda dheads: dheads

    def _project(
        self, padding: Array | None, *arguments: Array | None
    ) -> tuple[list[Array], Backward]:
        """Queries, keys and values by head, (N, num_heads, T or S, d), one matmul per input."""
        inputs = [x for x in arguments if x is not None]
        self._check_inputs(arguments, inputs)
        if padding is not None:
            self._check_padding(padding, inputs[:2][-1])
            first = len(inputs) > 1  # a single input is the keys, too
            inputs[first:] = [_without_padding(x, padding) for x in inputs[first:]]
        width = self.in_proj_weight.shape[1]
        # one input makes all three, two make (query) and (key, value), three make one each
        ends = {1: [3], 2: [1, 3], 3: [1, 2, 3]}[len(inputs)]
        parts, backwards = [], []
        for x, start, end in zip(inputs, [0, *ends], ends, strict=False):
            rows = slice(start * width, end * width)
            bias = None if self.in_proj_bias is None else self.in_proj_bias[rows]
            y, linear_backward = linear(x, self.in_proj_weight[rows], bias)
            parts += [split_heads(part, self.num_heads) for part in np.split(y, end - start, -1)]
            backwards.append((linear_backward, start, end))
        query, query_backward = self.place(parts[0])
        key, key_backward = self.place(parts[1])

        def backward(dquery: Array, dkey: Array, dvalue: Array) -> tuple[Any, ...]:
            dparts = [merge_heads(d) for d in (query_backward(dquery), key_backward(dkey), dvalue)]
            dinputs, dweights, dbiases = zip(
                *(back(np.concatenate(dparts[start:end], -1)) for back, start, end in backwards),
                strict=True,
            )
            dbias = None if self.in_proj_bias is None else np.concatenate(dbiases)
            return *dinputs, np.concatenate(dweights), dbias

        return [query, key, parts[2]], backward

    def _check_inputs(self, arguments: tuple[Array | None, ...], inputs: list[Array]) -> None:
        names = ("query", "key", "value")
        check_arrays("MultiHeadAttention", **dict(zip(names, arguments, strict=True)))
        if any(a is not b for a, b in zip(arguments, inputs, strict=False)):
            raise ValueError(
                "MultiHeadAttention: value is given but key is not; every value needs its key: "
                "pass query, key and value."
            )
        width = self.in_proj_weight.shape[1]
        for name, x in zip(names, inputs, strict=False):
            check_rank("MultiHeadAttention", name, x, "N, T, embed_dim")
            if x.shape[-1] != width or x.shape[0] != inputs[0].shape[0]:
                raise ValueError(
                    f"MultiHeadAttention: {name} has shape {x.shape} but must be "
                    f"({inputs[0].shape[0]}, T, {width}): the batch of query {inputs[0].shape}, "
                    f"the features of in_proj_weight {self.in_proj_weight.shape}."
                )

    def _check_padding(self, padding: Array, key: Array) -> None:
        if not is_plain(padding) or padding.dtype != bool:
            found = padding.dtype if is_plain(padding) else kind(padding)
            raise TypeError(
                "MultiHeadAttention: key_padding_mask must be a boolean array (N, S), True where a "
                f"key is padding, not {found}; make it from the tokens: tokens == padding."
            )
        if padding.shape != key.shape[:2]:
            raise ValueError(
                f"MultiHeadAttention: key_padding_mask has shape {padding.shape} but must "
                f"be (N, S), {key.shape[:2]}: True where a key is padding, for every example."
            )

    def _join_masks(
        self, heads: list[Array], mask: Array | None, key_padding_mask: Array | None
    ) -> Array | None:
        """One mask for both: a query attends where neither forbids it."""
        if mask is not None and np.ndim(mask) not in (2, 4):
            raise ValueError(
                f"MultiHeadAttention: mask has shape {np.shape(mask)} but must have the axes (T, S)"
                " or (N, num_heads, T, S), where an axis may have length 1; for a mask per example "
                "use mask[:, None], for one per example and key use key_padding_mask."
            )
        if key_padding_mask is None:
            return mask
        allowed = ~key_padding_mask[:, None, None, :]
        if mask is None:
            return allowed
        maps, dtype = (*heads[0].shape[:-1], heads[1].shape[-2]), heads[0].dtype
        both = (as_bias("MultiHeadAttention", one, maps, dtype) for one in (mask, allowed))
        return sum(both, np.zeros((), dtype))
