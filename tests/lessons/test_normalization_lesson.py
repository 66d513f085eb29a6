# ruff: noqa: E501  (an answer is one line)
"""Answers as people write them: right ones pass, wrong ones fail and are told what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.engine.checking import judge
from tests.bank import BANK

FORWARD, BACKWARD = BANK["layer_norm_forward"], BANK["layer_norm_backward"]
USEFUL = 0.7  # of the wrong answers get a name or what differs from a right one

FORWARD_RIGHT = """
    return weight * (x - x.mean(1, keepdims=True)) / (x.var(1, keepdims=True) + eps) ** 0.5 + bias
    z = (x.T - x.mean(1)) / np.sqrt(x.var(1) + eps); return (z.T * weight) + bias
    m = x.sum(-1)[:, None] / x.shape[1]; v = (x**2).sum(-1)[:, None] / x.shape[1] - m**2; return (x - m) / np.sqrt(np.maximum(v, 0) + eps) * weight + bias
    return lib.layer_norm(x, weight, bias, eps=float(eps))[0]
    y = np.empty_like(x); c = x - x.mean(1, keepdims=True); y[:] = c * (np.mean(c * c, 1, keepdims=True) + eps) ** -0.5; return y * weight + bias
    y = np.zeros(x.shape); [y.__setitem__(n, weight * (x[n] - np.mean(x[n])) / np.sqrt(np.var(x[n]) + eps) + bias) for n in range(len(x))]; return y
    return np.array([[w * (v - r.mean()) / np.sqrt(r.var() + eps) + b for v, w, b in zip(r, weight, bias)] for r in x])
    c = x - np.einsum("nd->n", x)[:, None] / x.shape[1]; s = np.einsum("nd,nd->n", c, c)[:, None] / x.shape[1]; return np.asfortranarray(c / np.sqrt(s + eps) * weight + bias)
