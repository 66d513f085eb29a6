"""A skip connection adds, and its + hands the gradient to both branches."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.activation import Tanh
from course_lib.convolution import Conv2d
from course_lib.dropout import Dropout
from course_lib.gradcheck import gradcheck
from course_lib.layer import Identity, Layer, Sequential
from course_lib.linear import Linear
from course_lib.residual import Residual


def plain(rng):
    return Residual(Sequential(Linear.init(4, 4, rng=rng, dtype=float), Tanh()))


def projected(rng):
    return Residual(
        Conv2d.init(3, 6, 3, padding=1, rng=rng, dtype=float),
        shortcut=Conv2d.init(3, 6, 1, bias=False, rng=rng, dtype=float),
    )


CASES = {"identity": (plain, (5, 4)), "projection": (projected, (2, 3, 5, 4))}
each_case = pytest.mark.parametrize(("make", "shape"), CASES.values(), ids=CASES)


@each_case
def test_the_output_is_the_sum_of_the_branches(make, shape):
    rng = np.random.default_rng(0)
    layer, x = make(rng), rng.normal(size=shape)
    skip = x if layer.shortcut is None else layer.shortcut(x)
    np.testing.assert_array_equal(layer(x), layer.body(x) + skip)


@each_case
def test_the_plus_hands_dz_to_both_branches(make, shape):
    rng = np.random.default_rng(1)
    layer, x = make(rng), rng.normal(size=shape)
    z, backward = layer.forward(x)
    dz = rng.normal(size=z.shape)
    dx, grad = backward(dz)
    dbody, body_grad = layer.body.forward(x)[1](dz)
    dskip, skip_grad = (layer.shortcut or Identity()).forward(x)[1](dz)
    np.testing.assert_array_equal(dx, dbody + dskip)
    assert type(grad) is Residual
    for name, array in body_grad.parameters().items():
        np.testing.assert_array_equal(grad.parameters()[f"body.{name}"], array)
    for name, array in skip_grad.parameters().items():
        np.testing.assert_array_equal(grad.parameters()[f"shortcut.{name}"], array)


@each_case
def test_the_backward_pass_agrees_with_differences(make, shape):
    rng = np.random.default_rng(2)
    assert gradcheck(make(rng), rng.normal(size=shape), rng=rng) < 1e-6


@each_case
def test_a_gradient_that_forgets_the_shortcut_is_caught(make, shape):
    class Forgetful(Residual):
        def forward(self, x):
            z, backward = super().forward(x)
            return z, lambda dz: (self.body.forward(x)[1](dz)[0], backward(dz)[1])

    rng = np.random.default_rng(3)
    layer = make(rng)
    wrong = Forgetful(layer.body, layer.shortcut)
    assert gradcheck(wrong, rng.normal(size=shape), rng=rng) > 1e-3


def test_a_body_of_zeros_is_the_identity_both_ways():
    layer = Residual(Linear(np.zeros((3, 3)), None))
    x = np.random.default_rng(4).normal(size=(2, 3))
    z, backward = layer.forward(x)
    np.testing.assert_array_equal(z, x)
    np.testing.assert_array_equal(backward(x)[0], x)


def test_a_hundred_blocks_do_not_make_the_gradient_vanish():
    rng = np.random.default_rng(5)
    small = [Linear(0.01 * rng.normal(size=(8, 8)), None) for _ in range(100)]
    x = rng.normal(size=(1, 8))
    plain_dx = Sequential(*small).forward(x)[1](x)[0]
    skip_dx = Sequential(*[Residual(body) for body in small]).forward(x)[1](x)[0]
    assert abs(plain_dx).max() < 1e-100
    assert abs(skip_dx).max() > 0.1


def test_names_are_body_and_shortcut():
    names = list(projected(np.random.default_rng(6)).state_dict())
    assert names == ["body.weight", "body.bias", "shortcut.weight"]
    assert list(plain(np.random.default_rng(6)).state_dict()) == ["body.0.weight", "body.0.bias"]


def test_both_branches_are_replaced_for_evaluation():
    rng = np.random.default_rng(7)
    layer = Residual(Dropout(0.5, rng=rng), Dropout(0.5, rng=rng))
    x = np.ones((4, 4))
    np.testing.assert_array_equal(layer.for_evaluation()(x), 2 * x)


def test_an_update_by_map_reaches_both_branches():
    rng = np.random.default_rng(8)
    layer, x = projected(rng), rng.normal(size=(2, 3, 4, 4))
    z, backward = layer.forward(x)
    new = layer.map(lambda w, g: w - g, backward(z)[1])
    old = layer.state_dict()
    assert all((array != old[name]).any() for name, array in new.state_dict().items())


def test_one_layer_cannot_be_both_branches():
    layer = Linear(np.eye(2), None)
    with pytest.raises(ValueError, match="the same Linear stands at body and at shortcut"):
        Residual(layer, layer)


def test_branches_of_different_shapes_ask_for_a_projection():
    rng = np.random.default_rng(9)
    layer = Residual(Conv2d.init(3, 6, 3, padding=1, rng=rng))
    sentence = (
        r"turns x \(2, 3, 5, 5\) into \(2, 6, 5, 5\) but the shortcut gives \(2, 3, 5, 5\).*"
        "Give a projection"
    )
    with pytest.raises(ValueError, match=sentence):
        layer(np.ones((2, 3, 5, 5), np.float32))
    with pytest.raises(ValueError, match="only equal shapes add"):  # and nothing broadcasts
        Residual(Linear(np.ones((1, 3)), None))(np.ones((2, 3)))


@pytest.mark.parametrize("arguments", [(np.tanh,), (Tanh(), 3), (None,), (Layer,)])
def test_what_is_no_layer_is_refused(arguments):
    with pytest.raises(TypeError, match="not a layer; chain layers with Sequential"):
        Residual(*arguments)


def test_a_gradient_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"Residual: dz has shape \(3,\)"):
        Residual(Tanh()).forward(np.ones(2))[1](np.ones(3))
