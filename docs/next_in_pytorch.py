"""The net of the capstone on vision, moved to PyTorch with its weights; one step agrees.

python docs/next_in_pytorch.py          needs PyTorch: pip install torch
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

import course_lib as lib
from course_lib.lessons.capstone_vision.nets import CHANNELS, residual_cnn


class Residual(nn.Module):
    """body(x) + x; `lib.Residual` names its parameters in the same way."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + x


def convolve(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding="same", bias=False), nn.BatchNorm2d(outputs)]


def past(channels: int) -> Residual:
    body = [*convolve(channels, channels), nn.ReLU(), *convolve(channels, channels)]
    return Residual(nn.Sequential(*body))


def the_same_net() -> nn.Sequential:
    wide = 2 * CHANNELS
    return nn.Sequential(
        *convolve(1, CHANNELS), nn.ReLU(),
        past(CHANNELS), nn.ReLU(),
        nn.MaxPool2d(2),
        *convolve(CHANNELS, wide), nn.ReLU(),
        past(wide), nn.ReLU(),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),  # lib.GlobalAvgPool
        nn.Linear(wide, 10),
    )  # fmt: skip


def largest_difference() -> float:
    """After one step of AdamW from the same weights on the same digits, over all parameters."""
    data = lib.digits(rng=np.random.default_rng(0))
    x, target = data.x_train[:64], data.y_train[:64]
    ours = residual_cnn(np.random.default_rng(0), np.float32)
    theirs = the_same_net()
    theirs.load_state_dict({name: torch.tensor(a) for name, a in ours.state_dict().items()})

    logits, backward = ours.forward(x)
    _, loss_backward = lib.cross_entropy(logits, target)
    _, grad = backward(loss_backward())
    # With a tiny eps the first step is the sign of each gradient, of mere rounding too.
    optimizer = lib.AdamW.init(ours, learning_rate=1e-3, eps=1e-4)
    ours, optimizer = optimizer.step(ours, grad)

    torch_optimizer = torch.optim.AdamW(theirs.parameters(), lr=1e-3, eps=1e-4)
    nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(target)).backward()
    torch_optimizer.step()

    there = theirs.state_dict()
    return max(
        float(np.abs(array - there[name].numpy()).max())
        for name, array in ours.state_dict().items()
    )


if __name__ == "__main__":
    print(f"largest difference after a step: {largest_difference():.1e}")
