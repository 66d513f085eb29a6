"""A widget's view in a notebook: what every view shares, and what is left once its kernel is gone.

A saved view names a model in the kernel that made it; without that kernel Jupyter shows an error
in place of the picture and words saved beside it. So a view is marked with its kernel. Jupyter's
server loads this module (jupyter_server_config.json says so) and leaves out, when it
reads a notebook, the views of ours whose kernel does not live any more. It also sends a view's
answers at once.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
MARK = "course_lib"  # in the view's metadata; what has none is not ours and stays as it is


def front_end(name: str) -> str:
    """The script of a view: what all share, then its own."""
    folder = Path(__file__).parent
    return "".join((folder / file).read_text(encoding="utf-8") for file in ("view.js", name))


def marked(
    data: dict[str, Any], metadata: dict[str, Any], afterwards: dict[str, str] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An output whose view, if it has one, names its kernel.

    What stands in `afterwards` replaces what `data` says when the view has to go: it may depend on
    the learner, as a committed output may not.
    """
    if VIEW not in data:
        return data, metadata
    mark = _this_kernel() | ({"afterwards": afterwards} if afterwards else {})
    return data, metadata | {VIEW: metadata.get(VIEW, {}) | {MARK: mark}}


def worded(widget: Any, words: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A widget of ours as an output; the words replace its own text."""
    view = widget._repr_mimebundle_()
    if view is None:
        return words, {}
    data, metadata = view if isinstance(view, tuple) else (view, {})
    return marked({**data, **words}, metadata)


def _this_kernel() -> dict[str, Any]:
    """The kernel's id, which outlives a restart, and its process, which does not.

    On Windows what was started is the parent: the python of a virtual environment is a launcher.
    """
    try:
        from ipykernel.connect import get_connection_file

        file = get_connection_file()
    except (ImportError, OSError, RuntimeError):
        return {}  # no kernel
    kernel = Path(file).stem.removeprefix("kernel-")
    return {"kernel": kernel, "processes": [os.getpid(), os.getppid()]}


def drop_dead_views(notebook: dict[str, Any], lives: Callable[[dict[str, Any]], bool]) -> None:
    """Take the views of ours that no living kernel made out of a notebook, in place."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data, about = output.get("data", {}), output.get("metadata", {})
            kept = about.get(VIEW)
            mark = kept.get(MARK) if isinstance(kept, dict) else None
            if VIEW in data and isinstance(mark, dict) and not lives(mark):
                del data[VIEW], about[VIEW]
                data.update(mark.get("afterwards", {}))


def _lives_in(kernels: Any) -> Callable[[dict[str, Any]], bool]:
    """Whether one of the server's kernels made a view."""

    def lives(mark: dict[str, Any]) -> bool:
        kernel = str(mark.get("kernel"))
        if kernel not in kernels:
            return False
        started = getattr(kernels.get_kernel(kernel), "provisioner", None)
        process = getattr(started, "pid", None)  # None where kernels run on another machine
        return process is None or process in mark.get("processes", [])

    return lives


def _load_jupyter_server_extension(server: Any) -> None:
    _send_at_once(server.web_app.settings)
    read = server.contents_manager.get
    lives = _lives_in(server.kernel_manager)

    def without_dead_views(model: dict[str, Any]) -> dict[str, Any]:
        if model["type"] == "notebook" and model["content"]:
            drop_dead_views(model["content"], lives)
        return model

    def get(*args: Any, **kwargs: Any) -> Any:
        async def wait(model: Any) -> dict[str, Any]:
            return without_dead_views(await model)

        model = read(*args, **kwargs)
        return wait(model) if inspect.isawaitable(model) else without_dead_views(model)

    server.contents_manager.get = get


def _send_at_once(settings: dict[str, Any]) -> None:
    """Let no message to a browser wait for another.

    By itself the server keeps a small message back until the browser has acknowledged the one
    before (Nagle's algorithm, RFC 896), which a browser puts off for 40 milliseconds: as much as an
    explorer takes for its whole answer.
    """
    name = "kernel_websocket_connection_class"
    inherited: Any = settings[name]

    class Connection(inherited):
        def connect(self) -> Any:
            self.websocket_handler.set_nodelay(True)
            return super().connect()

    settings[name] = Connection


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]
