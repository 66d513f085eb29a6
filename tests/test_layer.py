"""Sequential is the chain rule; modes are replacement."""

import numpy as np
import pytest

import course_lib as lib

RNG = np.random.default_rng


def small_model(rng):
    return lib.Sequential(
        lib.Linear.init(4, 3, rng=rng, dtype=np.float64),
        lib.ReLU(),
        lib.Linear.init(3, 2, rng=rng, dtype=np.float64),
    )


def test_calling_a_layer_is_its_forward_without_the_way_back():
    model, x = small_model(RNG(0)), RNG(1).normal(size=(5, 4))
    np.testing.assert_array_equal(model(x), model.forward(x)[0])


def test_sequential_is_the_composition_of_its_layers():
    model, x = small_model(RNG(0)), RNG(1).normal(size=(5, 4))
    a, b, c = model.layers
    np.testing.assert_array_equal(model(x), c(b(a(x))))


def test_sequential_backward_is_the_chain_rule():
    model, x = small_model(RNG(0)), RNG(1).normal(size=(5, 4))
    assert lib.gradcheck(model, x, rng=RNG(2)) < 1e-6


def test_a_backward_in_forward_order_fails_the_gradient_check():
    class WrongOrder(lib.Layer):
        first: lib.Layer
        second: lib.Layer

        def forward(self, x):
            h, first_backward = self.first.forward(x)
            y, second_backward = self.second.forward(h)

            def backward(dy):
                dy, dfirst = first_backward(dy)
                dx, dsecond = second_backward(dy)
                return dx, self._with(first=dfirst, second=dsecond)

            return y, backward

    def square(rng):
        return lib.Linear.init(3, 3, rng=rng, dtype=np.float64)

    model = WrongOrder(square(RNG(0)), square(RNG(1)))
    assert lib.gradcheck(model, RNG(2).normal(size=(2, 3)), rng=RNG(3)) > 1e-3


def test_an_empty_sequential_is_the_identity():
    x = RNG(0).normal(size=(2, 3))
    y, backward = lib.Sequential().forward(x)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(backward(x)[0], x)


@pytest.mark.parametrize("wrong", [[lib.ReLU()], lib.ReLU, np.tanh, None])
def test_sequential_takes_layers_and_rejects_anything_else(wrong):
    with pytest.raises(TypeError, match=r"Sequential: argument 0 is .*, not a layer"):
        lib.Sequential(wrong)


def test_evaluation_is_a_new_model_and_leaves_the_old_alone():
    class Noisy(lib.Layer):
        def forward(self, x):
            return x + 1, None

        def for_evaluation(self):
            return lib.Identity()

    model = lib.Sequential(Noisy(), lib.Sequential(Noisy()))
    evaluation = model.for_evaluation()
    assert evaluation(np.zeros(2)).tolist() == [0, 0]
    assert model(np.zeros(2)).tolist() == [2, 2]
    assert type(evaluation) is lib.Sequential


def test_a_layer_without_a_forward_says_so():
    class Nothing(lib.Layer):
        pass

    with pytest.raises(NotImplementedError, match="Nothing has no forward"):
        Nothing()(np.ones(1))
