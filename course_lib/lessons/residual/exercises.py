"""The exercises residual_forward_backward and gradient_through_depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.engine.slips import summed
from course_lib.record import Array


def _with_zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Some numbers, or for a matrix rows, are 0: where a ReLU's input is 0, and slopes are."""
    zero = rng.random(shape[:1]) < 0.3
    return (
        rng.normal(scale=2.0, size=shape).round(2) * ~zero.reshape(-1, *(1 for _ in shape[1:]))
        + 0.0
    )


def _branch(x: Array, weight: Array, bias: Array) -> Array:
    return np.maximum(x @ weight.T + bias, 0)


def _gated(x: Array, weight: Array, bias: Array, dz: Array) -> Array:
    """The gradient where the ReLU is open."""
    return dz * (x @ weight.T + bias > 0)


def _open(x: Array, weight: Array, bias: Array) -> Array:
    return (x @ weight.T + bias > 0).astype(x.dtype)


def _terms(x: Array, weight: Array, bias: Array, dz: Array) -> dict[str, Array]:
    return {
        "the shortcut's gradient": dz,
        "the branch's gradient": _gated(x, weight, bias, dz) @ weight,
    }


def _gates(name: str, hint: str, gated: Callable[..., Array]) -> Iterator[Slip]:
    """All three gradients, computed from what a wrong ReLU lets through."""
    yield Slip(name, hint, (lambda x, w, b, dz: gated(x, w, b, dz) @ w + dz,), "dx")
    yield Slip(name, hint, (lambda x, w, b, dz: gated(x, w, b, dz).T @ x,), "dweight")
    yield Slip(name, hint, (lambda x, w, b, dz: gated(x, w, b, dz).sum(axis=0),), "dbias")


