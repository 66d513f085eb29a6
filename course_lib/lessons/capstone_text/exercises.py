"""The exercises next_token_loss and bigram_nats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array

SECTIONS = ("04_13_capstone_text",)


def _surprise(logits: Array, axis: int = -1) -> Array:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=axis, keepdims=True)) - shifted


def _picked(table: Array, tokens: Array) -> Array:
    """table[n, t, tokens[n, t]]: (N, T)."""
    return np.take_along_axis(table, tokens[..., None], axis=-1)[..., 0]


def _due(tokens: Array, end: int) -> Array:
    return np.concatenate([tokens[:, 1:], np.full((len(tokens), 1), end)], axis=1)


def _loss(
    due: Callable[[Array, int], Array] = _due,
    over: Callable[[Array], Any] = np.mean,
    table: Callable[[Array], Array] = _surprise,
) -> Callable[[Array, Array, int], Any]:
    """The loss with one thing done otherwise."""
    return lambda logits, tokens, end: over(_picked(table(logits), due(tokens, end)))


NEXT_TOKEN_LOSS = Exercise(
    name="next_token_loss",
    sections=SECTIONS,
    task="""
A causal net has read `tokens` `(N, T)`, whole numbers below V, and gave `logits` `(N, T, V)`: at
each place a score for every token that may come **next**. After the last token of each text comes
the token `end`. Return the mean surprise in nats, one number: `-log p`, where p is the softmax's
probability of the token that does come next. Scores may be in the thousands.
""",
    stub="""
def next_token_loss(logits, tokens, end):
    raise NotImplementedError
""",
    solution="""
def next_token_loss(logits, tokens, end):
    due = np.concatenate([tokens[:, 1:], np.full((len(tokens), 1), end)], axis=1)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, due[..., None], axis=-1).mean()
""",
    alternative="""
def next_token_loss(logits, tokens, end):
    N, T = tokens.shape
    total = 0.0
    for n in range(N):
        for t in range(T):
            due = tokens[n, t + 1] if t + 1 < T else end
            scores = logits[n, t] - logits[n, t].max()
            total += np.log(np.exp(scores).sum()) - scores[due]
    return total / (N * T)