"""

FORWARD_WRONG = """
    return weight * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + bias
    return weight * (x - x.mean()) / np.sqrt(x.var() + eps) + bias
    return weight * (x - x.mean(1, keepdims=True)) / (np.sqrt(x.var(1, keepdims=True)) + eps) + bias
    return weight * (x - x.mean(1, keepdims=True)) / (x.var(1, keepdims=True) + eps) + bias
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True)) + bias
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps)
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps)
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + bias
    return weight * ((x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + bias)
    return weight * x / np.sqrt(x.var(1, keepdims=True) + eps) + bias
    return weight * (x - x.mean(1, keepdims=True)) + bias
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, ddof=1, keepdims=True) + eps) + bias
    return weight * (x - x.mean(1)) / np.sqrt(x.var(1) + eps) + bias
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.std(1, keepdims=True) + eps) + bias
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt((x**2).mean(1, keepdims=True) + eps) + bias
    return weight * x / np.sqrt((x**2).mean(1, keepdims=True) + eps) + bias
    return weight * x - x.mean(1, keepdims=True) / np.sqrt(x.var(1, keepdims=True) + eps) + bias
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt(((x - x.mean(1, keepdims=True)) ** 2).sum(1, keepdims=True) + eps) + bias
    return bias * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + weight
    x -= x.mean(1, keepdims=True); return weight * x / np.sqrt(x.var(1, keepdims=True) + eps) + bias
    return np.round(weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + bias, 3)
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) - bias
    return weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) + bias
    return (weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + bias).T
    y = np.zeros_like(x); y[0] = weight * (x[0] - x[0].mean()) / np.sqrt(x[0].var() + eps) + bias; return y
    weight * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + bias
    return weight * (x - np.median(x, 1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + bias
    return weight * (x - x.min(1, keepdims=True)) / (x.max(1, keepdims=True) - x.min(1, keepdims=True) + eps) + bias
"""

BEFORE = """
    mean = x.mean(1, keepdims=True); std = np.sqrt(x.var(1, keepdims=True) + eps)
    z = (x - mean) / std; dz = dy * weight; D = x.shape[1]; N = len(x)
    dx = (dz - dz.mean(1, keepdims=True) - z * (dz * z).mean(1, keepdims=True)) / std
"""

BACKWARD_RIGHT = """
    return dx, (dy * z).sum(0), dy.sum(0)
    return np.asfortranarray(dx), (z * dy).sum(0), dy.T.sum(1)
    return (D * dz - dz.sum(1, keepdims=True) - z * (dz * z).sum(1, keepdims=True)) / (D * std), np.einsum("nd,nd->d", dy, z), np.ones(N) @ dy
    return lib.layer_norm(x, weight, np.zeros_like(weight), eps=float(eps))[1](np.ascontiguousarray(dy))
    dvar = (dz * (x - mean)).sum(1, keepdims=True) * -0.5 * std**-3; dmean = -(dz / std).sum(1, keepdims=True); return dz / std + dvar * 2 * (x - mean) / D + dmean / D, (dy * z).sum(0), dy.sum(0)
    p = np.eye(D) - 1 / D; return (dz @ p - z * (dz * z).mean(1, keepdims=True)) / std, (dy * z).sum(axis=-2), dy.sum(axis=-2)
    a = dz / std; c = x - mean; return a - a.mean(1, keepdims=True) - c * (a * c).mean(1, keepdims=True) / std**2, sum(dy * z), sum(dy)
    dxs = np.zeros_like(x); dxs += dx; dw = np.zeros_like(weight); db = np.zeros_like(weight); [(dw.__iadd__(dy[n] * z[n]), db.__iadd__(dy[n])) for n in range(N)]; return dxs, dw, db
"""

BACKWARD_WRONG = """
    return dz / std, (dy * z).sum(0), dy.sum(0)
    return (dz - dz.mean(1, keepdims=True)) / std, (dy * z).sum(0), dy.sum(0)
    return (dz - z * (dz * z).mean(1, keepdims=True)) / std, (dy * z).sum(0), dy.sum(0)
    return (dz - dz.mean(1, keepdims=True) + z * (dz * z).mean(1, keepdims=True)) / std, (dy * z).sum(0), dy.sum(0)
    return (dz - dz.mean(1, keepdims=True) - z * (dz * z).mean(1, keepdims=True)), (dy * z).sum(0), dy.sum(0)
    return (dy - dy.mean(1, keepdims=True) - z * (dy * z).mean(1, keepdims=True)) / std, (dy * z).sum(0), dy.sum(0)
    return (dz - dz.mean(0) - z * (dz * z).mean(0)) / std, (dy * z).sum(0), dy.sum(0)
    return dx, (dy * x).sum(0), dy.sum(0)
    return dx, (dy * z).mean(0), dy.mean(0)
    return dx, (dy * z).sum(1), dy.sum(1)
    return dx, dy * z, dy
    return dx, (dy * z).sum(), dy.sum()
    return dx, dy.sum(0), (dy * z).sum(0)
    return -dx, -(dy * z).sum(0), -dy.sum(0)
    return dx, (dz * z).sum(0), dz.sum(0)
    return dx / N, (dy * z).sum(0), dy.sum(0)
    return (dz - dz.sum(1, keepdims=True) - z * (dz * z).sum(1, keepdims=True)) / std, (dy * z).sum(0), dy.sum(0)
    return dx, (dy * z).sum(0)
    return dx, (dy * z).sum(0, keepdims=True), dy.sum(0, keepdims=True)
    return dx * weight, (dy * z).sum(0), dy.sum(0)
    return (dz - dz.mean(1, keepdims=True) - (dz * z).mean(1, keepdims=True)) / std, (dy * z).sum(0), dy.sum(0)
    return (dz - dz.mean(1, keepdims=True) - z * (dz * z).mean(1, keepdims=True)) / std**2, (dy * z).sum(0), dy.sum(0)
    return dx, (dy * (x - mean)).sum(0), dy.sum(0)
    return dx, dy[-1] * z[-1], dy[-1]
    return dx, (dy * z).sum(0), np.ones_like(weight)
    return dx, (dy * z * weight).sum(0), dy.sum(0)
"""


def functions(exercise, bodies, before=""):
    head = exercise.stub.strip().splitlines()[0]
    return [
        pytest.param(exercise, f"{head}{before.rstrip()}\n{body}\n", id=f"{exercise.name}-{number}")
        for number, body in enumerate(bodies.strip("\n").splitlines())
    ]


RIGHT = functions(FORWARD, FORWARD_RIGHT) + functions(BACKWARD, BACKWARD_RIGHT, BEFORE)
WRONG = functions(FORWARD, FORWARD_WRONG) + functions(BACKWARD, BACKWARD_WRONG, BEFORE)


@pytest.mark.parametrize(("exercise", "source"), RIGHT)
def test_a_right_answer_passes(exercise, source):
    report = judge(exercise, exercise.compiled(source))
    assert report.passed, report


@pytest.mark.parametrize("exercise", [FORWARD, BACKWARD], ids=lambda exercise: exercise.name)
def test_no_wrong_answer_passes_and_most_are_told_why(exercise):
    sources = [p.values[1] for p in WRONG if p.values[0] is exercise]
    found = [judge(exercise, exercise.compiled(source)).diagnosis for source in sources]
    assert "passed" not in found
    told = [d for d in found if d.startswith("slip:") or d in ("type", "shape", "input-changed")]
    assert len(told) >= USEFUL * len(found)


def test_an_answer_with_three_slips_is_told_all_three():
    def layer_norm_backward(dy, x, weight, eps):
        dx, dweight, dbias = BACKWARD.reference(dy, x, weight, eps)
        return -dx, dweight / len(x), dbias[::-1]

    report = judge(BACKWARD, layer_norm_backward)
    assert report.diagnosis == ("slip:dx: opposite sign; dweight: divided by N; dbias: D backwards")
    assert np.isfinite(report.comparison.expected).all()
