"""`fit` learns, records, stops when asked, and never leaves a short batch over."""

import copy
import io
import re
import threading
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from types import SimpleNamespace

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
    x, target = points() if data is None else data
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
    assert repr(history).startswith("interrupted in epoch 3/8, at step 20, after 2 epochs")
    assert (trained.layers[1].layers[0].weight != model.layers[1].layers[0].weight).any()


# -- equal arguments, equal result ----------------------------------------------------------------


def restless(seed=3):
    """A model with everything that a forward pass changes: statistics and a generator."""
    rng = RNG(seed)
    return lib.Sequential(
        lib.Linear.init(2, 8, rng=rng),
        lib.BatchNorm1d.init(8),
        lib.ReLU(),
        lib.Dropout(0.3, rng=rng),
        lib.Linear.init(8, 2, rng=rng),
    )


def state_of(model):
    """Everything that can be told of a model: its arrays, statistics, and next random numbers."""
    draws = [
        copy.deepcopy(part.rng).random(3)
        for _, part in model._walk()
        if isinstance(part, lib.Dropout)
    ]
    return [*model.state_dict().values(), *draws]


def assert_same(one, two):
    for a, b in zip(state_of(one), state_of(two), strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


@pytest.mark.parametrize(
    "options", [{}, {"validation": points(40)}, {"epochs": 1, "clip_norm": 0.1}], ids=str
)
def test_equal_arguments_give_an_equal_result_and_leave_the_model_as_it_was(options):
    model, fresh = restless(), restless()
    optimizer = lib.Adam.init(model, learning_rate=0.05)
    (first, h1), (second, h2) = (
        train(model, optimizer=optimizer, rng=RNG(2), **options) for _ in range(2)
    )
    assert h1 == h2
    assert_same(first, second)
    assert_same(model, fresh)


def test_two_runs_of_two_epochs_are_one_run_of_four():
    model = restless()
    optimizer = lib.Adam.init(model, learning_rate=lib.warmup_cosine(0.05, 4, 40))
    whole, history = train(model, optimizer=optimizer, epochs=4)
    rng = RNG(2)
    half, first = train(model, optimizer=optimizer, epochs=2, rng=rng)
    rest, second = train(half, optimizer=first.optimizer, epochs=2, rng=rng)
    assert_same(rest, whole)
    assert first.loss + second.loss == history.loss
    assert int(second.optimizer.steps) == int(history.optimizer.steps) == 32


def test_a_learning_rate_of_zero_changes_nothing_but_the_statistics():
    model = classifier()
    trained, history = train(model, optimizer=lib.SGD.init(model, learning_rate=0.0))
    assert_same(trained, model)
    assert history.loss[0] == pytest.approx(history.loss[-1])


# -- what ends a run early ------------------------------------------------------------------------


class Trap(lib.Layer):
    """Passes everything on; what it is given happens at one call."""

    at: int
    happens: object
    calls: list

    def forward(self, x):
        self.calls.append(1)
        return (self.happens(x) if len(self.calls) == self.at else x), lambda dy: (dy, self)


def trapped(at, happens):
    """A model whose trap stands behind its BatchNorm, so that its statistics have changed."""
    parts = restless().layers
    return lib.Sequential(*parts[:2], Trap(at, happens, []), *parts[2:])


def fails(x):
    raise ValueError("no such batch")


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (fails, r"failed in epoch 3/8, at step 20 \(ValueError: no such batch\)"),
        (lambda x: x * np.nan, r"diverged in epoch 3/8, at step 20 \(the loss is nan\)"),
    ],
    ids=["an error", "a loss of nan"],
)
def test_what_ends_a_run_is_said_and_the_model_so_far_is_given_back(happens, said):
    with pytest.warns(RuntimeWarning, match=f"fit: {said}") as warned:
        trained, history = train(trapped(20, happens))
    assert warned[0].filename == __file__
    assert re.search(f"^{said}.*after 2 epochs; training loss", repr(history))
    assert type(history.error) in (ValueError, FloatingPointError)
    assert len(history.loss) == 2
    # the same run without the trap, as far: nothing of the batch that failed is left
    steps = int(history.optimizer.steps)
    assert steps == (19 if happens is fails else 18)  # the last model whose loss was finite

    def stop(x):
        raise KeyboardInterrupt

    expected, other = train(trapped(steps + 1, stop))
    assert other.interrupted
    assert_same(trained, expected)