""",
    returns={"loss": ""},
    shows="Your loss is what every language model is trained on: the surprise at the next token.",
    inputs=Inputs(
        arguments={"logits": "N T V", "tokens": "N T", "end": (0, 1)},
        example={"N": 1, "T": 3, "V": 3},
        sizes={"N": range(1, 5), "T": range(1, 5), "V": range(1, 7)},
        legal=lambda V, end: end < V,
        values={"tokens": lambda rng, shape, V: rng.integers(V, size=shape)},
        large=("logits",),
    ),
    slips=(
        Slip(
            "not shifted",
            "Your loss asks each place for the token that stands there, which the net has just "
            "read. It is to be surprised by the next one: tokens[:, 1:], and then end.",
            (_loss(lambda tokens, end: tokens),),
        ),
        Slip(
            "shifted the wrong way",
            "Your loss asks each place for the token before it. The next one is due: "
            "tokens[:, 1:], and then end.",
            (
                _loss(lambda tokens, end: np.roll(tokens, 1, axis=1)),
                _loss(lambda tokens, end: np.roll(_due(tokens, end), 1, axis=1)),
                _loss(
                    lambda tokens, end: np.insert(tokens[:, :-1], 0, end, axis=1),
                ),
            ),
        ),
        Slip(
            "the last place asked for the first token",
            "Your loss takes the first token for the one after the last. np.roll goes round; after "
            "the last token comes end.",
            (_loss(lambda tokens, end: np.roll(tokens, -1, axis=1)),),
        ),
        Slip(
            "end left out",
            "Your loss leaves the last place out. It has a next token as well: end.",
            (
                lambda logits, tokens, end: (
                    _picked(_surprise(logits), _due(tokens, end))[:, :-1].mean()
                    if tokens.shape[1] > 1
                    else np.nan
                ),
                _loss(over=lambda s: s[:, :-1].sum() / s.size),
            ),
        ),
        Slip(
            "summed",
            "Your loss is a sum over all places. Take the mean, so that it does not grow with the "
            "length of the text.",
            (_loss(over=np.sum),),
        ),
        Slip(
            "summed along each text",
            "Your loss adds the surprises of a text up and takes the mean over the texts only. "
            "Take the mean over places, too.",
            (
                _loss(over=lambda s: s.sum(axis=1).mean()),
                _loss(over=lambda s: s.sum() / s.shape[0]),
            ),
        ),
        Slip(
            "divided by one place too few",
            "Your loss divides by T - 1 places of each text. With end there are T guesses.",
            (_loss(over=lambda s: s.sum() / (len(s) * max(s.shape[1] - 1, 1))),),
        ),
        Slip(
            "in bits",
            "Your loss is in bits: the logarithm has the base 2. Nats come from np.log.",
            (_loss(over=lambda s: s.mean() / np.log(2)),),
        ),
        Slip(
            "the scores themselves",
            "Your loss takes the scores for log probabilities. They are that only once the log of "
            "the sum of exp(scores) is taken away.",
            (_loss(table=lambda x: -x),),
        ),
        Slip(
            "the probability, no logarithm",
            "Your loss averages probabilities. The surprise is minus the logarithm of each.",
            (
                _loss(table=lambda x: -np.exp(-_surprise(x))),
                _loss(table=lambda x: np.exp(-_surprise(x))),
                _loss(table=lambda x: 1 - np.exp(-_surprise(x))),
            ),
        ),
        Slip(
            "the logarithm of the mean",
            "Your loss takes the mean of the probabilities and then the logarithm. Take the "
            "logarithm at each place, and then the mean.",
            (_loss(over=lambda s: -np.log(np.exp(-s).mean())),),
        ),
        Slip(
            "sign",
            "Your loss is negative: the mean of log p. The surprise is -log p.",
            (_loss(over=lambda s: -s.mean()),),
        ),
        Slip(
            "one number for each place",
            "Your loss is an array. Return one number, the mean over all places.",
            (
                _loss(over=lambda s: s),
                _loss(over=lambda s: s.mean(axis=1)),
                _loss(over=lambda s: s.mean(axis=0)),
            ),
        ),
        Slip(
            "softmax over the places",
            "Your loss makes the scores of one token at all places add up to 1. The softmax goes "
            "over the last axis: all tokens at one place.",
            (_loss(table=lambda x: _surprise(x, 1)),),
        ),
    ),
    hints=(
        "With three tokens there are three guesses: after the first, the second and the third. "
        "What comes after each?",
        "tokens[:, 1:] and a column of end, side by side, are due. Subtract the largest score of "
        "each place before np.exp, so that it does not overflow.",
        "log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)); "
        "np.take_along_axis(log_p, due[..., None], axis=-1) picks the tokens that are due.",
    ),
    points=2,
)


def _nats(
    shares: Callable[[Array, float], Array] = lambda c, e: (c + e) / (c + e).sum(1, keepdims=True),
    over: Callable[[Array], Any] = lambda p: -np.log(p).mean(),
    pick: Callable[[Array, Array, Array], Array] = lambda table, before, after: table[
        before, after
    ],
) -> Callable[[Array, Array, Array, float], Any]:
    """The surprise with one thing done otherwise."""
    return lambda counts, before, after, extra: over(pick(shares(counts, extra), before, after))


BIGRAM_NATS = Exercise(
    name="bigram_nats",
    sections=SECTIONS,
    task="""
`counts` is `(V, V)`: how often token j came right after token i stands in `counts[i, j]`. Add
`extra` to every count, and turn each row into probabilities: of what comes after i. Now a text that
was not counted: `before` and `after` are `(S,)`, S pairs of tokens that follow one another in it.
Return the mean surprise in nats, one number: `-log p`, where p is the probability of `after[s]`
after `before[s]`.
""",
    stub="""
def bigram_nats(counts, before, after, extra):
    raise NotImplementedError
""",
    solution="""
def bigram_nats(counts, before, after, extra):
    table = counts + extra  # nothing is impossible
    shares = table / table.sum(axis=1, keepdims=True)  # each row adds up to 1
    return -np.log(shares[before, after]).mean()
""",
    alternative="""
def bigram_nats(counts, before, after, extra):
    total = 0.0
    for i, j in zip(before, after, strict=True):
        total -= np.log((counts[i, j] + extra) / (counts[i].sum() + extra * len(counts)))
    return total / len(before)
