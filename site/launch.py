"""Where a lesson runs: in this browser, and from a public repository on Binder and in Colab."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from tools.copies import WORK

GITHUB = "https://github.com/"


def addresses(notebook: str, repository: str) -> dict[str, str]:
    """What a reader can open a lesson with -> where it leads; services need a repository.

    >>> list(addresses("04_01_layer", ""))
    ['in this browser']
    """
    here = {"in this browser": f"../lite/lab/index.html?path={WORK.name}/{notebook}.ipynb"}
    if not repository:
        return here
    github = repository.startswith(GITHUB)
    name = repository.removeprefix(GITHUB)
    place = f"gh/{name}" if github else f"git/{quote(repository, safe='')}"
    copy = quote(f"lab/tree/{WORK.name}/{notebook}.ipynb", safe="")
    binder = {"on Binder": f"https://mybinder.org/v2/{place}/HEAD?urlpath={copy}"}
    if not github:
        return here | binder
    colab = f"https://colab.research.google.com/github/{name}/blob/HEAD/notebooks/{notebook}.ipynb"
    return here | binder | {"in Colab": colab}


def buttons(notebook: str, repository: str) -> str:
    """The line below a lesson's title, and for Colab the cell that comes first there."""
    found = addresses(notebook, repository)
    links = " ".join(_link(words, address) for words, address in found.items())
    line = f'<p class="run">Run this lesson {links}</p>'
    if "in Colab" not in found:
        return line
    return line + (
        "<details class='run'><summary>In Colab, run this cell first</summary>"
        f"<pre>{escape(f'%pip install --quiet git+{repository}')}</pre></details>"
    )


def _link(words: str, address: str) -> str:
    served = ' class="served" data-from-file="../run.html"' if address.startswith("..") else ""
    return f'<a href="{escape(address)}"{served}>{words}</a>'
