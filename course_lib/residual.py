"""A skip connection lets a signal pass by: the body only has to learn what to add."""

from __future__ import annotations

from course_lib.errors import check_gradient
from course_lib.layer import Backward, Identity, Layer, check_layer
from course_lib.record import Array

PASS = Identity()


class Residual(Layer):
    """The sum of what a body makes of x and x itself.

        z = body(x) + x                      or body(x) + shortcut(x), where shapes differ

    Parameters
    ----------
    body : Layer                             what is learnt, such as a `Sequential`
    shortcut : Layer, optional               a projection, such as `Conv2d.init(3, 6, 1, rng=rng)`

    Returns
    -------
    z                                        shaped like body(x)
    backward : dz -> (dx, grad)              dx = dz + the body's dx; with a shortcut, its dx in
                                             place of dz

    Raises
    ------
    TypeError        if body or shortcut is not a layer
    ValueError       in forward, if the two branches have different shapes

    Notes
    -----
    The + hands dz to both branches. The shortcut's slope is 1, so dx is dz plus what comes back
    through the body: it cannot vanish because the body's part does.
    [He et al., 2015, arXiv:1512.03385]

    Examples
    --------
    >>> from course_lib import Linear
    >>> layer = Residual(Linear(np.array([[0.1]]), None))
    >>> z, backward = layer.forward(np.array([[2.0]]))
    >>> z
    array([[2.2]])
    >>> dx, grad = backward(np.array([[1.0]]))
    >>> dx, grad.body.weight
    (array([[1.1]]), array([[2.]]))
    """

    body: Layer
    shortcut: Layer | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in vars(self).items():
            if name == "body" or value is not None:
                check_layer(
                    "Residual",
                    name,
                    value,
                    "chain layers with Sequential(a, b) and pass functions as layers, ReLU()",
                )

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y, body_backward = self.body.forward(x)
        skip, skip_backward = (self.shortcut or PASS).forward(x)
        if y.shape != skip.shape:
            raise ValueError(
                f"Residual: the body turns x {x.shape} into {y.shape} but the shortcut gives "
                f"{skip.shape}; only equal shapes add. Give a projection as the shortcut, such as "
                "Residual(body, shortcut=Conv2d.init(in_channels, out_channels, 1, rng=rng))."
            )
        z = y + skip

        def backward(dz: Array) -> tuple[Array, Residual]:  # the + hands dz to both branches
            check_gradient("Residual", dz, z, "dz")
            dx, dbody = body_backward(dz)
            dskip, dshortcut = skip_backward(dz)
            return dx + dskip, self._with(
                body=dbody, shortcut=None if self.shortcut is None else dshortcut
            )

        return z, backward
