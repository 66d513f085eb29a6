"""The loops and the operations say the same: names, arguments, numbers and slopes."""

from __future__ import annotations

import ast
import inspect
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import course_lib as lib
from course_lib import plain
from tests.cases import LOSSES, OPERATIONS, Array, Case, draw_dy, is_operation, public

CASES = (*OPERATIONS, *LOSSES)
STEP = 1e-30
LOOPS = {
    name: value
    for name, value in vars(plain).items()
    if inspect.isfunction(value) and not name.startswith("_")
}
OTHER_ARGUMENTS = {
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d"), ({"rng"}, {"mask"})),
    "scaled_dot_product_attention": ({"dropout_p", "rng"}, {"left"}),
    "embedding": ({"padding_idx"}, set()),  # changes the way back alone
}


def in_loops(case: Case, *inputs: Array) -> Array:
    """y of a case's operation by its loops, with the mask that the seeded operation draws."""
    name, options = case.name.split(":")[0], dict(case.options)
    if name.startswith("dropout"):
        x = inputs[0]
        drawn = x.shape if name == "dropout" else x.shape[:2]
        draws = np.random.default_rng(0).random(drawn, np.float32)
        options["mask"] = draws >= options["p"]
    if "dropout_p" in options:
        (query, key, *_), p = inputs, options["dropout_p"]
        draws = np.random.default_rng(0).random((*query.shape[:-1], key.shape[-2]), np.float32)
        options["left"] = (draws >= p) / (1 - p)
    for option in OTHER_ARGUMENTS.get(name, ((), ()))[0]:
        options.pop(option, None)
    return LOOPS[name](*inputs, **options)


def test_every_operation_has_its_loops() -> None:
    assert public(is_operation).keys() <= LOOPS.keys() <= set(lib.__all__)


@pytest.mark.parametrize("name", LOOPS)
def test_arguments_and_defaults_are_those_of_the_operation(name: str) -> None:
    def arguments(function: Any) -> dict[str, Any]:
        parameters = inspect.signature(function).parameters.values()
        return {p.name: (p.kind, p.default) for p in parameters}

    loops, operation = arguments(LOOPS[name]), arguments(getattr(lib, name))
    missing, added = OTHER_ARGUMENTS.get(name, (set(), set()))
    assert (operation.keys() - loops.keys(), loops.keys() - operation.keys()) == (missing, added)
    common = [a for a in operation if a in loops]
    assert [(a, operation[a]) for a in common] == [(a, loops[a]) for a in loops if a in common]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_arrays_as_a_learner_has_them_give_the_operations_numbers(case: Case, dtype: Any) -> None:
    inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in case.draw()]
    options = {
        name: value.astype(dtype) if getattr(value, "dtype", None) == np.float64 else value
        for name, value in case.options.items()
    }
    y, _ = case.make().forward(*inputs, **options)
    got = in_loops(case, *inputs)
    assert got.shape == y.shape
    limit = 1e-12 if dtype == np.float64 else 1e-5
    assert np.abs(got - y).max() <= limit * max(np.abs(y).max(), 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_tiny_imaginary_step_gives_the_slope(case: Case) -> None:
    inputs = case.draw()
    y, backward = case.make().forward(*inputs, **case.options)
    dy = draw_dy(y)
    for i, gradient in enumerate(backward(dy)):
        if i >= len(inputs) or inputs[i].dtype.kind != "f" or gradient is None:
            continue
        v = np.random.default_rng(i).normal(size=inputs[i].shape)
        moved = [x + 1j * STEP * v if j == i else x for j, x in enumerate(inputs)]
        slope = (dy * in_loops(case, *moved).imag / STEP).sum()
        assert math.isclose(slope, (gradient * v).sum(), rel_tol=1e-9, abs_tol=1e-12), i


def test_whole_numbers_give_fractions() -> None:
    np.testing.assert_allclose(plain.sigmoid(np.array([0, 0])), [0.5, 0.5])
    np.testing.assert_allclose(plain.avg_pool1d(np.array([[[1, 2]]]), 2), [[[1.5]]])


def test_a_query_that_may_attend_to_nothing_gets_zeros() -> None:
    one, values = np.ones((2, 1)), np.array([[2.0], [4.0]])
    mask = np.array([[False, False], [True, False]])
    y = plain.scaled_dot_product_attention(one, one, values, mask=mask)
    np.testing.assert_array_equal(y, [[0.0], [2.0]])


@pytest.mark.parametrize("name", ["rotary", "sinusoidal_encoding", "split_heads", "merge_heads"])
def test_what_has_no_options_in_the_cases_agrees_too(name: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 3, 6))
    arguments = {
        "rotary": ((x,), {"base": 50.0, "positions": np.array([3, 1, 7])}),
        "sinusoidal_encoding": ((5, 6), {"base": 50.0, "dtype": np.float64}),
        "split_heads": ((x, 3), {}),
        "merge_heads": ((x,), {}),
    }[name]
    y = getattr(lib, name)(*arguments[0], **arguments[1])
    y = y[0] if isinstance(y, tuple) else y
    np.testing.assert_allclose(LOOPS[name](*arguments[0], **arguments[1]), y, atol=1e-12)


def test_the_page_needs_nothing_but_numpy() -> None:
    tree = ast.parse(Path(plain.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import math", "import numpy as np"]
