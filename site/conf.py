"""How Sphinx sets the site; `python site/build.py` writes the sources and calls it."""

from __future__ import annotations

import inspect
import re
from textwrap import dedent, indent

import course_lib

# The public repository's address, such as https://github.com/someone/layer-by-layer; none: no link
# to it, and no button for Binder and Colab, which take the course from there.
repository = ""

project = "Layer by Layer"
author = "the authors of Layer by Layer"
version = release = course_lib.__version__
project_copyright = f"{author}: code MIT, text and pictures CC BY 4.0"
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]
pygments_style = "a11y-high-contrast-light"

html_theme = "pydata_sphinx_theme"
html_title = project
html_domain_indices = html_use_index = False
html_static_path = ["_static"]
html_css_files = ["explorer.css", "site.css"]
html_js_files = [(name, {"defer": "defer"}) for name in ("site.js", "strips.js")]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would fetch pages, which a browser forbids for files
html_context = {"default_mode": "auto"}
html_sidebars = {"index": [], "run": [], "gallery": []}
html_theme_options = {
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "navbar_center": ["navbar-nav"],
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "back_to_top_button": False,
} | ({"icon_links": [{"name": "Repository", "url": repository, "icon": "fa-solid fa-code"}]}
     if repository else {})  # fmt: skip

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # shapes stand in place of types
autodoc_preserve_defaults = True
add_module_names = False  # the page is named after the module
toc_object_entries_show_parents = "hide"

MARKS = re.compile(r"`+([^`]+)`+|(\*\w[\w -]*\w\*)(?!\w)|\*+|\|")  # code, a word in stars, others


def shapes_in_place_of_types(
    app: object, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Set a docstring of ours as reStructuredText, in place."""
    text = inspect.cleandoc("\n".join(lines))
    first, *rest = re.split(r"^(\w+)\n-+\n", text, flags=re.MULTILINE)
    parts = [_prose(first)]
    for heading, body in zip(rest[::2], rest[1::2], strict=True):
        parts += [f"**{heading}**", _prose(body) if heading in PROSE else _table(body)]
    lines[:] = "\n\n".join(parts).split("\n")


PROSE = ("Notes", "Examples")


def _prose(text: str) -> str:
    """Paragraphs; what is indented is a formula, what begins with >>> an example."""
    blocks = re.split(r"\n\n+", text.strip("\n"))
    return "\n\n".join(map(_block, blocks))


def _block(block: str) -> str:
    if block.startswith(("    ", ">>>")):
        return _code("pycon" if block.startswith(">") else "text", block)
    text = MARKS.sub(_mark, block)
    return re.sub(r"\n- ", "\n\n- ", text)  # a list is a paragraph of its own


def _mark(found: re.Match[str]) -> str:
    """Code and emphasis as reStructuredText; other stars and bars mean themselves."""
    code, emphasis = found.groups()
    return f"``{code}``" if code else emphasis or re.sub(r"(.)", r"\\\1", found[0])


def _table(body: str) -> str:
    """Parameters, returns and errors, aligned as in the source."""
    return _code("text", body.strip("\n"))


def _code(language: str, lines: str) -> str:
    return f".. code-block:: {language}\n\n{indent(dedent(lines), '   ')}"


def setup(app: object) -> None:
    app.connect("autodoc-process-docstring", shapes_in_place_of_types)  # type: ignore[attr-defined]
