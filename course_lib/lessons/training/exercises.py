"""The exercises sgd_step, cross_entropy_forward, training_step and numerical_gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.engine.aside import quiet
from course_lib.engine.exercise import Exercise, Slip
from course_lib.engine.inputs import Inputs, draw
from course_lib.record import Array

SECTIONS = ("04_11_training",)


def _with_velocity(name: str, hint: str, *rules: Any) -> tuple[Slip, Slip]:
    """A wrong velocity, and the weight that takes its step."""

    def step(rule: Any) -> Any:
        return lambda w, g, v, rate, m: w - rate * rule(w, g, v, rate, m)

    return (
        Slip(name, hint, rules, "new_velocity"),
        Slip(name, hint, tuple(map(step, rules)), "new_weight"),
    )


SGD_STEP = Exercise(
    name="sgd_step",
    sections=SECTIONS,
    task="""
One step of gradient descent with momentum. `weight`, `grad` and `velocity` are `(D,)`. The velocity
keeps `momentum` times what it was, and the gradient is added to it; then the weight goes *against*
the new velocity, `learning_rate` times as far. Return the new weight and the new velocity, and
leave what you were given as it is.
""",
    stub="""
def sgd_step(weight, grad, velocity, learning_rate, momentum):
    raise NotImplementedError
""",
    solution="""
def sgd_step(weight, grad, velocity, learning_rate, momentum):
    new_velocity = momentum * velocity + grad
    new_weight = weight - learning_rate * new_velocity
    return new_weight, new_velocity
""",
    alternative="""
def sgd_step(weight, grad, velocity, learning_rate, momentum):
    new_weight, new_velocity = np.empty_like(weight), np.empty_like(velocity)
    for cell in np.ndindex(weight.shape):
        new_velocity[cell] = velocity[cell] * momentum + grad[cell]
        new_weight[cell] = weight[cell] - learning_rate * new_velocity[cell]
    return new_weight, new_velocity
""",
    returns={"new_weight": "D", "new_velocity": "D"},
    shows="Your step remembers where it was going, adds the gradient and goes downhill.",
    inputs=Inputs(
        arguments={
            "weight": "D",
            "grad": "D",
            "velocity": "D",
            "learning_rate": (0.1, 0.5, 1.0),
            "momentum": (0.9, 0.0, 0.5),
        },
        example={"D": 2},
    ),
    slips=(
        Slip(
            "ascends",
            "Your new_weight goes the way the loss rises. The gradient points uphill; subtract.",
            (
                lambda w, g, v, rate, m: w + rate * (m * v + g),
                lambda w, g, v, rate, m: w + rate * g,
            ),
            "new_weight",
        ),
        Slip(
            "steps with the old velocity",
            "Your new_weight moves by the velocity from before this gradient. Work out the new "
            "velocity first, then step by it.",
            (lambda w, g, v, rate, m: w - rate * v, lambda w, g, v, rate, m: w - rate * m * v),
            "new_weight",
        ),
        Slip(
            "momentum forgotten",
            "Your new_weight moves by the gradient alone. It moves by the velocity, in which "
            "earlier gradients live on.",
            (lambda w, g, v, rate, m: w - rate * g, lambda w, g, v, rate, m: w - g),
            "new_weight",
        ),
        Slip(
            "gradient used twice",
            "Your new_weight adds the gradient to the velocity and then once more. It is in the "
            "new velocity already.",
            (lambda w, g, v, rate, m: w - rate * (m * v + 2 * g),),
            "new_weight",
        ),
        Slip(
            "Nesterov's step",
            "Your new_weight looks one step ahead, as Nesterov's momentum does. Here the step is "
            "the plain new velocity.",
            (lambda w, g, v, rate, m: w - rate * (g + m * (m * v + g)),),
            "new_weight",
        ),
        *_with_velocity(
            "gradient averaged in",
            "{your} takes the share 1 - momentum of the gradient, as a running mean does. Here all "
            "of the gradient is added.",
            lambda w, g, v, rate, m: m * v + (1 - m) * g,
        ),
        *_with_velocity(
            "velocity keeps 1 - momentum",
            "{your} keeps 1 - momentum of the velocity. It keeps momentum times what it was.",
            lambda w, g, v, rate, m: (1 - m) * v + g,
            lambda w, g, v, rate, m: (1 - m) * v + m * g,
        ),
        *_with_velocity(
            "momentum times the gradient too",
            "{your} multiplies the gradient by momentum as well. Only the old velocity fades; the "
            "gradient is added to it whole.",
            lambda w, g, v, rate, m: m * (v + g),
        ),
        *_with_velocity(
            "velocity turned round",
            "{your} takes the gradient from the velocity. The velocity gathers gradients with "
            "their own sign; the minus stands in the step of the weight.",
            lambda w, g, v, rate, m: m * v - g,
            lambda w, g, v, rate, m: v - m * g,
        ),
        Slip(
            "velocity turned round",
            "Your new_weight is raised by a velocity from which the gradient was taken. Add the "
            "gradient to the velocity; the minus stands in the step of the weight.",
            (lambda w, g, v, rate, m: w + rate * (m * v - g),),
            "new_weight",
        ),
        Slip(
            "learning rate in the velocity",
            "{your} multiplies the gradient alone by the learning rate. The velocity gathers "
            "gradients as they are; the rate comes in when the weight moves, times all of it.",
            (
                lambda w, g, v, rate, m: m * v + rate * g,
                lambda w, g, v, rate, m: m * v - rate * g,
            ),
            "new_velocity",
        ),
        Slip(
            "learning rate in the velocity",
            "{your} multiplies the gradient alone by the learning rate. The velocity gathers "
            "gradients as they are; the rate comes in when the weight moves, times all of it.",
            (
                lambda w, g, v, rate, m: w - (m * v + rate * g),
                lambda w, g, v, rate, m: w + (m * v - rate * g),
            ),
            "new_weight",
        ),
        Slip(
            "the step in place of the velocity",
            "Your new_velocity is the step that the weight takes. The velocity is what the "
            "learning rate multiplies: return it without the rate.",
            (
                lambda w, g, v, rate, m: rate * (m * v + g),
                lambda w, g, v, rate, m: -rate * (m * v + g),
            ),
            "new_velocity",
        ),
        Slip(
            "the old velocity",
            "Your new_velocity is the velocity that you were given. Return the one that holds the "
            "new gradient as well.",
            (lambda w, g, v, rate, m: v,),
            "new_velocity",
        ),
    ),
    hints=(
        "Two lines: first the velocity, then the weight, which uses the velocity you just made.",
        "The new velocity is momentum * velocity + grad. With momentum 0 it is the gradient.",
        "The new weight is weight - learning_rate * new_velocity. Give both new names: with -= "
        "you would write into the arrays that you were given.",
    ),
)


def _exps(logits: Array, axis: int = -1) -> Array:
    return np.exp(logits - logits.max(axis, keepdims=True))


def _softmax(logits: Array, axis: int = -1) -> Array:
    exps = _exps(logits, axis)
    return exps / exps.sum(axis, keepdims=True)


def _surprise(logits: Array, target: Array) -> Array:
    """Minus the logarithm of the true class's probability, by example."""
    shifted = logits - logits.max(1, keepdims=True)
    return np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(target)), target]


