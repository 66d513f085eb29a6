"""What is saved comes back, and a crash leaves the old file whole."""

import errno
import io
import os
import signal
import subprocess
import time
import traceback
import zipfile

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


def spoilt_files():
    """Files that are not what `save` wrote, and what is said of them."""
    good = io.BytesIO()
    np.savez(good, **model().state_dict())
    good = good.getvalue()
    pickled, other = io.BytesIO(), io.BytesIO()
    np.savez(pickled, **{"0.weight": np.array([{}], object)})
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02}q\x00.")
    array = io.BytesIO()
    np.save(array, np.ones(3))
    flipped = bytearray(good)
    flipped[good.index(b"\n") + 3] ^= 255  # the first number
    damaged = "is cut off or damaged, or holds what is no array of numbers"
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    return {
        "pointer": (pointer, "is a Git LFS pointer.*git lfs pull"),
        "empty": (b"", r"is empty\.$"),
        "cut off": (good[:-40], damaged),
        "cut off early": (good[:2], damaged),
        "flipped": (bytes(flipped), damaged),
        "an object": (pickled.getvalue(), damaged),
        "another archive": (other.getvalue(), damaged),
        "one array": (array.getvalue(), "is a single array, an .npy file under another name"),
        "junk": (b"\x00\x01junk", "is no .npz file"),
        "text": (b"hello", "is no .npz file"),
    }


@pytest.mark.parametrize("name", spoilt_files())
def test_a_file_that_save_did_not_write_is_named(tmp_path, name):
    content, said = spoilt_files()[name]
    path = tmp_path / "my model.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"^load: my model\.npz {said}") as raised:
        lib.load(path, model())
    shown = "".join(traceback.format_exception(raised.value))
    assert "pickle" not in shown.replace("is no array", "")
    assert str(tmp_path) not in str(raised.value)


def test_no_flipped_bit_and_no_cut_goes_further_than_one_error(tmp_path):
    path = tmp_path / "model.npz"
    lib.save(path, model())
    good = path.read_bytes()
    cuts = [good[:i] for i in range(0, len(good), 7)]
    flips = [
        good[:i] + bytes([good[i] ^ 2 ** (i % 8)]) + good[i + 1 :] for i in range(0, len(good), 3)
    ]
    for content in cuts + flips:
        path.write_bytes(content)
        try:
            loaded = lib.load(path, model(1))
        except ValueError:
            continue
        for name, array in loaded.state_dict().items():  # the bit did not matter
            np.testing.assert_array_equal(array, model().state_dict()[name])


class Named(lib.Layer):
    file: np.ndarray
    allow_pickle: np.ndarray
    self: np.ndarray


def test_no_name_of_an_array_is_taken(tmp_path):
    layer = Named(np.ones(2), np.zeros(3), np.ones(()))
    lib.save(tmp_path / "model.npz", layer)
    loaded = lib.load(tmp_path / "model.npz", layer.map(lambda array: array + 1))
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(loaded.state_dict()[name], array)
    with np.load(tmp_path / "model.npz") as arrays:
        assert set(arrays) == {"file", "allow_pickle", "self"}


@pytest.mark.skipif(os.name == "nt", reason="modes and links are those of Unix")
def test_a_new_file_has_the_mode_of_any_new_file_and_an_old_one_keeps_its_own(tmp_path):
    path = tmp_path / "model.npz"
    before = os.umask(0o027)
    try:
        lib.save(path, model())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    lib.save(path, model(1))
    assert path.stat().st_mode & 0o777 == 0o604


@pytest.mark.skipif(os.name == "nt", reason="modes and links are those of Unix")
def test_a_link_stays_one(tmp_path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "model.npz"
    link.symlink_to("far/model.npz")
    for seed in (0, 1):  # there is no file yet, then there is
        lib.save(link, model(seed))
        assert link.is_symlink()
        assert os.listdir(tmp_path / "far") == ["model.npz"]
        loaded = lib.load(tmp_path / "far" / "model.npz", model(2))
        np.testing.assert_array_equal(loaded.layers[0].weight, model(seed).layers[0].weight)


def test_another_model_is_refused_with_all_names(tmp_path):
    lib.save(tmp_path / "model.npz", model())
    other = lib.Sequential(lib.ReLU(), lib.Linear.init(3, 2, rng=RNG(0)))
    with pytest.raises(ValueError, match=r"missing 1\.weight .*; unknown 0\.weight"):
        lib.load(tmp_path / "model.npz", other)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    lib.save(path, model(0))

    def full(file, *arguments, **options):
        file.write(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
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
