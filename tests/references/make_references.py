"""Ask PyTorch for the answers that the tests compare with, and store them beside this file.

    python -m tests.references.make_references           all
    python -m tests.references.make_references Conv2d    some

Needs PyTorch (the version is pinned in pyproject.toml); the tests that read the answers do not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.references.settings import (
    LOSSES,
    MODELS,
    OPTIMIZER_SHAPES,
    OPTIMIZER_STEPS,
    OPTIMIZERS,
    SCHEDULES,
    SETTINGS,
    Array,
    Setting,
    draw,
    gradient_at,
    sample,
)

FOLDER = Path(__file__).parent


def module(name: str, setting: Setting) -> Any:
    """PyTorch's layer of that name, in float64, the batch first."""
    from torch import nn

    if name == "GlobalAvgPool":
        axes = len(setting.inputs[0].shape) - 2
        return nn.Sequential(getattr(nn, f"AdaptiveAvgPool{axes}d")(1), nn.Flatten())
    options = dict(setting.options)
    if name in ("MultiHeadAttention", "RNN", "GRU"):
        options["batch_first"] = True
    kind = nn.MultiheadAttention if name == "MultiHeadAttention" else getattr(nn, name)
    return kind(*setting.arguments, **options).double()


def call(name: str, layer: Any, *inputs: Any, **options: Any) -> Any:
    """The layer's y, with inputs and options as the library takes them."""
    if name == "MultiHeadAttention":
        return attend(layer, *inputs, **options)
    if name in ("RNN", "GRU"):
        x, *h0 = inputs
        return layer(x, *(h[None] for h in h0))[0]
    return layer(*inputs, **options)


def attend(
    layer: Any,
    query: Any,
    key: Any = None,
    value: Any = None,
    mask: Any = None,
    key_padding_mask: Any = None,
    causal: Any = False,
) -> Any:
    """Attention whose masks allow, from PyTorch's, whose masks forbid."""
    import torch

    key = query if key is None else key
    value = key if value is None else value
    maps = (len(query), layer.num_heads, query.shape[1], key.shape[1])
    added = torch.zeros(maps, dtype=torch.float64)
    if mask is not None:
        mask = torch.from_numpy(mask)
        added = added.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else added + mask
    if causal:
        added = added + torch.full(maps[-2:], -torch.inf, dtype=torch.float64).triu(1)
    if key_padding_mask is not None:  # PyTorch wants both masks of one kind
        padding = torch.zeros(key_padding_mask.shape, dtype=torch.float64)
        key_padding_mask = padding.masked_fill(torch.from_numpy(key_padding_mask), -torch.inf)
    return layer(
        query,
        key,
        value,
        attn_mask=added.flatten(0, 1),
        key_padding_mask=key_padding_mask,
        need_weights=False,
    )[0]


def reference(name: str, seed: int, setting: Setting) -> dict[str, Array]:
    """y, the gradient of every input and parameter, and what BatchNorm does in evaluation."""
    import torch

    layer = module(name, setting)
    with torch.no_grad():
        for key, parameter in layer.named_parameters():
            parameter.copy_(torch.from_numpy(draw(seed, key, tuple(parameter.shape))))
    inputs = [torch.from_numpy(array) for array in setting.draw_inputs(seed)]

    def answers(prefix: str) -> dict[str, Array]:
        leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
        layer.zero_grad()
        y = call(name, layer, *leaves, **setting.forward)
        y.backward(torch.from_numpy(draw(seed, "dy", tuple(y.shape))))
        found = {"y": y, **{f"input {i}": x.grad for i, x in enumerate(leaves)}}
        found |= {key: parameter.grad for key, parameter in layer.named_parameters()}
        return {prefix + key: t.detach().numpy() for key, t in found.items() if t is not None}

    found = answers("")
    buffers = {f"then {key}": buffer.numpy().copy() for key, buffer in layer.named_buffers()}
    if buffers:
        layer.eval()
        evaluation = answers("evaluation ")
        found |= buffers | {key: evaluation[key] for key in ("evaluation y", "evaluation input 0")}
    return found


