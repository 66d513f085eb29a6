"""A strip says and shows on a page what its explorer says and shows in the notebook."""

from __future__ import annotations

import io
import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import strips
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from recording import COLUMNS, TILE, cut
from sweeps import multiples, stops

from course_lib.draw.picture import CSS_DPI, PRINT_DPI
from course_lib.engine.explorer import Explorer
from tests.browser.lab import ROOT
from tools.notebooks import find

SITE = ROOT / "build/site"
WIDE, NARROW = strips.WIDTHS
NOTEBOOKS = {path: nbformat.read(path, as_version=4) for path in find()}
CALLS = [(path, call) for path, notebook in NOTEBOOKS.items() for call in strips.calls(notebook)]
NAMES = [f"{path.parent.name}/{path.stem}-{call.cell}-{call.name}" for path, call in CALLS]
STRIP = '[id="explore.conv2d_under_the_window"]'  # of the convolution's page


class Story:
    """What a strip's script tells, and its pictures put together as `strips.js` does."""

    def __init__(self, file: Path) -> None:
        _, self.name, _, told, _, sheet, _ = file.read_text(encoding="utf-8").split('"')
        self.told: dict[str, Any] = json.loads(zlib.decompress(b64decode(told)))
        self.sheet = np.asarray(Image.open(io.BytesIO(b64decode(sheet))).convert("RGB"))

    def pixels(self, number: int) -> np.ndarray:
        pictures, tiles = self.told["pictures"], cut(self.sheet)
        width, height = pictures[0]["pixels"]
        across, down = -(-width // TILE), -(-height // TILE)
        places = np.full(across * down, -1)
        for place, tile, count in [*pictures[0]["runs"], *pictures[number]["runs"]]:
            places[place : place + count] = range(tile, tile + count)
        apart = tiles[places].reshape(down, across, TILE, TILE, 3).swapaxes(1, 2)
        return apart.reshape(down * TILE, across * TILE, 3)[:height, :width]


def samples(control: dict[str, Any]) -> Iterator[tuple[int, list[float], int | None]]:
    """Parts of a control, by number, at their first and last place, with the pictures' numbers."""
    parts = control["parts"]
    for index in {*range(0, len(parts), max(1, len(parts) // 4)), len(parts) - 1}:
        axes, pictures = parts[index]["axes"], parts[index]["pictures"]
        places = list(product(*axes))
        assert len(places) == len(pictures)
        for at in {0, len(places) - 1}:
            yield index, list(places[at]), pictures[at]


def asked(explorer: Explorer, control: dict[str, Any], index: int, place: list[float]) -> Any:
    """What the notebook's front end asks an explorer to move, to come to a place of a strip."""
    name, kind, value = control["name"], control["kind"], int(place[0])
    if kind == "range":
        return {name: float(control["names"][value])}
    if kind in ("select", "checkbox"):
        return {name: control.get("options", [False, True])[value]}
    if kind in ("point", "touch"):
        return explorer._follow({name: {str(index): {"to": place}}})
    cells = np.array(control["value"])
    if index == cells.size:
        cells[:] = np.clip(0, control["min"], control["max"])  # the button that clears
    else:
        cells.flat[index] = place[0]
    return {name: cells}


@pytest.mark.parametrize(("path", "call"), CALLS, ids=NAMES)
def test_a_strip_is_its_explorer_at_the_same_values(path: Path, call: strips.Call):
    explorer, story = call.explorer(), Story(strips.files(call)[0])
    committed = NOTEBOOKS[path].cells[call.cell].outputs[0].data["text/plain"]
    assert words(explorer) == committed.split("\n", 2)[2]  # run with what the notebook has
    start, pictures, presets = strips.start_of(explorer), story.told["pictures"], call.presets()
    assert pictures[0]["words"] == words(explorer)
    for control in story.told["controls"]:
        for index, place, number in samples(control):
            explorer._move(start)
            if control["name"] == "surprise":
                move = presets.get(control["options"][place[0]], {})
            else:
                move = asked(explorer, control, index, place)
            if number is None:
                assert move == {}  # a press there does nothing
                number = 0
            explorer._move(start | move)  # to where the controls can show it, as from a browser
            assert pictures[number]["words"] == words(explorer), move
            assert pictures[number]["code"] == explorer.code(), move
    shown = story.pixels(number)
    dpi = (WIDE * sharp(shown) + 1e-3) / explorer._figure.get_figwidth()
    np.testing.assert_array_equal(shown, np.array(explorer._paint(dpi))[..., :3])


def sharp(pixels: np.ndarray) -> float:
    """Pixels per CSS pixel, of which the canvas cuts off what is less than one."""
    return PRINT_DPI / CSS_DPI if pixels.shape[1] > WIDE else 1


def words(explorer: Any) -> str:
    return explorer.text().split("\n", 2)[2]


def test_what_is_recorded_again_is_the_same_bytes():
    (call,) = (call for _, call in CALLS if call.name == "cut_the_wire")
    for file, width in zip(strips.files(call), strips.WIDTHS, strict=True):
        assert strips.script(file.stem, call.explorer(), {}, width) == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("state", "values"),
    [
        ({"min": 0, "max": 3, "step": 1, "value": 1}, [0, 1, 2, 3]),
        ({"min": 0, "max": 100, "step": 1, "value": 33}, [0, 33, 50, 100]),
        ({"min": 0, "max": 100, "step": 1, "value": 33, "fixed": "as you say"}, [33]),
    ],
)
def test_of_many_values_the_ends_and_the_start_are_shown(state: dict[str, Any], values: list[int]):
    assert stops(state | {"kind": "range"}, 4) == values


@pytest.mark.parametrize(
    ("ends", "step", "start", "places"),
    [
        ((0, 1), 0.5, 0.5, [0, 0.5, 1]),
        ((2, -2), 0.1, 1, [-1, 1, 1.7]),
        ((-2, 2), 0.1, 2, [-0.7, 2]),
        ((-0.5, 63.5), 1, 10, [3, 10, 45]),
    ],
)
def test_a_point_can_leave_its_start_on_both_sides(
    ends: tuple[float, float], step: float, start: float, places: list[float]
):
    assert multiples(ends, step, start, 3) == places


def test_strips_are_light():
    sizes = {file.name: file.stat().st_size for file in (SITE / "_strips").glob("*.js")}
    both = [size + sizes[name.replace(f"-{WIDE}", f"-{NARROW}")]
            for name, size in sizes.items() if f"-{WIDE}" in name]  # fmt: skip
    assert len(both) == len(sizes) / 2 >= 50
    assert max(both) <= 2_000_000
    assert sum(sizes.values()) <= 50_000_000


def test_no_slider_shows_more_than_forty_values_and_few_strips_are_made_lighter():
    coarse = set()
    for file in (SITE / "_strips").glob(f"*-{WIDE}.js"):
        story = Story(file)
        for control in story.told["controls"]:
            assert "box" in control or len(control["parts"][0]["pictures"]) <= 40
        assert story.sheet.shape[1] == COLUMNS * TILE
        if story.told["pictures"][0]["pixels"][0] <= WIDE:
            coarse.add(file.name.split("-")[0])
    assert coarse == {  # noise over photographs; curves all of which move
        "pixel_against_channel",
        "squiggle_painter",
    }


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []
    context.close()


def open_strip(page: Page, file: str = "04_02b_convolution", strip: str = STRIP) -> Locator:
    page.goto((SITE / f"notebooks/{file}.html").as_uri())
    found = page.locator(strip)
    found.scroll_into_view_if_needed()
    found.locator(".words:not(:empty)").wait_for()
    return found


def slider(strip: Locator, name: str) -> Locator:
    return strip.get_by_role("slider", name=name, exact=True)


def test_a_key_moves_the_picture_and_its_words(page: Page):
    strip = open_strip(page)
    words, first = strip.locator(".words"), strip.locator(".words").inner_text()
    assert words.get_attribute("role") == "status"
    stride, padding = (slider(strip, name) for name in ("stride", "padding"))
    stride.focus()
    page.keyboard.press("ArrowRight")
    expect(words).not_to_have_text(first)
    assert stride.get_attribute("aria-valuetext") == "2"
    page.keyboard.press("Tab")
    assert padding.evaluate("field => field === document.activeElement")
    page.keyboard.press("ArrowLeft")
    expect(stride).to_have_value("0")  # the first again
    assert (strip.locator("code").text_content() or "").endswith("padding=0)")
    page.keyboard.press("ArrowRight")
    expect(words).to_have_text(first)


def test_the_canvas_shows_the_recorded_pixels(page: Page):
    strip = open_strip(page)
    strip.get_by_role("combobox", name="kernel").select_option("blur")
    strip.locator("code:has-text('blur')").wait_for(state="attached")
    height, width, shown = strip.locator("canvas").evaluate(
        "c => [c.height, c.width, Array.from(c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 < 3))]"
    )
    (call,) = (
        c for _, c in CALLS if c.name in STRIP and "conv2d=" in c.code and len(c.before) < 300
    )
    story = Story(strips.files(call)[0])
    (kernel,) = (c for c in story.told["controls"] if c["name"] == "kernel")
    number = kernel["parts"][0]["pictures"][kernel["options"].index("blur")]
    np.testing.assert_array_equal(np.reshape(shown, (height, width, 3)), story.pixels(number))


def story_of(strip: Locator) -> dict[str, Any]:
    """What the script of a strip tells, as it is loaded."""
    name = (strip.get_attribute("data-strip") or "").split("/")[-1]
    return Story(SITE / f"_strips/{name}-{WIDE}.js").told


def place(handle: Locator) -> list[float]:
    """Where a point says that it stands: "x 1, y 2"."""
    said = handle.get_attribute("aria-valuetext") or ""
    return [float(one.split()[1]) for one in said.split(", ")]


def middle(element: Locator) -> tuple[float, float]:
    """Its middle, on the screen."""
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("width", [1280, 360])
def test_a_point_is_dragged_to_the_nearest_place(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    strip = open_strip(page, "04_06_normalization", '[id="explore.knobs"]')
    handle, panel = strip.locator(".handle"), strip.locator(".panel")
    (part,) = story_of(strip)["controls"][0]["parts"]
    (low, high), (bottom, top) = story_of(strip)["controls"][0]["limits"]
    x, y = middle(handle)
    box = panel.bounding_box()
    assert box is not None
    for right, down in ((0.12, 0.2), (0.8, 0.3), (0.99, 0.99)):
        page.mouse.move(x, y)
        page.mouse.down()
        x, y = box["x"] + right * box["width"], box["y"] + down * box["height"]
        page.mouse.move(x, y, steps=3)
        page.mouse.up()
        wanted = [low + right * (high - low), top - down * (top - bottom)]
        nearest = [min(values, key=lambda v, w=w: abs(v - w))
                   for values, w in zip(part["axes"], wanted, strict=True)]  # fmt: skip
        expect(handle).to_have_attribute("aria-valuetext", "x {:g}, y {:g}".format(*nearest))
        assert f"beta_gamma=({nearest[0]}, " in (strip.locator("code").text_content() or "")
        x, y = middle(handle)


def test_arrow_keys_lead_a_point_through_all_places(page: Page):
    strip = open_strip(page, "04_08_attention", '[id="explore.soft_hash_map"]')
    keys = next(c for c in story_of(strip)["controls"] if c["name"] == "keys")
    handle = strip.get_by_role("slider", name="keys 2")
    handle.focus()
    across, up = keys["parts"][1]["axes"]
    start = place(handle)
    for key, axis, ends in (
        ("ArrowRight", 0, across[across.index(start[0]) + 1 :]),
        ("ArrowUp", 1, up[up.index(start[1]) + 1 :]),
        ("ArrowLeft", 0, across[-2::-1]),
        ("ArrowDown", 1, up[-2::-1]),
    ):
        for end in ends:
            before = handle.get_attribute("aria-valuetext")
            page.keyboard.press(key)
            expect(handle).not_to_have_attribute("aria-valuetext", before or "")
            assert place(handle)[axis] == end
    assert strip.locator("code").text_content() != "explore.soft_hash_map()"


def test_cells_are_painted_and_cleared(page: Page):
    strip = open_strip(page, "04_05_dropout", '[id="explore.click_a_unit_away"]')
    words, whole = strip.locator(".words"), strip.locator(".words").inner_text()
    cell = strip.locator(".handle").first
    page.mouse.click(*middle(cell))
    expect(words).not_to_have_text(whole)
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    expect(cell).to_have_attribute("aria-valuetext", "row 0, column 1: empty")
    page.keyboard.press("ArrowLeft")  # it went back to its start
    expect(cell).to_have_attribute("aria-valuetext", "row 0, column 0: painted")
    strip.get_by_role("button", name="clear upper units").click()
    expect(strip.get_by_role("img", name="Without dropout: 0 of 16")).to_be_visible()


def test_a_number_goes_to_the_nearest_of_its_cell(page: Page):
    strip = open_strip(page, "04_08_attention", '[id="explore.match_softmax_retrieve"]')
    (Q,) = (c for c in story_of(strip)["controls"] if c["name"] == "Q")
    (values,) = Q["parts"][0]["axes"]
    page.mouse.click(*middle(strip.locator(".handle").first))
    for wanted in (-1.5, 4, 1):
        page.keyboard.press("Control+a")
        page.keyboard.type(f"{wanted}")
        nearest = min(values, key=lambda value, wanted=wanted: abs(value - wanted))
        strip.locator(f"code:has-text('Q=(({nearest:.1f},')").wait_for(state="attached")


def test_a_press_moves_the_sliders_it_sets(page: Page):
    strip = open_strip(page)
    step, panels = slider(strip, "step"), strip.locator(".panel")
    x, y = middle(panels.nth(1))  # of the input
    page.mouse.click(x, y)
    expect(step).not_to_have_value("0")
    assert step.evaluate("field => field === document.activeElement")
    code = strip.locator("code").text_content() or ""
    assert f"step={step.get_attribute('aria-valuetext')}" in code


def test_a_pointer_that_passes_takes_nothing_back(page: Page):
    strip = open_strip(page)
    code, stride = strip.locator("code"), slider(strip, "stride")
    x, y = middle(strip.locator(".panel").first)
    page.mouse.move(x, y)
    expect(code).to_contain_text("output=")
    page.mouse.move(0, 0)
    expect(code).not_to_contain_text("output=")
    stride.focus()
    page.keyboard.press("ArrowRight")
    expect(code).to_contain_text("stride=2")
    page.mouse.move(x, y)
    page.mouse.move(0, 0)
    page.wait_for_timeout(200)
    expect(code).to_contain_text("stride=2")


CLOCK = """
addEventListener("keydown", (event) => (window.pressed = event.timeStamp), true);
window.times = [];
new MutationObserver((changes) => {
  const painted = () => window.times.push(performance.now() - window.pressed);
  if (window.pressed) requestAnimationFrame(() => setTimeout(painted)); // after the next frame
}).observe(document, { subtree: true, attributeFilter: ["aria-label"] });
"""


def test_a_picture_follows_its_key_at_once(page: Page):
    page.add_init_script(CLOCK)
    slider(open_strip(page), "step").focus()
    for number in range(60):
        page.keyboard.press("ArrowLeft" if number % 2 else "ArrowRight")
        page.wait_for_function("n => window.times.length > n", arg=number)
    times = page.evaluate("window.times")
    print("key to picture, milliseconds:", np.percentile(times, [50, 95]))
    assert np.percentile(times, 95) <= 50


def follows_its_link(page: Page, strip: Locator, selector: str) -> None:
    """Follow the link of a strip, from nowhere, to where it stands."""
    link = strip.get_by_role("link", name="Link to this setting")
    address, said = link.evaluate("a => a.href"), strip.locator(".words").inner_text()
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(
        f"text => document.querySelector('{selector} .words')?.innerText === text", arg=said
    )


def test_a_link_leads_to_a_setting(page: Page):
    strip = open_strip(page)
    strip.get_by_role("combobox", name="surprise").select_option(index=3)
    strip.locator("code:has-text('identity')").wait_for(state="attached")
    follows_its_link(page, strip, STRIP)


def test_a_link_leads_to_what_was_moved_by_hand(page: Page):
    blindfold = '[id="explore.blindfold"]'
    strip = open_strip(page, "04_13_capstone_text", blindfold)
    page.mouse.click(*middle(strip.locator(".panel")))
    strip.locator("code:has-text('cells=')").wait_for(state="attached")
    follows_its_link(page, strip, blindfold)


def test_on_a_telephone_the_panels_are_stacked(page: Page):
    page.set_viewport_size({"width": 360, "height": 740})
    strip = open_strip(page)
    width, height = strip.locator("canvas").evaluate("c => [c.width, c.height]")
    assert height > width
    shown = strip.locator("canvas").evaluate("c => c.getBoundingClientRect().width")
    assert shown >= min(strips.WIDTHS)  # its letters have not shrunk
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_in_print_and_without_scripts_the_still_picture_stands(page: Page, browser: Browser):
    strip = open_strip(page)
    assert not strip.locator("img").is_visible()
    page.emulate_media(media="print")
    assert strip.locator("img").is_visible()
    assert not strip.locator("canvas").is_visible()
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((SITE / "notebooks/04_02b_convolution.html").as_uri())
    assert plain.locator(f"{STRIP} img").is_visible()
    context.close()


def test_the_first_page_moves_at_once(page: Page):
    page.goto((SITE / "index.html").as_uri())
    page.locator(".strip .words:not(:empty)").wait_for()
    assert page.evaluate("document.querySelector('canvas').getBoundingClientRect().top") < 800


def test_the_gallery_has_every_explorer_and_leads_to_it(page: Page):
    page.goto((SITE / "gallery.html").as_uri())
    names = page.eval_on_selector_all(".gallery a", "all => all.map(a => a.hash.slice(9))")
    assert sorted(names) == sorted({call.name for _, call in CALLS})
    for idea in page.locator(".gallery p").all_inner_texts():
        assert idea.endswith((".", "?")), idea
