"""Every explorer, over its controls: finite, true to the layer, and redrawn without a trace."""

import io
import itertools
import re
import subprocess
import sys
from pathlib import Path

import anywidget
import numpy as np
import pytest
from PIL import Image

import course_lib.explore
from course_lib.explore import Explorer, conv2d_under_the_window
from course_lib.explore.convolution import hand_made_kernels
from course_lib.explore.explorer import Choice, Range, Switch, as_control

EXPLORERS = {
    "conv2d_under_the_window": conv2d_under_the_window,
    "conv2d_under_the_window, own kernel": lambda: conv2d_under_the_window(np.eye(2)),
}
MANY = 300  # beyond that a control grid is sampled


def settings(explorer):
    """Values for every control: the whole grid, or a sample of it that has both ends of each."""
    values = {}
    for control in explorer.controls:
        match control["kind"]:
            case "range":
                steps = round((control["max"] - control["min"]) / control["step"])
                some = range(steps + 1) if steps < 10 else (0, steps // 3, steps // 2, steps)
                values[control["name"]] = [control["min"] + control["step"] * s for s in some]
            case "select":
                values[control["name"]] = control["options"]
            case "checkbox":
                values[control["name"]] = [False, True]
    if np.prod([len(v) for v in values.values()]) <= MANY:
        grid = list(itertools.product(*values.values()))
    else:
        rng = np.random.default_rng(0)
        grid = [tuple(v[0] for v in values.values()), tuple(v[-1] for v in values.values())]
        grid += [tuple(v[rng.integers(len(v))] for v in values.values()) for _ in range(MANY)]
    return [dict(zip(values, point, strict=True)) for point in grid]


def move(explorer, width=300, **values):
    """Move controls as a browser does; the answer and its pictures."""
    sent = []
    explorer.send = lambda content, buffers: sent.append((content, buffers))
    explorer._receive(explorer, {"view": "a", "values": values, "width": width}, [])
    ((answer, pictures),) = sent
    return answer, pictures


def pixels(explorer, dpi=96):
    explorer._words()
    return np.array(explorer._paint(dpi))


def plain_matplotlib(explorer, dpi=96):
    """The same figure drawn by Matplotlib from nothing, with every artist in its order."""
    buffer = io.BytesIO()
    explorer._figure.savefig(buffer, dpi=dpi)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_point_of_the_controls_gives_words_with_finite_numbers(name):
    explorer = EXPLORERS[name]()
    for point in settings(explorer):
        explorer._move(point)
        words = explorer._words()
        assert words
        assert not re.search(r"\b(nan|inf)\b|-0\.0+\b(?!\d)", words), (point, words)


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_picture_redrawn_in_part_equals_one_drawn_from_nothing(name):
    explorer, points = EXPLORERS[name](), settings(EXPLORERS[name]())
    pixels(explorer)
    for point in points[:: len(points) // 8]:
        explorer._move(point)
        redrawn = pixels(explorer)
        fresh = EXPLORERS[name]()
        fresh._move(point)
        np.testing.assert_array_equal(redrawn, pixels(fresh))
        np.testing.assert_array_equal(redrawn, plain_matplotlib(explorer))


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_move_leaves_the_background_alone(name):
    explorer = EXPLORERS[name]()
    pixels(explorer)
    for point in settings(explorer)[:8]:
        explorer._move(point)
        explorer._words()
        assert not explorer._figure.stale
        explorer._paint(96)


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_same_values_give_the_same_text_and_picture(name):
    first, second = (EXPLORERS[name]()._repr_mimebundle_()[0] for _ in range(2))
    assert first["text/plain"] == second["text/plain"]
    assert first["image/png"] == second["image/png"]
    assert len(first["image/png"]) < 150_000


def test_every_explorer_of_the_course_is_in_the_list():
    made = {
        name
        for name, value in vars(course_lib.explore).items()
        if callable(value) and not isinstance(value, type) and not name.startswith("_")
    }
    assert made == {name.split(",")[0] for name in EXPLORERS}


def test_explorers_need_no_pyplot():
    code = (
        "import sys; from course_lib.explore import conv2d_under_the_window as c;"
        "c()._repr_mimebundle_(); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# the engine, on an explorer of one dot


def compute(n=3, scale=1.0, fail=False, mode="up"):
    if fail:
        raise ValueError("n must not fail; untick the box.")
    return n * scale * {"up": 1, "down": -1}[mode]


def draw(figure):
    axes = figure.add_subplot(xlim=(-10, 10), ylim=(-1, 1))
    (dot,) = axes.plot([], [], "o", ms=12, animated=True)

    def update(result):
        dot.set_data([result], [0])
        if abs(result) > 8:
            axes.set_xlim(-20, 20)

    return update


CONTROLS = {"n": (1, 9), "scale": (0.0, 1.5, 0.1), "fail": False, "mode": ["up", "down"]}


def small(**changes):
    return Explorer("dot", compute, draw, lambda r: f"It is {r:.1f}.\nMore.", **CONTROLS | changes)


def test_the_notation_is_that_of_interact():
    assert as_control((1, 4)) == (Range(1, 4, 1), 1)
    assert as_control((1, 9, 2)) == (Range(1, 9, 2), 1)
    assert as_control((0.0, 1.0)) == (Range(0.0, 1.0, 0.1), 0.0)
    assert as_control({"a": 5}) == (Choice({"a": 5}), "a")
    assert as_control([3, 4]) == (Choice({"3": 3, "4": 4}), "3")
    assert as_control(False) == (Switch(), False)


@pytest.mark.parametrize("notation", [3, "abc", (1,), [], {}, (1, 2, 3, 4)])
def test_what_is_not_a_control_is_refused_with_the_notation(notation):
    with pytest.raises(TypeError, match=r"not a control; write \(low, high\)"):
        as_control(notation)


def test_controls_start_with_the_defaults_of_compute():
    assert small().text() == (
        "dot (run this cell to move the sliders)\n"
        "n 3, scale 1.0, fail False, mode up\n"
        "It is 3.0.\n"
        "More."
    )


def test_controls_are_the_arguments_of_compute():
    with pytest.raises(TypeError, match=r"compute takes \(n, .*\) but the controls are"):
        small(m=(1, 2))


def test_a_value_is_fitted_to_its_control():
    answer, _ = move(small(), n=40, scale=0.3000001)
    assert [control["value"] for control in answer["controls"]] == [9, 0.3, False, "up"]


def test_a_range_may_end_where_earlier_controls_say():
    explorer = Explorer("dot", lambda n, k: n * k, draw, str, n=(1, 9), k=(0, lambda n: 2 * n))
    assert explorer.controls[1]["max"] == 2
    answer, _ = move(explorer, n=4, k=100)
    assert (answer["controls"][1]["max"], answer["controls"][1]["value"]) == (8, 8)
    answer, _ = move(explorer, n=1)
    assert answer["controls"][1]["value"] == 2


def test_a_choice_hands_over_what_its_label_stands_for():
    explorer = Explorer(
        "dot", lambda size, n: size + n, draw, str,
        size={"small": 1, "large": 5}, n=(0, lambda size: 2 * size),
    )  # fmt: skip
    answer, _ = move(explorer, size="large", n=99)
    assert (answer["controls"][1]["max"], answer["words"]) == (10, "15")


def test_an_answer_has_the_words_and_one_picture_of_the_asked_width():
    answer, (picture,) = move(small(), width=500, n=5)
    assert answer["view"] == "a"
    assert answer["words"] == "It is 5.0.\nMore."
    assert Image.open(io.BytesIO(picture)).width == 500


@pytest.mark.parametrize("width", range(280, 300))
def test_a_picture_is_as_wide_as_its_view_to_the_pixel(width):
    _, (picture,) = move(conv2d_under_the_window() if width == 280 else small(), width=width)
    assert Image.open(io.BytesIO(picture)).width == width


def test_a_picture_never_has_more_than_two_pixels_per_css_pixel():
    explorer = small()
    _, (picture,) = move(explorer, width=9999)
    assert Image.open(io.BytesIO(picture)).width == int(2 * explorer.size[0])


def test_an_exception_is_shown_and_the_next_move_works():
    explorer = small()
    answer, pictures = move(explorer, fail=True, n=5)
    assert (answer["error"], pictures) == ("ValueError: n must not fail; untick the box.", [])
    assert "words" not in answer
    answer, pictures = move(explorer, fail=False)
    assert (answer["words"], len(pictures)) == ("It is 5.0.\nMore.", 1)


def test_an_exception_in_the_text_names_the_values():
    data, _ = small().show(fail=True)._repr_mimebundle_()
    assert data["text/plain"].endswith("mode up\nValueError: n must not fail; untick the box.")
    assert "image/png" not in data


def test_a_message_that_makes_no_sense_is_answered():
    answer, _ = move(small(), n=None)
    assert answer["error"].startswith("TypeError")
    answer, _ = move(small(), mode="sideways")
    assert "choose one of" in answer["error"]


def test_a_failed_drawing_leaves_no_trace():
    explorer = small()
    pixels(explorer)
    explorer._update, update = lambda result: 1 / 0, explorer._update
    assert move(explorer, n=7)[0]["error"].startswith("ZeroDivisionError")
    explorer._update = update
    np.testing.assert_array_equal(pixels(explorer), pixels(small().show(n=7)))


def test_changed_axes_redraw_the_background():
    explorer = small()
    pixels(explorer)
    explorer._move({"n": 9})
    np.testing.assert_array_equal(pixels(explorer), plain_matplotlib(explorer))


def test_the_comparison_notices_an_artist_that_is_not_redrawn():
    explorer = small()
    pixels(explorer)
    explorer._changing = []
    explorer._move({"n": 1})
    assert (pixels(explorer) != plain_matplotlib(explorer)).any()


def test_show_moves_controls_and_refuses_unknown_ones():
    assert "n 4," in small().show(n=4).text()
    with pytest.raises(TypeError, match="there is no control m; there are n, scale, fail, mode"):
        small().show(m=4)
    with pytest.raises(ValueError, match="'sideways' is not a choice"):
        small().show(mode="sideways")


def test_a_notebook_stores_the_view_the_picture_and_the_words():
    data, metadata = small()._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert metadata["image/png"]["width"] == 691
    assert metadata["image/png"]["alt"] == data["text/plain"]


def test_the_metadata_that_colab_needs_is_kept(monkeypatch):
    colab = {"application/vnd.jupyter.widget-view+json": {"colab": {"custom_widget_manager": {}}}}
    monkeypatch.setattr(
        anywidget.AnyWidget, "_repr_mimebundle_", lambda self, **_: ({"text/plain": ""}, colab)
    )
    _, metadata = small()._repr_mimebundle_()
    assert metadata.keys() == colab.keys() | {"image/png"}


def test_the_front_end_needs_no_network():
    folder = Path(course_lib.explore.__file__).parent
    for file in (folder / "explorer.js", folder / "explorer.css"):
        assert not re.search(r"https?:|//[a-z]|\bimport\b|@import|url\(", file.read_text())


# conv2d under the window


def brute_force(x, weight, stride, padding, dilation):
    """The output and how often each pixel is read, one window at a time."""
    k = len(weight)
    padded = np.pad(x, padding)
    reach = dilation * (k - 1) + 1
    tops, lefts = (range(0, size - reach + 1, stride) for size in padded.shape)
    y, reads = np.zeros((len(tops), len(lefts))), np.zeros(padded.shape)
    for (i, top), (j, left) in itertools.product(enumerate(tops), enumerate(lefts)):
        place = np.s_[top : top + reach : dilation, left : left + reach : dilation]
        y[i, j] = (padded[place] * weight).sum()
        reads[place] += 1
    inner = np.s_[padding : padding + x.shape[0], padding : padding + x.shape[1]]
    return y, reads[inner]


def test_the_words_agree_with_a_convolution_done_window_by_window():
    explorer = conv2d_under_the_window()
    for point in settings(explorer)[::6]:
        explorer._move(point)
        words = explorer._words()
        values = dict(explorer._values)
        kernel = hand_made_kernels(values.pop("kernel_size"))[values.pop("kernel")]
        step = values.pop("step")
        view = explorer._compute(**explorer._arguments)
        y, reads = brute_force(view.x, kernel, **values)
        row, column = divmod(step, y.shape[1])
        np.testing.assert_allclose(view.y, y, atol=1e-12)
        np.testing.assert_allclose(view.products.sum(), y[row, column], atol=1e-12)
        total, at_row, at_column, output = re.search(
            r"sum to (\S+); .* row (\d+), column (\d+) is (\S+)\.\n", words
        ).groups()
        assert (int(at_row), int(at_column)) == (row, column)
        assert total == output
        assert abs(float(output) - y[row, column]) <= 0.00501 * max(1, abs(y[row, column]))
        for size, name in zip(y.shape, ("height", "width"), strict=True):
            formula, result = re.search(rf"{name} = (floor.*) = (\d+)", words).groups()
            assert eval(formula, {"floor": np.floor}) == int(result) == size
        unread, rows, columns = re.search(
            r"Never read: (\d+) of 768 pixels \((\d+) whole rows, (\d+) whole", words
        ).groups()
        assert int(unread) == (reads == 0).sum()
        assert int(rows) == (reads.sum(axis=1) == 0).sum()
        assert int(columns) == (reads.sum(axis=0) == 0).sum()


@pytest.mark.parametrize("size", range(2, 6))
def test_hand_made_kernels_do_what_their_names_say(size):
    made = hand_made_kernels(size)
    for name in ("edge", "Sobel x", "Sobel y"):
        assert made[name].sum() == pytest.approx(0)  # nothing on an even wall
    for name in ("blur", "sharpen", "identity"):
        assert made[name].sum() == pytest.approx(1)  # as bright as before
    ramp = np.arange(size) * np.ones((size, 1))
    assert (made["Sobel x"] * ramp).sum() > 0
    assert (made["Sobel x"] * ramp.T).sum() == pytest.approx(0)
    np.testing.assert_array_equal(made["Sobel x"], made["Sobel y"].T)


def test_the_window_of_the_last_step_is_the_last_window():
    explorer = conv2d_under_the_window(stride=4, step=10**6)
    view = explorer._compute(**explorer._arguments)
    assert (view.row + 1, view.column + 1) == view.y.shape


def test_a_kernel_of_your_own_heads_the_list_and_is_the_one_that_runs():
    kernel = np.array([[0.0, 2.0], [0.0, 0.0]])
    explorer = conv2d_under_the_window(kernel, padding=0)
    assert explorer.controls[0]["options"][0] == "own"
    view = explorer._compute(**explorer._arguments)
    np.testing.assert_allclose(view.y, 2 * view.x[:-1, 1:])


@pytest.mark.parametrize("shape", [(3,), (2, 3), (6, 6), (1, 1)])
def test_a_kernel_that_does_not_fit_is_refused(shape):
    with pytest.raises(ValueError, match="kernel has shape"):
        conv2d_under_the_window(np.ones(shape))
