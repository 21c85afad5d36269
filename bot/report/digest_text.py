"""A digest as text for a terminal, as Markdown, and as one HTML file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import textwrap
from typing import Any

from bot.report.digest_blocks import Block, Grid, digest_blocks
from bot.report.tables import Column, Page, table_text

Document = dict[str, Any]
_WIDTH = 80
# Nothing is loaded and nothing runs; the one style sheet inside is allowed by its hash.
_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
_STYLE = """\
:root { color-scheme: light dark;
  --ink: #1b1f24; --paper: #ffffff; --line: #d5dae1; --soft: #5b6672; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --paper: #14171b; --line: #343b44; --soft: #9aa5b1; }
}
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
p { margin: .2rem 0; overflow-wrap: anywhere; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
td:first-child { white-space: nowrap; }
.n { text-align: right; }
.more { color: var(--soft); }
@media print { body { max-width: none; } .table { overflow: visible; } }
"""
_MARKS = re.compile(r"([\\`*_{}\[\]<>#+!|~&$-])")


def digest_text(document: Document, page: Page) -> str:
    """For a terminal, or plain in a pipe."""
    return "\n".join(_text(block, page) for block in digest_blocks(document))


def _text(block: Block, page: Page) -> str:
    width = page.width or _WIDTH
    rule = {1: "=", 2: "-"}.get(block.level)
    heading = f"{block.heading}\n" + (f"{rule * min(len(block.heading), width)}\n" if rule else "")
    lines = "".join(
        textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) + "\n"
        for line in block.lines
    )
    return heading + lines + (_text_table(block.grid, page) if block.grid is not None else "")


def _text_table(grid: Grid, page: Page) -> str:
    columns = [
        Column(
            head=head, side="right" if n in grid.numbers else "left", spare=int(head == "meaning")
        )
        for n, head in enumerate(grid.heads)
    ]
    return table_text(columns, grid.rows, page) + (f"{grid.more} more\n" if grid.more else "")


def digest_markdown(document: Document) -> str:
    """Markdown; texts from outside cannot become marks, links or tags."""
    return "\n".join(_markdown(block) for block in digest_blocks(document))


def _markdown(block: Block) -> str:
    text = f"{'#' * block.level} {_marked(block.heading)}\n\n"
    text += "".join(f"{_marked(line)}\n\n" for line in block.lines)
    if block.grid is None:
        return text
    grid = block.grid
    rules = ["---:" if n in grid.numbers else "---" for n in range(len(grid.heads))]
    rows = [grid.heads, *grid.rows]
    lines = ["| " + " | ".join(map(_marked, row)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join(rules) + " |")
    return text + "\n".join(lines) + "\n" + (f"\n{grid.more} more\n" if grid.more else "")


def _marked(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


def digest_html(document: Document) -> str:
    """One file; all text is escaped, and the browser is told to load and to run nothing."""
    body = "".join(_html(block) for block in digest_blocks(document))
    digest = base64.b64encode(hashlib.sha256(f"\n{_STYLE}".encode()).digest()).decode()
    policy = _POLICY.format(digest=digest)
    title = html.escape(f"hourhand, week from {document['from'][:10]}")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n{body}"
        "</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    text = f"<h{block.level}>{html.escape(block.heading)}</h{block.level}>\n"
    text += "".join(f"<p>{html.escape(line)}</p>\n" for line in block.lines)
    return text + (_html_table(block.grid) if block.grid is not None else "")


def _html_table(grid: Grid) -> str:
    kinds = [' class="n"' if n in grid.numbers else "" for n in range(len(grid.heads))]
    heads = "".join(
        f"<th{kind}>{html.escape(head)}</th>" for kind, head in zip(kinds, grid.heads, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)
        )
        + "</tr>\n"
        for row in grid.rows
    )
    more = f'<p class="more">{grid.more} more</p>\n' if grid.more else ""
    return f'<div class="table"><table>\n<tr>{heads}</tr>\n{rows}</table></div>\n{more}'
