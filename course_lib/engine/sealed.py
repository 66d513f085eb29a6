"""Worked answers that can be run and are not there to be read: in the copy that a class gets.

It keeps an answer from the eye, and not from somebody who sets out to unpack it.
"""

from __future__ import annotations

import base64
import zlib

_MARK = "sealed:"


def sealed(source: str) -> str:
    """A source that nobody reads in passing.

    Examples
    --------
    >>> opened(sealed("x = 1")), "x = 1" in sealed("x = 1")
    ('x = 1', False)
    """
    return _MARK + base64.b85encode(zlib.compress(source.encode(), 9)).decode()


def is_sealed(source: str) -> bool:
    """Whether it is one."""
    return source.startswith(_MARK)


def opened(source: str) -> str:
    """What is to be run, of a sealed source or of one that is not."""
    if not is_sealed(source):
        return source
    return zlib.decompress(base64.b85decode(source.removeprefix(_MARK))).decode()
