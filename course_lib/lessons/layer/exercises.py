"""The exercises count_parameters, sequential_forward and chain_backward."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.engine.slips import summed
from course_lib.record import Array

Convolution = tuple[int, int, int, int, bool]  # channels in and out, kernel_size, stride, bias
Stack = tuple[Convolution, ...]
PLAIN: Stack = ((1, 4, 3, 1, True), (4, 2, 3, 2, True))


def _drawn(rng: np.random.Generator) -> Stack:
    """One to four convolutions, each with as many channels as the one before it gives."""
    channels = [int(c) for c in rng.integers(1, 7, size=rng.integers(2, 6))]
    return tuple(
        (inside, out, int(rng.integers(1, 6)), int(rng.integers(1, 4)), bool(rng.random() < 0.6))
        for inside, out in pairwise(channels)
    )


STACKS = (PLAIN, *(_drawn(np.random.default_rng(seed)) for seed in range(80)))


def _counted(
    weights: Callable[[int, int, int], int] = lambda i, o, k: i * o * k * k,
    biases: Callable[[int, int, int, bool], int] = lambda i, o, k, bias: o * bias,
    more: Callable[..., int] = lambda i, o, k, s, bias: 0,
) -> Callable[[Stack], int]:
    """The count with one thing done otherwise."""
    return lambda layers: sum(
        weights(i, o, k) + biases(i, o, k, bias) + more(i, o, k, s, bias)
        for i, o, k, s, bias in layers
    )


COUNT_PARAMETERS = Exercise(
    name="count_parameters",
    sections=("04_01_layer",),
    task="""
`layers` lists the convolutions of a stack, each as
`(in_channels, out_channels, kernel_size, stride, bias)`; kernels are square, and `bias` is True or
False. Return how many numbers training may change, as one whole number. For
`[(1, 4, 3, 1, True), (4, 2, 3, 2, True)]` that is 114.
""",
    stub="""
def count_parameters(layers):
    raise NotImplementedError
""",
    solution="""
def count_parameters(layers):
    count = 0
    for in_channels, out_channels, kernel_size, _, bias in layers:
        count += out_channels * in_channels * kernel_size**2
        if bias:
            count += out_channels
    return count
""",
    alternative="""
def count_parameters(layers):
    count = 0
    for in_channels, out_channels, kernel_size, _, bias in layers:
        count += np.zeros((out_channels, in_channels, kernel_size, kernel_size)).size
        count += np.zeros(out_channels if bias else 0).size
    return count
