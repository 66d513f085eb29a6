"""Print the oldest versions that pyproject.toml allows, as constraints for pip."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EXTRAS = ("lab", "test", "classroom", "dask")


def oldest(project: Mapping[str, Any], extras: tuple[str, ...] = EXTRAS) -> list[str]:
    """Every lower bound as a pin.

    Examples
    --------
    >>> oldest({"dependencies": ["numpy>=2.0"], "optional-dependencies": {}}, extras=())
    ['numpy==2.0']
    """
    optional = project["optional-dependencies"]
    requirements = [*project["dependencies"], *(r for extra in extras for r in optional[extra])]
    return [requirement.replace(">=", "==") for requirement in requirements]


if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    print("\n".join(oldest(project)))
