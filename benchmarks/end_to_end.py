"""Five whole trainings in both libraries, from the same weights and on the same batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch

import course_lib
from benchmarks.ours import Ours
from benchmarks.peer import Torch, with_weights
from course_lib.data import Split
from course_lib.layer import Layer
from course_lib.record import Array

EARLY_STEPS, EARLY_TOLERANCE = 20, 1e-5  # of the first loss
LATE_TOLERANCE = 1e-2


@dataclass(frozen=True)
class Task:
    """One thing to learn, by a model that both libraries build from the same lines."""

    title: str
    data: Callable[[np.random.Generator], Split]
    model: Callable[[Any], Any]
    epochs: int
    learning_rate: float
    batch_size: int = 64

    def batches(self, count: int, rng: np.random.Generator) -> list[Array]:
        """The examples of every step."""
        return [
            batch
            for _ in range(self.epochs)
            for batch in np.array_split(rng.permutation(count), count // self.batch_size)
        ]

    def schedule(self, steps: int) -> Callable[[int], float]:
        """The learning rate of every step: up for a twentieth of them, then slowly down."""
        return course_lib.warmup_cosine(self.learning_rate, steps // 20, steps)


@dataclass(frozen=True)
class Outcome:
    """What a training took, its loss at every step, and the share of test answers it gets right."""

    seconds: float
    losses: Array
    accuracy: float


def train_ours(task: Task, model: Layer, data: Split, batches: Sequence[Array]) -> Outcome:
    optimizer = course_lib.Adam.init(model, learning_rate=task.schedule(len(batches)))
    losses = []
    start = perf_counter()
    for batch in batches:
        logits, backward = model.forward(data.x_train[batch])
        loss, loss_backward = course_lib.cross_entropy(logits, data.y_train[batch])
        _, grad = backward(loss_backward())
        model, optimizer = optimizer.step(model, grad)
        losses.append(float(loss))
    seconds = perf_counter() - start
    logits = model.for_evaluation()(data.x_test)
    return Outcome(seconds, np.array(losses), right(logits, data.y_test))


def train_torch(
    task: Task, module: torch.nn.Module, data: Split, batches: Sequence[Array]
) -> Outcome:
    x, y = torch.tensor(data.x_train), torch.tensor(data.y_train)
    indices = [torch.tensor(batch) for batch in batches]
    optimizer = torch.optim.Adam(module.parameters())
    rate = task.schedule(len(batches))
    losses = []
    start = perf_counter()
    for step, batch in enumerate(indices):
        optimizer.param_groups[0]["lr"] = rate(step)
        optimizer.zero_grad()
        logits = module(x[batch])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, -2), y[batch].flatten())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    seconds = perf_counter() - start
    with torch.no_grad():
        logits = module.eval()(torch.tensor(data.x_test)).numpy()
    return Outcome(seconds, np.array(losses), right(logits, data.y_test))


def right(logits: Array, target: Array) -> float:
    return float((logits.argmax(axis=-1) == target).mean())


def compare(task: Task, seeds: int = 5) -> dict[str, list[Outcome]]:
    """Train in both libraries in turns, once per seed; raise if their losses part too early."""
    outcomes: dict[str, list[Outcome]] = {Ours.title: [], Torch.title: []}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        data = task.data(rng)
        batches = task.batches(len(data.x_train), rng)
        model = task.model(Ours(seed))
        module = with_weights(task.model(Torch()), model.state_dict())
        outcomes[Ours.title].append(train_ours(task, model, data, batches))
        outcomes[Torch.title].append(train_torch(task, module, data, batches))
        check_losses(f"{task.title}, seed {seed}", *(o[-1].losses for o in outcomes.values()))
    return outcomes


def check_losses(what: str, losses: Array, reference: Array) -> None:
    """Raise unless the losses agree: to rounding at first, and in the mean of the last tenth.

    Rounding errors grow along the way, so that later single losses may differ; where training
    leads to may not.
    """
    early = np.abs(losses - reference)[:EARLY_STEPS].max() / reference[0]
    tail = max(1, len(losses) // 10)
    late = abs(losses[-tail:].mean() - reference[-tail:].mean()) / reference[0]
    if not (early <= EARLY_TOLERANCE and late <= LATE_TOLERANCE):
        raise ValueError(f"{what}: losses differ by {early:.1e} early and {late:.1e} at the end.")


# What is learnt


def digits(rng: np.random.Generator) -> Split:
    return course_lib.digits(rng=rng)


def flat_digits(rng: np.random.Generator) -> Split:
    data = digits(rng)
    return data._replace(x_train=data.x_train.reshape(-1, 64), x_test=data.x_test.reshape(-1, 64))


def curves(rng: np.random.Generator, count: int = 2500, length: int = 40) -> Split:
    """Ten shapes of 12 points, each example stretched, moved, tilted and noisy: (N, 1, length)."""
    shapes = np.random.default_rng(0).normal(size=(10, 12)).cumsum(axis=1)
    shapes -= shapes.mean(axis=1, keepdims=True)
    y = rng.integers(0, 10, count)
    width = rng.uniform(14, 24, (count, 1))
    start = rng.uniform(0, length - width)
    place = (np.arange(length) - start) / width * 11  # of each sample within the shape
    index = np.clip(place.astype(int), 0, 10)
    part = place - index
    rows = y[:, None]
    x = (1 - part) * shapes[rows, index] + part * shapes[rows, index + 1]
    x = np.where((place >= 0) & (place <= 11), x, 0) * rng.uniform(0.6, 1.4, (count, 1))
    x += rng.normal(size=(count, 1)) * np.linspace(-1, 1, length) + 0.2 * rng.normal(size=x.shape)
    x = x[:, None].astype(np.float32)
    return Split(x[500:], y[500:], x[:500], y[:500])


def sorting(length: int, count: int) -> Callable[[np.random.Generator], Split]:
    """Digits in any order; the answer is the same digits in order, one class per place."""

    def draw(rng: np.random.Generator) -> Split:
        x = rng.integers(0, 10, (count + 500, length))
        y = np.sort(x, axis=1)
        return Split(x[500:], y[500:], x[:500], y[:500])

    return draw


# What learns it: `nn` is either library


def digits_cnn(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def digits_mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))


def curves_cnn(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv1d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv1d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv1d(32, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(160, 10),
    )


def block(nn: Any, width: int, heads: int) -> list[Any]:
    """A transformer block: attend, then think, each beside a skip connection."""
    think = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
    return [
        nn.Residual(nn.Sequential(nn.LayerNorm(width), nn.MultiHeadAttention(width, heads))),
        nn.Residual(nn.Sequential(nn.LayerNorm(width), *think)),
    ]


def transformer(length: int, blocks: int, width: int = 32, heads: int = 4) -> Callable[[Any], Any]:
    return lambda nn: nn.Sequential(
        nn.Embedding(10, width),
        nn.LearnedPositionalEncoding(length, width),
        *(layer for _ in range(blocks) for layer in block(nn, width, heads)),
        nn.LayerNorm(width),
        nn.Linear(width, 10),
    )


TASKS = (
    Task("CNN on digits", digits, digits_cnn, epochs=10, learning_rate=1e-2),
    Task("MLP on digits", flat_digits, digits_mlp, epochs=30, learning_rate=3e-3),
    Task("Conv1d net on curves", curves, curves_cnn, epochs=15, learning_rate=1e-2),
    Task(
        "transformer sorting 8 digits",
        sorting(8, 6400),
        transformer(8, blocks=1),
        epochs=3,
        learning_rate=3e-3,
    ),
    Task(
        "transformer sorting 16 digits",
        sorting(16, 6400),
        transformer(16, blocks=2),
        epochs=3,
        learning_rate=3e-3,
    ),
)
