"""`fit` learns, records, stops when asked, and never leaves a short batch over."""

import io
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest

import course_lib as lib

RNG = np.random.default_rng


def points(n=120):
    x = RNG(0).normal(size=(n, 2)).astype(np.float32)
    return x, (x[:, 0] > x[:, 1]).astype(int)


def classifier(seed=1):
    rng = RNG(seed)
    return lib.Sequential(
        lib.Linear.init(2, 8, rng=rng), lib.ReLU(), lib.Linear.init(8, 2, rng=rng)
    )


def train(model=None, data=None, **options):
    model = model or classifier()
    x, target = data or points()
    given = {
        "optimizer": lib.Adam.init(model, learning_rate=0.05),
        "epochs": 8,
        "batch_size": 16,
        "rng": RNG(2),
    }
    return lib.fit(model, x, target, **(given | options))


class Spy(lib.Layer):
    """Records the length of every batch that passes."""

    lengths: list

    def forward(self, x):
        self.lengths.append(len(x))
        return x, lambda dy: (dy, self)


def test_fit_learns():
    _, history = train(validation=points(60))
    assert history.loss[-1] < history.loss[0] / 3
    assert history.validation_accuracy[-1] > 0.95
    assert len(history.loss) == len(history.validation_loss) == 8


def test_fit_returns_a_new_model_and_leaves_the_old():
    model = classifier()
    before = {name: array.copy() for name, array in model.state_dict().items()}
    train(model)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_the_same_seed_gives_the_same_model():
    (first, h1), (second, h2) = train(), train()
    assert h1 == h2
    np.testing.assert_array_equal(first.layers[0].weight, second.layers[0].weight)


@pytest.mark.parametrize(
    ("n", "batch_size", "smallest", "largest"),
    [(1347, 64, 64, 65), (100, 64, 50, 50), (7, 64, 7, 7), (33, 16, 16, 17)],
)
def test_no_short_batch_is_left_over(n, batch_size, smallest, largest):
    x = np.zeros((n, 2), np.float32)
    spy = Spy([])
    model = lib.Sequential(spy, lib.Linear.init(2, 2, rng=RNG(0)))
    lib.fit(
        model,
        x,
        np.zeros(n, int),
        optimizer=lib.SGD.init(model, learning_rate=0.1),
        epochs=1,
        batch_size=batch_size,
        rng=RNG(0),
    )
    assert sum(spy.lengths) == n
    assert (min(spy.lengths), max(spy.lengths)) == (smallest, largest)


def test_every_epoch_sees_every_example_in_a_new_order():
    seen = []

    class Keep(lib.Layer):
        def forward(self, x):
            seen.append(x[:, 0].astype(int).tolist())
            return x, lambda dy: (dy, self)

    x = np.stack([np.arange(10.0), np.zeros(10)], axis=1)
    model = lib.Sequential(Keep(), lib.Linear.init(2, 2, rng=RNG(0), dtype=np.float64))
    train(model, (x, np.zeros(10, int)), epochs=2, batch_size=10)
    assert sorted(seen[0]) == sorted(seen[1]) == list(range(10))
    assert seen[0] != seen[1]


def test_ctrl_c_returns_the_model_so_far_and_says_so_first():
    class Impatient(lib.Layer):
        calls: list

        def forward(self, x):
            self.calls.append(1)
            if len(self.calls) == 20:  # 8 batches an epoch: in the third epoch
                raise KeyboardInterrupt
            return x, lambda dy: (dy, self)

    model = lib.Sequential(Impatient([]), classifier())
    trained, history = train(model)
    assert history.interrupted
    assert repr(history).startswith("interrupted after 2 epochs")
    assert (trained.layers[1].layers[0].weight != model.layers[1].layers[0].weight).any()


def test_a_loss_that_is_not_finite_names_the_step_and_the_remedy():
    model = classifier()
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=r"the loss is \S+ at step \d+.*learning rate"),
    ):
        train(model, optimizer=lib.SGD.init(model, learning_rate=1e30), epochs=20)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"data": (np.ones((3, 2), np.float32), np.zeros(4, int))}, "3 examples and target 4"),
        ({"data": (np.ones((0, 2), np.float32), np.zeros(0, int))}, "at least one"),
        ({"epochs": 0}, r"epochs \(0\)"),
        ({"batch_size": 0}, r"batch_size \(0\)"),
    ],
)
def test_bad_input_is_named(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        train(**options)


def test_fit_prints_nothing_where_nobody_watches():
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        train()
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_the_history_reads_as_one_line():
    history = lib.History((2.0, 0.5), (1.0, 0.6), (0.5, 0.9))
    assert repr(history) == (
        "trained for 2 epochs; training loss 2 -> 0.5; validation accuracy 0.900"
    )


def test_regression_targets_have_no_accuracy():
    class Scale(lib.Layer):
        weight: np.ndarray

        def forward(self, x):
            return x * self.weight, lambda dy: (
                dy * self.weight,
                self._with(weight=(dy * x).sum(axis=0)),
            )

    def squared_error(y, target):
        return ((y - target) ** 2).mean(), lambda: 2 * (y - target) / y.size

    x = RNG(0).normal(size=(50, 1))
    model = Scale(np.zeros(1))
    trained, history = lib.fit(
        model,
        x,
        3 * x,
        optimizer=lib.SGD.init(model, learning_rate=0.1),
        epochs=30,
        rng=RNG(1),
        loss=squared_error,
        validation=(x, 3 * x),
    )
    assert trained.weight[0] == pytest.approx(3, abs=0.02)
    assert "accuracy" not in repr(history)


def test_predicting_in_batches_equals_predicting_at_once():
    model, (x, _) = classifier(), points(50)
    np.testing.assert_allclose(lib.predict_in_batches(model, x, 7), model(x), rtol=1e-5)


def test_accuracy_counts_right_rows():
    logits = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    assert lib.accuracy(logits, np.array([1, 1, 1])) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="one class per row"):
        lib.accuracy(logits, np.array([1, 1]))


def test_accuracy_of_a_single_score_asks_for_its_sign():
    scores = np.array([[5.0], [7.0], [-3.0], [0.0]])
    assert lib.accuracy(scores, np.array([1, 1, 0, 0])) == 1
    assert lib.accuracy(scores, np.array([0, 0, 0, 0])) == 0.5
    with pytest.raises(ValueError, match=r"classes from 0 to 2, but .* has the classes 0 to 1"):
        lib.accuracy(scores, np.array([0, 1, 2, 0]))


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("target", [0, 1])
def test_accuracy_never_counts_what_is_no_number_as_right(classes, target):
    scores = np.zeros((4, classes))
    scores[:, 0] = np.nan
    assert lib.accuracy(scores, np.full(4, target)) == 0


@pytest.mark.parametrize("wrong", [-1, -100, 3])
def test_accuracy_refuses_a_target_that_is_no_class(wrong):
    with pytest.raises(ValueError, match="leave out rows that do not count"):
        lib.accuracy(np.eye(3), np.array([0, wrong, 1]))
