"""The exercises next_token_loss and sample_with_temperature."""

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


def _loss(
    at: Callable[[Array], Array] = lambda logits: logits[:, :-1],
    due: Callable[[Array], Array] = lambda tokens: tokens[:, 1:],
    over: Callable[[Array], Any] = np.mean,
    table: Callable[[Array], Array] = _surprise,
) -> Callable[[Array, Array], Any]:
    """The loss with one thing done otherwise."""
    return lambda logits, tokens: over(_picked(table(at(logits)), due(tokens)))


NEXT_TOKEN_LOSS = Exercise(
    name="next_token_loss",
    sections=SECTIONS,
    task="""
A causal net has read `tokens` `(N, T)`, whole numbers below V, and gave `logits` `(N, T, V)`: at
each place a score for every token that may come **next**. Return the mean surprise in nats, one
number: `-log p`, where p is the softmax's probability of the token that does come next, over all
places that have a next token. Scores may be in the thousands.
""",
    stub="""
def next_token_loss(logits, tokens):
    raise NotImplementedError
""",
    solution="""
def next_token_loss(logits, tokens):
    logits, due = logits[:, :-1], tokens[:, 1:]  # the last place has nothing after it
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, due[..., None], axis=-1).mean()
""",
    alternative="""
def next_token_loss(logits, tokens):
    N, T = tokens.shape
    total = 0.0
    for n in range(N):
        for t in range(T - 1):
            scores = logits[n, t] - logits[n, t].max()
            total += np.log(np.exp(scores).sum()) - scores[tokens[n, t + 1]]
    return total / (N * (T - 1))
""",
    returns={"loss": ""},
    shows="Your loss compares each place with the token after it, and the last place with none.",
    inputs=Inputs(
        arguments={"logits": "N T V", "tokens": "N T"},
        example={"N": 1, "T": 3, "V": 3},
        sizes={"T": range(2, 6), "V": range(2, 6)},
        values={"tokens": lambda rng, shape, V: rng.integers(V, size=shape)},
        large=("logits",),
    ),
    slips=(
        Slip(
            "not shifted",
            "Your loss asks each place for the token that stands there, which the net has just "
            "read. It is to be surprised by the next one: logits[:, :-1] with tokens[:, 1:].",
            (
                _loss(lambda x: x, lambda t: t),
                _loss(lambda x: x[:, :-1], lambda t: t[:, :-1]),
                _loss(lambda x: x[:, 1:], lambda t: t[:, 1:]),
            ),
        ),
        Slip(
            "shifted the wrong way",
            "Your loss asks each place for the token before it. The next token is due: "
            "logits[:, :-1] with tokens[:, 1:].",
            (
                _loss(lambda x: x[:, 1:], lambda t: t[:, :-1]),
                _loss(lambda x: x, lambda t: np.roll(t, 1, axis=1)),
            ),
        ),
        Slip(
            "the last place asked for the first token",
            "Your loss also asks the last place, and takes the first token for its next. np.roll "
            "goes round; the last place has no next token and does not count.",
            (_loss(lambda x: x, lambda t: np.roll(t, -1, axis=1)),),
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
            "divided by all places",
            "Your loss divides by N * T. Only T - 1 places of each text have a next token.",
            (_loss(over=lambda s: s.sum() / (s.shape[0] * (s.shape[1] + 1))),),
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
        "With three tokens there are two questions: after the first, and after the second. Which "
        "places of logits are asked, and which of tokens are the answers?",
        "logits[:, :-1] and tokens[:, 1:] belong together. Subtract the largest score of each "
        "place before np.exp, so that it does not overflow.",
        "log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)); "
        "np.take_along_axis(log_p, due[..., None], axis=-1) picks the tokens that are due.",
    ),
    points=2,
)


def _shares(logits: Array, temperature: float) -> Array:
    weights = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    return weights / weights.sum(axis=-1, keepdims=True)


def _inverted(shares: Array, uniform: Array) -> Array:
    """How many of the running sums are at or below each uniform number."""
    below = (shares.cumsum(axis=-1) <= uniform[:, None]).sum(axis=-1)
    return np.minimum(below, shares.shape[-1] - 1)


def _sampled(
    shares: Callable[[Array, float], Array] = _shares,
    choose: Callable[[Array, Array], Array] = _inverted,
) -> Callable[[Array, float, Array], Array]:
    """The sample with one thing done otherwise."""
    return lambda logits, temperature, uniform: choose(shares(logits, temperature), uniform)


SAMPLE_WITH_TEMPERATURE = Exercise(
    name="sample_with_temperature",
    sections=SECTIONS,
    task="""
`logits` is `(N, V)`: N times a score for each of V tokens. Divide them by `temperature` (above
0) and turn each row into probabilities by a softmax. Then choose a token for each row with the
number `uniform[n]`, from 0 up to but not including 1: lay the probabilities end to end, token 0
first; `uniform[n]` lies in the stretch of the token that is chosen. Return the N tokens. With
probabilities 0.5, 0.3, 0.2 the number 0.4 chooses token 0, and 0.6 token 1. Scores may be in the
thousands.
""",
    stub="""
def sample_with_temperature(logits, temperature, uniform):
    raise NotImplementedError
""",
    solution="""
def sample_with_temperature(logits, temperature, uniform):
    scores = logits / temperature
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    ends = (weights / weights.sum(axis=1, keepdims=True)).cumsum(axis=1)
    passed = (ends <= uniform[:, None]).sum(axis=1)  # stretches that end before the number
    return np.minimum(passed, logits.shape[1] - 1)  # where rounding leaves the last end below 1
""",
    alternative="""
def sample_with_temperature(logits, temperature, uniform):
    chosen = []
    for scores, number in zip(logits / temperature, uniform):
        weights = np.exp(scores - scores.max())
        ends = np.cumsum(weights / weights.sum())
        token = int(np.searchsorted(ends, number, side="right"))
        chosen.append(min(token, len(scores) - 1))
    return np.array(chosen)
""",
    returns={"tokens": "N"},
    shows="Your sampler follows the temperature: low, and the likeliest wins; high, and all may.",
    inputs=Inputs(
        arguments={"logits": "N V", "temperature": (1.0, 0.5, 2.0), "uniform": "N"},
        example={"N": 4, "V": 3},
        sizes={"N": (1, 2, 5, 9, 16), "V": range(1, 7)},
        values={"uniform": lambda rng, shape: rng.random(shape)},
        large=("logits",),
    ),
    slips=(
        Slip(
            "the likeliest always",
            "Your tokens are always the likeliest ones, whatever uniform says. A less likely token "
            "is chosen when the number lies in its stretch.",
            (_sampled(choose=lambda p, u: p.argmax(axis=1)),),
        ),
        Slip(
            "multiplied by the temperature",
            "Your tokens come from scores that are multiplied by the temperature. Divide: a low "
            "temperature drives the scores apart.",
            (_sampled(lambda x, t: _shares(x, 1 / t)),),
        ),
        Slip(
            "temperature ignored",
            "Your tokens come from the scores as they are. Divide them by the temperature before "
            "the softmax.",
            (_sampled(lambda x, t: _shares(x, 1.0)),),
        ),
        Slip(
            "probabilities divided by the temperature",
            "Your tokens come from probabilities divided by the temperature. The scores are "
            "divided, before the softmax.",
            (
                _sampled(lambda x, t: _shares(x, 1.0) / t),
                _sampled(lambda x, t: _shares(_shares(x, 1.0), t)),
            ),
        ),
        Slip(
            "no softmax",
            "Your tokens come from the scores, which are no probabilities. Take exp of them and "
            "divide by the sum of each row.",
            (
                _sampled(lambda x, t: x / t),
                _sampled(lambda x, t: x / t / (x / t).sum(axis=1, keepdims=True)),
                _sampled(lambda x, t: abs(x / t) / abs(x / t).sum(axis=1, keepdims=True)),
            ),
        ),
        Slip(
            "not divided by the sum",
            "Your tokens come from exp of the scores alone. Divide by the sum of each row, so that "
            "the stretches end at 1.",
            (_sampled(lambda x, t: np.exp((x - x.max(axis=1, keepdims=True)) / t)),),
        ),
        Slip(
            "softmax over the rows",
            "Your tokens come from a softmax down the columns. Each row has its own probabilities: "
            "axis=1.",
            (_sampled(lambda x, t: _shares(x.T, t).T),),
        ),
        Slip(
            "one token too far",
            "Your tokens are one too large. A number in the first stretch chooses token 0: count "
            "the stretches that end before it.",
            (_sampled(choose=lambda p, u: _inverted(p, u) + 1),),
        ),
        Slip(
            "one token too early",
            "Your tokens are one too small. Count all stretches that end before the number.",
            (
                _sampled(choose=lambda p, u: _inverted(p, u) - 1),
                _sampled(choose=lambda p, u: np.maximum(_inverted(p, u) - 1, 0)),
            ),
        ),
        Slip(
            "the likeliest stretch first",
            "Your tokens come from probabilities that were sorted. The stretches lie in the order "
            "of the tokens, token 0 first.",
            (
                _sampled(choose=lambda p, u: _inverted(-np.sort(-p, axis=1), u)),
                _sampled(
                    choose=lambda p, u: np.take_along_axis(
                        np.argsort(-p, axis=1), _inverted(-np.sort(-p, axis=1), u)[:, None], 1
                    )[:, 0]
                ),
            ),
        ),
        Slip(
            "laid from the other end",
            "Your tokens come from stretches that begin with the last token. Token 0 lies first, "
            "from 0 on.",
            (
                _sampled(choose=lambda p, u: _inverted(p, 1 - u)),
                _sampled(choose=lambda p, u: p.shape[1] - 1 - _inverted(p[:, ::-1], u)),
            ),
        ),
        Slip(
            "the number compared with each probability",
            "Your tokens come from comparing the number with each probability. Compare it with "
            "their running sums: np.cumsum.",
            (
                _sampled(choose=lambda p, u: (p > u[:, None]).argmax(axis=1)),
                _sampled(choose=lambda p, u: abs(p - u[:, None]).argmin(axis=1)),
                _sampled(choose=lambda p, u: (p <= u[:, None]).sum(axis=1)),
            ),
        ),
        Slip(
            "the same number for all rows",
            "Your tokens are all chosen by uniform[0]. Row n has its own number, uniform[n].",
            (_sampled(choose=lambda p, u: _inverted(p, np.full(len(u), u[0]))),),
        ),
        Slip(
            "the number spread evenly",
            "Your tokens treat all tokens as equally likely. The stretches are as long as the "
            "probabilities.",
            (_sampled(choose=lambda p, u: (u * p.shape[1]).astype(int)),),
        ),
    ),
    hints=(
        "Take probabilities 0.5, 0.3, 0.2: where do the three stretches end? How many of these "
        "ends are at or below 0.6?",
        "np.cumsum(p, axis=1) gives the ends. Subtract the largest score of each row before "
        "np.exp, so that it does not overflow.",
        "ends = p.cumsum(axis=1); (ends <= uniform[:, None]).sum(axis=1) counts the stretches "
        "that end before the number, and that is the token.",
    ),
    points=2,
)