def _scores(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Scores; where there are four examples so far apart that exp overflows and is 0."""
    return draw(rng, *shape) * (400 if shape[0] == 4 else 1)


def _of_true(values: Array, target: Array) -> Array:
    return values[np.arange(len(target)), target]


def _one_hot(target: Array, classes: int) -> Array:
    return np.eye(classes)[target]


def _together(x: Array) -> Array:
    """A softmax over the scores of all examples at once."""
    exps = np.exp(x - x.max())
    return exps / exps.sum()


def _binary(share: Array, target: Array) -> Array:
    true = _one_hot(target, share.shape[1])
    return -(true * np.log(share) + (1 - true) * np.log(1 - share))


def _naive(logits: Array, target: Array) -> Array:
    """As defined, whatever overflows."""
    exps = np.exp(logits)
    return -np.log(_of_true(exps / exps.sum(1, keepdims=True), target)).mean()


def _quiet(*answers: Any) -> tuple[Any, ...]:
    """The answers, without NumPy's warnings."""
    return tuple(map(quiet(), answers))


CROSS_ENTROPY_FORWARD = Exercise(
    name="cross_entropy_forward",
    sections=SECTIONS,
    task="""
`logits` `(N, C)` holds one score for each of C classes, `target` `(N,)` the true class's number.
Softmax turns the scores of a row into probabilities: `exp(score)`, divided by the sum over the row.
Return the mean, over the N examples, of minus the logarithm of the probability of the true class.
The scores may be in the thousands: `exp(1000)` is too large for any float.
""",
    stub="""
def cross_entropy_forward(logits, target):
    raise NotImplementedError
""",
    solution="""
def cross_entropy_forward(logits, target):
    shifted = logits - logits.max(axis=1, keepdims=True)  # the largest becomes 0
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    true_score = shifted[np.arange(len(target)), target]
    return np.mean(log_sum - true_score)
""",
    alternative="""
def cross_entropy_forward(logits, target):
    total = 0.0
    for scores, true in zip(logits, target, strict=True):
        total += np.logaddexp.reduce(scores) - scores[true]
    return total / len(target)
""",
    returns={"loss": ""},
    shows="Your loss is the mean surprise at the truth, and no score is too large for it.",
    inputs=Inputs(
        arguments={"logits": "N C", "target": "N"},
        example={"N": 2, "C": 3},
        sizes={"N": range(1, 5), "C": range(1, 5)},
        values={"logits": _scores, "target": lambda rng, shape, C: rng.integers(C, size=shape)},
        also=({"N": 4, "C": 3}, {"N": 4, "C": 4}, {"N": 3, "C": 3}),
    ),
    slips=(
        Slip(
            "softmax applied twice",
            "Your loss takes the softmax of probabilities. The scores go through softmax once.",
            (lambda logits, target: _surprise(_softmax(logits), target).mean(),),
        ),
        Slip(
            "summed over the examples",
            "Your loss is the sum over the examples; it would grow with the batch. Take the mean.",
            (lambda logits, target: _surprise(logits, target).sum(),),
        ),
        Slip(
            "sign forgotten",
            "Your loss is the mean logarithm itself, which is below 0 and falls as the guess gets "
            "worse. A loss has to rise: minus the logarithm.",
            (lambda logits, target: -_surprise(logits, target).mean(),),
        ),
        Slip(
            "exp overflows, or log of zero",
            "Your loss is right for small scores and breaks where scores are large: exp overflows, "
            "or a probability of 0 meets the logarithm. Subtract each row's largest score first, "
            "and take log(sum(exp)) - score instead of the logarithm of a quotient.",
            _quiet(
                lambda x, t: (
                    -np.log(_of_true(np.exp(x) / np.exp(x).sum(1, keepdims=True), t)).mean()
                ),
                lambda x, t: -np.log(_of_true(_softmax(x), t)).mean(),
                lambda x, t: (np.log(np.exp(x).sum(1)) - _of_true(x, t)).mean(),
            ),
        ),
        Slip(
            "not each row's largest subtracted",
            "Your loss subtracts something else than each row's own largest score, so some rows "
            "overflow, or have an exp of 0 everywhere. Take logits.max(axis=1, keepdims=True).",
            _quiet(
                lambda x, t: _naive(x - x.max(), t),
                lambda x, t: (np.log(np.exp(x - x.max()).sum(1)) - _of_true(x - x.max(), t)).mean(),
                lambda x, t: _naive(x - x.max(0), t),
                lambda x, t: _naive(x - x.mean(1, keepdims=True), t),
                lambda x, t: _naive(x - x.min(1, keepdims=True), t),
            ),
        ),
        Slip(
            "a small number inside the logarithm",
            "Your loss keeps the logarithm from 0 by a small number, added or as a lowest value, "
            "so a surprise of hundreds reads as some twenty. log(sum(exp)) - score needs none.",
            tuple(
                function
                for eps in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)
                for function in (
                    lambda x, t, eps=eps: -np.log(_of_true(_softmax(x), t) + eps).mean(),
                    lambda x, t, eps=eps: -np.log(np.maximum(_of_true(_softmax(x), t), eps)).mean(),
                    lambda x, t, eps=eps: (
                        -np.log(_of_true(np.clip(_softmax(x), eps, 1 - eps), t)).mean()
                    ),
                )
            ),
        ),
        Slip(
            "logarithm of the mean",
            "Your loss averages the probabilities and then takes the logarithm. Take the "
            "logarithm of each, then the mean.",
            _quiet(lambda x, t: -np.log(_of_true(_softmax(x), t).mean())),
        ),
        Slip(
            "softmax down the batch",
            "Your loss divides by the sum over the examples. The classes of one example compete: "
            "sum along each row.",
            _quiet(
                lambda x, t: _of_true(
                    np.log(np.exp(x - x.max(0)).sum(0)) - (x - x.max(0)), t
                ).mean(),
                lambda x, t: -np.log(_of_true(_softmax(x, 0), t)).mean(),
            ),
        ),
        Slip(
            "softmax over the whole batch",
            "Your loss divides by one sum over all examples. Each example has probabilities of its "
            "own: sum along each row, with axis=1.",
            _quiet(
                lambda x, t: np.mean(np.log(np.exp(x - x.max()).sum()) + x.max() - _of_true(x, t)),
                lambda x, t: -np.log(_of_true(_together(x), t)).mean(),
                lambda x, t: (
                    np.log(np.exp(x - x.max(1, keepdims=True)).sum())
                    - _of_true(x - x.max(1, keepdims=True), t)
                ).mean(),
                lambda x, t: -np.log(_of_true(_exps(x), t) / _exps(x).sum()).mean(),
            ),
        ),
        Slip(
            "the sum missing",
            "Your loss is the largest score less the true one: exp and log cancel. A probability "
            "is an exp divided by the sum of the row's exps.",
            _quiet(
                lambda x, t: (x.max(1) - _of_true(x, t)).mean(),
                lambda x, t: -np.log(np.exp(_of_true(x - x.max(1, keepdims=True), t))).mean(),
            ),
        ),
        Slip(
            "the largest subtracted in one place",
            "Your loss subtracts the row's largest score inside exp and not from the true score. "
            "Subtract it once, before either is used.",
            (
                lambda x, t: (
                    np.log(np.exp(x - x.max(1, keepdims=True)).sum(1)) - _of_true(x, t)
                ).mean(),
            ),
        ),
        Slip(
            "no logarithm",
            "Your loss is made of the probability itself, without its logarithm. Take minus the "
            "logarithm of the true class's probability, and then the mean.",
            (
                lambda x, t: -_of_true(_softmax(x), t).mean(),
                lambda x, t: _of_true(_softmax(x), t).mean(),
                lambda x, t: 1 - _of_true(_softmax(x), t).mean(),
            ),
        ),
        Slip(
            "log of 1 - probability",
            "Your loss takes the logarithm of 1 less the true class's probability. It is large "
            "where the guess is good: take the logarithm of the probability itself.",
            _quiet(lambda x, t: -np.log(1 - _of_true(_softmax(x), t)).mean()),
        ),
        Slip(
            "each class by itself",
            "Your loss asks of each class, yes or no, as sigmoid and binary cross-entropy do. Here "
            "the classes share one softmax, and only the true one's logarithm counts.",
            _quiet(
                lambda x, t: -np.log(1 / (1 + np.exp(-_of_true(x, t)))).mean(),
                lambda x, t: _binary(_softmax(x), t).mean(),
                lambda x, t: _binary(_softmax(x), t).sum() / len(x),
            ),
        ),
        Slip(
            "squared error",
            "Your loss is the squared distance to 1 at the true class and 0 elsewhere. "
            "Cross-entropy is minus the logarithm of one probability.",
            (
                lambda x, t: ((_softmax(x) - _one_hot(t, x.shape[1])) ** 2).mean(),
                lambda x, t: ((_softmax(x) - _one_hot(t, x.shape[1])) ** 2).sum() / len(x),
            ),
        ),
        Slip(
            "the share of wrong guesses",
            "Your loss counts wrong guesses, or right ones. Count the surprise instead, which also "
            "says how wrong a guess was.",
            (
                lambda x, t: np.mean(x.argmax(1) != t),
                lambda x, t: np.mean(x.argmax(1) == t),
            ),
        ),
        Slip(
            "exp of the loss",
            "Your loss is exp of the right one. The last step is the mean, with no exp behind it.",
            _quiet(lambda x, t: np.exp(_surprise(x, t).mean())),
        ),
        Slip(
            "every example with every target",
            "Your loss pairs each row with the targets of all rows: logits[:, target] is (N, N). "
            "logits[np.arange(N), target] takes one score from each row.",
            (lambda x, t: np.mean([_surprise(x, np.full(len(x), true)) for true in t]),),
        ),
        Slip(
            "classes counted from 1",
            "Your loss reads the class before the true one. The classes are numbered from 0, as "
            "columns are.",
            _quiet(
                lambda x, t: _surprise(x, t - 1).mean(),
                lambda x, t: -np.log(_of_true(_softmax(x), t - 1)).mean(),
            ),
        ),
        Slip(
            "one example only",
            "Your loss is the surprise of a single example. Go through all of them: a return "
            "inside the loop, or an index 0, ends with the first.",
            (
                lambda x, t: _surprise(x, t)[0],
                lambda x, t: _surprise(x, t)[-1],
                lambda x, t: _surprise(x, t)[0] / len(x),
            ),
        ),
        Slip(
            "no softmax",
            "Your loss is the true class's score with a minus. Without the other scores the model "
            "could raise all of them and call itself good.",
            (lambda x, t: -_of_true(x, t).mean(),),
        ),
        Slip(
            "over all classes",
            "Your loss adds up the surprise at every class. Only the true class's counts.",
            (
                lambda x, t: np.mean(
                    (np.log(np.exp(x - x.max(1, keepdims=True)).sum(1)) + x.max(1))[:, None] - x
                ),
                lambda x, t: (
                    (
                        (np.log(np.exp(x - x.max(1, keepdims=True)).sum(1)) + x.max(1))[:, None] - x
                    ).sum()
                    / len(x)
                ),
            ),
        ),
        Slip(
            "the most likely class instead of the true one",
            "Your loss looks at the class with the largest score. It is the true class whose "
            "probability counts, right or wrong.",
            (lambda x, t: _surprise(x, x.argmax(1)).mean(),),
        ),
        Slip(
            "another base",
            "Your loss uses the logarithm to another base. Take the natural one, np.log.",
            (
                lambda x, t: _surprise(x, t).mean() / np.log(2),
                lambda x, t: _surprise(x, t).mean() / np.log(10),
                *_quiet(
                    lambda x, t: -np.log2(_of_true(_softmax(x), t)).mean(),
                    lambda x, t: -np.log10(_of_true(_softmax(x), t)).mean(),
                ),
            ),
        ),
        Slip(
            "divided by the classes",
            "Your loss is the sum over the examples, divided by the number of classes. Divide by "
            "the number of examples, N.",
            (lambda x, t: _surprise(x, t).sum() / x.shape[1],),
        ),
        Slip(
            "averaged over the classes too",
            "Your loss is divided by the number of classes as well. There is one surprise for each "
            "example, and the mean is over the N examples.",
            (lambda x, t: _surprise(x, t).sum() / x.size,),
        ),
    ),
    hints=(
        "One example first: its surprise is log(sum of exp of all its scores) - its true score.",
        "Adding the same number to all scores of a row changes nothing, so subtract the row's "
        "largest: logits - logits.max(axis=1, keepdims=True). Then no exp is larger than 1.",
        "The true scores are shifted[np.arange(len(target)), target]; return the mean of "
        "np.log(np.exp(shifted).sum(axis=1)) minus them.",
    ),
    points=2,
)