def test_a_weight_that_overflows_ends_the_run_with_the_model_before():
    class Steep(lib.Layer):
        weight: np.ndarray
        calls: list

        def forward(self, x):
            self.calls.append(1)
            size = np.float32(np.inf if len(self.calls) == 5 else 0)
            return x, lambda dy: (dy, self._with(weight=size + np.zeros(1, np.float32)))

    model = lib.Sequential(Steep(np.ones(1, np.float32), []), classifier())
    with pytest.warns(RuntimeWarning, match=r"at step 5 \(0.weight is no longer finite\)"):
        trained, _ = train(model, optimizer=lib.SGD.init(model, learning_rate=0.1))
    assert trained.layers[0].weight == 1
    assert all(np.isfinite(array).all() for array in trained.parameters().values())


def test_too_large_steps_end_with_a_finite_model_and_the_remedy():
    model = classifier()
    with pytest.warns(RuntimeWarning, match="diverged .* try a smaller learning rate"):
        trained, history = train(model, optimizer=lib.SGD.init(model, learning_rate=1e30))
    assert all(np.isfinite(array).all() for array in trained.parameters().values())
    assert all(map(np.isfinite, history.loss))


@pytest.mark.parametrize("error", [ValueError, FloatingPointError])
def test_what_the_first_batch_raises_is_raised_for_there_is_nothing_to_save(error):
    def happens(x):
        raise error("no such batch")

    with pytest.raises(error, match="no such batch") as raised:
        train(trapped(1, happens))
    assert "in epoch 1/8, at step 1" in raised.value.__notes__[0]


def test_clipping_bounds_every_step():
    model = classifier()
    optimizer = lib.SGD.init(model, learning_rate=1.0)
    x, target = points()
    options = {"optimizer": optimizer, "epochs": 1, "batch_size": 120}
    free, _ = train(model, (100 * x, target), **options)
    clipped, _ = train(model, (100 * x, target), clip_norm=0.01, **options)

    def length(trained):
        moved = trained.map(np.subtract, model).parameters().values()
        return np.sqrt(sum((a.astype(float) ** 2).sum() for a in moved))

    assert length(free) > 0.1
    assert length(clipped) == pytest.approx(0.01, rel=1e-3)


# -- patience -------------------------------------------------------------------------------------


def test_patience_stops_after_the_best_epoch_and_gives_back_its_model():
    model, held_out = classifier(), points(60)
    wrong = (held_out[0], 1 - held_out[1])  # the better it learns, the worse it gets
    trained, history = train(model, validation=wrong, patience=3)
    assert repr(history).startswith("stopped early, after 4 epochs; the model is that of epoch 1")
    assert history.best_epoch == 1
    assert len(history.validation_loss) == 4
    expected, _ = train(model, epochs=1)
    assert_same(trained, expected)
    assert int(history.optimizer.steps) == 8
    value, _ = lib.cross_entropy(trained(wrong[0]), wrong[1])
    assert value == pytest.approx(min(history.validation_loss), rel=1e-5)
    assert f"accuracy {history.validation_accuracy[0]:.3f}" in repr(history)


def test_with_patience_the_best_model_comes_back_however_it_ends():
    x, target = points(60)
    for options in ({"patience": 8}, {"patience": 8, "epochs": 3}):
        _, history = train(validation=(x, 1 - target), **options)
        assert history.best_epoch == 1
        assert not history.stopped


# -- what is measured -----------------------------------------------------------------------------


def test_the_metric_is_accuracy_for_cross_entropy_and_can_be_left_out_or_chosen():
    def share_of_ones(y, target):
        return float(target.mean())

    held_out = points(60)
    _, by_default = train(validation=held_out)
    _, without = train(validation=held_out, metric=None)
    _, chosen = train(validation=held_out, metric=share_of_ones)
    assert by_default.metric == "accuracy"
    assert len(by_default.validation_accuracy) == 8
    assert without.validation_metric == ()
    assert repr(without).endswith(f"validation loss {without.validation_loss[-1]:.2g}")
    assert chosen.validation_metric == (held_out[1].mean(),) * 8
    assert chosen.validation_accuracy == ()
    assert "validation share_of_ones" in repr(chosen)


