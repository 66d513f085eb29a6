"""The exercise embedding_backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.record import Array


def _tokens(rng: np.random.Generator, shape: tuple[int, ...], num_embeddings: int) -> Array:
    """Few of the rows, so that tokens occur again and some rows are absent."""
    some = rng.permutation(num_embeddings)[: max(1, num_embeddings - 1)]
    return some[rng.integers(len(some), size=shape)]


def _added(indices: Array, dy: Array, count: int) -> Array:
    table = np.zeros((count, dy.shape[-1]))
    np.add.at(table, indices, dy)
    return table


def _assigned(indices: Array, dy: Array, count: int, step: int = 1) -> Array:
    """Each token's row is overwritten: the last stays, or with step -1 the first."""
    table = np.zeros((count, dy.shape[-1]))
    flat, rows = indices.reshape(-1), dy.reshape(-1, dy.shape[-1])
    for token, row in list(zip(flat, rows, strict=True))[::step]:
        table[token] = row
    return table


def _times(indices: Array, count: int) -> Array:
    return np.bincount(indices.reshape(-1), minlength=count)[:, None]


def _averaged(indices: Array, dy: Array, count: int) -> Array:
    return _added(indices, dy, count) / np.maximum(_times(indices, count), 1)


def _largest(indices: Array, dy: Array, count: int) -> Array:
    table = np.full((count, dy.shape[-1]), -np.inf)
    np.maximum.at(table, indices, dy)
    return np.where(_times(indices, count) > 0, table, 0.0)


def _places(indices: Array) -> Array:
    """Where each token stands in its sentence."""
    return np.broadcast_to(np.arange(indices.shape[1]), indices.shape)


def _by_sentence(reduce: Callable[..., Any]) -> Callable[..., Array]:
    """Each sentence's rows are assigned, and the sentences then put together."""

    def answer(indices: Array, dy: Array, count: int) -> Array:
        tables = [_assigned(i, d, count) for i, d in zip(indices, dy, strict=True)]
        return np.array(reduce(tables, axis=0))

    return answer


