"""On what was it measured? The processor and the versions, and nothing that names the machine."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import numpy


def describe() -> dict[str, str]:
    """What a reader needs to know to compare with a machine of their own."""
    import torch

    return {
        "processor": f"{processor()}, {os.cpu_count()} cores, one used",
        "caches": _caches(),
        "system": f"{platform.system()}, {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": f"{numpy.__version__} with {_blas()}",
        "PyTorch": f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()} kernels",
    }


def processor() -> str:
    """The model, as the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown"
    found = {name: value for name, value in re.findall(r"^([\w ]+?)\s*: (.+)$", text, re.M)}
    return f"{found.get('model name', 'unknown')} (family {found.get('cpu family', '?')})"


def _caches() -> str:
    """Sizes of the first core's caches, as the system tells them."""
    folders = sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"))
    caches = (
        [(folder / fact).read_text().strip() for fact in ("level", "type", "size")]
        for folder in folders
    )
    return ", ".join(f"L{level} {kind} {size}" for level, kind, size in caches) or "unknown"


def _blas() -> str:
    from threadpoolctl import threadpool_info

    infos = [i for i in threadpool_info() if i["user_api"] == "blas"]
    numpy_blas = next(i for i in infos if "numpy" in i["filepath"] or len(infos) == 1)
    return (
        f"{numpy_blas['internal_api']} {numpy_blas['version']}, "
        f"{numpy_blas.get('architecture', 'unknown')} kernels"
    )
