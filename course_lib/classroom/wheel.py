"""The course as it is installed here, packed as a wheel: what a container installs it from."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import course_lib

_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


def wheel() -> tuple[str, bytes]:
    """The name of a wheel and its bytes, without asking any network.

    Examples
    --------
    >>> wheel()[0].startswith("course_lib-")
    True
    """
    installed = distribution("course-lib")
    stem = f"course_lib-{installed.version}"
    about = f"{stem}.dist-info"
    tag = "Wheel-Version: 1.0\nGenerator: course_lib\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = dict(_package())
    files[f"{about}/METADATA"] = (installed.read_text("METADATA") or "").encode()
    files[f"{about}/WHEEL"] = tag.encode()
    files[f"{about}/RECORD"] = _record(files, f"{about}/RECORD").encode()
    return f"{stem}-py3-none-any.whl", zipped(files)


def _package() -> Iterator[tuple[str, bytes]]:
    root = Path(course_lib.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and not _LEFT_OUT & set(path.parts):
            yield path.relative_to(root.parent).as_posix(), path.read_bytes()


def _record(files: Mapping[str, bytes], itself: str) -> str:
    """Every file with its hash and its size, as an installer checks them."""
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    return "".join([*lines, f"{itself},,\n"])


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A zip archive of these files, the same bytes whenever it is made; scripts may be run."""
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name, data in files.items():
            entry = ZipInfo(name)  # of the year 1980
            entry.compress_type = ZIP_DEFLATED
            script = data[:2] in (b"#!", "#!")
            entry.external_attr = (0o100755 if script else 0o100644) << 16
            archive.writestr(entry, data)
    return out.getvalue()
