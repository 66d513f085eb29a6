"""The generated pages in docs/ say what the library does today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course_lib import plain
from tests import naive
from tests.cases import LAYERS, LOSSES, is_layer, is_operation, public
from tools import gradient_audit, layer_table

REFRESH = "the page is out of date: run `make docs` and read what changed"


@pytest.fixture(scope="module")
def audit() -> str:
    return gradient_audit.page()


def committed(page: Path) -> str:
    return (Path(__file__).parents[1] / page).read_text(encoding="utf-8")


def test_layer_table_is_the_library_as_it_is() -> None:
    assert layer_table.page() == committed(layer_table.PAGE), REFRESH


def test_layer_table_has_formula_shapes_parameters_and_gradient_of_every_public_layer() -> None:
    entries = entries_by_name()
    assert public(is_layer).keys() <= entries.keys()
    for name in public(is_layer):
        entry = entries[name]
        assert re.search(r"^    \S.* (=|\+=) ", entry, re.MULTILINE), f"{name} has no formula"
        assert re.search(r"^backward : dy|^backward : dz", entry, re.MULTILINE), name
        assert re.search(r"Example: .* -> .*, (no|\d+) parameters", entry), name


def entries_by_name() -> dict[str, str]:
    parts = re.split(r"^### `(\w+)`\n", committed(layer_table.PAGE), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_layer_table_ends_with_losses_optimizers_and_initializers() -> None:
    entries = entries_by_name()
    for name in ("cross_entropy", "mse", "scaled_dot_product_attention"):
        assert re.search(r"^backward : d", entries[name], re.MULTILINE), name
    for name in ("SGD", "Adam", "AdamW", "warmup_cosine", "kaiming_normal", "zeros"):
        assert name in entries


def test_layer_table_leads_from_every_operation_to_its_loops() -> None:
    found = re.findall(r"\[`lib\.plain\.(\w+)`\]\(\.\./(\S+)#L(\d+)\)", committed(layer_table.PAGE))
    assert {name for name, _, _ in found} >= public(is_operation).keys()
    for name, file, line in found:
        source = committed(Path(file)).splitlines()
        assert source[int(line) - 1].startswith(f"def {name}("), name
        assert callable(getattr(plain, name))


def test_gradient_audit_has_the_same_verdicts_on_this_machine(audit: str) -> None:
    written = committed(gradient_audit.PAGE)
    assert gradient_audit.verdicts(audit) == gradient_audit.verdicts(written), REFRESH


def test_gradient_audit_finds_every_gradient_right(audit: str) -> None:
    assert "DIFFERS" not in audit
    compared_twice_at_least = {case.name.split(":")[0] for case in (*LAYERS, *LOSSES)}
    assert audit.count("agrees,") >= 2 * len(compared_twice_at_least)


def test_loops_see_a_layer_that_computes_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in LAYERS if case.name == "ReLU")
    assert gradient_audit.loop_error(case) < 1e-12
    monkeypatch.setitem(naive.DEFINITIONS, "ReLU", naive.DEFINITIONS["Sigmoid"])
    assert gradient_audit.loop_error(case) > 1e-2


def test_verdicts_see_a_wrong_gradient_but_not_a_digit() -> None:
    right, same = gradient_audit.cell("loops", 2e-16), gradient_audit.cell("loops", 3e-14)
    wrong = gradient_audit.cell("loops", 2e-9)
    assert gradient_audit.verdicts(f"| {right} |") == gradient_audit.verdicts(f"| {same} |")
    assert gradient_audit.verdicts(f"| {right} |") != gradient_audit.verdicts(f"| {wrong} |")