""",
    returns={"nats": ""},
    shows="Your table of counts can be held against a net: both give nats per token.",
    inputs=Inputs(
        arguments={"counts": "V V", "before": "S", "after": "S", "extra": (0.1, 0.5, 1.0)},
        example={"V": 3, "S": 2},
        sizes={"V": range(1, 5), "S": range(1, 8)},
        derived={"pairs": lambda V: V * V},
        values={
            "counts": lambda rng, shape: (9 * rng.random(shape)).round(2),
            "before": lambda rng, shape, V: rng.integers(V, size=shape),
            "after": lambda rng, shape, V: rng.integers(V, size=shape),
        },
    ),
    slips=(
        Slip(
            "extra forgotten",
            "Your nats leave extra out. Without it a pair that was never counted has the "
            "probability 0, and its surprise has no end.",
            (_nats(lambda c, e: c / c.sum(1, keepdims=True)),),
        ),
        Slip(
            "extra missing from the sum",
            "Your nats add extra to the count alone. Each row must add up to 1: the sum of a row "
            "has V times extra, too.",
            (
                _nats(lambda c, e: (c + e) / c.sum(1, keepdims=True)),
                _nats(lambda c, e: (c + e) / (c.sum(1, keepdims=True) + e)),
            ),
        ),
        Slip(
            "columns add up to 1",
            "Your nats divide by the sums of the columns. A row holds what comes after i, so each "
            "row adds up to 1: axis=1.",
            (_nats(lambda c, e: (c + e) / (c + e).sum(0)),),
        ),
        Slip(
            "sums lined up with the columns",
            "Your nats divide each column by the sum of a row. Keep the axis: "
            "sum(axis=1, keepdims=True).",
            (_nats(lambda c, e: (c + e) / (c + e).sum(1)),),
        ),
        Slip(
            "divided by the sum of all",
            "Your nats divide by the sum of the whole table: how likely is the pair. Asked is how "
            "likely the second token is once the first is known: divide by its row.",
            (_nats(lambda c, e: (c + e) / (c + e).sum()),),
        ),
        Slip(
            "before and after exchanged",
            "Your nats look up table[after, before]. The row is the token before.",
            (
                _nats(pick=lambda table, before, after: table[after, before]),
                _nats(lambda c, e: ((c + e) / (c + e).sum(0)).T),
            ),
        ),
        Slip(
            "every pair of rows and columns",
            "Your nats look up whole rows, or a table of all rows with all columns. "
            "table[before, after] picks one number for each pair.",
            (
                _nats(pick=lambda table, before, after: table[before][:, after]),
                _nats(pick=lambda table, before, after: table[before]),
            ),
        ),
        Slip(
            "summed",
            "Your nats are a sum over the pairs. Take the mean, so that they do not grow with the "
            "length of the text.",
            (_nats(over=lambda p: -np.log(p).sum()),),
        ),
        Slip(
            "sign",
            "Your nats are negative: the mean of log p. The surprise is -log p.",
            (_nats(over=lambda p: np.log(p).mean()),),
        ),
        Slip(
            "in bits",
            "Your nats are bits: the logarithm has the base 2. Nats come from np.log.",
            (_nats(over=lambda p: -np.log2(p).mean()),),
        ),
        Slip(
            "the logarithm of the mean",
            "Your nats take the mean of the probabilities and then the logarithm. Take the "
            "logarithm of each, and then the mean.",
            (_nats(over=lambda p: -np.log(p.mean())),),
        ),
        Slip(
            "the probability, no logarithm",
            "Your nats are a mean of probabilities. The surprise is minus the logarithm of each.",
            (_nats(over=np.mean), _nats(over=lambda p: 1 - p.mean())),
        ),
        Slip(
            "perplexity",
            "Your nats are exp of what is asked for, which is called perplexity. Leave exp out.",
            (_nats(over=lambda p: np.exp(-np.log(p).mean())),),
        ),
        Slip(
            "weighted by the probability",
            "Your nats weigh each surprise by its probability, as an entropy does. Each pair of "
            "the text counts once.",
            (
                _nats(over=lambda p: -(p * np.log(p)).mean()),
                _nats(over=lambda p: -(p * np.log(p)).sum()),
            ),
        ),
        Slip(
            "softmax of the counts",
            "Your nats take a softmax of the counts. Counts become probabilities by a division "
            "alone.",
            (
                _nats(lambda c, e: np.exp(-_surprise(c + e))),
                _nats(lambda c, e: np.exp(-_surprise(c))),
            ),
        ),
    ),
    hints=(
        "A row of counts is 3, 1, 0 and extra is 1. Which three numbers stand there now, what is "
        "their sum, and what are the probabilities?",
        "table.sum(axis=1, keepdims=True) has a sum for each row, in a column that divides the "
        "row. table[before, after] picks one number for each pair.",
        "shares = (counts + extra) / (counts + extra).sum(axis=1, keepdims=True); then minus the "
        "mean of np.log(shares[before, after]).",
    ),
    points=2,
)