RESIDUAL_FORWARD_BACKWARD = Exercise(
    name="residual_forward_backward",
    sections=("04_07_residual",),
    task="""
A residual block: `z = relu(x @ weight.T + bias) + x`. `x` and `dz` are `(N, D)`, `weight` is
`(D, D)`, `bias` is `(D,)`. Return `z`, `dx`, `dweight` and `dbias`, where `dz` is the gradient of
the loss by `z`. The ReLU lets the gradient through where its input is above 0.
""",
    stub="""
def residual_forward_backward(x, weight, bias, dz):
    raise NotImplementedError
""",
    solution="""
def residual_forward_backward(x, weight, bias, dz):
    before = x @ weight.T + bias
    z = np.maximum(before, 0) + x
    dbefore = dz * (before > 0)  # the branch ends in a ReLU
    dx = dbefore @ weight + dz  # the + handed dz to both ways
    return z, dx, dbefore.T @ x, dbefore.sum(axis=0)
""",
    alternative="""
def residual_forward_backward(x, weight, bias, dz):
    z, dx = x.copy(), dz.copy()
    dweight, dbias = np.zeros_like(weight), np.zeros_like(bias)
    for n in range(len(x)):
        for o in range(len(weight)):
            before = weight[o] @ x[n] + bias[o]
            if before > 0:
                z[n, o] += before
                dx[n] += dz[n, o] * weight[o]
                dweight[o] += dz[n, o] * x[n]
                dbias[o] += dz[n, o]
    return z, dx, dweight, dbias
""",
    returns={"z": "N D", "dx": "N D", "dweight": "D D", "dbias": "D"},
    shows="Your block adds its input to what it computed, and hands the gradient to both ways.",
    inputs=Inputs(
        arguments={"x": "N D", "weight": "D D", "bias": "D", "dz": "N D"},
        example={"N": 2, "D": 2},
        also=({"N": 4, "D": 4}, {"N": 4, "D": 3}),
        values={"x": _with_zeros, "bias": _with_zeros},
        sizes={"N": range(1, 5), "D": range(1, 5)},
    ),
    terms={"dx": _terms},
    slips=(
        Slip(
            "bias behind the ReLU",
            "Your z adds the bias after the ReLU. It belongs inside: relu(x @ weight.T + bias).",
            (lambda x, w, b, dz: np.maximum(x @ w.T, 0) + b + x,),
            "z",
        ),
        Slip(
            "ReLU in front of the weights",
            "Your z bends x before the weights. Here the branch ends in the ReLU: "
            "relu(x @ weight.T + bias).",
            (lambda x, w, b, dz: np.maximum(x, 0) @ w.T + b + x,),
            "z",
        ),
        Slip(
            "weight not transposed",
            "Your z multiplies by weight itself. weight is (out, in), so output o reads x with the "
            "row weight[o]: x @ weight.T.",
            (lambda x, w, b, dz: _branch(x, w.T, b) + x,),
            "z",
        ),
        Slip(
            "branches multiplied",
            "Your z is the branch times x. The two ways meet in a +: what the branch computed is "
            "added to x.",
            (lambda x, w, b, dz: _branch(x, w, b) * x,),
            "z",
        ),
        Slip(
            "added before the branch",
            "Your z adds x before the ReLU. The shortcut goes past all of the branch, so x is "
            "added to what comes out of the ReLU.",
            (
                lambda x, w, b, dz: np.maximum(x @ w.T + b + x, 0),
                lambda x, w, b, dz: _branch(x + x, w, b),
            ),
            "z",
        ),
        Slip(
            "shortcut forgotten going forward",
            "Your z is the branch alone. The block adds its input x to it.",
            (lambda x, w, b, dz: _branch(x, w, b),),
            "z",
        ),
        Slip(
            "ReLU forgotten going forward",
            "Your z has the branch without its ReLU. Negative numbers become 0 before x is added.",
            (lambda x, w, b, dz: x @ w.T + b + x,),
            "z",
        ),
        Slip(
            "the ReLU closes the shortcut too",
            "Your dx lets the shortcut's gradient through only where the ReLU is open. The "
            "shortcut goes past the ReLU: it hands on all of dz.",
            (lambda x, w, b, dz: _gated(x, w, b, dz) @ w + _gated(x, w, b, dz),),
            "dx",
        ),
        Slip(
            "the ReLU's gate behind the weights",
            "Your dx multiplies by weight first and by the ReLU's gate after. Going back the ReLU "
            "comes first: dz * (before > 0), and that @ weight.",
            (lambda x, w, b, dz: dz @ w * (x @ w.T + b > 0) + dz,),
            "dx",
        ),
        Slip(
            "1 for the shortcut's gradient",
            "Your dx adds 1 for the shortcut. Its slope is 1, so it hands on all of dz: + dz.",
            (lambda x, w, b, dz: _gated(x, w, b, dz) @ w + 1,),
            "dx",
        ),
        Slip(
            "the ReLU lets everything through",
            "Your dx ignores the ReLU: the branch's gradient passes only where its input was above "
            "0.",
            (lambda x, w, b, dz: dz @ w + dz,),
            "dx",
        ),
        Slip(
            "x on the shortcut's way back",
            "Your dx has x in the shortcut's part. Going back, the shortcut hands on dz as it is: "
            "+ dz.",
            (
                lambda x, w, b, dz: _gated(x, w, b, dz) @ w + x,
                lambda x, w, b, dz: _gated(x, w, b, dz) @ w + dz * x,
            ),
            "dx",
        ),
        *_gates(
            "gate read from z",
            "{your} opens the ReLU where z is above 0. z has x in it; the ReLU looked at "
            "x @ weight.T + bias.",
            lambda x, w, b, dz: dz * (_branch(x, w, b) + x > 0),
        ),
        *_gates(
            "gate read from x",
            "{your} opens the ReLU where x is above 0. The ReLU never saw x alone; it looked at "
            "x @ weight.T + bias.",
            lambda x, w, b, dz: dz * (x > 0),
        ),
        *_gates(
            "gate read from dz",
            "{your} opens the ReLU where dz is above 0. A gradient may have any sign; the ReLU "
            "looked at x @ weight.T + bias on the way forward.",
            lambda x, w, b, dz: np.maximum(dz, 0),
        ),
        *_gates(
            "the ReLU's output for its slope",
            "{your} multiplies by what the ReLU let out. Where it is open its slope is 1: multiply "
            "by before > 0, not by before.",
            lambda x, w, b, dz: dz * _branch(x, w, b),
        ),
        Slip(
            "weight not turned for the way back",
            "Your dx uses weight.T on the way back. Forward each output o read x with weight[o]; "
            "going back, dz[o] gives weight[o] to x: dz @ weight.",
            (lambda x, w, b, dz: _gated(x, w, b, dz) @ w.T + dz,),
            "dx",
        ),
        Slip(
            "branches' gradients multiplied",
            "Your dx multiplies the two ways' gradients. A + hands its gradient to both, and where "
            "the ways part, at x, the two gradients are added.",
            (lambda x, w, b, dz: _gated(x, w, b, dz) @ w * dz,),
            "dx",
        ),
        Slip(
            "gradient not gated",
            "Your dweight ignores the ReLU. A weight has a gradient only where the ReLU let its "
            "output through.",
            (lambda x, w, b, dz: dz.T @ x,),
            "dweight",
        ),
        Slip(
            "gradient not gated",
            "Your dbias ignores the ReLU. The bias has a gradient only where the ReLU let its "
            "output through.",
            (lambda x, w, b, dz: dz.sum(axis=0),),
            "dbias",
        ),
        Slip(
            "what came out for what went in",
            "Your dweight multiplies by what came out. A weight was multiplied by what went in: x.",
            (
                lambda x, w, b, dz: _gated(x, w, b, dz).T @ (_branch(x, w, b) + x),
                lambda x, w, b, dz: _gated(x, w, b, dz).T @ _branch(x, w, b),
            ),
            "dweight",
        ),
        Slip(
            "without dz",
            "Your dweight leaves dz out. How far the loss moves with a weight depends on how far "
            "it moves with z.",
            (
                lambda x, w, b, dz: _open(x, w, b).T @ x,
                lambda x, w, b, dz: np.ones_like(dz).T @ x,
            ),
            "dweight",
        ),
        Slip(
            "the shortcut in a weight's gradient",
            "Your dweight has a part from the shortcut. The shortcut has no weights: what it hands "
            "on goes to x alone.",
            (lambda x, w, b, dz: (_gated(x, w, b, dz) + dz).T @ x,),
            "dweight",
        ),
        Slip(
            "without dz",
            "Your dbias leaves dz out. How far the loss moves with the bias depends on how far it "
            "moves with z.",
            (
                lambda x, w, b, dz: _open(x, w, b).sum(axis=0),
                lambda x, w, b, dz: np.ones_like(b),
            ),
            "dbias",
        ),
        Slip(
            "the shortcut in the bias's gradient",
            "Your dbias has a part from the shortcut. The shortcut has no bias: what it hands on "
            "goes to x alone.",
            (lambda x, w, b, dz: _gated(x, w, b, dz).sum(axis=0) + dz.sum(axis=0),),
            "dbias",
        ),
        Slip(
            "the bias's gradient times x",
            "Your dbias has x in it. The bias is added, not multiplied by x: its gradient is the "
            "gradient at what it was added to, summed over the examples.",
            (lambda x, w, b, dz: (_gated(x, w, b, dz).T @ x).sum(axis=1),),
            "dbias",
        ),
        summed("dbias", "N D", _gated),
    ),
    hints=(
        "Forward first: compute the branch, relu(x @ weight.T + bias), then add x to it.",
        "Going back, the + hands dz to both ways. On the shortcut nothing happens to it. On the "
        "branch it meets the ReLU first: dz * (before > 0), with before = x @ weight.T + bias.",
        "Call that dbefore. Then dx = dbefore @ weight + dz, dweight = dbefore.T @ x, and dbias is "
        "dbefore summed over the examples.",
    ),
    points=3,
)