def loss_references() -> dict[str, Array]:
    """Every loss and its gradient, where each loss counts differently if there are many."""
    import torch
    from torch.nn import functional

    found = {}
    for seed, setting in enumerate(LOSSES):
        y = torch.from_numpy(setting.draw_y(seed)).requires_grad_()
        target = torch.from_numpy(setting.draw_target(seed))
        options = setting.draw_options(seed)
        if setting.name != "cross_entropy":
            name = {"mse": "mse_loss"}.get(setting.name, setting.name)
            loss = getattr(functional, name)(y, target, **options)
        else:
            if "weight" in options:
                options["weight"] = torch.from_numpy(options["weight"])
            loss = functional.cross_entropy(y.movedim(-1, min(1, y.ndim - 1)), target, **options)
        loss.backward(torch.from_numpy(draw(seed, "dloss", tuple(loss.shape))))
        found |= {f"{seed}/loss": loss.detach().numpy(), f"{seed}/dy": y.grad.numpy()}
    return found


def optimizer_references() -> dict[str, Array]:
    """Where the parameters are after each step."""
    import torch

    found = {}
    for seed, (name, options) in enumerate(OPTIMIZERS):
        parameters = {
            key: torch.from_numpy(draw(seed, key, shape)) for key, shape in OPTIMIZER_SHAPES.items()
        }
        options = dict(options)
        rate = {"lr": options.pop("learning_rate")} if "learning_rate" in options else {}
        optimizer = getattr(torch.optim, name)(parameters.values(), **options, **rate)
        trajectory: dict[str, list[Array]] = {key: [] for key in parameters}
        for step in range(OPTIMIZER_STEPS):
            for key, parameter in parameters.items():
                parameter.grad = torch.from_numpy(gradient_at(seed, step, key, parameter.numpy()))
            optimizer.step()
            for key, parameter in parameters.items():
                trajectory[key].append(parameter.numpy().copy())
        found |= {f"{seed}/{key}": np.stack(arrays) for key, arrays in trajectory.items()}
    return found


def schedule_references() -> dict[str, Array]:
    """The learning rate of every step, of a warm-up followed by a cosine."""
    import torch
    from torch.optim import lr_scheduler

    found = {}
    for seed, (peak, warmup, total) in enumerate(SCHEDULES):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=peak)
        climb = lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
        fall = lr_scheduler.CosineAnnealingLR(optimizer, total - warmup)
        schedule = lr_scheduler.SequentialLR(optimizer, [climb, fall], [warmup])
        rates = []
        for _ in range(total + 1):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        found[str(seed)] = np.array(rates)
    return found


def model_references() -> dict[str, Array]:
    """Whole models with their own first weights, as a `state_dict` holds them."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    models = {
        "cnn": nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, stride=2, bias=False), nn.BatchNorm2d(6), nn.GELU(),
            nn.Flatten(), nn.Linear(6, 10),
        ),
        "transformer block": nn.TransformerEncoderLayer(
            8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        ),
        "recurrent": nn.RNN(5, 7, batch_first=True),
        "embedding": nn.Sequential(nn.Embedding(11, 6), nn.LayerNorm(6), nn.Linear(6, 3)),
    }  # fmt: skip
    found = {}
    for name, model in models.items():
        model = model.double()
        x = torch.from_numpy(MODELS[name](0, name))
        for _ in range(3):  # running statistics have seen something
            model(x)
        found |= {f"{name}/state/{k}": v.numpy().copy() for k, v in model.state_dict().items()}
        x.requires_grad_(x.is_floating_point())
        y = model(x)
        y = y[0] if isinstance(y, tuple) else y
        y.backward(torch.from_numpy(draw(0, "dy", tuple(y.shape))))
        found[f"{name}/y"] = y.detach().numpy()
        found |= {f"{name}/grad/{k}": p.grad.numpy() for k, p in model.named_parameters()}
        if x.grad is not None:
            found[f"{name}/dx"] = x.grad.numpy()
        y = model.eval()(x)
        found[f"{name}/evaluation"] = (y[0] if isinstance(y, tuple) else y).detach().numpy()
    return found


def layer_references(name: str) -> dict[str, Array]:
    """One layer in all its settings."""
    return {
        f"{seed}/{key}": sample(array)
        for seed, setting in enumerate(SETTINGS[name])
        for key, array in reference(name, seed, setting).items()
    }


def main() -> None:
    others = {
        "losses": loss_references,
        "optimizers": optimizer_references,
        "schedules": schedule_references,
        "models": model_references,
    }
    for name in sys.argv[1:] or [*SETTINGS, *others]:
        arrays = others[name]() if name in others else layer_references(name)
        np.savez_compressed(FOLDER / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main()
