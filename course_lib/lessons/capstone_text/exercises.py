"""The exercises next_token_loss and bigram_nats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.engine.aside import quiet
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs, draw
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


def _tables(*tables: Callable[[Array], Array]) -> tuple[Callable[..., Any], ...]:
    """The loss with other logarithms of probabilities, without NumPy's warnings."""
    return tuple(quiet()(_loss(table=table)) for table in tables)


def _scores(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Scores; those of four texts lie so far apart that exp overflows and is 0."""
    return draw(rng, *shape) if shape[0] < 4 else rng.normal(scale=1000.0, size=shape)


def _softmax(x: Array) -> Array:
    return np.exp(-_surprise(x))


def _naive(x: Array) -> Array:
    """As defined, whatever overflows."""
    return -np.log(np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True))


def _guarded(eps: float) -> tuple[Callable[..., Any], ...]:
    """The logarithm kept from 0 by a small number, added or as the lowest value."""
    return _tables(
        lambda x: -np.log(_softmax(x) + eps), lambda x: -np.log(np.maximum(_softmax(x), eps))
    )


def _rolled(tokens: Array, end: int, where: Any) -> Array:
    """Each text moved on by one in a ring, and `end` somewhere."""
    due = np.roll(tokens, -1, axis=1)
    due[where] = end
    return due


def _mean_where(values: Array, kept: Array) -> Any:
    return (values * kept).sum() / max(kept.sum(), 1)


def _answers(logits: Array, tokens: Array, end: int) -> Array:
    """A 1 for each token that is due."""
    return np.eye(logits.shape[-1])[_due(tokens, end)]


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
        values={"logits": _scores, "tokens": lambda rng, shape, V: rng.integers(V, size=shape)},
        also=({"N": 4, "T": 1}, {"N": 4}),
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
                lambda logits, tokens, end: (
                    _picked(_surprise(logits)[:, 1:], tokens[:, :-1]).mean()
                    if tokens.shape[1] > 1
                    else np.nan
                ),
            ),
        ),
        Slip(
            "the last place asked for the first token",
            "Your loss takes the first token for the one after the last. np.roll goes round; after "
            "the last token comes end.",
            (
                _loss(lambda tokens, end: np.roll(tokens, -1, axis=1)),
                _loss(lambda tokens, end: _rolled(tokens, end, (-1, -1))),
            ),
        ),
        Slip(
            "end in a whole text",
            "Your loss has end in every place of the last text. due[-1] is a row; the last place "
            "of each text is due[:, -1].",
            (_loss(lambda tokens, end: _rolled(tokens, end, -1)),),
        ),
        Slip(
            "texts run together",
            "Your loss goes on from one text to the next. Each row of tokens is a text by itself: "
            "move along axis 1, and put end behind each.",
            (
                _loss(lambda tokens, end: np.append(tokens.ravel()[1:], end).reshape(tokens.shape)),
                _loss(lambda tokens, end: np.roll(tokens, -1)),
                _loss(lambda tokens, end: np.roll(tokens, -1, axis=0)),
            ),
        ),
        Slip(
            "another token in place of end",
            "Your loss expects something else than end after the last token: that token again, or "
            "a number of its own. Which one ends a text is said by the argument.",
            (
                _loss(lambda tokens, end: np.append(tokens[:, 1:], tokens[:, -1:], axis=1)),
                lambda x, tokens, end: _loss()(x, tokens, x.shape[-1] - 1),
            ),
        ),
        Slip(
            "guesses of end left out",
            "Your loss leaves out the places where end is due, as one does with padding. Here end "
            "is a token like any other, and the net is to guess it.",
            (
                lambda x, tokens, end: _mean_where(
                    _picked(_surprise(x), _due(tokens, end)), _due(tokens, end) != end
                ),
            ),
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
            "each place with the tokens of all",
            "Your loss pairs each place with the tokens of all places: p[:, :, due] is (N, T, N, "
            "T). One number at each place: np.take_along_axis, or an index for every axis.",
            (lambda x, tokens, end: _surprise(x)[:, :, _due(tokens, end)].mean(),),
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
            "base 10",
            "Your loss takes the logarithm to the base 10. Nats come from np.log.",
            (_loss(over=lambda s: s.mean() / np.log(10)),),
        ),
        Slip(
            "exp of the loss",
            "Your loss has an exp behind the mean. With it the number is called perplexity, or one "
            "divided by that; leave it out.",
            (
                quiet()(_loss(over=lambda s: np.exp(s.mean()))),
                _loss(over=lambda s: np.exp(-s.mean())),
            ),
        ),
        Slip(
            "exp overflows, or log of zero",
            "Your loss is right for small scores and breaks where scores are large: exp overflows, "
            "or a probability of 0 meets the logarithm. Subtract the largest score of each place "
            "first, and take log(sum(exp)) - score instead of the logarithm of a quotient.",
            _tables(
                _naive,
                lambda x: np.log(np.exp(x).sum(axis=-1, keepdims=True)) - x,
                lambda x: -np.log(_softmax(x)),
            ),
        ),
        Slip(
            "not each place's largest subtracted",
            "Your loss subtracts something else than the largest score of each place, so that "
            "some overflow, or have an exp of 0 everywhere. Take logits.max(axis=-1, "
            "keepdims=True).",
            _tables(
                lambda x: np.log(np.exp(x - x.max()).sum(-1, keepdims=True)) - x + x.max(),
            ),
        ),
        Slip(
            "the largest subtracted in one place",
            "Your loss subtracts the largest score inside exp and not from the score of the token "
            "due. Subtract it once, before either is used.",
            (_loss(table=lambda x: _surprise(x) - x.max(axis=-1, keepdims=True)),),
        ),
        Slip(
            "a small number inside the logarithm",
            "Your loss keeps the logarithm from 0 by a small number, added or as a lowest value, "
            "so a surprise of hundreds reads as some twenty. log(sum(exp)) - score needs none.",
            tuple(
                answer
                for eps in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)
                for answer in _guarded(eps)
            ),
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
        Slip(
            "softmax over everything",
            "Your loss divides by one sum over all places. Each place has probabilities of its "
            "own: sum along the last axis.",
            _tables(
                lambda x: np.log(np.exp(x - x.max()).sum()) + x.max() - x,
                lambda x: -np.log(np.exp(x - x.max()) / np.exp(x - x.max()).sum()),
            ),
        ),
        Slip(
            "softmax applied twice",
            "Your loss takes the softmax of probabilities. The scores go through softmax once.",
            _tables(lambda x: _surprise(_softmax(x))),
        ),
        Slip(
            "one place only",
            "Your loss is that of some places only. Every place of every text counts.",
            (
                _loss(over=lambda s: s[:, -1].mean()),
                _loss(over=lambda s: s[:, 0].mean()),
                _loss(over=lambda s: s[0].mean()),
                _loss(over=lambda s: s[-1].mean()),
                _loss(over=lambda s: s[0, 0]),
            ),
        ),
        Slip(
            "every token asked for",
            "Your loss is the same whichever token comes next. Of each place only the surprise at "
            "the token that is due counts.",
            (
                lambda x, tokens, end: _surprise(x).mean(),
                lambda x, tokens, end: _surprise(x).min(axis=-1).mean(),
                lambda x, tokens, end: (_softmax(x) * _surprise(x)).sum(axis=-1).mean(),
            ),
        ),
        Slip(
            "each token by itself",
            "Your loss asks of each token, yes or no, as sigmoid and binary cross-entropy do. Here "
            "all tokens share one softmax, and only the logarithm of the one due counts.",
            (lambda x, tokens, end: (np.logaddexp(0, x) - x * _answers(x, tokens, end)).mean(),),
        ),
        Slip(
            "squared error",
            "Your loss is the squared distance to 1 at the token due and 0 elsewhere. The surprise "
            "is minus the logarithm of one probability.",
            (
                lambda x, tokens, end: ((_softmax(x) - _answers(x, tokens, end)) ** 2).mean(),
                lambda x, tokens, end: (
                    ((_softmax(x) - _answers(x, tokens, end)) ** 2).sum(axis=-1).mean()
                ),
            ),
        ),
        Slip(
            "the share of wrong guesses",
            "Your loss counts wrong guesses, or right ones. Count the surprise instead, which also "
            "says how wrong a guess was.",
            (
                lambda x, tokens, end: np.mean(x.argmax(axis=-1) != _due(tokens, end)),
                lambda x, tokens, end: np.mean(x.argmax(axis=-1) == _due(tokens, end)),
            ),
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


def _counts(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Counts, with decimals as if averaged over texts; one pair in four never came."""
    return np.maximum(12 * rng.random(shape) - 3, 0).round(2)


def _rows(table: Array) -> Array:
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


def _tables_of(*shares: Callable[[Array, float], Array]) -> tuple[Callable[..., Any], ...]:
    """The surprise by other tables, without NumPy's warnings."""
    return tuple(quiet()(_nats(table)) for table in shares)


def _ways(*overs: Callable[[Array], Any]) -> tuple[Callable[..., Any], ...]:
    """The surprise, with something else made of the probabilities that the pairs have."""
    return tuple(quiet()(_nats(over=over)) for over in overs)


def _seen(counts: Array, before: Array, after: Array) -> Array:
    """How often each pair stands in the text."""
    seen = np.zeros_like(counts)
    np.add.at(seen, (before, after), 1)
    return seen


def _weighed(
    weights: Callable[[Array, Array, Array], Array],
) -> Callable[[Array, Array, Array, float], Any]:
    """The surprises of the whole table, each with its weight."""

    def answer(counts: Array, before: Array, after: Array, extra: float) -> Any:
        table = counts + extra
        weight = weights(counts, before, after)
        surprise = -np.log(table / table.sum(axis=1, keepdims=True))
        return (weight * surprise).sum() / max(weight.sum(), 1)

    return answer


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
        also=({"V": 2, "S": 7}, {"V": 3, "S": 7}),  # pairs that come more than once
        values={
            "counts": _counts,
            "before": lambda rng, shape, V: rng.integers(V, size=shape),
            "after": lambda rng, shape, V: rng.integers(V, size=shape),
        },
    ),
    slips=(
        Slip(
            "extra forgotten",
            "Your nats leave extra out. Without it a pair that was never counted has the "
            "probability 0, and its surprise has no end.",
            _tables_of(lambda c, e: c / c.sum(1, keepdims=True), lambda c, e: _rows(c)),
        ),
        Slip(
            "extra taken away",
            "Your nats take extra away from every count. Add it, so that a pair that was never "
            "counted has a small probability too.",
            _tables_of(lambda c, e: (c - e) / (c - e).sum(1, keepdims=True)),
        ),
        Slip(
            "extra where nothing was counted",
            "Your nats add extra to zeros alone. Every count gets it, also those that are not 0.",
            _tables_of(
                lambda c, e: np.where(c == 0, e, c) / np.where(c == 0, e, c).sum(1, keepdims=True)
            ),
        ),
        Slip(
            "extra added to probabilities",
            "Your nats add extra after the division. It is added to the counts, and then each row "
            "is divided by its sum.",
            _tables_of(
                lambda c, e: _rows(c) + e,
                lambda c, e: c / c.sum(1, keepdims=True) + e,
                lambda c, e: (_rows(c) + e) / (_rows(c) + e).sum(1, keepdims=True),
            ),
        ),
        Slip(
            "1 in place of extra",
            "Your nats add 1 to every count, as Laplace did. How much is added is said by extra.",
            _tables_of(lambda c, e: _rows(c + 1)),
        ),
        Slip(
            "extra missing from the sum",
            "Your nats add extra to the count alone. Each row must add up to 1: the sum of a row "
            "has V times extra, too.",
            (
                *_tables_of(
                    lambda c, e: (c + e) / c.sum(1, keepdims=True),
                    lambda c, e: (c + e) / np.maximum(c.sum(1, keepdims=True), 1),
                    lambda c, e: (c + e) / (c.sum(1, keepdims=True) + e),
                ),
                lambda c, before, after, e: (
                    -np.log((c[before, after] + e) / (c[before].sum(1) + e * len(before))).mean()
                ),
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
            "not divided by a sum",
            "Your nats take counts for probabilities, or divide by the largest of a row. A row of "
            "probabilities adds up to 1: divide it by its sum.",
            _tables_of(
                lambda c, e: c + e, lambda c, e: (c + e) / (c + e).max(axis=1, keepdims=True)
            ),
        ),
        Slip(
            "one token in place of the pair",
            "Your nats look at one token of each pair alone. Asked is the probability of the one "
            "after, once the one before is known.",
            _tables_of(
                lambda c, e: np.tile((c + e).sum(0) / (c + e).sum(), (len(c), 1)),
                lambda c, e: np.tile((c + e).sum(1) / (c + e).sum(), (len(c), 1)),
                lambda c, e: np.tile((c + e).sum(1) / (c + e).sum(), (len(c), 1)).T,
            ),
        ),
        Slip(
            "the new text counted too",
            "Your nats count the new text's own pairs. It is to be guessed from the counts alone; "
            "what it says itself must not be in them.",
            (
                lambda c, before, after, e: _nats()(c + _seen(c, before, after), before, after, e),
                lambda c, before, after, e: _nats()(_seen(c, before, after), before, after, e),
            ),
        ),
        Slip(
            "the table in place of the text",
            "Your nats weigh pairs by the table, not by the new text. Of the text each pair counts "
            "as often as it stands there.",
            (
                _weighed(lambda c, before, after: np.ones_like(c)),
                _weighed(lambda c, before, after: c),
                _weighed(lambda c, before, after: c * _seen(c, before, after)),
                _nats(over=lambda p: -(p * np.log(p)).sum(1).mean(), pick=lambda table, *_: table),
                _nats(
                    over=lambda p: -(p * np.log(p)).sum(1).mean(),
                    pick=lambda p, before, _: p[before],
                ),
            ),
        ),
        Slip(
            "each kind of pair once",
            "Your nats count a pair once, however often it stands in the text. Take the mean over "
            "all S pairs.",
            (
                _weighed(lambda c, before, after: np.minimum(_seen(c, before, after), 1)),
                _nats(
                    over=np.mean,
                    pick=lambda p, before, after: np.array(
                        [-np.log(p[b, after[before == b]]).mean() for b in set(before)]
                    ),
                ),
            ),
        ),
        Slip(
            "pairs that were never counted left out",
            "Your nats leave out the pairs whose count is 0. They surprise most, and extra is "
            "there so that their probability is not 0.",
            (_weighed(lambda c, before, after: _seen(c, before, after) * (c > 0)),),
        ),
        Slip(
            "some pairs only",
            "Your nats are those of some pairs only. Every pair of the text counts.",
            _ways(
                lambda p: -np.log(p[0]),
                lambda p: -np.log(p[-1]),
                lambda p: -np.log(p[:-1] if len(p) > 1 else p).mean(),
                lambda p: -np.log(p[1:] if len(p) > 1 else p).mean(),
                lambda p: -np.log(p[:-1]).mean(),
            ),
        ),
        Slip(
            "pairs made of one argument",
            "Your nats pair the tokens of `before` with each other. The pairs are made already: "
            "before[s] and after[s].",
            (
                lambda c, before, after, e: (
                    _nats()(c, before[:-1], before[1:], e)
                    if len(before) > 1
                    else _nats()(c, before, after, e)
                ),
            ),
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
            "base 10",
            "Your nats take the logarithm to the base 10. Nats come from np.log.",
            (_nats(over=lambda p: -np.log10(p).mean()),),
        ),
        Slip(
            "the middle in place of the mean",
            "Your nats are the median of the surprises. A few large ones do not move it; the mean "
            "counts them all.",
            (_nats(over=lambda p: np.median(-np.log(p))),),
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