def _residue(x: Array, target: Array, weight: Array, bias: Array) -> Array:
    return x @ weight.T + bias - target


def _dy(*args: Array) -> Array:
    error = _residue(*args)
    return 2 * error / error.size


def _stepped(
    x: Array, weight: Array, bias: Array, rate: float, error: Array
) -> tuple[Array, Array]:
    """The parameters after a step that takes the mean of `error` for the way back."""
    dy = error / error.size
    return weight - rate * dy.T @ x, bias - rate * dy.sum(0)


def _bias_after(x: Array, target: Array, weight: Array, bias: Array, rate: float) -> Array:
    """The bias stepped by the gradient that the new weight has."""
    weight = weight - rate * _dy(x, target, weight, bias).T @ x
    return bias - rate * _dy(x, target, weight, bias).sum(0)


def _weight_after(x: Array, target: Array, weight: Array, bias: Array, rate: float) -> Array:
    bias = bias - rate * _dy(x, target, weight, bias).sum(0)
    return weight - rate * _dy(x, target, weight, bias).T @ x


def _loss_after(x: Array, target: Array, weight: Array, bias: Array, rate: float) -> Array:
    dy = _dy(x, target, weight, bias)
    error = _residue(x, target, weight - rate * dy.T @ x, bias - rate * dy.sum(0))
    return (error**2).mean()


