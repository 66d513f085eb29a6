"""The exercises linear_forward and linear_backward; is_affine has a file of its own."""

from __future__ import annotations

import numpy as np

from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs
from course_lib.engine.slips import summed

SIZES = {"N": range(1, 5), "I": range(1, 5), "O": range(1, 5)}

LINEAR_FORWARD = Exercise(
    name="linear_forward",
    sections=("04_02a_linear",),
    task="""
Write the layer for a whole batch. `x` is `(N, I)`: N examples of I numbers, one example in each
row. `weight` is `(O, I)`, a row for each output; `bias` is `(O,)`. Return `y` of shape `(N, O)`:

```text
y[n, o] = bias[o] + sum over i of  weight[o, i] * x[n, i]
```

For `x = [[1, 2]]`, `weight = [[3, 4], [0, 1]]` and `bias = [10, 20]` that is `[[21, 22]]`.
""",
    stub="""
def linear_forward(x, weight, bias):
    raise NotImplementedError
""",
    solution="""
def linear_forward(x, weight, bias):
    return x @ weight.T + bias  # (N, I) @ (I, O) + (O,)
""",
    alternative="""
def linear_forward(x, weight, bias):
    y = np.zeros((len(x), len(weight)))
    for n in range(len(x)):
        for o in range(len(weight)):
            y[n, o] = bias[o]
            for i in range(x.shape[1]):
                y[n, o] += weight[o, i] * x[n, i]
    return y
""",
    returns={"y": "N O"},
    shows="Your layer weighs up all inputs for every output, one row of weights each.",
    inputs=Inputs(
        arguments={"x": "N I", "weight": "O I", "bias": "O"},
        example={"N": 1, "I": 2, "O": 2},
        sizes=SIZES,
        also=({"N": 3, "I": 3, "O": 3}, {"N": 4, "I": 4, "O": 4}, {"N": 2, "I": 3, "O": 3}),
    ),
    slips=(
        Slip(
            "weight not transposed",
            "Your y multiplies by weight itself. Output o has the row weight[o], and x @ weight "
            "would take columns: x @ weight.T.",
            (
                lambda x, weight, bias: x @ weight + bias,
                lambda x, weight, bias: x @ weight.reshape(weight.shape[::-1]) + bias,
            ),
        ),
        Slip(
            "bias added per row",
            "Your y adds one number of bias to each example. Each output has its own bias, so "
            "bias lies along the columns of y: + bias, without another axis.",
            (lambda x, weight, bias: x @ weight.T + bias[:, None],),
        ),
        Slip(
            "bias weighed too",
            "Your y adds bias to x and weighs it up with the rest. The bias is added to the sum, "
            "and no weight touches it.",
            (lambda x, weight, bias: (x + bias) @ weight.T,),
        ),
        Slip(
            "bias added to the weights",
            "Your y adds bias to weight before it multiplies, so that x weighs the bias as well. "
            "First the sum of the products, then the bias: mind the brackets.",
            (
                lambda x, weight, bias: x @ (weight.T + bias),
                lambda x, weight, bias: x @ (weight + bias[:, None]).T,
                lambda x, weight, bias: x @ (weight + bias).T,
            ),
        ),
        Slip(
            "the largest product",
            "Your y takes the largest of the products. All of them count: add them up.",
            (lambda x, weight, bias: (x[:, None] * weight).max(axis=2) + bias,),
        ),
        Slip(
            "bias multiplied",
            "Your y multiplies by bias. The bias is added, once, to the sum of the products.",
            (lambda x, weight, bias: x @ weight.T * bias,),
        ),
        Slip(
            "bent as well",
            "Your y is bent by a ReLU or another function on top. This layer ends with the bias.",
            (
                lambda x, weight, bias: np.maximum(x @ weight.T + bias, 0),
                lambda x, weight, bias: np.tanh(x @ weight.T + bias),
                lambda x, weight, bias: 1 / (1 + np.exp(-(x @ weight.T + bias))),
            ),
        ),
        Slip(
            "all biases at once",
            "Your y adds the sum, or the mean, of all biases to every output. Output o has "
            "bias[o].",
            (
                lambda x, weight, bias: x @ weight.T + bias.sum(),
                lambda x, weight, bias: x @ weight.T + bias.mean(),
            ),
        ),
        Slip(
            "sums before multiplying",
            "Your y adds up before it multiplies: the sum of an example's numbers times the sum of "
            "the weights. First each product, then their sum.",
            (
                lambda x, weight, bias: x.sum(1, keepdims=True) * weight.sum(1) + bias,
                lambda x, weight, bias: x.sum(1, keepdims=True) * weight.mean(1) + bias,
            ),
        ),
    ),
    hints=(
        "One example and one output first: how do you get y[0, 0] from x[0], weight[0] and "
        "bias[0]?",
        "Three loops do it, over n, o and i. Start y[n, o] at bias[o] and add one product after "
        "the other.",
        "As one product of matrices: the shapes (N, I) and (I, O) fit, and weight is (O, I). So "
        "turn it, weight.T, and add bias; NumPy adds it to every row.",
    ),
)

