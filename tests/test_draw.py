"""Colours that everyone can tell apart, numbers that everyone can read, and pictures with words."""

import colorsys
import io
import re
import subprocess
import sys
from base64 import b64encode
from html import unescape
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from course_lib.draw import (
    Cells,
    Grid,
    Label,
    Legend,
    Page,
    Panel,
    Picture,
    Plot,
    Words,
    gallery,
    new_figure,
    number,
    numbers,
    palette,
)
from course_lib.draw.cells import fitting
from course_lib.draw.image import fit_image, pixels, read_image
from course_lib.draw.label import text_sprite, text_width
from course_lib.draw.page import STACKED, WIDTH
from course_lib.draw.palette import Scale, chequered, needs_white_ink, rgba, signed_scale
from course_lib.draw.picture import encode_png

COLOURS = ("DATA", "WEIGHT", "OUTPUT", "GRADIENT", "HIGHLIGHT", "MUTED")

# linear sRGB as seen without one kind of cone [Machado et al., 2009, severity 1]
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear_rgb(colour):
    value = rgba(colour)[:3] / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def cielab(linear):
    t = (TO_XYZ @ linear) / TO_XYZ.sum(axis=1)
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def smallest_distance(colours, vision):
    """The smallest CIE 1976 colour difference (distance in CIELAB) between any two colours."""
    seen = [cielab(np.clip(np.array(VISION[vision]) @ linear_rgb(c), 0, 1)) for c in colours]
    return min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))


def contrast(colours, ink):
    light, dark = (palette.luminance(np.asarray(c, np.uint8)) for c in (colours, ink))
    return (np.maximum(light, dark) + 0.05) / (np.minimum(light, dark) + 0.05)


@pytest.mark.parametrize("vision", VISION)
def test_any_two_roles_and_ends_of_the_signed_scale_differ_for_every_kind_of_vision(vision):
    roles = [getattr(palette, name) for name in COLOURS]
    assert smallest_distance([*roles, palette.BELOW, palette.ABOVE], vision) >= 18


def test_the_distance_notices_a_palette_that_fails_without_red_cones():
    assert smallest_distance(["#d62728", "#8c564b"], "normal") > 18
    assert smallest_distance(["#808000", "#9a7a00"], "deuteranopia") < 18
    roles = [getattr(palette, name) for name in COLOURS]
    assert smallest_distance([*roles, "#7f3b08", "#2d004b"], "protanopia") < 18  # orange, purple


def hue(colour):
    return colorsys.rgb_to_hsv(*(rgba(colour)[:3] / 255))[0] * 360


def test_the_hues_of_signs_belong_to_no_role():
    roles = [getattr(palette, name) for name in COLOURS if name != "MUTED"]  # which has no hue
    for sign in (palette.BELOW, palette.ABOVE):
        assert min(abs((hue(sign) - hue(role) + 180) % 360 - 180) for role in roles) > 20


def test_the_ends_are_those_of_the_scale():
    low, high = signed_scale(1.0)(np.array([-1.0, 1.0]))
    assert np.abs(low - rgba(palette.BELOW).astype(int)).max() <= 1
    assert np.abs(high - rgba(palette.ABOVE).astype(int)).max() <= 1


@pytest.mark.parametrize("colormap", ["gray", palette.SIGNED, palette.ONE_SIGNED])
def test_numbers_in_cells_have_a_contrast_of_at_least_four_and_a_half(colormap):
    colours = Scale(0, 1, colormap)(np.linspace(0, 1, 512))
    ink = np.where(needs_white_ink(colours)[:, None], 255, 0) * np.ones(3)
    assert contrast(colours, ink).min() >= 4.5


def test_words_have_a_contrast_of_at_least_seven():
    assert contrast(rgba(palette.INK), rgba(palette.PAPER)) >= 7


@given(st.floats(0.1, 100), st.floats(-100, 100))
def test_signed_colours_are_neutral_at_zero_and_change_side_with_the_sign(limit, value):
    scale = signed_scale(limit)
    assert np.ptp(scale(0.0)[:3].astype(int)) <= 2
    red, green, _ = scale(value)[:3].astype(int)
    if abs(value) > limit / 20:
        assert (green > red) == (value > 0)


def test_a_scale_of_one_value_still_has_a_colour():
    assert Scale(1.0, 1.0)(np.ones(3)).shape == (3, 4)
    assert signed_scale(0.0)(np.zeros(3)).shape == (3, 4)


