"""What a learner's function prints, displays and warns of while it is being checked, set aside."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator

import numpy as np

from course_lib.errors import so_many

_LINES, _CHARACTERS = 12, 2000  # of what was printed: the beginning tells enough


class Printed(io.TextIOBase):
    """Keeps the beginning of what is written and counts the lines; nobody can close it."""

    def __init__(self) -> None:
        self._kept, self._ends, self._unfinished = "", 0, False

    def write(self, text: str, /) -> int:
        """Keep the text as far as there is room."""
        self._kept += text[: _CHARACTERS - len(self._kept)]
        self._ends += text.count("\n")
        self._unfinished = not text.endswith("\n") if text else self._unfinished
        return len(text)

    def close(self) -> None:
        """Stay open: an answer that closes its output must not end the check."""

    def text(self) -> str:
        """The first lines, and how many more there were.

        Examples
        --------
        >>> printed = Printed()
        >>> _ = printed.write("a row\\n" * 1000)
        >>> printed.text().splitlines()[-1]
        '… and 988 more lines'
        """
        lines = self._kept.rstrip("\n").split("\n")[:_LINES]
        more = self._ends + self._unfinished - len(lines)
        if more > 0:
            return "\n".join([*lines, f"… and {so_many(more, 'more line')}"])
        return "\n".join(lines) + (" …" if len(self._kept) == _CHARACTERS else "")


@contextlib.contextmanager
def set_aside(printed: Printed, shown: bool) -> Iterator[None]:
    """Prints go to `printed`, warnings nowhere; what is displayed appears only if `shown`."""
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        quiet(),
        contextlib.nullcontext() if shown else _undisplayed(),
    ):
        yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warning is said, whatever is computed."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _undisplayed() -> contextlib.AbstractContextManager[object]:
    """IPython's displays are thrown away; where there is no IPython there is nothing to do."""
    if "IPython" not in sys.modules:
        return contextlib.nullcontext()
    from IPython.utils.capture import capture_output

    return capture_output(stdout=False, stderr=False, display=True)
