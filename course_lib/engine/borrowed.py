"""Whether an answer lets the library do the work: right, but then nothing was written by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import course_lib
from course_lib.engine.inputs import Case
from course_lib.engine.outcome import run


def operations(function: Callable[..., Any], case: Case) -> tuple[str, ...]:
    """The library's operations that `function` called for one case, in the order of the calls.

    A layer's operation counts as well, and its definition: Conv1d(weight, bias)(x) and
    plain.conv1d(x, weight, bias) are conv1d.
    """
    met: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and _is_operation(frame):
            met[frame.f_code.co_name] = None

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run(function, case, shown=False)
    finally:
        sys.setprofile(before)
    return tuple(met)


def _is_operation(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__"))
    ours = module.startswith("course_lib.") and not module.startswith("course_lib.engine.")
    return ours and frame.f_code.co_name in course_lib.__all__
