"""How quickly does a slider answer? Our Explorer against plain `interact`, in one JupyterLab.

python -m benchmarks.sliders       writes benchmarks/SLIDERS.md
"""

from __future__ import annotations

import gc
import os
import platform
import re
import tempfile
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, sleep

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator

from course_lib.draw.picture import CSS_DPI
from course_lib.record import Array
from tests.browser.lab import LAB, Notebook, chromium, jupyterlab
from tests.test_explorer import EXPLORERS, MANY, settings
from tools.notebooks import METADATA

PAGE = Path("benchmarks/SLIDERS.md")
WARM_UP, KEYS, DRAGS = 5, 60, 8  # of each slider
DRAG_SECONDS, MOVES = 2.0, 120
QUIET = 1500  # milliseconds without a new picture: the last one has come
BUDGET = 60.0  # milliseconds for one step in the kernel

CELLS = {
    "Explorer": "from course_lib.explore import conv2d_under_the_window\nconv2d_under_the_window()",
    "interact": """\
%matplotlib inline
from ipywidgets import interact
from benchmarks.plain_slider import LAST_STEP, hand_made_kernels, show
interact(show, kernel=list(hand_made_kernels(3, 2)), kernel_size=(2, 5), stride=(1, 4),
         padding=(0, 3), dilation=(1, 3), step=(0, LAST_STEP));""",
    "nothing": """\
from course_lib.explore import Explorer
Explorer("nothing", lambda step=333: step, lambda figure: lambda step: None, str, step=(0, 700))""",
}
HANDLES = {
    "Explorer": ".explorer label:has-text('step') input",
    "interact": ".widget-hslider:has-text('step') .noUi-handle",
    "nothing": ".explorer label:has-text('step') input",
}
TRACKS = HANDLES | {"interact": ".widget-hslider:has-text('step') .noUi-base"}
# The window is also dragged on the picture itself, over the panel of the input.
PICTURE = "Explorer's picture"
HANDLES |= {PICTURE: ".explorer .panel >> nth=1"}
TRACKS |= {PICTURE: ".explorer .panel >> nth=1"}

# An explorer keeps its keys from the page at the window, so a key's time is noted there, before
# anything else listens. A cell notes when pointer moves reach it, when pictures come and when they
# are painted: two animation frames later. The picture of `interact` has come when it has been
# loaded, an explorer's when it has got its label, for which the canvas has been painted before.
KEYS_FIRST = "window.addEventListener('keydown', (e) => (window.key = e.timeStamp), true)"
WATCH = """(cell) => {
  cell.log = { input: 0, came: 0, painted: 0 };
  const input = (event) => {
    if (event.buttons) cell.log.input = event.timeStamp;
  };
  document.addEventListener("pointermove", input, true);
  const frame = () => new Promise(requestAnimationFrame);
  const come = async () => {
    const came = performance.now();
    await frame();
    await frame();
    Object.assign(cell.log, { came, painted: performance.now() });
  };
  cell.addEventListener("load", come, true);
  const labels = { subtree: true, attributeFilter: ["aria-label"] };
  new MutationObserver(come).observe(cell.querySelector(".jp-OutputArea"), labels);
}"""
AFTER_THE_KEY = """async (cell) => {
  for (let frame = 0; frame < 600 && cell.log.came < window.key; frame++)
    await new Promise(requestAnimationFrame);
  return { ...cell.log, input: window.key };
}"""
AFTER_THE_DRAG = f"""async (cell) => {{
  while (performance.now() - Math.max(cell.log.input, cell.log.painted) < {QUIET})
    await new Promise((done) => setTimeout(done, 50));
  return cell.log;
}}"""


def press(cell: Locator, name: str, key: str) -> dict[str, float]:
    """Press a key on a slider; the times of what followed."""
    slider = cell.locator(HANDLES[name])
    slider.focus()
    slider.press(key)
    return cell.evaluate(AFTER_THE_KEY)


