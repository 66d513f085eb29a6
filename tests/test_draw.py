"""Colours that everyone can tell apart, numbers that everyone can read, and pictures with words."""

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

from course_lib.draw import Cells, Label, Picture, new_figure, number, numbers, palette
from course_lib.draw.label import text_sprite
from course_lib.draw.page import Page, outline
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
def test_any_two_colours_of_the_palette_differ_for_every_kind_of_vision(vision):
    assert smallest_distance([getattr(palette, name) for name in COLOURS], vision) >= 16


def test_the_distance_notices_a_palette_that_fails_without_red_cones():
    assert smallest_distance(["#d62728", "#8c564b"], "normal") > 16
    assert smallest_distance(["#808000", "#9a7a00"], "deuteranopia") < 16


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
    red, _, blue = scale(value)[:3].astype(int)
    if abs(value) > limit / 20:
        assert (blue > red) == (value > 0)


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


def draw(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def test_cells_fill_their_extent_with_exactly_their_colours():
    figure = new_figure(2, 1)
    page = Page(figure, 200, 100)
    colours = np.random.default_rng(0).integers(0, 256, (5, 10, 4)).astype(np.uint8)
    colours[..., 3] = 255
    Cells(page.axes).fill(colours, (0, 200, 100, 0))
    pixels = draw(figure)
    height, width = pixels.shape[:2]
    rows = (np.arange(5) * 2 + 1) * height // 10
    columns = (np.arange(10) * 2 + 1) * width // 20
    np.testing.assert_array_equal(pixels[np.ix_(rows, columns)], colours)


def test_a_cell_shows_its_number_upright_and_in_the_middle():
    figure = new_figure(1, 1)
    page = Page(figure, 96, 96)
    Cells(page.axes, size=20).fill(np.full((1, 1, 4), 255, np.uint8), (0, 96, 96, 0), [["7"]])
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
        figure = new_figure(3, 1)
        page = Page(figure, 300, 100)
        if kind:
            page.label(20, 50, "output 24 × 32", size=12)
        else:
            page.axes.text(20, 50, "output 24 × 32", size=12, va="center")
        rows, columns = np.nonzero(draw(figure)[..., 0] < 128)
        boxes.append([columns.min(), columns.max(), (rows.min() + rows.max()) / 2])
    assert np.abs(np.subtract(*boxes)).max() <= 4


def test_an_outline_frames_its_rectangle():
    figure = new_figure(1, 1)
    page = Page(figure, 96, 96)
    place = outline(page.axes, palette.OUTPUT)
    for line in page.axes.lines:
        line.set_animated(False)
    place(20, 30, 40, 50)
    rows, columns = np.nonzero((draw(figure) == rgba(palette.OUTPUT)).all(axis=2))
    box = np.array([columns.min(), columns.max(), rows.min(), rows.max()]) / 1.5
    np.testing.assert_allclose(box, [20, 60, 30, 80], atol=2)


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
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    image = Image.open(io.BytesIO(encode_png(pixels)))
    np.testing.assert_array_equal(np.asarray(image), pixels)


def test_drawing_needs_no_pyplot():
    code = (
        "import sys, course_lib.draw as d; d.Picture(d.new_figure(1, 1), '')._repr_mimebundle_();"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
