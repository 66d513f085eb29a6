"""The exercises softmax_forward, attention_forward and causal_mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.engine.aside import quiet
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs, draw
from course_lib.record import Array

SECTION = ("04_08_attention",)


def _far_apart(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Scores; where there are four queries so large that exp overflows, or comes out as 0."""
    return draw(rng, *shape) * (400 if shape[0] == 4 else 1)


def small(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers whose products leave every key a share: with large ones a softmax is an argmax."""
    return rng.normal(size=shape).round(1) + 0.0


def large_enough(T: int, S: int, d: int, e: int) -> bool:
    """Leave out calls that are all ones, where nothing is turned and nothing shared."""
    return T + S + d + e >= 8


def softmax(scores: Array, axis: int | None = -1) -> Array:
    exps = np.exp(scores - scores.max(axis, keepdims=True))
    return exps / exps.sum(axis, keepdims=True)


def _sum_and(scores: Array, more: float) -> Array:
    """Shares that are divided by their sum and a little more."""
    exps = np.exp(scores - scores.max(1, keepdims=True))
    return exps / (exps.sum(1, keepdims=True) + more)


def _less(taken: Callable[[Array], Any], sign: int = 1) -> Callable[[Array], Array]:
    """Shares where something has been taken away from the scores before exp."""

    def answer(scores: Array) -> Array:
        exps = np.exp(sign * (scores - taken(scores)))
        return exps / exps.sum(1, keepdims=True)

    return quiet()(answer)


SOFTMAX_FORWARD = Exercise(
    name="softmax_forward",
    sections=SECTION,
    task="""
`scores` is `(T, S)`: row t holds the scores of query t with S keys. Return the `weights`, also
`(T, S)`: `exp(score)`, divided by the sum of `exp` over its row, so that each row sums to 1. For
`scores = [[0, 0], [0, log 3]]` they are `[[1/2, 1/2], [1/4, 3/4]]`. Scores may be in the hundreds
and thousands, where `exp` is too large for a float. The same number taken from all scores of a row
changes no share: take one away that helps.
""",
    stub="""
def softmax_forward(scores):
    raise NotImplementedError
""",
    solution="""
def softmax_forward(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)  # the largest becomes 0
    exps = np.exp(shifted)  # at most 1: nothing overflows
    return exps / exps.sum(axis=1, keepdims=True)
""",
    alternative="""
def softmax_forward(scores):
    weights = np.zeros_like(scores)
    for t, row in enumerate(scores):
        for s in range(len(row)):
            weights[t, s] = 1 / np.exp(np.minimum(row - row[s], 700)).sum()
    return weights
""",
    returns={"weights": "T S"},
    shows="Your shares are positive, sum to 1 in each row, and no score is too large for them.",
    inputs=Inputs(
        arguments={"scores": "T S"},
        example={"T": 2, "S": 3},
        also=({"T": 4, "S": 3}, {"T": 4, "S": 4}, {"T": 5, "S": 4}),
        sizes={"T": range(1, 6), "S": range(1, 5)},
        values={"scores": _far_apart},
    ),
    slips=(
        Slip(
            "exp overflows",
            "Your weights are right for small scores and break where scores are large: exp(1000) "
            "is inf, and inf / inf is no number. Take each row's largest score away first.",
            (quiet()(lambda s: np.exp(s) / np.exp(s).sum(1, keepdims=True)),),
        ),
        Slip(
            "one largest score for all rows",
            "Your weights take the largest score of the whole array away. A row whose scores are "
            "far below it becomes exp(-1000) = 0 everywhere, and 0 / 0 is no number. Each row has "
            "its own largest score: max(axis=1, keepdims=True).",
            (
                quiet()(lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum(1, keepdims=True)),
                quiet()(
                    lambda s: np.exp(s - s.max(0)) / np.exp(s - s.max(0)).sum(1, keepdims=True)
                ),
            ),
        ),
        Slip(
            "over the queries",
            "Your weights sum to 1 in each column. The keys of one query share its 1, so "
            "the sum is along a row: axis=1.",
            (lambda s: softmax(s, 0), quiet()(lambda s: np.exp(s) / np.exp(s).sum(0))),
        ),
        Slip(
            "one sum for everything",
            "Your weights all together sum to 1. Each query has a 1 of its own to share out: sum "
            "with axis=1 and keepdims=True.",
            (lambda s: softmax(s, None), quiet()(lambda s: np.exp(s) / np.exp(s).sum())),
        ),
        Slip(
            "not divided",
            "Your weights are exp of the scores and do not sum to 1. Divide each row by its sum.",
            (
                quiet()(np.exp),
                lambda s: np.exp(s - s.max(1, keepdims=True)),
                lambda s: np.exp(s - s.max()),
            ),
        ),
        Slip(
            "exp forgotten",
            "Your weights divide the scores themselves by their sum. A score below 0 would get a "
            "share below 0: exp makes all of them positive first.",
            (
                quiet()(lambda s: s / s.sum(1, keepdims=True)),
                quiet()(
                    lambda s: (
                        (s - s.max(1, keepdims=True))
                        / (s - s.max(1, keepdims=True)).sum(1, keepdims=True)
                    )
                ),
            ),
        ),
        Slip(
            "the best match alone",
            "Your weights give the largest score everything. A softmax is soft: every key gets a "
            "share, the larger its score, the more.",
            (lambda s: (s == s.max(1, keepdims=True)).astype(float),),
        ),
        Slip(
            "the logarithm of the weights",
            "Your weights are the logarithms of the right ones. Leave the logarithm out, or take "
            "exp of it.",
            (
                lambda s: (
                    s
                    - s.max(1, keepdims=True)
                    - np.log(np.exp(s - s.max(1, keepdims=True)).sum(1, keepdims=True))
                ),
            ),
        ),
        Slip(
            "divided by the largest score",
            "Your weights divide the scores by the row's largest before exp. That changes their "
            "differences, on which the shares depend: take the largest away instead.",
            (quiet()(lambda s: softmax(s / s.max(1, keepdims=True))),),
        ),
        Slip(
            "mean instead of the largest",
            "Your weights take the row's mean away. Shares stay right, but a score far above the "
            "mean still overflows; the largest is what must become 0.",
            (
                quiet()(
                    lambda s: (
                        np.exp(s - s.mean(1, keepdims=True))
                        / np.exp(s - s.mean(1, keepdims=True)).sum(1, keepdims=True)
                    )
                ),
            ),
        ),
        Slip(
            "large scores cut off",
            "Your weights cut large scores off before exp, so two that lie beyond the cut share "
            "alike, however far apart they are. Take the row's largest score away instead.",
            tuple(
                quiet()(lambda s, top=top, low=low: softmax(np.clip(s, low, top)))
                for top in (20, 50, 100, 500, 600, 700, 709)
                for low in (-top, -np.inf)
            ),
        ),
        Slip(
            "shares of minus the scores",
            "Your weights give the largest share to the smallest score. exp of the score itself, "
            "not of minus the score.",
            (lambda s: softmax(-s), _less(lambda s: s.max(1, keepdims=True), sign=-1)),
        ),
        Slip(
            "each score by itself",
            "Your weights are each score's sigmoid, 1 / (1 + exp(-score)). The keys of one query "
            "share a 1: each exp(score) is divided by the sum over its row.",
            (quiet()(lambda s: 1 / (1 + np.exp(-s))),),
        ),
        Slip(
            "powers of 2",
            "Your weights are powers of 2 where e belongs: np.exp, not 2 ** score or np.exp2.",
            (lambda s: softmax(s * np.log(2)),),
        ),
        Slip(
            "a small number added to the sum",
            "Your weights divide by the sum and a little more, so that they do not sum to 1. The "
            "sum cannot be 0 here: the largest of a row becomes exp(0), which is 1.",
            tuple(lambda s, by=by: _sum_and(s, by) for by in (1e-6, 1e-5, 1e-4, 1e-3, 1.0)),
        ),
        Slip(
            "a root of S",
            "Your weights divide the scores by a root first. That belongs to attention, which "
            "hands its scores on already divided: here they are taken as they are.",
            (lambda s: softmax(s / s.shape[1] ** 0.5),),
        ),
        Slip(
            "the largest taken away above alone",
            "Your weights take the largest score away above the fraction and not below, or the "
            "other way round. Both must be made of the same exps.",
            (
                quiet()(
                    lambda s: np.exp(s - s.max(1, keepdims=True)) / np.exp(s).sum(1, keepdims=True)
                ),
                quiet()(
                    lambda s: np.exp(s) / np.exp(s - s.max(1, keepdims=True)).sum(1, keepdims=True)
                ),
            ),
        ),
        Slip(
            "another number than the largest taken away",
            "Your weights take a number away that does not make every score small: shares stay "
            "right, but exp still overflows, or all of a row come out as 0. The row's largest is "
            "what must become 0.",
            (
                *(_less(lambda s, by=by: by) for by in (500, 700, 1000)),  # type: ignore[misc]
                _less(lambda s: s.sum(1, keepdims=True)),
            ),
        ),
    ),
    hints=(
        "Take one row, [1, 2, 3]: exp of each, then each divided by the sum of the three. "
        "Then all rows at once.",
        "np.exp(scores).sum(axis=1, keepdims=True) is (T, 1) and stands beside scores; without "
        "keepdims it is (T,) and lies along the keys.",
        "shifted = scores - scores.max(axis=1, keepdims=True) makes the largest of each row 0, so "
        "exp is at most 1. Go on with shifted.",
    ),
)


def attend(query: Array, key: Array, value: Array, scale: float | None = None) -> Array:
    """Attention with the scores divided by something else than the root."""
    scores = query @ key.T / (query.shape[1] ** 0.5 if scale is None else scale)
    return softmax(scores) @ value


def _as_keys(query: Array, key: Array, value: Array) -> Array:
    """The keys themselves mixed, where they are as wide as the values."""
    return attend(query, key, key)[:, : value.shape[1]] + np.zeros((1, value.shape[1]))


ATTENTION_FORWARD = Exercise(
    name="attention_forward",
    sections=SECTION,
    task="""
`query` is `(T, d)`, `key` `(S, d)`, `value` `(S, e)`: T queries look into S keys of d features, and
each key has a value of e features. Return `y` of shape `(T, e)`:

```text
scores  = each query · each key, divided by the root of d       (T, S)
weights = softmax of each row of scores                         (T, S)
y       = each row of weights, times the values, added up       (T, e)
```

`lib.Softmax()(scores)` takes the softmax of each row. With `query = [[1]]`, `key = [[0], [log 3]]`
and `value = [[8], [4]]` the weights are 1/4 and 3/4, and `y` is `[[5]]`.
""",
    stub="""
def attention_forward(query, key, value):
    raise NotImplementedError
""",
    solution="""
def attention_forward(query, key, value):
    scores = query @ key.T / np.sqrt(query.shape[1])  # match
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = exps / exps.sum(axis=1, keepdims=True)  # softmax
    return weights @ value  # retrieve
""",
    alternative="""
def attention_forward(query, key, value):
    y = np.zeros((len(query), value.shape[1]))
    for t in range(len(query)):
        scores = [query[t] @ key[s] / len(key[s]) ** 0.5 for s in range(len(key))]
        shares = np.exp(np.array(scores) - max(scores))
        for s in range(len(key)):
            y[t] += shares[s] / shares.sum() * value[s]
    return y
""",
    returns={"y": "T e"},
    shows="Your attention matches, shares out and retrieves: every y is a mixture of the values.",
    inputs=Inputs(
        arguments={"query": "T d", "key": "S d", "value": "S e"},
        example={"T": 2, "S": 3, "d": 2, "e": 2},
        sizes=dict.fromkeys("TSde", range(1, 5)),
        legal=large_enough,
        values={"query": small, "key": small},
    ),
    slips=(
        Slip(
            "no root of d",
            "Your y matches without dividing by the root of d. Sums of d products grow with d, and "
            "a softmax of large scores gives all to one key: divide by np.sqrt(d).",
            (lambda q, k, v: attend(q, k, v, 1.0),),
        ),
        Slip(
            "divided by d, not its root",
            "Your scores are divided by d itself. They spread like the root of d, and it is the "
            "root that brings the spread back: np.sqrt(d).",
            (lambda q, k, v: attend(q, k, v, q.shape[1]),),
        ),
        Slip(
            "the root of another length",
            "Your scores are divided by the root of another length. d is the number of features "
            "that query and key have, query.shape[1]: so many products stand in each score.",
            (
                lambda q, k, v: attend(q, k, v, v.shape[1] ** 0.5),
                lambda q, k, v: attend(q, k, v, k.shape[0] ** 0.5),
                lambda q, k, v: attend(q, k, v, q.shape[0] ** 0.5),
            ),
        ),
        Slip(
            "multiplied by the root of d",
            "Your scores are multiplied by the root of d. It should make them smaller: divide.",
            (lambda q, k, v: attend(q, k, v, q.shape[1] ** -0.5),),
        ),
        Slip(
            "divided by half of d",
            "Your scores are divided by d / 2: ** 1/2 is read as (... ** 1) / 2. Write ** 0.5, or "
            "np.sqrt(d).",
            (
                lambda q, k, v: attend(q, k, v, q.shape[1] / 2),
                lambda q, k, v: attend(q, k, v, 2 * q.shape[1]),
            ),
        ),
        Slip(
            "keys mixed",
            "Your y mixes the keys. They are only matched; what is handed on are the values: "
            "weights @ value.",
            (lambda q, k, v: attend(q, k, k, q.shape[1] ** 0.5),),
        ),
        Slip(
            "softmax twice",
            "Your y takes the softmax of weights once more. Once makes shares of scores.",
            (lambda q, k, v: softmax(softmax(q @ k.T / q.shape[1] ** 0.5)) @ v,),
        ),
        Slip(
            "lengths taken out",
            "Your scores are those of queries and keys brought to length 1. A dot product keeps "
            "their lengths: a longer query decides more sharply.",
            (
                quiet()(
                    lambda q, k, v: (
                        softmax(
                            (q / np.linalg.norm(q, axis=1, keepdims=True))
                            @ (k / np.linalg.norm(k, axis=1, keepdims=True)).T
                        )
                        @ v
                    )
                ),
            ),
        ),
        Slip(
            "divided after the softmax",
            "Your y is divided by the root of d after the softmax, so the shares no longer sum to "
            "1. Divide the scores, before it.",
            (lambda q, k, v: attend(q, k, v, 1.0) / q.shape[1] ** 0.5,),
        ),
        Slip(
            "softmax over the queries",
            "Your y takes the softmax down the columns, over the queries. The keys of one query "
            "share its 1: along each row, over the S keys.",
            (
                lambda q, k, v: softmax(q @ k.T / q.shape[1] ** 0.5, 0) @ v,
                lambda q, k, v: softmax(k @ q.T / q.shape[1] ** 0.5, 1).T @ v,
            ),
        ),
        Slip(
            "one softmax for all",
            "Your y takes one softmax of the whole array of scores. Each query has a 1 of its own "
            "to share out: along each row.",
            (lambda q, k, v: softmax(q @ k.T / q.shape[1] ** 0.5, None) @ v,),
        ),
        Slip(
            "no softmax",
            "Your y multiplies the values by the scores themselves. Softmax turns each row of "
            "scores into shares first.",
            (lambda q, k, v: q @ k.T / q.shape[1] ** 0.5 @ v, lambda q, k, v: q @ k.T @ v),
        ),
        Slip(
            "shares not divided by their sum",
            "Your shares are exp of the scores and do not sum to 1. Divide each row by its sum.",
            (
                lambda q, k, v: np.exp(q @ k.T / q.shape[1] ** 0.5) @ v,
                lambda q, k, v: (
                    np.exp(
                        q @ k.T / q.shape[1] ** 0.5
                        - (q @ k.T / q.shape[1] ** 0.5).max(1, keepdims=True)
                    )
                    @ v
                ),
            ),
        ),
        Slip(
            "the best match alone",
            "Your y is the value of the best match alone. That is an ordinary look-up; here every "
            "value comes with the share that softmax gives it.",
            (lambda q, k, v: v[(q @ k.T).argmax(1)],),
        ),
        Slip(
            "keys mixed instead of values",
            "Your y mixes the keys. The keys decide the shares; the values are handed over.",
            (_as_keys,),
        ),
        Slip(
            "the weights returned",
            "Your y holds the weights. One step is left: weights @ value.",
            (lambda q, k, v: softmax(q @ k.T / q.shape[1] ** 0.5),),
        ),
        Slip(
            "the root of 2, whatever d is",
            "Your scores are divided by the root of 2, as in the first example. d is as many "
            "features as query and key have: query.shape[1].",
            (lambda q, k, v: attend(q, k, v, 2**0.5),),
        ),
        Slip(
            "later keys hidden",
            "Your y hides later keys from a query. Nothing is hidden in this task: every query "
            "looks into all S keys.",
            (
                quiet()(
                    lambda q, k, v: (
                        softmax(
                            np.where(np.tri(len(q), len(k)) > 0, q @ k.T, -np.inf)
                            / q.shape[1] ** 0.5
                        )
                        @ v
                    )
                ),
            ),
        ),
        Slip(
            "a small number added to the sum",
            "Your shares are divided by their sum and a little more, so that they do not sum to 1. "
            "The sum cannot be 0.",
            tuple(
                lambda q, k, v, by=by: _sum_and(q @ k.T / q.shape[1] ** 0.5, by) @ v
                for by in (1e-6, 1e-5, 1e-4, 1e-3)
            ),
        ),
        Slip(
            "multiplied place by place",
            "Your y multiplies weights and values place by place. Each row of weights meets all "
            "rows of value, and the products are added up: weights @ value.",
            (lambda q, k, v: softmax(q @ k.T / q.shape[1] ** 0.5) * v,),
        ),
        Slip(
            "values for keys",
            "Your scores match the queries with the values. A query is matched with the keys; the "
            "values come in after the softmax.",
            (lambda q, k, v: softmax(q @ v.T / q.shape[1] ** 0.5) @ v,),
        ),
    ),
    hints=(
        "One query and one key first: their products added up, divided by the root of d. All at "
        "once is query @ key.T, (T, S).",
        "Softmax along each row: lib.Softmax()(scores), or exp and a division by the sum with "
        "axis=1, keepdims=True.",
        "scores = query @ key.T / np.sqrt(query.shape[1]); weights = lib.Softmax()(scores); "
        "y = weights @ value.",
    ),
    points=2,
)


def _seen(scores: Array, past: int = 0) -> Array:
    """Which key each query may attend to: those up to its own place, or `past` beyond it."""
    return np.tri(len(scores), k=past, dtype=bool)


def _with_a_zero(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Scores; where there are four queries a score of 0 that the third may see."""
    scores = small(rng, shape)
    if len(scores) == 4:
        scores[2, 0] = 0
    return scores


def _only(scores: Array, seen: Array) -> Array:
    """The softmax of those scores; where there are none, no numbers."""
    return softmax(np.where(seen, scores, -np.inf))


def _mixing(*weights: Callable[[Array], Array]) -> tuple[Callable[..., Array], ...]:
    """Answers that mix the values with such weights."""
    return tuple(quiet()(lambda s, v, w=w: w(s) @ v) for w in weights)


CAUSAL_MASK = Exercise(
    name="causal_mask",
    sections=SECTION,
    task="""
`scores` is `(T, T)`: row t holds the scores of query t, divided by the root already. `value` is
`(T, e)`. Query t may attend to the keys 0 to t. Take the softmax of each row over those alone, give
later keys the weight 0, and return `y`, `(T, e)`: the values mixed by these weights. With scores
that are all 0 and `value = [[2], [4]]`, `y` is `[[2], [3]]`. Leave `scores` as it is.
""",
    stub="""
def causal_mask(scores, value):
    raise NotImplementedError
""",
    solution="""
def causal_mask(scores, value):
    past = np.tri(len(scores), dtype=bool)  # True at and below the diagonal
    allowed = np.where(past, scores, -np.inf)  # exp(-inf) is 0
    exps = np.exp(allowed - allowed.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True) @ value
""",
    alternative="""
def causal_mask(scores, value):
    y = np.zeros((len(scores), value.shape[1]))
    for t in range(len(scores)):
        exps = np.exp(scores[t, : t + 1] - scores[t, : t + 1].max())
        for s in range(t + 1):
            y[t] += exps[s] / exps.sum() * value[s]
    return y
""",
    returns={"y": "T e"},
    shows="Your queries see no later key, and what they see shares the whole 1.",
    inputs=Inputs(
        arguments={"scores": "T T", "value": "T e"},
        example={"T": 3, "e": 2},
        also=({"T": 4, "e": 4}, {"T": 2, "e": 2}),
        sizes={"T": range(1, 5), "e": range(1, 5)},
        legal=lambda T, e: T + e >= 4,
        values={"scores": _with_a_zero},
    ),
    slips=(
        Slip(
            "masked after the softmax",
            "Your y hides the later keys after the softmax, so the weights no longer sum to 1: the "
            "hidden keys took their share with them. Set their scores to -inf before it.",
            _mixing(lambda s: softmax(s) * _seen(s)),
        ),
        Slip(
            "mask inverted",
            "Your y lets each query see the later keys and not the earlier ones. Keep what lies at "
            "and below the diagonal, where s <= t, as np.tri does.",
            _mixing(
                lambda s: _only(s, _seen(s).T),
                lambda s: _only(s, ~_seen(s)),
                lambda s: np.nan_to_num(_only(s, ~_seen(s))),
                lambda s: softmax(np.where(_seen(s), -1e9, s)),
                lambda s: softmax(s) * _seen(s).T,
                lambda s: softmax(np.where(_seen(s).T, s, 0.0)),
            ),
        ),
        Slip(
            "own position hidden",
            "Your y hides each query's own position from it, and the first sees nothing at all. "
            "Query t may attend to keys 0 to t, itself included.",
            _mixing(
                lambda s: _only(s, _seen(s, -1)),
                lambda s: np.nan_to_num(_only(s, _seen(s, -1))),
                lambda s: softmax(np.where(_seen(s, -1), s, -1e9)),
            ),
        ),
        Slip(
            "one later key seen",
            "Your y lets each query see one key too many, the next one. Query t may attend to keys "
            "0 to t.",
            _mixing(lambda s: _only(s, _seen(s, 1))),
        ),
        Slip(
            "scores of later keys set to 0",
            "Your y gives later keys the score 0, and exp(0) is 1: they still get a share. A score "
            "of -inf gets none.",
            _mixing(lambda s: softmax(s * _seen(s))),
        ),
        Slip(
            "the mask added as 0 and 1",
            "Your y adds 1 to the scores of keys that may be seen. That only favours those keys: "
            "to hide the others, add -inf to theirs.",
            _mixing(lambda s: softmax(s + _seen(s)), lambda s: softmax(s - ~_seen(s))),
        ),
        Slip(
            "later keys given a small number",
            "Your y still gives later keys a share: their scores are low but not low enough. -inf "
            "gets none at all, whatever the other scores are.",
            _mixing(
                *(lambda s, low=low: softmax(np.where(_seen(s), s, low)) for low in (-1, -5, -10))
            ),
        ),
        Slip(
            "softmax over the queries",
            "Your y has weights that sum to 1 in each column. The keys of one query share its 1: "
            "along each row, axis=1.",
            _mixing(lambda s: softmax(np.where(_seen(s), s, -np.inf), 0)),
        ),
        Slip(
            "no softmax",
            "Your y mixes by masked scores. The softmax of each row is missing.",
            _mixing(lambda s: s * _seen(s), lambda s: np.where(_seen(s), s, -np.inf)),
        ),
        Slip(
            "nothing hidden",
            "Your y lets the queries see all keys. Those after position t must get the weight 0 "
            "in row t.",
            _mixing(softmax),
        ),
        Slip(
            "not divided",
            "Your y mixes by exp of the scores, which do not sum to 1. Divide each row by its sum.",
            _mixing(
                lambda s: np.exp(s) * _seen(s),
                lambda s: np.exp(s - s.max(1, keepdims=True)) * _seen(s),
            ),
        ),
        Slip(
            "one sum for all",
            "Your y divides by one sum of the whole array. Each query has a 1 of its own to share "
            "out: sum with axis=1 and keepdims=True.",
            _mixing(
                lambda s: np.exp(s) * _seen(s) / (np.exp(s) * _seen(s)).sum(),
                lambda s: softmax(np.where(_seen(s), s, -np.inf), None),
            ),
        ),
        Slip(
            "a small number taken from later scores",
            "Your y lowers the later scores, but what is 10 lower still gets a share. Add -inf.",
            _mixing(
                *(lambda s, by=by: softmax(s - by * ~_seen(s)) for by in (2.0, 5.0, 9.0, 10.0))
            ),
        ),
        Slip(
            "divided by the root once more",
            "Your y divides the scores by a root. That has been done already: these are the scores "
            "that softmax takes.",
            tuple(
                lambda s, v, at=at: (
                    _only(s / s.shape[0] ** 0.5 if at else s / v.shape[1] ** 0.5, _seen(s)) @ v
                )
                for at in (0, 1)
            ),
        ),
        Slip(
            "the weights returned",
            "Your y holds the weights. One step is left: weights @ value.",
            (lambda s, v: _only(s, _seen(s)),),
        ),
        Slip(
            "scores of 0 taken for hidden",
            "Your y hides every score that is 0, also one that may be seen. What is hidden depends "
            "on the place alone, s > t, not on the score that stands there.",
            _mixing(lambda s: _only(s, _seen(s) & (s != 0))),
        ),
        Slip(
            "later scores multiplied",
            "Your y multiplies the later scores by a large number. A score below 0 then becomes "
            "huge and takes everything. Put -inf in their place instead.",
            _mixing(
                *(
                    lambda s, by=by: softmax(np.where(_seen(s), s, s * by))
                    for by in (-1e9, -1e6, -1000.0, -100.0, 1e9, -1.0)
                )
            ),
        ),
        Slip(
            "the masked scores transposed",
            "Your y takes the softmax along the wrong axis of the masked scores, or they were "
            "turned: row t belongs to query t, and its first t + 1 keys are seen.",
            _mixing(
                lambda s: softmax(np.where(_seen(s), s, -np.inf).T), lambda s: _only(s.T, _seen(s))
            ),
        ),
        Slip(
            "a small number added to the sum",
            "Your shares are divided by their sum and a little more, so that they do not sum to 1. "
            "The sum cannot be 0: each query sees itself.",
            _mixing(
                *(
                    lambda s, by=by: _sum_and(np.where(_seen(s), s, -np.inf), by)
                    for by in (1e-6, 1e-5, 1e-4, 1e-3)
                )
            ),
        ),
    ),
    hints=(
        "Write down by hand which keys each of three queries may see: row 0 sees one, row 1 two, "
        "row 2 all three.",
        "np.tri(3, dtype=bool) is that table. np.where(table, scores, -np.inf) leaves the scores "
        "that may be seen; exp(-inf) is 0.",
        "Take the softmax of each row of that: subtract the row's largest, exp, divide by the "
        "row's sum. Then weights @ value.",
    ),
)
