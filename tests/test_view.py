"""What stays of a view: everything while its kernel lives, pictures and words after that."""

from __future__ import annotations

import asyncio
import json
import sys
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.engine import view
from course_lib.engine.view import VIEW, drop_dead_views, marked
from tools.notebooks import clean, execute


class Kernels(dict):
    """A server's kernels: id -> process, None where it runs on another machine."""

    def get_kernel(self, name):
        return SimpleNamespace(provisioner=SimpleNamespace(pid=self[name]))


class Connection:
    """As much of a browser's connection to a kernel."""

    def __init__(self, handler):
        self.websocket_handler = handler

    def connect(self):
        return "connected"


class Server:
    """As much of Jupyter's server as our extension touches."""

    def __init__(self, notebook, wait=False):
        settings = {"kernel_websocket_connection_class": Connection}
        self.web_app = SimpleNamespace(settings=settings)
        model = {"type": "notebook", "content": notebook}

        async def later(path, content=True):
            return model

        self.kernel_manager = Kernels(a=7, far=None)
        self.contents_manager = SimpleNamespace(get=later if wait else lambda *_, **__: model)
        view._load_jupyter_server_extension(self)


def saved(mark, **data):
    """A notebook of one output with a view that has this mark."""
    output = {"data": {VIEW: {"model_id": "1f"}, "text/plain": "words", **data}}
    output["metadata"] = {VIEW: mark, "image/png": {"width": 3}}
    return {"cells": [{"cell_type": "markdown"}, {"outputs": [{"text": "4"}, output]}]}


def reopened(notebook):
    return Server(deepcopy(notebook)).contents_manager.get("a.ipynb")["content"]


def ours(kernel="a", processes=(7, 1), **more):
    return {"course_lib": {"kernel": kernel, "processes": list(processes), **more}}


@pytest.mark.parametrize(
    "mark",
    [
        ours(),
        ours(processes=(9, 7)),
        ours("far", (3, 1)),
        {},
        {"colab": {}},
        {"course_lib": 3},
        "3",
    ],
    ids=["ours", "launched", "far", "unmarked", "another's", "not a mark", "not metadata"],
)
def test_a_view_stays_whose_kernel_lives_or_that_is_not_ours(mark):
    notebook = saved(mark)
    assert reopened(notebook) == notebook


@pytest.mark.parametrize(
    "mark",
    [ours("b"), ours(processes=(8, 1)), {"course_lib": {}}, {"course_lib": {"kernel": ["a"]}}],
    ids=["gone", "restarted", "no kernel", "not a kernel"],
)
def test_a_view_goes_whose_kernel_is_gone_or_was_restarted(mark):
    output = reopened(saved(mark, **{"image/png": "iVBO"}))["cells"][1]["outputs"][1]
    assert output == {
        "data": {"text/plain": "words", "image/png": "iVBO"},
        "metadata": {"image/png": {"width": 3}},
    }


def test_what_depended_on_the_learner_stands_in_the_place_of_its_view():
    mark = ours("b", afterwards={"text/html": "<p>3 of 4</p>"})
    output = reopened(saved(mark, **{"text/html": "<p>run</p>"}))["cells"][1]["outputs"][1]
    assert output["data"] == {"text/plain": "words", "text/html": "<p>3 of 4</p>"}


def test_a_server_that_waits_for_its_disk_is_waited_for():
    server = Server(saved(ours("b")), wait=True)
    model = asyncio.run(server.contents_manager.get("a.ipynb", content=True))
    assert VIEW not in model["content"]["cells"][1]["outputs"][1]["data"]


@pytest.mark.parametrize("model", [{"type": "file", "content": "{}"}, {"type": "notebook"}])
def test_other_files_are_read_as_they_are(model):
    model = {"content": None} | model
    server = Server(None)
    server.contents_manager.get = lambda path: dict(model)
    view._load_jupyter_server_extension(server)
    assert server.contents_manager.get("a") == model


def test_no_message_of_a_kernel_waits_until_the_browser_has_acknowledged_the_one_before():
    asked = []
    handler = SimpleNamespace(set_nodelay=asked.append)
    connection = Server(None).web_app.settings["kernel_websocket_connection_class"](handler)
    assert connection.connect() == "connected"
    assert asked == [True]


def test_what_has_no_view_has_no_mark():
    assert marked({"text/plain": "3"}, {}) == ({"text/plain": "3"}, {})


def test_jupyter_is_told_to_load_the_extension():
    installed = Path(sys.prefix) / "etc/jupyter/jupyter_server_config.d/course_lib.json"
    assert json.loads(installed.read_text()) == {
        "ServerApp": {"jpserver_extensions": {view.__name__: True}}
    }
    assert view._jupyter_server_extension_points() == [{"module": view.__name__}]


RUN = {
    "explorer": "from course_lib.explore import equivariance; equivariance()",
    "prediction": "from course_lib.exercises import predict; predict('00.window_sum')",
    "progress": "from course_lib.exercises import progress; progress()",
    "training": """import numpy as np, course_lib as lib
model, x = lib.Identity(), np.zeros((5, 2))
optimizer = lib.SGD.init(model, learning_rate=0.1)
_ = lib.fit(model, x, x, optimizer=optimizer, epochs=2, batch_size=2, loss=lib.mse,
    rng=np.random.default_rng(0))""",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The outputs of a kernel, by name, and the kernel's process."""
    cells = [new_code_cell(code) for code in ("import os; os.getpid()", *RUN.values())]
    ran = execute(new_notebook(cells=cells), tmp_path_factory.mktemp("run"))
    process, *outputs = [cell.outputs[0] for cell in ran.cells]
    return ran, dict(zip(RUN, outputs, strict=True)), int(process.data["text/plain"])


@pytest.mark.parametrize("name", ["explorer", "prediction", "progress"])
def test_a_view_names_the_kernel_that_made_it(run, name):
    _, outputs, process = run
    mark = outputs[name].metadata[VIEW]["course_lib"]
    assert process == mark["processes"][0]
    assert len(mark["kernel"]) > 10


def test_all_that_a_dead_kernel_showed_has_words(run):
    notebook = deepcopy(run[0])
    drop_dead_views(notebook, lambda mark: False)
    left = [cell.outputs[0].data for cell in notebook.cells[1:]]
    assert all(VIEW not in data and data["text/plain"] for data in left)
    assert "<img alt=" in left[0]["text/html"]
    assert "Predict" in left[1]["text/html"]
    assert "Your progress" in left[2]["text/html"]
    assert left[3]["text/plain"] == "training: 4 steps"


def test_nothing_of_a_kernel_is_committed(run):
    text = nbformat.writes(clean(run[0]))
    assert "processes" not in text
    assert "model_id" not in text
