"""Working in blocks must not be visible in the result."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib as lib
from course_lib import blocks
from course_lib.blocks import LONG, by_row, in_blocks, row_max, tile


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 60))
def test_every_row_is_seen_exactly_once(rows, width, block):
    x, seen = np.arange(1.0 * rows * width).reshape(rows, width), np.zeros(rows)

    def double(x, y, seen):
        assert x.size <= max(block, width)
        np.multiply(x, 2, out=y)
        seen += 1

    y = np.empty_like(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", block)
        in_blocks(double, x, y, seen)
    np.testing.assert_array_equal(y, 2 * x)
    assert (seen == 1).all()


LAYERS = {
    "LeakyReLU": lib.LeakyReLU(0.2),
    "Sigmoid": lib.Sigmoid(),
    "Tanh": lib.Tanh(),
    "GELU": lib.GELU(),
    "GELU, tanh": lib.GELU("tanh"),
    "SiLU": lib.SiLU(),
    "Softmax": lib.Softmax(),
    "Softmax, first axis": lib.Softmax(0),
    "LogSoftmax": lib.LogSoftmax(),
    "BatchNorm1d": lib.BatchNorm1d.init(5, dtype=float),
    "LayerNorm": lib.LayerNorm.init(5, dtype=float),
    "RMSNorm": lib.RMSNorm.init(5, dtype=float),
    "GroupNorm": lib.GroupNorm(np.arange(1.0, 5), np.arange(4.0), num_groups=2),
}
SHAPES = {"LayerNorm": [(7, 5), (3, 2, 5)], "GroupNorm": [(5, 4), (5, 4, 3)]}
SHAPES |= {"RMSNorm": SHAPES["LayerNorm"], "BatchNorm1d": [(7, 5), (5, 5, 3)]}


@pytest.mark.parametrize(
    ("name", "shape"),
    [(name, s) for name in LAYERS for s in SHAPES.get(name, [(7, 5), (3, 4, 50), (0, 3)])],
)
def test_the_size_of_a_block_does_not_show(name, shape, monkeypatch):
    rng = np.random.default_rng(0)
    if shape[0] == 0 and name == "Softmax, first axis":
        shape = (3, 0)
    x, dy = rng.normal(size=shape), rng.normal(size=shape)
    answers = []
    for block in (10**6, 12):
        monkeypatch.setattr(blocks, "BLOCK", block)
        y, backward = LAYERS[name].forward(x)
        answers.append((y, backward(dy)[0]))
    for whole, parts in zip(*answers, strict=True):
        np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("rows", [4, 60])  # every token many times, or hardly any twice
def test_an_embedding_adds_up_over_blocks(rows, monkeypatch):
    rng = np.random.default_rng(0)
    tokens, weight, dy = (
        rng.integers(0, rows, (5, 9)),
        rng.normal(size=(rows, 3)),
        rng.normal(size=(5, 9, 3)),
    )
    monkeypatch.setattr(blocks, "BLOCK", 12)
    monkeypatch.setattr(sys.modules["course_lib.embedding"], "BLOCK", 12)
    _, dweight = lib.embedding(tokens, weight)[1](dy)
    expected = np.einsum("nti,ntd->id", np.eye(rows)[tokens], dy)
    np.testing.assert_allclose(dweight, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("size", [1, 5, 32, 33, 100])
def test_the_largest_of_each_row(size):
    rows = np.random.default_rng(size).normal(size=(40, size))
    rows[3] = -np.inf
    np.testing.assert_array_equal(row_max(rows), rows.max(axis=1))
    rows[5, size // 2] = np.nan
    assert np.flatnonzero(np.isnan(row_max(rows))).tolist() == [5]


@pytest.mark.parametrize("size", [1, 7, LONG, LONG + 1])
def test_a_number_per_row_goes_with_the_whole_row(size):
    rows, a = np.random.default_rng(size).normal(size=(2, 3, size)), np.arange(6.0).reshape(2, 3)
    before = np.getbufsize()
    np.testing.assert_array_equal(by_row(np.subtract, rows, a), rows - a[..., None])
    out = np.empty_like(rows)
    assert by_row(np.divide, rows, a + 1, out=out) is out
    np.testing.assert_array_equal(out, rows / (a + 1)[..., None])
    assert np.getbufsize() == before


@pytest.mark.parametrize(("count", "size"), [(0, 3), (5, 3), (100, 3), (5, 40)])
def test_a_row_goes_with_the_rows_of_every_block(count, size, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 30)
    row, x = np.arange(1.0 * size), np.ones((count, size))
    rows, y = tile(row, count), np.empty((count, size))
    in_blocks(lambda x, y: np.multiply(x, rows[: len(x)], out=y), x, y)
    np.testing.assert_array_equal(y, np.broadcast_to(row, (count, size)))


def faults_per_step(preparation: str) -> int:
    """How often a new process waits for the system to hand out a page, in a step of descent.

    It is the middle one of five steps: a busy system may take pages back from one of them. Dask
    tells the processes that it starts to give memory back; that is left out.
    """
    code = f"""
import resource
import numpy as np
{preparation}
weights = [np.ones(2**20, np.float32) for _ in range(3)]
def step():
    return [0.9 * w for w in weights]
for _ in range(3):
    new = step()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
counts = []
for _ in range(5):
    before = faults()
    new = step()
    counts.append(faults() - before)
print(sorted(counts)[2])
"""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    return int(subprocess.check_output([sys.executable, "-c", code], env=own, timeout=60))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have other rules")
def test_memory_of_large_arrays_is_kept_for_the_next():
    assert faults_per_step("import course_lib") < 20
    assert faults_per_step("") > 500