def test_padding_is_a_pattern_of_two_greys():
    colours = chequered(3, 4)
    assert colours.shape == (3, 4, 4)
    assert len(np.unique(colours.reshape(-1, 4), axis=0)) == 2
    assert (colours[..., 3] == 255).all()


@given(st.floats(-1e6, 1e6))
def test_a_number_is_near_its_value_and_zero_has_no_sign(value):
    text = number(value)
    assert abs(float(text) - value) <= max(0.00501, 0.00501 * abs(value))
    assert not (text.startswith("-") and float(text) == 0)


def test_a_grid_of_whole_numbers_goes_without_decimals():
    assert numbers(np.array([[-0.0, 3.0]])) == [["0", "3"]]
    assert numbers(np.array([[-0.001, 3.0]])) == [["0.00", "3.00"]]


def sheet(width, height):
    """A figure of so many CSS pixels, and an Axes that covers it in these coordinates."""
    figure = new_figure(width / 96, height / 96)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return figure, axes


def draw(figure):
    for axes in figure.axes:
        for artist in axes.get_children():
            artist.set_animated(False)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def test_cells_fill_their_extent_with_exactly_their_colours():
    figure, axes = sheet(200, 100)
    colours = np.random.default_rng(0).integers(0, 256, (5, 10, 4)).astype(np.uint8)
    colours[..., 3] = 255
    Cells(axes).fill(colours, (0, 200, 100, 0))
    drawn = draw(figure)
    height, width = drawn.shape[:2]
    rows = (np.arange(5) * 2 + 1) * height // 10
    columns = (np.arange(10) * 2 + 1) * width // 20
    np.testing.assert_array_equal(drawn[np.ix_(rows, columns)], colours)


def test_a_cell_shows_its_number_upright_and_in_the_middle():
    figure, axes = sheet(96, 96)
    Cells(axes, size=20).fill(np.full((1, 1, 4), 255, np.uint8), (0, 96, 96, 0), [["7"]])
    dark = draw(figure)[..., 0] < 128
    rows, columns = np.nonzero(dark)
    height, width = dark.shape
    assert abs((rows.min() + rows.max()) / 2 - height / 2) <= 2
    assert abs((columns.min() + columns.max()) / 2 - width / 2) <= 2
    assert dark[rows.min()].sum() > dark[rows.max()].sum()  # the bar of a 7 is on top


@pytest.mark.parametrize(
    "text", ["height = floor((24 + 2*3 - 3*(5-1) - 1)/4) + 1 = 10", "0", "Wij"]
)
def test_a_text_is_as_wide_at_any_resolution(text):
    black = (0, 0, 0, 255)
    widths = [
        text_sprite(text, 10, "normal", black, dpi).shape[1] / dpi for dpi in (96, 110.4, 144, 192)
    ]
    assert max(widths) - min(widths) <= 2 / 96


def test_a_label_is_drawn_where_matplotlib_would_draw_the_text():
    boxes = []
    for kind in (Label, None):
        figure, axes = sheet(300, 100)
        if kind:
            Label(axes, 20, 50, "output 24 × 32", size=12)
        else:
            axes.text(20, 50, "output 24 × 32", size=12, va="center")
        rows, columns = np.nonzero(draw(figure)[..., 0] < 128)
        boxes.append([columns.min(), columns.max(), (rows.min() + rows.max()) / 2])
    assert np.abs(np.subtract(*boxes)).max() <= 4


def test_a_label_says_where_it_is_drawn_and_shrinks_to_its_limit():
    figure, axes = sheet(300, 100)
    label = Label(axes, 20, 50, "output 24 × 32", size=12)
    columns = np.nonzero(draw(figure)[..., 0] < 128)[1]
    left, _, right, _ = label.box(figure.dpi)
    assert left <= columns.min() <= columns.max() <= right <= columns.max() + 4
    label.limit = 100
    left, _, right, _ = label.box(figure.dpi)
    assert (right - left) / 1.5 <= 101
    label.limit = 10
    assert label.style[0] == 7.5  # never below ten CSS pixels


# panels on a page


def on_page(*rows, width=WIDTH):
    figure = new_figure(1, 1)
    page = Page(figure, *rows)
    page.fit(width)
    return page, figure


