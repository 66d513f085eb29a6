"""What a page reads instead of running it for minutes: `measured` finds a stored table by name."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from course_lib.engine.measured import Table, read
from course_lib.lessons import LESSONS

__all__ = ["measured"]


def measured(name: str) -> Table:
    """Look up runs that were measured once and stored, because they take longer than a page may.

    Parameters
    ----------
    name            the section's number and a word: "00.five_runs"

    Returns
    -------
    Table           shown as means with their spread; table["accuracy"] is a column, one per seed

    Raises
    ------
    ValueError      if there is no table of that name

    Examples
    --------
    >>> measured("00.five_runs")["accuracy"].shape
    (5,)
    """
    tables: dict[str, Table] = {}
    for lesson in LESSONS:
        tables |= read(Path(str(lesson.__file__)).parent)
    if name not in tables:
        near = get_close_matches(str(name), tables, n=3, cutoff=0.4)
        raise ValueError(
            f"measured: there is no table {name!r}; "
            f"the nearest names are {', '.join(near) or ', '.join(tables)}."
        )
    return tables[name]
