"""What a student gets back: one HTML page, ours throughout; what they wrote is text in it."""

from __future__ import annotations

from html import escape

from course_lib.classroom.assignment import Assignment
from course_lib.classroom.grading import Graded
from course_lib.engine.report import paragraph
from course_lib.errors import so_many

MOST = 100_000  # characters of a page
LATE, ON_TIME = ", handed in late", ", handed in on time"
STYLE = (
    ":root { color-scheme: light dark; } body { font: 16px/1.5 system-ui, sans-serif; "
    "max-width: 54em; margin: 2em auto; padding: 0 1em; } pre { overflow-x: auto; } "
    "table { border-collapse: collapse; } th, td { padding: 3px 10px; text-align: left; }"
)


def page(title: str, body: str) -> str:
    """A page that runs nothing and loads nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def feedback(assignment: Assignment, graded: Graded) -> str:
    """The page of one submission."""
    result = graded.result
    when = "" if result.late is None else LATE if result.late else ON_TIME
    heading = f"<h1>{escape(assignment.title)}</h1>{paragraph(f'{result.student}{when}')}"
    if result.points is None:
        return page(assignment.title, f"{heading}{paragraph(f'Not graded. {result.reason}')}")
    points = f"{result.points:g} of {so_many(assignment.points, 'point')}"
    rows = [f"{heading}<p><strong>{points}</strong></p>"]
    for mark in result.marks:
        points = f"{mark.points:g} of {mark.of:g}"
        rows.append(f"<h2><code>{escape(mark.name)}</code>: {points}</h2>")
        if assignment.feedback == "names":
            rows.append(paragraph(mark.message))
        elif assignment.feedback == "full":
            rows.append(graded.reports[mark.name]._repr_html_())
    rows += _troubles(graded) if assignment.feedback == "full" else []
    while sum(map(len, rows)) > MOST and len(rows) > 2:
        longest = max(range(len(rows)), key=lambda i: len(rows[i]))
        rows[longest] = paragraph("What was found here is too long to show.")
    return page(assignment.title, "\n".join(rows))


def _troubles(graded: Graded) -> list[str]:
    if not graded.troubles or all(mark.points for mark in graded.result.marks):
        return []
    items = "".join(
        f"<li>code cell {t.cell + 1}, line {t.line}: {escape(t.error)}</li>"
        for t in graded.troubles[:8]
    )
    note = "These statements raised while the notebook was graded; files, network and installed "
    note += "packages but NumPy are not available then."
    return ["<h2>What raised in the notebook</h2>", paragraph(note), f"<ul>{items}</ul>"]
