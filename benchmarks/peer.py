"""PyTorch's side of the comparison: the same layers, weights and inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.cases import Case
from benchmarks.ours import Trial
from course_lib.record import Array


class Torch:
    """`Torch().Conv2d(1, 4, 3)` is `torch.nn.Conv2d(1, 4, 3)`; the rest is defined below."""

    title = "PyTorch"

    def __getattr__(self, name: str) -> Any:
        return globals()[name] if name in globals() else getattr(nn, name)


class MultiHeadAttention(nn.MultiheadAttention):
    """Batches first, and no averaged maps, which would keep PyTorch off its fast path."""

    def __init__(self, embed_dim: int, num_heads: int, *, dropout: float = 0.0):
        super().__init__(embed_dim, num_heads, dropout=dropout, batch_first=True)

    def forward(self, x: Tensor, *, causal: bool = False) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if causal else None
        return super().forward(x, x, x, need_weights=False, attn_mask=mask, is_causal=causal)[0]


class GlobalAvgPool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=tuple(range(2, x.ndim)))


class RNN(nn.RNN):
    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[0]


class GRU(nn.GRU):
    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[0]


class Residual(nn.Module):
    def __init__(self, body: nn.Module):
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class LearnedPositionalEncoding(nn.Module):
    def __init__(self, num_positions: int, embed_dim: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_positions, embed_dim))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight[: x.shape[1]]


class SinusoidalPositionalEncoding(nn.Module):
    def __init__(self, embed_dim: int, num_positions: int = 512):
        super().__init__()
        angles = torch.arange(num_positions)[:, None] / 1e4 ** (
            torch.arange(0, embed_dim, 2) / embed_dim
        )
        self.table = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


def with_weights(module: nn.Module, state: dict[str, Array]) -> nn.Module:
    """The module with the arrays that course_lib calls by the same names."""
    module.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return module


def layer_trial(module: nn.Module, inputs: tuple[Array, ...], dy: Array, call: dict) -> Trial:
    tensors = [torch.tensor(x) for x in inputs]
    first = tensors[0]  # a second input is a loss's target, which takes no gradient
    leaves = {"dx": first.requires_grad_()} if first.is_floating_point() else {}
    leaves |= dict(module.named_parameters())
    wanted = list(leaves.values())
    dtensor = torch.tensor(dy)

    def forward() -> Any:
        with torch.no_grad():
            return module(*tensors, **call)

    def step() -> Any:
        y = module(*tensors, **call)
        return y, *torch.autograd.grad(y, wanted, dtensor)

    def answers() -> dict[str, Array]:
        return {name: t.detach().numpy() for name, t in zip(["y", *leaves], step(), strict=True)}

    return Trial(forward, step, answers)


def optimizer_trial(case: Case) -> Trial:
    parameters = [nn.Parameter(torch.tensor(array)) for array in case.draw()]
    for p in parameters:
        p.grad = p.detach().sin()
    options = dict(case.options)
    if "learning_rate" in options:
        options["lr"] = options.pop("learning_rate")
    optimizer = getattr(torch.optim, case.name)(parameters, **options)

    def answers() -> dict[str, Array]:
        optimizer.step()
        return dict(enumerate(np.array(p.detach()) for p in parameters))

    return Trial(None, optimizer.step, answers)
