"""The building blocks of deep learning, forward and backward, in NumPy."""

from course_lib import plain
from course_lib.activation import (
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    tanh,
)
from course_lib.attention import attention_weights, scaled_dot_product_attention
from course_lib.batch_normalization import BatchNorm1d, BatchNorm2d, batch_norm
from course_lib.checkpoint import load, save
from course_lib.convolution import Conv1d, Conv2d, conv1d, conv2d, output_size
from course_lib.data import digits, photograph
from course_lib.dropout import Dropout, Dropout1d, Dropout2d, dropout, dropout1d, dropout2d
from course_lib.embedding import Embedding, embedding
from course_lib.evaluation import accuracy, predict_in_batches
from course_lib.gradcheck import gradcheck
from course_lib.history import History
from course_lib.initializer import (
    constant,
    kaiming_normal,
    kaiming_uniform,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from course_lib.layer import Identity, Layer, Sequential
from course_lib.linear import Linear, linear
from course_lib.loss import binary_cross_entropy_with_logits, cross_entropy, mse
from course_lib.multi_head_attention import MultiHeadAttention, merge_heads, split_heads
from course_lib.normalization import GroupNorm, LayerNorm, RMSNorm, group_norm, layer_norm, rms_norm
from course_lib.optimizer import SGD, Adam, AdamW, clip_by_norm, warmup_cosine
from course_lib.pooling import (
    AvgPool1d,
    AvgPool2d,
    Flatten,
    GlobalAvgPool,
    MaxPool1d,
    MaxPool2d,
    avg_pool1d,
    avg_pool2d,
    global_avg_pool,
    max_pool1d,
    max_pool2d,
)
from course_lib.positional import (
    LearnedPositionalEncoding,
    RotaryMultiHeadAttention,
    SinusoidalPositionalEncoding,
    rotary,
    sinusoidal_encoding,
)
from course_lib.receptive_field import (
    effective_receptive_field,
    measured_receptive_field,
    receptive_field,
)
from course_lib.recurrent import GRU, RNN, gru, rnn
from course_lib.residual import Residual
from course_lib.summary import Summary, summary
from course_lib.training import fit
from course_lib.transposed_convolution import (
    ConvTranspose1d,
    ConvTranspose2d,
    conv_transpose1d,
    conv_transpose2d,
    transposed_output_size,
)

__version__ = "0.1.0"

__all__ = [
    "GELU",
    "GRU",
    "RNN",
    "SGD",
    "Adam",
    "AdamW",
    "AvgPool1d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GlobalAvgPool",
    "GroupNorm",
    "History",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LearnedPositionalEncoding",
    "Linear",
    "LogSoftmax",
    "MaxPool1d",
    "MaxPool2d",
    "MultiHeadAttention",
    "RMSNorm",
    "ReLU",
    "Residual",
    "RotaryMultiHeadAttention",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalPositionalEncoding",
    "Softmax",
    "Summary",
    "Tanh",
    "accuracy",
    "attention_weights",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "clip_by_norm",
    "constant",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cross_entropy",
    "digits",
    "dropout",
    "dropout1d",
    "dropout2d",
    "effective_receptive_field",
    "embedding",
    "fit",
    "gelu",
    "global_avg_pool",
    "gradcheck",
    "group_norm",
    "gru",
    "kaiming_normal",
    "kaiming_uniform",
    "layer_norm",
    "leaky_relu",
    "linear",
    "load",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "measured_receptive_field",
    "merge_heads",
    "mse",
    "output_size",
    "photograph",
    "plain",
    "predict_in_batches",
    "receptive_field",
    "relu",
    "rms_norm",
    "rnn",
    "rotary",
    "save",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "sinusoidal_encoding",
    "softmax",
    "split_heads",
    "summary",
    "tanh",
    "transposed_output_size",
    "warmup_cosine",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