def test_a_model_with_one_score_is_measured_by_the_sign_of_its_score():
    rng = RNG(0)
    x, target = points(60)
    yes = target[:, None].astype(np.float32)
    model = lib.Linear.init(2, 1, rng=rng)
    trained, history = train(
        model, (x, yes), validation=(x, yes), loss=lib.binary_cross_entropy_with_logits
    )
    assert history.validation_accuracy[-1] == ((trained(x)[:, 0] > 0) == target).mean() > 0.9


def test_ignored_targets_are_left_out_of_every_number():
    x, target = points(120)
    target = np.where(np.arange(120) % 3 == 0, target, -1)
    loss = partial(lib.cross_entropy, ignore_index=-1)
    model = classifier()
    options = {"epochs": 1, "optimizer": lib.SGD.init(model, learning_rate=0.0), "loss": loss}
    # with one example a batch, two batches of three hold nothing that counts
    for batch_size in (1, 7, 120):
        _, history = train(
            model, (x, target), validation=(x, target), batch_size=batch_size, **options
        )
        counted = target >= 0
        right = lib.accuracy(model(x)[counted], target[counted])
        expected, _ = lib.cross_entropy(model(x)[counted], target[counted])
        assert history.loss[0] == pytest.approx(expected, rel=1e-5)
        assert history.validation_loss[0] == pytest.approx(expected, rel=1e-5)
        assert history.validation_accuracy == (right,)


def test_a_batch_in_which_nothing_counts_moves_nothing():
    x, _ = points(4)
    model = classifier()
    target = np.array([-1, -1, -1, 1])
    trained, _ = train(
        model,
        (x, target),
        epochs=1,
        batch_size=1,
        optimizer=lib.SGD.init(model, learning_rate=0.1),
        loss=partial(lib.cross_entropy, ignore_index=-1),
    )
    _, backward = model.forward(x[3:])
    _, grad = backward(lib.cross_entropy(model(x[3:]), target[3:])[1]())
    for name, array in model.map(lambda w, g: w - 0.1 * g, grad).parameters().items():
        np.testing.assert_allclose(trained.parameters()[name], array, rtol=1e-5, atol=1e-7)


# -- what is refused before the first step --------------------------------------------------------


def other_optimizer():
    rng = RNG(0)
    return lib.Adam.init(lib.Sequential(lib.Linear.init(2, 8, rng=rng)))


x60, target60 = points(60)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"optimizer": other_optimizer()}, ValueError, "cannot take a step of this model: map"),
        ({"validation": (x60, target60[:5])}, ValueError, "validation x has 60 examples and"),
        ({"validation": (x60, target60 + 2)}, ValueError, "classes from 2 to 3"),
        ({"validation": (x60[:, :1], target60)}, ValueError, "last axis of x"),
        ({"patience": 3}, ValueError, "there is no validation"),
        ({"patience": 0, "validation": points(9)}, ValueError, "patience must be at least 1"),
        ({"clip_norm": 0.0}, ValueError, "clip_norm must be positive"),
        ({"metric": lib.accuracy}, ValueError, "metric is measured on validation"),
        ({"metric": "loss"}, TypeError, "metric is 'loss', not a function"),
        (
            {"metric": lambda y, target: y, "validation": points(9)},
            TypeError,
            "metric returned an ndarray, not a number",
        ),
        (
            {"loss": partial(lib.cross_entropy, ignore_index=0), "data": (x60, 0 * target60)},
            ValueError,
            "all targets are 0, which the loss ignores",
        ),
        (
            {"loss": partial(lib.cross_entropy, reduction="none")},
            ValueError,
            r"loss returned \(15,\) numbers",
        ),
    ],
)
def test_what_can_be_checked_is_checked_before_the_first_step(options, error, sentence):
    seen = []

    class Seen(lib.Layer):
        def forward(self, x):
            seen.append(len(x))
            return x, lambda dy: (dy, self)

    model = lib.Sequential(Seen(), *classifier().layers)
    with pytest.raises(error, match=sentence):
        train(model, **options)
    assert 16 not in seen  # a batch of training examples


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


def test_a_notebooks_bar_starts_no_thread(monkeypatch):
    """In a browser Python has none, and a warning would stand below every training."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=None))
    monkeypatch.setattr("IPython.display.display", lambda *shown, **options: None)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    train(epochs=1, progress=True)
