"""A layer turns x into y and hands back the function that turns dy into dx.

    y, backward = layer.forward(x)        # layer(x) is y alone
    dx, grad = backward(dy)               # grad is a layer of the same kind
    model = model.map(lambda w, g: w - learning_rate * g, grad)

Every subclass of `Layer` becomes a frozen record (see `record.py`): its arrays are its parameters,
its other fields are hyper-parameters.

The way back remembers what it needs and copies none of it, as most arrays are never changed:
- A result that is remembered (of softmax, attention, rnn and gru) is read-only: `y *= 2` is an
  error, `y = 2 * y` makes a new array.
- An argument, such as the x of a linear layer, stays yours. Leave it as it is until you have called
  `backward`: draw the next batch into a new array, not into this one. Nothing in the library writes
  into an array that it was given or has returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from course_lib.errors import check_arrays, check_gradient, kind
from course_lib.record import Array, Record, check_declared_arrays

Backward = Callable[..., Any]


class Layer(Record):
    """An immutable record: its arrays are its parameters.

    What is declared as an array is one when the layer is constructed, of float32 or float64; all
    have one dtype, and those declared as `Array | None` may be None.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        check_declared_arrays(self)

    def __call__(self, *inputs: Any, **options: Any) -> Array:
        return self.forward(*inputs, **options)[0]

    def forward(self, x: Array) -> tuple[Array, Backward]:
        """Return y and `backward`, where `backward(dy)` returns dx and the gradient layer."""
        raise NotImplementedError(f"{type(self).__name__} has no forward.")

    def for_evaluation(self) -> Self:
        """The model to test with: a new one, in which dropout is off and BatchNorm is fixed.

        Nothing is switched; layers that behave differently in training are *replaced*. (PyTorch
        has `model.eval()`, which changes the model itself.)
        """
        parts = {name: _for_evaluation(value) for name, value in vars(self).items()}
        return self._with(**parts | {"_for_evaluation": True})  # `save` refuses such a model


def _for_evaluation(value: Any) -> Any:
    """What takes the place of a field."""
    if isinstance(value, tuple):
        return tuple([_for_evaluation(part) for part in value])
    return value.for_evaluation() if isinstance(value, Layer) else value


class Identity(Layer):
    """The layer that changes nothing.

        y = x

    Parameters
    ----------
    x : (...)

    Returns
    -------
    y : (...)
    backward : dy -> (dx, grad)         dx = dy

    Raises
    ------
    TypeError       if x is not a float32 or float64 array

    Examples
    --------
    >>> Identity()(np.ones(2))
    array([1., 1.])
    """

    def forward(self, x: Array) -> tuple[Array, Backward]:
        check_arrays("Identity", x=x)

        def backward(dy: Array) -> tuple[Array, Identity]:
            check_gradient("Identity", dy, x)
            return dy, self

        return x, backward


class Sequential(Layer):
    """Layers one after the other: the output of each is the input of the next.

        y = last(... second(first(x)))

    Parameters
    ----------
    layers : layers, as arguments

    Returns
    -------
    y                                   what the last layer returns
    backward : dy -> (dx, grad)         the layers' ways back, last layer first: the chain rule

    Raises
    ------
    TypeError       if an argument is not a layer
    ValueError      if the same layer stands at two places

    Examples
    --------
    >>> from course_lib import Linear, ReLU
    >>> model = Sequential(Linear(np.array([[1.0], [-1.0]]), None), ReLU())
    >>> model(np.array([[3.0]]))
    array([[3., 0.]])
    """

    layers: tuple[Layer, ...]

    _unnamed = "layers"

    def __init__(self, *layers: Layer):
        for i, layer in enumerate(layers):
            check_layer(
                "Sequential",
                f"argument {i}",
                layer,
                "pass the layers as arguments, Sequential(a, b), and functions as layers, ReLU()",
            )
        object.__setattr__(self, "layers", layers)
        self.__post_init__()

    def forward(self, x: Array) -> tuple[Array, Backward]:
        trail = []
        for layer in self.layers:
            x, layer_backward = layer.forward(x)
            trail.append(layer_backward)

        def backward(dy: Array) -> tuple[Array, Sequential]:  # the chain rule is this loop
            grads = []
            for layer_backward in reversed(trail):
                dy, grad = layer_backward(dy)
                grads.append(grad)
            return dy, self._with(layers=tuple(reversed(grads)))

        return x, backward


def check_layer(operation: str, name: str, value: Any, remedy: str) -> None:
    """The argument must be a layer.

    Examples
    --------
    >>> check_layer("fit", "model", 3, "give the model to train")
    Traceback (most recent call last):
    TypeError: fit: model is an int, not a layer; give the model to train.
    """
    if not isinstance(value, Layer):
        raise TypeError(f"{operation}: {name} is {kind(value)}, not a layer; {remedy}.")