def box(panel):
    """Left, top, right and bottom of a panel's body in CSS pixels."""
    width, height = panel.axes.figure.get_size_inches() * 96
    bounds = panel.axes.get_position()
    return np.round(
        [bounds.x0 * width, (1 - bounds.y1) * height, bounds.x1 * width, (1 - bounds.y0) * height],
        3,
    ).tolist()


def test_a_panel_is_an_axes_by_its_name():
    _, figure = on_page([Grid("input", 2, 3), "→", Grid("output", 2, 3)])
    assert [axes.get_label() for axes in figure.axes] == ["input", "", "output"]
    with pytest.raises(ValueError, match="two panels are named 'a'; give each panel a name"):
        on_page([Grid("a", 2, 3)], [Grid("a", 2, 3)])


@given(st.integers(240, WIDTH), st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))
def test_images_keep_square_cells_inside_the_page_and_apart(width, n, rows, columns):
    panels = [Grid(f"{i}", rows, columns, height=150, least=100) for i in range(n)]
    page, _ = on_page(panels, width=width)
    boxes = [box(panel) for panel in panels]
    for left, top, right, bottom in boxes:
        assert 8 <= left < right <= width - 7.99
        assert 0 <= top < bottom <= page.height
        assert (right - left) / (bottom - top) == pytest.approx(columns / rows, rel=1e-3)
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or a[3] <= b[1]  # beside, or below


def test_panels_of_one_size_keep_one_size_where_their_row_breaks():
    grids = [Grid(name, 3, 3, height=120) for name in "abc"]
    on_page(grids, width=300)
    left, right, last = (box(grid) for grid in grids)
    assert right[2] <= 300
    assert last[1] >= left[3]  # the third is below
    assert last[2] - last[0] == pytest.approx(left[2] - left[0])


def test_panels_stand_beside_each_other_and_below_five_hundred_pixels_stacked():
    for width in (WIDTH, STACKED, STACKED - 1, 360):
        panels = [Grid("a", 24, 32, height=200), Grid("b", 24, 32, height=200)]
        on_page(panels, width=width)
        first, second = map(box, panels)
        assert (second[1] >= first[3]) == (width < STACKED)
    assert first[2] - first[0] == 360 - 16  # alone, it is as wide as the page


def test_a_page_laid_out_again_is_as_it_was():
    panels = [Grid("a", 24, 32), Words("a sentence that is long enough to break in two or three")]
    page, _ = on_page(panels)
    before = [*map(box, panels), page.height]
    page.fit(300)
    assert [*map(box, panels), page.height] != before
    page.fit(WIDTH)
    assert [*map(box, panels), page.height] == before


def test_a_sign_stays_with_the_panel_after_it():
    panels = [Grid(name, 3, 3, square=False, least=200, height=80) for name in "abc"]
    page, _ = on_page([panels[0], "×", panels[1], "=", panels[2]], width=480)
    equals = next(p for row in page._rows for p in row if getattr(p, "text", "") == "=")
    assert box(equals)[1] == box(panels[2])[1] > box(panels[0])[1]
    assert box(equals)[2] <= box(panels[2])[0]


def test_no_space_is_kept_for_what_is_not_there():
    heights = [
        on_page([Grid("a", 4, 4, height=100, **words)])[0].height
        for words in ({"title": ""}, {}, {"title": "", "caption": ""}, {"caption": "below"})
    ]
    assert np.diff(heights).tolist() == [18, 0, 18]


def test_a_view_shows_all_that_is_asked_for_with_square_cells():
    grid = Grid("a", 24, 32, height=200)
    on_page([grid])
    grid.view(-3, 35, 27, -3)
    (left, right), (bottom, top) = grid.axes.get_xlim(), grid.axes.get_ylim()
    assert max(left, top) <= -3 < 35 <= right
    assert bottom >= 27
    assert (right - left) / (bottom - top) == pytest.approx(32 / 24)


def test_words_wrap_and_their_space_grows():
    words = Words("height = floor((24 + 2*3 - 3*(5-1) - 1)/4) + 1 = 10")
    page, _ = on_page([words])
    one = page.height
    page.fit(250)
    assert page.height == one + 18
    lines = [line for line in words._lines if line._text]
    assert " ".join(line._text for line in lines) == words.text
    assert all(text_width(line._text) <= 250 - 16 for line in lines)


