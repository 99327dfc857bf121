"""The report of a rehearsal as a page: one file, which loads nothing and runs no script."""

from html import escape

from bot.text.translations import Words
from bot.tryout.rehearsal.report import Report, Section

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --good: #146c2e; }
@media (prefers-color-scheme: dark) { :root { --bad: #ffb4ab; --good: #8fd6a0; } }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
body { font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { margin-top: 2.2rem; font-size: 1.2rem; }
.faults { border-inline-start: .3rem solid var(--bad); padding-inline-start: 1rem; }
.alarming { color: var(--bad); font-weight: 600; } .good { color: var(--good); font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: start; }
th { font-size: .9rem; } tbody th { font-weight: 400; font-size: 1rem; }
.number { text-align: end; font-variant-numeric: tabular-nums; }
"""


def page(words: Words, report: Report) -> str:
    """Returns the page, in HTML."""
    parts = [
        "<!doctype html>",
        f'<html lang="{escape(words.language)}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head>",
        f"<body><main><h1>{escape(report.title)}</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in report.sentences),
        *_faults(words, report),
        *(_section(section) for section in report.sections),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _faults(words: Words, report: Report) -> list[str]:
    if not report.faults:
        if not report.is_whole:
            return []
        return [f'<p class="good">{escape(words.label("No falló nada."))}</p>']
    listed = "".join(f"<li>{escape(fault)}</li>" for fault in report.faults)
    heading = escape(words.label("Lo que falló"))
    return [f'<section class="faults"><h2>{heading}</h2><ul>{listed}</ul></section>']


def _section(section: Section) -> str:
    kind = ' class="alarming"' if section.is_alarming else ""
    sentences = "".join(f"<p{kind}>{escape(each)}</p>" for each in section.sentences)
    return f"<section><h2>{escape(section.title)}</h2>{sentences}{_table(section)}</section>"


def _table(section: Section) -> str:
    if not section.rows:
        return ""
    head = "".join(
        f'<th scope="col"{_number(section, place)}>{escape(name)}</th>'
        for place, name in enumerate(section.head)
    )
    rows = "".join(
        "<tr>"
        + f'<th scope="row">{escape(row[0])}</th>'
        + "".join(
            f"<td{_number(section, place)}>{escape(cell)}</td>"
            for place, cell in enumerate(row[1:], start=1)
        )
        + "</tr>"
        for row in section.rows
    )
    # Reachable with the keyboard, since on a phone it may have to be moved sideways.
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(section.title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _number(section: Section, place: int) -> str:
    return ' class="number"' if place >= section.first_number else ""