def _each_in_turn(
    share: float, x: Array, target: Array, weight: Array, bias: Array, rate: float
) -> tuple[Array, Array]:
    """A step after every example, with a share of its own mean as the loss."""
    for one, wanted in zip(x, target, strict=True):
        dy = share * _dy(one[None], wanted[None], weight, bias)
        weight, bias = weight - rate * dy.T @ one[None], bias - rate * dy.sum(0)
    return weight, bias


def _scaled_steps(part: str) -> tuple[Slip, ...]:
    """The step with a factor of the gradient wrong, or taken in another way."""
    given = part.removeprefix("new_")
    at = ("new_weight", "new_bias").index(part)

    def step(factor: Any) -> Any:
        def answer(x: Array, target: Array, weight: Array, bias: Array, rate: float) -> Array:
            dy = factor(x, target) * _dy(x, target, weight, bias)
            return weight - rate * dy.T @ x if part == "new_weight" else bias - rate * dy.sum(0)

        return answer

    return (
        Slip(
            "ascends",
            "{your} goes the way the loss rises. The gradient points uphill; subtract.",
            (step(lambda x, target: -1),),
            part,
        ),
        Slip(
            "the 2 of the square forgotten",
            "{your} makes half the step. The derivative of a square has a 2 in it.",
            (step(lambda x, target: 0.5),),
            part,
        ),
        Slip(
            "summed where the loss is a mean",
            "{your} steps by the gradient of the sum. The loss is the mean over all N * O "
            "numbers, so its gradient is divided by N * O.",
            (step(lambda x, target: target.size), step(lambda x, target: target.size / 2)),
            part,
        ),
        Slip(
            "divided by the examples only",
            "{your} divides by N. The loss is the mean over all N * O numbers.",
            (
                step(lambda x, target: target.shape[1]),
                step(lambda x, target: target.shape[1] / 2),
            ),
            part,
        ),
        Slip(
            "divided by the outputs only",
            "{your} divides by O. The loss is the mean over all N * O numbers.",
            (step(lambda x, target: len(x)), step(lambda x, target: len(x) / 2)),
            part,
        ),
        Slip(
            "not moved",
            f"{{your}} is the {given} that you were given. It moves too: take its own gradient, "
            "learning_rate times as far, from it.",
            (lambda *args: args[2 + at],),
            part,
        ),
        Slip(
            "the square in place of its slope",
            "{your} steps by the squared error. Its slope is what goes back: that of "
            "error**2 is 2 * error.",
            tuple(
                lambda x, t, w, b, rate, k=k: _stepped(
                    x, w, b, rate, k * _residue(x, t, w, b) ** 2
                )[at]
                for k in (1, 2)
            ),
            part,
        ),
        Slip(
            "a step after each example",
            f"{{your}} moves after each example, so later examples meet a moved {given}. This "
            "is one step: add up the gradients of all examples, then move.",
            (
                lambda *args: _each_in_turn(1.0, *args)[at],
                lambda *args: _each_in_turn(1 / len(args[0]), *args)[at],
            ),
            part,
        ),
        Slip(
            "the mean's division done twice",
            "{your} averages a gradient that the loss's mean has divided already.",
            (
                step(lambda x, target: 1 / len(x)),
                step(lambda x, target: 1 / target.size),
            ),
            part,
        ),
    )