""",
    returns={"count": ""},
    shows="Your count holds every weight and every bias, and no hyper-parameter.",
    inputs=Inputs(
        arguments={"layers": STACKS},
        also=(
            {"layers": ((1, 1, 1, 1, False),)},
            {"layers": ((2, 3, 2, 1, True),)},
            {"layers": ((2, 3, 2, 1, False),)},
            {"layers": ((3, 2, 3, 2, True),)},
            {"layers": ((1, 8, 3, 1, True), (8, 8, 3, 1, True), (8, 2, 1, 1, False))},
        ),
        derived={
            "depth": lambda layers: len(layers),
            "in_channels": lambda layers: layers[0][0],
            "out_channels": lambda layers: layers[0][1],
            "kernel_size": lambda layers: layers[0][2],
            "stride": lambda layers: layers[0][3],
        },
    ),
    slips=(
        Slip(
            "biases forgotten",
            "Your count is right but for the biases, which it lacks: one number for each output "
            "channel of a layer whose bias is True.",
            (_counted(biases=lambda i, o, k, bias: 0),),
        ),
        Slip(
            "a bias where there is none",
            "Your count has biases in every layer. A layer whose bias is False has none.",
            (_counted(biases=lambda i, o, k, bias: o),),
        ),
        Slip(
            "one bias for a layer",
            "Your count has one bias for a whole layer. Every output channel adds a bias of its "
            "own.",
            (
                _counted(biases=lambda i, o, k, bias: int(bias)),
                _counted(biases=lambda i, o, k, bias: 1),
            ),
        ),
        Slip(
            "a bias for each input channel",
            "Your count has a bias for each input channel. A bias is added to an output: there "
            "are out_channels of them.",
            (
                _counted(biases=lambda i, o, k, bias: i * bias),
                _counted(biases=lambda i, o, k, bias: i * o * bias),
                _counted(biases=lambda i, o, k, bias: (i + o) * bias),
            ),
        ),
        Slip(
            "hyper-parameters counted",
            "Your count has hyper-parameters in it. A stride and a kernel's size are chosen before "
            "training and stay; only what lies in weight and bias is counted.",
            (
                _counted(more=lambda i, o, k, s, bias: s),
                _counted(more=lambda i, o, k, s, bias: k),
                _counted(more=lambda i, o, k, s, bias: k + s),
                _counted(more=lambda i, o, k, s, bias: k + s + bias),
                _counted(more=lambda i, o, k, s, bias: i + o + k + s),
                _counted(more=lambda i, o, k, s, bias: i + o + k + s + bias),
                _counted(more=lambda i, o, k, s, bias: 1),
                _counted(more=lambda i, o, k, s, bias: 2),
                _counted(more=lambda i, o, k, s, bias: 4),
                _counted(more=lambda i, o, k, s, bias: 5),
                lambda layers: sum(sum(layer) for layer in layers),
                lambda layers: sum(map(len, layers)),
            ),
        ),
        Slip(
            "kernel_size once",
            "Your count has kernel_size numbers in a kernel. It is a square: kernel_size rows of "
            "kernel_size numbers.",
            (
                _counted(lambda i, o, k: i * o * k),
                _counted(lambda i, o, k: i * o * k * 2),
            ),
        ),
        Slip(
            "input channels forgotten",
            "Your count has one square of numbers for an output channel. Its kernel has one such "
            "square for every input channel: weight is (out_channels, in_channels, kernel_size, "
            "kernel_size).",
            (_counted(lambda i, o, k: o * k * k),),
        ),
        Slip(
            "output channels forgotten",
            "Your count has one kernel for a layer. Every output channel has a kernel of its own.",
            (
                _counted(lambda i, o, k: i * k * k),
                _counted(lambda i, o, k: i * k * k, lambda i, o, k, bias: int(bias)),
            ),
        ),
        Slip(
            "channels added",
            "Your count adds the channels. Every output channel reads every input channel, so "
            "they are multiplied.",
            (_counted(lambda i, o, k: (i + o) * k * k),),
        ),
        Slip(
            "stride counted in",
            "Your count depends on the stride. A stride sets how far a window moves; the kernel "
            "keeps as many numbers.",
            (
                lambda layers: sum(i * o * k * k * s + o * b for i, o, k, s, b in layers),
                lambda layers: sum(i * o * k * k // s + o * b for i, o, k, s, b in layers),
                lambda layers: sum(i * o * k * k // s**2 + o * b for i, o, k, s, b in layers),
                lambda layers: sum(i * o * s * s + o * b for i, o, k, s, b in layers),
                lambda layers: sum((i * o * k * k + o * b) * s for i, o, k, s, b in layers),
                lambda layers: sum((i * o * k * k + o * b) // s for i, o, k, s, b in layers),
                lambda layers: sum(i * o * k * s + o * b for i, o, k, s, b in layers),
            ),
        ),
        Slip(
            "kernel left out",
            "Your count has one weight for each pair of channels. Each pair has a square of "
            "kernel_size by kernel_size weights.",
            (_counted(lambda i, o, k: i * o),),
        ),
        Slip(
            "bias the wrong way round",
            "Your count has biases where bias is False, and none where it is True.",
            (_counted(biases=lambda i, o, k, bias: o * (not bias)),),
        ),
        Slip(
            "layers multiplied",
            "Your count multiplies the layers' counts. Each layer has its own numbers beside the "
            "others': add them up.",
            (lambda layers: math.prod(_counted()((layer,)) for layer in layers),),
        ),
        Slip(
            "one layer alone",
            "Your count is that of one layer. Add up all of them, and return below the loop.",
            (
                lambda layers: _counted()(layers[:1]),
                lambda layers: _counted()(layers[-1:]),
            ),
        ),
        Slip(
            "arrays counted",
            "Your count is the number of arrays or layers. Count the numbers that lie in them.",
            (
                lambda layers: sum(1 + layer[4] for layer in layers),
                lambda layers: 2 * len(layers),
                lambda layers: len(layers),
            ),
        ),
    ),
    hints=(
        "Which shape has the weight of a convolution, and which its bias? The page prints both.",
        "A weight of shape (a, b, c, d) holds a * b * c * d numbers. Which of a layer's five "
        "values does this product need?",
        "For each layer add out_channels * in_channels * kernel_size * kernel_size, and if bias, "
        "out_channels more.",
    ),
)


def _inputs(x: Array, weights: Array, biases: Array) -> Array:
    """What each layer of the stack is given, and what comes out at the end, (L + 1, N, D)."""
    values = [x]
    for weight, bias in zip(weights, biases, strict=True):
        values.append(weight * values[-1] + bias)
    return np.array(values)


SEQUENTIAL_FORWARD = Exercise(
    name="sequential_forward",
    sections=("04_01_layer",),
    task="""