LINEAR_BACKWARD = Exercise(
    name="linear_backward",
    sections=("04_02a_linear",),
    task="""
The way back for a whole batch. `dy` is `(N, O)`: how fast the loss rises with each output. `x` is
`(N, I)` and `weight` `(O, I)`, as on the way there. Return `dx`, `dweight` and `dbias`, shaped like
`x`, `weight` and `(O,)`. All examples share weight and bias, so their shares are added up, not
averaged. For `dy = [[1], [1]]`, `x = [[2], [3]]` and `weight = [[10]]`: `dx` is `[[10], [10]]`,
`dweight` `[[5]]`, `dbias` `[2]`.
""",
    stub="""
def linear_backward(dy, x, weight):
    raise NotImplementedError
""",
    solution="""
def linear_backward(dy, x, weight):
    dx = dy @ weight  # (N, O) @ (O, I): each input hears from every output it went to
    dweight = dy.T @ x  # (O, N) @ (N, I): the product adds up over the examples
    return dx, dweight, dy.sum(axis=0)
""",
    alternative="""
def linear_backward(dy, x, weight):
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros(len(weight))
    for n in range(len(x)):
        for o in range(len(weight)):
            dx[n] += dy[n, o] * weight[o]
            dweight[o] += dy[n, o] * x[n]
            dbias[o] += dy[n, o]
    return dx, dweight, dbias
""",
    returns={"dx": "N I", "dweight": "O I", "dbias": "O"},
    shows="Your gradient goes back by the weights it came by, and adds up over the examples.",
    inputs=Inputs(
        arguments={"dy": "N O", "x": "N I", "weight": "O I"},
        example={"N": 2, "I": 1, "O": 1},
        sizes=SIZES,
        also=(
            {"N": 3, "I": 3, "O": 3},
            {"N": 4, "I": 4, "O": 4},
            {"N": 3, "I": 2, "O": 2},
            {"N": 2, "I": 2, "O": 3},
        ),
    ),
    slips=(
        Slip(
            "weight turned on the way back",
            "Your dx uses weight turned round, as the way there does. Back, dy[n, o] goes to input "
            "i times weight[o, i]: dy @ weight.",
            (
                lambda dy, x, weight: dy @ weight.T,
                lambda dy, x, weight: dy @ weight.reshape(weight.shape[::-1]).T,
                lambda dy, x, weight: weight.T @ dy,
            ),
            "dx",
        ),
        Slip(
            "x in place of weight",
            "Your dx multiplies dy by x. What an input did to the loss depends on the weights that "
            "took it there: dy[n, o] * weight[o].",
            (lambda dy, x, weight: dy.sum(axis=1, keepdims=True) * x,),
            "dx",
        ),
        Slip(
            "weight in place of x",
            "Your dweight multiplies dy by weight. What a weight did to the loss depends on the "
            "input that it met: dy[n, o] * x[n].",
            (lambda dy, x, weight: dy.sum(axis=0)[:, None] * weight,),
            "dweight",
        ),
        Slip(
            "sums before multiplying",
            "Your dx adds up dy and weight over the outputs and multiplies after. dy[n, o] belongs "
            "to weight[o]: first the products, then their sum.",
            (lambda dy, x, weight: np.outer(dy.sum(axis=1), weight.sum(axis=0)),),
            "dx",
        ),
        Slip(
            "dy left out",
            "Your dx adds up the weights without dy. Each output's weights count as much as the "
            "loss rises with that output: times dy.",
            (lambda dy, x, weight: np.zeros_like(x) + weight.sum(axis=0),),
            "dx",
        ),
        Slip(
            "one dx for all examples",
            "Your dx is the same for every example: dy was added up over them. Examples share the "
            "weights, and each has inputs of its own.",
            (
                lambda dy, x, weight: np.zeros_like(x) + dy.sum(axis=0) @ weight,
                lambda dy, x, weight: np.zeros_like(x) + dy.mean(axis=0) @ weight,
            ),
            "dx",
        ),
        Slip(
            "sums before multiplying",
            "Your dweight adds up dy and x over the examples and multiplies after. Each example's "
            "dy belongs to its own x: first the products, then their sum.",
            (
                lambda dy, x, weight: np.outer(dy.sum(axis=0), x.sum(axis=0)),
                lambda dy, x, weight: np.outer(dy.sum(axis=0), x.mean(axis=0)),
                lambda dy, x, weight: np.outer(dy.mean(axis=0), x.mean(axis=0)),
            ),
            "dweight",
        ),
        Slip(
            "dy left out",
            "Your dweight adds up x without dy. An input counts as much as the loss rises with the "
            "output it went to: times dy.",
            (lambda dy, x, weight: np.zeros_like(weight) + x.sum(axis=0),),
            "dweight",
        ),
        Slip(
            "a step taken",
            "Your dweight is weight less its gradient: a step of training. The gradient alone is "
            "asked for.",
            (lambda dy, x, weight: weight - dy.T @ x,),
            "dweight",
        ),
        Slip(
            "dy left out",
            "Your dbias is 1, or the number of examples. A bias is added to its output as it is, "
            "so it gets dy itself, added up over the examples.",
            (
                lambda dy, x, weight: np.ones(len(weight)),
                lambda dy, x, weight: np.full(len(weight), float(len(dy))),
            ),
            "dbias",
        ),
        summed("dbias", "N O", lambda dy, *rest: dy),
    ),
    hints=(
        "One example, one input, one output first: y = weight * x + bias. If the loss rises by dy "
        "for each 1 that y rises, how fast does it rise with x, with weight, with bias?",
        "Two loops, over n and o: dx[n] gets dy[n, o] * weight[o], dweight[o] gets dy[n, o] * "
        "x[n], and dbias[o] gets dy[n, o]; always with +=.",
        "As products of matrices, the shapes leave one way each: (N, I) from dy and weight, (O, I) "
        "from dy and x. dbias is dy summed over the examples, axis 0.",
    ),
    points=2,
)
