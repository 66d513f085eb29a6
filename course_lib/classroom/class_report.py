"""What a class did: for every exercise who passed, and which mistakes were made, by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from statistics import median

from course_lib.classroom.assignment import Assignment
from course_lib.classroom.feedback import page
from course_lib.classroom.results import Result
from course_lib.errors import so_many

_WORDS = {
    "passed": "right",
    "not-written": "not written",
    "missing": "no function of that name",
    "stopped": "stopped: too slow, too much memory or a crash",
    "hidden": "right on the visible cases alone",
    "raised": "raises an exception",
    "type": "returns another kind of value",
    "shape": "returns another shape",
    "input-changed": "changes its input",
    "wrong-value": "wrong values, no mistake we know by name",
}


def mistake(diagnosis: str) -> str:
    """A diagnosis in words.

    Examples
    --------
    >>> mistake("slip:kernel flipped")
    'kernel flipped'
    """
    return diagnosis.removeprefix("slip:") if diagnosis[:5] == "slip:" else _WORDS[diagnosis]


def tally(results: Sequence[Result], name: str) -> Counter[str]:
    """How many made each mistake in an exercise, the commonest first; those who passed first."""
    found = [m.diagnosis for r in results for m in r.marks if m.name == name]
    counts = Counter(found)
    return Counter(dict(sorted(counts.items(), key=lambda kv: (kv[0] != "passed", -kv[1], kv[0]))))


def as_text(assignment: Assignment, results: Sequence[Result], names: bool = False) -> str:
    """The class as text; with `names`, who made which mistake."""
    lines = [assignment.title, *_summary(assignment, results, names)]
    for part in assignment.parts:
        counts = tally(results, part.name)
        lines += ["", f"{part.name} ({so_many(part.points, 'point')})"]
        for diagnosis, count in counts.items():
            who = f"  ({', '.join(_who(results, part.name, diagnosis))})" if names else ""
            lines.append(f"  {count:3d} of {counts.total()}  {mistake(diagnosis)}{who}")
    return "\n".join(lines) + "\n"


def as_html(assignment: Assignment, results: Sequence[Result], names: bool = False) -> str:
    """The class as one page; without `names` it can be shown in class."""
    body = [f"<h1>{escape(assignment.title)}</h1>"]
    body += [f"<p>{escape(line)}</p>" for line in _summary(assignment, results, names)]
    for part in assignment.parts:
        body.append(f"<h2><code>{escape(part.name)}</code> ({so_many(part.points, 'point')})</h2>")
        body.append(_table(part.name, results, names))
    return page(assignment.title, "\n".join(body))


def _table(name: str, results: Sequence[Result], names: bool) -> str:
    counts = tally(results, name)
    rows = []
    for diagnosis, count in counts.items():
        who = f"<td>{escape(', '.join(_who(results, name, diagnosis)))}</td>" if names else ""
        share = f"<td>{count} of {counts.total()}</td>"
        bar = f'<td><meter value="{count}" max="{counts.total()}">{count}</meter></td>'
        rows.append(f"<tr>{share}{bar}<td>{escape(mistake(diagnosis))}</td>{who}</tr>")
    head = "<th>students</th><th>share</th><th>what was found</th>"
    head += "<th>who</th>" if names else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _who(results: Sequence[Result], name: str, diagnosis: str) -> list[str]:
    return [
        r.student for r in results for m in r.marks if (m.name, m.diagnosis) == (name, diagnosis)
    ]


def borrowed(assignment: Assignment, results: Sequence[Result]) -> list[Result]:
    """Those who handed in a notebook that was given to somebody else.

    Where the class list has other names than the submissions, two with one owner tell it.
    """
    counts = Counter(result.owner for result in results)
    return [
        r
        for r in results
        if r.owner not in ("", r.student) and (r.student in assignment.given or counts[r.owner] > 1)
    ]


def _summary(assignment: Assignment, results: Sequence[Result], names: bool) -> list[str]:
    """How many were graded, the spread of points, what nobody passed, how sure the names are."""
    points = sorted(r.points for r in results if r.points is not None)
    left = [r for r in results if r.points is None]
    lines = [f"{len(points)} of {so_many(len(results), 'submission')} graded."]
    if left:
        lines.append(f"Not graded, for a look by hand: {len(left)}.")
    if any(r.late for r in results):
        lines.append(f"Handed in late: {sum(r.late is True for r in results)}.")
    if others := borrowed(assignment, results):
        who = ", ".join(f"{r.student} has {r.owner}'s" for r in others)
        said = f"Notebooks that were given to somebody else: {len(others)}"
        lines.append(f"{said} ({who})." if names else f"{said}.")
    if not points:
        return lines
    least, middle, most = points[0], median(points), points[-1]
    lines.append(f"Points of {assignment.points:g}: {least:g} to {most:g}, middle {middle:g}.")
    nobody = [p.name for p in assignment.parts if not tally(results, p.name)["passed"]]
    if nobody:
        lines.append(f"Nobody passed {', '.join(nobody)}.")
    wrong = [m.diagnosis for r in results for m in r.marks if m.diagnosis != "passed"]
    named = sum(diagnosis.startswith("slip:") for diagnosis in wrong)
    if wrong:
        lines.append(
            f"Answers that are not right: {len(wrong)}, with a mistake that has a name: {named}."
        )
    return lines