A stack of L layers. Layer *i* turns what it is given, `h`, into `weights[i] * h + biases[i]` and
hands that to layer *i + 1*. Layer 0 is given `x`, `(N, D)`: N examples of D numbers. `weights` and
`biases`, `(L, D)`, hold one number for each layer and column. Return `y`, what the last layer
returns, and `inputs`, what each layer was given, `(L, N, D)`. With x `[[2]]`, weights
`[[3], [10]]` and biases `[[1], [0]]`, y is `[[70]]` and inputs `[[[2]], [[7]]]`.
""",
    stub="""
def sequential_forward(x, weights, biases):
    raise NotImplementedError
""",
    solution="""
def sequential_forward(x, weights, biases):
    inputs = []
    for weight, bias in zip(weights, biases, strict=True):
        inputs.append(x)
        x = weight * x + bias
    return x, np.array(inputs)
""",
    alternative="""
def sequential_forward(x, weights, biases):
    inputs = np.zeros((len(weights), *x.shape), x.dtype)
    for i in range(len(weights)):
        inputs[i] = x if i == 0 else weights[i - 1] * inputs[i - 1] + biases[i - 1]
    return weights[-1] * inputs[-1] + biases[-1], inputs
""",
    returns={"y": "N D", "inputs": "L N D"},
    shows="Your stack hands each output on as the next input, and remembers what each was given.",
    inputs=Inputs(
        arguments={"x": "N D", "weights": "L D", "biases": "L D"},
        example={"N": 2, "D": 2, "L": 2},
        sizes={"N": range(1, 5), "D": range(1, 5), "L": range(1, 5)},
        also=({"N": 4, "D": 4, "L": 4}, {"N": 3, "D": 4, "L": 2}),
    ),
    slips=(
        Slip(
            "every layer is given x",
            "Your y is the last layer's work on x itself. It is given what the layer before it "
            "returned: keep one variable, and overwrite it in every round.",
            (lambda x, w, b: w[-1] * x + b[-1],),
            "y",
        ),
        Slip(
            "last layer first",
            "Your y goes through the layers from the last to the first. Going forward, layer 0 is "
            "the first.",
            (lambda x, w, b: _inputs(x, w[::-1], b[::-1])[-1],),
            "y",
        ),
        Slip(
            "bias before the weight",
            "Your y adds the bias first. The bias is added to the product: weights[i] * h + "
            "biases[i].",
            (lambda x, w, b: _inputs(x, w, w * b)[-1],),
            "y",
        ),
        Slip(
            "last layer left out",
            "Your y is what the last layer was given. It has not been through that layer yet.",
            (lambda x, w, b: _inputs(x, w, b)[-2],),
            "y",
        ),
        Slip(
            "all biases at the end",
            "Your y adds the biases after all the products. Each layer adds its own, and later "
            "layers multiply it too.",
            (lambda x, w, b: w.prod(axis=0) * x + b.sum(axis=0),),
            "y",
        ),
        Slip(
            "layers added up",
            "Your y is the sum of what each layer makes of x. They work one after the other.",
            (lambda x, w, b: sum(wi * x + bi for wi, bi in zip(w, b, strict=True)),),
            "y",
        ),
        Slip(
            "the first layer again and again",
            "Your y uses weights[0] and biases[0] in every round. Layer i has its own.",
            (lambda x, w, b: _inputs(x, 0 * w + w[0], 0 * b + b[0])[-1],),
            "y",
        ),
        Slip(
            "what came in is added",
            "Your y adds to each layer's result what it was given, or x. A layer returns "
            "weights[i] * h + biases[i] and no more.",
            (
                lambda x, w, b: _inputs(x, w + 1, b)[-1],
                lambda x, w, b: x + w.sum(axis=0) * x + b.sum(axis=0),
            ),
            "y",
        ),
        Slip(
            "outputs in place of inputs",
            "Your inputs holds what each layer returned. Append x before you compute the next one.",
            (lambda x, w, b: _inputs(x, w, b)[1:],),
            "inputs",
        ),
        Slip(
            "the output is kept too",
            "Your inputs ends with y, which no layer was given. There are L inputs, x and what the "
            "first L - 1 layers return.",
            (_inputs,),
            "inputs",
        ),
        Slip(
            "x at every place",
            "Your inputs is x everywhere. Layer 1 is given what layer 0 returned.",
            (lambda x, w, b: np.array([x] * len(w)),),
            "inputs",
        ),
        Slip(
            "one array many times",
            "Your inputs is y everywhere: the list holds one and the same array, which *= and += "
            "change in place. Write x = weight * x + bias, which makes a new one.",
            (lambda x, w, b: np.array([_inputs(x, w, b)[-1]] * len(w)),),
            "inputs",
        ),
        Slip(
            "every layer is given x",
            "Your inputs holds what single layers make of x. Layer 2 is given what layers 0 and 1 "
            "make of it, one after the other.",
            (
                lambda x, w, b: np.array([x, *(w[:-1, None] * x + b[:-1, None])]),
                lambda x, w, b: w[:, None] * x + b[:, None],
            ),
            "inputs",
        ),
        Slip(
            "last layer first",
            "Your inputs goes through the layers from the last to the first. Layer 0 is the first, "
            "and its input is x.",
            (
                lambda x, w, b: _inputs(x, w[::-1], b[::-1])[:-1],
                lambda x, w, b: _inputs(x, w[::-1], b[::-1])[-2::-1],
            ),
            "inputs",
        ),
        Slip(
            "x left out",
            "Your inputs lacks its first entry: layer 0 is given x.",
            (lambda x, w, b: _inputs(x, w, b)[1:-1],),
            "inputs",
        ),
    ),
    hints=(
        "What does layer 1 need that only layer 0 can give? Follow x = 2 through weights 3, 10 and "
        "biases 1, 0 on paper.",
        "One loop over the layers, one variable that holds what the next layer is given. When must "
        "it be put into the list: before or after the layer's work?",
        "for weight, bias in zip(weights, biases): inputs.append(x), then x = weight * x + bias. "
        "Return x and np.array(inputs).",
    ),
)


def _arrived(dy: Array, inputs: Array, weights: Array) -> Array:
    """The gradient at each layer's output, and last the one at x, (L + 1, N, D)."""
    grads = [dy]
    for weight in weights[::-1]:
        grads.append(grads[-1] * weight)
    return np.array([*grads[-2::-1], grads[-1]])


