"""Six problem sets, one a block of the chapter; `new ps1 --set NAME` writes one, to be edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ProblemSet:
    """A title, as students read it, and the names of exercises in the order of the lessons."""

    title: str
    exercises: tuple[str, ...]


# of exercises whose worked answers do without the library: where it may be imported, an answer
# can call the layer that it was to write
SETS: Mapping[str, ProblemSet] = {
    "linear-convolution": ProblemSet(
        "Linear layers and convolution",
        (
            "linear_forward",
            "linear_backward",
            "conv_output_size",
            "conv1d_forward",
            "conv2d_forward",
        ),
    ),
    "activation-pooling": ProblemSet(
        "Activation and pooling",
        (
            "collapse_linear",
            "relu_forward",
            "relu_backward",
            "max_pool2d_forward",
            "max_pool_backward",
        ),
    ),
    "dropout-normalization": ProblemSet(
        "Dropout and normalisation",
        (
            "dropout_forward",
            "dropout_backward",
            "batch_norm_forward",
            "update_running_stats",
            "layer_norm_forward",
        ),
    ),
    "residual-training": ProblemSet(
        "Skip connections and training",
        (
            "gradient_through_depth",
            "residual_forward_backward",
            "cross_entropy_forward",
            "sgd_step",
            "training_step",
        ),
    ),
    "attention": ProblemSet(
        "Attention",
        (
            "softmax_forward",
            "attention_forward",
            "causal_mask",
            "split_heads_forward",
        ),
    ),
    "embedding-position": ProblemSet(
        "Embedding and position",
        ("embedding_backward", "add_or_concat", "sinusoidal_code", "relative_rotation"),
    ),
}