EMBEDDING_BACKWARD = Exercise(
    name="embedding_backward",
    sections=("04_09_embedding",),
    task="""
The way back through a look-up. `indices` `(N, T)` holds N sentences of T tokens: whole numbers from
0 to `num_embeddings` - 1. Going forward, each picked its row of a table. `dy` `(N, T, D)` is the
gradient at the rows that came out. Return the table's gradient, a new array
`(num_embeddings, D)`. For `indices` `[[1, 1]]`, `dy` `[[[0.5], [2.0]]]` and three rows it is
`[[0.0], [2.5], [0.0]]`.
""",
    stub="""
def embedding_backward(indices, dy, num_embeddings):
    raise NotImplementedError
""",
    solution="""
def embedding_backward(indices, dy, num_embeddings):
    dweight = np.zeros((num_embeddings, dy.shape[-1]))
    np.add.at(dweight, indices, dy)  # adds once for every token, also where one occurs again
    return dweight
""",
    alternative="""
def embedding_backward(indices, dy, num_embeddings):
    onehot = np.eye(num_embeddings)[indices.reshape(-1)]  # (N * T, num_embeddings)
    return onehot.T @ dy.reshape(-1, dy.shape[-1])
""",
    returns={"dweight": "V D"},
    shows="Your gradient adds up wherever a token occurs again, and is 0 in rows that none used.",
    inputs=Inputs(
        arguments={"indices": "N T", "dy": "N T D", "num_embeddings": (3, 1, 2, 5, 7)},
        example={"N": 1, "T": 2, "D": 2},
        sizes={"N": range(1, 4), "T": range(1, 5), "D": range(1, 4)},
        derived={
            "V": lambda num_embeddings: num_embeddings,
            "tokens": lambda N, T: N * T,
        },
        values={"indices": _tokens},
        also=(
            {"N": 2, "T": 4, "D": 2, "num_embeddings": 3},
            {"N": 3, "T": 3, "D": 3, "num_embeddings": 5},
        ),
    ),
    slips=(
        Slip(
            "assigned instead of added",
            "Your dweight keeps one gradient where a token occurs again, and the others are lost. "
            "dweight[indices] = dy overwrites, and dweight[indices] += dy reads each row once, "
            "adds, and overwrites too. Every occurrence has to be added.",
            (
                _assigned,
                lambda i, dy, count: _assigned(i, dy, count, -1),
            ),
        ),
        Slip(
            "begun with ones",
            "Your dweight begins with ones. A row that no token names gets no gradient, and each "
            "other one no more than its own: begin with np.zeros.",
            (lambda i, dy, count: _added(i, dy, count) + 1,),
        ),
        Slip(
            "averaged instead of added",
            "Your dweight is the mean over a token's occurrences. Each occurrence moves the loss, "
            "so the row gets their sum.",
            (_averaged,),
        ),
        Slip(
            "added within a sentence only",
            "Your dweight adds up within one sentence and keeps only one of the sentences. A token "
            "that two sentences share gets both gradients.",
            (
                lambda i, dy, count: _added(i[-1], dy[-1], count),
                lambda i, dy, count: _added(i[0], dy[0], count),
            ),
        ),
        Slip(
            "added between sentences only",
            "Your dweight adds up the sentences, but within a sentence a token that occurs again "
            "overwrites itself. Every occurrence has to be added.",
            (_by_sentence(np.sum),),
        ),
        Slip(
            "occurrences counted",
            "Your dweight counts how often each token occurs and leaves dy out. Add the rows of "
            "dy, not ones.",
            (lambda i, dy, count: _times(i, count) * np.ones((1, dy.shape[-1])),),
        ),
        Slip(
            "times the count",
            "Your dweight has the sum of a token's gradients times how often it occurs. The sum "
            "holds every occurrence already.",
            (lambda i, dy, count: _added(i, dy, count) * _times(i, count),),
        ),
        Slip(
            "one gradient, times the count",
            "Your dweight takes one of a token's gradients as often as it occurs. Each occurrence "
            "has a gradient of its own; add those.",
            (
                lambda i, dy, count: _assigned(i, dy, count) * _times(i, count),
                lambda i, dy, count: _assigned(i, dy, count, -1) * _times(i, count),
            ),
        ),
        Slip(
            "counted from 1",
            "Your dweight puts every gradient one row too high or too low. Token 0 is row 0.",
            (
                lambda i, dy, count: np.roll(_added(i, dy, count), 1, axis=0),
                lambda i, dy, count: np.roll(_added(i, dy, count), -1, axis=0),
                lambda i, dy, count: _added(i + 1, dy, count + 1)[:count],
                lambda i, dy, count: np.append(
                    _added(i, dy, count)[1:], np.zeros((1, dy.shape[-1])), axis=0
                ),
            ),
        ),
        Slip(
            "a table for each sentence",
            "Your dweight has a table for each sentence. All sentences share one table, so their "
            "gradients are added.",
            (
                lambda i, dy, count: np.stack(
                    [_added(tokens, rows, count) for tokens, rows in zip(i, dy, strict=True)]
                ),
            ),
        ),
        Slip(
            "rows counted from the tokens",
            "Your dweight has only as many rows as the largest token asks for. The table has "
            "num_embeddings rows, also where the last are not used.",
            (lambda i, dy, count: _added(i, dy, i.max() + 1),),
        ),
        Slip(
            "rows of the tokens used alone",
            "Your dweight has a row for each token that occurs. The table has num_embeddings rows; "
            "those of the others are 0.",
            (lambda i, dy, count: _added(i, dy, count)[np.unique(i)],),
        ),
        Slip(
            "looked up once more",
            "Your dweight has the shape of dy: a row for each place in the sentences. It is the "
            "table's gradient, a row for each word: num_embeddings rows.",
            (
                lambda i, dy, count: _added(i, dy, count)[i],
                lambda i, dy, count: dy,
            ),
        ),
        Slip(
            "averaged over a row",
            "Your dweight has one number all along a row. Each of the D numbers of a row of dy "
            "goes to its own place.",
            (lambda i, dy, count: _added(i, dy.mean(axis=-1, keepdims=True) + 0 * dy, count),),
        ),
        Slip(
            "the largest kept",
            "Your dweight keeps the largest of a token's gradients. All of them are added.",
            (_largest,),
        ),
        Slip(
            "by position, not by token",
            "Your dweight adds by where a token stands in the sentence. It is the token's number, "
            "indices[n, t], that says which row gets the gradient.",
            (
                lambda i, dy, count: _added(_places(i) % count, dy, count),
                lambda i, dy, count: _added(_places(i), dy, count + i.shape[1])[:count],
            ),
        ),
        Slip(
            "rows not used get something",
            "Your dweight gives a gradient to rows that no token picked. They took no part, so "
            "theirs is 0.",
            (
                lambda i, dy, count: np.where(
                    _times(i, count) > 0, _added(i, dy, count), dy.sum(axis=(0, 1))
                ),
                lambda i, dy, count: np.where(_times(i, count) > 0, _added(i, dy, count), 1.0),
            ),
        ),
        Slip(
            "looked up instead of added",
            "Your dweight reads rows of dy by the token's number. The token says where in dweight "
            "to write; what is written is dy[n, t], in its own order.",
            (lambda i, dy, count: _added(i, dy.reshape(-1, dy.shape[-1])[i % (i.size)], count),),
        ),
    ),
    hints=(
        "Take one token at a time. It picked row indices[n, t], so its gradient dy[n, t] belongs "
        "to that row.",
        "Begin with zeros, (num_embeddings, D). Where a token occurs again, add to what is there "
        "already: two loops and a += are enough.",
        "Without loops: np.add.at(dweight, indices, dy) adds once for every index. "
        "dweight[indices] += dy does not.",
    ),
)