TRAINING_STEP = Exercise(
    name="training_step",
    sections=SECTIONS,
    task="""
One whole step of a linear layer, all of it by hand. `x` is `(N, I)`, `target` is `(N, O)`, `weight`
is `(O, I)`, `bias` is `(O,)`. Forward: `y = x @ weight.T + bias`. Loss: the mean of
`(y - target)**2` over all N * O numbers. Backward: the gradients of that loss by weight and bias.
Update: both go against their gradient, `learning_rate` times as far. Return the loss *before* the
step, the new weight and the new bias.
""",
    stub="""
def training_step(x, target, weight, bias, learning_rate):
    raise NotImplementedError
""",
    solution="""
def training_step(x, target, weight, bias, learning_rate):
    error = x @ weight.T + bias - target  # (N, O)
    loss = np.mean(error**2)
    dy = 2 * error / error.size
    dweight, dbias = dy.T @ x, dy.sum(axis=0)  # both before anything moves
    return loss, weight - learning_rate * dweight, bias - learning_rate * dbias
""",
    alternative="""
def training_step(x, target, weight, bias, learning_rate):
    loss, count = 0.0, target.size
    new_weight, new_bias = weight.copy(), bias.copy()
    for n in range(len(x)):
        for o in range(len(bias)):
            error = x[n] @ weight[o] + bias[o] - target[n, o]
            loss += error**2 / count
            new_weight[o] -= learning_rate * 2 * error / count * x[n]
            new_bias[o] -= learning_rate * 2 * error / count
    return loss, new_weight, new_bias
""",
    returns={"loss": "", "new_weight": "O I", "new_bias": "O"},
    shows="Your step guesses, compares, goes back and updates: training is this, repeated.",
    inputs=Inputs(
        arguments={
            "x": "N I",
            "target": "N O",
            "weight": "O I",
            "bias": "O",
            "learning_rate": (0.1, 0.5, 1.0),
        },
        example={"N": 2, "I": 1, "O": 1},
        sizes={"N": range(1, 5), "I": range(1, 4), "O": range(1, 4)},
        also=({"N": 3, "I": 2, "O": 3}, {"N": 3, "I": 3, "O": 3}),
    ),
    slips=(
        Slip(
            "loss after the step",
            "Your loss is that of the new weights. Return the one that the gradients belong to, "
            "from before the step.",
            (_loss_after,),
            "loss",
        ),
        Slip(
            "loss summed",
            "Your loss is the sum of all squares. It is their mean.",
            (lambda x, t, w, b, rate: (_residue(x, t, w, b) ** 2).sum(),),
            "loss",
        ),
        Slip(
            "loss divided by the examples only",
            "Your loss is divided by N. It is the mean over all N * O numbers.",
            (lambda x, t, w, b, rate: (_residue(x, t, w, b) ** 2).sum() / len(x),),
            "loss",
        ),
        Slip(
            "loss not squared",
            "Your loss is the mean error, or its size. It is the mean of the squares.",
            (
                lambda x, t, w, b, rate: _residue(x, t, w, b).mean(),
                lambda x, t, w, b, rate: abs(_residue(x, t, w, b)).mean(),
            ),
            "loss",
        ),
        Slip(
            "square of the mean",
            "Your loss is the square of the mean error, in which errors up and down cancel. Square "
            "each error, then take the mean.",
            (lambda x, t, w, b, rate: _residue(x, t, w, b).mean() ** 2,),
            "loss",
        ),
        Slip(
            "root of the loss",
            "Your loss is the root of the mean square. Leave the square as it is.",
            (lambda x, t, w, b, rate: np.sqrt((_residue(x, t, w, b) ** 2).mean()),),
            "loss",
        ),
        Slip(
            "gradient of the new weight",
            "Your new_bias steps by a gradient that was worked out after the weight had moved. "
            "Work out both gradients first, then move both.",
            (_bias_after,),
            "new_bias",
        ),
        Slip(
            "gradient of the new bias",
            "Your new_weight steps by a gradient that was worked out after the bias had moved. "
            "Work out both gradients first, then move both.",
            (_weight_after,),
            "new_weight",
        ),
        Slip(
            "gradient not transposed",
            "Your new_weight takes x.T @ dy, which is (I, O). The weight is (O, I), and so is its "
            "gradient: dy.T @ x.",
            (lambda x, t, w, b, rate: w - rate * x.T @ _dy(x, t, w, b),),
            "new_weight",
        ),
        *_scaled_steps("new_weight"),
        *_scaled_steps("new_bias"),
        Slip(
            "the gradient itself",
            "Your new_weight is the gradient. Take it, times the learning rate, from the weight.",
            (lambda x, t, w, b, rate: _dy(x, t, w, b).T @ x,),
            "new_weight",
        ),
        Slip(
            "the gradient itself",
            "Your new_bias is the gradient. Take it, times the learning rate, from the bias.",
            (lambda x, t, w, b, rate: _dy(x, t, w, b).sum(0),),
            "new_bias",
        ),
    ),
    hints=(
        "Four lines: error = x @ weight.T + bias - target; the loss from it; the gradients from "
        "it; the two updates.",
        "The loss is the mean of error**2, so its gradient by y is dy = 2 * error / error.size.",
        "dweight = dy.T @ x and dbias = dy.sum(axis=0). Both come from the old parameters; then "
        "weight - learning_rate * dweight, and the same for the bias.",
    ),
    points=3,
)


