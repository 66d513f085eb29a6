"""A painting is right, or shows a known slip, or differs in cells that are named; nothing else."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import numpy as np
import pytest

from course_lib.engine import store
from course_lib.engine.grid import Grid, as_table, as_text
from course_lib.engine.painting import Painting, named
from course_lib.engine.prediction import PredictionForm
from course_lib.exercises import predict
from course_lib.lessons import PREDICTIONS

PAINTINGS = {name: p for name, p in PREDICTIONS.items() if isinstance(p, Painting)}
paintings = pytest.mark.parametrize("painting", PAINTINGS.values(), ids=PAINTINGS)

RIGHT = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], bool)
CORNER = Painting(
    name="00.corner",
    section="00_start_here",
    question="Which?",
    answer=lambda: RIGHT,
    explanation="Because.",
    grid=Grid("output", np.full((4, 4), "")),
    wrong={lambda: RIGHT[:, ::-1]: "That is the other corner."},
)


pytestmark = pytest.mark.usefixtures("file")


def cells(painted):
    """As the form sends them."""
    return named(np.argwhere(painted))


def judged(rows):
    return CORNER.judge(cells(np.array([list(row) for row in rows.split()]) == "x"))


@paintings
def test_every_painting_but_the_right_one_is_refused(painting):
    """All that differ in one cell, the slips', and two hundred at random."""
    right, rng = painting.answer(), np.random.default_rng(0)
    single = np.eye(right.size, dtype=bool).reshape(-1, *right.shape)
    random = rng.random((200, *right.shape)) < rng.random((200, 1, 1))
    tried = [*(right ^ single), *random, *(slip() for slip in painting.wrong)]
    for painted in filter(np.any, tried):
        accepted, sentences = painting.judge(cells(painted))
        assert accepted == np.array_equal(painted, right)
        assert accepted == sentences.startswith("Yes: ")
        assert painting.explanation in sentences


@paintings
def test_every_cell_that_is_wrong_is_counted_and_marked(painting):
    right, rng = painting.answer(), np.random.default_rng(1)
    for _ in range(50):
        painted = rng.random(right.shape) < 0.5
        if not painted.any():
            continue
        marks = painting.marks(cells(painted))
        assert ((marks == "right") == (painted & right)).all()
        assert ((marks == "too many") == (painted & ~right)).all()
        assert ((marks == "missing") == (right & ~painted)).all()


@paintings
def test_every_slip_is_named_and_no_two_paint_the_same(painting):
    shown = [painting.answer(), *(slip() for slip in painting.wrong)]
    assert len({painted.tobytes() for painted in shown}) == len(shown) > 2
    for slip, why in painting.wrong.items():
        assert slip().shape == painting.grid.shape
        assert slip().any()
        assert painting.judge(cells(slip()))[1].startswith(f"Not this time. {why} ")


@paintings
def test_an_option_misread_paints_something_else_and_is_told(painting):
    """Stride 2 taken for 1 must not come to the right cells by chance."""
    for option in re.findall(r"(stride|padding|dilation) \d", painting.question):
        assert any(option in why for why in painting.wrong.values()), option


@paintings
def test_the_grids_have_names_for_their_rows_and_columns(painting):
    for grid in painting.grids:
        assert [len(names) for names in grid.names] == list(grid.shape)
        assert all(i < grid.shape[0] and j < grid.shape[1] for i, j in grid.ringed)


