"""What must hold in a committed notebook: one small function per rule, notebook -> problems.

`EVERYWHERE` holds in notebooks/ and solutions/, `LESSONS` in notebooks/ alone. A new lesson's
skeleton keeps them all; `nothing_is_left_to_write` holds once the lesson is written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median

from nbformat import NotebookNode

from tools.claims import claim_ids, output_text, read_claims
from tools.minutes import STATED, minutes
from tools.notebooks import CELL_METADATA, CHECK, METADATA, WIDGET_VIEW

Problems = Iterator[str]

CELL_LINES, MEDIAN_LINES, SET_UP_LINES, PROSE_WORDS = 12, 5, 6, 90
TAGS = {
    *("catch", "check", "compare", "exercise", "explorer"),
    *("planted", "predict", "raises-exception", "recall", "stretch"),
}
SECTION_OF = {claim: section for section, ids in read_claims().items() for claim in ids}

EXPLORER = re.compile(r"^(?:lib\.)?explore\.[\w.]+\(", re.MULTILINE)
WIDGET_REPR = re.compile(r"^[A-Z]\w+\(.*\b(children|layout|value|comm|model_id)=", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[\d;]*m")  # of a terminal
OF_THIS_MACHINE = {
    "a path": re.compile(
        r"(?<![\w.:/])/(home|root|tmp|usr|var|opt|Users)/|\bFile /|\b[A-Z]:\\|site-packages"
    ),
    "a memory address": re.compile(r"\b0x[0-9a-fA-F]{6,}"),
    "a time": re.compile(
        r"\b\d{1,2}:\d\d:\d\d\b|\d\d:\d\d<|\bit/s\b|\b(Wall time|CPU times)\b"
        r"|\b\d+(\.\d+)? ?(ns|µs|ms|seconds)\b|\b20\d\d-\d\d-\d\d\b"
    ),
}
BANNED = {
    "a star import": re.compile(r"^\s*from .* import \*", re.MULTILINE),
    "a magic or a shell command": re.compile(r"^\s*[%!]", re.MULTILINE),
    "NumPy's global generator": re.compile(
        r"\bnp\.random\.(?!default_rng\b|Generator\b|SeedSequence\b)"
    ),
    "a download": re.compile(r"\b(urllib|requests|httpx|urlretrieve|fetch_\w+)\b|https?://"),
    "a marker that nbval skips": re.compile(r"NBVAL_|PYTEST_VALIDATE"),
}
IN_A_PAGE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]*")
# What a picture needs: `![words](file)` or an alt attribute that is not empty.
PICTURE_WITHOUT_WORDS = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=[\"'][^\"'\s])[^>]*>")
FENCED_OR_TABLE = re.compile(r"^```.*?^```|^\|.*?$", re.MULTILINE | re.DOTALL)
# Numbers such as 0.98 and 98 %; not in links, headings (section 4.2), tables and code blocks.
MEASURED = re.compile(r"(?<![\w.])\d+\.\d+(?!\w|\.\d)|(?<![\w.])\d+(?:\.\d+)? ?%")
NO_MEASUREMENT = re.compile(
    r"^```.*?^```|^[|#].*?$|\[[^\]]*\]\([^)]*\)|\barXiv:\S+|\b[Ss]ections? \d\S*",
    re.MULTILINE | re.DOTALL,
)
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def outputs(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Every output with the name of its cell."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            yield f"cell [{cell.execution_count}]", output


def words_of(output: NotebookNode) -> str:
    """The text nbval confirms."""
    if output.output_type == "error":
        return "\n".join([output.ename, output.evalue])
    if output.output_type == "stream":
        return output.text
    words = (text for kind, text in output.data.items() if kind.startswith("text/"))
    return IN_A_PAGE.sub("", "\n".join(words))


def lines(cell: NotebookNode) -> int:
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def every_code_cell_was_run_in_order(notebook: NotebookNode) -> Problems:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the code cells were run as {counts}, not from the first to the last"


def no_code_cell_is_empty(notebook: NotebookNode) -> Problems:
    if not all(cell.source.strip() for cell in code_cells(notebook)):
        yield "a code cell is empty"


def errors_stand_where_they_are_meant(notebook: NotebookNode) -> Problems:
    for cell in code_cells(notebook):
        raised = any(output.output_type == "error" for output in cell.outputs)
        if raised != ("raises-exception" in tags(cell)):
            found = "holds an error" if raised else "is tagged raises-exception but raised nothing"
            yield f"cell [{cell.execution_count}] {found}"


def nothing_is_on_stderr(notebook: NotebookNode) -> Problems:
    for place, output in outputs(notebook):
        if output.get("name") == "stderr":
            yield f"{place} shows a warning or a progress bar: {output.text[:60]!r}"


def explorers_have_a_picture_and_words(notebook: NotebookNode) -> Problems:
    for cell in code_cells(notebook):
        if "explorer" in tags(cell) or EXPLORER.search(cell.source):
            bundles = [output.get("data", {}) for output in cell.outputs]
            if not any({"image/png", "text/plain"} <= bundle.keys() for bundle in bundles):
                yield f"cell [{cell.execution_count}]: its explorer lacks its picture or its words"


def no_widget_is_left(notebook: NotebookNode) -> Problems:
    for place, output in outputs(notebook):
        bundle = output.get("data", {})
        if WIDGET_VIEW in bundle or WIDGET_REPR.search(bundle.get("text/plain", "")):
            yield f"{place} holds a widget, which is dead once the notebook is saved"


def metadata_is_clean(notebook: NotebookNode) -> Problems:
    if notebook.metadata != METADATA:
        yield "the notebook's metadata holds a version, widget state or the like"
    for number, cell in enumerate(notebook.cells):
        surplus = set(cell.metadata) - set(CELL_METADATA)
        if surplus:
            yield f"cell number {number} has the metadata {sorted(surplus)}"


def outputs_say_nothing_of_this_machine(notebook: NotebookNode) -> Problems:
    for place, output in outputs(notebook):
        for name, pattern in OF_THIS_MACHINE.items():
            lines = [words_of(output), *output.get("traceback", [])]
            shown = COLOURS.sub("", "\n".join(lines))
            if found := pattern.search(shown):
                yield f"{place} shows {name}: {found[0]}"


def cell_ids_are_unique(notebook: NotebookNode) -> Problems:
    repeated = [id for id, n in Counter(cell.get("id") for cell in notebook.cells).items() if n > 1]
    if repeated:
        yield f"missing or repeated cell ids: {repeated}"


def tags_are_known(notebook: NotebookNode) -> Problems:
    for number, cell in enumerate(notebook.cells):
        if not isinstance(tags(cell), list) or not set(tags(cell)) <= TAGS:
            yield f"cell number {number} has the tags {tags(cell)}; known are {sorted(TAGS)}"


def claims_exist_and_stand_once(notebook: NotebookNode) -> Problems:
    counts = Counter(claim for cell in notebook.cells for claim in claim_ids(cell))
    for claim, count in counts.items():
        if claim not in SECTION_OF:
            yield f"claim {claim} is not in docs/claims.toml"
        if count > 1:
            yield f"claim {claim} stands at {count} cells"


def claims_are_measured(notebook: NotebookNode) -> Problems:
    for cell in notebook.cells:
        if claim_ids(cell) and not cell.get("outputs"):
            yield f"claim {cell.metadata.claim} stands at a cell that shows nothing"


def code_keeps_the_house_rules(notebook: NotebookNode) -> Problems:
    for cell in code_cells(notebook):
        for name, pattern in BANNED.items():
            if pattern.search(cell.source):
                yield f"cell [{cell.execution_count}] has {name}"


def pictures_have_words(notebook: NotebookNode) -> Problems:
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and PICTURE_WITHOUT_WORDS.search(cell.source):
            yield f"cell number {number} has a picture without alt text"
    for place, output in outputs(notebook):
        bundle = output.get("data", {})
        page = bundle.get("text/html", "")  # of an image alone, Jupyter shows no alternative text
        if PICTURE_WITHOUT_WORDS.search(page) or ("image/png" in bundle and "<img" not in page):
            yield f"{place} shows a picture without alt text"


def headings_are_in_order(notebook: NotebookNode) -> Problems:
    """One title, in the first cell, and no level left out: screen readers move by headings."""
    prose = [
        FENCED_OR_TABLE.sub("", cell.source)
        for cell in notebook.cells
        if cell.cell_type == "markdown"
    ]
    levels = [len(mark) for text in prose for mark in re.findall(r"^(#+) ", text, re.MULTILINE)]
    if not notebook.cells or not notebook.cells[0].source.startswith("# "):
        yield "the first cell does not open with the title"
    if levels.count(1) != 1:
        yield f"there are {levels.count(1)} titles"
    for above, below in pairwise(levels):
        if below > above + 1:
            yield f"a heading of level {below} follows one of level {above}"


def prose_is_short(notebook: NotebookNode) -> Problems:
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            text = FORMULA.sub("formula", FENCED_OR_TABLE.sub("", cell.source))
            if (count := len(text.split())) > PROSE_WORDS:
                yield f"cell number {number} has {count} words; at most {PROSE_WORDS}"


def minutes_are_counted(notebook: NotebookNode) -> Problems:
    """A range of minutes that a page states is the one that tools/minutes.py counts."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for stated in STATED.findall(cell.source):
                if (counted := minutes(notebook)) != tuple(map(int, stated)):
                    yield "it says {} to {} minutes; counted are {} to {}".format(*stated, *counted)