def drag(cell: Locator, name: str) -> float:
    """Drag a slider to and fro for two seconds; milliseconds from the last move to its picture."""
    track, grip = (cell.locator(place[name]).bounding_box() for place in (TRACKS, HANDLES))
    assert track is not None
    assert grip is not None
    mouse, y = cell.page.mouse, track["y"] + track["height"] / 2
    mouse.move(grip["x"] + grip["width"] / 2, y)
    mouse.down()
    start = perf_counter()
    for move, place in enumerate(0.5 + 0.4 * np.sin(np.linspace(0, 9, MOVES))):
        sleep(max(0.0, start + move * DRAG_SECONDS / MOVES - perf_counter()))
        mouse.move(track["x"] + place * track["width"], y)
    mouse.up()
    log = cell.evaluate(AFTER_THE_DRAG)
    return log["painted"] - log["input"]


def measure() -> tuple[dict[str, Array], dict[str, Array], str]:
    """Times of each key press (N, 3) and lags after each drag (N,) by slider; the browser."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        (folder / "work").mkdir()
        cells = [new_code_cell(code) for code in CELLS.values()]
        notebook = new_notebook(cells=cells, metadata=METADATA)
        nbformat.write(notebook, folder / "work" / "sliders.ipynb")
        with jupyterlab(folder, PYTHONPATH=str(Path.cwd())) as address:
            page = browser.new_page(viewport={"width": 1280, "height": 2000})
            page.add_init_script(KEYS_FIRST)
            lab = Notebook(page, address % (LAB, "sliders.ipynb"))
            lab.run_all()
            shown = {name: lab.cells.nth(i) for i, name in enumerate(CELLS)}
            for name, cell in shown.items():
                cell.get_by_role("img").wait_for()
                cell.evaluate(WATCH)
                cell.locator(HANDLES[name]).focus()
            logs: dict[str, list[dict[str, float]]] = {name: [] for name in shown}
            lags: dict[str, list[float]] = {name: [] for name in (*shown, PICTURE)}
            for i in range(WARM_UP + KEYS):
                for name, cell in shown.items():
                    logs[name].append(
                        press(cell, name, "ArrowRight" if i % 40 < 20 else "ArrowLeft")
                    )
            for _ in range(DRAGS):
                for name in lags:
                    lags[name].append(drag(shown.get(name, shown["Explorer"]), name))
    events = ("input", "came", "painted")
    times = {
        name: np.array([[log[event] for event in events] for log in rows[WARM_UP:]])
        for name, rows in logs.items()
    }
    return times, {name: np.array(values) for name, values in lags.items()}, browser.version


def steps_in_the_kernel(name: str) -> Array:
    """For every point of an explorer's controls: ms to compute and draw, to compress; kB sent."""
    explorer = EXPLORERS[name]()
    explorer._words()
    explorer._paint(CSS_DPI)
    gc.freeze()  # what this script has loaded is no explorer's to look through
    steps = []
    for point in settings(explorer):
        start = perf_counter()
        explorer._move(point)
        explorer._words()
        pixels = np.array(explorer._paint(CSS_DPI))
        drawn = perf_counter()
        _, rows = explorer._difference(pixels, explorer._number)
        sent = perf_counter()
        steps.append((1000 * (drawn - start), 1000 * (sent - drawn), len(rows) / 1000))
    return np.array(steps)


STAGES = {
    "key to the picture's arrival": (0, 1),
    "arrival to two frames later": (1, 2),
    "key to painted picture": (0, 2),
}
# how many times the Explorer must be faster
AIMS = {
    "key to painted picture, median": 3.5,
    "key to painted picture, 95th percentile": 5.0,
    "last move of a drag to its picture, median": 3.0,
    "last move of a drag on the picture to its picture, median": 3.0,
}


