"""What a model is made of: one row per layer, with shapes, parameters and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from course_lib.layer import Layer, Sequential
from course_lib.record import Array


class Row(NamedTuple):
    """One layer of a model, as it ran."""

    name: str  # as in state_dict, "0" or "2.1"
    layer: str  # "Conv2d"
    output_shape: tuple[int, ...]
    parameters: int  # numbers that training changes
    memory: int  # bytes of its parameters and its output


@dataclass(frozen=True)
class Summary:
    """The rows of a model; it prints as a table."""

    input_shape: tuple[int, ...]
    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """All numbers that training changes."""
        return sum(row.parameters for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes of all parameters and of every layer's output."""
        return sum(row.memory for row in self.rows)

    def __repr__(self) -> str:
        head = ("", "layer", "output shape", "parameters", "memory")
        body = [
            (row.name, row.layer, str(row.output_shape), f"{row.parameters:,}", _size(row.memory))
            for row in self.rows
        ]
        first = ("", "input", str(self.input_shape), "", "")
        total = ("", "total", "", f"{self.parameters:,}", _size(self.memory))
        table = [head, first, *body, total]
        widths = [max(len(line[i]) for line in table) for i in range(len(head))]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if i > 2 else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        )


def summary(model: Layer, x: Array) -> Summary:
    """Run the model once and list its layers: output shape, parameters, memory.

    Parameters
    ----------
    model : Layer         a Sequential is taken apart, also inside another; other layers are one row
    x : array             an example batch

    Returns
    -------
    Summary               prints as a table; has .rows, .parameters and .memory

    Raises
    ------
    TypeError             if model is no layer, or x no array
    ValueError            if a layer cannot take what the one before it returns; it names the layer

    Notes
    -----
    The model stays as it is: running statistics and random generators are copied first. PyTorch
    leaves this to others, such as the package torchinfo.

    Examples
    --------
    >>> from course_lib import Linear, ReLU, Sequential
    >>> model = Sequential(Linear(np.ones((3, 2)), np.zeros(3)), ReLU())
    >>> summary(model, np.ones((5, 2)))
       layer   output shape  parameters   memory
       input   (5, 2)
    0  Linear  (5, 3)                 9  192 B
    1  ReLU    (5, 3)                 0  120 B
       total                          9  312 B
    """
    if not isinstance(model, Layer) or not isinstance(x, Array):
        raise TypeError(
            f"summary: model and x must be a layer and an array, not {type(model).__name__} and "
            f"{type(x).__name__}; call summary(model, x) with an example batch."
        )
    rows: list[Row] = []

    def visit(name: str, layer: Layer, x: Array) -> Array:
        if isinstance(layer, Sequential):
            for i, child in enumerate(layer.layers):
                x = visit(f"{name}.{i}" if name else str(i), child, x)
            return x
        kind = type(layer).__name__
        try:
            y = layer(x)
        except (TypeError, ValueError) as error:
            place = f"layer {name} ({kind})" if name else kind
            raise ValueError(
                f"summary: {place} cannot take the shape {x.shape}. {error}"
            ) from error
        arrays = layer.parameters().values()
        count = sum(array.size for array in arrays)
        memory = y.nbytes + sum(array.nbytes for array in arrays)
        rows.append(Row(name, kind, y.shape, count, memory))
        return y

    visit("", model.map(lambda w: w), x)
    return Summary(x.shape, tuple(rows))


def _size(count: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.3g} {unit}"
        count = count / 1024  # type: ignore[assignment]
    return f"{count:.3g} GiB"