def numbers_come_from_cells(notebook: NotebookNode) -> Problems:
    """A decimal or a percentage in prose stands in the code of a cell or in what a cell says."""
    code = "\n".join(cell.source for cell in code_cells(notebook))
    said = "\n".join([code, *(words_of(output) for _, output in outputs(notebook))])
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for found in MEASURED.findall(NO_MEASUREMENT.sub("", cell.source)):
                if found.replace(" ", "") not in said.replace(" ", ""):
                    yield f"cell number {number} says {found}, which no cell shows"


def set_up_is_the_first_cell_and_short(notebook: NotebookNode) -> Problems:
    first = next(iter(code_cells(notebook)), None)
    if first is None or "import course_lib as lib" not in first.source:
        yield "the first code cell does not import course_lib as lib"
    elif lines(first) > SET_UP_LINES:
        yield f"the set-up cell has {lines(first)} lines; at most {SET_UP_LINES}"


def code_cells_are_short(notebook: NotebookNode) -> Problems:
    counts = {cell.execution_count: lines(cell) for cell in code_cells(notebook)}
    for number, count in counts.items():
        if count > CELL_LINES:
            yield f"cell [{number}] has {count} lines; at most {CELL_LINES}"
    if counts and (middle := median(counts.values())) > MEDIAN_LINES:
        yield f"half of the code cells have {middle} lines or more; at most {MEDIAN_LINES}"


