"""The building blocks of deep learning, forward and backward, in NumPy."""

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
from course_lib.attention import (
    MultiHeadAttention,
    attention_weights,
    merge_heads,
    scaled_dot_product_attention,
    split_heads,
)
from course_lib.checkpoint import load, save
from course_lib.convolution import Conv1d, Conv2d, conv1d, conv2d, output_size
from course_lib.data import digits, photograph
from course_lib.dropout import Dropout, Dropout1d, Dropout2d, dropout, dropout1d, dropout2d
from course_lib.embedding import Embedding, embedding
from course_lib.gradcheck import gradcheck
from course_lib.initializer import kaiming_normal, kaiming_uniform, xavier_normal, xavier_uniform
from course_lib.layer import Identity, Layer, Sequential
from course_lib.linear import Linear, linear
from course_lib.loss import cross_entropy, mse
from course_lib.normalization import (
    BatchNorm1d,
    BatchNorm2d,
    GroupNorm,
    LayerNorm,
    RMSNorm,
    batch_norm,
    group_norm,
    layer_norm,
    rms_norm,
)
from course_lib.optimizer import SGD, Adam, AdamW, clip_by_norm, warmup_cosine
from course_lib.pooling import Flatten, MaxPool2d, max_pool2d
from course_lib.positional import (
    LearnedPositionalEncoding,
    RotaryMultiHeadAttention,
    SinusoidalPositionalEncoding,
    rotary,
    sinusoidal_encoding,
)
from course_lib.recurrent import RNN, rnn
from course_lib.residual import Residual
from course_lib.summary import Summary, summary
from course_lib.training import History, accuracy, fit, predict_in_batches

__all__ = [
    "GELU",
    "RNN",
    "SGD",
    "Adam",
    "AdamW",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "History",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LearnedPositionalEncoding",
    "Linear",
    "LogSoftmax",
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
    "batch_norm",
    "clip_by_norm",
    "conv1d",
    "conv2d",
    "cross_entropy",
    "digits",
    "dropout",
    "dropout1d",
    "dropout2d",
    "embedding",
    "fit",
    "gelu",
    "gradcheck",
    "group_norm",
    "kaiming_normal",
    "kaiming_uniform",
    "layer_norm",
    "leaky_relu",
    "linear",
    "load",
    "log_softmax",
    "max_pool2d",
    "merge_heads",
    "mse",
    "output_size",
    "photograph",
    "predict_in_batches",
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
    "warmup_cosine",
    "xavier_normal",
    "xavier_uniform",
]
