"""Every explorer, over its controls: finite, true to the layer, and redrawn without a trace."""

import gc
import inspect
import io
import itertools
import re
import subprocess
import sys
import weakref
import zlib
from pathlib import Path

import anywidget
import numpy as np
import pytest
from PIL import Image

import course_lib.engine
import course_lib.explore
from course_lib.convolution import conv2d, output_size
from course_lib.draw import Label, Page, Panel, new_figure
from course_lib.draw.picture import CSS_DPI
from course_lib.engine.control import Choice, Range, Switch, as_control, fraction
from course_lib.engine.control import panel as find_panel
from course_lib.engine.explorer import KEPT
from course_lib.explore import (
    SURPRISES,
    Explorer,
    conv1d_under_the_window,
    conv2d_channel_by_channel,
    conv2d_under_the_window,
    equivariance,
)
from course_lib.lessons.convolution import CONV1D_FORWARD, CONV2D_FORWARD
from course_lib.lessons.convolution.equivariance import shift
from course_lib.lessons.convolution.kernels import hand_made_kernels
from tests.bank import EXPLORERS

WIDTHS = 691, 500, 360, 280  # CSS pixels, of the picture alone
MANY = 100  # beyond that a control grid is sampled


@pytest.fixture(scope="module", params=EXPLORERS)
def new(request):
    """Makes one of the explorers from nothing."""
    return EXPLORERS[request.param]


@pytest.fixture(scope="module")
def made(new):
    """One of each, and where it stands when it is made."""
    one = new()
    return one, one._values


@pytest.fixture
def explorer(made):
    """The same one for all the tests that follow each other, put back for each."""
    one, values = made
    one._fit(one.size[0])
    one._move(values)
    return one