def _loss(weight: Array, x: Array) -> float:
    return float(np.mean((x @ weight) ** 4))


def _nudged(weight: Array, x: Array, rule: Any) -> Array:
    grad = np.zeros(weight.shape)
    for i in range(len(weight)):
        grad[i] = rule(lambda by, i=i: _loss(weight + by * np.eye(len(weight))[i], x))
    return grad


def _by_rule(rule: Any) -> Any:
    """A wrong gradient: `rule(loss as a function of the nudge, step)` for each weight."""
    return lambda weight, x, step: _nudged(weight, x, lambda loss: rule(loss, step))


def _of_loss(loss: Any) -> Any:
    """The gradient, by nudging, of a wrong loss of (weight, x)."""

    def answer(weight: Array, x: Array, step: float) -> Array:
        nudges = step * np.eye(len(weight))
        rises = [loss(weight + nudge, x) - loss(weight - nudge, x) for nudge in nudges]
        return np.array(rises) / (2 * step)

    return answer


def _never_put_back(weight: Array, x: Array, step: float, left: float = -1.0) -> Array:
    weight, grad = weight.astype(float), np.zeros(len(weight))
    for i in range(len(weight)):
        weight[i] += step
        above = _loss(weight, x)
        weight[i] -= 2 * step
        grad[i] = (above - _loss(weight, x)) / (2 * step)
        weight[i] += (left + 1) * step
    return grad


