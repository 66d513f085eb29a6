"""The building blocks of deep learning, forward and backward, in NumPy."""

from course_lib.activation import ReLU, relu
from course_lib.checkpoint import load, save
from course_lib.convolution import Conv1d, Conv2d, conv1d, conv2d, output_size
from course_lib.data import digits, photograph
from course_lib.gradcheck import gradcheck
from course_lib.initializer import kaiming_normal
from course_lib.layer import Identity, Layer, Sequential
from course_lib.linear import Linear, linear
from course_lib.loss import cross_entropy
from course_lib.optimizer import SGD, Adam
from course_lib.pooling import Flatten, MaxPool2d, max_pool2d
from course_lib.training import History, accuracy, fit, predict_in_batches

__all__ = [
    "SGD",
    "Adam",
    "Conv1d",
    "Conv2d",
    "Flatten",
    "History",
    "Identity",
    "Layer",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Sequential",
    "accuracy",
    "conv1d",
    "conv2d",
    "cross_entropy",
    "digits",
    "fit",
    "gradcheck",
    "kaiming_normal",
    "linear",
    "load",
    "max_pool2d",
    "output_size",
    "photograph",
    "predict_in_batches",
    "relu",
    "save",
]
