"""What is saved comes back, and a crash leaves the old file whole."""

import errno
import os
import signal
import subprocess
import time

import numpy as np
import pytest

import course_lib as lib
from tests.child import child

RNG = np.random.default_rng


def model(seed=0):
    return lib.Sequential(lib.Linear.init(3, 2, rng=RNG(seed)), lib.ReLU())


def test_a_model_comes_back(tmp_path):
    lib.save(tmp_path / "model.npz", model(0))
    loaded = lib.load(tmp_path / "model.npz", model(1))
    for name, array in model(0).state_dict().items():
        np.testing.assert_array_equal(loaded.state_dict()[name], array)


@pytest.mark.parametrize("kind", [lib.Adam, lib.SGD])
def test_training_goes_on_as_if_it_had_not_stopped(tmp_path, kind):
    x, target = RNG(0).normal(size=(8, 3)).astype(np.float32), RNG(1).integers(0, 2, 8)

    def train(state, steps):
        m, optimizer = state
        for _ in range(steps):
            y, backward = m.forward(x)
            _, grad = backward(lib.cross_entropy(y, target)[1]())
            m, optimizer = optimizer.step(m, grad)
        return m, optimizer

    options = {"momentum": 0.9} if kind is lib.SGD else {}
    fresh = model(), kind.init(model(), learning_rate=0.1, **options)
    straight, _ = train(fresh, 10)
    half = train(fresh, 5)
    for name, record in zip(["model.npz", "optimizer.npz"], half, strict=True):
        lib.save(tmp_path / name, record)
    resumed = (
        lib.load(tmp_path / "model.npz", fresh[0]),
        lib.load(tmp_path / "optimizer.npz", fresh[1]),
    )
    resumed, _ = train(resumed, 5)
    for name, array in straight.state_dict().items():
        np.testing.assert_array_equal(resumed.state_dict()[name], array)


def test_an_evaluation_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="this model is for evaluation"):
        lib.save(tmp_path / "model.npz", model().for_evaluation())
    with pytest.raises(ValueError, match="this model is for evaluation"):
        lib.save(tmp_path / "model.npz", lib.Sequential(model().for_evaluation()))
    assert list(tmp_path.iterdir()) == []


def test_the_suffix_is_npz(tmp_path):
    with pytest.raises(ValueError, match=r"'model\.pkl' must end in \.npz"):
        lib.save(tmp_path / "model.pkl", model())


def test_a_pickle_inside_the_file_is_refused(tmp_path):
    np.savez(tmp_path / "model.npz", **{"0.weight": np.array([{}], object), "0.bias": np.ones(2)})
    with pytest.raises(ValueError, match="allow_pickle"):
        lib.load(tmp_path / "model.npz", model())


def test_another_model_is_refused_with_all_names(tmp_path):
    lib.save(tmp_path / "model.npz", model())
    other = lib.Sequential(lib.ReLU(), lib.Linear.init(3, 2, rng=RNG(0)))
    with pytest.raises(ValueError, match=r"missing 1\.weight .*; unknown 0\.weight"):
        lib.load(tmp_path / "model.npz", other)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    lib.save(path, model(0))

    def full(*arguments, **arrays):
        arguments[0].write(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        lib.save(path, model(1))
    monkeypatch.undo()
    np.testing.assert_array_equal(
        lib.load(path, model(2)).layers[0].weight, model(0).layers[0].weight
    )
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_a_process_killed_while_it_saves_leaves_a_whole_file(tmp_path):
    path = tmp_path / "model.npz"
    big = lib.Linear(np.zeros((400, 400)), None)
    lib.save(path, big)
    program = (
        "import numpy as np, course_lib as lib, itertools\n"
        "print('ready', flush=True)\n"
        "for i in itertools.count(1):\n"
        f"    lib.save({str(path)!r}, lib.Linear(np.full((400, 400), float(i)), None))\n"
    )
    for delay in (0.01, 0.03, 0.06):
        with child(program, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
        weight = lib.load(path, big).weight
        assert (weight == weight[0, 0]).all()