NUMERICAL_GRADIENT = Exercise(
    name="numerical_gradient",
    sections=SECTIONS,
    task="""
A gradient without any calculus. The loss is `np.mean((x @ weight) ** 4)`, with `x` `(N, I)` and
`weight` `(I,)`. For each weight in turn: raise it by `step` and look at the loss, lower it by
`step` from where it was and look again; the difference, divided by the distance of the two places,
is this weight's gradient. All other weights stay. Return `grad`, of shape `(I,)`.
""",
    stub="""
def numerical_gradient(weight, x, step):
    raise NotImplementedError
""",
    solution="""
def numerical_gradient(weight, x, step):
    def loss(w):
        return np.mean((x @ w) ** 4)

    grad = np.zeros(weight.shape)
    for i in range(len(weight)):
        nudge = np.zeros(weight.shape)
        nudge[i] = step
        grad[i] = (loss(weight + nudge) - loss(weight - nudge)) / (2 * step)
    return grad
""",
    alternative="""
def numerical_gradient(weight, x, step):
    nudges = step * np.eye(len(weight))  # one nudged weight in each row
    above = np.mean((x @ (weight + nudges).T) ** 4, axis=0)
    below = np.mean((x @ (weight - nudges).T) ** 4, axis=0)
    return (above - below) / (2 * step)
""",
    returns={"grad": "I"},
    shows="Your nudges find a gradient without a formula: the judge of every backward pass.",
    inputs=Inputs(
        arguments={"weight": "I", "x": "N I", "step": (0.5, 1.0, 2.0)},
        example={"I": 2, "N": 1},
        sizes={"I": range(1, 5), "N": range(1, 4)},
        also=({"I": 3, "N": 3},),
    ),
    slips=(
        Slip(
            "divided by one step",
            "Your grad is twice too large. From one step below to one step above are two steps.",
            (_by_rule(lambda loss, step: (loss(step) - loss(-step)) / step),),
        ),
        Slip(
            "one-sided",
            "Your grad compares a nudged loss with the one in the middle. One nudge up and one "
            "down: the errors of both sides cancel.",
            (
                _by_rule(lambda loss, step: (loss(step) - loss(0)) / step),
                _by_rule(lambda loss, step: (loss(0) - loss(-step)) / step),
                _by_rule(lambda loss, step: (loss(step) - loss(0)) / (2 * step)),
            ),
        ),
        Slip(
            "not divided",
            "Your grad is the difference of the two losses. A slope is rise over run: divide by "
            "the distance.",
            (_by_rule(lambda loss, step: loss(step) - loss(-step)),),
        ),
        Slip(
            "halved instead of divided",
            "Your grad is half the difference, or multiplies by the step. Divide by 2 * step; in "
            "Python / 2 * step would divide and then multiply.",
            (
                _by_rule(lambda loss, step: (loss(step) - loss(-step)) / 2),
                _by_rule(lambda loss, step: (loss(step) - loss(-step)) / 2 * step),
                _by_rule(lambda loss, step: (loss(step) - loss(-step)) * 2 * step),
            ),
        ),
        Slip(
            "nudged by half a step",
            "Your grad nudges by half of step. Go a whole step up and a whole step down.",
            (_by_rule(lambda loss, step: (loss(step / 2) - loss(-step / 2)) / step),),
        ),
        Slip(
            "minus first",
            "Your grad has the opposite sign: the loss above, less the loss below.",
            (_by_rule(lambda loss, step: (loss(-step) - loss(step)) / (2 * step)),),
        ),
        Slip(
            "all weights nudged at once",
            "Your grad moves all weights together, so each gets the sum of all effects. One at a "
            "time, and the others stay.",
            (
                lambda weight, x, step: np.full(
                    weight.shape,
                    (_loss(weight + step, x) - _loss(weight - step, x)) / (2 * step),
                ),
                lambda weight, x, step: np.array(
                    (_loss(weight + step, x) - _loss(weight - step, x)) / (2 * step)
                ),
            ),
        ),
        Slip(
            "brackets forgotten",
            "Your grad divides the second loss alone: / comes before -. Put the difference of the "
            "two losses into brackets.",
            (_by_rule(lambda loss, step: loss(step) - loss(-step) / (2 * step)),),
        ),
        Slip(
            "both losses the same",
            "Your grad is 0 everywhere: the two losses are always the same. Do both see the "
            "weights, one raised and one lowered? up = weight copies nothing; weight.copy() does.",
            (lambda weight, x, step: np.zeros(weight.shape),),
        ),
        Slip(
            "another power",
            "Your grad belongs to a loss with another power than the fourth.",
            tuple(
                _of_loss(lambda w, x, power=power: np.mean((x @ w) ** power)) for power in (1, 2, 3)
            ),
        ),
        Slip(
            "the power at another place",
            "Your grad belongs to a loss in which the power stands at another place. First x @ "
            "weight, then the fourth power of each number, then the mean.",
            (
                _of_loss(lambda w, x: np.mean(x @ w) ** 4),
                _of_loss(lambda w, x: np.mean(x @ w**4)),
                _of_loss(lambda w, x: np.mean(x**4 @ w)),
            ),
        ),
        Slip(
            "* in place of @",
            "Your grad belongs to a loss with x * weight, which adds nothing up. x @ weight is one "
            "number for each example.",
            (_of_loss(lambda w, x: np.mean((x * w) ** 4)),),
        ),
        Slip(
            "weight not put back",
            "Your grad is right for the first weight and then goes on from a weight that was left "
            "where it had been nudged to. Put it back, or nudge a copy.",
            (
                _never_put_back,
                lambda weight, x, step: _never_put_back(weight, x, step, -3.0),
            ),
        ),
        Slip(
            "the exact gradient",
            "Your grad is the derivative itself, by formula or by a tiny step of your own. Use the "
            "step that you are given: two nudges can then judge any formula.",
            (lambda weight, x, step: 4 * ((x @ weight) ** 3) @ x / len(x),),
        ),
        Slip(
            "loss summed",
            "Your grad belongs to the sum over the examples. The loss is their mean.",
            (
                lambda weight, x, step: (
                    len(x)
                    * _nudged(weight, x, lambda loss: (loss(step) - loss(-step)) / (2 * step))
                ),
            ),
        ),
    ),
    hints=(
        "Write the loss as a function of the weights inside yours. Then a loop over i.",
        "In the loop: nudge = np.zeros(weight.shape), then nudge[i] = step. weight + nudge is a "
        "new array, so nothing has to be put back.",
        "grad[i] = (loss(weight + nudge) - loss(weight - nudge)) / (2 * step). The brackets "
        "around 2 * step matter.",
    ),
    points=2,
)