def settings(explorer):
    """Values for every control: the whole grid, or a sample with every value of each in it.

    Points stand at their start and in the corners, a pad as at first, empty and full.
    """
    values = {}
    for control in explorer.controls:
        match control["kind"]:
            case "range" if "fixed" in control:
                values[control["name"]] = [control["value"]]
            case "range":
                steps = round((control["max"] - control["min"]) / control["step"])
                some = range(steps + 1) if steps < 10 else (0, steps // 3, steps // 2, steps)
                values[control["name"]] = [control["min"] + control["step"] * s for s in some]
            case "select":
                values[control["name"]] = control["options"]
            case "checkbox":
                values[control["name"]] = [False, True]
            case "point":
                now, ends = control["value"], itertools.product(*control["limits"])
                shape = np.shape([0] * len(control["along"]) if now is None else now)
                places = [end if len(end) > 1 else end[0] for end in ends]
                values[control["name"]] = [now, *(np.broadcast_to(p, shape) for p in places)]
            case "pad":
                now = np.array(control["value"])
                some = [now, np.full(now.shape, control["min"]), np.full(now.shape, control["max"])]
                values[control["name"]] = some
    if np.prod([len(v) for v in values.values()]) <= MANY:
        grid = list(itertools.product(*values.values()))
    else:
        rng = np.random.default_rng(0)
        grid = [tuple(v[0] for v in values.values()), tuple(v[-1] for v in values.values())]
        drawn = [rng.permutation(np.arange(MANY) % len(v)) for v in values.values()]
        grid += [
            tuple(v[i] for v, i in zip(values.values(), one, strict=True))
            for one in zip(*drawn, strict=True)
        ]
    return [dict(zip(values, point, strict=True)) for point in grid]


def sent_as(explorer, name, value):
    """How a view sends a value: of points, where each has moved to."""
    (kind,) = (c["kind"] for c in explorer.controls if c["name"] == name)
    if kind != "point" or value is None or isinstance(value, dict):
        return value
    along = len(explorer._controls[name].along)
    return {str(i): {"to": to} for i, to in enumerate(np.reshape(value, (-1, along)).tolist())}


def move(explorer, width=300, shown=0, **values):
    """Move controls as a browser does; the answer and its rows of pixels."""
    sent = []
    explorer.send = lambda content, buffers: sent.append((content, *buffers))
    moves = {name: sent_as(explorer, name, value) for name, value in values.items()}
    message = {"view": "a", "values": moves, "width": width, "shown": shown}
    explorer._receive(explorer, message, [])
    ((answer, rows),) = sent
    return answer, rows


class View:
    """A picture put together from answers, as explorer.js does."""

    def __init__(self, explorer, width=300):
        self.explorer, self.width, self.shown, self.pixels = explorer, width, 0, None

    def move(self, **values):
        answer, rows = move(self.explorer, self.width, self.shown, **values)
        assert "error" in answer or self.paint(answer["picture"], rows)
        return answer, rows

    def paint(self, picture, rows):
        if picture["on"] not in (0, self.shown):
            return False
        width, height = picture["size"]
        if picture["on"] == 0:
            self.pixels = np.zeros((height, width, 4), np.uint8)
        rows = np.frombuffer(zlib.decompress(rows), np.uint8).reshape(-1, width, 4)
        for start, end in picture["runs"]:
            self.pixels[start:end], rows = rows[: end - start], rows[end - start :]
        assert len(rows) == 0
        self.shown = picture["number"]
        return True


def pixels(explorer, dpi=96):
    explorer._words()
    return np.array(explorer._paint(dpi))


def plain_matplotlib(explorer, dpi=96):
    """The same figure drawn by Matplotlib from nothing, with every artist in its order."""
    buffer = io.BytesIO()
    explorer._figure.savefig(buffer, dpi=dpi)
    return np.asarray(Image.open(buffer))


def one_of_many(words):
    """What is counted as if it were several: "1 steps". A verb, as in "1 is", counts nothing."""
    found = re.findall(r"(?<!by )(?<![\d.,·×/−-])\b1 ([a-z]+s)\b", words)
    verbs = "attends becomes depends differs has is passes sees stops times"
    return [word for word in found if word not in verbs.split()]


def test_every_point_of_the_controls_gives_words_with_finite_numbers(explorer):
    for point in settings(explorer):
        explorer._move(point)
        words = explorer._words()
        assert words
        assert not re.search(r"\b(nan|inf)\b|-0\.0+\b(?!\d)", words), (point, words)
        assert not one_of_many(words), (point, words)


def spread(points, many):
    """So many of the points, spread over all."""
    return points[:: -(-len(points) // many)]


def test_a_picture_redrawn_in_part_equals_one_drawn_from_nothing(explorer):
    pixels(explorer)
    for point in spread(settings(explorer), 3):
        explorer._move(point)
        redrawn = pixels(explorer)
        np.testing.assert_array_equal(redrawn, plain_matplotlib(explorer))


def texts(figure):
    """Every text of a picture: the words, the size in CSS pixels, and the box in CSS pixels."""
    dot = figure.dpi / CSS_DPI
    height = figure.bbox.height
    found = []
    for axes in figure.axes:
        for artist in axes.get_children():
            if isinstance(artist, Label) and artist._text:
                left, bottom, right, top = artist.box(figure.dpi)
                size, margin = artist.style[0], (top - bottom) / 4  # for descenders
                box = left, height - top + margin, right, height - bottom - margin
                found.append((artist._text, size / 0.75, np.divide(box, dot)))
        for text in (*axes.texts, axes.title, *axes.get_xticklabels(), *axes.get_yticklabels()):
            if text.get_text() and text.get_visible() and axes.axison:
                tight = text.get_window_extent()
                box = tight.x0, height - tight.y1, tight.x1, height - tight.y0
                found.append((text.get_text(), text.get_size() / 0.75, np.divide(box, dot)))
    return found


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1


@pytest.mark.parametrize("width", WIDTHS)
def test_every_text_is_large_enough_inside_the_picture_and_apart(explorer, width):
    explorer._fit(width)
    points = settings(explorer)
    every = len(points) // 8 + 1
    for point in points[WIDTHS.index(width) % every :: every]:  # at each width some others
        explorer._move(point)
        explorer._words()
        explorer._paint(96)
        across, down = explorer._figure.get_size_inches() * CSS_DPI
        found = texts(explorer._figure)
        assert found
        for text, size, (left, top, right, bottom) in found:
            assert size >= 10, text
            assert left >= 0, (text, point)
            assert right <= across + 0.5, (text, point)
            assert top >= 0, (text, point)
            assert bottom <= down, (text, point)
        for (one, _, a), (other, _, b) in itertools.combinations(found, 2):
            assert not overlap(a, b), (one, other, point)


def test_the_check_of_texts_notices_small_ones_and_those_over_others_or_cut():
    figure = new_figure(2, 1)
    panel = Panel("p", title="a title", xlim=(0, 100), ylim=(100, 0))
    Page(figure, [panel])
    panel.label(0, 50, "small", size=6)
    panel.label(99, 50, "cut off")
    panel.label(2, 53, "over it")
    sizes = {text: (size, box) for text, size, box in texts(figure)}
    assert sizes["small"][0] == 8
    assert sizes["cut off"][1][2] > figure.get_figwidth() * CSS_DPI
    assert overlap(sizes["small"][1], sizes["over it"][1])
    assert not overlap(sizes["small"][1], sizes["a title"][1])


def test_a_picture_is_low_enough_for_a_small_screen(explorer):
    assert explorer.size[0] == 691
    assert explorer.size[1] <= 385


def test_a_narrow_view_leaves_the_stored_picture_as_it_was(explorer):
    before = explorer._repr_mimebundle_()[0]["image/png"]
    sent = []
    explorer.send = lambda content, buffers: sent.append(content)
    message = {"view": "a", "values": {}, "width": 720, "css": 360, "shown": 0}
    explorer._receive(explorer, message, [])
    assert sent[0]["picture"]["size"][0] == 720
    assert explorer._repr_mimebundle_()[0]["image/png"] == before


def test_a_move_leaves_the_background_alone(explorer):
    pixels(explorer)

    def limits():
        return [axes.viewLim.bounds for axes in explorer._figure.axes]

    for point in settings(explorer)[:8]:
        before = limits()
        explorer._move(point)
        explorer._words()
        assert explorer._figure.stale == (limits() != before)
        explorer._paint(96)


ALONE = [name for name in EXPLORERS if ", " not in name]  # called without arguments


@pytest.mark.parametrize("new", ALONE, indirect=True, scope="module")
def test_the_code_that_an_explorer_shows_makes_it_as_it_stands(explorer, new):
    assert explorer.code() == f"explore.{new.__name__}()"
    for point in spread(settings(explorer), 2):
        explorer._move(point)
        again = eval(explorer.code(), {"explore": course_lib.explore})
        assert again.text() == explorer.text()


def test_the_same_values_give_the_same_text_and_picture(explorer, new):
    fresh = new()
    first, second = (one._repr_mimebundle_()[0] for one in (explorer, fresh))
    assert first["text/plain"] == second["text/plain"]
    assert first["image/png"] == second["image/png"]
    assert len(first["image/png"]) < 150_000
    for point in spread(settings(explorer), 3):
        explorer._move(point)
        moved = pixels(explorer)
    fresh._move(point)
    np.testing.assert_array_equal(moved, pixels(fresh))


def test_explorers_need_no_pyplot():
    code = (
        "import sys; from course_lib.explore import conv2d_under_the_window as c;"
        "c()._repr_mimebundle_(); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


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


def test_an_answer_has_the_words_and_a_picture_of_the_asked_width():
    view = View(small(), width=500)
    answer, _ = view.move(n=5)
    assert answer["view"] == "a"
    assert answer["words"] == "It is 5.0.\nMore."
    assert view.pixels.shape[1] == 500


@pytest.mark.parametrize("width", range(280, 300))
def test_a_picture_is_as_wide_as_its_view_to_the_pixel(width):
    view = View(conv2d_under_the_window() if width == 280 else small(), width)
    view.move()
    assert view.pixels.shape[1] == width


def test_a_picture_never_has_more_than_two_pixels_per_css_pixel():
    view = View(small(), width=9999)
    view.move()
    assert view.pixels.shape[1] == int(2 * view.explorer.size[0])


def test_changed_rows_make_the_same_picture_as_a_whole_one(explorer):
    view = View(explorer, width=400)
    for point in settings(explorer)[::8]:
        view.move(**point)
        whole = View(view.explorer, view.width)
        whole.move()
        np.testing.assert_array_equal(view.pixels, whole.pixels)
        view.shown = whole.shown  # the same picture


def test_a_small_change_takes_a_few_rows():
    view = View(conv2d_under_the_window(), width=691)
    _, whole = view.move()
    answer, few = view.move(step=334)
    rows = sum(end - start for start, end in answer["picture"]["runs"])
    assert 0 < rows < len(view.pixels) / 2
    assert len(few) < len(whole) / 2
    assert view.move(step=334)[0]["picture"]["runs"] == []


@pytest.mark.parametrize("missed", ["another width", "another view", "another kernel"])
def test_a_view_that_has_missed_a_picture_gets_a_whole_one(missed):
    view = View(small())
    view.move(n=2)
    match missed:
        case "another width":
            view.width = 301
        case "another view":
            View(view.explorer).move(n=7)
        case "another kernel":
            view.explorer = small()
    answer, _ = view.move(n=5)
    assert answer["picture"]["on"] == 0
    np.testing.assert_array_equal(view.pixels, pixels(small().show(n=5), view.explorer._figure.dpi))


def test_views_of_one_explorer_stay_in_step():
    explorer = small()
    one, other = View(explorer), View(explorer)
    one.move(n=2)
    answer, rows = one.move(n=7)
    assert not other.paint(answer["picture"], rows)  # it asks for a whole one then
    answer, rows = other.move()
    assert one.paint(answer["picture"], rows)
    answer, rows = one.move(n=3)
    assert other.paint(answer["picture"], rows)
    np.testing.assert_array_equal(one.pixels, other.pixels)


def test_what_code_moves_is_painted_on_what_views_show():
    view = View(small())
    view.move(n=2)
    sent = []
    view.explorer.send = lambda content, buffers: sent.append((content, *buffers))
    view.explorer.show(n=8)
    ((answer, rows),) = sent
    assert view.paint(answer["picture"], rows)
    np.testing.assert_array_equal(view.pixels, pixels(small().show(n=8), view.explorer._figure.dpi))


def test_an_exception_is_shown_and_the_next_move_works():
    view = View(small())
    view.move(n=2)
    answer, rows = view.move(fail=True, n=5)
    assert (answer["error"], rows) == ("ValueError: n must not fail; untick the box.", b"")
    assert "words" not in answer
    answer, _ = view.move(fail=False)
    assert answer["words"] == "It is 5.0.\nMore."
    np.testing.assert_array_equal(view.pixels, pixels(small().show(n=5), view.explorer._figure.dpi))


def test_an_exception_in_the_text_names_the_values():
    data, _ = small().show(fail=True)._repr_mimebundle_()
    assert data["text/plain"].endswith("mode up\nValueError: n must not fail; untick the box.")
    assert "image/png" not in data


def test_a_message_that_makes_no_sense_is_answered():
    answer, _ = move(small(), n=None)
    assert answer["error"].endswith("n cannot be None; it goes from 1 to 9 in steps of 1.")
    answer, _ = move(small(), mode="sideways")
    assert "choose one of" in answer["error"]


def test_a_failed_drawing_leaves_no_trace():
    explorer = small()
    pixels(explorer)
    explorer._drawn, drawn = (explorer._figure, lambda result: 1 / 0), explorer._drawn
    assert move(explorer, n=7)[0]["error"].startswith("ZeroDivisionError")
    explorer._drawn = drawn
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
    with pytest.raises(ValueError, match="mode cannot be 'sideways'; choose one of 'up', 'down'"):
        small().show(mode="sideways")


@pytest.mark.parametrize("value", [0, 10, 2.5, "a", None, np.nan])
def test_what_a_slider_cannot_show_is_answered_with_its_range(value):
    with pytest.raises(ValueError, match=r"n cannot be .*; it goes from 1 to 9 in steps of 1\."):
        small().show(n=value)


def test_printing_an_explorer_prints_its_words():
    assert str(small()) == small().text()


def test_a_notebook_stores_the_view_the_picture_and_the_words():
    data, metadata = small()._repr_mimebundle_()
    assert set(data) == {
        *("text/plain", "text/html", "image/png"),
        "application/vnd.jupyter.widget-view+json",
    }
    assert metadata["image/png"]["width"] == 691
    assert metadata["image/png"]["alt"] == data["text/plain"]


def test_a_cell_run_forty_times_keeps_few_figures():
    explorers, figures = [], []
    for _ in range(40):
        explorers.append(small())
        explorers[-1]._repr_mimebundle_()
        figures.append(weakref.ref(explorers[-1]._figure))
    gc.collect()
    assert sum(figure() is not None for figure in figures) <= KEPT


def test_an_explorer_draws_the_figure_that_was_let_go_when_it_is_moved_again():
    explorer = small()
    view = View(explorer)
    view.move(n=5)
    others = [small() for _ in range(KEPT)]
    assert not hasattr(explorer, "_drawn")
    view.move(n=2)
    np.testing.assert_array_equal(view.pixels, pixels(small().show(n=2), explorer._figure.dpi))
    assert not hasattr(others[0], "_drawn")
    assert "n 4," in others[0].show(n=4).text()
    assert "It is 3.0" in others[1].text()


def test_the_metadata_that_colab_needs_is_kept(monkeypatch):
    colab = {"application/vnd.jupyter.widget-view+json": {"colab": {"custom_widget_manager": {}}}}
    monkeypatch.setattr(
        anywidget.AnyWidget, "_repr_mimebundle_", lambda self, **_: ({"text/plain": ""}, colab)
    )
    _, metadata = small()._repr_mimebundle_()
    assert metadata.keys() == colab.keys() | {"image/png"}


def test_the_front_end_needs_no_network():
    folder = Path(course_lib.engine.__file__).parent
    for file in (*folder.glob("*.js"), *folder.glob("*.css")):
        assert not re.search(r"https?:|//[a-z]|\bimport\b|@import|url\(", file.read_text())


# conv1d and conv2d under the window


def brute_force(x, weight, stride, padding, dilation):
    """The output and how often each sample is read, one window at a time."""
    padded = np.pad(x, padding)
    reach = dilation * (len(weight) - 1) + 1
    starts = [range(0, size - reach + 1, stride) for size in padded.shape]
    y, reads = np.zeros([len(start) for start in starts]), np.zeros(padded.shape)
    for at in np.ndindex(y.shape):
        corner = [start[i] for start, i in zip(starts, at, strict=True)]
        place = tuple(slice(first, first + reach, dilation) for first in corner)
        y[at] = (padded[place] * weight).sum()
        reads[place] += 1
    return y, reads[tuple(slice(padding, padding + size) for size in x.shape)]


@pytest.mark.parametrize("make", [conv1d_under_the_window, conv2d_under_the_window])
def test_the_words_agree_with_a_convolution_done_window_by_window(make):
    explorer = make()
    for point in settings(explorer)[::6]:
        explorer._move(point)
        words = explorer._words()
        values = dict(explorer._values)
        view = explorer._compute(**explorer._arguments)
        kernels = hand_made_kernels(values.pop("kernel_size"), view.x.ndim)
        kernel, step = kernels[values.pop("kernel")], values.pop("step")
        del values["output"]  # under the pointer
        y, reads = brute_force(view.x, kernel, **values)
        place = np.unravel_index(step, y.shape)
        np.testing.assert_allclose(view.y, y, atol=1e-12)
        np.testing.assert_allclose(view.products.sum(), y[place], atol=1e-12)
        total, at, output = re.search(r"sum to (\S+); (.*?) is (\S+)\.[ \n]", words).groups()
        assert tuple(map(int, re.findall(r"(?:position|row|column) (\d+)", at))) == place
        assert total == output
        assert abs(float(output) - y[place]) <= 0.00501 * max(1, abs(y[place]))
        said = re.findall(r"^\w+ (\d+): a window of (\d+) at (.*): (\d+) places?$", words, re.M)
        for given, size, line in zip(view.x.shape, y.shape, said, strict=True):
            places = [int(place) for place in line[2].split(", ") if place != "…"]
            assert (int(line[0]), int(line[1]), int(line[3])) == (given, view.reach, size)
            assert places[0] == -view.padding
            assert places[-1] == (size - 1) * view.stride - view.padding
            assert all(b - a == view.stride for a, b in itertools.pairwise(places[:2]))
            assert places[-1] + view.reach <= given + view.padding  # one step more sticks out
            assert places[-1] + view.stride + view.reach > given + view.padding
        unread = reads == 0
        counts = [unread.sum(), unread.size]
        if unread.ndim == 2:
            counts += [unread.all(axis=1).sum(), unread.all(axis=0).sum()]
        said = re.search(r"Never read: (.*)\n", words)[1]
        assert list(map(int, re.findall(r"\d+", said))) == counts


def press_on(explorer, name, panel, x, y):
    """Press at a place of a panel, as a browser does."""
    at = fraction(find_panel(explorer._figure, panel), x, y)
    answer, _ = move(explorer, **{name: {"0": {"at": at}}})
    assert "error" not in answer
    return {control["name"]: control["value"] for control in answer["controls"]}


def test_the_window_follows_a_press_on_input_and_output():
    explorer = conv2d_under_the_window(padding=1)
    assert press_on(explorer, "press_on_input", "input", 10.5, 4.5)["step"] == 4 * 32 + 10
    assert press_on(explorer, "press_on_output", "output", 31.9, 23.9)["step"] == 767
    assert press_on(explorer, "press_on_input", "input", -0.9, -0.9)["step"] == 0
    explorer = conv2d_under_the_window(stride=3, padding=0, dilation=2)  # output 7 × 10
    assert press_on(explorer, "press_on_input", "input", 3 + 2.5, 6 + 2.5)["step"] == 21
    assert press_on(explorer, "press_on_output", "output", 11 + 2.5, 8.5 + 1.5)["step"] == 12
    assert press_on(explorer, "press_on_output", "output", 2, 2)["step"] == 12  # beside it
    explorer = conv1d_under_the_window(stride=2, padding=0)  # windows begin at 0, 2, 4
    assert press_on(explorer, "press_on_input", "input", 5.6, 86)["step"] == 2
    explorer = conv2d_channel_by_channel()
    pressed = press_on(explorer, "press_on_output_2", "output 2", 4.5, 1.5)
    assert (pressed["kernel"], pressed["step"]) == ("outlines", 27 + 4)
    pressed = press_on(explorer, "press_on_red", "red channel", 0.5, 0.5)
    assert (pressed["kernel"], pressed["step"]) == ("outlines", 0)
    explorer = equivariance()
    pressed = press_on(explorer, "drag_shifted", "shifted", 36 / 2 - 3, 24 / 2 + 99)
    assert (pressed["right"], pressed["down"]) == (-3, 6)


@pytest.mark.parametrize("make", [conv1d_under_the_window, conv2d_under_the_window])
def test_the_output_under_the_pointer_shows_what_moves_it(make):
    explorer = make(padding=1, stride=2)
    explorer._move({"output": (3.0, 3.0)})
    view = explorer._compute(**explorer._arguments)
    if view.x.ndim == 2:
        assert view.over is None  # beside the smaller output
        explorer._move({"output": (9.5, 8.0)})
        view = explorer._compute(**explorer._arguments)
    settings = {"stride": 2, "padding": 1, "dilation": 1}
    y, _ = brute_force(view.x, view.weight, **settings)
    for at in np.ndindex(view.x.shape):
        moved = view.x.copy()
        moved[at] += 1
        change = brute_force(moved, view.weight, **settings)[0][view.over] - y[view.over]
        assert change == pytest.approx(view.dx[at], abs=1e-9)
        if view.x.ndim == 2 and at > (12, 0):
            break
    assert f"is moved by {np.count_nonzero(view.dx)} samples" in explorer.text()
    assert "moved by" not in explorer.show(output=None).text()


FLIPPED = {
    conv1d_under_the_window: (CONV1D_FORWARD, "conv1d", "difference"),
    conv2d_under_the_window: (CONV2D_FORWARD, "conv2d", "Sobel x"),
    conv2d_channel_by_channel: (CONV2D_FORWARD, "conv2d", "upright red edges"),
}


@pytest.mark.parametrize("make", FLIPPED)
def test_the_learner_s_function_runs_under_the_slider(make):
    exercise, operation, kernel = FLIPPED[make]

    def wrong(x, weight, *rest):
        return exercise.reference(x, weight[..., ::-1], *rest)

    def fails(*arguments):
        raise ZeroDivisionError("division by zero")

    right, flipped, failing = (
        make(kernel, **{operation: function}) for function in (exercise.reference, wrong, fails)
    )
    assert "agrees with the library's at all" in right.text()
    assert f"explore.{make.__name__}({operation}={exercise.reference.__name__}" in right.code()
    assert "differs from the library's at" in flipped.text()
    assert (pixels(flipped) != pixels(right)).any()  # where, is marked
    np.testing.assert_array_equal(pixels(flipped), plain_matplotlib(flipped))
    assert "Your fails raised ZeroDivisionError: division by zero in" in failing.text()
    assert "this is the library's" in failing.text()
    np.testing.assert_array_equal(pixels(failing), pixels(right))


def test_what_the_exercise_has_not_is_fixed():
    explorer = conv2d_under_the_window(conv2d=CONV2D_FORWARD.reference)
    dilation = next(c for c in explorer.controls if c["name"] == "dilation")
    assert (dilation["value"], dilation["fixed"]) == (1, "conv2d_forward has no dilation")
    explorer = conv1d_under_the_window(conv1d=CONV1D_FORWARD.reference)
    assert not any("fixed" in control for control in explorer.controls)
    with pytest.raises(ValueError, match="it stays 1: conv2d_forward has no dilation"):
        conv2d_under_the_window(conv2d=CONV2D_FORWARD.reference, dilation=2)


@pytest.mark.parametrize("size", range(2, 6))
def test_hand_made_kernels_do_what_their_names_say(size):
    made = hand_made_kernels(size)
    for name in ("outline", "Sobel x", "Sobel y"):
        assert made[name].sum() == pytest.approx(0)  # nothing on an even wall
    for name in ("blur", "sharpen", "identity"):
        assert made[name].sum() == pytest.approx(1)  # as bright as before
    ramp = np.arange(size) * np.ones((size, 1))
    assert (made["Sobel x"] * ramp).sum() > 0
    assert (made["Sobel x"] * ramp.T).sum() == pytest.approx(0)
    np.testing.assert_array_equal(made["Sobel x"], made["Sobel y"].T)


@pytest.mark.parametrize("size", range(2, 6))
def test_hand_made_kernels_for_sequences_do_the_same(size):
    made = hand_made_kernels(size, rank=1)
    assert [made[name].sum() for name in ("difference", "outline")] == [0, 0]
    for name in ("blur", "sharpen", "identity"):
        assert made[name].sum() == pytest.approx(1)
    assert (made["difference"] * np.arange(size)).sum() > 0


def test_the_window_of_the_last_step_is_the_last_window():
    explorer = conv2d_under_the_window(stride=4, step=47)
    view = explorer._compute(**explorer._arguments)
    assert tuple(np.add(view.place, 1)) == view.y.shape


def test_a_kernel_of_your_own_heads_the_list_and_is_the_one_that_runs():
    kernel = np.array([[0.0, 2.0], [0.0, 0.0]])
    explorer = conv2d_under_the_window(kernel, padding=0)
    assert explorer.controls[0]["options"][0] == "own"
    view = explorer._compute(**explorer._arguments)
    np.testing.assert_allclose(view.y, 2 * view.x[:-1, 1:])


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (conv1d_under_the_window, [(), (1,), (6,), (3, 3)]),
        (conv2d_under_the_window, [(3,), (2, 3), (6, 6), (1, 1)]),
        (conv2d_channel_by_channel, [(3, 3), (3, 2, 2), (1, 3, 3)]),
        (equivariance, [(3,), (2, 3), (6, 6)]),
    ],
)
def test_a_kernel_that_does_not_fit_is_refused(make, shapes):
    for shape in shapes:
        with pytest.raises(ValueError, match=f"{make.__name__}: kernel has shape .* for example"):
            make(np.ones(shape))


WITH_A_KERNEL = [
    name
    for name, make in EXPLORERS.items()
    if "own" not in name and "kernel" in inspect.signature(make).parameters
]


@pytest.mark.parametrize("new", WITH_A_KERNEL, indirect=True, scope="module")
def test_an_explorer_starts_with_the_kernel_that_is_named(explorer, new):
    (options,) = (c["options"] for c in explorer.controls if c["name"] == "kernel")
    for kernel in (options[0], options[-1]):
        assert f"kernel {kernel}," in new(kernel).text()
    with pytest.raises(ValueError, match="kernel cannot be 'swirl'; choose"):
        new("swirl")


def frame(y):
    inner = np.zeros(y.shape, bool)
    inner[1:-1, 1:-1] = True
    return ~inner


def identity_of_3(x, dilation):
    weight = hand_made_kernels(3)["identity"][None, None]
    return conv2d(x[None, None], weight, padding=dilation, dilation=dilation)[0][0, 0]


WHAT_SURPRISES = {
    "a stride wider than the window never reads whole rows and columns": lambda view: (
        (view.reads == 0).all(axis=1).sum() == 8 and (view.reads == 0).all(axis=0).sum() == 10
    ),
    "a 3 by 3 identity gives the input back at any dilation, with as much padding": lambda view: (
        view.dilation > 1
        and np.array_equal(view.y, view.x)
        and all(np.array_equal(identity_of_3(view.x, d), view.x) for d in range(1, 9))
    ),
    "at stride 1, undilated kernels of even size never keep the size, whatever the padding": (
        lambda view: (
            view.y.shape == (23, 31)
            and not any(output_size(24, k, padding=p) == 24 for k in (2, 4) for p in range(40))
        )
    ),
    "a blur that reads padding darkens the frame": lambda view: (
        view.y[frame(view.y)].mean() < 0.8 * view.x[frame(view.x)].mean()
        and view.y[view.place] < 0.5 * view.x[:3, :3].mean()
    ),
    "too much padding makes outputs that see no pixel": lambda view: (
        not view.inside.any() and view.y[view.place] == 0
    ),
    "where there is padding, the strongest edge of this photograph is its frame": lambda view: (
        np.unravel_index(np.abs(view.y).argmax(), view.y.shape) == view.place
        and frame(view.y)[view.place]
    ),
}


@pytest.mark.parametrize("sentence", SURPRISES)
def test_each_surprise_is_true(sentence):
    explorer = conv2d_under_the_window(**SURPRISES[sentence])
    for name, value in SURPRISES[sentence].items():
        assert explorer._values[name] == value
    assert WHAT_SURPRISES[sentence](explorer._compute(**explorer._arguments))


# conv2d channel by channel


def test_the_sums_of_the_channels_and_the_bias_make_the_output():
    explorer = conv2d_channel_by_channel()
    for point in settings(explorer):
        explorer._move(point)
        view = explorer._compute(**explorer._arguments)
        window = np.pad(view.x, ((0, 0), (1, 1), (1, 1)))[
            :, view.row : view.row + 3, view.column : view.column + 3
        ]
        np.testing.assert_array_equal(view.window, window)
        vector = [(window * weight).sum() + view.bias for weight in view.weight]
        np.testing.assert_allclose(view.vector, vector, atol=1e-12)
        assert view.sums.sum() + view.bias == pytest.approx(vector[view.kernel], abs=1e-12)


def test_the_sums_can_be_checked_by_hand():
    explorer = conv2d_channel_by_channel()
    for point in settings(explorer):
        explorer._move(point)
        words = explorer._words().splitlines()[0]
        *parts, total, output = map(float, re.findall(r"-?\d+\.\d+", words))
        assert total == output
        if max(map(abs, parts)) < 9.9:  # larger numbers are shown with fewer digits
            assert sum(parts) == pytest.approx(total, abs=1e-9)


def test_the_window_at_a_corner_reads_padding():
    explorer = conv2d_channel_by_channel(step=0)
    inside = explorer._compute(**explorer._arguments).inside
    np.testing.assert_array_equal(inside, [[False] * 3, [False, True, True], [False, True, True]])


def test_a_kernel_for_colours_of_your_own_takes_the_place_of_the_first():
    explorer = conv2d_channel_by_channel(np.full((3, 3, 3), 1 / 27))
    assert explorer.controls[0]["options"][0] == "own"
    view = explorer._compute(**explorer._arguments)
    assert view.vector[0] == pytest.approx(view.window.mean())


# equivariance


def test_convolving_before_or_after_a_shift_is_exactly_the_same_inside():
    explorer = equivariance()
    for point in settings(explorer):
        explorer._move(point)
        view = explorer._compute(**explorer._arguments)
        whole = all(by % view.stride == 0 for by in view.by)
        assert view.inside.sum() > 0.2 * view.inside.size
        assert (view.largest(view.inside) == 0) == whole, point
        assert ("nearest" in explorer._words()) == (not whole)
        if view.by == (0, 0):
            assert not view.difference.any()


def test_padding_makes_a_difference_at_the_border():
    for right, down in [(1, 0), (-2, 0), (0, 3), (4, -5)]:
        explorer = equivariance("outline", right=right, down=down)
        view = explorer._compute(**explorer._arguments)
        assert view.largest(~view.inside) > 1


def test_inside_means_that_both_ways_see_nothing_but_photograph():
    for right, down, stride in [(4, -3, 1), (-5, 2, 2), (3, 0, 2)]:
        explorer = equivariance(right=right, down=down, stride=stride)
        view = explorer._compute(**explorer._arguments)
        rows, columns = view.x.shape
        for i, j in np.ndindex(view.inside.shape):
            top, left = i * view.stride - 1, j * view.stride - 1
            then_top, then_left = (i - view.moved[0], j - view.moved[1])
            corners = [
                (top, left),  # on the shifted photograph
                (top - view.by[0], left - view.by[1]),  # on what the shift has left of it
                (then_top * view.stride - 1, then_left * view.stride - 1),
            ]
            seen = [0 <= y <= rows - 3 and 0 <= x <= columns - 3 for y, x in corners]
            assert view.inside[i, j] == all(seen)


def test_a_shift_moves_and_lets_zeros_in():
    np.testing.assert_array_equal(
        shift(np.array([[1.0, 2.0], [3.0, 4.0]]), (1, -1)), [[0.0, 0.0], [2.0, 0.0]]
    )


def test_a_view_is_built_from_the_values_that_code_has_chosen():
    explorer = course_lib.explore.conv2d_under_the_window(kernel_size=4).show(padding=2)
    built = {control["name"]: control["value"] for control in explorer.controls}
    assert (built["kernel_size"], built["padding"], built["step"]) == (4, 2, 333)


def test_a_picture_of_your_own_is_what_the_window_slides_over():
    grey = np.random.default_rng(0).integers(0, 256, (48, 40), dtype=np.uint8)
    for image in (grey, np.stack([grey] * 3), np.stack([grey] * 3, axis=-1)):
        explorer = conv2d_under_the_window(image=image)
        view = explorer._compute(**explorer._arguments)
        means = grey.reshape(24, 2, 20, 2).mean(axis=(1, 3)) / 255
        np.testing.assert_allclose(view.x, means, atol=0.0051)
        pixels(explorer)
        assert texts(explorer._figure)[0][0].startswith("input 24 × 20")
    with pytest.raises(ValueError, match="conv2d_under_the_window: image has shape"):
        conv2d_under_the_window(image=np.zeros(9))
