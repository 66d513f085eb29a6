"""The exercises split_heads_forward and attention_backward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.lessons.attention.forward import SECTION, large_enough, small, softmax
from course_lib.record import Array

SPLIT_HEADS_FORWARD = Exercise(
    name="split_heads_forward",
    sections=SECTION,
    task="""
`x` is `(N, T, E)`: N sequences of T positions with E features. Cut the features into `num_heads`
chunks of d = E / num_heads: the first d for head 0, the next d for head 1, and so on. Return
`heads`, `(N, num_heads, T, d)`, so that `heads[n, h]` is what head h reads. With two heads and
`x = [[[1, 2, 3, 4], [5, 6, 7, 8]]]`, head 0 reads `[[1, 2], [5, 6]]` and head 1
`[[3, 4], [7, 8]]`.
""",
    stub="""
def split_heads_forward(x, num_heads):
    raise NotImplementedError
""",
    solution="""
def split_heads_forward(x, num_heads):
    N, T, E = x.shape
    chunks = x.reshape(N, T, num_heads, E // num_heads)  # cut the last axis
    return chunks.swapaxes(1, 2)  # then bring the heads before the positions
""",
    alternative="""
def split_heads_forward(x, num_heads):
    return np.stack(np.split(x, num_heads, axis=2), axis=1)
""",
    returns={"heads": "N num_heads T d"},
    shows="Every head of yours reads its own features of all positions.",
    inputs=Inputs(
        arguments={"x": "N T E", "num_heads": (1, 2, 3, 4)},
        example={"N": 1, "T": 2, "E": 4, "num_heads": 2},
        also=({"N": 2, "T": 3, "E": 6, "num_heads": 2}, {"N": 2, "T": 2, "E": 4, "num_heads": 2}),
        sizes={"N": range(1, 4), "T": range(1, 5), "E": range(1, 13)},
        derived={"d": lambda E, num_heads: E // num_heads},
        legal=lambda E, num_heads: E % num_heads == 0,
    ),
    slips=(
        Slip(
            "reshape without the transpose",
            "Your heads have the right shape and the wrong numbers. reshape reads on in memory, "
            "where all features of a position stand together, so a head gets whole positions. Cut "
            "the last axis first, (N, T, num_heads, d), then transpose(0, 2, 1, 3).",
            (lambda x, h: x.reshape(len(x), h, x.shape[1], x.shape[2] // h),),
        ),
        Slip(
            "every so-many-th feature",
            "Your head takes every num_heads-th feature. Its d features are neighbours: reshape to "
            "(N, T, num_heads, d), not (N, T, d, num_heads).",
            (lambda x, h: x.reshape(*x.shape[:2], x.shape[2] // h, h).transpose(0, 3, 1, 2),),
        ),
        Slip(
            "heads behind the positions",
            "Your chunks are right but come as (N, T, num_heads, d). Bring the heads before the "
            "positions: transpose(0, 2, 1, 3).",
            (lambda x, h: x.reshape(*x.shape[:2], h, x.shape[2] // h),),
        ),
        Slip(
            "batch and heads exchanged",
            "Your heads come first, before the sequences: (num_heads, N, T, d). The task asks for "
            "(N, num_heads, T, d).",
            (lambda x, h: np.stack(np.split(x, h, axis=2)),),
        ),
        Slip(
            "every head reads everything",
            "Every head of yours reads all E features. Each gets its own d = E / num_heads.",
            (lambda x, h: np.repeat(x[:, None], h, axis=1),),
        ),
        Slip(
            "chunks that overlap",
            "Your head h begins at feature h. Each chunk begins where the one before it ended: at "
            "feature h * d, and it ends before (h + 1) * d.",
            (lambda x, h: np.stack([x[:, :, i : i + x.shape[2] // h] for i in range(h)], axis=1),),
        ),
        Slip(
            "divided by the root of d",
            "Your heads are divided by the root of d. That is for scores; here numbers are only "
            "handed out.",
            (lambda x, h: np.stack(np.split(x, h, axis=2), axis=1) / (x.shape[2] // h) ** 0.5,),
        ),
    ),
    hints=(
        "Where do the features of one position lie in memory? reshape can cut the last axis into "
        "num_heads pieces of d without moving a number.",
        "x.reshape(N, T, num_heads, E // num_heads) has the chunks; the axes are not yet in the "
        "order that is asked for.",
        "swapaxes(1, 2) exchanges positions and heads, and so does transpose(0, 2, 1, 3).",
    ),
)


Dscores = Callable[[Array, Array, Array, Array], Array]


def _weights(query: Array, key: Array) -> Array:
    return softmax(query @ key.T / query.shape[1] ** 0.5)


def _back(query: Array, key: Array, value: Array, dy: Array) -> tuple[Array, Array]:
    """The two terms of dscores, over the root: straight, and by the sum that divides."""
    weights, root = _weights(query, key), query.shape[1] ** 0.5
    dweights = dy @ value.T
    return (
        weights * dweights / root,
        weights * (weights * dweights).sum(1, keepdims=True) / root,
    )


def _dscores(query: Array, key: Array, value: Array, dy: Array) -> Array:
    straight, by_sum = _back(query, key, value, dy)
    return straight - by_sum


def _of_query(query: Array, key: Array, value: Array, dy: Array) -> dict[str, Array]:
    straight, by_sum = _back(query, key, value, dy)
    return {"the straight term": straight @ key, "the term of the row's sum": -by_sum @ key}


def _of_key(query: Array, key: Array, value: Array, dy: Array) -> dict[str, Array]:
    straight, by_sum = _back(query, key, value, dy)
    return {"the straight term": straight.T @ query, "the term of the row's sum": -by_sum.T @ query}


def _pair(name: str, hint: str, *dscores: Dscores) -> list[Slip]:
    """A wrong dscores, however it is made, as it shows in dquery and in dkey."""
    return [
        Slip(
            name,
            hint,
            tuple(lambda q, k, v, dy, of=of: of(q, k, v, dy) @ k for of in dscores),
            "dquery",
        ),
        Slip(
            name,
            hint,
            tuple(lambda q, k, v, dy, of=of: of(q, k, v, dy).T @ q for of in dscores),
            "dkey",
        ),
    ]


def _down(query: Array, key: Array, value: Array, dy: Array) -> Array:
    """The sum taken over the queries."""
    weights, dweights = _weights(query, key), dy @ value.T
    return weights * (dweights - (weights * dweights).sum(0)) / query.shape[1] ** 0.5


def _diagonal(query: Array, key: Array, value: Array, dy: Array) -> Array:
    """The slope of a sigmoid."""
    weights = _weights(query, key)
    return weights * (1 - weights) * (dy @ value.T) / query.shape[1] ** 0.5


def _unweighted(of: Callable[..., Array]) -> Dscores:
    """The plain sum, or mean, of dweights taken away."""

    def dscores(query: Array, key: Array, value: Array, dy: Array) -> Array:
        weights, dweights = _weights(query, key), dy @ value.T
        return weights * (dweights - of(dweights, 1, keepdims=True)) / query.shape[1] ** 0.5

    return dscores


def _by_largest(query: Array, key: Array, value: Array, dy: Array) -> Array:
    """The largest of the row taken away."""
    weights, dweights = _weights(query, key), dy @ value.T
    largest = (weights * dweights).max(1, keepdims=True)
    return weights * (dweights - largest) / query.shape[1] ** 0.5


def _divided(query: Array, key: Array, value: Array, dy: Array, root: float = 1.0) -> Array:
    """With this for the root of d, on both ways; as if scores were not divided at all."""
    weights, dweights = softmax(query @ key.T / root), dy @ value.T
    return weights * (dweights - (weights * dweights).sum(1, keepdims=True)) / root


ATTENTION_BACKWARD = Exercise(
    name="attention_backward",
    sections=SECTION,
    task="""
`query` is `(T, d)`, `key` `(S, d)`, `value` `(S, e)`; `dy`, `(T, e)`, is the gradient of the loss
by y. Going forward:

```text
scores = query @ key.T / np.sqrt(d)      weights = softmax of each row      y = weights @ value
```

Return `dquery`, `dkey` and `dvalue`, shaped like the arrays they belong to. Begin at the end: a
product of two matrices, before it the softmax of each row, before that a product again.
`lib.Softmax()(scores)` takes the softmax of each row.
""",
    stub="""
def attention_backward(query, key, value, dy):
    raise NotImplementedError
""",
    solution="""
def attention_backward(query, key, value, dy):
    root = np.sqrt(query.shape[1])
    weights = lib.Softmax()(query @ key.T / root)
    dvalue = weights.T @ dy  # value s went to y[t] with weights[t, s]
    dweights = dy @ value.T
    shared = (weights * dweights).sum(axis=1, keepdims=True)  # one key's gain is the others' loss
    dscores = weights * (dweights - shared)
    return dscores @ key / root, dscores.T @ query / root, dvalue
""",
    alternative="""
def attention_backward(query, key, value, dy):
    root = query.shape[1] ** 0.5
    dquery, dkey, dvalue = np.zeros_like(query), np.zeros_like(key), np.zeros_like(value)
    for t in range(len(query)):
        exps = np.exp((key @ query[t] - (key @ query[t]).max()) / root)
        p = exps / exps.sum()
        slopes = np.diag(p) - np.outer(p, p)  # of every weight by every score
        dscores = slopes @ (value @ dy[t])
        dquery[t] = dscores @ key / root
        dkey += np.outer(dscores, query[t]) / root
        dvalue += np.outer(p, dy[t])
    return dquery, dkey, dvalue
""",
    returns={"dquery": "T d", "dkey": "S d", "dvalue": "S e"},
    shows="Your gradients find query, key and value, through products and softmax.",
    inputs=Inputs(
        arguments={"query": "T d", "key": "S d", "value": "S e", "dy": "T e"},
        example={"T": 2, "S": 3, "d": 2, "e": 2},
        sizes=dict.fromkeys("TSde", range(1, 5)),
        legal=large_enough,
        values={"query": small, "key": small},
    ),
    terms={"dquery": _of_query, "dkey": _of_key},
    slips=(
        Slip(
            "scores for weights",
            "Your dvalue multiplies by the scores. Going forward the values met the weights, after "
            "the softmax.",
            (
                lambda q, k, v, dy: (q @ k.T / q.shape[1] ** 0.5).T @ dy,
                lambda q, k, v, dy: (q @ k.T).T @ dy,
            ),
            "dvalue",
        ),
        Slip(
            "softmax without the root",
            "Your dvalue has weights whose scores were not divided by the root of d.",
            (lambda q, k, v, dy: softmax(q @ k.T).T @ dy,),
            "dvalue",
        ),
        Slip(
            "the root of another length",
            "Your dvalue has weights whose scores were divided by the root of another length. d is "
            "the number of features that query and key have: query.shape[1].",
            tuple(
                lambda q, k, v, dy, of=of: softmax(q @ k.T / of(q, k, v) ** 0.5).T @ dy
                for of in (
                    lambda q, k, v: len(k),
                    lambda q, k, v: len(q),
                    lambda q, k, v: v.shape[1],
                )
            ),
            "dvalue",
        ),
        *_pair(
            "softmax passed over",
            "{your} goes past the softmax as if weights were scores. A weight's slope is "
            "not 1: dscores = weights * (dweights - sum of weights * dweights over the row).",
            lambda q, k, v, dy: dy @ v.T / q.shape[1] ** 0.5,
        ),
        *_pair(
            "each weight by its own score alone",
            "{your} uses weights * (1 - weights), the slope of a weight by its own score. A "
            "score also takes from the other weights of its row: weights * (dweights - sum of "
            "weights * dweights).",
            _diagonal,
        ),
        *_pair(
            "summed over the queries",
            "{your} takes the softmax's sum down the columns. The softmax was along rows, so "
            "the sum is over the keys: axis=1, keepdims=True.",
            _down,
        ),
        *_pair(
            "the sum without the weights",
            "{your} takes the plain sum or mean of dweights away. It is the sum of weights * "
            "dweights over the row.",
            _unweighted(np.sum),
            _unweighted(np.mean),
        ),
        *_pair(
            "the weights in front forgotten",
            "{your} has dweights - shared without the weights in front. A key with a small "
            "share also has a small slope: weights * (dweights - shared).",
            lambda q, k, v, dy: (
                (dy @ v.T - (_weights(q, k) * (dy @ v.T)).sum(1, keepdims=True)) / q.shape[1] ** 0.5
            ),
        ),
        *_pair(
            "root of d forgotten",
            "{your} lacks the division by the root of d. Going forward scores were divided "
            "by it, so what comes back is too.",
            lambda q, k, v, dy: _dscores(q, k, v, dy) * q.shape[1] ** 0.5,
        ),
        *_pair(
            "multiplied by the root of d",
            "{your} is multiplied by the root of d. Going forward scores were divided by it, and "
            "the slope of a division is a division: divide on the way back, too.",
            lambda q, k, v, dy: _dscores(q, k, v, dy) * q.shape[1],
        ),
        *_pair(
            "divided by d",
            "{your} is divided by the root of d twice. Once is enough: scores were divided once.",
            lambda q, k, v, dy: _dscores(q, k, v, dy) / q.shape[1] ** 0.5,
        ),
        *_pair(
            "the largest in place of the sum",
            "{your} takes the largest of weights * dweights away. It is their sum over the row.",
            _by_largest,
        ),
        *_pair(
            "softmax without the root",
            "{your} has weights whose scores were not divided by the root of d going forward.",
            lambda q, k, v, dy: _divided(q, k, v, dy) / q.shape[1] ** 0.5,
        ),
        *_pair(
            "the root of another length",
            "{your} divides by the root of another length. d is the number of features that query "
            "and key have: query.shape[1].",
            lambda q, k, v, dy: _divided(q, k, v, dy, len(k) ** 0.5),
            lambda q, k, v, dy: _divided(q, k, v, dy, len(q) ** 0.5),
            lambda q, k, v, dy: _divided(q, k, v, dy, v.shape[1] ** 0.5),
        ),
        *_pair(
            "no root of d at all",
            "{your} has no root of d in it, neither going forward nor on the way back. Scores "
            "were divided by it, so the way back divides by it once more.",
            _divided,
        ),
        *_pair(
            "weights for dscores",
            "{your} multiplies by the weights. What comes back to the scores is dscores: "
            "weights * (dweights - sum of weights * dweights over the row).",
            lambda q, k, v, dy: _weights(q, k) / q.shape[1] ** 0.5,
        ),
        Slip(
            "dweights or dscores for weights",
            "Your dvalue multiplies dy by gradients. y = weights @ value is a product: on the way "
            "back value meets the weights themselves, weights.T @ dy.",
            (
                lambda q, k, v, dy: (dy @ v.T).T @ dy,
                lambda q, k, v, dy: _dscores(q, k, v, dy).T @ dy,
                lambda q, k, v, dy: _dscores(q, k, v, dy).T @ dy * q.shape[1] ** 0.5,
            ),
            "dvalue",
        ),
        Slip(
            "divided by the root of d",
            "Your dvalue is divided by the root of d. The root was in the scores; between weights "
            "and y there is none.",
            (lambda q, k, v, dy: _weights(q, k).T @ dy / q.shape[1] ** 0.5,),
            "dvalue",
        ),
        Slip(
            "the product the other way round",
            "Your dvalue multiplies in the wrong order. weights is (T, S) and dy (T, e): what is "
            "(S, e) is weights.T @ dy.",
            (lambda q, k, v, dy: dy @ _weights(q, k), lambda q, k, v, dy: dy.T @ _weights(q, k)),
            "dvalue",
        ),
        Slip(
            "query and key exchanged",
            "Your dquery multiplies by query. Going forward a query met the keys, so on the way "
            "back it is dscores @ key.",
            (
                lambda q, k, v, dy: _dscores(q, k, v, dy) @ q,
                lambda q, k, v, dy: _dscores(q, k, v, dy).T @ q,
            ),
            "dquery",
        ),
        Slip(
            "query and key exchanged",
            "Your dkey multiplies by key. Going forward a key met the queries, so on the way back "
            "it is dscores.T @ query.",
            (
                lambda q, k, v, dy: _dscores(q, k, v, dy).T @ k,
                lambda q, k, v, dy: _dscores(q, k, v, dy) @ k,
            ),
            "dkey",
        ),
    ),
    hints=(
        "From the end: y = weights @ value is a product, so dvalue = weights.T @ dy and "
        "dweights = dy @ value.T.",
        "Through a softmax, row by row: dscores = weights * (dweights - sum of weights * dweights "
        "over the row). All scores one higher change nothing, so each row of dscores sums to 0.",
        "scores = query @ key.T / root is a product too: dquery = dscores @ key / root, "
        "dkey = dscores.T @ query / root.",
    ),
    points=3,
)
