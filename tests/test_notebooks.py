"""The committed notebooks keep the rules, and every rule can tell a broken notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests import notebook_rules as rules
from tools.notebooks import METADATA, WIDGET_VIEW, find, noun_of
from tools.solved import splice

ROOT = Path(__file__).parents[1]
LESSONS = find(folders=(ROOT / "notebooks",))
SOLUTIONS = find(folders=(ROOT / "solutions",))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def problems(path: Path, kept: tuple[Callable[[NotebookNode], rules.Problems], ...]) -> list[str]:
    notebook = nbformat.read(path, as_version=4)
    return [f"{rule.__name__}: {problem}" for rule in kept for problem in rule(notebook)]


@pytest.mark.parametrize("path", LESSONS, ids=name_of)
def test_a_lesson_keeps_every_rule(path):
    assert problems(path, rules.LESSONS) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)
def test_a_solution_keeps_every_rule(path):
    assert problems(path, rules.EVERYWHERE) == []


@pytest.mark.parametrize("path", LESSONS, ids=name_of)
def test_a_lesson_measures_every_claim_of_its_section(path):
    assert rules.claims_left_out(path.stem, nbformat.read(path, as_version=4)) == set()


@pytest.mark.parametrize("path", LESSONS[1:], ids=name_of)
def test_a_lesson_opens_with_what_comes_back_from_earlier_ones(path):
    code = rules.code_cells(nbformat.read(path, as_version=4))
    number = path.stem.removesuffix(f"_{noun_of(path.stem)}")
    assert [code.index(cell) for cell in code if "recall" in rules.tags(cell)] == [1]
    assert code[1].source == f'recall("{number}")'


@pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)
def test_a_solution_passes_its_own_checks(path):
    assert list(rules.checks_that_surprise(nbformat.read(path, as_version=4))) == []


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS], ids=name_of)
def test_a_page_is_written_to_its_end(path):
    assert problems(path, (rules.nothing_is_left_to_write,)) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)
def test_a_lesson_once_solved_is_expected_to_pass_every_check(path):
    """nbval runs it so; here, that what it compares with is a pass."""
    lesson = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
    solved = splice(lesson, nbformat.read(path, as_version=4))
    assert list(rules.checks_that_surprise(solved)) == []


# From here on: the rules themselves, on a small lesson that keeps them all.

STUB = "def double_forward(x):\n    raise NotImplementedError"


def shown(text: str, **data: str) -> NotebookNode:
    return new_output("display_data", {"text/plain": text, **data})


def lesson() -> NotebookNode:
    cells = [
        new_markdown_cell("# A claim is a title\n\nYou will be able to double."),
        new_code_cell("import course_lib as lib"),
        new_markdown_cell("## A step\n\n![a slope](slope.png)"),
        new_code_cell(
            "explore.slope()",
            metadata={"tags": ["explorer"]},
            outputs=[shown("slope 2", **{"image/png": "iVBO", "text/html": '<img alt="slope 2">'})],
        ),
        new_code_cell("3 * 2", metadata={"claim": "4.2g"}, outputs=[shown("6")]),
        new_code_cell(STUB, metadata={"exercise": "double_forward", "tags": ["exercise"]}),
        new_code_cell("check(double_forward)", outputs=[shown("not yet")]),
        new_code_cell(
            "1 / 0",
            metadata={"tags": ["raises-exception"]},
            outputs=[new_output("error", ename="ZeroDivisionError", evalue="", traceback=[])],
        ),
        new_markdown_cell("## What you now know\n\nYou doubled."),
    ]
    notebook = new_notebook(cells=cells, metadata=METADATA)
    for number, cell in enumerate(rules.code_cells(notebook), 1):
        cell.execution_count = number
    return nbformat.from_dict(notebook)


@pytest.mark.parametrize("rule", rules.LESSONS, ids=lambda rule: rule.__name__)
def test_the_small_lesson_keeps_the_rule(rule):
    assert list(rule(lesson())) == []


SET_UP, EXPLORER, CLAIM, EXERCISE, CHECK, ERROR = 1, 3, 4, 5, 6, 7  # cells of the small lesson


def source(number: int, text: str) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[number].update(source=text)


def says(text: str) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[CLAIM].update(outputs=[shown(text)])


def metadata(number: int, **values: object) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[number].update(
        metadata=nbformat.from_dict({**notebook.cells[number].metadata, **values})
    )


def without(number: int, key: str) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[number].metadata.pop(key)


def outputs(number: int, *items: NotebookNode) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[number].update(outputs=list(items))


def repeat_the_claim(notebook: NotebookNode) -> None:
    notebook.cells[EXPLORER].metadata.claim = "4.2g"


BREAKS = {
    rules.every_code_cell_was_run_in_order: [
        lambda notebook: notebook.cells[CLAIM].update(execution_count=None),
        lambda notebook: notebook.cells[CLAIM].update(execution_count=9),
    ],
    rules.no_code_cell_is_empty: [source(CLAIM, " \n")],
    rules.errors_stand_where_they_are_meant: [without(ERROR, "tags"), outputs(ERROR)],
    rules.nothing_is_on_stderr: [
        outputs(CLAIM, new_output("stream", name="stderr", text="FutureWarning: soon"))
    ],
    rules.explorers_have_a_picture_and_words: [
        outputs(EXPLORER),
        outputs(EXPLORER, shown("slope 2")),
        outputs(EXPLORER, new_output("display_data", {"image/png": "iVBO"})),
        lambda notebook: (without(EXPLORER, "tags")(notebook), outputs(EXPLORER)(notebook)),
    ],
    rules.no_widget_is_left: [
        outputs(CLAIM, shown("6", **{WIDGET_VIEW: "{}"})),
        says("VBox(children=(IntSlider(value=1),))"),
    ],
    rules.metadata_is_clean: [
        lambda notebook: notebook.metadata.update(widgets={"state": {}}),
        lambda notebook: notebook.metadata.language_info.update(version="3.11.7"),
        metadata(CLAIM, execution={"iopub.execute_input": "now"}),
    ],
    rules.outputs_say_nothing_of_this_machine: [
        says("/home/ada/course.npz"),
        says("C:\\Users\\ada"),
        says("<function f at 0x7f3a2b1c9d00>"),
        says("00:12<00:03, 31.2it/s"),
        says("12.3 ms"),
        says("Wall time: 3"),
        outputs(ERROR, new_output("error", ename="OSError", evalue="no /tmp/x", traceback=[])),
        outputs(ERROR, new_output("error", traceback=["File \x1b[32m/a/layer.py:4\x1b[39m"])),
        outputs(CLAIM, shown("6", **{"text/html": "<p>/home/x</p>"})),
    ],
    rules.cell_ids_are_unique: [
        lambda notebook: notebook.cells[2].update(id=notebook.cells[1].id),
    ],
    rules.tags_are_known: [
        metadata(CLAIM, tags=["nbval-ignore-output"]),
        metadata(CLAIM, tags="explorer"),
    ],
    rules.claims_exist_and_stand_once: [metadata(CLAIM, claim="4.2zz"), repeat_the_claim],
    rules.claims_are_measured: [outputs(CLAIM)],
    rules.code_keeps_the_house_rules: [
        source(CLAIM, "from numpy import *"),
        source(CLAIM, "%pip install torch"),
        source(CLAIM, "!ls"),
        source(CLAIM, "np.random.seed(0)"),
        source(CLAIM, "np.random.randn(3)"),
        source(CLAIM, "import urllib.request"),
        source(CLAIM, "requests.get(page)"),
        source(CLAIM, "fetch_openml('mnist_784')"),
        source(CLAIM, "# NBVAL_IGNORE_OUTPUT\n3 * 2"),
    ],
    rules.pictures_have_words: [
        source(2, "## A step\n\n![](slope.png)"),
        source(2, "## A step\n\n<img src='slope.png'>"),
        source(2, "## A step\n\n<img alt='' src='slope.png'>"),
        outputs(CLAIM, shown("6", **{"image/png": "iVBO"})),
        outputs(CLAIM, shown("6", **{"image/png": "iVBO", "text/html": "<p>6</p>"})),
        outputs(CLAIM, shown("6", **{"text/html": '<img src="data:image/png;base64,iVBO">'})),
    ],
    rules.headings_are_in_order: [
        source(2, "# A second title"),
        source(2, "#### A step too deep"),
        source(0, "You will be able to double."),
    ],
    rules.prose_is_short: [source(2, "word " * 91)],
    rules.set_up_is_the_first_cell_and_short: [
        source(SET_UP, "import numpy as np"),
        source(SET_UP, "import course_lib as lib\n" + "x = 1\n" * 6),
    ],
    rules.code_cells_are_short: [
        source(CLAIM, "x = 1\n" * 13),
        lambda notebook: [
            cell.update(source="import course_lib as lib\n" * 6)
            for cell in rules.code_cells(notebook)
        ],
    ],
    rules.minutes_are_counted: [source(2, "## A step\n\nIt takes 3 to 90 minutes.")],
    rules.numbers_come_from_cells: [
        source(2, "## A step\n\nThe accuracy is 0.98."),
        source(2, "## A step\n\nIt reads 98 % of them."),
    ],
    rules.opener_promises_and_close_recalls: [
        source(0, "# A claim is a title"),
        source(8, "## The end"),
    ],
    rules.exercises_are_stubs_with_a_check_below: [
        source(EXERCISE, "def double_forward(x):\n    return 2 * x"),
        source(EXERCISE, "def twice_forward(x):\n    raise NotImplementedError"),
        source(CHECK, "double_forward(2)"),
        without(EXERCISE, "tags"),
        without(EXERCISE, "exercise"),
    ],
}


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [pytest.param(rule, spoil, id=rule.__name__) for rule in BREAKS for spoil in BREAKS[rule]],
)
def test_a_broken_notebook_fails_the_rule(rule, spoil):
    notebook = lesson()
    spoil(notebook)
    assert list(rule(notebook)) != []


def test_every_rule_has_a_notebook_that_breaks_it():
    assert set(BREAKS) == set(rules.LESSONS)


@pytest.mark.parametrize(
    "harmless",
    [
        says("accuracy 0.98 and 3:1, shape (2, 3), ratio 1/2/3"),
        source(
            2,
            "## A step\n\nFor 4.2b see section 4.10, [a paper](https://arxiv.org/abs/1603.07285).",
        ),
        lambda notebook: (says("0.98")(notebook), source(2, "## A step\n\nIt is 0.98.")(notebook)),
        source(2, "| one | " + "word " * 200 + "|\n| --- | --- |"),
        source(2, "```python\n# a comment, not a heading\n```"),
        source(CLAIM, "rng = np.random.default_rng(0)"),
    ],
)
def test_a_sound_notebook_keeps_every_rule(harmless):
    notebook = lesson()
    harmless(notebook)
    assert [problem for rule in rules.LESSONS for problem in rule(notebook)] == []


def test_what_is_left_to_write_is_named():
    notebook = lesson()
    assert list(rules.nothing_is_left_to_write(notebook)) == []
    notebook.cells[CLAIM].source = 'print("TODO 4.2g")'
    assert list(rules.nothing_is_left_to_write(notebook)) == [
        'cell number 4 still says TODO 4.2g")'
    ]


def test_a_lesson_that_leaves_claims_out_is_told_which():
    left_out = rules.claims_left_out("04_02b_convolution", lesson())
    assert left_out == {"4.2e", "4.2f", "4.2h", "4.2i"}


def solution(*answers: str, said: str = "passed double_forward", **more: object) -> NotebookNode:
    cells = []
    for answer in answers:
        cells.append(new_code_cell(answer, metadata={"exercise": "double_forward", **more}))
        cells.append(new_code_cell("check(double_forward)", outputs=[shown(said)]))
    return new_notebook(cells=cells)


RIGHT = "def double_forward(x):\n    return x + x"
WRONG = "def double_forward(x):\n    return x * x * x"


def test_an_answer_put_into_the_lesson_brings_what_its_check_says():
    spliced = splice(lesson(), solution(RIGHT))
    assert spliced.cells[EXERCISE].source == RIGHT
    assert list(rules.checks_that_surprise(spliced)) == []


def test_a_solution_that_does_not_pass_is_no_expectation():
    spliced = splice(lesson(), solution(WRONG, said="not yet: double_forward"))
    assert list(rules.checks_that_surprise(spliced)) == ["double_forward: not yet: double_forward"]


def test_the_first_answer_is_the_one_put_in():
    spliced = splice(lesson(), solution(RIGHT, WRONG))
    assert spliced.cells[EXERCISE].source == RIGHT


def test_an_alternative_is_never_put_in():
    with pytest.raises(ValueError, match="double_forward: the solution has no answer"):
        splice(lesson(), solution(RIGHT, alternative=True))


def test_putting_answers_in_leaves_the_lesson_alone():
    notebook = lesson()
    splice(notebook, solution(RIGHT))
    assert notebook.cells[EXERCISE].source == STUB
    assert notebook.cells[CHECK].outputs[0].data["text/plain"] == "not yet"


def test_a_check_that_shows_nothing_has_not_passed():
    notebook = lesson()
    notebook.cells[CHECK].outputs = []
    assert list(rules.checks_that_surprise(notebook)) != []


def test_passing_another_exercise_is_not_a_pass():
    notebook = lesson()
    notebook.cells[CHECK].outputs = [shown("passed double_forward_2")]
    assert list(rules.checks_that_surprise(notebook)) != []


@pytest.mark.parametrize(
    ("said", "surprises"), [("not yet: double_forward\nTwice?", 0), ("passed double_forward", 1)]
)
def test_a_planted_mistake_must_be_found(said, surprises):
    notebook = lesson()
    notebook.cells[CHECK].update(outputs=[shown(said)], metadata={"tags": ["planted"]})
    assert len(list(rules.checks_that_surprise(notebook))) == surprises