def _suffix(factors: Array) -> Array:
    return np.cumprod(factors[::-1])[::-1]


def _one_added_each_time(slopes: Array, residual: bool) -> Array:
    grads, grad = np.zeros_like(slopes), 1.0
    for i in reversed(range(len(slopes))):
        grads[i] = grad = grad * float(slopes[i]) + residual
    return grads


GRADIENT_THROUGH_DEPTH = Exercise(
    name="gradient_through_depth",
    sections=("04_07_residual",),
    task="""
A chain of layers, one number wide; layer *i* has the slope `slopes[i]`. A gradient of 1 arrives at
the end of the chain. Return, as an array of shape `(L,)`, what has become of it when it has gone
back through layer *i* and all layers after it. With `residual=True` each layer is `F(x) + x`, and
`slopes[i]` is the slope of its F.
""",
    stub="""
def gradient_through_depth(slopes, residual):
    raise NotImplementedError
""",
    solution="""
def gradient_through_depth(slopes, residual):
    factors = slopes + 1 if residual else slopes  # the shortcut's slope is 1
    return np.cumprod(factors[::-1])[::-1]
""",
    alternative="""
def gradient_through_depth(slopes, residual):
    grads, grad = np.zeros(len(slopes)), 1.0
    for i in reversed(range(len(slopes))):
        grad = grad * slopes[i] + grad if residual else grad * slopes[i]
        grads[i] = grad
    return grads
""",
    returns={"grads": "L"},
    shows="Your gradient is multiplied by one slope after the other on its way back, and by 1 + "
    "slope where a shortcut goes past.",
    inputs=Inputs(
        arguments={"slopes": "L", "residual": (False, True)},
        example={"L": 3},
        also=({"L": 6}, {"L": 6, "residual": True}),
        sizes={"L": range(1, 7)},
        values={"slopes": _with_zeros},
    ),
    slips=(
        Slip(
            "multiplied from the front",
            "Your grads multiply the slopes from the first layer on. The gradient comes from the "
            "end: the last layer has met one slope, the first layer all of them.",
            (
                lambda slopes, residual: np.cumprod(slopes + residual),
                lambda slopes, residual: np.cumprod(slopes),
            ),
        ),
        Slip(
            "in the order of the way back",
            "Your grads stand in the order in which the gradient meets the layers. grads[i] "
            "belongs to layer i: turn them round.",
            (lambda slopes, residual: np.cumprod((slopes + residual)[::-1]),),
        ),
        Slip(
            "what arrives, not what goes on",
            "Your grads hold what arrives at each layer, before its own slope. Layer i itself "
            "counts too: the last one has multiplied by slopes[-1].",
            (lambda slopes, residual: np.append(_suffix(slopes + residual)[1:], 1.0),),
        ),
        Slip(
            "shortcut forgotten",
            "Your grads are those of plain layers. With a shortcut a layer's slope is 1 + slope.",
            (lambda slopes, residual: _suffix(slopes),),
        ),
        Slip(
            "the shortcut added once, at the end",
            "Your grads add 1 to the whole product. Each layer has a shortcut of its own: 1 + "
            "slope, layer by layer, and then the product.",
            (lambda slopes, residual: _suffix(slopes) + residual,),
        ),
        Slip(
            "the shortcut instead of F",
            "Your grads are all 1 with a shortcut. The shortcut is added to F, it does not take "
            "its place: each slope is 1 + slope.",
            (lambda slopes, residual: np.ones_like(slopes) if residual else _suffix(slopes),),
        ),
        Slip(
            "never below 1",
            "Your grads take each residual slope to be at least 1. It is 1 + slope, and slope "
            "may be negative.",
            (
                lambda s, residual: _suffix(np.maximum(s + 1, 1) if residual else s),
                lambda s, residual: _suffix(1 + np.abs(s) if residual else s),
            ),
        ),
        Slip(
            "the shortcut where there is none",
            "Your grads take the shortcut where residual is False, and leave it out where it is "
            "True.",
            (lambda slopes, residual: _suffix(slopes + (not residual)),),
        ),
        Slip(
            "the shortcut everywhere",
            "Your grads add the shortcut also where residual is False. There a layer's slope is "
            "slopes[i] alone.",
            (lambda slopes, residual: _suffix(slopes + 1),),
        ),
        Slip(
            "the shortcut's 1 for its gradient",
            "Your grads add 1 after each multiplication. What goes past a layer is the gradient "
            "that arrived there, not 1: grad * slope + grad.",
            (_one_added_each_time,),
        ),
        Slip(
            "F taken away",
            "Your grads take a residual slope to be 1 - slope. The two ways are added: 1 + slope.",
            (
                lambda slopes, residual: _suffix(1 - slopes if residual else slopes),
                lambda slopes, residual: _suffix(slopes - 1 if residual else slopes),
            ),
        ),
        Slip(
            "the layers before, not those after",
            "Your grads multiply the slopes of the layers in front of layer i. Going back, the "
            "gradient has met layer i and those behind it.",
            (lambda slopes, residual: np.append(1.0, np.cumprod(slopes + residual)[:-1]),),
        ),
        Slip(
            "the last layer left out",
            "Your grads leave the slope of the last layer out. slopes[i:-1] stops before it, "
            "slopes[i:] does not.",
            (lambda slopes, residual: np.append(_suffix((slopes + residual)[:-1]), 1.0),),
        ),
        Slip(
            "the end's gradient too",
            "Your grads hold the gradient of 1 at the end, too. The task asks for what comes out "
            "of each layer's way back, one number per layer.",
            (
                lambda slopes, residual: np.append(_suffix(slopes + residual), 1.0),
                lambda slopes, residual: np.append(1.0, _suffix(slopes + residual)),
            ),
        ),
        Slip(
            "only the first layer's",
            "Your grads is one number, the product of all slopes: what has become of the gradient "
            "at the first layer. Keep what it is at each layer on the way.",
            (lambda slopes, residual: np.prod(slopes + residual),),
        ),
        Slip(
            "slopes added",
            "Your grads are sums of slopes. Each layer multiplies what it is handed: the chain "
            "rule is a product.",
            (lambda slopes, residual: np.cumsum((slopes + residual)[::-1])[::-1],),
        ),
    ),
    hints=(
        "Take L = 1. What is 1 after one layer of slope 0.5? And with a shortcut past it?",
        "Go through the layers from the last to the first and multiply; keep what you have after "
        "each.",
        "The factor of a layer is slopes[i], or slopes[i] + 1 with a shortcut. "
        "np.cumprod(factors[::-1])[::-1] multiplies from the end.",
    ),
    points=2,
)