def _pulled(of: Callable[[Array, Array, Array], Array]) -> tuple[Callable[..., Any], ...]:
    """dweights and dbiases when what arrives at the layers is computed otherwise."""
    return (
        lambda dy, inputs, weights: (of(dy, inputs, weights) * inputs).sum(axis=1),
        lambda dy, inputs, weights: of(dy, inputs, weights).sum(axis=1),
    )


def _in_forward_order(dy: Array, inputs: Array, weights: Array) -> Array:
    return np.array([dy * weights[:i].prod(axis=0) for i in range(len(weights))])


def _past_its_own(dy: Array, inputs: Array, weights: Array) -> Array:
    return np.array([dy * weights[i:].prod(axis=0) for i in range(len(weights))])


def _same_everywhere(dy: Array, inputs: Array, weights: Array) -> Array:
    return np.broadcast_to(dy, inputs.shape)


def _at_each_output(dy: Array, inputs: Array, weights: Array) -> Array:
    return _arrived(dy, inputs, weights)[:-1]


def _of_both(name: str, hint: str, arrived: Callable[[Array, Array, Array], Array]) -> list[Slip]:
    """A slip in what arrives, as it shows in dweights and in dbiases."""
    parts = zip(("dweights", "dbiases"), _pulled(arrived), strict=True)
    return [Slip(name, hint, (answer,), part) for part, answer in parts]