@paintings
def test_neither_words_nor_form_show_the_right_cells(painting):
    form = PredictionForm(painting)
    assert form.marks == []
    assert "✓" not in str(predict(painting.name)) + predict(painting.name)._repr_html_()
    assert len(painting.grids) == len(form.grids)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("..xx ...x .... ....", "That is the other corner."),
        ("..xx .xxx xxxx xxxx", "You painted just those cells that are not meant."),
        (".xx. .x.. .... ....", "it belongs 1 column further left."),
        (".... .... ..xx ..x.", "it belongs 2 rows further up and 2 columns further left."),
        (".... .... x... xx..", "Your painting is the right one, mirrored."),
        ("xxx. x... .... ....", "1 cell too many: row 0, column 2. The rest is right."),
        ("xx.. .... .... ....", "1 cell missing: row 1, column 0. The rest is right."),
        ("xx.. x... .... .x.x", "2 cells too many: row 3, columns 1 and 3. The rest is right."),
        ("xx.. x... ..xx ..xx", "4 cells too many: rows 2 and 3, columns 2 and 3."),
        ("xxxx xxxx xxxx xxxx", "13 cells too many: among rows 0 to 3, columns 0 to 3."),
        ("..x. .... .... ....", "row 0, column 0; row 0, column 1; row 1, column 0. None of yours"),
        ("xx.. x... ..x. .x..", "2 cells too many: row 2, column 2; row 3, column 1."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_or_two(rows, words):
    right, sentences = judged(rows)
    assert not right
    assert words in sentences
    assert sentences.endswith(" Because.")


def test_exchanged_rows_and_columns_are_seen():
    turned = Painting(
        name="00.turned",
        section="00_start_here",
        question="Which?",
        answer=lambda: np.array([[False, True], [False, True]]),
        explanation="Because.",
        grid=Grid("output", np.full((2, 2), "")),
    )
    assert "Rows and columns are exchanged." in turned.judge("(1, 0), (1, 1)")[1]


def test_rows_that_have_names_are_called_by_them():
    grid = Grid("map", np.zeros((3, 2)), rows=("the", "cat", "sat"))
    painted = np.array([[0, 1], [0, 1], [0, 1]], bool)
    assert grid.where(painted) == "the to sat, column 1"
    assert grid.where(painted & [[True], [False], [True]]) == "the and sat, column 1"


def ask(form, given):
    form._receive(form, {"given": given}, [])
    return form.feedback


def test_an_answer_is_marked_explained_and_recorded(file):
    name, painting = next(iter(PAINTINGS.items()))
    form, right = PredictionForm(painting), cells(painting.answer())
    assert ask(form, cells(~painting.answer())).startswith("Not this time.")
    assert {mark for row in form.marks for mark in row} == {"too many", "missing"}
    assert ask(form, right).startswith("Yes: ")
    assert {mark for row in form.marks for mark in row} == {"right", ""}
    ask(form, "")
    assert form.marks == []  # the marks of an earlier painting would belong to another one
    saved = json.loads(file.read_text())["predictions"][name]
    assert saved == {"answer": cells(~painting.answer()), "right": False}  # the first one counts


def test_nothing_painted_is_asked_again_and_not_recorded(file):
    form = PredictionForm(next(iter(PAINTINGS.values())))
    assert ask(form, "") == "Paint the cells you mean first: no cell is painted."
    assert form.right is None
    assert form.marks == []
    assert not file.exists()


@pytest.mark.parametrize(("answer", "told"), [("(0, 1), (1, 1)", "2 cells"), ("0", "0 cells")])
def test_an_earlier_painting_is_counted(answer, told):
    name, painting = next(iter(PAINTINGS.items()))
    store.record_prediction(name, answer, False)
    assert f"You predicted {told} before." in PredictionForm(painting).feedback


@paintings
def test_cells_given_in_words_are_judged_and_recorded(painting, file):
    answer = predict(painting.name, cells=np.argwhere(painting.answer()))
    assert answer.right
    assert "".join(str(answer).split()).startswith("Yes:")
    assert json.loads(file.read_text())["predictions"][painting.name]["right"]
    for kind in ("text/plain", "text/html"):
        assert "✓" in answer._repr_mimebundle_()[kind]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([0, 1], "cells are pairs of whole numbers"),
        ([(0, 1, 2)], "cells are pairs of whole numbers"),
        ([(0.5, 1)], "cells are pairs of whole numbers"),
        ([(-1, 0)], "cells are pairs of whole numbers"),
        (3, "cells are pairs of whole numbers"),
        ([], "is given no cell"),
        ([(3, 0)], r"has no cell \(3, 0\); its rows go from 0 to 2 and its columns from 0 to 2"),
    ],
)
def test_cells_that_are_none_are_an_error_that_says_so(wrong, words, file):
    with pytest.raises(ValueError, match=words):
        predict("04_02b.readers", cells=wrong)
    assert not file.exists()


def test_cells_for_a_number_are_an_error():
    with pytest.raises(ValueError, match=r"04_02b\.output_size has no cells to paint"):
        predict("04_02b.output_size", cells=[(0, 0)])


@paintings
def test_the_text_lines_up(painting):
    for grid in painting.grids:
        _, head, *rows = as_text(grid).splitlines()
        ends = [len(line) for line in rows]
        assert len(rows) == grid.shape[0]
        assert max(ends) - min(ends) <= 2  # trailing blanks are cut
        assert all(abs(a - b) <= 2 for a, b in pairwise([len(head), *ends]))
        assert as_table(grid).count("<td") == 1 + grid.values.size
