"""What is true of the lesson 04_13_capstone_text."""

from __future__ import annotations

import numpy as np
import pytest

import course_lib as lib
from course_lib.engine.transformer import Causal
from course_lib.explore import blindfold
from course_lib.lessons.capstone_text.blindfold import (
    SIZE,
    WORDS,
    asked,
    blindfolded,
    letters_right,
    map_of,
    spare,
)
from course_lib.lessons.capstone_text.characters import (
    CONTEXT,
    Text,
    go_on,
    library_text,
    net_nats,
    ngram_nats,
    training,
)
from course_lib.lessons.capstone_text.nets import (
    GO,
    LENGTH,
    UNASKED,
    Places,
    causal_transformer,
    examples,
    reverser,
)
from course_lib.measured import measured

TINY = Text.of("the cat sat. " * 60)


@pytest.mark.parametrize("layer", [Places(), Causal(lib.MultiHeadAttention.init(
    12, 2, rng=np.random.default_rng(0), dtype=np.float64))], ids=["places", "causal"])  # fmt: skip
def test_the_layers_have_the_right_gradient(layer):
    shape = (2, 12) if isinstance(layer, Places) else (2, 3, 12)
    lib.gradcheck(layer, np.random.default_rng(1).normal(size=shape), rng=np.random.default_rng(2))


@pytest.mark.parametrize("task", ["reverse", "sort"])
def test_every_place_after_go_is_asked_for_what_comes_next(task):
    tokens, due = examples(50, task, np.random.default_rng(0))
    assert (tokens[:, LENGTH] == GO).all()
    assert (due[:, :LENGTH] == UNASKED).all()
    assert (due[:, LENGTH:-1] == tokens[:, LENGTH + 1 :]).all()
    said = np.sort(tokens[:, :LENGTH]) if task == "sort" else tokens[:, :LENGTH][:, ::-1]
    assert (due[:, LENGTH:] == said).all()


def test_the_net_sees_nothing_behind_a_place():
    net = causal_transformer(5, 8, np.random.default_rng(0), blocks=2, heads=2)
    tokens = np.random.default_rng(1).integers(5, size=(2, 8))
    changed = tokens.copy()
    changed[:, 5:] = (changed[:, 5:] + 1) % 5
    assert np.allclose(net(tokens)[:, :5], net(changed)[:, :5], rtol=0, atol=1e-12)
    assert not np.allclose(net(tokens)[:, 5:], net(changed)[:, 5:])


def test_nothing_forbidden_is_the_net_itself_and_all_forbidden_looks_nowhere():
    tokens = asked(WORDS["facade"][None])
    free, blind = (blindfolded(np.full((SIZE, SIZE), f)) for f in (False, True))
    assert np.allclose(free(tokens), reverser()(tokens), rtol=0, atol=1e-12)
    assert np.allclose(map_of(free, tokens), map_of(reverser(), tokens), rtol=0, atol=1e-12)
    assert (map_of(blind, tokens) == 0).all()


def test_one_open_cell_for_each_letter_suffices_and_none_can_be_spared():
    needed = np.argwhere(np.tri(SIZE, dtype=bool) & ~spare())
    assert needed.tolist() == [[LENGTH + i, LENGTH - 1 - i] for i in range(LENGTH)]
    words = np.random.default_rng(5).integers(GO, size=(300, LENGTH))
    assert letters_right(blindfolded(spare()), words).mean() > 0.99
    for i, (t, s) in enumerate(needed):
        forbidden = spare().copy()
        forbidden[t, s] = True
        right = letters_right(blindfolded(forbidden), words).mean(axis=0)
        assert right[i] < 0.3
        assert np.delete(right, i).min() > 0.99


def test_a_painted_cell_breaks_its_letter():
    cells = np.zeros((SIZE, SIZE))
    cells[LENGTH + 1, LENGTH - 2] = 1
    assert "broken: number 2." in blindfold(cells=cells).text()


def test_counts_of_characters_by_hand():
    text = Text("ab", np.array([0, 1, 0, 1, 0]), np.array([0, 1, 1]))
    # counts ab 2, ba 2, and 1 more each: p(b|a) = 3/4, p(b|b) = 1/4
    wanted = -(np.log(3 / 4) + np.log(1 / 4)) / 2
    assert ngram_nats(text, 2, extra=1) == pytest.approx(wanted)
    assert ngram_nats(text, 1, extra=0) == pytest.approx(-np.log([3 / 5, 2 / 5, 2 / 5]).mean())


def test_a_net_that_knows_nothing_is_surprised_by_the_log_of_all_symbols():
    class Even(lib.Layer):
        def forward(self, x):
            return np.zeros((*x.shape, len(TINY.symbols))), None

    assert net_nats(Even(), TINY) == pytest.approx(np.log(len(TINY.symbols)))
    rng = np.random.default_rng(0)
    said = go_on(Even(), TINY, "the ", 3000, temperature=1.0, rng=rng)
    shares = np.unique(list(said), return_counts=True)[1] / len(said)
    assert shares == pytest.approx(np.full(len(TINY.symbols), 1 / len(TINY.symbols)), abs=0.03)


def test_a_text_too_short_says_how_long_it_must_be():
    with pytest.raises(ValueError, match=f"at least {20 * CONTEXT}"):
        Text.of("too short")


def test_the_net_is_less_surprised_than_counts_of_four_characters():
    text = Text.of(library_text())
    *_, net = training(text, seed=1, progress=False)
    counts = [ngram_nats(text, n) for n in (2, 3, 4, 5)]
    assert counts[0] > counts[1] > counts[3] > counts[2]
    assert net_nats(net, text) < counts[2]


def test_the_table_bears_out_what_the_page_says():
    words = measured("04_13.words")
    assert words["reverse"].min() > 0.95
    assert words["sort from the bag"].min() > 0.95
    assert (
        max(words[name].max() for name in ("reverse, no positions", "reverse from the bag")) < 0.05
    )