def test_a_legend_wraps_and_keeps_its_swatches_with_their_names():
    legend = Legend(*[("#5790fc", f"a name of number {i}") for i in range(4)])
    _, figure = on_page([legend], width=300)
    places = [label.get_transform().transform(label._position) for label in legend._names]
    assert len({round(y) for _, y in places}) > 1
    for label in legend._names:
        left, _, right, _ = label.box(figure.dpi)
        assert 0 <= left < right <= figure.bbox.width


def test_ticks_and_labels_of_a_plot_lie_on_the_page():
    for scale in ({}, {"xscale": "log", "yscale": "log"}):
        plot = Plot("loss", xlim=(1e-5, 1e5), ylim=(1e-5, 1e5), xlabel="epoch", **scale)
        _, figure = on_page([plot], width=360)
        figure.canvas.draw()
        tight = plot.axes.get_tightbbox()
        assert 0 <= tight.x0 < tight.x1 <= figure.bbox.width
        assert 0 <= tight.y0 < tight.y1 <= figure.bbox.height
        sizes = [text.get_size() for text in plot.axes.get_xticklabels()]
        assert min(sizes) >= 7.5
        assert not any("$" in text.get_text() for text in plot.axes.get_xticklabels())


def marked(mark, *place):
    """The box in CSS pixels of the pure colour that a mark on a 200 × 100 panel leaves."""
    panel = Panel("p", title="", xlim=(0, 200), ylim=(100, 0), height=100, equal=True)
    figure = new_figure(1, 1)
    Page(figure, [panel])
    mark(panel)(*place)
    rows, columns = np.nonzero((draw(figure) == rgba(palette.OUTPUT)).all(axis=2))
    left, top, _, _ = box(panel)
    return [columns.min() / 1.5 - left, columns.max() / 1.5 - left,
            rows.min() / 1.5 - top, rows.max() / 1.5 - top]  # fmt: skip


MARKS = {
    "outline": (lambda p: p.outline(palette.OUTPUT), (20, 30, 40, 50), [20, 60, 30, 80]),
    "line": (lambda p: p.line(palette.OUTPUT).set_data, ([20, 60], [40, 40]), [20, 60, 40, 40]),
    "points": (
        lambda p: p.points(palette.OUTPUT).set_data, ([20, 60], [40, 50]), [15, 65, 35, 55],
    ),
    "bars": (lambda p: p.bars(palette.OUTPUT), ([40.0], [30.0], 20, 10), [30, 50, 10, 40]),
    "segments": (
        lambda p: p.segments(palette.OUTPUT).set_segments, ([[(20, 30), (60, 30)]],),
        [20, 60, 30, 30],
    ),
    "area": (
        lambda p: p.area(palette.OUTPUT, alpha=1).set_xy, ([(20, 30), (60, 30), (60, 80)],),
        [20, 60, 30, 80],
    ),
    "arrow": (lambda p: p.arrow(palette.OUTPUT), ((20, 30), (60, 30)), [20, 60, 26, 34]),
}  # fmt: skip


@pytest.mark.parametrize("name", MARKS)
def test_a_mark_lies_where_it_is_put_and_is_animated(name):
    mark, place, expected = MARKS[name]
    np.testing.assert_allclose(marked(mark, *place), expected, atol=3)
    panel = Panel("p")
    on_page([panel])
    before = set(panel.axes.get_children())
    mark(panel)
    made = set(panel.axes.get_children()) - before
    assert made
    assert all(artist.get_animated() for artist in made)


def written(values, scale, width, **style):
    """What the cells of a grid of so many CSS pixels say."""
    figure, axes = sheet(width, width)
    cells = Cells(axes)
    cells.show(values, scale, (0, width, width, 0), **style)
    blank = sheet(width, width)
    Cells(blank[1]).fill(scale(values), (0, width, width, 0))
    return (draw(figure) != draw(blank[0])).any(axis=2)


def test_signed_cells_carry_their_sign_where_they_are_large_enough():
    values = np.array([[-1.0, 0.0], [0.5, 2.0]])
    marks = written(values, signed_scale(2.0), 40)
    found = marks.reshape(2, 30, 2, 30).any(axis=(1, 3))
    np.testing.assert_array_equal(found, values != 0)
    minus, plus = marks[:30, :30], marks[30:, 30:]
    assert np.ptp(np.nonzero(minus)[0]) < np.ptp(np.nonzero(plus)[0])
    assert not written(values, signed_scale(2.0), 12).any()
    assert not written(values, Scale(-1, 2, "gray"), 40).any()