CHAIN_BACKWARD = Exercise(
    name="chain_backward",
    sections=("04_01_layer",),
    task="""
The way back through the stack of `sequential_forward`. `dy`, `(N, D)`, is the gradient at the
stack's output; `inputs`, `(L, N, D)`, is what each layer was given; `weights` is `(L, D)`.
Return `dx`, the gradient at its input, `(N, D)`, and `dweights` and `dbiases`, arrays of
shape `(L, D)` in the order of the layers. The shares of the N examples add up.
With dy `[[1]]`, inputs `[[[2]], [[7]]]` and weights `[[3], [10]]`, dx is `[[30]]`, dweights
`[[20], [7]]` and dbiases `[[10], [1]]`.
""",
    stub="""
def chain_backward(dy, inputs, weights):
    raise NotImplementedError
""",
    solution="""
def chain_backward(dy, inputs, weights):
    dweights, dbiases = np.zeros_like(weights), np.zeros_like(weights)
    for i in reversed(range(len(weights))):
        dweights[i] = (dy * inputs[i]).sum(axis=0)
        dbiases[i] = dy.sum(axis=0)
        dy = dy * weights[i]  # what arrives at the layer before
    return dy, dweights, dbiases
""",
    alternative="""
def chain_backward(dy, inputs, weights):
    from_here = np.cumprod(weights[::-1], axis=0)[::-1]  # weights[i] * weights[i + 1] * ...
    after = np.concatenate([from_here[1:], np.ones_like(weights[:1])])
    return dy * from_here[0], after * (dy * inputs).sum(axis=1), after * dy.sum(axis=0)
""",
    returns={"dx": "N D", "dweights": "L D", "dbiases": "L D"},
    shows="Your gradient meets the last layer first, and leaves each layer its share on the way.",
    inputs=Inputs(
        arguments={"dy": "N D", "inputs": "L N D", "weights": "L D"},
        example={"N": 2, "D": 2, "L": 2},
        sizes={"N": range(1, 5), "D": range(1, 5), "L": range(1, 5)},
        also=({"N": 4, "D": 4, "L": 4}, {"N": 3, "D": 4, "L": 2}),
    ),
    slips=(
        Slip(
            "through the last layer alone",
            "Your dx has come through the last layer only. It goes on, through every layer down to "
            "the first.",
            (lambda dy, inputs, weights: dy * weights[-1],),
            "dx",
        ),
        Slip(
            "through the first layer alone",
            "Your dx has come through the first layer only. Before that it meets all the layers "
            "behind it.",
            (lambda dy, inputs, weights: dy * weights[0],),
            "dx",
        ),
        Slip(
            "stops before the first layer",
            "Your dx is what arrives at the first layer's output. It has not gone through that "
            "layer yet.",
            (lambda dy, inputs, weights: dy * weights[1:].prod(axis=0),),
            "dx",
        ),
        Slip(
            "stops at the loss",
            "Your dx is dy unchanged. Every layer multiplies by its weight, going back as well.",
            (lambda dy, inputs, weights: dy,),
            "dx",
        ),
        Slip(
            "inputs in place of weights",
            "Your dx multiplies by what a layer was given. How fast does weight * h rise when h "
            "rises? By the weight.",
            (
                lambda dy, inputs, weights: dy * inputs[0],
                lambda dy, inputs, weights: dy * inputs[-1],
                lambda dy, inputs, weights: dy * inputs.prod(axis=0),
            ),
            "dx",
        ),
        Slip(
            "weights added",
            "Your dx adds the layers' weights up. Each layer multiplies what the one behind it "
            "handed back.",
            (lambda dy, inputs, weights: dy * weights.sum(axis=0),),
            "dx",
        ),
        *_of_both(
            "forward order",
            "{your} sends the gradient through the layers from the first to the last: layer 0 "
            "gets dy as it came. The gradient starts behind the last layer, so the last layer "
            "comes first: reversed(range(len(weights))). dx comes out right either way here, since "
            "a product has no order.",
            _in_forward_order,
        ),
        *_of_both(
            "every layer gets dy",
            "{your} gives every layer dy itself. Only the last layer gets that; each other "
            "one gets what the layer behind it handed back.",
            _same_everywhere,
        ),
        *_of_both(
            "its own weight too early",
            "{your} has gone through the layer's own weight already. A layer's share is taken "
            "from what arrives at its output; multiply dy by weights[i] after that.",
            _past_its_own,
        ),
        *(
            Slip(
                "in the order of the way back",
                "{your} begins with the last layer. The shares were collected from the last "
                "layer to the first; turn them round at the end, or write them into place i.",
                (lambda dy, inputs, weights, of=of: of(dy, inputs, weights)[::-1],),
                part,
            )
            for part, of in zip(("dweights", "dbiases"), _pulled(_at_each_output), strict=True)
        ),
        Slip(
            "x at every layer",
            "Your dweights multiplies by x at every layer. Each weight met what its own layer was "
            "given: inputs[i].",
            (
                lambda dy, inputs, weights: (
                    _arrived(dy, inputs, weights)[:-1] * inputs[0]
                ).sum(axis=1),
            ),
            "dweights",
        ),
        Slip(
            "weight in place of input",
            "Your dweights multiplies by the weight. How fast does weight * h rise when the weight "
            "rises? By h, which is inputs[i].",
            (
                lambda dy, inputs, weights: (
                    _arrived(dy, inputs, weights)[:-1].sum(axis=1) * weights
                ),
            ),
            "dweights",
        ),
        Slip(
            "the input left out",
            "Your dweights is what dbiases should be. A weight multiplies its input, so its "
            "gradient does too.",
            (lambda dy, inputs, weights: _arrived(dy, inputs, weights)[:-1].sum(axis=1),),
            "dweights",
        ),
        Slip(
            "the input where there is none",
            "Your dbiases is what dweights should be. A bias is added and meets no input.",
            (lambda dy, inputs, weights: _pulled(_at_each_output)[0](dy, inputs, weights),),
            "dbiases",
        ),
        Slip(
            "one for each bias",
            "Your dbiases says how fast the output rises with the bias. The loss rises by dy for "
            "each 1 of that, and dy is no 1.",
            (
                lambda dy, inputs, weights: np.ones_like(weights),
                lambda dy, inputs, weights: np.full_like(weights, len(dy)),
            ),
            "dbiases",
        ),
        summed(
            "dweights", "L N D",
            lambda dy, inputs, weights: _arrived(dy, inputs, weights)[:-1] * inputs,
        ),
        summed(
            "dbiases", "L N D",
            lambda dy, inputs, weights: _arrived(dy, inputs, weights)[:-1],
        ),
    ),
    hints=(
        "dy is the gradient at the end of the stack. Of which layer is that the output, and so "
        "whose share can be computed first?",
        "For one layer the page has it: dx is dy * weight, dweight is dy * x added up over the "
        "examples, dbias is dy added up. Here x is inputs[i]. What is dy for the layer before?",
        "for i in reversed(range(len(weights))): dweights[i] = (dy * inputs[i]).sum(axis=0), "
        "dbiases[i] = dy.sum(axis=0), and only then dy = dy * weights[i].",
    ),
    points=2,
)  # fmt: skip