def page(
    times: dict[str, Array], lags: dict[str, Array], kernel: dict[str, Array], browser: str
) -> str:
    """The results as Markdown."""
    rows = {
        f"{stage}, {statistic}": {name: of(t[:, end] - t[:, start]) for name, t in times.items()}
        for stage, (start, end) in STAGES.items()
        for statistic, of in {"median": np.median, "95th percentile": percentile_95}.items()
    }
    pointer = lags | {"Explorer": lags[PICTURE]}
    for dragged, lag in {"a drag": lags, "a drag on the picture": pointer}.items():
        for statistic, of in {"median": np.median, "longest": np.max}.items():
            row = {name: of(lag[name]) for name in times}
            rows[f"last move of {dragged} to its picture, {statistic}"] = row
    aims = "".join(
        f"| {stage} | {ratio:.1f} times | ≥ {aim:.1f} times "
        f"| {'met' if ratio >= aim else '**missed**'} |\n"
        for stage, aim in AIMS.items()
        for ratio in [rows[stage]["interact"] / rows[stage]["Explorer"]]
    )
    table = "".join(
        f"| {stage} | {row['Explorer']:.0f} | {row['interact']:.0f} "
        f"| {row['interact'] / row['Explorer']:.1f} | {row['nothing']:.0f} |\n"
        for stage, row in rows.items()
    )
    lost = [stage for stage, row in rows.items() if row["interact"] < row["Explorer"]]
    in_kernel = "".join(
        f"| {name} | {len(steps)} | {np.median(steps[:, 0]):.1f} | {steps[:, 0].max():.1f} "
        f"| {np.median(steps[:, 1]):.1f} | {steps[:, 1].max():.1f} "
        f"| {np.median(steps[:, 2]):.0f} | {steps[:, 2].max():.0f} |\n"
        for name, steps in kernel.items()
    )
    over = [name for name, steps in kernel.items() if steps[:, 0].max() > BUDGET]
    versions = "".join(f"| {name} | {value} |\n" for name, value in facts(browser).items())
    return f"""\
# How quickly does a slider answer?

| Explorer against `interact` | faster by | aim | verdict |
|---|---:|---:|---|
{aims}
Our explorer of `conv2d`, and the same content drawn by `ipywidgets.interact` with an inline
Matplotlib figure as one would write it (`benchmarks/plain_slider.py`), in one notebook, one kernel
and one run of JupyterLab, taking turns: {KEYS} key presses and {DRAGS} drags of
{DRAG_SECONDS:g} seconds each. A picture counts as painted two animation frames after its arrival:
after it has been loaded, or put on an explorer's canvas. Times in milliseconds, measured in the
page; the ratio is `interact` to Explorer. The last column is an explorer that computes and draws
nothing: what Jupyter and the browser take by themselves, below which no explorer can come. Only an
Explorer's picture can be dragged: beside it stand the drags of the two sliders. The server is as
learners have it, with the course's extension (`course_lib/engine/view.py`), which sends all three
what the kernel says at once.

| what | Explorer | interact | ratio | nothing |
|---|---:|---:|---:|---:|
{table}
Where `interact` is quicker: {"; ".join(lost) or "nowhere in this table"}.
It also takes any function as it is; an explorer wants compute, draw and describe written apart.

## One step in the kernel

Every explorer over its control grid (a sample of {MANY} points where the grid is larger), at one
pixel per CSS pixel. Compute and draw should stay below {BUDGET:.0f} ms. The rows of pixels that
have changed are compressed and sent; these are more from point to point than from step to step.
Explorers above that: {", ".join(over) or "none"}.

| explorer | steps | compute and draw, ms | longest | compress, ms | longest | sent, kB | most |
|---|---:|---:|---:|---:|---:|---:|---:|
{in_kernel}
## Measured on

| what | here |
|---|---|
{versions}
Written by `make bench-sliders`; do not edit.
"""


def percentile_95(values: Array) -> float:
    return float(np.quantile(values, 0.95))


def facts(browser: str) -> dict[str, str]:
    """Processor and versions, and nothing that names the machine."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.+)", text)
    packages = ("numpy", "matplotlib", "jupyterlab", "ipykernel", "ipywidgets", "anywidget")
    return {
        "processor": f"{model[1] if model else platform.processor()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        **{package: version(package) for package in packages},
        "Chromium": f"{browser}, headless, software rendering",
    }


if __name__ == "__main__":
    kernel = {name: steps_in_the_kernel(name) for name in EXPLORERS}
    times, lags, browser = measure()
    text = page(times, lags, kernel, browser)
    PAGE.write_text(text, encoding="utf-8")
    print(text)
