"""Write docs/layers.md: every layer with its formula, shapes, parameters and way back.

After the layers come the operations that no layer shows, the optimizers and the initializers.

python -m tools.layer_table
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import course_lib
from course_lib import initializer, optimizer, plain
from tests.cases import LAYERS, Case, public

PAGE = Path("docs/layers.md")
LOOPS = "course_lib/plain.py"

INTRODUCTION = """\
# Every layer on one page

What each layer computes, what goes in and comes out, what it learns, and what its way back
returns. The words and formulas are the library's own docstrings, the examples were run for this
page. Losses, optimizers and initializers stand at the end. Errors, sources and examples to check by
hand: `help(lib.conv2d)`. *By loop* leads to the same definition as a page of loops over single
numbers, slow on purpose.

Every layer works the same way, whatever it computes:

```python
y, backward = layer.forward(x)  # layer(x) is y alone
dx, grad = backward(dy)  # grad is a layer of the same kind: grad.weight belongs to layer.weight
```

| layer | shapes in an example | its parameters |
|---|---|---:|
"""
CLOSING = f"Version {course_lib.__version__}. Written by `make docs`; do not edit.\n"


def examples() -> dict[type, Case]:
    """For every layer its first case, in the order of the course."""
    found: dict[type, Case] = {}
    for case in LAYERS:
        found.setdefault(type(case.make()), case)
    return found


def other_operations() -> list[Any]:
    """What has a way back but no layer that points to it: the losses, attention by itself."""
    shown = {operation_of(layer) for layer in examples()} | set(examples())
    documented = public(lambda value: "backward :" in sections(value).get("Returns", ""))
    return [value for value in documented.values() if value not in shown]


def defined_in(module: Any) -> list[Any]:
    """What a module offers to everybody, in its own order."""
    return [
        value
        for name, value in vars(module).items()
        if name in course_lib.__all__ and value.__module__ == module.__name__
    ]


def sections(documented: Any) -> dict[str, str]:
    """The parts of a numpydoc docstring by heading; what stands before the first is ""."""
    docstring = inspect.getdoc(documented) or ""
    first, *rest = re.split(r"^(\w+)\n-+\n", docstring, flags=re.MULTILINE)
    return {"": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def operation_of(layer: type) -> Any:
    """The function that a layer's docstring points to, (see `conv2d`), or else the layer."""
    named = re.search(r"see `(\w+)`", sections(layer)[""], re.IGNORECASE)
    return public(callable)[named[1]] if named else layer


def prose(documented: Any) -> list[str]:
    """The paragraphs before a docstring's first heading that are words, not formulas."""
    paragraphs = re.split(r"\n\n+", sections(documented)[""].strip())
    words = [" ".join(p.split()) for p in paragraphs if not p.startswith("    ")]
    return [re.sub(r" \(see `\w+`\)", "", paragraph) for paragraph in words]


def formula(layer: type) -> str:
    """The indented lines before a layer's first heading; its words stand elsewhere on the page."""
    lines = sections(layer)[""].splitlines()
    return "\n".join(line for line in lines if line.startswith("    "))


def explained_formula(operation: Any) -> str:
    """What stands between an operation's first line and its first heading: formulas and words."""
    _, rest = sections(operation)[""].split("\n", 1)
    return rest.strip("\n")


def in_and_out(documented: Any) -> str:
    """The shapes of what goes in and comes out, and what the way back returns."""
    parts = sections(documented)
    return "\n\n".join(
        parts[heading].strip("\n") for heading in ("Parameters", "Returns") if heading in parts
    )


def shapes(case: Case) -> str:
    inputs = case.draw()
    y, _ = case.forward(case.make(), inputs)
    return f"{', '.join(str(x.shape) for x in inputs)} -> {y.shape}"


def parameters(case: Case) -> str:
    """`weight (3, 4) and bias (3,), together 15`"""
    arrays = case.make().parameters()
    if not arrays:
        return "no parameters"
    names = [f"`{name}` {array.shape}" for name, array in arrays.items()]
    return f"{count(case)} parameters: {', '.join(names)}"


def count(case: Case) -> int:
    return sum(array.size for array in case.make().parameters().values())


def by_loop(operation: Any) -> Iterator[str]:
    """Where the operation is written as loops, if it is."""
    loops = getattr(plain, operation.__name__, None)
    if loops is not None:
        line = inspect.getsourcelines(loops)[1]
        yield f"By loop: [`lib.plain.{loops.__name__}`](../{LOOPS}#L{line})."


def short_entry(documented: Any) -> Iterator[str]:
    """The paragraphs about what is no layer."""
    yield f"### `{documented.__name__}`"
    yield sections(documented)[""].split("\n", 1)[0]
    yield f"```text\n{explained_formula(documented)}\n\n{in_and_out(documented)}".rstrip() + "\n```"
    yield from by_loop(documented)


def entry(layer: type, case: Case) -> Iterator[str]:
    """The paragraphs about one layer."""
    yield f"### `{layer.__name__}`"
    yield from prose(layer)
    if "Returns" in sections(layer):
        code = f"{formula(layer)}\n\n{in_and_out(layer)}"
    else:
        operation = operation_of(layer)
        code = f"{explained_formula(operation)}\n\n{in_and_out(operation)}"
    yield f"```text\n{code}\n```"
    yield f"Example: {shapes(case)}, {parameters(case)}."
    yield from by_loop(operation_of(layer))


def page() -> str:
    rows = [
        f"| [`{layer.__name__}`](#{layer.__name__.lower()}) | {shapes(case)} | {count(case)} |\n"
        for layer, case in examples().items()
    ]
    paragraphs: list[str] = []
    module = ""
    for layer, case in examples().items():
        if layer.__module__ != module:
            module = layer.__module__
            paragraphs.append(f"## {prose(sys.modules[module])[0]}")
        paragraphs += entry(layer, case)
    for title, documented in (
        ("Operations that no layer shows.", other_operations()),
        (prose(optimizer)[0], defined_in(optimizer)),
        (prose(initializer)[0], defined_in(initializer)),
    ):
        paragraphs.append(f"## {title}")
        paragraphs += [paragraph for one in documented for paragraph in short_entry(one)]
    return "\n\n".join([INTRODUCTION + "".join(rows).rstrip(), *paragraphs, CLOSING])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
