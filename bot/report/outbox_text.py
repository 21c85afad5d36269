"""Messages and their receivers as tables; the documents are those of `--json`."""

from __future__ import annotations

from typing import Any

from bot.report.tables import Column, Page, clean, minute_text, table_text, without_year

Document = dict[str, Any]


def outbox_text(document: Document, page: Page) -> str:
    """The receivers, then the messages, newest first."""
    if not document["sinks"]:
        text = "No receivers: see notify_log and webhook_url in the settings.\n"
    else:
        text = _sinks(document["sinks"], page)
    if not document["messages"]:
        return text + "No messages yet.\n"
    shown = len(document["messages"])
    return f"{text}\n{_messages(document['messages'], page)}{shown} of {document['total']}\n"


def tried_text(document: Document, _page: Page) -> str:
    """One line per receiver."""
    return "".join(
        f"{row['sink']} ({clean(row['to'])}): {clean(row['result'])}\n" for row in document["sinks"]
    )


def sink_line(row: Document) -> str:
    """A receiver in one line, for the status."""
    line = f"{row['sink']}: {row['sent']} sent, {row['waiting']} waiting"
    if not row["configured"]:
        line += ", no longer in the settings"
    if row["poison"]:
        line += f", {row['poison']} set aside: see `hourhand outbox`"
    if row["last_error"]:
        line += f"; last error {clean(row['last_error'])}"
    return line


def _sinks(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head="receiver"),
        Column(head="to", spare=2),
        Column(head="sent", side="right"),
        Column(head="waiting", side="right"),
        Column(head="set aside", side="right"),
        Column(head="oldest waiting", spare=3, brief=without_year),
        Column(head="last sent", spare=4, brief=without_year),
        Column(head="last error", spare=1),
    ]
    cells = [
        (
            row["sink"],
            clean(row["to"]) if row["to"] else "not in the settings",
            row["sent"],
            row["waiting"],
            row["poison"],
            minute_text(row["oldest_waiting"]) if row["oldest_waiting"] else None,
            minute_text(row["last_sent"]) if row["last_sent"] else None,
            clean(row["last_error"]) if row["last_error"] else None,
        )
        for row in rows
    ]
    return table_text(columns, cells, page)


def _messages(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head="event UTC", brief=without_year),
        Column(head="topic"),
        Column(head="deliveries", spare=1),
        Column(head="text"),
        Column(head="id", spare=2),
    ]
    cells = [
        (
            minute_text(row["event_time"]),
            row["topic"],
            " ".join(_delivery(tried) for tried in row["deliveries"]) or None,
            ("late: " if row["late"] else "") + clean(row["text"]),
            row["id"],
        )
        for row in rows
    ]
    return table_text(columns, cells, page)


def _delivery(tried: Document) -> str:
    state = "set aside" if tried["state"] == "poison" else tried["state"]
    return f"{tried['sink']}: {state}" + (
        f" after {tried['attempts']} tries" if tried["attempts"] > 1 else ""
    )