def test_numbers_that_do_not_fit_are_smaller_or_give_way_to_signs():
    assert fitting([["-0.25"]], 10, 60, 20) == 10
    assert 7.5 <= fitting([["-0.25"]], 10, 30, 20) < 10
    assert fitting([["-0.25"]], 10, 20, 20) is None
    values = np.array([[-1.25, 0.0], [0.5, 2.0]])
    assert written(values, signed_scale(2.0), 36, numbers=True)[:27, :27].sum() < 40  # a minus
    assert written(values, signed_scale(2.0), 90, numbers=True)[:67, :67].sum() > 100


# images of one's own


@given(st.integers(8, 60), st.integers(8, 60), st.sampled_from(["grey", "first", "last"]))
def test_an_image_is_read_whatever_it_was_given_as(height, width, kind):
    whole = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = {"grey": whole[..., 0], "first": np.moveaxis(whole, -1, 0), "last": whole}[kind]
    read = read_image("f", image)
    assert read.shape == ((height, width) if kind == "grey" else (3, height, width))
    np.testing.assert_array_equal(pixels(read)[..., 0], whole[..., 0])
    np.testing.assert_array_equal(read, read_image("f", image / 255))


def test_an_image_is_made_small_by_averaging():
    image = np.arange(96 * 128).reshape(96, 128) / (96 * 128)
    small = fit_image("f", image, 24, 32)
    np.testing.assert_allclose(small[2, 3], image[8:12, 12:16].mean())
    assert fit_image("f", np.zeros((3, 96, 128)), 24, 32, grey=False).shape == (3, 24, 32)
    white = fit_image("f", np.ones((3, 9, 9)), 24, 32)
    np.testing.assert_allclose(white, 1)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.zeros((4, 8, 8)), r"f: image has shape \(4, 8, 8\); it must be \(H, W\), or"),
        (np.zeros(8), "f: image has shape"),
        (np.zeros((0, 8)), "f: image has shape"),
        (np.full((8, 8), 2.0), "from 2.0 to 2.0; they must be from 0 to 1"),
        (np.full((8, 8), np.nan), "from nan to nan; they must be"),
        (np.full((8, 8), -3), "from -3 to -3; they must be from 0 to 255"),
        (np.full((8, 8), "a"), "it must hold numbers"),
        (np.zeros((8, 300)), "would be 0 by 30 here; it must have at least 8"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_refused_with_the_rule(image, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit_image("f", image, 24, 32)


def test_a_grey_image_is_no_colour_image():
    with pytest.raises(ValueError, match="it must be in colour"):
        fit_image("f", np.zeros((9, 9)), 24, 32, grey=False)


def test_a_gallery_shows_colour_as_it_is():
    red = np.zeros((2, 3, 4, 4))
    red[:, 0] = 1
    for images in (red, np.moveaxis(red, 1, -1)):
        picture = gallery(images, ["a", "b"], title="Red")
        drawn = draw(picture.figure)
        assert (drawn == [255, 0, 0, 255]).all(axis=2).mean() > 0.2
    with pytest.raises(ValueError, match="colours have no sign"):
        gallery(red, ["a", "b"], title="Red", signed=True)
    with pytest.raises(ValueError, match="with N captions"):
        gallery(red, ["a"], title="Red")


def test_a_picture_shows_as_png_with_its_width_and_reads_as_text():
    data, metadata = Picture(new_figure(4, 2), "Two words.")._repr_mimebundle_()
    assert data["text/plain"] == "Two words."
    assert metadata["image/png"] == {"width": 384, "alt": "Two words."}
    assert Image.open(io.BytesIO(data["image/png"])).size == (576, 288)
    assert f"base64,{b64encode(data['image/png']).decode()}" in data["text/html"]


def test_the_alternative_text_of_a_picture_can_say_anything():
    words = 'y < 3 & "z"\nline two'
    data, _ = Picture(new_figure(1, 1), words)._repr_mimebundle_()
    (alt,) = re.findall('alt="(.*?)"', data["text/html"], re.DOTALL)
    assert unescape(alt) == words


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9))
def test_a_png_holds_its_pixels(height, width, seed):
    colours = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    image = Image.open(io.BytesIO(encode_png(colours)))
    np.testing.assert_array_equal(np.asarray(image), colours)


def test_drawing_needs_no_pyplot():
    code = (
        "import sys, course_lib.draw as d; d.Picture(d.new_figure(1, 1), '')._repr_mimebundle_();"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
