"""Write docs/layers.md: every layer with its formula, shapes, parameters and way back.

python -m tools.layer_table
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cases import CORE, LAYERS, Case, is_layer, is_operation, public

PAGE = Path(__file__).parents[1] / "docs" / "layers.md"

INTRODUCTION = """\
# Every layer on one page

What each layer computes, what goes in and out, what it learns and what its way back returns: taken
from the library's own docstrings, with one example that was run for this page. In Python,
`help(lib.conv2d)` tells more: errors, sources, and examples to check by hand.

| layer | example: x -> y | parameters |
|---|---|---:|
"""

CLOSING = "Written by `tools/layer_table.py`.\n"


def first_case(name: str) -> Case:
    return next(case for case in LAYERS if type(case.make()).__name__ == name)


def sections(docstring: str) -> dict[str, str]:
    """The parts of a numpydoc docstring by heading; what stands before the first is ""."""
    parts = re.split(r"^(\w+)\n-+\n", docstring, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def operation_of(layer: type) -> Any:
    """The operation that a layer's docstring points to: (see `conv2d`)."""
    named = re.search(r"\(see `(\w+)`\)", inspect.getdoc(layer) or "")
    return public(is_operation)[named[1]] if named else None


def summary(documented: Any) -> str:
    """The first paragraph of a docstring in one line, without the pointer to the operation."""
    paragraph = (inspect.getdoc(documented) or "").split("\n\n")[0]
    return re.sub(r" \(see `\w+`\)", "", " ".join(paragraph.split()))


def formula(documented: Any) -> str:
    """What a docstring says before its first heading, after the summary: the formula as code."""
    before = sections(inspect.getdoc(documented) or "")[""]
    return before.partition("\n\n")[2].rstrip()


def example(case: Case) -> tuple[str, dict[str, tuple[int, ...]]]:
    """Shapes in and out, and the shapes of the parameters."""
    inputs = case.draw()
    y = case.make()(*inputs, **case.options)
    shapes = ", ".join(str(x.shape) for x in inputs)
    return f"{shapes} -> {y.shape}", {n: a.shape for n, a in case.make().parameters().items()}