def opener_promises_and_close_recalls(notebook: NotebookNode) -> Problems:
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    half = (len(prose) + 1) // 2
    if not any("You will be able to" in text for text in prose[:half]):
        yield 'the opener lacks "You will be able to"'
    if not any("What you now know" in text for text in prose[half:]):
        yield 'the end lacks "What you now know"'


def exercises_are_stubs_with_a_check_below(notebook: NotebookNode) -> Problems:
    for cell, below in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        name = cell.metadata.get("exercise")
        if bool(name) != ("exercise" in tags(cell)):
            yield f"{name or 'a cell'}: tag and metadata `exercise` must stand together"
        elif name and not re.search(rf"^def {name}\(", cell.source, re.MULTILINE):
            yield f"{name}: the exercise cell does not define it"
        elif name and "raise NotImplementedError" not in cell.source:
            yield f"{name}: the stub does not raise NotImplementedError"
        elif name and (below is None or f"check({name})" not in below.source):
            yield f"{name}: the cell below does not check it"


def nothing_is_left_to_write(notebook: NotebookNode) -> Problems:
    for number, cell in enumerate(notebook.cells):
        for what in re.findall(r"\bTODO\b.*", cell.source):
            yield f"cell number {number} still says {what}"


def claims_left_out(section: str, notebook: NotebookNode) -> set[str]:
    """The claims of a section that no cell of its notebook measures."""
    measured = {claim for cell in notebook.cells for claim in claim_ids(cell)}
    return {claim for claim, home in SECTION_OF.items() if home == section} - measured


def checks_that_surprise(notebook: NotebookNode) -> Problems:
    """Every `check(name)` must be its cell's value and say `passed name`.

    In a cell tagged `planted`, which shows a wrong answer on purpose, it must not.
    """
    for cell in code_cells(notebook):
        for name in CHECK.findall(cell.source):
            wanted = f"not yet: {name}" if "planted" in tags(cell) else f"passed {name}"
            said = [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            if not any(text.splitlines()[:1] == [wanted] for text in said):
                yield f"{name}: {output_text(cell) or 'the check says nothing'}"


EVERYWHERE: tuple[Callable[[NotebookNode], Problems], ...] = (
    every_code_cell_was_run_in_order,
    no_code_cell_is_empty,
    errors_stand_where_they_are_meant,
    nothing_is_on_stderr,
    explorers_have_a_picture_and_words,
    no_widget_is_left,
    metadata_is_clean,
    outputs_say_nothing_of_this_machine,
    cell_ids_are_unique,
    tags_are_known,
    claims_exist_and_stand_once,
    claims_are_measured,
    code_keeps_the_house_rules,
    pictures_have_words,
    headings_are_in_order,
    prose_is_short,
)
LESSONS = (
    *EVERYWHERE,
    set_up_is_the_first_cell_and_short,
    code_cells_are_short,
    minutes_are_counted,
    numbers_come_from_cells,
    opener_promises_and_close_recalls,
    exercises_are_stubs_with_a_check_below,
)
